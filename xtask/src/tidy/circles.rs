//! Import circles: files of one crate that use each other in a ring, so that
//! none of them can be read, tested or moved without all the others.
//!
//! How to draw the picture that is checked:
//!
//! - A node is a source file of a library or a program; of the crate `e2e`,
//!   which is tests and nothing else, also of its test programs.
//! - An arrow goes from a file to the file that **defines** what it names, by
//!   `use` or by a path in the code, in a type or in a macro call. Re-exports
//!   are followed: `crate::queue::Lease` is an arrow to `queue/lease.rs` if
//!   `queue/mod.rs` only says `pub use lease::Lease`.
//! - `mod child;` and `pub use child::Thing` are no arrows to the child, and
//!   `use crate::child;` alone is none either: only what is named through it.
//! - Everything under `#[cfg(test)]` and what other crates define is left out.
//!
//! A circle is mended by moving what both sides need into a file of its own.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cargo_metadata::{Metadata, Target};

use super::modules::{self, Uses};
use crate::project;

/// The crate whose test programs count: there is nothing else in it.
const TEST_CRATE: &str = "e2e";

/// A report of each circle in the workspace.
pub(super) fn violations(metadata: &Metadata) -> Result<Vec<String>> {
    let read = |path: &Path| fs::read_to_string(project::root().join(path)).ok();
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let counts = |target: &&Target| {
            let is_product = target.is_lib() || target.is_cdylib() || target.is_bin();
            is_product || (package.name == TEST_CRATE && target.is_test())
        };
        for target in package.targets.iter().filter(counts) {
            let root = project::relative(target.src_path.as_std_path());
            for circle in circles(&modules::uses(root, &read)?) {
                violations.push(format!("{}: {circle}", package.name));
            }
        }
    }
    Ok(violations)
}

/// Files that reach each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Circle {
    /// At least two, by name.
    files: Vec<PathBuf>,
    /// The arrows between them: from, to, and a path that shows it.
    arrows: Vec<(PathBuf, PathBuf, String)>,
}

/// The circles in `uses`. Circles that share a file are one.
pub(super) fn circles(uses: &Uses) -> Vec<Circle> {
    let reachable = |file: &Path| reachable_from(uses, file);
    let mut placed: BTreeSet<&Path> = BTreeSet::new();
    let mut circles = Vec::new();
    for file in uses.keys() {
        if placed.contains(file.as_path()) {
            continue;
        }
        let members: BTreeSet<&Path> = reachable(file)
            .into_iter()
            .filter(|other| reachable(other).contains(file.as_path()))
            .collect();
        if members.is_empty() {
            continue;
        }
        placed.extend(&members);
        circles.push(Circle {
            files: members.iter().map(|&path| path.to_owned()).collect(),
            arrows: arrows_between(uses, &members),
        });
    }
    circles
}

/// Every file that can be reached by one arrow or more.
fn reachable_from<'a>(uses: &'a Uses, file: &Path) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Path> = vec![file];
    while let Some(file) = open.pop() {
        for next in uses.get(file).into_iter().flat_map(|used| used.keys()) {
            if found.insert(next.as_path()) {
                open.push(next);
            }
        }
    }
    found
}

fn arrows_between(uses: &Uses, members: &BTreeSet<&Path>) -> Vec<(PathBuf, PathBuf, String)> {
    let mut arrows = Vec::new();
    for &from in members {
        for (to, path) in uses.get(from).into_iter().flatten() {
            if members.contains(to.as_path()) {
                arrows.push((from.to_owned(), to.clone(), path.clone()));
            }
        }
    }
    arrows
}

impl Display for Circle {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "import circle of {} files:", self.files.len())?;
        for (from, to, path) in &self.arrows {
            write!(
                out,
                "\n    {} uses {} ({path})",
                from.display(),
                to.display()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From arrows written "from > to".
    fn circles_of(arrows: &[&str]) -> Vec<Vec<String>> {
        let mut uses = Uses::new();
        for arrow in arrows {
            let (from, to) = arrow.split_once(" > ").unwrap();
            uses.entry(to.into()).or_default();
            uses.entry(from.into())
                .or_default()
                .insert(to.into(), format!("crate::{to}"));
        }
        let names = |circle: Circle| {
            let files = circle.files.iter();
            files.map(|file| file.display().to_string()).collect()
        };
        circles(&uses).into_iter().map(names).collect()
    }

    #[test]
    fn a_tree_has_no_circle() {
        assert!(circles_of(&["lib > a", "lib > b", "a > c", "b > c"]).is_empty());
    }

    #[test]
    fn a_circle_is_found_with_its_files_and_no_others() {
        let arrows = ["lib > a", "a > b", "b > c", "c > a", "c > leaf"];
        assert_eq!(circles_of(&arrows), [["a", "b", "c"]]);
    }

    #[test]
    fn circles_that_touch_are_one_and_others_are_not() {
        let touching = ["a > b", "b > a", "b > c", "c > b"];
        assert_eq!(circles_of(&touching), [["a", "b", "c"]]);
        let apart = ["a > b", "b > a", "b > c", "c > d", "d > c"];
        assert_eq!(circles_of(&apart), [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn the_report_names_each_arrow_of_the_circle() {
        let mut uses = Uses::new();
        for (from, to) in [("a.rs", "b.rs"), ("b.rs", "a.rs"), ("b.rs", "c.rs")] {
            uses.entry(from.into())
                .or_default()
                .insert(to.into(), format!("crate::{to}"));
        }
        assert_eq!(
            circles(&uses)[0].to_string(),
            "import circle of 2 files:\n    a.rs uses b.rs (crate::b.rs)\n    \
             b.rs uses a.rs (crate::a.rs)"
        );
    }
}
