//! W3C Trace Context: how a request, a job and the calls that they make are found
//! again in the logs of everything that they passed through.
//!
//! Source: <https://www.w3.org/TR/trace-context-2/>. A `traceparent` that is not
//! well-formed counts as none, and a new trace begins. `tracestate` is not passed on,
//! which the specification allows: nothing here reads it, and it is a stranger's text.
//! Both Workers make one [`Span`] a request; the client of Redis and those of
//! endpoints send it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

use crate::text::{hex, hex_digit};

/// The header of a trace.
pub const TRACEPARENT: &str = "traceparent";

/// The bits of the flags that are passed on: sampled, and random id.
const KNOWN_FLAGS: u8 = 0b11;
/// The flags of a trace that begins here: its id is random. Whether it is recorded
/// anywhere is for others to decide.
const NEW_FLAGS: u8 = 0b10;

/// Which trace something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// Not all 0.
    id: [u8; 16],
    flags: u8,
}

impl TraceContext {
    /// The trace that a `traceparent` names; `None` if it is not well-formed. Of a
    /// version that is not known yet, what version 00 has is read.
    pub fn of_traceparent(header: &str) -> Option<Self> {
        let text = header.as_bytes();
        let version = byte(text, 0)?;
        let has_parent = any(text, 36, 8)?;
        let is_dash = |at: usize| text.get(at) == Some(&b'-');
        let ends_well = text.len() == 55 || (version > 0 && is_dash(55));
        let is_known = version < 0xff && ends_well && has_parent;
        let trace = Self::read(text, 3, 53)?;
        (is_known && [2, 35, 52].into_iter().all(is_dash)).then_some(trace)
    }

    /// Reads what [`TraceContext::to_text`] wrote, from the payload of a job.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let trace = Self::read(text, 0, 33)?;
        (text.len() == 35 && text.get(32) == Some(&b'-')).then_some(trace)
    }

    /// Reads an id and flags, which begin at these places.
    fn read(text: &[u8], id_at: usize, flags_at: usize) -> Option<Self> {
        let mut id = [0; 16];
        for (number, half) in id.iter_mut().enumerate() {
            *half = byte(text, id_at + 2 * number)?;
        }
        let flags = byte(text, flags_at)? & KNOWN_FLAGS;
        (id != [0; 16]).then_some(Self { id, flags })
    }

    /// Id and flags, 35 characters.
    pub fn to_text(&self) -> String {
        [&self.id(), "-", &hex(&[self.flags])].concat()
    }

    /// The trace's id, 32 hex digits.
    pub fn id(&self) -> String {
        hex(&self.id)
    }
}

/// One request or one drain, with the calls that it makes. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Span {
    trace: TraceContext,
    shared: Arc<SharedSpan>,
}

#[derive(Debug, Default)]
struct SharedSpan {
    is_given: bool,
    /// Of this span, from which each call counts on.
    id: u64,
    calls: AtomicU64,
    commands: AtomicU64,
}

impl Span {
    /// The span of a request with these headers, in the trace that they name or in
    /// a new one. `random` gives ten secure bytes each time.
    pub fn of_request(headers: &HeaderMap, random: fn() -> [u8; 10]) -> Self {
        let given = headers.get(TRACEPARENT);
        let given = given.and_then(|value| TraceContext::of_traceparent(value.to_str().ok()?));
        let [a, b, c, d, e, f, g, h, ..] = random();
        let begin = || {
            let mut id = [0; 16];
            id[..10].copy_from_slice(&random());
            id[6..].copy_from_slice(&random());
            let flags = NEW_FLAGS;
            TraceContext { id, flags }
        };
        Self {
            trace: given.unwrap_or_else(begin),
            shared: Arc::new(SharedSpan {
                is_given: given.is_some(),
                id: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
                ..SharedSpan::default()
            }),
        }
    }

    /// The trace, where the caller named it.
    pub fn given(&self) -> Option<TraceContext> {
        self.shared.is_given.then_some(self.trace)
    }

    /// The id of the trace, for the log.
    pub fn trace_id(&self) -> String {
        self.trace.id()
    }

    /// The same span with its calls in another trace: that of a job.
    #[must_use]
    pub fn within(&self, trace: Option<TraceContext>) -> Self {
        Self {
            trace: trace.unwrap_or(self.trace),
            shared: Arc::clone(&self.shared),
        }
    }

    /// The `traceparent` of the next call.
    pub fn next_traceparent(&self) -> String {
        let call = self.shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
        // 0 is no id.
        let id = self.shared.id.wrapping_add(call).max(1).to_be_bytes();
        let flags = hex(&[self.trace.flags]);
        ["00-", &self.trace.id(), "-", &hex(&id), "-", &flags].concat()
    }

    /// Adds commands that it sent to Redis.
    pub fn add_commands(&self, commands: u64) {
        let sent = &self.shared.commands;
        sent.fetch_add(commands, Ordering::Relaxed);
    }

    /// How many commands it sent to Redis.
    pub fn commands(&self) -> u64 {
        self.shared.commands.load(Ordering::Relaxed)
    }
}

/// The id under which a request is found in the logs: Cloudflare's own, which is also
/// in its dashboard, or else a random one.
pub fn request_id(headers: &HeaderMap, random: fn() -> [u8; 10]) -> String {
    let ray = headers.get("cf-ray").and_then(|value| value.to_str().ok());
    // 16 hex digits, and where the request came in: `-AMS`.
    let is_part = |(at, byte): (usize, u8)| match at {
        0..16 => hex_digit(byte).is_some(),
        16 => byte == b'-',
        _ => byte.is_ascii_uppercase(),
    };
    let is_ray = |ray: &&str| matches!(ray.len(), 16 | 20) && ray.bytes().enumerate().all(is_part);
    match ray.filter(is_ray) {
        Some(ray) => ray.to_owned(),
        None => hex(&random()),
    }
}

/// The byte that two hex digits in lower case are.
fn byte(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| hex_digit(*text.get(at)?);
    Some(digit(at)? * 16 + digit(at + 1)?)
}

/// Whether so many bytes in hex digits are not all 0. `None`: they are no hex digits.
fn any(text: &[u8], at: usize, count: usize) -> Option<bool> {
    let mut all = 0;
    for number in 0..count {
        all |= byte(text, at + 2 * number)?;
    }
    Some(all != 0)
}

#[cfg(test)]
mod tests {
    use fuzz::fuzz;
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
        headers
    }

    #[test]
    fn a_traceparent_is_read_strictly() {
        let of = |rest: &str| {
            let header = rest.replace("ID", ID);
            let trace = TraceContext::of_traceparent(&header)?;
            assert_eq!(trace.id(), ID, "{header}");
            Some(trace.flags)
        };
        for (header, flags) in [
            ("00-ID-00f067aa0ba902b7-01", Some(1)),
            ("00-ID-00f067aa0ba902b7-00", Some(0)),
            // Flags that are not known are not passed on.
            ("00-ID-00f067aa0ba902b7-ff", Some(3)),
            ("cc-ID-00f067aa0ba902b7-01", Some(1)),
            (
                "cc-ID-00f067aa0ba902b7-01-what the future will be like",
                Some(1),
            ),
            ("cc-ID-00f067aa0ba902b7-01.what", None),
            ("00-ID-00f067aa0ba902b7-01-more", None),
            ("00-ID-00f067aa0ba902b7-01-", None),
            ("ff-ID-00f067aa0ba902b7-01", None),
            ("00-ID-0000000000000000-01", None),
            (
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                None,
            ),
            (
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                None,
            ),
            ("00-ID-00F067AA0BA902B7-01", None),
            ("00-ID-00f067aa0ba902b7-0", None),
            ("00-ID-00f067aa0ba902b7-0x", None),
            ("00-ID-00f067aa0ba902b7-+1", None),
            ("0-ID-00f067aa0ba902b7-01", None),
            ("00-ID1-00f067aa0ba902b7-01", None),
            (" 00-ID-00f067aa0ba902b7-01", None),
            ("00_ID-00f067aa0ba902b7-01", None),
            ("", None),
        ] {
            assert_eq!(of(header), flags, "{header}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused() {
        let parts = prop_oneof![
            "\\PC{0,60}",
            "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
        ];
        fuzz(&parts, |text| {
            if let Some(trace) = TraceContext::of_traceparent(&text) {
                prop_assert!(text.contains(&trace.id()));
                prop_assert_eq!(TraceContext::parse(&trace.to_text()), Some(trace));
            }
            if let Some(trace) = TraceContext::parse(&text) {
                prop_assert_eq!(trace.to_text().len(), 35);
            }
            Ok(())
        });
    }

    #[test]
    fn calls_go_on_in_the_trace_with_ids_of_their_own() {
        let given = format!("00-{ID}-00f067aa0ba902b7-01");
        let span = Span::of_request(&headers(TRACEPARENT, &given), || [7; 10]);
        assert_eq!(
            (span.trace_id(), span.given().is_some()),
            (ID.to_owned(), true)
        );
        let (one, two) = (span.next_traceparent(), span.clone().next_traceparent());
        assert_ne!(one, two);
        for call in [&one, &two] {
            assert!(call.ends_with("-01"), "{call}");
            let trace = TraceContext::of_traceparent(call);
            assert_eq!(trace, span.given());
        }
        let other = TraceContext::parse("000000000000000000000000000000aa-00").unwrap();
        let call = span.within(Some(other)).next_traceparent();
        assert!(
            call.starts_with("00-000000000000000000000000000000aa-"),
            "{call}"
        );
        assert!(![one, two].iter().any(|known| known[36..52] == call[36..52]));
        assert_eq!(span.within(None).trace_id(), ID);
    }

    #[test]
    fn a_malformed_traceparent_begins_a_new_trace() {
        for value in [
            "",
            "00-x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        ] {
            let span = Span::of_request(&headers(TRACEPARENT, value), || [7; 10]);
            assert_eq!(span.trace_id(), "07".repeat(16));
            assert_eq!(span.given(), None);
            assert!(TraceContext::of_traceparent(&span.next_traceparent()).is_some());
        }
    }

    #[test]
    fn a_request_has_the_id_that_the_platform_gave_it() {
        let id = |ray| request_id(&headers("cf-ray", ray), || [7; 10]);
        assert_eq!(id("8c1f2e3d4a5b6c7d-AMS"), "8c1f2e3d4a5b6c7d-AMS");
        assert_eq!(id("8c1f2e3d4a5b6c7d"), "8c1f2e3d4a5b6c7d");
        for ray in [
            "",
            "8c1f",
            "8c1f2e3d4a5b6c7d-",
            "8c1f2e3d4a5b6c7d-ams",
            "8C1F2E3D4A5B6C7D",
            "8c1f2e3d4a5b6c7d-A\"B",
        ] {
            assert_eq!(id(ray), "07".repeat(10), "{ray}");
        }
    }
}
