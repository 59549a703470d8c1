//! Calls over HTTP to a runner, in this process or another.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::timing::{POLL_INTERVAL, TIMEOUT};

/// A response: status, the header `Retry-After`, and the body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request.
pub async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let retry_after = response
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().to_owned());
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after,
        text: response.text().await?,
    })
}

/// The body of a request for one file without a name.
pub fn program(language: &str, code: &str) -> Value {
    json!({"language": language, "version": "*", "files": [{"content": code}]})
}

/// An execute request of this body to the runner at this URL.
pub fn execute_request(url: &str, body: &Value) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .post(format!("{url}/api/v2/execute"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// Sends an execute request in the background. `None`: it got no response.
/// Aborting the task disconnects the client.
pub fn execute_in_background(url: &str, body: &Value) -> JoinHandle<Option<Answer>> {
    let request = execute_request(url, body);
    tokio::spawn(async move { send(request).await.ok() })
}

/// Waits until the runner at this URL has these numbers of running and waiting
/// submissions.
pub async fn until_busy(url: &str, running: u64, waiting: u64) {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let health = send(reqwest::Client::new().get(format!("{url}/healthz"))).await;
        let health = health.unwrap().json();
        if health["running"] == running && health["waiting"] == waiting {
            return;
        }
        assert!(Instant::now() < deadline, "{running}, {waiting}: {health}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
