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

/// The value of a parameter of free text.
pub(crate) fn text(request: &Request<Bytes>, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    form_urlencoded::parse(query.as_bytes())
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// `?cursor=`, or the first page's. Errors: it is no number that Redis takes as a
/// cursor, which has 64 bits.
pub(crate) fn cursor(request: &Request<Bytes>) -> Result<u64, Violation> {
    let cursor = parameter(request, "cursor").unwrap_or("0");
    let digits = cursor.bytes().all(|byte| byte.is_ascii_digit());
    cursor.parse().ok().filter(|_| digits).ok_or_else(|| {
        Violation::invalid(
            "cursor",
            "cursor must be the value of `next` in the page before.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_is_decoded() {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = "/dead/replay?a=1&reason=Given+up%20%C3%A4%26"
            .parse()
            .unwrap();
        assert_eq!(text(&request, "reason").as_deref(), Some("Given up ä&"));
        assert_eq!(text(&request, "cursor"), None);
    }

    #[test]
    fn a_cursor_is_a_number_of_64_bits() {
        let of = |query: &str| {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = format!("/dead{query}").parse().unwrap();
            cursor(&request).map_err(|violation| violation.field.into_owned())
        };
        assert_eq!(of(""), Ok(0));
        assert_eq!(of("?cursor=17&x=1"), Ok(17));
        assert_eq!(of("?cursor=18446744073709551615"), Ok(u64::MAX));
        for bad in [
            "",
            "x",
            "-1",
            "+1",
            "18446744073709551616",
            "99999999999999999999999",
        ] {
            assert_eq!(of(&format!("?cursor={bad}")), Err("cursor".into()), "{bad}");
        }
    }
}
