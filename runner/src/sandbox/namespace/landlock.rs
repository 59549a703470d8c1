//! Landlock's rules: which files a program may open, and that its signals and
//! connections stay inside.
//!
//! With namespaces, one domain is a second line of defence behind the mounts.
//! Without, there are two domains, one inside the other:
//!
//! ```text
//! outer   the helper    signals do not leave it; nothing else is restricted
//! inner   the program   its files, no network; signals do not leave it
//! ```
//!
//! Signals reach processes of the same domain and of domains inside it. So the
//! program cannot signal its helper, while the helper kills every process of its
//! run and no other by one call, which no fork can outrun.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::protocol::Spec;
use super::sys;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::layout::{RunFolders, SYSTEM_PATHS};

/// The first version of Landlock whose domains confine signals and abstract
/// sockets.
pub const LEAST_LANDLOCK_ABI: u32 = 6;

/// The version that the rules are written for.
const VERSION: ABI = ABI::V6;

/// Devices that a program without namespaces may open. Not `/dev/zero`: its shared
/// mappings are memory that no sum over processes sees.
const DEVICES: &[&str] = &["/dev/null", "/dev/full", "/dev/random", "/dev/urandom"];

/// Restricts this process, which becomes the program, for good.
pub(super) fn restrict_program(spec: &Spec) -> Result<(), Failure> {
    let Some(folder) = &spec.folder else {
        // Not the root itself: below it is `/proc`, in which nothing may be opened.
        let own = ["/dev", "/etc"].map(Path::new);
        let mounts = spec.mounts.iter().map(|mount| Path::new(&mount.shown));
        let rules = Rules {
            level: CompatLevel::BestEffort,
            readable: system_paths().chain(mounts).chain(own).collect(),
            folders: RunFolders::in_own_root(),
            folder_access: AccessFs::from_all(VERSION),
            devices: &["/dev"],
        };
        // The mounts do the same, so an older kernel may enforce less.
        return rules
            .enforce()
            .map(drop)
            .map_err(io::Error::other)
            .context("Landlock");
    };
    let rules = Rules {
        level: CompatLevel::HardRequirement,
        readable: system_paths()
            .chain(spec.mounts.iter().map(|mount| Path::new(&mount.source)))
            .collect(),
        folders: RunFolders::on_disk(Path::new(folder)),
        // No devices, and nothing that only devices can do.
        folder_access: AccessFs::from_all(VERSION)
            & !(AccessFs::IoctlDev | AccessFs::MakeChar | AccessFs::MakeBlock),
        devices: DEVICES,
    };
    match rules
        .enforce()
        .map_err(io::Error::other)
        .context("Landlock")?
    {
        RulesetStatus::FullyEnforced => Ok(()),
        _ => Err(Failure::Step(
            "Landlock",
            io::Error::other("not fully enforced"),
        )),
    }
}

fn system_paths<'a>() -> impl Iterator<Item = &'a Path> {
    SYSTEM_PATHS.iter().map(Path::new)
}

/// What a program may do. Anything else with files, the network, signals and
/// abstract sockets is refused.
struct Rules<'a> {
    /// Whether a kernel that cannot enforce all of it is good enough.
    level: CompatLevel,
    /// Files and folders that it may read and execute.
    readable: Vec<&'a Path>,
    folders: RunFolders,
    /// What it may do in its two folders.
    folder_access: BitFlags<AccessFs>,
    /// Devices, or folders of devices, that it may read and write.
    devices: &'a [&'a str],
}

impl Rules<'_> {
    fn enforce(self) -> Result<RulesetStatus, RulesetError> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
        let read_and_write = AccessFs::ReadFile | AccessFs::WriteFile;
        let status = Ruleset::default()
            .set_compatibility(self.level)
            .handle_access(AccessFs::from_all(VERSION))?
            .handle_access(AccessNet::from_all(VERSION))?
            .scope(Scope::from_all(VERSION))?
            .create()?
            .add_rules(path_beneath_rules(self.readable, read))?
            .add_rules(path_beneath_rules(self.folders.both(), self.folder_access))?
            .add_rules(path_beneath_rules(self.devices, read_and_write))?
            .restrict_self()?;
        Ok(status.ruleset)
    }
}

/// Proves that this process is in a domain of its own, which its signals do not
/// leave. Otherwise [`SignalDomain::kill_everything`] would kill every process of
/// the user.
pub(super) struct SignalDomain(());

impl SignalDomain {
    /// Enters the outer domain, for good.
    pub(super) fn enter() -> Result<Self, Failure> {
        let entered = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .scope(Scope::Signal)
            .and_then(Ruleset::create)
            .and_then(RulesetCreated::restrict_self)
            .map_err(io::Error::other)
            .context("Landlock")?;
        let parent = rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get());
        // The kernel's word is not enough: the parent must be out of reach.
        if entered.ruleset != RulesetStatus::FullyEnforced || sys::may_signal(parent) {
            return Err(Failure::Step(
                "Landlock",
                io::Error::other("signals leave the domain"),
            ));
        }
        Ok(Self(()))
    }

    /// Kills every process of this run except the caller.
    pub(super) fn kill_everything(&self) {
        sys::kill_everything();
    }
}
