//! What a Worker makes of its variables, kept from one request to the next.
//!
//! The platform hands the same `env` to every request of a deployment, so a Worker makes
//! its settings and clients of it once. But it may keep an instance when a deployment
//! changes nothing but variables, and documents neither whether that gives another `env`
//! nor whether it changes the one that is there. So a value counts only for the `env`
//! that it was made of, and only for some seconds. `lib.rs` of both Workers keep theirs
//! here.

use std::cell::RefCell;

use worker::Env;
use worker::wasm_bindgen::JsValue;

/// How long a value counts, in milliseconds: for so long a changed variable may go
/// unnoticed where the object is the same.
const MAX_AGE_MS: u64 = 5_000;

/// A value that is made of an object, and the object that it was made of.
#[derive(Debug)]
pub struct Kept<K, T>(RefCell<Option<Entry<K, T>>>);

#[derive(Debug)]
struct Entry<K, T> {
    made_of: K,
    made_ms: u64,
    value: T,
}

impl<K, T> Default for Kept<K, T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: PartialEq, T: Clone> Kept<K, T> {
    /// What was made of this object less than [`MAX_AGE_MS`] ago, or what `make` makes of
    /// it now. A copy should be cheap.
    pub fn get(&self, object: K, now_ms: u64, make: impl FnOnce() -> T) -> T {
        let is_fresh = |entry: &&Entry<K, T>| {
            // A clock that was set back tells no age.
            let age_ms = now_ms.checked_sub(entry.made_ms);
            entry.made_of == object && age_ms.is_some_and(|age_ms| age_ms < MAX_AGE_MS)
        };
        if let Some(entry) = self.0.borrow().as_ref().filter(is_fresh) {
            return entry.value.clone();
        }
        let value = make();
        self.0.replace(Some(Entry {
            made_of: object,
            made_ms: now_ms,
            value: value.clone(),
        }));
        value
    }
}

/// Which `env` it is: equal where it is the same object, whatever it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvIdentity(JsValue);

impl EnvIdentity {
    /// That of an `env`.
    pub fn of(env: &Env) -> Self {
        let object: &JsValue = env.as_ref();
        // The comparison of two values is that of JavaScript's `===`.
        Self(object.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// An object of the platform, which is equal to itself alone.
    #[derive(Clone)]
    struct Object(Rc<Cell<u32>>);

    impl PartialEq for Object {
        fn eq(&self, other: &Self) -> bool {
            Rc::ptr_eq(&self.0, &other.0)
        }
    }

    fn object(variable: u32) -> Object {
        Object(Rc::new(Cell::new(variable)))
    }

    #[test]
    fn a_value_is_made_once_for_an_object_and_some_seconds() {
        let (kept, made) = (Kept::default(), Cell::new(0));
        let get = |object: &Object, now_ms| {
            kept.get(object.clone(), now_ms, || {
                made.set(made.get() + 1);
                object.0.get()
            })
        };
        let one = object(1);
        assert_eq!([get(&one, 7), get(&one, 7), made.get()], [1, 1, 1]);
        // A variable of the same object takes effect within five seconds.
        one.0.set(2);
        assert_eq!(get(&one, 6 + MAX_AGE_MS), 1);
        assert_eq!(get(&one, 7 + MAX_AGE_MS), 2);
        // That of another object takes effect at once, also with the same content.
        let other = object(2);
        assert_eq!((get(&other, 8 + MAX_AGE_MS), made.get()), (2, 3));
        let another = object(3);
        assert_eq!(get(&another, 8 + MAX_AGE_MS), 3);
        // And so does going back to the one before.
        assert_eq!((get(&one, 9 + MAX_AGE_MS), made.get()), (2, 5));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_last() {
        let kept = Kept::default();
        assert_eq!(kept.get(0, 1_000_000, || 1), 1);
        assert_eq!(kept.get(0, 10, || 2), 2);
    }

    /// A mistake in a variable is an answer, and is mended as any value is.
    #[test]
    fn an_error_counts_no_longer_than_a_value() {
        let kept: Kept<u8, Result<u8, String>> = Kept::default();
        let wrong = || Err("wrong".to_owned());
        assert_eq!(kept.get(0, 0, wrong), Err("wrong".into()));
        assert_eq!(kept.get(0, MAX_AGE_MS - 1, || Ok(1)), Err("wrong".into()));
        assert_eq!(kept.get(1, MAX_AGE_MS - 1, || Ok(2)), Ok(2));
        assert_eq!(kept.get(0, MAX_AGE_MS - 1, wrong), Err("wrong".into()));
        assert_eq!(kept.get(0, 2 * MAX_AGE_MS, || Ok(3)), Ok(3));
    }
}
