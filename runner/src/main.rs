//! The program: reads flags and environment, says when it is ready, and ends on
//! SIGINT or SIGTERM.

use std::io::IsTerminal;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
#[cfg(target_os = "linux")]
use runner::config::BestTier;
use runner::config::{Config, LogFormat, Options, Token};
use runner::config_file::{self, FileError};
use runner::languages;
use runner::probe::Runtimes;
use runner::sandbox::Sandbox;
use runner::sandbox::process::ProcessSandbox;
use runner::server::Server;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // Before anything else: the sandbox starts this program again, as a process
    // that must have one thread.
    #[cfg(target_os = "linux")]
    runner::sandbox::namespace::run_if_helper();
    let (mut options, languages) = match config_file::read(std::env::args_os().collect::<Vec<_>>())
    {
        Ok(read) => read,
        // Knows what belongs on which stream, and the exit code.
        Err(FileError::Arguments(error)) => error.exit(),
        Err(error) => {
            eprintln!("runner: {error}");
            return ExitCode::FAILURE;
        }
    };
    options.token = std::env::var("RUNNER_TOKEN").ok().and_then(Token::new);
    match run(&options, languages) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("runner: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: &Options, languages: Option<String>) -> anyhow::Result<()> {
    let config = Config::try_from(options)?;
    start_logging(options)?;
    let table = match &options.languages {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => languages.unwrap_or_else(|| languages::BUILT_IN.to_owned()),
    };
    let table = languages::parse(&table)?;
    // Before the address is announced, so that no signal finds the default.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let label = options.label.clone().unwrap_or(address.to_string());
    let sandbox = choose_sandbox(&config, &label)?;
    let held = sandbox.tier().as_str();

    let path = std::env::var_os("PATH").unwrap_or_default();
    let server = Server::prepare(config, table, &path, sandbox).await?;
    println!(
        "runner ready on http://{address} ({}; sandbox: {held})",
        names(server.runtimes())
    );
    server
        .serve(listener, async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await
}

fn start_logging(options: &Options) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&options.log).context("--log cannot be read")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match options.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// The sandbox of this machine, tried out; never a weaker one unasked.
fn choose_sandbox(config: &Config, label: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    if config.unsafe_no_sandbox {
        tracing::warn!(
            root = rustix::process::geteuid().is_root(),
            "there is no sandbox: every submission can read, change and delete whatever this \
             user can, and use the network"
        );
        let sandbox =
            ProcessSandbox::new(&config.work_dir).context("the work folder cannot be used")?;
        return Ok(Box::new(sandbox));
    }
    held(config, label)
}

/// Not the path it was started by: that file may be replaced by a new version.
#[cfg(target_os = "linux")]
const HELPER: &str = "/proc/self/exe";

#[cfg(target_os = "linux")]
const REFUSED: &str =
    "refusing to start; see docs/runner.md, or --unsafe-no-sandbox for trusted code";

#[cfg(target_os = "linux")]
fn held(config: &Config, label: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    use runner::sandbox::namespace::{NamespaceSandbox, SelfTestError};
    if config.tier == BestTier::Landlock {
        return landlock(config, label, "--tier asks for it").context(REFUSED);
    }
    let sandbox = NamespaceSandbox::new(Path::new(HELPER), label, config.sandbox_uid);
    let found = match sandbox.self_test() {
        Ok(found) => found,
        // Only then: a sandbox that could be made and does not hold is no reason to
        // do with less.
        Err(error @ SelfTestError::NoNamespaces(_)) => {
            return landlock(config, label, &error.to_string())
                .with_context(|| format!("{REFUSED}: {error}, and there is no other way here"));
        }
        Err(error) => return Err(error).context(REFUSED),
    };
    if found.landlock_abi < 6 {
        tracing::warn!(
            landlock_abi = found.landlock_abi,
            "this kernel's Landlock is old or missing: programs are held by namespaces and \
             seccomp alone"
        );
    }
    tracing::info!(landlock_abi = found.landlock_abi, "the sandbox holds");
    Ok(Box::new(sandbox))
}

/// The second tier, and why it is used.
#[cfg(target_os = "linux")]
fn landlock(config: &Config, label: &str, why: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    use runner::sandbox::namespace::LandlockSandbox;
    let helper = Path::new(HELPER);
    let sandbox = LandlockSandbox::new(helper, label, config.sandbox_uid, &config.work_dir)
        .context("the work folder cannot be used")?;
    let found = sandbox.self_test()?;
    tracing::warn!(
        why,
        landlock_abi = found.landlock_abi,
        "THIS IS NOT THE FULL SANDBOX: programs are held by Landlock and seccomp alone. They see \
         that outside files and processes exist, share one user, and their disk is bounded only \
         by looking at it; see docs/runner.md"
    );
    Ok(Box::new(sandbox))
}

#[cfg(not(target_os = "linux"))]
fn held(_: &Config, _: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    anyhow::bail!(
        "refusing to start: there is a sandbox on Linux only; --unsafe-no-sandbox runs trusted code"
    )
}

fn names(runtimes: &Runtimes) -> String {
    let names: Vec<_> = runtimes
        .0
        .iter()
        .map(|runtime| format!("{} {}", runtime.language.name, runtime.version))
        .collect();
    if names.is_empty() {
        "no languages found".to_owned()
    } else {
        names.join(", ")
    }
}
