//! How many calls a client may make in a minute, counted by the bindings of
//! `wrangler.toml`, and what pages of other origins may read.

use support::api::{ADDRESS_HEADER, SubmitFn};
use support::http::Response;

use crate::stacks::Stacks;

support::tests![
    each_kind_of_call_has_its_rate,
    a_refusal_of_head_has_no_body,
    the_operator_has_no_rate,
    private_answers_are_not_stored,
    no_other_origin_is_allowed_by_default,
];

/// A kind of call, its limit, and the policy's name. Calls that are wrong count.
const KINDS: [(&str, &str, usize, &str); 3] = [
    ("POST", "/run", 30, "run"),
    ("POST", "/submit", 120, "submit"),
    ("GET", "/languages", 600, "read"),
];

fn call(submit_fn: &SubmitFn, method: &str, path: &str, address: &str) -> Response {
    let body = (method == "POST").then_some(&b"{}"[..]);
    submit_fn.request(method, path, &[(ADDRESS_HEADER, address)], body)
}

/// All values of the header `Vary`.
fn vary(response: &Response) -> String {
    let values = response.headers.get_all("vary").iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
    values.join(", ")
}

/// Calls from addresses of one network until one is refused. Returns the refusal
/// and how many were answered before. A new minute may begin in between, once.
fn until_refused(
    submit_fn: &SubmitFn,
    (method, path, limit, _): (&str, &str, usize, &str),
    network: &str,
) -> (Response, usize) {
    for number in 0..=2 * limit {
        let response = call(submit_fn, method, path, &format!("{network}::{number:x}"));
        if response.status == 429 {
            return (response, number);
        }
        let expected = if method == "GET" { 200 } else { 422 };
        assert_eq!(response.status, expected, "{}", response.text);
    }
    panic!("{method} {path} was never refused");
}

fn each_kind_of_call_has_its_rate(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    for kind in KINDS {
        let (method, path, limit, policy) = kind;
        let (refused, answered) = until_refused(submit_fn, kind, "2001:db8:3:1");
        assert!((limit..=2 * limit).contains(&answered), "{answered} {path}");
        refused.assert_error(429, None, &format!("At most {limit} "));
        assert_eq!(refused.json()["error"]["code"], "too_many_requests");
        assert_eq!(refused.header("retry-after"), "60");
        assert_eq!(
            refused.header("ratelimit-policy"),
            format!("\"{policy}\";q={limit};w=60")
        );
        assert_eq!(
            refused.header("ratelimit"),
            format!("\"{policy}\";r=0;t=60")
        );
        assert_eq!(refused.header("cache-control"), "no-store");
        // Another network, and an address of the other kind, have their own rates.
        for other in ["2001:db8:3:2::1", "192.0.2.60"] {
            let response = call(submit_fn, method, path, other);
            assert_ne!(response.status, 429, "{}", response.text);
        }
        // What costs nothing is always answered.
        assert_eq!(call(submit_fn, "GET", "/", "2001:db8:3:1::1").status, 200);
    }
}

fn a_refusal_of_head_has_no_body(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let [.., (_, path, limit, policy)] = KINDS;
    let headers = [(ADDRESS_HEADER, "192.0.2.61")];
    let refused = (0..=2 * limit)
        .map(|_| submit_fn.request("HEAD", path, &headers, None))
        .find(|response| response.status == 429)
        .unwrap();
    assert_eq!(refused.text, "");
    assert_eq!(
        refused.header("ratelimit-policy"),
        format!("\"{policy}\";q={limit};w=60")
    );
}

fn the_operator_has_no_rate(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let bearer = format!("Bearer {}", submit_fn.admin_token);
    let headers = [
        (ADDRESS_HEADER, "192.0.2.62"),
        ("authorization", bearer.as_str()),
    ];
    let [(method, path, limit, _), ..] = KINDS;
    for _ in 0..=2 * limit {
        let response = submit_fn.request(method, path, &headers, Some(b"{}"));
        assert_eq!(response.status, 422, "{}", response.text);
    }
}

fn private_answers_are_not_stored(stacks: &Stacks) {
    let clients = stacks.public();
    for path in ["/result/x", "/languages", "/stats", "/worker", "/nowhere"] {
        let response = clients.submit_fn.get(path);
        assert_eq!(response.header("cache-control"), "no-store", "{path}");
        let vary = vary(&response);
        for name in ["Authorization", "X-API-Key", "Origin"] {
            assert!(vary.contains(name), "{path}: {vary}");
        }
    }
    let response = clients.worker_fn.get("/worker");
    assert_eq!(response.header("cache-control"), "no-store");
    assert!(vary(&response).contains("Authorization"));
}

fn no_other_origin_is_allowed_by_default(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let preflight = [
        ("origin", "https://site.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    for (method, path, headers) in [
        ("OPTIONS", "/submit", &preflight[..]),
        ("GET", "/languages", &preflight[..1]),
        ("GET", "/nowhere", &preflight[..1]),
    ] {
        let response = submit_fn.request(method, path, headers, None);
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
        ] {
            assert_eq!(response.header(name), "", "{method} {path} {name}");
        }
        assert!(vary(&response).contains("Origin"));
    }
}
