//! Settings from variables.
//!
//! Each Worker has one `Config::from_lookup` that asks for its variables by
//! name; the helpers here give every one of them the same errors. A Worker's
//! variables come from `wrangler.toml` (`[vars]`) and from `wrangler secret
//! put`; both look alike from here.

use std::fmt;
use std::ops::RangeInclusive;

use reqwest::Url;
use subtle::ConstantTimeEq;

/// Looks a variable up by its name. `None`: it is not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that is missing or cannot be used. Its value is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// One of the two variables without which Redis cannot be called.
    #[error("Missing Redis credentials: the variable {0} is not set.")]
    MissingCredentials(&'static str),
    /// Another variable that has no default.
    #[error("The variable {0} is not set.")]
    Missing(&'static str),
    /// A variable of earlier versions that means nothing any more.
    #[error("The variable {name} was replaced; remove it: {instead}.")]
    Replaced {
        /// The variable.
        name: &'static str,
        /// What to do instead, as the rest of a sentence.
        instead: &'static str,
    },
    /// The value cannot be used.
    #[error("The variable {name} is not usable: it must be {expected}.")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What the value must be.
        expected: String,
    },
}

/// A token. It prints as `[redacted]`, so that no log or error can hold it by
/// accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The token itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this token. The time that this takes depends on the
    /// lengths alone.
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where Redis is, and the token for it.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// `UPSTASH_REDIS_REST_URL`, an http(s) URL. Required.
    pub url: Url,
    /// `UPSTASH_REDIS_REST_TOKEN`. Required.
    pub token: Secret,
    /// `REDIS_TIMEOUT_MS`, how long one call may take. Default 5,000 ms.
    pub timeout_ms: u64,
}

impl RedisConfig {
    /// Reads the three variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        const URL: &str = "UPSTASH_REDIS_REST_URL";
        const TOKEN: &str = "UPSTASH_REDIS_REST_TOKEN";
        let text = optional(lookup, URL).ok_or(ConfigError::MissingCredentials(URL))?;
        let token = optional(lookup, TOKEN).ok_or(ConfigError::MissingCredentials(TOKEN))?;
        Ok(Self {
            url: http_url(&text).ok_or_else(|| ConfigError::Invalid {
                name: URL,
                expected: "an http or https URL".into(),
            })?,
            token: Secret::new(token),
            timeout_ms: number(lookup, "REDIS_TIMEOUT_MS", 5_000, 100..=25_000)?,
        })
    }
}

/// A variable that may be absent. Empty counts as absent: that is what an
/// unset line in a `.env` file gives.
pub fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// A whole number within `range`, or `default` when it is not set.
pub fn number(
    lookup: Lookup<'_>,
    name: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let Some(text) = optional(lookup, name) else {
        return Ok(default);
    };
    text.parse()
        .ok()
        .filter(|value| range.contains(value))
        .ok_or_else(|| ConfigError::Invalid {
            name,
            expected: format!("a whole number from {} to {}", range.start(), range.end()),
        })
}

/// `RESULT_TTL_S`, how long a result is kept, in seconds. Default 86,400 (a
/// day). Both Workers read it: one stores by it, the other explains by it.
pub fn result_ttl_s(lookup: Lookup<'_>) -> Result<u64, ConfigError> {
    number(lookup, "RESULT_TTL_S", 86_400, 60..=31_536_000)
}

/// `REDIS_DAILY_COMMANDS`, how many commands the plan of Redis has for a day, for the
/// operator's numbers only. Default: Upstash's free plan, 500,000 a month; `None` for 0.
pub fn daily_commands(lookup: Lookup<'_>) -> Result<Option<u64>, ConfigError> {
    let most = 1_000_000_000_000;
    let limit = number(lookup, "REDIS_DAILY_COMMANDS", 16_666, 0..=most)?;
    Ok(Some(limit).filter(|&limit| limit > 0))
}

/// `on` or `off`, or `default` when it is not set.
pub fn switch(lookup: Lookup<'_>, name: &'static str, default: bool) -> Result<bool, ConfigError> {
    match optional(lookup, name).as_deref() {
        None => Ok(default),
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(_) => Err(ConfigError::Invalid {
            name,
            expected: "on or off".into(),
        }),
    }
}

/// The items of a comma-separated list; empty items are dropped.
pub fn list(lookup: Lookup<'_>, name: &str) -> Vec<String> {
    optional(lookup, name)
        .unwrap_or_default()
        .split(',')
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

/// An http(s) URL; `None` for anything else.
pub fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Whether a text is an origin in the form in which browsers send it: scheme http
/// or https, host in lower case, the port unless it is the scheme's own.
pub fn is_web_origin(text: &str) -> bool {
    // Byte by byte: what a parser would mend first, such as a path or a capital, never
    // equals what a browser sends.
    let rest = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) if !rest.ends_with(":443") => rest,
        (_, Some(rest)) if !rest.ends_with(":80") => rest,
        _ => return false,
    };
    let is_part =
        |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' | b'[' | b']');
    rest.bytes().all(is_part) && http_url(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup_in<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn missing_credentials_name_the_variable() {
        let error = RedisConfig::from_lookup(&lookup_in(&[])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Missing Redis credentials: the variable UPSTASH_REDIS_REST_URL is not set."
        );
        let only_url = [("UPSTASH_REDIS_REST_URL", "https://x.example")];
        let error = RedisConfig::from_lookup(&lookup_in(&only_url)).unwrap_err();
        assert!(error.to_string().contains("UPSTASH_REDIS_REST_TOKEN"));
    }

    #[test]
    fn values_that_cannot_be_used_are_named_but_not_shown() {
        let error = RedisConfig::from_lookup(&lookup_in(&[
            ("UPSTASH_REDIS_REST_URL", "redis://hidden"),
            ("UPSTASH_REDIS_REST_TOKEN", "t"),
        ]))
        .unwrap_err();
        assert!(error.to_string().contains("UPSTASH_REDIS_REST_URL"));
        assert!(!error.to_string().contains("hidden"));

        for value in ["0", "-1", "1.5", "many", "99999999999999999999"] {
            let pairs = [("N", value)];
            assert!(number(&lookup_in(&pairs), "N", 7, 1..=10).is_err());
        }
        assert_eq!(number(&lookup_in(&[("N", " 9 ")]), "N", 7, 1..=10), Ok(9));
        assert_eq!(number(&lookup_in(&[("N", "")]), "N", 7, 1..=10), Ok(7));
        assert_eq!(switch(&lookup_in(&[("S", "off")]), "S", true), Ok(false));
        assert!(switch(&lookup_in(&[("S", "false")]), "S", true).is_err());
        assert_eq!(list(&lookup_in(&[("L", "a, b,,c ")]), "L"), ["a", "b", "c"]);
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[redacted]");
        assert!(Secret::new("hunter2").matches("hunter2"));
        assert!(!Secret::new("hunter2").matches("hunter"));
    }
}
