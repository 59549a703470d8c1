//! What one invocation, and one job in it, may still use, and what an instance has
//! stored. Pure but for waiting on permits.
//!
//! The platform counts an invocation's calls and limits its time. A drain that
//! runs into either limit loses its jobs' attempts, so it claims only what it
//! can still bring to an end.
//!
//! - [`Budget`]: an invocation's time and calls.
//! - [`CallCounter`]: its calls.
//! - [`Congestion`]: whether an endpoint is too busy.
//! - [`JobBudget`]: one job's time, calls and requests in flight.
//! - [`Semaphore`]: requests in flight.
//! - [`Memory`]: the memory of an instance, shared by its invocations.
//! - [`Stored`]: what an instance has stored, for whom.

mod budget;
mod call_counter;
mod congestion;
mod job_budget;
mod memory;
mod semaphore;
mod stored;

pub use budget::{Budget, MAX_HELD, SETTLE_AFTER_MS, SETTLE_AT};
pub use call_counter::{CallCounter, MAX_REQUESTS_IN_FLIGHT};
pub use congestion::Congestion;
pub use job_budget::{BudgetError, CallReservation, JobBudget, JobGrant};
pub use memory::Memory;
pub use semaphore::{Permit, Semaphore, join_all};
pub use stored::{Stored, Uncounted};
