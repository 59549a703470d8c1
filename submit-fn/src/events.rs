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
/// proxy takes the stream for dead. It is also how the platform notices that a client
/// has gone, whose place is free again then.
const HEARTBEAT_MS: u64 = 5_000;
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::StreamExt;
    use shared::config::{RedisConfig, Secret};
    use shared::domain::live_progress::LiveProgress;
    use shared::queue::Store;
    use shared::redis::Client;

    use super::*;
    use crate::live_results::LiveResults;
    use crate::runtime::Runtime;
    use crate::sender::Sender;
    use crate::settled::Settled;
    use crate::waiters::Waiters;

    const TICKET: Ticket = Ticket {
        submitted_at_ms: 5,
        due_at_ms: None,
    };

    fn queued(position: Option<u64>) -> Seen {
        Seen {
            position,
            ..Seen::default()
        }
    }

    fn running(started_at_ms: u64, cases: &[Verdict]) -> Seen {
        let progress = LiveProgress {
            started_at_ms,
            total: Some(3),
            cases: cases.to_vec(),
        };
        Seen {
            progress: Some(progress),
            ..Seen::default()
        }
    }

    fn done() -> Seen {
        Seen {
            document: Some("{\"id\":\"i\"}".into()),
            ..Seen::default()
        }
    }

    /// The id, the name and the data of each event.
    fn events(text: &str) -> Vec<(String, String, String)> {
        let field = |block: &str, name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().to_owned()
        };
        text.split("\n\n")
            .filter(|block| block.starts_with("id: "))
            .map(|one| {
                (
                    field(one, "id: "),
                    field(one, "event: "),
                    field(one, "data: "),
                )
            })
            .collect()
    }

    #[test]
    fn every_change_is_told_once() {
        use Verdict::{Accepted, WrongAnswer};
        let mut told = Told::default();
        let steps = [
            (queued(None), "q queued {\"submittedAtMs\":5}"),
            (queued(None), ""),
            (
                queued(Some(7)),
                "q7 queued {\"position\":7,\"submittedAtMs\":5}",
            ),
            // That it is not known is no news.
            (queued(None), ""),
            (
                queued(Some(1)),
                "q1 queued {\"position\":1,\"submittedAtMs\":5}",
            ),
            (
                running(9, &[]),
                "9.0 started {\"startedAtMs\":9,\"total\":3}",
            ),
            (
                running(9, &[Accepted, WrongAnswer]),
                "9.2 cases {\"from\":1,\"total\":3,\"verdicts\":[\"Accepted\",\"Wrong Answer\"]}",
            ),
            (running(9, &[Accepted, WrongAnswer]), ""),
            (
                running(9, &[Accepted; 3]),
                "9.3 cases {\"from\":3,\"total\":3,\"verdicts\":[\"Accepted\"]}",
            ),
            // It waits again, and starts once more; an old progress is none.
            (queued(Some(4)), ""),
            (running(8, &[Accepted; 3]), ""),
            (
                running(12, &[Accepted]),
                "12.0 started {\"startedAtMs\":12,\"total\":3}|\
                 12.1 cases {\"from\":1,\"total\":3,\"verdicts\":[\"Accepted\"]}",
            ),
            (done(), "done done {\"id\":\"i\"}"),
        ];
        for (seen, expected) in steps {
            let text = told.news(&TICKET, &seen);
            let got: Vec<String> = events(&text)
                .into_iter()
                .map(|(id, name, data)| format!("{id} {name} {data}"))
                .collect();
            assert_eq!(got.join("|"), expected);
            // Whoever comes back with the last id is told nothing twice.
            if let Some((id, ..)) = events(&text).last() {
                let mut again = Told::up_to(id);
                assert!(again.done || again.news(&TICKET, &seen).is_empty(), "{id}");
            }
        }
        assert!(told.done);
    }

    #[test]
    fn an_id_of_others_tells_nothing() {
        for id in ["", "x", "qx", "1", ".", "1.x", "x.1", "-1.0", "Done", "q-1"] {
            assert_eq!(Told::up_to(id), Told::default(), "{id}");
        }
        assert_eq!(Told::up_to("q").queued, Some(None));
    }

    thread_local! {
        static NOW_MS: Cell<u64> = const { Cell::new(0) };
    }

    /// A stream for a submission that is due then, without a Redis, and how many
    /// requests wait.
    fn stream(since_ms: u64, asked: u32) -> (Events, Waiters) {
        NOW_MS.set(0);
        let runtime = Runtime {
            now_ms: || NOW_MS.get(),
            sleep: |ms| {
                NOW_MS.set(NOW_MS.get() + ms);
                Box::pin(std::future::ready(()))
            },
            ..Runtime::standing_still()
        };
        let redis = RedisConfig {
            url: "http://127.0.0.1:1/".parse().unwrap(),
            token: Secret::new("t"),
            timeout_ms: 1_000,
        };
        let waiters = Waiters::default();
        let stream = Stream {
            ticket: TICKET,
            told: Told::default(),
            viewer: Viewer {
                id: "i".into(),
                since_ms,
                live: LiveResults::default(),
                settled: Settled::default(),
                store: Store::new(Client::new(redis)),
                runtime,
                is_operator: false,
                asked,
                version: 0,
            },
            _place: waiters.enter(&Sender::Operator, 0, LONGEST_MS).unwrap(),
            first: Seen::default(),
            until_ms: LONGEST_MS,
        };
        (stream.into_events(), waiters)
    }

    async fn parts(since_ms: u64, asked: u32) -> Vec<String> {
        let (events, _) = stream(since_ms, asked);
        let texts = events.map(|part| String::from_utf8(part).unwrap());
        texts.collect().await
    }

    #[tokio::test]
    async fn a_stream_ends_itself() {
        let first = "retry: 1000\n\nid: q\nevent: queued\ndata: {\"submittedAtMs\":5}\n\n";
        // Nothing happens until it is due: comments, and no look.
        let all = parts(3_600_000, 0).await;
        assert_eq!(all[0], first);
        assert_eq!(all[1..], [COMMENT; 11]);
        assert_eq!(NOW_MS.get(), LONGEST_MS);
        assert_eq!(
            parts(0, MOST_ASKED).await,
            [first],
            "its commands are spent"
        );
        assert_eq!(NOW_MS.get(), 0);
        assert_eq!(parts(0, 0).await, [first], "Redis is away");
        assert!(NOW_MS.get() < 2_000, "{} ms", NOW_MS.get());
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_gives_its_place_back() {
        let free = |waiters: &Waiters| {
            let places: Vec<_> = (0..200)
                .map_while(|_| waiters.enter(&Sender::Operator, 0, 1))
                .collect();
            places.len()
        };
        let (mut events, waiters) = stream(3_600_000, 0);
        events.next().await.unwrap();
        let before = free(&waiters);
        drop(events);
        assert_eq!(free(&waiters), before + 1);
    }
}
