//! Problems over HTTP: `PUT`, `GET` and `DELETE /problems/:id`, and
//! `GET /problems`.
//!
//! Publishing and deleting ask for the operator's token. Reading is for
//! everyone, and then a hidden case is a place with a weight and no more; with
//! the operator's token it is the problem as it was published. The two answers
//! are never taken for each other: each has an `ETag` of its own.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use shared::api_error::ApiError;
use shared::config::Lookup;
use shared::problem::{Problem, Signature};
use shared::queue::Queue;
use shared::redis::Client;
use shared::{response, submission};

use crate::config::Config;
use crate::operate::{check_token, cursor};
use crate::route::OnProblems;
use crate::starter::starters;

/// Does what is asked of the problems.
pub(crate) async fn answer(
    lookup: Lookup<'_>,
    asked: OnProblems<'_>,
    request: &Request<Bytes>,
    now_ms: u64,
) -> Result<Response<Bytes>, ApiError> {
    let headers = request.headers();
    // Who sends a token means to be an operator, and learns when it is wrong.
    let operator = matches!(asked, OnProblems::Publish(_) | OnProblems::Delete(_))
        || headers.get(header::AUTHORIZATION).is_some();
    if operator {
        check_token(lookup, headers)?;
    }
    let config = Config::from_lookup(lookup)?;
    let queue = Queue::new(Client::new(config.redis.clone()));
    match asked {
        OnProblems::List => {
            let page = queue.problems(cursor(request)?).await?;
            let body = json!({ "success": true, "problems": page.problems, "next": page.next });
            Ok(response::json(StatusCode::OK, &body))
        }
        OnProblems::Read(id) => read(&queue, id, headers, operator).await,
        OnProblems::Publish(id) => {
            let problem = Problem::from_body(id, request.body())?;
            let cases = problem.cases.len();
            let published = queue.publish(problem, &config.tickets, now_ms).await?;
            let status = match published.new {
                true => StatusCode::CREATED,
                false => StatusCode::OK,
            };
            let body = json!({
                "success": true,
                "id": id,
                "version": published.version,
                "cases": cases,
            });
            Ok(response::json(status, &body))
        }
        OnProblems::Delete(id) => {
            submission::check_problem_id(id).map_err(|_| no_such_problem())?;
            if !queue.delete_problem(id).await? {
                return Err(no_such_problem());
            }
            let body = json!({ "success": true, "message": "Deleted.", "id": id });
            Ok(response::json(StatusCode::OK, &body))
        }
    }
}

/// One command, whether the caller has the answer already or not.
async fn read(
    queue: &Queue,
    id: &str,
    headers: &HeaderMap,
    operator: bool,
) -> Result<Response<Bytes>, ApiError> {
    submission::check_problem_id(id).map_err(|_| no_such_problem())?;
    let (version, text) = queue.problem(id).await?.ok_or_else(no_such_problem)?;
    let tag = tag(&version, operator);
    let mut answer = if is_known(headers, &tag) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else {
        response::json(StatusCode::OK, &shown(id, &text, version, operator)?)
    };
    let headers = answer.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    let caching = if operator { "no-store" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.append(header::VARY, HeaderValue::from_static("Authorization"));
    Ok(answer)
}

/// What is kept as `text`, as an operator or anyone may see it.
fn shown(id: &str, text: &[u8], version: String, operator: bool) -> Result<Value, ApiError> {
    let mut problem: Value = serde_json::from_slice(text).map_err(|error| damaged(id, &error))?;
    let Some(members) = problem.as_object_mut() else {
        return Err(damaged(id, &"no object"));
    };
    let mut starter = Value::Object(Map::new());
    if let Some(kept) = members.remove("signature") {
        let signature = Signature::from_value(kept, "signature")
            .map_err(|error| damaged(id, &error.message()))?;
        starter = starters(&signature);
        members.insert("signature".into(), signature.to_value());
    }
    match members.get_mut("cases") {
        _ if operator => {}
        Some(Value::Array(cases)) => {
            for (index, case) in cases.iter_mut().enumerate() {
                hide(index, case);
            }
        }
        _ => return Err(damaged(id, &"no cases")),
    }
    members.insert("success".into(), true.into());
    members.insert("id".into(), id.into());
    members.insert("version".into(), version.into());
    members.insert("starter".into(), starter);
    Ok(problem)
}

/// Leaves of a hidden case what anyone may see. What is not known to be shown
/// is hidden.
fn hide(index: usize, case: &mut Value) {
    if let Value::Object(members) = case
        && matches!(members.get("hidden"), None | Some(Value::Bool(false)))
    {
        return;
    }
    let mut place = Map::new();
    place.insert("number".into(), (index + 1).into());
    place.insert("hidden".into(), true.into());
    let weight = case.get("weight").and_then(Value::as_u64);
    place.insert("weight".into(), weight.unwrap_or(1).into());
    if let Some(name) = case.get("name").and_then(Value::as_str) {
        place.insert("name".into(), name.into());
    }
    *case = place.into();
}

/// An operator's answer and anyone's must not be taken for each other.
fn tag(version: &str, operator: bool) -> String {
    let whose = if operator { "operator" } else { "public" };
    ["\"", version, "-", whose, "\""].concat()
}

/// Whether the caller holds the answer with this tag. Tags are compared as RFC
/// 9110 has it for `If-None-Match`: weakly.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let Some(list) = headers.get(header::IF_NONE_MATCH) else {
        return false;
    };
    list.to_str().unwrap_or_default().split(',').any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

fn no_such_problem() -> ApiError {
    ApiError::not_found("There is no problem with this id.")
}

fn damaged(id: &str, what: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "damaged_problem",
        "The problem that is kept could not be read. Publish it again.",
    )
    .detail(format!("problem {id}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Problem {
        let value = json!({
            "title": "Sum",
            "kind": "function",
            "signature": {
                "name": "sum",
                "params": [{ "name": "a", "type": "string" }],
                "returns": "string",
            },
            "cases": [
                { "input": ["shown-in"], "expected": "shown-out" },
                { "name": "large", "input": ["secret-in"], "expected": "secret-out",
                  "hidden": true, "weight": 7 },
                { "input": ["secret-in"], "expected": "secret-out", "hidden": true },
            ],
        });
        Problem::from_value("sum", &value).unwrap()
    }

    fn seen(operator: bool) -> Value {
        let text = kept().to_value().to_string();
        shown("sum", text.as_bytes(), "v1".into(), operator).unwrap()
    }

    #[test]
    fn hidden_cases_are_places_with_a_weight() {
        let answer = seen(false);
        assert_eq!(
            answer["cases"],
            json!([
                { "input": ["shown-in"], "expected": "shown-out" },
                { "number": 2, "hidden": true, "weight": 7, "name": "large" },
                { "number": 3, "hidden": true, "weight": 1 },
            ])
        );
        assert!(!answer.to_string().contains("secret"), "{answer}");
        assert_eq!(answer["success"], true);
        assert_eq!(answer["id"], "sum");
        assert_eq!(answer["version"], "v1");
        assert!(answer["starter"]["python"].is_string());
    }

    #[test]
    fn what_an_operator_reads_can_be_published_again() {
        let answer = seen(true);
        assert_eq!(Problem::from_value("sum", &answer), Ok(kept()));
        // Anyone's answer cannot: it would lose the hidden cases.
        let error = Problem::from_value("sum", &seen(false)).unwrap_err();
        assert_eq!(error.field(), Some("cases[1].input"));
    }

    #[test]
    fn what_is_not_known_to_be_shown_is_hidden() {
        for odd in [json!(true), json!("no"), json!(0), json!(null)] {
            let mut case = json!({ "input": "secret", "expected": "secret", "hidden": odd });
            hide(4, &mut case);
            assert_eq!(case, json!({ "number": 5, "hidden": true, "weight": 1 }));
        }
        let mut odd = json!("secret");
        hide(0, &mut odd);
        assert_eq!(odd["hidden"], true);
        let shown = json!({ "input": "a", "expected": "b", "hidden": false });
        let mut case = shown.clone();
        hide(0, &mut case);
        assert_eq!(case, shown);
    }

    #[test]
    fn what_is_damaged_is_our_fault_and_says_nothing_of_it() {
        for damaged in [
            "{",
            "[\"secret\"]",
            r#"{"signature":"secret"}"#,
            r#"{"cases":{"0":"secret"}}"#,
        ] {
            let error = shown("sum", damaged.as_bytes(), String::new(), false).unwrap_err();
            assert_eq!(error.status(), 500, "{damaged}");
            assert!(!error.message().contains("secret"));
        }
    }

    #[test]
    fn an_operators_tag_is_not_anyones() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            headers
        };
        let (ours, theirs) = (tag("v1", true), tag("v1", false));
        assert_eq!(theirs, "\"v1-public\"");
        assert!(is_known(&with(&theirs), &theirs));
        assert!(is_known(&with(&format!("\"x\", W/{theirs}")), &theirs));
        assert!(is_known(&with("*"), &theirs));
        assert!(!is_known(&with(&ours), &theirs));
        assert!(!is_known(&with("\"v2-public\""), &theirs));
        assert!(!is_known(&HeaderMap::new(), &theirs));
    }
}
