//! One attempt at one job: read it, have it run, say what becomes of it.
//!
//! A submission to a known problem is judged, any other is only run. One that
//! was judged before, with the same inputs, is judged by what it answered then.
//!
//! A job that was claimed ends its attempt in one of these ways, and each says
//! whose doing it was. It is *done*: there is a result, good or bad. It *failed*
//! or is *dead*: the endpoint broke on it, or it cannot be read, or it was
//! tried often enough. The endpoint was *away*: nobody's fault. Or it was
//! *lost*: no answer came, and whose fault that was only the drain can find out.

use shared::job::Job;
use shared::queue::work::{DeadLetter, FailedAttempt, Leased, Outcome};
use shared::queue::{Queue, retry};
use shared::redis::Client;
use shared::result::{Judgement, MAX_STREAM_BYTES, ResultDocument, Stage, Status, Verdict, cut};
use shared::ticket::TicketKey;

use crate::config::Config;
use crate::executor::{
    Allowance, Chosen, Execution, ExecutorError, Executors, Run, RunLimits, Share, StageReport,
};
use crate::judge::{keep, plain};
use crate::judging::{self, Judged};
use crate::problems::{Problems, Trouble};
use crate::surroundings::Surroundings;

/// Tries jobs.
pub struct Attempts {
    executors: Executors,
    problems: Problems,
    keep_submissions: bool,
    executor_timeout_ms: u64,
    tickets: TicketKey,
    max_attempts: u32,
    processing_delay_ms: u64,
    surroundings: Surroundings,
}

/// What results call the endpoint when none was needed: kept answers were
/// judged again.
const KEPT: &str = "kept";

/// What came of an attempt.
#[derive(Debug)]
pub enum Ran {
    /// It is known what becomes of the job.
    Settled(Outcome),
    /// The endpoint at this place will not work now; without a place: none that
    /// could run it is left.
    Away(ExecutorError, Option<usize>),
    /// No answer came from the endpoint at this place.
    Lost(ExecutorError, usize),
    /// It needs so many calls, and this invocation has not enough left.
    Crowded(u64),
}

impl Attempts {
    /// Tries jobs as `config` has it.
    pub fn new(config: &Config, surroundings: Surroundings) -> Self {
        Self {
            executors: Executors::new(&config.executor, surroundings),
            problems: Problems::new(Queue::new(Client::new(config.redis.clone()))),
            keep_submissions: config.keep_submissions,
            executor_timeout_ms: config.executor.timeout_ms,
            tickets: config.tickets.clone(),
            max_attempts: config.max_attempts,
            processing_delay_ms: config.processing_delay_ms,
            surroundings,
        }
    }

    /// The endpoints.
    pub fn executors(&self) -> &Executors {
        &self.executors
    }

    /// What the jobs are submissions to.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Tries one job with what it was started with. One call, and more only where
    /// an endpoint cannot do with one.
    pub async fn run(&self, leased: &Leased, share: Share) -> Ran {
        let attempt = leased.handle.attempt();
        if attempt > self.max_attempts {
            return Ran::Settled(self.give_up(leased, None));
        }
        let job = match Job::decode(&leased.payload) {
            Ok(job) => job,
            Err(unreadable) => {
                let reason = format!("This is no job: {unreadable}.");
                return Ran::Settled(self.dead(leased, reason, leased.past.clone()));
            }
        };
        if self.processing_delay_ms > 0 {
            (self.surroundings.sleep)(self.processing_delay_ms).await;
        }
        let started_at_ms = (self.surroundings.now_ms)();
        let problem = self.problems.of(&job.problem_id, || share.meter.take(1));
        let known = match problem.await {
            Ok(known) => known,
            Err(None) => return Ran::Crowded(2),
            // The attempt counts: what Redis will not give would stand in
            // everybody's way for ever.
            Err(Some(Trouble::Store(error))) => {
                let error = ExecutorError::Failed(format!("the problem: {error}"));
                return Ran::Settled(self.failed(leased, &error));
            }
            Err(Some(Trouble::Damaged(_))) => {
                let id = &job.problem_id;
                let why = format!("The problem {id} cannot be read; it must be published again.");
                let found = Found {
                    kept: Some(keep::unjudged(&job.code)),
                    ..Found::broken(why)
                };
                return self.done(&job, attempt, "", found, started_at_ms);
            }
        };
        // Whose id is not ours could have said what it liked about its answers.
        if let Some(known) = known.as_deref().filter(|_| self.own_id(&job).is_some())
            && let Some(judged) = judging::again(known, &job)
        {
            return self.done(&job, attempt, KEPT, judged.into(), started_at_ms);
        }
        // It can be judged again when what is in the way has been removed.
        let judged = known.is_some();
        let broken = |why| Found {
            kept: judged.then(|| keep::unjudged(&job.code)),
            ..Found::broken(why)
        };
        let allowance = Allowance::new(share, started_at_ms + self.executor_timeout_ms);
        let chosen = match self.executors.pick(&job.language, &allowance).await {
            Ok(chosen) => chosen,
            Err(ExecutorError::Refused(why)) => {
                return self.done(&job, attempt, "", broken(why), started_at_ms);
            }
            Err(ExecutorError::Crowded(calls)) => return Ran::Crowded(calls),
            Err(error) => return Ran::Away(error, None),
        };
        let found = match known {
            Some(known) => judging::judge(&known, &job, chosen, &allowance, self.surroundings)
                .await
                .map(Found::from),
            None => execute(chosen, &job, &allowance).await.map(Found::from),
        };
        let found = match found {
            Ok(found) => found,
            Err(ExecutorError::Refused(why)) => broken(why),
            Err(error @ ExecutorError::Failed(_)) => {
                return Ran::Settled(self.failed(leased, &error));
            }
            Err(error @ ExecutorError::Unavailable(_)) => {
                return Ran::Away(error, Some(chosen.at));
            }
            Err(error @ ExecutorError::Lost(_)) => return Ran::Lost(error, chosen.at),
            Err(ExecutorError::Crowded(calls)) => return Ran::Crowded(calls),
        };
        self.done(&job, attempt, chosen.name(), found, started_at_ms)
    }

    /// The attempt counts: the job is tried again later, or given up.
    pub fn failed(&self, leased: &Leased, error: &ExecutorError) -> Outcome {
        let failure = FailedAttempt {
            attempt: leased.handle.attempt(),
            reason: error.to_string(),
            at_ms: Some((self.surroundings.now_ms)()),
        };
        if failure.attempt >= self.max_attempts {
            return self.give_up(leased, Some(failure));
        }
        let [a, b, c, d, ..] = (self.surroundings.random)();
        Outcome::Retry {
            pause_ms: retry::pause_ms(failure.attempt, u32::from_be_bytes([a, b, c, d])),
            failure,
        }
    }

    fn give_up(&self, leased: &Leased, last: Option<FailedAttempt>) -> Outcome {
        let mut history = leased.past.clone();
        history.extend(last);
        let attempts = history.len();
        let last = history
            .last()
            .map_or("nothing is known of them", |one| one.reason.as_str());
        let reason = format!("Given up after {attempts} attempts. The last one: {last}");
        self.dead(leased, reason, history)
    }

    fn dead(&self, leased: &Leased, reason: String, history: Vec<FailedAttempt>) -> Outcome {
        let now_ms = (self.surroundings.now_ms)();
        let job = Job::decode(&leased.payload).ok();
        let id = job
            .as_ref()
            .and_then(|job| self.own_id(job))
            .map_or_else(|| self.new_id(now_ms), |(id, _)| id);
        let (problem_id, language) = job.map(|job| (job.problem_id, job.language)).unzip();
        Outcome::Dead(Box::new(DeadLetter {
            id,
            reason,
            problem_id,
            language,
            lane: leased.handle.lane(),
            attempts: leased.handle.attempt().min(self.max_attempts),
            history,
            dead_at_ms: now_ms,
        }))
    }

    /// A job's id and when it was given out, if it was given out here: a foreign
    /// job's own could overwrite, or be mistaken for, somebody else's.
    fn own_id(&self, job: &Job) -> Option<(String, u64)> {
        let id = job.id.as_deref()?;
        Some((id.to_owned(), self.tickets.verify(id)?.issued_at_ms))
    }

    fn new_id(&self, now_ms: u64) -> String {
        self.tickets.issue(now_ms, &(self.surroundings.random)())
    }

    fn done(
        &self,
        job: &Job,
        attempts: u32,
        executor: &str,
        found: Found,
        started_at_ms: u64,
    ) -> Ran {
        let (id, submitted_at_ms) = self
            .own_id(job)
            .unwrap_or_else(|| (self.new_id(started_at_ms), started_at_ms));
        Ran::Settled(Outcome::Done(Box::new(ResultDocument {
            id,
            problem_id: job.problem_id.clone(),
            language: job.language.clone(),
            language_version: found.version,
            status: Status::Done,
            verdict: found.verdict,
            output: cut(&found.output, MAX_STREAM_BYTES).to_owned(),
            compile: found.compile,
            run: found.run,
            judgement: found.judgement,
            attempts,
            executor: executor.to_owned(),
            submitted_at_ms,
            started_at_ms,
            finished_at_ms: (self.surroundings.now_ms)(),
            kept: found.kept.filter(|_| self.keep_submissions),
        })))
    }
}

/// What a result tells of a run.
struct Found {
    verdict: Verdict,
    output: String,
    version: Option<String>,
    compile: Option<Stage>,
    run: Option<Stage>,
    judgement: Option<Judgement>,
    kept: Option<String>,
}

impl Found {
    /// Nothing could be found out, and why.
    fn broken(why: String) -> Self {
        Self {
            verdict: Verdict::InternalError,
            output: why,
            version: None,
            compile: None,
            run: None,
            judgement: None,
            kept: None,
        }
    }
}

impl From<Execution> for Found {
    fn from(execution: Execution) -> Self {
        let (verdict, output) = plain::judge(&execution);
        Self {
            verdict,
            output,
            version: Some(execution.version),
            compile: execution.compile.map(kept),
            run: execution.runs.into_iter().next().map(kept),
            judgement: None,
            kept: None,
        }
    }
}

impl From<Judged> for Found {
    fn from(judged: Judged) -> Self {
        let assessment = judged.assessment;
        Self {
            verdict: assessment.verdict,
            output: assessment.output,
            version: judged.version,
            compile: judged.compile,
            run: assessment.run,
            judgement: Some(assessment.judgement),
            kept: Some(judged.kept),
        }
    }
}

async fn execute(
    chosen: Chosen<'_>,
    job: &Job,
    allowance: &Allowance,
) -> Result<Execution, ExecutorError> {
    let run = Run {
        language: &job.language,
        source: &job.code,
        stdins: vec![String::new()],
        stop_at_first_failure: false,
        limits: RunLimits::default(),
    };
    chosen.execute(&run, allowance).await
}

/// A stage as it is kept in a result.
pub fn kept(report: StageReport) -> Stage {
    cut_streams(report.stage)
}

/// Cuts streams to what is kept of them, and marks where that was done.
pub fn cut_streams(mut stage: Stage) -> Stage {
    for stream in [&mut stage.stdout, &mut stage.stderr] {
        let end = cut(stream, MAX_STREAM_BYTES).len();
        stage.truncated |= end < stream.len();
        stream.truncate(end);
    }
    stage
}
