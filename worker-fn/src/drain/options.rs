//! What a drain is to do.

/// What a drain is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainOptions {
    /// How many jobs to complete; dead letters do not count.
    pub wanted: usize,
    /// How long it may take, in milliseconds.
    pub time_ms: u64,
    /// Whether to go on until a claim finds no job in any lane. Otherwise a claim
    /// that drains its lane ends the drain, which saves the last claim; a
    /// submission to another lane wakes a drain of its own.
    pub all_lanes: bool,
    /// Whether to wait for endpoints to recover and for retries to fall due, and
    /// to store results without returning them.
    pub background: bool,
    /// Whether another drain or the cron started it, and others beside it. It leaves
    /// starting more until those have claimed.
    pub by_drain: bool,
}
