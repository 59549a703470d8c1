//! A counting semaphore for one thread, as a Worker has only one.
//!
//! The platform lets one invocation have six requests in flight. A request's
//! sender holds a [`Permit`] meanwhile.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::LocalBoxFuture;

/// A number of permits, some of which are taken.
#[derive(Debug)]
pub struct Semaphore {
    free: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

/// A permit, given back when it is dropped.
#[derive(Debug)]
pub struct Permit(Rc<Semaphore>);

impl Semaphore {
    /// A semaphore with this many permits.
    pub fn new(permits: usize) -> Rc<Self> {
        Rc::new(Self {
            free: Cell::new(permits),
            waiting: RefCell::new(Vec::new()),
        })
    }

    /// A permit, if one is free now.
    pub fn try_acquire(self: &Rc<Self>) -> Option<Permit> {
        self.free.set(self.free.get().checked_sub(1)?);
        Some(Permit(Rc::clone(self)))
    }

    /// How many permits are free now.
    pub fn free(&self) -> usize {
        self.free.get()
    }

    /// A permit, as soon as one is free.
    pub async fn acquire(self: &Rc<Self>) -> Permit {
        poll_fn(|context| match self.try_acquire() {
            Some(permit) => Poll::Ready(permit),
            None => {
                self.wake_when_free(context);
                Poll::Pending
            }
        })
        .await
    }

    /// Wakes the task when a permit becomes free. It is not handed over: the
    /// task that is polled first gets it.
    pub(super) fn wake_when_free(&self, context: &Context<'_>) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get() + 1);
        for waker in self.0.waiting.take() {
            waker.wake();
        }
    }
}

/// Runs several futures to the end of all. Each is polled whenever one of them
/// is woken: at most eight, so `FuturesUnordered`'s 3 KB of wasm for another
/// type of future would gain nothing.
pub async fn join_all(mut futures: Vec<LocalBoxFuture<'_, ()>>) {
    poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_permit_is_handed_on_when_it_is_dropped() {
        let semaphore = Semaphore::new(1);
        let permit = semaphore.try_acquire().unwrap();
        assert!(semaphore.try_acquire().is_none());
        let waits = semaphore.acquire();
        let gives = async {
            tokio::task::yield_now().await;
            drop(permit);
        };
        let (second, ()) = futures_util::future::join(waits, gives).await;
        assert!(semaphore.try_acquire().is_none());
        drop(second);
        assert!(semaphore.try_acquire().is_some());
    }
}
