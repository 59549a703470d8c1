//! What a language is called, and which ones are offered.

use serde::Serialize;
use serde_json::Value;

/// A language that the execution endpoint offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Language {
    /// Its name, such as `python`.
    pub language: String,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// Other names it answers to, such as `py`.
    pub aliases: Vec<String>,
}

/// The body of `GET /languages`, as worker-fn answers it and submit-fn reads
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Always true; the error shape has false here.
    pub success: bool,
    /// All of them, in the endpoint's order.
    pub languages: Vec<Language>,
}

impl Offer {
    /// Reads the body; `None` for anything else. By hand, as all JSON of ours
    /// that a Worker reads.
    pub fn read(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut languages = Vec::new();
        for one in value.get("languages")?.as_array()? {
            let mut aliases = Vec::new();
            if let Some(Value::Array(names)) = one.get("aliases") {
                for name in names {
                    aliases.push(text(name)?);
                }
            }
            languages.push(Language {
                language: text(one.get("language")?)?,
                version: text(one.get("version")?)?,
                aliases,
            });
        }
        Some(Self {
            success: true,
            languages,
        })
    }
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

/// Languages that go by several names, by Piston's name for each.
const ALIASES: [(&str, &[&str]); 12] = [
    ("python", &["py", "py3", "python3"]),
    ("javascript", &["node-javascript", "node-js", "node", "js"]),
    ("typescript", &["ts", "node-ts", "tsc"]),
    ("c", &["gcc"]),
    ("c++", &["cpp", "g++"]),
    ("rust", &["rs"]),
    ("go", &["golang"]),
    ("bash", &["sh"]),
    ("ruby", &["rb"]),
    ("perl", &["pl"]),
    ("csharp", &["c#", "cs"]),
    ("fsharp", &["f#", "fs"]),
];

/// The usual name of a language that may go by another; any other name as it is.
pub fn usual(name: &str) -> &str {
    let mut all = ALIASES.iter();
    all.find(|(_, aliases)| aliases.contains(&name))
        .map_or(name, |(usual, _)| *usual)
}

/// What else a language is called, by its usual name.
pub fn aliases(usual: &str) -> &'static [&'static str] {
    let mut all = ALIASES.iter();
    all.find(|(name, _)| *name == usual)
        .map_or(&[], |(_, aliases)| *aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_worker_fn_answers_is_read_by_submit_fn() {
        let language = |aliases: &[&str]| Language {
            language: "python".into(),
            version: "3.11.7".into(),
            aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
        };
        let offer = Offer {
            success: true,
            languages: vec![language(&["py"]), language(&[])],
        };
        let body = serde_json::to_vec(&offer).unwrap();
        assert_eq!(Offer::read(&body), Some(offer));
        let short = br#"{"languages":[{"language":"python","version":"3.11.7"}]}"#;
        assert_eq!(Offer::read(short).unwrap().languages, [language(&[])]);
        for odd in [
            "{",
            "[]",
            r#"{"success":false,"error":{}}"#,
            r#"{"languages":[{"language":"python"}]}"#,
            r#"{"languages":[{"language":1,"version":"1"}]}"#,
            r#"{"languages":[{"language":"a","version":"1","aliases":[1]}]}"#,
        ] {
            assert_eq!(Offer::read(odd.as_bytes()), None, "{odd}");
        }
    }
}
