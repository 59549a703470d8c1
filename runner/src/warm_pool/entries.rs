//! Which sandboxes are to wait, and for what: the bookkeeping of the pool, without
//! threads and processes.
//!
//! A command line that has been expected and not yet asked for has one waiting sandbox;
//! one that has been asked for lately has as many as the pool allows for each. A new
//! command line is taken in when it is asked for the second time, so that requests whose
//! command lines never repeat start nothing in vain. The one that nobody has asked for
//! for the longest time makes room.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::sandbox::{Command, Limits, Mount};

/// Command lines that sandboxes wait for.
pub(crate) const MAX_LAUNCH_KEYS: usize = 6;
/// Command lines that are remembered after they were asked for once.
const MAX_SEEN: usize = 32;
/// How long a command line is kept that nobody asks for. Those that are expected stay.
const KEEP: Duration = Duration::from_secs(600);
/// Pause after a first failure to start a sandbox. Each next one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// What a sandbox that waits depends on: all of a command but its files, its input, and
/// the limits that apply only once it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchKey {
    argv: Vec<String>,
    env: Vec<(String, String)>,
    mounts: Vec<Mount>,
    limits: Limits,
}

impl LaunchKey {
    /// What waits for this command.
    pub fn of(command: &Command<'_>) -> Self {
        Self {
            argv: command.argv.to_vec(),
            env: command.env.to_vec(),
            mounts: command.mounts.to_vec(),
            limits: Limits {
                wall: Duration::ZERO,
                cpu: Duration::ZERO,
                stdout_bytes: 0,
                stderr_bytes: 0,
                ..command.limits
            },
        }
    }

    /// The command to start.
    pub fn command(&self) -> Command<'_> {
        Command {
            argv: &self.argv,
            files: &[],
            collect_files: false,
            mounts: &self.mounts,
            env: &self.env,
            stdin: b"",
            combine_output: false,
            interrupt: false,
            prewarm: true,
            limits: self.limits,
        }
    }

    /// The program's path.
    pub fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }
}

/// The waiting sandboxes `W`, by what they wait for.
#[derive(Debug)]
pub(crate) struct Entries<W> {
    each: usize,
    /// The one that was asked for last comes first.
    entries: Vec<Entry<W>>,
    seen: VecDeque<LaunchKey>,
}

#[derive(Debug)]
struct Entry<W> {
    key: LaunchKey,
    waiting: Vec<W>,
    is_expected: bool,
    asked: Option<Instant>,
    failures: u32,
    not_before: Option<Instant>,
}

/// Sandboxes that no longer wait. Dropping it ends them.
pub(crate) struct Evicted<W> {
    waiting: Vec<W>,
    /// How many of them had died.
    pub(crate) dead: usize,
}

impl<W> Evicted<W> {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl<W> Entry<W> {
    fn new(key: LaunchKey) -> Self {
        Self {
            key,
            waiting: Vec::new(),
            is_expected: false,
            asked: None,
            failures: 0,
            not_before: None,
        }
    }

    fn missing(&self, each: usize) -> usize {
        let wanted = if self.asked.is_some() {
            each
        } else {
            each.min(1)
        };
        wanted.saturating_sub(self.waiting.len())
    }

    fn failed(&mut self, now: Instant) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10));
        self.failures += 1;
        self.not_before = Some(now + pause.min(MAX_PAUSE));
    }
}

impl<W> Entries<W> {
    /// Up to `each` sandboxes wait for each command line.
    pub(crate) fn new(each: usize) -> Self {
        Self {
            each,
            entries: Vec::new(),
            seen: VecDeque::new(),
        }
    }

    /// Takes in a command line that nobody has asked for.
    pub(crate) fn expect(&mut self, key: LaunchKey) {
        if self.entries.len() < MAX_LAUNCH_KEYS && self.find(&key).is_none() {
            self.entries.push(Entry {
                is_expected: true,
                ..Entry::new(key)
            });
        }
    }

    /// Takes a sandbox that waits for this, the one that has waited longest.
    pub(crate) fn take(&mut self, key: &LaunchKey) -> Option<W> {
        let now = Instant::now();
        if let Some(index) = self.find(key) {
            let mut entry = self.entries.remove(index);
            entry.asked = Some(now);
            let waiting = (!entry.waiting.is_empty()).then(|| entry.waiting.remove(0));
            self.entries.insert(0, entry);
            return waiting;
        }
        if let Some(index) = self.seen.iter().position(|seen| seen == key) {
            self.seen.remove(index);
            let mut entry = Entry::new(key.clone());
            entry.asked = Some(now);
            self.entries.insert(0, entry);
        } else {
            self.seen.push_back(key.clone());
            if self.seen.len() > MAX_SEEN {
                self.seen.pop_front();
            }
        }
        None
    }

    /// What to start next: of those with the fewest waiting, the one that was asked for
    /// last.
    pub(crate) fn next(&self, now: Instant) -> Option<LaunchKey> {
        let entries = self.entries.iter();
        entries
            .filter(|entry| entry.not_before.is_none_or(|at| at <= now))
            .filter(|entry| entry.missing(self.each) > 0)
            .min_by_key(|entry| entry.waiting.len())
            .map(|entry| entry.key.clone())
    }

    /// Puts one there that was started. Returns it if it is no longer wanted.
    pub(crate) fn insert(&mut self, key: &LaunchKey, waiting: W) -> Option<W> {
        match self.find(key) {
            Some(index) if self.entries[index].missing(self.each) > 0 => {
                let entry = &mut self.entries[index];
                entry.failures = 0;
                entry.not_before = None;
                entry.waiting.push(waiting);
                None
            }
            _ => Some(waiting),
        }
    }

    /// One could not be started.
    pub(crate) fn failed(&mut self, key: &LaunchKey, now: Instant) {
        if let Some(index) = self.find(key) {
            self.entries[index].failed(now);
        }
    }

    /// Takes out what has died and what nobody asks for any more.
    pub(crate) fn evict(&mut self, now: Instant, is_alive: impl Fn(&W) -> bool) -> Evicted<W> {
        let mut waiting = Vec::new();
        for entry in &mut self.entries {
            let (living, dead): (Vec<W>, Vec<W>) = std::mem::take(&mut entry.waiting)
                .into_iter()
                .partition(|waiting| is_alive(waiting));
            entry.waiting = living;
            if !dead.is_empty() {
                entry.failed(now);
            }
            waiting.extend(dead);
        }
        let dead = waiting.len();
        let is_old = |entry: &Entry<W>| {
            !entry.is_expected && entry.asked.is_none_or(|asked| now - asked > KEEP)
        };
        while let Some(index) = self.entries.iter().position(is_old) {
            waiting.extend(self.entries.remove(index).waiting);
        }
        while self.entries.len() > MAX_LAUNCH_KEYS {
            waiting.extend(
                self.entries
                    .pop()
                    .into_iter()
                    .flat_map(|entry| entry.waiting),
            );
        }
        Evicted { waiting, dead }
    }

    /// Takes out everything, for good.
    pub(crate) fn empty(&mut self) -> Vec<W> {
        let entries = std::mem::take(&mut self.entries);
        entries
            .into_iter()
            .flat_map(|entry| entry.waiting)
            .collect()
    }

    /// Everything that waits.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &W> {
        self.entries.iter().flat_map(|entry| &entry.waiting)
    }

    /// How many are still to be started.
    pub(crate) fn wanted(&self) -> usize {
        let entries = self.entries.iter();
        entries.map(|entry| entry.missing(self.each)).sum()
    }

    fn find(&self, key: &LaunchKey) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch_key(name: &str) -> LaunchKey {
        let argv = vec![name.to_owned()];
        LaunchKey::of(&Command {
            argv: &argv,
            files: &[],
            collect_files: false,
            mounts: &[],
            env: &[],
            stdin: b"",
            combine_output: false,
            interrupt: false,
            prewarm: true,
            limits: limits(),
        })
    }

    fn limits() -> Limits {
        Limits {
            wall: Duration::from_secs(1),
            cpu: Duration::from_secs(1),
            memory_bytes: Some(1 << 20),
            stack_bytes: 8 << 20,
            stdout_bytes: 1,
            stderr_bytes: 1,
            tasks: 1,
            open_files: 1,
            file_bytes: 1,
            disk_bytes: 1,
            disk_files: 1,
        }
    }

    fn fill(entries: &mut Entries<u32>, first: u32) {
        let mut number = first;
        while let Some(next) = entries.next(Instant::now()) {
            assert_eq!(entries.insert(&next, number), None);
            number += 1;
        }
    }

    #[test]
    fn recipes_depend_on_all_but_the_limits_that_a_run_brings() {
        let argv = vec!["a".to_owned()];
        let of = |limits| {
            let command = launch_key("a");
            LaunchKey::of(&Command {
                argv: &argv,
                limits,
                ..command.command()
            })
        };
        let usual = of(limits());
        let hour = Duration::from_secs(3600);
        let same = Limits {
            wall: hour,
            cpu: hour,
            stdout_bytes: 9,
            stderr_bytes: 9,
            ..limits()
        };
        assert_eq!(of(same), usual);
        for other in [
            Limits {
                memory_bytes: None,
                ..limits()
            },
            Limits {
                stack_bytes: 9,
                ..limits()
            },
            Limits {
                tasks: 9,
                ..limits()
            },
            Limits {
                open_files: 9,
                ..limits()
            },
            Limits {
                file_bytes: 9,
                ..limits()
            },
            Limits {
                disk_bytes: 9,
                ..limits()
            },
            Limits {
                disk_files: 9,
                ..limits()
            },
        ] {
            assert_ne!(of(other), usual, "{other:?}");
        }
        assert_ne!(launch_key("b"), usual);
    }

    #[test]
    fn one_waits_for_what_is_expected_and_several_for_what_was_asked_for() {
        let mut entries = Entries::new(3);
        entries.expect(launch_key("a"));
        entries.expect(launch_key("a"));
        assert_eq!(entries.wanted(), 1);
        fill(&mut entries, 1);
        assert_eq!(entries.take(&launch_key("a")), Some(1));
        assert_eq!(entries.wanted(), 3);
        fill(&mut entries, 2);
        // The one that has waited longest, and each once.
        let taken: Vec<_> = (0..4).map(|_| entries.take(&launch_key("a"))).collect();
        assert_eq!(taken, [Some(2), Some(3), Some(4), None]);
        // Nobody wants a fourth.
        fill(&mut entries, 5);
        assert_eq!(entries.insert(&launch_key("a"), 9), Some(9));
        assert_eq!(entries.empty(), [5, 6, 7]);
        assert_eq!(
            entries.insert(&launch_key("a"), 9),
            Some(9),
            "after the end"
        );
    }

    #[test]
    fn a_new_command_line_waits_after_it_was_asked_for_twice() {
        let mut entries: Entries<u32> = Entries::new(1);
        assert_eq!(entries.take(&launch_key("a")), None);
        assert_eq!(entries.next(Instant::now()), None);
        // Many others in between are forgotten.
        for number in 0..MAX_SEEN {
            entries.take(&launch_key(&number.to_string()));
        }
        entries.take(&launch_key("a"));
        assert_eq!(entries.next(Instant::now()), None);
        entries.take(&launch_key("a"));
        assert_eq!(entries.next(Instant::now()), Some(launch_key("a")));
    }

    #[test]
    fn the_command_line_that_was_asked_for_longest_ago_makes_room() {
        let mut entries: Entries<u32> = Entries::new(1);
        entries.expect(launch_key("expected"));
        for number in 0..MAX_LAUNCH_KEYS {
            let name = launch_key(&number.to_string());
            entries.take(&name);
            entries.take(&name);
            fill(&mut entries, 1);
        }
        let evicted = entries.evict(Instant::now(), |_| true);
        assert_eq!((evicted.waiting.len(), evicted.dead), (1, 0));
        assert_eq!(entries.take(&launch_key("expected")), None);
        assert!(entries.take(&launch_key("0")).is_some());
        // What nobody asks for any more ends after a while.
        assert!(
            entries
                .evict(Instant::now() + KEEP / 2, |_| true)
                .is_empty()
        );
        let later = Instant::now() + KEEP + Duration::from_secs(1);
        assert_eq!(
            entries.evict(later, |_| true).waiting.len(),
            MAX_LAUNCH_KEYS - 1
        );
        assert_eq!(entries.wanted(), 0);
    }

    #[test]
    fn failures_pause_longer_each_time_and_a_success_ends_that() {
        let mut entries = Entries::new(1);
        entries.expect(launch_key("a"));
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            entries.failed(&launch_key("a"), now);
            let begun = now;
            while entries.next(now).is_none() {
                now += Duration::from_millis(500);
            }
            pauses.push((now - begun).as_millis());
        }
        assert_eq!(pauses[..4], [500, 1000, 2000, 4000]);
        assert_eq!(pauses[11], MAX_PAUSE.as_millis());
        entries.insert(&launch_key("a"), 1);
        // Death is a failure too.
        let evicted = entries.evict(now, |_| false);
        assert_eq!((evicted.waiting.len(), evicted.dead), (1, 1));
        assert_eq!(entries.next(now), None);
        assert!(entries.next(now + FIRST_PAUSE).is_some());
    }
}
