//! Reading and writing the JSON objects of a problem.
//!
//! A member is taken out by its name; what is left at the end was not known,
//! and is refused: a typo such as `hiden` must not publish a case that was to
//! be hidden. `null` counts as not given.
//!
//! The first violation is noted in [`Violations`], and reading goes on with a
//! harmless value in its place: one check at the end is much less code in a
//! Worker than one after each member.

use serde_json::{Map, Value};

use crate::domain::violation::Violation;
use crate::json::{Json, Object};

/// The first rule that was broken, if any was. What was read counts only without
/// one.
#[derive(Default)]
pub(super) struct Violations(Option<Box<Violation>>);

impl Violations {
    /// The value at `path` breaks `rule`, which ends the sentence that the path
    /// begins. Never says a value.
    #[inline(never)]
    pub(super) fn reject(&mut self, path: String, rule: &str) {
        let message = [&path, " ", rule].concat();
        self.note(Violation::invalid(path, message));
    }

    /// As [`Violations::reject`], for a value that is too large.
    #[inline(never)]
    pub(super) fn too_large(&mut self, path: String, rule: &str) {
        let message = [&path, " ", rule].concat();
        self.note(Violation::too_large(path, message));
    }

    /// Notes a violation, unless there was one before.
    #[inline(never)]
    pub(super) fn note(&mut self, violation: Violation) {
        self.0.get_or_insert_with(|| Box::new(violation));
    }

    /// Whether a rule was broken.
    pub(super) fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// `value`, or the first violation.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Violation> {
        match self.0 {
            None => Ok(value),
            Some(violation) => Err(*violation),
        }
    }
}

/// `path[index]`.
#[inline(never)]
pub(super) fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// An object of the members that are not `null`. They are taken out of the
/// slice: a list by value would be code for each length.
pub(crate) fn object(members: &mut [(&str, Value)]) -> Value {
    let mut map = Map::new();
    for (name, value) in members {
        if !value.is_null() {
            map.insert((*name).to_owned(), value.take());
        }
    }
    map.into()
}

/// The members of an object that have not been taken yet.
pub(super) struct ObjectReader<'a, 'v> {
    path: String,
    left: Object<'a>,
    pub(super) violations: &'v mut Violations,
}

impl<'a, 'v> ObjectReader<'a, 'v> {
    /// The members of the object at `path`; an empty path is the whole body.
    #[inline(never)]
    pub(super) fn new(value: Json<'a>, path: String, violations: &'v mut Violations) -> Self {
        let left = Object::of(value).unwrap_or_else(|error| {
            let whole = if path.is_empty() { "body" } else { "" };
            violations.reject([whole, &path].concat(), &error.to_string());
            Object::empty()
        });
        Self {
            path,
            left,
            violations,
        }
    }

    /// Where the member `name` is.
    #[inline(never)]
    pub(super) fn path(&self, name: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        [&self.path, dot, name].concat()
    }

    /// The member `name` breaks `rule`.
    #[inline(never)]
    pub(super) fn reject(&mut self, name: &str, rule: &str) {
        let path = self.path(name);
        self.violations.reject(path, rule);
    }

    /// A member that may be missing.
    #[inline(never)]
    pub(super) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        self.left.take(name).filter(|value| !value.is_null())
    }

    /// A member that must be there, if only as `null`.
    #[inline(never)]
    pub(super) fn need(&mut self, name: &str) -> Option<Json<'a>> {
        let value = self.left.take(name);
        if value.is_none() {
            self.reject(name, "is required.");
        }
        value
    }

    /// Text that may be missing.
    #[inline(never)]
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?.text();
        if text.is_none() {
            self.reject(name, "must be text.");
        }
        text.map(String::from)
    }

    /// `true` or `false`, or `default` where it is missing.
    #[inline(never)]
    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(value) = self.take(name) else {
            return default;
        };
        value.bool().unwrap_or_else(|| {
            self.reject(name, "must be true or false.");
            default
        })
    }

    /// A list that may be missing, `most` items of it, and how many there are.
    #[inline(never)]
    pub(super) fn list(&mut self, name: &str, most: usize) -> (Vec<Json<'a>>, usize) {
        let Some(value) = self.take(name) else {
            return (Vec::new(), 0);
        };
        let Some(mut items) = value.items() else {
            self.reject(name, "must be a list.");
            return (Vec::new(), 0);
        };
        let first: Vec<_> = items.by_ref().take(most).collect();
        let count = first.len() + items.count();
        (first, count)
    }

    /// A whole number between two others that may be missing.
    #[inline(never)]
    pub(super) fn whole(&mut self, name: &str, low: u64, high: u64) -> Option<u64> {
        let value = self.take(name)?;
        let number = value.u64().filter(|n| (low..=high).contains(n));
        if number.is_none() {
            let rule = format!("must be a whole number from {low} to {high}.");
            self.reject(name, &rule);
        }
        number
    }

    /// A number between two others that may be missing; `rule` says between
    /// which.
    #[inline(never)]
    pub(super) fn number(&mut self, name: &str, low: f64, high: f64, rule: &str) -> Option<f64> {
        let value = self.take(name)?;
        let number = value.f64().filter(|n| (low..=high).contains(n));
        if number.is_none() {
            self.reject(name, rule);
        }
        number
    }

    /// The name of a member that was not taken yet.
    pub(super) fn next(&self) -> Option<String> {
        self.left.first_name().map(str::to_owned)
    }

    /// Refuses what was not taken; `known` says what there is.
    #[inline(never)]
    pub(super) fn end(mut self, known: &str) {
        if let Some(name) = self.next() {
            let rule = ["is not known; there is ", known, "."].concat();
            self.reject(&name, &rule);
        }
    }
}
