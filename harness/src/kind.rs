//! The languages in which functions can be judged.

use shared::domain::language;

/// The languages with a harness, for texts.
pub const LANGUAGES: &str =
    "Python, JavaScript, TypeScript, C++, Java, Go, C#, Ruby, PHP, Rust and C";

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
    /// Java 11 or later.
    Java,
    /// Go 1.18 or later, Linux.
    Go,
    /// C# 6 or later, Mono's `mcs` or .NET.
    CSharp,
    /// Ruby 2.7 or later.
    Ruby,
    /// PHP 8.0 or later, on the command line.
    Php,
    /// rustc 1.63 or later, edition 2021, POSIX.
    Rust,
    /// gcc or clang, POSIX.
    C,
}

impl Harness {
    /// All of them, in the order in which texts name them.
    pub const ALL: [Self; 11] = [
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Cpp,
        Self::Java,
        Self::Go,
        Self::CSharp,
        Self::Ruby,
        Self::Php,
        Self::Rust,
        Self::C,
    ];

    /// The language's name, as execution endpoints call it.
    pub fn language(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Cpp => "c++",
            Self::Java => "java",
            Self::Go => "go",
            Self::CSharp => "csharp",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Rust => "rust",
            Self::C => "c",
        }
    }

    /// The harness for a language, by its name or alias.
    pub fn of(language: &str) -> Option<Self> {
        let name = language::canonical_name(language);
        Self::ALL.into_iter().find(|one| one.language() == name)
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
            ("java", Some(Harness::Java)),
            ("golang", Some(Harness::Go)),
            ("c#", Some(Harness::CSharp)),
            ("rb", Some(Harness::Ruby)),
            ("php", Some(Harness::Php)),
            ("rs", Some(Harness::Rust)),
            ("gcc", Some(Harness::C)),
            ("cobol", None),
            ("", None),
        ] {
            assert_eq!(Harness::of(name), harness, "{name}");
        }
    }
}
