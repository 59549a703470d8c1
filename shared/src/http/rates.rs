//! Rates: how many calls of a kind somebody may make in a minute.
//!
//! The platform counts, by rate limiting bindings; this file names them with their
//! limits, and says what a refusal is. Which call is counted as what, each Worker says
//! itself. Neither Worker counts the other's calls.

use http::HeaderMap;

use super::{ApiError, Caller, Code, Policy, Scope};
use crate::domain::client::ClientId;
use crate::domain::ticket::TicketKey;

/// The period of all rates, in seconds.
pub const PERIOD_S: u32 = 60;
/// The binding by whose counters keys are counted.
pub const KEY_RATE: &str = "KEY_RATE";
/// The limit of that binding. The rate of a key is a multiple of it.
pub const KEY_COUNTER_LIMIT: u32 = 60;
/// The platform sets this header to the client's address.
pub const ADDRESS: &str = "cf-connecting-ip";
/// So many counters of a key are asked before it is refused: instances take turns
/// independently of each other, so one counter may be full a little early.
const MAX_COUNTERS_ASKED: u32 = 3;

/// By what somebody is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Without a key of ours: by its address.
    Address(ClientId),
    /// With a key: by its name, if it has a rate.
    Key {
        /// The client that the key's name makes.
        client: ClientId,
        /// In requests a minute, a multiple of 60.
        rate: Option<u32>,
    },
    /// Not at all.
    Operator,
}

impl Counted {
    /// By what a caller is counted that sends these headers.
    pub fn of(caller: &Caller, headers: &HeaderMap, tickets: &TicketKey) -> Self {
        match caller {
            caller if caller.may(Scope::Admin) => Self::Operator,
            Caller::Key(key) => Self::Key {
                client: ClientId::with_key(key.name(), tickets),
                rate: key.rate(),
            },
            Caller::Nobody | Caller::Unknown => {
                let address = headers.get(ADDRESS).and_then(|text| text.to_str().ok());
                Self::Address(ClientId::at(address.unwrap_or_default(), tickets))
            }
        }
    }

    /// Who is counted by which rate, where those without a key have `address`; `None`
    /// for the operator and a key without a rate.
    pub fn rate(&self, address: Rate) -> Option<(&ClientId, Rate)> {
        match self {
            Self::Address(client) => Some((client, address)),
            Self::Key { client, rate } => Some((client, Rate::of_key((*rate)?))),
            Self::Operator => None,
        }
    }
}

/// The platform's rate limits. Each Worker's `lib.rs` implements them by its bindings.
pub trait RateLimit {
    /// Counts one more under `key` in `binding`, and says whether that is within its
    /// limit; `None` where the platform does not count.
    fn allows(&self, binding: &str, key: &str) -> impl Future<Output = Option<bool>>;
}

/// A rate, by whose counters in a binding calls are counted.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// The binding.
    pub binding: &'static str,
    /// How many counters there are of a caller.
    pub counters: u32,
    /// What a refusal says.
    pub refusal: Refusal,
}

/// What a refused client is told.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// The kind of calls.
    pub policy: Policy,
    /// How many may be made in a minute.
    pub limit: u32,
    /// Their name, for people.
    pub what: &'static str,
}

impl Rate {
    /// That of an address, by one counter.
    pub const fn of_address(
        binding: &'static str,
        policy: Policy,
        limit: u32,
        what: &'static str,
    ) -> Self {
        Self {
            binding,
            counters: 1,
            refusal: Refusal {
                policy,
                limit,
                what,
            },
        }
    }

    /// That of an address for all calls without a rate of their own.
    pub const READ: Self = Self::of_address("READ_RATE", Policy::Read, 600, "reads");

    /// That of a key. The limit of a binding is fixed, so a key with a rate of 600 has
    /// ten counters, and its calls take turns.
    pub fn of_key(limit: u32) -> Self {
        Self {
            binding: KEY_RATE,
            counters: limit.div_ceil(KEY_COUNTER_LIMIT).max(1),
            refusal: Refusal {
                policy: Policy::Key,
                limit,
                what: "calls with this key",
            },
        }
    }

    /// Counts a call, and says whether it is within the rate; `None` where the platform
    /// does not count. `turn` says by which counter, and is another one for each call.
    pub async fn count(
        &self,
        client: &ClientId,
        turn: u32,
        platform: &impl RateLimit,
    ) -> Option<bool> {
        for attempt in 0..MAX_COUNTERS_ASKED.min(self.counters) {
            let counter = turn.wrapping_add(attempt) % self.counters;
            let name = format!("{}/{counter}", client.as_str());
            match platform.allows(self.binding, &name).await {
                Some(false) => {}
                other => return other,
            }
        }
        Some(false)
    }
}

impl Refusal {
    /// 429, for so many seconds.
    pub fn error(self, seconds: u32) -> ApiError {
        let Self {
            policy,
            limit,
            what,
        } = self;
        let message = format!("At most {limit} {what} a minute; try again in {seconds} s.");
        ApiError::new(Code::TooManyRequests, message)
            .retry_after(seconds)
            .quota(policy, limit)
    }
}
