//! What a checker prints when it crashes, by language.
//!
//! By testlib's convention the exit codes 1 and 2 say that an answer is wrong, and in many
//! languages a program ends with one of them when nobody catches an error. Its standard
//! error then has the language's own words, which tell that apart. A language that is not
//! here has no words, or none that were tried: its checkers keep the convention `icpc`,
//! whose codes no crash ends with. `worker-fn/src/judge/checker_program.rs` looks for
//! the words.

use crate::domain::language::canonical_name;

/// Code that cannot be read has a place and no traceback.
const TRACEBACK: &[&str] = &[
    "Traceback (most recent call last):",
    "  File \"",
    "Fatal Python error: ",
];
/// Before Node 17 there is no version, only the places of an `Error`.
const NODE: &[&str] = &["\nNode.js v", "\n    at ", "(Use `node --trace-uncaught"];
const JVM: &[&str] = &[
    "Exception in thread \"",
    "Error: Main method not found",
    "Error: Could not find or load main class",
    "Error: Unable to initialize main class",
];
const MONO: &[&str] = &["Unhandled Exception:", "Unhandled exception."];
/// Languages in which a crash ends with a signal or with another code.
const NO_WORDS: &[&str] = &[];

/// By the name of the language. Those without words end otherwise: with a signal in C and
/// C++, with 255 in PHP.
const LANGUAGES: [(&str, &[&str]); 20] = [
    ("c", NO_WORDS),
    ("c11", NO_WORDS),
    ("c23", NO_WORDS),
    ("c++", NO_WORDS),
    ("c++17", NO_WORDS),
    ("c++23", NO_WORDS),
    ("csharp", MONO),
    ("go", &["\ngoroutine "]),
    ("java", JVM),
    ("javascript", NODE),
    ("kotlin", JVM),
    (
        "lua",
        &[
            "stack traceback:",
            "(error object is a ",
            " near '",
            " near <eof>",
        ],
    ),
    ("pascal", &["Runtime error "]),
    ("php", NO_WORDS),
    ("pypy", TRACEBACK),
    ("python", TRACEBACK),
    // Where the message is empty, or is that of a class with any name, only the place
    // tells: `main.rb:1:in 'open': … (Errno::ENOENT)`.
    ("ruby", &[":in `", ":in '", "Error)", ": syntax error"]),
    // A panic ends with 101, and an error that `main` returns with 1.
    ("rust", &["Error: "]),
    ("scala", JVM),
    ("typescript", NODE),
];

/// What a language prints to standard error when it crashes with an exit code that a
/// checker may end with; `None` where that is not known.
pub fn crash_words(language: &str) -> Option<&'static [&'static str]> {
    let name = canonical_name(language);
    let mut all = LANGUAGES.iter();
    all.find(|(known, _)| *known == name)
        .map(|(_, words)| *words)
}

/// Why a checker in this language cannot keep testlib's convention; `None`: it can.
pub(super) fn rule_against_testlib(language: &str) -> Option<String> {
    if crash_words(language).is_some() {
        return None;
    }
    let names = LANGUAGES.map(|(name, _)| name).join(", ");
    Some(format!(
        "must be one of {names} with \"exitCodes\": \"testlib\": in other languages a checker \
         that crashes can end as if it said that the answer is wrong. With \"icpc\" it can be any."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_every_name() {
        for name in [
            "py", "python", "c++", "cpp", "cpp17", "c++23", "c2x", "c#", "js", "ts",
        ] {
            assert_eq!(rule_against_testlib(name), None, "{name}");
        }
        assert_eq!(crash_words("c++"), Some(NO_WORDS));
        assert_eq!(crash_words("py3"), Some(TRACEBACK));
        for name in ["haskell", "perl", "bash", "awk", "r", "erlang", "klingon"] {
            let rule = rule_against_testlib(name).unwrap();
            assert!(rule.contains("c++, c++17, c++23, csharp, go"), "{rule}");
        }
    }
}
