//! From the member `answer` of a problem to which value is the answer of its function.

use super::object::{ObjectReader, element};
use super::{Answer, Parts, Signature, Type};
use crate::json::{Json, Kind};

const ANSWER: &str = "must be {\"argument\": 0}, {\"argument\": 0, \"length\": \"returned\"} or \
a list of 2 to 4 parts, such as [{\"returned\": true}, {\"argument\": 0}].";

impl Answer {
    /// Reads `value`, the problem's member `answer`.
    pub(super) fn read(
        value: Json<'_>,
        signature: &Signature,
        members: &mut ObjectReader<'_, '_>,
    ) -> Self {
        let path = members.path("answer");
        match value.kind() {
            Kind::Object => {
                let mut members = ObjectReader::new(value, path, members.violations);
                let answer = argument_alone(signature, &mut members);
                members.end("argument, length");
                answer
            }
            Kind::Array => {
                // One more than there may be is enough to refuse it.
                let parts = value.items().into_iter().flatten();
                let parts: Vec<Json<'_>> = parts.take(Parts::MAX + 1).collect();
                if (2..=Parts::MAX).contains(&parts.len()) {
                    return several(&parts, &path, signature, members);
                }
                members.reject("answer", ANSWER);
                Self::Returned
            }
            _ => {
                members.reject("answer", ANSWER);
                Self::Returned
            }
        }
    }
}

fn several(
    parts: &[Json<'_>],
    path: &str,
    signature: &Signature,
    members: &mut ObjectReader<'_, '_>,
) -> Answer {
    let (mut returned, mut arguments) = (false, Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let mut part = ObjectReader::new(*part, element(path, at), members.violations);
        if at == 0 && part.flag("returned", false) {
            returned = true;
            if signature.returns == Type::Null {
                part.reject("returned", "is null, which says nothing: leave it out.");
            }
            part.end("returned");
            continue;
        }
        let index = changed(signature, &mut part);
        if arguments.last().is_some_and(|before| *before >= index) {
            part.reject(
                "argument",
                "must be greater than that of the part before it.",
            );
        }
        arguments.push(index.min(u32::BITS as usize - 1));
        part.end(if at == 0 {
            "returned, argument"
        } else {
            "argument"
        });
    }
    Answer::Parts(Parts::new(returned, &arguments))
}

fn argument_alone(signature: &Signature, members: &mut ObjectReader<'_, '_>) -> Answer {
    let index = changed(signature, members);
    let Some(length) = members.take("length") else {
        return Answer::Argument(index);
    };
    let param = signature.params.get(index);
    if length.text().as_deref() != Some("returned") {
        members.reject("length", "must be \"returned\".");
    } else if signature.returns != Type::Int {
        members.reject("length", "needs a function that returns int.");
    } else if !param.is_some_and(|param| matches!(param.ty, Type::List(_))) {
        members.reject("length", "needs an argument of a type list<T>.");
    }
    Answer::FirstOfArgument(index)
}

/// The number of a parameter that a function can change.
fn changed(signature: &Signature, members: &mut ObjectReader<'_, '_>) -> usize {
    let index = members.take("argument").and_then(Json::u64);
    let index = index.and_then(|index| usize::try_from(index).ok());
    match index.and_then(|index| signature.params.get(index)) {
        None => members.reject("argument", "must be the number of a parameter, from 0."),
        Some(param) if !param.ty.can_change() => {
            let rule = format!(
                "is {}, of type {}, which no function can change. Text that changes is a \
                 list<string> of letters.",
                param.name, param.ty
            );
            members.reject("argument", &rule);
        }
        Some(_) => {}
    }
    index.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::domain::ids::ProblemId;
    use crate::domain::problem::{Answer, Parts, Problem};
    use serde_json::{Value, json};

    fn read(returns: &str, answer: Value, expected: Value) -> Result<Answer, String> {
        let value = json!({
            "title": "T",
            "kind": "function",
            "signature": {
                "name": "f",
                "params": [
                    { "name": "nums", "type": "list<int>" },
                    { "name": "val", "type": "int" },
                    { "name": "tree", "type": "binary_tree<int>" },
                    { "name": "text", "type": "string" },
                ],
                "returns": returns,
            },
            "answer": answer,
            "cases": [{ "input": [[1], 2, [3], "x"], "expected": expected }],
        });
        let id = ProblemId::parse("id", "id").unwrap();
        let problem = Problem::from_value(&id, &value).map_err(|error| error.to_string())?;
        let again = Problem::from_stored(&id, problem.to_json().as_bytes());
        assert_eq!(again.as_ref(), Ok(&problem));
        Ok(problem.signature().unwrap().answer)
    }

    #[test]
    fn an_answer_may_be_an_argument() {
        for (returns, answer, expected, read_as) in [
            ("int", json!(null), json!(1), Answer::Returned),
            (
                "null",
                json!({ "argument": 0 }),
                json!([1]),
                Answer::Argument(0),
            ),
            (
                "string",
                json!({ "argument": 2 }),
                json!([1, null, 2]),
                Answer::Argument(2),
            ),
            (
                "int",
                json!({ "argument": 0, "length": "returned" }),
                json!([1]),
                Answer::FirstOfArgument(0),
            ),
            (
                "bool",
                json!([{ "returned": true }, { "argument": 0 }]),
                json!([true, [1]]),
                Answer::both(0),
            ),
            (
                "null",
                json!([{ "argument": 0 }, { "argument": 2 }]),
                json!([[1], [1, null, 2]]),
                Answer::Parts(Parts::new(false, &[0, 2])),
            ),
            (
                "int",
                json!([{ "returned": true }, { "argument": 0 }, { "argument": 2 }]),
                json!([5, [1], []]),
                Answer::Parts(Parts::new(true, &[0, 2])),
            ),
        ] {
            assert_eq!(
                read(returns, answer.clone(), expected),
                Ok(read_as),
                "{answer}"
            );
        }
    }

    #[test]
    fn any_other_answer_is_refused_with_its_place() {
        let both = |argument: Value| json!([{ "returned": true }, argument]);
        for (returns, answer, expected, said) in [
            ("int", json!(0), json!(1), "answer must be {"),
            ("int", json!([]), json!(1), "answer must be {"),
            ("int", json!({}), json!(1), "answer.argument must be the"),
            (
                "int",
                json!({ "argument": 4 }),
                json!(1),
                "answer.argument must be the",
            ),
            (
                "int",
                json!({ "argument": "nums" }),
                json!(1),
                "answer.argument must be the",
            ),
            (
                "int",
                json!({ "argument": 1 }),
                json!(1),
                "answer.argument is val, of type int",
            ),
            (
                "int",
                json!({ "argument": 3 }),
                json!(1),
                "answer.argument is text, of type string",
            ),
            (
                "int",
                json!({ "argument": 0, "size": 1 }),
                json!([1]),
                "answer.size is not known",
            ),
            (
                "int",
                json!({ "argument": 0, "length": 1 }),
                json!([1]),
                "answer.length must be",
            ),
            (
                "float",
                json!({ "argument": 0, "length": "returned" }),
                json!([1]),
                "answer.length needs a function",
            ),
            (
                "int",
                json!({ "argument": 2, "length": "returned" }),
                json!([1]),
                "answer.length needs an argument",
            ),
            (
                "int",
                json!([{ "argument": 0 }, { "argument": 0 }]),
                json!(1),
                "answer[1].argument must be greater",
            ),
            (
                "int",
                json!([{ "returned": true }, { "argument": 2 }, { "argument": 0 }]),
                json!(1),
                "answer[2].argument must be greater",
            ),
            (
                "int",
                json!([{ "argument": 0 }, { "returned": true }]),
                json!(1),
                "answer[1].argument must be the",
            ),
            (
                "int",
                json!([{ "returned": false }, { "argument": 0 }]),
                json!(1),
                "answer[0].argument must be the",
            ),
            (
                "int",
                json!([{ "returned": true, "argument": 0 }, { "argument": 2 }]),
                json!(1),
                "answer[0].argument is not known",
            ),
            (
                "int",
                json!([{ "argument": 0 }]),
                json!(1),
                "answer must be {",
            ),
            (
                "int",
                json!(vec![json!({ "argument": 0 }); 5]),
                json!(1),
                "a list of 2 to 4 parts",
            ),
            (
                "null",
                both(json!({ "argument": 0 })),
                json!(1),
                "answer[0].returned is null",
            ),
            (
                "null",
                json!([{ "argument": 0 }, { "argument": 2 }]),
                json!([[1], 1]),
                "cases[0].expected[1] must",
            ),
            (
                "int",
                both(json!({ "argument": 0, "length": "returned" })),
                json!(1),
                "answer[1].length is not known",
            ),
            (
                "int",
                both(json!({ "argument": 0 })),
                json!([1]),
                "cases[0].expected must be a list of 2",
            ),
            (
                "int",
                both(json!({ "argument": 0 })),
                json!([[1], 1]),
                "cases[0].expected[0] must",
            ),
            (
                "int",
                json!({ "argument": 0 }),
                json!(1),
                "cases[0].expected must be of type list<int>",
            ),
        ] {
            let error = read(returns, answer.clone(), expected).unwrap_err();
            assert!(error.contains(said), "{answer}: {error}");
        }
    }
}
