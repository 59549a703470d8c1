//! Compares the answer that a document prints with the answer of the stack.
//!
//! A document is written once, and ids, times and measurements differ in each
//! run. So the comparison is exact, except for these:
//!
//! | in the document | fits |
//! | --- | --- |
//! | `…` as a value | any value |
//! | `…` inside a text | any text |
//! | `…` as an array's item | any number of items |
//! | a member that the document leaves out | anything |
//! | 32 or 48 hex digits, or at least 8 and `…` | an id or a version; the same one wherever the document names it again |
//! | a whole number from 10^12 on | a time: any such number |
//! | the members in [`MEASURED`] | any number that is not negative |
//! | digits and dots in the members in [`VERSIONS`] | any digits and dots |
//!
//! Called by `main.rs` with each answer, and then with each answer made wrong
//! on purpose, so that no expected answer is one that cannot fail.

use std::collections::HashMap;
use std::iter;

use serde_json::Value;

/// Members whose numbers differ from run to run.
const MEASURED: [&str; 4] = ["cpuTimeMs", "wallTimeMs", "memoryBytes", "position"];
/// Members that hold the version of a language.
const VERSIONS: [&str; 2] = ["languageVersion", "version"];
/// Numbers from here on are milliseconds since 1970.
const FIRST_TIME_MS: u64 = 1_000_000_000_000;
/// Stands for whatever is left out.
const ANYTHING: &str = "…";
/// How many hex digits an id and a problem's version have.
const ID_DIGITS: [usize; 2] = [48, 32];
/// An id that a document cuts short shows at least this many digits.
const MIN_SHORT_ID_DIGITS: usize = 8;

/// Which real id each id of a document stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids(HashMap<String, String>);

/// An answer as a document prints it.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// A block of JSON.
    Json(Value),
    /// A block of text: the lines that are printed.
    Text(String),
}

impl Expected {
    /// Errors: the first difference between this answer and the real output.
    pub(crate) fn check(&self, output: &str, ids: &mut Ids) -> Result<(), String> {
        match self {
            Self::Json(expected) => {
                let real: Value = serde_json::from_str(output)
                    .map_err(|error| format!("the answer is not one JSON value: {error}"))?;
                check_value(expected, &real, Place::default(), ids)
            }
            Self::Text(expected) => {
                let expected: Vec<&str> = expected.trim_end().lines().collect();
                let real: Vec<&str> = output.trim_end().lines().collect();
                check_lines(&expected, &real, ids)
            }
        }
    }

    /// This answer made wrong in each place where it says something. None of
    /// them may fit the real output.
    pub(crate) fn tampered(&self) -> Vec<Self> {
        match self {
            Self::Json(value) => tampered_values(value).into_iter().map(Self::Json).collect(),
            Self::Text(text) => {
                let lines: Vec<&str> = text.lines().collect();
                (0..lines.len())
                    .filter(|&index| lines[index].trim() != ANYTHING)
                    .map(|index| {
                        let mut lines: Vec<String> =
                            lines.iter().map(ToString::to_string).collect();
                        lines[index].insert_str(0, "tampered ");
                        Self::Text(lines.join("\n"))
                    })
                    .collect()
            }
        }
    }
}

/// Reads JSON in which `…` may stand bare, for items or members left out.
pub(crate) fn read_shortened(text: &str) -> Result<Value, String> {
    let mut json = String::with_capacity(text.len());
    let mut open = Vec::new();
    let (mut in_text, mut escaped, mut last) = (false, false, ' ');
    for letter in text.chars() {
        match letter {
            _ if in_text => {
                in_text = escaped || letter != '"';
                escaped = !escaped && letter == '\\';
            }
            '"' => in_text = true,
            '{' | '[' => open.push(letter),
            '}' | ']' => drop(open.pop()),
            '…' => {
                let member = open.last() == Some(&'{') && last != ':';
                json.push_str(if member { "\"…\":\"…\"" } else { "\"…\"" });
                last = letter;
                continue;
            }
            _ => {}
        }
        json.push(letter);
        if !letter.is_whitespace() {
            last = letter;
        }
    }
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

/// Where a value stands: its path for people, and the member that holds it.
#[derive(Default, Clone)]
struct Place {
    path: String,
    member: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        Self {
            path: format!("{}.{name}", self.path),
            member: name.to_owned(),
        }
    }

    fn item(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            member: self.member.clone(),
        }
    }
}

fn check_value(expected: &Value, real: &Value, place: Place, ids: &mut Ids) -> Result<(), String> {
    let fits = match (expected, real) {
        (Value::String(text), _) if text == ANYTHING => true,
        (Value::Object(expected), Value::Object(real)) => {
            for (name, value) in expected.iter().filter(|(name, _)| *name != ANYTHING) {
                let place = place.member(name);
                let real = real
                    .get(name)
                    .ok_or_else(|| format!("{} is missing", place.path))?;
                check_value(value, real, place, ids)?;
            }
            true
        }
        (Value::Array(expected), Value::Array(real)) => {
            return check_items(expected, real, &place, ids);
        }
        (Value::String(expected), Value::String(real)) => {
            let version = VERSIONS.contains(&place.member.as_str())
                && [expected, real].into_iter().all(|text| is_version(text));
            version || fits_text(&pieces(expected), real, ids)
        }
        (Value::Number(expected), Value::Number(real)) => {
            let is_time = |number: &serde_json::Number| number.as_u64() >= Some(FIRST_TIME_MS);
            let measured = MEASURED.contains(&place.member.as_str());
            let not_negative = |number: &serde_json::Number| number.as_f64() >= Some(0.0);
            is_time(expected) && is_time(real)
                || measured && not_negative(expected) && not_negative(real)
                || expected.as_f64() == real.as_f64()
        }
        _ => expected == real,
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "{}: the document says {expected}, the answer is {real}",
        place.path
    ))
}

fn check_items(
    expected: &[Value],
    real: &[Value],
    place: &Place,
    ids: &mut Ids,
) -> Result<(), String> {
    let left_out = |item: &Value| item.as_str() == Some(ANYTHING);
    let Some(gap) = expected.iter().position(left_out) else {
        if expected.len() != real.len() {
            return Err(format!(
                "{}: the document has {} items, the answer {}",
                place.path,
                expected.len(),
                real.len()
            ));
        }
        let mut pairs = expected.iter().zip(real).enumerate();
        return pairs.try_for_each(|(index, (expected, real))| {
            check_value(expected, real, place.item(index), ids)
        });
    };
    let tail = &expected[gap + 1..];
    if real.len() < gap + tail.len() {
        return Err(format!("{}: the answer has too few items", place.path));
    }
    check_items(&expected[..gap], &real[..gap], place, ids)?;
    check_items(tail, &real[real.len() - tail.len()..], place, ids)
}

fn check_lines(expected: &[&str], real: &[&str], ids: &mut Ids) -> Result<(), String> {
    match (expected, real) {
        ([], []) => Ok(()),
        ([first, rest @ ..], _) if first.trim() == ANYTHING => (0..=real.len())
            .find_map(|skipped| {
                let mut tried = ids.clone();
                check_lines(rest, &real[skipped..], &mut tried).ok()?;
                *ids = tried;
                Some(())
            })
            .ok_or_else(|| format!("these lines were not printed:\n{}", rest.join("\n"))),
        ([first, rest @ ..], [line, lines @ ..]) => {
            if fits_text(&pieces(first), line, ids) {
                return check_lines(rest, lines, ids);
            }
            Err(format!("the document says {first:?}, the line is {line:?}"))
        }
        ([first, ..], []) => Err(format!("this line was not printed: {first:?}")),
        ([], [line, ..]) => Err(format!("the document does not have the line {line:?}")),
    }
}

/// What a text of a document consists of.
#[derive(Debug, PartialEq)]
enum Piece {
    Exactly(String),
    Anything,
    Id(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let in_word =
            text[..text.len() - rest.len()].ends_with(|before: char| before.is_alphanumeric());
        let digits = if in_word { 0 } else { hex_digits(rest) };
        let (id, after) = rest.split_at(digits);
        if digits >= MIN_SHORT_ID_DIGITS
            && let Some(after) = after.strip_prefix('…')
        {
            pieces.push(Piece::Id(id.to_owned()));
            rest = after;
        } else if ID_DIGITS.contains(&digits) {
            pieces.push(Piece::Id(id.to_owned()));
            rest = after;
        } else if letter == '…' {
            pieces.push(Piece::Anything);
            rest = &rest[letter.len_utf8()..];
        } else {
            if !matches!(pieces.last(), Some(Piece::Exactly(_))) {
                pieces.push(Piece::Exactly(String::new()));
            }
            if let Some(Piece::Exactly(exactly)) = pieces.last_mut() {
                exactly.push(letter);
            }
            rest = &rest[letter.len_utf8()..];
        }
    }
    pieces
}

fn fits_text(pieces: &[Piece], real: &str, ids: &mut Ids) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return real.is_empty();
    };
    match first {
        Piece::Exactly(text) => real
            .strip_prefix(text.as_str())
            .is_some_and(|real| fits_text(rest, real, ids)),
        Piece::Anything => {
            let starts = real.char_indices().map(|(start, _)| start);
            starts.chain(iter::once(real.len())).any(|start| {
                let mut tried = ids.clone();
                let fits = fits_text(rest, &real[start..], &mut tried);
                if fits {
                    *ids = tried;
                }
                fits
            })
        }
        Piece::Id(name) => {
            let (id, real) = real.split_at(hex_digits(real));
            ID_DIGITS.contains(&id.len()) && ids.stands_for(name, id) && fits_text(rest, real, ids)
        }
    }
}

impl Ids {
    /// Whether `name` can stand for `id`, and notes it.
    fn stands_for(&mut self, name: &str, id: &str) -> bool {
        let taken = |(other, known): (&String, &String)| other != name && known == id;
        if self.0.iter().any(taken) {
            return false;
        }
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| id.to_owned())
            == id
    }
}

fn hex_digits(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        .count()
}

fn is_version(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn tampered_values(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) if text == ANYTHING => Vec::new(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| {
                tampered_values(member).into_iter().map(|wrong| {
                    let mut members = members.clone();
                    members.insert(name.clone(), wrong);
                    Value::Object(members)
                })
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| {
                tampered_values(item).into_iter().map(move |wrong| {
                    let mut items = items.clone();
                    items[index] = wrong;
                    Value::Array(items)
                })
            })
            .collect(),
        Value::Number(_) => vec![(-1).into()],
        Value::String(_) | Value::Bool(_) | Value::Null => vec!["tampered".into()],
    }
}
