//! The slots in which submissions run, and the bounded queue in front of them.
//!
//! Each caller has a queue of its own, and a free slot goes to the callers in turn:
//! a caller who sends a hundred submissions at once delays another caller's first
//! by one run, not by a hundred. Within a caller's queue, the order is first come,
//! first served. A submission that finds the queue full is rejected at once, because
//! its caller would give up before a slot is free.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

/// All slots are taken and the queue is full.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many submissions are waiting, try again later")]
pub struct QueueFull;

/// The slots and their queue. Clones share them.
#[derive(Debug, Clone)]
pub struct Slots {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    slots: usize,
    max_waiting: usize,
    state: Mutex<SlotState>,
    /// Notified when a slot becomes free and no submission waits for it.
    freed: Notify,
    start: Instant,
}

#[derive(Debug, Default)]
struct SlotState {
    running: usize,
    waiting: usize,
    /// Callers with waiting submissions, the next one to be served first. No queue
    /// is empty.
    callers: VecDeque<(String, VecDeque<Waiter>)>,
    next_id: u64,
}

/// A waiting submission.
#[derive(Debug)]
struct Waiter {
    id: u64,
    /// Since when it waits, here and elsewhere, in milliseconds after the runner's
    /// start; before it below 0.
    since_ms: i64,
    permit: oneshot::Sender<Permit>,
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Slots {
    /// `slots` submissions run at once, and at most `max_waiting` wait.
    pub fn new(slots: usize, max_waiting: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                slots,
                max_waiting,
                state: Mutex::default(),
                freed: Notify::new(),
                start: Instant::now(),
            }),
        }
    }

    /// Waits for a slot, which is held until the permit is dropped. Dropping the
    /// future leaves the queue. While others wait, one caller may fill at most half
    /// of the queue; otherwise it could keep everyone else out.
    ///
    /// `age` is how long the submission has waited elsewhere. Among those of one
    /// caller, the one that has waited longest is the next.
    pub async fn acquire(&self, caller: &str, age: Duration) -> Result<Permit, QueueFull> {
        let (id, permit) = {
            let mut state = self.shared.lock();
            if state.running < self.shared.slots && state.waiting == 0 {
                state.running += 1;
                return Ok(Permit::new(&self.shared));
            }
            {
                let since_ms = millis(self.shared.start.elapsed()).saturating_sub(millis(age));
                state.enqueue(caller, since_ms, self.shared.max_waiting)?
            }
        };
        let _guard = QueueGuard {
            shared: &self.shared,
            id,
        };
        // Until it sends, the sender stays in the queue, from which only the guard
        // removes it.
        permit.await.map_err(|_| QueueFull)
    }

    /// Number of running submissions.
    pub fn running(&self) -> usize {
        self.shared.lock().running
    }

    /// Number of waiting submissions.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting
    }

    /// Waits until no submission runs.
    pub async fn idle(&self) {
        loop {
            let freed = self.shared.freed.notified();
            if self.running() == 0 {
                return;
            }
            freed.await;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotState {
    /// Appends a submission to its caller's queue. Returns its id and the receiver
    /// of its permit.
    fn enqueue(
        &mut self,
        caller: &str,
        since_ms: i64,
        max_waiting: usize,
    ) -> Result<(u64, oneshot::Receiver<Permit>), QueueFull> {
        if self.waiting >= max_waiting {
            return Err(QueueFull);
        }
        if let Some((_, queue)) = self.callers.iter().find(|(name, _)| name == caller)
            && self.callers.len() > 1
            && queue.len() >= max_waiting.div_ceil(2)
        {
            return Err(QueueFull);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.waiting += 1;
        let (sender, permit) = oneshot::channel();
        let waiter = Waiter {
            id,
            since_ms,
            permit: sender,
        };
        match self.callers.iter_mut().find(|(name, _)| name == caller) {
            Some((_, queue)) => {
                let at = queue.partition_point(|other| other.since_ms <= waiter.since_ms);
                queue.insert(at, waiter);
            }
            None => {
                let queue = VecDeque::from([waiter]);
                self.callers.push_back((caller.to_owned(), queue));
            }
        }
        Ok((id, permit))
    }

    /// Takes the next submission to run. Its caller goes to the end of the line.
    fn dequeue(&mut self) -> Option<Waiter> {
        let (caller, mut queue) = self.callers.pop_front()?;
        let waiter = queue.pop_front();
        if !queue.is_empty() {
            self.callers.push_back((caller, queue));
        }
        self.waiting -= 1;
        waiter
    }
}

/// The right to use a slot. Dropping it passes the slot on.
#[derive(Debug)]
pub struct Permit {
    /// `None` if the slot is no longer this permit's to pass on.
    shared: Option<Arc<Shared>>,
}

impl Permit {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Some(Arc::clone(shared)),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else {
            return;
        };
        loop {
            let next = {
                let mut state = shared.lock();
                let next = state.dequeue();
                if next.is_none() {
                    state.running -= 1;
                }
                next
            };
            let Some(waiter) = next else {
                shared.freed.notify_waiters();
                return;
            };
            match waiter.permit.send(Permit::new(&shared)) {
                Ok(()) => return,
                // The submission has just left, so the slot goes to the next one.
                Err(mut unused) => unused.shared = None,
            }
        }
    }
}

/// A submission's place in the queue. Dropping it leaves the queue, if the
/// submission is still in it.
struct QueueGuard<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for QueueGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let state = &mut *state;
        for (_, queue) in &mut state.callers {
            if let Some(index) = queue.iter().position(|waiter| waiter.id == self.id) {
                queue.remove(index);
                state.waiting -= 1;
                break;
            }
        }
        state.callers.retain(|(_, queue)| !queue.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slots_queue_is_bounded_and_leaving_it_makes_room() {
        let slots = Slots::new(1, 1);
        let first = slots.acquire("a", Duration::ZERO).await.unwrap();
        assert_eq!(slots.running(), 1);
        {
            let mut second = std::pin::pin!(slots.acquire("a", Duration::ZERO));
            assert!(poll_once(second.as_mut()).is_none());
            assert_eq!(slots.waiting(), 1);
            assert_eq!(
                slots.acquire("b", Duration::ZERO).await.unwrap_err(),
                QueueFull
            );
        }
        assert_eq!(slots.waiting(), 0, "the second submission has left");
        drop(first);
        drop(slots.acquire("a", Duration::ZERO).await.unwrap());
        slots.idle().await;
        assert_eq!(slots.running(), 0);
    }

    #[tokio::test]
    async fn slots_serve_callers_in_turn() {
        let slots = Slots::new(1, 100);
        let (order, mut served) = tokio::sync::mpsc::unbounded_channel();
        let first = slots.acquire("z", Duration::ZERO).await.unwrap();
        for (caller, times) in [("a", 4), ("b", 2), ("c", 1)] {
            for number in 0..times {
                let (slots, order) = (slots.clone(), order.clone());
                tokio::spawn(async move {
                    let _permit = slots.acquire(caller, Duration::ZERO).await.unwrap();
                    order.send(format!("{caller}{number}")).unwrap();
                });
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(slots.waiting(), 7);
        drop(first);
        let mut names = Vec::new();
        for _ in 0..7 {
            names.push(served.recv().await.unwrap());
        }
        assert_eq!(names, ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]);
        slots.idle().await;
        assert_eq!((slots.running(), slots.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn the_oldest_of_a_caller_is_the_next() {
        let slots = Slots::new(1, 10);
        let running = slots.acquire("a", Duration::ZERO).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for age_s in [0, 100_000, 3, 500] {
            let (slots, order) = (slots.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let age = Duration::from_secs(age_s);
                let _permit = slots.acquire("a", age).await.unwrap();
                order.lock().unwrap().push(age_s);
            }));
            tokio::task::yield_now().await;
        }
        assert_eq!(slots.waiting(), 4);
        drop(running);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [100_000, 500, 3, 0]);
    }

    #[tokio::test]
    async fn slots_keep_room_in_the_queue_for_a_second_caller() {
        let slots = Slots::new(1, 4);
        let _running = slots.acquire("a", Duration::ZERO).await.unwrap();
        let mut others = Vec::new();
        for caller in ["a", "a", "b"] {
            let mut waiting = Box::pin(slots.acquire(caller, Duration::ZERO));
            assert!(poll_once(waiting.as_mut()).is_none());
            others.push(waiting);
        }
        assert_eq!(
            slots.acquire("a", Duration::ZERO).await.unwrap_err(),
            QueueFull
        );
        let mut last = std::pin::pin!(slots.acquire("b", Duration::ZERO));
        assert!(poll_once(last.as_mut()).is_none());
    }

    #[tokio::test]
    async fn slots_pass_on_a_permit_whose_submission_has_left() {
        let slots = Slots::new(1, 4);
        let first = slots.acquire("a", Duration::ZERO).await.unwrap();
        let mut second = Box::pin(slots.acquire("a", Duration::ZERO));
        assert!(poll_once(second.as_mut()).is_none());
        // The permit is on its way when the future is dropped.
        drop(first);
        drop(second);
        slots.idle().await;
        drop(slots.acquire("a", Duration::ZERO).await.unwrap());
    }

    fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
