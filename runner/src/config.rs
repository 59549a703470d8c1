//! Flags, environment variables, and the configuration that they become.
//!
//! [`Options`] holds the values as typed, [`Config`] the checked configuration.
//! Every flag has an environment variable; the flag wins. `config_file.rs` reads
//! them from a file, `main.rs` starts the runner with them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use subtle::ConstantTimeEq;

use crate::sandbox::Limits;

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

    /// Wall time of the run stage, ms.
    #[arg(
        long,
        env = "RUNNER_RUN_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = 3_000
    )]
    pub run_timeout_ms: u64,

    /// Wall time of the compile stage, ms.
    #[arg(
        long,
        env = "RUNNER_COMPILE_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = 10_000
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

    /// Bytes of standard output, and the same of standard error.
    #[arg(long, env = "RUNNER_OUTPUT_MAX_BYTES", value_name = "BYTES", default_value_t = 1 << 20)]
    pub output_max_bytes: usize,

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

    /// Size of each written file, bytes.
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

/// The bearer token. Never printed, compared in constant time.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token. An empty text is no token, so that `RUNNER_TOKEN=` does not lock all
    /// callers out by accident.
    pub fn new(token: impl Into<String>) -> Option<Self> {
        let token = token.into();
        (!token.is_empty()).then_some(Self(token))
    }

    /// Whether the other token is the same. The time that this takes reveals only the
    /// length.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(redacted)")
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// See [`Options::listen`].
    #[error(
        "refusing to listen on {0} without a sandbox: everyone who reaches this port could run \
         code as this user; use a loopback address such as 127.0.0.1:2000"
    )]
    NotLoopback(SocketAddr),
    /// See [`Options::listen`].
    #[error(
        "refusing to listen on {0} without a token: set RUNNER_TOKEN, or use a loopback \
         address such as 127.0.0.1:2000"
    )]
    NoToken(SocketAddr),
    /// See [`Options::sandbox_uid`].
    #[error("--sandbox-uid must not be root")]
    Root,
    /// A limit that would let nothing run.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

/// The checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The token that callers must have; `None`: no token is needed.
    pub token: Option<Token>,
    /// Whether programs run without a sandbox.
    pub unsafe_no_sandbox: bool,
    /// The best tier to use.
    pub tier: BestTier,
    /// The user that programs run as, if the runner is started as root.
    pub sandbox_uid: u32,
    /// Folder of the submissions' folders, in every tier except `full`.
    pub work_dir: PathBuf,
    /// Bytes of the cache of compiled programs.
    pub compile_cache_bytes: u64,
    /// Submissions that run at once.
    pub max_concurrent: usize,
    /// Submissions that may wait.
    pub max_queue: usize,
    /// The limits of each stage: a request's default, and its maximum.
    pub limits: StageLimits,
    /// Size of a request body.
    pub max_body_bytes: usize,
    /// How long a shutdown waits for running submissions.
    pub shutdown_grace: Duration,
}

/// The limits of both stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageLimits {
    /// Limits of the compile stage.
    pub compile: Limits,
    /// Limits of the run stage.
    pub run: Limits,
}

impl TryFrom<&Options> for Config {
    type Error = ConfigError;

    fn try_from(options: &Options) -> Result<Self, ConfigError> {
        let cores = || std::thread::available_parallelism().map_or(1, Into::into);
        let max_concurrent = options.max_concurrent.unwrap_or_else(cores);
        check(options, max_concurrent)?;
        let user = rustix::process::getuid().as_raw();
        Ok(Self {
            listen: options.listen,
            token: options.token.clone(),
            unsafe_no_sandbox: options.unsafe_no_sandbox,
            tier: options.tier,
            sandbox_uid: options.sandbox_uid,
            compile_cache_bytes: options.compile_cache_bytes,
            work_dir: options
                .work_dir
                .clone()
                .unwrap_or_else(|| std::env::temp_dir().join(format!("edgejudge-runner-{user}"))),
            max_concurrent,
            max_queue: options.max_queue,
            limits: StageLimits::from(options),
            max_body_bytes: options.max_body_bytes,
            shutdown_grace: Duration::from_millis(options.shutdown_grace_ms),
        })
    }
}

fn check(options: &Options, max_concurrent: usize) -> Result<(), ConfigError> {
    if !options.listen.ip().is_loopback() {
        if options.unsafe_no_sandbox {
            return Err(ConfigError::NotLoopback(options.listen));
        }
        if options.token.is_none() {
            return Err(ConfigError::NoToken(options.listen));
        }
    }
    if options.sandbox_uid == 0 {
        return Err(ConfigError::Root);
    }
    for (value, name) in [
        (max_concurrent as u64, "--max-concurrent"),
        (options.run_timeout_ms, "--run-timeout-ms"),
        (options.compile_timeout_ms, "--compile-timeout-ms"),
        (options.run_cpu_time_ms, "--run-cpu-time-ms"),
        (options.compile_cpu_time_ms, "--compile-cpu-time-ms"),
        (options.max_processes, "--max-processes"),
        (options.max_open_files, "--max-open-files"),
    ] {
        if value == 0 {
            return Err(ConfigError::Zero(name));
        }
    }
    Ok(())
}

impl From<&Options> for StageLimits {
    fn from(options: &Options) -> Self {
        let stage = |wall_ms, cpu_ms, memory: i64| Limits {
            wall: Duration::from_millis(wall_ms),
            cpu: Duration::from_millis(cpu_ms),
            // As in Piston, 0 and below mean no limit.
            memory_bytes: u64::try_from(memory).ok().filter(|&bytes| bytes > 0),
            output_bytes: options.output_max_bytes,
            tasks: options.max_processes,
            open_files: options.max_open_files,
            file_bytes: options.max_file_bytes,
            disk_bytes: options.max_disk_bytes,
            disk_files: options.max_files,
        };
        Self {
            compile: stage(
                options.compile_timeout_ms,
                options.compile_cpu_time_ms,
                options.compile_memory_limit_bytes,
            ),
            run: stage(
                options.run_timeout_ms,
                options.run_cpu_time_ms,
                options.run_memory_limit_bytes,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, ConfigError> {
        let options = Options::parse_from([&["runner"], arguments].concat());
        Config::try_from(&options)
    }

    #[test]
    fn config_needs_a_token_and_a_sandbox_to_listen_beyond_loopback() {
        for address in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:2000"] {
            config(&["--listen", address]).unwrap();
            config(&["--listen", address, "--unsafe-no-sandbox"]).unwrap();
        }
        for address in ["0.0.0.0:2000", "192.168.1.1:2000", "[::]:2000"] {
            let flags = ["runner", "--listen", address];
            let mut options = Options::parse_from(flags);
            let error = Config::try_from(&options).unwrap_err();
            assert!(error.to_string().contains("RUNNER_TOKEN"), "{error}");
            options.token = Token::new("secret");
            Config::try_from(&options).unwrap();
            options.unsafe_no_sandbox = true;
            let error = Config::try_from(&options).unwrap_err();
            assert!(error.to_string().contains("without a sandbox"), "{error}");
        }
        assert_eq!(
            config(&["--sandbox-uid", "0"]).unwrap_err(),
            ConfigError::Root
        );
    }

    #[test]
    fn config_refuses_limits_of_zero_except_for_memory() {
        assert_eq!(
            config(&["--max-concurrent", "0"]).unwrap_err(),
            ConfigError::Zero("--max-concurrent")
        );
        assert_eq!(
            config(&["--run-timeout-ms", "0"]).unwrap_err(),
            ConfigError::Zero("--run-timeout-ms")
        );
        let unlimited = config(&["--run-memory-limit-bytes", "-1"]).unwrap();
        assert_eq!(unlimited.limits.run.memory_bytes, None);
    }

    #[test]
    fn token_is_not_printed_and_must_match_entirely() {
        let token = Token::new("hunter2").unwrap();
        assert!(!format!("{token:?}").contains("hunter2"));
        assert!(token.matches(b"hunter2"));
        for wrong in [&b"hunter"[..], b"hunter22", b"", b"Hunter2"] {
            assert!(!token.matches(wrong));
        }
        assert!(Token::new("").is_none());
    }

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
