//! The classes of attacks. Each runs in both tiers and as every user that the
//! machine allows, so that a class cannot be forgotten for one tier.

use runner::sandbox::Tier;

use crate::attack::{Attack, Expect, run_attacks};
use crate::common::has_landlock_tier;
use crate::host::{Host, users};
use crate::landlock_tier;
#[cfg(target_arch = "x86_64")]
use crate::system_calls;
use crate::{devices, files, lifecycle, network_streams_compiling as others, resources};

/// A class of attacks.
pub struct Class {
    /// The name of its tests.
    pub name: &'static str,
    /// Its languages from the built-in table.
    languages: &'static [&'static str],
    /// Further languages, as a part of a table.
    more_languages: &'static str,
    attacks: Attacks,
}

/// The attacks of a class.
enum Attacks {
    /// Programs, each with its expected report.
    Programs(&'static [Attack]),
    /// One program per system call, made by its number.
    #[cfg(target_arch = "x86_64")]
    SystemCalls,
}

/// Every class that both tiers must contain. `main.rs` has a test for each, in each
/// tier.
pub const CLASSES: &[Class] = &[
    Class {
        name: "resources",
        languages: &["python", "c", "bash"],
        more_languages: "",
        attacks: Attacks::Programs(resources::ATTACKS),
    },
    Class {
        name: "lifecycle",
        languages: &["python", "c", "bash"],
        more_languages: "",
        attacks: Attacks::Programs(lifecycle::ATTACKS),
    },
    Class {
        name: "files",
        languages: &["python", "bash"],
        more_languages: files::FORGE,
        attacks: Attacks::Programs(files::ATTACKS),
    },
    Class {
        name: "devices",
        languages: &["python", "bash"],
        more_languages: "",
        attacks: Attacks::Programs(devices::ATTACKS),
    },
    Class {
        name: "network",
        languages: &["python", "bash"],
        more_languages: "",
        attacks: Attacks::Programs(others::NETWORK),
    },
    Class {
        name: "streams",
        languages: &["python", "bash"],
        more_languages: "",
        attacks: Attacks::Programs(others::STREAMS),
    },
    Class {
        name: "compiling",
        languages: &["c", "c++"],
        more_languages: "",
        attacks: Attacks::Programs(others::COMPILING),
    },
    #[cfg(target_arch = "x86_64")]
    Class {
        name: "system_calls",
        languages: &["python"],
        more_languages: "",
        attacks: Attacks::SystemCalls,
    },
];

/// Attacks on parts that only the tier `landlock` has.
#[cfg(target_arch = "x86_64")]
pub const LANDLOCK_ONLY: Class = Class {
    name: "landlock_only",
    languages: &["python", "c", "bash"],
    more_languages: "",
    attacks: Attacks::Programs(landlock_tier::ATTACKS),
};

/// What an attack's report must say in this tier.
fn expectation(tier: Tier, attack: &Attack) -> Expect {
    match tier {
        Tier::Landlock => landlock_tier::expectation(attack.0).unwrap_or(attack.4),
        _ => attack.4,
    }
}

impl Class {
    /// The class of this name.
    pub fn named(name: &str) -> &'static Self {
        CLASSES
            .iter()
            .find(|class| class.name == name)
            .unwrap_or_else(|| panic!("there is no class {name}"))
    }

    /// Names of its programs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let attacks = match self.attacks {
            Attacks::Programs(attacks) => attacks,
            #[cfg(target_arch = "x86_64")]
            Attacks::SystemCalls => &[],
        };
        attacks.iter().map(|Attack(name, ..)| *name)
    }

    /// Runs the attacks in Python by interpreters that have waited.
    pub async fn is_contained_when_warm(&self, tier: Tier) {
        if tier == Tier::Landlock && !has_landlock_tier() {
            return;
        }
        let mut failures = Vec::new();
        let (mut hits, mut programs) = (0, 0);
        for user in users() {
            let mut host = Host::start_warm(tier, user, &["python"]);
            match self.attacks {
                Attacks::Programs(attacks) => {
                    for attack in attacks.iter().filter(|attack| attack.1 == "python") {
                        let expect = |attack: &Attack| expectation(tier, attack);
                        let attack = std::slice::from_ref(attack);
                        failures.extend(run_attacks(&mut host, user, attack, expect).await);
                        programs += 1;
                    }
                }
                #[cfg(target_arch = "x86_64")]
                Attacks::SystemCalls => {
                    failures.extend(system_calls::run_all(&mut host, user).await);
                }
            }
            hits += host.hits().await;
            #[cfg(target_arch = "x86_64")]
            if matches!(self.attacks, Attacks::SystemCalls) {
                // The filters do not depend on the user.
                break;
            }
        }
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
        // Programs with limits of their own wait only if those repeat.
        assert!(hits > 0 && hits * 2 >= programs, "{hits} of {programs}");
    }

    /// Runs every attack in this tier and checks report and machine after each.
    pub async fn is_contained_in(&self, tier: Tier) {
        if tier == Tier::Landlock && !has_landlock_tier() {
            return;
        }
        let mut failures = Vec::new();
        for user in users() {
            let mut host = Host::start_in(tier, user, self.languages, self.more_languages);
            failures.extend(match self.attacks {
                Attacks::Programs(attacks) => {
                    let expect = |attack: &Attack| expectation(tier, attack);
                    run_attacks(&mut host, user, attacks, expect).await
                }
                #[cfg(target_arch = "x86_64")]
                Attacks::SystemCalls => system_calls::run_all(&mut host, user).await,
            });
        }
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    }
}
