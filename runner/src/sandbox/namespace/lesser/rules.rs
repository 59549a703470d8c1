//! Two domains of Landlock, one in the other.
//!
//! ```text
//! outer   the init      signals end here, nothing else is restricted
//! inner   the program   its files, no network, signals end here
//! ```
//!
//! A domain's signals reach itself and what is nested in it. So the program
//! reaches neither its init nor anybody else, while the init can kill everybody
//! of its own run, and nobody but them, by one call that no fork can outrun.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::super::init::Step;
use super::super::protocol::Spec;
use super::super::{root, sys};
use super::{BOX, TMP};

/// Devices that a program may open. Not `/dev/zero`: its shared mappings are
/// memory that no sum over processes sees.
const DEVICES: &[&str] = &["/dev/null", "/dev/full", "/dev/random", "/dev/urandom"];

/// Shows that this process is in a domain of its own, which its signals do not
/// leave. Without it, what [`Confined::kill_everything`] does would reach whatever
/// this user runs.
pub(super) struct Confined(());

impl Confined {
    /// Enters the outer domain, for good.
    pub(super) fn enter() -> Result<Self, Step> {
        let entered = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .scope(Scope::Signal)
            .and_then(Ruleset::create)
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(failed)?;
        let parent = rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get());
        // Believed only when seen.
        if entered.ruleset != RulesetStatus::FullyEnforced || sys::may_signal(parent) {
            return Err(Step("Landlock", io::Error::other("signals are not held")));
        }
        Ok(Self(()))
    }

    /// Kills everything of this run but the caller.
    pub(super) fn kill_everything(&self) {
        sys::kill_everything();
    }
}

/// Enters the inner domain, for good: all that the program may do with files, and
/// nobody to send anything to.
pub(in super::super) fn restrict_program(spec: &Spec, folder: &Path) -> Result<(), Step> {
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    // Neither devices nor what only devices can do.
    let all =
        AccessFs::from_all(abi) & !(AccessFs::IoctlDev | AccessFs::MakeChar | AccessFs::MakeBlock);
    let shown = root::SYSTEM.iter().map(Path::new);
    let shown = shown.chain(spec.mounts.iter().map(Path::new));
    let build = || -> Result<_, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(shown, read))?
            .add_rules(path_beneath_rules(
                [folder.join(BOX), folder.join(TMP)],
                all,
            ))?
            .add_rules(path_beneath_rules(
                DEVICES,
                AccessFs::ReadFile | AccessFs::WriteFile,
            ))?
            .restrict_self()
    };
    match build().map_err(failed)?.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        _ => Err(Step("Landlock", io::Error::other("not fully enforced"))),
    }
}

fn failed(error: RulesetError) -> Step {
    Step("Landlock", io::Error::other(error))
}
