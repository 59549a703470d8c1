//! Judging in several invocations: what one has found out, the next one takes over.

use shared::domain::answer::Usage;
use shared::domain::ids::ProblemVersion;
use shared::domain::progress::{KnownCase, Progress};

use super::{JudgeSession, Phase};
use crate::judge::case::CaseRun;

impl JudgeSession<'_> {
    /// Takes over what another invocation has found out. Of those cases only the
    /// verdicts are known, so shown ones that failed are run once more for evidence.
    pub fn resume(&mut self, progress: &Progress) {
        if progress.cases.len() != self.runs.len() || self.phase == Phase::Over {
            return;
        }
        for (run, known) in self.runs.iter_mut().zip(&progress.cases) {
            *run = known.map(|known| CaseRun {
                verdict: known.verdict,
                share: known.share,
                usage: known.usage,
                shown: None,
                may_be_shown: false,
                archived: None,
            });
        }
        let usages = progress.cases.iter().flatten().map(|known| known.usage);
        self.peak_usage = usages.fold(self.peak_usage, Usage::max);
        self.single_runs = progress.count();
        self.archive_left = 0;
        self.phase = Phase::Single;
    }

    /// How far it has come, for another invocation.
    pub fn progress(&self, version: &ProblemVersion) -> Progress {
        let known = |run: &CaseRun| KnownCase {
            verdict: run.verdict,
            usage: run.usage,
            share: run.share,
        };
        Progress {
            version: version.clone(),
            cases: self
                .runs
                .iter()
                .map(|run| run.as_ref().map(known))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::verdict::Verdict;

    use super::*;
    use crate::judge::assess::assess;
    use crate::judge::session_tests::{NONCE, ended, program, ran};

    #[test]
    fn another_invocation_goes_on_with_what_was_not_run() {
        let version = ProblemVersion::new("v");
        let texts: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let problem = program(&texts, true);
        let mut first = JudgeSession::new(&problem, "py", &"code".into(), NONCE.into());
        let step = first.next_step().unwrap();
        let answered: Vec<_> = texts[..3].iter().map(|text| ended(text, 0)).collect();
        first.take(&step, ran(answered));
        let progress = first.progress(&version);
        assert_eq!(progress.count(), 3);

        let mut second = JudgeSession::new(&problem, "py", &"code".into(), NONCE.into());
        second.resume(&progress);
        let mut ran_cases = Vec::new();
        while let Some(step) = second.next_step() {
            ran_cases.extend(step.cases.clone());
            let answers = step.cases.iter().map(|&case| ended(texts[case], 0));
            second.take(&step, ran(answers.collect()));
        }
        assert_eq!(ran_cases, (3..12).collect::<Vec<_>>());
        let assessment = assess(&problem, &version, &second.findings());
        assert_eq!(assessment.verdict, Verdict::Accepted);
        assert_eq!(assessment.judgement.cases[0].cpu_time_ms, Some(5));
        // Without the answers it cannot be judged again without running.
        assert!(
            second
                .runs
                .iter()
                .flatten()
                .all(|run| run.archived.is_none())
        );
    }

    #[test]
    fn a_failure_that_another_invocation_found_is_run_again_for_its_evidence() {
        let version = ProblemVersion::new("v");
        let problem = program(&["a", "b"], false);
        let mut first = JudgeSession::new(&problem, "py", &"code".into(), NONCE.into());
        let step = first.next_step().unwrap();
        first.take(&step, ran(vec![ended("x", 0)]));
        let mut second = JudgeSession::new(&problem, "py", &"code".into(), NONCE.into());
        second.resume(&first.progress(&version));
        let mut steps = Vec::new();
        while let Some(step) = second.next_step() {
            steps.push(step.cases.clone());
            let answers = step.cases.iter().map(|&case| ended(["x", "b"][case], 0));
            second.take(&step, ran(answers.collect()));
        }
        assert_eq!(steps, [vec![1], vec![0]]);
        let assessment = assess(&problem, &version, &second.findings());
        let evidence = assessment.judgement.cases[0].evidence.as_ref().unwrap();
        assert_eq!(evidence.actual.as_deref(), Some("x"));
    }
}
