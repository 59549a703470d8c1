//! Settling: telling Redis what became of claimed jobs. The types, and the call
//! of `work.lua`, which settles and claims in one atomic step.

use super::claim::{Claimed, WorkReply};
use super::lease_token::LeaseToken;
use super::store::not_serializable;
use super::{Store, keys, statistics, worker_cache};
use crate::domain::dead_letter::{DeadLetter, FailedAttempt};
use crate::domain::delivery::Delivery;
use crate::domain::lane::Lane;
use crate::domain::result::ResultDocument;
use crate::redis::{Command, RedisError, Script};

const SCRIPT: Script = script!("work");

/// Settings that hold for every job and every Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// How long a result is stored, in seconds.
    pub result_ttl_s: u64,
    /// Whether results are also listed under their problem.
    pub result_index: bool,
    /// How long a lease lasts, in milliseconds.
    pub lease_ms: u64,
    /// How many jobs may be leased in the whole system. The lane `low` gets half
    /// of it at most.
    pub max_in_flight: u64,
}

/// What is new with each claim.
#[derive(Debug, Clone)]
pub struct ClaimContext {
    /// Milliseconds since 1970 (UTC), for the statistics and for what the instance
    /// knows; leases go by Redis's clock.
    pub now_ms: u64,
    /// Unique for this call, without a colon and without a hyphen.
    pub nonce: String,
    /// The call is sent again, with its nonce, because its answer was lost. If it
    /// claimed jobs the first time, it gives those.
    pub again: bool,
    /// Whether this claim takes from the lane `low` before all others. One claim in
    /// eight should, so that the lane is not starved.
    pub low_first: bool,
    /// Whether this claim takes nothing from the lane `low`.
    pub without_low: bool,
    /// Whether it tells how many jobs others would find; up to one command more.
    pub asks_others: bool,
}

impl ClaimContext {
    fn options(&self) -> String {
        let options = [
            ("again ", self.again),
            ("low ", self.low_first),
            ("urgent ", self.without_low),
            ("others ", self.asks_others),
        ];
        let given = options.into_iter().filter(|(_, is_set)| *is_set);
        given.map(|(word, _)| word).collect()
    }
}

/// What becomes of a claimed job. Settling a job whose lease was lost changes
/// nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// What proves the lease.
    pub token: LeaseToken,
    /// What becomes of the job.
    pub outcome: Outcome,
}

/// What becomes of a job after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The job is done: it has a result.
    Complete(Box<ResultDocument>),
    /// The job is given up, and stored for an operator.
    DeadLetter(Box<DeadLetter>),
    /// The attempt counts, and another one follows.
    Retry {
        /// The pause before it, in milliseconds.
        delay_ms: u64,
        /// Why this attempt failed.
        failure: FailedAttempt,
    },
    /// Back to its old place; the attempt does not count. This, and the two that
    /// follow, also works while Redis is full.
    Release,
    /// Due at once, with what was found out so far; the attempt does not count.
    Continue {
        /// The job's new payload.
        payload: String,
    },
    /// Due at once, with no other job beside it; the attempt does not count.
    Isolate,
    /// Due after a pause; the attempt does not count. Other jobs need not wait
    /// for it.
    Snooze {
        /// The pause, in milliseconds.
        delay_ms: u64,
    },
}

impl Outcome {
    /// Whether an address is told of it.
    pub fn has_delivery(&self) -> bool {
        match self {
            Self::Complete(result) => result.callback_url.is_some(),
            Self::DeadLetter(letter) => letter.callback_url.is_some(),
            _ => false,
        }
    }
}

impl Store {
    /// Settles `settlements`, then claims up to `want` jobs. One round trip;
    /// `work.lua` counts its commands. May be sent again when its answer was
    /// lost: what was settled stays settled. Where Redis refuses to store a result,
    /// a dead letter or a failed attempt ([`RedisError::is_full`]), its job is
    /// leased as before, and so are all that would have been settled after it.
    pub async fn settle_and_claim(
        &self,
        settlements: &[Settlement],
        want: usize,
        config: &QueueConfig,
        context: &ClaimContext,
    ) -> Result<Claimed, RedisError> {
        let sent = self.redis.sent();
        let unreported = sent.take();
        // The script counts itself.
        let command = self
            .work_command(settlements, want, config, context, unreported)
            .map_err(not_serializable)?
            .billed_as(0);
        let worked: Result<WorkReply, _> = self.redis.command(command).await;
        match worked {
            Ok(worked) => {
                sent.add(worked.unreported_commands);
                self.redis.count_within(worked.commands);
                let known = &self.known;
                known.note_lists(worked.lists, config.result_ttl_s, context.now_ms);
                let mut claimed = worked.claimed;
                if !claimed.leases.is_empty() {
                    let read = std::mem::take(&mut claimed.versions);
                    claimed.versions = known.note_versions(&worked.stamp, read, context.now_ms);
                }
                Ok(claimed)
            }
            Err(error) => {
                sent.add(unreported + 1);
                self.redis.count_within(1);
                Err(error)
            }
        }
    }
}

/// The delivery of a submission's end; empty where nobody is told of it.
fn delivery(id: &str, url: Option<&str>, ended_at_ms: u64) -> Result<String, serde_json::Error> {
    url.map_or_else(
        || Ok(String::new()),
        |url| Delivery::new(id, url, ended_at_ms).encode(),
    )
}

impl Store {
    fn work_command(
        &self,
        settlements: &[Settlement],
        want: usize,
        config: &QueueConfig,
        context: &ClaimContext,
        unreported_commands: u64,
    ) -> Result<Command, serde_json::Error> {
        let now_ms = context.now_ms;
        let ttl_s = config.result_ttl_s;
        let (stamp, ids) = self.known.stamp_and_ids(now_ms);
        let lists: Vec<[String; 2]> = settlements.iter().map(|one| lists(one, config)).collect();
        let lasting = lists.iter().flatten().map(String::as_str);
        let lasting = self.known.lasting(lasting, ttl_s, now_ms);
        let mut command = Command::script(SCRIPT)
            .arg(11)
            .args(Lane::ALL.map(keys::lane))
            .args([keys::IN_FLIGHT, keys::LEASES, keys::HISTORY])
            .args([keys::DEAD, keys::DEAD_PAYLOAD])
            .arg(keys::statistics(now_ms / statistics::HOUR_MS))
            .args([keys::DELIVERIES, keys::CATALOG])
            .arg(want)
            .arg(config.max_in_flight)
            .arg(config.lease_ms)
            .arg(&context.nonce)
            .arg(unreported_commands)
            .arg(statistics::of_commands(now_ms))
            .arg(context.options())
            .args([stamp, ids, lasting])
            .arg(worker_cache::list_ttl_s(ttl_s));
        for (Settlement { token, outcome }, [index, archive]) in settlements.iter().zip(lists) {
            let token = token.as_str();
            command = match outcome {
                Outcome::Complete(result) => {
                    let kind = if result.replaces {
                        "replace"
                    } else {
                        "complete"
                    };
                    command
                        .args([kind, token])
                        .arg(keys::result(&result.id))
                        .arg(ttl_s)
                        .arg(result.encode_stored()?)
                        .arg(index)
                        .arg(serde_json::to_string(&result.summary())?)
                        .arg(archive)
                        .arg(statistics::of_result(result, now_ms))
                        .arg(delivery(
                            &result.id,
                            result.callback_url.as_deref(),
                            result.finished_at_ms,
                        )?)
                }
                Outcome::DeadLetter(letter) => {
                    let result = if letter.has_result {
                        String::new()
                    } else {
                        keys::result(&letter.id)
                    };
                    command
                        .args(["dead_letter", token])
                        .arg(result)
                        .arg(ttl_s)
                        .arg(serde_json::to_string(&letter.document())?)
                        .arg(&letter.id)
                        .arg(serde_json::to_string(letter)?)
                        .arg(statistics::of_dead_letter(now_ms))
                        .arg(delivery(
                            &letter.id,
                            letter.callback_url.as_deref(),
                            letter.dead_at_ms,
                        )?)
                }
                Outcome::Retry { delay_ms, failure } => command
                    .args(["retry", token])
                    .arg(delay_ms)
                    .arg(serde_json::to_string(failure)?),
                Outcome::Release => command.args(["release", token]),
                Outcome::Continue { payload } => command.args(["continue", token]).arg(payload),
                Outcome::Isolate => command.args(["isolate", token]),
                Outcome::Snooze { delay_ms } => command.args(["snooze", token]).arg(delay_ms),
            };
        }
        Ok(command)
    }
}

/// The lists in which a result is noted: of its problem's results, and of what can be
/// judged again. Empty for none.
fn lists(settlement: &Settlement, config: &QueueConfig) -> [String; 2] {
    let mut lists = [String::new(), String::new()];
    if let Outcome::Complete(result) = &settlement.outcome {
        if config.result_index {
            lists[0] = keys::results_of_problem(&result.problem_id);
        }
        if result.archive.is_some() {
            lists[1] = keys::archived_of_problem(&result.problem_id);
        }
    }
    lists
}
