//! The address of Redis: `redis://[user][:password@]host[:port][/database]`.
//!
//! `cli.rs` parses it from the flag, `connect.rs` connects to it.

use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

/// Redis's default port.
const DEFAULT_PORT: u16 = 6379;

/// The address of a Redis, and the credentials for it.
///
/// `Display` and `Debug` write it without user and password, for logs and the ready
/// line.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// The port, 6379 by default.
    pub port: u16,
    /// The ACL user, if it is not the default one.
    pub user: Option<String>,
    /// The password, if there is one.
    pub password: Option<String>,
    /// The database number, selected once per connection.
    pub database: u32,
}

/// Why a URL cannot be used. The URL itself is never repeated: it may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlError {
    /// Another scheme, or none.
    #[error("it must begin with redis://")]
    Scheme,
    /// `rediss://`: TLS to Redis is not built in.
    #[error("rediss:// (TLS) is not supported; use redis://, through a tunnel if needed")]
    Tls,
    /// The host is missing or invalid.
    #[error("it has no valid host; special characters of a user or password are written as %XX")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error(
        "its port is not a number from 1 to 65535; special characters of a user or password are \
         written as %XX"
    )]
    Port,
    /// The path is not a number.
    #[error("its database is not a number")]
    Database,
    /// The user or password is not UTF-8 when decoded.
    #[error("its user or password is not UTF-8")]
    Credentials,
    /// There is a query or a fragment.
    #[error("it has a ? or #; in a user or password they are written as %3F and %23")]
    Query,
}

impl RedisUrl {
    /// A Redis on this machine without a password.
    pub fn loopback(port: u16) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            user: None,
            password: None,
            database: 0,
        }
    }

    /// Parses a URL.
    pub fn parse(url: &str) -> Result<Self, RedisUrlError> {
        let url = Url::parse(url).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase => RedisUrlError::Scheme,
            ParseError::InvalidPort => RedisUrlError::Port,
            _ => RedisUrlError::Host,
        })?;
        match url.scheme() {
            "redis" if !url.cannot_be_a_base() => {}
            "rediss" => return Err(RedisUrlError::Tls),
            _ => return Err(RedisUrlError::Scheme),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(RedisUrlError::Query);
        }
        let host = match url.host().ok_or(RedisUrlError::Host)? {
            Host::Domain("") => return Err(RedisUrlError::Host),
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = url.port().unwrap_or(DEFAULT_PORT);
        if port == 0 {
            return Err(RedisUrlError::Port);
        }
        Ok(Self {
            host,
            port,
            user: credential(url.username())?,
            password: credential(url.password().unwrap_or_default())?,
            database: match url.path().strip_prefix('/').unwrap_or_default() {
                "" => 0,
                number => number.parse().map_err(|_| RedisUrlError::Database)?,
            },
        })
    }
}

/// Decodes a user or password; `None` if it is empty.
fn credential(text: &str) -> Result<Option<String>, RedisUrlError> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| RedisUrlError::Credentials)?;
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}

impl std::fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "redis://[{}]:{}", self.host, self.port)?,
            false => write!(f, "redis://{}:{}", self.host, self.port)?,
        }
        match self.database {
            0 => Ok(()),
            database => write!(f, "/{database}"),
        }
    }
}

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn redis_url_reads_every_part_and_prints_no_secret() {
        let url = RedisUrl::parse("redis://ann:p%40ss@example.test:7000/2").unwrap();
        assert_eq!(url.host, "example.test");
        assert_eq!(url.port, 7000);
        assert_eq!(url.user.as_deref(), Some("ann"));
        assert_eq!(url.password.as_deref(), Some("p@ss"));
        assert_eq!(url.database, 2);
        assert_eq!(url.to_string(), "redis://example.test:7000/2");
        assert!(!format!("{url:?}").contains("p@ss"));
    }

    #[test]
    fn redis_url_parts_may_be_missing() {
        let url = RedisUrl::parse("redis://:secret@localhost").unwrap();
        assert_eq!((url.user, url.port, url.database), (None, 6379, 0));
        assert_eq!(url.password.as_deref(), Some("secret"));
        let url = RedisUrl::parse("redis://ignored:@localhost").unwrap();
        assert_eq!((url.user.as_deref(), url.password), (Some("ignored"), None));
        let url = RedisUrl::parse("redis://[::1]:6380/").unwrap();
        assert_eq!(url.to_string(), "redis://[::1]:6380");
        assert_eq!(url.host, "::1");
        assert_eq!(
            RedisUrl::parse(" redis://127.0.0.1:1\n").unwrap(),
            RedisUrl::loopback(1)
        );
    }

    #[test]
    fn redis_url_errors_name_the_part() {
        for (url, error) in [
            ("http://x", RedisUrlError::Scheme),
            ("localhost:6379", RedisUrlError::Scheme),
            ("localhost", RedisUrlError::Scheme),
            ("redis:x", RedisUrlError::Scheme),
            ("rediss://x", RedisUrlError::Tls),
            ("redis://", RedisUrlError::Host),
            ("redis:///1", RedisUrlError::Host),
            ("redis://:6379", RedisUrlError::Host),
            ("redis://[::1", RedisUrlError::Host),
            ("redis://a b", RedisUrlError::Host),
            ("redis://x:0", RedisUrlError::Port),
            ("redis://x:99999", RedisUrlError::Port),
            ("redis://:pa#ss@x", RedisUrlError::Host),
            ("redis://ann:pa#ss@x", RedisUrlError::Port),
            ("redis://x/abc", RedisUrlError::Database),
            ("redis://x/1/2", RedisUrlError::Database),
            ("redis://:%ff@x", RedisUrlError::Credentials),
            ("redis://x/1?y", RedisUrlError::Query),
            ("redis://x#y", RedisUrlError::Query),
        ] {
            assert_eq!(RedisUrl::parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn fuzz_redis_url_reads_the_parts_it_was_made_of() {
        let parts = (
            "[a-z][a-z0-9.-]{0,12}[a-z0-9]",
            1..=u16::MAX,
            any::<String>(),
            any::<String>(),
            any::<u32>(),
        );
        fuzz(&parts, |(host, port, user, password, database)| {
            let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let text = format!(
                "redis://{}:{}@{host}:{port}/{database}",
                escape(&user),
                escape(&password),
            );
            let non_empty = |text: String| Some(text).filter(|text| !text.is_empty());
            let url = RedisUrl {
                host,
                port,
                user: non_empty(user),
                password: non_empty(password),
                database,
            };
            prop_assert_eq!(RedisUrl::parse(&text), Ok(url));
            Ok(())
        });
    }

    #[test]
    fn fuzz_redis_url_of_any_text_prints_a_url_of_the_same_server() {
        let texts = prop_oneof![
            any::<String>(),
            "redis://[\\PC]{0,20}",
            "redis://([a-z:@/?#%0-9.\\[\\]-]{0,20})",
        ];
        fuzz(&texts, |text| {
            if let Ok(url) = RedisUrl::parse(&text) {
                prop_assert!(url.port > 0 && !url.host.is_empty());
                let printed = RedisUrl {
                    user: None,
                    password: None,
                    ..url.clone()
                };
                prop_assert_eq!(RedisUrl::parse(&url.to_string()), Ok(printed));
            }
            Ok(())
        });
    }
}
