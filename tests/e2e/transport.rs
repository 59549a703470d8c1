//! Calls and bodies that go wrong, and the queue of tasks: the Workers in a workerd of their own,
//! with one server that is Redis and endpoint at once and answers as a test says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use shared::domain::submission::MAX_BODY_BYTES;
use support::http::{Response, send};
use support::wait::{SOON, wait_until};
use xtask::child::{Child, Guard};
use xtask::{ports, project, workerd};

use crate::stacks::Stacks;

support::tests![
    a_call_that_goes_wrong_is_told_and_left,
    tasks_are_run_without_queue_microtask,
    a_short_body_is_as_long_as_it_says_and_comes_in_time,
];

/// How long a call of Redis may take, in milliseconds: long enough for a loaded machine.
const REDIS_TIMEOUT_MS: &str = "2000";
/// Redis knows nothing, and an endpoint has no language.
const NOTHING: &str =
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"result\":null}";
const DECLARED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n[";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const TOO_LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 262145\r\n\r\n[";

/// What the server does with a request.
#[derive(Clone, Copy)]
enum Answer {
    /// Sends this and closes the connection.
    Closing(&'static str),
    /// Sends this, and nothing more until the client goes.
    Hanging(&'static str),
    /// Sends this, and then pieces of one byte until the client goes.
    Dripping(&'static str),
}

type Choose = fn(&str) -> Answer;

/// The server: how it answers, and how long clients stayed that had to go themselves.
struct Upstream {
    port: u16,
    choose: Mutex<Choose>,
    stayed: Mutex<Vec<Duration>>,
}

impl Upstream {
    fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            choose: Mutex::new(|_| Answer::Closing(NOTHING)),
            stayed: Mutex::default(),
        });
        let serving = Arc::clone(&upstream);
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let upstream = Arc::clone(&serving);
                thread::spawn(move || upstream.serve(stream));
            }
        });
        upstream
    }

    fn set(&self, choose: Choose) {
        *self.choose.lock().unwrap() = choose;
        self.stayed.lock().unwrap().clear();
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let request = read(&stream)?;
        let answer = (*self.choose.lock().unwrap())(&request);
        let started = Instant::now();
        match answer {
            Answer::Closing(text) => return stream.write_all(text.as_bytes()).ok(),
            Answer::Hanging(text) => {
                stream.write_all(text.as_bytes()).ok()?;
                let _ = stream.read(&mut [0]);
            }
            Answer::Dripping(text) => {
                stream.write_all(text.as_bytes()).ok()?;
                while stream.write_all(b"1\r\n \r\n").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
        self.stayed.lock().unwrap().push(started.elapsed());
        Some(())
    }
}

/// A request with its body.
fn read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        text.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(text + &String::from_utf8_lossy(&body))
}

/// Both Workers, and where they are.
struct Workers {
    submit: String,
    worker: String,
    workerd: Child,
    _guard: Guard,
}

impl Workers {
    /// Starts them in front of `upstream`, with `prelude` before submit-fn's script.
    fn start(name: &str, upstream: &Upstream, prelude: &str) -> Self {
        let folder = project::state().join("e2e").join(name);
        fs::create_dir_all(&folder).unwrap();
        let date = workerd::compatibility_date().unwrap();
        workerd::bundle(&folder, &[workerd::SUBMIT, workerd::WORKER], &date).unwrap();
        let script = folder.join("submit/index.js");
        let text = fs::read_to_string(&script).unwrap();
        fs::write(&script, format!("{prelude}\n{text}")).unwrap();

        let url = format!("http://127.0.0.1:{}", upstream.port);
        let texts = vec![
            ("UPSTASH_REDIS_REST_URL", url.clone()),
            (
                "UPSTASH_REDIS_REST_TOKEN",
                "a-token-nobody-may-see".to_owned(),
            ),
            ("REDIS_TIMEOUT_MS", REDIS_TIMEOUT_MS.to_owned()),
            ("EXECUTOR_URL", url),
            ("AUTH", "off".to_owned()),
        ];
        let [submit, worker] = ports::free().unwrap();
        let at = |name, port| workerd::Worker {
            name,
            port,
            texts: texts.clone(),
            services: vec![],
        };
        let workers = [at("submit", submit), at("worker", worker)];
        let mut command = workerd::serve(&folder, name, &workers, &date, &[]).unwrap();
        let mut guard = Guard::start().unwrap();
        let log = folder.join("workerd.log");
        let workerd = Child::start("workerd", &mut command, &log, &mut guard).unwrap();
        let workers = Self {
            submit: format!("http://127.0.0.1:{submit}"),
            worker: format!("http://127.0.0.1:{worker}"),
            workerd,
            _guard: guard,
        };
        wait_until("workerd answers", SOON, || {
            let urls = [&workers.submit, &workers.worker];
            urls.iter().all(|url| get(url, "/nowhere").is_some())
        });
        workers
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.workerd.log).unwrap()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.workerd.ask_to_stop();
        self.workerd.wait_for_end();
    }
}

fn get(url: &str, path: &str) -> Option<Response> {
    send("GET", &format!("{url}{path}"), &[], None, SOON).ok()
}

fn a_call_that_goes_wrong_is_told_and_left(_: &Stacks) {
    let upstream = Upstream::start();
    let workers = Workers::start("transport", &upstream, "");
    let late = "not within 2000 ms";
    let list_late = "not within 2500 ms";
    let not_sent = "error sending request";
    let cut_off = "error decoding response body";
    let cases: [(Choose, &str, &str); 6] = [
        (|_| Answer::Hanging(""), late, list_late),
        (|_| Answer::Hanging(DECLARED), late, list_late),
        (|_| Answer::Hanging(CHUNKED), late, list_late),
        (|_| Answer::Dripping(CHUNKED), late, list_late),
        (|_| Answer::Closing(""), not_sent, not_sent),
        (|_| Answer::Closing(DECLARED), cut_off, cut_off),
    ];
    for (number, (choose, redis, list)) in cases.into_iter().enumerate() {
        upstream.set(choose);
        let read = workers.log().len();
        let response = get(&workers.submit, "/result/unknown").unwrap();
        response.assert_error(503, None, "does not answer");
        let response = get(&workers.worker, "/languages").unwrap();
        response.assert_error(502, None, "not available");
        let expected = [
            format!("Redis did not answer: {redis}"),
            format!("the execution endpoint did not answer: {list}"),
        ];
        wait_until("both are told", SOON, || {
            let log = workers.log();
            expected.iter().all(|text| log[read..].contains(text))
        });
        // And the connections are not kept.
        if number < 4 {
            wait_until("both are left", SOON, || {
                upstream.stayed.lock().unwrap().len() == 2
            });
        }
    }
    // A list that says that it is too long is not waited for.
    upstream.set(|_| Answer::Hanging(TOO_LONG));
    assert_eq!(get(&workers.worker, "/languages").unwrap().status, 502);
    wait_until("the connection is left", SOON, || {
        upstream.stayed.lock().unwrap().len() == 1
    });
    let stayed = upstream.stayed.lock().unwrap()[0];
    assert!(stayed < Duration::from_millis(2_000), "{stayed:?}");
    let log = workers.log();
    for secret in ["127.0.0.1", "a-token-nobody-may-see"] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// Logs each use of `queueMicrotask`, and uses it once.
const PRELUDE: &str = r#"
{
  let holder = globalThis;
  while (!Object.hasOwn(holder, "queueMicrotask")) holder = Object.getPrototypeOf(holder);
  const own = holder.queueMicrotask;
  holder.queueMicrotask = function (task) {
    console.log("queueMicrotask is called");
    return own.call(this, task);
  };
  queueMicrotask(() => {});
}
"#;

/// workerd makes each callback of `queueMicrotask` anew, six of them for a submission, so
/// the Workers' tasks are run by a promise instead. It belongs to no request: what one
/// leaves behind that was cut off, or one that waits, holds up nobody.
fn tasks_are_run_without_queue_microtask(_: &Stacks) {
    let upstream = Upstream::start();
    upstream.set(|request| match request.contains("slow") {
        true => Answer::Hanging(""),
        false => Answer::Closing(NOTHING),
    });
    let workers = Workers::start("microtasks", &upstream, PRELUDE);
    let slow = || get(&workers.submit, "/result/slow");
    // Cut off in the middle of its call.
    let mut cut_off = TcpStream::connect(workers.submit.trim_start_matches("http://")).unwrap();
    write!(cut_off, "GET /result/slow HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    thread::sleep(Duration::from_millis(200));
    drop(cut_off);
    thread::scope(|scope| {
        let slow = scope.spawn(slow);
        let started = Instant::now();
        for number in 0..200 {
            let response = get(&workers.submit, &format!("/result/{number}")).unwrap();
            assert_eq!(response.status, 404, "{}", response.text);
        }
        println!("  200 took {:?} beside a slow one", started.elapsed());
        assert_eq!(slow.join().unwrap().unwrap().status, 503);
    });
    let uses = workers.log().matches("queueMicrotask is called").count();
    assert_eq!(uses, 1, "only the prelude's own");
}

/// Sends `body` as a submission that says to have `length` bytes, and no more after it.
fn begin(workers: &Workers, length: usize, body: &str) -> TcpStream {
    let address = workers.submit.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /submit HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// A short body is taken over in one piece, for which memory is reserved by the length
/// that it says.
fn a_short_body_is_as_long_as_it_says_and_comes_in_time(_: &Stacks) {
    let upstream = Upstream::start();
    let workers = Workers::start("bodies", &upstream, "");
    let slow = begin(&workers, 100, "{");
    let started = Instant::now();

    let body = r#"{"problemId":"a b","language":"python","code":"print(1)"}"#;
    let whole = answer(begin(&workers, body.len(), body));
    assert!(whole.contains("problemId"), "{whole}");
    // In one piece up to 8 KiB, and in several above.
    for length in [8 * 1024, 8 * 1024 + 1, 100_000] {
        let padded = format!("{body}{}", " ".repeat(length - body.len()));
        let whole = answer(begin(&workers, length, &padded));
        assert!(whole.contains("problemId"), "{length}: {whole}");
    }
    // What comes after the length is not of the body.
    let longer = answer(begin(&workers, body.len() - 1, body));
    assert!(longer.contains("invalid_json"), "{longer}");
    let broken_off = begin(&workers, body.len() + 1, body);
    broken_off.shutdown(Shutdown::Write).unwrap();
    let broken_off = answer(broken_off);
    assert!(broken_off.contains("could not be read"), "{broken_off}");
    // Refused by its length alone.
    let too_long = answer(begin(&workers, MAX_BODY_BYTES + 1, ""));
    assert!(too_long.contains("413"), "{too_long}");

    let late = answer(slow);
    assert!(late.contains("did not arrive within 30 seconds"), "{late}");
    assert!(started.elapsed() > Duration::from_secs(25));
}
