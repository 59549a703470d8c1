//! A proxy in front of the runner that breaks when a test says so, and recovers.
//!
//! It breaks in the middle of its work: what is under way then meets the fault as
//! what comes later does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::watch;

use crate::server;

/// How long a request hangs: longer than any Worker waits.
const HANGS: Duration = Duration::from_secs(40);

/// How it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Languages are listed, and every run is answered with HTTP 500.
    FailsRuns,
    /// Nothing gets an answer before the Worker gives up.
    Hangs,
    /// Every connection closes without a response.
    Closes,
}

/// The proxy, and how many requests met a fault.
#[derive(Debug)]
pub struct BreakableEndpoint {
    port: u16,
    fault: watch::Sender<Option<Fault>>,
    runs: AtomicUsize,
    broken: AtomicUsize,
}

impl BreakableEndpoint {
    /// Starts one in front of the runner on `port`, without a fault. Returns it with
    /// its base URL.
    pub fn start(port: u16) -> (Arc<Self>, String) {
        let proxy = Arc::new(Self {
            port,
            fault: watch::Sender::new(None),
            runs: AtomicUsize::default(),
            broken: AtomicUsize::default(),
        });
        let serving = Arc::clone(&proxy);
        let own = server::serve_proxy(move |request| {
            let proxy = Arc::clone(&serving);
            async move { proxy.pass(request).await }
        });
        (proxy, format!("http://127.0.0.1:{own}/api/v2"))
    }

    /// Breaks it; with `None` it works again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.fault.send_replace(fault);
    }

    /// How many runs were answered as the runner answered them, probes among them.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// How many requests met a fault.
    pub fn broken(&self) -> usize {
        self.broken.load(Ordering::Relaxed)
    }

    /// `None`: the connection closes without a response.
    async fn pass(&self, request: Request) -> Option<Response> {
        let request = server::read(request).await.ok()?;
        let is_run = request.uri().path().ends_with("/execute");
        let mut fault = self.fault.subscribe();
        let faulty = |fault: &Option<Fault>| match fault {
            None => false,
            Some(Fault::FailsRuns) => is_run,
            Some(Fault::Hangs | Fault::Closes) => true,
        };
        let forwarded = server::forward(request, self.port);
        let broken = tokio::select! {
            biased;
            Ok(fault) = fault.wait_for(faulty) => *fault,
            response = forwarded => {
                self.runs.fetch_add(usize::from(is_run), Ordering::Relaxed);
                return response.ok();
            }
        };
        self.broken.fetch_add(1, Ordering::Relaxed);
        match broken? {
            Fault::FailsRuns => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            Fault::Hangs => {
                tokio::time::sleep(HANGS).await;
                None
            }
            Fault::Closes => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use axum::Router;

    use super::*;
    use crate::http::send;

    #[test]
    fn a_run_under_way_meets_the_fault_and_the_next_one_its_end() {
        let slow = Router::new().fallback(|| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "ran"
        });
        let (proxy, url) = BreakableEndpoint::start(server::serve(slow));
        let call = |path: &str| {
            let url = format!("{url}{path}");
            send("POST", &url, &[], Some(b"{}"), Duration::from_secs(2))
        };
        let status = |path: &str| call(path).map(|response| response.status).ok();
        assert_eq!(call("/execute").unwrap().text, "ran");
        assert_eq!(proxy.broken(), 0);
        for (fault, runs, lists) in [
            (Fault::FailsRuns, Some(500), Some(200)),
            (Fault::Closes, None, None),
            (Fault::Hangs, None, None),
        ] {
            proxy.set_fault(None);
            thread::scope(|scope| {
                let under_way = scope.spawn(|| status("/execute"));
                thread::sleep(Duration::from_millis(100));
                proxy.set_fault(Some(fault));
                assert_eq!(under_way.join().unwrap(), runs, "{fault:?}");
            });
            assert_eq!(status("/execute"), runs, "{fault:?}");
            assert_eq!(status("/runtimes"), lists, "{fault:?}");
        }
        assert_eq!(proxy.broken(), 8);
        proxy.set_fault(None);
        assert_eq!(call("/execute").unwrap().text, "ran");
        assert_eq!(proxy.runs(), 2);
    }
}
