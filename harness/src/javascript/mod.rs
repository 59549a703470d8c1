//! The source file around a user's code in JavaScript.

pub(crate) mod starter;

use serde_json::Value;
use shared::domain::problem::{Answer, Callable, Method, Type};

use crate::json;
use crate::template::{Unsupported, answer, kinds, prefix, quoted, without_shebang};
pub(crate) use starter::starter;

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/javascript"));

/// Names the harness's own code in stack traces.
const SOURCE_URL: &str = "//# sourceURL=judge.js";

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    Ok(format!(
        "(0,eval)({})({},{},require,(url)=>import(url));\n",
        runtime(),
        arguments(callable),
        quoted(&without_shebang(code))
    ))
}

/// The harness as a string of JavaScript, whose value is a function.
pub(crate) fn runtime() -> String {
    quoted(&format!("{TEMPLATE}{SOURCE_URL}"))
}

/// The first arguments of that function: what is called.
pub(crate) fn arguments(callable: Callable<'_>) -> String {
    let (name, params, returns, answer, methods) = match callable {
        Callable::Function(signature) => (
            &signature.name,
            &signature.params,
            prefix(&signature.returns),
            answer(signature.answer),
            "null".to_owned(),
        ),
        Callable::Class(class) => {
            let method = |Method { signature, .. }: &Method| -> Value {
                let name = signature.name.clone().into();
                let returns = prefix(&signature.returns).into();
                vec![name, kinds(&signature.params), returns].into()
            };
            let methods = json(&class.methods.iter().map(method).collect());
            (
                &class.name,
                &class.params,
                String::new(),
                answer(Answer::Returned),
                methods,
            )
        }
    };
    let (name, returns) = (quoted(name), quoted(&returns));
    let params = json(&kinds(params));
    [&name, &params, &returns, &answer, &methods]
        .map(String::as_str)
        .join(",")
}

/// JavaScript has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}
