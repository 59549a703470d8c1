//! Whether the execution endpoint gives the limits that a problem asks for: asked
//! when it is published, because otherwise the first solver would find out.

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use shared::domain::problem::Problem;
use shared::http::ApiError;

use crate::context::Context;
use crate::given_limits::AskedLimits;
use crate::worker_fn::{self, WorkerFn};

/// How long worker-fn is waited for, in milliseconds.
const TIMEOUT_MS: u64 = 10_000;

const UNCHECKED: &str = "The execution endpoint could not be asked whether it gives these limits.";

/// What the publisher should know about the limits. Errors: the endpoint does not
/// give one of them.
pub(super) async fn check<W: WorkerFn>(
    context: &mut Context<'_, W>,
    problem: &Problem,
) -> Result<Vec<String>, ApiError> {
    let Some(asked) = AskedLimits::of(problem) else {
        return Ok(Vec::new());
    };
    let given = &context.instance.given_limits;
    let submission_ms = match given.submission_ms(asked, context.now_ms) {
        Some(submission_ms) => submission_ms,
        None => match ask(context, asked).await {
            Ok(answer) => {
                if let Some(why) = answer["refused"].as_str() {
                    return Err(not_given(&answer, why, asked, problem));
                }
                let submission_ms = answer["submissionMs"].as_u64().unwrap_or(u64::MAX);
                given.note(asked, submission_ms, context.now_ms);
                submission_ms
            }
            Err(why) => {
                context.effects.log.push(format!("limits: {why}"));
                return Ok(vec![UNCHECKED.into()]);
            }
        },
    };
    Ok(problem.too_long_for(submission_ms).into_iter().collect())
}

async fn ask<W: WorkerFn>(context: &Context<'_, W>, asked: AskedLimits) -> Result<Value, String> {
    let config = context
        .config()
        .map_err(|error| error.message().to_owned())?;
    let body = Bytes::from(asked.to_json().to_string());
    let request = worker_fn::request(&config.tickets, Method::POST, "/limits", body);
    let answer = worker_fn::ask(context.worker, request, context.runtime, TIMEOUT_MS);
    serde_json::from_slice(&answer.await?).map_err(|error| error.to_string())
}

/// 422 on the limit that is too high, with the most that it can be.
fn not_given(answer: &Value, why: &str, asked: AskedLimits, problem: &Problem) -> ApiError {
    let Some((field, most)) = answer["field"].as_str().zip(answer["most"].as_u64()) else {
        let rule = format!("limits asks for {}. {why}", asked.to_json());
        return ApiError::invalid("limits", rule);
    };
    let times = problem.limits.time_ms.zip(asked.time_ms);
    let rule = match times.filter(|(plain, longest)| field == "limits.timeMs" && longest > plain) {
        Some((plain, longest)) => format!(
            "{field} must be at most {}: with the largest of its factors it asks for {longest}, \
             and the execution endpoint gives {most}.",
            most.saturating_mul(plain) / longest
        ),
        None => why.to_owned(),
    };
    ApiError::invalid(field.to_owned(), rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use crate::runtime::Runtime;
    use http::{HeaderMap, Request, Response};
    use serde_json::json;
    use shared::domain::ids::ProblemId;
    use std::cell::Cell;

    /// Answers with this status and body, and counts calls.
    struct Worker(u16, Value, Cell<u32>);

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            self.2.set(self.2.get() + 1);
            assert_eq!(request.uri().path(), "/limits");
            let asked: Value = serde_json::from_slice(request.body()).unwrap();
            assert_eq!(asked, json!({ "timeMs": 4_000, "memoryBytes": 2_097_152 }));
            let mut response = Response::new(Bytes::from(self.1.to_string()));
            *response.status_mut() = self.0.try_into().unwrap();
            Ok(response)
        }
    }

    fn problem(limits: &Value) -> Problem {
        let case = json!({ "input": "a", "expected": "a" });
        let cases = vec![case; 4];
        let value = json!({ "title": "T", "kind": "program", "cases": cases, "limits": limits });
        Problem::from_value(&ProblemId::parse("t", "id").unwrap(), &value).unwrap()
    }

    async fn checked(
        instance: &Instance,
        worker: &Worker,
        limits: &Value,
    ) -> Result<Vec<String>, ApiError> {
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            _ => None,
        });
        let headers = HeaderMap::new();
        let runtime = Runtime::standing_still();
        let mut context = Context::of(config, instance, worker, &headers, runtime);
        check(&mut context, &problem(limits)).await
    }

    #[tokio::test]
    async fn limits_are_asked_for_once_and_refused_with_their_field() {
        let limits = json!({ "timeMs": 2_000, "memoryBytes": 2_097_152, "factors": { "py": 2 } });
        let worker = |status, body| Worker(status, body, Cell::new(0));

        let instance = Instance::default();
        let gives = worker(200, json!({ "success": true, "submissionMs": 16_000 }));
        for _ in 0..2 {
            let warnings = checked(&instance, &gives, &limits).await.unwrap();
            assert_eq!(warnings, [""; 0]);
        }
        assert_eq!(gives.2.get(), 1);

        let short = worker(200, json!({ "success": true, "submissionMs": 15_999 }));
        let warnings = checked(&Instance::default(), &short, &limits)
            .await
            .unwrap();
        assert!(warnings[0].contains("15999 ms"), "{warnings:?}");

        for (refused, field, says) in [
            (
                json!({ "refused": "no", "field": "limits.timeMs", "most": 3_000 }),
                "limits.timeMs",
                "must be at most 1500: with the largest of its factors it asks for 4000, and the",
            ),
            (
                json!({ "refused": "at most 9", "field": "limits.memoryBytes", "most": 9 }),
                "limits.memoryBytes",
                "at most 9",
            ),
            (json!({ "refused": "why not" }), "limits", "why not"),
        ] {
            let refuses = worker(200, refused);
            let error = checked(&Instance::default(), &refuses, &limits)
                .await
                .unwrap_err();
            assert_eq!((error.status().as_u16(), error.field()), (422, Some(field)));
            assert!(error.message().contains(says), "{}", error.message());
        }

        let away = worker(502, json!({}));
        let warnings = checked(&Instance::default(), &away, &limits).await.unwrap();
        assert_eq!(warnings, [UNCHECKED]);

        let none = worker(200, json!({}));
        let warnings = checked(&Instance::default(), &none, &json!({}))
            .await
            .unwrap();
        assert_eq!((warnings.len(), none.2.get()), (0, 0));
    }
}
