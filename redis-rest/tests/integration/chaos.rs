//! A network that cuts replies into crumbs and connections in the middle.
//!
//! Between redis-rest and Redis stands a proxy that does both, at random. What
//! must hold all the same: a reply belongs to its request, what was answered
//! with 503 was never applied, and nothing was applied twice.

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

/// A small generator of numbers that look random and are the same in each run
/// (splitmix64).
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

struct Proxy {
    port: u16,
    task: JoinHandle<()>,
}

impl Proxy {
    /// `lifetime` is how many pieces a connection carries before it is cut, at
    /// most; `None` never cuts.
    async fn start(redis_port: u16, lifetime: Option<u64>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let dice = Arc::new(Dice(AtomicU64::new(7)));
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let dice = Arc::clone(&dice);
                let pieces = lifetime.map(|most| 1 + dice.roll(most));
                tokio::spawn(carry(client, redis_port, pieces, dice));
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

/// Carries pieces of a few bytes both ways until there were enough of them.
async fn carry(mut client: TcpStream, redis_port: u16, pieces: Option<u64>, dice: Arc<Dice>) {
    let mut redis = TcpStream::connect((Ipv4Addr::LOCALHOST, redis_port))
        .await
        .unwrap();
    client.set_nodelay(true).unwrap();
    let mut carried = 0;
    let (mut up, mut down) = ([0; 512], [0; 512]);
    while pieces.is_none_or(|pieces| carried < pieces) {
        carried += 1;
        let size = 1 + usize::try_from(dice.roll(40)).unwrap();
        let done = tokio::select! {
            read = client.read(&mut up[..size * 8]) => match read {
                Ok(len @ 1..) => redis.write_all(&up[..len]).await.is_err(),
                _ => true,
            },
            read = redis.read(&mut down[..size]) => match read {
                Ok(len @ 1..) => client.write_all(&down[..len]).await.is_err(),
                _ => true,
            },
        };
        if done {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_in_crumbs_are_put_together() {
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
async fn a_broken_connection_neither_repeats_nor_mixes_up_anything() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port, Some(60)).await;
    let rest = &Rest::start(&proxy.url()).await;
    let (applied, perhaps, not) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    join_all((0..20).map(|client| {
        let (applied, perhaps, not) = (&applied, &perhaps, &not);
        async move {
            for round in 0..40 {
                let mark = format!("client-{client}-round-{round}");
                let path = ["/pipeline", "/multi-exec"][round % 2];
                let batch = json!([["ECHO", mark], ["INCR", "n"]]);
                let (status, answer) = rest.call(path, batch).await;
                match status {
                    200 => {
                        assert_eq!(answer[0], json!({ "result": mark }));
                        assert!(answer[1]["result"].is_u64(), "{answer}");
                        applied.fetch_add(1, Ordering::Relaxed)
                    }
                    502 => perhaps.fetch_add(1, Ordering::Relaxed),
                    503 => not.fetch_add(1, Ordering::Relaxed),
                    status => panic!("{status}: {answer}"),
                };
            }
        }
    }))
    .await;
    // What is still on its way to Redis arrives.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let count = String::from_utf8(Raw::connect(redis.port).send(&["GET", "n"])).unwrap();
    let count: u64 = count.lines().nth(1).unwrap().parse().unwrap();
    let (applied, perhaps) = (applied.into_inner(), perhaps.into_inner());
    assert!(
        (applied..=applied + perhaps).contains(&count),
        "{count} counted, {applied} applied, {perhaps} perhaps, {not:?} not"
    );
    // The test tests something.
    assert!(
        applied > 50 && perhaps > 20,
        "{applied}, {perhaps}, {not:?}"
    );
}
