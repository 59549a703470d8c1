//! Parameters of a request's query.

use bytes::Bytes;
use http::Request;
use shared::domain::violation::Violation;

/// The value of a parameter, not decoded.
pub(crate) fn parameter<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request
        .uri()
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// `?cursor=`, or the first page's.
pub(crate) fn cursor(request: &Request<Bytes>) -> Result<&str, Violation> {
    let cursor = parameter(request, "cursor").unwrap_or("0");
    // Redis gives numbers of 64 bits and takes no others; `parse` would take a plus.
    if cursor.starts_with('+') || cursor.parse::<u64>().is_err() {
        return Err(Violation::invalid(
            "cursor",
            "cursor must be the value of `next` in the page before.",
        ));
    }
    Ok(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_number_that_redis_takes() {
        let of = |query: &str| {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = format!("/dead{query}").parse().unwrap();
            cursor(&request).map(str::to_owned)
        };
        assert_eq!(of("").as_deref(), Ok("0"));
        let largest = u64::MAX.to_string();
        for good in ["0", "17", largest.as_str()] {
            assert_eq!(of(&format!("?cursor={good}")).as_deref(), Ok(good));
        }
        for bad in ["", "x", "-1", "+1", "1.5", "99999999999999999999999"] {
            let violation = of(&format!("?cursor={bad}")).unwrap_err();
            assert_eq!(violation.field, "cursor", "{bad}");
        }
    }
}
