//! What the processes of one run use: their CPU time and their memory.
//!
//! The table sums; which processes belong to the run is found out by `session.rs`
//! (by session and parent) or `namespace/process_tree.rs` (below an init). Source
//! of the numbers: proc(5), read by `procfs.rs`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::limits::{Limits, Usage};
use super::procfs::{Stat, read_pss, read_stat};

/// Interval between two samples.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(10);
/// The first interval. Each next one doubles, so that short programs are measured
/// too and long ones are not disturbed.
const FIRST_INTERVAL: Duration = Duration::from_millis(1);
/// How often memory is measured again before it counts as exceeded.
const MEMORY_ATTEMPTS: usize = 3;

/// When a watchdog takes its next sample.
pub(super) struct SampleSchedule {
    interval: Duration,
    next: Instant,
}

impl SampleSchedule {
    /// The schedule of a run that starts now.
    pub(super) fn new(start: Instant) -> Self {
        Self {
            interval: FIRST_INTERVAL,
            next: start + FIRST_INTERVAL,
        }
    }

    /// The time of the next sample.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether a sample is due.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Schedules the next sample, after one that was complete at `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        self.interval = (self.interval * 2).min(SAMPLE_INTERVAL);
        self.next = now + self.interval;
    }
}

/// The known processes of a run, by pid.
pub(super) struct ProcessTable {
    members: BTreeMap<i32, Stat>,
    /// CPU time of ended processes, as last seen.
    ended_ticks: u64,
    ticks_per_second: u64,
    page_bytes: u64,
    cpu: Duration,
}

impl ProcessTable {
    pub(super) fn new() -> Self {
        Self {
            members: BTreeMap::new(),
            ended_ticks: 0,
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: u64::try_from(rustix::param::page_size()).unwrap_or(4096),
            cpu: Duration::ZERO,
        }
    }

    /// The number of members, zombies included.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn contains(&self, pid: i32) -> bool {
        self.members.contains_key(&pid)
    }

    pub(super) fn insert(&mut self, pid: i32, stat: Stat) {
        self.members.insert(pid, stat);
    }

    /// The members that have not ended.
    pub(super) fn living(&self) -> impl Iterator<Item = (i32, &Stat)> {
        let members = self.members.iter();
        members
            .filter(|(_, stat)| stat.alive())
            .map(|(&pid, stat)| (pid, stat))
    }

    /// Replaces the members by those found now, and remembers the CPU time of
    /// those that have ended since.
    pub(super) fn replace(&mut self, found: BTreeMap<i32, Stat>) {
        for (pid, stat) in &self.members {
            if found.get(pid).is_none_or(|now| now.started != stat.started) {
                self.ended_ticks += stat.own_ticks;
            }
        }
        self.members = found;
    }

    /// Reads every member again and drops those that are gone.
    pub(super) fn refresh(&mut self) {
        let found = self.members.iter().filter_map(|(&pid, stat)| {
            let now = read_stat(pid)?;
            (now.started == stat.started).then_some((pid, now))
        });
        let found = found.collect();
        self.replace(found);
    }

    /// Sums the members' usage. `waited_ticks` is CPU time of ended children whose
    /// parent is not a member.
    ///
    /// The limits decide how exactly memory is measured: shared pages first count
    /// once per process, and only if that exceeds the limit, once for all.
    pub(super) fn usage(&mut self, limits: &Limits, waited_ticks: u64) -> Usage {
        let tasks: u64 = self.living().map(|(_, stat)| stat.threads.max(1)).sum();
        let mut memory_bytes: u64 = self
            .living()
            .map(|(_, stat)| stat.resident_pages * self.page_bytes)
            .sum();
        if let Some(limit) = limits.memory_bytes
            && self.len() > 1
            // A fork bomb is stopped anyway, and would take long to measure.
            && tasks <= limits.tasks
        {
            // The processes are read one after the other. A process that ends
            // meanwhile passes its share on to those still to be read, and the sum
            // is too high. So only a result that repeats counts.
            for _ in 0..MEMORY_ATTEMPTS {
                if memory_bytes > limit {
                    memory_bytes = memory_bytes.min(self.proportional_memory());
                }
            }
        }
        self.sum_cpu(waited_ticks);
        Usage {
            wall: Duration::ZERO,
            cpu: self.cpu,
            memory_bytes,
            tasks,
        }
    }

    /// CPU time at the last sample.
    pub(super) fn cpu(&self) -> Duration {
        self.cpu
    }

    /// Updates the CPU time from two counts that each miss something. The first
    /// adds up what was seen of each process and misses short-lived ones. The
    /// second adds up what parents waited for and misses orphans. Neither counts
    /// anything twice, so the larger one is nearer.
    pub(super) fn sum_cpu(&mut self, waited_ticks: u64) {
        let own: u64 = self.members.values().map(|stat| stat.own_ticks).sum();
        let waited: u64 = self.members.values().map(|stat| stat.waited_ticks).sum();
        let ticks = (own + self.ended_ticks).max(own + waited + waited_ticks);
        let cpu = Duration::from_millis(ticks.saturating_mul(1000) / self.ticks_per_second);
        self.cpu = self.cpu.max(cpu);
    }

    /// Memory in bytes with each shared page divided among its users. Slower to
    /// read than resident memory.
    ///
    /// A process that ends while the others are read passes its share on to them,
    /// so it is left out of the sum, which is then never too high.
    fn proportional_memory(&self) -> u64 {
        let read: Vec<_> = self
            .living()
            .map(|(pid, stat)| {
                let resident = stat.resident_pages * self.page_bytes;
                (pid, stat.started, read_pss(pid).unwrap_or(resident))
            })
            .collect();
        let is_still_there = |pid, started| {
            // A process loses its memory before it ends, and then shows none.
            read_stat(pid)
                .is_some_and(|now| now.alive() && now.started == started && now.resident_pages > 0)
        };
        read.into_iter()
            .filter(|&(pid, started, _)| is_still_there(pid, started))
            .map(|(_, _, bytes)| bytes)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(started: u64, own_ticks: u64, waited_ticks: u64) -> Stat {
        Stat {
            state: b'R',
            parent: 1,
            session: 1,
            own_ticks,
            waited_ticks,
            threads: 1,
            started,
            resident_pages: 0,
        }
    }

    #[test]
    fn process_table_remembers_cpu_time_of_ended_processes_once() {
        let mut table = ProcessTable::new();
        table.ticks_per_second = 1000;
        table.insert(7, stat(1, 30, 0));
        table.insert(8, stat(1, 5, 0));
        table.sum_cpu(0);
        assert_eq!(table.cpu(), Duration::from_millis(35));
        // Pid 7 was given to another process: the first one has ended.
        table.replace(BTreeMap::from([(7, stat(2, 1, 0)), (8, stat(1, 6, 0))]));
        table.sum_cpu(0);
        assert_eq!(table.cpu(), Duration::from_millis(30 + 1 + 6));
        // A parent waited for more than was ever seen.
        table.replace(BTreeMap::from([(8, stat(1, 6, 100))]));
        table.sum_cpu(50);
        assert_eq!(table.cpu(), Duration::from_millis(6 + 100 + 50));
        table.replace(BTreeMap::new());
        table.sum_cpu(0);
        assert_eq!(table.cpu(), Duration::from_millis(156), "never less");
    }

    #[test]
    fn sample_schedule_doubles_its_interval_up_to_the_longest() {
        let start = Instant::now();
        let mut schedule = SampleSchedule::new(start);
        let mut times_ms = Vec::new();
        for _ in 0..7 {
            let due = schedule.next();
            assert!(!schedule.is_due(due - Duration::from_micros(1)));
            assert!(schedule.is_due(due));
            times_ms.push((due - start).as_millis());
            schedule.advance(due);
        }
        assert_eq!(times_ms, [1, 3, 7, 15, 25, 35, 45]);
    }
}
