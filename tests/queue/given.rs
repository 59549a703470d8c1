//! What the tests begin with: jobs, policies, calls, outcomes.

use std::sync::atomic::{AtomicU64, Ordering};

use shared::job::Job;
use shared::lane::Lane;
use shared::queue::Queue;
use shared::queue::handle::Handle;
use shared::queue::work::{
    Call, Claimed, DeadLetter, FailedAttempt, Leased, Outcome, Policy, Settlement,
};
use shared::redis::RedisError;
use shared::result::{ResultDocument, Status, Verdict};
use shared::submission::When;

use crate::world::World;

/// A time of no meaning, for statistics: the seventh minute of an hour.
pub(crate) const NOW_MS: u64 = 1_700_002_800_000 / 3_600_000 * 3_600_000 + 7 * 60_000 + 1;

pub(crate) fn job(id: &str) -> Job {
    Job {
        id: Some(id.into()),
        problem_id: "two-sum".into(),
        code: "print([], 9007199254740993, 'ä')".into(),
        language: "python".into(),
        kept: None,
    }
}

pub(crate) const POLICY: Policy = Policy {
    result_ttl_s: 1_000,
    result_index: false,
    lease_ms: 600_000,
    max_in_flight: 60,
};

/// A call of its own.
pub(crate) fn call() -> Call {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    Call {
        now_ms: NOW_MS,
        nonce: format!("n{}", CALLS.fetch_add(1, Ordering::Relaxed)),
    }
}

pub(crate) fn document(id: &str) -> ResultDocument {
    ResultDocument {
        id: id.into(),
        problem_id: "two-sum".into(),
        language: "python".into(),
        language_version: None,
        status: Status::Done,
        verdict: Verdict::Executed,
        output: "[] 9007199254740993\n".into(),
        compile: None,
        run: None,
        judgement: None,
        attempts: 1,
        executor: "test".into(),
        submitted_at_ms: 1,
        started_at_ms: 2,
        finished_at_ms: 3,
        kept: None,
    }
}

pub(crate) fn letter(id: &str, leased: &Leased) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        reason: "It is not JSON.".into(),
        problem_id: None,
        language: None,
        lane: leased.handle.lane(),
        attempts: leased.handle.attempt(),
        history: leased.past.clone(),
        dead_at_ms: 4,
    }
}

pub(crate) fn failure(attempt: u32) -> FailedAttempt {
    FailedAttempt {
        attempt,
        reason: format!("HTTP 500, [] \"{attempt}\""),
        at_ms: Some(9_007_199_254_740_993),
    }
}

pub(crate) fn settle(handle: &Handle, outcome: Outcome) -> Settlement {
    Settlement {
        handle: handle.clone(),
        outcome,
    }
}

pub(crate) fn done(leased: &Leased, id: &str) -> Settlement {
    settle(&leased.handle, Outcome::Done(Box::new(document(id))))
}

pub(crate) fn dead(leased: &Leased, id: &str) -> Settlement {
    settle(&leased.handle, Outcome::Dead(Box::new(letter(id, leased))))
}

pub(crate) fn retry(leased: &Leased, pause_ms: u64) -> Settlement {
    let failure = failure(leased.handle.attempt());
    settle(&leased.handle, Outcome::Retry { pause_ms, failure })
}

pub(crate) fn back(leased: &Leased) -> Settlement {
    settle(&leased.handle, Outcome::Back)
}

pub(crate) fn alone(leased: &Leased) -> Settlement {
    settle(&leased.handle, Outcome::Alone)
}

pub(crate) fn later(leased: &Leased, pause_ms: u64) -> Settlement {
    settle(&leased.handle, Outcome::Later { pause_ms })
}

impl World {
    pub(crate) fn push(&self, id: &str, lane: Lane, when: When) {
        self.ok(self.queue.push(&job(id), lane, when));
    }

    /// Jobs of these ids, to the usual lane.
    pub(crate) fn push_each(&self, ids: &[&str]) {
        for id in ids {
            self.push(id, Lane::Normal, When::Now);
        }
    }

    /// Settles and claims under [`POLICY`].
    pub(crate) fn work(&self, settlements: &[Settlement], want: usize) -> Claimed {
        self.ok(self.queue.work(settlements, want, &POLICY, &call()))
    }

    pub(crate) fn claim(&self, want: usize) -> Claimed {
        self.work(&[], want)
    }

    /// Claims exactly one.
    pub(crate) fn claim_one(&self) -> Leased {
        let mut claimed = self.claim(1);
        assert_eq!(claimed.jobs.len(), 1, "{:?}", claimed.state);
        claimed.jobs.remove(0)
    }

    /// Every key there is, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .raw(&["KEYS", "*"])
            .byte_list()
            .into_iter()
            .map(|key| String::from_utf8(key).unwrap())
            .collect();
        keys.sort();
        keys
    }
}

/// The ids of claimed jobs; what is no job of ours shows as its bytes.
pub(crate) fn ids(claimed: &Claimed) -> Vec<String> {
    claimed
        .jobs
        .iter()
        .map(|leased| match Job::decode(&leased.payload) {
            Ok(Job { id: Some(id), .. }) => id,
            _ => String::from_utf8_lossy(&leased.payload).into_owned(),
        })
        .collect()
}

/// Claims of two Workers at once, say.
pub(crate) async fn claim_with(
    queue: &Queue,
    want: usize,
    policy: &Policy,
) -> Result<Claimed, RedisError> {
    queue.work(&[], want, policy, &call()).await
}
