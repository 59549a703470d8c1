//! The cache of compiled programs: the same command on the same sources is not
//! compiled again.
//!
//! It lies in the runner's memory and is limited in bytes; the least recently used
//! entries are evicted first. The key covers everything that a compilation depends
//! on, so no submission can replace the program of another. `execute.rs` uses it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::probe::Runtime;
use crate::sandbox::File;
use crate::wire::StageResult;

/// The result of a compilation.
#[derive(Debug)]
pub struct Artifact {
    /// The result of the compile stage.
    pub stage: StageResult,
    /// The folder's files after the compilation, sources included.
    pub files: Vec<File>,
}

impl Artifact {
    fn bytes(&self) -> u64 {
        let of_file = |file: &File| file.content.len() + file.name.len();
        let files: usize = self.files.iter().map(of_file).sum();
        let StageResult { stdout, stderr, .. } = &self.stage;
        let output = self.stage.output.as_ref().map_or(0, String::len);
        (files + stdout.len() + stderr.len() + output) as u64
    }
}

/// The hash of everything that a compilation depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of this command on these files.
    pub fn of(argv: &[String], runtime: &Runtime, files: &[File]) -> Self {
        let mut hash = Sha256::new();
        // Each part follows its length, or two different lists could have one hash.
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

/// The cache.
#[derive(Debug)]
pub struct ArtifactCache {
    max_bytes: u64,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    /// Each artifact with the number of its last use.
    by_key: HashMap<Key, (u64, Arc<Artifact>)>,
    bytes: u64,
    /// Number of uses so far.
    uses: u64,
}

impl ArtifactCache {
    /// A cache of at most this many bytes. 0 disables it.
    pub fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            entries: Mutex::default(),
        }
    }

    /// The artifact of this key, unless it was evicted.
    pub fn get(&self, key: &Key) -> Option<Arc<Artifact>> {
        let mut entries = self.lock();
        entries.uses += 1;
        let now = entries.uses;
        let (last_use, artifact) = entries.by_key.get_mut(key)?;
        *last_use = now;
        Some(Arc::clone(artifact))
    }

    /// Stores the artifact, unless it is larger than the whole cache.
    pub fn insert(&self, key: Key, artifact: &Arc<Artifact>) {
        let bytes = artifact.bytes();
        if bytes > self.max_bytes {
            return;
        }
        let mut entries = self.lock();
        entries.uses += 1;
        let entry = (entries.uses, Arc::clone(artifact));
        if let Some((_, replaced)) = entries.by_key.insert(key, entry) {
            entries.bytes -= replaced.bytes();
        }
        entries.bytes += bytes;
        while entries.bytes > self.max_bytes {
            let oldest = entries
                .by_key
                .iter()
                .min_by_key(|(_, (last_use, _))| *last_use)
                .map(|(key, _)| key.clone());
            let Some((_, evicted)) = oldest.and_then(|key| entries.by_key.remove(&key)) else {
                break;
            };
            entries.bytes -= evicted.bytes();
        }
    }

    /// Bytes in the cache now.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Report;

    fn artifact(bytes: usize) -> Arc<Artifact> {
        Arc::new(Artifact {
            stage: StageResult::from(Report::failed("")),
            files: vec![File {
                name: String::new(),
                content: vec![0; bytes].into(),
                executable: false,
            }],
        })
    }

    #[test]
    fn artifact_cache_evicts_the_least_recently_used_within_its_bytes() {
        let cache = ArtifactCache::new(100);
        let key = |name: u8| Key([name; 32]);
        cache.insert(key(1), &artifact(40));
        cache.insert(key(2), &artifact(40));
        assert!(cache.get(&key(1)).is_some());
        cache.insert(key(3), &artifact(40));
        assert!(
            cache.get(&key(2)).is_none(),
            "not used for the longest time"
        );
        assert!(cache.get(&key(1)).is_some());
        assert_eq!(cache.bytes(), 80);
        cache.insert(key(1), &artifact(10));
        assert_eq!(cache.bytes(), 50, "replaced, not added");
        cache.insert(key(4), &artifact(101));
        assert!(cache.get(&key(4)).is_none());
        assert_eq!(cache.bytes(), 50);
    }
}
