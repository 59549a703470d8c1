//! One text for all spellings of a value.
//!
//! Two values of a type are the same where their canonical texts are. So values
//! are compared without a tree of either: what it takes is about the length of
//! both, twice where a type makes `1.0` of `1`.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::to_string;
use shared::domain::problem::Type;
use shared::json::write::push_string;
use shared::json::{Json, Kind, NonFinite};

/// The canonical text: no space; members by name; floats of type `float` with a
/// point, `-0.0` as `0.0`; linked nodes without a cycle as an array; a tree without absent children at its end; lists down
/// to `unordered` levels sorted. `None`: a string is not Unicode, a number is out
/// of range, or an object has a member twice.
pub(super) fn canonical(value: Json<'_>, ty: &Type, unordered: u32) -> Option<String> {
    let mut text = String::with_capacity(value.as_str().len());
    push(&mut text, value, ty, unordered)?;
    Some(text)
}

fn push(text: &mut String, value: Json<'_>, ty: &Type, unordered: u32) -> Option<()> {
    match value.kind() {
        Kind::Null | Kind::Bool => text.push_str(value.as_str()),
        Kind::Number => push_number(text, value, ty)?,
        Kind::String => push_string(text, &value.text()?),
        Kind::Array => push_array(text, value, ty, unordered)?,
        Kind::Object => push_object(text, value, ty)?,
    }
    Some(())
}

/// Whole numbers stay what they are: beyond 2^53 two of them can be one float.
fn push_number(text: &mut String, value: Json<'_>, ty: &Type) -> Option<()> {
    if let Some(special) = NonFinite::of(value) {
        text.push_str(special.name());
        return Some(());
    }
    let is_whole = value.i64().is_some() || value.u64().is_some();
    if is_whole && *ty != Type::Float {
        text.push_str(value.as_str());
    } else {
        text.push_str(&to_string(&(value.f64()? + 0.0)).ok()?);
    }
    Some(())
}

fn push_array(text: &mut String, value: Json<'_>, ty: &Type, unordered: u32) -> Option<()> {
    let is_tree = matches!(ty, Type::BinaryTree(_));
    let sorted = unordered > 0 && !is_tree;
    let below = if sorted { unordered - 1 } else { 0 };
    text.push('[');
    let start = text.len();
    let mut places: Vec<Range<u32>> = Vec::new();
    // Where the last item that counts ends: absent children at the end of a tree
    // do not.
    let mut end = start;
    for item_value in value.items()? {
        if text.len() > start {
            text.push(',');
        }
        let from = text.len();
        push(text, item_value, item(ty), below)?;
        if !is_tree || !item_value.is_null() {
            end = text.len();
        }
        if sorted {
            places.push(offset(from - start)..offset(text.len() - start));
        }
    }
    text.truncate(end);
    if sorted {
        let items = text.split_off(start);
        let of = |place: &Range<u32>| &items[place.start as usize..place.end as usize];
        places.sort_unstable_by(|a, b| of(a).cmp(of(b)));
        for (index, place) in places.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(of(place));
        }
    }
    text.push(']');
    Some(())
}

/// No text here is near 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The members of an object, sorted by name; `None`: it is none, or a name is not Unicode.
pub(super) fn by_name(object: Json<'_>) -> Option<Vec<(Cow<'_, str>, Json<'_>)>> {
    let mut members: Vec<(Cow<'_, str>, Json<'_>)> = Vec::new();
    for (name, value) in object.members()? {
        members.push((name.text()?, value));
    }
    members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Some(members)
}

fn push_object(text: &mut String, value: Json<'_>, ty: &Type) -> Option<()> {
    let members = by_name(value)?;
    if let (Type::LinkedNodes(_), [(name, values)]) = (ty, &*members)
        && name == "values"
    {
        // A list without a cycle is an array.
        return push(text, *values, ty, 0);
    }
    if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    text.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_string(text, &name);
        text.push(':');
        push(text, value, member(ty), 0)?;
    }
    text.push('}');
    Some(())
}

/// The type of the items of a value of type `ty`.
pub(super) fn item(ty: &Type) -> &Type {
    ty.item().unwrap_or(&Type::Any)
}

/// The type of the members of an object of type `ty`. The values of `linked_nodes`
/// are an array of the same type.
pub(super) fn member(ty: &Type) -> &Type {
    match ty {
        Type::LinkedNodes(_) => ty,
        _ => item(ty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ty: &str, value: &str, unordered: u32) -> Option<String> {
        let value = Json::parse(value.as_bytes()).unwrap();
        canonical(value, &Type::parse(ty).unwrap(), unordered)
    }

    #[test]
    fn spellings_of_a_value_have_one_text() {
        for (ty, value, unordered, expected) in [
            (
                "any",
                " { \"b\" : [ 1 , 1.50 ] ,\"a\":null} ",
                0,
                "{\"a\":null,\"b\":[1,1.5]}",
            ),
            ("any", "\"\\u0061\\/\\u00e9\"", 0, "\"a/é\""),
            ("any", "-0", 0, "0.0"),
            ("any", "1E2", 0, "100.0"),
            ("float", "1", 0, "1.0"),
            (
                "map<list<float>>",
                "{\"a\":[-0.0,2]}",
                0,
                "{\"a\":[0.0,2.0]}",
            ),
            ("int", "18446744073709551615", 0, "18446744073709551615"),
            ("binary_tree<int>", "[1,null,2,null,null]", 0, "[1,null,2]"),
            ("binary_tree<int>", "[null]", 0, "[]"),
            ("list<any>", "[1,null]", 0, "[1,null]"),
            ("linked_nodes<float>", "{\"values\":[1]}", 0, "[1.0]"),
            (
                "linked_nodes<float>",
                "{\"values\":[1],\"cycle\":0}",
                0,
                "{\"cycle\":0,\"values\":[1.0]}",
            ),
            ("list<int>", "[3,20,1]", 1, "[1,20,3]"),
            ("list<list<int>>", "[[3,1],[2]]", 1, "[[2],[3,1]]"),
            ("list<list<int>>", "[[3,1],[2]]", 2, "[[1,3],[2]]"),
            ("list<int>", "[]", 1, "[]"),
            ("binary_tree<int>", "[2,1]", 1, "[2,1]"),
        ] {
            assert_eq!(
                text(ty, value, unordered).as_deref(),
                Some(expected),
                "{ty} {value}"
            );
        }
        for value in ["{\"a\":1,\"\\u0061\":1}", "[\"\\ud800\"]", "1e999"] {
            assert_eq!(text("any", value, 0), None, "{value}");
        }
    }
}
