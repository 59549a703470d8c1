//! What an operator has read in one step, and acts upon in a later one.

use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::queue::dead_letters::Replay;
use shared::queue::rejudge::ArchivedSubmission;

use crate::fixtures::problem_id;

/// A dead letter as it was read, to be replayed.
#[derive(Debug, Clone)]
pub(super) struct ReadLetter {
    pub(super) replay: Replay,
    pub(super) id: String,
    pub(super) lane: Lane,
    pub(super) stored: Vec<u8>,
    /// The job that waits again.
    pub(super) job: Job,
}

/// Submissions that were listed, to be judged again by a version.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) submissions: Vec<ArchivedSubmission>,
    /// The length of each one's result.
    pub(super) lengths: Vec<usize>,
    pub(super) version: ProblemVersion,
}

/// One of the problems that the jobs of an interleaving are for.
pub(super) fn problem(which: u64) -> ProblemId {
    problem_id(&format!("p{}", which % 2))
}
