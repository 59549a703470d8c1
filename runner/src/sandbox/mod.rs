//! Runs one command under limits and reports how it ended.
//!
//! This folder is the boundary between what to run and how it is isolated. The
//! rest of the crate passes a [`Command`] and gets a [`Report`]; processes,
//! signals and `/proc` are known only in here. It knows nothing of HTTP,
//! languages or stages.
//!
//! `main.rs` chooses one of three implementations of [`Sandbox`]:
//!
//! | implementation | isolation |
//! | --- | --- |
//! | [`namespace::NamespaceSandbox`] | namespaces, Landlock and seccomp, for hostile code |
//! | [`namespace::LandlockSandbox`] | Landlock and seccomp, for machines that forbid namespaces |
//! | [`process::ProcessSandbox`] | **none**: child processes under limits, for trusted code |
//!
//! What they share:
//!
//! | module | what it holds |
//! | --- | --- |
//! | `interface`, `limits`, `cancel` | the types of the boundary |
//! | `failure`, `exit_status` | failures of the sandbox, and ends of processes |
//! | `files`, `layout`, `workdir` | a run's files, its folders, and where those lie on the disk |
//! | `spawn`, `rlimits` | starting processes, and the limits that the kernel enforces |
//! | `pipes` | the three standard streams |
//! | `procfs`, `process_table`, `session` | CPU time and memory of all processes of a run |
//!
//! All `unsafe` code of the crate is in this folder.

#[cfg(target_os = "linux")]
pub mod namespace;
pub mod process;

mod cancel;
mod exit_status;
mod failure;
mod files;
mod interface;
mod layout;
mod limits;
mod pipes;
mod process_table;
mod procfs;
mod rlimits;
mod session;
mod spawn;
mod workdir;

pub use cancel::{Cancel, CancelOnDrop};
pub use files::File;
pub use interface::{Command, Ending, IdleSandbox, Mount, Report, Sandbox, Tier};
pub use layout::{LIBRARIES, SYSTEM_PATHS};
pub use limits::{Limit, Limits};
