//! `GET /worker`: passed on to worker-fn, so that a page can have a job worked on
//! without knowing worker-fn's address. For whom worker-fn itself would do it: the
//! operator, and with open access anyone. `GET /metrics` is passed on, too.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use shared::http::ApiError;

use crate::context::Context;
use crate::worker_fn::{self, WorkerFn};

pub(crate) async fn worker<W: WorkerFn>(
    context: &Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let config = context.config()?;
    if !config.access.is_open() {
        config.access.require_operator(context.headers)?;
    } else if !config.access.is_operator(context.headers) {
        config.access.refuse_other_sites(context.headers)?;
    }
    let mut call = worker_fn::request(&config.tickets, Method::GET, "/worker", Bytes::new());
    // With `?batch=`, which worker-fn checks.
    *call.uri_mut() = request.uri().clone();
    if let Some(accept) = context.headers.get(header::ACCEPT) {
        call.headers_mut().insert(header::ACCEPT, accept.clone());
    }
    pass_on(context, call).await
}

/// `GET /metrics`. Who may call it was checked before.
pub(crate) async fn metrics<W: WorkerFn>(
    context: &Context<'_, W>,
) -> Result<Response<Bytes>, ApiError> {
    let tickets = &context.config()?.tickets;
    let call = worker_fn::request(tickets, Method::GET, "/metrics", Bytes::new());
    pass_on(context, call).await
}

async fn pass_on<W: WorkerFn>(
    context: &Context<'_, W>,
    call: Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    context.worker.call(call).await.map_err(|error| {
        ApiError::executor_unavailable("worker-fn cannot be reached; try again.", error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use crate::runtime::Runtime;
    use http::HeaderMap;
    use shared::domain::ticket::SERVICE_TOKEN_HEADER;

    fn config(open_access: &'static str) -> Config {
        Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => Some("operator".into()),
            "OPEN_ACCESS" => Some(open_access.into()),
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    struct Worker;

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let token = request.headers()[SERVICE_TOKEN_HEADER].as_bytes();
            assert!(config("off").tickets.is_service_token(token));
            let asked = format!("{} {}", request.method(), request.uri());
            Ok(Response::new(asked.into()))
        }
    }

    async fn asked(open_access: &'static str, authorization: Option<&str>) -> Result<String, u16> {
        let header = authorization.map(|value| ("authorization", value));
        asked_with(open_access, header.as_slice()).await
    }

    async fn asked_with(
        open_access: &'static str,
        sent: &[(&'static str, &str)],
    ) -> Result<String, u16> {
        let (instance, mut headers) = (Instance::default(), HeaderMap::new());
        for (name, value) in sent {
            headers.insert(*name, value.parse().unwrap());
        }
        let runtime = Runtime::standing_still();
        let config = Ok(config(open_access));
        let context = Context::new(config, &instance, &Worker, &headers, runtime);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = "/worker?batch=3".parse().unwrap();
        match worker(&context, &request).await {
            Ok(response) => Ok(String::from_utf8_lossy(response.body()).into_owned()),
            Err(error) => Err(error.status().as_u16()),
        }
    }

    #[tokio::test]
    async fn the_call_is_passed_on_for_the_operator_and_with_open_access_for_anyone() {
        let passed_on = || Ok("GET /worker?batch=3".to_owned());
        assert_eq!(asked("off", Some("Bearer operator")).await, passed_on());
        assert_eq!(asked("on", None).await, passed_on());
        assert_eq!(asked("off", None).await, Err(401));
        assert_eq!(asked("off", Some("Bearer wrong")).await, Err(401));
    }

    #[tokio::test]
    async fn a_page_of_another_site_has_no_job_worked_on() {
        let cross_site = [("sec-fetch-site", "cross-site")];
        assert_eq!(asked_with("on", &cross_site).await, Err(403));
        let operator = [cross_site[0], ("authorization", "Bearer operator")];
        assert!(asked_with("on", &operator).await.is_ok());
    }
}
