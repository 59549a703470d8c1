//! The contract: authentication, formats, status codes and error texts.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Raw, Redis, Rest, TOKEN, answer};

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_the_token_get_a_401() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let encoded = "test%2Btoken/with%3Dsigns";
    for request in [
        rest.anonymous(Method::GET, "/set/k/v"),
        rest.anonymous(Method::GET, "/set/k/v?_token=wrong"),
        rest.anonymous(Method::GET, "/set/k/v").bearer_auth("wrong"),
        rest.anonymous(Method::POST, "/pipeline").body("nonsense"),
        rest.anonymous(Method::GET, "/subscribe/c"),
        rest.anonymous(Method::DELETE, "/"),
    ] {
        let response = request.send().await.unwrap();
        assert!(!response.headers().contains_key("upstash-sync-token"));
        assert_eq!(
            answer(response).await,
            (401, json!({"error": "Unauthorized"}))
        );
    }
    assert_eq!(Raw::connect(redis.port).send(&["EXISTS", "k"]), b":0\r\n");

    let response = rest
        .anonymous(Method::GET, &format!("/set/k/v?_token={encoded}&EX=100"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer(response).await, (200, json!({"result": "OK"})));
    assert_eq!(rest.result(json!(["TTL", "k"])).await, json!(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_read_from_json_path_body_and_query() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;

    assert_eq!(
        rest.result(json!(["SET", "k", "v", "EX", 100])).await,
        json!("OK")
    );
    assert_eq!(rest.result(json!(["ttl", "k"])).await, json!(100));

    for method in [Method::GET, Method::POST, Method::PUT] {
        let response = rest
            .request(method, "/set/a%2Fb/1/EX/50")
            .send()
            .await
            .unwrap();
        assert_eq!(answer(response).await, (200, json!({"result": "OK"})));
    }
    assert_eq!(rest.result(json!(["GET", "a/b"])).await, json!("1"));

    let body = r#"{"not":"a command"}"#;
    for method in [Method::POST, Method::PUT] {
        let request = rest.request(method, "/set/doc?EX=70&NX").body(body);
        answer(request.send().await.unwrap()).await;
    }
    assert_eq!(rest.result(json!(["GET", "doc"])).await, json!(body));
    assert_eq!(rest.result(json!(["TTL", "doc"])).await, json!(70));

    let (status, results) = rest
        .call(
            "/pipeline",
            json!([
                ["SET", "n", "x"],
                ["INCR", "n"],
                ["BLPOP", "q", 0],
                ["LPUSH", "l", "a", "b"],
                ["LRANGE", "l", 0, -1],
            ]),
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        results,
        json!([
            {"result": "OK"},
            {"error": "ERR value is not an integer or out of range"},
            {"error": "ERR Command \"BLPOP\" is not allowed in REST or it has a special context path"},
            {"result": 2},
            {"result": ["b", "a"]},
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn transaction_runs_all_commands_or_none() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;

    // An error while executing concerns one command only, as in Redis.
    let commands = json!([["SET", "n", "x"], ["INCR", "n"], ["GET", "n"]]);
    assert_eq!(
        rest.call("/multi-exec", commands).await,
        (
            200,
            json!([
                {"result": "OK"},
                {"error": "ERR value is not an integer or out of range"},
                {"result": "x"},
            ])
        )
    );

    // An error while queueing discards all commands, whether Redis or the policy finds
    // it.
    for (command, error) in [
        (
            json!(["GET"]),
            "EXECABORT Transaction discarded because of: \
             ERR wrong number of arguments for 'get' command",
        ),
        (
            json!(["WATCH", "n"]),
            "ERR Command \"WATCH\" is not allowed in REST or it has a special context path",
        ),
        (
            json!(["EXEC"]),
            "ERR Command \"EXEC\" is not allowed in REST or it has a special context path",
        ),
    ] {
        let commands = json!([["SET", "n", "y"], command, ["SET", "n", "z"]]);
        assert_eq!(
            rest.call("/multi-exec", commands).await,
            (400, json!({ "error": error }))
        );
        assert_eq!(rest.result(json!(["GET", "n"])).await, json!("x"));
    }

    // The connections still work.
    for _ in 0..6 {
        assert_eq!(rest.result(json!(["PING"])).await, json!("PONG"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_commands_get_a_400_with_upstash_s_text() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    for (path, body, error) in [
        ("/", "", "ERR failed to parse command"),
        ("/", "{\"a\":1}", "ERR failed to parse command"),
        ("/", "[]", "ERR empty command"),
        ("/", "[\"GET\",null]", "ERR null args are not supported"),
        (
            "/",
            "[[\"GET\",\"k\"]]",
            "ERR unsupported arg type: \"[\": json.Delim",
        ),
        (
            "/",
            "[\"GET\"]",
            "ERR wrong number of arguments for 'get' command",
        ),
        (
            "/",
            "[\"NOPE\"]",
            "ERR Command is not available: 'NOPE'. See \
             https://upstash.com/docs/redis/overall/rediscompatibility for details",
        ),
        (
            "/config/get/dir",
            "",
            "ERR Command is not available: 'CONFIG'. See \
             https://upstash.com/docs/redis/overall/rediscompatibility for details",
        ),
        (
            "/blpop/k/0",
            "",
            "ERR Command \"BLPOP\" is not allowed in REST or it has a special context path",
        ),
        ("/pipeline", "", "ERR failed to parse pipeline request"),
        ("/pipeline", "[]", "ERR empty pipeline request"),
        (
            "/pipeline",
            "[\"GET\",\"k\"]",
            "ERR failed to parse pipeline command",
        ),
        ("/multi-exec/", "[[]]", "ERR empty command"),
    ] {
        let response = rest.post(path, body).send().await.unwrap();
        assert_eq!(
            answer(response).await,
            (400, json!({ "error": error })),
            "{path} {body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_get_a_405_and_head_runs_nothing() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    for method in [Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let response = rest.request(method, "/set/k/v").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "HEAD, GET, POST, PUT");
    }
    let response = rest.request(Method::HEAD, "/set/k/v").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(rest.result(json!(["EXISTS", "k"])).await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn base64_encodes_every_string_of_a_result() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let set = rest.post("/set/k", vec![0xff, 0x00, 0xfe]);
    assert_eq!(set.send().await.unwrap().status(), StatusCode::OK);
    for (command, plain, base64) in [
        (
            json!(["GET", "k"]),
            json!("\u{fffd}\u{0}\u{fffd}"),
            json!("/wD+"),
        ),
        (json!(["SET", "o", "OK"]), json!("OK"), json!("OK")),
        (
            json!(["MGET", "o", "none"]),
            json!(["OK", null]),
            json!(["T0s=", null]),
        ),
        (
            json!(["EVAL", "return {1,{'a',{}}}", 0]),
            json!([1, ["a", []]]),
            json!([1, ["YQ==", []]]),
        ),
    ] {
        assert_eq!(rest.result(command.clone()).await, plain);
        let request = rest
            .post("/", command.to_string())
            .header("Upstash-Encoding", "base64");
        let (status, answer) = answer(request.send().await.unwrap()).await;
        assert_eq!((status, &answer["result"]), (200, &base64), "{command}");
    }
    let request = rest
        .post("/pipeline", r#"[["GET","o"],["LPUSH","o","x"]]"#)
        .header("Upstash-Encoding", "base64");
    assert_eq!(
        answer(request.send().await.unwrap()).await.1,
        json!([
            {"result": "T0s="},
            {"error": "WRONGTYPE Operation against a key holding the wrong kind of value"},
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn resp2_has_the_bytes_that_redis_sent() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let resp2 = async |path: &str, body: Value| {
        let request = rest.post(path, body.to_string());
        let response = request
            .header("Upstash-Response-Format", "resp2")
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers()["content-type"].clone();
        let body = response.bytes().await.unwrap();
        (
            status,
            content_type,
            String::from_utf8(body.into()).unwrap(),
        )
    };
    let octets = "application/octet-stream".parse().unwrap();
    let (status, content_type, body) = resp2("/", json!(["SET", "k", "v"])).await;
    assert_eq!((status, content_type, &*body), (200, octets, "+OK\r\n"));
    let (status, _, body) = resp2("/", json!(["INCR", "k"])).await;
    assert_eq!(
        (status, &*body),
        (400, "-ERR value is not an integer or out of range\r\n")
    );
    let (status, _, body) = resp2("/", json!(["SELECT", 1])).await;
    assert_eq!(status, 400);
    assert!(body.starts_with("-ERR Command \"SELECT\""), "{body}");
    let commands = json!([["GET", "k"], ["GET", "none"], ["QUIT"], ["STRLEN", "k"]]);
    let (status, _, body) = resp2("/pipeline", commands).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        "$1\r\nv\r\n$-1\r\n-ERR Command \"QUIT\" is not allowed in REST or it has a special \
         context path\r\n:1\r\n"
    );
    // Transactions return JSON in every format.
    let (status, content_type, body) = resp2("/multi-exec", json!([["GET", "k"]])).await;
    assert_eq!((status, &*body), (200, r#"[{"result":"v"}]"#));
    assert_eq!(content_type, "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_formats_get_a_400_before_the_command_runs() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    for headers in [
        &[("Upstash-Response-Format", "resp3")][..],
        &[("Upstash-Encoding", "gzip")],
        &[
            ("Upstash-Response-Format", "resp2"),
            ("Upstash-Encoding", "base64"),
        ],
    ] {
        let mut request = rest.request(Method::GET, "/set/k/v");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, answer) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 400);
        assert!(answer["error"].is_string(), "{answer}");
    }
    assert_eq!(rest.result(json!(["EXISTS", "k"])).await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_keep_every_digit_in_both_directions() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let body = "[\"SET\",\"n\",9007199254740993]";
    rest.post("/", body).send().await.unwrap();
    let response = rest.post("/", "[\"INCR\",\"n\"]").send().await.unwrap();
    assert_eq!(
        response.text().await.unwrap(),
        r#"{"result":9007199254740994}"#
    );
    let body = "[\"MSET\",\"a\",1.50,\"b\",true,\"c\",-0,\"d\",1e3]";
    rest.post("/", body).send().await.unwrap();
    assert_eq!(
        rest.result(json!(["MGET", "a", "b", "c", "d"])).await,
        json!(["1.50", "true", "-0", "1e3"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn request_bodies_may_have_10_mb() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    const LIMIT: usize = 10 * 1024 * 1024;
    let response = rest.post("/set/k", vec![b'x'; LIMIT]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(rest.result(json!(["STRLEN", "k"])).await, json!(LIMIT));

    let announced = reqwest::Body::from(vec![b'y'; LIMIT + 1]);
    let chunks = vec![vec![b'y'; 1024 * 1024]; 11];
    let streamed = http_body_util::StreamBody::new(futures_util::stream::iter(
        chunks
            .into_iter()
            .map(|chunk| Ok::<_, std::io::Error>(frame(chunk))),
    ));
    for (body, actual) in [
        (announced, LIMIT + 1),
        (reqwest::Body::wrap(streamed), 11 * 1024 * 1024),
    ] {
        let response = rest.post("/set/k", body).send().await.unwrap();
        let text =
            format!("ERR max request size exceeded. Limit: {LIMIT} bytes, Actual: {actual} bytes");
        assert_eq!(answer(response).await, (413, json!({ "error": text })));
    }
    assert_eq!(rest.result(json!(["STRLEN", "k"])).await, json!(LIMIT));
}

fn frame(chunk: Vec<u8>) -> http_body::Frame<bytes::Bytes> {
    http_body::Frame::data(chunk.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_token_changes_with_every_response() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let mut last = "from-another-server".to_owned();
    for command in ["[\"SET\",\"k\",\"v\"]", "[\"GET\",\"k\"]", "[\"NOPE\"]"] {
        let request = rest.post("/", command).header("Upstash-Sync-Token", &last);
        let response = request.send().await.unwrap();
        let token = response.headers()["upstash-sync-token"].to_str().unwrap();
        assert!(!token.is_empty());
        assert_ne!(token, last);
        last = token.to_owned();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn info_commandstats_counts_only_the_clients_commands() {
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    for _ in 0..3 {
        rest.result(json!(["LPUSH", "problems", "x"])).await;
    }
    let info = rest.result(json!(["INFO", "commandstats"])).await;
    let info = info.as_str().unwrap();
    assert!(info.contains("cmdstat_lpush:calls=3,"), "{info}");
    // Nothing else was run, except by the test itself.
    let seen: Vec<_> = info.lines().filter(|line| line.contains(':')).collect();
    assert!(
        seen.iter().all(|line| {
            [
                "cmdstat_lpush:",
                "cmdstat_ping:",
                "cmdstat_echo:",
                "cmdstat_info:",
            ]
            .iter()
            .any(|known| line.starts_with(known))
        }),
        "{info}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn password_and_database_of_the_url_are_used() {
    let redis = Redis::start();
    Raw::connect(redis.port).send(&["CONFIG", "SET", "requirepass", "open sesame"]);
    let mut url = redis.url();
    url.password = Some("open sesame".to_owned());
    url.database = 3;
    let rest = Rest::start(&url).await;
    assert_eq!(rest.result(json!(["SET", "k", "v"])).await, json!("OK"));
    let keyspace = rest.result(json!(["INFO", "keyspace"])).await;
    assert!(keyspace.as_str().unwrap().contains("db3:keys=1"));

    url.password = Some("wrong".to_owned());
    let rest = Rest::start(&url).await;
    let (status, answer) = rest.call("/", json!(["PING"])).await;
    assert_eq!(status, 503);
    assert_eq!(
        answer,
        json!({"error": "ERR Redis cannot be reached; the request was not applied"})
    );
    assert!(!answer.to_string().contains(TOKEN));
}
