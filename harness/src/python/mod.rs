//! The source file around a user's code in Python.

mod starter;

use serde_json::Value;
use shared::domain::problem::{Answer, Callable, Signature, Type};

use crate::json;
use crate::template::{Unsupported, answer, fill, kinds, prefix, quoted};

pub(crate) use starter::starter;

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/python"));

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let (names, params, returns, answer, methods) = match callable {
        Callable::Function(signature) => (
            names(signature),
            kinds(&signature.params),
            prefix(&signature.returns),
            answer(signature.answer),
            "None".to_owned(),
        ),
        Callable::Class(class) => {
            let method = |signature: &Signature| -> Value {
                let returns = prefix(&signature.returns).into();
                vec![names(signature), kinds(&signature.params), returns].into()
            };
            let methods = class.methods.iter().map(|one| method(&one.signature));
            (
                vec![class.name.clone()].into(),
                kinds(&class.params),
                String::new(),
                answer(Answer::Returned),
                json(&methods.collect()),
            )
        }
    };
    let values = [
        ("__NAMES__", json(&names)),
        ("__PARAMS__", json(&params)),
        ("__RETURNS__", quoted(&returns)),
        ("__ANSWER__", answer),
        ("__METHODS__", methods),
        ("__CODE__", quoted(code)),
    ];
    Ok(fill(TEMPLATE, &values))
}

/// As the problem has it, and in Python's own style.
fn names(signature: &Signature) -> Value {
    vec![signature.name.clone(), signature.snake_name()].into()
}

/// Python has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}
