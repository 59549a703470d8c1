//! `GET /result/:id/events`: what happens to a submission, as server-sent events.
//!
//! Whoever holds a submission's id may see them. [`crate::events`] makes the stream.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use shared::http::{ApiError, Code, response};

use super::results::{check_age, viewer};
use crate::context::Context;
use crate::events::{LONGEST_MS, Stream, Told};
use crate::live_results::{FIRST_LOOK_MS, Seen};
use crate::query::text;

/// One command for a submission that is older than 200 ms, and those of the stream.
pub(crate) async fn events<W>(
    context: &mut Context<'_, W>,
    id: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let Some(ticket) = context.config()?.tickets.verify(id) else {
        return Err(ApiError::not_found(
            "Unknown id. There are events for a submission's id, which has 48 characters.",
        ));
    };
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| id.to_str().ok()).map(str::to_owned);
    let told = Told::up_to(&last.or_else(|| text(request, "after")).unwrap_or_default());
    if told.done {
        // To a browser this says not to come back.
        return Ok(response::empty(StatusCode::NO_CONTENT));
    }
    let (now_ms, sender) = (context.now_ms, context.sender()?);
    let until_ms = now_ms + LONGEST_MS;
    let place = context.instance.waiters.enter(&sender, now_ms, until_ms);
    let place = place.ok_or_else(|| {
        ApiError::new(
            Code::Busy,
            "Too many requests wait for results. Try again, or ask for the result itself.",
        )
        .retry_after(2)
    })?;
    let mut viewer = viewer(context, id, &ticket)?;
    let first = if now_ms >= ticket.waits_since_ms() + FIRST_LOOK_MS {
        viewer.look_with_position().await?
    } else {
        Seen::default()
    };
    if first.document.is_none() {
        check_age(context, &ticket)?;
    }
    let stream = Stream {
        ticket,
        told,
        viewer,
        _place: place,
        first,
        until_ms,
    };
    context.effects.events = Some(stream.into_events());
    let mut response = response::empty(StatusCode::OK);
    let content_type = HeaderValue::from_static("text/event-stream");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}
