//! Server-sent events: `/subscribe`, `/psubscribe` and `/monitor`.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::json;

use crate::support::{Raw, Redis, Rest, eventually};

/// Reads this many events.
async fn read_events(response: &mut Response, count: usize) -> Vec<String> {
    let mut text = String::new();
    let read = async {
        while text.matches("\n\n").count() < count {
            let chunk = response.chunk().await.unwrap().expect("more events");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("events arrive");
    text.split_terminator("\n\n").map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_get_published_messages() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    // The TypeScript SDK posts an empty array.
    let mut plain = rest.post("/subscribe/chat", "[]").send().await.unwrap();
    assert_eq!(plain.headers()["content-type"], "text/event-stream");
    let mut pattern = rest
        .request(Method::GET, "/psubscribe/ch%2A")
        .send()
        .await
        .unwrap();
    assert_eq!(read_events(&mut plain, 1).await, ["data: subscribe,chat,1"]);
    assert_eq!(
        read_events(&mut pattern, 1).await,
        ["data: psubscribe,ch*,1"]
    );

    let published = rest
        .result(json!(["PUBLISH", "chat", "hello, wörld"]))
        .await;
    assert_eq!(published, json!(2));
    let response = rest.request(Method::POST, "/publish/chat/again");
    response.send().await.unwrap();
    assert_eq!(
        read_events(&mut plain, 2).await,
        [
            "data: message,chat,hello, wörld",
            "data: message,chat,again"
        ]
    );
    assert_eq!(
        read_events(&mut pattern, 2).await,
        [
            "data: pmessage,ch*,chat,hello, wörld",
            "data: pmessage,ch*,chat,again"
        ]
    );

    // A client that disconnects closes its connection to Redis.
    let mut raw = Raw::connect(redis.port);
    assert_eq!(raw.send(&["PUBSUB", "NUMPAT"]), b":1\r\n");
    drop(pattern);
    assert!(eventually(Duration::from_secs(5), || {
        raw.send(&["PUBSUB", "NUMPAT"]) == b":0\r\n"
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn monitor_streams_commands() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let mut monitor = rest.post("/monitor", "").send().await.unwrap();
    assert_eq!(read_events(&mut monitor, 1).await, ["data: \"OK\""]);
    rest.result(json!(["GET", "k"])).await;
    let seen = read_events(&mut monitor, 1).await;
    assert!(seen[0].ends_with("\"GET\" \"k\""), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_cannot_be_opened_get_an_error() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let (status, answer) = rest.call("/subscribe", json!([])).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"error": "ERR wrong number of arguments for 'subscribe' command"})
    );
    let url = redis.url();
    drop(redis);
    let rest = Rest::start(&url).await;
    assert_eq!(rest.call("/subscribe/c", json!([])).await.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_do_not_delay_the_shutdown() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let mut stream = rest.post("/subscribe/chat", "[]").send().await.unwrap();
    read_events(&mut stream, 1).await;
    tokio::time::timeout(Duration::from_secs(5), rest.stop())
        .await
        .expect("it stops");
    assert!(stream.chunk().await.unwrap().is_none());
}
