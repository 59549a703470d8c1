//! What an instance of the Worker remembers from one invocation to the next:
//! made once in `lib.rs`, handed in, and lost whenever the platform ends the
//! instance. Nothing is wrong when it is empty.

use std::cell::Cell;
use std::rc::Rc;

use shared::queue::Store;
use shared::queue::metrics::PastTotals;
use shared::queue::worker_cache::WorkerCache;
use shared::redis::{Client, CommandCounter};
use shared::remembered::Remembered;
use shared::trace::Span;

use crate::attempt::problem_cache::ProblemCache;
use crate::executor::endpoint_states::EndpointStates;
use crate::limits::{Congestion, Memory, Stored};
use crate::webhook::Receivers;

/// The state of one instance.
#[derive(Debug, Clone, Default)]
pub struct Instance {
    /// What is known of the execution endpoints.
    pub endpoints: Rc<EndpointStates>,
    /// The problems that it holds.
    pub problems: Rc<ProblemCache>,
    /// The memory that its invocations share.
    pub memory: Memory,
    /// Whether an endpoint is too busy.
    pub congestion: Congestion,
    /// What it has stored.
    pub stored: Rc<Stored>,
    /// The receivers of webhooks that gave no answer.
    pub receivers: Rc<Receivers>,
    /// The commands that it, and submit-fn before it, sent to Redis.
    pub commands: CommandCounter,
    /// What it knows of Redis.
    pub known: WorkerCache,
    /// What past hours counted.
    pub past: Rc<PastTotals>,
    /// Whether what it needs can be reached.
    pub readiness: Rc<Remembered<Readiness>>,
    /// Which counter of a key's rate is next.
    pub turns: Rc<Cell<u32>>,
    /// The request or drain that this clone works for.
    pub span: Option<Span>,
}

/// What can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Whether Redis answered.
    pub redis: bool,
    /// Whether at least one endpoint answered.
    pub endpoint: bool,
}

impl Instance {
    /// The store, whose commands are counted.
    pub(crate) fn store(&self, redis: &Client) -> Store {
        let client = redis.clone().counting(&self.commands);
        Store::new(client.within(self.span.clone())).knowing(&self.known)
    }
}
