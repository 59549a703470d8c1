//! A server on this machine by which a test file in another process kills and
//! restarts parts of the stack, fires the cron, and breaks the execution endpoint.
//!
//! `POST /kill/PART`, `POST /restart/PART`, `POST /cron`, `POST /fault/NAME` (see
//! [`fault`]). Each answers 200 when it is done, or 500 with a sentence.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use support::breakable_endpoint::{BreakableEndpoint, Fault};
use support::server;
use xtask::stack::Stack;

type Outcome = Result<(), (StatusCode, String)>;

/// What the calls act on.
#[derive(Clone)]
pub(crate) struct Control {
    stack: Arc<Mutex<Stack>>,
    endpoint: Arc<BreakableEndpoint>,
}

impl Control {
    pub(crate) fn new(stack: Arc<Mutex<Stack>>, endpoint: Arc<BreakableEndpoint>) -> Self {
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
                "/fault/{name}",
                post(
                    |State(control): State<Self>, Path(name): Path<String>| async move {
                        control.endpoint.set_fault(fault(&name)?);
                        Outcome::Ok(())
                    },
                ),
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

/// `none`, `fails-runs`, `hangs` or `closes`.
fn fault(name: &str) -> Result<Option<Fault>, (StatusCode, String)> {
    match name {
        "none" => Ok(None),
        "fails-runs" => Ok(Some(Fault::FailsRuns)),
        "hangs" => Ok(Some(Fault::Hangs)),
        "closes" => Ok(Some(Fault::Closes)),
        _ => Err(failed(format!("there is no fault {name}"))),
    }
}

fn text<E: ToString>(outcome: Result<(), E>) -> Result<(), String> {
    outcome.map_err(|error| error.to_string())
}

fn failed(text: String) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, text)
}
