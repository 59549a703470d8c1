//! Delivers what is due, within an invocation's time and calls.

use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream;
use shared::domain::callback_url::CallbackUrl;
use shared::domain::delivery::Delivery;
use shared::log::{self, Level, Line};
use shared::queue::Store;
use shared::queue::backoff::backoff_ms;
use shared::queue::deliveries::{DeliveryOutcome, DeliverySettlement, DueDeliveries};
use shared::redis::RedisError;
use shared::trace::Span;

use super::attempt::{ATTEMPT_MS, Attempt, CALLS, Noted, Tried};
use super::config::WebhookConfig;
use super::receivers::Receivers;
use crate::limits::CallCounter;
use crate::runtime::Runtime;

/// The most deliveries of a claim.
const MAX_CLAIMED: usize = 8;
/// How many hosts are told at once. The platform lets six requests be in flight, and
/// each message may be 256 KB.
const AT_ONCE: usize = 2;
/// How long deliveries belong to a claim, in milliseconds: longer than an invocation
/// that answers a request can last.
const LEASE_MS: u64 = 60_000;
/// The calls that a claim leaves: the last settlement, two more tries of it, and the
/// hand-over.
const RESERVE: u64 = 4;
/// The most of a call of Redis that is planned for, in milliseconds: with more, an
/// invocation would have no time for a delivery.
const MAX_REDIS_MS: u64 = 10_000;
/// The most tries of one call of Redis.
const MAX_TRIES: u32 = 3;

/// What a round works with.
pub struct Courier<'a> {
    /// The queue.
    pub store: &'a Store,
    /// The variables.
    pub config: &'a WebhookConfig,
    /// Clock, randomness, timer, and the way out.
    pub runtime: Runtime,
    /// The hosts that gave no answer lately.
    pub receivers: &'a Receivers,
    /// What the invocation may still call.
    pub calls: CallCounter,
    /// When everything must be settled, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// `RESULT_TTL_S`, in milliseconds.
    pub result_ttl_ms: u64,
    /// `REDIS_TIMEOUT_MS`.
    pub redis_timeout_ms: u64,
    /// The invocation's span.
    pub span: Option<&'a Span>,
}

/// What a round did, for the log.
#[derive(Debug, Default)]
pub struct CourierReport {
    /// How many receivers have their message.
    pub delivered: usize,
    /// How many are told again later.
    pub retried: usize,
    /// How many were given up.
    pub given_up: usize,
    /// How many of them have no dead letter, because there are too many.
    pub without_letter: u64,
    /// How many there was nothing to tell of any more, or that cannot be read.
    pub dropped: usize,
    /// What kept the round from going on.
    pub error: Option<RedisError>,
    /// Whether a fresh invocation should go on.
    pub hand_over: bool,
}

impl CourierReport {
    fn made_progress(&self) -> bool {
        self.delivered + self.retried + self.given_up + self.dropped > 0
    }

    /// Whether there is anything to say.
    pub fn is_worth_a_line(&self) -> bool {
        self.made_progress() || self.is_bad()
    }

    /// Whether an operator should look.
    pub fn is_bad(&self) -> bool {
        self.error.is_some() || self.given_up > 0
    }

    /// The line about the round, whose span this is, and how much it matters; `None`
    /// where there was nothing to do and nothing to say.
    pub fn line(&self, span: Option<&Span>) -> Option<(Level, String)> {
        let level = match self.is_bad() {
            true => Level::Error,
            false => Level::Info,
        };
        let trace = span.map(Span::trace_id);
        let line = Line::new("webhooks", level)
            .some_text("traceId", trace.as_deref())
            .number("delivered", self.delivered as u64)
            .number("retried", self.retried as u64)
            .number("givenUp", self.given_up as u64)
            .number("commands", span.map_or(0, Span::commands))
            .text("message", &self.to_string())
            .finish();
        self.is_worth_a_line().then_some((level, line))
    }
}

impl fmt::Display for CourierReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (delivered, retried, given_up) = (self.delivered, self.retried, self.given_up);
        write!(
            f,
            "{delivered} delivered, {retried} to be retried, {given_up} given up"
        )?;
        if self.dropped > 0 {
            write!(f, ", {} dropped", self.dropped)?;
        }
        if self.without_letter > 0 {
            let count = self.without_letter;
            write!(f, "; {count} without a dead letter, for there are too many")?;
        }
        match &self.error {
            None => Ok(()),
            Some(error) => write!(f, "; {error}"),
        }
    }
}

impl Courier<'_> {
    /// Delivers until nothing is due, or until time or calls are spent.
    pub async fn run(self) -> CourierReport {
        let mut report = CourierReport::default();
        if let Err(error) = self.deliver(&mut report).await {
            report.error = Some(error);
            report.hand_over = false;
        }
        report
    }

    async fn deliver(&self, report: &mut CourierReport) -> Result<(), RedisError> {
        let mut settlements = Vec::new();
        // Only its own retries are waited for: others have invocations of theirs.
        let mut has_retries = false;
        loop {
            let want = self.claimable();
            if settlements.is_empty() && want == 0 {
                // One that cannot even begin would call itself for ever.
                report.hand_over = report.made_progress();
                return Ok(());
            }
            let due = self.call(&settlements, want).await?;
            settlements.clear();
            report.without_letter += due.deleted;
            if due.payloads.is_empty() {
                let next_in_ms = due.next_in_ms.filter(|_| has_retries && want > 0);
                match next_in_ms.filter(|&ms| self.has_time(ms + 1)) {
                    Some(ms) => (self.runtime.sleep)(ms + 1).await,
                    None if want > 0 => return Ok(()),
                    None => {}
                }
                continue;
            }
            for (payload, outcome) in self.attempt_all(due.payloads).await? {
                has_retries |= matches!(outcome, DeliveryOutcome::Retry { .. });
                report.note(&outcome);
                settlements.push(DeliverySettlement { payload, outcome });
            }
        }
    }

    /// How many deliveries can still be brought to an end.
    fn claimable(&self) -> usize {
        if !self.has_time(0) {
            return 0;
        }
        let spare = self.calls.left().saturating_sub(RESERVE + 1) / CALLS;
        usize::try_from(spare).map_or(MAX_CLAIMED, |spare| spare.min(MAX_CLAIMED))
    }

    /// Whether an attempt that starts after `pause_ms` can end in time.
    fn has_time(&self, pause_ms: u64) -> bool {
        let attempt_ms = ATTEMPT_MS + self.redis_timeout_ms.min(MAX_REDIS_MS);
        (self.runtime.now_ms)() + pause_ms + attempt_ms <= self.deadline_ms
    }

    /// Tries all, those to one host one after the other: where the first gets no answer,
    /// the others are put off. Errors: Redis is away; what was tried and not settled
    /// comes back.
    async fn attempt_all(
        &self,
        payloads: Vec<Vec<u8>>,
    ) -> Result<Vec<(Vec<u8>, DeliveryOutcome)>, RedisError> {
        let attempt = &Attempt {
            store: self.store,
            config: self.config,
            runtime: self.runtime,
            receivers: self.receivers,
            calls: &self.calls,
            result_ttl_ms: self.result_ttl_ms,
        };
        let tries = by_host(payloads).into_iter().map(|group| async move {
            let mut ends = Vec::new();
            for payload in group {
                let outcome = self.attempt(attempt, &payload).await;
                ends.push(outcome.map(|outcome| (payload, outcome)));
            }
            ends
        });
        let mut tries = stream::iter(tries).buffer_unordered(AT_ONCE);
        let mut ends = Vec::new();
        let mut error = None;
        while let Some(group) = tries.next().await {
            for end in group {
                match end {
                    Ok(end) => ends.push(end),
                    Err(why) => error = Some(why),
                }
            }
        }
        // What receivers have must not be forgotten.
        match error {
            Some(error) if ends.is_empty() => Err(error),
            _ => Ok(ends),
        }
    }

    /// Tries one, where there is time, and writes its line.
    async fn attempt(
        &self,
        attempt: &Attempt<'_>,
        payload: &[u8],
    ) -> Result<DeliveryOutcome, RedisError> {
        let Some(delivery) = Delivery::decode(payload) else {
            let line = log::message(Level::Error, "a delivery cannot be read, and is deleted");
            (self.runtime.log)(&line);
            return Ok(DeliveryOutcome::Drop);
        };
        if !self.has_time(0) {
            // As it was, due at once: for another invocation.
            let next = Box::new(delivery);
            return Ok(DeliveryOutcome::Retry { delay_ms: 0, next });
        }
        let started_ms = (self.runtime.now_ms)();
        let Tried { outcome, noted } = attempt.make(&delivery).await?;
        if let Some(noted) = noted {
            let took_ms = (self.runtime.now_ms)().saturating_sub(started_ms);
            (self.runtime.log)(&self.line(&delivery, &noted, took_ms));
        }
        Ok(outcome)
    }

    /// What the log says of a try: never the address, which is a secret of whoever gave
    /// it.
    fn line(&self, delivery: &Delivery, noted: &Noted, took_ms: u64) -> String {
        let level = match noted.outcome {
            "given_up" => Level::Error,
            _ => Level::Info,
        };
        let trace = self.span.map(Span::trace_id);
        let mut line = Line::new("webhook", level);
        line.text("outcome", noted.outcome)
            .text("jobId", &delivery.id)
            .some_text("traceId", trace.as_deref())
            .number("attempt", delivery.attempt().into())
            .number("durationMs", took_ms);
        if let Some(status) = noted.status {
            line.number("status", status.into());
        }
        line.some_text("reason", noted.reason).finish()
    }

    /// One round trip, and more when its answer is lost: what was settled stays
    /// settled, and what was claimed comes back.
    async fn call(
        &self,
        settlements: &[DeliverySettlement],
        want: usize,
    ) -> Result<DueDeliveries, RedisError> {
        let mut tries = 1;
        loop {
            self.calls.spend(1);
            let called = self
                .store
                .settle_and_claim_deliveries(settlements, want, LEASE_MS)
                .await;
            match called {
                Err(_) if tries < MAX_TRIES && self.calls.left() > 1 => {
                    (self.runtime.sleep)(backoff_ms(tries, 0)).await;
                }
                called => return called,
            }
            tries += 1;
        }
    }
}

impl CourierReport {
    fn note(&mut self, outcome: &DeliveryOutcome) {
        match outcome {
            DeliveryOutcome::Delivered => self.delivered += 1,
            DeliveryOutcome::Retry { .. } => self.retried += 1,
            DeliveryOutcome::GiveUp { .. } => self.given_up += 1,
            DeliveryOutcome::Withdrawn | DeliveryOutcome::Drop => self.dropped += 1,
        }
    }
}

/// Deliveries by host, in the order of the first of each.
fn by_host(payloads: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut groups: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for payload in payloads {
        let url = Delivery::decode(&payload).map(|delivery| delivery.url);
        let url = url.and_then(|url| CallbackUrl::parse(&url, true).ok());
        let host = url.map_or_else(String::new, |url| url.host().to_owned());
        match groups.iter_mut().find(|(known, _)| *known == host) {
            Some((_, group)) => group.push(payload),
            None => groups.push((host, vec![payload])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
