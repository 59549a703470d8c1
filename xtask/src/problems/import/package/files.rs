//! Reading the files of a package: only those inside its folder, each of a bounded
//! size. A place is a path below that folder, with `/` between its parts.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::progress::shown;

/// The most entries of one folder.
const MAX_ENTRIES: usize = 20_000;

/// The folder of a package.
pub(super) struct Package {
    /// Without links, and from the root of the file system.
    root: PathBuf,
}

/// What stands in a folder.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name in the folder.
    pub(super) name: String,
    /// Where it is in the package.
    pub(super) place: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file of so many bytes.
    File(u64),
    /// A folder.
    Folder,
}

impl Entry {
    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }

    /// The name of a file with this ending, without it.
    pub(super) fn stem(&self, ending: &str) -> Option<&str> {
        let stem = self.name.strip_suffix(ending)?;
        (!self.is_folder() && !stem.is_empty()).then_some(stem)
    }
}

impl Package {
    /// The package in the folder `path`.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let root =
            fs::canonicalize(path).with_context(|| format!("cannot read {}", shown(path)))?;
        Ok(Self { root })
    }

    /// The name of its folder.
    pub(super) fn name(&self) -> String {
        let name = self.root.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Where `place` really is; `None` if there is nothing. Errors: it is a link to
    /// nothing, or out of the package.
    fn resolved(&self, place: &str) -> Result<Option<PathBuf>> {
        let path = self.root.join(place);
        match fs::symlink_metadata(&path) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            there => there.with_context(|| format!("cannot read {place}"))?,
        };
        let path = fs::canonicalize(&path).with_context(|| format!("cannot follow {place}"))?;
        if !path.starts_with(&self.root) {
            bail!("{place} leads out of the package");
        }
        Ok(Some(path))
    }

    /// What `place` is; `None` if there is nothing.
    pub(super) fn kind(&self, place: &str) -> Result<Option<Kind>> {
        let Some(path) = self.resolved(place)? else {
            return Ok(None);
        };
        let there = fs::metadata(&path).with_context(|| format!("cannot read {place}"))?;
        if there.is_dir() {
            Ok(Some(Kind::Folder))
        } else if there.is_file() {
            Ok(Some(Kind::File(there.len())))
        } else {
            bail!("{place} is neither a file nor a folder")
        }
    }

    /// The entries of the folder at `place` by name, without those that begin with a
    /// dot or a dash, which are no part of a package. None if there is no such folder.
    pub(super) fn entries(&self, place: &str) -> Result<Vec<Entry>> {
        let Some(path) = self.resolved(place)?.filter(|path| path.is_dir()) else {
            return Ok(Vec::new());
        };
        let mut entries = Vec::new();
        for entry in fs::read_dir(&path).with_context(|| format!("cannot read {place}"))? {
            let name = entry?.file_name();
            let name = name
                .into_string()
                .map_err(|name| anyhow!("{place} has a name that is not UTF-8: {name:?}"))?;
            if name.starts_with(['.', '-']) {
                continue;
            }
            if entries.len() == MAX_ENTRIES {
                bail!("{place} has more than {MAX_ENTRIES} entries");
            }
            let slash = if place.is_empty() { "" } else { "/" };
            let place = format!("{place}{slash}{name}");
            // A link to nothing was there a moment ago.
            let Some(kind) = self.kind(&place)? else {
                continue;
            };
            entries.push(Entry { name, place, kind });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    /// The text of the file at `place`, at most `max_bytes`; `None` if there is none.
    pub(super) fn text(&self, place: &str, max_bytes: usize) -> Result<Option<String>> {
        let Some(path) = self.resolved(place)? else {
            return Ok(None);
        };
        if !matches!(self.kind(place)?, Some(Kind::File(_))) {
            bail!("{place} must be a file");
        }
        let mut bytes = Vec::new();
        let file = File::open(path).with_context(|| format!("cannot read {place}"))?;
        file.take(max_bytes as u64 + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {place}"))?;
        if bytes.len() > max_bytes {
            bail!("{place} has more than {max_bytes} bytes");
        }
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| anyhow!("{place} is not UTF-8"))
    }

    /// The text of the file at `place`, which must be there.
    pub(super) fn required(&self, place: &str, max_bytes: usize) -> Result<String> {
        self.text(place, max_bytes)?
            .with_context(|| format!("there is no {place}"))
    }
}
