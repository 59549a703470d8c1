//! An execution endpoint that runs nothing and answers at once, so that only the
//! queue is measured. It has the two routes of Piston's v2 API that both sides
//! call, and counts the runs.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use anyhow::Result;

use super::http;

const RUNTIMES: &str = r#"[{"language":"python","version":"3.12.0","aliases":["py"]}]"#;
const EXECUTED: &str = r#"{"language":"python","version":"3.12.0","run":{"stdout":"[0, 1]\n","stderr":"","output":"[0, 1]\n","code":0,"signal":null}}"#;

/// The endpoint. Its threads end with the process.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) port: u16,
    runs: Arc<AtomicUsize>,
    executed: Arc<RwLock<Arc<str>>>,
}

impl Stub {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let stub = Self {
            port: listener.local_addr()?.port(),
            runs: Arc::new(AtomicUsize::new(0)),
            executed: Arc::new(RwLock::new(EXECUTED.into())),
        };
        let runs = Arc::clone(&stub.runs);
        let executed = Arc::clone(&stub.executed);
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (runs, executed) = (Arc::clone(&runs), Arc::clone(&executed));
                thread::spawn(move || serve(stream, &runs, &executed));
            }
        });
        Ok(stub)
    }

    /// Has all further runs answered with this.
    pub(super) fn answer_with(&self, body: &str) {
        let executed = self.executed.write();
        *executed.unwrap_or_else(PoisonError::into_inner) = body.into();
    }

    /// The value of `EXECUTOR_URL`.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v2", self.port)
    }

    /// How many runs were requested so far.
    pub(super) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

/// Closes the connection when something other than HTTP arrives.
fn serve(stream: TcpStream, runs: &AtomicUsize, executed: &RwLock<Arc<str>>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = http::read(&mut reader).ok()? {
        let executed = Arc::clone(&*executed.read().unwrap_or_else(PoisonError::into_inner));
        let (status, body) = if request.first_line.starts_with("POST /api/v2/execute ") {
            runs.fetch_add(1, Ordering::Relaxed);
            ("200 OK", &*executed)
        } else if request.first_line.starts_with("GET /api/v2/runtimes ") {
            ("200 OK", RUNTIMES)
        } else {
            ("404 Not Found", "{}")
        };
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        reader.get_mut().write_all(response.as_bytes()).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_are_counted() {
        let stub = Stub::start().unwrap();
        let mut connection = http::Connection::open(stub.port).unwrap();
        for (method, path, status) in [
            ("GET", "/api/v2/runtimes", 200),
            ("POST", "/api/v2/execute", 200),
            ("POST", "/api/v2/execute", 200),
            ("GET", "/", 404),
        ] {
            let request = http::request(method, stub.port, path, "{}");
            assert_eq!(connection.exchange(&request).unwrap().0, status, "{path}");
        }
        assert_eq!(stub.runs(), 2);
        stub.answer_with("[7]");
        let request = http::request("POST", stub.port, "/api/v2/execute", "{}");
        assert_eq!(connection.exchange(&request).unwrap().1, b"[7]");
    }
}
