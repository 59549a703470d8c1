//! The whole service: prepares it, serves, and shuts down without leaving processes
//! behind.
//!
//! `main.rs` calls it with the process's flags and signals, tests with their own.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::api::{self, App};
use crate::artifacts::ArtifactCache;
use crate::config::Config;
use crate::languages::Language;
use crate::metrics::Metrics;
use crate::probe::{self, Runtime, Runtimes};
use crate::sandbox::{Cancel, Command, Ending, Limits, Sandbox, Tier};
use crate::slots::Slots;

/// How long killed submissions may take to end.
const KILL_TIMEOUT: Duration = Duration::from_secs(6);

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
        limits,
    };
    sandbox.run(&command, &Cancel::default()).ending == Ending::Exited(0)
}

/// A runner that is ready to serve.
pub struct Server {
    app: Arc<App>,
}

impl Server {
    /// Finds the languages on `path`.
    pub async fn prepare(
        config: Config,
        languages: Vec<Language>,
        path: &OsStr,
        sandbox: Box<dyn Sandbox>,
    ) -> anyhow::Result<Self> {
        let mut runtimes = probe::find_all(languages, path).await;
        // Without a root file system of its own, a submission may lack access to an
        // interpreter: its user is not the runner's.
        if sandbox.tier() == Tier::Landlock {
            runtimes.0.retain(|runtime| {
                let can_start = can_start(sandbox.as_ref(), runtime, config.limits.compile);
                if !can_start {
                    tracing::warn!(
                        language = runtime.language.name,
                        "left out: its program cannot be started in the sandbox"
                    );
                }
                can_start
            });
        }
        let slots = Slots::new(config.max_concurrent, config.max_queue);
        let artifacts = ArtifactCache::new(config.compile_cache_bytes);
        let cancel = Cancel::default();
        Ok(Self {
            app: Arc::new(App {
                config,
                runtimes,
                slots,
                metrics: Metrics::default(),
                artifacts,
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
        let Self { app } = self;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = axum::serve(listener, api::service(Arc::clone(&app)))
            .with_graceful_shutdown(async {
                let _ = stopped.await;
            })
            .into_future();
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            result = &mut serving => return result.context("serving failed"),
            () = shutdown => {}
        }
        tracing::info!(running = app.slots.running(), "shutting down");
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
