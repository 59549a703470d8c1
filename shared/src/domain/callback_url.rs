//! The rule for a `callbackUrl`: an address that anybody may name and that this
//! system then calls, and so must not reach what only the operator can reach.
//!
//! Pure: what is known from the text alone. A submission is refused by it at once.
//! What a name resolves to is found out before each call; worker-fn holds the
//! addresses against the same rule, [`is_public`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Position, Url};

use super::violation::Violation;

/// The longest address, in characters.
pub const MAX_CHARS: usize = 2_048;

/// The member of a submission.
const FIELD: &str = "callbackUrl";

/// Top-level names that no public DNS server knows, or that stand for this machine
/// or this network: the registry of special-use domain names, and those in use
/// inside of companies and clouds.
const LOCAL_NAMES: [&str; 16] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

/// An address that keeps the rule, as far as its text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackUrl {
    url: Url,
    target: Target,
}

/// What an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A name, which may resolve to anything.
    Name(String),
    /// A public address by number.
    Address,
    /// This machine, where that is allowed.
    Loopback,
}

impl CallbackUrl {
    /// Reads an address. `loopback`: whether this machine may be called, also by
    /// plain http, which is for development.
    pub fn parse(text: &str, loopback: bool) -> Result<Self, Violation> {
        let refuse = |rule: &str| Err(Violation::invalid(FIELD, format!("callbackUrl {rule}")));
        if text.chars().count() > MAX_CHARS {
            return refuse("must be at most 2048 characters.");
        }
        // Parsers differ in what they make of these.
        let is_odd = |char: char| char.is_control() || char.is_whitespace() || char == '\\';
        if text.contains(is_odd) {
            return refuse("must hold no spaces, control characters or backslashes.");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("must be an absolute URL, with its host in ASCII.");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must hold no user name and no password.");
        }
        if url.fragment().is_some() {
            return refuse("must have no fragment (#…).");
        }
        let is_loopback = loopback && url.host().is_some_and(|host| is_loopback(&host));
        if url.scheme() != "https" && !(is_loopback && url.scheme() == "http") {
            return refuse("must be an https URL.");
        }
        let target = match url.host() {
            _ if is_loopback => Target::Loopback,
            Some(Host::Domain(name)) if is_local_name(name) => {
                return refuse("must name a host in the public DNS.");
            }
            Some(Host::Domain(name)) => Target::Name(name.trim_end_matches('.').to_owned()),
            Some(Host::Ipv4(address)) if is_public(address.into()) => Target::Address,
            Some(Host::Ipv6(address)) if is_public(address.into()) => Target::Address,
            _ => return refuse("must not lead to a private, local or reserved address."),
        };
        Ok(Self { url, target })
    }

    /// The address, in the one form that all parsers read alike.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// What it leads to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What follows the host.
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..]
    }

    /// The host, by which receivers are told apart.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether a name cannot be one of the public DNS. One without a dot is of this
/// network.
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    match name.rsplit_once('.') {
        None => true,
        Some((_, top)) => top.is_empty() || LOCAL_NAMES.contains(&top),
    }
}

/// Whether an address is one of the public Internet: no private, loopback,
/// link-local, multicast, documentation or otherwise reserved one (the IANA's
/// registries of special-purpose addresses), and none that carries another address
/// inside of it.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    !matches!(
        (a, b, c, d),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, ..)
            | (169, 254, ..)
            | (172, 16..=31, ..)
            | (192, 0, 0 | 2, _)
            | (192, 31, 196, _)
            | (192, 52, 193, _)
            | (192, 88, 99, _)
            | (192, 168, ..)
            | (192, 175, 48, _)
            | (198, 18..=19, ..)
            | (198, 51, 100, _)
            | (203, 0, 113, _)
            // The platform service of a cloud, at a public number.
            | (168, 63, 129, 16)
    )
}

/// Only global unicast, 2000::/3, has public addresses at all.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_special = matches!(
        segments,
        // Protocol assignments, Teredo among them; documentation; 6to4; AS112.
        [0x2001, 0..=0x1ff, ..]
            | [0x2001, 0x0db8, ..]
            | [0x2002, ..]
            | [0x2620, 0x4f, 0x8000, ..]
            | [0x3fff, 0..=0xfff, ..]
    );
    segments[0] & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn public_addresses_are_taken() {
        for text in [
            "https://hooks.site.org",
            "https://hooks.site.org:8443/judge?x=1&y=%20",
            "https://hooks.site.org./x",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]/",
            "https://xn--mnchen-3ya.de/",
            "https://172.32.0.1/",
            "https://100.128.0.1/",
            "https://192.0.1.1/",
            "HTTPS://HOOKS.SITE.ORG",
        ] {
            assert!(CallbackUrl::parse(text, false).is_ok(), "{text}");
        }
        let url = CallbackUrl::parse(
            "HTTPS://Hooks.Site.Org./a b".replace(' ', "%20").as_str(),
            false,
        );
        let url = url.unwrap();
        assert_eq!(url.as_str(), "https://hooks.site.org./a%20b");
        assert_eq!(url.target(), &Target::Name("hooks.site.org".into()));
        let long = format!("https://hooks.site.org/{}", "x".repeat(MAX_CHARS - 23));
        assert!(CallbackUrl::parse(&long, false).is_ok());
        assert!(CallbackUrl::parse(&(long + "x"), false).is_err());
    }

    /// The end-to-end tests send the same forms.
    #[test]
    fn forbidden_addresses_are_refused_with_their_rule() {
        let table = include_str!("../../../tests/e2e/forbidden_callbacks.txt");
        let (mut count, mut wrong) = (0, Vec::new());
        for line in table.lines() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let (rule, text) = line.split_once(' ').unwrap();
            let text = text
                .replace("\\t", "\t")
                .replace("\\n", "\n")
                .replace("\\0", "\0");
            let part = match rule {
                "https" => "https URL",
                "address" => "private, local or reserved",
                "name" => "public DNS",
                "user" => "user name",
                "fragment" => "fragment",
                "odd" => "no spaces",
                "url" => "absolute URL",
                _ => panic!("{rule}"),
            };
            count += 1;
            match CallbackUrl::parse(&text, false) {
                Err(violation) if violation.message.contains(part) => {
                    assert_eq!(violation.field, "callbackUrl");
                }
                other => wrong.push((line, other.map_err(|violation| violation.message))),
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(count >= 100, "{count} forms");
    }

    #[test]
    fn this_machine_is_called_only_where_that_is_allowed() {
        for text in [
            "http://localhost:9/x",
            "https://localhost/",
            "http://127.0.0.1:9",
            "http://2130706433/",
            "http://[::1]:9/",
        ] {
            let url = CallbackUrl::parse(text, true).unwrap();
            assert_eq!(url.target(), &Target::Loopback, "{text}");
            assert!(CallbackUrl::parse(text, false).is_err(), "{text}");
        }
        for text in [
            "http://hooks.site.org/",
            "http://10.0.0.1/",
            "https://10.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://app.localhost/",
            "ftp://localhost/",
        ] {
            assert!(CallbackUrl::parse(text, true).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}", host in "[0-9a-fx.:%\\[\\]]{0,24}") {
            let _ = CallbackUrl::parse(&text, true);
            if let Ok(url) = CallbackUrl::parse(&format!("https://{host}/"), false) {
                prop_assert_ne!(url.target(), &Target::Loopback);
            }
        }

        /// However a private IPv4 address is carried.
        #[test]
        fn private_addresses_are_never_public(low: [u8; 3]) {
            for first in [0, 10, 127, 224, 255] {
                let address = Ipv4Addr::new(first, low[0], low[1], low[2]);
                prop_assert!(!is_public(address.into()));
                prop_assert!(!is_public(address.to_ipv6_mapped().into()));
                prop_assert!(!is_public(address.to_ipv6_compatible().into()));
            }
        }
    }
}
