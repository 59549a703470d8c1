//! The client against a server that answers each request with a prepared response,
//! and notes what was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use reqwest::Url;
use serde_json::{Value, json};

use super::{Client, Command, Items, RedisError, Reply};
use crate::config::{RedisConfig, Secret};

/// What the server received.
struct Received {
    line: String,
    /// In small letters.
    headers: Vec<String>,
    body: Value,
}

/// What the server does with its one request.
enum Answer {
    Text(u16, &'static str),
    /// Closes the connection.
    HangUp,
    /// Keeps the connection open until the client gives up.
    Silence,
}

/// A client, and the server of one request behind `path`.
fn server(path: &str, answer: Answer) -> (Client, JoinHandle<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let line = lines.remove(0);
        let headers: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
        let length = headers
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        match answer {
            Answer::Text(status, text) => {
                let length = text.len();
                let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n");
                write!(&stream, "{head}connection: close\r\n\r\n{text}").unwrap();
            }
            Answer::HangUp => {}
            Answer::Silence => {
                let _ = reader.read(&mut [0]);
            }
        }
        Received {
            line,
            headers,
            body: serde_json::from_slice(&body).unwrap(),
        }
    });
    let config = RedisConfig {
        url: Url::parse(&format!("http://{address}{path}")).unwrap(),
        token: Secret::new("Token"),
        timeout_ms: 500,
    };
    (Client::new(config), handle)
}

/// What a call came to, and what it sent.
fn call<T>(
    path: &str,
    answer: Answer,
    call: impl AsyncFnOnce(Client) -> Result<T, RedisError>,
) -> (Result<T, RedisError>, Received) {
    let (client, handle) = server(path, answer);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(call(client));
    // Closes the connections, which the server may wait for.
    drop(runtime);
    (outcome, handle.join().unwrap())
}

/// What a command comes to.
fn outcome_of(status: u16, text: &'static str) -> Result<Reply, RedisError> {
    let ping = async |client: Client| client.command(Command::new("PING")).await;
    call("/", Answer::Text(status, text), ping).0
}

fn two() -> [Command; 2] {
    [Command::new("GET").arg("a"), Command::new("INCR").arg("b")]
}

fn pipeline(status: u16, text: &'static str) -> Result<Vec<Result<Reply, RedisError>>, RedisError> {
    let both = async |client: Client| client.pipeline(&two()).await;
    call("/", Answer::Text(status, text), both).0
}

fn refused(status: u16, message: &str) -> RedisError {
    RedisError::Refused {
        status,
        message: message.into(),
    }
}

#[test]
fn a_command_is_sent_as_the_contract_says() {
    let get = async |client: Client| client.get("k").await;
    let answer = Answer::Text(200, r#"{"result":"/w=="}"#);
    let (value, sent) = call("/", answer, get);
    assert_eq!(value, Ok(Some(vec![0xff])));
    assert_eq!(sent.line, "POST / HTTP/1.1");
    for header in [
        "authorization: bearer token",
        "content-type: application/json",
        "upstash-encoding: base64",
    ] {
        assert!(sent.headers.contains(&header.to_owned()), "{header}");
    }
    assert_eq!(sent.body, json!(["GET", "k"]));

    let push = async |client: Client| client.lpush("l", "e").await;
    let answer = Answer::Text(200, r#"{"result":7}"#);
    let (length, sent) = call("/db/", answer, push);
    assert_eq!(length, Ok(7));
    assert_eq!(sent.line, "POST /db/ HTTP/1.1", "behind a path of its own");
    assert_eq!(sent.body, json!(["LPUSH", "l", "e"]));
}

#[test]
fn a_refusal_keeps_its_status_and_its_words() {
    assert_eq!(outcome_of(200, r#"{"result":null}"#), Ok(Reply::Null));
    assert_eq!(
        outcome_of(400, r#"{"error":"OOM command not allowed"}"#),
        Err(refused(400, "OOM command not allowed"))
    );
    assert_eq!(outcome_of(401, r#"{"error":7}"#), Err(refused(401, "")));
    // A page of a proxy is a refusal; one that says 200 is not Redis's answer.
    let page = outcome_of(502, "<html>").unwrap_err();
    assert_eq!(page, refused(502, "an answer that is not Upstash's"));
    for text in ["<html>", "{}", r#"{"result":true}"#] {
        let outcome = outcome_of(200, text);
        assert!(
            matches!(outcome, Err(RedisError::Unexpected(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn no_answer_is_told_apart_and_shows_no_address() {
    for answer in [Answer::HangUp, Answer::Silence] {
        let ping = async |client: Client| client.command::<Reply>(Command::new("PING")).await;
        let (outcome, _) = call("/", answer, ping);
        let Err(RedisError::Unreachable(text)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(!text.contains("127.0.0.1"), "{text}");
    }
}

#[test]
fn each_command_of_a_pipeline_has_its_own_outcome() {
    let both = async |client: Client| client.pipeline(&two()).await;
    let answer = Answer::Text(200, r#"[{"error":"WRONGTYPE"},{"result":2}]"#);
    let (outcomes, sent) = call("/db", answer, both);
    assert_eq!(
        outcomes,
        Ok(vec![Err(refused(200, "WRONGTYPE")), Ok(Reply::Integer(2))])
    );
    assert_eq!(sent.line, "POST /db/pipeline HTTP/1.1");
    assert_eq!(sent.body, json!([["GET", "a"], ["INCR", "b"]]));

    assert_eq!(
        pipeline(401, r#"{"error":"Unauthorized"}"#),
        Err(refused(401, "Unauthorized"))
    );
    for text in [
        r#"{"result":1}"#,
        r#"[{"result":1}]"#,
        r#"[{"result":1},{"result":2},{"result":3}]"#,
    ] {
        let outcome = pipeline(200, text);
        assert!(
            matches!(outcome, Err(RedisError::Unexpected(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_transaction_is_applied_or_refused_as_one() {
    let both = async |client: Client| client.transaction(&two()).await;
    let answer = Answer::Text(200, r#"[{"result":["YQ=="]},{"result":2}]"#);
    let (replies, sent) = call("/", answer, both);
    let a = Reply::Array(vec![Reply::Bytes(b"a".to_vec())]);
    assert_eq!(replies, Ok(vec![a, Reply::Integer(2)]));
    assert_eq!(sent.line, "POST /multi-exec HTTP/1.1");

    let answer = Answer::Text(200, r#"[{"result":1},{"error":"WRONGTYPE"}]"#);
    let both = async |client: Client| client.transaction(&two()).await;
    assert_eq!(call("/", answer, both).0, Err(refused(200, "WRONGTYPE")));
}

#[test]
fn a_reply_of_another_type_is_an_error() {
    let list = async |client: Client| client.command::<Items<i64>>(Command::new("PING")).await;
    let answer = Answer::Text(200, r#"{"result":1}"#);
    let outcome = call("/", answer, list).0;
    assert!(
        matches!(outcome, Err(RedisError::Unexpected(_))),
        "{outcome:?}"
    );
}
