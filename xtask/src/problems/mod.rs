//! Problems on disk: reading a folder of them, checking, publishing.
//!
//! `cargo xtask dev` publishes the project's own, the end-to-end tests run their
//! solutions, and an operator checks, publishes and tries other folders, or imports
//! problems of other forms into one.

mod check;
mod checker_file;
mod files;
mod folder;
#[cfg(test)]
mod folder_tests;
mod import;
mod publish;
mod solutions;

pub use self::check::check;
pub use self::folder::{Loaded, Solution, load, own};
pub use self::import::{Import, import};
pub use self::publish::{Change, Published, delete, publish, push, rejudge};
pub use self::solutions::{Tried, try_solutions};
