//! What can be typed, and what it comes to mean.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use redis_rest::auth::Token;
use redis_rest::redis_url::RedisUrl;

/// Upstash's REST API in front of a real redis-server.
///
/// Point UPSTASH_REDIS_REST_URL at this program and UPSTASH_REDIS_REST_TOKEN at
/// its token, and clients of Upstash Redis work on your own machine. Without
/// --redis-url it starts a redis-server of its own and keeps its data between
/// runs.
#[derive(Debug, Parser)]
#[command(
    version,
    verbatim_doc_comment,
    after_help = "Examples:\n  \
        REDIS_REST_TOKEN=dev redis-rest\n  \
        REDIS_REST_TOKEN=dev redis-rest --redis-url redis://127.0.0.1:6379\n  \
        curl http://127.0.0.1:8079/set/greeting/hello -H 'Authorization: Bearer dev'\n\n\
        When it serves, it prints one line on stdout:\n  \
        redis-rest ready on http://127.0.0.1:8079 (redis at redis://127.0.0.1:6399)"
)]
pub(crate) struct Cli {
    /// Address and port to serve HTTP on; port 0 picks a free one
    #[arg(
        long,
        env = "REDIS_REST_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8079"
    )]
    listen: SocketAddr,

    /// The token that clients must send; required. Better set in the
    /// environment, since other users of this machine can see arguments
    #[arg(
        long,
        env = "REDIS_REST_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,

    /// The Redis to serve: redis://[[user]:password@]host[:port][/database].
    /// Without it, a redis-server of our own
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    redis_url: Option<String>,

    /// Folder in which our own redis-server keeps its data
    #[arg(
        long,
        env = "REDIS_REST_DATA_DIR",
        value_name = "FOLDER",
        default_value = ".edgejudge/redis"
    )]
    data_dir: PathBuf,

    /// Port of our own redis-server, on the loopback address; 0 picks a free one
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

    /// What to log on stderr: error, warn, info (a line for each request),
    /// debug
    #[arg(
        long,
        env = "REDIS_REST_LOG",
        value_name = "LEVEL",
        default_value = "info"
    )]
    log: String,
}

/// Everything the program needs, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) token: Token,
    /// `None`: start our own.
    pub(crate) redis_url: Option<RedisUrl>,
    pub(crate) data_dir: PathBuf,
    /// `None`: a free one.
    pub(crate) redis_port: Option<u16>,
    pub(crate) connections: usize,
    pub(crate) log: String,
}

impl Settings {
    /// Checks what was typed.
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
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_token_is_required_and_the_message_says_how() {
        for args in [&["--token", ""][..], &["--token", "  "]] {
            let error = settings(args).unwrap_err().to_string();
            assert!(error.contains("REDIS_REST_TOKEN"), "{error}");
        }
        assert!(settings(&["--token", "t"]).is_ok());
    }

    #[test]
    fn an_error_about_the_redis_url_does_not_repeat_it() {
        let error = settings(&["--token", "t", "--redis-url", "http://:hunter2@x"]).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("redis://"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn port_0_means_any() {
        let settings = settings(&["--token", "t", "--redis-port", "0"]).unwrap();
        assert_eq!(settings.redis_port, None);
    }

    #[test]
    fn the_settings_do_not_show_secrets() {
        let settings = settings(&["--token", "hunter2", "--redis-url", "redis://:hunter2@x"]);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
