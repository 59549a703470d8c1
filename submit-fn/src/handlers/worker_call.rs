//! The calls that worker-fn answers at the same path, passed on to it.
//!
//! `GET /worker`, so that a page can have a job worked on without knowing worker-fn's
//! address; worker-fn is told whether the caller may see the code and the output of
//! the job. `GET /metrics`. `GET /readyz`: worker-fn finds out once in a while
//! whether Redis and an endpoint can be reached.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use shared::domain::ticket::SEES_ALL_HEADER;
use shared::http::{Access, ApiError, response};

use crate::context::Context;
use crate::route::Route;
use crate::worker_fn::{self, WorkerFn};

/// What `GET /readyz` answers where worker-fn cannot be asked.
const NOT_READY: &[u8] =
    br#"{"checks":{"endpoint":null,"redis":null,"worker":false},"success":false}"#;

pub(crate) async fn pass_on<W: WorkerFn>(
    context: &Context<'_, W>,
    route: Route,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let config = context.config()?;
    if matches!(route, Route::Worker) {
        Access::refuse_other_sites(context.headers, &context.caller)?;
    }
    let mut call = worker_fn::request(&config.tickets, Method::GET, "/", Bytes::new());
    *call.uri_mut() = uri(&route, request.uri())?;
    if config.access.sees_all(&context.caller) {
        let yes = HeaderValue::from_static("yes");
        call.headers_mut().insert(SEES_ALL_HEADER, yes);
    }
    if let Some(accept) = context.headers.get(header::ACCEPT) {
        call.headers_mut().insert(header::ACCEPT, accept.clone());
    }
    match context.worker.call(call).await {
        Ok(response) => Ok(response),
        Err(_) if route == Route::Readiness => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Ok(response::raw_json(status, NOT_READY.to_vec()))
        }
        Err(error) => {
            let message = "worker-fn cannot be reached; try again.";
            Err(ApiError::executor_unavailable(message, error))
        }
    }
}

/// The route's own path, for a path with more slashes leads here too, with the query:
/// worker-fn checks `?batch=`.
fn uri(route: &Route, asked: &Uri) -> Result<Uri, ApiError> {
    let path = match route {
        Route::Worker => "/worker",
        Route::Metrics => "/metrics",
        Route::Readiness => "/readyz",
        _ => return Err(ApiError::no_such_path()),
    };
    let uri = match asked.query() {
        Some(query) => format!("{path}?{query}").try_into(),
        None => Ok(Uri::from_static(path)),
    };
    uri.map_err(|_| ApiError::no_such_path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use crate::runtime::Runtime;
    use http::HeaderMap;
    use shared::domain::ticket::SERVICE_TOKEN_HEADER;

    const KEYS: &str = r#"[
        {"name":"w","key":"work-alone-key-00","scopes":["work"]},
        {"name":"wr","key":"work-and-read-key","scopes":["work","read"]}]"#;

    fn config(auth: &'static str) -> Config {
        Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => Some("operators-own-token".into()),
            "API_KEYS" => Some(KEYS.into()),
            "AUTH" => Some(auth.into()),
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    struct Worker;

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let token = request.headers()[SERVICE_TOKEN_HEADER].as_bytes();
            assert!(config("off").tickets.is_service_token(token));
            let sees_all = request.headers().contains_key(SEES_ALL_HEADER);
            let asked = format!("{} {} {sees_all}", request.method(), request.uri());
            Ok(Response::new(asked.into()))
        }
    }

    async fn asked(auth: &'static str, sent: &[(&'static str, &str)]) -> Result<String, u16> {
        let (instance, mut headers) = (Instance::default(), HeaderMap::new());
        for (name, value) in sent {
            headers.insert(*name, value.parse().unwrap());
        }
        let runtime = Runtime::standing_still();
        let config = Ok(config(auth));
        let context = Context::of(config, &instance, &Worker, &headers, runtime);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = "/worker?batch=3".parse().unwrap();
        match pass_on(&context, Route::Worker, &request).await {
            Ok(response) => Ok(String::from_utf8_lossy(response.body()).into_owned()),
            Err(error) => Err(error.status().as_u16()),
        }
    }

    #[tokio::test]
    async fn worker_fn_is_told_who_may_see_code_and_output() {
        for (auth, key, sees_all) in [
            ("on", "operators-own-token", true),
            ("on", "work-and-read-key", true),
            ("on", "work-alone-key-00", false),
            ("off", "work-alone-key-00", true),
        ] {
            let passed_on = format!("GET /worker?batch=3 {sees_all}");
            let sent = [("x-api-key", key), (SEES_ALL_HEADER, "yes")];
            assert_eq!(asked(auth, &sent).await, Ok(passed_on), "{auth} {key}");
        }
    }

    #[tokio::test]
    async fn a_page_of_another_site_has_no_job_worked_on() {
        let cross_site = [("sec-fetch-site", "cross-site")];
        assert_eq!(asked("off", &cross_site).await, Err(403));
        let operator = [
            cross_site[0],
            ("authorization", "Bearer operators-own-token"),
        ];
        assert!(asked("off", &operator).await.is_ok());
    }

    #[tokio::test]
    async fn worker_fn_is_asked_at_its_own_path() {
        for (path, route, expected) in [
            ("//metrics", Route::Metrics, "GET /metrics false"),
            (
                "https://x.example//worker",
                Route::Worker,
                "GET /worker false",
            ),
            (
                "///worker?batch=3",
                Route::Worker,
                "GET /worker?batch=3 false",
            ),
            ("//readyz?", Route::Readiness, "GET /readyz? false"),
        ] {
            let (status, body) = passed_on(&Worker, route, path).await;
            assert_eq!((status, body.as_str()), (200, expected), "{path}");
        }
    }

    /// Answers nothing.
    struct NoWorker;

    impl WorkerFn for NoWorker {
        async fn call(&self, _: Request<Bytes>) -> Result<Response<Bytes>, String> {
            Err("away".into())
        }
    }

    async fn passed_on<W: WorkerFn>(worker: &W, route: Route, path: &str) -> (u16, String) {
        let (instance, headers) = (Instance::default(), HeaderMap::new());
        let runtime = Runtime::standing_still();
        let context = Context::of(Ok(config("on")), &instance, worker, &headers, runtime);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = path.parse().unwrap();
        let answer = pass_on(&context, route, &request).await;
        let response = answer.unwrap_or_else(ApiError::into_response);
        let body = String::from_utf8_lossy(response.body()).into_owned();
        (response.status().as_u16(), body)
    }

    #[tokio::test]
    async fn readiness_is_for_anyone_and_says_that_worker_fn_is_away() {
        let (status, body) = passed_on(&Worker, Route::Readiness, "/readyz").await;
        assert_eq!((status, body.as_str()), (200, "GET /readyz false"));
        let (status, body) = passed_on(&NoWorker, Route::Readiness, "/readyz").await;
        assert_eq!(status, 503);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&body["success"], &body["checks"]["worker"]),
            (&false.into(), &false.into())
        );
        assert_eq!(passed_on(&NoWorker, Route::Worker, "/worker").await.0, 502);
    }
}
