//! What one job may still use: time, calls, and requests in flight.
//!
//! A drain grants each job that it starts one call and one permit. A job that
//! needs more calls takes them from the invocation's [`CallCounter`], all that it
//! needs at once or none, so that it does not stop half-way; and it makes them
//! side by side only while permits are free.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use shared::memory::{MemoryReservation, Sleep};
use shared::trace::Span;

use super::call_counter::{CallCounter, MAX_REQUESTS_IN_FLIGHT};
use super::congestion::Congestion;
use super::memory::Memory;
use super::semaphore::{Permit, Semaphore};

/// How long a run outside of a drain may wait for an endpoint that is too busy, in
/// milliseconds.
const MAX_WAIT_ALONE_MS: u64 = 15_000;
/// What stays free after the deadline of a job that waits, in milliseconds: for a run
/// that is given more wall time than CPU time.
const WAIT_MARGIN_MS: u64 = 10_000;

/// What a job is started with.
#[derive(Debug)]
pub struct JobGrant {
    /// The invocation's calls. One of them is paid for already.
    pub calls: CallCounter,
    /// The invocation's requests in flight.
    pub in_flight: Rc<Semaphore>,
    /// The job's own permit.
    pub permit: Permit,
    /// The instance's memory.
    pub memory: Memory,
    /// When it must have ended, in milliseconds since 1970: before its lease does.
    pub latest_ms: u64,
    /// Where an endpoint that is too busy is noted.
    pub congestion: Congestion,
}

/// Why calls cannot be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetError {
    /// The job needs this many calls in all. This invocation has not enough
    /// left; a fresh one has.
    Exhausted(u64),
    /// The job needs more calls than any invocation has.
    NeverEnough {
        /// What the job needs.
        needed: u64,
        /// What it could have.
        most: u64,
    },
}

/// What one job may still use.
#[derive(Debug)]
pub struct JobBudget {
    deadline_ms: Cell<u64>,
    latest_ms: u64,
    /// Since when the job waits to be run.
    waits_since_ms: Cell<Option<u64>>,
    /// In whose trace its calls are made.
    span: RefCell<Option<Span>>,
    congestion: Congestion,
    calls: CallCounter,
    in_flight: Rc<Semaphore>,
    /// Guards the job's own permit, which it need not share with other jobs.
    own: Rc<Semaphore>,
    permit: RefCell<Option<Permit>>,
    /// Calls that are paid for and not made.
    paid: Cell<u64>,
    /// Calls that were made.
    made: Cell<u64>,
    memory: Memory,
    /// The memory of responses that are in use.
    responses: RefCell<Vec<MemoryReservation>>,
}

/// Calls that were reserved. Those that are not made go back to the job when this
/// is dropped.
#[derive(Debug)]
pub struct CallReservation<'a> {
    budget: &'a JobBudget,
    left: Cell<u64>,
}

impl JobBudget {
    /// The budget of a job with its grant, until `deadline_ms` (milliseconds
    /// since 1970).
    pub fn new(grant: JobGrant, deadline_ms: u64) -> Self {
        Self {
            deadline_ms: Cell::new(deadline_ms),
            latest_ms: grant.latest_ms,
            waits_since_ms: Cell::default(),
            span: RefCell::default(),
            congestion: grant.congestion,
            calls: grant.calls,
            in_flight: grant.in_flight,
            own: Semaphore::new(1),
            permit: RefCell::new(Some(grant.permit)),
            paid: Cell::new(1),
            made: Cell::new(0),
            memory: grant.memory,
            responses: RefCell::default(),
        }
    }

    /// The budget of a run outside of a drain, which has the invocation for
    /// itself.
    pub fn alone(calls: CallCounter, deadline_ms: u64, memory: Memory) -> Self {
        Self {
            deadline_ms: Cell::new(deadline_ms),
            latest_ms: deadline_ms + MAX_WAIT_ALONE_MS + WAIT_MARGIN_MS,
            waits_since_ms: Cell::default(),
            span: RefCell::default(),
            congestion: Congestion::default(),
            calls,
            in_flight: Semaphore::new(MAX_REQUESTS_IN_FLIGHT - 1),
            own: Semaphore::new(1),
            permit: RefCell::default(),
            paid: Cell::new(0),
            made: Cell::new(0),
            memory,
            responses: RefCell::default(),
        }
    }

    /// A budget for a probe beside the job's own calls, until `deadline_ms` at
    /// most.
    pub fn for_probe(&self, deadline_ms: u64) -> Self {
        Self {
            deadline_ms: Cell::new(self.deadline_ms.get().min(deadline_ms)),
            latest_ms: deadline_ms,
            waits_since_ms: Cell::default(),
            span: RefCell::default(),
            congestion: self.congestion.clone(),
            calls: self.calls.clone(),
            in_flight: Rc::clone(&self.in_flight),
            own: Rc::clone(&self.own),
            permit: RefCell::default(),
            paid: Cell::new(0),
            made: Cell::new(0),
            memory: self.memory.clone(),
            responses: RefCell::default(),
        }
    }

    /// How long the job may still take, in milliseconds.
    pub fn remaining_ms(&self, now_ms: u64) -> u64 {
        self.deadline_ms.get().saturating_sub(now_ms)
    }

    /// Notes in whose trace its calls are made.
    pub fn note_span(&self, span: Option<Span>) {
        self.span.replace(span);
    }

    /// The `traceparent` of its next call.
    pub fn next_traceparent(&self) -> Option<String> {
        self.span.borrow().as_ref().map(Span::next_traceparent)
    }

    /// Notes since when the job waits to be run, in milliseconds since 1970.
    pub fn note_waits_since(&self, ms: u64) {
        self.waits_since_ms.set(Some(ms));
    }

    /// How long the job has waited, in milliseconds.
    pub fn waited_ms(&self, now_ms: u64) -> Option<u64> {
        Some(now_ms.saturating_sub(self.waits_since_ms.get()?))
    }

    /// Gives the job more time: what it waited for an endpoint is not charged.
    pub fn extend(&self, waited_ms: u64) {
        self.deadline_ms.set(self.deadline_ms.get() + waited_ms);
    }

    /// Gives the job time until then, in milliseconds since 1970, if it has less.
    pub fn extend_to(&self, ms: u64) {
        self.deadline_ms.set(self.deadline_ms.get().max(ms));
    }

    /// Keeps some of the job's time for later, when [`Self::extend`] gives it back.
    pub fn hold_back(&self, ms: u64) {
        self.deadline_ms
            .set(self.deadline_ms.get().saturating_sub(ms));
    }

    /// Notes that the endpoint is too busy. Whether the job may go on waiting.
    pub fn may_wait(&self, now_ms: u64) -> bool {
        self.congestion.note(now_ms);
        self.deadline_ms.get() + WAIT_MARGIN_MS < self.latest_ms
    }

    /// Sleeps, and gives the job's own permit back meanwhile, so that other jobs of
    /// the invocation can be run.
    pub async fn pause(&self, ms: u64, sleep: Sleep) {
        let own = self.own.try_acquire();
        let permit = own.as_ref().and_then(|_| self.permit.take());
        let had_one = permit.is_some();
        drop(permit);
        sleep(ms).await;
        if had_one {
            let permit = self.in_flight.acquire().await;
            self.permit.replace(Some(permit));
        }
    }

    /// How long the job may take at the very most, in milliseconds.
    pub fn most_ms(&self, now_ms: u64) -> u64 {
        self.latest_ms.saturating_sub(now_ms)
    }

    /// Reserves `calls`, all or none.
    pub fn reserve(&self, calls: u64) -> Result<CallReservation<'_>, BudgetError> {
        let paid = self.paid.get().min(calls);
        if !self.calls.take(calls - paid) {
            let needed = self.made.get() + calls;
            let most = self.calls.most_for_a_job();
            return Err(if needed > most {
                BudgetError::NeverEnough { needed, most }
            } else {
                BudgetError::Exhausted(needed)
            });
        }
        self.paid.set(self.paid.get() - paid);
        Ok(CallReservation {
            budget: self,
            left: Cell::new(calls),
        })
    }

    /// Takes one call that is not part of a reservation, if it can be spared.
    pub fn take_one(&self) -> bool {
        self.calls.take(1)
    }

    /// How many calls the invocation has left.
    pub fn calls_left(&self) -> u64 {
        self.calls.left()
    }

    /// The instance's memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Keeps the memory of a response reserved until [`Self::release_responses`].
    pub fn hold_response(&self, reservation: MemoryReservation) {
        self.responses.borrow_mut().push(reservation);
    }

    /// Gives the memory of responses back: what they held was taken in.
    pub fn release_responses(&self) {
        self.responses.borrow_mut().clear();
    }

    /// A permit to have a request in flight: the job's own, or a free one.
    pub async fn acquire(&self) -> Permit {
        poll_fn(|context| {
            let permit = self
                .own
                .try_acquire()
                .or_else(|| self.in_flight.try_acquire());
            match permit {
                Some(permit) => Poll::Ready(permit),
                None => {
                    self.own.wake_when_free(context);
                    self.in_flight.wake_when_free(context);
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl CallReservation<'_> {
    /// Notes that a reserved call is made now.
    pub fn make_one(&self) {
        debug_assert!(self.left.get() > 0, "a call that was not reserved");
        self.left.set(self.left.get().saturating_sub(1));
        let made = &self.budget.made;
        made.set(made.get() + 1);
    }

    /// How many calls the job makes in all, if no more are added.
    pub fn calls_of_the_job(&self) -> u64 {
        self.budget.made.get() + self.left.get()
    }

    /// Adds a call to the reservation, if it can be spared.
    pub fn add_one(&self) -> bool {
        let added = self.budget.calls.take(1);
        self.left.set(self.left.get() + u64::from(added));
        added
    }
}

impl Drop for CallReservation<'_> {
    fn drop(&mut self) {
        // Back to the job, not to the invocation: what was paid for a job stays
        // its own until it ends.
        let paid = &self.budget.paid;
        paid.set(paid.get() + self.left.get());
    }
}

impl Drop for JobBudget {
    fn drop(&mut self) {
        self.calls.give_back(self.paid.get());
    }
}
