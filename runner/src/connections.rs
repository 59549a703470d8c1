//! Accepts connections and serves HTTP on them, within limits that a client cannot
//! use up.
//!
//! | limit | what happens |
//! | --- | --- |
//! | [`HEAD_TIMEOUT`] for the first request's head | the connection is closed |
//! | [`IDLE_TIMEOUT`] from one response to the next request's head | the same |
//! | [`STALL_TIMEOUT`] for a client that takes no bytes of its response | the same |
//! | the number of connections | the one that has been idle for longest makes room |
//!
//! Only connections without a request under way are idle. So a client that opens
//! connections and sends nothing can neither use up the descriptors that runs need nor
//! keep others out. `server.rs` calls this; `api.rs` limits the time of a body.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::guarded_body::GuardedBody;
use crate::stall_guard::StallGuard;

/// How long the head of a connection's first request may take.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may wait for the head of its next request. Longer than
/// clients keep unused connections, because closing one may meet a request.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may take no byte of its response.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a connection could not be accepted, for instance because the machine
/// has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The open connections.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    state: Mutex<State>,
    /// Notified when a connection has ended or become idle.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    by_id: BTreeMap<u64, Entry>,
    next_id: u64,
}

#[derive(Debug)]
struct Entry {
    /// `None` while a request is under way.
    idle_since: Option<Instant>,
    /// Whether it was asked to close.
    is_closing: bool,
    close: Arc<Notify>,
}

impl Connections {
    /// At most this many, at least 1.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Serves until `stop` is sent or dropped; then accepts no more, lets requests
    /// that are under way finish, and returns when every connection has ended.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        router: Router,
        stop: watch::Receiver<()>,
    ) {
        let mut stopped = stop.clone();
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, address)) => {
                        self.make_room().await;
                        let open = self.register();
                        let service = (router.clone(), stop.clone());
                        tokio::spawn(serve_one(stream, address, open, service));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped.changed() => {}
        }
        drop(listener);
        self.wait_until(|state| state.by_id.is_empty()).await;
    }

    /// Number of open connections.
    pub fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Whether no connection is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until there is room for one more connection, and asks idle ones to make it.
    async fn make_room(&self) {
        self.wait_until(|state| {
            let has_room = state.by_id.len() < self.most;
            if !has_room {
                state.close_one();
            }
            has_room
        })
        .await;
    }

    async fn wait_until(&self, mut holds: impl FnMut(&mut State) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Before the look: a change in between must not be missed.
            changed.as_mut().enable();
            if holds(&mut self.lock()) {
                return;
            }
            changed.await;
        }
    }

    fn register(self: &Arc<Self>) -> OpenConnection {
        let close = Arc::new(Notify::new());
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        let entry = Entry {
            idle_since: Some(Instant::now()),
            is_closing: false,
            close: Arc::clone(&close),
        };
        state.by_id.insert(id, entry);
        OpenConnection {
            connections: Arc::clone(self),
            id,
            close,
        }
    }

    fn set_idle(&self, id: u64, idle_since: Option<Instant>) {
        if let Some(entry) = self.lock().by_id.get_mut(&id) {
            entry.idle_since = idle_since;
        }
        if idle_since.is_some() {
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Asks the connection to close that has been idle for longest, unless one is
    /// closing already.
    fn close_one(&mut self) {
        let is_on_its_way = |entry: &Entry| entry.is_closing && entry.idle_since.is_some();
        if self.by_id.values().any(is_on_its_way) {
            return;
        }
        let oldest = self
            .by_id
            .values_mut()
            .filter(|entry| entry.idle_since.is_some())
            .min_by_key(|entry| entry.idle_since);
        if let Some(entry) = oldest {
            entry.is_closing = true;
            entry.close.notify_one();
        }
    }
}

/// A connection in the list. Dropping it removes it.
struct OpenConnection {
    connections: Arc<Connections>,
    id: u64,
    close: Arc<Notify>,
}

impl OpenConnection {
    /// Makes the connection busy until the guard is dropped.
    fn busy(&self) -> BusyGuard {
        self.connections.set_idle(self.id, None);
        BusyGuard {
            connections: Arc::clone(&self.connections),
            id: self.id,
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.lock().by_id.remove(&self.id);
        self.connections.changed.notify_waiters();
    }
}

/// A request under way, from its head to the last byte of the response.
struct BusyGuard {
    connections: Arc<Connections>,
    id: u64,
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.connections.set_idle(self.id, Some(Instant::now()));
    }
}

async fn serve_one(
    stream: TcpStream,
    address: SocketAddr,
    open: OpenConnection,
    (router, mut stop): (Router, watch::Receiver<()>),
) {
    let has_had_a_request = AtomicBool::new(false);
    let service = service_fn(|mut request: Request<Incoming>| {
        has_had_a_request.store(true, Ordering::Relaxed);
        let busy = open.busy();
        request.extensions_mut().insert(ConnectInfo(address));
        let response = TowerToHyperService::new(router.clone()).call(request.map(Body::new));
        async move {
            let response: Response<Body> = response.await?;
            let response = response.map(|body| GuardedBody::new(body, busy));
            Ok::<_, Infallible>(response)
        }
    });
    // Without it, the second half of a response may wait for an ACK.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let io = TokioIo::new(StallGuard::new(stream, STALL_TIMEOUT));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIMEOUT)
            .serve_connection(io, service)
    );
    let mut first_head = pin!(tokio::time::sleep(HEAD_TIMEOUT));
    let mut may_be_late = false;
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // How a connection ends is up to its client.
            _ = connection.as_mut() => return,
            () = first_head.as_mut(), if !may_be_late => may_be_late = true,
            () = open.close.notified() => connection.as_mut().graceful_shutdown(),
            _ = stop.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        // A connection that has not begun cannot be shut down gracefully.
        if !has_had_a_request.load(Ordering::Relaxed) {
            return;
        }
    }
}
