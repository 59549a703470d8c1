//! What can go wrong on the way to Redis, by who is at fault.

/// A call to Redis that did not do what was asked, or is not known to have.
///
/// The texts are for the operator's log. None holds the token; a client never
/// sees any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// No answer came: not reachable, or not in time. The command may have
    /// been applied all the same.
    #[error("Redis did not answer: {0}")]
    Unreachable(String),
    /// It answered and refused: a wrong token, a full database, a wrong type.
    #[error("Redis refused (HTTP {status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Redis's own text.
        message: String,
    },
    /// It answered something that is not in the contract.
    #[error("Redis answered what was not expected: {0}")]
    Unexpected(String),
}

impl RedisError {
    /// Whether Redis does not hold the script that was called by its SHA-1. Then nothing
    /// of it has run. Upstash's own client, too, looks for the word anywhere in the text.
    pub(super) fn is_no_script(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains("NOSCRIPT"))
    }

    /// Whether Redis refused a write because it is full. Nothing but the text says
    /// so: redis-server's begins with `OOM`, Upstash's names a maximum of the size
    /// or of the memory.
    pub fn is_full(&self) -> bool {
        let Self::Refused { message, .. } = self else {
            return false;
        };
        let message = message.to_ascii_lowercase();
        let says = |word| message.contains(word);
        says("oom ") || (says("max") && (says("size") || says("memory")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_database_is_told_by_its_words() {
        let refused = |message: &str| RedisError::Refused {
            status: 400,
            message: message.into(),
        };
        for full in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "ERR max data size exceeded",
            "ERR Max memory limit is reached",
        ] {
            assert!(refused(full).is_full(), "{full}");
        }
        for other in [
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR max requests limit exceeded",
            "ERR the size of the list is odd",
            "ERR not in memory",
            "ERR no such room",
            "",
        ] {
            assert!(!refused(other).is_full(), "{other}");
        }
        let text = "OOM command not allowed".to_owned();
        assert!(!RedisError::Unreachable(text.clone()).is_full());
        assert!(!RedisError::Unexpected(text).is_full());
    }
}
