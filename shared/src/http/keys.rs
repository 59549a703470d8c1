//! Keys: who may call, and what for.
//!
//! The operator names keys in the variable `API_KEYS`, several at once so that one
//! can take the place of another without a gap, and `ADMIN_TOKEN` is one of them.
//! This file reads the two variables and tells which key a request gives.
//! [`super::access`] decides what a key is needed for.
//!
//! No key is held: only its SHA-256, which is compared in constant time with that of
//! what was given, and always with all of them. So the time that a check takes tells
//! neither how much of a guess was right, nor how long a key is, nor which one it was.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::config::{self, ConfigError, Lookup};
use crate::json::{Json, Object};

/// The variable with the operator's key.
pub(super) const ADMIN_TOKEN: &str = "ADMIN_TOKEN";
/// The variable with all other keys.
pub(super) const API_KEYS: &str = "API_KEYS";
/// The header that holds a key, where `Authorization` does not.
pub const API_KEY_HEADER: &str = "x-api-key";
/// The name of the key in `ADMIN_TOKEN`.
pub(super) const OPERATOR: &str = "operator";

/// The most keys of `API_KEYS`.
const MAX_KEYS: usize = 32;
/// The longest name of a key, in bytes.
const MAX_NAME_BYTES: usize = 32;
/// The lengths of a key, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=256;
/// Rates are multiples of it: a key is counted by so many of the platform's counters,
/// whose limit is fixed.
const RATE_STEP: u64 = 60;
/// The largest `rate`, in requests a minute.
const MAX_RATE: u64 = 1_000_000;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Submitting and running code, and reading a result by its id.
    Submit,
    /// Reading everybody's results, and the numbers.
    Read,
    /// Having jobs worked on.
    Work,
    /// Everything.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Submit, Self::Read, Self::Work, Self::Admin];

    /// The name in `API_KEYS` and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Work => "work",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One key, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    name: String,
    hash: Hash,
    /// The bits of its scopes.
    scopes: u8,
    rate: Option<u32>,
}

impl ApiKey {
    /// The operator's name for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used for this. `admin` implies all.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// How many requests a minute it may make, where it has a limit of its own.
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }
}

/// The SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hash([u8; 32]);

impl Hash {
    fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }
}

/// A short key could be guessed from its hash, so that is no matter for logs.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Who sends a request, by its key. Finding it out hashes every key that was given, so a
/// Worker does that once a request and hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// No key was given.
    Nobody,
    /// The key that was given is none of ours.
    Unknown,
    /// The holder of this key.
    Key(Arc<ApiKey>),
}

impl Caller {
    /// Whether it holds a key for this.
    pub fn may(&self, scope: Scope) -> bool {
        matches!(self, Self::Key(key) if key.may(scope))
    }

    /// The name of its key.
    pub fn key_name(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key.name()),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

/// All keys of a Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys(Vec<Arc<ApiKey>>);

impl Keys {
    /// Reads `ADMIN_TOKEN` and `API_KEYS`. Errors name a key by its place in the list,
    /// never by what stands there.
    pub(super) fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let texts = [ADMIN_TOKEN, API_KEYS].map(|name| config::optional(lookup, name));
        if texts[0].as_deref().is_some_and(|token| !is_key(token)) {
            return Err(ConfigError::Invalid {
                name: ADMIN_TOKEN,
                expected: key_rule(),
            });
        }
        Self::read(&texts).map_err(|why| ConfigError::Invalid {
            name: API_KEYS,
            expected: format!("a JSON array of keys, but {why}"),
        })
    }

    fn read([admin_token, api_keys]: &[Option<String>; 2]) -> Result<Self, String> {
        let mut keys = Vec::new();
        if let Some(token) = admin_token {
            keys.push(ApiKey {
                name: OPERATOR.into(),
                hash: Hash::of(token.as_bytes()),
                scopes: Scope::Admin.bit(),
                rate: None,
            });
        }
        if let Some(text) = api_keys {
            read_list(text, &mut keys)?;
        }
        Ok(Self(keys.into_iter().map(Arc::new).collect()))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose key a request gives: as `Authorization: Bearer KEY`, whose scheme may be
    /// in any case (RFC 9110, section 11.1), or as `X-API-Key: KEY`. Two different
    /// keys at once are none.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Caller {
        let bearers = headers.get_all(header::AUTHORIZATION).into_iter();
        let bearers = bearers.filter_map(|value| bearer(value.as_bytes()));
        let named = headers.get_all(API_KEY_HEADER).into_iter();
        let named = named.map(|value| value.as_bytes().trim_ascii());
        let mut caller = Caller::Nobody;
        for given in bearers.chain(named) {
            let found = self.find(given);
            let found = found.map_or(Caller::Unknown, |key| Caller::Key(Arc::clone(key)));
            caller = match caller {
                Caller::Nobody => found,
                same if same == found => same,
                _ => Caller::Unknown,
            };
        }
        caller
    }

    /// Compares with every key, whichever it is.
    fn find(&self, given: &[u8]) -> Option<&Arc<ApiKey>> {
        let given = Hash::of(given);
        let mut found = u32::MAX;
        for (index, key) in (0..).zip(self.0.iter()) {
            found.conditional_assign(&index, key.hash.0.ct_eq(&given.0));
        }
        self.0.get(usize::try_from(found).ok()?)
    }
}

/// The key of `Bearer KEY`; `None` for another scheme.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let (scheme, key) = value.split_at_checked(6)?;
    let is_bearer =
        scheme.eq_ignore_ascii_case(b"bearer") && key.first().is_none_or(u8::is_ascii_whitespace);
    is_bearer.then(|| key.trim_ascii())
}

/// Adds the keys of `API_KEYS`. Errors: the rest of "must be a JSON array of keys,
/// but …".
fn read_list(text: &str, keys: &mut Vec<ApiKey>) -> Result<(), String> {
    let parsed = Json::parse(text.as_bytes()).map_err(|_| "it is not valid JSON")?;
    let items = parsed.items().ok_or("it is no array")?;
    for (index, item) in items.enumerate() {
        if index == MAX_KEYS {
            return Err(format!("it holds more than {MAX_KEYS}"));
        }
        let key = read_key(item).map_err(|why| format!("key {} {why}", index + 1))?;
        let is_same = |other: &&ApiKey| other.name == key.name || other.hash == key.hash;
        if let Some(other) = keys.iter().find(is_same) {
            let what = if other.name == key.name {
                "the name"
            } else {
                "the value"
            };
            return Err(format!("key {} has {what} of another key", index + 1));
        }
        keys.push(key);
    }
    Ok(())
}

/// Whether it can be a key: too long to be guessed, and fit for a header.
fn is_key(text: &str) -> bool {
    KEY_BYTES.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What [`is_key`] asks for, for messages.
fn key_rule() -> String {
    let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
    format!("{least} to {most} visible ASCII characters")
}

/// Errors: the rest of "key 1 …". They show nothing of what was written: the names of
/// members neither, for somebody may have put a key there.
fn read_key(item: Json<'_>) -> Result<ApiKey, String> {
    let mut members = Object::of(item).map_err(|_| "must be an object that has no member twice")?;
    let text = |members: &mut Object<'_>, name| {
        let value = members.take(name).and_then(Json::text);
        value.map(std::borrow::Cow::into_owned).unwrap_or_default()
    };
    let name = text(&mut members, "name");
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_name) {
        return Err(format!(
            "needs a `name` of 1 to {MAX_NAME_BYTES} letters, digits, _ and -"
        ));
    }
    if name == OPERATOR {
        return Err(format!("is named {OPERATOR}, which {ADMIN_TOKEN} is"));
    }
    let key = text(&mut members, "key");
    if !is_key(&key) {
        return Err(format!("needs a `key` of {}", key_rule()));
    }
    let scopes = members.take("scopes").and_then(scopes);
    let scopes = scopes.ok_or("needs `scopes`, an array of submit, read, work and admin")?;
    let rate = members.take("rate").map(|rate| {
        let is_rate = |rate: &u64| (1..=MAX_RATE).contains(rate) && rate.is_multiple_of(RATE_STEP);
        let rate = rate.u64().filter(is_rate);
        let rate = rate.and_then(|rate| u32::try_from(rate).ok());
        rate.ok_or_else(|| {
            format!(
                "needs as `rate` a number of requests a minute, a multiple of {RATE_STEP} up to \
                 {MAX_RATE}"
            )
        })
    });
    if members.first_name().is_some() {
        return Err("has a member other than name, key, scopes and rate".into());
    }
    Ok(ApiKey {
        name,
        hash: Hash::of(key.as_bytes()),
        scopes,
        rate: rate.transpose()?,
    })
}

/// The bits of a list of scopes; `None` where it is empty or holds anything else.
fn scopes(list: Json<'_>) -> Option<u8> {
    let mut bits = 0;
    for item in list.items()? {
        let name = item.text()?;
        bits |= Scope::ALL.into_iter().find(|one| one.name() == name)?.bit();
    }
    (bits != 0).then_some(bits)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
