//! From a [`super::Problem`] to the JSON that is stored, and its size.

use serde_json::{Map, Value};

use super::object::{Violations, element, object};
use super::{Case, Kind, MAX_BYTES, Problem, Signature};
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
        let signature = match &self.kind {
            Kind::Program => Value::Null,
            Kind::Function(signature) => signature.to_value(),
        };
        object(&mut [
            ("title", self.title.as_str().into()),
            ("statement", self.statement.as_str().into()),
            ("kind", self.kind.name().into()),
            ("signature", signature),
            ("checker", self.checker.to_value()),
            ("limits", limits.into()),
            ("stopOnFirstFail", self.stop_on_first_fail.into()),
        ])
        .to_string()
    }
}

impl Kind {
    /// `program` or `function`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Function(_) => "function",
        }
    }
}

impl Signature {
    /// The JSON that is stored.
    pub fn to_value(&self) -> Value {
        let mut params = Vec::with_capacity(self.params.len());
        for param in &self.params {
            params.push(object(&mut [
                ("name", param.name.as_str().into()),
                ("type", param.ty.to_string().into()),
            ]));
        }
        object(&mut [
            ("name", self.name.as_str().into()),
            ("params", params.into()),
            ("returns", self.returns.to_string().into()),
        ])
    }
}

fn push_case(json: &mut String, case: &Case) {
    json.push_str("{\"expected\":");
    json.push_str(case.expected.as_str());
    if case.hidden {
        json.push_str(",\"hidden\":true");
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
