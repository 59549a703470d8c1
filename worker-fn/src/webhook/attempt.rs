//! One try of one delivery.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use shared::domain::callback_url::{CallbackUrl, Target};
use shared::domain::delivery::Delivery;
use shared::queue::Store;
use shared::queue::deliveries::DeliveryOutcome;
use shared::redis::RedisError;

use super::body;
use super::config::WebhookConfig;
use super::receivers::Receivers;
use super::resolve::{self, Resolved, resolve};
use crate::limits::CallCounter;
use crate::runtime::{FetchLimits, Runtime};

/// How long a try may take, looking the name up included, in milliseconds.
pub const ATTEMPT_MS: u64 = 10_000;
/// The most calls that a try makes: the result, the name, the message.
pub const CALLS: u64 = 1 + resolve::CALLS + 1;

/// How the message says who it is from.
const USER_AGENT: &str = concat!("edgejudge-webhook/", env!("CARGO_PKG_VERSION"));

/// The most characters of what the platform says of a call that failed.
const MAX_WORDS: usize = 200;

/// What a try works with.
pub(super) struct Attempt<'a> {
    pub store: &'a Store,
    pub config: &'a WebhookConfig,
    pub runtime: Runtime,
    pub receivers: &'a Receivers,
    pub calls: &'a CallCounter,
    /// `RESULT_TTL_S`, in milliseconds: then there is nothing left to tell.
    pub result_ttl_ms: u64,
}

/// Why a try brought nothing.
enum Failure {
    /// Another try may.
    Again(String),
    /// None will.
    Never(String),
}

impl Attempt<'_> {
    /// What becomes of a delivery. Errors: Redis did not give the result, so nobody
    /// was told; the delivery comes back by itself.
    pub(super) async fn make(&self, payload: &[u8]) -> Result<DeliveryOutcome, RedisError> {
        let Some(delivery) = Delivery::decode(payload) else {
            return Ok(DeliveryOutcome::Drop);
        };
        let now_ms = self.now_ms();
        if now_ms > delivery.since_ms.saturating_add(self.result_ttl_ms) {
            return Ok(given_up(&delivery, "it took too long".into(), now_ms));
        }
        let url = match CallbackUrl::parse(&delivery.url, self.config.loopback) {
            Ok(url) => url,
            Err(violation) => return Ok(refused(&delivery, violation.message, now_ms)),
        };
        if let Some(delay_ms) = self.receivers.away_ms(url.host(), now_ms) {
            let next = Box::new(delivery);
            return Ok(DeliveryOutcome::Retry { delay_ms, next });
        }
        self.calls.spend(1);
        let Some(document) = self.store.result(&delivery.id).await? else {
            let why = "the result is not stored any more";
            return Ok(given_up(&delivery, why.into(), now_ms));
        };
        let told = self.tell(&delivery, &url, &document).await;
        let now_ms = self.now_ms();
        Ok(match told {
            Ok(()) => DeliveryOutcome::Delivered,
            Err(Failure::Never(why)) => refused(&delivery, why, now_ms),
            Err(Failure::Again(why)) => self.failed(&delivery, why, now_ms),
        })
    }

    fn failed(&self, delivery: &Delivery, why: String, now_ms: u64) -> DeliveryOutcome {
        let next = delivery.failed(why.clone(), now_ms);
        let delay_ms = next.pause_ms(self.runtime.random_u32());
        let ends_ms = delivery.since_ms.saturating_add(self.result_ttl_ms);
        if next.attempt() > self.config.attempts || now_ms + delay_ms > ends_ms {
            return given_up(&next, why, now_ms);
        }
        DeliveryOutcome::Retry {
            delay_ms,
            next: Box::new(next),
        }
    }

    /// Sends the message, once the host may be called.
    async fn tell(
        &self,
        delivery: &Delivery,
        url: &CallbackUrl,
        document: &[u8],
    ) -> Result<(), Failure> {
        let started_ms = self.now_ms();
        if let Target::Name(name) = url.target() {
            self.calls.spend(resolve::CALLS);
            match resolve(name, &self.config.resolver, self.runtime).await {
                Resolved::Public => {}
                Resolved::Forbidden => {
                    let why = "callbackUrl leads to a private, local or reserved address.";
                    return Err(Failure::Never(why.into()));
                }
                Resolved::Unknown(why) => return Err(Failure::Again(why)),
            }
        }
        let request = self.message(delivery, url, document, started_ms / 1_000)?;
        let spent_ms = self.now_ms().saturating_sub(started_ms);
        let limits = FetchLimits {
            timeout_ms: ATTEMPT_MS.saturating_sub(spent_ms).max(1),
            max_body_bytes: 0,
        };
        self.calls.spend(1);
        let response = (self.runtime.fetch)(request, limits).await;
        let answered = response.is_ok();
        self.receivers.note(url.host(), answered, self.now_ms());
        match response.map(|response| response.status()) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(StatusCode::GONE) => Err(Failure::Never(
                "the receiver answered 410: it wants no more".into(),
            )),
            Ok(status) => Err(Failure::Again(format!(
                "the receiver answered {}",
                status.as_u16()
            ))),
            Err(why) => {
                let why: String = why.chars().take(MAX_WORDS).collect();
                Err(Failure::Again(format!(
                    "the receiver gave no answer: {why}"
                )))
            }
        }
    }

    fn message(
        &self,
        delivery: &Delivery,
        url: &CallbackUrl,
        document: &[u8],
        timestamp_s: u64,
    ) -> Result<Request<Bytes>, Failure> {
        let cannot = |_| Failure::Never("the message cannot be written".into());
        let Some(body) = body::message(document) else {
            return Err(Failure::Never("the result cannot be read".into()));
        };
        let id = &delivery.webhook_id;
        Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, USER_AGENT)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s)
            .header(
                "webhook-signature",
                self.config.keys.sign(id, timestamp_s, &body),
            )
            .body(body.into())
            .map_err(cannot)
    }

    fn now_ms(&self) -> u64 {
        (self.runtime.now_ms)()
    }
}

/// No try will bring more. The reasons of all letters of deliveries begin alike.
fn refused(delivery: &Delivery, why: String, now_ms: u64) -> DeliveryOutcome {
    let failed = delivery.failed(why.clone(), now_ms);
    give_up(&failed, format!("Webhook refused: {why}"), now_ms)
}

fn given_up(delivery: &Delivery, why: String, now_ms: u64) -> DeliveryOutcome {
    let attempts = delivery.failed_attempts.len();
    let reason = format!("Webhook given up after {attempts} attempts. The last one: {why}");
    give_up(delivery, reason, now_ms)
}

fn give_up(delivery: &Delivery, reason: String, now_ms: u64) -> DeliveryOutcome {
    DeliveryOutcome::GiveUp {
        letter: Box::new(delivery.letter(reason, now_ms)),
        delivery: Box::new(delivery.untried()),
    }
}
