//! The language of a source file, by the ending of its name.

use std::path::Path;

use serde_json::Value;

/// Endings, and the names that endpoints have for their languages. The first one
/// is Piston's.
const ENDINGS: &[(&str, &str)] = &[
    ("py", "python"),
    ("js", "javascript"),
    ("mjs", "javascript"),
    ("cjs", "javascript"),
    ("ts", "typescript"),
    ("mts", "typescript"),
    ("c", "c"),
    ("cpp", "c++"),
    ("cc", "c++"),
    ("cxx", "c++"),
    ("rs", "rust"),
    ("go", "go"),
    ("java", "java"),
    ("sh", "bash"),
    ("bash", "bash"),
    ("rb", "ruby"),
    ("pl", "perl"),
    ("php", "php"),
    ("lua", "lua"),
    ("kt", "kotlin"),
    ("cs", "csharp"),
    ("fs", "fsharp"),
    ("hs", "haskell"),
    ("swift", "swift"),
    ("scala", "scala"),
    ("ml", "ocaml"),
    ("r", "rscript"),
    ("awk", "awk"),
    ("pas", "pascal"),
    ("f90", "fortran"),
    ("adb", "ada"),
    ("d", "d"),
    ("lisp", "lisp"),
    ("erl", "erlang"),
    ("exs", "elixir"),
    ("clj", "clojure"),
    ("rkt", "racket"),
    ("sql", "sqlite3"),
];

fn ending(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// The language of the file at `path`, as endpoints usually call it.
pub fn language(path: &Path) -> Option<&'static str> {
    let ending = ending(path)?;
    let known = ENDINGS.iter().find(|(known, _)| *known == ending);
    known.map(|(_, language)| *language)
}

/// The language of the file at `path` by a name of `GET /languages`; `None` where
/// none of them has this ending.
pub fn offered(path: &Path, languages: &Value) -> Option<String> {
    let known = language(path);
    let ending = ending(path)?;
    let names = [known, Some(ending)];
    names
        .into_iter()
        .flatten()
        .find_map(|name| name_of(name, languages))
}

/// The name in `GET /languages` of the language that goes by `name`.
pub fn name_of(name: &str, languages: &Value) -> Option<String> {
    let languages = languages["languages"].as_array()?;
    let goes_by = |language: &&Value| {
        let aliases = language["aliases"].as_array();
        language["language"] == name
            || aliases.is_some_and(|aliases| aliases.iter().any(|alias| alias == name))
    };
    let found = languages.iter().find(goes_by)?;
    found["language"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_language_is_found_by_its_ending_among_those_on_offer() {
        let languages = json!({ "languages": [
            { "language": "python", "version": "3", "aliases": ["py"] },
            { "language": "gcc-c++", "version": "12", "aliases": ["c++", "cpp"] },
            { "language": "zig", "version": "1", "aliases": [] },
        ] });
        let offered = |path: &str| offered(Path::new(path), &languages);
        assert_eq!(offered("a/b.py").as_deref(), Some("python"));
        assert_eq!(offered("x.cc").as_deref(), Some("gcc-c++"));
        // An ending that is a language's own name.
        assert_eq!(offered("x.zig").as_deref(), Some("zig"));
        for path in ["x.rs", "x.PY", "x", ".py"] {
            assert_eq!(offered(path), None, "{path}");
        }
        assert_eq!(super::offered(Path::new("x.py"), &Value::Null), None);
    }

    #[test]
    fn each_ending_stands_there_once() {
        for (index, (ending, _)) in ENDINGS.iter().enumerate() {
            let before = &ENDINGS[..index];
            assert!(!before.iter().any(|(other, _)| other == ending), "{ending}");
        }
    }
}
