//! What a host's name stands for, asked of a DNS resolver over HTTPS (its JSON form,
//! `application/dns-json`): a Worker has no other way to know before it calls.
//!
//! Between this and the call a name may change. The platform reaches only the public
//! Internet then, and a receiver gets nothing but a signed result of its own
//! submission.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, header};
use reqwest::Url;
use serde_json::Value;
use shared::domain::callback_url::is_public;

use crate::runtime::{FetchLimits, Runtime};

/// How long the resolver may take for one question, in milliseconds.
const TIMEOUT_MS: u64 = 3_000;
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The types of records that hold addresses: their names and numbers.
const TYPES: [(&str, u64); 2] = [("A", 1), ("AAAA", 28)];

/// How many calls one name takes.
pub const CALLS: u64 = TYPES.len() as u64;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Public addresses alone.
    Public,
    /// An address that must not be called, perhaps among others.
    Forbidden,
    /// Not known now, in words for the operator.
    Unknown(String),
}

/// Asks what `name` stands for.
pub async fn resolve(name: &str, resolver: &Url, runtime: Runtime) -> Resolved {
    let mut addresses = Vec::new();
    for (record, number) in TYPES {
        match ask(name, record, resolver, runtime).await {
            Ok(answer) => match read(&answer, number) {
                Ok(found) => addresses.extend(found),
                Err(why) => return Resolved::Unknown(why),
            },
            Err(why) => {
                return Resolved::Unknown(format!("the DNS resolver gave no answer: {why}"));
            }
        }
    }
    if addresses.is_empty() {
        Resolved::Unknown("the host's name stands for no address".into())
    } else if addresses.into_iter().all(is_public) {
        Resolved::Public
    } else {
        Resolved::Forbidden
    }
}

async fn ask(name: &str, record: &str, resolver: &Url, runtime: Runtime) -> Result<Bytes, String> {
    let mut url = resolver.clone();
    url.query_pairs_mut()
        .append_pair("name", name)
        .append_pair("type", record);
    let request = Request::get(url.as_str())
        .header(header::ACCEPT, "application/dns-json")
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    let limits = FetchLimits {
        timeout_ms: TIMEOUT_MS,
        max_body_bytes: MAX_ANSWER_BYTES,
    };
    let response = (runtime.fetch)(request, limits).await?;
    if response.status().is_success() {
        Ok(response.into_body())
    } else {
        Err(format!("status {}", response.status().as_u16()))
    }
}

/// The addresses in an answer. Errors: in words for the operator.
fn read(answer: &[u8], record: u64) -> Result<Vec<IpAddr>, String> {
    let unreadable = || "the DNS resolver's answer cannot be read".to_owned();
    let answer: Value = serde_json::from_slice(answer).map_err(|_| unreadable())?;
    // 3: there is no such name.
    match answer["Status"].as_u64() {
        Some(0) => {}
        Some(3) => return Err("there is no such host name".into()),
        Some(status) => return Err(format!("the DNS resolver answered status {status}")),
        None => return Err(unreadable()),
    }
    let records = answer["Answer"].as_array().map_or(&[][..], Vec::as_slice);
    let address = |one: &Value| one["data"].as_str()?.parse().ok();
    records
        .iter()
        // The aliases on the way are records of another type.
        .filter(|one| one["type"].as_u64() == Some(record))
        .map(|one| address(one).ok_or_else(unreadable))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read() {
        let answer = json!({"Status": 0, "Answer": [
            {"name": "a", "type": 5, "data": "b."},
            {"name": "b", "type": 1, "data": "1.1.1.1"},
            {"name": "b", "type": 28, "data": "::1"},
        ]});
        let text = answer.to_string();
        assert_eq!(
            read(text.as_bytes(), 1),
            Ok(vec!["1.1.1.1".parse().unwrap()])
        );
        assert_eq!(read(text.as_bytes(), 28), Ok(vec!["::1".parse().unwrap()]));
        assert_eq!(read(br#"{"Status":0}"#, 1), Ok(Vec::new()));
        for (bad, part) in [
            ("", "cannot be read"),
            ("{}", "cannot be read"),
            (r#"{"Status":3}"#, "no such host"),
            (r#"{"Status":2}"#, "status 2"),
            (
                r#"{"Status":0,"Answer":[{"type":1,"data":"x"}]}"#,
                "cannot be read",
            ),
            (r#"{"Status":0,"Answer":[{"type":1}]}"#, "cannot be read"),
        ] {
            let why = read(bad.as_bytes(), 1).unwrap_err();
            assert!(why.contains(part), "{bad}: {why}");
        }
    }
}
