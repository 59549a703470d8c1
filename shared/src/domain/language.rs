//! Names, aliases and lists of languages.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::violation::Violation;

/// A language that the execution endpoint offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Language {
    /// Its name, such as `python`.
    pub language: String,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// Other names that it answers to, such as `py`.
    pub aliases: Vec<String>,
}

/// Reads the body of `GET /languages`, as worker-fn answers it and submit-fn
/// reads it; `None` for anything else. By hand: each derived reader adds 1 to
/// 2 KB to a Worker's wasm.
pub fn read_list(body: &[u8]) -> Option<Vec<Language>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut languages = Vec::new();
    for item in value.get("languages")?.as_array()? {
        let mut aliases = Vec::new();
        if let Some(Value::Array(names)) = item.get("aliases") {
            for name in names {
                aliases.push(text(name)?);
            }
        }
        languages.push(Language {
            language: text(item.get("language")?)?,
            version: text(item.get("version")?)?,
            aliases,
        });
    }
    Some(languages)
}

impl Language {
    /// Whether the language answers to `name`.
    pub fn goes_by(&self, name: &str) -> bool {
        self.language == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// Whether one of `languages` answers to `name`.
pub fn supports(languages: &[Language], name: &str) -> bool {
    languages.iter().any(|language| language.goes_by(name))
}

/// The names for an error text, sorted, each once and with its aliases:
/// `go (golang), python (py, py3)`.
pub fn names(languages: &[Language]) -> String {
    fn name(language: &Language) -> Cow<'_, str> {
        match language.aliases.as_slice() {
            [] => Cow::Borrowed(&language.language),
            aliases => format!("{} ({})", language.language, aliases.join(", ")).into(),
        }
    }
    // The type that JSON's names are sorted in too: one compiled sort for both.
    let mut names: Vec<Cow<'_, str>> = languages.iter().map(name).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// The language `name` is not among `offered`.
pub fn not_offered(name: &str, offered: &str) -> Violation {
    let rule = format!("language {name:?} is not offered. Offered are: {offered}.");
    Violation::invalid("language", rule)
}

/// Languages that go by several names, by the name that Piston uses.
const ALIASES: [(&str, &[&str]); 29] = [
    ("python", &["py", "py3", "python3"]),
    ("javascript", &["node-javascript", "node-js", "node", "js"]),
    ("typescript", &["ts", "node-ts", "tsc"]),
    ("c", &["gcc"]),
    ("c23", &["c2x"]),
    ("c++", &["cpp", "g++"]),
    ("c++17", &["cpp17"]),
    ("c++23", &["cpp23"]),
    ("rust", &["rs"]),
    ("go", &["golang"]),
    ("bash", &["sh"]),
    ("ruby", &["rb"]),
    ("perl", &["pl"]),
    ("csharp", &["c#", "cs", "mono"]),
    ("fsharp", &["f#", "fs"]),
    ("pypy", &["pypy3"]),
    ("kotlin", &["kt"]),
    ("scala", &["sc"]),
    ("haskell", &["hs"]),
    ("ocaml", &["ml"]),
    ("pascal", &["freepascal", "pas"]),
    ("fortran", &["f90"]),
    ("lisp", &["cl", "sbcl", "commonlisp"]),
    ("rscript", &["r"]),
    ("elixir", &["exs"]),
    ("clojure", &["clj"]),
    ("racket", &["rkt"]),
    ("octave", &["matlab"]),
    ("sqlite3", &["sqlite", "sql"]),
];

/// The name that Piston uses for a language that may go by another; any other
/// name as it is.
pub fn canonical_name(name: &str) -> &str {
    let mut all = ALIASES.iter();
    all.find(|(_, aliases)| aliases.contains(&name))
        .map_or(name, |(canonical, _)| *canonical)
}

/// The languages in which functions can be judged: those with a
/// folder in the crate `harness`. Programs can be judged in every language of the endpoint.
pub const FUNCTION_LANGUAGES: [&str; 11] = [
    "python",
    "javascript",
    "typescript",
    "c++",
    "java",
    "go",
    "csharp",
    "ruby",
    "php",
    "rust",
    "c",
];

/// Those of them in which every signature can be expressed. The crate `harness` has a test
/// that these are all.
pub const LANGUAGES_FOR_EVERY_SIGNATURE: [&str; 8] = [
    "python",
    "javascript",
    "typescript",
    "java",
    "go",
    "csharp",
    "ruby",
    "php",
];

/// Whether every signature can be expressed in a language, by its name or alias.
pub fn expresses_all(name: &str) -> bool {
    LANGUAGES_FOR_EVERY_SIGNATURE.contains(&canonical_name(name))
}

/// Some of [`FUNCTION_LANGUAGES`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FunctionLanguages(u32);

impl FunctionLanguages {
    /// None of them.
    pub const EMPTY: Self = Self(0);

    /// Those of these names that are known, by their names or aliases.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.filter_map(Self::bit).fold(0, |all, bit| all | bit))
    }

    /// Whether a language is one of them, by its name or alias.
    pub fn contains(self, name: &str) -> bool {
        Self::bit(name).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = FUNCTION_LANGUAGES.into_iter();
        all.filter(move |name| self.contains(name))
    }

    fn bit(name: &str) -> Option<u32> {
        let name = canonical_name(name);
        let index = FUNCTION_LANGUAGES.iter().position(|one| *one == name)?;
        Some(1 << index)
    }
}

/// Whether functions can be judged in a language, by its name or alias.
pub fn judges_functions(name: &str) -> bool {
    FUNCTION_LANGUAGES.contains(&canonical_name(name))
}

/// The aliases of a language, by its canonical name.
pub fn aliases(canonical: &str) -> &'static [&'static str] {
    let mut all = ALIASES.iter();
    all.find(|(name, _)| *name == canonical)
        .map_or(&[], |(_, aliases)| *aliases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_set_of_languages_knows_them_by_every_name() {
        let set = FunctionLanguages::of(["cpp", "python", "cobol"].into_iter());
        assert!(set.contains("c++") && set.contains("g++") && set.contains("py"));
        assert!(!set.contains("typescript") && !set.contains("cobol"));
        assert_eq!(set.names().collect::<Vec<_>>(), ["python", "c++"]);
        assert!(!FunctionLanguages::default().contains("python"));
        let all = FunctionLanguages::of(FUNCTION_LANGUAGES.into_iter());
        assert_eq!(all.names().count(), FUNCTION_LANGUAGES.len());
    }

    #[test]
    fn submit_fn_reads_the_list_that_worker_fn_writes() {
        let language = |aliases: &[&str]| Language {
            language: "python".into(),
            version: "3.11.7".into(),
            aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
        };
        let languages = vec![language(&["py"]), language(&[])];
        let body = json!({ "success": true, "languages": languages }).to_string();
        assert_eq!(read_list(body.as_bytes()), Some(languages));
        let short = br#"{"languages":[{"language":"python","version":"3.11.7"}]}"#;
        assert_eq!(read_list(short).unwrap(), [language(&[])]);
        for other in [
            "{",
            "[]",
            r#"{"success":false,"error":{}}"#,
            r#"{"languages":[{"language":"python"}]}"#,
            r#"{"languages":[{"language":1,"version":"1"}]}"#,
            r#"{"languages":[{"language":"a","version":"1","aliases":[1]}]}"#,
        ] {
            assert_eq!(read_list(other.as_bytes()), None, "{other}");
        }
    }
}
