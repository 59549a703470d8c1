//! Tests of [`super`]: what is read as a key, and what a request gives.

use super::*;

const SITE: &str = r#"{"name":"site","key":"0123456789abcdef","scopes":["submit"]}"#;

/// The operator's.
const TOKEN: &str = "0p3rator-s-own-key";

fn keys(admin_token: Option<&str>, api_keys: Option<&str>) -> Result<Keys, ConfigError> {
    Keys::from_lookup(&|name| match name {
        ADMIN_TOKEN => admin_token.map(str::to_owned),
        API_KEYS => api_keys.map(str::to_owned),
        _ => None,
    })
}

/// The caller's name; `-` for an unknown key and nothing for no key.
fn caller(keys: &Keys, sent: &[(&'static str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        headers.append(*name, value.parse().unwrap());
    }
    match keys.caller(&headers) {
        Caller::Nobody => String::new(),
        Caller::Unknown => "-".into(),
        Caller::Key(key) => key.name().into(),
    }
}

#[test]
fn a_key_has_a_name_scopes_and_maybe_a_rate() {
    let text = format!(
        r#"[{SITE},{{"rate":600,"scopes":["read","work","read"],"key":"{}","name":"A-b_9"}}]"#,
        "k".repeat(256)
    );
    let keys = keys(Some(TOKEN), Some(&text)).unwrap();
    let may = |key: &ApiKey| Scope::ALL.map(|scope| key.may(scope));
    let [operator, site, other] = &*keys.0 else {
        panic!("{keys:?}")
    };
    assert_eq!((operator.name(), operator.rate()), ("operator", None));
    assert_eq!(may(operator), [true; 4], "admin implies all");
    assert_eq!((site.name(), site.rate()), ("site", None));
    assert_eq!(may(site), [true, false, false, false]);
    assert_eq!((other.name(), other.rate()), ("A-b_9", Some(600)));
    assert_eq!(may(other), [false, true, true, false]);
    let printed = format!("{keys:?}");
    assert!(!printed.contains("0123456789"), "{printed}");
}

#[test]
fn what_is_no_list_of_keys_is_refused_and_not_shown() {
    let secret = "topsecret-topsecret";
    let key = |members: &str| format!("[{SITE},{{{members}}}]");
    let good = format!(r#""name":"n","key":"{secret}","scopes":["read"]"#);
    for (text, why) in [
        (secret.to_owned(), "not valid JSON"),
        (format!(r#"{{"{secret}":1}}"#), "no array"),
        (format!(r#"["{secret}"]"#), "key 1 must be an object"),
        (key(&format!(r#"{good},"name":"n""#)), "no member twice"),
        (
            key(&format!(r#"{good},"{secret}":1"#)),
            "key 2 has a member other",
        ),
        (
            key(&format!(r#""key":"{secret}","scopes":["read"]"#)),
            "`name`",
        ),
        (key(&good.replace(r#""n""#, r#""""#)), "`name`"),
        (key(&good.replace(r#""n""#, r#""a b""#)), "`name`"),
        (
            key(&good.replace(r#""n""#, &format!("\"{}\"", "n".repeat(33)))),
            "`name`",
        ),
        (key(&good.replace(r#""n""#, "7")), "`name`"),
        (key(&good.replace(r#""n""#, r#""operator""#)), "ADMIN_TOKEN"),
        (
            key(&good.replace(r#""n""#, r#""site""#)),
            "key 2 has the name of another",
        ),
        (
            key(&good.replace(secret, "0123456789abcdef")),
            "the value of another",
        ),
        (key(&good.replace(secret, "the operator's token")), "`key`"),
        (
            key(&good.replace(secret, "operators-own-token")),
            "the value of another",
        ),
        (key(&good.replace(secret, "0123456789abcde")), "`key`"),
        (key(&good.replace(secret, "0123456789abcdeü")), "`key`"),
        (key(&good.replace(secret, &"k".repeat(257))), "`key`"),
        (key(&good.replace(r#"["read"]"#, "[]")), "`scopes`"),
        (key(&good.replace(r#"["read"]"#, r#""read""#)), "`scopes`"),
        (
            key(&good.replace(r#"["read"]"#, r#"["read","write"]"#)),
            "`scopes`",
        ),
        (key(r#""name":"n","key":"0123456789abcdeg""#), "`scopes`"),
        (key(&format!(r#"{good},"rate":0"#)), "`rate`"),
        (key(&format!(r#"{good},"rate":1.5"#)), "`rate`"),
        (key(&format!(r#"{good},"rate":90"#)), "`rate`"),
        (key(&format!(r#"{good},"rate":1000001"#)), "`rate`"),
        (key(&format!(r#"{good},"rate":null"#)), "`rate`"),
    ] {
        let error = keys(Some("operators-own-token"), Some(&text)).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(API_KEYS) && error.contains(why),
            "{text}: {error}"
        );
        assert!(!error.contains(secret), "{error}");
    }
    let many = |count: usize| {
        let key = |n| format!(r#"{{"name":"n{n}","key":"0123456789abc{n:03}","scopes":["read"]}}"#);
        format!("[{}]", (0..count).map(key).collect::<Vec<_>>().join(","))
    };
    assert_eq!(keys(None, Some(&many(32))).unwrap().0.len(), 32);
    let error = keys(None, Some(&many(33))).unwrap_err().to_string();
    assert!(error.contains("more than 32"), "{error}");
}

#[test]
fn no_variable_and_an_empty_one_are_no_keys() {
    for (admin_token, api_keys) in [(None, None), (Some(""), Some(" ")), (None, Some("[]"))] {
        assert!(keys(admin_token, api_keys).unwrap().is_empty());
    }
}

/// What a Worker keeps of the variables holds none of their text.
#[test]
fn keys_that_are_read_hold_no_key() {
    let text = format!("[{SITE}]");
    let keys = keys(Some("operators-own-token"), Some(&text)).unwrap();
    assert_eq!(keys.0.len(), 2);
    let shown = format!("{keys:?}");
    for secret in ["operators-own-token", "0123456789abcdef"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_operators_token_is_as_hard_to_guess_as_a_key() {
    for token in ["0123456789abcdef", &"k".repeat(256)] {
        assert_eq!(keys(Some(token), None).unwrap().0.len(), 1);
    }
    for token in [
        "t",
        "0123456789abcde",
        "the operator's token",
        "0123456789abcdeü",
        &"k".repeat(257),
    ] {
        let error = keys(Some(token), None).unwrap_err().to_string();
        assert!(
            error.contains("ADMIN_TOKEN") && error.contains("16 to 256"),
            "{error}"
        );
        assert!(token == "t" || !error.contains(token), "{error}");
    }
}

#[test]
fn a_key_is_given_in_one_of_two_headers() {
    let keys = keys(Some(TOKEN), Some(&format!("[{SITE}]"))).unwrap();
    let site = "0123456789abcdef";
    for (sent, expected) in [
        (vec![], ""),
        (
            vec![("authorization", "Bearer 0p3rator-s-own-key")],
            "operator",
        ),
        (
            vec![("authorization", "bearer 0p3rator-s-own-key")],
            "operator",
        ),
        (
            vec![("authorization", "BEARER  0p3rator-s-own-key")],
            "operator",
        ),
        (vec![("authorization", "Bearer 0123456789abcdef")], "site"),
        (vec![("x-api-key", site)], "site"),
        (vec![("x-api-key", "0p3rator-s-own-key")], "operator"),
        (
            vec![
                ("x-api-key", site),
                ("authorization", "Bearer 0123456789abcdef"),
            ],
            "site",
        ),
        // Wrong ones, and two that contradict each other.
        (vec![("x-api-key", "")], "-"),
        (vec![("x-api-key", "Bearer 0p3rator-s-own-key")], "-"),
        (vec![("x-api-key", "0123456789abcde")], "-"),
        (vec![("x-api-key", "0123456789abcdef0")], "-"),
        (vec![("authorization", "Bearer")], "-"),
        (vec![("authorization", "Bearer de")], "-"),
        (
            vec![
                ("authorization", "Bearer 0p3rator-s-own-key"),
                ("x-api-key", site),
            ],
            "-",
        ),
        (
            vec![
                ("authorization", "Bearer 0p3rator-s-own-key"),
                ("x-api-key", "x"),
            ],
            "-",
        ),
        (vec![("x-api-key", "x"), ("x-api-key", site)], "-"),
        // Another scheme is no key.
        (vec![("authorization", "0p3rator-s-own-key")], ""),
        (vec![("authorization", "Bearer0p3rator-s-own-key")], ""),
        (vec![("authorization", "Basic ZGV2")], ""),
        (
            vec![("authorization", "Basic ZGV2"), ("x-api-key", site)],
            "site",
        ),
    ] {
        assert_eq!(caller(&keys, &sent), expected, "{sent:?}");
    }
}

/// Both keys of a site count while one takes the place of the other, and a variable
/// that changes counts from the next request on.
#[test]
fn keys_take_turns() {
    let new = r#"{"name":"site-new","key":"fedcba9876543210","scopes":["submit"]}"#;
    let steps = [
        format!("[{SITE}]"),
        format!("[{SITE},{new}]"),
        format!("[{new}]"),
    ];
    let mut seen = Vec::new();
    for text in &steps {
        let keys = keys(None, Some(text)).unwrap();
        let of = |key| caller(&keys, &[("x-api-key", key)]);
        seen.push((of("0123456789abcdef"), of("fedcba9876543210")));
    }
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(
        seen,
        [
            pair("site", "-"),
            pair("site", "site-new"),
            pair("-", "site-new")
        ]
    );
}
