//! Decides which commands may be sent to Redis; the others get Upstash's messages.
//!
//! All clients share the connections to Redis, so a command that changes its
//! connection (`SELECT`, `MULTI`, `SUBSCRIBE`) or blocks it (`BLPOP`) would affect
//! other clients. A list of dangerous commands would be outdated by the next
//! version of Redis. So this lists what Upstash offers over REST and refuses the
//! rest. It also makes code that uses a command without support in Upstash fail
//! before it is deployed.
//!
//! Sources: Upstash's command reference
//! (<https://upstash.com/docs/redis/commands/overview>) and the table "REST -
//! Redis API Compatibility" of <https://upstash.com/docs/redis/features/restapi>.

/// Commands that Upstash offers over REST.
#[rustfmt::skip]
const ALLOWED: &[&str] = &[
    // String
    "APPEND", "DECR", "DECRBY", "DELEX", "DIGEST", "GET", "GETDEL", "GETEX", "GETRANGE", "GETSET",
    "INCR", "INCRBY", "INCRBYFLOAT", "MGET", "MSET", "MSETEX", "MSETNX", "PSETEX", "SET", "SETEX",
    "SETNX", "SETRANGE", "STRLEN",
    // Bitmap
    "BITCOUNT", "BITFIELD", "BITFIELD_RO", "BITOP", "BITPOS", "GETBIT", "SETBIT",
    // Hash
    "HDEL", "HEXISTS", "HEXPIRE", "HEXPIREAT", "HEXPIRETIME", "HGET", "HGETALL", "HGETDEL", "HGETEX",
    "HINCRBY", "HINCRBYFLOAT", "HKEYS", "HLEN", "HMGET", "HMSET", "HPERSIST", "HPEXPIRE",
    "HPEXPIREAT", "HPEXPIRETIME", "HPTTL", "HRANDFIELD", "HSCAN", "HSET", "HSETEX", "HSETNX",
    "HSTRLEN", "HTTL", "HVALS",
    // List
    "LINDEX", "LINSERT", "LLEN", "LMOVE", "LMPOP", "LPOP", "LPOS", "LPUSH", "LPUSHX", "LRANGE",
    "LREM", "LSET", "LTRIM", "RPOP", "RPOPLPUSH", "RPUSH", "RPUSHX",
    // Set
    "SADD", "SCARD", "SDIFF", "SDIFFSTORE", "SINTER", "SINTERCARD", "SINTERSTORE", "SISMEMBER",
    "SMEMBERS", "SMISMEMBER", "SMOVE", "SPOP", "SRANDMEMBER", "SREM", "SSCAN", "SUNION",
    "SUNIONSTORE",
    // Sorted set
    "ZADD", "ZCARD", "ZCOUNT", "ZDIFF", "ZDIFFSTORE", "ZINCRBY", "ZINTER", "ZINTERCARD",
    "ZINTERSTORE", "ZLEXCOUNT", "ZMPOP", "ZMSCORE", "ZPOPMAX", "ZPOPMIN", "ZRANDMEMBER", "ZRANGE",
    "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANGESTORE", "ZRANK", "ZREM", "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE",
    "ZREVRANK", "ZSCAN", "ZSCORE", "ZUNION", "ZUNIONSTORE",
    // Geo
    "GEOADD", "GEODIST", "GEOHASH", "GEOPOS", "GEORADIUS", "GEORADIUSBYMEMBER",
    "GEORADIUSBYMEMBER_RO", "GEORADIUS_RO", "GEOSEARCH", "GEOSEARCHSTORE",
    // HyperLogLog
    "PFADD", "PFCOUNT", "PFMERGE",
    // Stream; XREAD and XREADGROUP only without BLOCK
    "XACK", "XACKDEL", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL", "XDELEX", "XGROUP", "XINFO", "XLEN",
    "XPENDING", "XRANGE", "XREAD", "XREADGROUP", "XREVRANGE", "XTRIM",
    // Generic
    "COPY", "DEL", "DUMP", "EXISTS", "EXPIRE", "EXPIREAT", "EXPIRETIME", "KEYS", "PERSIST",
    "PEXPIRE", "PEXPIREAT", "PEXPIRETIME", "PTTL", "RANDOMKEY", "RENAME", "RENAMENX", "RESTORE",
    "SCAN", "TOUCH", "TTL", "TYPE", "UNLINK",
    // Scripts and functions
    "EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO",
    // Publish and subscribe; subscribing has endpoints of its own
    "PUBLISH", "PUBSUB",
    // Connection and server
    "COMMAND", "DBSIZE", "ECHO", "FLUSHALL", "FLUSHDB", "INFO", "PING", "TIME",
];

/// Commands of which Upstash offers only some subcommands.
const ALLOWED_SUBCOMMANDS: &[(&str, &[&str])] = &[
    ("CLIENT", &["SETINFO"]),
    (
        "FUNCTION",
        &["DELETE", "FLUSH", "KILL", "LIST", "LOAD", "STATS"],
    ),
    ("MEMORY", &["USAGE"]),
    ("SCRIPT", &["EXISTS", "FLUSH", "KILL", "LOAD"]),
];

/// Commands that Upstash offers over TCP, but not over REST.
#[rustfmt::skip]
const NOT_OVER_REST: &[&str] = &[
    // They block.
    "BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT",
    "WAITAOF",
    // They concern one connection.
    "AUTH", "CLIENT", "HELLO", "QUIT", "RESET", "SELECT",
    // A transaction is /multi-exec.
    "DISCARD", "EXEC", "MULTI", "UNWATCH", "WATCH",
    // A subscription is /subscribe or /psubscribe, and /monitor.
    "MONITOR", "PSUBSCRIBE", "PUNSUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE",
];

/// Characters of a command's name that an error repeats.
const MAX_NAME_CHARS: usize = 64;

/// Checks whether a command, its name first, may be sent to Redis. The error is the
/// text of its error reply.
pub fn check(argv: &[Vec<u8>]) -> Result<(), String> {
    let name = uppercase_name(argv.first());
    if let Some((_, subcommands)) = ALLOWED_SUBCOMMANDS.iter().find(|(known, _)| *known == name) {
        let subcommand = uppercase_name(argv.get(1));
        return if subcommands.contains(&subcommand.as_str()) {
            Ok(())
        } else if NOT_OVER_REST.contains(&name.as_str()) {
            Err(not_over_rest(&name))
        } else {
            Err(not_available(format!("{name} {subcommand}").trim_end()))
        };
    }
    if NOT_OVER_REST.contains(&name.as_str()) {
        return Err(not_over_rest(&name));
    }
    if matches!(name.as_str(), "XREAD" | "XREADGROUP") && has_block(&argv[1..]) {
        return Err(not_over_rest(&format!("{name} BLOCK")));
    }
    if ALLOWED.contains(&name.as_str()) || name.starts_with("JSON.") {
        return Ok(());
    }
    if name.starts_with("SEARCH.") {
        return Err(format!(
            "ERR {name}: Upstash has search, and this redis-rest does not: no Redis has these \
             commands, so they can be tried in an Upstash database only"
        ));
    }
    Err(not_available(&name))
}

/// The command's name for the log. Only names in the lists above are returned, so
/// that a value in the place of a name is never logged.
pub fn loggable_name(argv: &[Vec<u8>]) -> &'static str {
    let name = uppercase_name(argv.first());
    ALLOWED
        .iter()
        .chain(NOT_OVER_REST)
        .chain(ALLOWED_SUBCOMMANDS.iter().map(|(known, _)| known))
        .find(|known| **known == name)
        .copied()
        .unwrap_or("(other)")
}

/// Whether the arguments of `XREAD` or `XREADGROUP` have the option `BLOCK`. It reads
/// them as Redis does, so that a stream named `block` is not taken for the option.
fn has_block(args: &[Vec<u8>]) -> bool {
    let mut rest = args;
    while let Some(option) = rest.first() {
        let taken = match uppercase_name(Some(option)).as_str() {
            "BLOCK" => return true,
            "COUNT" => 2,
            "GROUP" => 3,
            "NOACK" => 1,
            // After STREAMS come only keys and ids. Redis refuses anything else before
            // it would block.
            _ => return false,
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    false
}

fn uppercase_name(name: Option<&Vec<u8>>) -> String {
    let name = name.map(Vec::as_slice).unwrap_or_default();
    let name = &name[..name.len().min(MAX_NAME_CHARS * 4)];
    String::from_utf8_lossy(name)
        .chars()
        .take(MAX_NAME_CHARS)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn not_available(name: &str) -> String {
    format!(
        "ERR Command is not available: '{name}'. See \
         https://upstash.com/docs/redis/overall/rediscompatibility for details"
    )
}

fn not_over_rest(name: &str) -> String {
    format!("ERR Command \"{name}\" is not allowed in REST or it has a special context path")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use fuzz::fuzz;

    fn check_line(line: &str) -> Result<(), String> {
        let argv: Vec<Vec<u8>> = line.split(' ').map(|arg| arg.as_bytes().to_vec()).collect();
        check(&argv)
    }

    #[test]
    fn check_allows_the_commands_of_a_queue() {
        for line in [
            "lpush problems x",
            "Eval return 0",
            "EVALSHA abc 0",
            "SCRIPT LOAD x",
            "INFO commandstats",
            "LMPOP 1 a LEFT",
            "ZADD k 1 m",
            "JSON.SET k $ 1",
            "XREAD COUNT 1 STREAMS block 0",
            "XREADGROUP GROUP BLOCK block NOACK STREAMS s >",
            "MEMORY USAGE k",
            "PUBLISH c m",
        ] {
            assert_eq!(check_line(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn check_refuses_commands_that_block_or_change_a_connection() {
        for name in NOT_OVER_REST {
            assert_eq!(
                check_line(&name.to_lowercase()),
                Err(format!(
                    "ERR Command \"{name}\" is not allowed in REST or it has a special context path"
                ))
            );
        }
        for line in [
            "XREAD BLOCK 0 STREAMS s $",
            "xread count 2 block 0 streams s $",
            "XREADGROUP GROUP g c NOACK BLOCK 5 STREAMS s >",
            "CLIENT REPLY OFF",
            "CLIENT",
        ] {
            let error = check_line(line).expect_err(line);
            assert!(error.contains("is not allowed in REST"), "{line}: {error}");
        }
    }

    #[test]
    fn check_refuses_commands_without_support_in_upstash() {
        for (line, name) in [
            ("shutdown nosave", "SHUTDOWN"),
            ("CONFIG SET dir x", "CONFIG"),
            ("DEBUG SLEEP 1", "DEBUG"),
            ("SSUBSCRIBE c", "SSUBSCRIBE"),
            ("script debug yes", "SCRIPT DEBUG"),
            ("MEMORY STATS", "MEMORY STATS"),
            ("FUNCTION", "FUNCTION"),
            ("nope", "NOPE"),
            ("", ""),
        ] {
            assert_eq!(
                check_line(line),
                Err(format!(
                    "ERR Command is not available: '{name}'. See \
                     https://upstash.com/docs/redis/overall/rediscompatibility for details"
                ))
            );
        }
        let long = check(&[vec![0xff; 10_000]]).unwrap_err();
        assert!(long.len() < 1_000, "{} bytes", long.len());
    }

    #[test]
    fn lists_of_commands_do_not_contradict_each_other() {
        for name in ALLOWED {
            assert!(!NOT_OVER_REST.contains(name), "{name}");
            assert!(
                ALLOWED_SUBCOMMANDS.iter().all(|(part, _)| part != name),
                "{name}"
            );
        }
    }

    #[test]
    fn loggable_name_returns_known_names_only() {
        assert_eq!(loggable_name(&[b"lpush".to_vec()]), "LPUSH");
        assert_eq!(loggable_name(&[b"my secret value".to_vec()]), "(other)");
    }

    /// A client may send any command.
    #[test]
    fn fuzz_check_ignores_case_and_allows_known_names_only() {
        let known: Vec<&str> = [ALLOWED, NOT_OVER_REST].concat();
        let name = prop_oneof![
            select(known).prop_map(|name| name.as_bytes().to_vec()),
            "(client|script|memory|function|xread|xreadgroup|json[.]x)"
                .prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..400),
        ];
        let argument = prop_oneof![
            "(setinfo|usage|load|list|block|count|group|noack|streams|[a-z]{0,4})"
                .prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..400),
        ];
        let argv = (name, prop::collection::vec(argument, 0..5));
        fuzz(&argv, |(name, arguments)| {
            let argv = [vec![name], arguments].concat();
            let result = check(&argv);
            let uppercase: Vec<Vec<u8>> =
                argv.iter().map(|word| word.to_ascii_uppercase()).collect();
            prop_assert_eq!(&check(&uppercase), &result);
            let logged = loggable_name(&argv);
            let is_json = uppercase[0].starts_with(b"JSON.");
            match result {
                Ok(()) => prop_assert!(is_json || logged.as_bytes() == uppercase[0]),
                Err(text) => {
                    prop_assert!(text.starts_with("ERR ") && text.len() < 1_000);
                }
            }
            prop_assert!(logged == "(other)" || logged.as_bytes() == uppercase[0]);
            Ok(())
        });
    }
}
