//! Where a value that a function returned first differs from the expected one:
//! the path to it, both texts cut around it, and a sentence.

use shared::domain::problem::{Checker, Type};
use shared::json::{Json, Kind};

use super::canonical::{by_name, canonical, item, member};
use super::compare;
use super::difference::{
    Difference, SHORT_BYTES, cut_around, first_difference, first_without_pair, offset, sentence,
};
use super::ignore_case;
use super::visible;

/// How a value differs from the expected one of type `ty`.
pub(super) fn of_value(
    checker: Checker,
    ty: &Type,
    expected: Json<'_>,
    actual: Json<'_>,
) -> Difference {
    let unordered = match checker {
        Checker::Unordered { depth } => depth,
        _ => 0,
    };
    let texts = (expected.as_str(), actual.as_str());
    let found = if unordered > 0 {
        in_any_order(expected, actual, ty, unordered)
    } else {
        Some(locate(checker, ty, expected, actual))
    };
    let Some(found) = found else {
        return Difference {
            expected: cut_around(texts.0, 0),
            actual: cut_around(texts.1, 0),
            note: None,
        };
    };
    let at =
        |whole: &str, part: Option<Json<'_>>| part.map_or(0, |part| offset(whole, part.as_str()));
    let mut note = found.note;
    if actual.is_null() && !expected.is_null() {
        note = Some(
            "The function returned nothing. Is a return missing? What it prints does not count."
                .into(),
        );
    }
    Difference {
        expected: cut_around(texts.0, at(texts.0, found.expected) + found.within.0),
        actual: cut_around(texts.1, at(texts.1, found.actual) + found.within.1),
        note,
    }
}

/// The parts of two values that differ.
struct Found<'a> {
    expected: Option<Json<'a>>,
    actual: Option<Json<'a>>,
    /// Where in each they begin to differ, if they are strings.
    within: (usize, usize),
    note: Option<String>,
}

fn locate<'a>(
    checker: Checker,
    ty: &Type,
    mut expected: Json<'a>,
    mut actual: Json<'a>,
) -> Found<'a> {
    let is_short = expected.as_str().len().max(actual.as_str().len()) <= SHORT_BYTES;
    let (mut path, mut ty) = (String::new(), ty);
    loop {
        let inner = item(ty);
        if let (Some(a), Some(b)) = (expected.items(), actual.items()) {
            let counts = (a.clone().count(), b.clone().count());
            let mut pairs = a.clone().zip(b.clone()).enumerate();
            let differs = pairs.find(|(_, (a, b))| !compare::value(checker, inner, *a, *b));
            if let Some((index, (a, b))) = differs {
                path.push_str(&format!("[{index}]"));
                (expected, actual, ty) = (a, b, inner);
                continue;
            }
            let place = if path.is_empty() { "it" } else { &path };
            let note = (counts.0 != counts.1).then(|| {
                format!(
                    "Its items are right as far as they go, but {place} has {} items instead of {}.",
                    counts.1, counts.0
                )
            });
            let last = |items: Option<Json<'a>>, whole| items.or(Some(whole));
            return Found {
                expected: last(a.clone().nth(counts.1), expected),
                actual: last(b.clone().nth(counts.0), actual),
                within: (0, 0),
                note: note.filter(|_| !is_short),
            };
        }
        if let (Some(a), Some(_)) = (expected.members(), actual.members()) {
            let inner = member(ty);
            // By name, not looked through for each member: there may be 100,000 of them.
            let others = by_name(actual).unwrap_or_default();
            let value_of = |name: &str| {
                let index = others
                    .binary_search_by(|(other, _)| (**other).cmp(name))
                    .ok()?;
                others.get(index).map(|(_, value)| *value)
            };
            let differs = a.clone().find_map(|(name, value)| {
                let name = name.text()?;
                match value_of(&name) {
                    None => Some((name, value, None)),
                    Some(other) if !compare::value(checker, inner, value, other) => {
                        Some((name, value, Some(other)))
                    }
                    Some(_) => None,
                }
            });
            match differs {
                Some((name, a, Some(b))) => {
                    path.push_str(&format!("[{}]", visible::quoted(&name, 0)));
                    (expected, actual, ty) = (a, b, inner);
                    continue;
                }
                Some((name, value, None)) => {
                    let note = format!("The member {} is missing.", visible::quoted(&name, 0));
                    return Found {
                        expected: Some(value),
                        actual: Some(actual),
                        within: (0, 0),
                        note: Some(note).filter(|_| !is_short),
                    };
                }
                None => {
                    return Found {
                        expected: Some(expected),
                        actual: Some(actual),
                        within: (0, 0),
                        note: (!is_short).then(|| "It has members that are not expected.".into()),
                    };
                }
            }
        }
        return leaf(checker, path, is_short, expected, actual);
    }
}

/// Two values of which at least one is not a list and not an object.
fn leaf<'a>(
    checker: Checker,
    path: String,
    is_short: bool,
    expected: Json<'a>,
    actual: Json<'a>,
) -> Found<'a> {
    let texts = expected.text().zip(actual.text());
    let (same, like) = texts
        .as_ref()
        .map_or((0, 0), |(a, b)| first_difference(checker, a, b));
    let unseen = texts
        .as_ref()
        .and_then(|(a, b)| visible::unseen(&a[same..], &b[like..]));
    let character = texts.as_ref().map(|(a, _)| a[..same].chars().count() + 1);
    let place = match (path.is_empty(), character) {
        (true, Some(character)) => format!("character {character}"),
        (true, None) => "the value itself".into(),
        (false, Some(character)) => format!("{path}, character {character}"),
        (false, None) => path,
    };
    let note = (!is_short || unseen.is_some()).then(|| {
        let quoted = |value: Json<'_>, at: usize| match (value.kind(), value.text()) {
            (Kind::String, Some(text)) => visible::quoted(&text, at.min(text.len())),
            _ => shortened(value.as_str()),
        };
        sentence(
            &place,
            &quoted(expected, same),
            &quoted(actual, like),
            unseen,
        )
    });
    let within = match &texts {
        None => (0, 0),
        Some((a, b)) if (same, like) == (ignore_case::common(false, a, b), same) => {
            let same = ignore_case::common(false, expected.as_str(), actual.as_str());
            (same, same)
        }
        // Behind the quote; escapes before it move the place a little.
        Some(_) => (
            expected.as_str().floor_char_boundary(same + 1),
            actual.as_str().floor_char_boundary(like + 1),
        ),
    };
    Found {
        expected: Some(expected),
        actual: Some(actual),
        within,
        note,
    }
}

/// Lists whose items count in any order: an item of one that the other lacks.
fn in_any_order<'a>(
    expected: Json<'a>,
    actual: Json<'a>,
    ty: &Type,
    unordered: u32,
) -> Option<Found<'a>> {
    let sorted = |list: Json<'a>| {
        let mut items = Vec::new();
        for one in list.items()? {
            items.push((canonical(one, item(ty), unordered - 1)?, one));
        }
        items.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Some(items)
    };
    let is_short = expected.as_str().len().max(actual.as_str().len()) <= SHORT_BYTES;
    let (a, b) = (sorted(expected)?, sorted(actual)?);
    let texts = (
        a.iter().map(|(text, _)| text),
        b.iter().map(|(text, _)| text),
    );
    let (at, is_missing) = first_without_pair(texts.0, texts.1);
    let (what, one) = if is_missing {
        ("is missing", a.get(at)?.1)
    } else {
        ("is not expected", b.get(at)?.1)
    };
    Some(Found {
        expected: is_missing.then_some(one),
        actual: (!is_missing).then_some(one),
        within: (0, 0),
        note: (!is_short).then(|| format!("An item {what}: {}.", shortened(one.as_str()))),
    })
}

fn shortened(json: &str) -> String {
    let piece = shared::text::truncated(json, SHORT_BYTES);
    if piece.len() == json.len() {
        json.to_owned()
    } else {
        format!("{piece}…")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::domain::judgement::MAX_EVIDENCE_BYTES;
    use shared::json::JsonText;

    use super::*;

    fn difference(checker: Checker, ty: &str, expected: &Value, actual: &Value) -> Difference {
        let (expected, actual) = (
            JsonText::from(expected.clone()),
            JsonText::from(actual.clone()),
        );
        let ty = Type::parse(ty).unwrap();
        of_value(checker, &ty, expected.json(), actual.json())
    }

    fn note(ty: &str, expected: Value, actual: Value) -> Option<String> {
        difference(Checker::Exact, ty, &expected, &actual).note
    }

    #[test]
    fn the_path_is_named_in_long_values() {
        let long = |last: Value| {
            let mut rows: Vec<Value> = (0..40).map(|n| json!([n, n])).collect();
            rows.push(json!([7, last]));
            Value::from(rows)
        };
        assert_eq!(
            note("list<list<int>>", long(json!(1)), long(json!(2))).as_deref(),
            Some("First difference: [40][1]. Expected 1, got 2.")
        );
        assert_eq!(note("list<int>", json!([1, 2]), json!([1, 3])), None);
        let numbers = |count: u64| (0..count).collect::<Vec<_>>();
        assert_eq!(
            note("list<int>", json!(numbers(50)), json!(numbers(49))).as_deref(),
            Some("Its items are right as far as they go, but it has 49 items instead of 50.")
        );
        let object = |value: u32| json!({ "a": "x".repeat(60), "b": { "c": value } });
        assert_eq!(
            note("any", object(1), object(2)).as_deref(),
            Some("First difference: [\"b\"][\"c\"]. Expected 1, got 2.")
        );
    }

    #[test]
    fn what_cannot_be_seen_is_named_in_short_values_too() {
        let note_of = |a: &str, b: &str| note("string", json!(a), json!(b));
        assert_eq!(note_of("ab", "ac"), None);
        let note = note_of("ab", "ab ").unwrap();
        assert!(note.contains("character 3"), "{note}");
        assert!(note.contains("got has a space at the end"), "{note}");
        assert!(note_of("é", "e\u{301}").unwrap().contains("NFD"));
        // 1 and "1" look different, since both are JSON.
        let difference = difference(Checker::Exact, "any", &json!("1"), &json!(1));
        assert_eq!((&*difference.expected, &*difference.actual), ("\"1\"", "1"));
    }

    #[test]
    fn what_does_not_count_is_not_the_first_difference() {
        let note = |checker, a: &str, b: &str| {
            difference(checker, "list<string>", &json!(["x", a]), &json!(["X", b])).note
        };
        let long = "Word ".repeat(20);
        let found = note(
            Checker::Tokens { ignore_case: true },
            &format!("{long}é End"),
            &format!("{}  é  fin", long.to_lowercase()),
        );
        let found = found.unwrap();
        assert!(found.contains("[1], character 103."), "{found}");
        assert!(found.contains("End\", got"), "{found}");
        let lines = Checker::Lines { ignore_case: true };
        let found = note(lines, &format!("{long}\nAb"), &format!("{long} \naC")).unwrap();
        assert!(found.contains("[1], character 103."), "{found}");
    }

    /// The time would be minutes if each member was looked for in the answer.
    #[test]
    fn large_objects_are_compared_at_once() {
        let object = |from: u32, last: u32| {
            let names = (from..100_000).map(|number| (format!("m{number}"), json!(number)));
            Value::Object(names.chain([("z".to_owned(), json!(last))]).collect())
        };
        let started = std::time::Instant::now();
        let said = note("map<int>", object(0, 1), object(0, 2)).unwrap();
        assert!(said.contains("[\"z\"]. Expected 1, got 2."), "{said}");
        let said = note("map<int>", object(0, 1), object(1, 1)).unwrap();
        assert_eq!(said, "The member \"m0\" is missing.");
        let said = note("map<int>", object(1, 1), object(0, 1)).unwrap();
        assert_eq!(said, "It has members that are not expected.");
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn nothing_returned_is_said() {
        let note = note("list<int>", json!([1]), Value::Null).unwrap();
        assert!(note.starts_with("The function returned nothing"), "{note}");
    }

    #[test]
    fn a_late_difference_is_what_is_shown() {
        let list = |last: u32| {
            let numbers = (0..5_000).chain([last]);
            json!(numbers.collect::<Vec<u32>>())
        };
        let shown = difference(Checker::Exact, "list<int>", &list(111_111), &list(222_222));
        assert!(shown.expected.ends_with("4999,111111]"), "{shown:?}");
        assert!(shown.actual.ends_with("4999,222222]"), "{shown:?}");
        assert!(shown.actual.len() <= MAX_EVIDENCE_BYTES);
        let unordered = Checker::Unordered { depth: 1 };
        let shown = difference(unordered, "list<int>", &list(111_111), &list(222_222));
        assert!(shown.expected.ends_with("4999,111111]"), "{shown:?}");
        assert_eq!(shown.note.as_deref(), Some("An item is missing: 111111."));
    }

    #[test]
    fn any_two_values_can_be_compared() {
        let values = [
            json!(null),
            json!([]),
            json!([[]]),
            json!({}),
            json!({ "a": [1] }),
            json!("é"),
            json!("e\u{301}\n"),
            json!(1.5),
            json!([1, "x", null]),
        ];
        for expected in &values {
            for actual in &values {
                for ty in ["any", "list<int>", "string", "map<any>"] {
                    for checker in [Checker::Exact, Checker::Unordered { depth: 2 }] {
                        let shown = difference(checker, ty, expected, actual);
                        assert_eq!(shown.actual, actual.to_string());
                    }
                }
            }
        }
    }
}
