//! A server on this machine by which a test file in another process kills and
//! restarts parts of the stack, fires the cron, and says which jobs fail.
//!
//! `POST /kill/PART`, `POST /restart/PART`, `POST /cron`, `POST /fail` with the text
//! that a failing job holds. Each answers 200 when it is done, or 500 with a sentence.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use support::server;
use xtask::stack::Stack;

use crate::endpoint::FailingEndpoint;

type Outcome = Result<(), (StatusCode, String)>;

/// What the calls act on.
#[derive(Clone)]
pub(crate) struct Control {
    stack: Arc<Mutex<Stack>>,
    endpoint: Arc<FailingEndpoint>,
}

impl Control {
    pub(crate) fn new(stack: Arc<Mutex<Stack>>, endpoint: Arc<FailingEndpoint>) -> Self {
        Self { stack, endpoint }
    }

    /// Serves until the process ends. Returns the URL.
    pub(crate) fn serve(self) -> String {
        let router = Router::new()
            .route(
                "/kill/{part}",
                post(|State(control): State<Self>, Path(part): Path<String>| {
                    control.on_stack(move |stack| {
                        stack.kill(&part);
                        Ok(())
                    })
                }),
            )
            .route(
                "/restart/{part}",
                post(|State(control): State<Self>, Path(part): Path<String>| {
                    control.on_stack(move |stack| text(stack.restart(&part)))
                }),
            )
            .route(
                "/cron",
                post(|State(control): State<Self>| {
                    control.on_stack(|stack| text(stack.fire_cron()))
                }),
            )
            .route(
                "/fail",
                post(|State(control): State<Self>, marker: String| async move {
                    control.endpoint.fail(marker);
                }),
            )
            .with_state(self);
        format!("http://127.0.0.1:{}", server::serve(router))
    }

    /// Does what takes seconds, and blocks.
    async fn on_stack(
        self,
        act: impl FnOnce(&mut Stack) -> Result<(), String> + Send + 'static,
    ) -> Outcome {
        let stack = self.stack;
        tokio::task::spawn_blocking(move || {
            act(&mut stack.lock().unwrap_or_else(PoisonError::into_inner)).map_err(failed)
        })
        .await
        .map_err(|error| failed(error.to_string()))?
    }
}

fn text<E: ToString>(outcome: Result<(), E>) -> Result<(), String> {
    outcome.map_err(|error| error.to_string())
}

fn failed(text: String) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, text)
}
