//! The trace that a request belongs to, for the log: W3C Trace Context, whose header
//! `traceparent` the caller sends.

use axum::http::HeaderMap;

/// The id of the trace: 32 hex digits. `None` where the header is absent or not
/// well-formed, so nothing else that a caller sends can come into the log.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all("traceparent").into_iter();
    let text = all.next()?.to_str().ok()?;
    let parts: Vec<&str> = text.splitn(5, '-').collect();
    let (&[version, id, parent, flags], None) = (parts.get(..4)?, all.next()) else {
        return None;
    };
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let has = |part: &str, digits| part.len() == digits && part.bytes().all(is_digit);
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let is_well_formed = has(version, 2) && has(id, 32) && has(parent, 16) && has(flags, 2);
    // Only a version that is not known yet may have more.
    let is_version = version != "ff" && (version != "00" || parts.len() == 4);
    let is_named = !is_zero(id) && !is_zero(parent);
    (is_well_formed && is_version && is_named).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_is_logged() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        for (header, expected) in [
            (format!("00-{id}-b7ad6b7169203331-01"), true),
            (format!("01-{id}-b7ad6b7169203331-01-more"), true),
            (format!("00-{id}-b7ad6b7169203331-01-more"), false),
            (format!("ff-{id}-b7ad6b7169203331-01"), false),
            (format!("00-{id}-0000000000000000-01"), false),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
            (
                format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
                false,
            ),
            (format!("00-{id}\" trace=\"x-b7ad6b7169203331-01"), false),
            (format!("00-{id}-b7ad6b7169203331"), false),
            (String::new(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", header.parse().unwrap());
            let found = trace_id(&headers);
            assert_eq!(found.as_deref(), expected.then_some(id), "{header}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
