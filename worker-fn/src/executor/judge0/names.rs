//! Judge0's languages by the names that Piston has for them.
//!
//! There a language is a number and a text such as `C++ (GCC 9.2.0)`; of several
//! versions of one language, the newest is taken.

use serde_json::Value;
use shared::language::{self, Language};

use crate::executor::memory::{List, Offered};

/// Ways of using Judge0 that stand in its list, and are no languages.
const NONE: [&str; 3] = ["plain text", "executable", "multi-file program"];

/// Reads `GET /languages`; `None` when it is not Judge0's.
pub(super) fn list(answer: &Value) -> Option<List> {
    let mut list: Vec<Offered> = Vec::new();
    for item in answer.as_array()? {
        let id = item.get("id")?.as_u64()?;
        let Some(language) = read(item.get("name")?.as_str()?) else {
            continue;
        };
        let offered = Offered { language, id };
        let known = list
            .iter_mut()
            .find(|known| known.language.language == offered.language.language);
        match known {
            Some(known) if is_newer(&offered.language, &known.language) => *known = offered,
            Some(_) => {}
            None => list.push(offered),
        }
    }
    Some(list.into())
}

fn read(name: &str) -> Option<Language> {
    let (name, rest) = name.split_once('(').unwrap_or((name, ""));
    let theirs = name.trim().to_ascii_lowercase();
    if NONE.contains(&theirs.as_str()) {
        return None;
    }
    // `GCC 9.2.0)`: the version is the last word.
    let version = rest.trim_end_matches(')').rsplit(' ').next();
    let ours = spaceless(language::usual(&theirs));
    let aliases = language::aliases(&ours).iter();
    Some(Language {
        aliases: aliases.map(|&alias| alias.into()).collect(),
        language: ours,
        version: version.unwrap_or_default().into(),
    })
}

fn spaceless(name: &str) -> String {
    name.chars()
        .map(|one| if one == ' ' { '-' } else { one })
        .collect()
}

fn is_newer(one: &Language, other: &Language) -> bool {
    let numbers = |language: &Language| -> Vec<u64> {
        let parts = language.version.split(|byte: char| !byte.is_ascii_digit());
        parts.filter_map(|part| part.parse().ok()).collect()
    };
    numbers(one) > numbers(other)
}
