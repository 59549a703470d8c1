//! The rules of this workspace that no compiler checks. They run as an ordinary
//! test of this crate, and as `cargo xtask tidy`.
//!
//! - [`dependencies`]: which crate may not depend on which.
//! - [`sources`]: what may stand in a source file, and how long it may be.
//! - [`page`]: the same for the page in `web/`.
//! - [`circles`]: files that use each other in a ring; [`modules`] and [`names`]
//!   find out who uses whom.

mod circles;
mod dependencies;
mod modules;
mod names;
mod page;
mod sources;

use anyhow::{Result, bail};

use crate::cargo;

/// Errors with every violation, one per line.
pub fn run() -> Result<()> {
    let metadata = cargo::metadata()?;
    let mut violations = dependencies::violations(&metadata);
    violations.extend(sources::violations(&sources::all()?));
    violations.extend(page::violations(&page::all()?));
    violations.extend(circles::violations(&metadata)?);
    if violations.is_empty() {
        return Ok(());
    }
    bail!(
        "{} rules are broken:\n{}",
        violations.len(),
        violations.join("\n")
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_is_tidy() {
        super::run().unwrap();
    }
}
