//! Which problems there are and what they ask for, as this instance saw it last.
//!
//! A submission needs it where it may not be judged: its problem asks for a function or
//! a class, and its language has no harness, or is one that cannot express every
//! signature; or there is no such problem. Asking
//! is a command, so answers are remembered for a while, and publishing and
//! deleting in this instance replaces them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use shared::domain::ids::ProblemId;
use shared::queue::problems::CatalogKind;

/// How long it is remembered what a problem asks for, in milliseconds.
pub const KNOWN_MS: u64 = 60_000;
/// How long it is remembered that there is no problem of an id, in milliseconds:
/// shorter, because it may be published at any moment, and is submitted to then.
pub const UNKNOWN_MS: u64 = 10_000;
/// The most problems that are remembered.
const MAX_PROBLEMS: usize = 1_000;

/// The problems that were looked up.
#[derive(Debug, Default)]
pub struct ProblemKinds(RefCell<BTreeMap<ProblemId, Seen>>);

#[derive(Debug)]
struct Seen {
    kind: Option<CatalogKind>,
    at_ms: u64,
}

impl ProblemKinds {
    /// What a problem asks for; `Some(None)` when there is none of this id, and
    /// `None` when it must be looked up.
    pub fn get(&self, id: &ProblemId, now_ms: u64) -> Option<Option<CatalogKind>> {
        let all = self.0.borrow();
        let seen = all.get(id)?;
        let fresh_ms = match seen.kind {
            Some(_) => KNOWN_MS,
            None => UNKNOWN_MS,
        };
        (now_ms.saturating_sub(seen.at_ms) < fresh_ms).then_some(seen.kind)
    }

    /// Notes what was seen of several problems. None of these pushes out another.
    pub fn note(
        &self,
        seen: impl ExactSizeIterator<Item = (ProblemId, Option<CatalogKind>)>,
        now_ms: u64,
    ) {
        let mut all = self.0.borrow_mut();
        if all.len() + seen.len() > MAX_PROBLEMS {
            all.clear();
        }
        all.extend(seen.map(|(id, kind)| {
            let at_ms = now_ms;
            (id, Seen { kind, at_ms })
        }));
    }

    /// Lets go of a problem that was published or deleted.
    pub fn forget(&self, id: &ProblemId) {
        self.0.borrow_mut().remove(id);
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::language::FunctionLanguages;

    use super::*;

    fn id(number: usize) -> ProblemId {
        ProblemId::parse(&format!("p{number}"), "id").unwrap()
    }

    #[test]
    fn what_was_seen_counts_for_a_while() {
        let kinds = ProblemKinds::default();
        let unsupported = FunctionLanguages::EMPTY;
        let function = Some(CatalogKind::Function { unsupported });
        assert_eq!(kinds.get(&id(0), 0), None);
        kinds.note([(id(0), function), (id(1), None)].into_iter(), 5);
        assert_eq!(kinds.get(&id(0), 5), Some(function));
        assert_eq!(kinds.get(&id(0), 5 + KNOWN_MS - 1), Some(function));
        assert_eq!(kinds.get(&id(0), 5 + KNOWN_MS), None);
        assert_eq!(kinds.get(&id(1), 5 + UNKNOWN_MS - 1), Some(None));
        assert_eq!(kinds.get(&id(1), 5 + UNKNOWN_MS), None);
        kinds.forget(&id(0));
        assert_eq!(kinds.get(&id(0), 5), None);
    }

    #[test]
    fn a_bounded_number_is_remembered_and_those_seen_together_stay() {
        let kinds = ProblemKinds::default();
        let group = |from: usize| (from..from + 100).map(|number| (id(number), None));
        for from in (0..5_050).step_by(100) {
            kinds.note(group(from), 0);
            assert!(kinds.0.borrow().len() <= MAX_PROBLEMS);
            assert!(group(from).all(|(id, _)| kinds.get(&id, 0) == Some(None)));
        }
    }
}
