//! The `redis-rest` program: reads flags and environment, starts a redis-server if
//! none is given, serves, and shuts down on SIGINT or SIGTERM.

mod cli;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use redis_rest::connect::connect;
use redis_rest::managed_redis::{ManagedRedis, ManagedRedisConfig};
use redis_rest::prelude::become_redis;
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
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long Redis may take to reply to a request.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a shutdown waits for requests in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Pause between two attempts to restart redis-server.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if let Some(code) = become_redis(std::env::args_os()) {
        return code;
    }
    let cli = Cli::parse();
    let result = Settings::new(cli).and_then(|settings| {
        start_logging(&settings.log);
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?
            .block_on(run(settings))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redis-rest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `block_on` polls this on the main thread, as [`ManagedRedis::start`] requires.
async fn run(settings: Settings) -> anyhow::Result<()> {
    // First, so that a signal while redis-server starts does not leave it behind.
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
        tracing::warn!(%address, "serving other machines without TLS: the token can be read on the network");
    }

    let Some(url) = settings.redis_url.clone() else {
        return run_with_managed_redis(listener, settings, stop).await;
    };
    warn_when_unreachable(&url).await;
    announce(address, &url)?;
    serve_on(listener, settings, url, stop).await
}

/// Warns about a Redis that cannot be reached, which may be a typing error. The
/// program serves all the same: requests get a 503 until Redis is there.
async fn warn_when_unreachable(url: &RedisUrl) {
    match tokio::time::timeout(CONNECT_TIMEOUT, connect(url)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(redis = %url, %error, "Redis cannot be reached (yet)"),
        Err(_) => tracing::warn!(redis = %url, "Redis cannot be reached (yet)"),
    }
}

/// Starts a redis-server and serves it. A redis-server that ends is restarted; at
/// shutdown it is stopped after the last response.
async fn run_with_managed_redis(
    listener: TcpListener,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut config = ManagedRedisConfig {
        program: ManagedRedisConfig::this_program()?,
        data_dir: settings.data_dir.clone(),
        port: settings.redis_port,
    };
    let mut redis = tokio::select! {
        started = ManagedRedis::start(&config) => started?,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    let url = redis.url();
    // After a restart, the shared connections use the same address.
    config.port = Some(url.port);
    let mut served = tokio::spawn(serve_on(listener, settings, url.clone(), stop));
    announce(address, &url)?;
    loop {
        tokio::select! {
            served = &mut served => {
                redis.stop().await;
                return served?;
            }
            ended = redis.wait() => {
                tracing::error!(?ended, "redis-server ended and is restarted");
            }
        }
        redis = tokio::select! {
            served = &mut served => return served?,
            redis = restart(&config) => redis,
        };
        tracing::info!("redis-server is back");
    }
}

async fn restart(config: &ManagedRedisConfig) -> ManagedRedis {
    loop {
        match ManagedRedis::start(config).await {
            Ok(redis) => return redis,
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
            connect_timeout: CONNECT_TIMEOUT,
            reply_timeout: REPLY_TIMEOUT,
        },
        max_body_bytes: MAX_BODY_BYTES,
        drain_timeout: DRAIN_TIMEOUT,
    };
    let stopped = async move {
        // An error means that the task that waits for signals has ended; then stop.
        drop(stop.wait_for(|stop| *stop).await);
    };
    Ok(serve(listener, config, stopped).await?)
}

/// Prints the ready line, the only one on stdout, for people and for programs that
/// wait for it.
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
