//! Who is counted by what, and what is answered when a rate is used up.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use http::{Request, header};

use super::*;
use crate::admit::Head;
use crate::client_counts::tests::client;
use crate::config::Config;
use shared::http::rates::{KEY_COUNTER_LIMIT, KEY_RATE};

/// Bindings that count as the platform does, with the limits of `wrangler.toml`.
#[derive(Default)]
struct Platform {
    counts: RefCell<HashMap<(String, String), u32>>,
    is_missing: bool,
}

impl Platform {
    /// How many calls were counted by each binding.
    fn counted(&self, binding: &str) -> u32 {
        let counts = self.counts.borrow();
        let of_binding = counts.iter().filter(|((name, _), _)| name == binding);
        of_binding.map(|(_, count)| count).sum()
    }
}

impl RateLimit for Platform {
    async fn allows(&self, binding: &str, key: &str) -> Option<bool> {
        if self.is_missing {
            return None;
        }
        let kinds = [Kind::Run, Kind::Submit, Kind::Read].map(Kind::rate);
        let rate = kinds.into_iter().find(|rate| rate.binding == binding);
        let limit = rate.map_or(KEY_COUNTER_LIMIT, |rate| rate.refusal.limit);
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry((binding.into(), key.into())).or_default();
        *count += 1;
        Some(*count <= limit)
    }
}

fn config(vars: &[(&str, &str)]) -> Settings {
    let config = Config::settings(&|name| match name {
        "UPSTASH_REDIS_REST_URL" => Some("https://x.example".into()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        "ADMIN_TOKEN" => Some("the-right-token-0".into()),
        _ => vars
            .iter()
            .find(|(var, _)| *var == name)
            .map(|(_, value)| (*value).to_owned()),
    });
    assert!(config.is_ok(), "{:?}", config.err());
    config
}

fn request(method: &str, path: &str, address: &str) -> Request<Bytes> {
    let builder = Request::builder().method(method).uri(path);
    let builder = builder.header("cf-connecting-ip", address);
    builder.body(Bytes::new()).unwrap()
}

async fn admit(
    rates: &Rates,
    config: &Settings,
    platform: &Platform,
    request: &Request<Bytes>,
    now_ms: u64,
) -> Result<(), ApiError> {
    let head = Head::of(config, request);
    let counted = head.counted.as_ref();
    rates
        .admit(config, platform, &head.route, counted, now_ms)
        .await
}

/// How many of `count` equal calls were admitted, and the first refusal.
async fn admitted(
    rates: &Rates,
    platform: &Platform,
    config: &Settings,
    request: &Request<Bytes>,
    count: u32,
) -> (u32, Option<ApiError>) {
    let (mut admitted, mut refusal) = (0, None);
    for _ in 0..count {
        match admit(rates, config, platform, request, 15_000).await {
            Ok(()) => admitted += 1,
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    (admitted, refusal)
}

fn headers(error: ApiError) -> [String; 3] {
    assert_eq!(error.code(), Code::TooManyRequests);
    let response = error.into_response();
    ["retry-after", "ratelimit-policy", "ratelimit"]
        .map(|name| response.headers()[name].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_kind_has_its_rate_by_address() {
    let (rates, platform, config) = (Rates::default(), Platform::default(), config(&[]));
    for (method, path, limit, policy, what) in [
        ("POST", "/run", 30, "run", "30 runs a minute"),
        (
            "POST",
            "/submit",
            120,
            "submit",
            "120 calls that submit a minute",
        ),
        ("GET", "/result/x", 600, "read", "600 reads a minute"),
    ] {
        let call = |address: &str| request(method, path, address);
        let one = call("2001:db8:1:1::1");
        let (count, refusal) = admitted(&rates, &platform, &config, &one, limit + 5).await;
        assert_eq!(count, limit, "{path}");
        let refusal = refusal.unwrap();
        let message = refusal.message().to_owned();
        assert!(message.contains(what), "{message}");
        assert!(message.contains("try again in 60 s"), "{message}");
        assert_eq!(
            headers(refusal),
            [
                "60".to_owned(),
                format!("\"{policy}\";q={limit};w=60"),
                format!("\"{policy}\";r=0;t=60")
            ]
        );
        // An address of the same network is the same client, another network is not.
        let neighbour = call("2001:db8:1:1:ffff::2");
        assert_eq!(
            admitted(&rates, &platform, &config, &neighbour, 1).await.0,
            0
        );
        for other in ["2001:db8:1:2::1", "192.0.2.1"] {
            let other = call(other);
            assert_eq!(admitted(&rates, &platform, &config, &other, 1).await.0, 1);
        }
    }
}

#[tokio::test]
async fn what_is_counted_as_what() {
    for (method, path, binding) in [
        ("GET", "/", None),
        ("HEAD", "/", None),
        ("OPTIONS", "/run", None),
        ("GET", "/nowhere", None),
        ("GET", "/submit", None),
        ("POST", "/run", Some("RUN_RATE")),
        ("POST", "/submit", Some("SUBMIT_RATE")),
        ("POST", "/submit/batch", Some("SUBMIT_RATE")),
        ("GET", "/result/x", Some("READ_RATE")),
        ("HEAD", "/result/x", Some("READ_RATE")),
        ("GET", "/result/x/events", Some("READ_RATE")),
        ("GET", "/problems", Some("READ_RATE")),
        ("GET", "/problems/x", Some("READ_RATE")),
        ("GET", "/languages", Some("READ_RATE")),
        ("GET", "/stats", Some("READ_RATE")),
        ("GET", "/worker", Some("READ_RATE")),
        // A guess of the operator's token.
        ("POST", "/pause", Some("READ_RATE")),
        ("PUT", "/problems/x", Some("READ_RATE")),
    ] {
        let (rates, platform, config) = (Rates::default(), Platform::default(), config(&[]));
        let mut call = request(method, path, "192.0.2.1");
        let wrong = "Bearer wrong".parse().unwrap();
        call.headers_mut().insert(header::AUTHORIZATION, wrong);
        assert_eq!(admit(&rates, &config, &platform, &call, 0).await, Ok(()));
        for name in ["RUN_RATE", "SUBMIT_RATE", "READ_RATE", "KEY_RATE"] {
            let expected = u32::from(binding == Some(name));
            assert_eq!(platform.counted(name), expected, "{method} {path} {name}");
        }
    }
}

#[tokio::test]
async fn the_operator_is_not_counted() {
    let (rates, platform) = (Rates::default(), Platform::default());
    let config = config(&[("RUN_PER_MINUTE", "0")]);
    let mut call = request("POST", "/run", "192.0.2.1");
    let right = "Bearer the-right-token-0".parse().unwrap();
    call.headers_mut().insert(header::AUTHORIZATION, right);
    assert_eq!(admitted(&rates, &platform, &config, &call, 50).await.0, 50);
    assert_eq!(platform.counted("RUN_RATE"), 0);
}

#[tokio::test]
async fn rates_are_off_where_they_are_turned_off_or_not_bound() {
    let missing = Platform {
        is_missing: true,
        ..Platform::default()
    };
    for (vars, platform) in [
        (&[("RATE_LIMITS", "off")][..], &Platform::default()),
        (&[], &missing),
    ] {
        let (rates, config) = (Rates::default(), config(vars));
        let call = request("POST", "/submit", "192.0.2.1");
        assert_eq!(admitted(&rates, platform, &config, &call, 500).await.0, 500);
        assert_eq!(platform.counted("SUBMIT_RATE"), 0);
    }
}

#[tokio::test]
async fn runs_are_counted_here_where_the_platform_does_not_or_it_was_asked_for() {
    let missing = || Platform {
        is_missing: true,
        ..Platform::default()
    };
    for (vars, platform, limit) in [
        (&[][..], missing(), 30),
        (&[("RUN_PER_MINUTE", "50")], missing(), 50),
        (&[("RUN_PER_MINUTE", "50")], Platform::default(), 30),
        (&[("RUN_PER_MINUTE", "4")], Platform::default(), 4),
        (
            &[("RUN_PER_MINUTE", "4"), ("RATE_LIMITS", "off")],
            Platform::default(),
            4,
        ),
    ] {
        let (rates, config) = (Rates::default(), config(vars));
        let call = request("POST", "/run", "192.0.2.1");
        let (count, refusal) = admitted(&rates, &platform, &config, &call, 60).await;
        assert_eq!(count, limit, "{vars:?}");
        // The minute began 15 s ago, where this instance counts.
        let seconds = if platform.is_missing || limit == 4 {
            45
        } else {
            60
        };
        assert_eq!(
            headers(refusal.unwrap()),
            [
                format!("{seconds}"),
                format!("\"run\";q={limit};w=60"),
                format!("\"run\";r=0;t={seconds}")
            ]
        );
        let next = admit(&rates, &config, &missing(), &call, 60_000).await;
        assert_eq!(next, Ok(()));
    }
}

/// No number of clients makes one that is new wait for the next minute.
#[tokio::test]
async fn many_clients_do_not_lock_a_new_one_out() {
    let (rates, config) = (Rates::default(), config(&[]));
    let platform = Platform {
        is_missing: true,
        ..Platform::default()
    };
    for number in 0..5_000 {
        let address = format!("10.0.{}.{}", number / 256, number % 256);
        let call = request("POST", "/run", &address);
        assert_eq!(admit(&rates, &config, &platform, &call, 0).await, Ok(()));
    }
}

#[tokio::test]
async fn runs_can_be_turned_off() {
    for platform in [
        Platform::default(),
        Platform {
            is_missing: true,
            ..Platform::default()
        },
    ] {
        let (rates, config) = (Rates::default(), config(&[("RUN_PER_MINUTE", "0")]));
        let run = request("POST", "/run", "192.0.2.1");
        let refusal = admit(&rates, &config, &platform, &run, 0)
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::Forbidden);
        assert!(refusal.message().contains("RUN_PER_MINUTE"));
        let submit = request("POST", "/submit", "192.0.2.1");
        assert_eq!(admit(&rates, &config, &platform, &submit, 0).await, Ok(()));
    }
}

/// How many of `count` calls of a key with this rate are admitted by `instances`
/// that take turns.
async fn admitted_by_key(rate: u32, instances: usize, count: u32) -> u32 {
    let platform = Platform::default();
    let instances: Vec<Rates> = (0..instances).map(|_| Rates::default()).collect();
    let mut admitted = 0;
    for number in 0..count {
        // Two of each three calls reach the first one.
        let index = match number % 3 {
            2 => number as usize % instances.len(),
            _ => 0,
        };
        let (key, rate) = (client(1), Rate::of_key(rate));
        let within = instances[index].count(&rate, &key, &platform, 0).await;
        admitted += u32::from(within.unwrap());
    }
    admitted
}

#[tokio::test]
async fn a_key_has_its_rate_over_several_counters() {
    for rate in [60, 120, 600, 1_200] {
        assert_eq!(admitted_by_key(rate, 1, rate).await, rate);
        for instances in [1, 3] {
            let count = admitted_by_key(rate, instances, 3 * rate).await;
            assert_eq!(count, rate, "{rate} by {instances}");
            // Almost none is refused early.
            let early = rate - admitted_by_key(rate, instances, rate).await;
            assert!(early * 50 <= rate, "{early} of {rate} by {instances}");
        }
    }
}

#[tokio::test]
async fn keys_do_not_count_for_each_other() {
    let (rates, platform) = (Rates::default(), Platform::default());
    let (rate, one, other) = (Rate::of_key(60), client(1), client(2));
    for _ in 0..60 {
        assert_eq!(rates.count(&rate, &one, &platform, 0).await, Some(true));
    }
    assert_eq!(rates.count(&rate, &one, &platform, 0).await, Some(false));
    assert_eq!(rates.count(&rate, &other, &platform, 0).await, Some(true));
}

/// The bindings count by the numbers of their own declaration.
#[test]
fn the_bindings_have_the_same_numbers() {
    let settings = include_str!("../../../wrangler.toml");
    let kinds = [Kind::Run, Kind::Submit, Kind::Read].map(Kind::rate);
    let rates = kinds.map(|rate| (rate.binding, rate.refusal.limit));
    for (binding, limit) in rates.into_iter().chain([(KEY_RATE, KEY_COUNTER_LIMIT)]) {
        let block = settings.split("[[").find(|block| {
            block.starts_with("env.submit.ratelimits]]")
                && block.contains(&format!("name = \"{binding}\""))
        });
        let simple = format!("simple = {{ limit = {limit}, period = {PERIOD_S} }}");
        assert!(block.unwrap().contains(&simple), "{binding}: {simple}");
    }
    // worker-fn counts with the same counters.
    for (binding, limit) in [
        (Kind::Read.rate().binding, 600),
        (KEY_RATE, KEY_COUNTER_LIMIT),
    ] {
        let blocks = settings.split("[[").filter_map(|block| {
            let (_, block) = block.split_once(".ratelimits]]")?;
            let block = block.split("\n\n").next()?.trim();
            let is_it = block.contains(&format!("name = \"{binding}\""));
            is_it.then_some(block)
        });
        let blocks: Vec<&str> = blocks.collect();
        assert!(blocks.len() == 2 && blocks[0] == blocks[1], "{blocks:?}");
        assert!(blocks[0].contains(&format!("limit = {limit}, period = {PERIOD_S}")));
    }
    // Each has a namespace of its own.
    let mut namespaces: Vec<&str> = settings
        .lines()
        .filter(|line| line.starts_with("namespace_id"))
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    assert_eq!(namespaces.len(), 5);
}
