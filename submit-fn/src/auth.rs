//! The operator's token.
//!
//! An operator's call needs `ADMIN_TOKEN` as a bearer token. Without the
//! variable these calls are off: nobody is an operator by default.

use http::header;
use shared::http::{ApiError, Code};

use crate::context::Context;

/// Errors: 403 where the operator's calls are off, 401 for a wrong token or none.
pub(crate) fn require_operator<W>(context: &Context<'_, W>) -> Result<(), ApiError> {
    let Some(token) = &context.config()?.admin_token else {
        return Err(ApiError::new(
            Code::OperationsOff,
            "The operator's calls are off: the variable ADMIN_TOKEN is not set.",
        ));
    };
    let given = context
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|given| token.matches(given)) {
        Ok(())
    } else {
        Err(ApiError::new(
            Code::Unauthorized,
            "This call needs the operator's token. Send the header Authorization: Bearer, \
             followed by the value of ADMIN_TOKEN.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::context::no_sleep;
    use crate::instance::Instance;
    use http::HeaderMap;

    fn status(admin_token: Option<&str>, authorization: Option<&str>) -> Option<u16> {
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => admin_token.map(str::to_owned),
            _ => None,
        });
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let instance = Instance::default();
        let context = Context::new(config, &instance, &(), &headers, 0, || [0; 10], no_sleep);
        let error = require_operator(&context).err()?;
        Some(error.status().as_u16())
    }

    #[test]
    fn an_operator_has_the_token() {
        let token = Some("right");
        assert_eq!(status(token, Some("Bearer right")), None);
        assert_eq!(status(token, Some("Bearer wrong")), Some(401));
        assert_eq!(status(token, Some("right")), Some(401));
        assert_eq!(status(token, None), Some(401));
        assert_eq!(status(None, Some("Bearer ")), Some(403));
    }
}
