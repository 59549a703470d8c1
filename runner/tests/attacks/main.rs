//! Hostile programs against the whole runner. After each, the report must be true
//! and the machine untouched.
//!
//! Run as root, every program attacks twice: a runner started as root, and one
//! started as an ordinary user.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../common/mod.rs"]
mod common;

mod attack;
mod classes;
mod devices;
mod files;
mod host;
mod landlock_tier;
mod lifecycle;
mod neighbours;
mod network_streams_compiling;
mod reports;
mod resources;
mod runner_killed;
#[cfg(target_arch = "x86_64")]
mod system_calls;

use std::collections::BTreeSet;

use classes::{CLASSES, Class};
use runner::sandbox::Tier;

/// A test for each class in each tier.
macro_rules! attack_tests {
    ($($(#[$attribute:meta])* $class:ident),* $(,)?) => {
        mod full {
            use super::*;

            $($(#[$attribute])* #[tokio::test]
            async fn $class() {
                Class::named(stringify!($class)).is_contained_in(Tier::Full).await;
            })*
        }

        mod landlock {
            use super::*;

            $($(#[$attribute])* #[tokio::test]
            async fn $class() {
                Class::named(stringify!($class)).is_contained_in(Tier::Landlock).await;
            })*
        }

        const TESTED: &[&str] = &[$($(#[$attribute])* stringify!($class)),*];
    };
}

/// A test in each tier for each class with attacks in Python, by interpreters that have
/// waited for them.
macro_rules! warm_attack_tests {
    ($($(#[$attribute:meta])* $class:ident),* $(,)?) => {
        mod warm {
            use super::*;

            $($(#[$attribute])* #[tokio::test]
            async fn $class() {
                let class = Class::named(stringify!($class));
                class.is_contained_when_warm(Tier::Full).await;
                class.is_contained_when_warm(Tier::Landlock).await;
            })*
        }
    };
}

warm_attack_tests!(
    resources,
    lifecycle,
    files,
    devices,
    network,
    streams,
    #[cfg(target_arch = "x86_64")]
    system_calls,
);

attack_tests!(
    resources,
    lifecycle,
    files,
    devices,
    network,
    streams,
    compiling,
    #[cfg(target_arch = "x86_64")]
    system_calls,
);

#[tokio::test]
#[cfg(target_arch = "x86_64")]
async fn landlock_tier_contains_attacks_on_its_own_parts() {
    classes::LANDLOCK_ONLY.is_contained_in(Tier::Landlock).await;
    classes::LANDLOCK_ONLY
        .is_contained_when_warm(Tier::Landlock)
        .await;
}

#[test]
fn every_class_of_attacks_has_a_test_in_each_tier() {
    let classes: BTreeSet<&str> = CLASSES.iter().map(|class| class.name).collect();
    assert_eq!(classes.len(), CLASSES.len(), "names are unique");
    assert_eq!(classes, TESTED.iter().copied().collect());
}

#[test]
fn every_expectation_of_the_landlock_tier_belongs_to_an_attack() {
    let names: BTreeSet<&str> = CLASSES.iter().flat_map(Class::names).collect();
    for (name, _) in landlock_tier::EXPECTATIONS {
        assert!(names.contains(name), "there is no attack {name:?}");
    }
}
