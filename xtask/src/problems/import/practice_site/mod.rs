//! A problem as practice sites have it: one JSON file, as their public clients show it.
//!
//! ```text
//! {"title": "Two Sum", "titleSlug": "two-sum", "content": "<p>…</p>",
//!  "metaData": {"name": "twoSum", "params": [{"name": "nums", "type": "integer[]"},
//!               {"name": "target", "type": "integer"}], "return": {"type": "integer[]"}},
//!  "cases": ["[2,7,11,15]\n9"], "expected": ["[0,1]"]}
//! ```
//!
//! `metaData` may be a text that holds that object. Sites give cases without their
//! answers, so `expected` is the setter's.
//!
//! - `called`: `metaData`.
//! - `types`: its types.
//! - `cases`: the values of cases and their answers.

mod called;
mod cases;
#[cfg(test)]
mod tests;
mod types;

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::json;
use shared::json::{Json, Kind};
use shared::text::truncated;

use self::called::Called;
use super::super::files::member;
use super::imported::{Case, Imported};
use crate::progress::shown;

/// The largest file, in bytes: a problem, and what else a site says of it.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The deepest that it may be nested.
const MAX_DEPTH: usize = 128;
/// How many cases solvers see; the others are hidden.
const SHOWN_CASES: usize = 3;
/// The longest name of a member in a note, in bytes, and the most of them.
const MAX_NAME_BYTES: usize = 40;
const MAX_NAMES: usize = 30;
/// How close floats must be: what sites ask for in words.
const CLOSE: f64 = 1e-5;
/// Members that are read.
const READ: [&str; 9] = [
    "cases",
    "content",
    "exampleTestcaseList",
    "expected",
    "metaData",
    "questionTitle",
    "testcases",
    "title",
    "titleSlug",
];

/// Reads the file at `path`.
pub(super) fn read(path: &Path) -> Result<Imported> {
    let file = File::open(path).with_context(|| format!("cannot read {}", shown(path)))?;
    if !file.metadata()?.is_file() {
        bail!("{} is neither a file nor a folder", shown(path));
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        bail!("{} has more than {MAX_BYTES} bytes", shown(path));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    of(&text, &stem).with_context(|| shown(path))
}

/// Reads the text of a file whose name without its ending is `stem`.
pub(super) fn of(text: &[u8], stem: &str) -> Result<Imported> {
    let value = Json::parse(text)
        .map_err(anyhow::Error::msg)
        .context("not valid JSON")?;
    if value.depth() > MAX_DEPTH {
        bail!("it is nested deeper than {MAX_DEPTH}");
    }
    // An answer of the site's API has the problem in it.
    let inner = member(value, "data").and_then(|data| member(data, "question"));
    let question = inner.unwrap_or(value);
    if question.kind() != Kind::Object {
        bail!("it must be a JSON object");
    }
    let text_of = |name: &str| member(question, name).and_then(Json::text);
    let metadata = member(question, "metaData").context(
        "metaData is required: the object that says what is called, or a text that holds it",
    )?;
    let metadata_text = metadata.text();
    let metadata = match &metadata_text {
        Some(text) => Json::parse(text.as_bytes())
            .map_err(|error| anyhow::anyhow!("metaData is not valid JSON: {error}"))?,
        None => metadata,
    };
    let called = Called::read(metadata)?;
    let title = text_of("title").or_else(|| text_of("questionTitle"));
    let title = title.context("title is required, as text")?;
    let values = cases::read(question, &called)?;
    let count = values.len();
    let case = |(index, (input, expected)): (usize, (String, String))| Case {
        name: None,
        input,
        expected,
        hidden: index >= SHOWN_CASES,
    };
    let mut notes = Vec::new();
    if count > SHOWN_CASES {
        notes.push(format!(
            "The first {SHOWN_CASES} cases are shown to solvers, and the others are hidden."
        ));
    }
    let statement = text_of("content").unwrap_or_default();
    if statement.contains('<') {
        notes.push(
            "The statement is HTML as it came, which the page shows too; statement.md may be \
             made Markdown."
                .into(),
        );
    }
    if let Some(names) = unread(question) {
        notes.push(format!("Not taken: {names}."));
    }
    let mut members = called.members();
    if called.has_floats() {
        let float = json!({ "kind": "float", "absolute": CLOSE, "relative": 0.0 });
        members.push(("checker", float));
        notes.push(format!(
            "Floats may differ by {CLOSE} (checker): compare that with the statement."
        ));
    } else {
        notes.push(
            "Answers must be equal: where the statement allows any order, or more than one \
             answer, set checker."
                .into(),
        );
    }
    Ok(Imported {
        id: text_of("titleSlug").map_or_else(|| stem.to_owned(), Cow::into_owned),
        title: title.into_owned(),
        statement: statement.into_owned(),
        members,
        cases: values.into_iter().enumerate().map(case).collect(),
        notes,
        ..Imported::default()
    })
}

/// The names of members that are not read.
fn unread(question: Json<'_>) -> Option<String> {
    let names = question.members()?.filter_map(|(name, _)| name.text());
    let mut names: Vec<String> = names
        .filter(|name| !READ.contains(&name.as_ref()))
        .map(|name| truncated(&name, MAX_NAME_BYTES).escape_debug().to_string())
        .collect();
    if names.len() > MAX_NAMES {
        names.truncate(MAX_NAMES);
        names.push("…".into());
    }
    (!names.is_empty()).then(|| names.join(", "))
}
