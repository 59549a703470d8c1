//! submit-fn's settings, read from its variables.

use std::ops::RangeInclusive;
use std::rc::Rc;

use shared::config::{self, ConfigError, Lookup, RedisConfig};
use shared::domain::ticket::TicketKey;
use shared::http::Access;
use shared::plan::Plan;
use shared::queue::usage::UsageLimits;
use shared::redis::Client;

use crate::backpressure::QueueLimits;
use crate::cors::Origins;

/// The range of `QUEUE_BYTES`: 1 MiB to 1 TiB.
const QUEUE_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 40;

/// The settings that an instance keeps, or why they cannot be used.
pub type Settings = Result<Rc<Config>, ConfigError>;

/// The settings of all handlers, and the clients that are made of them.
pub struct Config {
    /// `UPSTASH_REDIS_REST_URL`, `UPSTASH_REDIS_REST_TOKEN`,
    /// `REDIS_TIMEOUT_MS`.
    pub redis: Client,
    /// `TICKET_SECRET`, or else derived from the Upstash token.
    pub tickets: TicketKey,
    /// `PLAN`, `free` (default) or `paid`, as worker-fn's: how many submissions share a
    /// wake-up.
    pub plan: Plan,
    /// `WAKE`, `on` (default) or `off`: whether a submission wakes worker-fn.
    pub wake: bool,
    /// `LANGUAGES`, names with commas between them: only these are offered.
    /// Default: what worker-fn offers.
    pub languages: Option<Vec<String>>,
    /// `UNKNOWN_PROBLEMS`, `run` (default) or `refuse`: what becomes of a
    /// submission to an id that no problem has.
    pub unknown_problems: UnknownProblems,
    /// `RESULT_TTL_S`, how long a result is kept. Default 86,400 s.
    pub result_ttl_s: u64,
    /// `QUEUE_MAX`, the length of a place above which submissions to it are refused
    /// for a while, default 10,000; `QUEUE_BYTES`, how many bytes of Redis a place
    /// may take, default 16 MiB.
    pub queue: QueueLimits,
    /// `STORE_MAX_MB`, `STORE_CLIENT_MAX_MB`.
    pub storage: UsageLimits,
    /// `RATE_LIMITS`, `on` (default) or `off`: whether the platform's bindings are
    /// asked how many calls a client made.
    pub rate_limits: bool,
    /// `RUN_PER_MINUTE`, how many runs a client may ask an instance for in a
    /// minute, beside the binding; 0 turns them off.
    pub run_per_minute: Option<u32>,
    /// `RUN_AT_ONCE`, how many runs may be under way in an instance. Default 4.
    pub run_at_once: u64,
    /// `ADMIN_TOKEN`, `API_KEYS`, `AUTH`, `PUBLIC_SUBMIT`.
    pub access: Access,
    /// `ALLOWED_ORIGINS`. Default: any where access is open, else none.
    pub origins: Origins,
    /// `WEBHOOK_SECRET`, of which only worker-fn needs the value: whether submissions may
    /// name a `callbackUrl`; and `CALLBACK_LOOPBACK`, `on` or `off` (default): whether
    /// one that leads to this machine.
    pub callbacks: Callbacks,
    /// `REDIS_DAILY_COMMANDS`, how many commands the plan of Redis has for a day, for
    /// the operator's numbers only. Default: Upstash's free plan, 500,000 a month;
    /// `None` for 0.
    pub daily_commands: Option<u64>,
}

/// Which `callbackUrl` a submission may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callbacks {
    /// None.
    Off,
    /// One in the public Internet.
    Public,
    /// Also one of this machine.
    Loopback,
}

impl Callbacks {
    fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let loopback = config::switch(lookup, "CALLBACK_LOOPBACK", false)?;
        Ok(match config::optional(lookup, "WEBHOOK_SECRET") {
            None => Self::Off,
            Some(_) if loopback => Self::Loopback,
            Some(_) => Self::Public,
        })
    }
}

/// What becomes of a submission to an id that no problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownProblems {
    /// It is run and not judged, as in the classic design.
    Run,
    /// It is refused.
    Refuse,
}

impl UnknownProblems {
    fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        const NAME: &str = "UNKNOWN_PROBLEMS";
        match config::optional(lookup, NAME).as_deref() {
            None | Some("run") => Ok(Self::Run),
            Some("refuse") => Ok(Self::Refuse),
            Some(_) => Err(ConfigError::Invalid {
                name: NAME,
                expected: "run or refuse".into(),
            }),
        }
    }
}

impl Config {
    /// The same as [`Config::from_lookup`], to be kept.
    pub fn settings(lookup: Lookup<'_>) -> Settings {
        Self::from_lookup(lookup).map(Rc::new)
    }

    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let redis = RedisConfig::from_lookup(lookup)?;
        let languages = config::list(lookup, "LANGUAGES");
        let access = Access::from_lookup(lookup)?;
        Ok(Self {
            tickets: TicketKey::from_lookup(lookup, &redis),
            redis: Client::new(redis),
            plan: Plan::from_lookup(lookup)?,
            wake: config::switch(lookup, "WAKE", true)?,
            languages: (!languages.is_empty()).then_some(languages),
            unknown_problems: UnknownProblems::from_lookup(lookup)?,
            result_ttl_s: config::result_ttl_s(lookup)?,
            queue: QueueLimits {
                queue_max: config::number(lookup, "QUEUE_MAX", 10_000, 1..=10_000_000)?,
                queue_bytes: config::number(lookup, "QUEUE_BYTES", 16 << 20, QUEUE_BYTES)?,
            },
            storage: UsageLimits::from_lookup(lookup)?,
            rate_limits: config::switch(lookup, "RATE_LIMITS", true)?,
            run_per_minute: run_per_minute(lookup)?,
            run_at_once: config::number(lookup, "RUN_AT_ONCE", 4, 1..=100)?,
            origins: Origins::from_lookup(lookup, access.is_open())?,
            access,
            callbacks: Callbacks::from_lookup(lookup)?,
            daily_commands: config::daily_commands(lookup)?,
        })
    }
}

fn run_per_minute(lookup: Lookup<'_>) -> Result<Option<u32>, ConfigError> {
    const NOT_SET: u64 = u64::MAX;
    let number = config::number(lookup, "RUN_PER_MINUTE", NOT_SET, 0..=10_000)?;
    Ok(u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_problems_are_run_or_refused() {
        let read = |value: &str| UnknownProblems::from_lookup(&|_| Some(value.to_owned()));
        assert_eq!(read(""), Ok(UnknownProblems::Run));
        assert_eq!(read("run"), Ok(UnknownProblems::Run));
        assert_eq!(read("refuse"), Ok(UnknownProblems::Refuse));
        let error = read("yes").unwrap_err().to_string();
        assert!(error.contains("UNKNOWN_PROBLEMS"), "{error}");
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
