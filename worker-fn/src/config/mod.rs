//! worker-fn's settings, read from its variables.

mod executors;

use std::rc::Rc;

use shared::config::{self, ConfigError, Lookup, RedisConfig};
use shared::domain::ticket::TicketKey;
use shared::http::Access;
use shared::plan::Plan;
use shared::queue::settlement::QueueConfig;
use shared::queue::usage::UsageLimits;
use shared::redis::Client;

use crate::webhook::WebhookConfig;

pub use executors::{EndpointConfig, ExecutorConfig, Kind, MAX_ENDPOINTS};

/// The settings that an instance keeps, or why they cannot be used.
pub type Settings = Result<Rc<Config>, ConfigError>;

/// Everything that working on jobs needs.
#[derive(Clone)]
pub struct Config {
    /// `UPSTASH_REDIS_REST_URL`, `UPSTASH_REDIS_REST_TOKEN`,
    /// `REDIS_TIMEOUT_MS`.
    pub redis: Client,
    /// `TICKET_SECRET`, or else derived from the Upstash token.
    pub tickets: TicketKey,
    /// `ADMIN_TOKEN`, `API_KEYS`, `AUTH`; `PUBLIC_SUBMIT` opens nothing here.
    pub access: Access,
    /// Where code runs.
    pub executor: ExecutorConfig,
    /// `RESULT_TTL_S`, `RESULT_INDEX` (`on`, the default, or `off`),
    /// `LEASE_MS` (default 60,000) and `MAX_IN_FLIGHT` (default 60).
    pub queue: QueueConfig,
    /// `STORE_MAX_MB`, `STORE_CLIENT_MAX_MB`.
    pub storage: UsageLimits,
    /// `REDIS_DAILY_COMMANDS`, for `GET /metrics` only.
    pub daily_commands: Option<u64>,
    /// `MAX_ATTEMPTS`, after which a job is given up. Default 3.
    pub max_attempts: u32,
    /// `PROCESSING_DELAY_MS`, a pause before each job is run. Default 0.
    pub processing_delay_ms: u64,
    /// `KEEP_SUBMISSIONS`, `on` (default) or `off`: whether judged submissions
    /// can be judged again.
    pub archive_submissions: bool,
    /// `PROGRESS`, `on` (default) or `off`: whether watched jobs write how far they
    /// are.
    pub progress: bool,
    /// `PLAN`, `free` (default) or `paid`: what the platform allows an invocation.
    pub plan: Plan,
    /// `SUBREQUEST_BUDGET`, how many calls one invocation may make. Default 45 on the
    /// free plan, which allows 50, and 900 on the paid one.
    pub subrequest_budget: u64,
    /// `MAX_JOBS_PER_INVOCATION`, how many jobs one invocation may claim, because
    /// the free plan allows 10 ms of processor time. Its default is the plan's; on the
    /// paid plan that is no limit beside the calls.
    pub max_jobs_per_invocation: usize,
    /// `WEBHOOK_SECRET`, `WEBHOOK_ATTEMPTS`, `CALLBACK_LOOPBACK`, `DNS_OVER_HTTPS_URL`.
    /// `None`: nobody is told of ends.
    pub webhooks: Option<WebhookConfig>,
    /// `RATE_LIMITS`, `on` (default) or `off`: whether the platform's bindings are asked
    /// how many calls a caller may make.
    pub rate_limits: bool,
}

impl Config {
    /// The same as [`Config::from_lookup`], to be kept.
    pub fn settings(lookup: Lookup<'_>) -> Settings {
        Self::from_lookup(lookup).map(Rc::new)
    }

    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let redis = RedisConfig::from_lookup(lookup)?;
        let plan = Plan::from_lookup(lookup)?;
        Self {
            tickets: TicketKey::from_lookup(lookup, &redis),
            redis: Client::new(redis),
            access: Access::from_lookup(lookup)?,
            executor: ExecutorConfig::from_lookup(lookup)?,
            queue: QueueConfig {
                result_ttl_s: config::result_ttl_s(lookup)?,
                result_index: config::switch(lookup, "RESULT_INDEX", true)?,
                lease_ms: config::number(lookup, "LEASE_MS", 60_000, 5_000..=3_600_000)?,
                max_in_flight: config::number(lookup, "MAX_IN_FLIGHT", 60, 1..=10_000)?,
            },
            storage: UsageLimits::from_lookup(lookup)?,
            daily_commands: config::daily_commands(lookup)?,
            max_attempts: saturated(config::number(lookup, "MAX_ATTEMPTS", 3, 1..=100)?),
            processing_delay_ms: config::number(lookup, "PROCESSING_DELAY_MS", 0, 0..=10_000)?,
            archive_submissions: config::switch(lookup, "KEEP_SUBMISSIONS", true)?,
            progress: config::switch(lookup, "PROGRESS", true)?,
            plan,
            subrequest_budget: config::number(
                lookup,
                "SUBREQUEST_BUDGET",
                plan.calls_per_invocation(),
                10..=plan.most_calls_per_invocation(),
            )?,
            max_jobs_per_invocation: usize::try_from(config::number(
                lookup,
                "MAX_JOBS_PER_INVOCATION",
                plan.jobs_per_invocation(),
                1..=10_000,
            )?)
            .unwrap_or(usize::MAX),
            webhooks: WebhookConfig::from_lookup(lookup)?,
            rate_limits: config::switch(lookup, "RATE_LIMITS", true)?,
        }
        .checked()
    }

    /// A lease must outlast the longest that its holder may need: waiting behind
    /// one other job, its own run, and settling it. Otherwise jobs would often be
    /// run twice.
    fn checked(self) -> Result<Self, ConfigError> {
        let longest_ms =
            2 * (self.executor.timeout_ms + self.processing_delay_ms) + 2 * self.redis.timeout_ms();
        if self.queue.lease_ms < longest_ms {
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

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_with(name: &str, value: &str) -> Result<Config, ConfigError> {
        config_of(&[(name, value)])
    }

    fn config_of(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup(&|asked| {
            let given = variables.iter().find(|(name, _)| *name == asked);
            match asked {
                _ if given.is_some() => given.map(|(_, value)| (*value).to_owned()),
                "UPSTASH_REDIS_REST_URL" => Some("https://redis.example".into()),
                "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
                "EXECUTOR_URL" => Some("http://127.0.0.1:2000/api/v2".into()),
                _ => None,
            }
        })
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = config_with("", "").unwrap();
        assert_eq!(config.plan, Plan::Free);
        assert_eq!(config.queue.result_ttl_s, 86_400);
        assert_eq!(
            (config.queue.lease_ms, config.queue.max_in_flight),
            (60_000, 60)
        );
        assert_eq!((config.max_attempts, config.processing_delay_ms), (3, 0));
        assert_eq!(config.executor.timeout_ms, 15_000);
        assert_eq!(config.executor.run_timeout_ms, None);
        let [endpoint] = config.executor.endpoints.as_slice() else {
            panic!("one endpoint");
        };
        assert_eq!(endpoint.token_header, "Authorization");
        assert_eq!(
            (endpoint.name.as_str(), endpoint.kind),
            ("piston", Kind::Piston)
        );
    }

    #[test]
    fn a_plan_sets_what_no_variable_sets() {
        for (plan, jobs, calls, expected) in [
            ("free", "", "", (2, 45)),
            ("paid", "", "", (10_000, 900)),
            ("free", "9", "50", (9, 50)),
            ("paid", "7", "10000", (7, 10_000)),
        ] {
            let config = config_of(&[
                ("PLAN", plan),
                ("MAX_JOBS_PER_INVOCATION", jobs),
                ("SUBREQUEST_BUDGET", calls),
            ])
            .unwrap();
            let limits = (config.max_jobs_per_invocation, config.subrequest_budget);
            assert_eq!(limits, expected, "{plan} {jobs} {calls}");
        }
        let more = config_of(&[("PLAN", "free"), ("SUBREQUEST_BUDGET", "51")]);
        let error = more.err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("SUBREQUEST_BUDGET")));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named() {
        for (name, value) in [
            ("PLAN", "Paid"),
            ("EXECUTOR_URL", ""),
            ("EXECUTOR_URL", "ftp://x"),
            ("EXECUTOR_TOKEN_HEADER", "no header"),
            ("RUN_TIMEOUT_MS", "0"),
            ("SUBREQUEST_BUDGET", "4"),
            ("MAX_JOBS_PER_INVOCATION", "0"),
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

    /// The table that operators read has a row for every variable that is read.
    #[test]
    fn every_variable_is_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let document = std::fs::read_to_string(path).unwrap();
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
            assert!(
                document.contains(&row),
                "docs/configuration.md has no row {row}"
            );
        }
    }
}
