//! JSON that others wrote, read within bounds.
//!
//! As a tree of values a JSON text takes many times its size: `{"":0}` is 6
//! bytes of text and more than 100 of memory. So nothing that strangers send,
//! programs print or endpoints answer is read into a tree. [`Json`] is a value as
//! text, whose syntax was checked; readers walk over it and take out what they
//! want. An [`Object`] has a bounded number of members, and no member twice.
//!
//! - [`value`]: a value as text, and its items and members.
//! - [`object`]: the members of an object by name.
//! - `invalid_value`: what the syntax allows, and no value may have.
//! - [`non_finite`]: the floats that JSON has no number for.
//! - `canonical_escapes`: one spelling of strings, for people.
//! - [`mod@write`]: strings as JSON, and how long they are as such.

mod canonical_escapes;
mod invalid_value;
pub mod non_finite;
pub mod object;
pub mod value;
pub mod write;

pub use non_finite::NonFinite;
pub use object::{Object, ObjectError};
pub use value::{Json, JsonText, Kind, SyntaxError};
