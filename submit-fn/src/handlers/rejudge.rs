//! `POST /problems/:id/rejudge`: archived submissions of a problem are judged
//! again, by the problem as it is now.
//!
//! Submissions that were judged by the present version, or wait to be, are left
//! alone, so calling it again (after a page, after a lost answer, or twice at once)
//! is safe. With `?again=true` those that wait are put into the queue once more: for
//! an operator who purged the lane `low` in the meantime.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::violation::Violation;
use shared::http::{ApiError, response};
use shared::queue::Store;
use shared::queue::rejudge::ArchivedSubmission;
use shared::redis::RedisError;

use crate::context::Context;
use crate::query::{cursor, parameter};

/// The number of submissions that are read together.
const PAGE: u64 = 20;
/// After this many calls of Redis the rest is left to the next request: the
/// platform's free plan allows 50, and a page takes up to eight.
const MAX_CALLS: usize = 36;

/// How far the submissions were read, and what became of them.
struct Progress {
    offset: u64,
    requeued: usize,
    left_alone: usize,
    /// Calls of Redis.
    calls: usize,
    /// Whether those that wait already are requeued too.
    again: bool,
    /// Whether there are more submissions.
    more: bool,
}

/// Puts submissions back into the queue, from `?cursor=` on.
pub(crate) async fn rejudge<W>(
    context: &mut Context<'_, W>,
    id: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let id = ProblemId::parse(id, "id").map_err(|_| ApiError::no_such_problem())?;
    let again = match parameter(request, "again") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Violation::invalid("again", "again must be true or false.").into()),
    };
    let offset = cursor(request)?;
    let store = context.store()?;
    let version = store.versions(&[&id]).await?.pop().flatten();
    let version = version.ok_or_else(ApiError::no_such_problem)?;
    let mut progress = Progress {
        offset,
        requeued: 0,
        left_alone: 0,
        calls: 0,
        again,
        more: true,
    };
    while progress.more && progress.calls < MAX_CALLS {
        progress
            .next_page(&store, &id, &version, context.now_ms)
            .await?;
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
        now_ms: u64,
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
        let submissions: Vec<ArchivedSubmission> = page
            .into_iter()
            .filter(|submission| self.is_due(submission, version))
            .collect();
        let requeued = store.requeue(&submissions, version, now_ms).await?;
        self.calls += requeued.calls;
        self.requeued += requeued.count;
        self.left_alone += page_len - requeued.count;
        self.offset += read_count;
        self.more = read_count == count;
        Ok(())
    }

    /// Whether a submission is to be judged by `version`.
    fn is_due(&self, submission: &ArchivedSubmission, version: &ProblemVersion) -> bool {
        let waits = submission.requeued_for.as_ref() == Some(version);
        submission.judged_by().as_ref() != Some(version) && (self.again || !waits)
    }
}
