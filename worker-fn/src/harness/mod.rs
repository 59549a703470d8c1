//! Harnesses: the source around a user's function that calls it for every case,
//! in one process, and writes what came of each.
//!
//! An endpoint gets ONE source file, made by [`Harness::source`] from a template
//! in its language (beside this file; `build.rs` leaves the comments out). Its
//! standard input, made by [`stdin()`], is a line with a nonce and then one line
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
//! When the code cannot be loaded, the index is `load`, and the kind may also be
//! `syntax` or `missing`. [`read`] finds the frames in standard output.
//!
//! Nothing here is secret from the user's code, which can write any frame. But
//! it does not have the expected values, which never leave the Worker, and the
//! exit code proves nothing.

mod code;
mod compiler;
mod cpp;
mod cpp_names;
mod frames;
mod kind;
mod source;
mod stdin;
mod template;

pub use compiler::{clean_compile_stage, compiler_output};
pub use frames::{Frame, Frames, HarnessError, HarnessErrorKind, read};
pub use kind::{Harness, LANGUAGES};
pub use stdin::stdin;
pub use template::Unsupported;

/// A value as JSON on one line. `Value`'s `Display` would add the printer of
/// indented JSON to the wasm.
fn json(value: &serde_json::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
