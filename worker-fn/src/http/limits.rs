//! `POST /limits`: whether the execution endpoint gives the limits that a problem
//! asks for, before it is published.
//!
//! No endpoint tells its own limits, but each refuses a run that asks for more. So
//! a line of code is run with these limits, and what it does is of no interest.
//! Only submit-fn may call it.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::domain::fields::parse_object;
use shared::domain::language::{self, Language};
use shared::http::{ApiError, response};
use shared::json::Json;

use crate::config::Config;
use crate::executor::{Endpoints, ExecutorError, Run, RunFile, RunLimits};
use crate::instance::Instance;
use crate::limits::{CallCounter, JobBudget};
use crate::runtime::Runtime;

/// A line that ends at once in most languages.
const SOURCE: &str = "1\n";
/// Languages that start soon, the soonest first.
const QUICK: [&str; 3] = ["bash", "python", "javascript"];

/// Answers `{"success":true,"submissionMs":…}`, and `refused` with words where the
/// endpoint does not give them; `field` and `most` where it says which one, and how much
/// it gives.
pub(super) async fn check(
    config: &Config,
    runtime: Runtime,
    instance: &Instance,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let members = parse_object(request.body(), "The body must be a JSON object of limits.")?;
    let number = |name| members.get(name).and_then(Json::u64);
    let limits = RunLimits {
        time_ms: number("timeMs"),
        memory_bytes: number("memoryBytes"),
        output_bytes: number("outputBytes"),
    };
    let endpoints = Endpoints::new(&config.executor, runtime, instance);
    let deadline_ms = (runtime.now_ms)() + config.executor.timeout_ms;
    let calls = CallCounter::new(config.subrequest_budget);
    let budget = JobBudget::alone(calls, deadline_ms, instance.memory.clone());
    let languages = endpoints.languages().await?;
    let mut body = json!({ "success": true, "submissionMs": config.executor.timeout_ms });
    if let Some(language) = quick(&languages) {
        let run = Run {
            language,
            files: vec![RunFile::source(SOURCE)],
            args: &[],
            stdins: vec![String::new()],
            checks: None,
            stop_at_first_failure: false,
            limits,
            caller: None,
        };
        let executed = match endpoints.select(language, &budget).await {
            Ok(endpoint) => endpoint.execute(&run, &budget).await.map(drop),
            Err(error) => Err(error),
        };
        match executed {
            Ok(()) => {}
            Err(error @ ExecutorError::LimitTooHigh { field, most }) => {
                body["refused"] = error.to_string().into();
                body["field"] = field.into();
                body["most"] = most.into();
            }
            Err(ExecutorError::Refused(why)) => body["refused"] = why.into(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(response::json(StatusCode::OK, &body))
}

/// The language of a list in which a line is run.
fn quick(languages: &[Language]) -> Option<&str> {
    let quick = QUICK.into_iter();
    let named = quick.filter(|name| language::supports(languages, name));
    let first = languages.first().map(|language| language.language.as_str());
    named.map(Some).next().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_run_in_a_language_that_starts_soon() {
        let language = |name: &str| Language {
            language: name.into(),
            version: "1".into(),
            aliases: Vec::new(),
        };
        let (java, rust) = (language("java"), language("rust"));
        let python = language("python");
        assert_eq!(quick(&[java.clone(), python]), Some("python"));
        assert_eq!(quick(&[java, rust]), Some("java"));
        assert_eq!(quick(&[]), None);
    }
}
