//! The processes of one run, seen from outside: the descendants of its init.
//!
//! Nothing leaves a pid namespace, and orphans become the init's children, so
//! walking down from the init finds everything, without a look at anybody else.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::sandbox::Limits;
use crate::sandbox::procfs::{Stat, read_pss, read_stat};

/// What a look saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    /// CPU time so far of all its processes, dead ones included.
    pub(super) cpu: Duration,
    /// Resident memory in bytes of all that live.
    pub(super) memory_bytes: u64,
    /// Processes and threads that live.
    pub(super) tasks: u64,
}

/// The descendants of one init.
pub(super) struct Tree {
    init: i32,
    /// When it started: tells it from a later process of its pid.
    started: u64,
    known: BTreeMap<(i32, u64), Stat>,
    /// CPU of processes that are gone, as last seen.
    gone_ticks: u64,
    ticks_per_second: u64,
    page_bytes: u64,
    cpu: Duration,
}

impl Tree {
    /// Below this init, which lives.
    pub(super) fn new(init: i32) -> Self {
        Self {
            init,
            started: read_stat(init).map_or(0, |stat| stat.started),
            known: BTreeMap::new(),
            gone_ticks: 0,
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: u64::try_from(rustix::param::page_size()).unwrap_or(4096),
            cpu: Duration::ZERO,
        }
    }

    /// Looks once. Pages that several processes share are first counted for each,
    /// and only if that breaks the limit once for all.
    pub(super) fn sample(&mut self, limits: &Limits) -> Sample {
        let Some(init) = read_stat(self.init).filter(|stat| stat.started == self.started) else {
            return Sample {
                cpu: self.cpu,
                ..Sample::default()
            };
        };
        let mut found = BTreeMap::new();
        let mut parents = vec![(self.init, init.threads)];
        while let Some((parent, threads)) = parents.pop() {
            for child in children_of(parent, threads) {
                if let Some(stat) = read_stat(child) {
                    parents.push((child, stat.threads));
                    found.insert((child, stat.started), stat);
                }
            }
            // A bomb is over the limit anyway; no need to count all of it.
            if found.len() as u64 > limits.tasks.saturating_mul(2) {
                break;
            }
        }
        for (key, stat) in &self.known {
            if !found.contains_key(key) {
                self.gone_ticks += stat.own_ticks;
            }
        }
        self.known = found;
        let living = self.known.values().filter(|stat| stat.alive());
        let tasks: u64 = living.clone().map(|stat| stat.threads.max(1)).sum();
        let mut memory_bytes: u64 = living
            .map(|stat| stat.resident_pages * self.page_bytes)
            .sum();
        if let Some(limit) = limits.memory_bytes
            && self.known.len() > 1
            && tasks <= limits.tasks
        {
            // The processes are read one after the other. One that ends between
            // passes its share on to those still to be read, and then too much
            // is counted: so only what is found again is believed.
            for _ in 0..3 {
                if memory_bytes > limit {
                    memory_bytes = memory_bytes.min(self.shared_out_memory());
                }
            }
        }
        self.sum_cpu(init.reaped_ticks);
        Sample {
            cpu: self.cpu,
            memory_bytes,
            tasks,
        }
    }

    /// CPU time by the last look.
    pub(super) fn cpu(&self) -> Duration {
        self.cpu
    }

    /// Two counts that each miss something: what was seen of each process (short
    /// ones are not seen at all), and what the kernel adds up as parents wait
    /// (children nobody waits for are lost). Neither counts twice, so the larger
    /// one is nearer.
    fn sum_cpu(&mut self, reaped_by_init: u64) {
        let own: u64 = self.known.values().map(|stat| stat.own_ticks).sum();
        let waited: u64 = self.known.values().map(|stat| stat.reaped_ticks).sum();
        let ticks = (own + self.gone_ticks).max(own + waited + reaped_by_init);
        let cpu = Duration::from_millis(ticks.saturating_mul(1000) / self.ticks_per_second);
        self.cpu = self.cpu.max(cpu);
    }

    /// Memory with shared pages shared out, in bytes; slower to read.
    ///
    /// One that ends while the others are read passes its share on to them, so it
    /// is left out of the sum: what remains is never more than there is.
    fn shared_out_memory(&self) -> u64 {
        let read: Vec<_> = self
            .known
            .iter()
            .filter(|(_, stat)| stat.alive())
            .map(|(&(pid, _), stat)| {
                let resident = stat.resident_pages * self.page_bytes;
                (pid, stat.started, read_pss(pid).unwrap_or(resident))
            })
            .collect();
        let remains = |pid, started| {
            // Memory goes before the process does, and shows as none then.
            read_stat(pid)
                .is_some_and(|now| now.alive() && now.started == started && now.resident_pages > 0)
        };
        read.into_iter()
            .filter(|&(pid, started, _)| remains(pid, started))
            .map(|(_, _, bytes)| bytes)
            .sum()
    }
}

/// Children of all of a process's threads.
pub(super) fn children_of(pid: i32, threads: u64) -> Vec<i32> {
    let of = |thread: i32| -> Vec<i32> {
        fs::read_to_string(format!("/proc/{pid}/task/{thread}/children"))
            .map(|text| {
                text.split_ascii_whitespace()
                    .filter_map(|word| word.parse().ok())
                    .collect()
            })
            .unwrap_or_default()
    };
    if threads <= 1 {
        return of(pid);
    }
    fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .flat_map(of)
        .collect()
}
