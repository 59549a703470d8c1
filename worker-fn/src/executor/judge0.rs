//! A client for Judge0 CE.
//!
//! One input is one call that waits for its end. Several go in batches of 20, and
//! are asked about with growing pauses until all have ended. Whatever is text is
//! base64 both ways, said so in every request: what is meant without saying so
//! differs between versions.

mod batch;
mod names;
mod wire;

use http::StatusCode;
use serde_json::Value;

use super::allowance::Calls;
use super::connection::{Answer, Connection, failure};
use super::memory::{FRESH_MS, List, Memory, RECHECK_MS};
use super::{Allowance, Endpoint, Execution, ExecutorError, LOOK_MS, Run, lost, unavailable};
use crate::config::ExecutorConfig;
use crate::surroundings::Surroundings;
use batch::{Batch, at_least_one};
use wire::{Ended, State};

/// How often a batch is asked about at least, before calls may run out.
const POLLS: u64 = 3;
/// What results are asked for.
const FIELDS: &str = "base64_encoded=true&fields=token,status,stdout,stderr,compile_output,\
                      message,time,wall_time,memory,exit_code,exit_signal";
const WAY: &str = "20 cases a call and has to be asked for what came of them";

/// A client for one endpoint.
#[derive(Debug)]
pub(super) struct Judge0 {
    connection: Connection,
    run_timeout_ms: Option<u64>,
    surroundings: Surroundings,
    /// Where it stands among the endpoints.
    at: usize,
    memory: &'static Memory,
}

impl Judge0 {
    /// A client for the endpoint at place `at` of `config`.
    pub(super) fn new(
        config: &ExecutorConfig,
        at: usize,
        surroundings: Surroundings,
        memory: &'static Memory,
    ) -> Self {
        Self {
            connection: Connection::new(config.endpoints[at].clone()),
            run_timeout_ms: config.run_timeout_ms,
            surroundings,
            at,
            memory,
        }
    }

    /// Its number for a language, and that one's version.
    async fn language(
        &self,
        name: &str,
        allowance: &Allowance,
    ) -> Result<(u64, String), ExecutorError> {
        for age_ms in [FRESH_MS, RECHECK_MS] {
            let now_ms = self.now_ms();
            let list = match self.memory.languages(self.at, now_ms, age_ms) {
                Some(list) => list,
                None => {
                    // One for it, and one that is there for what comes after it.
                    let calls = allowance.take(2, 1, WAY)?;
                    let _place = allowance.enter().await;
                    calls.make_one();
                    let list = self
                        .languages(LOOK_MS.min(allowance.remaining_ms(now_ms)))
                        .await?;
                    self.memory.note_languages(self.at, self.now_ms(), &list);
                    list
                }
            };
            if let Some(offered) = list.iter().find(|offered| offered.is(name)) {
                return Ok((offered.id, offered.language.version.clone()));
            }
        }
        Err(ExecutorError::Refused(format!(
            "The execution endpoint offers no language {name}."
        )))
    }

    /// One input in one call, unless the endpoint does not let us wait; then it
    /// gives a token at best.
    async fn one(
        &self,
        run: &Run<'_>,
        id: u64,
        allowance: &Allowance,
    ) -> Result<Vec<Ended>, ExecutorError> {
        let stdin = run.stdins.first().map_or("", String::as_str);
        let body = wire::submission(run, id, stdin, self.run_timeout_ms);
        let mut answer = Value::Null;
        if !self.memory.knows_less(self.at, self.now_ms()) {
            let calls = allowance.take(1, 1, WAY)?;
            let query = format!("wait=true&{FIELDS}");
            let (status, said) = self
                .post("submissions", &query, body.clone(), allowance, &calls)
                .await?;
            let cause = wire::error(&said);
            if is_success(status) {
                answer = said;
            } else if status == StatusCode::BAD_REQUEST
                && cause.as_deref() == Some("wait not allowed")
            {
                self.memory.note_less(self.at, self.now_ms());
            } else {
                return Err(failure(status, cause));
            }
        }
        if let Some(State::Ended(ended)) = wire::state(&mut answer).map_err(odd)? {
            return Ok(vec![*ended]);
        }
        let known = wire::token(&answer);
        let calls = allowance.take(POLLS + u64::from(known.is_none()), 1, WAY)?;
        let token = match known {
            Some(token) => token,
            None => {
                let query = "wait=false&base64_encoded=true";
                let (status, said) = self
                    .post("submissions", query, body, allowance, &calls)
                    .await?;
                if !is_success(status) {
                    return Err(failure(status, wire::error(&said)));
                }
                wire::token(&said).ok_or_else(|| odd("token"))?
            }
        };
        let (ended, queued) = self
            .wait_for(Batch::of(vec![token]), allowance, &calls)
            .await?;
        at_least_one(ended, queued)
    }

    async fn post(
        &self,
        path: &str,
        query: &str,
        body: String,
        allowance: &Allowance,
        calls: &Calls<'_>,
    ) -> Result<Answer, ExecutorError> {
        let _place = allowance.enter().await;
        let remaining_ms = allowance.remaining_ms(self.now_ms());
        calls.make_one();
        self.connection
            .post(path, Some(query), body.into_bytes(), remaining_ms)
            .await
    }

    fn now_ms(&self) -> u64 {
        (self.surroundings.now_ms)()
    }
}

impl Endpoint for Judge0 {
    async fn languages(&self, timeout_ms: u64) -> Result<List, ExecutorError> {
        let (status, answer) = self.connection.get("languages", None, timeout_ms).await?;
        if status != StatusCode::OK {
            return Err(unavailable(format!("HTTP {}", status.as_u16())));
        }
        names::list(&answer)
            .ok_or_else(|| unavailable("an answer that is not Judge0's, by its list"))
    }

    async fn execute(
        &self,
        run: &Run<'_>,
        allowance: &Allowance,
    ) -> Result<Execution, ExecutorError> {
        let (id, version) = self.language(run.language, allowance).await?;
        let all = if run.stdins.len() < 2 {
            self.one(run, id, allowance).await?
        } else {
            self.several(run, id, allowance).await?
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
                // It compiled a moment before.
                None => break,
            }
            execution.compile = execution.compile.or(ended.compile);
        }
        Ok(execution)
    }
}

fn is_success(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED)
}

fn odd(what: &str) -> ExecutorError {
    lost(format!("an answer that is not Judge0's, by its {what}"))
}
