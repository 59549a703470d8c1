//! The counters of an hour, all in one string of 32-bit numbers, so that one
//! `BITFIELD` in a call of `work.lua` counts whatever the call settles. A string has
//! [`COUNTERS`] numbers, 6.6 KB, however much is counted.
//!
//! | from | how many | what |
//! | --- | --- | --- |
//! | 0 | 1 | Redis commands |
//! | 1 | 60 · 3 | of each minute: jobs done, dead letters, Redis commands |
//! | 181 | 4 · 336 | of each quarter of the hour: waits by [`BUCKETS_MS`], times in all by the same, results by language and verdict |
//! | 1525 | 4 · 30 | of each quarter of the hour: runs by the same buckets; the sums of the waits, the runs and the times in all, each in whole seconds and in the milliseconds beside them |
//!
//! `settlement.rs` writes them through the script; [`stats`](super::stats) and
//! [`metrics`](super::metrics) read them. An hour's string is kept for a day, for the
//! sums of a day.

use crate::domain::language::canonical_name;
use crate::domain::result::ResultDocument;
use crate::domain::verdict::Verdict;

/// An hour, in milliseconds.
pub(super) const HOUR_MS: u64 = 3_600_000;
/// A minute, in milliseconds.
pub(super) const MINUTE_MS: u64 = 60_000;
/// A quarter of an hour, in milliseconds.
pub(super) const QUARTER_MS: u64 = 900_000;

/// The ends of the buckets that durations are counted in, in milliseconds. The last
/// one stands for everything above an hour.
pub const BUCKETS_MS: [u64; 24] = [
    10, 20, 50, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000,
    15_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000, 21_600_000,
];

/// The languages that are told apart, by Piston's names; all others are
/// [`OTHER_LANGUAGE`]. Their places are stored: append, and never more than 31.
const LANGUAGES: [&str; 31] = [
    "python",
    "javascript",
    "typescript",
    "c",
    "c++",
    "java",
    "rust",
    "go",
    "csharp",
    "ruby",
    "php",
    "kotlin",
    "swift",
    "scala",
    "haskell",
    "perl",
    "bash",
    "lua",
    "rscript",
    "dart",
    "elixir",
    "erlang",
    "clojure",
    "ocaml",
    "fsharp",
    "julia",
    "pascal",
    "fortran",
    "d",
    "nasm",
    "sqlite3",
];
/// All other languages together.
const OTHER_LANGUAGE: &str = "other";

/// The verdicts that a result can have. Their places are stored.
const VERDICTS: [Verdict; 9] = [
    Verdict::Executed,
    Verdict::Accepted,
    Verdict::WrongAnswer,
    Verdict::TimeLimitExceeded,
    Verdict::MemoryLimitExceeded,
    Verdict::OutputLimitExceeded,
    Verdict::RuntimeError,
    Verdict::CompilationError,
    Verdict::InternalError,
];

const MINUTES: usize = 1;
const PER_MINUTE: usize = 3;
const DONE: usize = 0;
const DEAD: usize = 1;
const COMMANDS: usize = 2;

const QUARTERS: usize = MINUTES + 60 * PER_MINUTE;
const WAIT: usize = 0;
const TOTAL: usize = WAIT + BUCKETS_MS.len();
const RESULTS: usize = TOTAL + BUCKETS_MS.len();
const PER_QUARTER: usize = RESULTS + (LANGUAGES.len() + 1) * VERDICTS.len();

/// Where the counters begin that came later: places are stored.
const LATER: usize = QUARTERS + 4 * PER_QUARTER;
const RUN: usize = 0;
const SUMS: usize = RUN + BUCKETS_MS.len();
/// Two each, because 32 bits hold 50 days of milliseconds: a backlog of a few thousand
/// jobs waits longer than that in a quarter of an hour.
const PER_SUM: usize = 2;
const PER_LATER: usize = SUMS + 3 * PER_SUM;

/// How many counters an hour has.
pub const COUNTERS: usize = LATER + 4 * PER_LATER;

/// What durations are of, in the order of their sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duration {
    Wait,
    Run,
    Total,
}

impl Duration {
    const ALL: [Self; 3] = [Self::Wait, Self::Run, Self::Total];

    /// The counter of its first bucket, in this quarter of an hour.
    fn first_bucket(self, at_ms: u64) -> usize {
        match self {
            Self::Wait => of_quarter(at_ms, WAIT),
            Self::Run => of_later(at_ms, RUN),
            Self::Total => of_quarter(at_ms, TOTAL),
        }
    }

    /// The counters of its sum: seconds, and milliseconds beside them.
    fn sums(self, at_ms: u64) -> [usize; PER_SUM] {
        let first = SUMS + PER_SUM * self as usize;
        [first, first + 1].map(|counter| of_later(at_ms, counter))
    }
}

fn minute(now_ms: u64) -> usize {
    (now_ms / MINUTE_MS % 60) as usize
}

fn quarter(now_ms: u64) -> usize {
    (now_ms / QUARTER_MS % 4) as usize
}

fn of_minute(now_ms: u64, counter: usize) -> usize {
    MINUTES + minute(now_ms) * PER_MINUTE + counter
}

fn of_quarter(now_ms: u64, counter: usize) -> usize {
    QUARTERS + quarter(now_ms) * PER_QUARTER + counter
}

fn of_later(now_ms: u64, counter: usize) -> usize {
    LATER + quarter(now_ms) * PER_LATER + counter
}

fn bucket(ms: u64) -> usize {
    let fits = BUCKETS_MS.iter().position(|&end| ms <= end);
    fits.unwrap_or(BUCKETS_MS.len() - 1)
}

fn result_counter(language: &str, verdict: Verdict) -> Option<usize> {
    let name = canonical_name(language);
    let known = LANGUAGES.iter().position(|&known| known == name);
    let verdict = VERDICTS.iter().position(|&known| known == verdict)?;
    Some(RESULTS + known.unwrap_or(LANGUAGES.len()) * VERDICTS.len() + verdict)
}

/// As `BITFIELD` takes them, with spaces between: `#8 #181`.
fn offsets(counters: impl IntoIterator<Item = usize>) -> String {
    let texts: Vec<String> = counters.into_iter().map(|at| format!("#{at}")).collect();
    texts.join(" ")
}

/// The counters that one more result is counted in.
pub(super) fn of_result(result: &ResultDocument, now_ms: u64) -> String {
    let mut counters = vec![of_minute(now_ms, DONE)];
    let found = result_counter(&result.language, result.verdict);
    counters.extend(found.map(|counter| of_quarter(now_ms, counter)));
    let mut sums = String::new();
    if let Some(since_ms) = result.waits_since_ms {
        for duration in Duration::ALL {
            let (from_ms, to_ms) = match duration {
                Duration::Wait => (since_ms, result.started_at_ms),
                Duration::Run => (result.started_at_ms, result.finished_at_ms),
                Duration::Total => (since_ms, result.finished_at_ms),
            };
            let ms = to_ms.saturating_sub(from_ms);
            counters.push(duration.first_bucket(now_ms) + bucket(ms));
            let [seconds, rest] = duration.sums(now_ms);
            for (counter, by) in [(seconds, ms / 1_000), (rest, ms % 1_000)] {
                if by > 0 {
                    sums.push_str(&format!(" #{counter}+{by}"));
                }
            }
        }
    }
    offsets(counters) + &sums
}

/// The counter that one more dead letter is counted in.
pub(super) fn of_dead_letter(now_ms: u64) -> String {
    offsets([of_minute(now_ms, DEAD)])
}

/// The counter of the commands of this minute. That of the hour is `#0`.
pub(super) fn of_commands(now_ms: u64) -> String {
    offsets([of_minute(now_ms, COMMANDS)])
}

/// What was counted in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct MinuteCounts {
    pub(super) done: u64,
    pub(super) dead: u64,
    pub(super) commands: u64,
}

/// How many durations there were in each bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram([u64; BUCKETS_MS.len()]);

impl Histogram {
    /// How many durations there were in each bucket, by its end in milliseconds.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        BUCKETS_MS.into_iter().zip(self.0)
    }

    /// Adds those of another.
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    /// How many durations.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The end of the bucket with the duration that so many percent do not exceed,
    /// in milliseconds.
    pub(super) fn percentile_ms(&self, percent: u64) -> u64 {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let mut buckets = self.0.iter().zip(BUCKETS_MS);
        let reached = buckets.find(|(count, _)| {
            seen += *count;
            seen >= rank
        });
        reached.map_or(0, |(_, end_ms)| end_ms)
    }
}

/// The counters of an hour, as they are stored: a string that may end early.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HourCounts(pub(super) Vec<u8>);

impl HourCounts {
    fn get(&self, counter: usize) -> u64 {
        let bytes = self.0.get(4 * counter..4 * counter + 4);
        let number = bytes.and_then(|bytes| bytes.try_into().ok());
        number.map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes)))
    }

    /// The commands of the hour.
    pub(super) fn commands(&self) -> u64 {
        self.get(0)
    }

    /// The minute that holds this time of the hour.
    pub(super) fn minute(&self, at_ms: u64) -> MinuteCounts {
        let get = |counter| self.get(of_minute(at_ms, counter));
        MinuteCounts {
            done: get(DONE),
            dead: get(DEAD),
            commands: get(COMMANDS),
        }
    }

    /// Adds the waits and times of the quarter that holds this time of the hour.
    pub(super) fn add_durations(&self, at_ms: u64, wait: &mut Histogram, total: &mut Histogram) {
        self.add_buckets(at_ms, Duration::Wait, wait);
        self.add_buckets(at_ms, Duration::Total, total);
    }

    fn add_buckets(&self, at_ms: u64, duration: Duration, sums: &mut Histogram) {
        let first = duration.first_bucket(at_ms);
        for (bucket, sum) in sums.0.iter_mut().enumerate() {
            *sum += self.get(first + bucket);
        }
    }

    /// What the whole hour counted.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            commands: self.commands(),
            ..Totals::default()
        };
        for minute in 0..60 {
            totals.dead += self.minute(minute * MINUTE_MS).dead;
        }
        for at_ms in (0..4).map(|quarter| quarter * QUARTER_MS) {
            self.add_results(at_ms, &mut totals.results);
            let all = [&mut totals.wait, &mut totals.run, &mut totals.total];
            for (duration, sums) in Duration::ALL.into_iter().zip(all) {
                self.add_buckets(at_ms, duration, &mut sums.histogram);
                let [seconds, rest] = duration.sums(at_ms);
                sums.sum_ms += 1_000 * self.get(seconds) + self.get(rest);
            }
        }
        totals
    }

    /// Adds the results of the quarter that holds this time of the hour.
    pub(super) fn add_results(&self, at_ms: u64, sums: &mut ResultCounts) {
        for (number, sum) in sums.0.iter_mut().enumerate() {
            *sum += self.get(of_quarter(at_ms, RESULTS + number));
        }
    }
}

/// How many results there were, by language and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultCounts(Vec<u64>);

/// Durations of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    /// By length.
    pub histogram: Histogram,
    /// All of them together, in milliseconds.
    pub sum_ms: u64,
}

/// What was counted in one or more hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Results by language and verdict.
    pub results: ResultCounts,
    /// Jobs that were given up.
    pub dead: u64,
    /// Commands of Redis, about.
    pub commands: u64,
    /// Of submissions that are not judged again: since they were submitted, were due or
    /// were replayed, until they were handed to the endpoint the last time.
    pub wait: Durations,
    /// Since then until they were finished.
    pub run: Durations,
    /// Both together.
    pub total: Durations,
}

impl Totals {
    /// Adds those of other hours.
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.results.0.iter_mut().zip(&other.results.0) {
            *sum += more;
        }
        self.dead += other.dead;
        self.commands += other.commands;
        for (sums, more) in [
            (&mut self.wait, &other.wait),
            (&mut self.run, &other.run),
            (&mut self.total, &other.total),
        ] {
            sums.histogram.add(&more.histogram);
            sums.sum_ms += more.sum_ms;
        }
    }
}

impl Default for ResultCounts {
    fn default() -> Self {
        Self(vec![0; PER_QUARTER - RESULTS])
    }
}

impl ResultCounts {
    /// Those that there are.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Verdict, u64)> {
        self.all().filter(|&(_, _, count)| count > 0)
    }

    /// Each language with each verdict, also where there is none: 288.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Verdict, u64)> {
        self.0.iter().enumerate().filter_map(|(number, &count)| {
            let language = LANGUAGES.get(number / VERDICTS.len());
            let verdict = *VERDICTS.get(number % VERDICTS.len())?;
            let language = language.copied().unwrap_or(OTHER_LANGUAGE);
            Some((language, verdict, count))
        })
    }
}

#[cfg(test)]
mod tests;
