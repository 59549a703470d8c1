//! The stream of a submission's events: `queued`, `started`, `cases`, `done`.
//!
//! A stream is made of what viewers share ([`crate::live_results`]). It ends itself
//! after so many looks or so much time, before the platform's calls of one
//! invocation are spent; a browser then comes back by itself, and says which event
//! it saw last. So an event's id holds all that was told: `q` or `q3` (queued, the
//! third), `1764115200000.8` (started then, eight verdicts), `done`.

use std::fmt::Write as _;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, LocalBoxStream};
use serde_json::json;
use shared::domain::ticket::Ticket;
use shared::domain::verdict::Verdict;

use crate::live_results::{Seen, Viewer};
use crate::waiters::Place;

/// How many commands or scripts a stream sends at most. The platform's free plan
/// allows 50 calls an invocation.
const MOST_ASKED: u32 = 40;
/// How long a stream lasts at most, in milliseconds.
pub(crate) const LONGEST_MS: u64 = 60_000;
/// After so long without an event a comment is sent, in milliseconds, so that no
/// proxy takes the stream for dead.
const HEARTBEAT_MS: u64 = 15_000;
/// So many looks in a row may fail before the stream ends.
const MOST_FAILURES: u32 = 3;
/// The first line of a stream: when the browser comes back after its end, in
/// milliseconds.
const RETRY: &str = "retry: 1000\n\n";
const COMMENT: &str = ":\n\n";
const DONE: &str = "done";

/// The parts of a stream, as bytes.
pub(crate) type Events = LocalBoxStream<'static, Vec<u8>>;

/// What a viewer was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// That it is queued, and where.
    queued: Option<Option<u64>>,
    /// When it started, in milliseconds since 1970, and how many verdicts so far.
    started: Option<(u64, usize)>,
    /// That it has ended.
    pub done: bool,
}

impl Told {
    /// All that was told up to the event of this id. An id that is none of ours
    /// tells nothing.
    pub(crate) fn up_to(id: &str) -> Self {
        let mut told = Self::default();
        if id == DONE {
            told.done = true;
        } else if let Some(position) = id.strip_prefix('q') {
            told.queued = match position.parse() {
                Ok(position) => Some(Some(position)),
                Err(_) => position.is_empty().then_some(None),
            };
        } else if let Some((ms, cases)) = id.split_once('.') {
            told.started = ms.parse().ok().zip(cases.parse().ok());
        }
        told
    }

    /// Whether the position is news. That it is not known is none.
    fn is_queued_elsewhere(&self, position: Option<u64>) -> bool {
        match self.queued {
            None => true,
            Some(told) => position.is_some() && told != position,
        }
    }

    /// The events that tell what is new; empty where nothing is.
    fn news(&mut self, ticket: &Ticket, seen: &Seen) -> String {
        let mut events = String::new();
        if let Some(document) = &seen.document {
            self.done = true;
            // JSON holds no line end.
            event(&mut events, DONE, DONE, &String::from_utf8_lossy(document));
        } else if let Some(progress) = &seen.progress {
            let (ms, total) = (progress.started_at_ms, progress.total);
            let mut told = match self.started {
                Some((told_ms, told)) if told_ms >= ms => told,
                _ => {
                    let data = json!({ "startedAtMs": ms, "total": total });
                    event(&mut events, &format!("{ms}.0"), "started", &present(data));
                    0
                }
            };
            // What an earlier attempt left is older than what was told.
            if self.started.is_none_or(|(told_ms, _)| told_ms <= ms) {
                if let Some(new) = progress.cases.get(told..).filter(|new| !new.is_empty()) {
                    let verdicts: Vec<&str> = new.iter().map(|one| Verdict::name(*one)).collect();
                    let data = json!({ "from": told + 1, "verdicts": verdicts, "total": total });
                    told = progress.cases.len();
                    event(
                        &mut events,
                        &format!("{ms}.{told}"),
                        "cases",
                        &present(data),
                    );
                }
                self.started = Some((ms, told));
            }
        } else if self.started.is_none() && self.is_queued_elsewhere(seen.position) {
            self.queued = Some(seen.position);
            let position = seen.position.map(|position| position.to_string());
            let data = json!({
                "submittedAtMs": ticket.submitted_at_ms,
                "dueAtMs": ticket.due_at_ms,
                "position": seen.position,
            });
            let id = format!("q{}", position.unwrap_or_default());
            event(&mut events, &id, "queued", &present(data));
        }
        events
    }
}

/// Without the members that are null.
fn present(mut data: serde_json::Value) -> String {
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    data.to_string()
}

fn event(text: &mut String, id: &str, name: &str, data: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, "id: {id}\nevent: {name}\ndata: {data}\n\n");
}

/// A stream that goes on from what was told.
pub(crate) struct Stream {
    pub ticket: Ticket,
    pub told: Told,
    pub viewer: Viewer,
    /// Held as long as the stream lasts.
    pub _place: Place,
    /// What is known at the beginning.
    pub first: Seen,
    /// When it ends, in milliseconds since 1970.
    pub until_ms: u64,
}

impl Stream {
    /// The parts of the stream, made as they are asked for.
    pub(crate) fn into_events(self) -> Events {
        let state = State {
            sent_ms: self.viewer.now_ms(),
            stream: self,
            has_begun: false,
            failures: 0,
        };
        Box::pin(stream::unfold(
            state,
            |mut state| -> LocalBoxFuture<'static, _> {
                Box::pin(async move { Some((state.next().await?.into_bytes(), state)) })
            },
        ))
    }
}

struct State {
    stream: Stream,
    has_begun: bool,
    failures: u32,
    /// When something was sent last, in milliseconds since 1970.
    sent_ms: u64,
}

impl State {
    /// The next part; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let stream = &mut self.stream;
        if !self.has_begun {
            self.has_begun = true;
            let news = stream.told.news(&stream.ticket, &stream.first);
            return Some(format!("{RETRY}{news}"));
        }
        loop {
            let now_ms = stream.viewer.now_ms();
            let is_over = stream.viewer.asked >= MOST_ASKED || now_ms >= stream.until_ms;
            if stream.told.done || is_over || self.failures >= MOST_FAILURES {
                return None;
            }
            let heartbeat_ms = (self.sent_ms + HEARTBEAT_MS).saturating_sub(now_ms);
            if heartbeat_ms == 0 {
                self.sent_ms = now_ms;
                return Some(COMMENT.to_owned());
            }
            let pause_ms = stream.viewer.pause_ms();
            if pause_ms > 0 {
                let left_ms = stream.until_ms - now_ms;
                (stream.viewer.runtime.sleep)(pause_ms.min(heartbeat_ms).min(left_ms)).await;
                continue;
            }
            let news = match stream.viewer.look_with_position().await {
                Ok(seen) => {
                    self.failures = 0;
                    stream.told.news(&stream.ticket, &seen)
                }
                Err(_) => {
                    self.failures += 1;
                    continue;
                }
            };
            if !news.is_empty() {
                self.sent_ms = stream.viewer.now_ms();
                return Some(news);
            }
        }
    }
}
