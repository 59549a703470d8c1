//! A finding that is asked for by anybody and costs something: it is found out once
//! for all who ask within a short time, and remembered for a moment.

use std::cell::{Cell, RefCell};

use crate::memory::Sleep;

/// How long others wait for the one who is finding out, in milliseconds: longer than
/// that takes. After that it counts as lost, for the platform may end a request.
const MAX_FINDING_MS: u64 = 12_000;
/// How often they look, in milliseconds.
const LOOK_MS: u64 = 50;

/// What was found out last.
#[derive(Debug)]
pub struct Remembered<T> {
    since_ms: Cell<u64>,
    is_finding: Cell<bool>,
    found: RefCell<Option<T>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            since_ms: Cell::default(),
            is_finding: Cell::default(),
            found: RefCell::default(),
        }
    }
}

impl<T: Clone> Remembered<T> {
    /// What was found out less than `fresh_ms` of it ago, or what `find` finds out now.
    pub async fn get(
        &self,
        fresh_ms: fn(&T) -> u64,
        now_ms: fn() -> u64,
        sleep: Sleep,
        find: impl Future<Output = T>,
    ) -> T {
        loop {
            let age_ms = now_ms().saturating_sub(self.since_ms.get());
            if self.is_finding.get() && age_ms < MAX_FINDING_MS {
                sleep(LOOK_MS).await;
                continue;
            }
            let found = self.found.borrow().clone();
            match found {
                Some(found) if !self.is_finding.get() && age_ms < fresh_ms(&found) => return found,
                _ => break,
            }
        }
        self.since_ms.set(now_ms());
        self.is_finding.set(true);
        let found = find.await;
        self.found.replace(Some(found.clone()));
        self.since_ms.set(now_ms());
        self.is_finding.set(false);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static NOW_MS: Cell<u64> = const { Cell::new(1_000_000) };
    }

    fn now_ms() -> u64 {
        NOW_MS.get()
    }

    /// A pause in which time passes, and others go on.
    fn sleep(ms: u64) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
        NOW_MS.set(now_ms() + ms);
        Box::pin(tokio::task::yield_now())
    }

    #[tokio::test]
    async fn all_who_ask_at_once_and_soon_after_get_one_finding() {
        let (remembered, asked) = (Remembered::default(), Cell::new(0));
        let get = || {
            remembered.get(|_| 2_000, now_ms, sleep, async {
                sleep(500).await;
                asked.set(asked.get() + 1);
                asked.get()
            })
        };
        let all = futures_util::future::join_all((0..100).map(|_| get())).await;
        assert_eq!((all, asked.get()), (vec![1; 100], 1));
        NOW_MS.set(now_ms() + 1_999);
        assert_eq!(get().await, 1);
        NOW_MS.set(now_ms() + 1);
        assert_eq!(get().await, 2);
    }

    #[tokio::test]
    async fn one_who_never_finishes_does_not_stop_the_others_for_ever() {
        let remembered = Remembered::default();
        let lost = remembered.get(|_| 2_000, now_ms, sleep, std::future::pending::<u32>());
        assert_eq!(futures_util::FutureExt::now_or_never(lost), None);
        let begun_ms = now_ms();
        let next = remembered.get(|_| 2_000, now_ms, sleep, async { 7 }).await;
        assert_eq!(next, 7);
        assert!(now_ms() - begun_ms >= MAX_FINDING_MS);
    }
}
