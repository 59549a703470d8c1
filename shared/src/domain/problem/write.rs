//! From a [`super::Problem`] to the JSON that is stored, and its size.

use serde_json::{Map, Value};

use super::object::{Violations, element, object};
use super::{Case, Kind, MAX_BYTES, Problem, Signature};

impl Problem {
    /// The JSON that is stored. Reading it gives the same problem again. Defaults
    /// (`weight` 1, `hidden` false, limits that are not set) are left out.
    pub fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    /// As [`Problem::to_value`], without copying a case.
    pub fn into_value(mut self) -> Value {
        let mut cases = Vec::with_capacity(self.cases.len());
        for case in &mut self.cases {
            let (input, expected) = (case.input.take(), case.expected.take());
            cases.push(case_value(case, input, expected));
        }
        self.with_cases(cases)
    }

    /// Notes the first case with which the stored form is over [`MAX_BYTES`].
    pub(super) fn check_size(&self, violations: &mut Violations) {
        let mut bytes = size(&self.with_cases(Vec::new()));
        for (index, case) in self.cases.iter().enumerate() {
            // Without its values, which are `null` here: 4 bytes each.
            let frame = size(&case_value(case, Value::Null, Value::Null)) - 8;
            let comma = usize::from(index > 0);
            bytes += comma + frame + size(&case.input) + size(&case.expected);
            if bytes > MAX_BYTES {
                let rule = format!(
                    "is over: a problem may be {MAX_BYTES} bytes of JSON at most, and the cases \
                     before this one fit."
                );
                return violations.too_large(element("cases", index), &rule);
            }
        }
    }

    /// Everything, with `cases` in the place of its own.
    fn with_cases(&self, cases: Vec<Value>) -> Value {
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
            ("cases", cases.into()),
            ("checker", self.checker.to_value()),
            ("limits", limits.into()),
            ("stopOnFirstFail", self.stop_on_first_fail.into()),
        ])
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

fn case_value(case: &Case, input: Value, expected: Value) -> Value {
    let mut value = Map::new();
    if let Some(name) = &case.name {
        value.insert("name".into(), name.as_str().into());
    }
    value.insert("input".into(), input);
    value.insert("expected".into(), expected);
    if case.hidden {
        value.insert("hidden".into(), true.into());
    }
    if case.weight != 1 {
        value.insert("weight".into(), case.weight.into());
    }
    value.into()
}

/// The size in bytes of JSON.
fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}
