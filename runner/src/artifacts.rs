//! What was compiled before: the same sources by the same command need no second
//! compilation.
//!
//! Kept in the runner's memory only, bounded in bytes; the least recently used
//! go first. The key covers everything that compiling depends on, so nobody can
//! put something else in the place of another one's program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::probe::Runtime;
use crate::sandbox::File;
use crate::wire::Stage;

/// The result of a compilation.
#[derive(Debug)]
pub struct Artifact {
    /// How it went.
    pub stage: Stage,
    /// The folder's files after it, sources included.
    pub files: Vec<File>,
}

impl Artifact {
    fn bytes(&self) -> u64 {
        let of_file = |file: &File| file.content.len() + file.name.len();
        let files: usize = self.files.iter().map(of_file).sum();
        let output = self.stage.output.len() * 2;
        (files + output) as u64
    }
}

/// Names a compilation by its content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Of this command on these files.
    pub fn of(argv: &[String], runtime: &Runtime, files: &[File]) -> Self {
        let mut hash = Sha256::new();
        // Each part with its length before it, or two lists could read the same.
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(runtime.version.to_string().as_bytes());
        part(&argv.len().to_le_bytes());
        for word in argv {
            part(word.as_bytes());
        }
        part(&runtime.env.len().to_le_bytes());
        for (name, value) in &runtime.env {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        for file in files {
            part(file.name.as_bytes());
            part(&[u8::from(file.executable)]);
            part(&file.content);
        }
        Self(hash.finalize().into())
    }
}

/// The compilations that are remembered.
#[derive(Debug)]
pub struct Artifacts {
    max_bytes: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Key, (u64, Arc<Artifact>)>,
    bytes: u64,
    /// Counts up with every use; an entry's number is its last use.
    clock: u64,
}

impl Artifacts {
    /// At most so many bytes; 0 keeps nothing.
    pub fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            kept: Mutex::default(),
        }
    }

    /// What was put under the key, unless it had to go.
    pub fn get(&self, key: &Key) -> Option<Arc<Artifact>> {
        let mut kept = self.lock();
        kept.clock += 1;
        let now = kept.clock;
        let (used, artifact) = kept.entries.get_mut(key)?;
        *used = now;
        Some(Arc::clone(artifact))
    }

    /// Keeps it, if it is not larger than everything may be together.
    pub fn put(&self, key: Key, artifact: &Arc<Artifact>) {
        let bytes = artifact.bytes();
        if bytes > self.max_bytes {
            return;
        }
        let mut kept = self.lock();
        kept.clock += 1;
        let entry = (kept.clock, Arc::clone(artifact));
        if let Some((_, old)) = kept.entries.insert(key, entry) {
            kept.bytes -= old.bytes();
        }
        kept.bytes += bytes;
        while kept.bytes > self.max_bytes {
            let oldest = kept
                .entries
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone());
            let Some((_, gone)) = oldest.and_then(|key| kept.entries.remove(&key)) else {
                break;
            };
            kept.bytes -= gone.bytes();
        }
    }

    /// Bytes that are kept now.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Report;

    fn artifact(bytes: usize) -> Arc<Artifact> {
        Arc::new(Artifact {
            stage: Stage::from(Report::failed("")),
            files: vec![File {
                name: String::new(),
                content: vec![0; bytes].into(),
                executable: false,
            }],
        })
    }

    #[test]
    fn the_least_recently_used_goes_first_and_the_bound_holds() {
        let artifacts = Artifacts::new(100);
        let key = |name: u8| Key([name; 32]);
        artifacts.put(key(1), &artifact(40));
        artifacts.put(key(2), &artifact(40));
        assert!(artifacts.get(&key(1)).is_some());
        artifacts.put(key(3), &artifact(40));
        assert!(artifacts.get(&key(2)).is_none(), "unused for the longest");
        assert!(artifacts.get(&key(1)).is_some());
        assert_eq!(artifacts.bytes(), 80);
        artifacts.put(key(1), &artifact(10));
        assert_eq!(artifacts.bytes(), 50, "replaced, not added");
        artifacts.put(key(4), &artifact(101));
        assert!(artifacts.get(&key(4)).is_none());
        assert_eq!(artifacts.bytes(), 50);
    }
}
