//! Stands between worker-fn and the runner and writes down what is run.
//!
//! Programs are held in a sandbox and can leave no trace of themselves; so runs
//! are counted where they begin and where they end.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::net;

/// What became of one program.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Runs {
    /// How often the runner was given it.
    pub(crate) begun: usize,
    /// How often the runner reported on it. Less, when it was killed.
    pub(crate) ended: usize,
}

/// All programs, by their code.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<BTreeMap<String, Runs>>);

impl Witness {
    /// Starts one in front of the runner on `port`, and gives it with the value
    /// for `EXECUTOR_URL`.
    pub(crate) fn start(port: u16) -> (Arc<Self>, String) {
        let witness = Arc::new(Self::default());
        let serving = Arc::clone(&witness);
        let own = net::listen(move |stream| serving.pass(stream, port));
        (witness, format!("http://127.0.0.1:{own}/api/v2"))
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        self.runs().clear();
    }

    /// What became of the program with this code.
    pub(crate) fn of(&self, code: &str) -> Runs {
        self.runs().get(code).copied().unwrap_or_default()
    }

    /// How many runs have begun in all.
    pub(crate) fn begun(&self) -> usize {
        self.runs().values().map(|runs| runs.begun).sum()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Runs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, mut stream: TcpStream, port: u16) {
        let Some(request) = net::read(&stream) else {
            return;
        };
        let code = serde_json::from_slice::<Value>(&request.body)
            .ok()
            .and_then(|body| Some(body["files"][0]["content"].as_str()?.to_owned()));
        let note = |change: fn(&mut Runs)| {
            if let Some(code) = &code {
                change(self.runs().entry(code.clone()).or_default());
            }
        };
        note(|runs| runs.begun += 1);
        // A runner that is down or was killed meanwhile gives no answer, and then
        // the Worker gets none.
        match net::forward(&request, port) {
            Ok(answer) => {
                if answer.starts_with(b"HTTP/1.1 200") {
                    note(|runs| runs.ended += 1);
                }
                let _ = stream.write_all(&answer);
            }
            // Nobody was there to begin it.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                note(|runs| runs.begun -= 1);
            }
            Err(_) => {}
        }
    }
}
