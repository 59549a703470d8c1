//! Whether a submission fits its problem: whether there is one, and whether what it asks
//! for can be judged in the submission's language.

use shared::domain::ids::ProblemId;
use shared::domain::language::{self, FUNCTION_LANGUAGES, FunctionLanguages};
use shared::domain::submission::Submission;
use shared::http::{ApiError, Code};
use shared::queue::problems::CatalogKind;
use shared::redis::RedisError;

use crate::config::UnknownProblems;
use crate::context::Context;

/// Looks up the problems on which it depends whether one of several submissions is
/// admitted: one command for all of them, or none.
pub(crate) async fn look_up_needed<'a, W>(
    context: &Context<'_, W>,
    submissions: impl Iterator<Item = &'a Submission>,
) -> Result<(), ApiError> {
    let refuses = context.config()?.unknown_problems == UnknownProblems::Refuse;
    let needed = submissions.filter(|one| refuses || !fits_any_problem(one));
    Ok(look_up(context, needed.map(|one| &one.problem_id)).await?)
}

/// Whether a submission can be judged whatever the kind of its problem.
fn fits_any_problem(submission: &Submission) -> bool {
    language::expresses_all(&submission.language)
        && submission.source.files().is_none()
        && submission.options.first_given().is_none()
}

/// Looks up the problems that the instance has not seen lately. One command, and
/// none where it has seen all of them.
pub(crate) async fn look_up<'a, W>(
    context: &Context<'_, W>,
    ids: impl Iterator<Item = &'a ProblemId>,
) -> Result<(), RedisError> {
    let (kinds, now_ms) = (&context.instance.problem_kinds, context.now_ms);
    // At most a batch's: looking through them weighs less than a compiled sort.
    let mut missing: Vec<&ProblemId> = Vec::new();
    for id in ids.filter(|id| kinds.get(id, now_ms).is_none()) {
        if !missing.contains(&id) {
            missing.push(id);
        }
    }
    // A set-up that lacks Redis is said when the submission is stored.
    let Ok(store) = context.store() else {
        return Ok(());
    };
    let found = store.kinds(&missing).await?;
    kinds.note(missing.into_iter().cloned().zip(found), now_ms);
    Ok(())
}

/// Errors: there is no such problem, and such submissions are refused; or there is one,
/// and the submission has an input of its own; or it asks for a function or a class, and
/// the language has no harness, or cannot express it, or there are several files.
pub(super) async fn check_problem<W>(
    context: &Context<'_, W>,
    submission: &Submission,
) -> Result<(), ApiError> {
    let refuses = context.config()?.unknown_problems == UnknownProblems::Refuse;
    // Nothing is asked about what every problem takes.
    if fits_any_problem(submission) && !refuses {
        return Ok(());
    }
    let calls_functions = language::judges_functions(&submission.language);
    let id = &submission.problem_id;
    look_up(context, [id].into_iter()).await?;
    match context.instance.problem_kinds.get(id, context.now_ms) {
        Some(None) if refuses => {
            let rule = "There is no problem with this id.";
            Err(ApiError::new(Code::UnknownProblem, rule).on("problemId"))
        }
        Some(Some(kind)) => {
            if let Some(field) = submission.options.first_given() {
                let rule = "is for a submission without a problem: this problem has its own.";
                return Err(ApiError::invalid(field, format!("{field} {rule}")));
            }
            let (asks_for, unsupported) = match kind {
                CatalogKind::Program => return Ok(()),
                CatalogKind::Function { unsupported } => ("function", unsupported),
                CatalogKind::Class { unsupported } => ("class", unsupported),
            };
            if !calls_functions || unsupported.contains(&submission.language) {
                let rule = format!(
                    "This problem asks for a {asks_for}, which can be judged in {}, not in {}.",
                    function_languages(context, unsupported),
                    submission.language
                );
                return Err(ApiError::invalid("language", rule));
            }
            if submission.source.files().is_some() {
                let rule = format!("This problem asks for a {asks_for}: give code, not files.");
                return Err(ApiError::invalid("files", rule));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The offered languages in which functions can be judged, but for these.
fn function_languages<W>(context: &Context<'_, W>, unsupported: FunctionLanguages) -> String {
    let configured = context.config().ok();
    let configured = configured.and_then(|config| config.languages.as_ref());
    let offered = context.instance.languages.last_known();
    let is_offered = |name: &&str| match (configured, &offered) {
        (Some(names), _) => names
            .iter()
            .any(|other| language::canonical_name(other) == *name),
        (None, Some(offered)) => language::supports(offered, name),
        (None, None) => true,
    };
    let names = FUNCTION_LANGUAGES.into_iter().filter(is_offered);
    let names: Vec<&str> = names.filter(|name| !unsupported.contains(name)).collect();
    match names.as_slice() {
        [] => "no language that is offered here".into(),
        names => names.join(", "),
    }
}
