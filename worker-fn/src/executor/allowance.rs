//! What one job may still use: time, calls, and places in flight.
//!
//! A drain gives each job that it starts a [`Share`]: one call that is paid for
//! and one place among the requests in flight. A job that needs more calls takes
//! them from the invocation's [`Meter`], all that it needs at once or none, so
//! that it does not stop half-way; and it makes them side by side only where
//! places are free.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::ExecutorError;
use super::gate::{Gate, Permit};
use crate::budget::{MAX_IN_FLIGHT, Meter};

/// What a job is started with.
#[derive(Debug)]
pub struct Share {
    /// The invocation's calls. One of them is paid for already.
    pub meter: Meter,
    /// The invocation's places in flight.
    pub gate: Rc<Gate>,
    /// The job's own one.
    pub place: Permit,
}

/// What one job may still use.
#[derive(Debug)]
pub struct Allowance {
    deadline_ms: u64,
    meter: Meter,
    gate: Rc<Gate>,
    /// The job's own place, which it need not share.
    own: Rc<Gate>,
    _place: Option<Permit>,
    /// Calls that are paid for and not made.
    paid: Cell<u64>,
    /// Calls that were made.
    made: Cell<u64>,
}

/// Calls that were taken; those that are not made go back when this is dropped.
#[derive(Debug)]
pub(super) struct Calls<'a> {
    allowance: &'a Allowance,
    left: Cell<u64>,
}

impl Allowance {
    /// For a job with its share, until `deadline_ms` (milliseconds since 1970).
    pub fn new(share: Share, deadline_ms: u64) -> Self {
        Self {
            deadline_ms,
            meter: share.meter,
            gate: share.gate,
            own: Gate::new(1),
            _place: Some(share.place),
            paid: Cell::new(1),
            made: Cell::new(0),
        }
    }

    /// For whoever works outside of a drain and has `meter` to himself.
    pub fn by_itself(meter: Meter, deadline_ms: u64) -> Self {
        Self {
            deadline_ms,
            meter,
            gate: Gate::new(MAX_IN_FLIGHT - 1),
            own: Gate::new(1),
            _place: None,
            paid: Cell::new(0),
            made: Cell::new(0),
        }
    }

    /// How long it may still take, in milliseconds.
    pub fn remaining_ms(&self, now_ms: u64) -> u64 {
        self.deadline_ms.saturating_sub(now_ms)
    }

    /// Takes `calls`, all or none. `cases` and `way` are for the error text.
    ///
    /// Errors: [`ExecutorError::Crowded`] when a fresh invocation would have
    /// them, [`ExecutorError::Refused`] when none would.
    pub(super) fn take(
        &self,
        calls: u64,
        cases: usize,
        way: &str,
    ) -> Result<Calls<'_>, ExecutorError> {
        let paid = self.paid.get().min(calls);
        if !self.meter.take(calls - paid) {
            let needed = self.made.get() + calls;
            let most = self.meter.most_for_a_job();
            return Err(if needed > most {
                ExecutorError::Refused(format!(
                    "The execution endpoint takes {way}, so {cases} cases need {needed} calls. \
                     With SUBREQUEST_BUDGET as it is, {most} can be made for one job."
                ))
            } else {
                ExecutorError::Crowded(needed)
            });
        }
        self.paid.set(self.paid.get() - paid);
        Ok(Calls {
            allowance: self,
            left: Cell::new(calls),
        })
    }

    /// Pays for a call beside those of the job, if it can be spared.
    pub(super) fn pay_for_another(&self) -> bool {
        self.meter.take(1)
    }

    /// A place in flight: the job's own one, or else a free one.
    pub(super) async fn enter(&self) -> Permit {
        poll_fn(
            |context| match self.own.try_enter().or_else(|| self.gate.try_enter()) {
                Some(permit) => Poll::Ready(permit),
                None => {
                    self.own.wake_when_free(context);
                    self.gate.wake_when_free(context);
                    Poll::Pending
                }
            },
        )
        .await
    }
}

impl Calls<'_> {
    /// Notes that one is made now. More than were taken are not there to make.
    pub(super) fn make_one(&self) {
        debug_assert!(self.left.get() > 0, "a call that nobody took");
        self.left.set(self.left.get().saturating_sub(1));
        let made = &self.allowance.made;
        made.set(made.get() + 1);
    }

    /// Adds one if it can be spared.
    pub(super) fn add_one(&self) -> bool {
        let added = self.allowance.meter.take(1);
        self.left.set(self.left.get() + u64::from(added));
        added
    }
}

impl Drop for Calls<'_> {
    fn drop(&mut self) {
        // To the job, not to the meter: what was paid for it stays its own until
        // it ends.
        let paid = &self.allowance.paid;
        paid.set(paid.get() + self.left.get());
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        self.meter.give_back(self.paid.get());
    }
}
