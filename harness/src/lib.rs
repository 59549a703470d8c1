//! Harnesses: the source around a user's function or class that calls it for every
//! case, in one process, and writes what came of each.
//!
//! An endpoint gets ONE source file, made by [`Harness::source`] from a template
//! in its language (in a folder of its own; `build.rs` leaves the comments out). Its
//! standard input, made by [`stdin_for`], is a line with a nonce and then one line
//! a case, `<index> <array of arguments>`, or `<index> <array of calls>` for a class. A
//! call is `[object, method, refs, argument…]`: the method's index, -1 for the
//! constructor; `refs` has for each argument the earlier call whose answer it is.
//! It writes one frame a case:
//!
//! ```text
//! \x1e<nonce> <index> <mark><json>\n
//! ```
//!
//! | mark | json |
//! | --- | --- |
//! | `=` | the answer: what was returned, an argument after the call, or several of these in an array ([`Answer`](shared::domain::problem::Answer)); of a class the array of the calls' answers. A float may be `NaN`, `Infinity`, `-Infinity` |
//! | `?` | a string: why the answer is no JSON, such as `a cycle`; of a class an object with `text` and `call` |
//! | `!` | what was raised: an object with `kind` (`memory`, `error`) and `text`, of a class also `call` |
//!
//! A process whose only case is one of a class also says which call begins, as
//! `\x1e<nonce> <index> ><number>\n`, where the case has at most 1,000 calls. Calls are
//! counted from 0, the constructor's. Texts of errors are cut at 1,900 bytes.
//!
//! When the code cannot be loaded, the index is `load`, and the kind may also be
//! `syntax` or `missing`: of a class's methods that may be said when the first object
//! has been made, in languages where an object may have its own. [`read`] finds the
//! frames in standard output.
//!
//! Nothing here is secret from the user's code, which can write any frame. But
//! it does not have the expected values, which never reach its sandbox, and the
//! exit code proves nothing.

mod c;
mod code;
mod compiler;
mod cpp;
mod csharp;
mod frames;
mod go;
mod java;
mod javascript;
mod kind;
mod names;
mod php;
mod plan;
mod python;
mod ruby;
mod rust;
mod source;
mod starter;
mod stdin;
mod template;
mod typed;
mod typescript;

pub use compiler::compiler_output;
pub use frames::{Frame, Frames, HarnessError, HarnessErrorKind, read};
pub use kind::{Harness, LANGUAGES};
pub use source::unsupported;
pub use starter::starters;
pub use stdin::stdin_for;
pub use template::Unsupported;

/// A value as JSON on one line. `Value`'s `Display` would add the printer of
/// indented JSON to the wasm.
fn json(value: &serde_json::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
