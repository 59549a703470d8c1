//! Which of a run's inputs one call has, and what is sent of them.

use std::ops::Range;

use super::wire;
use crate::executor::base64::encoded;
use crate::executor::{Given, Run};

/// Which of a run's inputs one call has, and how.
pub(super) struct Inputs {
    range: Range<usize>,
    /// Whether they are sent as `cases`, with which a checker's files are compiled
    /// once; else there is one, and its files are beside the source.
    as_cases: bool,
}

impl Inputs {
    /// All of so many, in one call.
    pub(super) fn together(cases: usize) -> Self {
        Self {
            range: 0..cases,
            as_cases: true,
        }
    }

    /// This one, by itself.
    pub(super) fn one(index: usize) -> Self {
        Self {
            range: index..index + 1,
            as_cases: false,
        }
    }

    /// Whether they are sent as `cases`.
    pub(super) fn as_cases(&self) -> bool {
        self.as_cases
    }

    /// The standard inputs.
    pub(super) fn stdins<'a>(&self, run: &'a Run<'_>) -> &'a [String] {
        run.stdins.get(self.range.clone()).unwrap_or_default()
    }

    /// The program's files, and for a single run of a checker what it reads.
    pub(super) fn files<'a>(&self, run: &'a Run<'_>) -> Vec<wire::File<'a>> {
        let mut files: Vec<_> = run.files.iter().map(wire::File::from).collect();
        let given = run.checks.as_ref().filter(|_| !self.as_cases);
        if let Some(given) = given.and_then(|checks| checks.given.get(self.range.start)) {
            files.extend(given.files().map(|(name, content)| wire::File {
                name: Some(name),
                content: encoded(content.as_bytes()).into(),
                encoding: Some("base64"),
            }));
        }
        files
    }

    /// The member `cases`.
    pub(super) fn cases<'a>(&self, run: &'a Run<'_>) -> wire::Cases<'a> {
        let stdins = self.stdins(run);
        let Some(checks) = &run.checks else {
            return wire::Cases::Inputs(stdins);
        };
        let given = checks.given.get(self.range.clone()).unwrap_or_default();
        let case = |(stdin, given): (&'a String, &'a Given)| wire::Case {
            stdin,
            files: Vec::from(given.files().map(|(name, content)| wire::File {
                name: Some(name),
                content: content.into(),
                encoding: None,
            })),
        };
        wire::Cases::WithFiles(stdins.iter().zip(given).map(case).collect())
    }
}
