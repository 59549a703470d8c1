//! How long to wait before something that failed is tried again. Pure: a
//! function of the attempt and a random number.

/// The first pause, in milliseconds; each further one is twice as long.
pub const FIRST_MS: u64 = 1_000;
/// The longest pause, in milliseconds.
pub const LONGEST_MS: u64 = 60_000;

/// The pause after attempt number `attempt` failed, in milliseconds:
/// exponential, with jitter of a half to the whole, so that jobs that failed
/// together do not come back together. `random` may be any number.
pub fn backoff_ms(attempt: u32, random: u32) -> u64 {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = (FIRST_MS << doublings).min(LONGEST_MS);
    let half = whole / 2;
    half + half * u64::from(random) / u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let longest: Vec<u64> = (0..9).map(|n| backoff_ms(n, u32::MAX)).collect();
        assert_eq!(
            longest,
            [
                1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000
            ]
        );
        assert_eq!(backoff_ms(1, 0), 500);
    }

    proptest! {
        #[test]
        fn a_pause_stays_within_its_bounds(attempt: u32, random: u32) {
            let ms = backoff_ms(attempt, random);
            prop_assert!((FIRST_MS / 2..=LONGEST_MS).contains(&ms));
        }
    }
}
