//! What a call needs, and whether a request has it.
//!
//! Both Workers ask here, so that they have one rule: closed by default. A call needs
//! a key with a certain scope ([`super::keys`]), unless the operator opened it: with
//! `AUTH=off` everything but the operator's own calls, as in the classic design, and
//! with `PUBLIC_SUBMIT=on` what a practice page needs. Which call needs what, each
//! Worker says in one place of its own.
//!
//! The check looks at nothing but headers and variables, and comes before everything
//! else. So whoever is refused cannot tell an id that exists from one that does not.

use http::{HeaderMap, HeaderValue};

use super::keys::{ADMIN_TOKEN, API_KEYS, Caller, Keys, Scope};
use super::{ApiError, Code};
use crate::config::{self, ConfigError, Lookup};

/// The variable that turns the check off.
const AUTH: &str = "AUTH";
/// The variable that opens submitting.
const PUBLIC_SUBMIT: &str = "PUBLIC_SUBMIT";
/// The variable that was there before [`AUTH`].
const OPEN_ACCESS: &str = "OPEN_ACCESS";

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// A key with any of these. Empty: nothing is needed, and no key is looked at.
    pub any_of: &'static [Scope],
    /// Whether `AUTH=off` opens it.
    pub open_without_auth: bool,
    /// Whether `PUBLIC_SUBMIT=on` opens it.
    pub open_to_public: bool,
}

impl Need {
    /// Always open.
    pub const NOTHING: Self = Self::closed(&[]);
    /// Sending code.
    pub const SUBMIT: Self = Self {
        any_of: &[Scope::Submit],
        open_without_auth: true,
        open_to_public: true,
    };
    /// Reading what a submitter reads: a result by its id, problems, languages.
    pub const SUBMIT_OR_READ: Self = Self {
        any_of: &[Scope::Submit, Scope::Read],
        ..Self::SUBMIT
    };
    /// Having jobs worked on.
    pub const WORK: Self = Self {
        any_of: &[Scope::Work],
        open_without_auth: true,
        open_to_public: false,
    };
    /// Reading the numbers.
    pub const READ_OR_WORK: Self = Self::closed(&[Scope::Read, Scope::Work]);
    /// The operator's actions, and what else nobody but the operator may see.
    pub const ADMIN: Self = Self::closed(&[Scope::Admin]);

    const fn closed(any_of: &'static [Scope]) -> Self {
        Self {
            any_of,
            open_without_auth: false,
            open_to_public: false,
        }
    }

    /// `scope submit or read`, for messages.
    fn scopes(self) -> String {
        let names: Vec<&str> = self.any_of.iter().map(|scope| scope.name()).collect();
        format!("the scope {}", names.join(" or "))
    }
}

/// The variables that decide about access.
#[derive(Debug, Clone)]
pub struct Access {
    /// `ADMIN_TOKEN` and `API_KEYS`. Default: none.
    keys: Keys,
    /// `AUTH`, `on` (default) or `off`.
    auth: bool,
    /// `PUBLIC_SUBMIT`, `on` or `off` (default).
    public_submit: bool,
}

impl Access {
    /// Reads the variables named on the fields. Errors also where `OPEN_ACCESS` is
    /// still set: it would go unnoticed that it means nothing any more.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        if config::optional(lookup, OPEN_ACCESS).is_some() {
            return Err(ConfigError::Replaced {
                name: OPEN_ACCESS,
                instead: "AUTH=off opens what OPEN_ACCESS=on opened, and without it a call \
                          needs a key of API_KEYS or ADMIN_TOKEN",
            });
        }
        Ok(Self {
            keys: Keys::from_lookup(lookup)?,
            auth: config::switch(lookup, AUTH, true)?,
            public_submit: config::switch(lookup, PUBLIC_SUBMIT, false)?,
        })
    }

    /// Whether anybody may do and read everything but what is the operator's.
    pub fn is_open(&self) -> bool {
        !self.auth
    }

    /// Who sends a request, by its key.
    pub fn caller(&self, headers: &HeaderMap) -> Caller {
        self.keys.caller(headers)
    }

    /// Whether a caller may read code, results and ids of others.
    pub fn sees_all(&self, caller: &Caller) -> bool {
        self.is_open() || caller.may(Scope::Read)
    }

    /// Lets a caller in that has what a call needs.
    ///
    /// Errors: 401 without a key, and with one that is none of ours even where the call
    /// is open, for a typo should not go unnoticed; 403 where the key may not make this
    /// call, and where there are no keys at all.
    pub fn require(&self, caller: &Caller, need: Need) -> Result<(), ApiError> {
        let is_open =
            need.open_without_auth && !self.auth || need.open_to_public && self.public_submit;
        let is_met = need.any_of.iter().any(|scope| caller.may(*scope));
        match caller {
            _ if need.any_of.is_empty() || is_met => Ok(()),
            Caller::Nobody | Caller::Key(_) if is_open => Ok(()),
            Caller::Key(_) => Err(ApiError::new(
                Code::Forbidden,
                format!("This call needs a key with {}.", need.scopes()),
            )),
            Caller::Nobody | Caller::Unknown if self.keys.is_empty() && !is_open => {
                Err(self.closed(need))
            }
            Caller::Nobody => Err(ApiError::new(
                Code::Unauthorized,
                format!(
                    "This call needs a key with {}. Send the header Authorization: Bearer, \
                     followed by the key, or X-API-Key.",
                    need.scopes()
                ),
            )),
            Caller::Unknown => Err(ApiError::new(
                Code::Unauthorized,
                "The key in the header Authorization or X-API-Key is not valid here.",
            )),
        }
    }

    /// Where there are no keys.
    fn closed(&self, need: Need) -> ApiError {
        if self.auth {
            let message = format!(
                "This Worker is closed: it has no keys. Set the variable {API_KEYS} or \
                 {ADMIN_TOKEN}, or {AUTH}=off to let anybody in."
            );
            return ApiError::new(Code::Closed, message);
        }
        let message = format!(
            "The operator's calls are off: no key with {} is set. Set the variable \
             {ADMIN_TOKEN} or {API_KEYS}.",
            need.scopes()
        );
        ApiError::new(Code::OperationsOff, message)
    }

    /// For a `GET` that does something, where access is open: a page of another site
    /// must not have its visitors' browsers call it, as a picture or a link does.
    ///
    /// Errors: 403 where a browser says that another site asks (`Sec-Fetch-Site`), or
    /// that it wants anything but data or a page (`Sec-Fetch-Dest`). Programs send
    /// neither header, and a key is nothing that another site has.
    pub fn refuse_other_sites(headers: &HeaderMap, caller: &Caller) -> Result<(), ApiError> {
        let is_one_of = |name: &str, allowed: [&str; 2]| {
            let value = headers.get(name).map(HeaderValue::as_bytes);
            value.is_none_or(|value| allowed.iter().any(|one| one.as_bytes() == value))
        };
        let is_ours = is_one_of("sec-fetch-site", ["same-origin", "none"])
            && is_one_of("sec-fetch-dest", ["empty", "document"]);
        if is_ours || caller.may(Scope::Work) {
            return Ok(());
        }
        Err(ApiError::new(
            Code::Forbidden,
            "A browser may make this call only from a page of the same address, or when \
             somebody types it.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"[
        {"name":"s","key":"submit-key-00000","scopes":["submit"]},
        {"name":"r","key":"read-key-0000000","scopes":["read"]},
        {"name":"w","key":"work-key-0000000","scopes":["work"]},
        {"name":"a","key":"admin-key-000000","scopes":["admin"]}]"#;

    fn read(vars: &[(&str, &str)]) -> Result<Access, ConfigError> {
        Access::from_lookup(&|asked| {
            let found = vars.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn headers(sent: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    /// `ok`, or the code of the refusal.
    fn outcome(access: &Access, key: &str, need: Need) -> &'static str {
        let sent = [("x-api-key", key)];
        let sent = if key.is_empty() { &[][..] } else { &sent };
        let refused = access.require(&access.caller(&headers(sent)), need).err();
        refused.map_or("ok", |error| error.code().name())
    }

    #[test]
    fn a_call_is_for_a_key_with_its_scope_or_was_opened() {
        let keys = ("API_KEYS", KEYS);
        let given = [
            "",
            "nobody-s-key-000",
            "submit-key-00000",
            "read-key-0000000",
            "work-key-0000000",
            "admin-key-000000",
        ];
        let (ok, no, shut) = ("ok", "unauthorized", "forbidden");
        let (on, off) = (&[keys][..], &[keys, (AUTH, "off")][..]);
        let public = &[keys, (PUBLIC_SUBMIT, "on")][..];
        for (vars, need, expected) in [
            (on, Need::NOTHING, [ok, ok, ok, ok, ok, ok]),
            (on, Need::SUBMIT, [no, no, ok, shut, shut, ok]),
            (on, Need::SUBMIT_OR_READ, [no, no, ok, ok, shut, ok]),
            (on, Need::WORK, [no, no, shut, shut, ok, ok]),
            (on, Need::READ_OR_WORK, [no, no, shut, ok, ok, ok]),
            (on, Need::ADMIN, [no, no, shut, shut, shut, ok]),
            (public, Need::SUBMIT, [ok, no, ok, ok, ok, ok]),
            (public, Need::SUBMIT_OR_READ, [ok, no, ok, ok, ok, ok]),
            (public, Need::WORK, [no, no, shut, shut, ok, ok]),
            (public, Need::READ_OR_WORK, [no, no, shut, ok, ok, ok]),
            (public, Need::ADMIN, [no, no, shut, shut, shut, ok]),
            (off, Need::SUBMIT, [ok, no, ok, ok, ok, ok]),
            (off, Need::SUBMIT_OR_READ, [ok, no, ok, ok, ok, ok]),
            (off, Need::WORK, [ok, no, ok, ok, ok, ok]),
            (off, Need::READ_OR_WORK, [no, no, shut, ok, ok, ok]),
            (off, Need::ADMIN, [no, no, shut, shut, shut, ok]),
        ] {
            let access = read(vars).unwrap();
            let got = given.map(|key| outcome(&access, key, need));
            assert_eq!(got, expected, "{vars:?} {need:?}");
        }
    }

    #[test]
    fn without_any_key_a_worker_is_closed_and_says_what_to_set() {
        let closed = read(&[]).unwrap();
        let (need, unknown) = (Need::SUBMIT, headers(&[("authorization", "Bearer x")]));
        for sent in [&HeaderMap::new(), &unknown] {
            let error = closed.require(&closed.caller(sent), need).unwrap_err();
            assert_eq!(
                (error.status().as_u16(), error.code().name()),
                (403, "closed")
            );
            for name in ["API_KEYS", "ADMIN_TOKEN", "AUTH"] {
                assert!(error.message().contains(name), "{}", error.message());
            }
        }
        assert_eq!(outcome(&closed, "", Need::NOTHING), "ok");
        let open = read(&[(AUTH, "off")]).unwrap();
        assert_eq!(outcome(&open, "", Need::WORK), "ok");
        assert_eq!(
            outcome(&open, "a-typo-a-typo-00", Need::WORK),
            "unauthorized"
        );
        assert_eq!(outcome(&open, "", Need::ADMIN), "operations_off");
        let public = read(&[(PUBLIC_SUBMIT, "on")]).unwrap();
        assert_eq!(outcome(&public, "", Need::SUBMIT), "ok");
        assert_eq!(outcome(&public, "", Need::WORK), "closed");
    }

    #[test]
    fn a_refusal_names_the_header_and_the_scope_and_asks_for_a_key() {
        let access = read(&[("API_KEYS", KEYS)]).unwrap();
        let refused = |sent: &[(&'static str, &str)], need| {
            let caller = access.caller(&headers(sent));
            access.require(&caller, need).unwrap_err()
        };
        let error = refused(&[], Need::SUBMIT_OR_READ);
        for part in [
            "Authorization: Bearer",
            "X-API-Key",
            "the scope submit or read",
        ] {
            assert!(error.message().contains(part), "{}", error.message());
        }
        let response = error.into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let error = refused(&[("x-api-key", "work-key-0000000")], Need::ADMIN);
        assert!(
            error.message().contains("the scope admin"),
            "{}",
            error.message()
        );
        let error = refused(&[("x-api-key", "guessed-key-0000")], Need::ADMIN);
        assert!(!error.message().contains("guessed"), "{}", error.message());
    }

    #[test]
    fn a_reader_sees_all_and_a_submitter_does_not() {
        let sees = |vars: &[(&str, &str)], key| {
            let access = read(vars).unwrap();
            access.sees_all(&access.caller(&headers(&[("x-api-key", key)])))
        };
        let keys = ("API_KEYS", KEYS);
        for (key, expected) in [
            ("submit-key-00000", false),
            ("work-key-0000000", false),
            ("read-key-0000000", true),
            ("admin-key-000000", true),
            ("nobody-s-key-000", false),
        ] {
            assert_eq!(sees(&[keys], key), expected, "{key}");
            assert_eq!(sees(&[keys, (PUBLIC_SUBMIT, "on")], key), expected, "{key}");
            assert!(sees(&[keys, (AUTH, "off")], key), "{key}");
        }
    }

    #[test]
    fn the_variable_of_earlier_versions_is_an_error_that_names_its_successor() {
        for value in ["on", "off"] {
            let error = read(&[(OPEN_ACCESS, value)]).unwrap_err().to_string();
            assert!(
                error.contains("OPEN_ACCESS") && error.contains("AUTH=off"),
                "{error}"
            );
        }
        assert!(read(&[(OPEN_ACCESS, "")]).is_ok());
        let error = read(&[(AUTH, "none")]).unwrap_err().to_string();
        assert!(error.contains("AUTH"), "{error}");
    }

    #[test]
    fn other_sites_are_refused_and_programs_are_not() {
        let status = |site: Option<&'static str>, dest: Option<&'static str>, key| {
            let sent = [
                ("sec-fetch-site", site),
                ("sec-fetch-dest", dest),
                ("x-api-key", key),
            ];
            let sent = sent
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            let access = read(&[("API_KEYS", KEYS)]).unwrap();
            let sent: Vec<_> = sent.collect();
            let caller = access.caller(&headers(&sent));
            let error = Access::refuse_other_sites(&headers(&sent), &caller).err();
            error.map(|error| error.status().as_u16())
        };
        assert_eq!(status(None, None, None), None);
        assert_eq!(status(Some("none"), Some("document"), None), None);
        assert_eq!(status(Some("same-origin"), Some("empty"), None), None);
        for site in ["cross-site", "same-site", "x"] {
            assert_eq!(status(Some(site), Some("empty"), None), Some(403), "{site}");
            let key = Some("work-key-0000000");
            assert_eq!(status(Some(site), Some("empty"), key), None, "{site}");
        }
        for dest in ["image", "script", "iframe"] {
            assert_eq!(
                status(Some("same-origin"), Some(dest), None),
                Some(403),
                "{dest}"
            );
        }
    }
}
