//! A stack that is started on first use and lent to one test at a time.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::harness::excluded;

/// Room for one stack.
#[derive(Debug)]
pub struct Slot<T>(Mutex<Option<T>>);

/// A stack while one test has it.
#[derive(Debug)]
pub struct Lent<'a, T>(MutexGuard<'a, Option<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    /// Waits until no other test has it, and starts it if it is not there.
    pub fn get_or_start(&self, start: impl FnOnce() -> T) -> Lent<'_, T> {
        excluded(|| {
            let mut slot = self.lock();
            slot.get_or_insert_with(start);
            Lent(slot)
        })
    }

    /// Takes it out, if it was ever started.
    pub fn take(&self) -> Option<T> {
        self.lock().take()
    }

    /// A test that panicked leaves its stack to the next one.
    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().unwrap()
    }
}
