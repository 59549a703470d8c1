//! How much memory the machine has to spare, for sandboxes that wait (`warm_pool/`).
//!
//! Source: proc_meminfo(5), and the memory controller of cgroup v2, whose limit is the
//! one of the service or of the container. Without either, as on macOS, there is none.

use std::fs;
use std::path::Path;

/// Memory that a waiting sandbox may take, in bytes: Node has 45 MB.
const WAITING_BYTES: u64 = 64 << 20;

/// Whether a sandbox may be started to wait, beside what is to be left.
pub(crate) fn has_room(spare_bytes: u64) -> bool {
    available_bytes().is_some_and(|available| {
        let total = total_bytes().unwrap_or(available);
        // On a small machine, half of it is all that can be left.
        available >= spare_bytes.min(total / 2).saturating_add(WAITING_BYTES)
    })
}

/// How many sandboxes may wait for each command line: two for each slot, at most 8, and so
/// few that those of three command lines take an eighth of the memory.
pub(crate) fn sandboxes_for(slots: usize) -> usize {
    let eighth = total_bytes().unwrap_or(0) / 8;
    let fitting = usize::try_from(eighth / (3 * WAITING_BYTES)).unwrap_or(usize::MAX);
    slots.saturating_mul(2).min(8).min(fitting)
}

fn total_bytes() -> Option<u64> {
    let machine = of_meminfo("MemTotal:")?;
    Some(cgroup().map_or(machine, |(most, _)| machine.min(most)))
}

fn available_bytes() -> Option<u64> {
    let machine = of_meminfo("MemAvailable:")?;
    Some(cgroup().map_or(machine, |(most, used)| {
        machine.min(most.saturating_sub(used))
    }))
}

fn of_meminfo(field: &str) -> Option<u64> {
    kib(&fs::read_to_string("/proc/meminfo").ok()?, field)
}

/// A field of `/proc/meminfo` in bytes.
fn kib(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

/// The limit of the runner's cgroup, and what is used of it, in bytes.
fn cgroup() -> Option<(u64, u64)> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = cgroups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    limit_of(&Path::new("/sys/fs/cgroup").join(path))
}

fn limit_of(folder: &Path) -> Option<(u64, u64)> {
    let number = |file: &str| -> Option<u64> {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        text.trim().parse().ok()
    };
    // "max" is no number: there is no limit.
    let most = number("memory.max")?;
    let used = number("memory.current")?;
    // Pages of files are given back when memory is short.
    let statistics = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let files = statistics
        .lines()
        .find_map(|line| line.strip_prefix("inactive_file "))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    Some((most, used.saturating_sub(files)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_of_the_machine_and_of_the_cgroup() {
        let meminfo = "MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:    512 kB\n";
        assert_eq!(kib(meminfo, "MemTotal:"), Some(2 << 20));
        assert_eq!(kib(meminfo, "MemAvailable:"), Some(512 << 10));
        assert_eq!(kib(meminfo, "SwapTotal:"), None);
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(limit_of(folder.path()), None);
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(limit_of(folder.path()), None);
        write("memory.max", "1000\n");
        assert_eq!(limit_of(folder.path()), Some((1000, 700)));
        write("memory.stat", "anon 5\ninactive_file 300\n");
        assert_eq!(limit_of(folder.path()), Some((1000, 400)));
    }

    #[test]
    fn room_is_what_runs_leave() {
        assert!(has_room(0));
        // Half of the machine at most is left to runs, and tests take less than that.
        assert!(
            has_room(u64::MAX)
                == (available_bytes() >= total_bytes().map(|all| all / 2 + WAITING_BYTES))
        );
        assert!(sandboxes_for(1) <= 2);
        assert!(sandboxes_for(usize::MAX) <= 8);
    }
}
