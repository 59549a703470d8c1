//! `GET /worker`: takes jobs, has them run, and answers with them.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use shared::domain::job::Job;
use shared::domain::result::ResultDocument;
use shared::http::{ApiError, response};
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

/// The classic answer: one job, or none.
#[derive(Serialize)]
struct OneJob<'a> {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a ResultDocument>,
}

/// The answer to `?batch=n`.
#[derive(Serialize)]
struct SeveralJobs<'a> {
    success: bool,
    message: String,
    jobs: Vec<ProcessedJob<'a>>,
}

#[derive(Serialize)]
struct ProcessedJob<'a> {
    job: &'a Job,
    result: &'a ResultDocument,
}

/// The drain for one job, or for up to `batch`.
pub(super) fn options(batch: Option<usize>) -> DrainOptions {
    DrainOptions {
        wanted: batch.unwrap_or(1),
        time_ms: REQUEST_MS,
        all_lanes: true,
        background: false,
    }
}

/// The answer once the drain has ended. Errors: it could not begin.
pub(super) fn response(
    report: Report,
    batch: Option<usize>,
    log: &mut Vec<String>,
) -> Result<Response<Bytes>, ApiError> {
    if report.is_bad() {
        log.push(report.to_string());
    }
    match (report.error, batch) {
        (Some(error), _) if report.results.is_empty() => Err(error.into()),
        (_, None) => Ok(one_job(report.results.first(), report.last_claim)),
        (_, Some(_)) => Ok(several_jobs(&report.results, report.last_claim)),
    }
}

fn one_job(
    processed: Option<&(Job, ResultDocument)>,
    last_claim: Option<ClaimStatus>,
) -> Response<Bytes> {
    let message = match processed {
        Some(_) => "Processed job",
        None => no_jobs(last_claim),
    };
    let body = OneJob {
        success: true,
        message,
        job: processed.map(|(job, _)| job),
        result: processed.map(|(_, result)| result),
    };
    response::json(StatusCode::OK, &body)
}

fn several_jobs(
    processed: &[(Job, ResultDocument)],
    last_claim: Option<ClaimStatus>,
) -> Response<Bytes> {
    let message = match processed.len() {
        0 => no_jobs(last_claim).into(),
        1 => "Processed 1 job".into(),
        count => format!("Processed {count} jobs"),
    };
    let jobs = processed
        .iter()
        .map(|(job, result)| ProcessedJob { job, result })
        .collect();
    let body = SeveralJobs {
        success: true,
        message,
        jobs,
    };
    response::json(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

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
                let response = response(report, batch, &mut Vec::new()).unwrap();
                let body: Value = serde_json::from_slice(response.body()).unwrap();
                let message = body["message"].as_str().unwrap();
                assert!(message.contains(part), "{status:?}: {message}");
            }
        }
    }
}
