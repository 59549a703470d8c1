//! Finds out whether a failed compilation met a limit of this runner, and says so.
//!
//! A compiler whose assembler is killed for a large file exits with a code like any
//! other and prints a request to report its bug. The message of the stage then names
//! the limit, or its reader would look for a mistake in correct code. The texts are
//! what compilers print when the system refuses them something; a submission can print
//! them too, and deceives nobody but its author. A compiler that was stopped at its time
//! may have printed warnings only, so the message names that limit too. `execute.rs`
//! calls this.

use std::time::Duration;

use crate::sandbox::Limits;
use crate::wire::StageResult;

/// What compilers and linkers print, in lower case.
const FILE_TOO_LARGE: &[&str] = &["file size limit exceeded", "file too large", "sigxfsz"];
const DISK_FULL: &[&str] = &["no space left on device"];
const NO_MEMORY: &[&str] = &[
    "virtual memory exhausted",
    "cannot allocate memory",
    "out of memory allocating",
    "outofmemoryerror",
    "std::bad_alloc",
];

/// Replaces the message of a failed compilation by one that names the limit, if the
/// compiler met one.
pub(crate) fn name_limit(stage: &mut StageResult, limits: &Limits) {
    if let Some(limit) = stage.limit {
        let seconds = |time: Duration| time.as_secs_f64();
        let message = match limit {
            "wall_time" => format!(
                "The compiler took longer than {} s (wall clock), and worked for {:.1} s of them",
                seconds(limits.wall),
                stage.cpu_time as f64 / 1e3
            ),
            "cpu_time" => format!(
                "The compiler took longer than {} s of CPU time",
                seconds(limits.cpu)
            ),
            _ => return,
        };
        stage.message = Some(message);
        return;
    }
    if stage.status.is_none() {
        return;
    }
    let printed = format!("{}\n{}", stage.stderr, stage.stdout).to_lowercase();
    let prints = |texts: &[&str]| texts.iter().any(|text| printed.contains(text));
    let reason = if prints(FILE_TOO_LARGE) || stage.signal == Some("SIGXFSZ") {
        let megabytes = limits.file_bytes as f64 / 1e6;
        format!("a file that it writes may have {megabytes:.1} MB at most, the program too")
    } else if prints(DISK_FULL) {
        let megabytes = limits.disk_bytes as f64 / 1e6;
        format!("its files may have {megabytes:.1} MB at most together")
    } else if let (Some(bytes), true) = (limits.memory_bytes, prints(NO_MEMORY)) {
        format!("it may use {:.1} MB of memory at most", bytes as f64 / 1e6)
    } else {
        return;
    };
    stage.message = Some(format!(
        "The compiler met a limit of this machine, not a mistake in the code: {reason}"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Ending, Limit, Report};

    fn message(ending: Ending, stderr: &str) -> Option<String> {
        let mut report = Report::not_run(ending);
        report.stderr = stderr.into();
        report.cpu = Duration::from_millis(1_260);
        let limits = Limits {
            wall: Duration::from_secs(25),
            cpu: Duration::from_secs(10),
            memory_bytes: Some(1_000_000_000),
            stack_bytes: 0,
            stdout_bytes: 0,
            stderr_bytes: 0,
            tasks: 0,
            open_files: 0,
            file_bytes: 32_000_000,
            disk_bytes: 128_000_000,
            disk_files: 0,
        };
        let mut stage = StageResult::from(report);
        name_limit(&mut stage, &limits);
        stage.message
    }

    #[test]
    fn name_limit_knows_what_compilers_print() {
        let gcc =
            "gcc: internal compiler error: File size limit exceeded signal terminated program as";
        for (ending, stderr, words) in [
            (Ending::Exited(4), gcc, "32.0 MB"),
            (Ending::Signaled(25), "", "32.0 MB"),
            (
                Ending::Exited(1),
                "ld: a.out: No space left on device",
                "128.0 MB",
            ),
            (
                Ending::Exited(1),
                "cc1plus: out of memory allocating 65536 bytes",
                "1000.0 MB",
            ),
        ] {
            let message = message(ending, stderr).unwrap();
            assert!(message.contains("limit of this machine"), "{message}");
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn name_limit_says_in_words_that_a_compiler_took_too_long() {
        let warning = "main.cpp:1:20: warning: unused parameter 'x'";
        for (limit, words) in [
            (Limit::Wall, "25 s (wall clock), and worked for 1.3 s"),
            (Limit::Cpu, "10 s of CPU time"),
        ] {
            let message = message(Ending::Limited(limit), warning).unwrap();
            let expected = format!("The compiler took longer than {words}");
            assert!(message.starts_with(&expected), "{message}");
        }
    }

    #[test]
    fn name_limit_leaves_other_messages_as_they_are() {
        let usual = "Exited with error status 1";
        let error = "main.c:1:1: error: expected ‘;’";
        assert_eq!(message(Ending::Exited(1), error).unwrap(), usual);
        assert_eq!(message(Ending::Exited(0), "file too large"), None);
    }
}
