//! From a request to a program with one input.

use std::rc::Rc;

use shared::domain::ids::ProblemId;
use shared::domain::problem::{Callable, Kind, check_arguments};
use shared::domain::violation::Violation;
use shared::http::ApiError;
use shared::json::{Json, JsonText};
use shared::text::normalized;

use super::request::{RunInput, RunRequest};
use crate::attempt::problem_cache::{CachedProblem, ProblemError, Problems};
use crate::config::Config;
use crate::executor::{Program, RunLimits};
use crate::instance::Instance;
use crate::judge::answer::Answered;
use crate::runtime::Runtime;
use harness::{self, Harness};

/// A program with its input.
pub(super) struct PreparedRun {
    pub program: Program,
    pub args: Vec<String>,
    pub stdin: String,
    pub limits: RunLimits,
    /// For a function or a class.
    pub called: Option<Called>,
}

/// What is called, and with what.
pub(super) struct Called {
    /// The nonce of the frames.
    pub nonce: String,
    kind: Kind,
    args: JsonText,
}

impl Called {
    /// Of the run's frames; `call`: the one that failed, or that was begun last.
    pub(super) fn answered(&self, call: Option<usize>) -> Option<Answered<'_>> {
        Some(Answered {
            callable: self.kind.callable()?,
            input: Some(self.args.json()),
            call,
        })
    }
}

impl PreparedRun {
    /// Prepares what was asked for. `nonce` must be unguessable.
    pub(super) async fn new(
        config: &Config,
        runtime: Runtime,
        instance: &Instance,
        request: &RunRequest,
        nonce: String,
    ) -> Result<Self, ApiError> {
        let with = |stdin: &str| Self {
            program: Program::of(&request.source),
            args: Vec::new(),
            stdin: normalized(stdin).into_owned(),
            limits: RunLimits::default(),
            called: None,
        };
        let (id, stdin, args) = match &request.input {
            RunInput::Problem { id, stdin, args } => (id, stdin, args.as_ref()),
            RunInput::Own(options) => {
                return Ok(Self {
                    args: options.args.clone(),
                    limits: RunLimits {
                        time_ms: options.time_ms,
                        memory_bytes: options.memory_bytes,
                        output_bytes: None,
                    },
                    ..with(&options.stdin)
                });
            }
        };
        let mut prepared = with(stdin);
        let cached = find(config, runtime, instance, id).await?;
        let problem = &cached.problem;
        prepared.limits = RunLimits {
            time_ms: problem.limits.time_ms_for(&request.language),
            memory_bytes: problem.limits.memory_bytes,
            output_bytes: problem.limits.output_bytes,
        };
        if problem.callable().is_some() {
            prepared.use_harness(&problem.kind, request, args, nonce)?;
        } else if args.is_some() {
            let rule = "This problem asks for a program: give stdin, not args.";
            return Err(ApiError::invalid("args", rule));
        }
        Ok(prepared)
    }

    fn use_harness(
        &mut self,
        kind: &Kind,
        request: &RunRequest,
        args: Option<&JsonText>,
        nonce: String,
    ) -> Result<(), Violation> {
        let Some(callable) = kind.callable() else {
            return Ok(());
        };
        let code = request.source.code().ok_or_else(|| {
            let rule = format!(
                "This problem asks for a {}: give code, not files.",
                kind.name()
            );
            Violation::invalid("files", rule)
        })?;
        let args = args.ok_or_else(|| {
            let rule = format!(
                "This problem asks for a {}: args are required.",
                kind.name()
            );
            Violation::invalid("args", rule)
        })?;
        check_args(callable, args.json()).map_err(|rule| {
            let place = rule.split(' ').next().unwrap_or("args").to_owned();
            Violation::invalid(place, rule)
        })?;
        let harness = Harness::of(&request.language).ok_or_else(|| {
            let rule = format!("A {} can be run in {}.", kind.name(), harness::LANGUAGES);
            Violation::invalid("language", rule)
        })?;
        let source = harness
            .source(callable, &normalized(code))
            .map_err(|error| Violation::invalid("language", error.to_string()))?;
        self.program = Program::of_text(source);
        self.stdin = harness::stdin_for(harness, callable, &nonce, &[(0, args.json())]);
        self.called = Some(Called {
            nonce,
            kind: kind.clone(),
            args: args.clone(),
        });
        Ok(())
    }
}

/// A problem: its version from Redis, its text from what the instance holds, if
/// that is the version.
async fn find(
    config: &Config,
    runtime: Runtime,
    instance: &Instance,
    id: &ProblemId,
) -> Result<Rc<CachedProblem>, ApiError> {
    let store = instance.store(&config.redis);
    let (held, memory) = (Rc::clone(&instance.problems), instance.memory.clone());
    let problems = Problems::new(store, config.tickets.clone(), held, memory, runtime);
    problems.look_up(&[id]).await?;
    match problems.get(id, || true).await {
        Ok(Some(problem)) => Ok(problem),
        Ok(None) => Err(ApiError::no_such_problem().on("problemId")),
        Err(ProblemError::Store(error)) => Err(error.into()),
        Err(ProblemError::Damaged(why)) => Err(ApiError::damaged_problem(id.as_str(), why)),
        // Every call was allowed.
        Err(ProblemError::BudgetExhausted(_)) => Err(ApiError::damaged_problem(id.as_str(), "")),
    }
}

/// Errors: a sentence for people that begins with `args`.
fn check_args(callable: Callable<'_>, args: Json<'_>) -> Result<(), String> {
    const PATH: &str = "args";
    let signature = match callable {
        Callable::Class(class) => return class.calls(args, PATH).map(|_| ()),
        Callable::Function(signature) => signature,
    };
    let values: Vec<Json<'_>> = args.items().into_iter().flatten().collect();
    let count = signature.params.len();
    if args.items().is_none() || values.len() != count {
        return Err(format!("args must be an array of {count} values."));
    }
    check_arguments(&signature.params, &values, PATH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::language::{FUNCTION_LANGUAGES, aliases, judges_functions};

    /// submit-fn refuses what has no harness, and has no harness itself.
    #[test]
    fn submit_fn_knows_the_languages_with_a_harness() {
        for name in FUNCTION_LANGUAGES {
            assert!(Harness::of(name).is_some(), "{name}");
            for alias in aliases(name) {
                assert!(judges_functions(alias) && Harness::of(alias).is_some());
            }
        }
        for name in [
            "c", "java", "rust", "go", "bash", "ruby", "perl", "csharp", "",
        ] {
            assert_eq!(
                judges_functions(name),
                Harness::of(name).is_some(),
                "{name}"
            );
        }
    }
}
