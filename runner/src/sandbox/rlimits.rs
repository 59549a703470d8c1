//! The limits that the kernel enforces on each process by itself.
//!
//! They are the second line behind the watchdogs, which sum over processes. Both
//! `spawn.rs` and `namespace/program.rs` set them between fork and exec, so
//! nothing here allocates.

use std::io;

#[cfg(target_os = "linux")]
use rustix::process::Pid;
use rustix::process::{Resource, Rlimit};
use serde::{Deserialize, Serialize};

use super::limits::Limits;

/// Bytes that a process may allocate beyond twice the memory limit.
const DATA_HEADROOM_BYTES: u64 = 512 * 1024 * 1024;

/// The limits of one process.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct ProcessLimits {
    /// CPU time in seconds.
    pub(super) cpu_s: u64,
    /// Size in bytes of each written file.
    pub(super) file_bytes: u64,
    /// Open files.
    pub(super) open_files: u64,
    /// Bytes of the stack.
    pub(super) stack_bytes: u64,
    /// Bytes of private writable memory. `None`: no limit.
    pub(super) data_bytes: Option<u64>,
}

impl From<&Limits> for ProcessLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            // Loose as well: the kernel counts this limit by ticks, and a program that it
            // ends looks like one that has sent the signal to itself.
            cpu_s: limits.cpu.as_secs().saturating_mul(2).saturating_add(2),
            file_bytes: limits.file_bytes,
            open_files: limits.open_files,
            stack_bytes: limits.stack_bytes,
            // Loose on purpose: a runtime reserves more than it uses, and the
            // watchdog decides about memory. Every thread reserves a stack, and Node
            // hangs where it cannot.
            data_bytes: limits.memory_bytes.map(|bytes| {
                let stacks = limits.stack_bytes.saturating_mul(limits.tasks);
                let data = bytes.saturating_mul(2).saturating_add(DATA_HEADROOM_BYTES);
                data.saturating_add(stacks)
            }),
        }
    }
}

impl ProcessLimits {
    /// Sets the limits on this process and those it starts.
    pub(super) fn apply(&self) -> io::Result<()> {
        let (soft, hard) = cpu_limit(self.cpu_s);
        lower(Resource::Cpu, soft, hard)?;
        lower(Resource::Fsize, self.file_bytes, self.file_bytes)?;
        lower(Resource::Nofile, self.open_files, self.open_files)?;
        lower(Resource::Core, 0, 0)?;
        // The hard limit stays: compilers raise the soft one for themselves.
        lower(Resource::Stack, self.stack_bytes, u64::MAX)?;
        if let Some(bytes) = self.data_bytes {
            lower(Resource::Data, bytes, bytes)?;
        }
        Ok(())
    }
}

/// The soft and the hard limit of CPU time, in seconds: SIGXCPU comes at the soft one,
/// SIGKILL at the hard one.
pub(super) fn cpu_limit(cpu_s: u64) -> (u64, u64) {
    (cpu_s, cpu_s.saturating_add(1))
}

/// Sets a limit of this process, but never above the runner's own.
pub(super) fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    Ok(rustix::process::setrlimit(
        resource,
        lowered(resource, soft, hard),
    )?)
}

/// The same for another process of the user.
#[cfg(target_os = "linux")]
pub(super) fn lower_of(
    process: Option<Pid>,
    resource: Resource,
    soft: u64,
    hard: u64,
) -> io::Result<()> {
    rustix::process::prlimit(process, resource, lowered(resource, soft, hard))?;
    Ok(())
}

fn lowered(resource: Resource, soft: u64, hard: u64) -> Rlimit {
    let inherited = rustix::process::getrlimit(resource)
        .maximum
        .unwrap_or(u64::MAX);
    let hard = hard.min(inherited);
    let limit = |value| (value != u64::MAX).then_some(value);
    Rlimit {
        current: limit(soft.min(hard)),
        maximum: limit(hard),
    }
}
