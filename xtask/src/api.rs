//! A client of submit-fn, for the commands that publish problems and submit code.
//!
//! It sends the operator's token or another key where it has one, and no error shows
//! it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request};

/// How long a call may take: publishing sends 4 MB over a slow line, and a result
/// is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);
/// For how long one call waits for a result, in seconds.
const WAIT_S: u64 = 10;
/// The pause after an answer that came sooner than that without a result.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a submission that has no room in the queue is tried again.
const ROOM_WITHIN: Duration = Duration::from_secs(120);

/// The submit-fn at an address.
pub struct Api {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// What submit-fn answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` where it is no JSON.
    pub body: Value,
    /// The header `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
}

impl Answer {
    /// The body, where the status says that all went well.
    pub fn ok(self) -> Result<Value> {
        match self.status {
            200..=299 => Ok(self.body),
            _ => bail!("{}", self.refusal()),
        }
    }

    /// Why the call was refused.
    pub fn refusal(&self) -> String {
        let status = self.status;
        match self.body["error"]["message"].as_str() {
            Some(message) => format!("refused (HTTP {status}): {message}"),
            None => format!("HTTP {status}, and not from submit-fn: is the URL right?"),
        }
    }
}

impl Api {
    /// The submit-fn at `url`, called with the operator's token or another key if there
    /// is one.
    pub fn new(url: &str, key: Option<&str>) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self {
            agent,
            base: url.trim_end_matches('/').to_owned(),
            key: key.filter(|key| !key.is_empty()).map(str::to_owned),
        }
    }

    /// Whether it is called with a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends one request.
    pub fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, body)
    }

    /// Sends one request whose body is JSON text, as it stands there: a [`Value`]
    /// would sort the members of objects.
    pub fn send(&self, method: Method, path: &str, body: String) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        // A value that is no header is the key's; the error must not show it.
        let Ok(request) = request.body(body) else {
            bail!("{} is no address, or the key is no key", self.base);
        };
        let no_answer = || format!("{} does not answer", self.base);
        let mut answer = self.agent.run(request).with_context(no_answer)?;
        let retry_after = answer.headers().get("retry-after");
        let retry_after_s = retry_after.and_then(|text| text.to_str().ok()?.parse().ok());
        let text = answer.body_mut().read_to_string().with_context(no_answer)?;
        Ok(Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            retry_after_s,
        })
    }

    /// `GET`, which must go well.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None)?.ok()
    }

    /// Submits code, and tries again while there is no room in the queue. The
    /// answer's body.
    pub fn submit(&self, problem: &str, language: &str, code: &str) -> Result<Value> {
        let body = json!({ "problemId": problem, "language": language, "code": code });
        let started = Instant::now();
        loop {
            let answer = self.call(Method::POST, "/submit", Some(&body))?;
            match answer.retry_after_s {
                Some(seconds) if answer.status == 429 && started.elapsed() < ROOM_WITHIN => {
                    thread::sleep(Duration::from_secs(seconds.clamp(1, 10)));
                }
                _ => return answer.ok(),
            }
        }
    }

    /// Waits for a submission's result; tells `progress` now and then for how long
    /// it has waited. Errors: there is none after `within`.
    pub fn wait(&self, id: &str, within: Duration, progress: impl Fn(Duration)) -> Result<Value> {
        let started = Instant::now();
        loop {
            let asked = Instant::now();
            let result = self.get(&format!("/result/{id}?wait={WAIT_S}"))?;
            if result["status"] != "queued" {
                return Ok(result);
            }
            if started.elapsed() >= within {
                bail!(
                    "no result after {} s; it may still come: {}/result/{id}",
                    started.elapsed().as_secs(),
                    self.base
                );
            }
            progress(started.elapsed());
            if asked.elapsed() < Duration::from_secs(WAIT_S) {
                thread::sleep(PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_quotes_the_api() {
        let answer = |status, body| Answer {
            status,
            body,
            retry_after_s: None,
        };
        let body = json!({ "error": { "message": "This call needs the operator's token." } });
        let error = answer(401, body).ok().unwrap_err();
        assert_eq!(
            error.to_string(),
            "refused (HTTP 401): This call needs the operator's token."
        );
        let foreign = answer(404, Value::Null).ok().unwrap_err();
        assert!(foreign.to_string().contains("is the URL right?"));
        assert_eq!(answer(201, json!(1)).ok().unwrap(), 1);
    }

    #[test]
    fn no_error_shows_the_token() {
        for token in ["very-secret", "very-secret\n"] {
            let api = Api::new("http://127.0.0.1:1/", Some(token));
            let error = api.get("/languages").unwrap_err();
            let text = format!("{error:?} {error:#}");
            assert!(text.contains("http://127.0.0.1:1"), "{text}");
            assert!(!text.contains("very-secret"), "{text}");
        }
    }
}
