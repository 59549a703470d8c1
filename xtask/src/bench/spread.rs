//! The median of some measurements and their middle half. No mean and no standard
//! deviation: other programs on the machine only ever slow a measurement down, and
//! one that was held up for long must not decide.

use serde_json::{Value, json};

/// A median with the first and the third quartile: half of the samples lie
/// between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    /// NaN if only the median is known, as `high`.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) samples: usize,
}

impl Spread {
    /// Of no samples: NaN everywhere.
    pub(super) fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: quantile(&sorted, 0.5),
            low: quantile(&sorted, 0.25),
            high: quantile(&sorted, 0.75),
            samples: sorted.len(),
        }
    }

    /// Of `what(one, other)` for each pair: two measurements that followed each
    /// other, so that what disturbs one mostly disturbs the other as well.
    pub(super) fn of_pairs(pairs: &[(f64, f64)], what: impl Fn(f64, f64) -> f64) -> Self {
        let values: Vec<f64> = pairs.iter().map(|&(one, other)| what(one, other)).collect();
        Self::of(&values)
    }

    /// Shown as `12.3 (11.9 to 12.8)`, without the quartiles if they are unknown.
    pub(super) fn shown(&self) -> String {
        let Self {
            median, low, high, ..
        } = *self;
        if low.is_nan() {
            return number(median);
        }
        format!("{} ({} to {})", number(median), number(low), number(high))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "median": self.median,
            "low": self.low,
            "high": self.high,
            "samples": self.samples,
        })
    }
}

/// Of sorted values; between two of them in proportion.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let position = sorted.len().saturating_sub(1) as f64 * part;
    let (below, above) = (at(position.floor() as usize), at(position.ceil() as usize));
    below + (above - below) * position.fract()
}

/// With three significant digits or more.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_samples_in_proportion() {
        let spread = Spread::of(&[4.0, 1.0, 2.0, 3.0]);
        assert_eq!(spread.shown(), "2.50 (1.75 to 3.25)");
        assert_eq!(spread.samples, 4);
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]).shown(), "2.00 (1.50 to 2.50)");
        assert_eq!(Spread::of(&[7.0]).shown(), "7.00 (7.00 to 7.00)");
        assert!(Spread::of(&[]).median.is_nan());
    }

    #[test]
    fn a_sample_that_was_held_up_moves_nothing() {
        let calm = [1.0, 1.1, 1.2, 1.3, 1.4];
        let disturbed = [1.0, 1.1, 1.2, 1.3, 900.0];
        assert_eq!(Spread::of(&calm).median, Spread::of(&disturbed).median);
        assert_eq!(Spread::of(&calm).high, Spread::of(&disturbed).high);
    }

    #[test]
    fn ratios_are_taken_within_pairs() {
        // The machine became four times slower; one side stayed twice as fast.
        let pairs = [(2.0, 1.0), (8.0, 4.0), (2.2, 1.1)];
        let ratio = Spread::of_pairs(&pairs, |ours, other| ours / other);
        assert_eq!(ratio.shown(), "2.00 (2.00 to 2.00)");
    }

    #[test]
    fn numbers_keep_three_digits() {
        let shown = [0.0, 0.4567, 4.567, 45.67, 456.7, 4567.0].map(number);
        assert_eq!(shown, ["0", "0.457", "4.57", "45.7", "457", "4567"]);
    }
}
