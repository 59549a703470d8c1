//! Sending problems to submit-fn, with the operator's token.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::check::checked;
use super::folder::{Loaded, load};
use crate::progress::say;

/// How long publishing one problem may take: 4 MB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(60);

/// `cargo xtask problems push`: publishes every problem of a folder. If one
/// breaks a rule, nothing is sent.
pub fn push(folder: &Path, url: &str) -> Result<()> {
    let token = std::env::var("ADMIN_TOKEN").unwrap_or_default();
    if token.is_empty() {
        bail!("the operator's token is missing: set the variable ADMIN_TOKEN");
    }
    let problems = load(folder)?;
    for loaded in &problems {
        checked(loaded).with_context(|| loaded.id.clone())?;
    }
    publish(&problems, url, &token, |line| println!("✓ {line}"))?;
    say(format!("{} problems published at {url}", problems.len()));
    Ok(())
}

/// Sends problems to the submit-fn at `url`, one after the other, and passes a
/// line about each to `report`. Errors at the first that is refused. No error
/// shows the token.
pub fn publish(
    problems: &[Loaded],
    url: &str,
    token: &str,
    mut report: impl FnMut(String),
) -> Result<()> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let base = url.trim_end_matches('/');
    for Loaded { id, value, .. } in problems {
        let mut answer = agent
            .put(format!("{base}/problems/{id}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(value.to_string())
            .with_context(|| format!("{id}: {base} does not answer"))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        match status {
            200 | 201 => {
                let what = if status == 201 { "new" } else { "replaced" };
                let version = body["version"].as_str().unwrap_or_default();
                report(format!(
                    "{id}: {what}, {} cases, version {version}",
                    body["cases"]
                ));
            }
            _ => bail!("{id}: {}", refusal(status, &body)),
        }
    }
    Ok(())
}

/// Why a problem was not published.
fn refusal(status: u16, body: &Value) -> String {
    match (status, body["error"]["message"].as_str()) {
        (_, Some(message)) => format!("refused (HTTP {status}): {message}"),
        (_, None) => format!("HTTP {status}, and not from submit-fn: is the URL right?"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_quotes_the_api() {
        let body = json!({ "error": { "message": "This call needs the operator's token." } });
        assert_eq!(
            refusal(401, &body),
            "refused (HTTP 401): This call needs the operator's token."
        );
        assert!(refusal(404, &Value::Null).contains("is the URL right?"));
    }

    #[test]
    fn an_unreachable_server_is_reported_without_the_token() {
        let loaded = Loaded {
            id: "echo".into(),
            value: json!({}),
            solutions: Vec::new(),
        };
        let error = publish(&[loaded], "http://127.0.0.1:1/", "very-secret", |_| {}).unwrap_err();
        let message = format!("{error:#}");
        assert!(
            message.contains("echo: http://127.0.0.1:1 does not answer"),
            "{message}"
        );
        assert!(!format!("{error:?}").contains("very-secret"));
    }
}
