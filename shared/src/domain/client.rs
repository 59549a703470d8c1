//! Who sends, as far as limits are concerned: an address or an API key, and nothing
//! that can be turned back into one.
//!
//! submit-fn makes the name, counts by it, and puts it into jobs, so that the
//! endpoint can take turns and worker-fn can count what is stored for it.

use std::net::{IpAddr, Ipv6Addr};

use super::ticket::TicketKey;

/// The header that tells an execution endpoint for whom it runs something, so that
/// it can take turns: with the name of a client, and before it `run-` for
/// `POST /run`. Our runner heeds it from callers that have its token.
pub const CALLER_HEADER: &str = "x-caller";

/// Digits of a name. 64 bits: no two clients of a day share one by chance.
const DIGITS: usize = 16;

/// A client: 16 hex digits, a keyed hash of its address or of its API key's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// The client at an address, as text. Of IPv6 the first 64 bits count: whoever
    /// has one such address has all of them. What is no address counts as it is,
    /// so all requests without one are one client.
    pub fn at(address: &str, key: &TicketKey) -> Self {
        let network = match address.trim().parse() {
            Ok(IpAddr::V4(address)) => address.to_string(),
            Ok(IpAddr::V6(address)) => network(address),
            Err(_) => address.to_owned(),
        };
        Self::named(&format!("client {network}"), key)
    }

    /// The client that holds the API key of this name, wherever it calls from.
    pub fn with_key(name: &str, key: &TicketKey) -> Self {
        Self::named(&format!("key {name}"), key)
    }

    fn named(text: &str, key: &TicketKey) -> Self {
        let mut name = key.fingerprint(text.as_bytes());
        name.truncate(DIGITS);
        Self(name)
    }

    /// Reads a name from a payload; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_name = text.len() == DIGITS && text.bytes().all(is_digit);
        is_name.then(|| Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of `count` buckets. Which one nobody can choose without the key.
    pub fn bucket(&self, count: usize) -> usize {
        let number = u64::from_str_radix(&self.0, 16).unwrap_or_default();
        // Fits: it is less than `count`.
        usize::try_from(number % count.max(1) as u64).unwrap_or_default()
    }
}

fn network(address: Ipv6Addr) -> String {
    match address.to_ipv4_mapped() {
        Some(address) => address.to_string(),
        None => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn key() -> TicketKey {
        TicketKey::new(&Secret::new("s"))
    }

    fn at(address: &str) -> ClientId {
        ClientId::at(address, &key())
    }

    #[test]
    fn a_client_is_an_address_or_an_ipv6_network() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", " 192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8:0:0:ffff::9", true),
            ("2001:db8::1", "2001:0DB8::2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("", "", true),
            ("", "unknown", false),
        ] {
            assert_eq!(at(one) == at(other), same, "{one} {other}");
        }
    }

    #[test]
    fn a_name_tells_no_address_without_the_key() {
        let other = TicketKey::new(&Secret::new("other"));
        let client = at("192.0.2.1");
        assert_ne!(client, ClientId::at("192.0.2.1", &other));
        assert_eq!(client.as_str().len(), DIGITS);
    }

    #[test]
    fn the_holder_of_a_key_is_a_client_of_its_own() {
        let with_key = |name| ClientId::with_key(name, &key());
        assert_eq!(with_key("site"), with_key("site"));
        assert_ne!(with_key("site"), with_key("other"));
        assert_ne!(with_key("site"), at("site"));
        assert_eq!(
            ClientId::parse(with_key("site").as_str()),
            Some(with_key("site"))
        );
    }

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is() {
        let client = at("192.0.2.1");
        assert_eq!(ClientId::parse(client.as_str()), Some(client));
        for text in [
            "",
            "0123456789abcde",
            "0123456789ABCDEF",
            "0123456789abcdef0",
            "x\r\ny: 0123456789",
        ] {
            assert_eq!(ClientId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn clients_spread_over_the_buckets() {
        let mut counts = [0; 16];
        for number in 0..1_600 {
            counts[at(&format!("198.51.{}.{}", number / 256, number % 256)).bucket(16)] += 1;
        }
        assert!(
            counts.iter().all(|&count| (50..200).contains(&count)),
            "{counts:?}"
        );
        assert_eq!(at("192.0.2.1").bucket(1), 0);
    }
}
