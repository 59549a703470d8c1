//! How long a call and each run in it may take.
//!
//! What outlasts its call looks like an endpoint that is away, and the job ends as a
//! dead letter instead of a verdict. So every run is sent a limit of wall time, and the
//! call is waited for until the last of them must have ended. Pure.

/// The time in which a run without a limit of its own is expected to end, in
/// milliseconds: Piston's default.
const USUAL_RUN_MS: u64 = 3_000;
/// The wall time of a run without a limit of its own, in milliseconds: our runner's
/// default, for its 3 s of CPU time.
const DEFAULT_WALL_MS: u64 = 10_000;
/// The time of a call beyond that of its runs, in milliseconds.
pub(super) const MARGIN_MS: u64 = 1_000;
/// For how long cases are started where one of them may take nearly all of what the job
/// can have, in milliseconds: most take far less.
const LEAST_STARTS_MS: u64 = 2_000;
/// The most that a language's allowance adds to half of a limit, in milliseconds.
const ALLOWANCE_MS: u64 = 700;

/// The limits of a run that bear on its time, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLimits {
    /// CPU time, if it has a limit.
    pub cpu_ms: Option<u64>,
    /// `RUN_TIMEOUT_MS`.
    pub configured_ms: Option<u64>,
    /// The most wall time that the endpoint gives, where it has said that.
    pub most_wall_ms: Option<u64>,
    /// Of compiling; `None` for a language that does not compile.
    pub compile_ms: Option<u64>,
    /// Whether the endpoint raises them by the language's allowance.
    pub has_allowance: bool,
}

impl TimeLimits {
    /// How much of the job's time a run is expected to take at most.
    pub(super) fn run_ms(&self) -> u64 {
        match (self.cpu_ms, self.configured_ms) {
            (Some(cpu_ms), _) => cpu_ms,
            (None, Some(_)) => self.wall_ms(),
            (None, None) => USUAL_RUN_MS.min(self.wall_ms()),
        }
    }

    /// The wall time to ask for. CPU time is what a problem limits: on a busy machine a
    /// program also waits, so it has three times that and a second, as by our runner's
    /// own rule.
    fn wall_ms(&self) -> u64 {
        let wall_ms = match self.cpu_ms {
            Some(cpu_ms) => 3 * cpu_ms + 1_000,
            None => self.configured_ms.unwrap_or(DEFAULT_WALL_MS),
        };
        wall_ms.min(self.most_wall_ms.unwrap_or(u64::MAX))
    }

    /// How long a run can take that was asked for with so much wall time.
    fn raised_ms(&self, wall_ms: u64) -> u64 {
        if self.has_allowance {
            wall_ms * 3 / 2 + ALLOWANCE_MS
        } else {
            wall_ms
        }
    }

    /// The wall time to ask for where a run can take so long.
    fn lowered_ms(&self, fits_ms: u64) -> u64 {
        if self.has_allowance {
            fits_ms.saturating_sub(ALLOWANCE_MS) * 2 / 3
        } else {
            fits_ms
        }
    }
}

/// What a job may still take, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLeft {
    /// Within its own time.
    pub remaining_ms: u64,
    /// At the very most.
    pub most_ms: u64,
    /// How long the call may wait in the endpoint's queue.
    pub queue_ms: u64,
}

/// The times of a call, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallTimes {
    /// The wall time of each run.
    pub run_timeout_ms: u64,
    /// After that no further case is started. Counted from the call's arrival.
    pub cases_timeout_ms: u64,
    /// How long the call is waited for.
    pub call_ms: u64,
}

impl CallTimes {
    /// Of a call with several cases, or with one run.
    pub(super) fn of(limits: &TimeLimits, left: TimeLeft, several: bool) -> Self {
        let TimeLeft {
            remaining_ms,
            most_ms,
            queue_ms,
        } = left;
        let (run_ms, wall_ms) = (limits.run_ms(), limits.wall_ms());
        let takes_ms = limits.raised_ms(wall_ms);
        // A further case is started while the job has time for it, and only where it
        // ends before the job must.
        let in_time_ms = (remaining_ms + queue_ms).saturating_sub(run_ms + MARGIN_MS);
        let spare_ms = most_ms.saturating_sub(takes_ms + MARGIN_MS);
        let cases_timeout_ms = in_time_ms.min(spare_ms.max(LEAST_STARTS_MS)).max(1);
        // The first run begins whenever the call's turn comes.
        let begins_ms = if several {
            cases_timeout_ms.max(queue_ms)
        } else {
            queue_ms
        };
        let fits_ms = most_ms.saturating_sub(begins_ms + MARGIN_MS);
        let takes_ms = takes_ms.min(fits_ms);
        let compiled_ms = limits.compile_ms.map_or(0, |ms| ms + takes_ms + MARGIN_MS);
        let in_time_ms = remaining_ms + takes_ms.saturating_sub(run_ms);
        Self {
            run_timeout_ms: wall_ms.min(limits.lowered_ms(fits_ms)).max(1),
            cases_timeout_ms,
            call_ms: (in_time_ms.max(compiled_ms) + queue_ms)
                .max(begins_ms + takes_ms + MARGIN_MS)
                .min(most_ms),
        }
    }
}

/// The most wall time that the endpoint gives, in milliseconds, from the words with which
/// it refuses more.
pub(super) fn most_wall_ms(refusal: &str) -> Option<u64> {
    let (_, rest) = refusal.split_once("run_timeout cannot exceed ")?;
    rest.rsplit_once(' ')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: TimeLimits = TimeLimits {
        cpu_ms: None,
        configured_ms: None,
        most_wall_ms: None,
        compile_ms: None,
        has_allowance: false,
    };

    #[test]
    fn the_times_of_a_job_with_all_of_its_time() {
        let left = TimeLeft {
            remaining_ms: 15_000,
            most_ms: 58_000,
            queue_ms: 2_000,
        };
        let of = |limits: TimeLimits| {
            let times = CallTimes::of(&limits, left, true);
            (times.run_timeout_ms, times.cases_timeout_ms, times.call_ms)
        };
        // 3 s are expected, and 10 s are given and waited for.
        assert_eq!(of(NONE), (10_000, 13_000, 24_000));
        let gives_3_s = TimeLimits {
            most_wall_ms: Some(3_000),
            ..NONE
        };
        assert_eq!(of(gives_3_s), (3_000, 13_000, 17_000));
        let configured = |ms| TimeLimits {
            configured_ms: Some(ms),
            ..NONE
        };
        assert_eq!(of(configured(3_000)), (3_000, 13_000, 17_000));
        // More than the job's own time.
        assert_eq!(of(configured(20_000)), (20_000, 1, 23_000));
        let limited = |ms| TimeLimits {
            cpu_ms: Some(ms),
            has_allowance: true,
            ..NONE
        };
        assert_eq!(of(limited(1_500)), (5_500, 14_500, 24_450));
        // More than the job can have: cases are started all the same.
        assert_eq!(of(limited(14_000)), (36_200, 2_000, 58_000));
        let compiled = TimeLimits {
            compile_ms: Some(25_000),
            ..NONE
        };
        assert_eq!(of(compiled).2, 25_000 + 10_000 + 1_000 + 2_000);
    }

    fn some(all: &[u64]) -> Vec<Option<u64>> {
        let some = all.iter().copied().map(Some);
        [None].into_iter().chain(some).collect()
    }

    fn all_limits() -> Vec<TimeLimits> {
        let mut all = Vec::new();
        for cpu_ms in some(&[1, 1_000, 3_000, 14_000, 60_000]) {
            for configured_ms in some(&[500, 3_000, 20_000, 120_000]) {
                for most_wall_ms in some(&[3_000, 12_000]) {
                    for has_allowance in [false, true] {
                        all.push(TimeLimits {
                            cpu_ms,
                            configured_ms,
                            most_wall_ms,
                            compile_ms: None,
                            has_allowance,
                        });
                    }
                }
            }
        }
        all
    }

    /// Whatever limits it has, and whatever the job has left.
    #[test]
    fn no_run_outlasts_its_call() {
        for limits in all_limits() {
            for (remaining_ms, beyond_ms) in [
                (0, 3_000),
                (0, 25_000),
                (2_600, 10_000),
                (15_000, 3_000),
                (15_000, 15_000),
                (15_000, 43_000),
                (60_000, 120_000),
            ] {
                let most_ms = remaining_ms + beyond_ms;
                let left = TimeLeft {
                    remaining_ms,
                    most_ms,
                    queue_ms: (most_ms / 4).min(2_000),
                };
                for several in [false, true] {
                    let times = CallTimes::of(&limits, left, several);
                    let waits_ms = left.queue_ms;
                    let begins_ms = if several {
                        times.cases_timeout_ms.max(waits_ms)
                    } else {
                        waits_ms
                    };
                    let mut takes_ms = times.run_timeout_ms;
                    if limits.has_allowance && takes_ms > 1 {
                        takes_ms += takes_ms / 2 + ALLOWANCE_MS;
                    }
                    assert!(
                        begins_ms + takes_ms < times.call_ms && times.call_ms <= most_ms,
                        "{limits:?} {left:?} {several}: {times:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_most_wall_time_is_read_from_a_refusal() {
        let refused = "The execution endpoint refused the job: ";
        for (words, most_ms) in [
            (
                "run_timeout cannot exceed the configured limit of 3000",
                Some(3_000),
            ),
            ("run_timeout cannot exceed the configured limit", None),
            ("run_timeout must be non-negative", None),
            ("run_cpu_time cannot exceed the configured limit of 9", None),
        ] {
            let words = format!("{refused}{words}");
            assert_eq!(most_wall_ms(&words), most_ms, "{words}");
        }
    }
}
