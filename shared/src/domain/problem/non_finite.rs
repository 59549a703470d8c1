//! Expected floats that JSON has no number for: not a number, and the infinities.
//!
//! With the checker `float` a case has them as strings where the signature says
//! `float`, such as `"inf"`; what a function returned has them in the place of
//! numbers ([`crate::json::non_finite`]). Any other checker takes no such string.

use std::borrow::Cow;

use super::{Case, Checker, Problem, Shape, Type};
use crate::json::{Json, JsonText, Kind as JsonKind, NonFinite};

impl Problem {
    /// A case's expected answer, as it is compared with what came of the case.
    pub fn expected<'a>(&self, case: &'a Case) -> Cow<'a, JsonText> {
        // Nothing is worked out where no string can be a float.
        if !case.expected.as_str().contains('"') {
            return Cow::Borrowed(&case.expected);
        }
        let non_finite = with_non_finite(&self.shape(case), case.expected.json());
        non_finite.map_or(Cow::Borrowed(&case.expected), Cow::Owned)
    }
}

/// `expected` with the floats that strings in it stand for; `None` without any.
pub(super) fn with_non_finite(shape: &Shape<'_>, expected: Json<'_>) -> Option<JsonText> {
    if !expected.as_str().contains('"') {
        return None;
    }
    let may_hold =
        |checker: Checker, ty: &Type| matches!(checker, Checker::Float { .. }) && holds_float(ty);
    let (mut text, mut any) = (String::with_capacity(expected.as_str().len()), false);
    match shape {
        Shape::Whole(part) if may_hold(part.checker, part.ty) => {
            push(&mut text, part.ty, expected, &mut any);
        }
        Shape::Whole(_) => return None,
        Shape::Parts(parts) => {
            text.push('[');
            for (index, value) in expected.items()?.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                match parts.get(index).copied().flatten() {
                    Some(part) if may_hold(part.checker, part.ty) => {
                        push(&mut text, part.ty, value, &mut any);
                    }
                    _ => text.push_str(value.as_str()),
                }
            }
            text.push(']');
        }
    }
    if !any {
        return None;
    }
    Json::parse_with_non_finite(&text).ok().map(JsonText::from)
}

fn holds_float(ty: &Type) -> bool {
    *ty == Type::Float || ty.item().is_some_and(holds_float)
}

/// Recursion goes as deep as the type, which is at most 8.
fn push(text: &mut String, ty: &Type, value: Json<'_>, any: &mut bool) {
    match (ty, value.kind()) {
        (Type::Float, JsonKind::String) => {
            if let Some(non_finite) = value.text().and_then(|word| NonFinite::parse(&word)) {
                *any = true;
                return text.push_str(non_finite.name());
            }
        }
        (
            Type::List(item)
            | Type::LinkedList(item)
            | Type::LinkedNodes(item)
            | Type::BinaryTree(item),
            JsonKind::Array,
        ) => {
            text.push('[');
            for (index, value) in value.items().into_iter().flatten().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push(text, item, value, any);
            }
            return text.push(']');
        }
        (Type::Map(_) | Type::LinkedNodes(_), JsonKind::Object) => {
            // The values of nodes are an array of the same type.
            let item = match ty {
                Type::Map(item) => item,
                _ => ty,
            };
            text.push('{');
            for (index, (name, value)) in value.members().into_iter().flatten().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(name.as_str());
                text.push(':');
                push(text, item, value, any);
            }
            return text.push('}');
        }
        _ => {}
    }
    text.push_str(value.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProblemId;

    fn read(checker: &str, returns: &str, expected: &str) -> Result<String, String> {
        let text = format!(
            r#"{{"title":"T","kind":"function","checker":"{checker}",
            "signature":{{"name":"f","params":[],"returns":"{returns}"}},
            "cases":[{{"input":[],"expected":{expected}}}]}}"#
        );
        let id = ProblemId::parse("p", "id").unwrap();
        let problem =
            Problem::from_body(&id, text.as_bytes()).map_err(|violation| violation.to_string())?;
        // It is stored and shown as it was written.
        let stored = problem.to_json();
        assert!(
            stored.contains(&format!("\"expected\":{expected}")),
            "{stored}"
        );
        Ok(problem.expected(&problem.cases[0]).as_str().to_owned())
    }

    #[test]
    fn a_string_where_a_float_stands_is_that_float() {
        for (returns, expected, compared) in [
            ("float", r#""inf""#, "Infinity"),
            ("float", r#""+Infinity""#, "Infinity"),
            ("float", r#""-INF""#, "-Infinity"),
            ("float", r#""nan""#, "NaN"),
            ("float", "1", "1"),
            ("list<float>", r#"[1,"inf","nan"]"#, "[1,Infinity,NaN]"),
            (
                "map<list<float>>",
                r#"{"nan":["-inf"]}"#,
                r#"{"nan":[-Infinity]}"#,
            ),
            ("linked_list<float>", r#"["inf"]"#, "[Infinity]"),
            (
                "binary_tree<float>",
                r#"[1,null,"inf"]"#,
                "[1,null,Infinity]",
            ),
            ("string", r#""inf""#, r#""inf""#),
            ("list<any>", r#"["nan"]"#, r#"["nan"]"#),
        ] {
            assert_eq!(read("float", returns, expected).as_deref(), Ok(compared));
        }
    }

    #[test]
    fn any_other_string_or_checker_is_refused() {
        for (checker, returns, expected, place) in [
            (
                "exact",
                "float",
                r#""inf""#,
                "cases[0].expected must be of type float",
            ),
            (
                "tokens",
                "float",
                r#""nan""#,
                "cases[0].expected must be of type float",
            ),
            (
                "float",
                "float",
                r#""info""#,
                "cases[0].expected must be of type float",
            ),
            (
                "float",
                "float",
                r#""1""#,
                "cases[0].expected must be of type float",
            ),
            (
                "float",
                "int",
                r#""inf""#,
                "cases[0].expected must be a whole number",
            ),
            (
                "float",
                "list<float>",
                r#"["inf","x"]"#,
                "cases[0].expected[1] must be",
            ),
        ] {
            let error = read(checker, returns, expected).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }
}
