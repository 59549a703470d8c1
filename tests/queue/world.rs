//! The redis-rest that all tests share, the queue in front of it, and the
//! redis-server behind it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use shared::config::{RedisConfig, Secret};
use shared::queue::Queue;
use shared::redis::Client;
use xtask::child::{Child, Guard};
use xtask::project;

use crate::raw::{self, Raw, Value};

/// A test: its name, and what it does with an empty database.
pub(crate) type Test = (&'static str, fn(&World));

const TOKEN: &str = "queue-test";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// See the module.
pub(crate) struct World {
    pub(crate) queue: Queue,
    runtime: tokio::runtime::Runtime,
    raw: Mutex<Raw>,
    redis_rest: Child,
    // Last: it goes when everything it watches has gone.
    _guard: Guard,
}

impl World {
    /// Starts redis-rest, which starts its redis-server, both on free ports.
    pub(crate) fn start() -> Self {
        let program = project::native_bin("redis-rest");
        assert!(
            program.exists(),
            "{} is missing: cargo build -p redis-rest",
            program.display()
        );
        let folder = fresh_folder();
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
        let (rest, redis) = addresses(&mut redis_rest);
        let config = RedisConfig {
            url: reqwest::Url::parse(&rest).unwrap(),
            token: Secret::new(TOKEN),
            timeout_ms: 20_000,
        };
        let redis_port = redis.rsplit(':').next().unwrap().parse().unwrap();
        Self {
            queue: Queue::new(Client::new(config)),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            raw: Mutex::new(Raw::connect(redis_port)),
            redis_rest,
            _guard: guard,
        }
    }

    /// Forgets everything.
    pub(crate) fn empty(&self) {
        self.raw(&["FLUSHALL"]);
    }

    /// Waits for one of the queue's verbs.
    pub(crate) fn run<F: Future>(&self, verb: F) -> F::Output {
        self.runtime.block_on(verb)
    }

    /// Waits for one that must succeed.
    pub(crate) fn ok<T, E: std::fmt::Debug>(&self, verb: impl Future<Output = Result<T, E>>) -> T {
        self.run(verb).unwrap()
    }

    /// One command straight to Redis.
    pub(crate) fn raw(&self, words: &[&str]) -> Value {
        self.pipeline(&[raw::command(words)]).remove(0)
    }

    /// Several, whose arguments may be any bytes.
    pub(crate) fn pipeline(&self, commands: &[Vec<Vec<u8>>]) -> Vec<Value> {
        let mut raw = self.raw.lock().unwrap_or_else(PoisonError::into_inner);
        raw.pipeline(commands)
    }

    /// What a foreign producer does.
    pub(crate) fn lpush(&self, payload: &[u8]) {
        let mut command = raw::command(&["LPUSH", "problems"]);
        command.push(payload.to_vec());
        self.pipeline(&[command]);
    }

    /// Redis's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        let time: Vec<u64> = self
            .raw(&["TIME"])
            .list()
            .into_iter()
            .map(|part| part.text().parse().unwrap())
            .collect();
        time[0] * 1_000 + time[1] / 1_000
    }

    /// Has every lease run out, the oldest first.
    pub(crate) fn lose_all_leases(&self) {
        for (at, handle) in self
            .raw(&["ZRANGEBYSCORE", "leases", "0", "(1125899906842624"])
            .byte_list()
            .into_iter()
            .enumerate()
        {
            let handle = String::from_utf8(handle).unwrap();
            self.raw(&["ZADD", "leases", "XX", &(at + 1).to_string(), &handle]);
        }
    }

    /// What `act` costs: every command that Redis counted by its name, and how
    /// many requests redis-rest answered.
    pub(crate) fn cost_of(&self, act: impl FnOnce()) -> Cost {
        self.raw(&["CONFIG", "RESETSTAT"]);
        let before = self.round_trips();
        act();
        let commands = self
            .raw(&["INFO", "commandstats"])
            .text()
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
        let log = std::fs::read_to_string(&self.redis_rest.log).unwrap();
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
    /// As Upstash bills it: a script as one, and one for each call inside.
    pub(crate) fn total(&self) -> u64 {
        self.commands.values().sum()
    }

    pub(crate) fn of(&self, name: &str) -> u64 {
        self.commands.get(name).copied().unwrap_or(0)
    }
}

/// Where redis-rest and its redis-server are, by its one line.
fn addresses(redis_rest: &mut Child) -> (String, String) {
    let started = Instant::now();
    loop {
        let log = std::fs::read_to_string(&redis_rest.log).unwrap_or_default();
        let found = log.lines().find_map(|line| {
            let rest = line.strip_prefix("redis-rest ready on ")?;
            let (rest, redis) = rest.split_once(" (redis at ")?;
            Some((rest.to_owned(), redis.strip_suffix(')')?.to_owned()))
        });
        if let Some(found) = found {
            return found;
        }
        if let Some(status) = redis_rest.ended() {
            panic!("redis-rest ended by itself ({status}):\n{log}");
        }
        assert!(started.elapsed() < READY_WITHIN, "not ready:\n{log}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// An empty folder. Its logs stay after the run.
fn fresh_folder() -> PathBuf {
    let folder = project::state().join("queue-test");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    folder
}
