//! The limits that the execution endpoint was seen to give last: a folder of
//! problems that all ask for the same is published with one question.

use std::cell::Cell;

use serde_json::{Map, Value};
use shared::domain::problem::Problem;

/// How long an answer counts, in milliseconds.
const FRESH_MS: u64 = 60_000;

/// What a problem asks the endpoint for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedLimits {
    /// The time of a run in the language that has most of it, in milliseconds.
    pub time_ms: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Output, in bytes.
    pub output_bytes: Option<u64>,
}

impl AskedLimits {
    /// What `problem` asks for; `None` where it asks for nothing.
    pub(crate) fn of(problem: &Problem) -> Option<Self> {
        let asked = Self {
            time_ms: problem.longest_run_ms(),
            memory_bytes: problem.limits.memory_bytes,
            // The frames of a function or a class are not limited by it.
            output_bytes: match problem.callable() {
                None => problem.limits.output_bytes,
                Some(_) => None,
            },
        };
        let nothing = Self {
            time_ms: None,
            memory_bytes: None,
            output_bytes: None,
        };
        (asked != nothing).then_some(asked)
    }

    /// The members that are set.
    pub(crate) fn to_json(self) -> Value {
        let members = [
            ("timeMs", self.time_ms),
            ("memoryBytes", self.memory_bytes),
            ("outputBytes", self.output_bytes),
        ];
        // Not collected: that would sort the members first.
        let mut set = Map::new();
        for (name, value) in members {
            if let Some(value) = value {
                set.insert(name.to_owned(), value.into());
            }
        }
        Value::Object(set)
    }
}

/// The last limits that were given.
#[derive(Debug, Default)]
pub struct GivenLimits(Cell<Option<Given>>);

#[derive(Debug, Clone, Copy)]
struct Given {
    limits: AskedLimits,
    submission_ms: u64,
    at_ms: u64,
}

impl GivenLimits {
    /// The time of one submission at the endpoint, where these limits were given a
    /// while ago.
    pub(crate) fn submission_ms(&self, asked: AskedLimits, now_ms: u64) -> Option<u64> {
        let given = self.0.get()?;
        let is_it = given.limits == asked && now_ms.saturating_sub(given.at_ms) < FRESH_MS;
        is_it.then_some(given.submission_ms)
    }

    /// Notes that these limits are given.
    pub(crate) fn note(&self, limits: AskedLimits, submission_ms: u64, at_ms: u64) {
        self.0.set(Some(Given {
            limits,
            submission_ms,
            at_ms,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_the_same_limits_and_for_a_while() {
        let limits = |time_ms| AskedLimits {
            time_ms: Some(time_ms),
            memory_bytes: None,
            output_bytes: None,
        };
        let given = GivenLimits::default();
        assert_eq!(given.submission_ms(limits(1), 0), None);
        given.note(limits(1), 15_000, 5);
        assert_eq!(given.submission_ms(limits(1), 5), Some(15_000));
        assert_eq!(given.submission_ms(limits(2), 5), None);
        assert_eq!(given.submission_ms(limits(1), 5 + FRESH_MS), None);
    }
}
