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
    /// Several values, an array of them.
    Parts(Parts),
}

/// What an answer of several values consists of: what a function returns, or not, and then
/// arguments after the call, by rising index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    returned: bool,
    /// A bit for each argument, by its index.
    arguments: u32,
}

impl Parts {
    /// The most values of an answer.
    pub const MAX: usize = 4;

    /// `arguments`: indices below 32, in any order.
    pub const fn new(returned: bool, arguments: &[usize]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < arguments.len() {
            bits |= 1 << arguments[at];
            at += 1;
        }
        Self {
            returned,
            arguments: bits,
        }
    }
}

impl Answer {
    /// What is returned, and an argument.
    pub const fn both(argument: usize) -> Self {
        Self::Parts(Parts::new(true, &[argument]))
    }

    /// Whether what is returned is the answer, or is needed for it.
    pub fn returned(self) -> bool {
        match self {
            Self::Returned | Self::FirstOfArgument(_) => true,
            Self::Argument(_) => false,
            Self::Parts(parts) => parts.returned,
        }
    }

    /// The arguments of which the answer consists, beside what is returned: by index from
    /// 0, rising.
    pub fn arguments(self) -> impl Iterator<Item = usize> {
        let bits = match self {
            Self::Returned => 0,
            Self::Argument(index) | Self::FirstOfArgument(index) => {
                Parts::new(false, &[index]).arguments
            }
            Self::Parts(parts) => parts.arguments,
        };
        (0..32).filter(move |index| bits >> index & 1 == 1)
    }
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
    /// express. The result of a function whose answer is arguments alone is not
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
            let returns = Some(&signature.returns)
                .filter(|returns| **returns != Type::Null && signature.answer.returned());
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
