//! Folders and what becomes of them, by a table that the page's tests read too
//! (`web/tests/problem-folder.test.ts`), so that both ways to publish take the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::check::checked;
use super::folder::read_all;
use crate::project;

/// What a file holds, by the table.
fn bytes(content: &Value, texts: &Map<String, Value>) -> Vec<u8> {
    match content {
        Value::String(text) => text_of(text, texts).into(),
        Value::Array(parts) => parts.iter().flat_map(|one| bytes(one, texts)).collect(),
        _ => match content["base64"].as_str() {
            Some(text) => STANDARD.decode(text).unwrap(),
            None => {
                let times = content["times"].as_u64().unwrap().try_into().unwrap();
                content["repeat"].as_str().unwrap().repeat(times).into()
            }
        },
    }
}

fn text_of<'a>(text: &'a str, texts: &'a Map<String, Value>) -> &'a str {
    match text.strip_prefix('$') {
        Some(name) => texts[name].as_str().unwrap(),
        None => text,
    }
}

/// What is published of each problem of a folder, by its id, or why nothing is.
fn outcomes(folder: &Path) -> BTreeMap<String, Result<String, String>> {
    let problems = read_all(folder).unwrap_or_else(|error| {
        let message = error.to_string();
        assert!(message.contains("there is no problem in"), "{message}");
        Vec::new()
    });
    let mut outcomes = BTreeMap::new();
    for (id, read) in problems {
        let outcome = read
            .and_then(|loaded| checked(&loaded).map(|_| loaded.json.as_str().to_owned()))
            .map_err(|error| format!("{error:#}"));
        let twin = outcomes.insert(id, outcome);
        assert!(
            !matches!(twin, Some(Ok(_))),
            "two of one id can be published"
        );
    }
    outcomes
}

#[test]
fn every_folder_of_the_table_has_its_outcome() {
    let path = project::root().join("tests/fixtures/problem-folders.json");
    let table: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let texts = table["texts"].as_object().unwrap();
    let rows = table["folders"].as_array().unwrap();
    assert!(rows.len() > 30);
    for row in rows {
        let what = row["what"].as_str().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        for (name, content) in row["files"].as_object().unwrap() {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes(content, texts)).unwrap();
        }
        let mut chosen = fs::read_dir(scratch.path()).unwrap();
        let found = outcomes(&chosen.next().unwrap().unwrap().path());
        assert!(chosen.next().is_none(), "{what}: one folder is chosen");
        let expected = row["problems"].as_object().unwrap();
        assert!(found.keys().eq(expected.keys()), "{what}: {found:?}");
        for (id, outcome) in &found {
            match (outcome, &expected[id]) {
                (Ok(text), Value::String(expected)) => {
                    assert_eq!(text, text_of(expected, texts), "{what}: {id}");
                }
                (Err(message), Value::Object(expected)) => {
                    let why = expected["refused"].as_str().unwrap();
                    assert!(message.contains(why), "{what}: {id}: {message}");
                }
                _ => panic!("{what}: {id}: {outcome:?}"),
            }
        }
    }
}
