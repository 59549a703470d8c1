//! How many calls of each kind a client may make in a minute.
//!
//! The platform counts, by its rate limiting bindings, for all instances of a
//! location at once, and before a request's body is read. A count cannot be taken
//! back, so every call counts, also one that turns out to be wrong. Who sends
//! without a key is counted by address and kind; a key that has a rate by all its
//! calls together; other keys and the operator are not counted. [`crate::admit`] asks
//! [`Rates::admit`]. How many runs are under way at the same time is limited by
//! [`crate::run_limiter`], and what a client may store by others.

use shared::domain::client::ClientId;
use shared::http::rates::{Counted, PERIOD_S, Rate, RateLimit, Refusal};
use shared::http::{ApiError, Code, Policy};

use crate::client_counts::ClientCounts;
use crate::config::Settings;
use crate::route::Route;

/// A kind of call that has a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `POST /run`.
    Run,
    /// `POST /submit` and `POST /submit/batch`.
    Submit,
    /// Everything else that costs a command or a call to the other Worker; a stream
    /// of events counts once. Also the operator's calls, so that its token is not
    /// guessed at any speed.
    Read,
}

/// What this instance counts by itself.
#[derive(Debug)]
pub struct Rates {
    runs: ClientCounts,
    /// Which counter of a key is next.
    turns: ClientCounts,
}

impl Default for Rates {
    fn default() -> Self {
        let counts = || ClientCounts::new(u64::from(PERIOD_S) * 1_000);
        Self {
            runs: counts(),
            turns: counts(),
        }
    }
}

impl Kind {
    /// `None` for what has no rate: the page, the Worker's health, and preflights.
    pub(crate) fn of(route: &Route) -> Option<Self> {
        match route {
            Route::Health | Route::Liveness | Route::Preflight(_) => None,
            Route::Run => Some(Self::Run),
            Route::Submit | Route::SubmitBatch => Some(Self::Submit),
            _ => Some(Self::Read),
        }
    }

    /// The rate of an address.
    const fn rate(self) -> Rate {
        match self {
            Self::Run => Rate::of_address("RUN_RATE", Policy::Run, 30, "runs"),
            Self::Submit => {
                let what = "calls that submit";
                Rate::of_address("SUBMIT_RATE", Policy::Submit, 120, what)
            }
            Self::Read => Rate::READ,
        }
    }
}

impl Rates {
    /// Counts a request for `route` by its sender.
    /// Errors: 429 where its client's rate is used up, 403 where runs are off.
    pub async fn admit(
        &self,
        settings: &Settings,
        platform: &impl RateLimit,
        route: &Result<Route, ApiError>,
        counted: Option<&Counted>,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        // Unknown paths cost nothing, and what lacks settings is told so later.
        let kind = route.as_ref().ok().and_then(Kind::of);
        let (Some(kind), Ok(config), Some(counted)) = (kind, settings, counted) else {
            return Ok(());
        };
        let mut own_limit = config.run_per_minute.filter(|_| kind == Kind::Run);
        if own_limit == Some(0) && *counted != Counted::Operator {
            let message = "POST /run is off here: RUN_PER_MINUTE is 0.";
            return Err(ApiError::new(Code::Forbidden, message));
        }
        let Some((client, rate)) = counted.rate(kind.rate()) else {
            return Ok(());
        };
        if matches!(counted, Counted::Key { .. }) {
            own_limit = None;
        }
        if config.rate_limits {
            match self.count(&rate, client, platform, now_ms).await {
                Some(true) => {}
                Some(false) => return Err(rate.refusal.error(PERIOD_S)),
                None if rate.binding == Kind::Run.rate().binding => {
                    own_limit = own_limit.or(Some(rate.refusal.limit));
                }
                None => {}
            }
        }
        match own_limit {
            Some(limit) if self.runs.add(client, now_ms) > limit => {
                let passed_s = u32::try_from(now_ms / 1_000 % u64::from(PERIOD_S)).unwrap_or(0);
                let refusal = Refusal {
                    limit,
                    ..rate.refusal
                };
                Err(refusal.error(PERIOD_S - passed_s))
            }
            _ => Ok(()),
        }
    }

    /// Counts a call, and says whether it is within the rate; `None` where the
    /// platform does not count.
    async fn count(
        &self,
        rate: &Rate,
        client: &ClientId,
        platform: &impl RateLimit,
        now_ms: u64,
    ) -> Option<bool> {
        let turn = match rate.counters {
            1 => 0,
            _ => self.turns.add(client, now_ms),
        };
        rate.count(client, turn, platform).await
    }
}

#[cfg(test)]
mod tests;
