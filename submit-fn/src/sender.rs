//! Who sends a request.

use shared::domain::client::ClientId;
use shared::http::rates::Counted;

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The operator, for whom no share and no quota is counted.
    Operator,
    /// Anybody else, by the API key or else by the address.
    Client(ClientId),
}

impl From<Counted> for Sender {
    fn from(counted: Counted) -> Self {
        match counted {
            Counted::Operator => Self::Operator,
            Counted::Address(client) | Counted::Key { client, .. } => Self::Client(client),
        }
    }
}

impl Sender {
    /// The client; `None` for the operator.
    pub(crate) fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Operator => None,
            Self::Client(client) => Some(client),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use shared::http::rates::ADDRESS;

    use super::*;
    use crate::config::Config;

    const KEYS: &str = r#"[
        {"name":"site","key":"site-key-0123456","scopes":["submit"]},
        {"name":"other","key":"other-key-012345","scopes":["submit","read"]},
        {"name":"boss","key":"boss-key-0123456","scopes":["admin"]}]"#;

    fn sender(headers: &[(&'static str, &str)]) -> Sender {
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => Some("the-right-token-0".into()),
            "API_KEYS" => Some(KEYS.into()),
            _ => None,
        });
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        let caller = config.access.caller(&all);
        Counted::of(&caller, &all, &config.tickets).into()
    }

    #[test]
    fn a_sender_is_the_operator_or_a_key_or_an_address() {
        let address = [(ADDRESS, "192.0.2.1")];
        let client = sender(&address);
        assert!(client.client().is_some());
        assert_ne!(client, sender(&[(ADDRESS, "192.0.2.2")]));
        assert_ne!(client, sender(&[]));
        let token = |token| sender(&[(ADDRESS, "192.0.2.1"), ("authorization", token)]);
        assert_eq!(token("bearer the-right-token-0"), Sender::Operator);
        assert_eq!(token("Bearer boss-key-0123456"), Sender::Operator);
        // A site is one client, wherever its servers are.
        let site = token("Bearer site-key-0123456");
        let elsewhere = [(ADDRESS, "192.0.2.9"), ("x-api-key", "site-key-0123456")];
        assert_eq!(site, sender(&elsewhere));
        let others = [client, token("Bearer other-key-012345"), Sender::Operator];
        assert!(!others.contains(&site));
    }
}
