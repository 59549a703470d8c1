//! The command line, and the checked settings that it becomes. `main.rs` uses both.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use redis_rest::auth::Token;
use redis_rest::redis_url::RedisUrl;

/// Upstash's REST API in front of a real redis-server.
///
/// Set UPSTASH_REDIS_REST_URL to the address of this program and
/// UPSTASH_REDIS_REST_TOKEN to its token, and clients of Upstash Redis work on your
/// machine. Without --redis-url it starts a redis-server, whose data stays between
/// runs.
#[derive(Debug, Parser)]
#[command(
    version,
    verbatim_doc_comment,
    after_help = "Examples:\n  \
        REDIS_REST_TOKEN=dev redis-rest\n  \
        REDIS_REST_TOKEN=dev redis-rest --redis-url redis://127.0.0.1:6379\n  \
        curl http://127.0.0.1:8079/set/greeting/hello -H 'Authorization: Bearer dev'\n\n\
        When it is ready, it prints one line on stdout:\n  \
        redis-rest ready on http://127.0.0.1:8079 (redis at redis://127.0.0.1:6399)"
)]
pub(crate) struct Cli {
    /// Address and port to serve HTTP on; port 0 selects a free port
    #[arg(
        long,
        env = "REDIS_REST_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8079"
    )]
    listen: SocketAddr,

    /// The token that clients must send; required. Set it in the environment, because
    /// other users of this machine can see arguments
    #[arg(
        long,
        env = "REDIS_REST_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,

    /// The Redis to serve: redis://[[user]:password@]host[:port][/database]. By default
    /// redis-rest starts a redis-server
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    redis_url: Option<String>,

    /// Folder for the data of the redis-server that redis-rest starts
    #[arg(
        long,
        env = "REDIS_REST_DATA_DIR",
        value_name = "FOLDER",
        default_value = ".edgejudge/redis"
    )]
    data_dir: PathBuf,

    /// Port of that redis-server, on the loopback address; 0 selects a free port
    #[arg(
        long,
        env = "REDIS_REST_REDIS_PORT",
        value_name = "PORT",
        default_value_t = 0
    )]
    redis_port: u16,

    /// Connections to Redis that all requests share
    #[arg(
        long,
        env = "REDIS_REST_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 4,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    connections: u16,

    /// What to log on stderr: error, warn, info (one line per request), debug
    #[arg(
        long,
        env = "REDIS_REST_LOG",
        value_name = "LEVEL",
        default_value = "info"
    )]
    log: String,
}

/// The checked settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) token: Token,
    /// `None`: start a redis-server.
    pub(crate) redis_url: Option<RedisUrl>,
    pub(crate) data_dir: PathBuf,
    /// `None`: a free port.
    pub(crate) redis_port: Option<u16>,
    pub(crate) connections: usize,
    pub(crate) log: String,
}

impl Settings {
    /// Checks the command line.
    pub(crate) fn new(cli: Cli) -> anyhow::Result<Self> {
        let token = cli.token.as_deref().unwrap_or_default();
        let Ok(token) = Token::new(token) else {
            bail!(
                "a token is required: set REDIS_REST_TOKEN (or --token) to any secret text, \
                 and give clients the same as UPSTASH_REDIS_REST_TOKEN"
            );
        };
        let redis_url = cli
            .redis_url
            .as_deref()
            .filter(|url| !url.trim().is_empty())
            .map(RedisUrl::parse)
            .transpose()
            .context("REDIS_URL (or --redis-url) is not usable")?;
        Ok(Self {
            listen: cli.listen,
            token,
            redis_url,
            data_dir: cli.data_dir,
            redis_port: Some(cli.redis_port).filter(|port| *port != 0),
            connections: cli.connections.into(),
            log: cli.log,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn settings(args: &[&str]) -> anyhow::Result<Settings> {
        Settings::new(Cli::try_parse_from(["redis-rest"].iter().chain(args))?)
    }

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_require_a_token_and_say_how_to_set_it() {
        for args in [&["--token", ""][..], &["--token", "  "]] {
            let error = settings(args).unwrap_err().to_string();
            assert!(error.contains("REDIS_REST_TOKEN"), "{error}");
        }
        assert!(settings(&["--token", "t"]).is_ok());
    }

    #[test]
    fn settings_error_does_not_repeat_the_redis_url() {
        let error = settings(&["--token", "t", "--redis-url", "http://:hunter2@x"]).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("redis://"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn settings_treat_port_0_as_any_port() {
        let settings = settings(&["--token", "t", "--redis-port", "0"]).unwrap();
        assert_eq!(settings.redis_port, None);
    }

    #[test]
    fn settings_do_not_print_secrets() {
        let settings = settings(&["--token", "hunter2", "--redis-url", "redis://:hunter2@x"]);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
