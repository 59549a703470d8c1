//! `POST /run`: code with an input of the caller's, passed on to worker-fn and
//! answered when it is done. Stored nowhere, and limited by a rate of its own.

use bytes::Bytes;
use http::{Method, Request, Response};
use shared::http::ApiError;

use crate::context::Context;
use crate::worker_fn::{self, WorkerFn};

/// The platform sets this header to the client's address.
const CLIENT: &str = "cf-connecting-ip";

pub(crate) async fn run<W: WorkerFn>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let client = request.headers().get(CLIENT);
    let client = client.and_then(|name| name.to_str().ok()).unwrap_or("");
    let config = context.config()?;
    let limiter = &context.instance.run_limiter;
    let _running = limiter.check(client, config, context.now_ms)?;
    let request = worker_fn::request(
        &config.tickets,
        Method::POST,
        "/run",
        request.body().clone(),
    );
    context.worker.call(request).await.map_err(|error| {
        ApiError::executor_unavailable("Nothing can be run at the moment; try again.", error)
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

    fn config() -> Config {
        Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "RUN_PER_MINUTE" => Some("1".into()),
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    struct Echo;

    impl WorkerFn for Echo {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let token = request.headers()[SERVICE_TOKEN_HEADER].as_bytes();
            assert!(config().tickets.is_service_token(token));
            assert_eq!(request.uri().path(), "/run");
            Ok(Response::new(request.into_body()))
        }
    }

    #[tokio::test]
    async fn a_run_is_passed_on_with_the_service_token_and_counted() {
        let (instance, headers) = (Instance::default(), HeaderMap::new());
        let runtime = Runtime::standing_still();
        let mut context = Context::new(Ok(config()), &instance, &Echo, &headers, runtime);
        let request = Request::new(Bytes::from_static(b"{}"));
        let response = run(&mut context, &request).await.unwrap();
        assert_eq!(response.body(), "{}");
        let error = run(&mut context, &request).await.unwrap_err();
        assert_eq!(error.status(), 429);
    }
}
