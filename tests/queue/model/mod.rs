//! The queue against a model of it, under random interleavings.
//!
//! [`steps`] lists what can happen; [`state`] is the model: three lists, the
//! leased jobs, and the ended ones, and [`claim`] what it gives out; [`play`],
//! [`worker`], [`courier`] and [`operator`] apply a step to both sides; [`compare`] compares
//! everything that Redis holds with the model after each. The model states, and so
//! this tests: every accepted job is in one place and ends once, every submission
//! gets a result that stays until a newer one takes its place, lanes are first in,
//! first out, the lane low keeps to its share, attempts count as documented, a job
//! that may be harmful is claimed by itself, the cap holds, a pause holds, payloads
//! do not change, every end that somebody is told of is told, and no key is left behind.
//!
//! Time does not pass by itself: leases are long, and a step that makes one
//! expire rewrites its score in Redis.
//!
//! A failure prints the fewest steps that show it and a seed;
//! `QUEUE_SEED=… cargo test -p e2e --test queue model` plays the same again.
//! `QUEUE_CASES` sets the number of interleavings.

mod claim;
mod compare;
mod courier;
mod operator;
mod play;
mod read;
mod state;
mod steps;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::stack::QueueStack;
use play::Player;
use steps::{Rules, Step};

support::tests![random_interleavings_match_the_model,];

/// With [`steps::LENGTH`] and the steps that finish each, more than 10,000.
const CASES: u32 = 90;

fn random_interleavings_match_the_model(stack: &QueueStack) {
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
    let (mut played, mut claimed, mut requeued) = (0, 0, 0);
    for _ in 0..cases {
        let (rules, steps) = steps::all().new_tree(&mut runner).unwrap().current();
        match play_all(stack, rules, &steps) {
            Ok(counts) => {
                played += counts.0;
                claimed += counts.1;
                requeued += counts.2;
            }
            Err(_) => fail_with_fewest(stack, seed, rules, steps),
        }
    }
    println!(
        "\n  {played} steps in {cases} interleavings, {claimed} jobs claimed, {requeued} judged again, seed {seed}"
    );
    assert!(cases != CASES || (played >= 10_000 && requeued >= 30));
}

/// Returns how many steps were played, jobs claimed, and submissions requeued; or the
/// panic message.
fn play_all(
    stack: &QueueStack,
    rules: Rules,
    steps: &[Step],
) -> Result<(usize, usize, usize), String> {
    // It fails by a panic, which is not printed: shorter steps follow.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let played = catch_unwind(AssertUnwindSafe(|| {
        stack.redis.flush();
        let mut player = Player::new(stack, rules.into());
        for step in steps {
            player.play(step);
        }
        player.finish();
        (player.played, player.claimed, player.requeued)
    }));
    std::panic::set_hook(hook);
    played.map_err(|reason| match reason.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "it failed without a message".into(),
    })
}

/// Removes all steps that are not needed to fail, first by halves and at last
/// one by one: proptest's own shrinking begins with single steps, which takes too
/// long here.
fn fail_with_fewest(stack: &QueueStack, seed: u64, rules: Rules, mut steps: Vec<Step>) -> ! {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let before = steps.len();
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + chunk).min(steps.len()));
            if play_all(stack, rules, &fewer).is_err() {
                steps = fewer;
            } else {
                start += chunk;
            }
        }
        if chunk > 1 || steps.len() == before {
            chunk /= 2;
        }
    }
    let reason = play_all(stack, rules, &steps).err();
    let lines: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    panic!(
        "QUEUE_SEED={seed}: {}\n{rules:?}\n{}",
        reason.unwrap_or_else(|| "it does not fail each time".into()),
        lines.join("\n")
    )
}
