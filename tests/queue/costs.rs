//! What everything costs, counted by Redis itself (`INFO commandstats`).
//!
//! Upstash bills a script as one command plus one for each call inside it,
//! which is just how Redis counts. The budgets are the product's; a change that
//! breaks one is a change of its price.

use shared::lane::Lane;
use shared::queue::work::{Policy, State};
use shared::submission::When;

use crate::given::{POLICY, call, dead, done, job};
use crate::world::{Cost, Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("each_verb_keeps_its_budget", verbs),
    ("a_job_costs_three_commands_at_most", jobs),
    ("an_idle_hour_costs_180_commands", idle),
];

/// How many jobs a drain holds at once, and how many it settles at once.
const HELD: usize = 12;
const GROUP: usize = 10;

fn verbs(world: &World) {
    let queue = &world.queue;
    world.push_each(&["a", "b", "c"]);
    let jobs = world.claim(3).jobs;
    world.work(&[done(&jobs[0], "a"), dead(&jobs[1], "b")], 0);
    // A verb, the most commands it may take, and what it does.
    type Verb<'a> = (&'a str, u64, &'a dyn Fn());
    let verbs: [Verb<'_>; 9] = [
        ("push", 1, &|| world.push("x", Lane::Normal, When::Now)),
        ("result", 1, &|| drop(world.ok(queue.result("a")))),
        ("result that is not there", 1, &|| {
            drop(world.ok(queue.result("x")));
        }),
        ("results of a problem", 1, &|| {
            drop(world.ok(queue.results_of_problem("p")));
        }),
        ("push for later", 4, &|| {
            world.push("y", Lane::Normal, When::In(9));
        }),
        ("push once", 3, &|| {
            drop(world.ok(queue.push_once(&job("z"), Lane::Low, "k", "m")));
        }),
        ("push once more", 3, &|| {
            drop(world.ok(queue.push_once(&job("z"), Lane::Low, "k", "m")));
        }),
        ("pause", 1, &|| world.ok(queue.pause())),
        ("replay", 6, &|| {
            assert!(world.ok(queue.replay("b", Lane::Low)).is_some());
        }),
    ];
    println!();
    for (name, budget, act) in verbs {
        let cost = world.cost_of(act);
        println!("  {name}: {}", cost.total());
        assert!(cost.total() <= budget, "{name}: {cost:?}");
        assert_eq!(cost.round_trips, 1, "{name}");
    }
}

fn jobs(world: &World) {
    let indexed = Policy {
        result_index: true,
        ..POLICY
    };
    // How many, under which policy, the most commands and round trips a job.
    // One alone shares its cost with nobody: it is shown, not limited.
    let rows = [
        (1, &POLICY, None),
        (10, &POLICY, Some((3.0, 1.3))),
        (1_000, &POLICY, Some((3.0, 1.3))),
        (10, &indexed, None),
        (1_000, &indexed, None),
    ];
    println!();
    for (count, policy, budget) in rows {
        world.empty();
        let cost = world.cost_of(|| push_and_drain(world, count, policy));
        let jobs = f64::from(count);
        // Once a minute the statistics get their time to live.
        let minutes = cost.of("expire").min(1);
        #[allow(clippy::cast_precision_loss, reason = "a few thousand commands")]
        let (commands, round_trips) = (
            (cost.total() - minutes) as f64 / jobs,
            cost.round_trips as f64 / jobs,
        );
        println!(
            "  {count} jobs, index {}: {commands:.2} commands and {round_trips:.2} round trips a job ({} in all)",
            if policy.result_index { "on" } else { "off" },
            cost.total(),
        );
        assert_eq!(cost.of("set"), u64::from(count), "every one was settled");
        if let Some((most_commands, most_round_trips)) = budget {
            assert!(commands <= most_commands, "{cost:?}");
            assert!(round_trips <= most_round_trips, "{cost:?}");
        }
    }
}

fn push_and_drain(world: &World, count: u32, policy: &Policy) {
    for at in 0..count {
        world.push(&at.to_string(), Lane::Normal, When::Now);
    }
    let mut claimed = world.ok(world.queue.work(&[], HELD, policy, &call()));
    let (mut held, mut settled) = (Vec::new(), 0);
    loop {
        let more = claimed.state == State::Open;
        held.append(&mut claimed.jobs);
        let group: Vec<_> = held
            .drain(..GROUP.min(held.len()))
            .map(|leased| {
                settled += 1;
                done(&leased, &settled.to_string())
            })
            .collect();
        let want = if more { HELD - held.len() } else { 0 };
        claimed = world.ok(world.queue.work(&group, want, policy, &call()));
        if want == 0 {
            claimed.state = State::Empty;
        }
        if held.is_empty() && claimed.jobs.is_empty() {
            return;
        }
    }
}

fn idle(world: &World) {
    let minute = |world: &World| -> Cost { world.cost_of(|| drop(world.claim(HELD))) };
    let cost = minute(world);
    assert!(cost.total() * 60 <= 180, "{cost:?}");
    assert_eq!(cost.round_trips, 1);
    // Many that wait for their time are no reason to look longer.
    for at in 0..100 {
        world.push(&at.to_string(), Lane::Normal, When::In(86_400_000));
    }
    let with_later = minute(world);
    println!(
        "\n  idle: {} commands, {} with many for later",
        cost.total(),
        with_later.total()
    );
    assert!(with_later.total() <= cost.total() + 1, "{with_later:?}");
}
