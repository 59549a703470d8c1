//! The HTTP side: one handler for every address, since in the path style every
//! address is a command.
//!
//! The order is Upstash's: who asks (401), how (405), in which format (400),
//! what (400), and only then Redis.

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

use crate::answer::{Format, Outcome};
use crate::auth::Token;
use crate::command::{Command, ParseError, batch_from_json, from_json, from_path};
use crate::events::{self, EventsError};
use crate::resp::Reply;
use crate::upstream::{Upstream, UpstreamConfig, UpstreamError};
use crate::{body, policy};

/// What a server is made of.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// What every request must carry.
    pub token: Token,
    /// The Redis behind.
    pub upstream: UpstreamConfig,
    /// The longest request body, in bytes; Upstash's is 10 MB.
    pub max_body_bytes: usize,
    /// How long requests under way may take to finish once it is time to stop.
    pub drain_wait: Duration,
}

/// What handlers share.
struct Shared {
    config: ServerConfig,
    upstream: Upstream,
    /// Counts answers; the value of `Upstash-Sync-Token`.
    served: AtomicU64,
    /// Turns true when it is time to stop.
    stop: watch::Receiver<bool>,
}

/// Serves requests from `listener` until `shutdown` completes, then stops
/// accepting, ends the event streams and lets the requests under way finish.
pub async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stop) = watch::channel(false);
    let drain_wait = config.drain_wait;
    let shared = Arc::new(Shared {
        upstream: Upstream::start(&config.upstream),
        config,
        served: AtomicU64::new(0),
        stop: stop.clone(),
    });
    let app = Router::new().fallback(handle).with_state(shared);
    let listener = listener.tap_io(|stream| {
        // Without it the second half of an answer may wait for an ACK.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        stopping.send_replace(true);
    });
    let mut stop = stop;
    let drained_too_long = async {
        // An error means that the server is gone, and its branch is ready.
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(drain_wait).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = drained_too_long => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}

/// What one log line says about a request. Never a key, a value or a token.
struct Entry {
    kind: &'static str,
    commands: String,
    count: usize,
}

impl Entry {
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
    let (entry, outcome, format) = shared.answer(request).await;
    let authorized = !matches!(outcome, Outcome::Unauthorized);
    let mut response = outcome.into_response(format);
    if authorized {
        // There is one Redis and it has applied whatever was answered, so any
        // value is up to date. It changes, so that clients carry it around.
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
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "served"
    );
    response
}

impl Shared {
    async fn answer(&self, request: Request) -> (Entry, Outcome, Format) {
        let mut entry = Entry::new("refused", &[]);
        let mut format = Format::default();
        let outcome = match self.try_answer(request, &mut entry, &mut format).await {
            Ok(outcome) | Err(outcome) => outcome,
        };
        (entry, outcome, format)
    }

    async fn try_answer(
        &self,
        request: Request,
        entry: &mut Entry,
        format: &mut Format,
    ) -> Result<Outcome, Outcome> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query();
        if !self.config.token.is_carried_by(&parts.headers, query) {
            return Err(Outcome::Unauthorized);
        }
        if parts.method == Method::HEAD {
            // A question about the server, and a command may change data.
            entry.kind = "head";
            return Ok(Outcome::Empty);
        }
        if ![Method::GET, Method::POST, Method::PUT].contains(&parts.method) {
            return Err(Outcome::MethodNotAllowed);
        }
        let path = parts.uri.path();
        let batch = match path.strip_suffix('/').unwrap_or(path) {
            "/pipeline" => Some("pipeline"),
            "/multi-exec" => Some("multi-exec"),
            _ => None,
        };
        *format = Format::from_headers(&parts.headers).map_err(Outcome::BadRequest)?;
        if batch == Some("multi-exec") {
            // Upstash answers transactions in JSON only.
            *format = format.as_json();
        }
        let body = body::read(&parts.headers, body, self.config.max_body_bytes).await?;
        match batch {
            Some(kind) => {
                let commands = batch_from_json(&body)?;
                *entry = Entry::new(kind, &commands);
                match kind {
                    "pipeline" => self.pipeline(&commands).await,
                    _ => self.transaction(&commands).await,
                }
            }
            None if path == "/" => {
                let command = from_json(&body)?;
                *entry = Entry::new("command", std::slice::from_ref(&command));
                self.one(&command).await
            }
            None => {
                let command = from_path(path, query, b"")?;
                if events::stream_command(&command).is_some() {
                    *entry = Entry::new("stream", std::slice::from_ref(&command));
                    return self.stream(&command).await;
                }
                let command = from_path(path, query, &body)?;
                *entry = Entry::new("path", std::slice::from_ref(&command));
                self.one(&command).await
            }
        }
    }

    async fn one(&self, command: &Command) -> Result<Outcome, Outcome> {
        if let Err(refusal) = policy::check(&command.argv) {
            return Ok(Outcome::One(Reply::error(&refusal)));
        }
        let replies = self.upstream.send(&[command]).await?;
        let reply = replies.into_iter().next().ok_or(UpstreamError::Lost)?;
        Ok(Outcome::One(reply))
    }

    /// Every command on its own: a refused one is answered in its place, and
    /// the others run.
    async fn pipeline(&self, commands: &[Command]) -> Result<Outcome, Outcome> {
        let checked: Vec<Result<(), String>> = commands
            .iter()
            .map(|command| policy::check(&command.argv))
            .collect();
        let allowed: Vec<&Command> = commands
            .iter()
            .zip(&checked)
            .filter_map(|(command, checked)| checked.is_ok().then_some(command))
            .collect();
        let replies = match allowed.is_empty() {
            true => Vec::new(),
            false => self.upstream.send(&allowed).await?,
        };
        let mut replies = replies.into_iter();
        let answers = checked
            .into_iter()
            .map(|checked| match checked {
                Ok(()) => replies.next().ok_or(UpstreamError::Lost),
                Err(refusal) => Ok(Reply::error(&refusal)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Outcome::Many(answers))
    }

    /// All or nothing: one refused command discards the rest.
    async fn transaction(&self, commands: &[Command]) -> Result<Outcome, Outcome> {
        for command in commands {
            policy::check(&command.argv).map_err(Outcome::BadRequest)?;
        }
        let commands: Vec<&Command> = commands.iter().collect();
        match self.upstream.transaction(&commands).await? {
            Ok(replies) => Ok(Outcome::Many(replies)),
            Err(discarded) => Err(Outcome::BadRequest(discarded)),
        }
    }

    async fn stream(&self, command: &Command) -> Result<Outcome, Outcome> {
        let upstream = &self.config.upstream;
        let opening = events::open(
            &upstream.url,
            command,
            upstream.connect_wait,
            self.stop.clone(),
        );
        match opening.await {
            Ok(body) => Ok(Outcome::Stream(body)),
            Err(EventsError::Upstream(error)) => Err(error.into()),
            Err(EventsError::Refused(text)) => Err(Outcome::BadRequest(text)),
        }
    }
}

impl From<ParseError> for Outcome {
    fn from(error: ParseError) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl From<body::BodyError> for Outcome {
    fn from(error: body::BodyError) -> Self {
        match error {
            body::BodyError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            body::BodyError::Broken => Self::BadRequest(error.to_string()),
        }
    }
}

impl From<UpstreamError> for Outcome {
    fn from(error: UpstreamError) -> Self {
        Self::Unavailable(error)
    }
}
