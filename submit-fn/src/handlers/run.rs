//! `POST /run`: code with an input of the caller's, passed on to worker-fn and
//! answered when it is done. Stored nowhere, and limited by places of its own.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use shared::domain::client::{CALLER_HEADER, ClientId};
use shared::http::ApiError;

use crate::context::Context;
use crate::sender::Sender;
use crate::worker_fn::{self, WorkerFn};

pub(crate) async fn run<W: WorkerFn>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let sender = context.sender()?;
    let config = context.config()?;
    let limiter = &context.instance.run_limiter;
    let _running = limiter.check(&sender, config, context.now_ms)?;
    let body = request.body().clone();
    let mut request = worker_fn::request(&config.tickets, Method::POST, "/run", body);
    if let Ok(caller) = HeaderValue::try_from(caller(&sender)) {
        request.headers_mut().insert(CALLER_HEADER, caller);
    }
    let called = context.worker.call(request).await;
    called.map_err(|error| {
        ApiError::executor_unavailable("Nothing can be run at the moment; try again.", error)
    })
}

/// The name by which an endpoint takes turns: apart from the client's submissions,
/// so that the "Run" button does not wait for them.
fn caller(sender: &Sender) -> String {
    let name = sender.client().map_or("operator", ClientId::as_str);
    format!("run-{name}")
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
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Answers with this status.
    struct Worker(u16);

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let token = request.headers()[SERVICE_TOKEN_HEADER].as_bytes();
            assert!(config().tickets.is_service_token(token));
            let caller = request.headers()[CALLER_HEADER].to_str().unwrap();
            let client = caller.strip_prefix("run-").unwrap();
            assert!(ClientId::parse(client).is_some(), "{caller}");
            assert_eq!(request.uri().path(), "/run");
            let mut response = Response::new(request.into_body());
            *response.status_mut() = self.0.try_into().unwrap();
            Ok(response)
        }
    }

    #[tokio::test]
    async fn a_run_is_passed_on() {
        let (instance, headers) = (Instance::default(), HeaderMap::new());
        let runtime = Runtime::standing_still();
        let request = Request::new(Bytes::from_static(b"{}"));
        for status in [422, 404, 200] {
            let worker = Worker(status);
            let mut context = Context::of(Ok(config()), &instance, &worker, &headers, runtime);
            let response = run(&mut context, &request).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.body()[..]),
                (status, &b"{}"[..])
            );
        }
    }
}
