//! The statement of a package: Markdown, or LaTeX as it is.

use anyhow::Result;
use shared::domain::problem::MAX_STATEMENT_BYTES;

use super::constants::Constants;
use super::files::Package;

/// Where it is: in newer packages, and in older ones.
const FOLDERS: [&str; 2] = ["statement", "problem_statement"];
/// Lines that stand for the samples, which are shown beside the statement here.
const SAMPLES: [&str; 2] = ["{{nextsample}}", "{{remainingsamples}}"];

/// What was found.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its text.
    pub(super) text: String,
    /// The problem's title, where LaTeX says it.
    pub(super) title: Option<String>,
}

/// A file that may be read.
struct Candidate {
    place: String,
    is_english: bool,
    is_latex: bool,
}

/// Reads the statement: in English if there is one, and rather Markdown than LaTeX.
pub(super) fn read(
    package: &Package,
    constants: &Constants,
    notes: &mut Vec<String>,
) -> Result<Option<Statement>> {
    let (mut candidates, mut others) = (Vec::new(), Vec::new());
    for folder in FOLDERS {
        for entry in package.entries(folder)? {
            match candidate(&entry.name, &entry.place) {
                Some(candidate) if !entry.is_folder() => candidates.push(candidate),
                _ => others.push(entry.place),
            }
        }
    }
    // Entries are by name, and the sort keeps that order.
    candidates.sort_by_key(|one| (!one.is_english, one.is_latex));
    let mut candidates = candidates.into_iter();
    let chosen = candidates.next();
    let mut unread: Vec<String> = candidates.map(|one| one.place).collect();
    unread.extend(others);
    if !unread.is_empty() {
        notes.push(format!(
            "Not taken beside the statement: {}.",
            unread.join(", ")
        ));
    }
    let Some(Candidate {
        place, is_latex, ..
    }) = chosen
    else {
        return Ok(None);
    };
    let text = package.required(&place, MAX_STATEMENT_BYTES)?;
    let text = constants.put_into(text);
    if is_latex {
        notes.push(format!(
            "The statement is the LaTeX of {place} as it is: statement.md must be made Markdown."
        ));
        let title = latex_title(&text);
        return Ok(Some(Statement { text, title }));
    }
    let lines = text.lines().filter(|line| !SAMPLES.contains(&line.trim()));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    Ok(Some(Statement { text, title: None }))
}

/// A statement by its name: `problem.en.md`, `problem.tex`. A PDF is none.
fn candidate(name: &str, place: &str) -> Option<Candidate> {
    let (stem, ending) = name.rsplit_once('.')?;
    let language = match stem.strip_prefix("problem")? {
        "" => "en",
        rest => rest.strip_prefix('.')?,
    };
    let is_latex = match ending {
        "md" => false,
        "tex" => true,
        _ => return None,
    };
    Some(Candidate {
        place: place.to_owned(),
        is_english: language == "en" || language.starts_with("en-"),
        is_latex,
    })
}

/// The title in a comment `%% plainproblemname: …`, or in `\problemname{…}`.
fn latex_title(text: &str) -> Option<String> {
    let plain = text.lines().find_map(|line| {
        let comment = line.trim_start().strip_prefix("%%")?.trim_start();
        comment.strip_prefix("plainproblemname:")
    });
    let named = || {
        let (_, rest) = text.split_once("\\problemname{")?;
        rest.split_once('}').map(|(title, _)| title)
    };
    let title = plain.or_else(named)?.trim();
    (!title.is_empty()).then(|| title.to_owned())
}
