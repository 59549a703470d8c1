//! A client for Judge0 CE.
//!
//! One input is one call that waits for the result. Several go in batches of 20, or
//! fewer with large files, which are polled with growing pauses until all have ended. All text is base64
//! both ways, and every request says so, because the default differs between
//! versions.

mod batch;
mod client;
mod files;
mod names;
mod wire;

use http::StatusCode;
use serde_json::Value;

use super::connection::EndpointContext;
use super::endpoint_states::EndpointLanguages;
use super::run::ExecutionClient;
use super::{Execution, ExecutorError, Run};
use crate::limits::JobBudget;
use batch::{Batch, at_least_one};
use client::{FIELDS, POLLS, is_success, not_judge0, reserve};
use files::Sent;
use wire::{Ended, State};

pub(super) use client::Judge0;

impl Judge0 {
    async fn run_all(
        &self,
        run: &Run<'_>,
        sent: &Sent,
        language: u64,
        budget: &JobBudget,
    ) -> Result<Vec<Ended>, ExecutorError> {
        if run.stdins.len() < 2 {
            self.run_one(run, sent, language, budget).await
        } else {
            self.run_several(run, sent, language, budget).await
        }
    }

    /// Runs one input in one call, unless the endpoint lets nobody wait; then the
    /// call gives a token at best, which is polled.
    async fn run_one(
        &self,
        run: &Run<'_>,
        sent: &Sent,
        language: u64,
        budget: &JobBudget,
    ) -> Result<Vec<Ended>, ExecutorError> {
        let EndpointContext { states, id, .. } = &self.0;
        let body = wire::submission(run, sent, language, self.wall_ms(run, budget));
        let mut answer = Value::Null;
        if !states.lacks_batching(*id, self.0.now_ms()) {
            let calls = reserve(budget, 1, 1)?;
            let query = format!("wait=true&{FIELDS}");
            let (status, received) = self
                .post("submissions", &query, body.clone(), budget, &calls)
                .await?;
            let cause = wire::error(&received);
            if is_success(status) {
                answer = received;
            } else if status == StatusCode::BAD_REQUEST
                && cause.as_deref() == Some("wait not allowed")
            {
                states.note_no_batching(*id, self.0.now_ms());
            } else {
                return Err(ExecutorError::from_status(status, cause));
            }
        }
        if let Some(State::Ended(ended)) = wire::state(&mut answer).map_err(not_judge0)? {
            return Ok(vec![*ended]);
        }
        let known = wire::token(&answer);
        let calls = reserve(budget, POLLS + u64::from(known.is_none()), 1)?;
        let token = match known {
            Some(token) => token,
            None => {
                let query = "wait=false&base64_encoded=true";
                let (status, received) = self
                    .post("submissions", query, body, budget, &calls)
                    .await?;
                if !is_success(status) {
                    return Err(ExecutorError::from_status(status, wire::error(&received)));
                }
                wire::token(&received).ok_or_else(|| not_judge0("token"))?
            }
        };
        let (ended, queued) = self
            .poll_until_ended(Batch::of(vec![token]), budget, &calls)
            .await?;
        at_least_one(ended, queued)
    }
}

impl ExecutionClient for Judge0 {
    async fn languages(&self, timeout_ms: u64) -> Result<EndpointLanguages, ExecutorError> {
        let (status, answer) = self.0.connection.get("languages", None, timeout_ms).await?;
        if status != StatusCode::OK {
            let code = format!("HTTP {}", status.as_u16());
            return Err(ExecutorError::Unavailable(code));
        }
        names::list(&answer).ok_or_else(|| {
            ExecutorError::Unavailable("an answer that is not Judge0's, by its list".into())
        })
    }

    async fn execute(&self, run: &Run<'_>, budget: &JobBudget) -> Result<Execution, ExecutorError> {
        let sent = Sent::of(run)?;
        let (language, version) = self.language(run.language, budget).await?;
        let all = match self.run_all(run, &sent, language, budget).await {
            // It gives less wall time than was asked for, and says how much.
            Err(ExecutorError::Refused(why)) if self.note_most_wall(&why) => {
                self.run_all(run, &sent, language, budget).await?
            }
            all => all?,
        };
        let mut execution = Execution {
            version,
            ..Execution::default()
        };
        for ended in all {
            match ended.run {
                Some(report) => execution.runs.push(report),
                None if execution.runs.is_empty() => {
                    execution.compile = ended.compile;
                    break;
                }
                // An earlier input compiled, so this failure says nothing.
                None => break,
            }
            execution.compile = execution.compile.or(ended.compile);
        }
        execution.note_syntax_errors(run.language);
        Ok(execution)
    }
}
