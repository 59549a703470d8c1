//! The queue against a model of it, under random interleavings.
//!
//! [`steps`] says what can happen; [`state`] is the queue as a person would
//! write it down: three lists, what is leased, and the ends; [`play`] does a
//! step on both sides; [`compare`] holds everything that Redis has against the
//! model after each. What the model states, and so what is tested: every
//! accepted job is in one place and ends once, lanes are first in, first out,
//! attempts count as documented, what may be harmful runs by itself, the cap
//! holds, a pause holds, bytes stay bytes, and no key is left behind.
//!
//! Time does not pass by itself: leases are long, and a step that lets one run
//! out rewrites its score in Redis.
//!
//! A failure prints the shortest steps that show it and a seed;
//! `QUEUE_SEED=… cargo test -p e2e --test queue model` plays the same again.
//! `QUEUE_CASES` asks for more or fewer than the usual number.

mod compare;
mod play;
mod state;
mod steps;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::world::{Test, World};
use play::Player;
use steps::{Rules, Step};

pub(crate) const TESTS: &[Test] = &[("model_of_random_interleavings", interleavings)];

/// With [`steps::LENGTH`] and what brings each to its end, above 10,000 steps.
const CASES: u32 = 90;

fn interleavings(world: &World) {
    let variable = |name| std::env::var(name).ok();
    let seed: u64 = variable("QUEUE_SEED").map_or_else(
        || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.as_secs() << 20 | u64::from(now.subsec_micros())
        },
        |text| text.parse().unwrap(),
    );
    let cases = variable("QUEUE_CASES").map_or(CASES, |text| text.parse().unwrap());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut played, mut claimed) = (0, 0);
    for _ in 0..cases {
        let (rules, steps) = steps::all().new_tree(&mut runner).unwrap().current();
        match play_all(world, rules, &steps) {
            Ok(counts) => {
                played += counts.0;
                claimed += counts.1;
            }
            Err(_) => fail_with_fewest(world, seed, rules, steps),
        }
    }
    println!("\n  {played} steps in {cases} interleavings, {claimed} jobs claimed, seed {seed}");
    assert!(cases != CASES || played >= 10_000);
}

/// How many steps were played and jobs claimed; what was said when it failed.
fn play_all(world: &World, rules: Rules, steps: &[Step]) -> Result<(usize, usize), String> {
    // A panic is how it fails. Most are of no interest: a shorter one follows.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let played = catch_unwind(AssertUnwindSafe(|| {
        world.empty();
        let mut player = Player::new(world, rules.into());
        for step in steps {
            player.play(step);
        }
        player.bring_to_an_end();
        (player.played(), player.claimed())
    }));
    std::panic::set_hook(hook);
    played.map_err(|reason| match reason.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "it failed without words".into(),
    })
}

/// Leaves out what can be left out, first by halves and at last one by one:
/// proptest's own way begins with single steps, which takes too long here.
fn fail_with_fewest(world: &World, seed: u64, rules: Rules, mut steps: Vec<Step>) -> ! {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let before = steps.len();
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + chunk).min(steps.len()));
            if play_all(world, rules, &fewer).is_err() {
                steps = fewer;
            } else {
                at += chunk;
            }
        }
        if chunk > 1 || steps.len() == before {
            chunk /= 2;
        }
    }
    let reason = play_all(world, rules, &steps).err();
    let shown: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    panic!(
        "QUEUE_SEED={seed}: {}\n{rules:?}\n{}",
        reason.unwrap_or_else(|| "it does not fail each time".into()),
        shown.join("\n")
    )
}
