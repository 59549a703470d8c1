//! The client for Piston's v2 API.

use std::time::Duration;

use http::StatusCode;
use reqwest::RequestBuilder;
use shared::job::Job;
use shared::language::Language;

use super::wire::{Failure, File, Request, Response};
use super::{Execution, ExecutorError};
use crate::config::ExecutorConfig;

/// How long a look may take, in milliseconds: an endpoint that is there lists
/// its languages at once.
pub const LOOK_MS: u64 = 3_000;

/// A client for one execution endpoint.
#[derive(Debug, Clone)]
pub struct Executor {
    http: reqwest::Client,
    config: ExecutorConfig,
}

impl Executor {
    /// A client for the endpoint that `config` names.
    pub fn new(config: ExecutorConfig) -> Self {
        Self {
            http: reqwest::Client::new(),
            config,
        }
    }

    /// Runs a job's code once. One subrequest.
    pub async fn execute(&self, job: &Job) -> Result<Execution, ExecutorError> {
        let body = serde_json::to_vec(&Request {
            language: &job.language,
            version: "*",
            files: [File { content: &job.code }],
            run_timeout: self.config.run_timeout_ms,
            compile_timeout: self.config.compile_timeout_ms,
        })
        .map_err(|error| ExecutorError::Refused(format!("The job cannot be sent: {error}.")))?;
        let request = self
            .http
            .post(self.url("execute"))
            .header("content-type", "application/json")
            .body(body);
        let (status, body) = self.send(request, self.config.timeout_ms).await?;
        match status {
            StatusCode::OK => serde_json::from_slice::<Response>(&body)
                .map(Execution::from)
                .map_err(|error| lost(format!("an answer that is not Piston's: {error}"))),
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ExecutorError::Refused(format!(
                    "The execution endpoint refused the job: {}",
                    serde_json::from_slice::<Failure>(&body)
                        .map_or_else(|_| status.to_string(), |failure| failure.message)
                )))
            }
            StatusCode::INTERNAL_SERVER_ERROR => Err(ExecutorError::Failed("HTTP 500".into())),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(unavailable(format!("HTTP {}", status.as_u16())))
            }
            // A proxy before the endpoint may say this for an endpoint that is
            // away, or for this job alone; a look tells.
            _ => Err(lost(format!("HTTP {}", status.as_u16()))),
        }
    }

    /// What the endpoint can run. One subrequest.
    pub async fn languages(&self) -> Result<Vec<Language>, ExecutorError> {
        self.languages_within(self.config.timeout_ms).await
    }

    /// Whether the endpoint answers, and soon. One subrequest.
    pub async fn answers(&self) -> bool {
        self.languages_within(LOOK_MS.min(self.config.timeout_ms))
            .await
            .is_ok()
    }

    async fn languages_within(&self, timeout_ms: u64) -> Result<Vec<Language>, ExecutorError> {
        let request = self.http.get(self.url("runtimes"));
        let (status, body) = self.send(request, timeout_ms).await?;
        if status != StatusCode::OK {
            return Err(unavailable(format!("HTTP {}", status.as_u16())));
        }
        serde_json::from_slice(&body)
            .map_err(|error| unavailable(format!("an answer that is not Piston's: {error}")))
    }

    async fn send(
        &self,
        mut request: RequestBuilder,
        timeout_ms: u64,
    ) -> Result<(StatusCode, Vec<u8>), ExecutorError> {
        if let Some(token) = &self.config.token {
            let header = self.config.token_header.as_str();
            request = if header.eq_ignore_ascii_case("authorization") {
                request.bearer_auth(token.expose())
            } else {
                request.header(header, token.expose())
            };
        }
        // The log needs the cause, not the address.
        let no_answer = |error: reqwest::Error| lost(error.without_url().to_string());
        let response = request
            .timeout(Duration::from_millis(timeout_ms))
            .send()
            .await
            .map_err(no_answer)?;
        let status = response.status();
        Ok((status, response.bytes().await.map_err(no_answer)?.to_vec()))
    }

    fn url(&self, call: &str) -> reqwest::Url {
        let mut url = self.config.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{call}"));
        url
    }
}

fn lost(cause: String) -> ExecutorError {
    ExecutorError::Lost(cause)
}

fn unavailable(cause: String) -> ExecutorError {
    ExecutorError::Unavailable(cause)
}
