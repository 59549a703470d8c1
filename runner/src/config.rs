//! The checked configuration, made of the flags and environment variables that
//! `options.rs` reads.
//!
//! `main.rs` starts the runner with it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use crate::options::{BestTier, LogFormat, Options};
use crate::sandbox::Limits;
pub use crate::token::Token;

/// The smallest response that may be asked for: names, versions and limits, and some
/// output of a compilation and a run.
pub const LEAST_ANSWER_BYTES: u64 = 16 << 10;

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
    /// See [`Options::answer_max_bytes`].
    #[error("--answer-max-bytes must be at least {LEAST_ANSWER_BYTES}")]
    AnswerTooSmall,
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
    /// Sandboxes that wait for each command line; `None`: as many as the machine can have.
    pub warm: Option<usize>,
    /// What requests get, and may ask for.
    pub limits: RequestLimits,
    /// Size of a request body.
    pub max_body_bytes: usize,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// How long a shutdown waits for running submissions.
    pub shutdown_grace: Duration,
}

/// What requests get, and may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// The limits of a request that does not ask for others.
    pub default: StageLimits,
    /// The highest limits that a request may ask for.
    pub most: StageLimits,
    /// Bytes that a response may take. A request may ask for less.
    pub answer_bytes: u64,
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
            warm: options.warm,
            limits: RequestLimits::from(options),
            max_body_bytes: options.max_body_bytes,
            max_connections: options.max_connections,
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
        (options.max_connections as u64, "--max-connections"),
        (options.max_open_files, "--max-open-files"),
    ] {
        if value == 0 {
            return Err(ConfigError::Zero(name));
        }
    }
    if options.answer_max_bytes < LEAST_ANSWER_BYTES {
        return Err(ConfigError::AnswerTooSmall);
    }
    Ok(())
}

impl From<&Options> for RequestLimits {
    fn from(options: &Options) -> Self {
        let mut default = StageLimits::from(options);
        default.run.stack_bytes = Limits::stack_within(default.run.memory_bytes);
        let mut most = default;
        most.run.wall = wall_for(default.run.cpu).max(default.run.wall);
        most.run.stdout_bytes = options.output_limit_max_bytes.max(options.output_max_bytes);
        most.run.stderr_bytes = most.run.stdout_bytes;
        Self {
            default,
            most,
            answer_bytes: options.answer_max_bytes,
        }
    }
}

/// The wall time of a program with this limit of CPU time, which is what judges it. On
/// a busy machine it waits as well, so it has three times as long, and a second for its
/// start.
pub(crate) fn wall_for(cpu: Duration) -> Duration {
    cpu.saturating_mul(3) + Duration::from_secs(1)
}

/// Stack of a compiler. That of a program follows from its memory limit.
const COMPILER_STACK_BYTES: u64 = 64 << 20;

impl From<&Options> for StageLimits {
    fn from(options: &Options) -> Self {
        let stage = |wall_ms, cpu_ms, memory: i64, file_bytes| Limits {
            wall: Duration::from_millis(wall_ms),
            cpu: Duration::from_millis(cpu_ms),
            // As in Piston, 0 and below mean no limit.
            memory_bytes: u64::try_from(memory).ok().filter(|&bytes| bytes > 0),
            stack_bytes: COMPILER_STACK_BYTES,
            stdout_bytes: options.output_max_bytes,
            stderr_bytes: options.output_max_bytes,
            tasks: options.max_processes,
            open_files: options.max_open_files,
            file_bytes,
            disk_bytes: options.max_disk_bytes,
            disk_files: options.max_files,
        };
        Self {
            compile: stage(
                options.compile_timeout_ms,
                options.compile_cpu_time_ms,
                options.compile_memory_limit_bytes,
                options.compile_max_file_bytes,
            ),
            run: stage(
                options.run_timeout_ms,
                options.run_cpu_time_ms,
                options.run_memory_limit_bytes,
                options.max_file_bytes,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

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
        assert_eq!(unlimited.limits.default.run.memory_bytes, None);
        assert_eq!(
            config(&["--answer-max-bytes", "16383"]).unwrap_err(),
            ConfigError::AnswerTooSmall
        );
        config(&["--answer-max-bytes", "16384"]).unwrap();
    }
}
