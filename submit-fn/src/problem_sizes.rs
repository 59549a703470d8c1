//! How large the problems are that this instance has read.
//!
//! A problem can be 4 MiB, and reading one then takes 24. Most are a few KB, and
//! many people read them at once. So memory is reserved by what is known of a
//! problem's size: for one that was never read here, by the most.

use std::cell::RefCell;
use std::collections::BTreeMap;

use shared::domain::ids::ProblemId;
use shared::domain::problem::MAX_BYTES;

/// What reading takes, as a multiple of a problem's bytes: a third more as base64
/// in Redis's response, as a value, decoded, once more as the answer, and that once
/// more on its way out.
const FACTOR: usize = 6;
/// The most problems whose size is remembered.
const MAX_PROBLEMS: usize = 1_000;

/// Sizes of problems.
#[derive(Debug, Default)]
pub struct ProblemSizes(RefCell<BTreeMap<ProblemId, usize>>);

impl ProblemSizes {
    /// How much memory reading this problem takes, in bytes.
    pub fn needed(&self, id: &ProblemId) -> usize {
        FACTOR * self.0.borrow().get(id).copied().unwrap_or(MAX_BYTES)
    }

    /// Notes a problem's size; one that does not exist has none.
    pub fn note(&self, id: &ProblemId, bytes: usize) {
        let mut sizes = self.0.borrow_mut();
        if sizes.len() == MAX_PROBLEMS && !sizes.contains_key(id) {
            sizes.clear();
        }
        sizes.insert(id.clone(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_reserved_and_a_bounded_number_is_remembered() {
        let id = |number: usize| ProblemId::parse(&format!("p{number}"), "id").unwrap();
        let sizes = ProblemSizes::default();
        assert_eq!(sizes.needed(&id(0)), 24 << 20);
        for number in 0..MAX_PROBLEMS {
            sizes.note(&id(number), 100);
        }
        assert_eq!(sizes.needed(&id(0)), 600);
        sizes.note(&id(0), 200);
        assert_eq!(sizes.needed(&id(0)), 1_200);
        assert_eq!(sizes.needed(&id(1)), 600);
        sizes.note(&id(MAX_PROBLEMS), 100);
        assert_eq!(sizes.0.borrow().len(), 1);
    }
}
