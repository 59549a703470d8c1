//! The `runner` program: reads flags and environment, chooses the sandbox, prints
//! the ready line, serves, and shuts down on SIGINT or SIGTERM.

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
use rustix::process::{Resource, Rlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Open files that the runner never exceeds.
const MAX_OPEN_FILES: u64 = 1 << 16;

fn main() -> ExitCode {
    // First, because the sandbox starts this program again as a helper, which must
    // have one thread.
    #[cfg(target_os = "linux")]
    runner::sandbox::namespace::run_if_helper();
    let (mut options, languages) = match config_file::read(std::env::args_os().collect::<Vec<_>>())
    {
        Ok(read) => read,
        // clap chooses the stream and the exit code.
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

/// Raises the soft limit of open files to the hard one: the lower default is for
/// programs that use `select`.
fn raise_open_files() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(MAX_OPEN_FILES).min(MAX_OPEN_FILES);
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit {
            current: Some(most),
            maximum: limit.maximum,
        };
        // Without it, the runner serves fewer connections.
        let _ = rustix::process::setrlimit(Resource::Nofile, raised);
    }
}

#[tokio::main]
async fn run(options: &Options, languages: Option<String>) -> anyhow::Result<()> {
    let config = Config::try_from(options)?;
    start_logging(options)?;
    raise_open_files();
    let table = match &options.languages {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => languages.unwrap_or_else(|| languages::BUILT_IN.to_owned()),
    };
    let table = languages::parse(&table)?;
    // Before the ready line, so that no signal meets its default action.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let label = options.label.clone().unwrap_or(address.to_string());
    let sandbox = choose_sandbox(&config, &label)?;
    let tier = sandbox.tier().as_str();

    let path = std::env::var_os("PATH").unwrap_or_default();
    let server = Server::prepare(config, table, &path, sandbox).await?;
    println!(
        "runner ready on http://{address} ({}; sandbox: {tier})",
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

/// Chooses the best sandbox that works on this machine. One without isolation is
/// used only if the operator asks for it.
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
    isolating_sandbox(config, label)
}

/// The running executable. Its path would be wrong after an update replaces the
/// file.
#[cfg(target_os = "linux")]
const HELPER: &str = "/proc/self/exe";

#[cfg(target_os = "linux")]
const REFUSED: &str =
    "refusing to start; see docs/runner.md, or use --unsafe-no-sandbox for trusted code";

#[cfg(target_os = "linux")]
fn isolating_sandbox(config: &Config, label: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    use runner::sandbox::namespace::{LEAST_LANDLOCK_ABI, NamespaceSandbox, SelfTestError};
    if config.tier == BestTier::Landlock {
        return landlock_sandbox(config, label, "--tier asks for it").context(REFUSED);
    }
    let sandbox = NamespaceSandbox::new(Path::new(HELPER), label, config.sandbox_uid);
    let report = match sandbox.self_test() {
        Ok(report) => report,
        // Only then: if the sandbox can be made but does not isolate, something is
        // wrong that the other tier must not hide.
        Err(error @ SelfTestError::NoNamespaces(_)) => {
            return landlock_sandbox(config, label, &error.to_string()).with_context(|| {
                format!("{REFUSED}: {error}, and the tier landlock does not work either")
            });
        }
        Err(error) => return Err(error).context(REFUSED),
    };
    if report.landlock_abi < LEAST_LANDLOCK_ABI {
        tracing::warn!(
            landlock_abi = report.landlock_abi,
            "this kernel's Landlock is old or missing: programs are isolated by namespaces and \
             seccomp alone"
        );
    }
    warn_without_streams(&report);
    tracing::info!(
        landlock_abi = report.landlock_abi,
        "the sandbox passed its self-test"
    );
    Ok(Box::new(sandbox))
}

/// The sandbox without namespaces, with a warning why it is used.
#[cfg(target_os = "linux")]
fn landlock_sandbox(config: &Config, label: &str, why: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    use runner::sandbox::namespace::LandlockSandbox;
    let helper = Path::new(HELPER);
    let sandbox = LandlockSandbox::new(helper, label, config.sandbox_uid, &config.work_dir)
        .context("the work folder cannot be used")?;
    let report = sandbox.self_test()?;
    warn_without_streams(&report);
    tracing::warn!(
        why,
        landlock_abi = report.landlock_abi,
        "THIS IS NOT THE FULL SANDBOX: programs are isolated by Landlock and seccomp alone. They \
         see that outside files and processes exist, share one user, and their disk use is \
         limited only by repeated checks; see docs/runner.md"
    );
    Ok(Box::new(sandbox))
}

/// Says what programs lack on a machine that hides parts of its `/proc`.
#[cfg(target_os = "linux")]
fn warn_without_streams(report: &runner::sandbox::namespace::SelfTestReport) {
    if !report.has_streams {
        tracing::warn!(
            "programs cannot open /dev/stdin, /dev/stdout, /dev/stderr and /dev/fd: this machine \
             hides parts of /proc, or has no Landlock; see docs/runner.md"
        );
    }
}

#[cfg(not(target_os = "linux"))]
fn isolating_sandbox(_: &Config, _: &str) -> anyhow::Result<Box<dyn Sandbox>> {
    anyhow::bail!(
        "refusing to start: the sandbox needs Linux; --unsafe-no-sandbox runs trusted code"
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
