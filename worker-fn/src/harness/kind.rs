//! The languages in which functions can be judged.

use shared::domain::language;

/// The languages with a harness, for texts.
pub const LANGUAGES: &str = "Python, JavaScript, TypeScript and C++";

/// A language in which functions can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harness {
    /// Python 3.8 or later.
    Python,
    /// Node 12 or later, CommonJS.
    JavaScript,
    /// Node 22.18 or later, tsc to CommonJS, or tsx.
    TypeScript,
    /// g++ or clang++, C++14 or later, POSIX.
    Cpp,
}

impl Harness {
    /// The harness for a language, by its name or alias.
    pub fn of(language: &str) -> Option<Self> {
        Some(match language::canonical_name(language) {
            "python" => Self::Python,
            "javascript" => Self::JavaScript,
            "typescript" => Self::TypeScript,
            "c++" => Self::Cpp,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_go_by_every_name_that_the_runner_has_for_them() {
        for (name, harness) in [
            ("python", Some(Harness::Python)),
            ("py3", Some(Harness::Python)),
            ("node-js", Some(Harness::JavaScript)),
            ("ts", Some(Harness::TypeScript)),
            ("c++", Some(Harness::Cpp)),
            ("g++", Some(Harness::Cpp)),
            ("c", None),
            ("java", None),
            ("", None),
        ] {
            assert_eq!(Harness::of(name), harness, "{name}");
        }
    }
}
