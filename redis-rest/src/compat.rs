//! What differs between Upstash and the redis-server behind this program, where it can
//! be bridged or at least be said.
//!
//! `server.rs` passes every allowed command through [`to_redis`] and every error reply
//! through [`explain`].

use std::borrow::Cow;

use crate::command::Command;

/// Upstash's `SCAN … WITHTYPE`, which Redis does not have: the keys, each followed by
/// its type. In one script, so that it takes one round trip and works in transactions.
const SCAN_WITH_TYPES: &str = "local page = redis.pcall('SCAN', unpack(ARGV))
if page.err then return page end
local keys = {}
for _, key in ipairs(page[2]) do
  keys[#keys + 1] = key
  keys[#keys + 1] = redis.call('TYPE', key).ok
end
return {page[1], keys}";

/// The first Redis that has the hash commands with a time to live.
const HASH_EXPIRY_SINCE: &str = "Redis 7.4 or Valkey 9";

/// The commands of [`HASH_EXPIRY_SINCE`] and newer ones, and the servers that have them.
#[rustfmt::skip]
const NEWER: &[(&str, &[&str])] = &[
    (HASH_EXPIRY_SINCE, &[
        "HEXPIRE", "HEXPIREAT", "HEXPIRETIME", "HPERSIST", "HPEXPIRE", "HPEXPIREAT", "HPEXPIRETIME",
        "HPTTL", "HTTL",
    ]),
    ("Redis 8.0 or Valkey 9", &["HGETDEL", "HGETEX", "HSETEX"]),
    ("Redis 8.2", &["XACKDEL", "XDELEX"]),
    ("Redis 8.4", &["DELEX", "DIGEST", "MSETEX"]),
];

/// The command as Redis has it.
pub fn to_redis(command: &Command) -> Cow<'_, Command> {
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let [name, cursor, options @ ..] = command.argv.as_slice() else {
        return Cow::Borrowed(command);
    };
    if !is(name, "SCAN") {
        return Cow::Borrowed(command);
    }
    // The other options have one value each, which may be the same word.
    let mut kept = vec![cursor.clone()];
    let mut rest = options;
    let mut has_types = false;
    while let Some((option, after)) = rest.split_first() {
        rest = after;
        if is(option, "WITHTYPE") {
            has_types = true;
            continue;
        }
        kept.push(option.clone());
        if let Some((value, after)) = rest.split_first() {
            kept.push(value.clone());
            rest = after;
        }
    }
    if !has_types {
        return Cow::Borrowed(command);
    }
    let script = ["EVAL", SCAN_WITH_TYPES, "0"].map(|word| word.as_bytes().to_vec());
    let argv = script.into_iter().chain(kept).collect();
    Cow::Owned(Command { argv })
}

/// The text of an error reply, with the remedy if this redis-server lacks a command
/// that Upstash has. `None`: it stays as it is.
pub fn explain(text: &str) -> Option<String> {
    // ERR unknown command 'HEXPIRE', with args beginning with: …
    let (before, after) = text.split_once("unknown command '")?;
    let name = after.split('\'').next()?.to_ascii_uppercase();
    let needed = if name.starts_with("JSON.") {
        "a Redis with the JSON module (Redis 8, Redis Stack)"
    } else {
        let (needed, _) = NEWER
            .iter()
            .find(|(_, names)| names.contains(&name.as_str()))?;
        needed
    };
    Some(format!(
        "{before}unknown command '{name}': Upstash has it, and the Redis behind redis-rest does not. \
         It needs {needed}; start one and name it with --redis-url"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    fn command(line: &str) -> Command {
        let argv = line.split(' ').map(|word| word.as_bytes().to_vec());
        Command {
            argv: argv.collect(),
        }
    }

    #[test]
    fn to_redis_replaces_scan_with_types_only() {
        for line in [
            "GET withtype",
            "SCAN",
            "SCAN 0",
            "SCAN 0 MATCH withtype",
            "scan 0 COUNT 10 MATCH WITHTYPE",
        ] {
            assert_eq!(*to_redis(&command(line)), command(line), "{line}");
        }
        for (line, kept) in [
            ("scan 0 withtype", "0"),
            (
                "SCAN 5 MATCH withtype WITHTYPE COUNT 10",
                "5 MATCH withtype COUNT 10",
            ),
            ("SCAN 0 COUNT 10 WITHTYPE TYPE", "0 COUNT 10 TYPE"),
        ] {
            let sent = to_redis(&command(line)).into_owned();
            assert_eq!(sent.argv[1], SCAN_WITH_TYPES.as_bytes(), "{line}");
            assert_eq!(sent.argv[3..], command(kept).argv, "{line}");
        }
    }

    #[test]
    fn explain_names_the_remedy_for_commands_that_upstash_has() {
        for (text, words) in [
            (
                "ERR unknown command 'HEXPIRE', with args beginning with: 'k' ",
                "Redis 7.4",
            ),
            (
                "ERR unknown command 'json.set', with args beginning with: ",
                "JSON module",
            ),
            (
                "EXECABORT Transaction discarded because of: ERR unknown command 'MSETEX', with",
                "Redis 8.4",
            ),
        ] {
            let explained = explain(text).unwrap();
            assert!(explained.contains(words), "{explained}");
            assert!(explained.contains("--redis-url"), "{explained}");
            assert!(explained.starts_with(&text[..8]), "{explained}");
        }
        for text in [
            "ERR unknown command 'NOPE', with",
            "ERR syntax error",
            "WRONGTYPE x",
        ] {
            assert_eq!(explain(text), None, "{text}");
        }
    }

    #[test]
    fn fuzz_to_redis_keeps_every_other_word() {
        let words = prop::collection::vec(
            prop_oneof![
                "(scan|SCAN|withtype|WITHTYPE|match|count|0|type|get)".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..5),
            ],
            1..8,
        );
        fuzz(&words, |argv| {
            let command = Command { argv };
            let sent = to_redis(&command);
            if let Cow::Owned(sent) = &sent {
                let is_option = |word: &[u8]| word.eq_ignore_ascii_case(b"WITHTYPE");
                let kept = sent.argv.len() - 3;
                let dropped = command.argv.len() - 1 - kept;
                prop_assert!(dropped >= 1);
                prop_assert!(command.argv.iter().filter(|word| is_option(word)).count() >= dropped);
            }
            Ok(())
        });
    }
}
