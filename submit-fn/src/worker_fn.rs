//! worker-fn as submit-fn sees it: it knows the offered languages, it runs code
//! for `POST /run`, and it is woken for new submissions.
//!
//! Every call carries the service token, because worker-fn answers few calls of
//! strangers. `lib.rs` sends the calls through the service binding.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use shared::domain::language::{self, Language};
use shared::domain::ticket::{SERVICE_TOKEN_HEADER, TicketKey};

use crate::language_cache::LanguageSource;
use crate::runtime::Runtime;

/// How long the list of languages is waited for, in milliseconds: people wait for
/// it while they submit.
const LIST_TIMEOUT_MS: u64 = 3_000;

/// The other Worker. Errors are for the log.
pub trait WorkerFn {
    /// Sends a request, and returns the response.
    fn call(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, String>>;
}

/// A call of worker-fn, with the service token.
pub(crate) fn request(
    tickets: &TicketKey,
    method: Method,
    path: &'static str,
    body: Bytes,
) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static(path);
    if let Ok(token) = HeaderValue::try_from(tickets.service_token()) {
        request.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
    }
    request
}

/// Makes a call that answers 200, and waits for it `timeout_ms` at most. The body.
/// Errors are for the log.
pub(crate) async fn ask(
    worker: &impl WorkerFn,
    request: Request<Bytes>,
    runtime: Runtime,
    timeout_ms: u64,
) -> Result<Bytes, String> {
    let call = pin!(worker.call(request));
    let response = match select(call, (runtime.sleep)(timeout_ms)).await {
        Either::Left((response, _)) => response?,
        Either::Right(_) => return Err(format!("worker-fn did not answer in {timeout_ms} ms")),
    };
    if response.status() == StatusCode::OK {
        Ok(response.into_body())
    } else {
        Err(refused(response.status()))
    }
}

/// The jobs that the answer to a wake-up names, one a line; none where it is no text.
pub fn settled(body: &[u8]) -> impl Iterator<Item = &str> {
    str::from_utf8(body).unwrap_or_default().lines()
}

/// What an unexpected status of worker-fn means to the operator.
pub fn refused(status: StatusCode) -> String {
    let hint = if status == StatusCode::UNAUTHORIZED {
        ": do both Workers have the same TICKET_SECRET, or else the same Upstash token?"
    } else {
        ""
    };
    format!("worker-fn answered {status}{hint}")
}

/// The list of languages, asked from worker-fn.
pub(crate) struct LanguageList<'a, W> {
    pub worker: &'a W,
    pub tickets: TicketKey,
    pub runtime: Runtime,
}

impl<W: WorkerFn> LanguageSource for LanguageList<'_, W> {
    fn now_ms(&self) -> u64 {
        (self.runtime.now_ms)()
    }

    async fn pause(&self, ms: u64) {
        (self.runtime.sleep)(ms).await;
    }

    async fn languages(&self) -> Result<Vec<Language>, String> {
        let request = request(&self.tickets, Method::GET, "/languages", Bytes::new());
        let body = ask(self.worker, request, self.runtime, LIST_TIMEOUT_MS).await?;
        language::read_list(&body)
            .ok_or_else(|| "worker-fn answered no list of languages".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::config::Secret;

    /// Answers with this status, or never.
    struct Worker(Option<u16>);

    impl WorkerFn for Worker {
        async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
            let token = request.headers()[SERVICE_TOKEN_HEADER].as_bytes();
            assert!(TicketKey::new(&Secret::new("s")).is_service_token(token));
            assert_eq!(request.uri(), "/languages");
            match self.0 {
                Some(status) => {
                    let body =
                        r#"{"languages":[{"language":"python","version":"3","aliases":[]}]}"#;
                    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
                    *response.status_mut() = status.try_into().unwrap();
                    Ok(response)
                }
                None => std::future::pending().await,
            }
        }
    }

    async fn asked(worker: Worker, sleep: Runtime) -> Result<Vec<Language>, String> {
        let list = LanguageList {
            worker: &worker,
            tickets: TicketKey::new(&Secret::new("s")),
            runtime: sleep,
        };
        list.languages().await
    }

    #[test]
    fn the_answer_to_a_wake_up_names_jobs_or_nothing() {
        assert!(settled(b"a\nb").eq(["a", "b"]));
        assert_eq!(settled(b"").count(), 0);
        assert_eq!(settled(b"a\n\xff").count(), 0);
    }

    #[tokio::test]
    async fn the_list_is_asked_with_the_service_token_and_not_waited_for_for_ever() {
        let patient = Runtime::standing_still();
        let hasty = Runtime {
            sleep: |_| Box::pin(std::future::ready(())),
            ..patient
        };
        let list = asked(Worker(Some(200)), patient).await.unwrap();
        assert_eq!(list[0].language, "python");
        let error = asked(Worker(Some(401)), patient).await.unwrap_err();
        assert!(error.contains("TICKET_SECRET"), "{error}");
        let error = asked(Worker(Some(502)), patient).await.unwrap_err();
        assert!(!error.contains("TICKET_SECRET"), "{error}");
        let error = asked(Worker(None), hasty).await.unwrap_err();
        assert!(error.contains("3000 ms"), "{error}");
    }
}
