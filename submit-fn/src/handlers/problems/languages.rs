//! Whether the execution endpoints have the languages that a problem names: asked when
//! it is published, because otherwise the first solver would find out.

use shared::domain::language::{self, Language, canonical_name};
use shared::domain::problem::Problem;
use shared::http::ApiError;

use crate::context::Context;
use crate::worker_fn::WorkerFn;

const UNCHECKED: &str =
    "The execution endpoint could not be asked whether it has the languages that are named.";

/// What the publisher should know about the languages. One call of worker-fn where this
/// instance does not know the list. Errors: no endpoint has the checker's.
pub(super) async fn check<W: WorkerFn>(
    context: &mut Context<'_, W>,
    problem: &Problem,
) -> Result<Vec<String>, ApiError> {
    let factors = &problem.limits.factors;
    let program = problem.checker_program.as_deref();
    let checker = program.map(|program| program.language.as_str());
    let Some(name) = checker.or(factors.first().map(|(name, _)| name.as_str())) else {
        return Ok(Vec::new());
    };
    let source = context.language_list()?;
    let cache = &context.instance.languages;
    let checked = cache.check(name, &source, &mut context.effects.log).await;
    if let (Err(violation), Some(_)) = (checked, checker) {
        let rule = format!("checker.{}", violation.message);
        return Err(ApiError::invalid("checker.language", rule));
    }
    let Some(offered) = cache.last_known() else {
        return Ok(vec![UNCHECKED.into()]);
    };
    let unknown = factors.iter().filter(|(name, _)| !is_there(&offered, name));
    Ok(unknown
        .map(|(name, _)| format!("limits.factors names {name:?}, which is not offered."))
        .collect())
}

/// Whether a factor is for one of these languages: by any of its names, as when its
/// limits are looked up.
fn is_there(offered: &[Language], name: &str) -> bool {
    let mut canonical = offered.iter().map(|known| canonical_name(&known.language));
    language::supports(offered, name) || canonical.any(|known| known == canonical_name(name))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Request, Response};
    use serde_json::{Value, json};
    use shared::domain::ids::ProblemId;

    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use crate::runtime::Runtime;

    /// Whether it answers.
    struct Worker(bool);

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            assert_eq!(request.uri().path(), "/languages");
            let body = r#"{"languages":[
                {"language":"python","version":"3","aliases":["py"]},
                {"language":"c++","version":"12","aliases":[]}]}"#;
            let list = Response::new(Bytes::from_static(body.as_bytes()));
            self.0.then_some(list).ok_or_else(|| "away".into())
        }
    }

    /// What is said of a problem with such a checker and such factors.
    async fn checked(there: bool, checker: &Value, factors: &Value) -> Result<String, ApiError> {
        let value = json!({
            "title": "T", "kind": "program", "checker": checker,
            "limits": { "timeMs": 1_000, "factors": factors },
            "cases": [{ "input": "a", "expected": "a" }],
        });
        let problem = Problem::from_value(&ProblemId::parse("t", "id").unwrap(), &value).unwrap();
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            _ => None,
        });
        let (instance, worker, headers) = (Instance::default(), Worker(there), HeaderMap::new());
        let runtime = Runtime::standing_still();
        let mut context = Context::of(config, &instance, &worker, &headers, runtime);
        check(&mut context, &problem)
            .await
            .map(|notes| notes.join("\n"))
    }

    #[tokio::test]
    async fn a_language_that_no_endpoint_has_is_told_before_anyone_submits() {
        let program =
            |language: &str| json!({ "kind": "program", "language": language, "code": "x" });
        let none = json!({});
        for known in ["python", "py", "c++"] {
            assert_eq!(checked(true, &program(known), &none).await.unwrap(), "");
        }
        let error = checked(true, &program("pyhton"), &none).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.field(), error.message()),
            (
                422,
                Some("checker.language"),
                "checker.language \"pyhton\" is not offered. Offered are: c++, python (py)."
            )
        );
        assert_eq!(
            checked(false, &program("pyhton"), &none).await.unwrap(),
            UNCHECKED
        );

        // `cpp` is an alias that this endpoint does not list.
        let factors = json!({ "pyton": 2, "py": 2, "cpp": 1.5 });
        let note = "limits.factors names \"pyton\", which is not offered.";
        for checker in [json!("lines"), program("c++")] {
            assert_eq!(checked(true, &checker, &factors).await.unwrap(), note);
            assert_eq!(checked(true, &checker, &none).await.unwrap(), "");
        }
        assert_eq!(checked(false, &json!("lines"), &none).await.unwrap(), "");
    }
}
