//! What the figures depend on besides the code: the machine and its load.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project;

/// One sentence about the machine, for readers of the figures elsewhere.
pub(super) fn description() -> Result<String> {
    let workerd = Command::new(project::npm_bin("workerd"))
        .arg("--version")
        .env("PATH", project::path_with_npm())
        .output()
        .context("workerd cannot be started")?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    Ok(format!(
        "Ran on {cores} cores for everything, {}; Workers as deployed, redis-rest a release \
         build, client and stub a {} build.",
        String::from_utf8_lossy(&workerd.stdout).trim(),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    ))
}

/// The load average of the last minute. Above the number of cores, other
/// programs disturb the measurement.
pub(super) fn load_average() -> String {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The processor time that a process has used so far. From Linux's `/proc`;
/// other systems have none.
pub(super) fn cpu_ms(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything. Behind it, user and system
    // time are the twelfth and thirteenth field.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let ticks = times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?;
    Some(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}
