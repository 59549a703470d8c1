//! Taking a JSON object apart, with errors that say where.
//!
//! A member is taken out by its name; what is left at the end was not known,
//! and is refused: a slip such as `hiden` must not publish what was to be
//! hidden. `null` counts as not given.
//!
//! The first rule that is broken is noted in a [`Slip`], and reading goes on
//! with something harmless in the place of what broke it: one look at the end
//! is much less code in a Worker than one after each member.

use serde_json::{Map, Value};

use crate::api_error::ApiError;

/// The first broken rule, if any was. What was read counts only without one.
#[derive(Default)]
pub(super) struct Slip(Option<Box<ApiError>>);

impl Slip {
    /// 422: what is at `path` breaks `rule`, which ends the sentence that the
    /// path begins. Never says a value.
    #[inline(never)]
    pub(super) fn broken(&mut self, path: String, rule: &str) {
        let message = [&path, " ", rule].concat();
        self.note(ApiError::invalid(path, message));
    }

    /// 413, else as [`Slip::broken`].
    #[inline(never)]
    pub(super) fn too_large(&mut self, path: String, rule: &str) {
        let message = [&path, " ", rule].concat();
        self.note(ApiError::too_large(path, message));
    }

    /// Keeps an error, unless there was one before.
    #[inline(never)]
    pub(super) fn note(&mut self, error: ApiError) {
        self.0.get_or_insert_with(|| Box::new(error));
    }

    /// Whether a rule was broken.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// What was read, or the broken rule.
    pub(super) fn or<T>(self, read: T) -> Result<T, ApiError> {
        match self.0 {
            None => Ok(read),
            Some(error) => Err(*error),
        }
    }
}

/// `path[index]`.
#[inline(never)]
pub(super) fn at(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// The members of an object that have not been taken yet.
pub(super) struct Members<'a> {
    path: String,
    left: Map<String, Value>,
    pub(super) slip: &'a mut Slip,
}

impl<'a> Members<'a> {
    /// The members of the object at `path`; an empty path is the whole.
    #[inline(never)]
    pub(super) fn of(value: Value, path: String, slip: &'a mut Slip) -> Self {
        let left = match value {
            Value::Object(left) => left,
            _ => {
                let whole = if path.is_empty() { "body" } else { "" };
                slip.broken([whole, &path].concat(), "must be a JSON object.");
                Map::new()
            }
        };
        Self { path, left, slip }
    }

    /// Where the member `name` is.
    #[inline(never)]
    pub(super) fn path(&self, name: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        [&self.path, dot, name].concat()
    }

    /// The member `name` breaks `rule`.
    #[inline(never)]
    pub(super) fn broken(&mut self, name: &str, rule: &str) {
        let path = self.path(name);
        self.slip.broken(path, rule);
    }

    /// A member that may be missing.
    #[inline(never)]
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// A member that must be there, if only as `null`.
    #[inline(never)]
    pub(super) fn need(&mut self, name: &str) -> Value {
        match self.left.remove(name) {
            Some(value) => value,
            None => {
                self.broken(name, "is required.");
                Value::Null
            }
        }
    }

    /// Text that may be missing.
    #[inline(never)]
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.broken(name, "must be text.");
                None
            }
        }
    }

    /// `true` or `false`, or `default` where it is missing.
    #[inline(never)]
    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.take(name) {
            None => default,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.broken(name, "must be true or false.");
                default
            }
        }
    }

    /// A list that may be missing.
    #[inline(never)]
    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.broken(name, "must be a list.");
                Vec::new()
            }
        }
    }

    /// A whole number between two others that may be missing.
    #[inline(never)]
    pub(super) fn whole(&mut self, name: &str, low: u64, high: u64) -> Option<u64> {
        let value = self.take(name)?;
        let number = value.as_u64().filter(|n| (low..=high).contains(n));
        if number.is_none() {
            let rule = format!("must be a whole number from {low} to {high}.");
            self.broken(name, &rule);
        }
        number
    }

    /// A number between two others that may be missing; `rule` says between
    /// which.
    #[inline(never)]
    pub(super) fn number(&mut self, name: &str, low: f64, high: f64, rule: &str) -> Option<f64> {
        let value = self.take(name)?;
        let number = value.as_f64().filter(|n| (low..=high).contains(n));
        if number.is_none() {
            self.broken(name, rule);
        }
        number
    }

    /// The name of a member that was not taken yet.
    pub(super) fn next(&self) -> Option<String> {
        self.left.keys().next().cloned()
    }

    /// Refuses what was not taken; `known` says what there is.
    #[inline(never)]
    pub(super) fn end(mut self, known: &str) {
        if let Some(name) = self.next() {
            let rule = ["is not known; there is ", known, "."].concat();
            self.broken(&name, &rule);
        }
    }
}
