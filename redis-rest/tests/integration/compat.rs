//! What Upstash has and this machine's Redis may lack.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Redis, Rest};

#[tokio::test(flavor = "multi_thread")]
async fn scan_with_types_answers_each_key_and_its_type() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    rest.result(json!(["SET", "s", "v"])).await;
    rest.result(json!(["LPUSH", "l", "v"])).await;
    rest.result(json!(["HSET", "h", "f", "v"])).await;
    let expected = [("h", "hash"), ("l", "list"), ("s", "string")];
    let sorted = |page: &Value| {
        assert_eq!(page[0], "0");
        let words: Vec<&str> = page[1]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let mut pairs: Vec<(&str, &str)> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.sort_unstable();
        assert_eq!(pairs, expected);
    };
    sorted(&rest.result(json!(["SCAN", "0", "WITHTYPE"])).await);
    sorted(
        &rest
            .result(json!(["scan", 0, "COUNT", 100, "withtype"]))
            .await,
    );
    for path in ["/pipeline", "/multi-exec"] {
        let commands = json!([["PING"], ["SCAN", "0", "WITHTYPE", "COUNT", "100"]]);
        let (status, results) = rest.call(path, commands).await;
        assert_eq!(status, 200, "{results}");
        sorted(&results[1]["result"]);
    }
    let page = rest
        .result(json!(["SCAN", "0", "MATCH", "x*", "WITHTYPE"]))
        .await;
    assert_eq!(page, json!(["0", []]));
    // Redis's own text, not that of a failed script.
    let answer = rest.call("/", json!(["SCAN", "x", "WITHTYPE"])).await;
    assert_eq!(
        answer,
        (
            StatusCode::BAD_REQUEST.as_u16(),
            json!({"error": "ERR invalid cursor"})
        )
    );
}

/// Whether this machine's Redis has the commands or not.
#[tokio::test(flavor = "multi_thread")]
async fn command_that_this_redis_lacks_names_the_remedy() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    rest.result(json!(["HSET", "h", "f", "v"])).await;
    for command in [
        json!(["JSON.SET", "j", "$", "1"]),
        json!(["HEXPIRE", "h", "10", "FIELDS", "1", "f"]),
    ] {
        for (path, body) in [
            ("/", command.clone()),
            ("/pipeline", json!([command])),
            ("/multi-exec", json!([command])),
        ] {
            let (status, answer) = rest.call(path, body).await;
            let text = answer.to_string();
            let is_explained = text.contains("--redis-url") && !text.contains("with args");
            assert!(
                text.contains("result") || is_explained,
                "{path}: {status} {text}"
            );
        }
    }
    let (status, answer) = rest.call("/", json!(["SEARCH.CREATE", "index"])).await;
    assert_eq!(status, 400);
    let text = answer["error"].as_str().unwrap();
    assert!(text.contains("Upstash has search"), "{text}");
}
