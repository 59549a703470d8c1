//! Who may see what belongs to others: code, results, and ids.
//!
//! Both Workers ask here, so that they have one rule. The operator is whoever
//! sends the value of `ADMIN_TOKEN`; `OPEN_ACCESS=on` lets everybody see what
//! otherwise only the operator sees, as in the classic design. The operator's
//! actions are not part of that: they always need the token.

use http::{HeaderMap, header};

use super::{ApiError, Code};
use crate::config::{self, ConfigError, Lookup, Secret};

/// The variable with the operator's token.
const ADMIN_TOKEN: &str = "ADMIN_TOKEN";

/// The two variables that decide about access.
#[derive(Debug, Clone)]
pub struct Access {
    /// `ADMIN_TOKEN`, the operator's token. Default: none, and the operator's
    /// calls are off.
    admin_token: Option<Secret>,
    /// `OPEN_ACCESS`, `on` or `off`: whether anybody may read code, results and
    /// ids. Default: `on` while there is no `ADMIN_TOKEN`, else `off`.
    is_open: bool,
}

impl Access {
    /// Reads the variables named on the fields.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let admin_token = config::optional(lookup, ADMIN_TOKEN).map(Secret::new);
        Ok(Self {
            is_open: config::switch(lookup, "OPEN_ACCESS", admin_token.is_none())?,
            admin_token,
        })
    }

    /// Whether anybody may read what otherwise only the operator reads.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the request is the operator's.
    pub fn is_operator(&self, headers: &HeaderMap) -> bool {
        let token = self.admin_token.as_ref();
        token.is_some_and(|token| bearer(headers).is_some_and(|given| token.matches(given)))
    }

    /// For a `GET` that does something, where access is open: a page of another site
    /// must not have its visitors' browsers call it, as a picture or a link does.
    ///
    /// Errors: 403 where a browser says that another site asks (`Sec-Fetch-Site`), or
    /// that it wants anything but data or a page (`Sec-Fetch-Dest`). Programs send
    /// neither header.
    pub fn refuse_other_sites(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let is_one_of = |name: &str, allowed: [&str; 2]| {
            let value = headers.get(name).map(http::HeaderValue::as_bytes);
            value.is_none_or(|value| allowed.iter().any(|one| one.as_bytes() == value))
        };
        if is_one_of("sec-fetch-site", ["same-origin", "none"])
            && is_one_of("sec-fetch-dest", ["empty", "document"])
        {
            return Ok(());
        }
        Err(ApiError::new(
            Code::Forbidden,
            "A browser may make this call only from a page of the same address, or when \
             somebody types it.",
        ))
    }

    /// Errors: 403 where the operator's calls are off, 401 for a wrong token or
    /// none.
    pub fn require_operator(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.admin_token.is_none() {
            return Err(ApiError::new(
                Code::OperationsOff,
                "The operator's calls are off: the variable ADMIN_TOKEN is not set.",
            ));
        }
        if self.is_operator(headers) {
            return Ok(());
        }
        Err(ApiError::new(
            Code::Unauthorized,
            "This call needs the operator's token. Send the header Authorization: Bearer, \
             followed by the value of ADMIN_TOKEN.",
        ))
    }
}

/// The token of `Authorization: Bearer …`. The scheme may be in any case (RFC
/// 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(admin_token: Option<&str>, open_access: Option<&str>) -> Access {
        Access::from_lookup(&|name| match name {
            "ADMIN_TOKEN" => admin_token.map(str::to_owned),
            "OPEN_ACCESS" => open_access.map(str::to_owned),
            _ => None,
        })
        .unwrap()
    }

    fn headers(authorization: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn other_sites_are_refused_and_programs_are_not() {
        let status = |site: Option<&'static str>, dest: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("sec-fetch-dest", dest)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let error = access(None, None).refuse_other_sites(&headers).err();
            error.map(|error| error.status().as_u16())
        };
        assert_eq!(status(None, None), None);
        assert_eq!(status(Some("none"), Some("document")), None);
        assert_eq!(status(Some("same-origin"), Some("empty")), None);
        for site in ["cross-site", "same-site", "x"] {
            assert_eq!(status(Some(site), Some("empty")), Some(403), "{site}");
        }
        for dest in ["image", "script", "iframe"] {
            assert_eq!(status(Some("same-origin"), Some(dest)), Some(403), "{dest}");
        }
    }

    #[test]
    fn an_operator_has_the_token() {
        let status = |token, authorization| {
            let access = access(token, None);
            let headers = headers(authorization);
            let error = access.require_operator(&headers).err();
            assert_eq!(access.is_operator(&headers), error.is_none());
            error.map(|error| error.status().as_u16())
        };
        let token = Some("right");
        for scheme in ["Bearer right", "bearer right", "BEARER  right"] {
            assert_eq!(status(token, Some(scheme)), None, "{scheme}");
        }
        for wrong in [
            "Bearer wrong",
            "right",
            "Basic right",
            "Bearer",
            "Bearerright",
            "",
        ] {
            assert_eq!(status(token, Some(wrong)), Some(401), "{wrong}");
        }
        assert_eq!(status(token, None), Some(401));
        assert_eq!(status(None, Some("Bearer ")), Some(403));
    }

    #[test]
    fn access_is_open_until_there_is_an_operator() {
        assert!(access(None, None).is_open());
        assert!(!access(Some("t"), None).is_open());
        assert!(access(Some("t"), Some("on")).is_open());
        assert!(!access(None, Some("off")).is_open());
        let wrong = Access::from_lookup(&|_| Some("perhaps".into())).unwrap_err();
        assert!(wrong.to_string().contains("OPEN_ACCESS"), "{wrong}");
    }
}
