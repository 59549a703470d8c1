//! Direct access to the redis-server of a stack, past redis-rest: how tests look
//! at stored data and change it.

use std::sync::{Mutex, PoisonError};

use redis::{Cmd, Connection, FromRedisValue, Pipeline, RedisResult, Value};

/// A client of the redis-server on one port of this machine.
pub struct RedisClient {
    client: redis::Client,
    connection: Mutex<Option<Connection>>,
}

impl RedisClient {
    /// A client that connects with its first command.
    pub fn on_port(port: u16) -> Self {
        Self {
            client: redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap(),
            connection: Mutex::default(),
        }
    }

    /// Runs one command, which must succeed.
    pub fn run<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let reply = self.query(|connection| command(words).query(connection));
        reply.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// Runs several commands in one round trip, all of which must succeed.
    pub fn pipeline(&self, commands: &[Cmd]) -> Vec<Value> {
        if commands.is_empty() {
            return Vec::new();
        }
        let mut pipeline = Pipeline::with_capacity(commands.len());
        for command in commands {
            pipeline.add_command(command.clone());
        }
        self.query(|connection| pipeline.query(connection)).unwrap()
    }

    /// Pushes an item of any bytes on a list, as a foreign producer does.
    pub fn lpush(&self, list: &str, item: &[u8]) {
        let mut command = command(&["LPUSH", list]);
        self.pipeline(&[command.arg(item).clone()]);
    }

    /// All keys that match `pattern`, sorted.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        let mut keys: Vec<String> = self.run(&["KEYS", pattern]);
        keys.sort();
        keys
    }

    /// How many jobs have a result and how many were given up, by the statistics of
    /// all hours: in each 60 groups of three numbers, behind the first number.
    pub fn ended_jobs(&self) -> (u64, u64) {
        let (mut done, mut dead) = (0, 0);
        for hour in self.keys("statistics:*") {
            let mut bytes: Vec<u8> = self.run(&["GET", &hour]);
            bytes.resize(bytes.len().max(4 + 60 * 12), 0);
            let numbers = bytes[4..4 + 60 * 12].chunks_exact(4);
            let numbers: Vec<u64> = numbers
                .map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()).into())
                .collect();
            done += numbers.iter().step_by(3).sum::<u64>();
            dead += numbers.iter().skip(1).step_by(3).sum::<u64>();
        }
        (done, dead)
    }

    /// Deletes every key.
    pub fn flush(&self) {
        self.run::<()>(&["FLUSHALL"]);
    }

    /// The server's time in milliseconds since 1970 (UTC).
    pub fn now_ms(&self) -> u64 {
        let (seconds, microseconds): (u64, u64) = self.run(&["TIME"]);
        seconds * 1_000 + microseconds / 1_000
    }

    /// Once more on a new connection when the one there is broken: the server
    /// was restarted, and the command never reached it.
    fn query<T>(&self, run: impl Fn(&mut Connection) -> RedisResult<T>) -> RedisResult<T> {
        let mut slot = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = slot.as_mut() {
            match run(connection) {
                Err(error) if error.is_io_error() => {}
                reply => return reply,
            }
        }
        let connection = slot.insert(self.client.get_connection()?);
        run(connection)
    }
}

/// A command from its words.
pub fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command
}

/// A reply of [`RedisClient::pipeline`] as the type it is meant to have.
pub fn read<T: FromRedisValue>(reply: Value) -> T {
    T::from_redis_value(reply).unwrap()
}
