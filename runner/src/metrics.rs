//! Numbers for `GET /metrics`, in Prometheus' text format. Nothing in them tells
//! of code, input or output.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::wire::Execution;

/// Every status that a run can have; "ok" is none. `wire.rs` has their meaning.
const STATUSES: [&str; 8] = ["ok", "RE", "SG", "TO", "OL", "EL", "ML", "XX"];

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    by_status: [AtomicU64; STATUSES.len()],
    turned_away: AtomicU64,
    cancelled: AtomicU64,
    queue_ms: AtomicU64,
    cpu_ms: AtomicU64,
    wall_ms: AtomicU64,
}

/// What is so at the moment, not counted.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Submissions that run.
    pub running: usize,
    /// Submissions that wait.
    pub waiting: usize,
    /// Bytes of compiled programs that are kept.
    pub artifact_bytes: u64,
}

impl Metrics {
    /// A submission was answered.
    pub fn executed(&self, execution: &Execution) {
        let status = execution.run.status.unwrap_or("ok");
        if let Some(at) = STATUSES.iter().position(|known| *known == status) {
            self.by_status[at].fetch_add(1, Ordering::Relaxed);
        }
        let stages = execution.compile.iter().chain(match &execution.runs {
            Some(runs) => runs.as_slice(),
            None => std::slice::from_ref(&execution.run),
        });
        for stage in stages {
            self.cpu_ms.fetch_add(stage.cpu_time, Ordering::Relaxed);
            self.wall_ms.fetch_add(stage.wall_time, Ordering::Relaxed);
        }
        self.queue_ms
            .fetch_add(execution.queue_time, Ordering::Relaxed);
    }

    /// The queue was full.
    pub fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// The runner is shutting down.
    pub fn cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// The whole page.
    pub fn page(&self, now: Now) -> String {
        let mut page = String::new();
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
        let seconds = |ms: &AtomicU64| ms.load(Ordering::Relaxed) as f64 / 1000.0;
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
        for (name, kind, help, value) in [
            (
                "turned_away_total",
                "counter",
                "Submissions answered 429.",
                count(&self.turned_away),
            ),
            (
                "cancelled_total",
                "counter",
                "Submissions stopped by a shutdown.",
                count(&self.cancelled),
            ),
            (
                "queue_seconds_total",
                "counter",
                "Time spent waiting for a place.",
                seconds(&self.queue_ms),
            ),
            (
                "cpu_seconds_total",
                "counter",
                "CPU time of all stages.",
                seconds(&self.cpu_ms),
            ),
            (
                "wall_seconds_total",
                "counter",
                "Wall time of all stages.",
                seconds(&self.wall_ms),
            ),
            (
                "running",
                "gauge",
                "Submissions that run.",
                now.running as f64,
            ),
            (
                "waiting",
                "gauge",
                "Submissions that wait.",
                now.waiting as f64,
            ),
            (
                "artifact_bytes",
                "gauge",
                "Compiled programs kept.",
                now.artifact_bytes as f64,
            ),
        ] {
            let _ = writeln!(page, "# HELP runner_{name} {help}");
            let _ = writeln!(page, "# TYPE runner_{name} {kind}");
            let _ = writeln!(page, "runner_{name} {value}");
        }
        page
    }
}
