//! From a [`super::Problem`] to the JSON that is stored, and its size.

use serde_json::{Map, Value};

use super::object::{Violations, element, object};
use super::{
    Answer, Case, Checker, ClassSignature, Kind, MAX_BYTES, Method, Param, Problem, Signature,
};
use crate::json::write::push_string;

impl Problem {
    /// The JSON that is stored. Reading it gives the same problem again. Defaults
    /// (`weight` 1, `hidden` false, limits that are not set) are left out.
    pub fn to_json(&self) -> String {
        let values = self
            .cases
            .iter()
            .map(|case| case.input.as_str().len() + case.expected.as_str().len());
        let mut json = String::with_capacity(values.sum::<usize>() + 60 * self.cases.len() + 1_024);
        json.push_str("{\"cases\":[");
        for (index, case) in self.cases.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            push_case(&mut json, case);
        }
        json.push_str("],");
        json.push_str(&self.head()[1..]);
        json
    }

    /// Notes the first case with which the stored form is over [`MAX_BYTES`].
    pub(super) fn check_size(&self, violations: &mut Violations) {
        let mut bytes = self.head().len() + "{\"cases\":[],".len() - 1;
        let mut text = String::new();
        for (index, case) in self.cases.iter().enumerate() {
            text.clear();
            push_case(&mut text, case);
            bytes += usize::from(index > 0) + text.len();
            if bytes > MAX_BYTES {
                let rule = format!(
                    "is over: a problem may be {MAX_BYTES} bytes of JSON at most, and the cases \
                     before this one fit."
                );
                return violations.too_large(element("cases", index), &rule);
            }
        }
    }

    /// Everything but the cases, as a JSON object.
    pub(super) fn head(&self) -> String {
        let mut limits = Map::new();
        for (name, limit) in [
            ("timeMs", self.limits.time_ms),
            ("memoryBytes", self.limits.memory_bytes),
            ("outputBytes", self.limits.output_bytes),
        ] {
            if let Some(limit) = limit {
                limits.insert(name.into(), limit.into());
            }
        }
        if !self.limits.factors.is_empty() {
            let mut factors = Map::new();
            for (name, factor) in &self.limits.factors {
                factors.insert(name.clone(), (*factor).into());
            }
            limits.insert("factors".into(), factors.into());
        }
        let (signature, answer) = match &self.kind {
            Kind::Program => (Value::Null, Value::Null),
            Kind::Function(signature) => (signature.to_value(), signature.answer.to_value()),
            Kind::Class(class) => (class.to_value(), Value::Null),
        };
        let checker = match &self.checker_program {
            Some(program) => program.to_value(),
            None => self.checker.to_value(),
        };
        object(&mut [
            ("title", self.title.as_str().into()),
            ("statement", self.statement.as_str().into()),
            ("kind", self.kind.name().into()),
            ("signature", signature),
            ("answer", answer),
            ("checker", checker),
            ("limits", limits.into()),
            ("stopOnFirstFail", self.stop_on_first_fail.into()),
        ])
        .to_string()
    }
}

impl Kind {
    /// `program`, `function` or `class`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Function(_) => "function",
            Self::Class(_) => "class",
        }
    }
}

impl Signature {
    /// The JSON that is stored, but for the answer, which is a member of the problem.
    pub fn to_value(&self) -> Value {
        self.with_checker(Value::Null)
    }

    fn with_checker(&self, checker: Value) -> Value {
        object(&mut [
            ("name", self.name.as_str().into()),
            ("params", params(&self.params)),
            ("returns", self.returns.to_string().into()),
            ("checker", checker),
        ])
    }
}

impl ClassSignature {
    /// The JSON that is stored.
    pub fn to_value(&self) -> Value {
        let mut methods = Vec::with_capacity(self.methods.len());
        for Method { signature, checker } in &self.methods {
            let checker = checker.map_or(Value::Null, Checker::to_value);
            methods.push(signature.with_checker(checker));
        }
        object(&mut [
            ("name", self.name.as_str().into()),
            ("params", params(&self.params)),
            ("methods", methods.into()),
        ])
    }
}

impl Answer {
    /// The JSON that is stored; `null` for what is returned.
    fn to_value(self) -> Value {
        let argument = |index: usize| object(&mut [("argument", index.into())]);
        match self {
            Self::Returned => Value::Null,
            Self::Argument(index) => argument(index),
            Self::FirstOfArgument(index) => {
                object(&mut [("argument", index.into()), ("length", "returned".into())])
            }
            Self::Parts(_) => {
                let returned = self
                    .returned()
                    .then(|| object(&mut [("returned", true.into())]));
                let parts = returned.into_iter().chain(self.arguments().map(argument));
                Value::Array(parts.collect())
            }
        }
    }
}

fn params(params: &[Param]) -> Value {
    let mut values = Vec::with_capacity(params.len());
    for param in params {
        values.push(object(&mut [
            ("name", param.name.as_str().into()),
            ("type", param.ty.to_string().into()),
        ]));
    }
    values.into()
}

fn push_case(json: &mut String, case: &Case) {
    json.push_str("{\"expected\":");
    json.push_str(case.expected.as_str());
    if case.hidden {
        json.push_str(",\"hidden\":true");
    }
    for (index, number) in case.ignore.iter().enumerate() {
        json.push_str(if index == 0 { ",\"ignore\":[" } else { "," });
        json.push_str(&number.to_string());
    }
    if !case.ignore.is_empty() {
        json.push(']');
    }
    json.push_str(",\"input\":");
    json.push_str(case.input.as_str());
    if let Some(name) = &case.name {
        json.push_str(",\"name\":");
        push_string(json, name);
    }
    if case.weight != 1 {
        json.push_str(",\"weight\":");
        json.push_str(&case.weight.to_string());
    }
    json.push('}');
}
