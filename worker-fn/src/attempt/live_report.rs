//! Tells viewers of a watched job how far it is, while it runs.
//!
//! A quick job writes nothing, and a long one seldom: after 1.5 s, and then only
//! what is new, with pauses that grow from 1 s to 5 s. A job of 10 s costs at most
//! five commands and as many calls. Calls of the reserve are never used, a failed
//! write is not repeated, and nothing waits for one: a job's end does not depend on
//! who looks on.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use shared::domain::live_progress::{LiveProgress, MAX_LIVE_CASES};
use shared::domain::verdict::Verdict;
use shared::redis::RedisError;

use crate::limits::{CallCounter, Semaphore};
use crate::runtime::Runtime;

/// How long a job has run before anything is written, in milliseconds. A job that
/// ends before costs nothing for being watched.
const QUIET_MS: u64 = 1_500;
/// The pause after the first write, in milliseconds. Each later one is half as long
/// again.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;
/// When a write is tried again for which no request in flight was free, in
/// milliseconds.
const RETRY_MS: u64 = 200;

/// How far a watched job is.
#[derive(Debug)]
pub struct LiveReport {
    progress: RefCell<LiveProgress>,
    is_new: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl LiveReport {
    /// The report of a job that begins.
    pub fn new(started_at_ms: u64, total: Option<usize>) -> Self {
        let progress = LiveProgress {
            started_at_ms,
            total,
            cases: Vec::new(),
        };
        Self {
            progress: RefCell::new(progress),
            is_new: Cell::new(true),
            waker: RefCell::default(),
        }
    }

    /// Notes the verdicts so far.
    pub fn note(&self, mut cases: Vec<Verdict>) {
        cases.truncate(MAX_LIVE_CASES);
        if self.progress.borrow().cases.len() < cases.len() {
            self.progress.borrow_mut().cases = cases;
            self.is_new.set(true);
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
    }

    /// Writes what is new, until it is dropped. Each write is a call of the
    /// invocation.
    pub async fn write(
        &self,
        runtime: Runtime,
        calls: &CallCounter,
        in_flight: &Rc<Semaphore>,
        write: impl AsyncFn(LiveProgress) -> Result<(), RedisError>,
    ) -> Infallible {
        // Most runs are over with no news; then no timer was needed.
        let began_ms = (runtime.now_ms)();
        self.wait_for_news().await;
        let since_ms = (runtime.now_ms)().saturating_sub(began_ms);
        if since_ms < QUIET_MS {
            (runtime.sleep)(QUIET_MS - since_ms).await;
        }
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            self.wait_for_news().await;
            let Some(permit) = in_flight.try_acquire() else {
                (runtime.sleep)(RETRY_MS).await;
                continue;
            };
            if !calls.take(1) {
                return pending().await;
            }
            self.is_new.set(false);
            let progress = self.progress.borrow().clone();
            // Viewers see the next one, or the result.
            let _ = write(progress).await;
            drop(permit);
            (runtime.sleep)(pause_ms).await;
            pause_ms = (pause_ms * 3 / 2).min(LONGEST_PAUSE_MS);
        }
    }

    async fn wait_for_news(&self) {
        poll_fn(|context| {
            if self.is_new.get() {
                return Poll::Ready(());
            }
            self.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::{Either, select};
    use std::pin::pin;

    thread_local! {
        static NOW_MS: Cell<u64> = const { Cell::new(0) };
    }

    fn runtime() -> Runtime {
        Runtime {
            now_ms: || NOW_MS.get(),
            random: || [0; 10],
            sleep: |ms| {
                NOW_MS.set(NOW_MS.get() + ms);
                Box::pin(tokio::task::yield_now())
            },
            log: |_| {},
            fetch: |_, _| Box::pin(std::future::ready(Err("none".into()))),
        }
    }

    /// When a job of this long writes, which has one more verdict every second, and
    /// how many verdicts; and how many calls are left.
    async fn writes(job_ms: u64, calls: u64, permits: usize) -> (Vec<(u64, usize)>, u64) {
        NOW_MS.set(0);
        let report = LiveReport::new(0, Some(60));
        let calls = CallCounter::new(calls);
        let in_flight = Semaphore::new(permits);
        let written = RefCell::new(Vec::new());
        let job = async {
            while NOW_MS.get() < job_ms {
                let seconds = usize::try_from(NOW_MS.get() / 1_000).unwrap();
                report.note(vec![Verdict::Accepted; seconds]);
                tokio::task::yield_now().await;
                // Time goes on also where nobody writes.
                if in_flight.free() == 0 || calls.left() <= 6 {
                    NOW_MS.set(NOW_MS.get() + 100);
                }
            }
        };
        let write = async |progress: LiveProgress| {
            written
                .borrow_mut()
                .push((NOW_MS.get(), progress.cases.len()));
            Err(RedisError::Unexpected("ignored".into()))
        };
        let writing = report.write(runtime(), &calls, &in_flight, write);
        match select(pin!(job), pin!(writing)).await {
            Either::Left(_) => {}
            Either::Right((never, _)) => match never {},
        }
        (written.into_inner(), calls.left())
    }

    #[tokio::test]
    async fn a_quick_job_writes_nothing_and_a_long_one_seldom() {
        assert_eq!(writes(1_500, 45, 6).await.0.len(), 0);
        let (written, left) = writes(10_000, 45, 6).await;
        let times: Vec<u64> = written.iter().map(|one| one.0).collect();
        assert_eq!(times, [1_500, 2_500, 4_000, 6_250, 9_625]);
        assert!(
            written.is_sorted_by(|one, next| one.1 < next.1),
            "{written:?}"
        );
        assert_eq!(left, 40);
    }

    #[tokio::test]
    async fn the_reserve_and_others_requests_are_left_alone() {
        assert_eq!(writes(10_000, 8, 6).await.1, 6, "the reserve");
        assert_eq!(writes(10_000, 45, 0).await, (Vec::new(), 45));
    }
}
