//! Who sends a request.

use http::HeaderMap;
use shared::domain::client::ClientId;

use crate::config::Config;
use crate::rates::Counted;

/// The platform sets this header to the client's address.
const ADDRESS: &str = "cf-connecting-ip";

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The operator, for whom no share and no quota is counted.
    Operator,
    /// Anybody else.
    Client(ClientId),
}

impl Sender {
    /// Who sends a request with these headers. A wrong token makes a client of the
    /// sender.
    pub(crate) fn of(headers: &HeaderMap, config: &Config) -> Self {
        if config.access.is_operator(headers) {
            return Self::Operator;
        }
        let address = headers.get(ADDRESS).and_then(|text| text.to_str().ok());
        Self::Client(ClientId::at(address.unwrap_or_default(), &config.tickets))
    }

    /// By what its calls are counted.
    pub(crate) fn counted(self) -> Counted {
        match self {
            Self::Operator => Counted::Operator,
            Self::Client(client) => Counted::Address(client),
        }
    }

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
    use super::*;

    fn sender(headers: &[(&'static str, &str)]) -> Sender {
        let config = Config::from_lookup(&|name| match name {
            "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => Some("right".into()),
            _ => None,
        });
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        Sender::of(&all, &config.unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn a_sender_is_the_operator_or_an_address() {
        let address = [(ADDRESS, "192.0.2.1")];
        let client = sender(&address);
        assert!(client.client().is_some());
        assert_ne!(client, sender(&[(ADDRESS, "192.0.2.2")]));
        assert_ne!(client, sender(&[]));
        let token = |token| sender(&[(ADDRESS, "192.0.2.1"), ("authorization", token)]);
        assert_eq!(token("bearer right"), Sender::Operator);
        assert_eq!(token("Bearer wrong"), client);
    }
}
