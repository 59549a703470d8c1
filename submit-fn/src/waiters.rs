//! How many requests may wait for a result: those with `?wait=`, and streams of
//! events.
//!
//! A waiting request holds a place of its instance. One that finds no place is
//! answered at once: with what is known, or that the instance is busy. How they
//! look is [`crate::live_results`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use shared::domain::client::ClientId;

use crate::client_counts::BUCKETS;
use crate::sender::Sender;

/// The longest wait, in seconds.
pub const MAX_WAIT_S: u64 = 25;
/// How many requests may wait in an instance.
pub(crate) const AT_ONCE: usize = 200;
/// How many of them may be one client's: a class may sit behind one address.
const AT_ONCE_PER_CLIENT: usize = 20;
/// How long after its end a wait is over, whatever became of it, in milliseconds: a
/// look of it may still be under way.
const GRACE_MS: u64 = 30_000;

/// The waiting requests of this instance. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Waiters(Rc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: RefCell<Vec<Waiting>>,
    last_number: Cell<u64>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// `None`: the operator's.
    bucket: Option<usize>,
    until_ms: u64,
}

/// A place among those who wait, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    waiters: Waiters,
    number: u64,
}

impl Waiters {
    /// A place until `until_ms`; `None` when none is left.
    pub(crate) fn enter(&self, sender: &Sender, now_ms: u64, until_ms: u64) -> Option<Place> {
        let mut waiting = self.0.waiting.borrow_mut();
        // When a client goes away, the platform may run no destructor.
        waiting.retain(|one| now_ms < one.until_ms + GRACE_MS);
        let bucket = sender
            .client()
            .map(|client: &ClientId| client.bucket(BUCKETS));
        let own = waiting.iter().filter(|one| one.bucket == bucket).count();
        if waiting.len() >= AT_ONCE || bucket.is_some() && own >= AT_ONCE_PER_CLIENT {
            return None;
        }
        let number = self.0.last_number.get() + 1;
        self.0.last_number.set(number);
        waiting.push(Waiting {
            number,
            bucket,
            until_ms,
        });
        Some(Place {
            waiters: self.clone(),
            number,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiters.0.waiting.borrow_mut();
        waiting.retain(|one| one.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    #[test]
    fn places_are_limited_for_a_client_and_in_all() {
        let waiters = Waiters::default();
        let enter = |number: u32, now_ms| {
            let sender = Sender::Client(client(number));
            waiters.enter(&sender, now_ms, now_ms + 25_000)
        };
        let mut places: Vec<_> = (0..AT_ONCE_PER_CLIENT).map(|_| enter(0, 0)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(enter(0, 0).is_none());
        places.pop();
        let again = enter(0, 0);
        assert!(again.is_some());
        // Clients may share a bucket, so there are more clients than places.
        let others: Vec<_> = (1..1_000).filter_map(|number| enter(number, 0)).collect();
        assert_eq!(others.len() + AT_ONCE_PER_CLIENT, AT_ONCE);
        assert!(waiters.enter(&Sender::Operator, 0, 1).is_none());
        // Places that are never given back do not count for ever.
        std::mem::forget((places, again, others));
        assert!(enter(0, 25_000 + GRACE_MS - 1).is_none());
        assert!(enter(0, 25_000 + GRACE_MS).is_some());
    }
}
