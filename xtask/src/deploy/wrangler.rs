//! The calls of wrangler that a deployment makes, in the forms of the pinned version.
//!
//! No secret is ever an argument, an environment variable of wrangler's or part of
//! what is printed: values go through standard input. What wrangler did is read from
//! the file that it writes for programs (`WRANGLER_OUTPUT_FILE_PATH`), because its
//! output is for people and changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use shared::config::Secret;

use super::secrets::SECRETS;
use crate::progress::{self, step};
use crate::project::{self, Worker};
use crate::stack;

/// Where wrangler is, where it writes, and for which account it works.
#[derive(Debug, Clone)]
pub(super) struct Wrangler {
    program: PathBuf,
    folder: PathBuf,
    account: Option<String>,
}

/// Who is logged in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// The e-mail address, or what kind of token it is.
    pub(super) who: String,
    /// The accounts' names and ids.
    pub(super) accounts: Vec<(String, String)>,
}

/// What an upload, or a dry run of one, came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Upload {
    /// The addresses of the Worker.
    pub(super) addresses: Vec<String>,
    /// The size that Cloudflare's limit is for, in bytes after gzip.
    pub(super) gzip_bytes: Option<u64>,
}

impl Wrangler {
    /// The one that npm installed for this project, with files in `folder`.
    pub(super) fn pinned(folder: &Path) -> Self {
        Self::at(project::npm_bin("wrangler"), folder)
    }

    /// The one at `program`.
    pub(super) fn at(program: PathBuf, folder: &Path) -> Self {
        Self {
            program,
            folder: folder.to_owned(),
            account: None,
        }
    }

    /// The same for the account with this id. Without one wrangler takes the account
    /// that it remembers, which may be that of an earlier login.
    pub(super) fn with_account(&self, id: &str) -> Self {
        Self {
            account: Some(id.to_owned()),
            ..self.clone()
        }
    }

    /// Who is logged in; `None`: nobody.
    pub(super) fn login(&self) -> Result<Option<Login>> {
        let output = self.run(&["whoami", "--json"], None)?;
        let Ok(answer) = serde_json::from_slice::<Value>(&output.stdout) else {
            return Err(self.failure("wrangler whoami", &output));
        };
        if answer["loggedIn"] != true {
            return Ok(None);
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let account = |one: &Value| Some((text(&one["name"])?, text(&one["id"])?));
        let accounts = answer["accounts"].as_array();
        Ok(Some(Login {
            who: text(&answer["email"])
                .or_else(|| text(&answer["authType"]))
                .unwrap_or_default(),
            accounts: accounts.into_iter().flatten().filter_map(account).collect(),
        }))
    }

    /// The names of the secrets that the deployed Worker has; `None`: there is no
    /// such Worker yet.
    pub(super) fn secrets(&self, worker: Worker) -> Result<Option<BTreeSet<String>>> {
        let environment = worker.environment();
        let arguments = ["secret", "list", "--format", "json", "--env", environment];
        let output = self.run(&arguments, None)?;
        if !output.status.success() {
            let name = format!("wrangler secret list --env {environment}");
            let failure = self.failure(&name, &output);
            let is_new = self
                .message()
                .contains(&format!("(env: {environment}) not found."));
            return if is_new { Ok(None) } else { Err(failure) };
        }
        let list: Vec<Value> = serde_json::from_slice(&output.stdout)
            .context("wrangler secret list printed no JSON array")?;
        let names = list.iter().filter_map(|one| one["name"].as_str());
        Ok(Some(names.map(str::to_owned).collect()))
    }

    /// Sets secrets of a Worker, which is made if there is none.
    pub(super) fn put(
        &self,
        worker: Worker,
        secrets: &BTreeMap<&'static str, Secret>,
    ) -> Result<()> {
        let environment = worker.environment();
        let members = secrets.iter().map(|(name, value)| (*name, value.expose()));
        let body = serde_json::to_string(&members.collect::<BTreeMap<_, _>>())?;
        let output = self.run(&["secret", "bulk", "--env", environment], Some(&body))?;
        if output.status.success() {
            return Ok(());
        }
        let failure = self.failure(
            &format!("wrangler secret bulk --env {environment}"),
            &output,
        );
        // Should the answer of an API quote what it was sent.
        let text = secrets.values().fold(failure.to_string(), |text, secret| {
            text.replace(secret.expose(), "[redacted]")
        });
        Err(anyhow!("{text}"))
    }

    /// Builds and deploys a Worker.
    pub(super) fn deploy(&self, worker: Worker) -> Result<Upload> {
        self.upload(worker, &["deploy"])
    }

    /// The same up to the upload. It needs no login.
    pub(super) fn dry_run(&self, worker: Worker) -> Result<Upload> {
        let out = self.folder.join("dry-run").join(worker.environment());
        let out = out.to_string_lossy().into_owned();
        self.upload(worker, &["deploy", "--dry-run", "--outdir", &out])
    }

    fn upload(&self, worker: Worker, arguments: &[&str]) -> Result<Upload> {
        let shown = arguments.iter().take(2).filter(|one| **one != "--outdir");
        let shown: Vec<&str> = shown.copied().collect();
        let environment = worker.environment();
        let name = format!("wrangler {} --env {environment}", shown.join(" "));
        let mut command = self.command()?;
        command.args(arguments).args(["--env", environment]);
        step(&name, &mut command)?;
        let entry = self
            .entries()
            .into_iter()
            .rfind(|entry| entry["type"] == "deploy");
        let Some(entry) = entry else {
            bail!("{name} did not say what it did");
        };
        let targets = entry["targets"].as_array();
        let targets = targets.into_iter().flatten().filter_map(Value::as_str);
        Ok(Upload {
            addresses: targets.filter_map(address).collect(),
            gzip_bytes: entry["bundle_size"]["gzip_bytes"].as_u64(),
        })
    }

    fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<Output> {
        let mut child = self
            .command()?
            .args(arguments)
            .stdin(input.map_or_else(Stdio::null, |_| Stdio::piped()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            // One that ends without reading says why in its output.
            let _ = pipe.write_all(text.as_bytes());
        }
        Ok(child.wait_with_output()?)
    }

    fn command(&self) -> Result<Command> {
        // Each call's own.
        let entries = self.entries_path();
        progress::create(&entries)?;
        let mut command = Command::new(&self.program);
        for (name, value) in stack::wrangler().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        for secret in &SECRETS {
            command.env_remove(secret.name);
        }
        command
            .current_dir(project::root())
            .env("NO_COLOR", "1")
            .env("WRANGLER_LOG_PATH", self.folder.join("wrangler-logs"))
            // Without it, wrangler's own log would hold the bodies of its requests.
            .env("WRANGLER_LOG_SANITIZE", "true")
            .env("WRANGLER_OUTPUT_FILE_PATH", entries);
        if let Some(id) = &self.account {
            command.env("CLOUDFLARE_ACCOUNT_ID", id);
        }
        Ok(command)
    }

    fn entries_path(&self) -> PathBuf {
        self.folder.join("wrangler-output.ndjson")
    }

    fn entries(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.entries_path()).unwrap_or_default();
        let lines = text.lines().map(serde_json::from_str);
        lines.filter_map(Result::ok).collect()
    }

    /// What wrangler tells programs of a failure.
    fn message(&self) -> String {
        let entries = self.entries();
        let failed = entries
            .iter()
            .rfind(|entry| entry["type"] == "command-failed");
        let message = failed.and_then(|entry| entry["message"].as_str());
        message.unwrap_or_default().to_owned()
    }

    fn failure(&self, name: &str, output: &Output) -> anyhow::Error {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = without_colours(&said);
        let lines = said.lines().map(str::trim);
        let lines: Vec<&str> = lines
            .filter(|line| !line.is_empty() && !line.contains("Logs were written to"))
            .collect();
        anyhow!("{name} failed ({}): {}", output.status, lines.join("\n  "))
    }
}

/// wrangler colours its errors also where it is asked not to.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// The address that a deployment's target stands for: one at workers.dev, or a
/// custom domain. Other targets are crons and routes.
fn address(target: &str) -> Option<String> {
    if target.starts_with("https://") {
        return Some(target.to_owned());
    }
    let (host, kind) = target.split_once(' ')?;
    kind.starts_with("(custom domain")
        .then(|| format!("https://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out() {
        let text = "\u{1b}[31m✘ \u{1b}[41;31m[\u{1b}[41;97mERROR\u{1b}[0m] [m] no";
        assert_eq!(without_colours(text), "✘ [ERROR] [m] no");
    }

    #[test]
    fn addresses_are_told_from_other_targets() {
        for (target, expected) in [
            ("https://w.me.workers.dev", Some("https://w.me.workers.dev")),
            (
                "judge.example.com (custom domain)",
                Some("https://judge.example.com"),
            ),
            (
                "j.example (custom domain - zone id: 1)",
                Some("https://j.example"),
            ),
            ("example.com/* (zone name: example.com)", None),
            ("schedule: * * * * *", None),
        ] {
            assert_eq!(address(target).as_deref(), expected, "{target}");
        }
    }
}
