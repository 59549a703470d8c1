//! A switch that stops one run, or all of them.
//!
//! `api.rs` sets it when a client disconnects, `server.rs` at shutdown; the
//! watchdogs poll it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells one run, or all of them, to stop. Clones share the switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    this: Arc<AtomicBool>,
    all: Arc<AtomicBool>,
}

impl Cancel {
    /// A separate switch that [`Cancel::cancel_all`] of this one also sets.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            this: Arc::default(),
            all: Arc::clone(&self.all),
        }
    }

    /// Stops this run.
    pub fn cancel(&self) {
        self.this.store(true, Ordering::Release);
    }

    /// Stops every run whose switch has the same root.
    pub fn cancel_all(&self) {
        self.all.store(true, Ordering::Release);
    }

    /// Whether the run should stop.
    pub fn is_cancelled(&self) -> bool {
        self.this.load(Ordering::Acquire) || self.all.load(Ordering::Acquire)
    }

    /// A guard that cancels when dropped, unless disarmed.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Some(self.clone()))
    }
}

/// Cancels its run when dropped. A handler holds it while its client waits.
#[derive(Debug)]
pub struct CancelOnDrop(Option<Cancel>);

impl CancelOnDrop {
    /// Makes the drop do nothing, because the run has ended.
    pub fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            cancel.cancel();
        }
    }
}
