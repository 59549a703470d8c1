//! Sending problems to submit-fn, with the operator's token.

use std::path::Path;

use anyhow::{Context, Result, bail};
use ureq::http::Method;

use super::check::checked;
use super::folder::{Loaded, load};
use crate::api::Api;
use crate::progress::say;

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

/// `cargo xtask problems rejudge`: has the stored submissions of a problem judged
/// again, by the problem as it is now.
pub fn rejudge(api: &Api, id: &str) -> Result<()> {
    let (mut again, mut left_alone, mut cursor) = (0, 0, String::new());
    loop {
        let path = format!("/problems/{id}/rejudge{cursor}");
        let page = api.call(Method::POST, &path, None)?.ok()?;
        again += page["requeued"].as_u64().unwrap_or_default();
        left_alone += page["leftAlone"].as_u64().unwrap_or_default();
        match page["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    say(format!(
        "{id}: {again} submissions are judged again, {left_alone} are judged by this version \
         already or wait"
    ));
    Ok(())
}

/// `cargo xtask problems delete`: unpublishes a problem. Its folder stays.
pub fn delete(api: &Api, id: &str) -> Result<()> {
    api.call(Method::DELETE, &format!("/problems/{id}"), None)?
        .ok()?;
    say(format!("{id}: unpublished"));
    Ok(())
}

/// Sends problems to the submit-fn at `url`, one after the other, and passes a
/// line about each to `report`. Errors at the first that is refused. No error
/// shows the token.
pub fn publish(
    problems: &[Loaded],
    url: &str,
    token: &str,
    report: impl FnMut(String),
) -> Result<()> {
    publish_at(&Api::new(url, Some(token)), problems, report)
}

/// Sends problems as [`publish`] does.
pub(super) fn publish_at(
    api: &Api,
    problems: &[Loaded],
    mut report: impl FnMut(String),
) -> Result<()> {
    for Loaded { id, value, .. } in problems {
        let answer = api.call(Method::PUT, &format!("/problems/{id}"), Some(value));
        let answer = answer.with_context(|| id.clone())?;
        let what = match answer.status {
            201 => "new",
            _ => "replaced",
        };
        let body = answer.ok().with_context(|| id.clone())?;
        let version = body["version"].as_str().unwrap_or_default();
        report(format!(
            "{id}: {what}, {} cases, version {version}",
            body["cases"]
        ));
        for warning in body["warnings"].as_array().into_iter().flatten() {
            let warning = warning.as_str().unwrap_or_default();
            report(format!("{id}: warning: {warning}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
