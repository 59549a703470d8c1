//! The constants of `problem.yaml`: `{{name}}` in statements, programs and the
//! configuration of test groups stands for a value.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::yaml;

/// Values by name, also by `name.variant`.
#[derive(Debug, Default)]
pub(super) struct Constants(BTreeMap<String, String>);

impl Constants {
    /// Reads the member `constants`.
    pub(super) fn read(value: &Value) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, value) in value.as_object().into_iter().flatten() {
            let broken = || format!("problem.yaml: constants.{name} must be text or a number");
            let Some(variants) = value.as_object() else {
                values.insert(name.clone(), yaml::scalar(value).with_context(broken)?);
                continue;
            };
            for (variant, value) in variants {
                let value = yaml::scalar(value).with_context(broken)?;
                if variant == "value" {
                    values.insert(name.clone(), value.clone());
                }
                values.insert(format!("{name}.{variant}"), value);
            }
        }
        Ok(Self(values))
    }

    /// `text` with the values in the place of their names. Other names stay.
    pub(super) fn put_into(&self, text: String) -> String {
        if self.0.is_empty() || !text.contains("{{") {
            return text;
        }
        let mut whole = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find("{{") {
            let (before, from) = rest.split_at(at);
            whole.push_str(before);
            let value = from[2..].find("}}").and_then(|end| {
                let value = self.0.get(&from[2..2 + end])?;
                Some((value, &from[end + 4..]))
            });
            rest = match value {
                Some((value, after)) => {
                    whole.push_str(value);
                    after
                }
                None => {
                    whole.push('{');
                    &from[1..]
                }
            };
        }
        whole.push_str(rest);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_takes_the_place_of_its_name() {
        let constants = json!({ "n": 10, "m": { "value": 5, "tex": "5\\," } });
        let constants = Constants::read(&constants).unwrap();
        for (text, expected) in [
            ("{{n}} {{m}} {{m.value}}", "10 5 5"),
            ("${{m.tex}}$", "$5\\,$"),
            ("{{{n}}} {{other}} {{", "{10} {{other}} {{"),
            ("{{n} }}", "{{n} }}"),
        ] {
            assert_eq!(constants.put_into(text.into()), expected);
        }
        assert!(Constants::read(&json!({ "n": [1] })).is_err());
    }
}
