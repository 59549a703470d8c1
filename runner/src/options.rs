//! Flags and environment variables, as typed.
//!
//! Every flag has an environment variable; the flag wins. `config.rs` checks them and
//! makes the configuration of them, `config_file.rs` reads them from a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::token::Token;

/// Runs submitted code and answers Piston's v2 API.
///
/// Each program runs in a sandbox. On a machine that supports none, the runner does
/// not start.
#[derive(Debug, Clone, Parser)]
#[command(name = "runner", version)]
pub struct Options {
    /// Address to listen on; other than loopback only with a token. Port 0 selects a
    /// free port.
    #[arg(long, env = "RUNNER_LISTEN", default_value = "127.0.0.1:2000")]
    pub listen: SocketAddr,

    /// Require `Authorization: Bearer TOKEN` of every call except GET /healthz.
    /// Only an environment variable: a flag would show in the process list.
    #[arg(skip)]
    pub token: Option<Token>,

    /// File with values of flags and, optionally, the languages (TOML).
    #[arg(long, env = "RUNNER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Table of languages that replaces the built-in one (TOML).
    #[arg(long, env = "RUNNER_LANGUAGES", value_name = "FILE")]
    pub languages: Option<PathBuf>,

    /// Run without a sandbox: submissions can do whatever this user can. Only on
    /// loopback; every response says "unsandboxed".
    #[arg(long, env = "RUNNER_UNSAFE_NO_SANDBOX")]
    pub unsafe_no_sandbox: bool,

    /// The best tier to use. `landlock` does not use namespaces even where they are
    /// supported. A tier that fails its self-test is never used.
    #[arg(long, env = "RUNNER_TIER", value_name = "TIER", value_enum, default_value_t = BestTier::Full)]
    pub tier: BestTier,

    /// Uid and gid of submissions, if the runner is started as root. Nothing else
    /// should run as that user.
    #[arg(
        long,
        env = "RUNNER_SANDBOX_UID",
        value_name = "UID",
        default_value_t = 64_747
    )]
    pub sandbox_uid: u32,

    /// Label of the sandbox's processes in the machine's process list [default: the
    /// address].
    #[arg(long, env = "RUNNER_LABEL", value_name = "TEXT")]
    pub label: Option<String>,

    /// Folder for the folders of submissions without namespaces [default:
    /// edgejudge-runner-UID in the system's folder for temporary files].
    #[arg(long, env = "RUNNER_WORK_DIR", value_name = "FOLDER")]
    pub work_dir: Option<PathBuf>,

    /// Submissions that run at once [default: the number of cores].
    #[arg(long, env = "RUNNER_MAX_CONCURRENT", value_name = "N")]
    pub max_concurrent: Option<usize>,

    /// Submissions that may wait for a slot; the next one gets a 429.
    #[arg(long, env = "RUNNER_MAX_QUEUE", value_name = "N", default_value_t = 64)]
    pub max_queue: usize,

    /// Interpreters that wait for code, started in a sandbox, for each command line that
    /// is asked for; 0: none [default: twice the submissions at once, at most 8, and fewer
    /// with little memory].
    #[arg(long, env = "RUNNER_WARM", value_name = "N")]
    pub warm: Option<usize>,

    /// Wall time of the run stage, ms. A request that asks for CPU time only gets three
    /// times as much, and a second.
    #[arg(
        long,
        env = "RUNNER_RUN_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = 10_000
    )]
    pub run_timeout_ms: u64,

    /// Wall time of the compile stage, ms. A request that asks for CPU time only gets
    /// three times as much, and a second.
    // On a busy machine a compiler waits more than it works. With this and a short run, a
    // request fits into the 30 s that Cloudflare gives a Worker after its response.
    #[arg(
        long,
        env = "RUNNER_COMPILE_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = 25_000
    )]
    pub compile_timeout_ms: u64,

    /// CPU time of the run stage, ms, summed over all processes.
    #[arg(
        long,
        env = "RUNNER_RUN_CPU_TIME_MS",
        value_name = "MS",
        default_value_t = 3_000
    )]
    pub run_cpu_time_ms: u64,

    /// CPU time of the compile stage, ms, summed over all processes.
    #[arg(
        long,
        env = "RUNNER_COMPILE_CPU_TIME_MS",
        value_name = "MS",
        default_value_t = 10_000
    )]
    pub compile_cpu_time_ms: u64,

    /// Resident memory of the run stage, bytes, summed over all processes; -1: no limit.
    #[arg(long, env = "RUNNER_RUN_MEMORY_LIMIT_BYTES", value_name = "BYTES", default_value_t = 512 << 20, allow_hyphen_values = true)]
    pub run_memory_limit_bytes: i64,

    /// Resident memory of the compile stage, bytes, summed over all processes; -1: no limit.
    #[arg(long, env = "RUNNER_COMPILE_MEMORY_LIMIT_BYTES", value_name = "BYTES", default_value_t = 1 << 30, allow_hyphen_values = true)]
    pub compile_memory_limit_bytes: i64,

    /// Bytes of standard output, and the same of standard error, unless the request asks
    /// for another limit.
    #[arg(long, env = "RUNNER_OUTPUT_MAX_BYTES", value_name = "BYTES", default_value_t = 1 << 20)]
    pub output_max_bytes: usize,

    /// The most bytes of standard output, and of standard error, that a request may ask
    /// for.
    #[arg(long, env = "RUNNER_OUTPUT_LIMIT_MAX_BYTES", value_name = "BYTES", default_value_t = 8 << 20)]
    pub output_limit_max_bytes: usize,

    /// Size of a response, bytes. Output that does not fit is cut.
    #[arg(long, env = "RUNNER_ANSWER_MAX_BYTES", value_name = "BYTES", default_value_t = 32 << 20)]
    pub answer_max_bytes: u64,

    /// Processes and threads that a submission may have at once.
    #[arg(
        long,
        env = "RUNNER_MAX_PROCESSES",
        value_name = "N",
        default_value_t = 64
    )]
    pub max_processes: u64,

    /// Open files per process.
    #[arg(
        long,
        env = "RUNNER_MAX_OPEN_FILES",
        value_name = "N",
        default_value_t = 2_048
    )]
    pub max_open_files: u64,

    /// Size of each file that a compiler writes, bytes; the program too.
    #[arg(long, env = "RUNNER_COMPILE_MAX_FILE_BYTES", value_name = "BYTES", default_value_t = 32 << 20)]
    pub compile_max_file_bytes: u64,

    /// Size of each file that a program writes, bytes.
    #[arg(
        long,
        env = "RUNNER_MAX_FILE_BYTES",
        value_name = "BYTES",
        default_value_t = 10_000_000
    )]
    pub max_file_bytes: u64,

    /// Bytes of all files in the submission's folder, and the same in its TMPDIR.
    /// They take the machine's memory.
    #[arg(long, env = "RUNNER_MAX_DISK_BYTES", value_name = "BYTES", default_value_t = 128 << 20)]
    pub max_disk_bytes: u64,

    /// Number of files and folders in the submission's folder, and the same in its
    /// TMPDIR.
    #[arg(
        long,
        env = "RUNNER_MAX_FILES",
        value_name = "N",
        default_value_t = 8_192
    )]
    pub max_files: u64,

    /// Bytes of the cache of compiled programs; 0 disables it.
    #[arg(long, env = "RUNNER_COMPILE_CACHE_BYTES", value_name = "BYTES", default_value_t = 64 << 20)]
    pub compile_cache_bytes: u64,

    /// Size of a request body, bytes.
    #[arg(long, env = "RUNNER_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 16 << 20)]
    pub max_body_bytes: usize,

    /// Connections that may be open at once; fewer if the limit of open files is low.
    #[arg(
        long,
        env = "RUNNER_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 512
    )]
    pub max_connections: usize,

    /// How long a shutdown waits for running submissions before it kills them, ms.
    #[arg(
        long,
        env = "RUNNER_SHUTDOWN_GRACE_MS",
        value_name = "MS",
        default_value_t = 5_000
    )]
    pub shutdown_grace_ms: u64,

    /// Log filter: a level, or tracing's directives.
    #[arg(
        long,
        env = "RUNNER_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// Log format.
    #[arg(long, env = "RUNNER_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The best tier that may be used. The self-test may lower it further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BestTier {
    /// Namespaces, or Landlock alone where they are not supported.
    Full,
    /// Landlock and seccomp alone.
    Landlock,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README's table is the documentation of the flags.
    #[test]
    fn readme_lists_every_flag_with_variable_and_default() {
        use clap::CommandFactory;
        let readme = include_str!("../README.md");
        for argument in Options::command().get_arguments() {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
                continue;
            };
            let flag = argument.get_long().unwrap();
            let row = readme
                .lines()
                .find(|line| line.contains(&format!("`{variable}`")));
            let row = row.unwrap_or_else(|| panic!("{variable} is missing"));
            assert!(row.contains(&format!("`--{flag}`")), "{row}");
            if let [default] = argument.get_default_values() {
                let default = default.to_str().unwrap();
                assert!(
                    row.contains(&format!("`{default}`")),
                    "{row} lacks {default}"
                );
            }
        }
    }
}
