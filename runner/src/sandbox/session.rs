//! The processes of one run without a pid namespace, seen through `/proc`.
//!
//! A run is a session: every process that the program forks has the program's pid
//! as its session id. A process that leaves the session is still a member if it
//! was seen while its parent was, or by its environment (`HOME` is unique to the
//! run). A process that hides both escapes; only a sandbox prevents that.
//!
//! Kernel limits cannot replace this: they apply to one process each, and
//! `RLIMIT_NPROC` counts all processes of the user, except for root.
//!
//! Without `/proc` (macOS) the sums are zero and only the process group is
//! killed; wall time, output and the kernel's own limits still hold.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::limits::{Limits, Usage};
use super::process_table::ProcessTable;
use super::procfs::{all_pids, has_home, is_process, newest_pid, read_stat};
use super::spawn;

/// Up to this many new pids are looked up one by one; for more, all of `/proc` is
/// read.
const MAX_SINGLE_LOOKUPS: i32 = 256;
/// How often all of `/proc` is read, in case the cheap way missed a process.
const FULL_SCAN_INTERVAL: Duration = Duration::from_millis(250);
/// How long [`Session::kill_all`] tries.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
/// How often [`kill_by_home`] looks for survivors.
const KILL_BY_HOME_ATTEMPTS: usize = 50;

/// The processes of one run.
pub(super) struct Session {
    leader: i32,
    home: PathBuf,
    /// Start time of the leader; no process of the run is older.
    leader_started: u64,
    members: ProcessTable,
    /// The machine's newest pid at the last sample.
    newest: i32,
    last_full_scan: Instant,
}

impl Session {
    /// The session of the program with this pid, which has just been started.
    pub(super) fn new(leader: Pid, home: &Path) -> Self {
        let leader = leader.as_raw_nonzero().get();
        let mut members = ProcessTable::new();
        let stat = read_stat(leader);
        if let Some(stat) = stat {
            members.insert(leader, stat);
        }
        Self {
            leader,
            home: home.to_path_buf(),
            leader_started: stat.map_or(0, |stat| stat.started),
            members,
            newest: leader,
            last_full_scan: Instant::now(),
        }
    }

    /// Finds new members and sums the usage of all of them.
    pub(super) fn sample(&mut self, limits: &Limits) -> Usage {
        self.discover(limits.tasks);
        self.members.refresh();
        self.members.usage(limits, 0)
    }

    /// CPU time at the last sample.
    pub(super) fn cpu(&self) -> Duration {
        self.members.cpu()
    }

    /// Kills the process group and every member, again and again until none
    /// lives. Returns whether that succeeded.
    pub(super) fn kill_all(&mut self) -> bool {
        let deadline = Instant::now() + KILL_TIMEOUT;
        let mut pause = Duration::from_micros(500);
        loop {
            // One system call for the whole group, which no fork can outrun.
            if let Some(group) = Pid::from_raw(self.leader) {
                spawn::kill_group(group);
            }
            for pid in all_pids() {
                self.add_if_member(pid, true);
            }
            self.members.refresh();
            self.members.sum_cpu(0);
            let living: Vec<i32> = self.members.living().map(|(pid, _)| pid).collect();
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

    /// Finds new members, mostly by one read: the machine's newest pid shows
    /// whether any process was started, and which pids to look up. Stops after
    /// `max_members`, so that a fork bomb is noticed at once.
    fn discover(&mut self, max_members: u64) {
        let newest = newest_pid();
        let is_scan_due = self.last_full_scan.elapsed() > FULL_SCAN_INTERVAL;
        match newest {
            Some(newest)
                if !is_scan_due
                    && newest >= self.newest
                    && newest - self.newest <= MAX_SINGLE_LOOKUPS =>
            {
                for pid in self.newest + 1..=newest {
                    self.add_if_member(pid, false);
                }
            }
            _ => {
                for pid in all_pids() {
                    if self.members.len() as u64 > max_members {
                        break;
                    }
                    self.add_if_member(pid, false);
                }
                self.last_full_scan = Instant::now();
            }
        }
        self.newest = newest.unwrap_or(self.newest);
    }

    /// Adds the process if it belongs to the run. Its environment is read only if
    /// `by_environment`, because that is slow.
    fn add_if_member(&mut self, pid: i32, by_environment: bool) {
        if self.members.contains(pid) {
            return;
        }
        let Some(stat) = read_stat(pid) else { return };
        if stat.started < self.leader_started || stat.parent == 0 {
            return;
        }
        let is_member = stat.session == self.leader
            || self.members.contains(stat.parent)
            || (by_environment && has_home(pid, &self.home));
        if is_member && is_process(pid) {
            self.members.insert(pid, stat);
        }
    }
}

/// Kills the processes whose `HOME` lies below the folder: those of an earlier
/// runner that was killed, or of a helper that was.
pub(super) fn kill_by_home(folder: &Path) {
    for _ in 0..KILL_BY_HOME_ATTEMPTS {
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
