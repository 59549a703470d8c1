//! The processes of one run, found from outside: the descendants of its init.
//!
//! No process leaves a pid namespace, and orphans become children of the init. So
//! a walk down from the init finds every process of the run and no other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::sandbox::limits::{Limits, Usage};
use crate::sandbox::process_table::ProcessTable;
use crate::sandbox::procfs::{children_of, read_stat};

/// The descendants of one init.
pub(super) struct ProcessTree {
    init: i32,
    /// Start time of the init, to distinguish it from a later process with its pid.
    init_started: u64,
    members: ProcessTable,
}

impl ProcessTree {
    /// The tree below this init, which is alive.
    pub(super) fn new(init: i32) -> Self {
        Self {
            init,
            init_started: read_stat(init).map_or(0, |stat| stat.started),
            members: ProcessTable::new(),
        }
    }

    /// Finds all descendants and sums their usage.
    pub(super) fn sample(&mut self, limits: &Limits) -> Usage {
        let Some(init) = read_stat(self.init).filter(|stat| stat.started == self.init_started)
        else {
            return Usage {
                cpu: self.members.cpu(),
                ..Usage::default()
            };
        };
        let mut found = BTreeMap::new();
        let mut parents = vec![(self.init, init.threads)];
        while let Some((parent, threads)) = parents.pop() {
            for child in children_of(parent, threads) {
                if let Some(stat) = read_stat(child) {
                    parents.push((child, stat.threads));
                    found.insert(child, stat);
                }
            }
            // A fork bomb exceeds the limit already; the rest need not be counted.
            if found.len() as u64 > limits.tasks.saturating_mul(2) {
                break;
            }
        }
        self.members.replace(found);
        self.members.usage(limits, init.waited_ticks)
    }

    /// Whether every process of the last sample is still there and stopped. A process that
    /// is being killed is no longer stopped, even if it has not had the time to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.members.len() > 0
            && self.members.living().all(|(pid, stat)| {
                read_stat(pid).is_some_and(|now| now.started == stat.started && now.state == b'T')
            })
    }

    /// CPU time at the last sample.
    pub(super) fn cpu(&self) -> Duration {
        self.members.cpu()
    }
}
