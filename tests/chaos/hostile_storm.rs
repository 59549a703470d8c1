//! Attackers, outages and an operator at work, all at once, in instances of 100 MB.
//!
//! One client sends two hundred jobs that sleep, others bodies of 4 MB with half a
//! million values, and programs that print control bytes by the megabyte; three
//! problems have 4 MB each. Meanwhile each execution endpoint breaks, and both at
//! once, and the operator publishes, rejudges, pauses and purges. The innocent
//! submit small programs all the while, to no problem and to one that judges them.
//!
//! A ledger reads every result twice a second. Each submission must have one end,
//! the one that it must have; two results where it was judged again, and else one.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::breakable_endpoint::Fault;
use support::wait::wait_until;

use crate::Context;
use crate::ledger::Ends;
use crate::memory::{eight_cases, large_problem};
use crate::stacks::{UNSETTLED, unsettled};
use crate::traffic::{BATCH, BATCHES, GIVE_UP, LARGE, MARKED, Storm, echo, successor};

support::tests![attackers_and_outages_in_a_storm_cost_nobody_anything];

/// The most memory that workerd may have: two instances of at most 100 MB, the chunks
/// of bodies that V8 has not collected yet, and workerd itself.
const MAX_PEAK_BYTES: u64 = 450 << 20;
/// How often the operator, in place of the cron, starts drains.
const WAKE_EVERY: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(500);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
const INNOCENTS: usize = 3;
/// How long an innocent client waits before it submits again.
const INNOCENT_EVERY: Duration = Duration::from_secs(1);
/// How long an endpoint is broken.
const BROKEN: Duration = Duration::from_secs(5);

fn attackers_and_outages_in_a_storm_cost_nobody_anything(stacks: &Context) {
    let capped = stacks.capped();
    let storm = Storm::on(&capped);
    capped.peak_bytes();
    thread::scope(|scope| {
        scope.spawn(|| storm.repeat(&storm.over, WAKE_EVERY, || storm.wake()));
        scope.spawn(|| storm.repeat(&storm.over, LOOK_EVERY, || storm.look()));
        scope.spawn(|| storm.repeat(&storm.over, PROGRESS_EVERY, || storm.say_progress()));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            storm.prepare();
            thread::scope(|scope| {
                let attack = || storm.repeat(&storm.calm, LOOK_EVERY, || storm.send_body());
                scope.spawn(attack);
                scope.spawn(attack);
                for client in 0..INNOCENTS {
                    let (storm, calm) = (&storm, &storm.calm);
                    let submit = move || storm.submit_innocent(client);
                    scope.spawn(move || storm.repeat(calm, INNOCENT_EVERY, submit));
                }
                scope.spawn(|| storm.repeat(&storm.calm, INNOCENT_EVERY, || storm.run_innocent()));
                let outcome = catch_unwind(AssertUnwindSafe(|| storm.conduct()));
                storm.calm.store(true, Ordering::Relaxed);
                outcome.unwrap_or_else(|panic| resume_unwind(panic));
            });
            storm.wait_until_settled();
        }));
        storm.over.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
    storm.ledger.look(&capped.redis);
    storm.check();
}

impl Storm<'_> {
    fn repeat(&self, end: &AtomicBool, pause: Duration, act: impl Fn()) {
        while !end.load(Ordering::Relaxed) && self.started.elapsed() < GIVE_UP {
            act();
            thread::sleep(pause);
        }
    }

    fn say(&self, what: &str) {
        println!("  {:5.1} s: {what}", self.started.elapsed().as_secs_f64());
    }

    fn say_progress(&self) {
        let (ended, all) = (self.ledger.ended(|_| true), self.ledger.ids().len());
        let heavy = self.ledger.ended(|ends| ends == Ends::Runs);
        let unsettled = unsettled(&self.capped.redis);
        self.say(&format!(
            "{ended} of {all} have ended, {heavy} of them the heavy client's; {UNSETTLED}: \
             {unsettled:?}"
        ));
    }

    fn wake(&self) {
        let response = self.capped.worker_fn.admin("POST", "/wake?lanes=all");
        assert_eq!(response.status, 202, "{}", response.text);
    }

    fn look(&self) {
        self.ledger.look(&self.capped.redis);
    }

    /// Publishes all problems, and has submissions to two of them judged before the
    /// storm begins.
    fn prepare(&self) {
        let publish = |id: &str, problem: &Value| {
            self.operator("PUT", &format!("/problems/{id}"), Some(problem));
        };
        for problem in LARGE {
            publish(problem, &large_problem());
        }
        publish("eight", &eight_cases());
        publish("echo", &echo());
        for (problem, ends) in [
            ("judged-again", Ends::WrongThenAccepted),
            ("purged-again", Ends::Wrong),
        ] {
            publish(problem, &successor(7, 2));
            for _ in 0..MARKED {
                self.submit(problem, "def next(n): return n + 1", json!({}), ends);
            }
        }
        self.wait_until("the first submissions are judged", || {
            let first = |ends| matches!(ends, Ends::WrongThenAccepted | Ends::Wrong);
            self.ledger.ended(first) == 2 * MARKED
        });
        self.say("prepared");
    }

    /// What happens, one after the other, while the attackers and the innocent send.
    fn conduct(&self) {
        let [main, spare] = &self.capped.endpoints;
        self.send_heavy("192.0.2.1", BATCHES, Ends::Runs);
        self.submit_hostile_jobs();
        self.wait_for_innocents(10);

        main.set_fault(Some(Fault::FailsRuns));
        self.say("the main endpoint fails at every run");
        self.submit_hostile_jobs();
        self.publish_and_rejudge("judged-again");
        thread::sleep(BROKEN);
        main.set_fault(None);
        let failed = main.broken();
        self.say(&format!("it is back, after {failed} requests"));
        self.purge_marked("high", json!({"priority": "high"}));
        self.wait_for_innocents(5);

        spare.set_fault(Some(Fault::Hangs));
        self.say("the other one hangs");
        self.purge_marked("scheduled", json!({"delayMs": 3_600_000}));
        thread::sleep(BROKEN);
        spare.set_fault(None);
        let hung = spare.broken();
        self.say(&format!("it is back, after {hung} requests"));
        self.wait_for_innocents(5);

        self.submit_hostile_jobs();
        for endpoint in [main, spare] {
            endpoint.set_fault(Some(Fault::Closes));
        }
        self.say("both close all connections");
        thread::sleep(BROKEN);
        for endpoint in [main, spare] {
            endpoint.set_fault(None);
        }
        let closed = main.broken() + spare.broken() - failed - hung;
        self.say(&format!("they are back, after {closed} requests"));
        self.wait_for_innocents(5);
        assert!(failed > 0 && hung > 0 && closed > 0, "nobody met a fault");

        self.wait_until("the heavy client's jobs have run", || {
            self.ledger.ended(|ends| ends == Ends::Runs) == BATCHES * BATCH
        });
        self.wait_until("the submissions are judged again", || {
            self.ledger.judged_again() == MARKED
        });
        self.say("the heavy client's jobs have run, and submissions are judged again");
        // Those of another heavy client are in the same lane.
        self.send_heavy("192.0.2.2", 1, Ends::RunsOrPurged);
        self.operator("POST", "/pause", None);
        self.publish_and_rejudge("purged-again");
        self.purge_marked("low", json!({"priority": "low"}));
        self.say("the lane low was purged");
        self.wait_for_innocents(5);
    }

    /// Waits until so many more of the innocents' submissions have ended.
    fn wait_for_innocents(&self, more: usize) {
        let ended = || self.ledger.ended(|ends| matches!(ends, Ends::Prints(_)));
        let before = ended();
        self.wait_until("innocent submissions end", || ended() >= before + more);
    }

    fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        wait_until(what, Duration::from_secs(120), condition);
    }

    fn wait_until_settled(&self) {
        self.say("nothing more is sent");
        let redis = &self.capped.redis;
        let mut left = [1; 6];
        while left != [0; 6] {
            assert!(self.started.elapsed() < GIVE_UP, "{UNSETTLED}: {left:?}");
            thread::sleep(Duration::from_millis(200));
            left = unsettled(redis);
        }
        self.say("all jobs are settled");
    }

    fn check(&self) {
        let redis = &self.capped.redis;
        let took = self.started.elapsed();
        let summary = self.ledger.check();
        let [runs, answered] = self.runs.each_ref().map(|one| one.load(Ordering::Relaxed));
        let bodies = self.refused_bodies.load(Ordering::Relaxed);
        println!(
            "storm of attackers: {} submissions after {:.1} s: {} results, {} of a later attempt, \
             and {} purged\n  {bodies} bodies of 4 MB were refused; {answered} of {runs} runs were \
             answered; {} requests were sent again",
            self.ledger.ids().len(),
            took.as_secs_f64(),
            summary.done,
            summary.later_attempts,
            summary.purged,
            self.sent_again.load(Ordering::Relaxed),
        );
        assert!(bodies > 10 && answered > 5, "this was no storm");
        // No job that no client knows of, and each counted once.
        let stored = redis.keys("result:*").into_iter();
        let stored = stored.map(|key| key.trim_start_matches("result:").to_owned());
        assert_eq!(stored.collect::<BTreeSet<_>>(), self.ledger.ids());
        assert_eq!(redis.ended_jobs(), (summary.done, 0));
        assert_eq!(redis.run::<u64>(&["HLEN", "dead"]), 0);
        assert_eq!(self.capped.crashes(), Vec::<String>::new());
        match self.capped.peak_bytes() {
            None => println!("  the peak of workerd is not known on this system"),
            Some(bytes) => {
                println!("  workerd had {} MB at its peak", bytes >> 20);
                assert!(bytes < MAX_PEAK_BYTES, "{bytes} bytes");
            }
        }
    }
}
