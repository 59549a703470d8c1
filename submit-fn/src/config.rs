//! submit-fn's settings, read from its variables.

use shared::config::{self, ConfigError, Lookup, RedisConfig};
use shared::ticket::TicketKey;

/// What the answers to `POST /submit` and `GET /result/:id` need.
pub struct Config {
    /// `UPSTASH_REDIS_REST_URL`, `UPSTASH_REDIS_REST_TOKEN`,
    /// `REDIS_TIMEOUT_MS`.
    pub redis: RedisConfig,
    /// `TICKET_SECRET`, or else derived from the Upstash token.
    pub tickets: TicketKey,
    /// `WAKE`, `on` (default) or `off`: whether a submission wakes worker-fn.
    pub wake: bool,
    /// `LANGUAGES`, names with commas between them. Set, only these are
    /// offered; not set (default), worker-fn is asked.
    pub languages: Option<Vec<String>>,
    /// `RESULT_TTL_S`, how long a result is kept. Default 86,400 s.
    pub result_ttl_s: u64,
    /// `QUEUE_MAX`, how many may wait in a lane before nobody is let in for a
    /// while. Default 10,000.
    pub queue_max: u64,
    /// `RUN_PER_MINUTE`, how many runs a client may ask an instance for in a
    /// minute. Default 30; 0 turns them off.
    pub run_per_minute: u64,
    /// `RUN_AT_ONCE`, how many may be going on in an instance. Default 4.
    pub run_at_once: u64,
}

impl Config {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let redis = RedisConfig::from_lookup(lookup)?;
        let languages = config::list(lookup, "LANGUAGES");
        Ok(Self {
            tickets: TicketKey::from_lookup(lookup, &redis),
            redis,
            wake: config::switch(lookup, "WAKE", true)?,
            languages: (!languages.is_empty()).then_some(languages),
            result_ttl_s: config::result_ttl_s(lookup)?,
            queue_max: config::number(lookup, "QUEUE_MAX", 10_000, 1..=10_000_000)?,
            run_per_minute: config::number(lookup, "RUN_PER_MINUTE", 30, 0..=10_000)?,
            run_at_once: config::number(lookup, "RUN_AT_ONCE", 4, 1..=100)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
