//! Reads `/proc`: what the kernel reports about processes.
//!
//! Only reading and parsing; which processes belong to a run is decided by
//! `session.rs` and `namespace/process_tree.rs`. A process may end between any two
//! reads, so every function may return nothing. Source of the formats: proc(5).

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
    /// The same of the ended children that it waited for.
    pub(super) waited_ticks: u64,
    pub(super) threads: u64,
    /// Start time in clock ticks since boot. Distinguishes a process from a later
    /// one with the same pid.
    pub(super) started: u64,
    pub(super) resident_pages: u64,
}

impl Stat {
    /// Whether the process has not ended.
    pub(super) fn alive(&self) -> bool {
        // A zombie with threads is a process whose first thread has ended.
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

/// Resident memory of a process in bytes, with each shared page divided among its
/// users (`Pss`).
pub(super) fn read_pss(pid: i32) -> Option<u64> {
    read_kib(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

fn read_kib(path: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The pid that was assigned last, from the fifth field of `/proc/loadavg`.
pub(super) fn newest_pid() -> Option<i32> {
    fs::read_to_string("/proc/loadavg")
        .ok()?
        .split_whitespace()
        .nth(4)?
        .parse()
        .ok()
}

/// Every process that `/proc` lists.
pub(super) fn all_pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Whether the number is a process and not a thread: threads take pids too, and
/// `/proc` has a folder for each, although it does not list them.
pub(super) fn is_process(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| {
        status
            .lines()
            .find_map(|line| line.strip_prefix("Tgid:"))
            .is_some_and(|group| group.trim().parse() == Ok(pid))
    })
}

/// Whether the process was started with a `HOME` below this folder.
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

/// Children of all threads of a process.
#[cfg(target_os = "linux")]
pub(super) fn children_of(pid: i32, threads: u64) -> Vec<i32> {
    let of_thread = |thread: i32| -> Vec<i32> {
        fs::read_to_string(format!("/proc/{pid}/task/{thread}/children"))
            .map(|text| {
                text.split_ascii_whitespace()
                    .filter_map(|word| word.parse().ok())
                    .collect()
            })
            .unwrap_or_default()
    };
    if threads <= 1 {
        return of_thread(pid);
    }
    fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .flat_map(of_thread)
        .collect()
}

/// Reads `/proc/PID/stat`.
pub(super) fn read_stat(pid: i32) -> Option<Stat> {
    let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&bytes))
}

/// Parses the fields of proc_pid_stat(5). The second field is the program's name
/// in parentheses and may hold any bytes, so counting starts after the last
/// parenthesis.
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
        own_ticks: number(14)?.saturating_add(number(15)?),
        waited_ticks: positive(16)?.saturating_add(positive(17)?),
        threads: positive(20)?,
        started: number(22)?,
        resident_pages: positive(24)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn parse_stat_is_not_fooled_by_the_name_of_a_program() {
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
                waited_ticks: 70,
                threads: 3,
                started: 999,
                resident_pages: 77,
            }
        );
    }

    #[test]
    fn stat_of_a_zombie_is_alive_only_with_other_threads() {
        let line = |state, threads| {
            format!(
                "1 (x) {state} 7 42 41 0 -1 0 1 2 3 4 10 20 30 40 20 0 {threads} 0 999 5000 77 0"
            )
        };
        assert!(!parse_stat(&line("Z", 1)).unwrap().alive());
        assert!(parse_stat(&line("Z", 2)).unwrap().alive());
        assert!(
            parse_stat(&line("T", 1)).unwrap().alive(),
            "a stopped process has not ended"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn procfs_finds_this_process() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(all_pids().any(|other| other == pid));
        assert!(is_process(pid));
        assert!(newest_pid().unwrap() > 0);
        assert!(own_memory_bytes() > 100_000);
        assert!(read_pss(pid).unwrap() > 100_000);
    }

    /// A program chooses its name, and so a part of the file.
    #[test]
    fn fuzz_parse_stat_reads_the_fields_after_any_name() {
        let numbers = prop::collection::vec(any::<u32>(), 49);
        let name = prop_oneof![any::<String>(), "[) (0-9A-Z]{0,15}"];
        fuzz(&(name, numbers), |(name, numbers)| {
            // Field 4 of the manual page is the first number.
            let fields: Vec<String> = numbers.iter().map(|n| (n / 2).to_string()).collect();
            let field = |number: usize| u64::from(numbers[number - 4] / 2);
            let line = format!("42 ({name}) R {}", fields.join(" "));
            let stat = parse_stat(&line);
            let expected = Stat {
                state: b'R',
                parent: field(4) as i32,
                session: field(6) as i32,
                own_ticks: field(14) + field(15),
                waited_ticks: field(16) + field(17),
                threads: field(20),
                started: field(22),
                resident_pages: field(24),
            };
            prop_assert_eq!(stat, Some(expected));
            // Without the fields, a name alone is never a process.
            prop_assert_eq!(parse_stat(&format!("42 ({name}) R")), None);
            Ok(())
        });
    }
}
