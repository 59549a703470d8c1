//! What a language is called, and which ones are offered.

use serde::{Deserialize, Serialize};

/// A language that the execution endpoint offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// Its name, such as `python`.
    pub language: String,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// Other names it answers to, such as `py`.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// The body of `GET /languages`, as worker-fn answers it and submit-fn reads
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Always true; the error shape has false here.
    pub success: bool,
    /// All of them, in the endpoint's order.
    pub languages: Vec<Language>,
}

/// Whether one of `languages` answers to `name`.
pub fn offers(languages: &[Language], name: &str) -> bool {
    languages
        .iter()
        .any(|language| language.language == name || language.aliases.iter().any(|a| a == name))
}

/// The names for an error text: sorted, each once.
pub fn names(languages: &[Language]) -> String {
    let mut names: Vec<&str> = languages.iter().map(|l| l.language.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
