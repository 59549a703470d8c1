//! The runner behind a proxy that fails the jobs it is told to fail, and no others:
//! how a submission becomes a dead letter that a replay can mend.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use support::server;

/// The proxy.
#[derive(Debug, Default)]
pub(crate) struct FailingEndpoint {
    /// A run whose request holds this text is answered with HTTP 500.
    marker: Mutex<Option<String>>,
}

impl FailingEndpoint {
    /// Starts one in front of the runner on `port`. Returns it with its base URL.
    pub(crate) fn start(port: u16) -> (Arc<Self>, String) {
        let endpoint = Arc::new(Self::default());
        let serving = Arc::clone(&endpoint);
        let own = server::serve_proxy(move |request| {
            let serving = Arc::clone(&serving);
            async move {
                let request = server::read(request).await.ok()?;
                if serving.fails(request.body()) {
                    return Some(StatusCode::INTERNAL_SERVER_ERROR.into_response());
                }
                server::forward(request, port).await.ok()
            }
        });
        (endpoint, format!("http://127.0.0.1:{own}/api/v2"))
    }

    /// Fails the runs whose request holds `marker`; with an empty one none.
    pub(crate) fn fail(&self, marker: String) {
        let marker = (!marker.is_empty()).then_some(marker);
        *self.marker.lock().unwrap_or_else(PoisonError::into_inner) = marker;
    }

    fn fails(&self, body: &[u8]) -> bool {
        let marker = self.marker.lock().unwrap_or_else(PoisonError::into_inner);
        let body = String::from_utf8_lossy(body);
        marker.as_deref().is_some_and(|text| body.contains(text))
    }
}
