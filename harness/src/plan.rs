//! What a harness without types of its own is told about the signature: a JSON text,
//! for the languages that read it when they begin.

use serde_json::{Map, Value};
use shared::domain::problem::{Answer, Callable, Param, Signature};

use crate::json;
use crate::template::prefix;

/// An object: `class` (its name, or `null` for a function) and `calls`. The first
/// call is the function or the constructor, the others are the methods in their
/// order. A call has `names` (how it may be written), `params` and `returns` (types in
/// prefix notation), `returned` (whether what is returned is the answer or a part of it) and
/// `arguments` (the indices of those that are the answer or parts of it, after the call).
pub(crate) fn plan(callable: Callable<'_>) -> String {
    let (class, calls) = match callable {
        Callable::Function(signature) => (Value::Null, vec![call(signature)]),
        Callable::Class(class) => {
            let made = constructor(&class.params);
            let methods = class.methods.iter().map(|method| call(&method.signature));
            let calls = std::iter::once(made).chain(methods).collect();
            (class.name.clone().into(), calls)
        }
    };
    let mut plan = Map::new();
    plan.insert("class".into(), class);
    plan.insert("calls".into(), Value::Array(calls));
    json(&plan.into())
}

fn call(signature: &Signature) -> Value {
    let mut names = vec![Value::from(signature.name.as_str())];
    let snake = signature.snake_name();
    if snake != signature.name {
        names.push(snake.into());
    }
    let returns = prefix(&signature.returns);
    described(names, &signature.params, &returns, signature.answer)
}

fn constructor(params: &[Param]) -> Value {
    described(Vec::new(), params, "n", Answer::Returned)
}

fn described(names: Vec<Value>, params: &[Param], returns: &str, answer: Answer) -> Value {
    let params = params.iter().map(|param| prefix(&param.ty).into());
    let mut call = Map::new();
    call.insert("names".into(), names.into());
    call.insert("params".into(), Value::Array(params.collect()));
    call.insert("returns".into(), returns.into());
    call.insert("returned".into(), answer.returned().into());
    let arguments = answer.arguments().map(Value::from);
    call.insert("arguments".into(), arguments.collect());
    call.into()
}
