//! What is known of submissions that people wait for, shared by all who do.
//!
//! A look at a submission costs a command, and its pauses depend on the
//! submission's age alone, not on who looks: so fifty viewers of one submission
//! cost what one does. Whoever comes when a look is due makes it; the others use
//! what it found.
//!
//! That holds within an instance. Only data is shared: the platform cancels what a
//! request does when its client leaves, so nobody waits for another's request. A
//! look that was not answered until the next one is due is made again.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use shared::domain::live_progress::LiveProgress;
use shared::queue::Store;
use shared::queue::live::Look;
use shared::redis::RedisError;

use crate::runtime::Runtime;
use crate::settled::Settled;
use crate::waiters::AT_ONCE;

/// The most submissions of which something is known: more than may be waited for, so
/// that viewers never drive each other out, which would make them look at once.
const MOST: usize = AT_ONCE + 28;
/// The most bytes of their documents.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// The age at the first look, in milliseconds: nothing is finished earlier.
pub(crate) const FIRST_LOOK_MS: u64 = 200;
/// The longest pause between two looks at a submission that is young or runs, in
/// milliseconds.
const LONGEST_PAUSE_MS: u64 = 1_000;
/// The longest pause between two looks at one that waits, in milliseconds.
const LONGEST_WAITING_PAUSE_MS: u64 = 5_000;
/// The pause before a viewer sees what another's look found, in milliseconds.
const OTHERS_LOOK_MS: u64 = 10;
/// The age at which a submission's position is asked for, in milliseconds.
const POSITION_AGE_MS: u64 = 1_000;
/// The pause after the first time, in milliseconds. Each later one is half as long
/// again.
const POSITION_PAUSE_MS: u64 = 2_000;
/// The longest of these pauses, in milliseconds, and the one after a position that
/// was not found: the job runs, or is out of order.
const POSITION_LONGEST_PAUSE_MS: u64 = 30_000;

/// What is known of submissions. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LiveResults(Rc<RefCell<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    all: Vec<Entry>,
    /// The number of the last change to any of them.
    version: u64,
}

#[derive(Debug)]
struct Entry {
    id: String,
    asked_ms: u64,
    is_answered: bool,
    /// When the look was asked whose answer is in `seen`, in milliseconds.
    answered_ms: u64,
    seen: Seen,
    /// The number of the last change to what was seen.
    version: u64,
    position_asked_ms: u64,
    /// 0 where it was never asked for.
    position_pause_ms: u64,
}

/// What is known of a submission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The result document.
    pub document: Option<Bytes>,
    /// How far the job is.
    pub progress: Option<LiveProgress>,
    /// Its place in its lane.
    pub position: Option<u64>,
}

/// A viewer of one submission.
pub(crate) struct Viewer {
    pub id: String,
    /// Since when the submission waits for its turn, in milliseconds since 1970.
    pub since_ms: u64,
    pub live: LiveResults,
    pub settled: Settled,
    pub store: Store,
    pub runtime: Runtime,
    /// Whether it also sees what a checker program said, which is not shared.
    pub is_operator: bool,
    /// How many commands or scripts this viewer has sent.
    pub asked: u32,
    /// The number of the change that this viewer has seen last; 0 at first.
    pub version: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Ask,
    Wait,
    Known(Seen, u64),
}

/// The pause after a look at a submission of this age.
fn pause_ms(seen: &Seen, age_ms: u64) -> u64 {
    let pause_ms = (FIRST_LOOK_MS + age_ms / 2).min(LONGEST_PAUSE_MS);
    if seen.document.is_some() || seen.progress.is_some() {
        return pause_ms;
    }
    pause_ms.max((age_ms / 30).min(LONGEST_WAITING_PAUSE_MS))
}

impl Entries {
    fn find(&mut self, id: &str) -> Option<&mut Entry> {
        self.all.iter_mut().find(|entry| entry.id == id)
    }

    /// Forgets what was asked longest ago, until it is within the bounds.
    fn shrink(&mut self) {
        let entries = &mut self.all;
        loop {
            let is_long = entries.iter().map(Entry::bytes).sum::<usize>() > MOST_BYTES;
            if !is_long && entries.len() <= MOST {
                return;
            }
            let counts = |(_, entry): &(usize, &Entry)| !is_long || entry.bytes() > 0;
            let by_age = |(_, entry): &(usize, &Entry)| entry.asked_ms;
            let all = entries.iter().enumerate();
            let Some((oldest, _)) = all.filter(counts).min_by_key(by_age) else {
                return;
            };
            entries.swap_remove(oldest);
        }
    }
}

impl Entry {
    /// When the next look is due.
    fn due_ms(&self, since_ms: u64) -> u64 {
        let age_ms = self.asked_ms.saturating_sub(since_ms);
        self.asked_ms + pause_ms(&self.seen, age_ms)
    }

    fn bytes(&self) -> usize {
        self.seen.document.as_ref().map_or(0, Bytes::len)
    }
}

impl LiveResults {
    /// Whose turn it is; where it `is_settled`, a look is due at once. After
    /// [`Turn::Ask`] the caller must look.
    fn turn(&self, id: &str, since_ms: u64, now_ms: u64, is_settled: bool) -> Turn {
        let mut entries = self.0.borrow_mut();
        let Some(entry) = entries.find(id) else {
            entries.all.push(Entry {
                id: id.to_owned(),
                asked_ms: now_ms,
                is_answered: false,
                answered_ms: 0,
                seen: Seen::default(),
                version: 0,
                position_asked_ms: 0,
                position_pause_ms: 0,
            });
            entries.shrink();
            return Turn::Ask;
        };
        if is_settled || now_ms >= entry.due_ms(since_ms) {
            entry.asked_ms = now_ms;
            entry.is_answered = false;
            Turn::Ask
        } else if entry.is_answered {
            Turn::Known(entry.seen.clone(), entry.version)
        } else {
            Turn::Wait
        }
    }

    /// Notes what a look of that time found; `None` where it failed. Returns what is
    /// known now, and the number of the change. A look that was asked before the one
    /// whose answer is known says nothing new.
    fn note(&self, id: &str, asked_ms: u64, look: Option<Look>) -> (Seen, u64) {
        let mut entries = self.0.borrow_mut();
        entries.version += 1;
        let version = entries.version;
        let entry = entries.find(id);
        let position = entry.as_ref().and_then(|entry| entry.seen.position);
        let seen = look.map(|look| Seen {
            position: position.filter(|_| look.document.is_none() && look.progress.is_none()),
            document: look.document.map(Bytes::from),
            progress: look.progress,
        });
        // It may have made room for another.
        let Some(entry) = entry else {
            return (seen.unwrap_or_default(), version);
        };
        if asked_ms < entry.answered_ms {
            return (entry.seen.clone(), entry.version);
        }
        entry.is_answered = true;
        entry.version = version;
        if let Some(seen) = seen {
            entry.seen = seen;
            entry.answered_ms = asked_ms;
        }
        let seen = entry.seen.clone();
        entries.shrink();
        (seen, version)
    }

    /// Whether it is time to ask for a position; then the caller must.
    fn position_turn(&self, id: &str, since_ms: u64, now_ms: u64) -> bool {
        let mut entries = self.0.borrow_mut();
        let Some(entry) = entries.find(id) else {
            return false;
        };
        let waits = entry.seen.document.is_none() && entry.seen.progress.is_none();
        if !waits
            || now_ms.saturating_sub(since_ms) < POSITION_AGE_MS
            || now_ms < entry.position_asked_ms + entry.position_pause_ms
        {
            return false;
        }
        entry.position_asked_ms = now_ms;
        entry.position_pause_ms = match entry.position_pause_ms {
            0 => POSITION_PAUSE_MS,
            pause_ms => (pause_ms * 3 / 2).min(POSITION_LONGEST_PAUSE_MS),
        };
        true
    }

    fn note_position(&self, id: &str, position: Option<u64>) {
        let mut entries = self.0.borrow_mut();
        entries.version += 1;
        let version = entries.version;
        if let Some(entry) = entries.find(id) {
            entry.seen.position = position;
            entry.version = version;
            if position.is_none() {
                entry.position_pause_ms = POSITION_LONGEST_PAUSE_MS;
            }
        }
    }
}

impl Viewer {
    pub(crate) fn now_ms(&self) -> u64 {
        (self.runtime.now_ms)()
    }

    /// How long until there may be something new, in milliseconds: what another viewer
    /// found, a look that is due, or that the submission has been settled.
    pub(crate) fn pause_ms(&self) -> u64 {
        let now_ms = self.now_ms();
        let age_ms = now_ms.saturating_sub(self.since_ms);
        self.settled
            .pause_ms(&self.id, age_ms, self.looks_pause_ms(now_ms))
    }

    fn looks_pause_ms(&self, now_ms: u64) -> u64 {
        let mut entries = self.live.0.borrow_mut();
        let Some(entry) = entries.find(&self.id) else {
            return (self.since_ms + FIRST_LOOK_MS).saturating_sub(now_ms);
        };
        let due_ms = entry.due_ms(self.since_ms).saturating_sub(now_ms);
        match entry.is_answered {
            true if entry.version != self.version => 0,
            true => due_ms,
            false => due_ms.min(OTHERS_LOOK_MS),
        }
    }

    /// What is known to all, with a look of its own where one is due.
    pub(crate) async fn look_with_others(&mut self) -> Result<Seen, RedisError> {
        loop {
            let is_settled = self.settled.take(&self.id);
            let now_ms = self.now_ms();
            match self.live.turn(&self.id, self.since_ms, now_ms, is_settled) {
                Turn::Known(seen, version) => {
                    self.version = version;
                    return Ok(seen);
                }
                Turn::Wait => (self.runtime.sleep)(OTHERS_LOOK_MS).await,
                Turn::Ask => {
                    self.asked += 1;
                    let asked_ms = self.now_ms();
                    let look = self.store.look(&self.id).await;
                    let failed = look.as_ref().err().cloned();
                    let (seen, version) = self.live.note(&self.id, asked_ms, look.ok());
                    self.version = version;
                    return failed.map_or(Ok(seen), Err);
                }
            }
        }
    }

    /// As [`Self::look`], and with the position where it is time to ask for it. A
    /// position that cannot be asked for is not known.
    pub(crate) async fn look_with_position(&mut self) -> Result<Seen, RedisError> {
        let mut seen = self.look().await?;
        if self
            .live
            .position_turn(&self.id, self.since_ms, self.now_ms())
        {
            self.asked += 1;
            seen.position = self.store.position(&self.id).await.unwrap_or(None);
            self.live.note_position(&self.id, seen.position);
        }
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shared::config::{RedisConfig, Secret};
    use shared::redis::Client;

    use super::*;

    fn done(bytes: usize) -> Look {
        Look {
            document: Some(vec![b'x'; bytes]),
            progress: None,
        }
    }

    fn started() -> Look {
        let progress = LiveProgress {
            started_at_ms: 5,
            total: None,
            cases: Vec::new(),
        };
        Look {
            document: None,
            progress: Some(progress),
        }
    }

    /// When looks are made at a submission of time 0 by viewers who come at every
    /// 10 ms.
    fn looks(until_ms: u64, found: &Look) -> Vec<u64> {
        let live = LiveResults::default();
        let mut asked = Vec::new();
        for now_ms in (FIRST_LOOK_MS..until_ms).step_by(10) {
            if live.turn("i", 0, now_ms, false) == Turn::Ask {
                asked.push(now_ms);
                live.note("i", now_ms, Some(found.clone()));
            }
        }
        asked
    }

    #[test]
    fn looks_depend_on_the_age_and_not_on_the_number_of_viewers() {
        let times = looks(60_000, &Look::default());
        assert_eq!(times[..6], [200, 500, 950, 1_630, 2_630, 3_630]);
        assert_eq!(looks(1_630, &Look::default()).len(), 3);
        let within = |ms| times.iter().filter(|&&time| time < ms).count();
        assert_eq!(within(25_000), 27, "docs/api.md says what a wait costs");
        assert_eq!(times[times.len() - 1] - times[times.len() - 2], 1_910);
        // What runs may end at any moment.
        let times = looks(60_000, &started());
        assert_eq!(times[times.len() - 1] - times[times.len() - 2], 1_000);
    }

    #[test]
    fn a_look_that_is_not_answered_is_made_again_when_the_next_is_due() {
        let live = LiveResults::default();
        assert_eq!(live.turn("i", 0, 200, false), Turn::Ask);
        assert_eq!(live.turn("i", 0, 499, false), Turn::Wait);
        assert_eq!(live.turn("i", 0, 500, false), Turn::Ask);
        // One that failed counts as made: nobody hurries.
        assert_eq!(live.note("i", 500, None).0, Seen::default());
        assert_eq!(
            live.turn("i", 0, 949, false),
            Turn::Known(Seen::default(), 1)
        );
        assert_eq!(live.turn("i", 0, 950, false), Turn::Ask);
        let (seen, version) = live.note("i", 950, Some(started()));
        assert_eq!(
            live.turn("i", 0, 951, false),
            Turn::Known(seen.clone(), version)
        );
        // The answer of an earlier look comes late, and says nothing new.
        let late = live.note("i", 200, Some(Look::default()));
        assert_eq!(late, (seen, version));
    }

    /// Else a viewer would see a result only once it is its turn to look.
    #[tokio::test]
    async fn a_viewer_sees_what_another_found_at_once_and_looks_at_what_is_settled() {
        thread_local! {
            static NOW_MS: Cell<u64> = const { Cell::new(200) };
        }
        let live = LiveResults::default();
        let redis = RedisConfig {
            url: "http://127.0.0.1:1/".parse().unwrap(),
            token: Secret::new("t"),
            timeout_ms: 1_000,
        };
        let viewer = Viewer {
            id: "i".into(),
            since_ms: 0,
            live: live.clone(),
            settled: Settled::default(),
            store: Store::new(Client::new(redis)),
            runtime: Runtime {
                now_ms: || NOW_MS.get(),
                ..Runtime::standing_still()
            },
            is_operator: false,
            asked: 0,
            version: 0,
        };
        assert_eq!(viewer.pause_ms(), 0);
        assert_eq!(live.turn("i", 0, 200, false), Turn::Ask);
        assert_eq!(viewer.pause_ms(), OTHERS_LOOK_MS, "the answer is under way");
        let (_, version) = live.note("i", 200, Some(Look::default()));
        assert_eq!(viewer.pause_ms(), 0);
        let mut viewer = Viewer { version, ..viewer };
        assert_eq!(viewer.pause_ms(), 300);
        live.note_position("i", Some(4));
        assert_eq!(viewer.pause_ms(), 0);
        assert_eq!((viewer.look().await.is_ok(), viewer.asked), (true, 0));
        viewer.settled.note(["i"].into_iter(), 200);
        assert_eq!(viewer.pause_ms(), 0);
        assert!(viewer.look().await.is_err(), "there is no Redis");
        assert_eq!((viewer.asked, viewer.pause_ms() > 0), (1, true));
    }

    #[test]
    fn positions_are_asked_for_late_and_seldom() {
        let live = LiveResults::default();
        let times = |found: Option<u64>| {
            let mut asked = Vec::new();
            for now_ms in (0..30_000).step_by(100) {
                let _ = live.turn("i", 0, now_ms, false);
                live.note("i", now_ms, Some(Look::default()));
                if live.position_turn("i", 0, now_ms) {
                    asked.push(now_ms);
                    live.note_position("i", found);
                }
            }
            live.0.borrow_mut().all.clear();
            asked
        };
        assert_eq!(
            times(Some(3)),
            [1_000, 3_000, 6_000, 10_500, 17_300, 27_500]
        );
        assert_eq!(times(None), [1_000]);
        let _ = live.turn("i", 0, 5_000, false);
        live.note("i", 5_000, Some(Look::default()));
        live.note_position("i", Some(3));
        assert_eq!(
            live.note("i", 5_000, Some(Look::default())).0.position,
            Some(3)
        );
        // What runs has none.
        assert_eq!(live.note("i", 5_000, Some(started())).0.position, None);
        assert!(!live.position_turn("i", 0, 20_000));
    }

    #[test]
    fn what_is_known_is_bounded_in_number_and_bytes() {
        let live = LiveResults::default();
        for number in 0..MOST as u64 + 1 {
            assert_eq!(live.turn(&number.to_string(), 0, number, false), Turn::Ask);
        }
        assert_eq!(live.0.borrow().all.len(), MOST);
        assert_eq!(
            live.turn("0", 0, 1_000, false),
            Turn::Ask,
            "the oldest was forgotten"
        );
        for number in 100..MOST {
            live.note(
                &number.to_string(),
                number as u64,
                Some(done(MOST_BYTES / 3)),
            );
        }
        let bytes: usize = live.0.borrow().all.iter().map(Entry::bytes).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
        // Whoever looked gets it all the same.
        let (large, _) = live.note("0", 1_000, Some(done(MOST_BYTES + 1)));
        assert_eq!(large.document.map(|text| text.len()), Some(MOST_BYTES + 1));
    }
}
