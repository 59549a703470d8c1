//! The values that an operator gives for secrets: from a file outside the
//! repository, then, for what others gave out, from the environment.
//!
//! Our own keys come from the file only: the commands that call a deployment take
//! them from the environment, where a development stack's token may still be.
//!
//! The file is the JSON object that `wrangler secret bulk` takes, or lines
//! `NAME=value`. Nothing in a value is expanded: a secret may hold a `$`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use shared::config::Secret;

use super::secrets::{KnownSecret, SECRETS};
use crate::project;

/// The rights that others must not have on the file.
const OTHERS: u32 = 0o077;

/// Values by the names of their variables. Printing it shows no value.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Secret>);

impl Values {
    /// Reads the file, if there is one, and what it lacks from `lookup`, but for the
    /// secrets that are our own.
    ///
    /// Errors: the file lies in the repository, others may read it, or it holds
    /// something else. No error shows a value.
    pub(super) fn read(
        file: Option<&Path>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut given = match file {
            Some(path) => read_file(path)?,
            None => BTreeMap::new(),
        };
        let mut values = BTreeMap::new();
        for secret in &SECRETS {
            let elsewhere = |secret: &KnownSecret| match secret.is_ours() {
                true => None,
                false => lookup(secret.name),
            };
            let value = given.remove(secret.name).or_else(|| elsewhere(secret));
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                values.insert(secret.name, Secret::new(value));
            }
        }
        if let Some(name) = given.keys().next() {
            bail!("{name} is not known as a secret; variables that are none go into wrangler.toml");
        }
        Ok(Self(values))
    }

    /// The value of `name`, if it is given.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let shown = path.display();
    let real = path
        .canonicalize()
        .with_context(|| format!("there is no {shown}"))?;
    if real.starts_with(project::root().canonicalize()?) {
        bail!("{shown} lies in the repository, where it could be committed: move it out");
    }
    let mode = fs::metadata(&real)?.permissions().mode();
    if mode & OTHERS != 0 {
        bail!("others may read {shown}: chmod 600 {shown}");
    }
    let text = fs::read_to_string(&real).with_context(|| format!("cannot read {shown}"))?;
    let values = if text.trim_start().starts_with('{') {
        from_json(&text)
    } else {
        from_lines(&text)
    };
    values.with_context(|| shown.to_string())
}

fn from_json(text: &str) -> Result<BTreeMap<String, String>> {
    // The parser's own error could quote a value.
    let Ok(Value::Object(members)) = serde_json::from_str(text) else {
        bail!("this is no JSON object");
    };
    let text_of = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        _ => bail!("{name} must be text, in quotes"),
    };
    members.into_iter().map(text_of).collect()
}

fn from_lines(text: &str) -> Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let Some((name, value)) = line.split_once('=') else {
            bail!("line {number} is not NAME=value");
        };
        let name = name.trim().trim_start_matches("export ").trim();
        if values
            .insert(name.to_owned(), unquoted(value.trim()).to_owned())
            .is_some()
        {
            bail!("line {number} names {name} a second time");
        }
    }
    Ok(values)
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn the_file_goes_before_the_environment_and_nothing_is_expanded() {
        for text in [
            "# mine\nexport ADMIN_TOKEN='a$b'\nAPI_KEYS=[{\"key\": \"x=y\"}]\n",
            r#"{"ADMIN_TOKEN": "a$b", "API_KEYS": "[{\"key\": \"x=y\"}]"}"#,
        ] {
            let (_folder, path) = write(text, 0o600);
            let environment = |name: &str| Some(format!("{name} of the environment"));
            let values = Values::read(Some(&path), environment).unwrap();
            let value = |name| values.get(name).map(Secret::expose);
            assert_eq!(value("ADMIN_TOKEN"), Some("a$b"));
            assert_eq!(value("API_KEYS"), Some("[{\"key\": \"x=y\"}]"));
            assert_eq!(
                value("EXECUTOR_TOKEN"),
                Some("EXECUTOR_TOKEN of the environment")
            );
            assert_eq!(value("TICKET_SECRET"), None, "our own: from the file only");
            assert!(!format!("{values:?}").contains("a$b"));
        }
    }

    #[test]
    fn a_file_that_is_not_fit_is_refused_without_a_value() {
        for (text, mode, said) in [
            ("ADMIN_TOKEN=hunter2", 0o644, "others may read"),
            ("ADMIN_TOKE=hunter2", 0o600, "ADMIN_TOKE is not known"),
            ("hunter2", 0o600, "line 1 is not NAME=value"),
            (
                "ADMIN_TOKEN=hunter2\nADMIN_TOKEN=hunter2",
                0o600,
                "a second time",
            ),
            ("{\"ADMIN_TOKEN\": \"hunter2", 0o600, "no JSON object"),
            ("{\"ADMIN_TOKEN\": [\"hunter2\"]}", 0o600, "must be text"),
        ] {
            let (_folder, path) = write(text, mode);
            let error = format!("{:#}", Values::read(Some(&path), |_| None).unwrap_err());
            assert!(error.contains(said), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let inside = project::root().join("Cargo.toml");
        let error = Values::read(Some(&inside), |_| None).unwrap_err();
        assert!(
            error.to_string().contains("lies in the repository"),
            "{error}"
        );
    }
}
