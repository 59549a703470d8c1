//! The whole service: prepares it, serves, and shuts down without leaving processes
//! behind.
//!
//! `main.rs` calls it with the process's flags and signals, tests with their own.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rustix::process::Resource;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::api;
use crate::app::App;
use crate::artifacts::ArtifactCache;
use crate::config::{Config, RequestLimits};
use crate::connections::Connections;
use crate::execute;
use crate::languages::Language;
use crate::libraries::Libraries;
use crate::machine_memory;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::probe::{self, Runtime, Runtimes};
use crate::request;
use crate::sandbox::{Cancel, Command, Ending, Limits, Sandbox, Tier};
use crate::slots::Slots;
use crate::warm_pool::{LaunchKey, MAX_LAUNCH_KEYS};
use crate::warm_pool::{WarmLimits, WarmSandbox};

/// Descriptors of the runner itself: its streams, its listener, tokio's, a lock file.
const OWN_DESCRIPTORS: u64 = 32;
/// Descriptors that one run takes while it is started and watched.
const DESCRIPTORS_OF_A_RUN: u64 = 16;
/// Descriptors that a sandbox takes which waits for its code.
const DESCRIPTORS_OF_WAITING: u64 = 6;
/// Memory in bytes that is left for a run without a limit.
const UNLIMITED_RUN_BYTES: u64 = 1 << 30;
/// With fewer connections, the runner does not start.
const LEAST_CONNECTIONS: u64 = 8;

/// Bodies of the largest size that may be in memory at once.
const LARGEST_BODIES: usize = 8;

/// How long killed submissions may take to end.
const KILL_TIMEOUT: Duration = Duration::from_secs(6);

/// The number of connections that the limit of open files leaves, when every slot is
/// taken.
fn connections_allowed(open_files: Option<u64>, slots: usize) -> anyhow::Result<u64> {
    let Some(open_files) = open_files else {
        return Ok(u64::MAX);
    };
    let of_runs = DESCRIPTORS_OF_A_RUN.saturating_mul(slots as u64);
    let needed = of_runs.saturating_add(OWN_DESCRIPTORS);
    let left = open_files.saturating_sub(needed);
    anyhow::ensure!(
        left >= LEAST_CONNECTIONS,
        "{slots} submissions at once need a limit of at least {} open files, and it is \
         {open_files}: raise it (ulimit -n, LimitNOFILE=), or lower --max-concurrent",
        needed.saturating_add(LEAST_CONNECTIONS)
    );
    Ok(left)
}

/// How many sandboxes wait for their code. They take at most a quarter of the open files.
fn warm_limits(config: &Config, open_files: Option<u64>) -> WarmLimits {
    let slots = config.max_concurrent;
    let memory = config.limits.default.run.memory_bytes;
    let spare_bytes = memory
        .unwrap_or(UNLIMITED_RUN_BYTES)
        .saturating_mul(slots as u64);
    let each = config
        .warm
        .unwrap_or_else(|| machine_memory::sandboxes_for(slots));
    let fitting = open_files.map_or(u64::MAX, |all| {
        all / 4 / (DESCRIPTORS_OF_WAITING * MAX_LAUNCH_KEYS as u64)
    });
    WarmLimits {
        each: each.min(usize::try_from(fitting).unwrap_or(usize::MAX)),
        slots,
        spare_bytes,
    }
}

/// What waits before anybody has asked: a program of each language that can wait, under
/// its usual name, with the limits of a request that asks for none. With and without the
/// allowance: worker-fn asks for it if the problem limits anything.
fn usual_launch_keys(runtimes: &Runtimes, limits: &RequestLimits) -> Vec<LaunchKey> {
    let prewarm = runtimes.0.iter().filter(|one| one.language.prewarm);
    let both = prewarm.flat_map(|runtime| [(runtime, false), (runtime, true)]);
    both.filter_map(|(runtime, allowance)| {
        let body = json!({
            "language": runtime.language.name,
            "version": runtime.version.to_string(),
            "files": [{"content": ""}],
            "allowance": allowance,
        });
        let submission = request::parse(&body, runtimes, limits).ok()?;
        Some(execute::launch_key(&submission))
    })
    .collect()
}

/// Warns of languages whose compilers need more than the options leave them: every
/// submission would fail, and not say why.
fn warn_of_low_limits(runtimes: &Runtimes, limits: &Limits) {
    for Runtime { language, .. } in &runtimes.0 {
        let takes = language.compile_takes.as_ref();
        if let Some(option) = takes.and_then(|takes| takes.too_low(limits)) {
            tracing::warn!(
                language = language.name,
                option,
                "its compiler needs more than this option allows"
            );
        }
    }
}

/// Whether a language's program can be started inside the sandbox.
fn can_start(sandbox: &dyn Sandbox, runtime: &Runtime, limits: Limits) -> bool {
    let mut argv = vec![runtime.program.clone()];
    argv.extend_from_slice(&runtime.language.version);
    let command = Command {
        argv: &argv,
        files: &[],
        collect_files: false,
        mounts: &runtime.mounts,
        env: &runtime.env,
        stdin: b"",
        combine_output: false,
        interrupt: false,
        prewarm: false,
        limits,
    };
    sandbox.run(&command, &Cancel::default()).ending == Ending::Exited(0)
}

/// A runner that is ready to serve.
pub struct Server {
    app: Arc<App>,
    connections: Arc<Connections>,
}

impl Server {
    /// Finds the languages on `path`.
    pub async fn prepare(
        config: Config,
        languages: Vec<Language>,
        path: &OsStr,
        sandbox: Box<dyn Sandbox>,
    ) -> anyhow::Result<Self> {
        let open_files = rustix::process::getrlimit(Resource::Nofile).current;
        let warm = warm_limits(&config, open_files);
        let of_waiting = DESCRIPTORS_OF_WAITING * (warm.each * MAX_LAUNCH_KEYS) as u64;
        let open_files_left = open_files.map(|all| all.saturating_sub(of_waiting));
        let connections = connections_allowed(open_files_left, config.max_concurrent)?;
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let connections = Connections::new(config.max_connections.min(connections));
        let libraries = Libraries::create().context("the libraries cannot be written")?;
        let mount = libraries.mount(sandbox.tier());
        let mut runtimes = probe::find_all(languages, path, mount.as_ref()).await;
        // Without a root file system of its own, a submission may lack access to an
        // interpreter: its user is not the runner's.
        if sandbox.tier() == Tier::Landlock {
            runtimes.0.retain(|runtime| {
                let can_start = can_start(sandbox.as_ref(), runtime, config.limits.default.compile);
                if !can_start {
                    tracing::warn!(
                        language = runtime.language.name,
                        "left out: its program cannot be started in the sandbox"
                    );
                }
                can_start
            });
        }
        let sandbox = WarmSandbox::new(sandbox, warm);
        warn_of_low_limits(&runtimes, &config.limits.default.compile);
        sandbox.expect(usual_launch_keys(&runtimes, &config.limits));
        let slots = Slots::new(config.max_concurrent, config.max_queue);
        let artifacts = ArtifactCache::new(config.compile_cache_bytes);
        let cancel = Cancel::default();
        let requests = Memory::new(config.max_body_bytes.saturating_mul(LARGEST_BODIES));
        let answers = usize::try_from(config.limits.answer_bytes).unwrap_or(usize::MAX);
        let answers = Memory::new(answers.saturating_mul(config.max_concurrent));
        Ok(Self {
            connections,
            app: Arc::new(App {
                config,
                runtimes,
                libraries,
                slots,
                metrics: Metrics::default(),
                artifacts,
                requests,
                answers,
                sandbox,
                cancel,
            }),
        })
    }

    /// The languages that can be run.
    pub fn runtimes(&self) -> &Runtimes {
        &self.app.runtimes
    }

    /// Serves until `shutdown` is ready. Then no new connection is accepted; running
    /// submissions may finish within the configured time and are then killed.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let Self { app, connections } = self;
        let (stop, stopped) = watch::channel(());
        let serving = connections.serve(listener, api::router(Arc::clone(&app)), stopped);
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            () = &mut serving => anyhow::bail!("serving ended by itself"),
            () = shutdown => {}
        }
        tracing::info!(running = app.slots.running(), "shutting down");
        let closing = Arc::clone(&app);
        let _ = tokio::task::spawn_blocking(move || closing.sandbox.close()).await;
        let _ = stop.send(());
        if tokio::time::timeout(app.config.shutdown_grace, &mut serving)
            .await
            .is_err()
        {
            tracing::warn!(
                running = app.slots.running(),
                "the grace period is over, killing running submissions"
            );
            app.cancel.cancel_all();
            let _ = tokio::time::timeout(KILL_TIMEOUT, &mut serving).await;
        }
        // The server does not wait for runs whose clients have disconnected.
        app.cancel.cancel_all();
        if tokio::time::timeout(KILL_TIMEOUT, app.slots.idle())
            .await
            .is_err()
        {
            anyhow::bail!("submissions are still running and cannot be killed");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_descriptors_that_runs_need() {
        assert_eq!(connections_allowed(Some(256), 2).unwrap(), 192);
        assert_eq!(connections_allowed(Some(72), 2).unwrap(), 8);
        let error = connections_allowed(Some(71), 2).unwrap_err().to_string();
        assert!(error.contains("at least 72"), "{error}");
        assert_eq!(connections_allowed(None, 2).unwrap(), u64::MAX);
        connections_allowed(Some(1 << 20), usize::MAX).unwrap_err();
    }
}
