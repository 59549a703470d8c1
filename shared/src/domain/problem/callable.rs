//! What a harness calls: a function, or a class.

use super::{Checker, Kind, Param, Problem, Signature, Type};

/// Which value is the answer of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answer {
    /// What it returns.
    #[default]
    Returned,
    /// One of its arguments after the call, by index from 0, whatever it returns.
    Argument(usize),
    /// The first elements of an argument after the call, as many as it returns.
    FirstOfArgument(usize),
    /// What it returns and one of its arguments after the call: an array of two.
    Both(usize),
}

/// A class with a constructor and methods.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSignature {
    /// In upper camel case, such as `LruCache`.
    pub name: String,
    /// Parameters of the constructor.
    pub params: Vec<Param>,
    /// At least one, with names of their own.
    pub methods: Vec<Method>,
}

/// One method of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// Its name, parameters and result. The answer of a method is what it returns;
    /// that of one that returns `null` is `null` whatever it returns.
    pub signature: Signature,
    /// When its answer counts as the expected one; `None`: as the problem says.
    pub checker: Option<Checker>,
}

/// What a harness calls for each case.
#[derive(Debug, Clone, Copy)]
pub enum Callable<'a> {
    /// A function, once.
    Function(&'a Signature),
    /// A class: its constructor and its methods, as the case says.
    Class(&'a ClassSignature),
}

impl<'a> Callable<'a> {
    /// The types of all parameters and results that a language must be able to
    /// express. The result of a function whose answer is an argument alone is not
    /// among them, nor is the `null` of one that returns nothing.
    pub fn types(self) -> impl Iterator<Item = &'a Type> {
        let (params, signatures): (&[Param], Vec<&Signature>) = match self {
            Self::Function(signature) => (&[], vec![signature]),
            Self::Class(class) => (
                &class.params,
                class.methods.iter().map(|one| &one.signature).collect(),
            ),
        };
        let of = |signature: &'a Signature| {
            let returns = Some(&signature.returns).filter(|returns| {
                **returns != Type::Null && !matches!(signature.answer, Answer::Argument(_))
            });
            signature
                .params
                .iter()
                .map(|param| &param.ty)
                .chain(returns)
        };
        params
            .iter()
            .map(|param| &param.ty)
            .chain(signatures.into_iter().flat_map(of))
    }
}

impl Kind {
    /// What is called; nothing of a program.
    pub fn callable(&self) -> Option<Callable<'_>> {
        match self {
            Self::Program => None,
            Self::Function(signature) => Some(Callable::Function(signature)),
            Self::Class(class) => Some(Callable::Class(class)),
        }
    }
}

impl Problem {
    /// What is called; nothing of a program.
    pub fn callable(&self) -> Option<Callable<'_>> {
        self.kind.callable()
    }
}
