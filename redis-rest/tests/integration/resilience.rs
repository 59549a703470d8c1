//! Redis that goes away, hangs or comes back; many clients at once; the end.

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
async fn many_clients_never_see_each_other_s_replies() {
    let redis = Redis::start();
    let rest = &Rest::start(&redis.url()).await;
    join_all((0..100).map(|client| async move {
        for round in 0..20 {
            let mark = format!("client-{client}-round-{round}");
            match (client + round) % 3 {
                0 => assert_eq!(rest.result(json!(["ECHO", mark])).await, json!(mark)),
                1 => {
                    // Replies of many sizes, refused commands in between.
                    let long = mark.repeat(1 + client * round);
                    let batch = json!([["ECHO", long], ["WATCH", "k"], ["ECHO", mark]]);
                    let (_, results) = rest.call("/pipeline", batch).await;
                    assert_eq!(results[0]["result"], json!(long));
                    assert!(results[1]["error"].is_string());
                    assert_eq!(results[2]["result"], json!(mark));
                }
                _ => {
                    let key = format!("k{client}");
                    let batch = json!([["SET", key, mark], ["APPEND", key, "!"], ["GET", key]]);
                    let (_, results) = rest.call("/multi-exec", batch).await;
                    assert_eq!(results[2]["result"], json!(format!("{mark}!")));
                }
            }
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_not_interrupted() {
    let redis = Redis::start();
    let rest = &Rest::start(&redis.url()).await;
    // Each one counts up and back; whoever gets in between sees a number.
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
async fn without_redis_the_answer_is_503_quickly_and_recovery_needs_no_help() {
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
    // Half a second is what a request waits in these tests.
    assert!(started.elapsed() < Duration::from_secs(3));

    let _redis = redis.restart();
    for _ in 0..6 {
        assert_eq!(rest.result(json!(["GET", "k"])).await, Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_a_redis_that_is_just_coming_back() {
    let mut redis = Redis::start();
    let rest = Rest::with(&redis.url(), |config| {
        config.upstream.connect_wait = Duration::from_secs(10);
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

/// A Redis that says nothing but what the test says, so that the test knows
/// what has been sent.
struct Puppet(TcpListener);

impl Puppet {
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

/// Reads until `word` has come `times` times.
async fn read_words(stream: &mut TcpStream, word: &str, times: usize) {
    let mut text = String::new();
    let mut buf = [0; 4096];
    while text.matches(word).count() < times {
        let len = stream.read(&mut buf).await.unwrap();
        assert_ne!(len, 0, "it ended after {text:?}");
        text.push_str(std::str::from_utf8(&buf[..len]).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_when_the_connection_broke_is_not_sent_again() {
    let puppet = Puppet::start().await;
    let rest = Rest::start(&puppet.url()).await;
    let (answer, ()) = tokio::join!(rest.call("/", json!(["INCR", "n"])), async {
        let mut stream = puppet.accept().await;
        read_words(&mut stream, "INCR", 1).await;
    });
    assert_eq!(
        answer,
        (
            502,
            json!({"error": "ERR the connection to Redis was lost; the request may have been applied"})
        )
    );
    let again = tokio::time::timeout(Duration::from_millis(300), puppet.accept());
    assert!(again.await.is_err(), "it came again");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_wait_for_each_other_on_a_connection() {
    let puppet = Puppet::start().await;
    let rest = &Rest::with(&puppet.url(), |config| config.upstream.connections = 1).await;
    let requests = join_all((0..10).map(|_| rest.call("/", json!(["GET", "k"]))));
    let (answers, ()) = tokio::join!(requests, async {
        let mut stream = puppet.accept().await;
        // All ten are there before the first is answered.
        read_words(&mut stream, "GET", 10).await;
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
async fn what_is_not_redis_is_not_believed() {
    let puppet = Puppet::start().await;
    let rest = Rest::start(&puppet.url()).await;
    for nonsense in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "%1\r\n",
        "$3\r\nabcd\r\n",
    ] {
        let ((status, answer), ()) = tokio::join!(rest.call("/", json!(["PING"])), async {
            let mut stream = puppet.accept().await;
            read_words(&mut stream, "PING", 1).await;
            stream.write_all(nonsense.as_bytes()).await.unwrap();
        });
        assert_eq!(status, 502, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_given_up_on() {
    let redis = Redis::start();
    let rest = Rest::with(&redis.url(), |config| {
        config.upstream.reply_wait = Duration::from_secs(1);
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
async fn an_answer_nobody_waits_for_does_not_shift_the_others() {
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
async fn stopping_finishes_what_is_under_way_and_takes_nothing_new() {
    let puppet = Puppet::start().await;
    let rest = Rest::start(&puppet.url()).await;
    let url = rest.url.clone();
    let request = rest.post("/", json!(["GET", "k"]).to_string());
    let under_way =
        tokio::spawn(async move { crate::support::answer(request.send().await.unwrap()).await });
    let mut stream = puppet.accept().await;
    read_words(&mut stream, "GET", 1).await;

    let stopping = tokio::spawn(rest.stop());
    while reqwest::get(&url).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!under_way.is_finished());
    assert!(!stopping.is_finished());

    stream.write_all(b"+done\r\n").await.unwrap();
    assert_eq!(under_way.await.unwrap(), (200, json!({"result": "done"})));
    stopping.await.unwrap();
    // The connection to Redis ends as well.
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_does_not_wait_forever() {
    let puppet = Puppet::start().await;
    let rest = Rest::with(&puppet.url(), |config| {
        config.drain_wait = Duration::from_millis(200);
    })
    .await;
    let request = rest.post("/", json!(["GET", "k"]).to_string());
    tokio::spawn(request.send());
    let mut stream = puppet.accept().await;
    read_words(&mut stream, "GET", 1).await;
    tokio::time::timeout(Duration::from_secs(5), rest.stop())
        .await
        .expect("it stops although nobody answers");
}
