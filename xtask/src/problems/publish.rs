//! Sending problems to submit-fn, with a key of the scope admin.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ureq::http::Method;

use super::check::{counted, examine};
use super::folder::Loaded;
use crate::api::Api;
use crate::progress::say;

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
pub fn push(folder: &Path, api: &Api) -> Result<()> {
    if !api.has_key() {
        bail!("a key with the scope admin is missing: set EDGEJUDGE_KEY or ADMIN_TOKEN");
    }
    let problems = examine(folder, |_, _| {}).context("nothing was sent")?;
    let mut changed = Vec::new();
    publish_at(api, &problems, &mut |published: Published| {
        println!("✓ {}", published.line);
        if published.change == Change::Changed {
            changed.push(published.id);
        }
    })?;
    let all = counted(problems.len(), "problem");
    say(format!(
        "{all} published at {}, {} changed",
        api.base(),
        changed.len()
    ));
    if !changed.is_empty() {
        say("stored submissions keep their verdicts; judge them again with");
    }
    for id in changed {
        let base = api.base();
        say(format!(
            "  curl -X POST -H \"Authorization: Bearer $ADMIN_TOKEN\" {base}/problems/{id}/rejudge"
        ));
    }
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

/// Sends problems to the submit-fn at `url`, one after the other, and passes each
/// to `report`. Errors at the first that is refused. No error shows the token.
pub fn publish(
    problems: &[Loaded],
    url: &str,
    token: &str,
    mut report: impl FnMut(Published),
) -> Result<()> {
    publish_at(&Api::new(url, Some(token)), problems, &mut report)
}

/// Sends problems as [`publish`] does.
pub(super) fn publish_at(
    api: &Api,
    problems: &[Loaded],
    mut report: impl FnMut(Published),
) -> Result<()> {
    let versions = versions(api);
    for Loaded { id, json, .. } in problems {
        let path = format!("/problems/{id}");
        let answer = api.send(Method::PUT, &path, json.as_str().to_owned());
        let answer = answer.with_context(|| id.clone())?;
        let status = answer.status;
        let body = answer.ok().with_context(|| id.clone())?;
        let version = body["version"].as_str().unwrap_or_default();
        let (change, what) = match status {
            201 => (Change::New, "new"),
            _ if versions.get(id).is_some_and(|old| old == version) => {
                (Change::Unchanged, "unchanged")
            }
            _ => (Change::Changed, "changed"),
        };
        let cases = body["cases"].as_u64().unwrap_or_default();
        let cases = counted(usize::try_from(cases).unwrap_or_default(), "case");
        let mut line = format!("{id}: {what}, {cases}, version {version}");
        for note in body["notes"].as_array().into_iter().flatten() {
            line.push_str("\n    ");
            line.push_str(note.as_str().unwrap_or_default());
        }
        report(Published {
            id: id.clone(),
            change,
            line,
        });
    }
    Ok(())
}

/// The versions of the problems that are published, by their ids. None where they
/// cannot be read: publishing then says why.
fn versions(api: &Api) -> HashMap<String, String> {
    let mut versions = HashMap::new();
    let mut cursor = "0".to_owned();
    for _ in 0..MAX_PAGES {
        let Ok(body) = api.get(&format!("/problems?cursor={cursor}")) else {
            break;
        };
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

#[cfg(test)]
mod tests {
    use shared::json::Json;

    use super::*;

    #[test]
    fn an_unreachable_server_is_reported_without_the_token() {
        let loaded = Loaded {
            id: "echo".into(),
            json: Json::EMPTY_OBJECT.into(),
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
