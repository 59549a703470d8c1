//! A network between the Workers and Redis that loses things.
//!
//! Each request is either passed on, or lost before Redis saw it, or applied by
//! Redis and its answer lost. The Worker sees the same for both losses: the
//! connection ends without an answer.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::net;

/// One request in so many is lost before, and one in so many after.
const ONE_IN: u64 = 16;

/// The network, and what it did.
#[derive(Debug, Default)]
pub(crate) struct Proxy {
    lossy: AtomicBool,
    dice: AtomicU64,
    pub(crate) passed: AtomicU64,
    pub(crate) lost_before: AtomicU64,
    pub(crate) lost_after: AtomicU64,
}

impl Proxy {
    /// Starts one in front of `port`, and gives it with its URL.
    pub(crate) fn start(port: u16) -> (Arc<Self>, String) {
        let proxy = Arc::new(Self::default());
        let serving = Arc::clone(&proxy);
        let own = net::listen(move |stream| serving.pass(stream, port));
        (proxy, format!("http://127.0.0.1:{own}"))
    }

    /// From now on it loses things, or it does not.
    pub(crate) fn be_lossy(&self, lossy: bool) {
        self.lossy.store(lossy, Ordering::Relaxed);
    }

    fn pass(&self, mut stream: TcpStream, port: u16) {
        let Some(request) = net::read(&stream) else {
            return;
        };
        let rolled = self.roll();
        if rolled == 0 {
            self.lost_before.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // While redis-rest is down, its callers see what they would see of it.
        let Ok(answer) = net::forward(&request, port) else {
            return;
        };
        if rolled == 1 {
            self.lost_after.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.passed.fetch_add(1, Ordering::Relaxed);
        let _ = stream.write_all(&answer);
    }

    /// 0: lose it before; 1: lose the answer; anything else: pass it on. The
    /// same row of numbers each time, whatever requests they meet.
    fn roll(&self) -> u64 {
        if !self.lossy.load(Ordering::Relaxed) {
            return u64::MAX;
        }
        // SplitMix64.
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .dice
            .fetch_add(step, Ordering::Relaxed)
            .wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % ONE_IN
    }
}
