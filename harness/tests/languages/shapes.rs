//! What the tests of Ruby, PHP, Rust and C have in common.

use harness::{Frame, Harness, HarnessErrorKind};
use shared::domain::problem::{Answer, Callable, Signature};

use crate::every::class;
use crate::run::{Ran, signature};

/// A function whose answer is this.
pub(crate) fn function(text: &str, answer: Answer) -> Signature {
    Signature {
        answer,
        ..signature(text)
    }
}

/// What a case raised is of this kind, and its text has all these words.
pub(crate) fn raises(ran: &Ran, index: usize, kind: HarnessErrorKind, words: &[&str]) {
    let (found, text) = ran.raised(index);
    assert_eq!(found, kind, "{text}");
    for word in words {
        assert!(text.contains(word), "{word}\n{text}");
    }
    assert!(text.len() <= 1_910, "{}", text.len());
    assert!(!text.to_lowercase().contains("judge"), "{text}");
}

/// A function or class that is not there is told of by its name.
pub(crate) fn is_missing(ran: &Ran, words: &[&str]) {
    let (kind, text) = ran.load();
    assert_eq!(kind, HarnessErrorKind::Missing);
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

/// Frames of a case that the user's code wrote beside the harness's count as forged.
pub(crate) fn is_duplicate(ran: &Ran, index: usize) {
    assert_eq!(
        ran.frames.cases.get(&index),
        Some(&Frame::Duplicate),
        "{ran:?}"
    );
}

/// The starters of a function and of a class in one language.
pub(crate) fn starters(harness: Harness) -> [String; 2] {
    let merge = function(
        "mergeInto(list<int>, linked_list<int>, map<float>) -> null",
        Answer::Argument(0),
    );
    let counts = class("KeyCount(int); countOf(string) -> bool");
    [Callable::Function(&merge), Callable::Class(&counts)].map(|callable| {
        let all = harness::starters(callable);
        all[harness.language()].as_str().unwrap().to_owned()
    })
}
