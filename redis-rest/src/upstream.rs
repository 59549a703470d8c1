//! The connections to Redis that all requests share.
//!
//! A few tasks ("lanes") each own one TCP connection. A request's commands are
//! one job: they are written in one piece, so nothing comes between a
//! transaction's `MULTI` and `EXEC`, and their replies are counted off in
//! order. Many jobs are under way on a connection at once (pipelining); nobody
//! waits for another's reply.
//!
//! When a connection breaks, every job written to it is answered with
//! [`UpstreamError::Lost`] and none is sent again: Redis may have applied it.
//! Jobs not yet written wait for a new connection, for a bounded time. There is
//! no background reconnecting; the next job brings the connection back.

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
    /// Where it is.
    pub url: RedisUrl,
    /// How many connections to share; at least 1.
    pub connections: usize,
    /// How long a request waits for a connection when there is none.
    pub connect_wait: Duration,
    /// How long a request that was written waits for its replies. Longer than
    /// any script should run; it is there for a Redis that hangs.
    pub reply_wait: Duration,
}

/// Why commands have no replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// No connection could be made; nothing was sent.
    #[error("ERR Redis cannot be reached; the request was not applied")]
    Unreachable,
    /// The connection broke after the commands were written.
    #[error("ERR the connection to Redis was lost; the request may have been applied")]
    Lost,
    /// Redis has not answered in time.
    #[error("ERR Redis did not answer in time; the request may have been applied")]
    TimedOut,
}

/// Commands in one piece, and whom to tell.
#[derive(Debug)]
struct Job {
    bytes: BytesMut,
    replies: usize,
    /// When to give up waiting for a connection.
    connect_by: Instant,
    answer: oneshot::Sender<Result<Vec<Reply>, UpstreamError>>,
}

/// A job that was written, as far as its replies have come.
struct InFlight {
    wanted: usize,
    replies: Vec<Reply>,
    answer_by: Instant,
    answer: oneshot::Sender<Result<Vec<Reply>, UpstreamError>>,
}

/// How many requests wait for one lane before senders wait themselves.
const QUEUED_JOBS: usize = 1024;

/// How many requests are under way on one connection.
const IN_FLIGHT_JOBS: usize = 4096;

/// Unwritten bytes from which on a lane takes no further job.
const UNWRITTEN_BYTES: usize = 1024 * 1024;

/// Room made for each read from the socket.
const READ_BYTES: usize = 16 * 1024;

/// Pause between two attempts to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(25);

/// The shared connections. Dropping it closes them once their replies are in.
#[derive(Debug)]
pub struct Upstream {
    lanes: Vec<mpsc::Sender<Job>>,
    turn: AtomicUsize,
    connect_wait: Duration,
}

impl Upstream {
    /// Starts the lanes on the current Tokio runtime. Nothing is connected yet.
    pub fn start(config: &UpstreamConfig) -> Self {
        let lanes = (0..config.connections.max(1))
            .map(|_| {
                let (sender, jobs) = mpsc::channel(QUEUED_JOBS);
                tokio::spawn(run_lane(config.clone(), jobs));
                sender
            })
            .collect();
        Self {
            lanes,
            turn: AtomicUsize::new(0),
            connect_wait: config.connect_wait,
        }
    }

    /// Sends commands in one piece over one connection; one reply for each, in
    /// their order.
    pub async fn send(&self, commands: &[&Command]) -> Result<Vec<Reply>, UpstreamError> {
        let mut bytes = BytesMut::with_capacity(encoded_len(commands));
        for command in commands {
            write_command(&command.argv, &mut bytes);
        }
        self.send_raw(bytes, commands.len()).await
    }

    /// Sends commands between `MULTI` and `EXEC`. `Ok(Ok(replies))` when they
    /// were executed; `Ok(Err(text))` when Redis discarded them all.
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
        let mut replies = self.send_raw(bytes, commands.len() + 2).await?;
        let exec = replies.pop().ok_or(UpstreamError::Lost)?;
        // Redis says only that something was wrong; the first refusal while
        // queueing says what.
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

    async fn send_raw(&self, bytes: BytesMut, replies: usize) -> Result<Vec<Reply>, UpstreamError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            bytes,
            replies,
            connect_by: Instant::now() + self.connect_wait,
            answer,
        };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let lane = &self.lanes[turn % self.lanes.len()];
        lane.send(job)
            .await
            .map_err(|_| UpstreamError::Unreachable)?;
        answered.await.unwrap_or(Err(UpstreamError::Lost))
    }
}

fn encoded_len(commands: &[&Command]) -> usize {
    let args = commands.iter().flat_map(|command| &command.argv);
    args.map(|arg| arg.len() + 16).sum()
}

/// One lane's life: wait for a job, connect, serve until the connection ends.
async fn run_lane(config: UpstreamConfig, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        match connect_by(&config.url, job.connect_by).await {
            Some(stream) => {
                let lane = Lane::new(stream, config.reply_wait);
                lane.run(job, &mut jobs).await;
            }
            None => drop(job.answer.send(Err(UpstreamError::Unreachable))),
        }
    }
}

/// Tries to connect until the deadline; `None` when it passed.
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

/// A lane while it has a connection.
struct Lane {
    stream: TcpStream,
    reply_wait: Duration,
    out: BytesMut,
    reader: ReplyReader,
    in_flight: VecDeque<InFlight>,
}

impl Lane {
    fn new(stream: TcpStream, reply_wait: Duration) -> Self {
        Self {
            stream,
            reply_wait,
            out: BytesMut::new(),
            reader: ReplyReader::default(),
            in_flight: VecDeque::new(),
        }
    }

    async fn run(mut self, first: Job, jobs: &mut mpsc::Receiver<Job>) {
        self.take(first);
        let error = self.serve(jobs).await;
        for job in self.in_flight {
            drop(job.answer.send(Err(error)));
        }
    }

    /// Writes and reads until the connection ends; says what to tell the jobs
    /// that are left.
    async fn serve(&mut self, jobs: &mut mpsc::Receiver<Job>) -> UpstreamError {
        let mut open = true;
        loop {
            let (mut read, mut write) = self.stream.split();
            let takes_jobs =
                open && self.in_flight.len() < IN_FLIGHT_JOBS && self.out.len() < UNWRITTEN_BYTES;
            let answer_by = self.in_flight.front().map(|job| job.answer_by);
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
                // A failed write shows as a failed read as well, and replies
                // that arrived before it may still be read.
                written = write.write_buf(&mut self.out), if !self.out.is_empty() => {
                    if written.is_err() {
                        self.out.clear();
                    }
                }
                job = jobs.recv(), if takes_jobs => match job {
                    Some(job) => {
                        self.take(job);
                        // What else is waiting shares the same write.
                        while self.out.len() < UNWRITTEN_BYTES {
                            let Ok(job) = jobs.try_recv() else { break };
                            self.take(job);
                        }
                    }
                    None => open = false,
                },
                () = wait_until(answer_by) => {
                    tracing::warn!("Redis did not answer in time");
                    return UpstreamError::TimedOut;
                }
            }
            if !open && self.in_flight.is_empty() {
                return UpstreamError::Lost;
            }
        }
    }

    fn take(&mut self, job: Job) {
        // Its client is gone, and nothing was sent: the kindest end.
        if job.answer.is_closed() {
            return;
        }
        if self.out.is_empty() {
            self.out = job.bytes;
        } else {
            self.out.extend_from_slice(&job.bytes);
        }
        self.in_flight.push_back(InFlight {
            wanted: job.replies,
            replies: Vec::with_capacity(job.replies),
            answer_by: Instant::now() + self.reply_wait,
            answer: job.answer,
        });
    }

    fn hand_out_replies(&mut self) -> Result<(), &'static str> {
        while let Some(reply) = self
            .reader
            .next_reply()
            .map_err(|_| "what came back is not RESP2")?
        {
            let job = self
                .in_flight
                .front_mut()
                .ok_or("a reply came that nobody asked for")?;
            job.replies.push(reply);
            if job.replies.len() == job.wanted
                && let Some(job) = self.in_flight.pop_front()
            {
                drop(job.answer.send(Ok(job.replies)));
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
