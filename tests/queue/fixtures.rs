//! Jobs, configs, calls and outcomes that the tests begin with.

use std::sync::atomic::{AtomicU64, Ordering};

use shared::domain::dead_letter::{DeadLetter, FailedAttempt};
use shared::domain::ids::ProblemId;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::result::ResultDocument;
use shared::domain::run_options::RunOptions;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::Store;
use shared::queue::claim::{Claimed, Lease};
use shared::queue::lease_token::LeaseToken;
use shared::queue::settlement::{ClaimContext, Outcome, QueueConfig, Settlement};
use shared::queue::stats::{PastHours, Stats};
use shared::redis::RedisError;

use crate::result_document::result_document;
use crate::stack::QueueStack;

/// An arbitrary time, for the statistics: the seventh minute of an hour.
pub(crate) const NOW_MS: u64 = 1_700_002_800_000 / 3_600_000 * 3_600_000 + 7 * 60_000 + 1;

pub(crate) fn problem_id(text: &str) -> ProblemId {
    ProblemId::parse(text, "problemId").unwrap()
}

pub(crate) fn job(id: &str) -> Job {
    Job {
        id: Some(id.into()),
        problem_id: problem_id("two-sum"),
        source: "print([], 9007199254740993, 'ä')".into(),
        language: "python".into(),
        options: RunOptions::default(),
        archived: None,
        client: None,
        progress: None,
        requeued_at_ms: None,
        trace: None,
        watch: false,
        callback_url: None,
    }
}

pub(crate) const CALLBACK: &str = "https://hooks.site.org/\u{fc}";

pub(crate) const CONFIG: QueueConfig = QueueConfig {
    result_ttl_s: 1_000,
    result_index: false,
    lease_ms: 600_000,
    max_in_flight: 60,
};

/// A call with a nonce of its own.
pub(crate) fn call() -> ClaimContext {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    ClaimContext {
        now_ms: NOW_MS,
        nonce: format!("n{}", CALLS.fetch_add(1, Ordering::Relaxed)),
        again: false,
        low_first: false,
        without_low: false,
        asks_others: false,
    }
}

pub(crate) fn document(id: &str) -> ResultDocument {
    ResultDocument {
        output: Some("[] 9007199254740993\n".into()),
        ..result_document(id)
    }
}

pub(crate) fn letter(id: &str, leased: &Lease) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        reason: "It is not JSON.".into(),
        problem_id: None,
        language: None,
        lane: leased.token.lane(),
        attempts: leased.token.attempt(),
        failed_attempts: leased.failed_attempts.clone(),
        submitted_at_ms: Some(1),
        dead_at_ms: 4,
        has_result: false,
        callback_url: None,
    }
}

pub(crate) fn failure(attempt: u32) -> FailedAttempt {
    FailedAttempt {
        attempt,
        reason: format!("HTTP 500, [] \"{attempt}\""),
        at_ms: Some(9_007_199_254_740_993),
    }
}

pub(crate) fn settle(token: &LeaseToken, outcome: Outcome) -> Settlement {
    Settlement {
        token: token.clone(),
        outcome,
    }
}

pub(crate) fn complete(leased: &Lease, id: &str) -> Settlement {
    settle(&leased.token, Outcome::Complete(Box::new(document(id))))
}

pub(crate) fn dead_letter(leased: &Lease, id: &str) -> Settlement {
    settle(
        &leased.token,
        Outcome::DeadLetter(Box::new(letter(id, leased))),
    )
}

pub(crate) fn retry(leased: &Lease, delay_ms: u64) -> Settlement {
    let failure = failure(leased.token.attempt());
    settle(&leased.token, Outcome::Retry { delay_ms, failure })
}

pub(crate) fn release(leased: &Lease) -> Settlement {
    settle(&leased.token, Outcome::Release)
}

pub(crate) fn isolate(leased: &Lease) -> Settlement {
    settle(&leased.token, Outcome::Isolate)
}

pub(crate) fn snooze(leased: &Lease, delay_ms: u64) -> Settlement {
    settle(&leased.token, Outcome::Snooze { delay_ms })
}

impl QueueStack {
    pub(crate) fn enqueue(&self, id: &str, lane: Lane, when: Schedule) {
        self.ok(self.store.enqueue(&job(id), lane, when));
    }

    /// Jobs with these ids, in the normal lane.
    pub(crate) fn enqueue_each(&self, ids: &[&str]) {
        for id in ids {
            self.enqueue(id, Lane::Normal, Schedule::Immediately);
        }
    }

    /// Settles and claims under [`CONFIG`].
    pub(crate) fn work(&self, settlements: &[Settlement], want: usize) -> Claimed {
        self.ok(self
            .store
            .settle_and_claim(settlements, want, &CONFIG, &call()))
    }

    /// The operator's numbers, as a fresh instance sees them.
    pub(crate) fn stats(&self, now_ms: u64, tickets: &TicketKey) -> Stats {
        let past = PastHours::default();
        self.ok(self.store.stats(now_ms, tickets, &past))
    }

    pub(crate) fn claim(&self, want: usize) -> Claimed {
        self.work(&[], want)
    }

    /// Claims exactly one.
    pub(crate) fn claim_one(&self) -> Lease {
        let mut claimed = self.claim(1);
        assert_eq!(claimed.leases.len(), 1, "{:?}", claimed.status);
        claimed.leases.remove(0)
    }
}

/// The ids of claimed jobs; the bytes of a foreign item.
pub(crate) fn ids(claimed: &Claimed) -> Vec<String> {
    claimed
        .leases
        .iter()
        .map(|leased| match Job::decode(&leased.payload) {
            Ok(Job { id: Some(id), .. }) => id,
            _ => String::from_utf8_lossy(&leased.payload).into_owned(),
        })
        .collect()
}

/// A claim under another config.
pub(crate) async fn claim_with(
    queue: &Store,
    want: usize,
    config: &QueueConfig,
) -> Result<Claimed, RedisError> {
    queue.settle_and_claim(&[], want, config, &call()).await
}
