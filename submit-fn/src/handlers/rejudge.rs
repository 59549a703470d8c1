//! `POST /problems/:id/rejudge`: archived submissions of a problem are judged
//! again, by the problem as it is now.
//!
//! Submissions that were judged by the present version are left alone, so calling
//! it again (after a page, or after a lost answer) is safe.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::domain::archive::ArchivedAnswers;
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::violation::Violation;
use shared::http::{ApiError, response};
use shared::queue::Store;
use shared::redis::RedisError;

use crate::auth::require_operator;
use crate::context::Context;
use crate::query::cursor;

/// The number of submissions that are read together.
const PAGE: usize = 20;
/// After this many calls of Redis the rest is left to the next request: the
/// platform's free plan allows 50, and a page takes up to eight.
const MAX_CALLS: usize = 36;

/// How far the submissions were read, and what became of them.
struct Progress {
    offset: usize,
    requeued: usize,
    left_alone: usize,
    /// Calls of Redis.
    calls: usize,
    /// Whether there are more submissions.
    more: bool,
}

/// Puts submissions back into the queue, from `?cursor=` on.
pub(crate) async fn rejudge<W>(
    context: &mut Context<'_, W>,
    id: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    require_operator(context)?;
    let id = ProblemId::parse(id, "id").map_err(|_| ApiError::no_such_problem())?;
    let offset = cursor(request)?
        .parse()
        .map_err(|_| Violation::invalid("cursor", "cursor is too large."))?;
    let store = context.store()?;
    let version = store.versions(&[&id]).await?.pop().flatten();
    let version = version.ok_or_else(ApiError::no_such_problem)?;
    let mut progress = Progress {
        offset,
        requeued: 0,
        left_alone: 0,
        calls: 0,
        more: true,
    };
    while progress.more && progress.calls < MAX_CALLS {
        progress.next_page(&store, &id, &version).await?;
        if progress.requeued > 0 {
            context.effects.wake_once();
        }
    }
    let body = json!({
        "success": true,
        "id": id,
        "version": version,
        "requeued": progress.requeued,
        "leftAlone": progress.left_alone,
        "next": progress.more.then(|| progress.offset.to_string()),
    });
    Ok(response::json(StatusCode::OK, &body))
}

impl Progress {
    async fn next_page(
        &mut self,
        store: &Store,
        id: &ProblemId,
        version: &ProblemVersion,
    ) -> Result<(), RedisError> {
        let mut count = PAGE;
        self.calls += 2;
        let mut listed = store.list_archived(id, self.offset, count).await;
        if listed.is_err() {
            // A whole page may be more than Redis answers with.
            count = 1;
            self.calls += 2;
            listed = store.list_archived(id, self.offset, count).await;
        }
        let (page, read_count) = listed?;
        let page_len = page.len();
        let jobs: Vec<Job> = page
            .into_iter()
            .filter(|job| !was_judged_by(job, version))
            .collect();
        if !jobs.is_empty() {
            self.calls += store.requeue(&jobs).await?;
        }
        self.requeued += jobs.len();
        self.left_alone += page_len - jobs.len();
        self.offset += read_count;
        self.more = read_count == count;
        Ok(())
    }
}

fn was_judged_by(job: &Job, version: &ProblemVersion) -> bool {
    let archived = job.archived.as_ref();
    archived.and_then(ArchivedAnswers::problem_version).as_ref() == Some(version)
}
