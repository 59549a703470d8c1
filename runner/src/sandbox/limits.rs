//! The limits of a run, and the decision whether a run has exceeded one.
//!
//! Only numbers: `process_table.rs` measures, the watchdogs stop, and `rlimits.rs`
//! sets the limits that the kernel enforces.

use std::time::Duration;

/// The limits of one program together with every process it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// CPU time, summed over all processes.
    pub cpu: Duration,
    /// Resident memory in bytes, summed over all processes. `None`: no limit.
    pub memory_bytes: Option<u64>,
    /// Size in bytes that the stack of a process may grow to, and the size of a new
    /// thread's stack where its program does not choose one.
    pub stack_bytes: u64,
    /// Bytes captured of standard output.
    pub stdout_bytes: usize,
    /// Bytes captured of standard error.
    pub stderr_bytes: usize,
    /// Processes and threads alive at once.
    pub tasks: u64,
    /// Open files per process.
    pub open_files: u64,
    /// Size in bytes of each written file.
    pub file_bytes: u64,
    /// Bytes of all written files: one budget for the start folder, another for
    /// `TMPDIR`.
    pub disk_bytes: u64,
    /// Number of files and folders, with the same two budgets.
    pub disk_files: u64,
}

/// The limit that ended a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Wall time.
    Wall,
    /// CPU time.
    Cpu,
    /// Memory.
    Memory,
    /// Number of processes and threads.
    Tasks,
    /// Length of standard output.
    Stdout,
    /// Length of standard error.
    Stderr,
    /// Bytes or number of written files.
    Disk,
}

/// What all processes of a run have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Wall time since the program's start; zero where the watchdog checks it by
    /// its own clock.
    pub(super) wall: Duration,
    /// CPU time so far, dead processes included.
    pub(super) cpu: Duration,
    /// Resident memory in bytes of the living processes.
    pub(super) memory_bytes: u64,
    /// Living processes and threads.
    pub(super) tasks: u64,
}

/// Stack of programs without a memory limit, in bytes.
const MAX_STACK_BYTES: u64 = 1 << 30;
/// The least stack, as Linux has it.
const MIN_STACK_BYTES: u64 = 8 << 20;

impl Limits {
    /// The stack that a program with this memory limit gets: nearly all of it, as in
    /// contests. An eighth is left, so that a recursion without end meets the end of its
    /// stack before the memory limit, and ends by a signal that says what happened.
    pub fn stack_within(memory_bytes: Option<u64>) -> u64 {
        memory_bytes.map_or(MAX_STACK_BYTES, |bytes| {
            let left = (bytes / 8).max(MIN_STACK_BYTES);
            bytes
                .saturating_sub(left)
                .clamp(MIN_STACK_BYTES, MAX_STACK_BYTES)
        })
    }

    /// The limit that the usage exceeds, if any. A fork bomb exceeds several; the
    /// number of tasks is reported first, because it is the cause.
    pub(super) fn exceeded_by(&self, usage: &Usage) -> Option<Limit> {
        let over_memory = self
            .memory_bytes
            .is_some_and(|limit| usage.memory_bytes > limit);
        if usage.tasks > self.tasks {
            Some(Limit::Tasks)
        } else if over_memory {
            Some(Limit::Memory)
        } else if usage.cpu > self.cpu {
            Some(Limit::Cpu)
        } else if usage.wall > self.wall {
            Some(Limit::Wall)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_leaves_an_eighth_of_the_memory() {
        for (memory, stack) in [
            (512, 448),
            (256, 224),
            (64, 56),
            (16, 8),
            (1, 8),
            (1 << 20, 1024),
        ] {
            assert_eq!(
                Limits::stack_within(Some(memory << 20)),
                stack << 20,
                "{memory}"
            );
        }
        assert_eq!(Limits::stack_within(None), 1 << 30);
    }

    #[test]
    fn limits_name_the_first_one_exceeded_and_allow_their_own_value() {
        let limits = Limits {
            wall: Duration::from_secs(2),
            cpu: Duration::from_secs(1),
            memory_bytes: Some(100),
            stack_bytes: 0,
            stdout_bytes: 0,
            stderr_bytes: 0,
            tasks: 3,
            open_files: 0,
            file_bytes: 0,
            disk_bytes: 0,
            disk_files: 0,
        };
        let at_the_limit = Usage {
            wall: limits.wall,
            cpu: limits.cpu,
            memory_bytes: 100,
            tasks: 3,
        };
        assert_eq!(limits.exceeded_by(&at_the_limit), None);
        let tick = Duration::from_millis(1);
        let mut usage = at_the_limit;
        usage.wall += tick;
        assert_eq!(limits.exceeded_by(&usage), Some(Limit::Wall));
        usage.cpu += tick;
        assert_eq!(limits.exceeded_by(&usage), Some(Limit::Cpu));
        usage.memory_bytes += 1;
        assert_eq!(limits.exceeded_by(&usage), Some(Limit::Memory));
        usage.tasks += 1;
        assert_eq!(limits.exceeded_by(&usage), Some(Limit::Tasks));
        let unlimited = Limits {
            memory_bytes: None,
            ..limits
        };
        let usage = Usage {
            memory_bytes: u64::MAX,
            ..at_the_limit
        };
        assert_eq!(unlimited.exceeded_by(&usage), None);
    }
}
