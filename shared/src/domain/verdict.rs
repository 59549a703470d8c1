//! The judge's answers.

use serde::{Serialize, Serializer};

use super::share::Share;

/// The judge's answer to a submission or to one case. The evidence that it was
/// drawn from stands beside it in the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::EnumCount))]
pub enum Verdict {
    /// The program ran and ended well, and there was nothing to compare with.
    Executed,
    /// Every case got the expected answer.
    Accepted,
    /// A case got another answer than the expected one.
    WrongAnswer,
    /// The run used up its wall or CPU time.
    TimeLimitExceeded,
    /// The run asked for more memory than it may have.
    MemoryLimitExceeded,
    /// The run printed more than it may.
    OutputLimitExceeded,
    /// The run ended with a code other than 0, or by a signal.
    RuntimeError,
    /// The code did not compile.
    CompilationError,
    /// The execution endpoint could not run it: nothing is known of the code.
    InternalError,
    /// A case that was not run, because an earlier one failed.
    Skipped,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Executed,
        Self::Accepted,
        Self::WrongAnswer,
        Self::TimeLimitExceeded,
        Self::MemoryLimitExceeded,
        Self::OutputLimitExceeded,
        Self::RuntimeError,
        Self::CompilationError,
        Self::InternalError,
        Self::Skipped,
    ];

    /// The name that people and programs see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Executed => "Executed",
            Self::Accepted => "Accepted",
            Self::WrongAnswer => "Wrong Answer",
            Self::TimeLimitExceeded => "Time Limit Exceeded",
            Self::MemoryLimitExceeded => "Memory Limit Exceeded",
            Self::OutputLimitExceeded => "Output Limit Exceeded",
            Self::RuntimeError => "Runtime Error",
            Self::CompilationError => "Compilation Error",
            Self::InternalError => "Internal Error",
            Self::Skipped => "Skipped",
        }
    }

    /// The verdict of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// One letter for it, where a thousand verdicts must be short.
    pub fn letter(self) -> char {
        match self {
            Self::Executed => 'E',
            Self::Accepted => 'A',
            Self::WrongAnswer => 'W',
            Self::TimeLimitExceeded => 'T',
            Self::MemoryLimitExceeded => 'M',
            Self::OutputLimitExceeded => 'O',
            Self::RuntimeError => 'R',
            Self::CompilationError => 'C',
            Self::InternalError => 'I',
            Self::Skipped => 'S',
        }
    }

    /// The verdict of this letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.letter() == letter)
    }

    /// How much of its weight a case with this verdict earns, unless a checker gives
    /// points for it.
    pub fn share(self) -> Share {
        match self {
            Self::Accepted => Share::FULL,
            _ => Share::NONE,
        }
    }

    /// Whether a case with this verdict was run and did not pass.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Executed | Self::Accepted | Self::Skipped)
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::EnumCount as _;

    #[test]
    fn every_verdict_is_listed_and_found_by_its_name() {
        assert_eq!(Verdict::ALL.len(), Verdict::COUNT);
        for verdict in Verdict::ALL {
            let is_it = |other: &Verdict| *other == verdict;
            assert_eq!(Verdict::ALL.into_iter().filter(is_it).count(), 1);
            assert_eq!(Verdict::from_name(verdict.name()), Some(verdict));
            assert_eq!(Verdict::from_letter(verdict.letter()), Some(verdict));
            let json = serde_json::to_string(&verdict).unwrap();
            assert_eq!(json, format!("{:?}", verdict.name()));
        }
    }
}
