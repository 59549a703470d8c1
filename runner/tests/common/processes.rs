//! The processes and folders of a runner's submissions, found in `/proc` and on the
//! disk.

use std::path::Path;

/// A living process.
struct Process {
    pid: i32,
    parent: i32,
    command: Vec<u8>,
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn living() -> impl Iterator<Item = Process> {
    pids().filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // pid (name) state parent …; the name may hold any characters.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (!matches!(state, "Z" | "X")).then_some(Process {
            pid,
            parent,
            command,
        })
    })
}

/// The processes of one runner, by the label of its helpers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RunProcesses {
    /// Helpers, and inits with namespaces.
    pub helpers: Vec<i32>,
    /// Every process below them.
    pub programs: Vec<i32>,
}

impl RunProcesses {
    /// The processes that live now.
    pub fn of(label: &Path) -> Self {
        let label = label.canonicalize().unwrap_or_else(|_| label.to_path_buf());
        let label = label.to_str().unwrap().as_bytes();
        let (mut helpers, mut others) = (Vec::new(), Vec::new());
        for process in living() {
            let mut arguments = process.command.split(|&byte| byte == 0);
            if arguments.next() == Some(b"edgejudge-sandbox") && arguments.next() == Some(label) {
                helpers.push(process.pid);
            } else {
                others.push(process);
            }
        }
        let mut programs: Vec<i32> = Vec::new();
        loop {
            let found: Vec<i32> = others
                .iter()
                .filter(|Process { pid, parent, .. }| {
                    (helpers.contains(parent) || programs.contains(parent))
                        && !programs.contains(pid)
                })
                .map(|process| process.pid)
                .collect();
            if found.is_empty() {
                return Self { helpers, programs };
            }
            programs.extend(found);
        }
    }

    /// Whether no process is left.
    pub fn is_empty(&self) -> bool {
        self.helpers.is_empty() && self.programs.is_empty()
    }
}

/// Whether a process is stopped by a signal.
pub fn is_stopped(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
    state == Some("T")
}

/// The programs of a runner's submissions that live, by the label of its helpers.
pub fn programs_of(label: &Path) -> Vec<i32> {
    RunProcesses::of(label).programs
}

/// Living processes whose `HOME` lies below the folder.
pub fn processes_with_home_below(folder: &Path) -> Vec<i32> {
    let folder = folder.canonicalize().unwrap();
    let has_home = |pid: &i32| {
        // A zombie's environment is empty, so only living processes are found.
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|variable| {
            variable.strip_prefix(b"HOME=").is_some_and(|home| {
                Path::new(std::str::from_utf8(home).unwrap()).starts_with(&folder)
            })
        })
    };
    pids().filter(has_home).collect()
}

/// Number of runs' folders that are left below a work folder.
pub fn run_folders_below(work: &Path) -> usize {
    std::fs::read_dir(work)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|runner| std::fs::read_dir(runner.path()).ok())
        .map(Iterator::count)
        .sum()
}
