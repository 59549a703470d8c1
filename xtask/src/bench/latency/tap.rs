//! A relay between two parts of a stack that notes when each exchange on its
//! connections began and ended, as the wire saw it.
//!
//! The Workers' own clock stands still while they compute, so times come from
//! here. HTTP/1.1 without pipelining: what comes from the server belongs to the
//! last request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::Result;

/// So much of a request's beginning is kept, in bytes: its head, and the name of
/// its command.
const KEPT_BYTES: usize = 2_048;

/// One request and its response.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// The request's first bytes.
    pub(super) request: Vec<u8>,
    /// When its first byte came.
    pub(super) began: Instant,
    /// When the last byte of the response so far had come.
    pub(super) ended: Option<Instant>,
}

/// A relay. Its threads end with the process.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) port: u16,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Tap {
    /// Relays to this port of this machine.
    pub(super) fn start(to: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let tap = Self {
            port: listener.local_addr()?.port(),
            exchanges: Arc::default(),
        };
        let exchanges = Arc::clone(&tap.exchanges);
        thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                // The far end is not there (yet): the client sees a closed connection.
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                    continue;
                };
                // An error leaves the connection closed, which its client reports.
                let _ = relay(client, server, &exchanges);
            }
        });
        Ok(tap)
    }

    /// Takes what was seen since the last time.
    pub(super) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *lock(&self.exchanges))
    }
}

impl Exchange {
    /// Whether the request contains this text near its beginning.
    pub(super) fn has(&self, text: &str) -> bool {
        let mut windows = self.request.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    }
}

fn relay(client: TcpStream, server: TcpStream, all: &Arc<Mutex<Vec<Exchange>>>) -> Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // The exchange under way on this connection.
    let current: Arc<Mutex<Option<Exchange>>> = Arc::default();
    let (request_from, request_to) = (client.try_clone()?, server.try_clone()?);
    let requests = Arc::clone(&current);
    let (finished, responses) = (Arc::clone(all), Arc::clone(&current));
    thread::spawn(move || {
        pump(request_from, request_to, |bytes, now| {
            let mut current = lock(&requests);
            let is_new = current.as_ref().is_none_or(|one| one.ended.is_some());
            if is_new {
                *current = Some(Exchange {
                    request: Vec::new(),
                    began: now,
                    ended: None,
                });
            }
            if let Some(exchange) = current.as_mut() {
                let room = KEPT_BYTES.saturating_sub(exchange.request.len());
                exchange
                    .request
                    .extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        });
    });
    thread::spawn(move || {
        pump(server, client, |_, now| {
            let mut current = lock(&responses);
            let Some(exchange) = current.as_mut() else {
                return;
            };
            let mut all = lock(&finished);
            // A response may come in pieces: the last one counts.
            if exchange.ended.replace(now).is_some()
                && let Some(last) = all.iter_mut().rfind(|one| one.began == exchange.began)
            {
                last.ended = exchange.ended;
            } else {
                all.push(exchange.clone());
            }
        });
    });
    Ok(())
}

/// Moves bytes until either end closes, and tells of each piece before it is passed
/// on.
fn pump(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8], Instant)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..length], Instant::now());
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other direction ends with this one; closed already, it needs nothing.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::http::{self, Connection};
    use crate::bench::stub::Stub;

    #[test]
    fn each_exchange_of_a_connection_is_seen_once_and_in_order() {
        let stub = Stub::start().unwrap();
        let tap = Tap::start(stub.port).unwrap();
        let mut connection = Connection::open(tap.port).unwrap();
        for path in ["/api/v2/runtimes", "/api/v2/execute"] {
            let request = http::request("POST", tap.port, path, "[\"EVAL\"]");
            connection.exchange(&request).unwrap();
        }
        let seen = tap.take();
        assert_eq!(seen.len(), 2);
        assert!(seen[0].has("runtimes") && seen[1].has("/execute") && seen[1].has("EVAL"));
        assert!(!seen[0].has("/execute"));
        assert!(seen[0].ended.unwrap() <= seen[1].began);
        assert!(tap.take().is_empty());
    }

    #[test]
    fn a_response_ends_with_its_last_piece() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let tap = Tap::start(listener.local_addr().unwrap().port()).unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", tap.port)).unwrap();
        client.write_all(b"request").unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.read_exact(&mut [0; 7]).unwrap();
        let mut last_piece_at = Instant::now();
        for piece in [b"a", b"b"] {
            last_piece_at = Instant::now();
            server.write_all(piece).unwrap();
            client.read_exact(&mut [0]).unwrap();
        }
        let seen = tap.take();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].ended.unwrap() >= last_piece_at);
    }
}
