//! Property tests with a time budget, for the parsers of bytes that others send.
//!
//! A test calls [`fuzz`] with a strategy and a property; [`mutated`] is the
//! strategy for most parsers. Each test runs for `FUZZ_MS` milliseconds, by
//! default 300.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

/// Inputs between two looks at the clock.
const BATCH: u32 = 32;

/// Pieces on which parsers of JSON and of lines tend to stumble.
const PIECES: [&[u8]; 25] = [
    b"",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b",",
    b":",
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e999",
    b"4294967295",
    b"18446744073709551616",
    b"0.1",
    b"\n",
    b"\0",
    b"\x1e",
    b"\xff",
    "é".as_bytes(),
];

/// One change to a document.
#[derive(Debug, Clone)]
enum Edit {
    /// Puts a piece in the place of up to `remove` bytes.
    Replace {
        at: Index,
        remove: usize,
        piece: Vec<u8>,
    },
    /// Writes up to `length` bytes of the document a second time.
    Repeat { at: Index, length: usize },
    /// Cuts the end off.
    Truncate { at: Index },
}

/// Documents that are nearly right: one of `seeds` after up to eight edits.
/// Random bytes alone are refused at their first byte, and reach nothing.
pub fn mutated(seeds: &[&str]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let piece = prop_oneof![
        4 => select(PIECES.map(<[u8]>::to_vec).to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    let replace = (any::<Index>(), 0..6_usize, piece);
    let repeat = (any::<Index>(), 1..200_usize);
    let edit = prop_oneof![
        6 => replace.prop_map(|(at, remove, piece)| Edit::Replace { at, remove, piece }),
        2 => repeat.prop_map(|(at, length)| Edit::Repeat { at, length }),
        1 => any::<Index>().prop_map(|at| Edit::Truncate { at }),
    ];
    (select(seeds), vec(edit, 0..8)).prop_map(|(mut document, edits)| {
        for edit in edits {
            apply(&mut document, edit);
        }
        document
    })
}

fn apply(document: &mut Vec<u8>, edit: Edit) {
    let length = document.len();
    let up_to = |at: usize, more: usize| at..(at + more).min(length);
    match edit {
        Edit::Replace { at, remove, piece } => {
            document.splice(up_to(at.index(length + 1), remove), piece);
        }
        Edit::Repeat { at, length } => {
            let range = up_to(at.index(document.len() + 1), length);
            let end = range.end;
            let copy = document[range].to_vec();
            document.splice(end..end, copy);
        }
        Edit::Truncate { at } => document.truncate(at.index(length + 1)),
    }
}

/// Checks the property on new inputs until the time is over, but at least on one
/// batch. Panics with the smallest failing input.
pub fn fuzz<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> TestCaseResult) {
    let text = std::env::var("FUZZ_MS").unwrap_or_else(|_| "300".into());
    let Ok(milliseconds) = text.parse() else {
        panic!("FUZZ_MS must be a number of milliseconds, not {text:?}");
    };
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
    use std::cell::RefCell;
    use std::collections::BTreeSet;

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
        let inputs = RefCell::new(BTreeSet::new());
        fuzz_for(Duration::from_millis(300), &any::<u64>(), |number| {
            inputs.borrow_mut().insert(number);
            Ok(())
        });
        assert!(inputs.borrow().len() > 2 * BATCH as usize);
    }

    #[test]
    fn mutated_documents_are_right_nearly_right_and_wrong() {
        let seen = RefCell::new([false; 2]);
        fuzz(&mutated(&[r#"{"a":[1,"b"]}"#, "x"]), |document| {
            let parses = serde_json::from_slice::<serde_json::Value>(&document).is_ok();
            seen.borrow_mut()[usize::from(parses)] = true;
            Ok(())
        });
        assert_eq!(seen.into_inner(), [true, true]);
    }
}
