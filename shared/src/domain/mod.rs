//! The domain: what is submitted, what is asked, and what comes of it.
//!
//! From the outside in:
//!
//! - [`submission`]: what a client may send, and the limits it must keep.
//! - [`source`]: what a submission consists of, one text or several files.
//! - [`run_options`]: input, arguments and limits where no problem says them.
//! - [`lane`]: which of the waiting lists, by priority.
//! - [`job`]: a submission as it waits in the queue, ours or a foreign producer's.
//! - [`client`]: who sends, as far as limits are concerned.
//! - [`language`]: names, aliases and lists of languages.
//! - [`ticket`]: ids that carry their own proof and their time of issue.
//! - [`problem`]: what is asked, and how an answer is judged.
//! - [`verdict`] and [`result`]: what a finished job leaves behind.
//! - [`live_progress`]: what viewers see of a job that runs.
//! - [`answer`]: what came of running a case.
//! - [`share`]: how much of a case an answer earned.
//! - [`archive`]: what is stored beside a result, so that it can be judged again.
//! - [`checker_report`]: what a checker program said, for the operator.
//! - [`callback_url`]: the address that is told of a submission's end; [`delivery`]: the
//!   telling that waits.
//! - [`dead_letter`]: what is stored of a job that was given up.
//! - [`violation`]: a rule that an input breaks, with the field it is in;
//!   [`fields`] reads members with such errors.
//! - [`ids`]: ids, versions and hashes of problems.

pub mod answer;
pub mod archive;
pub mod callback_url;
pub mod checker_report;
pub mod client;
pub mod dead_letter;
pub mod delivery;
pub mod fields;
pub mod ids;
pub mod job;
pub mod judgement;
pub mod lane;
pub mod language;
pub mod live_progress;
pub mod problem;
pub mod progress;
pub mod result;
pub mod run_options;
pub mod share;
pub mod source;
pub mod stage;
pub mod submission;
pub mod ticket;
pub mod verdict;
pub mod violation;
