//! The HTTP server: one handler for every path, because any path may be a command.
//!
//! The order of checks is Upstash's: token (401), method (405), format (400),
//! command (400), and only then Redis.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::auth::Token;
use crate::command::{Command, ParseError, batch_from_json, from_json, from_path};
use crate::events::{self, EventsError};
use crate::resp::Reply;
use crate::response::{Format, RestResponse};
use crate::trace::trace_id;
use crate::upstream::{Upstream, UpstreamConfig, UpstreamError};
use crate::{body, compat, policy};

/// How to serve.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The token that every request must have.
    pub token: Token,
    /// The Redis to serve.
    pub upstream: UpstreamConfig,
    /// The longest request body, in bytes; Upstash's is 10 MB.
    pub max_body_bytes: usize,
    /// How long a shutdown waits for requests in flight.
    pub drain_timeout: Duration,
}

/// The state that all requests share.
struct Shared {
    config: ServerConfig,
    upstream: Upstream,
    /// Number of responses; the value of `Upstash-Sync-Token`.
    served: AtomicU64,
    /// Becomes true at shutdown.
    stop: watch::Receiver<bool>,
}

/// Serves requests from `listener` until `shutdown` completes. Then it stops
/// accepting, ends the event streams and lets the requests in flight finish.
pub async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stop) = watch::channel(false);
    let drain_timeout = config.drain_timeout;
    let shared = Arc::new(Shared {
        upstream: Upstream::start(&config.upstream),
        config,
        served: AtomicU64::new(0),
        stop: stop.clone(),
    });
    let app = Router::new().fallback(handle).with_state(shared);
    let listener = listener.tap_io(|stream| {
        // Without it, the second half of a response may wait for an ACK.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        stopping.send_replace(true);
    });
    let mut stop = stop;
    let drain_timed_out = async {
        // An error means that the server has ended, and its branch is ready.
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(drain_timeout).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = drain_timed_out => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}

/// The log fields of one request. Never a key, a value or a token.
struct LogEntry {
    kind: &'static str,
    commands: String,
    count: usize,
}

impl LogEntry {
    fn new(kind: &'static str, commands: &[Command]) -> Self {
        let mut names: Vec<(&str, usize)> = Vec::new();
        for command in commands {
            let name = policy::loggable_name(&command.argv);
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => *times += 1,
                None => names.push((name, 1)),
            }
        }
        let mut text = String::new();
        for (name, times) in names {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = match times {
                1 => write!(text, "{space}{name}"),
                times => write!(text, "{space}{name}*{times}"),
            };
        }
        Self {
            kind,
            commands: text,
            count: commands.len(),
        }
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let trace = trace_id(request.headers());
    let (entry, response, format) = shared.respond(request).await;
    let is_authorized = !matches!(response, RestResponse::Unauthorized);
    let mut response = response.into_http(format);
    if is_authorized {
        // There is one Redis, and it has applied every command with a reply, so any
        // value is up to date. The value changes, so that clients send the latest one.
        let served = shared.served.fetch_add(1, Ordering::Relaxed) + 1;
        response
            .headers_mut()
            .insert("upstash-sync-token", HeaderValue::from(served));
    }
    tracing::info!(
        %method,
        kind = entry.kind,
        commands = entry.commands,
        count = entry.count,
        status = response.status().as_u16(),
        trace,
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "served"
    );
    response
}

impl Shared {
    async fn respond(&self, request: Request) -> (LogEntry, RestResponse, Format) {
        let mut entry = LogEntry::new("refused", &[]);
        let mut format = Format::default();
        let result = self.try_respond(request, &mut entry, &mut format).await;
        let (Ok(response) | Err(response)) = result;
        (entry, response, format)
    }

    /// Responds to a request. An error response leaves the function early, so it is an
    /// `Err`.
    async fn try_respond(
        &self,
        request: Request,
        entry: &mut LogEntry,
        format: &mut Format,
    ) -> Result<RestResponse, RestResponse> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query();
        if !self.config.token.is_in_request(&parts.headers, query) {
            return Err(RestResponse::Unauthorized);
        }
        if parts.method == Method::HEAD {
            // HEAD must not change data, and a command may.
            entry.kind = "head";
            return Ok(RestResponse::Empty);
        }
        if ![Method::GET, Method::POST, Method::PUT].contains(&parts.method) {
            return Err(RestResponse::MethodNotAllowed);
        }
        let path = parts.uri.path();
        let batch = match path.strip_suffix('/').unwrap_or(path) {
            "/pipeline" => Some("pipeline"),
            "/multi-exec" => Some("multi-exec"),
            _ => None,
        };
        *format = Format::from_headers(&parts.headers).map_err(RestResponse::BadRequest)?;
        if batch == Some("multi-exec") {
            // Upstash returns transactions as JSON only.
            *format = format.as_json();
        }
        let body = body::read(&parts.headers, body, self.config.max_body_bytes).await?;
        match batch {
            Some(kind) => {
                let commands = batch_from_json(&body)?;
                *entry = LogEntry::new(kind, &commands);
                match kind {
                    "pipeline" => self.pipeline(&commands).await,
                    _ => self.transaction(&commands).await,
                }
            }
            None if path == "/" => {
                let command = from_json(&body)?;
                *entry = LogEntry::new("command", std::slice::from_ref(&command));
                self.run_command(&command).await
            }
            None => {
                let command = from_path(path, query, b"")?;
                if events::stream_command(&command).is_some() {
                    *entry = LogEntry::new("stream", std::slice::from_ref(&command));
                    return self.stream(&command).await;
                }
                let command = from_path(path, query, &body)?;
                *entry = LogEntry::new("path", std::slice::from_ref(&command));
                self.run_command(&command).await
            }
        }
    }

    async fn run_command(&self, command: &Command) -> Result<RestResponse, RestResponse> {
        if let Err(error) = policy::check(&command.argv) {
            return Ok(RestResponse::Single(Reply::error(&error)));
        }
        let replies = self.upstream.send(&[&*compat::to_redis(command)]).await?;
        let reply = replies.into_iter().next().ok_or(UpstreamError::Lost)?;
        Ok(RestResponse::Single(explained(reply)))
    }

    /// Runs each command by itself. A refused command gets an error reply, and the
    /// others run.
    async fn pipeline(&self, commands: &[Command]) -> Result<RestResponse, RestResponse> {
        let checked: Vec<Result<(), String>> = commands
            .iter()
            .map(|command| policy::check(&command.argv))
            .collect();
        let allowed: Vec<_> = commands
            .iter()
            .zip(&checked)
            .filter(|(_, checked)| checked.is_ok())
            .map(|(command, _)| compat::to_redis(command))
            .collect();
        let allowed: Vec<&Command> = allowed.iter().map(AsRef::as_ref).collect();
        let replies = match allowed.is_empty() {
            true => Vec::new(),
            false => self.upstream.send(&allowed).await?,
        };
        let mut replies = replies.into_iter();
        let replies = checked
            .into_iter()
            .map(|checked| match checked {
                Ok(()) => replies.next().map(explained).ok_or(UpstreamError::Lost),
                Err(error) => Ok(Reply::error(&error)),
            })
            .collect::<Result<_, _>>()?;
        Ok(RestResponse::Batch(replies))
    }

    /// Runs all commands or none: a refused command discards the others.
    async fn transaction(&self, commands: &[Command]) -> Result<RestResponse, RestResponse> {
        for command in commands {
            policy::check(&command.argv).map_err(RestResponse::BadRequest)?;
        }
        let commands: Vec<_> = commands.iter().map(compat::to_redis).collect();
        let commands: Vec<&Command> = commands.iter().map(AsRef::as_ref).collect();
        match self.upstream.transaction(&commands).await? {
            Ok(replies) => Ok(RestResponse::Batch(replies)),
            Err(discarded) => Err(RestResponse::BadRequest(
                compat::explain(&discarded).unwrap_or(discarded),
            )),
        }
    }

    async fn stream(&self, command: &Command) -> Result<RestResponse, RestResponse> {
        let upstream = &self.config.upstream;
        let opening = events::open(
            &upstream.url,
            command,
            upstream.connect_timeout,
            self.stop.clone(),
        );
        match opening.await {
            Ok(body) => Ok(RestResponse::Stream(body)),
            Err(EventsError::Upstream(error)) => Err(error.into()),
            Err(EventsError::Refused(text)) => Err(RestResponse::BadRequest(text)),
        }
    }
}

/// The reply, with the remedy if it is an error that has one.
fn explained(reply: Reply) -> Reply {
    let remedy = reply.error_text().and_then(|text| compat::explain(&text));
    remedy.map_or(reply, |text| Reply::error(&text))
}

impl From<ParseError> for RestResponse {
    fn from(error: ParseError) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl From<body::BodyError> for RestResponse {
    fn from(error: body::BodyError) -> Self {
        match error {
            body::BodyError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            body::BodyError::Broken => Self::BadRequest(error.to_string()),
        }
    }
}

impl From<UpstreamError> for RestResponse {
    fn from(error: UpstreamError) -> Self {
        Self::Unavailable(error)
    }
}
