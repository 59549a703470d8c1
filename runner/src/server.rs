//! The service as a whole: start it, serve, and end leaving nothing behind.
//! `main.rs` calls this with the process's own flags and signals, tests with
//! their own.

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::api::{self, App};
use crate::artifacts::Artifacts;
use crate::config::Config;
use crate::languages::Language;
use crate::metrics::Metrics;
use crate::probe::{self, Runtime, Runtimes};
use crate::sandbox::{Cancel, Ending, Limits, Request, Sandbox, Tier};
use crate::slots::Slots;

/// How long killed submissions may take to be gone.
const LAST_MOMENTS: Duration = Duration::from_secs(6);

/// Whether a language's program can be started where submissions are.
fn starts(sandbox: &dyn Sandbox, runtime: &Runtime, limits: Limits) -> bool {
    let mut argv = vec![runtime.program.clone()];
    argv.extend_from_slice(&runtime.language.version);
    let request = Request {
        argv: &argv,
        files: &[],
        keep_files: false,
        mounts: &runtime.mounts,
        env: &runtime.env,
        stdin: b"",
        limits,
    };
    sandbox.run(&request, &Cancel::default()).ending == Ending::Exited(0)
}

/// A runner that is ready to serve.
pub struct Server {
    app: Arc<App>,
}

impl Server {
    /// Looks for the languages on `path`.
    pub async fn prepare(
        config: Config,
        languages: Vec<Language>,
        path: &OsStr,
        sandbox: Box<dyn Sandbox>,
    ) -> anyhow::Result<Self> {
        let mut runtimes = probe::find_all(languages, path).await;
        // In the machine's own file system a program may lie where the user that
        // submissions run as does not get.
        if sandbox.tier() == Tier::Landlock {
            runtimes.0.retain(|runtime| {
                let starts = starts(sandbox.as_ref(), runtime, config.stages.compile);
                if !starts {
                    tracing::warn!(language = runtime.language.name, "out of reach, left out");
                }
                starts
            });
        }
        let slots = Slots::new(config.max_concurrent, config.max_queue);
        let artifacts = Artifacts::new(config.compile_cache_bytes);
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

    /// What can be run.
    pub fn runtimes(&self) -> &Runtimes {
        &self.app.runtimes
    }

    /// Serves until `shutdown` is ready. Then no connection is accepted any more;
    /// what runs may finish within the configured time, and is killed after it.
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
                "time is up, killing what still runs"
            );
            app.cancel.cancel_all();
            let _ = tokio::time::timeout(LAST_MOMENTS, &mut serving).await;
        }
        // Runs whose callers have gone are not the server's any more.
        app.cancel.cancel_all();
        if tokio::time::timeout(LAST_MOMENTS, app.slots.idle())
            .await
            .is_err()
        {
            anyhow::bail!("submissions are still running and cannot be killed");
        }
        Ok(())
    }
}
