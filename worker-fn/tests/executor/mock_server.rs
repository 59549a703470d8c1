//! An HTTP server in the test's own thread that answers from a closure and notes
//! every request. By hand, because it must be able to hang up without an answer,
//! which a web framework does not let a handler do.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

/// As a status: the request gets no answer, and its connection stays open.
pub(crate) const HANG: u16 = 1;

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// As sent, names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    /// `null` without a body of JSON.
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }
}

type Answer = dyn Fn(&Received) -> (u16, Value);

/// The server. It lives as long as the test's runtime.
pub(crate) struct MockServer {
    pub(crate) url: String,
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    request: RefCell<Vec<Received>>,
    in_flight: Cell<usize>,
    most: Cell<usize>,
}

impl MockServer {
    /// Starts one that answers with a status and a JSON body; with status 0 it
    /// hangs up instead.
    pub(crate) async fn start(answers: impl Fn(&Received) -> (u16, Value) + 'static) -> Self {
        Self::start_as(answers, false).await
    }

    /// One that does not say beforehand how long its answers are.
    pub(crate) async fn start_chunked(
        answers: impl Fn(&Received) -> (u16, Value) + 'static,
    ) -> Self {
        Self::start_as(answers, true).await
    }

    async fn start_as(
        answers: impl Fn(&Received) -> (u16, Value) + 'static,
        chunked: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Rc::new(Seen::default());
        let answers: Rc<Answer> = Rc::new(answers);
        let noted = Rc::clone(&seen);
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(serve(
                    stream,
                    Rc::clone(&answers),
                    Rc::clone(&noted),
                    chunked,
                ));
            }
        });
        Self { url, seen }
    }

    /// All requests, in order.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.seen.request.borrow().clone()
    }

    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        let request = self.seen.request.borrow();
        request
            .iter()
            .filter(|request| request.is(method, path))
            .count()
    }

    /// The most requests that were in flight at once.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.seen.most.get()
    }
}

async fn serve(mut stream: TcpStream, answers: Rc<Answer>, seen: Rc<Seen>, chunked: bool) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    seen.in_flight.set(seen.in_flight.get() + 1);
    seen.most.set(seen.most.get().max(seen.in_flight.get()));
    let (status, body) = answers(&request);
    seen.request.borrow_mut().push(request);
    // So that others can come meanwhile.
    tokio::time::sleep(Duration::from_millis(3)).await;
    seen.in_flight.set(seen.in_flight.get() - 1);
    if status == HANG {
        std::future::pending::<()>().await;
    }
    if status > 0 {
        let body = body.to_string();
        let length = if chunked {
            // The end of the connection is the end of the body.
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let head = format!(
            "HTTP/1.1 {status} As It Is\r\ncontent-type: application/json\r\n\
             {length}connection: close\r\n\r\n"
        );
        let _ = stream.write_all((head + &body).as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

/// A value that a test and its stand-in share.
#[derive(Clone, Default)]
pub(crate) struct Shared<T>(Rc<RefCell<T>>);

impl<T: Clone> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(RefCell::new(value)))
    }

    pub(crate) fn get(&self) -> T {
        self.0.borrow().clone()
    }

    pub(crate) fn set(&self, value: T) {
        *self.0.borrow_mut() = value;
    }

    /// Changes it, and gives what that gives.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.borrow_mut())
    }
}
