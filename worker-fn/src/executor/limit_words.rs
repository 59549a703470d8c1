//! How endpoints say that a limit is above their own, in the words of our API.
//!
//! [`ExecutorError::from_status`](super::ExecutorError::from_status) asks it about
//! each refusal. Piston and our runner write `run_cpu_time cannot exceed the configured
//! limit of 12000`, Judge0 `cpu_time_limit must be less than or equal to 15.0`: the
//! name of the limit comes first, and the most that is given last.

/// A limit's name at an endpoint, its field in our API, and how many of our units one
/// of the endpoint's is. Limits of wall time are not here: they follow from ours.
const LIMITS: [(&str, &str, u64); 5] = [
    ("run_cpu_time", "limits.timeMs", 1),
    ("run_memory_limit", "limits.memoryBytes", 1),
    ("run_output_limit", "limits.outputBytes", 1),
    ("cpu_time_limit", "limits.timeMs", 1_000),
    ("memory_limit", "limits.memoryBytes", 1_024),
];

/// The field that is too high, and the most that it can be. `None`: the words say
/// something else.
pub(super) fn limit_too_high(words: &str) -> Option<(&'static str, u64)> {
    let (name, rest) = words.split_once(' ')?;
    let (_, field, unit) = LIMITS.into_iter().find(|(known, ..)| *known == name)?;
    let is_it = rest.starts_with("cannot exceed") || rest.starts_with("must be less than");
    let (_, most) = rest.rsplit_once(' ').filter(|_| is_it)?;
    // Reading a fraction would take more wasm than the rest of it is worth.
    let (whole, _) = most.split_once('.').unwrap_or((most, ""));
    Some((field, whole.parse::<u64>().ok()?.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_as_in_our_api() {
        let (time, memory) = ("limits.timeMs", "limits.memoryBytes");
        for (words, known) in [
            (
                "run_cpu_time cannot exceed the configured limit of 12000",
                Some((time, 12_000)),
            ),
            (
                "run_memory_limit cannot exceed the configured limit of 536870912",
                Some((memory, 536_870_912)),
            ),
            (
                "run_output_limit cannot exceed the configured limit of 9",
                Some(("limits.outputBytes", 9)),
            ),
            (
                "cpu_time_limit must be less than or equal to 15.0",
                Some((time, 15_000)),
            ),
            (
                "memory_limit must be less than or equal to 512000",
                Some((memory, 524_288_000)),
            ),
            (
                "run_timeout cannot exceed the configured limit of 37000",
                None,
            ),
            ("memory_limit must be greater than or equal to 2048", None),
            ("run_cpu_time must be non-negative", None),
            ("run_cpu_time cannot exceed the configured limit", None),
            ("python-* runtime is unknown", None),
        ] {
            assert_eq!(limit_too_high(words), known, "{words}");
        }
    }
}
