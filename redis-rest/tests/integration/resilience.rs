//! A Redis that dies, hangs or returns; many clients at once; shutdown.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis_rest::redis_url::RedisUrl;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Redis, Rest};

#[tokio::test(flavor = "multi_thread")]
async fn clients_never_get_each_other_s_replies() {
    let redis = Redis::start();
    let rest = &Rest::start(&redis.url()).await;
    join_all((0..100).map(|client| async move {
        for round in 0..20 {
            let marker = format!("client-{client}-round-{round}");
            match (client + round) % 3 {
                0 => assert_eq!(rest.result(json!(["ECHO", marker])).await, json!(marker)),
                1 => {
                    // Replies of many sizes, refused commands in between.
                    let long = marker.repeat(1 + client * round);
                    let batch = json!([["ECHO", long], ["WATCH", "k"], ["ECHO", marker]]);
                    let (_, results) = rest.call("/pipeline", batch).await;
                    assert_eq!(results[0]["result"], json!(long));
                    assert!(results[1]["error"].is_string());
                    assert_eq!(results[2]["result"], json!(marker));
                }
                _ => {
                    let key = format!("k{client}");
                    let batch = json!([["SET", key, marker], ["APPEND", key, "!"], ["GET", key]]);
                    let (_, results) = rest.call("/multi-exec", batch).await;
                    assert_eq!(results[2]["result"], json!(format!("{marker}!")));
                }
            }
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_not_interleaved() {
    let redis = Redis::start();
    let rest = &Rest::start(&redis.url()).await;
    // Each transaction counts up and back; one in between would see another number.
    join_all((0..50).map(|_| async move {
        for _ in 0..20 {
            let batch = json!([["INCR", "n"], ["GET", "n"], ["DECR", "n"]]);
            let (_, results) = rest.call("/multi-exec", batch).await;
            assert_eq!(
                results,
                json!([{"result": 1}, {"result": "1"}, {"result": 0}])
            );
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_get_a_503_without_redis_and_recover_with_it() {
    let mut redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    assert_eq!(rest.result(json!(["SET", "k", "v"])).await, json!("OK"));

    redis.kill();
    let started = Instant::now();
    let answers = join_all((0..30).map(|_| rest.call("/", json!(["GET", "k"])))).await;
    for (status, answer) in answers {
        assert_eq!(status, 503, "{answer}");
        let error = answer["error"].as_str().unwrap();
        assert_eq!(
            error,
            "ERR Redis cannot be reached; the request was not applied"
        );
        assert!(!error.contains("127.0.0.1"));
    }
    // The timeout is 500 ms in these tests.
    assert!(started.elapsed() < Duration::from_secs(3));

    let _redis = redis.restart();
    for _ in 0..6 {
        assert_eq!(rest.result(json!(["GET", "k"])).await, Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_waits_for_a_redis_that_is_restarting() {
    let mut redis = Redis::start();
    let rest = Rest::with(&redis.url(), |config| {
        config.upstream.connect_timeout = Duration::from_secs(10);
    })
    .await;
    redis.kill();
    let commands = [json!(["INCR", "n"])];
    let (answer, _redis) = tokio::join!(rest.call("/", commands[0].clone()), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| redis.restart())
    });
    assert_eq!(answer, (200, json!({"result": 1})));
}

/// A server in place of Redis that sends only what the test sends.
struct MockRedis(TcpListener);

impl MockRedis {
    async fn start() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    fn url(&self) -> RedisUrl {
        RedisUrl::loopback(self.0.local_addr().unwrap().port())
    }

    async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }
}

/// Reads until the command's name has arrived this many times.
async fn read_commands(stream: &mut TcpStream, name: &str, times: usize) {
    let mut text = String::new();
    let mut buf = [0; 4096];
    while text.matches(name).count() < times {
        let len = stream.read(&mut buf).await.unwrap();
        assert_ne!(len, 0, "it ended after {text:?}");
        text.push_str(std::str::from_utf8(&buf[..len]).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_on_a_broken_connection_is_not_sent_again() {
    let mock = MockRedis::start().await;
    let rest = Rest::start(&mock.url()).await;
    let (answer, ()) = tokio::join!(rest.call("/", json!(["INCR", "n"])), async {
        let mut stream = mock.accept().await;
        read_commands(&mut stream, "INCR", 1).await;
    });
    assert_eq!(
        answer,
        (
            502,
            json!({"error": "ERR the connection to Redis was lost; the request may have been applied"})
        )
    );
    let again = tokio::time::timeout(Duration::from_millis(300), mock.accept());
    assert!(again.await.is_err(), "it was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_wait_for_each_other_on_a_connection() {
    let mock = MockRedis::start().await;
    let rest = &Rest::with(&mock.url(), |config| config.upstream.connections = 1).await;
    let requests = join_all((0..10).map(|_| rest.call("/", json!(["GET", "k"]))));
    let (answers, ()) = tokio::join!(requests, async {
        let mut stream = mock.accept().await;
        // All ten have arrived before the first reply.
        read_commands(&mut stream, "GET", 10).await;
        let replies: String = (0..10).map(|number| format!(":{number}\r\n")).collect();
        stream.write_all(replies.as_bytes()).await.unwrap();
    });
    let mut numbers: Vec<_> = answers
        .into_iter()
        .map(|(_, answer)| answer["result"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, Vec::from_iter(0..10));
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_is_not_redis_is_a_502() {
    let mock = MockRedis::start().await;
    let rest = Rest::start(&mock.url()).await;
    for nonsense in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "%1\r\n",
        "$3\r\nabcd\r\n",
    ] {
        let ((status, answer), ()) = tokio::join!(rest.call("/", json!(["PING"])), async {
            let mut stream = mock.accept().await;
            read_commands(&mut stream, "PING", 1).await;
            stream.write_all(nonsense.as_bytes()).await.unwrap();
        });
        assert_eq!(status, 502, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_that_hangs_is_a_504() {
    let redis = Redis::start();
    let rest = Rest::with(&redis.url(), |config| {
        config.upstream.reply_timeout = Duration::from_secs(1);
    })
    .await;
    assert_eq!(rest.result(json!(["PING"])).await, json!("PONG"));
    redis.signal(Signal::STOP);
    let (status, answer) = rest.call("/", json!(["PING"])).await;
    assert_eq!(status, 504, "{answer}");
    redis.signal(Signal::CONT);
    assert_eq!(rest.result(json!(["PING"])).await, json!("PONG"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_to_a_client_that_disconnected_does_not_shift_others() {
    let redis = Redis::start();
    let rest = Rest::with(&redis.url(), |config| config.upstream.connections = 1).await;
    for round in 0..20 {
        let slow = "for i=1,100000 do redis.call('GET','k') end return 'slow'";
        let request = rest
            .post("/", json!(["EVAL", slow, 0]).to_string())
            .timeout(Duration::from_millis(5));
        drop(request.send().await);
        assert_eq!(
            rest.result(json!(["ECHO", round])).await,
            json!(round.to_string())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_requests_in_flight_and_takes_no_new_ones() {
    let mock = MockRedis::start().await;
    let rest = Rest::start(&mock.url()).await;
    let url = rest.url.clone();
    let request = rest.post("/", json!(["GET", "k"]).to_string());
    let in_flight =
        tokio::spawn(async move { crate::support::answer(request.send().await.unwrap()).await });
    let mut stream = mock.accept().await;
    read_commands(&mut stream, "GET", 1).await;

    let stopping = tokio::spawn(rest.stop());
    while reqwest::get(&url).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!in_flight.is_finished());
    assert!(!stopping.is_finished());

    stream.write_all(b"+done\r\n").await.unwrap();
    assert_eq!(in_flight.await.unwrap(), (200, json!({"result": "done"})));
    stopping.await.unwrap();
    // The connection to Redis ends as well.
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_does_not_wait_longer_than_its_timeout() {
    let mock = MockRedis::start().await;
    let rest = Rest::with(&mock.url(), |config| {
        config.drain_timeout = Duration::from_millis(200);
    })
    .await;
    let request = rest.post("/", json!(["GET", "k"]).to_string());
    tokio::spawn(request.send());
    let mut stream = mock.accept().await;
    read_commands(&mut stream, "GET", 1).await;
    tokio::time::timeout(Duration::from_secs(5), rest.stop())
        .await
        .expect("it stops without the reply");
}
