//! How often each client did something in a window of time.
//!
//! The memory is fixed: clients are hashed into buckets by their keyed names, so
//! nobody can choose a bucket. Two clients of one bucket are counted together,
//! which among 100 clients happens to five pairs.

use std::cell::RefCell;

use shared::domain::client::ClientId;

/// How many buckets there are: 4 KiB.
pub const BUCKETS: usize = 1_024;

/// Counts of this instance.
#[derive(Debug)]
pub struct ClientCounts {
    window_ms: u64,
    counts: RefCell<Counts>,
}

#[derive(Debug)]
struct Counts {
    window: u64,
    by_bucket: Vec<u32>,
}

impl ClientCounts {
    /// Counts that start anew every `window_ms` milliseconds.
    pub fn new(window_ms: u64) -> Self {
        Self {
            window_ms,
            counts: RefCell::new(Counts {
                window: 0,
                by_bucket: vec![0; BUCKETS],
            }),
        }
    }

    /// Counts one more, and returns how many it are now.
    pub fn add(&self, client: &ClientId, now_ms: u64) -> u32 {
        let mut counts = self.counts.borrow_mut();
        let window = now_ms / self.window_ms;
        if counts.window != window {
            counts.window = window;
            counts.by_bucket.fill(0);
        }
        let count = &mut counts.by_bucket[client.bucket(BUCKETS)];
        *count = count.saturating_add(1);
        *count
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use shared::config::Secret;
    use shared::domain::ticket::TicketKey;

    /// A client with this number.
    pub(crate) fn client(number: u32) -> ClientId {
        let key = TicketKey::new(&Secret::new("s"));
        ClientId::at(&number.to_string(), &key)
    }

    #[test]
    fn each_client_is_counted_anew_in_each_window() {
        let counts = ClientCounts::new(1_000);
        let (one, other) = (client(1), client(2));
        assert_eq!([0, 500, 999].map(|ms| counts.add(&one, ms)), [1, 2, 3]);
        assert_eq!(counts.add(&other, 999), 1);
        assert_eq!(counts.add(&one, 1_000), 1);
        assert_eq!(counts.add(&one, 1_999), 2);
    }

    #[test]
    fn many_clients_fill_neither_the_memory_nor_the_count_of_another() {
        let counts = ClientCounts::new(1_000);
        for number in 0..BUCKETS as u32 {
            counts.add(&client(number), 0);
        }
        assert_eq!(counts.counts.borrow().by_bucket.len(), BUCKETS);
        let most = counts.counts.borrow().by_bucket.iter().copied().max();
        assert!(most < Some(12), "{most:?}");
    }
}
