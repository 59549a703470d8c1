//! Keeps a response within the bytes that it may take on the wire.
//!
//! `execute.rs` shows every stage to a [`Budget`] before it becomes a part of the
//! response. Streams that do not fit are cut, and a run that lost some of its output
//! ends with the status `OL`, because nobody can judge a part.

use crate::encoded::{cut_to, encoded_len};
use crate::wire::StageResult;

/// Bytes of a response outside its stages: names, versions, limits.
const ENVELOPE_BYTES: usize = 2_048;
/// Bytes of a stage outside its streams. The longest part is the message, which is
/// one of our own sentences.
const STAGE_BYTES: usize = 768;

/// What of a response's bytes is left.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    /// Whether the response has one of its runs, or its failed compilation, twice.
    repeats: bool,
    /// The costliest run so far: it may be the one that is repeated.
    costliest: usize,
    has_runs: bool,
}

/// What became of a run that was shown to the budget.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is part of the response.
    Whole,
    /// It is part of the response, its output was cut, and no run may follow.
    Cut,
    /// It is not part of the response, which has runs already: in a response of its
    /// own it fits. No run may follow.
    Left,
}

impl Budget {
    /// A budget of this many bytes, at least
    /// [`LEAST_ANSWER_BYTES`](crate::config::LEAST_ANSWER_BYTES).
    pub(crate) fn new(bytes: usize, repeats: bool) -> Self {
        Self {
            left: bytes.saturating_sub(ENVELOPE_BYTES),
            repeats,
            costliest: 0,
            has_runs: false,
        }
    }

    /// Takes the compile stage. Its streams may have a quarter of what is left, so that
    /// runs have room, or of a failed one half: then there is nothing else, but it may
    /// be repeated. Its status stays: what a compiler prints is not judged.
    pub(crate) fn take_compilation(&mut self, stage: &mut StageResult) {
        let share = if stage.status.is_some() { 2 } else { 4 };
        let most = (self.left / share).saturating_sub(STAGE_BYTES);
        if streams(stage) > most {
            cut(stage, most);
        }
        self.left = self.left.saturating_sub(cost(stage));
    }

    /// Takes a run, if it fits.
    pub(crate) fn take_run(&mut self, run: &mut StageResult) -> Fit {
        let price = self.price(cost(run));
        if price <= self.left {
            self.left -= cost(run);
            self.costliest = self.costliest.max(cost(run));
            self.has_runs = true;
            return Fit::Whole;
        }
        if self.has_runs {
            self.left = 0;
            return Fit::Left;
        }
        let share = if self.repeats { 2 } else { 1 };
        cut(run, (self.left / share).saturating_sub(STAGE_BYTES));
        run.output_exceeded();
        self.left = 0;
        self.has_runs = true;
        Fit::Cut
    }

    /// Whether another run may start: even one without output would have to fit.
    pub(crate) fn allows_a_run(&self) -> bool {
        !self.has_runs || self.price(STAGE_BYTES) <= self.left
    }

    /// What a run of this cost takes, together with the one that is repeated.
    fn price(&self, cost: usize) -> usize {
        cost + if self.repeats {
            self.costliest.max(cost)
        } else {
            0
        }
    }
}

fn cost(stage: &StageResult) -> usize {
    STAGE_BYTES + streams(stage)
}

fn streams(stage: &StageResult) -> usize {
    let output = stage.output.as_deref().unwrap_or_default();
    encoded_len(&stage.stdout) + encoded_len(&stage.stderr) + encoded_len(output)
}

/// Cuts the streams to this many bytes together: standard error gets a quarter, or
/// what standard output leaves, and the combined output as much as both.
fn cut(stage: &mut StageResult, most: usize) {
    let both = if stage.output.is_some() {
        most / 2
    } else {
        most
    };
    let (stdout, stderr) = (encoded_len(&stage.stdout), encoded_len(&stage.stderr));
    let for_stderr = stderr.min((both / 4).max(both.saturating_sub(stdout)));
    cut_to(&mut stage.stderr, for_stderr);
    cut_to(&mut stage.stdout, both - for_stderr);
    if let Some(output) = &mut stage.output {
        cut_to(output, both);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::LEAST_ANSWER_BYTES;
    use crate::sandbox::{Ending, Report};
    use fuzz::fuzz;

    fn stage(stdout: &str, stderr: &str, is_combined: bool) -> StageResult {
        let mut report = Report::not_run(Ending::Exited(0));
        report.stdout = stdout.into();
        report.stderr = stderr.into();
        report.output = is_combined.then(|| [stdout, stderr].concat().into());
        StageResult::from(report)
    }

    fn encoded(stage: &StageResult) -> usize {
        serde_json::to_string(stage).unwrap().len()
    }

    #[test]
    fn run_that_fits_exactly_is_whole_and_one_byte_more_is_cut() {
        let room = LEAST_ANSWER_BYTES as usize - ENVELOPE_BYTES - STAGE_BYTES;
        for (bytes, fit, status) in [(room, Fit::Whole, None), (room + 1, Fit::Cut, Some("OL"))] {
            let mut budget = Budget::new(LEAST_ANSWER_BYTES as usize, false);
            let mut run = stage(&"x".repeat(bytes), "", false);
            assert_eq!(budget.take_run(&mut run), fit);
            assert_eq!((run.stdout.len(), run.status), (room, status));
            assert!(!budget.allows_a_run());
        }
        // A control character takes six bytes.
        let mut budget = Budget::new(LEAST_ANSWER_BYTES as usize, false);
        let mut run = stage(&"\u{1}".repeat(room), "", false);
        assert_eq!(budget.take_run(&mut run), Fit::Cut);
        assert_eq!(run.stdout.len(), room / 6);
    }

    #[test]
    fn run_that_fits_by_itself_only_is_left_out() {
        let mut budget = Budget::new(LEAST_ANSWER_BYTES as usize, false);
        let mut runs = [9_000, 9_000].map(|bytes| stage(&"x".repeat(bytes), "", false));
        assert_eq!(budget.take_run(&mut runs[0]), Fit::Whole);
        assert!(budget.allows_a_run());
        assert_eq!(budget.take_run(&mut runs[1]), Fit::Left);
        assert!(!budget.allows_a_run());
    }

    #[test]
    fn cut_streams_share_the_room() {
        for (stdout, stderr, kept) in [
            (9_000, 9_000, (750, 250)),
            (9_000, 100, (900, 100)),
            (100, 9_000, (100, 900)),
        ] {
            let mut stage = stage(&"o".repeat(stdout), &"e".repeat(stderr), false);
            cut(&mut stage, 1_000);
            assert_eq!((stage.stdout.len(), stage.stderr.len()), kept);
        }
    }

    /// Whatever the stages print, the response keeps to its limit.
    #[test]
    fn fuzz_stages_that_were_taken_fit_the_budget() {
        let text = (
            prop::sample::select(vec!["\u{1}", "x", "é", "\"", "\u{fffd}"]),
            0..9_000_usize,
        )
            .prop_map(|(part, times)| part.repeat(times));
        let stages = prop::collection::vec((text.clone(), text), 1..5);
        let options = (any::<bool>(), any::<bool>(), LEAST_ANSWER_BYTES..60_000);
        fuzz(
            &(stages, options),
            |(stages, (repeats, compiles, bytes))| {
                let bytes = bytes as usize;
                let mut budget = Budget::new(bytes, repeats);
                let mut stages = stages
                    .iter()
                    .map(|(stdout, stderr)| stage(stdout, stderr, repeats));
                let mut sum = ENVELOPE_BYTES;
                if compiles && let Some(mut compilation) = stages.next() {
                    budget.take_compilation(&mut compilation);
                    sum += encoded(&compilation);
                }
                let mut costliest = 0;
                for mut run in stages {
                    if !budget.allows_a_run() {
                        break;
                    }
                    let fit = budget.take_run(&mut run);
                    if fit != Fit::Left {
                        sum += encoded(&run);
                        costliest = costliest.max(encoded(&run));
                    }
                    prop_assert_eq!(fit == Fit::Cut, run.status == Some("OL"));
                    prop_assert!(fit == Fit::Whole || !budget.allows_a_run());
                }
                if repeats {
                    sum += costliest;
                }
                prop_assert!(sum <= bytes, "{} of {}", sum, bytes);
                Ok(())
            },
        );
    }
}
