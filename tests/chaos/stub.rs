//! An execution endpoint that does as a test tells it.
//!
//! It speaks Piston's v2 API and runs nothing: a job's output is its code. A
//! few words in the code make it misbehave, it can refuse everything for a
//! while, and it counts how many jobs it has at once.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::net;

/// In the code of a job: this connection ends without an answer.
pub(crate) const HANG_UP: &str = "#hang-up";
/// In the code of a job: every connection ends without an answer, as when the
/// process dies and is started again.
pub(crate) const BRING_DOWN: &str = "#bring-down";
/// In the code of a job: the same, and nobody is there for [`AWAY`] after it.
pub(crate) const TAKE_AWAY: &str = "#take-away";
/// In the code of a job: HTTP 500.
pub(crate) const BREAK: &str = "#break";

/// How long the endpoint takes to come back.
const AWAY: Duration = Duration::from_millis(400);

/// The endpoint, and what it saw.
#[derive(Debug, Default)]
pub(crate) struct Stub {
    state: Mutex<State>,
    now: AtomicUsize,
    most: AtomicUsize,
    slow_ms: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// What everything is answered with; `None`: as usual.
    refusing: Option<&'static str>,
    /// Until when nobody is there.
    away_until: Option<Instant>,
    /// Whether the words in the code have lost their power.
    healed: bool,
    /// How often each code was asked for.
    runs: BTreeMap<String, usize>,
    /// The order in which they were.
    order: Vec<String>,
    /// All connections with a job.
    open: Vec<(usize, TcpStream)>,
    next: usize,
}

impl Stub {
    /// Starts one, and gives it with the value for `EXECUTOR_URL`.
    pub(crate) fn start() -> (Arc<Self>, String) {
        let stub = Arc::new(Self::default());
        let serving = Arc::clone(&stub);
        let port = net::listen(move |stream| serving.answer(stream));
        (stub, format!("http://127.0.0.1:{port}/api/v2"))
    }

    /// As new.
    pub(crate) fn reset(&self) {
        *self.state() = State::default();
        self.most.store(0, Ordering::SeqCst);
        self.slow_ms.store(0, Ordering::SeqCst);
    }

    /// From now on everything is answered with this status.
    pub(crate) fn refuse(&self, status: Option<&'static str>) {
        self.state().refusing = status;
    }

    /// From now on every job is run, whatever is in its code.
    pub(crate) fn heal(&self) {
        self.state().healed = true;
    }

    /// From now on each job takes so long.
    pub(crate) fn take_ms(&self, ms: u64) {
        self.slow_ms.store(ms, Ordering::SeqCst);
    }

    /// The most jobs that it had at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// How often it was asked to run this code.
    pub(crate) fn runs_of(&self, code: &str) -> usize {
        self.state().runs.get(code).copied().unwrap_or(0)
    }

    /// All codes in the order in which they came.
    pub(crate) fn order(&self) -> Vec<String> {
        self.state().order.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, stream: TcpStream) {
        let Some(request) = net::read(&stream) else {
            return;
        };
        if self
            .state()
            .away_until
            .is_some_and(|end| Instant::now() < end)
        {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
        if let Some(status) = self.state().refusing {
            return net::write(stream, status, r#"{"message":"not now"}"#);
        }
        if request.path.ends_with("/runtimes") {
            let offer = json!([{"language": "python", "version": "3.11.7", "aliases": ["py"]}]);
            return net::write(stream, "200 OK", &offer.to_string());
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let code = body["files"][0]["content"].as_str().unwrap();
        let (place, healed) = self.enter(&stream, code);
        self.run(stream, code, healed);
        self.state().open.retain(|(other, _)| *other != place);
    }

    fn enter(&self, stream: &TcpStream, code: &str) -> (usize, bool) {
        let mut state = self.state();
        *state.runs.entry(code.to_owned()).or_default() += 1;
        state.order.push(code.to_owned());
        state.next += 1;
        let place = state.next;
        state.open.push((place, stream.try_clone().unwrap()));
        (place, state.healed)
    }

    fn run(&self, stream: TcpStream, code: &str, healed: bool) {
        let at_once = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(at_once, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(self.slow_ms.load(Ordering::SeqCst)));
        // Before the answer: whoever has it may send the next job.
        self.now.fetch_sub(1, Ordering::SeqCst);
        match code {
            _ if healed => {}
            _ if code.contains(HANG_UP) => {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            _ if code.contains(BRING_DOWN) || code.contains(TAKE_AWAY) => {
                if code.contains(TAKE_AWAY) {
                    self.state().away_until = Some(Instant::now() + AWAY);
                }
                for (_, other) in &self.state().open {
                    let _ = other.shutdown(Shutdown::Both);
                }
                return;
            }
            _ if code.contains(BREAK) => {
                return net::write(
                    stream,
                    "500 Internal Server Error",
                    r#"{"message":"broken"}"#,
                );
            }
            _ => {}
        }
        let run = json!({
            "stdout": code, "stderr": "", "output": code, "code": 0, "signal": null,
        });
        let answer = json!({"language": "python", "version": "3.11.7", "run": run});
        net::write(stream, "200 OK", &answer.to_string());
    }
}
