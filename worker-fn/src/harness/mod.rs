//! Function harnesses: the text around a user's function that calls it for
//! every case, in one process, and tells what came of it.
//!
//! What is sent is ONE source file, made by [`Harness::source`] from a template
//! in its language (beside this file; `build.rs` leaves the comments out). Its
//! standard input, made by [`stdin`], is a line with a nonce and then one line
//! a case, `<index> <array of arguments>`. It writes one frame a case:
//!
//! ```text
//! \x1e<nonce> <index> <mark><json>\n
//! ```
//!
//! | mark | json |
//! | --- | --- |
//! | `=` | the value that was returned |
//! | `?` | a string: why what was returned is no JSON, such as `NaN` |
//! | `!` | what was raised: an object with `kind` (`memory`, `error`) and `text` |
//!
//! The index is `load`, and the kind may be `syntax` or `missing`, when the
//! code did not come to any case. [`read`] finds the frames in what was printed.
//!
//! Nothing here is secret from the user's code, which can write any frame it
//! likes. It does not know the expected values: those never leave the Worker,
//! and the exit code proves nothing.

mod code;
mod frames;
mod source;
mod stdin;

pub use frames::{Answer, Frames, Trouble, TroubleKind, read};
pub use source::Unsupported;
pub use stdin::stdin;

use shared::language;
use shared::problem::Signature;

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
    /// The one for a language by its name or alias, as submissions give it.
    pub fn of(language: &str) -> Option<Self> {
        Some(match language::usual(language) {
            "python" => Self::Python,
            "javascript" => Self::JavaScript,
            "typescript" => Self::TypeScript,
            "c++" => Self::Cpp,
            _ => return None,
        })
    }

    /// The source file that calls the function of `code` by `signature`.
    ///
    /// Errors: a type of the signature that the language has nothing for.
    pub fn source(self, signature: &Signature, code: &str) -> Result<String, Unsupported> {
        source::source(self, signature, code)
    }

    /// What the language itself said on `stderr` of a run that wrote no frame
    /// for what ended it: TypeScript that Node cannot read (it never began), or
    /// memory that ran out in a way that no program can catch. `None`: nothing
    /// known. A program can print the same, to nothing but its own harm.
    pub fn last_words(self, stderr: &str) -> Option<Trouble> {
        frames::last_words(self, stderr)
    }
}

/// A value as JSON on one line. (`Value`'s `Display` would bring the printer of
/// indented JSON into the wasm.)
fn json(value: &serde_json::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
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
