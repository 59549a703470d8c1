//! What the tests share: a redis-server, redis-rest in front of it, and clients of
//! both. All of them end when they are dropped, also when a test panics.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis_rest::auth::Token;
use redis_rest::prelude::PRELUDE;
use redis_rest::redis_url::RedisUrl;
use redis_rest::server::{ServerConfig, serve};
use redis_rest::upstream::UpstreamConfig;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A token with characters that have a meaning in a query.
pub(crate) const TOKEN: &str = "test+token/with=signs";

/// A plain redis-server on a free loopback port, with its data in a temporary
/// folder.
pub(crate) struct Redis {
    child: Child,
    dir: TempDir,
    pub(crate) port: u16,
}

impl Redis {
    /// Call it on the thread of the test: redis-server ends with that thread.
    pub(crate) fn start() -> Self {
        // Another process may take a free port before redis-server does.
        for _ in 0..5 {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            if let Some(redis) = Self::try_start(dir, port) {
                return redis;
            }
        }
        panic!("redis-server does not start; is it installed?");
    }

    fn try_start(dir: TempDir, port: u16) -> Option<Self> {
        // redis-rest's prelude makes the kernel end redis-server if this process is
        // killed.
        let child = Command::new(env!("CARGO_BIN_EXE_redis-rest"))
            .arg(PRELUDE)
            .arg(std::process::id().to_string())
            .arg(dir.path())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut redis = Self { child, dir, port };
        let has_started = eventually(Duration::from_secs(10), || {
            redis.child.try_wait().unwrap().is_some() || Raw::try_connect(port).is_some()
        });
        (has_started && redis.child.try_wait().unwrap().is_none()).then_some(redis)
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Restarts it, empty, on the same port.
    pub(crate) fn restart(mut self) -> Self {
        self.kill();
        let dir = tempfile::tempdir().unwrap();
        Self::try_start(dir, self.port).expect("the port is still free")
    }

    /// Sends a signal. STOP makes it hang with its connections open; CONT lets it
    /// continue.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn url(&self) -> RedisUrl {
        RedisUrl::loopback(self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been killed by its test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A free port below those that the kernel assigns by itself, so that it is still free
/// when a test restarts its Redis.
pub(crate) fn free_port() -> u16 {
    (0..1_000)
        .map(|_| 20_000 + (RandomState::new().hash_one(0) % 12_000) as u16)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .unwrap()
}

/// Waits until the condition holds. Returns whether it did in time.
pub(crate) fn eventually(wait: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + wait;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A connection to Redis without redis-rest. It finds the end of a reply by the reply
/// to an ECHO after it, and does not use the reader under test.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) fn connect(port: u16) -> Self {
        Self::try_connect(port).expect("Redis answers")
    }

    pub(crate) fn try_connect(port: u16) -> Option<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut raw = Self(stream);
        (raw.try_send(&[b"PING"])? == b"+PONG\r\n").then_some(raw)
    }

    /// Sends a command. Returns the bytes of its reply.
    pub(crate) fn send<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Vec<u8> {
        self.try_send(argv).expect("Redis answers")
    }

    fn try_send<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Option<Vec<u8>> {
        const MARK: &[u8] = b"$24\r\nthe-reply-ends-just-here\r\n";
        let mut out = Vec::new();
        write!(out, "*{}\r\n", argv.len()).unwrap();
        for arg in argv {
            let arg = arg.as_ref();
            write!(out, "${}\r\n", arg.len()).unwrap();
            out.extend_from_slice(arg);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"*2\r\n$4\r\nECHO\r\n");
        out.extend_from_slice(MARK);
        self.0.write_all(&out).ok()?;
        let mut reply = Vec::new();
        let mut buf = [0; 4096];
        while !reply.ends_with(MARK) {
            match self.0.read(&mut buf).ok()? {
                0 => return None,
                len => reply.extend_from_slice(&buf[..len]),
            }
        }
        reply.truncate(reply.len() - MARK.len());
        Some(reply)
    }
}

/// A redis-rest that serves from this process.
pub(crate) struct Rest {
    pub(crate) url: String,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Rest {
    pub(crate) async fn start(redis: &RedisUrl) -> Self {
        Self::with(redis, |_| {}).await
    }

    pub(crate) async fn with(redis: &RedisUrl, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let mut config = ServerConfig {
            token: Token::new(TOKEN).unwrap(),
            upstream: UpstreamConfig {
                url: redis.clone(),
                connections: 3,
                connect_timeout: Duration::from_millis(500),
                reply_timeout: Duration::from_secs(20),
            },
            max_body_bytes: 10 * 1024 * 1024,
            drain_timeout: Duration::from_secs(10),
        };
        change(&mut config);
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, config, async {
            drop(stopped.await);
        }));
        Self {
            url: format!("http://{address}"),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            stop: Some(stop),
            served,
        }
    }

    /// Shuts it down and waits for its end.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.served.await.unwrap().unwrap();
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(TOKEN)
    }

    /// A request without it.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, path).body(body)
    }

    /// Posts a command or a batch as JSON. Returns status and JSON.
    pub(crate) async fn call(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.post(path, body.to_string()).send().await.unwrap()).await
    }

    /// Posts a command. Returns the result of a 200.
    pub(crate) async fn result(&self, command: Value) -> Value {
        let (status, mut answer) = self.call("/", command).await;
        assert_eq!(status, 200, "{answer}");
        answer["result"].take()
    }
}

/// The status and the JSON of a response.
pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (status, json)
}
