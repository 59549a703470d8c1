//! The arguments of the default output validator, as a checker of ours.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The checker that judges as the default validator does with these arguments.
/// Notes say where it cannot do so exactly.
pub(super) fn checker(arguments: &[String], notes: &mut Vec<String>) -> Result<Value> {
    let (mut ignore_case, mut spaces_count) = (true, false);
    let (mut absolute, mut relative) = (None, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "case_sensitive" => ignore_case = false,
            "space_change_sensitive" => spaces_count = true,
            "float_tolerance" => {
                let tolerance = tolerance(word, words.next())?;
                (absolute, relative) = (Some(tolerance), Some(tolerance));
            }
            "float_absolute_tolerance" => absolute = Some(tolerance(word, words.next())?),
            "float_relative_tolerance" => relative = Some(tolerance(word, words.next())?),
            _ => bail!(
                "the default output validator has no argument {word:?}: it has case_sensitive, \
                 space_change_sensitive, float_tolerance, float_absolute_tolerance and \
                 float_relative_tolerance"
            ),
        }
    }
    let mut checker = if absolute.is_some() || relative.is_some() {
        if spaces_count {
            notes.push(
                "space_change_sensitive beside a tolerance is not possible here: the checker \
                 compares words, whatever white space is between them."
                    .into(),
            );
        }
        // A tolerance that is not given allows no difference.
        let (absolute, relative) = (absolute.unwrap_or(0.0), relative.unwrap_or(0.0));
        json!({ "kind": "float", "absolute": absolute, "relative": relative })
    } else if spaces_count && !ignore_case {
        notes.push(
            "space_change_sensitive is the checker exact, to which CRLF is LF, and line ends at \
             the very end of the output do not count."
                .into(),
        );
        json!({ "kind": "exact" })
    } else if spaces_count {
        notes.push(
            "space_change_sensitive without case_sensitive is the checker lines, to which white \
             space at the ends of lines does not count."
                .into(),
        );
        json!({ "kind": "lines" })
    } else {
        json!({ "kind": "tokens" })
    };
    if ignore_case {
        checker["ignoreCase"] = json!(true);
    }
    Ok(checker)
}

fn tolerance(word: &str, value: Option<&String>) -> Result<f64> {
    let number = value.and_then(|value| value.parse::<f64>().ok());
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .with_context(|| format!("{word} of the output validator must have a number after it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> (Result<Value>, usize) {
        let mut notes = Vec::new();
        let words: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        let words = if arguments.is_empty() {
            &[][..]
        } else {
            &words
        };
        let checker = checker(words, &mut notes);
        (checker, notes.len())
    }

    #[test]
    fn every_argument_is_a_part_of_a_checker() {
        let float = |absolute: f64, relative: f64| json!({ "kind": "float", "absolute": absolute, "relative": relative });
        let any_case = |mut checker: Value| {
            checker["ignoreCase"] = json!(true);
            checker
        };
        for (arguments, expected, noted) in [
            ("", any_case(json!({ "kind": "tokens" })), 0),
            ("case_sensitive", json!({ "kind": "tokens" }), 0),
            ("float_tolerance 1e-6", any_case(float(1e-6, 1e-6)), 0),
            (
                "case_sensitive float_absolute_tolerance .5",
                float(0.5, 0.0),
                0,
            ),
            (
                "float_relative_tolerance 1E-3 case_sensitive",
                float(0.0, 1e-3),
                0,
            ),
            (
                "float_absolute_tolerance 1e-3 float_relative_tolerance 1e-9",
                any_case(float(1e-3, 1e-9)),
                0,
            ),
            (
                "space_change_sensitive case_sensitive",
                json!({ "kind": "exact" }),
                1,
            ),
            (
                "space_change_sensitive",
                any_case(json!({ "kind": "lines" })),
                1,
            ),
            (
                "space_change_sensitive float_tolerance 1e-6",
                any_case(float(1e-6, 1e-6)),
                1,
            ),
        ] {
            let (checker, notes) = read(arguments);
            assert_eq!((checker.unwrap(), notes), (expected, noted), "{arguments}");
        }
    }

    #[test]
    fn what_is_no_argument_is_named() {
        for (arguments, named) in [
            ("float_tolerence 1e-6", "\"float_tolerence\""),
            ("float_tolerance", "float_tolerance of"),
            ("float_tolerance x", "float_tolerance of"),
            ("float_absolute_tolerance -1", "float_absolute_tolerance of"),
            (
                "float_relative_tolerance inf",
                "float_relative_tolerance of",
            ),
        ] {
            let error = read(arguments).0.unwrap_err().to_string();
            assert!(error.contains(named), "{arguments}: {error}");
        }
    }
}
