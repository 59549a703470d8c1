//! Judging again: archived submissions of a problem go back into the queue.
//!
//! The key of each judged submission's result is noted in its problem's list,
//! and the result carries an archive. A submission that is judged again goes
//! into the lane `low` and loses its result in one step; in the end it has a
//! result again, under the same id.

use serde_json::Value;

use super::store::not_serializable;
use super::{Store, keys};
use crate::domain::archive::SubmissionArchive;
use crate::domain::ids::ProblemId;
use crate::domain::job::Job;
use crate::domain::lane::Lane;
use crate::domain::result::split_stored;
use crate::redis::{Command, FromReply, Items, RedisError};

/// With more bytes of payloads than this, the rest goes with another call.
/// Upstash takes requests of 10 MB; JSON can make a payload twice as long.
const MAX_CALL_BYTES: usize = 2_000_000;

impl Store {
    /// Up to `count` archived submissions of a problem, oldest first, after the
    /// `offset` oldest, and how many entries were read: fewer than `count` at
    /// the end of the list. Submissions whose result has expired are left out.
    /// Two round trips, two commands.
    pub async fn list_archived(
        &self,
        problem_id: &ProblemId,
        offset: usize,
        count: usize,
    ) -> Result<(Vec<Job>, usize), RedisError> {
        let list = Command::new("LRANGE")
            .arg(keys::archived_of_problem(problem_id))
            .arg(format!("-{}", offset + count))
            .arg(format!("-{}", offset + 1));
        let noted: Items<Vec<u8>> = self.redis.command(list).await?;
        if noted.0.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let read_count = noted.0.len();
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
        let jobs = stored.0.into_iter().flatten().filter_map(archived_job);
        Ok((jobs.collect(), read_count))
    }

    /// Puts these jobs into the lane `low`, in their order, and deletes their
    /// results. One round trip, two commands in one transaction, for each 2 MB of
    /// payloads. Gives the number of round trips.
    pub async fn requeue(&self, jobs: &[Job]) -> Result<usize, RedisError> {
        let mut calls = 0;
        let mut jobs = jobs.iter().peekable();
        while jobs.peek().is_some() {
            let mut push = Command::new("LPUSH").arg(keys::lane(Lane::Low));
            let mut delete = Command::new("DEL");
            let mut bytes = 0;
            while let Some(job) = jobs.next_if(|_| bytes < MAX_CALL_BYTES) {
                let payload = job.encode().map_err(not_serializable)?;
                bytes += payload.len();
                push = push.arg(payload);
                delete = delete.arg(keys::result(job.id.as_deref().unwrap_or_default()));
            }
            for reply in self.redis.transaction(&[push, delete]).await? {
                i64::from_reply(reply)?;
            }
            calls += 1;
        }
        Ok(calls)
    }
}

/// The job of a stored result. `None` without an archive that can be read.
fn archived_job(stored: Vec<u8>) -> Option<Job> {
    let (document, archive) = split_stored(stored);
    let document: Value = serde_json::from_slice(&document).ok()?;
    let (code, archived) = SubmissionArchive::split(&archive?)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Job {
        id: Some(text(&document["id"])?),
        problem_id: ProblemId::parse(document["problemId"].as_str()?, "problemId").ok()?,
        code,
        language: text(&document["language"])?,
        archived: Some(archived),
        client: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archived_submission_becomes_a_job_again() {
        let document = r#"{"id":"i","problemId":"p","language":"py"}"#;
        let archive = r#"{"code":"c","version":"v","inputs":"h","answers":[]}"#;
        let job = archived_job(format!("{document}\n{archive}").into_bytes()).unwrap();
        assert_eq!((job.id.as_deref(), job.code.as_str()), (Some("i"), "c"));
        let archived = job.archived.unwrap();
        assert_eq!(archived.problem_version().unwrap().as_str(), "v");
        for other in [
            document.to_owned(),
            "{}\n{}".into(),
            "\n".into(),
            String::new(),
        ] {
            assert_eq!(archived_job(other.into_bytes()), None);
        }
    }
}
