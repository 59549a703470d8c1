//! npm's version ranges, with which a request selects a runtime's version.
//!
//! Piston passes `version` to node-semver's `satisfies`. The crate `semver` has
//! Cargo's ranges, in which `1.2.3` means `^1.2.3`; here it means exactly that
//! version. So ranges are parsed here, after node-semver's published grammar; only
//! versions come from the crate. `probe.rs` calls this.

use semver::{Prerelease, Version};

/// Whether `version` satisfies `range`. As in node-semver, no version satisfies an
/// invalid range.
///
/// ```
/// # use runner::selector::satisfies;
/// let version = semver::Version::new(3, 11, 7);
/// assert!(satisfies(&version, "*"));
/// assert!(satisfies(&version, "3.x"));
/// assert!(satisfies(&version, ">=3.9 <3.12 || ^4"));
/// assert!(!satisfies(&version, "3.11.6"));
/// ```
pub fn satisfies(version: &Version, range: &str) -> bool {
    let mut alternatives = Vec::new();
    for alternative in range.split("||") {
        match parse_alternative(alternative) {
            Some(comparators) => alternatives.push(comparators),
            None => return false,
        }
    }
    alternatives
        .iter()
        .any(|comparators| all_hold(comparators, version))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

/// One bound, e.g. `>=1.2.3`.
#[derive(Debug, Clone)]
struct Comparator {
    operator: Operator,
    bound: Version,
}

impl Comparator {
    fn new(operator: Operator, bound: Version) -> Self {
        Self { operator, bound }
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.bound);
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Equal => order.is_eq(),
        }
    }
}

fn all_hold(comparators: &[Comparator], version: &Version) -> bool {
    if !comparators
        .iter()
        .all(|comparator| comparator.holds(version))
    {
        return false;
    }
    // A pre-release is selected only by a range that names one of the same version.
    version.pre.is_empty()
        || comparators.iter().any(|Comparator { bound, .. }| {
            !bound.pre.is_empty()
                && (bound.major, bound.minor, bound.patch)
                    == (version.major, version.minor, version.patch)
        })
}

/// Numbers that may be missing or wildcards, `1.x`.
#[derive(Debug, Clone)]
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Prerelease,
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', '=', ' ']);
        let text = text
            .split_once('+')
            .map_or(text, |(version, _build)| version);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Prerelease::new(pre).ok()?),
            None => (text, Prerelease::EMPTY),
        };
        let mut parts = numbers.split('.').map(parse_number);
        let major = parts.next()??;
        let minor = parts.next().unwrap_or(Some(None))?;
        let patch = parts.next().unwrap_or(Some(None))?;
        if parts.next().is_some() || (!pre.is_empty() && patch.is_none()) {
            return None;
        }
        // Everything after a wildcard is a wildcard too.
        let minor = major.and(minor);
        let patch = minor.and(patch);
        Some(Self {
            major,
            minor,
            patch,
            pre,
        })
    }

    /// The lowest version that it covers.
    fn floor(&self) -> Version {
        Version {
            pre: self.pre.clone(),
            ..Version::new(
                self.major.unwrap_or(0),
                self.minor.unwrap_or(0),
                self.patch.unwrap_or(0),
            )
        }
    }

    /// The first version above everything that it covers; `None` for `*`.
    fn beyond(&self) -> Option<Version> {
        let (major, minor) = (self.major?, self.minor);
        Some(match minor {
            None => before(major + 1, 0, 0),
            Some(minor) => before(major, minor + 1, 0),
        })
    }
}

/// `1.2.3-0`, which is lower than every other `1.2.3`: node-semver's upper bound that
/// excludes the pre-releases of the next version.
fn before(major: u64, minor: u64, patch: u64) -> Version {
    let pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    Version {
        pre,
        ..Version::new(major, minor, patch)
    }
}

/// A number, or `Some(None)` for a wildcard.
fn parse_number(text: &str) -> Option<Option<u64>> {
    match text {
        "x" | "X" | "*" => Some(None),
        _ if text.len() > 1 && text.starts_with('0') => None,
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            // Room for the `+ 1` of upper bounds.
            text.parse()
                .ok()
                .filter(|&number| number < (1 << 53))
                .map(Some)
        }
        _ => None,
    }
}

fn parse_alternative(text: &str) -> Option<Vec<Comparator>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [from, "-", to] = words[..] {
        return hyphen(&Partial::parse(from)?, &Partial::parse(to)?);
    }
    let mut comparators = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (operator, rest) = split_operator(word);
        // `>= 1.2` is one comparator.
        let version = if rest.is_empty() && !operator.is_empty() {
            words.next()?
        } else {
            rest
        };
        comparators.extend(parse_comparator(operator, version)?);
    }
    Some(comparators)
}

fn split_operator(word: &str) -> (&str, &str) {
    for operator in [">=", "<=", "~>", ">", "<", "=", "~", "^"] {
        if let Some(rest) = word.strip_prefix(operator) {
            return (operator, rest);
        }
    }
    ("", word)
}

fn hyphen(from: &Partial, to: &Partial) -> Option<Vec<Comparator>> {
    let mut comparators = Vec::new();
    if from.major.is_some() {
        comparators.push(Comparator::new(Operator::GreaterOrEqual, from.floor()));
    }
    if to.patch.is_some() {
        comparators.push(Comparator::new(Operator::LessOrEqual, to.floor()));
    } else if let Some(beyond) = to.beyond() {
        comparators.push(Comparator::new(Operator::Less, beyond));
    }
    Some(comparators)
}

fn parse_comparator(operator: &str, version: &str) -> Option<Vec<Comparator>> {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let partial = Partial::parse(version)?;
    let floor = partial.floor();
    let between = |upper: Version| {
        vec![
            Comparator::new(GreaterOrEqual, floor.clone()),
            Comparator::new(Less, upper),
        ]
    };
    let Some(beyond) = partial.beyond() else {
        // `*` covers every version, so no version is greater or less.
        return Some(match operator {
            ">" | "<" => vec![Comparator::new(Less, before(0, 0, 0))],
            _ => Vec::new(),
        });
    };
    let exact = partial.patch.is_some();
    Some(match operator {
        "~" | "~>" => between(beyond),
        "^" => between(match (partial.major, partial.minor, partial.patch) {
            (Some(0), Some(0), Some(patch)) => before(0, 0, patch + 1),
            (Some(0), Some(_), _) => beyond,
            (major, _, _) => before(major? + 1, 0, 0),
        }),
        ">=" => vec![Comparator::new(GreaterOrEqual, floor)],
        "<" if exact => vec![Comparator::new(Less, floor)],
        "<" => vec![Comparator::new(Less, before(floor.major, floor.minor, 0))],
        ">" if exact => vec![Comparator::new(Greater, floor)],
        ">" => vec![Comparator::new(
            GreaterOrEqual,
            Version::new(beyond.major, beyond.minor, beyond.patch),
        )],
        "<=" if exact => vec![Comparator::new(LessOrEqual, floor)],
        "<=" => vec![Comparator::new(Less, beyond)],
        _ if exact => vec![Comparator::new(Equal, floor)],
        _ => between(beyond),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    /// The rows follow node-semver's documentation of ranges.
    #[test]
    fn satisfies_agrees_with_npm_s_documentation() {
        let rows = [
            // range, satisfied by, not satisfied by
            ("*", &["0.0.0", "3.11.7"][..], &["1.0.0-rc.1"][..]),
            ("", &["1.2.3"], &[]),
            ("3.11.7", &["3.11.7", "3.11.7+build"], &["3.11.8", "3.12.0"]),
            ("=3.11.7", &["3.11.7"], &["3.11.8"]),
            ("v3.11.7", &["3.11.7"], &["3.11.8"]),
            ("3", &["3.0.0", "3.99.0"], &["2.9.9", "4.0.0"]),
            ("3.x", &["3.0.0", "3.99.0"], &["4.0.0"]),
            ("3.11", &["3.11.0", "3.11.99"], &["3.12.0", "3.10.9"]),
            ("3.11.*", &["3.11.5"], &["3.12.0"]),
            ("~3.11.2", &["3.11.2", "3.11.9"], &["3.11.1", "3.12.0"]),
            ("~> 3.11", &["3.11.0"], &["3.12.0"]),
            ("~3", &["3.9.0"], &["4.0.0"]),
            ("^3.11.2", &["3.11.2", "3.99.0"], &["3.11.1", "4.0.0"]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4"]),
            ("^0.x", &["0.0.0", "0.9.0"], &["1.0.0"]),
            ("^0.0", &["0.0.9"], &["0.1.0"]),
            (">=3.9", &["3.9.0", "4.0.0"], &["3.8.9"]),
            (">= 3.9 < 3.12", &["3.11.0"], &["3.12.0", "3.8.0"]),
            (">3.9", &["3.10.0"], &["3.9.5"]),
            (">3", &["4.0.0"], &["3.99.0"]),
            (">3.9.1", &["3.9.2"], &["3.9.1"]),
            ("<3.9", &["3.8.99"], &["3.9.0"]),
            ("<=3.9", &["3.9.99"], &["3.10.0"]),
            ("<=3.9.1", &["3.9.1"], &["3.9.2"]),
            ("3.8 - 3.11", &["3.8.0", "3.11.9"], &["3.12.0", "3.7.9"]),
            ("1.2.3 - 2.3.4", &["1.2.3", "2.3.4"], &["2.3.5"]),
            ("2.7.x || >=3.6", &["2.7.18", "3.6.0"], &["3.5.0"]),
            (">*", &[], &["1.0.0", "0.0.0"]),
            ("1.0.0-rc.1", &["1.0.0-rc.1"], &["1.0.0"]),
            (
                ">=1.0.0-rc.1",
                &["1.0.0-rc.2", "1.0.0", "1.1.0"],
                &["1.1.0-rc.1"],
            ),
            ("^1.0.0", &["1.5.0"], &["2.0.0-rc.1"]),
            // Not ranges at all.
            ("latest", &[], &["1.0.0"]),
            ("3.x || latest", &[], &["3.0.0"]),
            ("03.1.0", &[], &["3.1.0"]),
            ("1.2.3.4", &[], &["1.2.3"]),
            (">=", &[], &["1.2.3"]),
            ("-1", &[], &["1.0.0"]),
        ];
        for (range, yes, no) in rows {
            for version in yes {
                assert!(
                    satisfies(&Version::parse(version).unwrap(), range),
                    "{version} in {range:?}"
                );
            }
            for version in no {
                assert!(
                    !satisfies(&Version::parse(version).unwrap(), range),
                    "{version} in {range:?}"
                );
            }
        }
    }

    fn any_version() -> impl Strategy<Value = Version> {
        (0..4_u64, 0..4_u64, 0..4_u64)
            .prop_map(|(major, minor, patch)| Version::new(major, minor, patch))
    }

    /// A client may send any text.
    #[test]
    fn fuzz_satisfies_treats_alternatives_of_any_text_alike() {
        let texts = prop_oneof![
            "[0-4xX*v.<>=~^| +-]{0,16}",
            "[<>=~^]{0,2}[0-9x]{1,20}([.][0-9x]{1,20}){0,3}(-[a-z0-9.]{0,5})?",
            any::<String>(),
        ];
        fuzz(&(texts, any_version()), |(range, version)| {
            let is_valid = range
                .split("||")
                .all(|alternative| parse_alternative(alternative).is_some());
            prop_assert!(is_valid || !satisfies(&version, &range));
            let or_exactly = format!("{range} || ={version}");
            prop_assert_eq!(satisfies(&version, &or_exactly), is_valid);
            let padded = format!("  {range} ");
            prop_assert_eq!(satisfies(&version, &padded), satisfies(&version, &range));
            Ok(())
        });
    }

    #[test]
    fn fuzz_satisfies_compares_full_versions_by_number() {
        let versions = (any_version(), any_version(), any_version());
        fuzz(&versions, |(version, low, high)| {
            let range = format!(">={low} <{high}");
            prop_assert_eq!(
                satisfies(&version, &range),
                low <= version && version < high
            );
            let range = format!("{low} - {high}");
            prop_assert_eq!(
                satisfies(&version, &range),
                low <= version && version <= high
            );
            let range = format!(">{low} || <={high}");
            prop_assert_eq!(
                satisfies(&version, &range),
                version > low || version <= high
            );
            Ok(())
        });
    }
}
