//! From a harness's frame to the answer that is judged, and how a call of a class is
//! named to people.

use shared::domain::answer::{CaseAnswer, Failure};
use shared::domain::problem::{Answer, Argument, Callable, Case, ClassSignature, Problem};
use shared::domain::verdict::Verdict;
use shared::json::{Json, JsonText};
use shared::text::truncated;

use super::{failure, visible};
use harness::{Frame, HarnessError, HarnessErrorKind};

/// The most bytes of an argument, and of a call, that are shown.
const MAX_ARGUMENT_BYTES: usize = 60;
const MAX_CALL_BYTES: usize = 200;

/// What came of one case, as its frame says it.
pub struct Answered<'a> {
    /// What was called.
    pub callable: Callable<'a>,
    /// With which arguments or calls; `None` where they may not be shown.
    pub input: Option<Json<'a>>,
    /// The number of the call that failed, or that was begun last.
    pub call: Option<usize>,
}

impl<'a> Answered<'a> {
    /// Of a case of a problem, whose calls are only named if it is shown.
    pub fn of(problem: &'a Problem, case: &'a Case, call: Option<usize>) -> Option<Self> {
        Some(Self {
            callable: problem.callable()?,
            input: (!case.hidden).then(|| case.input.json()),
            call,
        })
    }

    /// The answer of a frame.
    pub fn answer(&self, frame: Frame) -> CaseAnswer {
        match frame {
            Frame::Returned(value) => self.value(value),
            Frame::NotJson(what) => {
                // `nested deeper than 64` is the only text that is not a noun phrase.
                let a = if what.starts_with("nested") {
                    "what is "
                } else {
                    ""
                };
                let call = self.call_name();
                let call = call.map(|call| format!(", in {call}")).unwrap_or_default();
                CaseAnswer::NotJson([a, &what, &call].concat())
            }
            Frame::Raised(error) => CaseAnswer::Failed(Failure {
                message: self.in_call(&failure::trim_paths(up_to_misfit(&error.text)), "\n"),
                ..failure_of(&error)
            }),
            Frame::Duplicate => CaseAnswer::NotJson("more than one answer".into()),
            Frame::Unreadable => CaseAnswer::NotJson("an answer that cannot be read".into()),
        }
    }

    /// `message`, after the call in which it came about.
    pub fn in_call(&self, message: &str, space: &str) -> String {
        match self.call_name() {
            Some(call) if message.is_empty() => format!("In {call}."),
            Some(call) => format!("In {call}:{space}{message}"),
            None => message.to_owned(),
        }
    }

    fn call_name(&self) -> Option<String> {
        let (Callable::Class(class), Some(input), Some(call)) =
            (self.callable, self.input, self.call)
        else {
            return None;
        };
        call_name(class, input, call)
    }

    /// Of an argument as many elements as were returned.
    fn value(&self, value: JsonText) -> CaseAnswer {
        let first = |signature: &shared::domain::problem::Signature| {
            matches!(signature.answer, Answer::FirstOfArgument(_))
        };
        match self.callable {
            Callable::Function(signature) if first(signature) => first_elements(value.json()),
            _ => CaseAnswer::Value(value),
        }
    }
}

/// How the harnesses' message begins; the arguments follow, from the one that does not fit.
const MISFIT: &str = "an argument does not fit its parameter, at ";

/// A message without the arguments that follow the one that it is about.
fn up_to_misfit(text: &str) -> &str {
    let Some(start) = text.find(MISFIT).map(|at| at + MISFIT.len()) else {
        return text;
    };
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b',' | b']' | b'}' if depth == 0 => return &text[..at],
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The answer of `[count, list]`.
fn first_elements(pair: Json<'_>) -> CaseAnswer {
    let mut parts = pair.items().into_iter().flatten();
    let (Some(returned), Some(list)) = (parts.next(), parts.next()) else {
        return CaseAnswer::NotJson("an answer that cannot be read".into());
    };
    let Some(elements) = list.items() else {
        return CaseAnswer::NotJson("an argument that is no list any more".into());
    };
    let length = elements.clone().count();
    let count = returned.u64().and_then(|count| usize::try_from(count).ok());
    let Some(count) = count.filter(|count| *count <= length) else {
        let returned = truncated(returned.as_str(), MAX_ARGUMENT_BYTES);
        let message = format!(
            "It returned {returned} of {length}: what is returned must be a whole number from 0 to \
             {length}, how many elements of the argument are the answer."
        );
        return CaseAnswer::Failed(Failure::new(Verdict::WrongAnswer, message));
    };
    let mut first = String::with_capacity(list.as_str().len());
    first.push('[');
    for (index, element) in elements.take(count).enumerate() {
        if index > 0 {
            first.push(',');
        }
        first.push_str(element.as_str());
    }
    first.push(']');
    match Json::parse_with_non_finite(&first) {
        Ok(first) => CaseAnswer::Value(first.into()),
        Err(_) => CaseAnswer::NotJson("an answer that cannot be read".into()),
    }
}

/// Such as `call 3, get(1)`, or `call 4, b.get(1)` for an object with a name.
pub(super) fn call_name(class: &ClassSignature, input: Json<'_>, number: usize) -> Option<String> {
    let calls = class.calls(input, "").ok()?;
    let call = calls.get(number)?;
    let mut text = String::new();
    if let Some(name) = &call.object_name {
        text.push_str(name);
        text.push_str(if call.method.is_some() { "." } else { " = " });
    }
    text.push_str(class.name_of(call));
    text.push('(');
    for (index, argument) in call.arguments.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        match argument {
            Argument::Value(value) => {
                push_cut(&mut text, &visible::shown(*value), MAX_ARGUMENT_BYTES);
            }
            Argument::Answer(number) => text.push_str(&format!("result of call {number}")),
        }
    }
    text.push(')');
    let mut name = format!("call {number}, ");
    push_cut(&mut name, &text, MAX_CALL_BYTES);
    Some(name)
}

fn push_cut(text: &mut String, piece: &str, max_bytes: usize) {
    let cut = truncated(piece, max_bytes);
    text.push_str(cut);
    if cut.len() < piece.len() {
        text.push('…');
    }
}

/// The verdict on code that could not be loaded, or that raised an exception.
pub fn verdict_of(kind: HarnessErrorKind) -> Verdict {
    match kind {
        HarnessErrorKind::Syntax => Verdict::CompilationError,
        HarnessErrorKind::Memory => Verdict::MemoryLimitExceeded,
        HarnessErrorKind::Missing | HarnessErrorKind::Error => Verdict::RuntimeError,
    }
}

/// Why code could not be loaded, or what it raised.
pub(super) fn failure_of(error: &HarnessError) -> Failure {
    Failure::new(verdict_of(error.kind), failure::trim_paths(&error.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::problem::Kind;

    #[test]
    fn as_many_elements_as_were_returned_are_the_answer() {
        for (pair, expected) in [
            ("[2,[3,4,5]]", "[3,4]"),
            ("[0,[]]", "[]"),
            ("[3,[1.5,NaN,2]]", "[1.5,NaN,2]"),
        ] {
            let pair = Json::parse_with_non_finite(pair).unwrap();
            let answer = first_elements(pair);
            let CaseAnswer::Value(value) = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(value.as_str(), expected);
        }
        for (pair, said) in [
            ("[7,[1,2,3,4]]", "It returned 7 of 4: "),
            ("[-1,[1]]", "It returned -1 of 1: "),
            ("[2.0,[1,2]]", "It returned 2.0 of 2: "),
            ("[null,[1,2]]", "It returned null of 2: "),
        ] {
            let answer = first_elements(Json::parse(pair.as_bytes()).unwrap());
            let CaseAnswer::Failed(failure) = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(failure.verdict, Verdict::WrongAnswer);
            assert!(failure.message.starts_with(said), "{}", failure.message);
        }
        for forged in ["[1]", "1", "[1,2]"] {
            let answer = first_elements(Json::parse(forged.as_bytes()).unwrap());
            assert!(matches!(answer, CaseAnswer::NotJson(_)), "{forged}");
        }
    }

    #[test]
    fn a_misfit_is_named_without_what_follows_it() {
        for (rest, shown) in [
            ("9223372036854775807]", "9223372036854775807"),
            ("1.5,[2]]", "1.5"),
            ("[1,[2,3]],4]", "[1,[2,3]]"),
            (r#""a,]\",b"]"#, r#""a,]\",b""#),
            ("{\"a\":[1", "{\"a\":[1"),
        ] {
            let text = format!("TypeError: {MISFIT}{rest}");
            let expected = format!("TypeError: {MISFIT}{shown}");
            assert_eq!(up_to_misfit(&text), expected);
        }
        assert_eq!(up_to_misfit("at 5, 6]"), "at 5, 6]");
    }

    #[test]
    fn calls_are_named_with_their_arguments() {
        let problem = JsonText::from(json!({
            "kind": "class",
            "signature": {
                "name": "Store",
                "params": [{ "name": "size", "type": "int" }],
                "methods": [{
                    "name": "put",
                    "params": [{ "name": "key", "type": "string" }, { "name": "at", "type": "int" }],
                    "returns": "string",
                }],
            },
        }));
        let Ok(Kind::Class(class)) = Kind::of_stored(problem.json()) else {
            panic!("it is a class");
        };
        let long = "é".repeat(200);
        let input = JsonText::from(json!([
            ["Store", 3],
            ["put", "a", 1],
            [{ "new": "b" }, 4],
            [{ "on": "b", "call": "put" }, { "result": 1 }, -7],
            ["put", long, 1],
        ]));
        let name = |number| call_name(&class, input.json(), number);
        assert_eq!(name(0).as_deref(), Some("call 0, Store(3)"));
        assert_eq!(name(1).as_deref(), Some("call 1, put(\"a\", 1)"));
        assert_eq!(name(2).as_deref(), Some("call 2, b = Store(4)"));
        assert_eq!(
            name(3).as_deref(),
            Some("call 3, b.put(result of call 1, -7)")
        );
        let cut = name(4).unwrap();
        assert!(cut.ends_with("é…, 1)") && cut.len() < 100, "{cut}");
        assert_eq!(name(5), None);
    }
}
