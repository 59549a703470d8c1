//! Where Redis is: `redis://[user][:password@]host[:port][/database]`.

use percent_encoding::percent_decode_str;

/// The address of a Redis, and what it takes to get in.
///
/// `Display` writes it without user and password, for logs and the ready line;
/// `Debug` says the same.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// 6379 unless the URL says otherwise.
    pub port: u16,
    /// The ACL user, when it is not the default one.
    pub user: Option<String>,
    /// The password, when there is one.
    pub password: Option<String>,
    /// The database number, chosen once for each connection.
    pub database: u32,
}

/// Why a URL is not one. The URL itself is never repeated: it may hold a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlError {
    /// Another scheme, or none.
    #[error("it must begin with redis://")]
    Scheme,
    /// `rediss://`: TLS to Redis is not built in.
    #[error("rediss:// (TLS) is not supported; use redis://, through a tunnel if needed")]
    Tls,
    /// The host is missing.
    #[error("it has no host")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// What follows the slash is not a number.
    #[error("its database is not a number")]
    Database,
    /// `%` escapes in user or password that are no UTF-8.
    #[error("its user or password is not UTF-8")]
    Credentials,
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

    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, RedisUrlError> {
        let url = url.trim();
        if url.starts_with("rediss://") {
            return Err(RedisUrlError::Tls);
        }
        let rest = url.strip_prefix("redis://").ok_or(RedisUrlError::Scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let (host, port) = split_port(address)?;
        if host.is_empty() {
            return Err(RedisUrlError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            user: credential(user)?,
            password: credential(password)?,
            database: match path {
                "" => 0,
                number => number.parse().map_err(|_| RedisUrlError::Database)?,
            },
        })
    }
}

fn split_port(address: &str) -> Result<(&str, u16), RedisUrlError> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(RedisUrlError::Host)?;
        (host, after.strip_prefix(':'))
    } else {
        match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        }
    };
    let port = match port {
        None => 6379,
        Some(port) => port.parse().map_err(|_| RedisUrlError::Port)?,
    };
    if port == 0 {
        return Err(RedisUrlError::Port);
    }
    Ok((host, port))
}

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
    use super::*;

    #[test]
    fn every_part_is_read_and_none_of_the_secrets_shown() {
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
    fn parts_may_be_missing() {
        let url = RedisUrl::parse("redis://:secret@localhost").unwrap();
        assert_eq!((url.user, url.port, url.database), (None, 6379, 0));
        assert_eq!(url.password.as_deref(), Some("secret"));
        let url = RedisUrl::parse("redis://[::1]:6380/").unwrap();
        assert_eq!(url.to_string(), "redis://[::1]:6380");
        assert_eq!(url.host, "::1");
        assert_eq!(
            RedisUrl::parse("redis://127.0.0.1:1").unwrap(),
            RedisUrl::loopback(1)
        );
    }

    #[test]
    fn a_wrong_url_is_explained() {
        for (url, error) in [
            ("http://x", RedisUrlError::Scheme),
            ("localhost:6379", RedisUrlError::Scheme),
            ("rediss://x", RedisUrlError::Tls),
            ("redis://:6379", RedisUrlError::Host),
            ("redis://[::1", RedisUrlError::Host),
            ("redis://x:0", RedisUrlError::Port),
            ("redis://x:99999", RedisUrlError::Port),
            ("redis://x/abc", RedisUrlError::Database),
            ("redis://:%ff@x", RedisUrlError::Credentials),
        ] {
            assert_eq!(RedisUrl::parse(url), Err(error), "{url}");
        }
    }
}
