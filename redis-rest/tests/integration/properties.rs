//! redis-rest returns what Redis replies, for random commands.
//!
//! Random sequences of commands run twice: over REST on one redis-server, and over
//! a plain connection on another. In the format `resp2`, both must return the same
//! bytes; in base64 and plain JSON, the same values. A reader of RESP2 in this file
//! computes the expected values, not the one under test.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Raw, Redis, Rest};

type Command = Vec<Vec<u8>>;

/// Few keys, so that commands find values of other types.
fn key() -> impl Strategy<Value = Vec<u8>> {
    select(vec![
        b"k1".to_vec(),
        b"k2".to_vec(),
        b"k:3/with?signs%20".to_vec(),
        "schlüssel".as_bytes().to_vec(),
    ])
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        "\\PC{0,12}".prop_map(String::into_bytes),
        select(vec!["", "OK", "\r\n", "\u{0}", "\"\\", "1.5", "nil"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![text(), prop::collection::vec(any::<u8>(), 0..24)]
}

fn number() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![-3..6i64, any::<i64>()].prop_map(|number| number.to_string().into_bytes())
}

/// A command whose arguments come from `value`.
fn command(value: fn() -> BoxedStrategy<Vec<u8>>) -> impl Strategy<Value = Command> {
    let line = |name: &'static str, args: Vec<BoxedStrategy<Vec<u8>>>| {
        args.prop_map(move |args| {
            let mut argv = vec![name.as_bytes().to_vec()];
            argv.extend(args);
            argv
        })
        .boxed()
    };
    let word = |word: &'static str| Just(word.as_bytes().to_vec()).boxed();
    let k = || key().boxed();
    let n = || number().boxed();
    let v = value;
    prop_oneof![
        line("SET", vec![k(), v()]),
        line("set", vec![k(), v(), word("NX"), word("GET")]),
        line("GET", vec![k()]),
        line("GETDEL", vec![k()]),
        line("MGET", vec![k(), k(), k()]),
        line("APPEND", vec![k(), v()]),
        line("STRLEN", vec![k()]),
        line("GETRANGE", vec![k(), n(), n()]),
        line("SETBIT", vec![k(), word("9"), word("1")]),
        line("DEL", vec![k()]),
        line("TYPE", vec![k()]),
        line("TTL", vec![k()]),
        line("INCR", vec![k()]),
        line("INCRBY", vec![k(), n()]),
        line("INCRBYFLOAT", vec![k(), word("0.1")]),
        line("LPUSH", vec![k(), v(), v()]),
        line("RPOP", vec![k()]),
        line("LPOP", vec![k(), word("2")]),
        line("LRANGE", vec![k(), n(), n()]),
        line("LMPOP", vec![word("1"), k(), word("RIGHT")]),
        line("HSET", vec![k(), v(), v()]),
        line("HGET", vec![k(), v()]),
        line("HGETALL", vec![k()]),
        line("HINCRBY", vec![k(), v(), n()]),
        line("ZADD", vec![k(), n(), v()]),
        line("ZINCRBY", vec![k(), word("1.25"), v()]),
        line(
            "ZRANGE",
            vec![k(), word("0"), word("-1"), word("WITHSCORES")]
        ),
        line("ZPOPMIN", vec![k()]),
        line("SADD", vec![k(), v()]),
        line("SISMEMBER", vec![k(), v()]),
        line("ECHO", vec![v()]),
        line("PING", vec![]),
        line("GET", vec![]),
        line(
            "EVAL",
            vec![
                word("return {1,{ARGV[1],false,{}},redis.status_reply('OK')}"),
                word("0"),
                v()
            ]
        ),
        line(
            "EVAL",
            vec![
                word("return redis.call('LRANGE',KEYS[1],0,-1)"),
                word("1"),
                k()
            ]
        ),
        line(
            "EVAL",
            vec![
                word("return redis.error_reply(ARGV[1])"),
                word("0"),
                word("MINE own words")
            ]
        ),
    ]
}

/// A command with arguments that a JSON body can have.
fn text_command() -> impl Strategy<Value = Command> {
    command(|| text().boxed())
}

/// A command with arguments that a path and a body can have.
fn byte_command() -> impl Strategy<Value = Command> {
    command(|| bytes().boxed())
}

fn to_json(command: &Command) -> Value {
    let args = command.iter().map(|arg| std::str::from_utf8(arg).unwrap());
    args.collect()
}

/// The JSON that a reply should become.
fn expected(reply: &mut &[u8], base64: bool, top: bool) -> Value {
    let end = reply.windows(2).position(|two| two == b"\r\n").unwrap();
    let (line, rest) = (&reply[1..end], &reply[end + 2..]);
    let kind = reply[0];
    *reply = rest;
    let number = || std::str::from_utf8(line).unwrap().parse::<i64>().unwrap();
    let string = |bytes: &[u8]| match base64 {
        true => json!(STANDARD.encode(bytes)),
        false => json!(String::from_utf8_lossy(bytes)),
    };
    match kind {
        b'+' if line == b"OK" && top => json!("OK"),
        b'+' | b'-' => string(line),
        b':' => json!(number()),
        b'$' if number() < 0 => Value::Null,
        b'$' => {
            let len = usize::try_from(number()).unwrap();
            let value = string(&reply[..len]);
            *reply = &reply[len + 2..];
            value
        }
        b'*' if number() < 0 => Value::Null,
        b'*' => (0..number())
            .map(|_| expected(reply, base64, false))
            .collect(),
        kind => panic!("an unknown reply: {kind}"),
    }
}

/// The status of a single command, and `{"result":…}` or `{"error":…}`.
fn envelope(reply: &[u8], base64: bool) -> (u16, Value) {
    match reply {
        [b'-', text @ .., b'\r', b'\n'] => {
            let text = String::from_utf8_lossy(text);
            (400, json!({ "error": text }))
        }
        mut reply => {
            let value = expected(&mut reply, base64, true);
            assert!(reply.is_empty());
            (200, json!({ "result": value }))
        }
    }
}

/// Two equal redis-servers, one of them behind redis-rest.
struct Pair {
    rest: Rest,
    behind_rest: Redis,
    direct: Redis,
}

impl Pair {
    async fn start() -> Self {
        let (behind_rest, direct) = (Redis::start(), Redis::start());
        let rest = Rest::start(&behind_rest.url()).await;
        Self {
            rest,
            behind_rest,
            direct,
        }
    }

    /// Empties both. Returns a connection to the one without REST.
    fn empty(&self) -> Raw {
        Raw::connect(self.behind_rest.port).send(&["FLUSHALL"]);
        let mut raw = Raw::connect(self.direct.port);
        raw.send(&["FLUSHALL"]);
        raw
    }
}

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap())
}

/// Runs `case` on many inputs from `strategy`.
fn check<S: Strategy>(cases: u32, strategy: S, case: impl AsyncFn(&Pair, S::Value)) {
    let pair = runtime().block_on(Pair::start());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&strategy, |input| {
            runtime().block_on(case(&pair, input));
            Ok(())
        })
        .unwrap();
}

/// Bytes as a path segment that no client rewrites. `.` and `..` have a meaning in a
/// path even when escaped, so they cannot be arguments there.
fn segment(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn resp2_of_post_and_pipeline_has_redis_s_bytes() {
    let commands = prop::collection::vec(text_command(), 1..30);
    check(60, commands, async |pair, commands| {
        let mut raw = pair.empty();
        let (first, rest) = commands.split_at(commands.len() / 2);
        for command in first {
            let request = pair.rest.post("/", to_json(command).to_string());
            let request = request.header("Upstash-Response-Format", "resp2");
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let body = response.bytes().await.unwrap();
            let reply = raw.send(command);
            assert_eq!(body, reply, "{command:?}");
            assert_eq!(status, envelope(&reply, false).0);
        }
        let batch: Value = rest.iter().map(to_json).collect();
        let request = pair.rest.post("/pipeline", batch.to_string());
        let request = request.header("Upstash-Response-Format", "resp2");
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let replies: Vec<u8> = rest.iter().flat_map(|command| raw.send(command)).collect();
        assert_eq!(body, replies, "{rest:?}");
    });
}

#[test]
fn resp2_of_paths_and_bodies_has_redis_s_bytes() {
    let commands = prop::collection::vec((byte_command(), any::<bool>()), 1..20);
    check(60, commands, async |pair, commands| {
        let mut raw = pair.empty();
        for (command, in_body) in commands {
            let (last, others) = command.split_last().unwrap();
            // An empty body is not an argument.
            let in_body = in_body && !others.is_empty() && !last.is_empty();
            let named = if in_body { others } else { &command[..] };
            if named.iter().any(|arg| arg == b"." || arg == b"..") {
                continue;
            }
            let path: String = named
                .iter()
                .map(|arg| format!("/{}", segment(arg)))
                .collect();
            let body = if in_body { last.clone() } else { Vec::new() };
            let response = pair
                .rest
                .request(Method::POST, &path)
                .header("Upstash-Response-Format", "resp2")
                .body(body)
                .send()
                .await
                .unwrap();
            let body = response.bytes().await.unwrap();
            assert_eq!(body, raw.send(&command), "{command:?}");
        }
    });
}

#[test]
fn json_of_paths_has_redis_s_values() {
    let commands = prop::collection::vec(byte_command(), 1..20);
    check(
        60,
        (commands, any::<bool>()),
        async |pair, (commands, base64)| {
            let mut raw = pair.empty();
            for command in commands {
                if command.iter().any(|arg| arg == b"." || arg == b"..") {
                    continue;
                }
                let path: String = command
                    .iter()
                    .map(|arg| format!("/{}", segment(arg)))
                    .collect();
                let mut request = pair.rest.request(Method::GET, &path);
                if base64 {
                    request = request.header("Upstash-Encoding", "base64");
                }
                let answer = crate::support::answer(request.send().await.unwrap()).await;
                let reply = raw.send(&command);
                assert_eq!(answer, envelope(&reply, base64), "{command:?}");
            }
        },
    );
}

#[test]
fn json_of_transactions_has_redis_s_values_and_discards() {
    let commands = prop::collection::vec(text_command(), 1..12);
    check(
        60,
        (commands, any::<bool>()),
        async |pair, (commands, base64)| {
            let mut raw = pair.empty();
            let batch: Value = commands.iter().map(to_json).collect();
            let mut request = pair.rest.post("/multi-exec", batch.to_string());
            if base64 {
                request = request.header("Upstash-Encoding", "base64");
            }
            let (status, answer) = crate::support::answer(request.send().await.unwrap()).await;
            // Redis refuses to queue a GET without a key.
            if commands
                .iter()
                .any(|command| command.len() == 1 && command[0] == b"GET")
            {
                assert_eq!(status, 400);
                let error = answer["error"].as_str().unwrap();
                assert!(error.starts_with("EXECABORT "), "{error}");
                let size = Raw::connect(pair.behind_rest.port).send(&["DBSIZE"]);
                assert_eq!(size, b":0\r\n", "nothing was applied");
                return;
            }
            let replies: Value = commands
                .iter()
                .map(|command| envelope(&raw.send(command), base64).1)
                .collect();
            assert_eq!((status, answer), (200, replies), "{commands:?}");
        },
    );
}
