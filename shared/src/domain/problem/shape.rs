//! The types and the checkers by which an answer is compared with the expected one.

use super::{Answer, Case, Checker, Kind, Problem, Type};

/// A value with a type and a checker of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<'a> {
    /// Its type.
    pub ty: &'a Type,
    /// When it counts as the expected one.
    pub checker: Checker,
}

/// Of what an answer consists.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape<'a> {
    /// One value; a program's is text.
    Whole(Part<'a>),
    /// An array of so many values, each by itself: what was returned and arguments;
    /// or the answers to the calls of a class. `None`: it is not compared.
    Parts(Vec<Option<Part<'a>>>),
}

static TEXT: Type = Type::String;

impl Problem {
    /// Of what the answer to a case consists.
    pub fn shape<'a>(&'a self, case: &Case) -> Shape<'a> {
        Shape::of(&self.kind, self.checker, case)
    }
}

impl<'a> Shape<'a> {
    pub(super) fn of(kind: &'a Kind, checker: Checker, case: &Case) -> Self {
        let part = |ty| Part { ty, checker };
        match kind {
            Kind::Program => Self::Whole(part(&TEXT)),
            Kind::Function(signature) => {
                let argument = |index: usize| {
                    let param = signature.params.get(index);
                    part(param.map_or(&signature.returns, |param| &param.ty))
                };
                match signature.answer {
                    Answer::Returned => Self::Whole(part(&signature.returns)),
                    Answer::Argument(index) | Answer::FirstOfArgument(index) => {
                        Self::Whole(argument(index))
                    }
                    answer @ Answer::Parts(_) => {
                        let returned = answer.returned().then(|| part(&signature.returns));
                        let parts = returned.into_iter().chain(answer.arguments().map(argument));
                        Self::Parts(parts.map(Some).collect())
                    }
                }
            }
            Kind::Class(class) => {
                let calls = class.calls(case.input.json(), "").unwrap_or_default();
                let of_call = |call| {
                    let method = class.method(call);
                    Some(Part {
                        ty: class.returns(call),
                        checker: method.and_then(|method| method.checker).unwrap_or(checker),
                    })
                };
                let mut parts: Vec<_> = calls.iter().map(of_call).collect();
                // Not looked up for each call: both lists may be long.
                for index in &case.ignore {
                    if let Some(part) = parts.get_mut(*index) {
                        *part = None;
                    }
                }
                Self::Parts(parts)
            }
        }
    }
}
