//! Minimum, median and maximum of some measurements. No mean and no standard
//! deviation: other programs on the machine only ever slow a measurement down.

use std::fmt::{self, Display, Formatter};

/// A median with minimum and maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Of no values: NaN everywhere.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Self {
            min: at(0),
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            max: at(last),
        }
    }

    /// As a ratio, with a remark if the rounds disagree on which side is faster.
    pub(super) fn in_words(&self) -> String {
        let Self { min, median, max } = self;
        let remark = if *min < 1.0 && *max > 1.0 {
            "; the rounds disagree on which is faster"
        } else {
            ""
        };
        format!("{median:.2} times ({min:.2} to {max:.2}{remark})")
    }
}

impl Display for Spread {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:.2} ({:.2} to {:.2})",
            self.median, self.min, self.max
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied()).to_string();
        assert_eq!(spread(&[3.0, 1.0, 2.5]), "2.50 (1.00 to 3.00)");
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), "2.50 (1.00 to 4.00)");
        assert_eq!(spread(&[7.0]), "7.00 (7.00 to 7.00)");
    }

    #[test]
    fn rounds_that_disagree_are_remarked() {
        let words = |values: &[f64]| Spread::of(values.iter().copied()).in_words();
        assert!(words(&[0.9, 1.2, 1.3]).contains("disagree"));
        assert!(!words(&[1.1, 1.2, 1.3]).contains("disagree"));
    }
}
