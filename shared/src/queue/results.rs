//! Reading results.

use super::{Store, keys};
use crate::domain::archive::SubmissionArchive;
use crate::domain::ids::ProblemId;
use crate::domain::result::{StoredResult, restore_output};
use crate::redis::{Command, Items, RedisError};

impl Store {
    /// A submission's result document as it is stored: JSON text. One command.
    pub async fn result(&self, id: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let stored: Option<Vec<u8>> = self.redis.get(&keys::result(id)).await?;
        Ok(stored.map(document_of))
    }

    /// The same for the operator, with what a checker program said as the member
    /// `checker`. One command.
    pub async fn result_for_operator(&self, id: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let stored: Option<Vec<u8>> = self.redis.get(&keys::result(id)).await?;
        Ok(stored.map(document_with_checker))
    }

    /// The newest summaries of a problem as they are stored: JSON texts, newest
    /// first, one for each submission. One command.
    pub async fn results_of_problem(
        &self,
        problem_id: &ProblemId,
    ) -> Result<Vec<Vec<u8>>, RedisError> {
        let command = Command::new("LRANGE")
            .arg(keys::results_of_problem(problem_id))
            .arg(0)
            .arg(keys::SUMMARIES_STORED - 1);
        let items: Items<Vec<u8>> = self.redis.command(command).await?;
        let mut newest: Vec<Vec<u8>> = Vec::with_capacity(keys::SUMMARIES_SHOWN);
        for summary in items.0 {
            let known = |other: &Vec<u8>| head(other) == head(&summary);
            if newest.len() < keys::SUMMARIES_SHOWN && !newest.iter().any(known) {
                newest.push(summary);
            }
        }
        Ok(newest)
    }
}

/// The document of a stored result. The lines after it are internal; they are never
/// returned.
pub(super) fn document_of(stored: Vec<u8>) -> Vec<u8> {
    restore_output(StoredResult::from_bytes(stored).document)
}

fn document_with_checker(stored: Vec<u8>) -> Vec<u8> {
    let stored = StoredResult::from_bytes(stored);
    let mut document = restore_output(stored.document);
    let checker = |archive: Vec<u8>| SubmissionArchive::checker(&archive);
    if let Some(checker) = stored.archive.and_then(checker)
        && document.pop_if(|last| *last == b'}').is_some()
    {
        document.extend_from_slice(b",\"checker\":");
        document.extend_from_slice(checker.as_bytes());
        document.push(b'}');
    }
    document
}

/// A summary up to the end of its id, which is its first member.
fn head(summary: &[u8]) -> &[u8] {
    let end = summary.iter().position(|&byte| byte == b',');
    end.map_or(summary, |end| &summary[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_checker_said_is_for_the_operator() {
        let document = r#"{"id":"i","output":null,"run":{"stdout":"x"}}"#;
        let shown = r#"{"id":"i","output":"x","run":{"stdout":"x"}"#;
        let with = r#"{"code":"c","version":"","checker":{"case":1}}"#;
        let without = r#"{"code":"c","version":""}"#;
        for (lines, checker) in [
            (format!("{document}\n{with}"), r#","checker":{"case":1}}"#),
            (
                format!("{document}\n{with}\nrequeued v"),
                r#","checker":{"case":1}}"#,
            ),
            (format!("{document}\n{without}"), "}"),
            (document.to_owned(), "}"),
        ] {
            let text = |bytes| String::from_utf8(bytes).unwrap();
            let for_operator = document_with_checker(lines.clone().into());
            assert_eq!(text(for_operator), format!("{shown}{checker}"));
            assert_eq!(text(document_of(lines.into())), format!("{shown}}}"));
        }
    }
}
