//! The processes of one run, seen from outside through `/proc`.
//!
//! A run is a session: everything the program forks has the program's pid as
//! its session id. A process that leaves by `setsid` is still known if it was
//! seen while its parent was, or by its environment (`HOME` is unique to the
//! run); one that hides both gets away, and is the sandbox's business.
//!
//! Kernel limits do not do this work: they hold for one process each, and the
//! one that counts processes counts the user's whole, and not at all for root.
//!
//! Without `/proc` (macOS) the sums are zero and only the process group is
//! killed; wall time, output and the kernel's own limits still hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::Limits;
use super::procfs::{Stat, all_pids, has_home, is_process, newest_pid, read_pss, read_stat};
use super::spawn;

/// New pids that are looked at one by one; beyond, the whole of `/proc` is read.
const FEW_PIDS: i32 = 256;
/// How often all of `/proc` is read, should the cheap way have missed something.
const FULL_SCAN_EVERY: Duration = Duration::from_millis(250);
/// How long leftovers are hunted before giving up and saying so.
const KILL_FOR: Duration = Duration::from_secs(5);

/// What a look at the session saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    /// CPU time so far of all its processes, dead ones included.
    pub(super) cpu: Duration,
    /// Resident memory in bytes of all that live.
    pub(super) memory_bytes: u64,
    /// Processes and threads that live.
    pub(super) tasks: u64,
}

/// The processes of one run.
pub(super) struct Session {
    leader: i32,
    home: PathBuf,
    /// When the leader started; nothing of the run is older.
    since: u64,
    known: BTreeMap<i32, Stat>,
    /// CPU of processes that are gone, as last seen.
    gone_ticks: u64,
    /// The newest pid of the machine at the last look.
    newest: i32,
    scanned: Instant,
    ticks_per_second: u64,
    page_bytes: u64,
    cpu: Duration,
}

impl Session {
    /// Of the program with this pid, which has just been started.
    pub(super) fn new(leader: Pid, home: &Path) -> Self {
        let leader = leader.as_raw_nonzero().get();
        let mut known = BTreeMap::new();
        let stat = read_stat(leader);
        known.extend(stat.map(|stat| (leader, stat)));
        Self {
            leader,
            home: home.to_path_buf(),
            since: stat.map_or(0, |stat| stat.started),
            known,
            gone_ticks: 0,
            newest: leader,
            scanned: Instant::now(),
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: u64::try_from(rustix::param::page_size()).unwrap_or(4096),
            cpu: Duration::ZERO,
        }
    }

    /// Looks once. The limits only decide how exactly memory is measured: pages
    /// that several processes share are first counted for each, and only if that
    /// breaks the limit once for all.
    pub(super) fn sample(&mut self, limits: &Limits) -> Sample {
        self.discover(limits.tasks);
        self.refresh();
        let living = self.known.values().filter(|stat| stat.alive());
        let tasks: u64 = living.clone().map(|stat| stat.threads.max(1)).sum();
        let mut memory_bytes: u64 = living
            .map(|stat| stat.resident_pages * self.page_bytes)
            .sum();
        if let Some(limit) = limits.memory_bytes
            && self.known.len() > 1
            // A fork bomb is over anyway, and would take long to measure.
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

    /// Kills the group and everything of the session, again and again until
    /// nothing of it lives. Whether it got there.
    pub(super) fn kill_all(&mut self) -> bool {
        let deadline = Instant::now() + KILL_FOR;
        let mut pause = Duration::from_micros(500);
        loop {
            // One system call that no fork in the group can outrun.
            if let Some(group) = Pid::from_raw(self.leader) {
                spawn::kill_group(group);
            }
            for pid in all_pids() {
                self.consider(pid, true);
            }
            self.refresh();
            let living: Vec<i32> = self
                .known
                .iter()
                .filter(|(_, stat)| stat.alive())
                .map(|(&pid, _)| pid)
                .collect();
            if living.is_empty() {
                return true;
            }
            for pid in living.into_iter().filter_map(Pid::from_raw) {
                spawn::kill(pid);
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    /// Finds new members. Mostly by one read: the machine's newest pid tells
    /// whether anything was started at all, and what to look at.
    /// Stops at more than `enough`, so that a fork bomb is answered at once.
    fn discover(&mut self, enough: u64) {
        let newest = newest_pid();
        let overdue = self.scanned.elapsed() > FULL_SCAN_EVERY;
        match newest {
            Some(newest)
                if !overdue && newest >= self.newest && newest - self.newest <= FEW_PIDS =>
            {
                for pid in self.newest + 1..=newest {
                    self.consider(pid, false);
                }
            }
            _ => {
                for pid in all_pids() {
                    if self.known.len() as u64 > enough {
                        break;
                    }
                    self.consider(pid, false);
                }
                self.scanned = Instant::now();
            }
        }
        self.newest = newest.unwrap_or(self.newest);
    }

    /// Takes the process in if it belongs to the run.
    fn consider(&mut self, pid: i32, by_environment: bool) {
        if self.known.contains_key(&pid) {
            return;
        }
        let Some(stat) = read_stat(pid) else { return };
        if stat.started < self.since || stat.parent == 0 {
            return;
        }
        let belongs = stat.session == self.leader
            || self.known.contains_key(&stat.parent)
            || (by_environment && has_home(pid, &self.home));
        if belongs && is_process(pid) {
            self.known.insert(pid, stat);
        }
    }

    /// Reads every member anew, drops those that are gone, and sums the CPU.
    fn refresh(&mut self) {
        let mut gone_ticks = 0;
        self.known.retain(|&pid, stat| match read_stat(pid) {
            Some(now) if now.started == stat.started => {
                *stat = now;
                true
            }
            _ => {
                gone_ticks += stat.own_ticks;
                false
            }
        });
        self.gone_ticks += gone_ticks;
        // Two counts that each miss something: what was seen of each process
        // (short-lived ones are not seen at all), and what the kernel adds up as
        // parents wait for children (orphans are lost). Neither counts twice, so
        // the larger one is nearer.
        let seen: u64 =
            self.known.values().map(|stat| stat.own_ticks).sum::<u64>() + self.gone_ticks;
        let waited: u64 = self
            .known
            .values()
            .map(|stat| stat.own_ticks + stat.reaped_ticks)
            .sum();
        let ticks = seen.max(waited);
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
            .map(|(&pid, stat)| {
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

/// Kills what an earlier runner left behind: processes whose `HOME` lies in a
/// folder that no runner holds any more.
pub(super) fn kill_by_home(folder: &Path) {
    for _ in 0..50 {
        let mut found = false;
        for pid in all_pids() {
            let alive = read_stat(pid).is_some_and(|stat| stat.alive());
            if alive && has_home(pid, folder) {
                found = true;
                if let Some(pid) = Pid::from_raw(pid) {
                    spawn::kill(pid);
                }
            }
        }
        if !found {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
