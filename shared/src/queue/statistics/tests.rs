//! The places of counters, and reading what was counted.

use std::collections::HashSet;

use fuzz::fuzz;
use proptest::prelude::*;

use super::*;

/// The string after each of these counters was raised by one.
fn counted(all: &[String]) -> HourCounts {
    let mut bytes = Vec::new();
    for offset in all.iter().flat_map(|text| text.split(' ')) {
        let (counter, by) = offset[1..].split_once('+').unwrap_or((&offset[1..], "1"));
        let (at, by) = (
            4 * counter.parse::<usize>().unwrap(),
            by.parse::<u32>().unwrap(),
        );
        bytes.resize(bytes.len().max(at + 4), 0);
        let number = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) + by;
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    HourCounts(bytes)
}

#[test]
fn no_two_counters_share_a_place() {
    let mut seen = std::collections::BTreeSet::from([0]);
    for minute in 0..60 {
        for counter in [DONE, DEAD, COMMANDS] {
            assert!(seen.insert(of_minute(minute * MINUTE_MS, counter)));
        }
    }
    for quarter in 0..4 {
        let at = |counter| of_quarter(quarter * QUARTER_MS, counter);
        for end in BUCKETS_MS {
            assert!(seen.insert(at(WAIT + bucket(end))));
            assert!(seen.insert(at(TOTAL + bucket(end))));
        }
        for duration in Duration::ALL {
            let first = duration.first_bucket(quarter * QUARTER_MS);
            // Those of the others were seen above.
            let is_new = duration == Duration::Run;
            let buckets = first..first + BUCKETS_MS.len();
            assert!(
                buckets
                    .clone()
                    .all(|counter| seen.insert(counter) == is_new)
            );
            for counter in duration.sums(quarter * QUARTER_MS) {
                assert!(seen.insert(counter));
            }
        }
        for language in LANGUAGES.into_iter().chain([OTHER_LANGUAGE]) {
            for verdict in VERDICTS {
                assert!(seen.insert(at(result_counter(language, verdict).unwrap())));
            }
        }
    }
    assert_eq!(seen, (0..COUNTERS).collect());
    assert_eq!(4 * COUNTERS, 6_580, "bytes of an hour");
}

#[test]
fn every_verdict_of_a_result_has_a_place() {
    for verdict in Verdict::ALL {
        let place = result_counter("python", verdict);
        assert_eq!(place.is_some(), verdict != Verdict::Skipped, "{verdict:?}");
    }
}

#[test]
fn languages_are_counted_under_one_name() {
    let place = |name| result_counter(name, Verdict::Accepted).unwrap();
    assert_eq!(place("py"), place("python"));
    assert_eq!(place("cpp"), place("c++"));
    assert_ne!(place("c"), place("c++"));
    assert_eq!(place("brainfuck"), place("an \"other\""));
    let names = LANGUAGES
        .iter()
        .filter(|name| canonical_name(name) == **name);
    assert_eq!(names.count(), LANGUAGES.len(), "a name that is an alias");
}

#[test]
fn a_percentile_is_the_end_of_its_bucket() {
    let of = |durations: &[u64]| {
        let mut histogram = Histogram::default();
        for &ms in durations {
            histogram.0[bucket(ms)] += 1;
        }
        [50, 90, 99].map(|percent| histogram.percentile_ms(percent))
    };
    assert_eq!(of(&[0]), [10, 10, 10]);
    assert_eq!(of(&[10, 11]), [10, 20, 20]);
    let hundred: Vec<u64> = (1..=100).map(|n| n * 10).collect();
    assert_eq!(of(&hundred), [500, 1_000, 1_000]);
    assert_eq!(of(&[1, u64::MAX]), [10, 21_600_000, 21_600_000]);
    assert_eq!(
        of(&[3_600_000, 3_600_001]),
        [3_600_000, 21_600_000, 21_600_000]
    );
}

#[test]
fn what_is_counted_is_read_again() {
    let ends = proptest::collection::vec((0..HOUR_MS, any::<bool>()), 0..40);
    fuzz(&ends, |ends| {
        let text = |&(at_ms, done): &(u64, bool)| {
            if done {
                offsets([of_minute(at_ms, DONE)])
            } else {
                of_dead_letter(at_ms)
            }
        };
        let hour = counted(&ends.iter().map(text).collect::<Vec<_>>());
        for start_ms in (0..60).map(|minute| minute * MINUTE_MS) {
            let within = |at_ms: u64| (start_ms..start_ms + MINUTE_MS).contains(&at_ms);
            let count = |done| {
                let ends = ends.iter();
                ends.filter(|end| within(end.0) && end.1 == done).count() as u64
            };
            let counts = hour.minute(start_ms);
            prop_assert_eq!((counts.done, counts.dead), (count(true), count(false)));
        }
        Ok(())
    });
}

#[test]
fn each_language_with_each_verdict_is_told_once_however_little_was_counted() {
    let counter = result_counter("rust", Verdict::InternalError).unwrap();
    let mut results = ResultCounts::default();
    results.0[counter - RESULTS] = 2;
    let all: Vec<_> = results.all().collect();
    let pairs: HashSet<_> = all
        .iter()
        .map(|(language, verdict, _)| (*language, verdict.name()))
        .collect();
    assert_eq!((all.len(), pairs.len()), (288, 288));
    let counted = ("rust", Verdict::InternalError, 2);
    assert!(all.contains(&counted));
    assert_eq!(results.iter().collect::<Vec<_>>(), [counted]);
}

#[test]
fn any_bytes_are_read() {
    fuzz(&proptest::collection::vec(any::<u8>(), 0..7_000), |bytes| {
        let hour = HourCounts(bytes);
        let (mut wait, mut total) = (Histogram::default(), Histogram::default());
        let mut results = ResultCounts::default();
        for start_ms in (0..4).map(|quarter| quarter * QUARTER_MS) {
            hour.add_durations(start_ms, &mut wait, &mut total);
            hour.add_results(start_ms, &mut results);
        }
        prop_assert!(wait.percentile_ms(50) <= wait.percentile_ms(99));
        prop_assert!(results.iter().all(|(_, _, count)| count > 0));
        let totals = hour.totals();
        prop_assert_eq!(&totals.results, &results);
        prop_assert_eq!(&totals.wait.histogram, &wait);
        prop_assert_eq!(&totals.total.histogram, &total);
        Ok(())
    });
}
