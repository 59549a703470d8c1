//! The few places where submissions run, and the bounded queue before them.
//!
//! Each caller has a queue of its own, and a place that becomes free goes to the
//! callers in turn: one who sends a hundred submissions at once delays another
//! one's first by one run, not by a hundred. Within a caller's queue it is first
//! come, first served. Whoever finds the queue full is told so at once: waiting
//! there longer than the caller would is of use to nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

/// All slots are taken and the queue is full.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many submissions are waiting, try again later")]
pub struct Full;

/// Places to run in. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Slots {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    places: usize,
    max_waiting: usize,
    state: Mutex<State>,
    /// Told whenever a place becomes free for good.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    waiting: usize,
    /// Callers who wait, the next one to be served first. None of them is empty.
    callers: VecDeque<(String, VecDeque<Waiter>)>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    place: oneshot::Sender<Permit>,
}

impl Slots {
    /// So many places, and so many who may wait for one.
    pub fn new(places: usize, max_waiting: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                places,
                max_waiting,
                state: Mutex::default(),
                freed: Notify::new(),
            }),
        }
    }

    /// Waits for a place, held until the permit is dropped. Dropping the future
    /// leaves the queue. A caller may hold at most half of a full queue's seats
    /// while others wait, or one could keep everybody else out.
    pub async fn enter(&self, caller: &str) -> Result<Permit, Full> {
        let (id, place) = {
            let mut state = self.shared.lock();
            if state.running < self.shared.places && state.waiting == 0 {
                state.running += 1;
                return Ok(Permit::new(&self.shared));
            }
            if state.waiting >= self.shared.max_waiting {
                return Err(Full);
            }
            if let Some((_, queue)) = state.callers.iter().find(|(name, _)| name == caller)
                && state.callers.len() > 1
                && queue.len() >= self.shared.max_waiting.div_ceil(2)
            {
                return Err(Full);
            }
            let id = state.next_id;
            state.next_id += 1;
            state.waiting += 1;
            let (sender, place) = oneshot::channel();
            let waiter = Waiter { id, place: sender };
            match state.callers.iter_mut().find(|(name, _)| name == caller) {
                Some((_, queue)) => queue.push_back(waiter),
                None => {
                    let queue = VecDeque::from([waiter]);
                    state.callers.push_back((caller.to_owned(), queue));
                }
            }
            (id, place)
        };
        let _seat = Seat {
            shared: &self.shared,
            id,
        };
        // The sender is dropped only together with its seat.
        place.await.map_err(|_| Full)
    }

    /// How many are running.
    pub fn running(&self) -> usize {
        self.shared.lock().running
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting
    }

    /// Waits until nothing runs.
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
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next one to be served; their caller goes to the end of the line.
    fn next(&mut self) -> Option<Waiter> {
        let (caller, mut queue) = self.callers.pop_front()?;
        let waiter = queue.pop_front();
        if !queue.is_empty() {
            self.callers.push_back((caller, queue));
        }
        self.waiting -= 1;
        waiter
    }
}

/// A place. Dropping it hands it on.
#[derive(Debug)]
pub struct Permit {
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
                let next = state.next();
                if next.is_none() {
                    state.running -= 1;
                }
                next
            };
            let Some(waiter) = next else {
                shared.freed.notify_waiters();
                return;
            };
            match waiter.place.send(Permit::new(&shared)) {
                Ok(()) => return,
                // Gone in this very moment: the place is still ours to give.
                Err(mut unwanted) => unwanted.shared = None,
            }
        }
    }
}

/// One who waits. Dropping it leaves the queue, if it is still in it.
struct Seat<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let state = &mut *state;
        for (_, queue) in &mut state.callers {
            if let Some(at) = queue.iter().position(|waiter| waiter.id == self.id) {
                queue.remove(at);
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
    async fn the_queue_is_bounded_and_leaving_it_makes_room() {
        let slots = Slots::new(1, 1);
        let first = slots.enter("a").await.unwrap();
        assert_eq!(slots.running(), 1);
        {
            let mut second = std::pin::pin!(slots.enter("a"));
            assert!(poll_once(second.as_mut()).is_none());
            assert_eq!(slots.waiting(), 1);
            assert_eq!(slots.enter("b").await.unwrap_err(), Full);
        }
        assert_eq!(slots.waiting(), 0, "the second one has left");
        drop(first);
        drop(slots.enter("a").await.unwrap());
        slots.idle().await;
        assert_eq!(slots.running(), 0);
    }

    #[tokio::test]
    async fn callers_are_served_in_turn() {
        let slots = Slots::new(1, 100);
        let (order, mut served) = tokio::sync::mpsc::unbounded_channel();
        let first = slots.enter("z").await.unwrap();
        for (caller, times) in [("a", 4), ("b", 2), ("c", 1)] {
            for number in 0..times {
                let (slots, order) = (slots.clone(), order.clone());
                tokio::spawn(async move {
                    let _permit = slots.enter(caller).await.unwrap();
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
    async fn one_caller_cannot_take_every_seat_from_another() {
        let slots = Slots::new(1, 4);
        let _running = slots.enter("a").await.unwrap();
        let mut others = Vec::new();
        for caller in ["a", "a", "b"] {
            let mut waiting = Box::pin(slots.enter(caller));
            assert!(poll_once(waiting.as_mut()).is_none());
            others.push(waiting);
        }
        assert_eq!(slots.enter("a").await.unwrap_err(), Full);
        let mut last = std::pin::pin!(slots.enter("b"));
        assert!(poll_once(last.as_mut()).is_none());
    }

    #[tokio::test]
    async fn a_place_given_to_one_who_left_is_not_lost() {
        let slots = Slots::new(1, 4);
        let first = slots.enter("a").await.unwrap();
        let mut second = Box::pin(slots.enter("a"));
        assert!(poll_once(second.as_mut()).is_none());
        // The place is on its way when the future is dropped.
        drop(first);
        drop(second);
        slots.idle().await;
        drop(slots.enter("a").await.unwrap());
    }

    fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
