//! Reading `/proc`: what the kernel tells of processes.
//!
//! Only reading and parsing; which processes matter is `session.rs`'s business.
//! A process may end between any two reads, so everything here may answer
//! nothing. Source of the formats: proc(5).

use std::fs;
use std::path::Path;

use rustix::process::Pid;

/// A process as its `stat` file shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) state: u8,
    pub(super) parent: i32,
    pub(super) session: i32,
    /// User and system time of its own, in clock ticks.
    pub(super) own_ticks: u64,
    /// The same of the children it waited for.
    pub(super) reaped_ticks: u64,
    pub(super) threads: u64,
    /// In clock ticks since boot. Tells a process from a later one of its pid.
    pub(super) started: u64,
    pub(super) resident_pages: u64,
}

impl Stat {
    /// Whether it still runs.
    pub(super) fn alive(&self) -> bool {
        // A zombie with threads is one whose first thread has ended.
        !matches!(self.state, b'Z' | b'X') || self.threads > 1
    }
}

/// The resident memory of the runner itself, in bytes.
pub(super) fn own_memory_bytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    pages * u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

/// The peak resident memory of a living process, in bytes.
pub(super) fn peak_memory_bytes(pid: Pid) -> Option<u64> {
    read_kib(&format!("/proc/{}/status", pid.as_raw_nonzero()), "VmHWM:")
}

pub(super) fn read_pss(pid: i32) -> Option<u64> {
    read_kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

fn read_kib(path: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The pid that was given last, from the fifth field of `/proc/loadavg`.
pub(super) fn newest_pid() -> Option<i32> {
    fs::read_to_string("/proc/loadavg")
        .ok()?
        .split_whitespace()
        .nth(4)?
        .parse()
        .ok()
}

pub(super) fn all_pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Threads take pids too, and `/proc` answers for them when asked by number.
pub(super) fn is_process(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| {
        status
            .lines()
            .find_map(|line| line.strip_prefix("Tgid:"))
            .is_some_and(|group| group.trim().parse() == Ok(pid))
    })
}

/// Whether the process was started with a `HOME` in this folder.
pub(super) fn has_home(pid: i32, folder: &Path) -> bool {
    let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    environ.split(|&byte| byte == 0).any(|variable| {
        variable
            .strip_prefix(b"HOME=")
            .and_then(|home| std::str::from_utf8(home).ok())
            .is_some_and(|home| Path::new(home).starts_with(folder))
    })
}

pub(super) fn read_stat(pid: i32) -> Option<Stat> {
    let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&bytes))
}

/// Reads the fields of proc_pid_stat(5). The second one is the program's name in
/// parentheses and may hold anything, so counting starts behind the last one.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // `rest` begins with field 3 of the manual page.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let signed = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let positive = |field: usize| Some(u64::try_from(signed(field)?).unwrap_or(0));
    Some(Stat {
        state: *fields.first()?.as_bytes().first()?,
        parent: i32::try_from(signed(4)?).ok()?,
        session: i32::try_from(signed(6)?).ok()?,
        own_ticks: number(14)? + number(15)?,
        reaped_ticks: positive(16)? + positive(17)?,
        threads: positive(20)?,
        started: number(22)?,
        resident_pages: positive(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_cannot_forge_fields() {
        let line =
            "42 (a) Z 1 1 (b) S 7 42 41 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 3 0 999 5000 77 0";
        let stat = parse_stat(line).unwrap();
        assert_eq!(
            stat,
            Stat {
                state: b'S',
                parent: 7,
                session: 41,
                own_ticks: 30,
                reaped_ticks: 70,
                threads: 3,
                started: 999,
                resident_pages: 77,
            }
        );
    }

    #[test]
    fn a_zombie_is_dead_unless_threads_of_it_live() {
        let line = |state, threads| {
            format!(
                "1 (x) {state} 7 42 41 0 -1 0 1 2 3 4 10 20 30 40 20 0 {threads} 0 999 5000 77 0"
            )
        };
        assert!(!parse_stat(&line("Z", 1)).unwrap().alive());
        assert!(parse_stat(&line("Z", 2)).unwrap().alive());
        assert!(
            parse_stat(&line("T", 1)).unwrap().alive(),
            "a stopped process lives"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_found() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(all_pids().any(|other| other == pid));
        assert!(is_process(pid));
        assert!(newest_pid().unwrap() > 0);
        assert!(own_memory_bytes() > 100_000);
        assert!(read_pss(pid).unwrap() > 100_000);
    }
}
