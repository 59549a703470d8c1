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

/// The longest that a delivery waits without a try because its host is away, in
/// milliseconds.
const MAX_PUT_OFF_MS: u64 = 3_600_000;

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

/// How a try ended.
pub(super) struct Tried {
    /// What becomes of the delivery.
    pub outcome: DeliveryOutcome,
    /// What the log says of it; `None` where no try was made and none ended.
    pub noted: Option<Noted>,
}

/// What the log says of a try: no address, and no words of anybody else.
pub(super) struct Noted {
    /// What became of the delivery.
    pub outcome: &'static str,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// The class of the reason why the receiver has not got it.
    pub reason: Option<&'static str>,
}

/// Why a try brought nothing.
struct Failure {
    /// In a word, for the log.
    class: &'static str,
    /// What the receiver answered.
    status: Option<u16>,
    /// In words, for the operator.
    why: String,
    /// Whether another try may bring more.
    again: bool,
}

impl Failure {
    fn again(class: &'static str, why: String) -> Self {
        Self {
            class,
            status: None,
            why,
            again: true,
        }
    }

    fn never(class: &'static str, why: &str) -> Self {
        Self {
            again: false,
            ..Self::again(class, why.into())
        }
    }

    fn answered(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}

impl Attempt<'_> {
    /// What becomes of a delivery. Errors: Redis did not give the result, so nobody
    /// was told; the delivery comes back by itself.
    pub(super) async fn make(&self, delivery: &Delivery) -> Result<Tried, RedisError> {
        let now_ms = self.now_ms();
        if now_ms > delivery.since_ms.saturating_add(self.result_ttl_ms) {
            let outcome = given_up(delivery, "it took too long".into(), now_ms);
            return Ok(Tried::ended(outcome, "expired", None));
        }
        let url = match CallbackUrl::parse(&delivery.url, self.config.loopback) {
            Ok(url) => url,
            Err(violation) => {
                let outcome = refused(delivery, violation.message, now_ms);
                return Ok(Tried::ended(outcome, "forbidden_address", None));
            }
        };
        if let Some(away_ms) = self.receivers.away_ms(url.host(), now_ms) {
            // Of a host that stays away many may wait, each of which takes commands
            // whenever it is due.
            let age_ms = now_ms.saturating_sub(delivery.since_ms);
            let outcome = DeliveryOutcome::Retry {
                delay_ms: away_ms.max((age_ms / 4).min(MAX_PUT_OFF_MS)),
                next: Box::new(delivery.clone()),
            };
            return Ok(Tried {
                outcome,
                noted: None,
            });
        }
        self.calls.spend(1);
        let Some(document) = self.store.result(&delivery.id).await? else {
            // It has not expired: the job was replayed, and has another end to come, or
            // an operator has deleted it.
            return Ok(Tried::ended(DeliveryOutcome::Withdrawn, "no_result", None));
        };
        let told = self.tell(delivery, &url, &document).await;
        let now_ms = self.now_ms();
        Ok(match told {
            Ok(status) => Tried {
                outcome: DeliveryOutcome::Delivered,
                noted: Some(Noted {
                    outcome: "delivered",
                    status: Some(status),
                    reason: None,
                }),
            },
            Err(failure) => {
                let outcome = if failure.again {
                    self.failed(delivery, failure.why, now_ms)
                } else {
                    refused(delivery, failure.why, now_ms)
                };
                Tried::ended(outcome, failure.class, failure.status)
            }
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

    /// Sends the message, once the host may be called. Returns the status of success.
    async fn tell(
        &self,
        delivery: &Delivery,
        url: &CallbackUrl,
        document: &[u8],
    ) -> Result<u16, Failure> {
        let started_ms = self.now_ms();
        if let Target::Name(name) = url.target() {
            self.calls.spend(resolve::CALLS);
            match resolve(name, &self.config.resolver, self.runtime).await {
                Resolved::Public => {}
                Resolved::Forbidden => {
                    let why = "callbackUrl leads to a private, local or reserved address.";
                    return Err(Failure::never("forbidden_address", why));
                }
                Resolved::Unknown(why) => {
                    return Err(Failure::again("name_not_resolved", words(&why, url)));
                }
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
        let status = match response {
            Ok(response) => response.status(),
            Err(why) => {
                let why = format!("the receiver gave no answer: {}", words(&why, url));
                return Err(Failure::again("no_answer", why));
            }
        };
        let failure = match status {
            status if status.is_success() => return Ok(status.as_u16()),
            StatusCode::GONE => {
                Failure::never("status", "the receiver answered 410: it wants no more")
            }
            status => {
                let why = format!("the receiver answered {}", status.as_u16());
                Failure::again("status", why)
            }
        };
        Err(failure.answered(status.as_u16()))
    }

    fn message(
        &self,
        delivery: &Delivery,
        url: &CallbackUrl,
        document: &[u8],
        timestamp_s: u64,
    ) -> Result<Request<Bytes>, Failure> {
        let cannot = |_| Failure::never("unwritable", "the message cannot be written");
        let Some(body) = body::message(document) else {
            let why = "the result cannot be read";
            return Err(Failure::never("unreadable_result", why));
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

impl Tried {
    /// One after which the receiver has not got it.
    fn ended(outcome: DeliveryOutcome, reason: &'static str, status: Option<u16>) -> Self {
        let noted = Noted {
            outcome: match &outcome {
                DeliveryOutcome::Delivered => "delivered",
                DeliveryOutcome::Retry { .. } => "retried",
                DeliveryOutcome::GiveUp { .. } => "given_up",
                DeliveryOutcome::Withdrawn | DeliveryOutcome::Drop => "dropped",
            },
            status,
            reason: Some(reason),
        };
        Self {
            outcome,
            noted: Some(noted),
        }
    }
}

/// What the platform says of a call that failed, without the address: that is a secret
/// of whoever gave it.
fn words(why: &str, url: &CallbackUrl) -> String {
    let (whole, path, host) = (url.as_str(), url.path_and_query(), url.host());
    let mut why = why.to_owned();
    // The longest first: others are parts of it.
    for (part, name) in [
        (whole, "(address)"),
        (whole.trim_end_matches('/'), "(address)"),
        (path, "(path)"),
        (host, "(host)"),
        (host.trim_matches(['[', ']']), "(host)"),
    ] {
        // A path of one character is the slash that every address has.
        if part.len() > 1 {
            why = without(&why, part, name);
        }
    }
    why.chars().take(MAX_WORDS).collect()
}

/// `text` with `name` for each `part` of it, in whichever case.
fn without(text: &str, part: &str, name: &str) -> String {
    let (lower, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
    let (mut left, mut at) = (String::new(), 0);
    for (found, _) in lower.match_indices(&part) {
        left.push_str(&text[at..found]);
        left.push_str(name);
        at = found + part.len();
    }
    left.push_str(&text[at..]);
    left
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_says_is_kept_without_the_address() {
        for (url, why, expected) in [
            (
                "https://hooks.site.org/x/secret?k=1",
                "error sending request for url (https://hooks.site.org/x/secret?k=1): \
                 dns error: hooks.site.org has no /x/secret?k=1",
                "error sending request for url ((address)): dns error: (host) has no (path)",
            ),
            (
                "https://Hooks.Site.org",
                "Network connection lost: https://hooks.site.org, HOOKS.site.org:443",
                "Network connection lost: (address), (host):443",
            ),
            (
                "https://[2606:4700:4700::1111]/",
                "connect to 2606:4700:4700::1111 or [2606:4700:4700::1111]:443",
                "connect to (host) or (host):443",
            ),
        ] {
            let url = CallbackUrl::parse(url, false).unwrap();
            assert_eq!(words(why, &url), expected);
        }
        let url = CallbackUrl::parse("https://hooks.site.org/", false).unwrap();
        assert_eq!(words(&"x".repeat(900), &url).len(), MAX_WORDS);
    }
}
