//! How many may be in at once: a counter with a queue of those who wait.
//!
//! The platform lets one invocation have six requests in flight. Whoever makes
//! one holds a [`Permit`] meanwhile. Single-threaded, as a Worker is.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::LocalBoxFuture;

/// A number of places.
#[derive(Debug)]
pub struct Gate {
    free: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

/// A place, given back when this is dropped.
#[derive(Debug)]
pub struct Permit(Rc<Gate>);

impl Gate {
    /// A gate with so many places.
    pub fn new(places: usize) -> Rc<Self> {
        Rc::new(Self {
            free: Cell::new(places),
            waiting: RefCell::new(Vec::new()),
        })
    }

    /// A place, if one is free now.
    pub fn try_enter(self: &Rc<Self>) -> Option<Permit> {
        self.free.set(self.free.get().checked_sub(1)?);
        Some(Permit(Rc::clone(self)))
    }

    /// A place, as soon as one is free.
    pub async fn enter(self: &Rc<Self>) -> Permit {
        poll_fn(|context| match self.try_enter() {
            Some(permit) => Poll::Ready(permit),
            None => {
                self.wake_when_free(context);
                Poll::Pending
            }
        })
        .await
    }

    /// Has the task polled again when a place becomes free. Nothing is handed
    /// over: whoever is polled first gets it.
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

/// Runs several futures side by side, to the end of all. Each is polled whenever
/// one of them is woken: they are few, and what keeps them apart is heavy.
pub(super) async fn side_by_side(mut all: Vec<LocalBoxFuture<'_, ()>>) {
    poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
