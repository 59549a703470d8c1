//! Problems: publishing, reading, listing, deleting.
//!
//! A problem is one JSON text under its own key, and one entry of the catalog
//! with its title, kind, number of cases, version and time, and the languages in which
//! it cannot be judged. Both are written in
//! one transaction. The version is a fingerprint of the text under the tickets'
//! key: the same text has the same version, and a guess of a hidden case cannot
//! be tested against it.
//!
//! Each change of a problem also changes the stamp ([`keys::CATALOG_STAMP`]) under which
//! instances know versions ([`super::worker_cache`]).

use serde_json::Value;

use super::admin::hscan;
use super::{Store, keys};
use crate::domain::ids::{ProblemId, ProblemVersion};
use crate::domain::language::FunctionLanguages;
use crate::domain::problem::{Problem, object};
use crate::domain::ticket::TicketKey;
use crate::redis::{Command, FromReply, RedisError, Reply};

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whether there was no problem of this id before.
    pub new: bool,
    /// Its version.
    pub version: ProblemVersion,
}

/// What the catalog says of a problem's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogKind {
    /// It asks for a program.
    Program,
    /// It asks for a function.
    Function {
        /// The languages that cannot express the signature.
        unsupported: FunctionLanguages,
    },
    /// It asks for a class.
    Class {
        /// The languages that cannot express the signature.
        unsupported: FunctionLanguages,
    },
}

/// A page of the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemPage {
    /// `{"id","title","kind","cases","version","updatedAtMs"}` each, and
    /// `unsupported` where there is such a language; in no order.
    pub problems: Vec<Value>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Store {
    /// Stores a problem, replacing any of the same id. `unsupported`: the languages
    /// that cannot express its signature. One round trip, three commands in one
    /// transaction.
    pub async fn publish(
        &self,
        problem: Problem,
        unsupported: FunctionLanguages,
        key: &TicketKey,
        now_ms: u64,
    ) -> Result<Published, RedisError> {
        let (commands, version) = publish_commands(problem, unsupported, key, now_ms)?;
        let replies = self.redis.transaction(&commands).await?;
        // HSET tells how many fields are new.
        let added = replies.into_iter().nth(1).map(i64::from_reply);
        Ok(Published {
            new: added.transpose()? == Some(1),
            version,
        })
    }

    /// A problem's version, and the problem as it is stored: JSON text. One round
    /// trip, two commands in one transaction.
    pub async fn problem(
        &self,
        id: &ProblemId,
    ) -> Result<Option<(ProblemVersion, Vec<u8>)>, RedisError> {
        let replies = self
            .redis
            .transaction(&[
                Command::new("HGET").arg(keys::CATALOG).arg(id),
                Command::new("GET").arg(keys::problem(id)),
            ])
            .await?;
        let mut replies = replies.into_iter();
        let mut next = || {
            replies
                .next()
                .map_or(Ok(None), Option::<Vec<u8>>::from_reply)
        };
        let (entry, text) = (next()?, next()?);
        let version = entry.and_then(|entry| version_of(&entry));
        Ok(version.zip(text))
    }

    /// A problem as it is stored: JSON text. One command.
    pub async fn problem_text(&self, id: &ProblemId) -> Result<Option<Vec<u8>>, RedisError> {
        self.redis.get(&keys::problem(id)).await
    }

    /// The versions of these problems; `None` where there is no such problem. One
    /// command, and none for no ids.
    pub async fn versions(
        &self,
        ids: &[&ProblemId],
    ) -> Result<Vec<Option<ProblemVersion>>, RedisError> {
        let entries = self.entries(ids).await?;
        let version = |entry: Option<Vec<u8>>| version_of(&entry?);
        Ok(entries.into_iter().map(version).collect())
    }

    /// The kinds of these problems; `None` where there is no such problem. One
    /// command, and none for no ids.
    pub async fn kinds(&self, ids: &[&ProblemId]) -> Result<Vec<Option<CatalogKind>>, RedisError> {
        let entries = self.entries(ids).await?;
        let kind = |entry: Option<Vec<u8>>| kind_of(&entry?);
        Ok(entries.into_iter().map(kind).collect())
    }

    /// The catalog's entries of these problems, one for each.
    async fn entries(&self, ids: &[&ProblemId]) -> Result<Vec<Option<Vec<u8>>>, RedisError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let command = Command::new("HMGET").arg(keys::CATALOG).args(ids);
        let Reply::Array(entries) = self.redis.command(command).await? else {
            return Err(RedisError::Unexpected("HMGET: no list".into()));
        };
        if entries.len() != ids.len() {
            return Err(RedisError::Unexpected(
                "HMGET: not an entry for each".into(),
            ));
        }
        let bytes = |entry| match entry {
            Reply::Bytes(entry) => Some(entry),
            _ => None,
        };
        Ok(entries.into_iter().map(bytes).collect())
    }

    /// A page of the catalog, about a hundred problems. One command.
    pub async fn problems(&self, cursor: u64) -> Result<ProblemPage, RedisError> {
        let (fields, next) = self.scan(hscan(keys::CATALOG, cursor)).await?;
        let mut problems = Vec::with_capacity(fields.len() / 2);
        for pair in fields.chunks_exact(2) {
            problems.extend(entry(&pair[0], &pair[1]));
        }
        Ok(ProblemPage { problems, next })
    }

    /// Deletes a problem; whether there was one. One round trip, three commands in
    /// one transaction.
    pub async fn delete_problem(&self, id: &ProblemId, now_ms: u64) -> Result<bool, RedisError> {
        let replies = self
            .redis
            .transaction(&[
                Command::new("DEL").arg(keys::problem(id)),
                Command::new("HDEL").arg(keys::CATALOG).arg(id),
                stamp_command(id.as_str(), now_ms),
            ])
            .await?;
        let mut found = false;
        for reply in replies.into_iter().take(2) {
            found |= i64::from_reply(reply)? > 0;
        }
        Ok(found)
    }
}

/// Changes the stamp to one that it never was: its score holds the time, and of what
/// else was changed in the same millisecond some bits of `of`. It is whole, below zero,
/// and exact as a double.
fn stamp_command(of: &str, now_ms: u64) -> Command {
    const BITS: u64 = 1_024;
    let mixed = of.bytes().fold(0, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    Command::new("ZADD")
        .arg(keys::LEASES)
        .arg(format!("-{}", now_ms * BITS + mixed % BITS))
        .arg(keys::CATALOG_STAMP)
}

fn publish_commands(
    problem: Problem,
    unsupported: FunctionLanguages,
    key: &TicketKey,
    now_ms: u64,
) -> Result<([Command; 3], ProblemVersion), RedisError> {
    let id = problem.id.clone();
    let (title, kind) = (problem.title.as_str().into(), problem.kind.name().into());
    let cases = problem.cases.len().into();
    let text = problem.to_json();
    let version = ProblemVersion::new(key.fingerprint(text.as_bytes()));
    let unsupported = match unsupported.names().map(Value::from).collect() {
        Value::Array(names) if names.is_empty() => Value::Null,
        names => names,
    };
    let entry = object(&mut [
        ("title", title),
        ("kind", kind),
        ("cases", cases),
        ("unsupported", unsupported),
        ("updatedAtMs", now_ms.into()),
        ("version", version.as_str().into()),
    ]);
    let commands = [
        Command::new("SET").arg(keys::problem(&id)).arg(text),
        Command::new("HSET").arg(keys::CATALOG).arg(id).arg(entry),
        stamp_command(version.as_str(), now_ms),
    ];
    Ok((commands, version))
}

/// `None` for an entry that is damaged: the problem then counts as unknown.
pub(super) fn version_of(entry: &[u8]) -> Option<ProblemVersion> {
    let entry: Value = serde_json::from_slice(entry).ok()?;
    entry.get("version")?.as_str().map(ProblemVersion::new)
}

/// `None` for an entry that is damaged, as for [`version_of`].
fn kind_of(entry: &[u8]) -> Option<CatalogKind> {
    version_of(entry)?;
    let entry: Value = serde_json::from_slice(entry).ok()?;
    let names = entry.get("unsupported").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let unsupported = FunctionLanguages::of(names);
    Some(match entry.get("kind")?.as_str()? {
        "function" => CatalogKind::Function { unsupported },
        "class" => CatalogKind::Class { unsupported },
        _ => CatalogKind::Program,
    })
}

fn entry(id: &[u8], text: &[u8]) -> Option<Value> {
    let mut entry: Value = serde_json::from_slice(text).ok()?;
    let members = entry.as_object_mut()?;
    members.insert("id".into(), std::str::from_utf8(id).ok()?.into());
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NONE: FunctionLanguages = FunctionLanguages::EMPTY;

    fn id() -> ProblemId {
        ProblemId::parse("echo", "id").unwrap()
    }

    fn problem(expected: &str) -> Problem {
        let value = json!({
            "title": "Echo",
            "kind": "program",
            "cases": [{ "input": "ä\n", "expected": expected }],
        });
        Problem::from_value(&id(), &value).unwrap()
    }

    fn key() -> TicketKey {
        TicketKey::new(&crate::config::Secret::new("s"))
    }

    fn wire(problem: Problem) -> (Value, ProblemVersion) {
        let (commands, version) = publish_commands(problem, NONE, &key(), 7).unwrap();
        (serde_json::to_value(commands).unwrap(), version)
    }

    #[test]
    fn a_problem_and_its_entry_are_written_together() {
        let (wire, version) = wire(problem("ä"));
        assert_eq!(wire[0][0], "SET");
        assert_eq!(wire[0][1], "problem:echo");
        let text = wire[0][2].as_str().unwrap();
        assert_eq!(key().fingerprint(text.as_bytes()), version.as_str());
        let stored = Problem::from_stored(&id(), text.as_bytes());
        assert_eq!(stored, Ok(problem("ä")));

        assert_eq!(wire[1][0], "HSET");
        assert_eq!(wire[1][1], "catalog");
        assert_eq!(wire[1][2], "echo");
        let text = wire[1][3].as_str().unwrap();
        let entry: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            entry,
            json!({"title": "Echo", "kind": "program", "cases": 1, "updatedAtMs": 7, "version": version})
        );
        assert_eq!(version_of(text.as_bytes()), Some(version));
        assert_eq!(kind_of(text.as_bytes()), Some(CatalogKind::Program));
        let function = text.replace("program", "function");
        let kind = CatalogKind::Function { unsupported: NONE };
        assert_eq!(kind_of(function.as_bytes()), Some(kind));
    }

    #[test]
    fn an_entry_says_which_languages_cannot_express_a_signature() {
        let cpp = FunctionLanguages::of(["c++"].into_iter());
        let (commands, _) = publish_commands(problem("ä"), cpp, &key(), 7).unwrap();
        let wire = serde_json::to_value(commands).unwrap();
        let text = wire[1][3].as_str().unwrap().replace("program", "class");
        assert!(text.contains(r#""unsupported":["c++"]"#), "{text}");
        let kind = CatalogKind::Class { unsupported: cpp };
        assert_eq!(kind_of(text.as_bytes()), Some(kind));
    }

    #[test]
    fn the_version_follows_from_the_text_alone() {
        let (_, version) = wire(problem("ä"));
        let (_, again) = publish_commands(problem("ä"), NONE, &key(), 8).unwrap();
        assert_eq!(version, again);
        assert_eq!(version.as_str().len(), 32);
        assert_ne!(version, wire(problem("b")).1);
    }

    #[test]
    fn entries_carry_their_id_and_damaged_ones_are_left_out() {
        assert_eq!(
            entry(b"a", br#"{"title":"A"}"#),
            Some(json!({"id": "a", "title": "A"}))
        );
        assert_eq!(entry(b"a", b"[]"), None);
        assert_eq!(entry(b"a", b"{"), None);
        assert_eq!(entry(b"\xff", b"{}"), None);
        for damaged in [&b"{}"[..], b"{", br#"{"version":1}"#] {
            assert_eq!(version_of(damaged), None);
            assert_eq!(kind_of(damaged), None);
        }
    }
}
