//! Whether the values that an operator gives can work.
//!
//! It is asked before anything is put: a Worker with a value that it cannot read
//! answers 500, and a deployment that works would be down for a typo. No error shows a
//! value.

use anyhow::{Result, anyhow, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use shared::config::Secret;
use shared::http::Access;

use super::secrets::SECRETS;
use super::values::Values;

/// The longest value of a variable on Cloudflare, in bytes (5 KB).
const MAX_VALUE_BYTES: usize = 5 * 1024;

/// Errors: one of the values does not fit.
pub(super) fn check(values: &Values) -> Result<()> {
    for secret in &SECRETS {
        if let Some(value) = values.get(secret.name) {
            fits(secret.name, value)?;
        }
    }
    // Together, for no two keys may be the same.
    Access::from_lookup(&|name| values.get(name).map(|value| value.expose().to_owned()))
        .map_err(|error| anyhow!("{error}"))?;
    Ok(())
}

fn fits(name: &str, value: &Secret) -> Result<()> {
    let value = value.expose();
    if value.len() > MAX_VALUE_BYTES {
        bail!(
            "{name} has {} bytes; Cloudflare takes {MAX_VALUE_BYTES}",
            value.len()
        );
    }
    // wrangler cuts white space off, and a header cannot hold a control character.
    if value.trim() != value || value.chars().any(char::is_control) {
        bail!("{name} begins or ends with white space, or holds a line break");
    }
    let is_address = matches!(name, "UPSTASH_REDIS_REST_URL" | "EXECUTOR_URL");
    if is_address && !value.starts_with("https://") {
        bail!("{name} must begin with https://, because a token and people's code go there");
    }
    if name == "API_KEYS" || name == "EXECUTORS" {
        // What an endpoint must have is worker-fn's to check, which says what is wrong.
        let list = serde_json::from_str::<Vec<serde_json::Value>>(value);
        if !list.is_ok_and(|list| !list.is_empty()) {
            bail!("{name} must be a JSON array with at least one member");
        }
    }
    if name == "WEBHOOK_SECRET" && !value.split_whitespace().all(signs) {
        bail!(
            "{name} must be whsec_ and the base64 of 24 to 64 bytes, or several with spaces \
             between"
        );
    }
    Ok(())
}

/// Whether worker-fn can sign webhooks with it.
fn signs(secret: &str) -> bool {
    let bytes = |text| BASE64_STANDARD.decode(text).ok();
    let key = secret.strip_prefix("whsec_").and_then(bytes);
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhook_secrets_have_the_form_that_worker_fn_reads() {
        let of = |length| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; length]));
        for right in [of(24), of(64), format!("{} {}", of(24), of(32))] {
            fits("WEBHOOK_SECRET", &Secret::new(right)).unwrap();
        }
        for wrong in [
            of(23),
            of(65),
            "whsec_hunter2?".to_owned(),
            of(24).replace("whsec_", "hunter2_"),
            format!("{},{}", of(24), of(24)),
            format!("{} hunter2", of(24)),
        ] {
            let error = fits("WEBHOOK_SECRET", &Secret::new(wrong)).unwrap_err();
            assert!(error.to_string().contains("whsec_ and the base64"));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
