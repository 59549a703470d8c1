//! Runs property tests for a fixed time, for the parsers of bytes that others send.
//!
//! The tests of a module call [`fuzz`] with a strategy and a property. `FUZZ_MS` is
//! the time of each such test in milliseconds, by default 300.

use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

/// Inputs between two looks at the clock.
const BATCH: u32 = 32;

/// Checks the property on new inputs until the time is over, but at least on one
/// batch. Panics with the smallest failing input.
pub(crate) fn fuzz<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> TestCaseResult) {
    let milliseconds =
        std::env::var("FUZZ_MS").map_or(300, |text| text.parse().expect("FUZZ_MS is a number"));
    fuzz_for(Duration::from_millis(milliseconds), strategy, property);
}

fn fuzz_for<S: Strategy>(
    time: Duration,
    strategy: &S,
    property: impl Fn(S::Value) -> TestCaseResult,
) {
    let deadline = Instant::now() + time;
    let config = Config {
        cases: BATCH,
        failure_persistence: None,
        ..Config::default()
    };
    loop {
        // A runner stops after its number of cases, so each batch needs its own.
        if let Err(failure) = TestRunner::new(config.clone()).run(strategy, &property) {
            panic!("{failure}");
        }
        if Instant::now() >= deadline {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[should_panic(expected = "minimal failing input: 10")]
    fn fuzz_panics_with_the_smallest_failing_input() {
        fuzz(&(0..1000_u32), |number| {
            prop_assert!(number < 10);
            Ok(())
        });
    }

    #[test]
    fn fuzz_uses_its_whole_time_for_new_inputs() {
        let inputs = std::cell::RefCell::new(std::collections::BTreeSet::new());
        fuzz_for(Duration::from_millis(300), &any::<u64>(), |number| {
            inputs.borrow_mut().insert(number);
            Ok(())
        });
        assert!(inputs.borrow().len() > 2 * BATCH as usize);
    }
}
