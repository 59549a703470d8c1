//! A network that splits replies into small pieces and breaks connections.
//!
//! A proxy between redis-rest and Redis does both at random. All the same, each
//! request must get its own reply, a request that got a 503 must not have been
//! applied, and none may be applied twice.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use redis_rest::redis_url::RedisUrl;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::{Raw, Redis, Rest};

/// A random number generator with a fixed seed (splitmix64).
struct Random(AtomicU64);

impl Random {
    /// A number below `bound`.
    fn below(&self, bound: u64) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

struct Proxy {
    port: u16,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A connection breaks after at most `max_pieces` pieces; with `None`, it does not
    /// break.
    async fn start(redis_port: u16, max_pieces: Option<u64>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let random = Arc::new(Random(AtomicU64::new(7)));
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let random = Arc::clone(&random);
                let pieces = max_pieces.map(|max| 1 + random.below(max));
                tokio::spawn(forward(client, redis_port, pieces, random));
            }
        });
        Self { port, task }
    }

    fn url(&self) -> RedisUrl {
        RedisUrl::loopback(self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Forwards this many pieces of a few bytes in both directions.
async fn forward(mut client: TcpStream, redis_port: u16, pieces: Option<u64>, random: Arc<Random>) {
    let mut redis = TcpStream::connect((Ipv4Addr::LOCALHOST, redis_port))
        .await
        .unwrap();
    client.set_nodelay(true).unwrap();
    let mut forwarded = 0;
    let (mut up, mut down) = ([0; 512], [0; 512]);
    while pieces.is_none_or(|pieces| forwarded < pieces) {
        forwarded += 1;
        let size = 1 + usize::try_from(random.below(40)).unwrap();
        let has_ended = tokio::select! {
            read = client.read(&mut up[..size * 8]) => match read {
                Ok(len @ 1..) => redis.write_all(&up[..len]).await.is_err(),
                _ => true,
            },
            read = redis.read(&mut down[..size]) => match read {
                Ok(len @ 1..) => client.write_all(&down[..len]).await.is_err(),
                _ => true,
            },
        };
        if has_ended {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_in_small_pieces_are_put_together() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port, None).await;
    let rest = &Rest::start(&proxy.url()).await;
    join_all((0..20).map(|client| async move {
        for round in 0..10 {
            let text = format!("{client}-{round}\r\n$-1\r\n").repeat(client * 3 + 1);
            let batch = json!([
                ["ECHO", text],
                ["EVAL", "return {ARGV[1],{false,{}}}", 0, text]
            ]);
            let (_, results) = rest.call("/pipeline", batch).await;
            assert_eq!(
                results,
                json!([{ "result": text }, { "result": [text, [null, []]] }])
            );
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_neither_repeat_nor_mix_up_requests() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port, Some(60)).await;
    let rest = &Rest::start(&proxy.url()).await;
    let (applied, unknown, rejected) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    join_all((0..20).map(|client| {
        let (applied, unknown, rejected) = (&applied, &unknown, &rejected);
        async move {
            for round in 0..40 {
                let marker = format!("client-{client}-round-{round}");
                let path = ["/pipeline", "/multi-exec"][round % 2];
                let batch = json!([["ECHO", marker], ["INCR", "n"]]);
                let (status, answer) = rest.call(path, batch).await;
                match status {
                    200 => {
                        assert_eq!(answer[0], json!({ "result": marker }));
                        assert!(answer[1]["result"].is_u64(), "{answer}");
                        applied.fetch_add(1, Ordering::Relaxed)
                    }
                    502 => unknown.fetch_add(1, Ordering::Relaxed),
                    503 => rejected.fetch_add(1, Ordering::Relaxed),
                    status => panic!("{status}: {answer}"),
                };
            }
        }
    }))
    .await;
    // Commands that are still on their way to Redis arrive.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let count = String::from_utf8(Raw::connect(redis.port).send(&["GET", "n"])).unwrap();
    let count: u64 = count.lines().nth(1).unwrap().parse().unwrap();
    let (applied, unknown) = (applied.into_inner(), unknown.into_inner());
    assert!(
        (applied..=applied + unknown).contains(&count),
        "{count} counted, {applied} applied, {unknown} unknown, {rejected:?} rejected"
    );
    // Otherwise the proxy broke too many connections, or too few.
    assert!(
        applied > 50 && unknown > 20,
        "{applied}, {unknown}, {rejected:?}"
    );
}
