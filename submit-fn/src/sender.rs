//! Who sends a request.

use shared::domain::client::ClientId;
use shared::http::ApiError;

use crate::context::Context;

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
    /// The client; `None` for the operator.
    pub(crate) fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Operator => None,
            Self::Client(client) => Some(client),
        }
    }
}

impl<W> Context<'_, W> {
    /// Who sends the request. A wrong token makes a client of the sender.
    pub(crate) fn sender(&self) -> Result<Sender, ApiError> {
        let config = self.config()?;
        if config.access.is_operator(self.headers) {
            return Ok(Sender::Operator);
        }
        let address = self.headers.get(ADDRESS);
        let address = address.and_then(|text| text.to_str().ok());
        let client = ClientId::at(address.unwrap_or_default(), &config.tickets);
        Ok(Sender::Client(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use crate::runtime::Runtime;
    use http::HeaderMap;

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
        let instance = Instance::default();
        let runtime = Runtime::standing_still();
        Context::new(config, &instance, &(), &all, runtime)
            .sender()
            .unwrap()
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
