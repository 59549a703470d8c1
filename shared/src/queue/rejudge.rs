//! Judging again: the kept submissions of a problem go back into the queue.
//!
//! A judged submission's result is noted in its problem's list and carries what
//! judging it again needs. It is put into the lane `low` and loses its result in
//! one step; in the end it has a result again, under the same id.

use serde_json::Value;

use super::Queue;
use crate::job::Job;
use crate::keys;
use crate::lane::Lane;
use crate::redis::{Command, FromReply, Items, RedisError};
use crate::result::ResultDocument;

/// Beyond so many bytes of submissions the rest goes with another call. Upstash
/// takes requests of 10 MB; as text in a JSON request they can be twice as long.
const MAX_CALL_BYTES: usize = 2_000_000;

/// A judged submission as it was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The submission, to be judged again.
    pub job: Job,
    /// By which version of the problem it was judged; empty where nothing could
    /// be found out about it.
    pub problem_version: String,
}

impl Queue {
    /// Up to `count` of a problem's submissions, oldest first, without the
    /// `offset` oldest, and how many were looked at; fewer than `count` at the
    /// end. Those whose result is gone are left out. Two round trips, two
    /// commands.
    pub async fn kept(
        &self,
        problem_id: &str,
        offset: usize,
        count: usize,
    ) -> Result<(Vec<Kept>, usize), RedisError> {
        let list = Command::new("LRANGE")
            .arg(keys::kept_of_problem(problem_id))
            .arg(format!("-{}", offset + count))
            .arg(format!("-{}", offset + 1));
        let noted: Items<Vec<u8>> = self.redis.command(list).await?;
        if noted.0.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let looked_at = noted.0.len();
        // What was judged more than once is noted more than once.
        let mut keys: Vec<_> = noted
            .0
            .iter()
            .map(|key| String::from_utf8_lossy(key))
            .collect();
        keys.reverse();
        for at in (1..keys.len()).rev() {
            if keys[..at].contains(&keys[at]) {
                keys.remove(at);
            }
        }
        let read = Command::new("MGET").args(keys);
        let stored: Items<Option<Vec<u8>>> = self.redis.command(read).await?;
        let kept = stored.0.into_iter().flatten().filter_map(read_kept);
        Ok((kept.collect(), looked_at))
    }

    /// Has these wait again, in their order, and forgets their results. One round
    /// trip, two commands, as one; more only where they are very long. Gives the
    /// round trips.
    pub async fn requeue(&self, jobs: &[Job]) -> Result<usize, RedisError> {
        let mut calls = 0;
        let mut jobs = jobs.iter().peekable();
        while jobs.peek().is_some() {
            let mut push = Command::new("LPUSH").arg(Lane::Low.key());
            let mut forget = Command::new("DEL");
            let mut bytes = 0;
            while let Some(job) = jobs.next_if(|_| bytes < MAX_CALL_BYTES) {
                let payload = job.encode().map_err(super::cannot_be_written)?;
                bytes += payload.len();
                push = push.arg(payload);
                forget = forget.arg(keys::result(job.id.as_deref().unwrap_or_default()));
            }
            for reply in self.redis.transaction(&[push, forget]).await? {
                i64::from_reply(reply)?;
            }
            calls += 1;
        }
        Ok(calls)
    }
}

/// What was never judged, or was kept in another shape, is left alone.
fn read_kept(stored: Vec<u8>) -> Option<Kept> {
    let (document, kept) = ResultDocument::take_apart(stored);
    let document: Value = serde_json::from_slice(&document).ok()?;
    let mut kept: Value = serde_json::from_slice(&kept?).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let code = text(&kept.as_object_mut()?.remove("code")?)?;
    Some(Kept {
        problem_version: text(&kept["version"])?,
        job: Job {
            id: Some(text(&document["id"])?),
            problem_id: text(&document["problemId"])?,
            code,
            language: text(&document["language"])?,
            kept: Some(kept),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_becomes_a_job_again() {
        let document = r#"{"id":"i","problemId":"p","language":"py"}"#;
        let stored = format!(
            r#"{document}{}{{"code":"c","version":"v","inputs":"h","answers":[]}}"#,
            '\n'
        );
        let kept = read_kept(stored.into_bytes()).unwrap();
        assert_eq!(kept.problem_version, "v");
        assert_eq!(
            (kept.job.id.as_deref(), kept.job.code.as_str()),
            (Some("i"), "c")
        );
        assert_eq!(kept.job.kept.unwrap()["inputs"], "h");
        for other in [
            document.to_owned(),
            "{}\n{}".into(),
            "\n".into(),
            String::new(),
        ] {
            assert_eq!(read_kept(other.into_bytes()), None);
        }
    }
}
