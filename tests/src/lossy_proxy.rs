//! A network between the Workers and Redis that loses requests and responses.
//!
//! Each request is forwarded, or lost before Redis received it, or applied by
//! Redis and its response lost. The Worker cannot tell the two losses apart: in
//! both the connection closes without a response.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::extract::Request;
use axum::response::Response;

use crate::server;

/// One request of this many is lost, and one response of this many.
const ONE_IN: u64 = 16;

/// The proxy, and counts of what it did.
#[derive(Debug, Default)]
pub struct LossyProxy {
    port: u16,
    lossy: AtomicBool,
    random_state: AtomicU64,
    /// Requests whose response reached the Worker.
    pub forwarded: AtomicU64,
    /// Requests that Redis never received.
    pub lost_requests: AtomicU64,
    /// Requests that Redis applied and whose response was lost.
    pub lost_responses: AtomicU64,
}

/// What becomes of one request.
enum Fate {
    Forward,
    LoseRequest,
    LoseResponse,
}

impl LossyProxy {
    /// Starts one in front of redis-rest on `port`, without losses. Returns it
    /// with its URL.
    pub fn start(port: u16) -> (Arc<Self>, String) {
        let proxy = Arc::new(Self {
            port,
            ..Self::default()
        });
        let serving = Arc::clone(&proxy);
        let own = server::serve_proxy(move |request| {
            let proxy = Arc::clone(&serving);
            async move { proxy.pass(request).await }
        });
        (proxy, format!("http://127.0.0.1:{own}"))
    }

    /// Begins or ends losing.
    pub fn set_lossy(&self, lossy: bool) {
        self.lossy.store(lossy, Ordering::Relaxed);
    }

    /// `None`: the connection closes without a response.
    async fn pass(&self, request: Request) -> Option<Response> {
        let request = server::read(request).await.ok()?;
        let fate = self.draw();
        if matches!(fate, Fate::LoseRequest) {
            self.lost_requests.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        // While redis-rest is down there is no response to forward.
        let response = server::forward(request, self.port).await.ok()?;
        if matches!(fate, Fate::LoseResponse) {
            self.lost_responses.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.forwarded.fetch_add(1, Ordering::Relaxed);
        Some(response)
    }

    /// The same sequence in every run, whatever requests it meets.
    fn draw(&self) -> Fate {
        if !self.lossy.load(Ordering::Relaxed) {
            return Fate::Forward;
        }
        // SplitMix64.
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .random_state
            .fetch_add(step, Ordering::Relaxed)
            .wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        match (z ^ (z >> 31)) % ONE_IN {
            0 => Fate::LoseRequest,
            1 => Fate::LoseResponse,
            _ => Fate::Forward,
        }
    }
}
