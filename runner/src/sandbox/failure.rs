//! Failures of the sandbox itself: a step of it failed, and the program is not to
//! blame.
//!
//! `anyhow::Context` in small: the step is a constant and the text never holds a
//! path, because it goes into responses. Helper and init send it to the runner.
//!
//! A *shortage* is a failure that may not repeat: the machine had too few descriptors,
//! processes or namespaces, too little memory, or too little time. Only shortages are
//! answered 503; a caller repeats those without end, so a submission must not be able
//! to cause one. That is why the errors are listed, and a full disk, which a
//! submission fills with its own files, is none.

use std::fmt;
use std::io;

/// A failed step. `Display` writes the step and the system's error.
#[derive(Debug)]
pub(super) enum Failure {
    /// A step of this process failed.
    Step(&'static str, io::Error),
    /// A failure that another process of the run reported.
    #[cfg(target_os = "linux")]
    Reported {
        /// Its `Display`.
        text: String,
        /// Its [`Failure::is_shortage`].
        is_shortage: bool,
    },
}

impl Failure {
    /// Whether the machine lacked something that it may have later.
    pub(super) fn is_shortage(&self) -> bool {
        match self {
            Self::Step(_, error) => is_shortage(error),
            #[cfg(target_os = "linux")]
            Self::Reported { is_shortage, .. } => *is_shortage,
        }
    }
}

fn is_shortage(error: &io::Error) -> bool {
    let by_number = error.raw_os_error().is_some_and(|number| {
        matches!(
            number,
            libc::EMFILE
                | libc::ENFILE
                | libc::ENOMEM
                | libc::EAGAIN
                | libc::ENOBUFS
                | libc::EUSERS
                | libc::ETIMEDOUT
        )
    });
    by_number || error.kind() == io::ErrorKind::TimedOut
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step, error) => write!(formatter, "{step}: {error}"),
            #[cfg(target_os = "linux")]
            Self::Reported { text, .. } => formatter.write_str(text),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_what_a_machine_may_have_later() {
        let step = |error| Failure::Step("a step", error);
        for number in [
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOMEM,
            libc::EAGAIN,
            libc::ENOBUFS,
            libc::EUSERS,
        ] {
            let failure = step(io::Error::from_raw_os_error(number));
            assert!(failure.is_shortage(), "{failure}");
        }
        assert!(step(io::ErrorKind::TimedOut.into()).is_shortage());
        // What a submission can bring about by itself.
        for number in [libc::ENOSPC, libc::E2BIG, libc::ENOENT, libc::EFBIG] {
            let failure = step(io::Error::from_raw_os_error(number));
            assert!(!failure.is_shortage(), "{failure}");
        }
    }
}
