//! The metrics of `GET /metrics`, in Prometheus' text format.
//!
//! `api.rs` counts and renders. No metric contains code, input or output.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::warm_pool::WarmStatus;
use crate::wire::ExecuteResponse;

/// Every status that a run can have, as explained in `wire.rs`. "ok" stands for none.
const STATUSES: [&str; 8] = ["ok", "RE", "SG", "TO", "OL", "EL", "ML", "XX"];

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    by_status: [AtomicU64; STATUSES.len()],
    rejected: AtomicU64,
    cancelled: AtomicU64,
    unavailable: AtomicU64,
    queue_ms: AtomicU64,
    cpu_ms: AtomicU64,
    wall_ms: AtomicU64,
}

/// Values that are measured when the page is rendered.
#[derive(Debug, Clone, Copy)]
pub struct Gauges {
    /// Running submissions.
    pub running: usize,
    /// Waiting submissions.
    pub waiting: usize,
    /// Bytes in the cache of compiled programs.
    pub artifact_bytes: u64,
    /// Sandboxes that wait for their code.
    pub warm: WarmStatus,
}

impl Metrics {
    /// Counts an executed submission and the time of its stages.
    pub fn executed(&self, response: &ExecuteResponse) {
        let deciding = response.deciding_stage();
        let status = deciding.and_then(|stage| stage.status).unwrap_or("ok");
        if let Some(index) = STATUSES.iter().position(|known| *known == status) {
            self.by_status[index].fetch_add(1, Ordering::Relaxed);
        }
        let stages = response.compile.iter().chain(match &response.runs {
            Some(runs) => runs.as_slice(),
            None => response.run.as_slice(),
        });
        for stage in stages {
            self.cpu_ms.fetch_add(stage.cpu_time, Ordering::Relaxed);
            self.wall_ms.fetch_add(stage.wall_time, Ordering::Relaxed);
        }
        self.queue_ms
            .fetch_add(response.queue_time, Ordering::Relaxed);
    }

    /// Counts a submission that found the queue full.
    pub fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a submission that a shutdown stopped.
    pub fn cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a submission that the machine could not run.
    pub fn unavailable(&self) {
        self.unavailable.fetch_add(1, Ordering::Relaxed);
    }

    /// The page in Prometheus' text format.
    pub fn render(&self, gauges: Gauges) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let name = "runner_executions_total";
        let _ = writeln!(
            page,
            "# HELP {name} Submissions answered, by the run's status."
        );
        let _ = writeln!(page, "# TYPE {name} counter");
        for (status, count) in STATUSES.iter().zip(&self.by_status) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(page, "{name}{{status=\"{status}\"}} {count}");
        }
        for (name, help, value) in self.counters() {
            write_metric(&mut page, "counter", name, help, value);
        }
        for (name, help, value) in [
            (
                "warm_hits_total",
                "Runs by an interpreter that waited.",
                gauges.warm.hits,
            ),
            (
                "warm_misses_total",
                "Runs for which no interpreter waited.",
                gauges.warm.misses,
            ),
            (
                "warm_started_total",
                "Interpreters started to wait.",
                gauges.warm.started,
            ),
            (
                "warm_failed_total",
                "Interpreters that could not be started to wait, or died.",
                gauges.warm.failed,
            ),
        ] {
            write_metric(&mut page, "counter", name, help, value as f64);
        }
        for (name, help, value) in [
            ("running", "Running submissions.", gauges.running as f64),
            ("waiting", "Waiting submissions.", gauges.waiting as f64),
            (
                "artifact_bytes",
                "Bytes in the cache of compiled programs.",
                gauges.artifact_bytes as f64,
            ),
            (
                "warm_waiting",
                "Interpreters that wait for code.",
                gauges.warm.waiting as f64,
            ),
            (
                "warm_memory_bytes",
                "Resident memory of the interpreters that wait for code.",
                gauges.warm.memory_bytes as f64,
            ),
        ] {
            write_metric(&mut page, "gauge", name, help, value);
        }
        page
    }

    /// Name without prefix, help, and value of every counter without labels.
    fn counters(&self) -> [(&'static str, &'static str, f64); 6] {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let seconds = |milliseconds: &AtomicU64| count(milliseconds) / 1000.0;
        [
            (
                "turned_away_total",
                "Submissions answered 429.",
                count(&self.rejected),
            ),
            (
                "cancelled_total",
                "Submissions stopped by a shutdown.",
                count(&self.cancelled),
            ),
            (
                "unavailable_total",
                "Submissions that could not be started for want of resources.",
                count(&self.unavailable),
            ),
            (
                "queue_seconds_total",
                "Time spent waiting for a slot.",
                seconds(&self.queue_ms),
            ),
            (
                "cpu_seconds_total",
                "CPU time of all stages.",
                seconds(&self.cpu_ms),
            ),
            (
                "wall_seconds_total",
                "Wall time of all stages.",
                seconds(&self.wall_ms),
            ),
        ]
    }
}

fn write_metric(page: &mut String, kind: &str, name: &str, help: &str, value: f64) {
    let _ = writeln!(page, "# HELP runner_{name} {help}");
    let _ = writeln!(page, "# TYPE runner_{name} {kind}");
    let _ = writeln!(page, "runner_{name} {value}");
}
