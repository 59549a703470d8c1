//! The smoke test against a made-up deployment on loopback. `docs/deploy.md` runs it
//! against a real one (`tests/docs`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::*;

/// What each call answers; the rest is well.
type Answers = BTreeMap<&'static str, (u16, &'static str)>;

/// A deployment of both Workers at one address; the calls that it got.
struct Deployment {
    url: String,
    calls: Arc<Mutex<Vec<String>>>,
}

const WELL: [(&str, u16, &str); 7] = [
    ("GET /", 200, r#"{"service":"submit-fn"}"#),
    (
        "GET /worker",
        401,
        r#"{"error":{"code":"unauthorized","message":"A key is needed."}}"#,
    ),
    ("GET /readyz", 200, r#"{"status":"ok"}"#),
    (
        "GET /languages",
        200,
        r#"{"languages":[{"language":"bash"},{"language":"cpp"}]}"#,
    ),
    ("POST /submit", 200, r#"{"id":"1"}"#),
    (
        "GET /result/1?wait=10",
        200,
        r#"{"status":"done","verdict":"Executed"}"#,
    ),
    ("GET /stats", 200, r#"{"stats":{"dead":0,"paused":false}}"#),
];

impl Deployment {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let (mut first, mut key, mut length) = (String::new(), String::new(), 0);
                lines.read_line(&mut first).unwrap();
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line).unwrap();
                    let Some((name, value)) = line.split_once(": ") else {
                        break;
                    };
                    match name.to_ascii_lowercase().as_str() {
                        "content-length" => length = value.trim().parse().unwrap(),
                        "authorization" => value.trim().clone_into(&mut key),
                        _ => {}
                    }
                }
                lines.read_exact(&mut vec![0; length]).unwrap();
                let call = first.trim_end().trim_end_matches(" HTTP/1.1");
                seen.lock()
                    .unwrap()
                    .push(format!("{call} {key}").trim().to_owned());
                let well = WELL.iter().find(|(name, ..)| *name == call);
                let well = well.map_or((404, "{}"), |(_, status, body)| (*status, *body));
                let (status, body) = answers.get(call).copied().unwrap_or(well);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                stream.write_all((head + body).as_bytes()).unwrap();
            }
        });
        Self { url, calls }
    }

    fn ask(&self, key: Option<&str>) -> Result<()> {
        run(&Options {
            url: self.url.clone(),
            worker_url: None,
            key: key.map(Secret::new),
            patience: Duration::ZERO,
        })
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

#[test]
fn a_good_deployment_is_asked_everything_up_to_a_submission() {
    let deployment = Deployment::start(Answers::new());
    deployment.ask(Some("hunter2")).unwrap();
    let calls: Vec<String> = deployment.calls();
    let expected = [
        "GET /",
        "GET /readyz",
        "GET /languages",
        "POST /submit",
        "GET /result/1?wait=10",
        "GET /stats",
    ];
    assert_eq!(calls, expected.map(|call| format!("{call} Bearer hunter2")));
    deployment.ask(None).unwrap();
    assert_eq!(deployment.calls()[6..], ["GET /", "GET /readyz"]);
}

#[test]
fn what_is_wrong_is_named_without_the_key() {
    let refusal = r#"{"error":{"code":"closed","message":"Set API_KEYS."}}"#;
    for (call, status, body, said) in [
        ("GET /", 200, r#"{"service":"other"}"#, "is not submit-fn"),
        ("GET /", 530, "error code: 1016", "HTTP 530"),
        (
            "GET /readyz",
            503,
            r#"{"redis":"away"}"#,
            r#"not ready (HTTP 503): {"redis":"away"}"#,
        ),
        ("POST /submit", 403, refusal, "Set API_KEYS."),
        (
            "GET /languages",
            200,
            r#"{"languages":[]}"#,
            "none of python",
        ),
        (
            "GET /result/1?wait=10",
            200,
            r#"{"status":"dead","reason":"why"}"#,
            "why",
        ),
        (
            "GET /result/1?wait=10",
            200,
            r#"{"status":"done","verdict":"Internal Error"}"#,
            "Internal Error",
        ),
        ("GET /stats", 500, refusal, "Set API_KEYS."),
    ] {
        let deployment = Deployment::start(Answers::from([(call, (status, body))]));
        let error = format!("{:#}", deployment.ask(Some("hunter2")).unwrap_err());
        assert!(error.contains(said), "{call}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn versions_without_readyz_and_keys_that_may_only_submit_will_do() {
    let deployment = Deployment::start(Answers::from([
        ("GET /readyz", (404, "{}")),
        (
            "GET /stats",
            (403, r#"{"error":{"code":"forbidden","message":"no"}}"#),
        ),
    ]));
    deployment.ask(Some("k")).unwrap();
    let refused = Deployment::start(Answers::from([
        (
            "POST /submit",
            (
                422,
                r#"{"error":{"code":"unknown_problem","message":"no"}}"#,
            ),
        ),
        ("GET /problems", (200, r#"{"problems":[]}"#)),
    ]));
    let error = refused.ask(Some("k")).unwrap_err().to_string();
    assert!(error.contains("no problem is published"), "{error}");
}

#[test]
fn worker_fn_must_refuse_strangers_or_be_open_on_purpose() {
    let unkeyed = r#"{"error":{"code":"closed","message":"Set API_KEYS."}}"#;
    for (status, body, expected) in [
        (401, r#"{"error":{"code":"unauthorized"}}"#, Ok("refused")),
        (403, r#"{"error":{"code":"forbidden"}}"#, Ok("refused")),
        (403, unkeyed, Err("Set API_KEYS.")),
        (200, r#"{"message":"No jobs in queue"}"#, Ok("ANYBODY")),
        (404, "there is nothing here", Err("HTTP 404")),
    ] {
        let deployment = Deployment::start(Answers::from([("GET /worker", (status, body))]));
        let outcome = strangers_at_worker(&Api::new(&deployment.url, None));
        match (outcome, expected) {
            (Ok(line), Ok(said)) => assert!(line.contains(said), "{line}"),
            (Err(error), Err(said)) => assert!(format!("{error:#}").contains(said), "{error:#}"),
            (outcome, _) => panic!("{body}: {outcome:?}"),
        }
        assert_eq!(deployment.calls(), ["GET /worker"], "without a key");
    }
}
