//! What viewers of a watched job may see while it is judged.

use shared::domain::verdict::Verdict;

use super::JudgeSession;

impl JudgeSession<'_> {
    /// The verdicts of a program's first cases, as far as they are known and the
    /// result will show them too. Those of a function may change until the end,
    /// where a case is run again alone.
    pub fn live_verdicts(&self) -> Vec<Verdict> {
        if self.harness.is_some() || self.failure.is_some() {
            return Vec::new();
        }
        let end = match self.first_failed() {
            Some(failed) if self.problem.stop_on_first_fail => failed + 1,
            _ => self.runs.len(),
        };
        let known = self.runs.iter().take(end).map_while(Option::as_ref);
        known.map(|run| run.verdict).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::session_tests::{NONCE, ended, program, ran};

    /// What is shown after each step of a program whose case `failing` fails, with
    /// three cases a step after the first; and what the result shows.
    fn shown(cases: usize, failing: usize, stop: bool) -> (Vec<usize>, Vec<Verdict>) {
        let texts: Vec<String> = (0..cases).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let problem = program(&texts, stop);
        let mut session = JudgeSession::new(&problem, "python", &"".into(), NONCE.into());
        session.most_cases = 3;
        let mut lengths = Vec::new();
        let mut last = Vec::new();
        while let Some(step) = session.next_step() {
            if session.is_decided() {
                break;
            }
            let run = |case: &usize| match *case {
                case if case == failing => ended("wrong", 0),
                case => ended(texts[case], 0),
            };
            let runs = step.cases.iter().map(run).collect();
            session.take(&step, ran(runs));
            let verdicts = session.live_verdicts();
            assert!(verdicts.starts_with(&last), "what was shown stays");
            lengths.push(verdicts.len());
            last = verdicts;
        }
        (lengths, last)
    }

    #[test]
    fn verdicts_come_step_by_step_and_end_with_what_the_result_shows() {
        let (lengths, verdicts) = shown(16, 99, true);
        assert_eq!(lengths, [8, 11, 14, 16]);
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Accepted));
        // Cases after the failed one were run, and the result shows them as skipped.
        let (lengths, verdicts) = shown(16, 4, true);
        assert_eq!(lengths, [5]);
        assert_eq!(verdicts[4], Verdict::WrongAnswer);
        assert_eq!(shown(16, 4, false).0, [16]);
    }

    #[test]
    fn code_that_does_not_compile_shows_no_case() {
        let problem = program(&["a", "b"], true);
        let mut session = JudgeSession::new(&problem, "python", &"".into(), NONCE.into());
        let step = session.next_step().unwrap();
        session.take(&step, ran(Vec::new()));
        assert_eq!(session.live_verdicts(), []);
    }
}
