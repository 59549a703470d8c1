//! The kinds of hostile requests, each made from a seed.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::random::Random;
use super::wire::Sent;

/// Who must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The Worker, in its own shape.
    Worker,
    /// The Worker, or the platform before it: no right HTTP, or a body that is
    /// broken off.
    Anybody,
    /// workerd, which says 500 to `CONNECT` for a Worker without a handler of that
    /// name, and calls no other.
    Platform,
}

/// A hostile request.
#[derive(Debug)]
pub(crate) struct Hostile {
    pub(crate) kind: &'static str,
    pub(crate) by: By,
    pub(crate) sent: Sent,
}

/// Texts that mean something to Redis, Lua, a shell, HTML, a path or a log.
const EVIL: [&str; 26] = [
    "x\r\nFLUSHALL\r\n",
    "*1\r\n$8\r\nFLUSHALL\r\n",
    "'; redis.call('FLUSHALL') --",
    "\"] redis.call(\"FLUSHALL\") --[[",
    "problems:high",
    "result:*",
    "dead:payload",
    "a:b",
    "{problems}",
    "../problem/x",
    "..",
    ".",
    "%00",
    "\u{0}",
    "\u{feff}x",
    "\u{202e}x",
    "<script>alert(1)</script>",
    "${jndi:ldap://127.0.0.1/x}",
    "$(reboot)",
    "%s%n%d",
    "x\u{7f}",
    "ＡＢＣ",
    "é",
    " x ",
    "a/b",
    "KEYS[1]",
];

const TARGETS: [&str; 38] = [
    "/submit",
    "/submit/batch",
    "/run",
    "/problems",
    "/problems/x",
    "/problems/x/rejudge",
    "/problems?cursor=-1",
    "/problems?cursor=99999999999999999999",
    "/stats",
    "/endpoints",
    "/dead",
    "/dead/x",
    "/dead/x/replay",
    "/scheduled?cursor=%00",
    "/pause",
    "/resume",
    "/purge",
    "/wake",
    "/limits",
    "/worker?batch=9999999",
    "/worker",
    "/result/%2e%2e",
    "/result/%2e%2e%2f%2e%2e%2fdead",
    "/result/%00",
    "/result/x%0d%0aset-cookie:%20a=b",
    "/result/%ff%fe",
    "/result/x%",
    "/result/%zz?wait=abc",
    "/result/x/events/..",
    "/result//events",
    "/result/x?wait=99999999999999999999",
    "/result/x?wait=-1&wait=2",
    "//evil.example/result/x",
    "/./././submit",
    "/submit/../dead",
    "/submit\\..\\dead",
    "/SUBMIT",
    "/submit;x=1",
];

/// A request with these header lines and this body, whole.
fn request(method: &str, target: &[u8], headers: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = method.as_bytes().to_vec();
    bytes.push(b' ');
    bytes.extend_from_slice(target);
    bytes.extend_from_slice(b" HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    bytes.extend_from_slice(headers);
    if !body.is_empty() || matches!(method, "POST" | "PUT") {
        write!(bytes, "content-length: {}\r\n", body.len()).unwrap();
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// An address for the header of the platform: each sender has its own.
fn address(random: &mut Random) -> String {
    let [a, b, c] = [0; 3].map(|_: u8| random.below(256));
    format!("cf-connecting-ip: 11.{a}.{b}.{c}\r\n")
}

impl Hostile {
    /// The one of this seed. `ticket` is the id of somebody's submission.
    pub(crate) fn of(seed: u64, ticket: &str) -> Self {
        let random = &mut Random(seed);
        match random.below(20) {
            0..=3 => fields(random),
            4 | 5 => syntax(random),
            6 => nested(random),
            7 => sizes(random),
            8 => chunked(random),
            9 => broken_off(random),
            10 | 11 => methods(random),
            12..=14 => targets(random),
            15 | 16 => headers(random),
            17 | 18 => tickets(random, ticket),
            _ => not_http(random),
        }
    }

    /// Adds a key to the header lines, where there are any.
    pub(crate) fn add_key(&mut self, key: &str) {
        const HOST: &[u8] = b" HTTP/1.1\r\nhost: ";
        let bytes = &mut self.sent.parts[0];
        let begin = bytes.windows(HOST.len()).position(|one| one == HOST);
        if let Some(begin) = begin {
            let at = begin + HOST.len() - b"host: ".len();
            bytes.splice(at..at, format!("x-api-key: {key}\r\n").into_bytes());
        }
    }
}

fn whole(kind: &'static str, by: By, bytes: Vec<u8>) -> Hostile {
    Hostile {
        kind,
        by,
        sent: Sent {
            parts: vec![bytes],
            ..Sent::default()
        },
    }
}

fn post(random: &mut Random, kind: &'static str, body: &[u8]) -> Hostile {
    let target = random.pick(&["/submit", "/submit/batch", "/run", "/submit"]);
    let address = address(random);
    let bytes = request("POST", target.as_bytes(), address.as_bytes(), body);
    whole(kind, By::Worker, bytes)
}

/// A value that a field must not have.
fn odd(random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => json!(1e300),
        2 => json!(-1),
        3 => json!(true),
        4 => json!([]),
        5 => json!({"": {"": [1, {}]}}),
        6 => json!("x".repeat(70_000)),
        7 => json!(""),
        _ => json!(format!("{}:", random.pick(&EVIL))),
    }
}

/// One field of a submission is none of those allowed.
fn fields(random: &mut Random) -> Hostile {
    let mut body = json!({"problemId": "x", "language": "python", "code": "print(1)"});
    let field = random.pick(&["problemId", "language", "priority", "runAt", "watch"]);
    body[field] = loop {
        let value = odd(random);
        let is_default = match field {
            "watch" => value.is_boolean() || value.is_null(),
            "priority" | "runAt" => value.is_null(),
            _ => false,
        };
        if !is_default {
            break value;
        }
    };
    // Whatever a run does with its other members, it must not run these.
    body["code"] = json!("");
    let items = json!({ "submissions": [body.clone()] });
    let address = address(random) + "idempotency-key: a b\r\n";
    let (target, body) = match random.below(3) {
        0 => ("/submit/batch", items),
        1 => ("/run", body),
        _ => ("/submit", body),
    };
    let body = body.to_string();
    let bytes = request(
        "POST",
        target.as_bytes(),
        address.as_bytes(),
        body.as_bytes(),
    );
    whole("fields", By::Worker, bytes)
}

/// No JSON, or JSON with a member twice.
fn syntax(random: &mut Random) -> Hostile {
    let right = br#"{"problemId":"x","language":"python","code":"print(1)"}"#;
    let mut body = right.to_vec();
    match random.below(6) {
        0 => body.truncate(random.below(right.len() - 1) + 1),
        1 => {
            let member = br#","code":"print(2)"}"#;
            body.truncate(right.len() - 1);
            body.extend_from_slice(member);
        }
        2 => body.insert(0, b'\xef'),
        3 => body = br#"{"problemId":"\ud800","language":"python","code":"x"}"#.to_vec(),
        4 => body.extend_from_slice(b"{}"),
        _ => {
            let length = 1 + random.below(2_000);
            body = random.bytes(length);
        }
    }
    post(random, "syntax", &body)
}

fn nested(random: &mut Random) -> Hostile {
    let depth = [10, 100, 1_000, 100_000][random.below(4)];
    let (open, close) = [("[", "]"), ("{\"a\":", "}")][random.below(2)];
    let inner = if open == "[" { "" } else { "1" };
    let depth = depth.min(200_000 / (open.len() + 1));
    let value = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
    let body = match random.below(3) {
        0 => value,
        1 => format!(r#"{{"problemId":{value},"language":"python","code":"x"}}"#),
        _ => format!(r#"{{"submissions":{value}}}"#),
    };
    post(random, "nested", body.as_bytes())
}

/// Lengths that lie, or are too large.
fn sizes(random: &mut Random) -> Hostile {
    let length = random.pick(&[
        "262145",
        "4194305",
        "1073741824",
        "18446744073709551615",
        "99999999999999999999999",
        "-1",
        "0x10",
        "1, 2",
        "",
        "+5",
    ]);
    let target = random.pick(&["/submit", "/submit/batch", "/run", "/problems/x"]);
    let method = if target == "/problems/x" {
        "PUT"
    } else {
        "POST"
    };
    let bytes =
        format!("{method} {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{{}}");
    let mut hostile = whole("sizes", By::Anybody, bytes.into_bytes());
    hostile.sent.ends = true;
    hostile
}

fn chunked(random: &mut Random) -> Hostile {
    let head = "POST /submit HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n";
    let (more, body, by) = match random.below(6) {
        0 => ("", "2\r\n{}\r\n0\r\n\r\n".to_owned(), By::Worker),
        // Without an end.
        1 => ("", "5\r\n{\"a\":\r\n".to_owned(), By::Anybody),
        2 => ("", "ffffffffffffffff\r\n{}".to_owned(), By::Anybody),
        3 => ("", "zz\r\n{}\r\n".to_owned(), By::Anybody),
        // One body by two measures.
        4 => (
            "content-length: 3\r\n",
            "2\r\n{}\r\n0\r\n\r\n".to_owned(),
            By::Anybody,
        ),
        // More than is allowed, and no length that says so.
        _ => (
            "",
            format!("50000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x50000)),
            By::Anybody,
        ),
    };
    let mut hostile = whole("chunked", by, format!("{head}{more}\r\n{body}").into());
    hostile.sent.ends = by != By::Worker;
    hostile
}

/// A body that comes slowly, and ends before it is whole.
fn broken_off(random: &mut Random) -> Hostile {
    let target = random.pick(&["/submit", "/submit/batch", "/run"]);
    let head = format!("POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
    let mut parts = vec![head.into_bytes()];
    for _ in 0..random.below(4) {
        parts.push(b"{\"problemId\":".to_vec());
    }
    Hostile {
        kind: "broken off",
        by: By::Anybody,
        sent: Sent {
            parts,
            pause: Duration::from_millis(20),
            ends: true,
        },
    }
}

fn methods(random: &mut Random) -> Hostile {
    let (method, by) = [
        ("PATCH", By::Worker),
        ("PUT", By::Worker),
        ("DELETE", By::Worker),
        ("HEAD", By::Worker),
        ("OPTIONS", By::Worker),
        ("PROPFIND", By::Worker),
        ("TRACE", By::Anybody),
        ("CONNECT", By::Platform),
        ("FOO", By::Anybody),
        ("get", By::Anybody),
        ("G\u{0}T", By::Anybody),
    ][random.below(11)];
    let target = random.pick(&TARGETS);
    let bytes = request(method, target.as_bytes(), address(random).as_bytes(), b"");
    let mut hostile = whole("methods", by, bytes);
    hostile.sent.ends = by != By::Worker;
    hostile
}

fn targets(random: &mut Random) -> Hostile {
    let method = random.pick(&["GET", "GET", "POST", "DELETE"]);
    let mut by = By::Worker;
    let target: Vec<u8> = match random.below(9) {
        0 => {
            by = By::Anybody;
            b"http://evil.example/result/x".to_vec()
        }
        1 => {
            by = By::Anybody;
            random
                .pick(&["*", "x", "", "http://[::1", "evil.example:80"])
                .into()
        }
        2 => {
            by = By::Anybody;
            let mut target = b"/result/".to_vec();
            target.extend(random.bytes(20).iter().map(|byte| byte | 0x80));
            target
        }
        3 => format!("/result/{}", "x".repeat(1 + random.below(16_000))).into(),
        4 => format!("/problems?{}", "cursor=1&".repeat(1 + random.below(800))).into(),
        _ => random.pick(&TARGETS).into(),
    };
    let bytes = request(method, &target, address(random).as_bytes(), b"");
    let mut hostile = whole("targets", by, bytes);
    hostile.sent.ends = by != By::Worker;
    hostile
}

fn headers(random: &mut Random) -> Hostile {
    let evil = random.pick(&["\u{1}", "é", "<b>", "';--", "\t", "\"", "a, b", "*", "-1"]);
    let name = random.pick(&[
        "authorization",
        "x-api-key",
        "idempotency-key",
        "if-none-match",
        "last-event-id",
        "accept",
        "origin",
        "cf-connecting-ip",
        "x-forwarded-for",
        "traceparent",
        "content-type",
        "content-encoding",
        "sec-fetch-site",
        "x-judge-service",
        "range",
        "expect",
        "cookie",
        "upgrade",
    ]);
    let mut lines = Vec::new();
    let mut by = By::Anybody;
    match random.below(6) {
        0 => write!(lines, "{name}: {evil}\r\n{name}: {evil}\r\n").unwrap(),
        1 => write!(lines, "{name}: {}\r\n", "x".repeat(9_000)).unwrap(),
        2 => {
            for number in 0..300 {
                write!(lines, "x-{number}: {evil}\r\n").unwrap();
            }
        }
        3 => {
            by = By::Worker;
            lines.extend_from_slice(b"authorization: Bearer a\r\nauthorization: Bearer b\r\n");
        }
        4 => lines.extend_from_slice(b"bad header: x\r\n folded\r\n: empty\r\n"),
        _ => write!(lines, "{name}: {evil}\r\n").unwrap(),
    }
    let (method, target) = [
        ("GET", "/problems/x"),
        ("GET", "/result/x"),
        ("GET", "/languages"),
        ("GET", "/stats"),
        ("POST", "/submit"),
        ("POST", "/pause"),
        ("GET", "/worker"),
    ][random.below(7)];
    let body: &[u8] = if method == "POST" {
        b"\x1f\x8b\x08"
    } else {
        b""
    };
    let mut hostile = whole(
        "headers",
        by,
        request(method, target.as_bytes(), &lines, body),
    );
    hostile.sent.ends = by != By::Worker;
    hostile
}

/// Ids that were nearly given out.
fn tickets(random: &mut Random, ticket: &str) -> Hostile {
    let mut id = ticket.as_bytes().to_vec();
    match random.below(4) {
        0 => id.truncate(random.below(id.len() - 1) + 1),
        1 => {
            let at = random.below(id.len());
            id[at] = if id[at] == b'0' { b'1' } else { b'0' };
        }
        2 => id.make_ascii_uppercase(),
        _ => {
            let digit = |byte: &u8| b"0123456789abcdef"[usize::from(byte & 15)];
            let made: Vec<u8> = random.bytes(ticket.len()).iter().map(digit).collect();
            // As if from the same moment.
            let at = 12;
            id[at..].copy_from_slice(&made[at..]);
        }
    }
    let id = String::from_utf8(id).unwrap();
    let (method, target) = match random.below(6) {
        0 => ("GET", format!("/result/{id}?wait=1")),
        1 => ("GET", format!("/result/{id}/events")),
        2 => ("GET", format!("/dead/{id}")),
        3 => ("DELETE", format!("/dead/{id}")),
        4 => ("POST", format!("/dead/{id}/replay")),
        _ => ("GET", format!("/result/{id}")),
    };
    let bytes = request(method, target.as_bytes(), address(random).as_bytes(), b"");
    whole("tickets", By::Worker, bytes)
}

fn not_http(random: &mut Random) -> Hostile {
    let bytes = match random.below(6) {
        0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        2 => b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        3 => b"*1\r\n$8\r\nFLUSHALL\r\n\r\n\r\n".to_vec(),
        4 => b"GET /submit\r\n\r\n".to_vec(),
        _ => {
            let length = 1 + random.below(500);
            random.bytes(length)
        }
    };
    let mut hostile = whole("not HTTP", By::Anybody, bytes);
    hostile.sent.ends = true;
    hostile
}
