//! Every secret that the Workers may have, and which Worker needs it.

use crate::project::Worker;

/// A secret that a Worker may have.
#[derive(Debug)]
pub(super) struct KnownSecret {
    /// Its variable.
    pub(super) name: &'static str,
    /// The Workers that need it; where there are two, with the same value.
    pub(super) workers: &'static [Worker],
    /// Whether it must not stand in `wrangler.toml`.
    pub(super) is_confidential: bool,
    pub(super) kind: Kind,
}

impl KnownSecret {
    /// Whether its value is ours to make up.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Ours | Kind::OursUnlessKeys)
    }
}

/// What becomes of a secret that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody else's; without it nothing works.
    Required,
    /// Our own; made up where it is missing.
    Ours,
    /// The same, unless another secret or a variable does.
    OursUnlessKeys,
    /// One of `EXECUTOR_URL` and `EXECUTORS`.
    Endpoint,
    Optional,
}

const BOTH: &[Worker] = &[Worker::WorkerFn, Worker::SubmitFn];
const WORKER: &[Worker] = &[Worker::WorkerFn];

/// Every secret there is.
pub(super) const SECRETS: [KnownSecret; 9] = [
    known("UPSTASH_REDIS_REST_URL", BOTH, false, Kind::Required),
    known("UPSTASH_REDIS_REST_TOKEN", BOTH, true, Kind::Required),
    known("TICKET_SECRET", BOTH, true, Kind::Ours),
    known("ADMIN_TOKEN", BOTH, true, Kind::OursUnlessKeys),
    known("API_KEYS", BOTH, true, Kind::Optional),
    known("WEBHOOK_SECRET", BOTH, true, Kind::Optional),
    known("EXECUTOR_URL", WORKER, false, Kind::Endpoint),
    known("EXECUTORS", WORKER, true, Kind::Endpoint),
    known("EXECUTOR_TOKEN", WORKER, true, Kind::Optional),
];

const fn known(
    name: &'static str,
    workers: &'static [Worker],
    is_confidential: bool,
    kind: Kind,
) -> KnownSecret {
    KnownSecret {
        name,
        workers,
        is_confidential,
        kind,
    }
}
