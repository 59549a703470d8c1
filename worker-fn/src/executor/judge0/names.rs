//! Judge0's languages by Piston's names for them.
//!
//! Judge0 has a number and a text such as `C++ (GCC 9.2.0)` for each language.
//! Of several versions of one language, the newest is taken.

use serde_json::Value;
use shared::domain::language::{self, Language};

use crate::executor::endpoint_states::{EndpointLanguage, EndpointLanguages};

/// Entries of Judge0's list that are not languages.
const NOT_LANGUAGES: [&str; 3] = ["plain text", "executable", "multi-file program"];

/// Reads `GET /languages`; `None` when it is not Judge0's.
pub(super) fn list(answer: &Value) -> Option<EndpointLanguages> {
    let mut list: Vec<EndpointLanguage> = Vec::new();
    for item in answer.as_array()? {
        let id = item.get("id")?.as_u64()?;
        let Some(language) = read(item.get("name")?.as_str()?) else {
            continue;
        };
        let entry = EndpointLanguage { language, id };
        let known = list
            .iter_mut()
            .find(|known| known.language.language == entry.language.language);
        match known {
            Some(known) if is_newer(&entry.language, &known.language) => *known = entry,
            Some(_) => {}
            None => list.push(entry),
        }
    }
    Some(list.into())
}

fn read(name: &str) -> Option<Language> {
    let (name, rest) = name.split_once('(').unwrap_or((name, ""));
    let judge0_name = name.trim().to_ascii_lowercase();
    if NOT_LANGUAGES.contains(&judge0_name.as_str()) {
        return None;
    }
    // `GCC 9.2.0)`: the version is the last word.
    let version = rest.trim_end_matches(')').rsplit(' ').next();
    let piston_name = spaceless(language::canonical_name(&judge0_name));
    let aliases = language::aliases(&piston_name).iter();
    Some(Language {
        aliases: aliases.map(|&alias| alias.into()).collect(),
        language: piston_name,
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
