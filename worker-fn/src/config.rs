//! worker-fn's settings, read from its variables.

use reqwest::Url;
use shared::config::{self, ConfigError, Lookup, RedisConfig, Secret};
use shared::queue::work::Policy;
use shared::ticket::TicketKey;

/// Everything that working on jobs needs.
#[derive(Clone)]
pub struct Config {
    /// `UPSTASH_REDIS_REST_URL`, `UPSTASH_REDIS_REST_TOKEN`,
    /// `REDIS_TIMEOUT_MS`.
    pub redis: RedisConfig,
    /// `TICKET_SECRET`, or else derived from the Upstash token.
    pub tickets: TicketKey,
    /// Where code runs.
    pub executor: ExecutorConfig,
    /// `RESULT_TTL_S`, `RESULT_INDEX` (`on`, the default, or `off`),
    /// `LEASE_MS` (default 60,000) and `MAX_IN_FLIGHT` (default 60).
    pub policy: Policy,
    /// `MAX_ATTEMPTS`, after how many a job is given up. Default 3.
    pub max_attempts: u32,
    /// `PROCESSING_DELAY_MS`, a pause before each job is run. Default 0.
    pub processing_delay_ms: u64,
    /// `SUBREQUEST_BUDGET`, how many calls one invocation may make. Default
    /// 45, because the platform's free plan allows 50.
    pub subrequest_budget: u64,
}

/// The execution endpoint and how to be let in.
#[derive(Debug, Clone)]
pub struct ExecutorConfig {
    /// `EXECUTOR_URL`, the base of a Piston v2 API: what stands before
    /// `/execute` and `/runtimes`. Required.
    pub url: Url,
    /// `EXECUTOR_TOKEN`. Default: none is sent.
    pub token: Option<Secret>,
    /// `EXECUTOR_TOKEN_HEADER`, the header that carries the token. Default
    /// `Authorization`, where it goes as `Bearer <token>`; in any other header
    /// it goes as it is.
    pub token_header: String,
    /// `EXECUTOR_TIMEOUT_MS`, how long one run may take as the Worker sees it,
    /// waiting at the endpoint included. Default 15,000 ms.
    pub timeout_ms: u64,
    /// `EXECUTOR_NAME`, what results call it. Default `piston`.
    pub name: String,
    /// `RUN_TIMEOUT_MS`, the wall time of a program. Default: the endpoint's.
    pub run_timeout_ms: Option<u64>,
    /// `COMPILE_TIMEOUT_MS`, the wall time of a compiler. Default: the
    /// endpoint's.
    pub compile_timeout_ms: Option<u64>,
}

impl Config {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let redis = RedisConfig::from_lookup(lookup)?;
        Self {
            tickets: TicketKey::from_lookup(lookup, &redis),
            redis,
            executor: ExecutorConfig::from_lookup(lookup)?,
            policy: Policy {
                result_ttl_s: config::result_ttl_s(lookup)?,
                result_index: config::switch(lookup, "RESULT_INDEX", true)?,
                lease_ms: config::number(lookup, "LEASE_MS", 60_000, 5_000..=3_600_000)?,
                max_in_flight: config::number(lookup, "MAX_IN_FLIGHT", 60, 1..=10_000)?,
            },
            max_attempts: small(config::number(lookup, "MAX_ATTEMPTS", 3, 1..=100)?),
            processing_delay_ms: config::number(lookup, "PROCESSING_DELAY_MS", 0, 0..=10_000)?,
            subrequest_budget: config::number(lookup, "SUBREQUEST_BUDGET", 45, 8..=10_000)?,
        }
        .checked()
    }

    /// A lease must outlast the longest that its holder may be busy with it, or
    /// jobs would be run twice as a rule: waiting behind one other job, its own
    /// run, and settling it.
    fn checked(self) -> Result<Self, ConfigError> {
        let longest_ms =
            2 * (self.executor.timeout_ms + self.processing_delay_ms) + 2 * self.redis.timeout_ms;
        if self.policy.lease_ms < longest_ms {
            return Err(ConfigError::Invalid {
                name: "LEASE_MS",
                expected: format!(
                    "at least {longest_ms}, which is twice EXECUTOR_TIMEOUT_MS, \
                     PROCESSING_DELAY_MS and REDIS_TIMEOUT_MS together"
                ),
            });
        }
        Ok(self)
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl ExecutorConfig {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        const HEADER: &str = "EXECUTOR_TOKEN_HEADER";
        let token_header =
            config::optional(lookup, HEADER).unwrap_or_else(|| "Authorization".into());
        if http::HeaderName::try_from(token_header.as_str()).is_err() {
            return Err(ConfigError::Invalid {
                name: HEADER,
                expected: "the name of an HTTP header".into(),
            });
        }
        Ok(Self {
            url: config::required_url(lookup, "EXECUTOR_URL")?,
            token: config::optional(lookup, "EXECUTOR_TOKEN").map(Secret::new),
            token_header,
            name: config::optional(lookup, "EXECUTOR_NAME").unwrap_or_else(|| "piston".into()),
            timeout_ms: config::number(lookup, "EXECUTOR_TIMEOUT_MS", 15_000, 1_000..=120_000)?,
            run_timeout_ms: optional_number(lookup, "RUN_TIMEOUT_MS")?,
            compile_timeout_ms: optional_number(lookup, "COMPILE_TIMEOUT_MS")?,
        })
    }
}

fn optional_number(lookup: Lookup<'_>, name: &'static str) -> Result<Option<u64>, ConfigError> {
    match config::number(lookup, name, 0, 1..=120_000)? {
        0 => Ok(None),
        ms => Ok(Some(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_with(name: &str, value: &str) -> Result<Config, ConfigError> {
        Config::from_lookup(&|asked| match asked {
            _ if asked == name => Some(value.to_owned()),
            "UPSTASH_REDIS_REST_URL" => Some("https://redis.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "EXECUTOR_URL" => Some("http://127.0.0.1:2000/api/v2".into()),
            _ => None,
        })
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = config_with("", "").unwrap();
        assert_eq!(config.subrequest_budget, 45);
        assert_eq!(config.policy.result_ttl_s, 86_400);
        assert_eq!(
            (config.policy.lease_ms, config.policy.max_in_flight),
            (60_000, 60)
        );
        assert_eq!((config.max_attempts, config.processing_delay_ms), (3, 0));
        assert_eq!(config.executor.timeout_ms, 15_000);
        assert_eq!(config.executor.run_timeout_ms, None);
        assert_eq!(config.executor.token_header, "Authorization");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (name, value) in [
            ("EXECUTOR_URL", ""),
            ("EXECUTOR_URL", "ftp://x"),
            ("EXECUTOR_TOKEN_HEADER", "no header"),
            ("RUN_TIMEOUT_MS", "0"),
            ("SUBREQUEST_BUDGET", "4"),
            ("LEASE_MS", "39999"),
            ("MAX_ATTEMPTS", "0"),
            ("RESULT_TTL_S", "1"),
        ] {
            let error = config_with(name, value).err().map(|e| e.to_string());
            assert!(
                error.is_some_and(|text| text.contains(name)),
                "{name}={value}"
            );
        }
    }

    /// The table that operators read names every variable that is read.
    #[test]
    fn the_readme_names_every_variable() {
        let readme = include_str!("../../README.md");
        let asked = std::cell::RefCell::new(Vec::new());
        let lookup = |name: &str| {
            asked.borrow_mut().push(format!("| `{name}` |"));
            match name {
                "UPSTASH_REDIS_REST_URL" | "EXECUTOR_URL" => Some("https://x.example".into()),
                "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
                _ => None,
            }
        };
        assert!(Config::from_lookup(&lookup).is_ok());
        for row in asked.into_inner() {
            assert!(readme.contains(&row), "README.md has no row {row}");
        }
    }
}
