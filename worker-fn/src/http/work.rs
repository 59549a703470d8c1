//! `GET /worker`: takes jobs, has them run, and answers with them.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;
use shared::domain::job::Job;
use shared::domain::result::ResultDocument;
use shared::http::{ApiError, response};
use shared::json::write::push_string;
use shared::queue::claim::ClaimStatus;

use crate::drain::DrainOptions;
use crate::drain::report::Report;

/// How long it may take, in milliseconds. The platform sets no limit while the
/// caller waits; people and proxies do.
const REQUEST_MS: u64 = 100_000;

/// Said when no job was run. Of a paused queue and of a full system a job may
/// wait all the same.
fn no_jobs(last_claim: Option<ClaimStatus>) -> &'static str {
    match last_claim {
        Some(ClaimStatus::Paused) => "The queue is paused.",
        Some(ClaimStatus::AtCapacity) => "As many jobs are running as MAX_IN_FLIGHT allows.",
        Some(ClaimStatus::Empty | ClaimStatus::LaneDrained | ClaimStatus::MoreExpected) | None => {
            "No jobs in queue"
        }
    }
}

/// Appends a job and its result: whole, or without code, outputs, what was found out about
/// them, and the id, with which all of that can be read; for a caller who may have jobs
/// worked on and not read what others wrote. The job as its own text, because its members
/// are not the same for every job.
fn push_processed(body: &mut String, (job, result): &(Job, ResultDocument), sees_all: bool) {
    let (job, result) = if sees_all {
        (
            job.shown(),
            serde_json::to_string(result).unwrap_or_else(|_| "null".into()),
        )
    } else {
        let job = json!({
            "problemId": job.problem_id,
            "language": job.language,
        });
        let result = json!({
            "problemId": result.problem_id,
            "language": result.language,
            "status": result.status,
            "verdict": result.verdict,
            "attempts": result.attempts,
            "executor": result.executor,
            "submittedAtMs": result.submitted_at_ms,
            "startedAtMs": result.started_at_ms,
            "finishedAtMs": result.finished_at_ms,
        });
        (job.to_string(), result.to_string())
    };
    body.push_str("\"job\":");
    body.push_str(&job);
    body.push_str(",\"result\":");
    body.push_str(&result);
}

/// The beginning of an answer, without its end.
fn begin(message: &str) -> String {
    let mut body = String::from("{\"success\":true,\"message\":");
    push_string(&mut body, message);
    body
}

fn end(mut body: String) -> Response<Bytes> {
    body.push('}');
    response::raw_json(StatusCode::OK, body.into_bytes())
}

/// The drain for one job, or for up to `batch`.
pub(super) fn options(batch: Option<usize>) -> DrainOptions {
    DrainOptions {
        wanted: batch.unwrap_or(1),
        time_ms: REQUEST_MS,
        all_lanes: true,
        background: false,
        by_drain: false,
    }
}

/// The answer once the drain has ended; with `sees_all` it shows code and outputs.
/// Errors: it could not begin.
pub(super) fn response(
    report: Report,
    batch: Option<usize>,
    sees_all: bool,
    log: &mut Vec<String>,
) -> Result<Response<Bytes>, ApiError> {
    if report.is_bad() {
        log.push(report.to_string());
    }
    match (report.error, batch) {
        (Some(error), _) if report.results.is_empty() => Err(error.into()),
        (_, None) => Ok(one_job(report.results.first(), report.last_claim, sees_all)),
        (_, Some(_)) => Ok(several_jobs(&report.results, report.last_claim, sees_all)),
    }
}

fn one_job(
    processed: Option<&(Job, ResultDocument)>,
    last_claim: Option<ClaimStatus>,
    sees_all: bool,
) -> Response<Bytes> {
    let message = match processed {
        Some(_) => "Processed job",
        None => no_jobs(last_claim),
    };
    let mut body = begin(message);
    if let Some(processed) = processed {
        body.push(',');
        push_processed(&mut body, processed, sees_all);
    }
    end(body)
}

fn several_jobs(
    processed: &[(Job, ResultDocument)],
    last_claim: Option<ClaimStatus>,
    sees_all: bool,
) -> Response<Bytes> {
    let message = match processed.len() {
        0 => no_jobs(last_claim).into(),
        1 => "Processed 1 job".into(),
        count => format!("Processed {count} jobs"),
    };
    let mut body = begin(&message);
    body.push_str(",\"jobs\":[");
    for (index, processed) in processed.iter().enumerate() {
        body.push_str(if index > 0 { ",{" } else { "{" });
        push_processed(&mut body, processed, sees_all);
        body.push('}');
    }
    body.push(']');
    end(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result_document::result_document;
    use serde_json::Value;
    use shared::domain::stage::Stage;

    /// Every text of it is "secret" but for what a caller without `read` may see.
    fn processed() -> (Job, ResultDocument) {
        let payload = r#"{"id":"x","problemId":"p","code":"secret","language":"python"}"#;
        let secret = || "secret".to_owned();
        let stage = || {
            Some(Stage {
                stdout: secret(),
                stderr: secret(),
                ..Stage::default()
            })
        };
        let result = ResultDocument {
            output: Some(secret()),
            compile: stage(),
            run: stage(),
            ..result_document("x")
        };
        (Job::decode(payload.as_bytes()).unwrap(), result)
    }

    #[test]
    fn code_and_outputs_are_for_those_who_may_see_them() {
        for (batch, at) in [(None, ""), (Some(2), "/jobs/0")] {
            let answer = |sees_all| {
                let report = Report {
                    results: vec![processed()],
                    ..Report::default()
                };
                let response = response(report, batch, sees_all, &mut Vec::new()).unwrap();
                serde_json::from_slice::<Value>(response.body()).unwrap()
            };
            let whole = answer(true);
            let of = |answer: &Value, path: &str| answer.pointer(&format!("{at}{path}")).cloned();
            assert_eq!(of(&whole, "/job/code"), Some("secret".into()));
            assert_eq!(of(&whole, "/result/run/stderr"), Some("secret".into()));
            let redacted = answer(false);
            assert!(!redacted.to_string().contains("secret"), "{redacted}");
            // The id is the ticket with which the result is read.
            assert!(!redacted.to_string().contains("\"id\""), "{redacted}");
            assert_eq!(
                of(&redacted, "/job"),
                Some(json!({"problemId": "p", "language": "python"}))
            );
            assert_eq!(of(&redacted, "/result/verdict"), Some("Executed".into()));
            assert_eq!(of(&redacted, "/result/finishedAtMs"), Some(3.into()));
        }
    }

    #[test]
    fn an_answer_without_a_job_says_why() {
        for (status, part) in [
            (None, "No jobs in queue"),
            (Some(ClaimStatus::Empty), "No jobs in queue"),
            (Some(ClaimStatus::Paused), "paused"),
            (Some(ClaimStatus::AtCapacity), "MAX_IN_FLIGHT"),
        ] {
            for batch in [None, Some(3)] {
                let report = Report {
                    last_claim: status,
                    ..Report::default()
                };
                let response = response(report, batch, true, &mut Vec::new()).unwrap();
                let body: Value = serde_json::from_slice(response.body()).unwrap();
                let message = body["message"].as_str().unwrap();
                assert!(message.contains(part), "{status:?}: {message}");
            }
        }
    }
}
