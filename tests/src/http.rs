//! Plain HTTP, without a look at what comes back.
//!
//! Requests to the documented API go through [`crate::api`], which checks every
//! response.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// How long a response may take where a test sets no limit of its own.
pub const RESPONSE_WITHIN: Duration = Duration::from_secs(120);

/// An HTTP response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in the body {:?}", self.text))
    }

    /// The text of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that it is an error with this status and field, whose message
    /// contains `part`.
    pub fn assert_error(&self, status: u16, field: Option<&str>, part: &str) {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["success"], json!(false), "{body}");
        assert_eq!(body["error"]["field"], json!(field), "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

/// `GET`, which must be answered.
pub fn get(url: &str) -> Response {
    send("GET", url, &[], None, RESPONSE_WITHIN)
        .unwrap_or_else(|error| panic!("GET {url}: {error}"))
}

/// Sends a request. Errors when there is no response, or none that is complete.
pub fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
    within: Duration,
) -> Result<Response, ureq::Error> {
    // A connection of its own for each request: the other end of a pooled one
    // may have been killed meanwhile.
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_idle_connections(0)
            .build()
            .new_agent()
    });
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = match body {
        Some(body) => run(&AGENT, request.body(body)?, within),
        None => run(&AGENT, request.body(())?, within),
    }?;
    Ok(Response {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string()?,
    })
}

fn run<B: ureq::AsSendBody>(
    agent: &Agent,
    request: Request<B>,
    within: Duration,
) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let request = agent
        .configure_request(request)
        .timeout_global(Some(within))
        .build();
    agent.run(request)
}
