//! Which submissions have just been settled, as far as this instance is told: the
//! answer to a wake-up names those that the drain settled first.
//!
//! Whoever waits for one of them looks at once, instead of when a look is due. A
//! waiting request cannot be woken by another: only data is shared. So it looks into
//! this list again and again, at pauses that grow with the submission's age. That
//! costs no command, and is done only for a submission that came with a wake-up.
//!
//! Nothing depends on it: where the wake-up's answer comes to another instance, or
//! never, the looks of [`crate::live_results`] find the result.

use std::cell::RefCell;
use std::rc::Rc;

/// How many submissions are remembered; older ones make room.
const MOST: usize = 256;
/// For how long, in milliseconds: worker-fn answers a wake-up within 20 s.
const KEPT_MS: u64 = 25_000;
/// A submission of this age, in milliseconds, is waited for with longer pauses: a few
/// hundred milliseconds are no longer noticed, and each look into the list takes some
/// 20 us of processor time.
const OLD_MS: u64 = 1_000;

/// The submissions that are expected to be settled, or have been. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Settled(Rc<RefCell<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    id: String,
    is_settled: bool,
    until_ms: u64,
}

impl Settled {
    /// Notes that the answer to a wake-up may tell of this submission.
    pub(crate) fn expect(&self, id: &str, now_ms: u64) {
        self.put(id, false, now_ms);
    }

    /// Notes the submissions that a wake-up's answer names.
    pub fn note<'a>(&self, ids: impl Iterator<Item = &'a str>, now_ms: u64) {
        for id in ids {
            self.put(id, true, now_ms);
        }
    }

    /// How long a request that waits for this submission may pause, where nothing else
    /// is due for `pause_ms` milliseconds.
    pub(crate) fn pause_ms(&self, id: &str, age_ms: u64, pause_ms: u64) -> u64 {
        let entries = self.0.borrow();
        match entries.iter().find(|entry| entry.id == id) {
            None => pause_ms,
            Some(entry) if entry.is_settled => 0,
            Some(_) => pause_ms.min(own_pause_ms(age_ms)),
        }
    }

    /// Whether this submission is known to be settled. The caller must look; who asks
    /// later is not told again.
    pub(crate) fn take(&self, id: &str) -> bool {
        let mut entries = self.0.borrow_mut();
        let found = |entry: &Entry| entry.is_settled && entry.id == id;
        match entries.iter().position(found) {
            Some(index) => {
                entries.remove(index);
                true
            }
            None => false,
        }
    }

    fn put(&self, id: &str, is_settled: bool, now_ms: u64) {
        let mut entries = self.0.borrow_mut();
        entries.retain(|entry| now_ms < entry.until_ms && entry.id != id);
        if entries.len() >= MOST {
            entries.remove(0);
        }
        entries.push(Entry {
            id: id.to_owned(),
            is_settled,
            until_ms: now_ms + KEPT_MS,
        });
    }
}

/// The pause between two looks into the list, for a submission of this age.
fn own_pause_ms(age_ms: u64) -> u64 {
    let parts = if age_ms < OLD_MS { 24 } else { 8 };
    (age_ms / parts).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_submission_is_looked_at_at_once_and_once() {
        let settled = Settled::default();
        assert_eq!(
            settled.pause_ms("a", 0, 200),
            200,
            "it came without a wake-up"
        );
        settled.expect("a", 0);
        assert_eq!(settled.pause_ms("a", 0, 200), 1);
        assert!(!settled.take("a"));
        settled.note(["a", "b"].into_iter(), 10);
        assert_eq!(settled.pause_ms("a", 10, 190), 0);
        assert!(settled.take("a"));
        assert_eq!(settled.pause_ms("a", 10, 190), 190);
        assert!(!settled.take("a"));
        // One that no wake-up was sent for, or whose request is not there yet.
        assert!(settled.take("b"));
    }

    #[test]
    fn the_pauses_grow_with_the_age_and_are_few() {
        let settled = Settled::default();
        settled.expect("a", 0);
        let (mut now_ms, mut looks) = (0, 0);
        while now_ms < 25_000 {
            let pause_ms = settled.pause_ms("a", now_ms, 1_000);
            assert!(pause_ms <= (now_ms / 8).max(1), "{pause_ms} at {now_ms}");
            assert!(now_ms > 100 || pause_ms <= 4, "{pause_ms} at {now_ms}");
            now_ms += pause_ms;
            looks += 1;
        }
        assert!(looks < 170, "{looks}");
        assert_eq!(settled.pause_ms("a", 10_000, 7), 7, "a look is due before");
    }

    #[test]
    fn what_is_old_makes_room() {
        let settled = Settled::default();
        for number in 0..=MOST {
            settled.expect(&number.to_string(), 0);
        }
        assert_eq!(settled.0.borrow().len(), MOST);
        assert_eq!(settled.pause_ms("0", 0, 9), 9);
        assert_eq!(settled.pause_ms("1", 0, 9), 1);
        settled.expect("new", KEPT_MS);
        assert_eq!(settled.0.borrow().len(), 1);
    }
}
