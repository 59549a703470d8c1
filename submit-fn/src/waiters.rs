//! The requests that wait for a result: how many may, and how they ask.
//!
//! Each look is one command, and a waiting request holds a place of its instance.
//! So the number of both is bounded. A request that finds no place is answered at
//! once with what is known, as if it had not asked to wait.

use std::cell::{Cell, RefCell};

use shared::domain::client::ClientId;

use crate::client_counts::BUCKETS;
use crate::runtime::Runtime;
use crate::sender::Sender;

/// The longest wait, in seconds.
pub const MAX_WAIT_S: u64 = 25;
/// How many requests may wait in an instance.
const AT_ONCE: usize = 100;
/// How many of them may be one client's.
const AT_ONCE_PER_CLIENT: usize = 10;
/// The pause before the second look, in milliseconds. Each later one is half as
/// long again, up to [`LONGEST_PAUSE_MS`].
const FIRST_PAUSE_MS: u64 = 200;
/// The longest pause between two looks, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 1_000;
/// How long after its end a wait is over, whatever became of it, in milliseconds: a
/// look of it may still be under way.
const GRACE_MS: u64 = 30_000;

/// The waiting requests of this instance.
#[derive(Debug, Default)]
pub struct Waiters {
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
pub(crate) struct Place<'a> {
    waiters: &'a Waiters,
    number: u64,
    until_ms: u64,
}

impl Waiters {
    /// A place until `until_ms`; `None` when none is left.
    pub(crate) fn enter(&self, sender: &Sender, now_ms: u64, until_ms: u64) -> Option<Place<'_>> {
        let mut waiting = self.waiting.borrow_mut();
        // When a client goes away, the platform may run no destructor.
        waiting.retain(|one| now_ms < one.until_ms + GRACE_MS);
        let bucket = sender
            .client()
            .map(|client: &ClientId| client.bucket(BUCKETS));
        let own = waiting.iter().filter(|one| one.bucket == bucket).count();
        if waiting.len() >= AT_ONCE || bucket.is_some() && own >= AT_ONCE_PER_CLIENT {
            return None;
        }
        let number = self.last_number.get() + 1;
        self.last_number.set(number);
        waiting.push(Waiting {
            number,
            bucket,
            until_ms,
        });
        Some(Place {
            waiters: self,
            number,
            until_ms,
        })
    }
}

impl Place<'_> {
    /// Looks again and again until there is something, an error, or the time is
    /// over. Before `not_before_ms` there can be nothing.
    pub(crate) async fn wait<T, E>(
        &self,
        runtime: Runtime,
        not_before_ms: u64,
        mut look: impl AsyncFnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let now_ms = (runtime.now_ms)();
            let left_ms = self.until_ms.saturating_sub(now_ms);
            let next_ms = pause_ms.max(not_before_ms.saturating_sub(now_ms));
            if left_ms == 0 || not_before_ms > self.until_ms {
                return Ok(None);
            }
            (runtime.sleep)(next_ms.min(left_ms)).await;
            let found = look().await?;
            if found.is_some() {
                return Ok(found);
            }
            pause_ms = (pause_ms * 3 / 2).min(LONGEST_PAUSE_MS);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiters.waiting.borrow_mut();
        waiting.retain(|one| one.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_counts::tests::client;

    thread_local! {
        static NOW_MS: Cell<u64> = const { Cell::new(0) };
    }

    /// Time goes on while somebody sleeps.
    fn runtime() -> Runtime {
        Runtime {
            now_ms: || NOW_MS.get(),
            sleep: |ms| {
                NOW_MS.set(NOW_MS.get() + ms);
                Box::pin(std::future::ready(()))
            },
            ..Runtime::standing_still()
        }
    }

    /// When a wait of this long looks, and what it returns, where there is
    /// something at `there_ms`.
    async fn looks(wait_ms: u64, not_before_ms: u64, there_ms: u64) -> (Vec<u64>, Option<u64>) {
        NOW_MS.set(0);
        let waiters = Waiters::default();
        let place = waiters.enter(&Sender::Operator, 0, wait_ms).unwrap();
        let mut times = Vec::new();
        let found = place
            .wait(runtime(), not_before_ms, async || {
                let now_ms = NOW_MS.get();
                times.push(now_ms);
                Ok::<_, ()>((now_ms >= there_ms).then_some(now_ms))
            })
            .await;
        (times, found.unwrap())
    }

    #[tokio::test]
    async fn pauses_grow_and_the_number_of_looks_is_bounded() {
        let never = u64::MAX;
        let (times, found) = looks(3_000, 0, never).await;
        assert_eq!(times, [200, 500, 950, 1_625, 2_625, 3_000]);
        assert_eq!(found, None);
        let (times, _) = looks(MAX_WAIT_S * 1_000, 0, never).await;
        assert_eq!(1 + times.len(), 29, "docs/api.md says what a wait costs");
        assert_eq!(looks(3_000, 0, 900).await, (vec![200, 500, 950], Some(950)));
        // What is due later is looked for then, or not at all.
        assert_eq!(looks(3_000, 2_000, 2_100).await.0, [2_000, 2_300]);
        assert_eq!(looks(3_000, 3_001, never).await, (vec![], None));
        let failed = Waiters::default();
        let place = failed.enter(&Sender::Operator, 0, 1 << 40).unwrap();
        let result = place.wait(runtime(), 0, async || Err::<Option<()>, _>("away"));
        assert_eq!(result.await, Err("away"));
    }

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
