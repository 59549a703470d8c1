//! The `redis-rest` program: reads flags and environment, starts a redis-server
//! when none was given, serves, and cleans up.

mod cli;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use redis_rest::connect::connect;
use redis_rest::own_redis::{OwnRedis, OwnRedisConfig, become_redis};
use redis_rest::redis_url::RedisUrl;
use redis_rest::server::{ServerConfig, serve};
use redis_rest::upstream::UpstreamConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::{Cli, Settings};

/// The longest request body: Upstash's 10 MB.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long a request waits for a connection to Redis.
const CONNECT_WAIT: Duration = Duration::from_secs(1);

/// How long Redis may take to answer what was sent.
const REPLY_WAIT: Duration = Duration::from_secs(30);

/// How long requests may take to finish once it is time to stop.
const DRAIN_WAIT: Duration = Duration::from_secs(10);

/// Pause before a redis-server that ended is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if let Some(code) = become_redis(std::env::args_os()) {
        return code;
    }
    let cli = Cli::parse();
    let outcome = Settings::new(cli).and_then(|settings| {
        start_logging(&settings.log);
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?
            .block_on(run(settings))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redis-rest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs on the main thread (it is what `block_on` polls), which is what
/// [`OwnRedis::start`] asks for.
async fn run(settings: Settings) -> anyhow::Result<()> {
    // From the first moment: a signal while redis-server starts is no reason
    // to leave it behind.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (stopping, stop) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stopping.send_replace(true);
    });

    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "serving other machines without TLS; the token can be overheard");
    }

    let Some(url) = settings.redis_url.clone() else {
        return run_with_own_redis(listener, settings, stop).await;
    };
    warn_when_unreachable(&url).await;
    announce(address, &url)?;
    serve_on(listener, settings, url, stop).await
}

/// A Redis that is not there yet is no reason not to serve: requests are
/// answered with 503 until it is. But it may be a typing error.
async fn warn_when_unreachable(url: &RedisUrl) {
    match tokio::time::timeout(CONNECT_WAIT, connect(url)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(redis = %url, %error, "Redis cannot be reached (yet)"),
        Err(_) => tracing::warn!(redis = %url, "Redis cannot be reached (yet)"),
    }
}

/// Serves in front of a redis-server of our own, which is started again should
/// it end, and stopped once the last request has been answered.
async fn run_with_own_redis(
    listener: TcpListener,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut config = OwnRedisConfig {
        program: OwnRedisConfig::this_program()?,
        data_dir: settings.data_dir.clone(),
        port: settings.redis_port,
    };
    let mut own = tokio::select! {
        started = OwnRedis::start(&config) => started?,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    let url = own.url();
    // Clients of the shared connections must find it again.
    config.port = Some(url.port);
    let mut served = tokio::spawn(serve_on(listener, settings, url.clone(), stop));
    announce(address, &url)?;
    loop {
        tokio::select! {
            served = &mut served => {
                own.stop().await;
                return served?;
            }
            ended = own.wait() => {
                tracing::error!(?ended, "redis-server ended and is started again");
            }
        }
        own = tokio::select! {
            served = &mut served => return served?,
            own = restart(&config) => own,
        };
        tracing::info!("redis-server is back");
    }
}

async fn restart(config: &OwnRedisConfig) -> OwnRedis {
    loop {
        match OwnRedis::start(config).await {
            Ok(own) => return own,
            Err(error) => tracing::error!(%error, "redis-server does not start"),
        }
        tokio::time::sleep(RESTART_PAUSE).await;
    }
}

async fn serve_on(
    listener: TcpListener,
    settings: Settings,
    url: RedisUrl,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let config = ServerConfig {
        token: settings.token,
        upstream: UpstreamConfig {
            url,
            connections: settings.connections,
            connect_wait: CONNECT_WAIT,
            reply_wait: REPLY_WAIT,
        },
        max_body_bytes: MAX_BODY_BYTES,
        drain_wait: DRAIN_WAIT,
    };
    let stopped = async move {
        // An error means that nobody is left to ask us to stop; so do.
        drop(stop.wait_for(|stop| *stop).await);
    };
    Ok(serve(listener, config, stopped).await?)
}

/// The one line on stdout, for people and for programs that wait for it.
fn announce(address: std::net::SocketAddr, url: &RedisUrl) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "redis-rest ready on http://{address} (redis at {url})"
    )?;
    stdout.flush()?;
    Ok(())
}

fn start_logging(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
