//! How much of a case's weight an answer earned.
//!
//! A whole number of millionths: a score is added up without rounding, and 100 percent
//! means all of it.

use serde::{Serialize, Serializer};

/// The millionths of a whole.
const WHOLE: u32 = 1_000_000;
/// How far from all of the points a number may be that was added up from fractions and
/// means all of them, in parts of them.
const ROUNDING: f64 = 1e-12;

/// A part of a case's weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const FULL: Self = Self(WHOLE);

    /// `earned` of `full` points, where `full` is more than 0, to the nearest
    /// millionth; [`Self::FULL`] only of all points. `None` where that is more than all,
    /// or no share at all.
    pub fn of_points(earned: f64, full: f64) -> Option<Self> {
        let part = earned / full;
        // NaN is in no range.
        if !(0.0..=1.0 + ROUNDING).contains(&part) {
            return None;
        }
        if part >= 1.0 - ROUNDING {
            return Some(Self::FULL);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 1,000,000, and rounded down"
        )]
        let millionths = (part * f64::from(WHOLE) + 0.5) as u32;
        Some(Self(millionths.min(WHOLE - 1)))
    }

    /// So many millionths; `None` for more than all.
    pub fn of_millionths(millionths: u64) -> Option<Self> {
        let share = u32::try_from(millionths).ok().map(Self);
        share.filter(|share| *share <= Self::FULL)
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

/// From 0 to 1.
impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / f64::from(WHOLE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_between_nothing_and_all() {
        for (earned, full, millionths) in [
            (0.0, 1.0, Some(0)),
            (-0.0, 1.0, Some(0)),
            (0.4, 1.0, Some(400_000)),
            (13.0, 200.0, Some(65_000)),
            (1.0, 3.0, Some(333_333)),
            (0.333_333_333_3, 1.0 / 3.0, Some(999_999)),
            (0.1 + 0.2, 0.3, Some(1_000_000)),
            (0.8 + 0.1, 0.9, Some(1_000_000)),
            (999_999.6, 1e6, Some(999_999)),
            (99.999_99, 100.0, Some(999_999)),
            (100.000_04, 100.0, None),
            (1e6 + 0.01, 1e6, None),
            (0.999, 1.0, Some(999_000)),
            (1e-7, 1.0, Some(0)),
            (1e6, 1e6, Some(1_000_000)),
            (1.000_001, 1.0, None),
            (7.0, 1.0, None),
            (-0.1, 1.0, None),
            (f64::NAN, 1.0, None),
            (f64::INFINITY, 1.0, None),
        ] {
            let share = Share::of_points(earned, full).map(Share::millionths);
            assert_eq!(share, millionths, "{earned} of {full}");
        }
        assert_eq!(Share::of_millionths(1_000_000), Some(Share::FULL));
        assert_eq!(Share::of_millionths(1_000_001), None);
        let json = serde_json::to_string(&[Share(400_000), Share::FULL]);
        assert_eq!(json.unwrap(), "[0.4,1.0]");
    }
}
