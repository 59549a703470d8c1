//! `POST /problems/:id/rejudge`: the kept submissions of a problem are judged
//! again, by the problem as it is now.
//!
//! Those that were judged by the present version are left alone, so calling it
//! again (after a page, or after a lost answer) does nothing twice.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::api_error::ApiError;
use shared::config::Lookup;
use shared::queue::Queue;
use shared::redis::Client;
use shared::{response, submission};

use crate::app::{Outcome, Wake};
use crate::config::Config;
use crate::operate::{check_token, cursor};

/// So many submissions are looked at together.
const PAGE: usize = 20;
/// After so many calls of Redis the rest is left to the next request: the
/// platform's free plan allows 50, and a page takes up to eight.
const MAX_CALLS: usize = 36;

/// Puts them back into the queue, from `?cursor=` on.
pub(crate) async fn rejudge(
    lookup: Lookup<'_>,
    id: &str,
    request: &Request<Bytes>,
    outcome: &mut Outcome,
) -> Result<Response<Bytes>, ApiError> {
    check_token(lookup, request.headers())?;
    let unknown = || ApiError::not_found("There is no problem with this id.");
    submission::check_problem_id(id).map_err(|_| unknown())?;
    let mut offset: usize = cursor(request)?
        .parse()
        .map_err(|_| ApiError::invalid("cursor", "cursor is too large."))?;
    let queue = Queue::new(Client::new(Config::from_lookup(lookup)?.redis));
    let version = queue.versions(&[id]).await?.pop().flatten();
    let version = version.ok_or_else(unknown)?;
    let (mut requeued, mut left_alone, mut more) = (0, 0, true);
    let mut calls = 0;
    while more && calls < MAX_CALLS {
        let mut asked = PAGE;
        let mut kept = queue.kept(id, offset, asked).await;
        if kept.is_err() {
            // Together they may be more than Redis answers with.
            asked = 1;
            calls += 2;
            kept = queue.kept(id, offset, asked).await;
        }
        let (page, looked_at) = kept?;
        let there = page.len();
        let jobs: Vec<_> = page
            .into_iter()
            .filter(|kept| kept.problem_version != version)
            .map(|kept| kept.job)
            .collect();
        if !jobs.is_empty() {
            calls += queue.requeue(&jobs).await?;
            outcome.wake = Wake::AllLanes;
            outcome.wakes = 1;
        }
        requeued += jobs.len();
        left_alone += there - jobs.len();
        offset += looked_at;
        calls += 2;
        more = looked_at == asked;
    }
    let body = json!({
        "success": true,
        "id": id,
        "version": version,
        "requeued": requeued,
        "leftAlone": left_alone,
        "next": more.then(|| offset.to_string()),
    });
    Ok(response::json(StatusCode::OK, &body))
}
