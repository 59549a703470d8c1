//! The two tiers that isolate hostile code: a helper process for each run, with
//! namespaces or without.
//!
//! | process | modules | lives |
//! | --- | --- | --- |
//! | the runner, one thread per run | `tiers`, `waiting`, `watchdog`, `helper_process`, `process_tree` | long |
//! | helper: makes the namespaces, maps the user | `helper` | one run |
//! | init, process 1 inside | `init`, `root` | one run |
//! | the program | `launch`, `wait`, `program`, `landlock`, `seccomp` | one run |
//!
//! Where no namespaces can be made, `landlock_only` replaces helper and init by
//! one process. The processes exchange the messages of `protocol`. `self_test`
//! finds out at start which tier this machine supports.
//!
//! `docs/runner.md` says what each tier promises, and which kernel features each
//! promise rests on.

mod helper;
mod helper_process;
mod init;
mod landlock;
mod landlock_only;
mod launch;
mod launch_plan;
mod process_tree;
mod program;
mod protocol;
mod root;
mod seccomp;
mod self_checks;
mod self_test;
mod sys;
mod tiers;
mod wait;
mod waiting;
mod watchdog;

pub use helper::run_if_helper;
pub use landlock::LEAST_LANDLOCK_ABI;
pub use self_test::{SelfTestError, SelfTestReport};
pub use tiers::{LandlockSandbox, NamespaceSandbox};
