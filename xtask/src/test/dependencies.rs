//! `cargo deny`: licences, origins and advisories of the dependencies, by
//! `deny.toml`.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::progress::{say, step};
use crate::project;

/// Runs every check that this machine has the data for.
pub(super) fn check() -> Result<()> {
    step(
        "cargo deny: licences, sources, bans",
        deny().args(["check", "licenses", "sources", "bans"]),
    )?;
    if has_advisories() {
        return step(
            "cargo deny: advisories",
            deny().args(["--offline", "check", "advisories"]),
        );
    }
    say(
        "advisories are not checked: the RustSec database is a repository on GitHub and not on \
         this machine; `.edgejudge/tools/bin/cargo-deny fetch db` gets it",
    );
    Ok(())
}

fn deny() -> Command {
    let mut command = Command::new(project::cargo_bin("cargo-deny"));
    command.arg("--locked").current_dir(project::root());
    command
}

/// Whether `cargo-deny fetch db` has been there: `deny.toml` names the folder.
fn has_advisories() -> bool {
    fs::read_dir(project::state().join("advisory-db")).is_ok_and(|entries| {
        entries
            .filter_map(Result::ok)
            .any(|entry| entry.path().join(".git").exists())
    })
}
