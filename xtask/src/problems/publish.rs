//! Sending problems to submit-fn, with the operator's token.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::check::{counted, examine};
use super::folder::Loaded;
use crate::progress::say;

/// How long publishing one problem may take: 4 MB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most pages of the list of problems that are looked at.
const MAX_PAGES: usize = 1_000;

/// A problem that was published.
#[derive(Debug, Clone)]
pub struct Published {
    /// The problem.
    pub id: String,
    /// What publishing it came to.
    pub change: Change,
    /// A line about it for people.
    pub line: String,
}

/// What publishing a problem came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was none of this id.
    New,
    /// It took the place of another one.
    Changed,
    /// It was there already, as it is.
    Unchanged,
}

/// `cargo xtask problems push`: publishes every problem of a folder. If one
/// breaks a rule, nothing is sent.
pub fn push(folder: &Path, url: &str) -> Result<()> {
    let token = std::env::var("ADMIN_TOKEN").unwrap_or_default();
    if token.is_empty() {
        bail!("the operator's token is missing: set the variable ADMIN_TOKEN");
    }
    let problems = examine(folder, |_, _| {}).context("nothing was sent")?;
    let mut changed = Vec::new();
    publish(&problems, url, &token, |published| {
        println!("✓ {}", published.line);
        if published.change == Change::Changed {
            changed.push(published.id);
        }
    })?;
    let all = counted(problems.len(), "problem");
    say(format!(
        "{all} published at {url}, {} changed",
        changed.len()
    ));
    if !changed.is_empty() {
        say("stored submissions keep their verdicts; judge them again with");
    }
    for id in changed {
        let base = url.trim_end_matches('/');
        say(format!(
            "  curl -X POST -H \"Authorization: Bearer $ADMIN_TOKEN\" {base}/problems/{id}/rejudge"
        ));
    }
    Ok(())
}

/// Sends problems to the submit-fn at `url`, one after the other, and passes each
/// to `report`. Errors at the first that is refused. No error shows the token.
pub fn publish(
    problems: &[Loaded],
    url: &str,
    token: &str,
    mut report: impl FnMut(Published),
) -> Result<()> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let base = url.trim_end_matches('/');
    let versions = versions(&agent, base);
    for Loaded { id, value, .. } in problems {
        let mut answer = agent
            .put(format!("{base}/problems/{id}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(value.to_string())
            .with_context(|| format!("{id}: {base} does not answer"))?;
        let status = answer.status().as_u16();
        let body = json(&mut answer);
        let version = body["version"].as_str().unwrap_or_default();
        let (change, what) = match status {
            201 => (Change::New, "new"),
            200 if versions.get(id).is_some_and(|old| old == version) => {
                (Change::Unchanged, "unchanged")
            }
            200 => (Change::Changed, "changed"),
            _ => bail!("{id}: {}", refusal(status, &body)),
        };
        let cases = body["cases"].as_u64().unwrap_or_default();
        let cases = counted(usize::try_from(cases).unwrap_or_default(), "case");
        report(Published {
            id: id.clone(),
            change,
            line: format!("{id}: {what}, {cases}, version {version}"),
        });
    }
    Ok(())
}

/// The versions of the problems that are published, by their ids. None where they
/// cannot be read: publishing then says why.
fn versions(agent: &ureq::Agent, base: &str) -> HashMap<String, String> {
    let mut versions = HashMap::new();
    let mut cursor = "0".to_owned();
    for _ in 0..MAX_PAGES {
        let Ok(mut answer) = agent.get(format!("{base}/problems?cursor={cursor}")).call() else {
            break;
        };
        let body = json(&mut answer);
        for entry in body["problems"].as_array().into_iter().flatten() {
            if let (Some(id), Some(version)) = (entry["id"].as_str(), entry["version"].as_str()) {
                versions.insert(id.to_owned(), version.to_owned());
            }
        }
        match body["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    versions
}

fn json(answer: &mut ureq::http::Response<ureq::Body>) -> Value {
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
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
