//! A result for tests, of which each changes what it is about. The unit tests of
//! worker-fn include this file.

use shared::domain::ids::ProblemId;
use shared::domain::result::{ResultDocument, Status};
use shared::domain::verdict::Verdict;

/// The result of a submission that was run and not judged, and that printed nothing.
pub(crate) fn result_document(id: &str) -> ResultDocument {
    ResultDocument {
        id: id.into(),
        problem_id: ProblemId::parse("two-sum", "problemId").unwrap(),
        problem: None,
        language: "python".into(),
        language_version: None,
        status: Status::Done,
        verdict: Verdict::Executed,
        output: None,
        compile: None,
        run: None,
        judgement: None,
        attempts: 1,
        executor: "test".into(),
        submitted_at_ms: 1,
        started_at_ms: 2,
        finished_at_ms: 3,
        archive: None,
        replaces: false,
        waits_since_ms: None,
        callback_url: None,
    }
}
