//! Sending commands over HTTP.

use std::sync::Arc;

use http::StatusCode;
use reqwest::Url;
use serde_json::Value;

use super::{Command, CommandCounter, FromReply, RedisError, Reply};
use crate::config::RedisConfig;
use crate::trace::{Span, TRACEPARENT};
use crate::transport::{self, SendError};

/// A client for one database. Cheap to clone, so that a Worker makes one, and of it one
/// for each request; on the edge it holds no connection, the platform does.
#[derive(Debug, Clone)]
pub struct Client {
    database: Arc<Database>,
    sent: CommandCounter,
    span: Option<Span>,
}

/// What all clients of a database have in common.
#[derive(Debug)]
struct Database {
    http: reqwest::Client,
    config: RedisConfig,
    /// By [`Call`].
    urls: [Url; 3],
}

/// A kind of call, which has a URL of its own.
#[derive(Debug, Clone, Copy)]
enum Call {
    Command,
    Pipeline,
    Transaction,
}

impl Database {
    fn new(config: RedisConfig) -> Self {
        // A database behind a path of its own keeps that path.
        let base = config.url.path().trim_end_matches('/').to_owned();
        // In the order of `Call`.
        let urls = ["", "pipeline", "multi-exec"].map(|path| {
            let mut url = config.url.clone();
            url.set_path(&format!("{base}/{path}"));
            url
        });
        Self {
            http: reqwest::Client::new(),
            config,
            urls,
        }
    }
}

/// Reads `{"result":…}` or `{"error":"…"}`. By hand, as all JSON of ours that a
/// Worker reads: each derived reader adds some kilobytes to its wasm.
fn read_answer(mut answer: Value, status: StatusCode) -> Result<Reply, RedisError> {
    if let Some(error) = answer.get("error") {
        return Err(RedisError::Refused {
            status: status.as_u16(),
            message: error.as_str().unwrap_or_default().to_owned(),
        });
    }
    match answer.get_mut("result") {
        Some(result) => Reply::from_json(result.take()),
        None => Err(RedisError::Unexpected("neither result nor error".into())),
    }
}

impl Client {
    /// A client for the database that `config` names.
    pub fn new(config: RedisConfig) -> Self {
        Self {
            database: Arc::new(Database::new(config)),
            sent: CommandCounter::default(),
            span: None,
        }
    }

    /// How long one call may take, in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.database.config.timeout_ms
    }

    /// The same client, which adds what it sends to `sent`.
    #[must_use]
    pub fn counting(self, sent: &CommandCounter) -> Self {
        let sent = sent.clone();
        Self { sent, ..self }
    }

    /// The same client for one request: it also adds what it sends to what that has
    /// sent, and sends on its trace.
    #[must_use]
    pub fn within(self, span: Option<Span>) -> Self {
        Self { span, ..self }
    }

    /// Counts commands that were sent.
    #[inline(never)]
    pub(crate) fn count(&self, commands: u64) {
        self.sent.add(commands);
        self.count_within(commands);
    }

    /// Counts commands for the request alone: Redis itself has counted them already.
    pub(crate) fn count_within(&self, commands: u64) {
        if let Some(span) = &self.span {
            span.add_commands(commands);
        }
    }

    /// How many commands were sent and not reported yet.
    pub fn sent(&self) -> &CommandCounter {
        &self.sent
    }

    /// Runs one command: one round trip, and another one where it is a
    /// [script](Command::script) that Redis does not hold.
    pub async fn command<T: FromReply>(&self, command: Command) -> Result<T, RedisError> {
        self.reply(command).await.and_then(T::from_reply)
    }

    async fn reply(&self, command: Command) -> Result<Reply, RedisError> {
        self.count(command.billed());
        match self.answer(&command).await {
            Err(error) if error.is_no_script() => match command.with_script_text() {
                // The refused call was a command as well.
                Some(command) => {
                    self.count(1);
                    self.answer(&command).await
                }
                None => Err(error),
            },
            answer => answer,
        }
    }

    async fn answer(&self, command: &Command) -> Result<Reply, RedisError> {
        let (status, body) = self
            .post(Call::Command, serde_json::to_vec(command))
            .await?;
        read_answer(parse(status, &body)?, status)
    }

    /// Runs several commands in their order in one round trip. Not atomic: each
    /// has its own outcome. The outer error means that none is known.
    pub async fn pipeline(
        &self,
        commands: &[Command],
    ) -> Result<Vec<Result<Reply, RedisError>>, RedisError> {
        self.batch(Call::Pipeline, commands).await
    }

    /// Runs several commands as one: either all are applied, with nothing in
    /// between, or none.
    pub async fn transaction(&self, commands: &[Command]) -> Result<Vec<Reply>, RedisError> {
        self.batch(Call::Transaction, commands)
            .await?
            .into_iter()
            .collect()
    }

    async fn batch(
        &self,
        call: Call,
        commands: &[Command],
    ) -> Result<Vec<Result<Reply, RedisError>>, RedisError> {
        self.count(commands.iter().map(Command::billed).sum());
        let (status, body) = self.post(call, serde_json::to_vec(&commands)).await?;
        let answers = match parse(status, &body)? {
            Value::Array(answers) => answers,
            // One answer to all of them: a refusal.
            answer => {
                read_answer(answer, status)?;
                return Err(RedisError::Unexpected("one answer to a batch".into()));
            }
        };
        if answers.len() != commands.len() {
            return Err(RedisError::Unexpected(format!(
                "{} answers to {} commands",
                answers.len(),
                commands.len()
            )));
        }
        Ok(answers
            .into_iter()
            .map(|answer| read_answer(answer, status))
            .collect())
    }

    /// `LPUSH key element`: the list's new length.
    pub async fn lpush(&self, key: &str, element: &str) -> Result<i64, RedisError> {
        self.command(Command::new("LPUSH").arg(key).arg(element))
            .await
    }

    /// `GET key`.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RedisError> {
        self.command(Command::new("GET").arg(key)).await
    }

    /// Without type parameters: each copy of a request is a kilobyte of wasm.
    async fn post(
        &self,
        call: Call,
        body: Result<Vec<u8>, serde_json::Error>,
    ) -> Result<(StatusCode, Vec<u8>), RedisError> {
        let Database { http, config, urls } = &*self.database;
        let body =
            body.map_err(|error| RedisError::Unexpected(format!("cannot be written: {error}")))?;
        let mut request = http.post(urls[call as usize].clone());
        if let Some(span) = &self.span {
            request = request.header(TRACEPARENT, span.next_traceparent().as_str());
        }
        let request = request
            .bearer_auth(config.token.expose())
            .header("content-type", "application/json")
            .header("upstash-encoding", "base64")
            .body(body);
        let exchanged = transport::exchange(request, config.timeout_ms).await;
        exchanged.map_err(unreachable)
    }
}

fn unreachable(error: SendError) -> RedisError {
    RedisError::Unreachable(error.to_string())
}

/// A body that is not the contract's is told by its status: a proxy's error
/// page is a refusal, not a broken reply.
fn parse(status: StatusCode, body: &[u8]) -> Result<Value, RedisError> {
    serde_json::from_slice(body).map_err(|error| {
        if status.is_success() {
            RedisError::Unexpected(error.to_string())
        } else {
            RedisError::Refused {
                status: status.as_u16(),
                message: "an answer that is not Upstash's".into(),
            }
        }
    })
}
