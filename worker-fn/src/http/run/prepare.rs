//! From a request to one source file with one input.

use std::rc::Rc;

use shared::domain::ids::ProblemId;
use shared::domain::problem::{Kind, Signature};
use shared::domain::violation::Violation;
use shared::http::ApiError;
use shared::json::Json;
use shared::text::normalized;

use super::request::RunRequest;
use crate::attempt::problem_cache::{CachedProblem, ProblemError, Problems};
use crate::config::Config;
use crate::executor::RunLimits;
use crate::harness::{self, Harness};
use crate::instance::Instance;
use crate::runtime::Runtime;

/// A source file with its input.
pub(super) struct PreparedRun {
    pub source: String,
    pub stdin: String,
    pub limits: RunLimits,
    /// The nonce of the frames, for a function.
    pub nonce: Option<String>,
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
        let mut prepared = Self {
            source: normalized(&request.code).into_owned(),
            stdin: normalized(&request.stdin).into_owned(),
            limits: RunLimits::default(),
            nonce: None,
        };
        let Some(id) = &request.problem_id else {
            return Ok(prepared);
        };
        let cached = find(config, runtime, instance, id).await?;
        let problem = &cached.problem;
        prepared.limits = RunLimits {
            time_ms: problem.limits.time_ms_for(&request.language),
            memory_bytes: problem.limits.memory_bytes,
            output_bytes: problem.limits.output_bytes,
        };
        match &problem.kind {
            Kind::Program if request.args.is_none() => {}
            Kind::Program => {
                let rule = "This problem asks for a program: give stdin, not args.";
                return Err(ApiError::invalid("args", rule));
            }
            Kind::Function(signature) => prepared.use_harness(signature, request, nonce)?,
        }
        Ok(prepared)
    }

    fn use_harness(
        &mut self,
        signature: &Signature,
        request: &RunRequest,
        nonce: String,
    ) -> Result<(), Violation> {
        let args = request.args.as_ref().ok_or_else(|| {
            let rule = "This problem asks for a function: args are required.";
            Violation::invalid("args", rule)
        })?;
        check_args(signature, args.json())?;
        let harness = Harness::of(&request.language).ok_or_else(|| {
            let rule = format!("A function can be run in {}.", harness::LANGUAGES);
            Violation::invalid("language", rule)
        })?;
        self.source = harness
            .source(signature, &normalized(&request.code))
            .map_err(|error| Violation::invalid("language", error.to_string()))?;
        self.stdin = harness::stdin(harness, &nonce, &[(0, args.json())]);
        self.nonce = Some(nonce);
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
    problems.look_up_ids(&[id]).await?;
    match problems.get(id, || true).await {
        Ok(Some(problem)) => Ok(problem),
        Ok(None) => Err(ApiError::no_such_problem().on("problemId")),
        Err(ProblemError::Store(error)) => Err(error.into()),
        Err(ProblemError::Damaged(why)) => Err(ApiError::damaged_problem(id.as_str(), why)),
        // Every call was allowed.
        Err(ProblemError::BudgetExhausted(_)) => Err(ApiError::damaged_problem(id.as_str(), "")),
    }
}

fn check_args(signature: &Signature, args: Json<'_>) -> Result<(), Violation> {
    let count = signature.params.len();
    let Some(values) = args
        .items()
        .filter(|values| values.clone().count() == count)
    else {
        let rule = format!("args must be an array of {count} values.");
        return Err(Violation::invalid("args", rule));
    };
    let mut pairs = signature.params.iter().zip(values).enumerate();
    let mismatch = pairs
        .find_map(|(index, (param, value))| param.ty.mismatch(value, &format!("args[{index}]")));
    match mismatch {
        None => Ok(()),
        Some(rule) => Err(Violation::invalid("args", rule)),
    }
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
