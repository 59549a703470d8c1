//! Sandboxes whose interpreter has been started before there is code for it: most of a
//! small run is an interpreter's start.
//!
//! A waiting sandbox is for one command line, environment and set of limits, and is used
//! once. `server.rs` puts the pool before the sandbox that `main.rs` has chosen, and says
//! which command lines most requests will have; others are learned. A run for which
//! nothing waits is started cold, and so is one whose waiting sandbox has died.
//!
//! One thread starts them, one at a time, when a slot is free and the machine has memory
//! to spare. What it keeps is decided in `entries.rs`.

mod entries;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::machine_memory;
use crate::sandbox::{Cancel, Command, IdleSandbox, Report, Sandbox, Tier};

use entries::Entries;
pub(crate) use entries::{LaunchKey, MAX_LAUNCH_KEYS};

/// How long after a run's end the next sandbox is started: the next case of the same
/// submission comes sooner.
const AFTER_RUN: Duration = Duration::from_millis(2);
/// How long after a run's begin, while others may run.
const AFTER_BEGIN: Duration = Duration::from_millis(25);
/// How often the waiting ones are looked after when nothing else happens.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct WarmLimits {
    /// Sandboxes for each command line. 0: none.
    pub each: usize,
    /// Runs at once beside which no sandbox is started.
    pub slots: usize,
    /// Memory in bytes that is left to runs.
    pub spare_bytes: u64,
}

/// A sandbox with a pool of waiting ones before it.
pub struct WarmSandbox {
    pool: Arc<WarmPool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct WarmPool {
    inner: Box<dyn Sandbox>,
    limits: WarmLimits,
    state: Mutex<State>,
    changed: Condvar,
    is_closed: AtomicBool,
    counts: Counts,
}

struct State {
    entries: Entries<Box<dyn IdleSandbox>>,
    running: usize,
    /// When the last run began, and when the last one ended.
    began: Option<Instant>,
    ended: Option<Instant>,
}

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    started: AtomicU64,
    failed: AtomicU64,
}

/// What waits, and what became of those that did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WarmStatus {
    /// Waiting sandboxes.
    pub waiting: usize,
    /// Sandboxes that are still to be started.
    pub wanted: usize,
    /// Resident memory of the waiting ones in bytes.
    pub memory_bytes: u64,
    /// Runs that got one.
    pub hits: u64,
    /// Runs that could have had one and were started cold.
    pub misses: u64,
    /// Sandboxes that were started to wait.
    pub started: u64,
    /// Sandboxes that could not be started, or died while they waited.
    pub failed: u64,
}

impl WarmSandbox {
    /// A pool before this sandbox. Nothing waits until [`WarmSandbox::expect`] is called
    /// or command lines are learned.
    pub fn new(inner: Box<dyn Sandbox>, limits: WarmLimits) -> Self {
        let inner_warms_up = inner.warms_up();
        let pool = Arc::new(WarmPool {
            inner,
            limits,
            state: Mutex::new(State {
                entries: Entries::new(limits.each),
                running: 0,
                began: None,
                ended: None,
            }),
            changed: Condvar::new(),
            is_closed: AtomicBool::new(limits.each == 0 || !inner_warms_up),
            counts: Counts::default(),
        });
        Self {
            pool,
            thread: Mutex::new(None),
        }
    }

    /// Has one sandbox wait for each of these commands, and begins to fill the pool.
    pub fn expect(&self, keys: Vec<LaunchKey>) {
        if self.pool.is_closed() {
            return;
        }
        for key in keys {
            self.pool.lock().entries.expect(key);
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let pool = Arc::clone(&self.pool);
            let started = std::thread::Builder::new()
                .name("warm".to_owned())
                .spawn(move || pool.fill());
            match started {
                Ok(started) => *thread = Some(started),
                Err(error) => tracing::warn!(%error, "no sandbox will wait"),
            }
        }
    }

    /// What waits now.
    pub fn status(&self) -> WarmStatus {
        let counts = &self.pool.counts;
        let state = self.pool.lock();
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WarmStatus {
            waiting: state.entries.waiting().count(),
            wanted: state.entries.wanted(),
            memory_bytes: state
                .entries
                .waiting()
                .map(|waiting| waiting.memory_bytes())
                .sum(),
            hits: counted(&counts.hits),
            misses: counted(&counts.misses),
            started: counted(&counts.started),
            failed: counted(&counts.failed),
        }
    }

    /// Ends every waiting sandbox for good. Runs are not affected.
    pub fn close(&self) {
        // Under the lock, so that the thread does not miss it.
        let waiting = {
            let mut state = self.pool.lock();
            self.pool.is_closed.store(true, Ordering::Relaxed);
            state.entries.empty()
        };
        self.pool.changed.notify_all();
        drop(waiting);
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It has not panicked, or its pool is empty all the same.
            let _ = thread.join();
        }
    }
}

impl Drop for WarmSandbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl Sandbox for WarmSandbox {
    fn run(&self, command: &Command<'_>, cancel: &Cancel) -> Report {
        if self.pool.is_closed() {
            return self.pool.inner.run(command, cancel);
        }
        let waiting = self.pool.begin(command);
        let _running = Running(&self.pool);
        let counts = &self.pool.counts;
        if let Some(waiting) = waiting {
            if let Some(report) = waiting.run(command, cancel) {
                count(&counts.hits, 1);
                return report;
            }
            count(&counts.failed, 1);
        }
        if command.prewarm {
            count(&counts.misses, 1);
        }
        self.pool.inner.run(command, cancel)
    }

    fn tier(&self) -> Tier {
        self.pool.inner.tier()
    }
}

fn count(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

/// Counts a run for as long as it lives.
struct Running<'a>(&'a WarmPool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        state.ended = Some(Instant::now());
        drop(state);
        self.0.changed.notify_one();
    }
}

impl WarmPool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Counts a run that begins, and takes a waiting sandbox for it.
    fn begin(&self, command: &Command<'_>) -> Option<Box<dyn IdleSandbox>> {
        let mut dead = Vec::new();
        let found = {
            let mut state = self.lock();
            state.running += 1;
            state.began = Some(Instant::now());
            if !command.prewarm || self.is_closed() {
                return None;
            }
            let key = LaunchKey::of(command);
            loop {
                match state.entries.take(&key) {
                    Some(waiting) if !waiting.is_alive() => dead.push(waiting),
                    found => break found,
                }
            }
        };
        count(&self.counts.failed, dead.len());
        found
    }

    /// The life of the thread that starts sandboxes.
    fn fill(&self) {
        let mut state = self.lock();
        while !self.is_closed() {
            let evicted = state
                .entries
                .evict(Instant::now(), |waiting| waiting.is_alive());
            if !evicted.is_empty() {
                drop(state);
                count(&self.counts.failed, evicted.dead);
                // Ends them, which takes a moment.
                drop(evicted);
                state = self.lock();
                continue;
            }
            let now = Instant::now();
            let next = state.entries.next(now);
            let pause = match (&next, state.may_start_at(now, &self.limits)) {
                (None, _) | (_, None) => CHECK_INTERVAL,
                (Some(_), Some(at)) if at > now => at - now,
                _ if !machine_memory::has_room(self.limits.spare_bytes) => CHECK_INTERVAL,
                _ => Duration::ZERO,
            };
            let Some(key) = next.filter(|_| pause.is_zero()) else {
                state = self
                    .changed
                    .wait_timeout(state, pause)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                continue;
            };
            drop(state);
            let started = self.inner.warm_up(&key.command());
            state = self.lock();
            let counter = match started {
                Ok(waiting) => {
                    // Given up while it was started, or the pool was closed.
                    let left = if self.is_closed() {
                        Some(waiting)
                    } else {
                        state.entries.insert(&key, waiting)
                    };
                    drop(state);
                    drop(left);
                    &self.counts.started
                }
                Err(reason) => {
                    state.entries.failed(&key, Instant::now());
                    drop(state);
                    tracing::warn!(
                        program = key.program(),
                        reason,
                        "an interpreter could not be started to wait"
                    );
                    &self.counts.failed
                }
            };
            count(counter, 1);
            state = self.lock();
        }
    }
}

impl State {
    /// When the next sandbox may be started; `None`: not before a run has ended.
    fn may_start_at(&self, now: Instant, limits: &WarmLimits) -> Option<Instant> {
        match self.running {
            0 => Some(self.ended.map_or(now, |ended| ended + AFTER_RUN)),
            running if running < limits.slots => {
                Some(self.began.map_or(now, |began| began + AFTER_BEGIN))
            }
            _ => None,
        }
    }
}
