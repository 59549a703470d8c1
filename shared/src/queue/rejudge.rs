//! Judging again: archived submissions of a problem go back into the queue.
//!
//! The key of each judged submission's result is noted in its problem's list,
//! and the result carries an archive. A submission that is to be judged again
//! goes into the lane `low`. Its result stays, with a line that says for which
//! version of the problem it waits, until the new one takes its place.

use serde_json::Value;

use super::store::not_serializable;
use super::{Store, keys};
use crate::domain::archive::{ArchivedAnswers, SubmissionArchive};
use crate::domain::ids::{ProblemId, ProblemVersion};
use crate::domain::job::Job;
use crate::domain::lane::Lane;
use crate::domain::result::StoredResult;
use crate::domain::run_options::RunOptions;
use crate::redis::{Command, Items, RedisError};

/// With more bytes of payloads than this, the rest goes with another call.
/// Upstash takes requests of 10 MB; JSON can make a payload twice as long.
const MAX_CALL_BYTES: usize = 2_000_000;

/// A judged submission that can be judged again.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedSubmission {
    /// The job that judges it again.
    pub job: Job,
    /// The length of its stored result, by which a change is noticed.
    stored_bytes: usize,
    /// The version of the problem that it waits to be judged by again.
    pub requeued_for: Option<ProblemVersion>,
}

/// What became of submissions that were to be judged again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requeued {
    /// How many wait in the lane `low` now. The others were changed since they were
    /// read: another call requeued them, or they have been judged again.
    pub count: usize,
    /// Calls of Redis.
    pub calls: usize,
}

impl ArchivedSubmission {
    /// The version of the problem that it was judged by.
    pub fn judged_by(&self) -> Option<ProblemVersion> {
        let archived = self.job.archived.as_ref();
        archived.and_then(ArchivedAnswers::problem_version)
    }

    /// Reads a stored result. `None` without an archive that can be read.
    fn from_stored(stored: Vec<u8>) -> Option<Self> {
        let stored_bytes = stored.len();
        let stored = StoredResult::from_bytes(stored);
        let document: Value = serde_json::from_slice(&stored.document).ok()?;
        let (source, archived) = SubmissionArchive::split(&stored.archive?)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let job = Job {
            id: Some(text(&document["id"])?),
            problem_id: ProblemId::parse(document["problemId"].as_str()?, "problemId").ok()?,
            source,
            language: text(&document["language"])?,
            options: RunOptions::default(),
            archived: Some(archived),
            client: None,
            progress: None,
            requeued_at_ms: None,
            trace: None,
            watch: false,
            callback_url: None,
        };
        Some(Self {
            job,
            stored_bytes,
            requeued_for: stored.requeued_for,
        })
    }
}

impl Store {
    /// Up to `count` archived submissions of a problem, oldest first, after the
    /// `offset` oldest, and how many entries were read: fewer than `count` at
    /// the end of the list. Submissions whose result has expired are left out.
    /// Two round trips, two commands.
    pub async fn list_archived(
        &self,
        problem_id: &ProblemId,
        offset: u64,
        count: u64,
    ) -> Result<(Vec<ArchivedSubmission>, u64), RedisError> {
        // Positions from the end of a list are numbers of 64 bits with a sign.
        let from_end = |position: u64| format!("-{}", position.min(1 << 62));
        let list = Command::new("LRANGE")
            .arg(keys::archived_of_problem(problem_id))
            .arg(from_end(offset.saturating_add(count)))
            .arg(from_end(offset.saturating_add(1)));
        let noted: Items<Vec<u8>> = self.redis.command(list).await?;
        if noted.0.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let read_count = noted.0.len() as u64;
        // A submission that was judged twice is noted twice.
        let mut keys: Vec<_> = noted
            .0
            .iter()
            .map(|key| String::from_utf8_lossy(key))
            .collect();
        keys.reverse();
        for index in (1..keys.len()).rev() {
            if keys[..index].contains(&keys[index]) {
                keys.remove(index);
            }
        }
        let stored: Items<Option<Vec<u8>>> =
            self.redis.command(Command::new("MGET").args(keys)).await?;
        let submissions = stored.0.into_iter().flatten();
        let submissions = submissions.filter_map(ArchivedSubmission::from_stored);
        Ok((submissions.collect(), read_count))
    }

    /// Puts submissions into the lane `low`, in their order, to be judged by
    /// `version`. One round trip for each 2 MB of payloads: one command and an LPUSH,
    /// and two for each submission.
    pub async fn requeue(
        &self,
        submissions: &[ArchivedSubmission],
        version: &ProblemVersion,
        now_ms: u64,
    ) -> Result<Requeued, RedisError> {
        let mut requeued = Requeued::default();
        let mut submissions = submissions.iter().peekable();
        while submissions.peek().is_some() {
            let mut command = Command::new("EVAL")
                .arg(include_str!(concat!(env!("OUT_DIR"), "/requeue.lua")))
                .arg(1)
                .arg(keys::lane(Lane::Low))
                .arg(version.as_str());
            let mut bytes = 0;
            while let Some(submission) = submissions.next_if(|_| bytes < MAX_CALL_BYTES) {
                let mut job = submission.job.clone();
                job.requeued_at_ms = Some(now_ms);
                let payload = job.encode().map_err(not_serializable)?;
                bytes += payload.len();
                command = command
                    .arg(keys::result(job.id.as_deref().unwrap_or_default()))
                    .arg(submission.stored_bytes)
                    .arg(payload);
            }
            let count: i64 = self.redis.command(command).await?;
            requeued.count += usize::try_from(count).unwrap_or(0);
            requeued.calls += 1;
            // A STRLEN and an APPEND for each.
            self.redis.sent().add(2 * count.max(0).unsigned_abs());
        }
        Ok(requeued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archived_submission_becomes_a_job_again() {
        let document = r#"{"id":"i","problemId":"p","language":"py"}"#;
        let archive = r#"{"code":"c","version":"v","inputs":"h","answers":[]}"#;
        let read = |text: &str| ArchivedSubmission::from_stored(text.as_bytes().into());
        let text = format!("{document}\n{archive}\nrequeued w");
        let submission = read(&text).unwrap();
        let job = &submission.job;
        assert_eq!(
            (job.id.as_deref(), job.source.code()),
            (Some("i"), Some("c"))
        );
        assert_eq!(submission.judged_by(), Some(ProblemVersion::new("v")));
        assert_eq!(submission.requeued_for, Some(ProblemVersion::new("w")));
        assert_eq!(submission.stored_bytes, text.len());
        for other in [document, "{}\n{}", "\n", ""] {
            assert_eq!(read(other), None);
        }
    }
}
