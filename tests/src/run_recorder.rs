//! A proxy between worker-fn and the runner that counts the runs of each
//! program.
//!
//! Programs run in a sandbox and cannot leave a trace of themselves, so runs are
//! counted where they start and where they finish.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use crate::server;

/// The runs of one program.
#[derive(Debug, Default, Clone, Copy)]
pub struct Runs {
    /// How often the runner received it.
    pub started: usize,
    /// How often the runner reported its end: less often when a part was killed.
    pub finished: usize,
}

/// The runs of all programs, by their code.
#[derive(Debug, Default)]
pub struct RunRecorder {
    port: u16,
    runs: Mutex<BTreeMap<String, Runs>>,
}

impl RunRecorder {
    /// Starts one in front of the runner on `port`. Returns it with the value for
    /// `EXECUTOR_URL`.
    pub fn start(port: u16) -> (Arc<Self>, String) {
        let recorder = Arc::new(Self {
            port,
            ..Self::default()
        });
        let serving = Arc::clone(&recorder);
        let own = server::serve_proxy(move |request| {
            let recorder = Arc::clone(&serving);
            async move { recorder.pass(request).await }
        });
        (recorder, format!("http://127.0.0.1:{own}/api/v2"))
    }

    /// Forgets all runs.
    pub fn reset(&self) {
        self.runs().clear();
    }

    /// The runs of the program with this code.
    pub fn of(&self, code: &str) -> Runs {
        self.runs().get(code).copied().unwrap_or_default()
    }

    /// How many runs have started, of all programs.
    pub fn started(&self) -> usize {
        self.runs().values().map(|runs| runs.started).sum()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Runs>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, code: Option<&str>, change: fn(&mut Runs)) {
        if let Some(code) = code {
            change(self.runs().entry(code.to_owned()).or_default());
        }
    }

    /// `None`: the runner gave no response, and so the Worker gets none.
    async fn pass(&self, request: Request) -> Option<Response> {
        let request = server::read(request).await.ok()?;
        let code = code_of(request.body());
        self.update(code.as_deref(), |runs| runs.started += 1);
        match server::forward(request, self.port).await {
            Ok(response) => {
                if response.status() == StatusCode::OK {
                    self.update(code.as_deref(), |runs| runs.finished += 1);
                }
                Some(response)
            }
            Err(error) => {
                if error.is_connect() {
                    // The runner is down: nothing was started.
                    self.update(code.as_deref(), |runs| runs.started -= 1);
                }
                None
            }
        }
    }
}

/// The code in an execution request.
fn code_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body["files"][0]["content"].as_str()?.to_owned())
}
