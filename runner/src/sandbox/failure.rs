//! Failures of the sandbox itself: a step of it failed, and the program is not to
//! blame.
//!
//! `anyhow::Context` in small: the step is a constant and the text never holds a
//! path, because it goes into responses. Helper and init send it to the runner.

use std::fmt;
use std::io;

/// A failed step. `Display` writes the step and the system's error.
#[derive(Debug)]
pub(super) enum Failure {
    /// A step of this process failed.
    Step(&'static str, io::Error),
    /// The text of a failure that another process of the run reported.
    #[cfg(target_os = "linux")]
    Reported(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step, error) => write!(formatter, "{step}: {error}"),
            #[cfg(target_os = "linux")]
            Self::Reported(text) => formatter.write_str(text),
        }
    }
}

/// Adds the name of the step to an error.
pub(super) trait Context<T> {
    /// Names the step that the error belongs to.
    fn context(self, step: &'static str) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, step: &'static str) -> Result<T, Failure> {
        self.map_err(|error| Failure::Step(step, error.into()))
    }
}
