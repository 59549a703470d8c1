//! `PLAN`: what one invocation may use on the platform's plan that a deployment is
//! on. Both Workers read it: worker-fn for how much a drain does, submit-fn for how
//! many submissions share a drain. The numbers and their sources are in
//! `docs/performance.md`.

use crate::config::{self, ConfigError, Lookup};

/// How many jobs a drain takes on the free plan, so that it and the submission whose
/// wake-up it is stay within [10 ms](Plan::Free) together.
const FREE_JOBS: u64 = 2;
/// The same on the paid plan: the calls end a drain sooner.
const MOST_JOBS: u64 = 10_000;

/// The platform's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// 10 ms of processor time and 50 calls an invocation. A call through a service
    /// binding is given neither anew: it spends those of the request that began it.
    Free,
    /// 30 s of processor time, and 1,000 calls or more.
    Paid,
}

impl Plan {
    /// `PLAN`, `free` (default) or `paid`.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        const NAME: &str = "PLAN";
        match config::optional(lookup, NAME).as_deref() {
            None | Some("free") => Ok(Self::Free),
            Some("paid") => Ok(Self::Paid),
            Some(_) => Err(ConfigError::Invalid {
                name: NAME,
                expected: "free or paid".into(),
            }),
        }
    }

    /// The default of `MAX_JOBS_PER_INVOCATION`.
    pub fn jobs_per_invocation(self) -> u64 {
        match self {
            Self::Free => FREE_JOBS,
            Self::Paid => MOST_JOBS,
        }
    }

    /// The default of `SUBREQUEST_BUDGET`: what the plan allows, less what the
    /// platform may count beside it.
    pub fn calls_per_invocation(self) -> u64 {
        match self {
            Self::Free => 45,
            Self::Paid => 900,
        }
    }

    /// The most that `SUBREQUEST_BUDGET` can be.
    pub fn most_calls_per_invocation(self) -> u64 {
        match self {
            Self::Free => 50,
            Self::Paid => 10_000,
        }
    }

    /// Whether a Worker that calls itself gets time and calls anew, so that a drain
    /// may hand over to another one and start more.
    pub fn renews_by_binding(self) -> bool {
        self == Self::Paid
    }

    /// At each group of how many waiting submissions worker-fn is woken. On the free
    /// plan no drain hands over, so there is twice the room in drains that
    /// submissions need: a backlog shrinks with those that come later.
    pub fn wake_every(self) -> u64 {
        match self {
            Self::Free => FREE_JOBS / 2,
            Self::Paid => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_plans_are_known() {
        let plan = |value: &str| Plan::from_lookup(&|_| Some(value.to_owned()));
        assert_eq!(plan(""), Ok(Plan::Free));
        assert_eq!(plan("free"), Ok(Plan::Free));
        assert_eq!(plan("paid"), Ok(Plan::Paid));
        assert!(plan("Paid").is_err());
    }

    /// Drains take more than the submissions that wake them bring.
    #[test]
    fn wake_ups_on_the_free_plan_have_room_for_more_than_they_announce() {
        let plan = Plan::Free;
        assert!(plan.wake_every() >= 1);
        assert!(plan.jobs_per_invocation() >= 2 * plan.wake_every());
    }
}
