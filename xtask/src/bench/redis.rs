//! The redis-server behind redis-rest, asked directly: counting commands and
//! looking for results must not go through what is measured.
//!
//! The crate `redis` would replace [`Redis::call`], and compile 30 crates more
//! before each first `cargo xtask`.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::http;

/// Commands that Upstash does not bill, and those that only the bench sends.
const NOT_BILLED: [&str; 8] = [
    "auth", "client", "exists", "flushall", "hello", "info", "ping", "select",
];

/// After this long without a Redis command, nothing is going on any more.
const QUIET: Duration = Duration::from_millis(30);

/// A connection to the redis-server.
#[derive(Debug)]
pub(super) struct Redis(BufReader<TcpStream>);

impl Redis {
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("redis-server")?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Deletes everything.
    pub(super) fn empty(&mut self) -> Result<()> {
        self.call(&["FLUSHALL"]).map(drop)
    }

    /// Waits until no command comes any more.
    pub(super) fn wait_until_quiet(&mut self) -> Result<()> {
        let mut before = self.billed()?;
        loop {
            thread::sleep(QUIET);
            let now = self.billed()?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
    }

    /// Puts payloads in front of a list.
    pub(super) fn push(&mut self, list: &str, payloads: &[String]) -> Result<()> {
        let words: Vec<&str> = ["LPUSH", list]
            .into_iter()
            .chain(payloads.iter().map(String::as_str))
            .collect();
        self.call(&words).map(drop)
    }

    /// Whether no job waits in a lane or is leased. Not billed, so it may be asked while
    /// commands are counted.
    pub(super) fn is_settled(&mut self) -> Result<bool> {
        let keys = ["problems:high", "problems", "problems:low", "inflight"];
        Ok(self.existing(&keys.map(str::to_owned))? == 0)
    }

    /// How many results are stored.
    pub(super) fn results(&mut self) -> Result<usize> {
        let script = "return #redis.call('KEYS', 'result:*')";
        Ok(self.call(&["EVAL", script, "0"])?.parse()?)
    }

    /// The most memory that the server had so far, in bytes.
    pub(super) fn peak_memory(&mut self) -> Result<u64> {
        self.call(&["INFO", "memory"])?
            .lines()
            .find_map(|line| line.strip_prefix("used_memory_peak:")?.trim().parse().ok())
            .context("redis-server does not report its memory")
    }

    /// How many of `keys` exist.
    pub(super) fn existing(&mut self, keys: &[String]) -> Result<usize> {
        let words: Vec<&str> = std::iter::once("EXISTS")
            .chain(keys.iter().map(String::as_str))
            .collect();
        Ok(self.call(&words)?.parse()?)
    }

    /// How many commands were executed since the server started, as Upstash
    /// bills them: a script is one, and one more for each call inside it.
    pub(super) fn billed(&mut self) -> Result<u64> {
        Ok(billed(&self.call(&["INFO", "commandstats"])?))
    }

    /// The server's process id.
    pub(super) fn process_id(&mut self) -> Result<u32> {
        self.call(&["INFO", "server"])?
            .lines()
            .find_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok())
            .context("redis-server does not report its process id")
    }

    /// Sends a command whose reply is a status, a number or a bulk string.
    fn call(&mut self, words: &[&str]) -> Result<String> {
        let mut wire = format!("*{}\r\n", words.len());
        for word in words {
            wire.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.get_mut().write_all(wire.as_bytes())?;
        let head = http::line(&mut self.0)?;
        match head.split_at_checked(1) {
            Some(("+" | ":", rest)) => Ok(rest.to_owned()),
            Some(("$", length)) => {
                let mut text = vec![0; length.parse::<usize>()? + 2];
                self.0.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                Ok(String::from_utf8(text)?)
            }
            _ => bail!("redis-server replied {head} to {}", words[0]),
        }
    }
}

fn billed(stats: &str) -> u64 {
    stats
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            // `client|setinfo` is a command of the family `client`.
            let family = name.split('|').next()?;
            let calls = rest.split(',').next()?.parse::<u64>().ok()?;
            (!NOT_BILLED.contains(&family)).then_some(calls)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_billed_commands_are_counted() {
        let stats = "# Commandstats\r\ncmdstat_lpush:calls=3,usec=9,usec_per_call=3.00\r\n\
            cmdstat_client|setinfo:calls=8,usec=1\r\ncmdstat_info:calls=2,usec=1\r\n\
            cmdstat_eval:calls=1,usec=1\r\ncmdstat_set:calls=10,usec=1\r\n";
        assert_eq!(billed(stats), 14);
    }
}
