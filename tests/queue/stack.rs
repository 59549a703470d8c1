//! The redis-rest that all tests share, the queue in front of it, and the
//! redis-server behind it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use shared::config::{RedisConfig, Secret};
use shared::queue::Store;
use shared::redis::{Client, CommandCounter};
use support::harness::Suite;
use support::redis_client::RedisClient;
use support::server;
use support::slot::Slot;
use support::stack::{fresh_folder, still_listening};
use support::wait::wait_for;
use xtask::child::{Child, Guard};
use xtask::project::{self, Build};

const TOKEN: &str = "queue-test";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Started with the first test. Every test begins with an empty database.
#[derive(Default)]
pub(crate) struct Shared(Slot<QueueStack>);

/// The queue, and direct access to its redis-server.
pub(crate) struct QueueStack {
    pub(crate) store: Store,
    pub(crate) redis: RedisClient,
    config: RedisConfig,
    redis_rest: Child,
    /// Of redis-rest and of its redis-server.
    ports: [u16; 2],
    // Last: it goes when everything it watches has gone.
    _guard: Guard,
}

impl Suite for Shared {
    type Context = QueueStack;

    fn run(&self, test: fn(&QueueStack)) {
        let stack = self.0.get_or_start(QueueStack::start);
        stack.reset();
        test(&stack);
    }

    fn stop(&self) -> Vec<u16> {
        let Some(stack) = self.0.take() else {
            return Vec::new();
        };
        let ports = stack.ports;
        drop(stack);
        still_listening(&ports)
    }
}

impl QueueStack {
    /// Starts redis-rest, which starts its redis-server, both on free ports.
    fn start() -> Self {
        let program = project::native_bin("redis-rest", Build::Debug);
        assert!(
            program.exists(),
            "{} is missing: cargo build -p redis-rest",
            program.display()
        );
        let folder = fresh_folder("queue");
        let mut guard = Guard::start().unwrap();
        let mut redis_rest = Child::start(
            "redis-rest",
            Command::new(program)
                .args(["--listen", "127.0.0.1:0", "--redis-port", "0"])
                .arg("--data-dir")
                .arg(folder.join("redis"))
                .env("REDIS_REST_TOKEN", TOKEN)
                .env_remove("REDIS_URL")
                .env_remove("REDIS_REST_LOG"),
            &folder.join("redis-rest.log"),
            &mut guard,
        )
        .unwrap();
        let (rest, redis) = wait_for("redis-rest is ready", READY_WITHIN, || {
            addresses(&mut redis_rest)
        });
        let config = RedisConfig {
            url: reqwest::Url::parse(&rest).unwrap(),
            token: Secret::new(TOKEN),
            timeout_ms: 20_000,
        };
        let ports = [port(&rest), port(&redis)];
        Self {
            store: Store::new(Client::new(config.clone())),
            config,
            redis: RedisClient::on_port(ports[1]),
            redis_rest,
            ports,
            _guard: guard,
        }
    }

    /// The queue as another instance sees it, which counts its commands.
    pub(crate) fn counting_store(&self, commands: &CommandCounter) -> Store {
        Store::new(Client::new(self.config.clone()).counting(commands))
    }

    /// Empties the database, and lets Redis accept every write again. It holds all
    /// scripts, and the store knows that there is no problem, so that neither costs a
    /// command more in the test that comes first.
    pub(crate) fn reset(&self) {
        self.set_full(false);
        self.refuse_writes(None, &[]);
        self.redis.flush();
        self.enqueue_each(&["a"]);
        self.claim_one();
        self.ok(self.store.position("a"));
        self.ok(self.store.settle_and_claim_deliveries(&[], 0, 1));
        self.redis.flush();
    }

    /// Makes Redis refuse all that needs memory, as it does at `maxmemory` with the
    /// policy `noeviction`, which is its default.
    pub(crate) fn set_full(&self, full: bool) {
        let bytes = if full { "1" } else { "0" };
        self.redis.run::<()>(&["CONFIG", "SET", "maxmemory", bytes]);
    }

    /// Lets Redis refuse every write of one of `keys`, patterns; `None`: of none. A
    /// script may be called with any key (the selector in brackets), and what it does is
    /// refused where it does it.
    pub(crate) fn refuse_writes(&self, of: Option<&str>, keys: &[&str]) {
        let mut rules = vec!["clearselectors".to_owned()];
        rules.push(if of.is_some() { "resetkeys" } else { "allkeys" }.to_owned());
        rules.extend(of.map(|_| "(+eval +evalsha ~*)".to_owned()));
        rules.extend(keys.iter().map(|key| {
            let may = if Some(*key) == of { "%R~" } else { "~" };
            format!("{may}{key}")
        }));
        let mut words = vec!["ACL", "SETUSER", "default"];
        words.extend(rules.iter().map(String::as_str));
        self.redis.run::<()>(&words);
    }

    /// Waits for a call of the queue.
    pub(crate) fn wait<F: Future>(&self, call: F) -> F::Output {
        server::runtime().block_on(call)
    }

    /// Waits for a call of the queue that must succeed.
    pub(crate) fn ok<T, E: std::fmt::Debug>(&self, call: impl Future<Output = Result<T, E>>) -> T {
        self.wait(call).unwrap()
    }

    /// Makes every lease expire, the oldest first.
    pub(crate) fn expire_all_leases(&self) {
        let leases: Vec<String> =
            self.redis
                .run(&["ZRANGEBYSCORE", "leases", "0", "(1125899906842624"]);
        for (index, token) in leases.iter().enumerate() {
            self.set_lease_time(token, index as u64 + 1);
        }
    }

    /// Moves the time of a lease, in the milliseconds of its score.
    pub(crate) fn set_lease_time(&self, token: &str, score: u64) {
        let words = ["ZADD", "leases", "XX", &score.to_string(), token];
        self.redis.run::<()>(&words);
    }

    /// What `act` costs: every command that Redis counted by its name, and how
    /// many requests redis-rest answered.
    pub(crate) fn cost_of(&self, act: impl FnOnce()) -> Cost {
        self.redis.run::<()>(&["CONFIG", "RESETSTAT"]);
        let before = self.round_trips();
        act();
        let stats: String = self.redis.run(&["INFO", "commandstats"]);
        let commands = stats
            .lines()
            .filter_map(|line| {
                let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
                let calls = rest.split(',').next()?.parse().ok()?;
                (!name.starts_with("config")).then(|| (name.to_owned(), calls))
            })
            .collect();
        Cost {
            commands,
            round_trips: self.round_trips() - before,
        }
    }

    /// redis-rest logs each request before it answers.
    fn round_trips(&self) -> u64 {
        let log = fs::read_to_string(&self.redis_rest.log).unwrap();
        log.lines().filter(|line| line.contains("served")).count() as u64
    }
}

/// What something cost.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) commands: BTreeMap<String, u64>,
    pub(crate) round_trips: u64,
}

impl Cost {
    /// As Upstash bills it: a script as one command, and one for each call
    /// inside it.
    pub(crate) fn total(&self) -> u64 {
        self.commands.values().sum()
    }

    pub(crate) fn of(&self, name: &str) -> u64 {
        self.commands.get(name).copied().unwrap_or(0)
    }
}

/// Where redis-rest and its redis-server are, once its log has the line.
fn addresses(redis_rest: &mut Child) -> Option<(String, String)> {
    let log = fs::read_to_string(&redis_rest.log).unwrap_or_default();
    let found = log.lines().find_map(|line| {
        let rest = line.strip_prefix("redis-rest ready on ")?;
        let (rest, redis) = rest.split_once(" (redis at ")?;
        Some((rest.to_owned(), redis.strip_suffix(')')?.to_owned()))
    });
    if let (None, Some(status)) = (&found, redis_rest.ended()) {
        panic!("redis-rest ended by itself ({status}):\n{log}");
    }
    found
}

/// The port at the end of an address.
fn port(address: &str) -> u16 {
    let (_, port) = address.trim_end_matches('/').rsplit_once(':').unwrap();
    port.parse().unwrap()
}
