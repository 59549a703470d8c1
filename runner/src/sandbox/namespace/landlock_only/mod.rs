//! The tier `landlock`: a run without namespaces, isolated by Landlock and seccomp.
//!
//! For machines where no namespace can be made but the kernel has Landlock 6. The
//! files of the runner's side, the protocol and the watchdog are those of the tier
//! `full`; only these parts differ:
//!
//! | with namespaces | here | module |
//! | --- | --- | --- |
//! | a root file system of its own | rules on the machine's files | `landlock` |
//! | a pid namespace | two nested domains that confine signals, and a sub-reaper | `landlock`, `init` |
//! | two tmpfs of a fixed size | a folder on the disk whose size is checked repeatedly | `quota` |
//! | a user namespace | refused system calls that reach other processes of the user | `seccomp` |
//!
//! There is one process less: the helper itself is the program's parent. It must
//! not be killed while the program lives, because only it finds the processes that
//! the program leaves. The runner asks it to end, and it ends by itself when the
//! runner dies.

pub(super) mod init;
mod quota;
