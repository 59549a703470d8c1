//! The variables of webhooks.

use reqwest::Url;
use shared::config::{self, ConfigError, Lookup};
use shared::domain::delivery;

use super::signing::SigningKeys;

/// The variable that holds the secrets.
const SECRET: &str = "WEBHOOK_SECRET";

/// Everything that delivering needs.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// `WEBHOOK_SECRET`: each signs.
    pub keys: SigningKeys,
    /// `WEBHOOK_ATTEMPTS`, after which a delivery is given up. Default 9, which takes
    /// eight hours.
    pub attempts: u32,
    /// `CALLBACK_LOOPBACK`, `on` or `off` (default): whether this machine may be
    /// called.
    pub loopback: bool,
    /// `DNS_OVER_HTTPS_URL`: who is asked what names stand for.
    pub resolver: Url,
}

impl WebhookConfig {
    /// `None`: `WEBHOOK_SECRET` is not set, and so webhooks are off.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Option<Self>, ConfigError> {
        const RESOLVER: &str = "DNS_OVER_HTTPS_URL";
        let most = delivery::MAX_ATTEMPTS;
        let attempts = config::number(lookup, "WEBHOOK_ATTEMPTS", most, 1..=most)?;
        let loopback = config::switch(lookup, "CALLBACK_LOOPBACK", false)?;
        let resolver = config::optional(lookup, RESOLVER);
        let resolver = resolver.unwrap_or_else(|| "https://cloudflare-dns.com/dns-query".into());
        let resolver = config::http_url(&resolver).ok_or_else(|| ConfigError::Invalid {
            name: RESOLVER,
            expected: "an http or https URL".into(),
        })?;
        let Some(secrets) = config::optional(lookup, SECRET) else {
            return Ok(None);
        };
        let keys = SigningKeys::parse(&secrets).ok_or_else(|| ConfigError::Invalid {
            name: SECRET,
            expected: "whsec_ and the base64 of 24 to 64 bytes, or several with spaces between"
                .into(),
        })?;
        Ok(Some(Self {
            keys,
            attempts: u32::try_from(attempts).unwrap_or(1),
            loopback,
            resolver,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Option<WebhookConfig>, ConfigError> {
        WebhookConfig::from_lookup(&|asked| match asked {
            _ if asked == name => Some(value.into()),
            "WEBHOOK_SECRET" => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_read() {
        let config = read("", "").unwrap().unwrap();
        assert_eq!((config.attempts, config.loopback), (9, false));
        assert_eq!(
            config.resolver.as_str(),
            "https://cloudflare-dns.com/dns-query"
        );
        assert!(read("WEBHOOK_SECRET", "").unwrap().is_none());
        for (name, value) in [
            ("WEBHOOK_SECRET", "secret"),
            ("WEBHOOK_ATTEMPTS", "0"),
            ("WEBHOOK_ATTEMPTS", "10"),
            ("CALLBACK_LOOPBACK", "yes"),
            ("DNS_OVER_HTTPS_URL", "dns.site.org"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
