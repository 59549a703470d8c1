//! Checks responses against `docs/openapi.json`.
//!
//! A response must be one that the document names for its operation, by status
//! and content type, and its body must match the schema. Three kinds of response
//! belong to no operation and have rules of their own:
//!
//! - an unknown path: 404 in the one error shape;
//! - a known path with a method that it does not have: 405 with `Allow`;
//! - at submit-fn, `OPTIONS` (204 without a body) and `HEAD` (as `GET`, without
//!   the body).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::http::Response;

/// A Worker, by its tag in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// submit-fn.
    SubmitFn,
    /// worker-fn.
    WorkerFn,
}

/// The document, and a validator for each schema that was used.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Where the one error shape is in the document.
const ERROR: &str = "/components/schemas/Error";

impl Worker {
    fn tag(self) -> &'static str {
        match self {
            Self::SubmitFn => "submit-fn",
            Self::WorkerFn => "worker-fn",
        }
    }
}

impl Contract {
    /// That of `docs/openapi.json`.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Contract> = LazyLock::new(|| Contract {
            document: serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap(),
            validators: Mutex::default(),
        });
        &SHARED
    }

    /// Checks a response to `METHOD PATH`, where the path may have a query.
    /// Errors with what the document does not allow.
    pub fn check(
        &self,
        worker: Worker,
        method: &str,
        path: &str,
        response: &Response,
    ) -> Result<(), String> {
        let path = path.split('?').next().unwrap_or_default();
        let Some(template) = self.template(worker, path) else {
            return self.check_error(response, 404);
        };
        let operation = |method: &str| {
            let pointer = format!("/paths/{}/{}", escaped(template), method.to_lowercase());
            let operation = self.document.pointer(&pointer)?;
            has_tag(operation, worker).then_some(pointer)
        };
        match (operation(method), method, worker) {
            (Some(operation), ..) => self.check_documented(&operation, response),
            (None, "OPTIONS", Worker::SubmitFn) => {
                check_status(response, 204)?;
                check_empty(response)
            }
            (None, "HEAD", Worker::SubmitFn) if operation("GET").is_some() => {
                self.response(&operation("GET").unwrap(), response.status)?;
                check_empty(response)
            }
            _ => {
                if response.header("allow").is_empty() {
                    return Err("405 without the header Allow".into());
                }
                self.check_error(response, 405)
            }
        }
    }

    /// The template of the document that `path` matches.
    fn template(&self, worker: Worker, path: &str) -> Option<&str> {
        let paths = self.document["paths"].as_object().unwrap();
        let found = paths.iter().find(|(template, operations)| {
            let mut operations = operations.as_object().unwrap().values();
            operations.any(|operation| has_tag(operation, worker)) && matches(template, path)
        });
        found.map(|(template, _)| template.as_str())
    }

    /// Where the document describes this status of an operation.
    fn response(&self, operation: &str, status: u16) -> Result<String, String> {
        let pointer = format!("{operation}/responses/{status}");
        match self.document.pointer(&pointer) {
            None => Err(format!("status {status} is not documented")),
            Some(response) => Ok(match response["$ref"].as_str() {
                Some(reference) => reference.trim_start_matches('#').to_owned(),
                None => pointer,
            }),
        }
    }

    fn check_documented(&self, operation: &str, response: &Response) -> Result<(), String> {
        let pointer = self.response(operation, response.status)?;
        let described = self.document.pointer(&pointer).unwrap();
        let Some(content) = described.get("content") else {
            return check_empty(response);
        };
        let content_type = response.header("content-type");
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let Some(media_type) = content.get(content_type) else {
            return Err(format!("content type {content_type:?} is not documented"));
        };
        if media_type.get("schema").is_some() {
            let schema = format!("{pointer}/content/{}/schema", escaped(content_type));
            return self.check_body(&schema, response);
        }
        // Text needs no schema.
        match content_type {
            "application/json" => Err("the document has no schema for this body".into()),
            _ => Ok(()),
        }
    }

    fn check_error(&self, response: &Response, status: u16) -> Result<(), String> {
        check_status(response, status)?;
        self.check_body(ERROR, response)
    }

    fn check_body(&self, schema: &str, response: &Response) -> Result<(), String> {
        let body: Value = serde_json::from_str(&response.text)
            .map_err(|error| format!("the body is not JSON: {error}"))?;
        let validator = self.validator(schema);
        let errors: Vec<String> = validator.iter_errors(&body).map(described).collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors.join("; ")),
        }
    }

    /// The validator for the schema at `pointer`, which stands alone once the
    /// components that it refers to are beside it.
    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let mut schema = self.document.pointer(pointer).unwrap().clone();
            schema["components"] = self.document["components"].clone();
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            let validator = options.build(&schema);
            Arc::new(validator.unwrap_or_else(|error| panic!("{pointer}: {error}")))
        });
        Arc::clone(validator)
    }
}

fn has_tag(operation: &Value, worker: Worker) -> bool {
    let tags = operation["tags"].as_array().unwrap();
    tags.iter().any(|tag| tag == worker.tag())
}

/// Whether `path` has the template's segments, where `{…}` stands for any one
/// segment that is not empty.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(expected, segment)| {
            if expected.starts_with('{') {
                !segment.is_empty()
            } else {
                *expected == segment
            }
        })
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn check_status(response: &Response, expected: u16) -> Result<(), String> {
    match response.status == expected {
        true => Ok(()),
        false => Err(format!("status {}, not {expected}", response.status)),
    }
}

fn check_empty(response: &Response) -> Result<(), String> {
    match response.text.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "a body where none is documented: {}",
            response.text
        )),
    }
}

/// One error, with those of the alternatives below it: "matches no alternative"
/// alone does not help.
fn described(error: ValidationError<'_>) -> String {
    use jsonschema::error::ValidationErrorKind::{AnyOf, OneOfNotValid};
    let mut text = format!("body{}: {error}", error.instance_path());
    if let AnyOf { context } | OneOfNotValid { context } = error.kind() {
        for (number, errors) in context.iter().enumerate() {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            text.push_str(&format!(" [alternative {number}: {}]", errors.join("; ")));
        }
    }
    text
}

#[cfg(test)]
mod tests;
