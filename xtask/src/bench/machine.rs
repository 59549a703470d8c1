//! What the figures depend on besides the code: the machine and its load. And
//! how much processor time a process has used.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project;

/// The machine, for readers of the figures elsewhere.
pub(super) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("processor unknown", |(_, model)| model);
    format!("{cores} cores for everything ({model})")
}

/// The version of workerd.
pub(super) fn workerd() -> Result<String> {
    let workerd = Command::new(project::npm_bin("workerd"))
        .arg("--version")
        .env("PATH", project::path_with_npm())
        .output()
        .context("workerd cannot be started")?;
    Ok(String::from_utf8_lossy(&workerd.stdout).trim().to_owned())
}

/// The load average of the last minute. Above the number of cores, other
/// programs disturb the measurement.
pub(super) fn load_average() -> String {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The processor time in ms that the threads of a process have used so far, from
/// the scheduler's nanoseconds: ticks of 10 ms say nothing about a slice of 50.
/// Only Linux has them. A thread that ended takes its time along, but workerd
/// keeps its threads.
pub(super) fn cpu_ms(process: u32) -> Option<f64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let mut sum_ns = 0;
    for thread in threads {
        // A thread may end while this reads.
        if let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) {
            sum_ns += text.split(' ').next()?.parse::<u64>().ok()?;
        }
    }
    Some(sum_ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    #[cfg(target_os = "linux")]
    fn processor_time_is_that_of_all_threads_and_finer_than_a_tick() {
        let me = std::process::id();
        let before = cpu_ms(me).unwrap();
        let (done, spun) = std::sync::mpsc::channel();
        let (read, end) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(20) {}
            done.send(()).unwrap();
            end.recv().ok();
        });
        spun.recv().unwrap();
        let after = cpu_ms(me).unwrap();
        drop(read);
        thread.join().unwrap();
        assert!(after > before, "{before} to {after}");
        assert_ne!(after.fract(), 0.0, "{after} ms are whole ticks");
    }
}
