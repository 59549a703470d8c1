//! The connections to Redis that all requests share.
//!
//! A few tasks each own one TCP connection. The commands of a request are one batch:
//! they are written in one piece, so no other command comes between a transaction's
//! `MULTI` and `EXEC`, and their replies are counted in order. Many batches are in
//! flight on a connection at once (pipelining); none waits for the reply to another.
//!
//! When a connection breaks, every batch written to it gets [`UpstreamError::Lost`],
//! and none is sent again, because Redis may have applied it. Batches not yet written
//! wait for a new connection, for a limited time. There is no reconnecting in the
//! background; the next batch opens a connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::command::Command;
use crate::connect::{ConnectError, connect};
use crate::redis_url::RedisUrl;
use crate::resp::{Reply, ReplyReader, write_command};

/// How to reach Redis and how long to wait for it.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// The address of Redis.
    pub url: RedisUrl,
    /// Number of shared connections; at least 1.
    pub connections: usize,
    /// How long a request waits for a connection.
    pub connect_timeout: Duration,
    /// How long a request that was written waits for its replies. Longer than any
    /// script should run: it is for a Redis that hangs.
    pub reply_timeout: Duration,
}

/// Why commands have no replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// No connection could be opened; nothing was sent.
    #[error("ERR Redis cannot be reached; the request was not applied")]
    Unreachable,
    /// The connection broke after the commands were written.
    #[error("ERR the connection to Redis was lost; the request may have been applied")]
    Lost,
    /// Redis did not reply in time.
    #[error("ERR Redis did not answer in time; the request may have been applied")]
    TimedOut,
}

/// Where the replies to a batch go.
type ReplySender = oneshot::Sender<Result<Vec<Reply>, UpstreamError>>;

/// The encoded commands of one request.
#[derive(Debug)]
struct Batch {
    bytes: BytesMut,
    /// Number of commands, and so of replies.
    commands: usize,
    /// When to give up waiting for a connection.
    connect_deadline: Instant,
    replies: ReplySender,
}

/// A batch that was written, and the replies that have arrived.
struct InFlight {
    commands: usize,
    received: Vec<Reply>,
    reply_deadline: Instant,
    replies: ReplySender,
}

/// Batches that wait for one connection before requests wait to enqueue theirs.
const MAX_QUEUED: usize = 1024;

/// Batches in flight on one connection.
const MAX_IN_FLIGHT: usize = 4096;

/// Unwritten bytes above which a connection takes no further batch.
const MAX_UNWRITTEN_BYTES: usize = 1024 * 1024;

/// Buffer space reserved for each read from the socket.
const READ_BYTES: usize = 16 * 1024;

/// Pause between two attempts to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(25);

/// The shared connections. Dropping it closes them after their last replies.
#[derive(Debug)]
pub struct Upstream {
    connections: Vec<mpsc::Sender<Batch>>,
    /// Number of batches sent; it selects the connection.
    sent: AtomicUsize,
    connect_timeout: Duration,
}

impl Upstream {
    /// Starts the tasks on the current Tokio runtime. No connection is opened yet.
    pub fn start(config: &UpstreamConfig) -> Self {
        let connections = (0..config.connections.max(1))
            .map(|_| {
                let (sender, batches) = mpsc::channel(MAX_QUEUED);
                tokio::spawn(run_connections(config.clone(), batches));
                sender
            })
            .collect();
        Self {
            connections,
            sent: AtomicUsize::new(0),
            connect_timeout: config.connect_timeout,
        }
    }

    /// Sends commands in one piece over one connection. Returns one reply per command,
    /// in their order.
    pub async fn send(&self, commands: &[&Command]) -> Result<Vec<Reply>, UpstreamError> {
        let mut bytes = BytesMut::with_capacity(encoded_len(commands));
        for command in commands {
            write_command(&command.argv, &mut bytes);
        }
        self.send_batch(bytes, commands.len()).await
    }

    /// Sends commands between `MULTI` and `EXEC`. Returns `Ok(Ok(replies))` if they
    /// were executed, and `Ok(Err(text))` if Redis discarded them all.
    pub async fn transaction(
        &self,
        commands: &[&Command],
    ) -> Result<Result<Vec<Reply>, String>, UpstreamError> {
        let mut bytes = BytesMut::with_capacity(encoded_len(commands) + 32);
        write_command(&["MULTI"], &mut bytes);
        for command in commands {
            write_command(&command.argv, &mut bytes);
        }
        write_command(&["EXEC"], &mut bytes);
        let mut replies = self.send_batch(bytes, commands.len() + 2).await?;
        let exec = replies.pop().ok_or(UpstreamError::Lost)?;
        // EXEC only says that there was an error; the first error while queueing says
        // which.
        let cause = replies.iter().find_map(Reply::error_text);
        Ok(match (exec.children(), exec.error_text(), cause) {
            (Some(children), ..) => Ok(children),
            (None, Some(_), Some(cause)) => Err(format!(
                "EXECABORT Transaction discarded because of: {cause}"
            )),
            (None, Some(text), None) => Err(text),
            (None, None, _) => Err("EXECABORT Transaction discarded".to_owned()),
        })
    }

    async fn send_batch(
        &self,
        bytes: BytesMut,
        commands: usize,
    ) -> Result<Vec<Reply>, UpstreamError> {
        let (replies, received) = oneshot::channel();
        let batch = Batch {
            bytes,
            commands,
            connect_deadline: Instant::now() + self.connect_timeout,
            replies,
        };
        let sent = self.sent.fetch_add(1, Ordering::Relaxed);
        let connection = &self.connections[sent % self.connections.len()];
        connection
            .send(batch)
            .await
            .map_err(|_| UpstreamError::Unreachable)?;
        received.await.unwrap_or(Err(UpstreamError::Lost))
    }
}

fn encoded_len(commands: &[&Command]) -> usize {
    let args = commands.iter().flat_map(|command| &command.argv);
    args.map(|arg| arg.len() + 16).sum()
}

/// Waits for a batch, connects, and serves until the connection ends; again and
/// again.
async fn run_connections(config: UpstreamConfig, mut batches: mpsc::Receiver<Batch>) {
    while let Some(batch) = batches.recv().await {
        match connect_by(&config.url, batch.connect_deadline).await {
            Some(stream) => {
                let connection = Connection::new(stream, config.reply_timeout);
                connection.run(batch, &mut batches).await;
            }
            None => drop(batch.replies.send(Err(UpstreamError::Unreachable))),
        }
    }
}

/// Tries to connect until the deadline; `None` if it has passed.
async fn connect_by(url: &RedisUrl, deadline: Instant) -> Option<TcpStream> {
    let mut last: Option<ConnectError> = None;
    while Instant::now() < deadline {
        match timeout_at(deadline, connect(url)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) if error.is_transient() => {
                last = Some(error);
                sleep_until(deadline.min(Instant::now() + RECONNECT_PAUSE)).await;
            }
            Ok(Err(error)) => {
                last = Some(error);
                break;
            }
            Err(_) => break,
        }
    }
    match last {
        Some(error) => tracing::warn!(redis = %url, %error, "cannot connect to Redis"),
        None => tracing::warn!(redis = %url, "cannot connect to Redis in time"),
    }
    None
}

/// An open connection and the batches written to it.
struct Connection {
    stream: TcpStream,
    reply_timeout: Duration,
    /// Bytes that are not yet written.
    unwritten: BytesMut,
    reader: ReplyReader,
    in_flight: VecDeque<InFlight>,
}

impl Connection {
    fn new(stream: TcpStream, reply_timeout: Duration) -> Self {
        Self {
            stream,
            reply_timeout,
            unwritten: BytesMut::new(),
            reader: ReplyReader::default(),
            in_flight: VecDeque::new(),
        }
    }

    async fn run(mut self, first: Batch, batches: &mut mpsc::Receiver<Batch>) {
        self.enqueue(first);
        let error = self.serve(batches).await;
        for batch in self.in_flight {
            drop(batch.replies.send(Err(error)));
        }
    }

    /// Writes and reads until the connection ends. Returns the error of the batches
    /// that are still in flight.
    async fn serve(&mut self, batches: &mut mpsc::Receiver<Batch>) -> UpstreamError {
        let mut is_open = true;
        loop {
            let (mut read, mut write) = self.stream.split();
            let takes_batches = is_open
                && self.in_flight.len() < MAX_IN_FLIGHT
                && self.unwritten.len() < MAX_UNWRITTEN_BYTES;
            let reply_deadline = self.in_flight.front().map(|batch| batch.reply_deadline);
            let buffer = self.reader.buffer();
            buffer.reserve(READ_BYTES);
            tokio::select! {
                read = read.read_buf(buffer) => match read {
                    Ok(0) => return UpstreamError::Lost,
                    Ok(_) => {
                        if let Err(reason) = self.hand_out_replies() {
                            tracing::error!(reason, "dropping a connection to Redis");
                            return UpstreamError::Lost;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "lost a connection to Redis");
                        return UpstreamError::Lost;
                    }
                },
                // A failed write shows as a failed read as well, and replies that
                // arrived before it may still be read.
                written = write.write_buf(&mut self.unwritten), if !self.unwritten.is_empty() => {
                    if written.is_err() {
                        self.unwritten.clear();
                    }
                }
                batch = batches.recv(), if takes_batches => match batch {
                    Some(batch) => {
                        self.enqueue(batch);
                        // Other waiting batches share the same write.
                        while self.unwritten.len() < MAX_UNWRITTEN_BYTES {
                            let Ok(batch) = batches.try_recv() else { break };
                            self.enqueue(batch);
                        }
                    }
                    None => is_open = false,
                },
                () = wait_until(reply_deadline) => {
                    tracing::warn!("Redis did not answer in time");
                    return UpstreamError::TimedOut;
                }
            }
            if !is_open && self.in_flight.is_empty() {
                return UpstreamError::Lost;
            }
        }
    }

    fn enqueue(&mut self, batch: Batch) {
        // The client has disconnected and nothing was sent, so nothing needs to be.
        if batch.replies.is_closed() {
            return;
        }
        if self.unwritten.is_empty() {
            self.unwritten = batch.bytes;
        } else {
            self.unwritten.extend_from_slice(&batch.bytes);
        }
        self.in_flight.push_back(InFlight {
            commands: batch.commands,
            received: Vec::with_capacity(batch.commands),
            reply_deadline: Instant::now() + self.reply_timeout,
            replies: batch.replies,
        });
    }

    /// Passes complete replies on. The error says why the connection is unusable.
    fn hand_out_replies(&mut self) -> Result<(), &'static str> {
        while let Some(reply) = self
            .reader
            .next_reply()
            .map_err(|_| "the received bytes are not RESP2")?
        {
            let batch = self
                .in_flight
                .front_mut()
                .ok_or("a reply without a command arrived")?;
            batch.received.push(reply);
            if batch.received.len() == batch.commands
                && let Some(batch) = self.in_flight.pop_front()
            {
                drop(batch.replies.send(Ok(batch.received)));
            }
        }
        Ok(())
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
