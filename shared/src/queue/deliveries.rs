//! Deliveries: telling the `callbackUrl` of a submission that it has its end.
//!
//! They have a key of their own and are no jobs: they take no place of those that may
//! be leased, and however many wait for a receiver that is away, no claim of a job
//! sees them. `work.lua` adds one in the call that stores a result, so none is lost
//! between the two; `deliver.lua` claims and settles them.

use super::{Store, keys};
use crate::domain::dead_letter::DeadLetter;
use crate::domain::delivery::Delivery;
use crate::queue::store::not_serializable;
use crate::redis::{Command, FromReply, Items, RedisError, Reply};

/// What became of an attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySettlement {
    /// The payload as it was claimed.
    pub payload: Vec<u8>,
    /// What becomes of it.
    pub outcome: DeliveryOutcome,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver has it.
    Delivered,
    /// Once more, after a pause.
    Retry {
        /// In milliseconds.
        delay_ms: u64,
        /// As it waits for that.
        next: Box<Delivery>,
    },
    /// Given up, and stored for an operator.
    GiveUp {
        /// What an operator sees of it.
        letter: Box<DeadLetter>,
        /// What is delivered when it is replayed.
        delivery: Box<Delivery>,
    },
    /// Deleted: there is nothing to tell any more.
    Withdrawn,
    /// Deleted: it cannot be read.
    Drop,
}

impl DeliveryOutcome {
    /// The most commands that settling it takes.
    fn commands(&self) -> u64 {
        match self {
            Self::Delivered | Self::Withdrawn | Self::Drop => 1,
            Self::Retry { .. } => 3,
            Self::GiveUp { .. } => 5,
        }
    }
}

/// The deliveries of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDeliveries {
    /// Their payloads, those that are due the longest first.
    pub payloads: Vec<Vec<u8>>,
    /// When the next one is due, in milliseconds from now; `None` where that is not
    /// known or none waits.
    pub next_in_ms: Option<u64>,
    /// How many of the settled ones were given up and deleted, because there are too many
    /// dead letters.
    pub deleted: u64,
}

impl FromReply for DueDeliveries {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        let unexpected = || RedisError::Unexpected("deliver.lua: not three parts".into());
        let Reply::Array(parts) = reply else {
            return Err(unexpected());
        };
        let [payloads, next, deleted] = <[Reply; 3]>::try_from(parts).map_err(|_| unexpected())?;
        Ok(Self {
            payloads: Items::from_reply(payloads)?.0,
            next_in_ms: u64::try_from(i64::from_reply(next)?).ok(),
            deleted: u64::try_from(i64::from_reply(deleted)?).unwrap_or_default(),
        })
    }
}

impl Store {
    /// Settles deliveries, then claims up to `want` that are due; they come back after
    /// `lease_ms` unless they are settled. One round trip. May be sent again when its
    /// answer was lost.
    pub async fn settle_and_claim_deliveries(
        &self,
        settlements: &[DeliverySettlement],
        want: usize,
        lease_ms: u64,
    ) -> Result<DueDeliveries, RedisError> {
        let settling = settlements.iter().map(|one| one.outcome.commands());
        let mut command = Command::script(script!("deliver"))
            .billed_as(4 + settling.sum::<u64>())
            .arg(3)
            .args([keys::DELIVERIES, keys::DEAD, keys::DEAD_PAYLOAD])
            .arg(want)
            .arg(lease_ms);
        for DeliverySettlement { payload, outcome } in settlements {
            let payload = String::from_utf8_lossy(payload);
            command = match outcome {
                DeliveryOutcome::Delivered | DeliveryOutcome::Withdrawn | DeliveryOutcome::Drop => {
                    command.args(["delivered", &payload])
                }
                DeliveryOutcome::Retry { delay_ms, next } => command
                    .args(["retry", &payload])
                    .arg(delay_ms)
                    .arg(next.encode().map_err(not_serializable)?),
                DeliveryOutcome::GiveUp { letter, delivery } => command
                    .args(["give_up", &payload, &letter.id])
                    .arg(serde_json::to_string(letter).map_err(not_serializable)?)
                    .arg(delivery.encode().map_err(not_serializable)?),
            };
        }
        self.redis.command(command).await
    }

    /// When the first delivery is due, in milliseconds since 1970 by Redis's clock.
    /// `None`: none waits. One command.
    pub async fn first_delivery_ms(&self) -> Result<Option<u64>, RedisError> {
        let command = Command::new("ZRANGE")
            .arg(keys::DELIVERIES)
            .args(["0", "0", "WITHSCORES"]);
        let first: Items<Vec<u8>> = self.redis.command(command).await?;
        let score = first.0.get(1).map(|score| String::from_utf8_lossy(score));
        Ok(score.and_then(|score| score.parse().ok()))
    }
}
