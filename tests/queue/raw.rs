//! Redis itself, without redis-rest: what the tests look at and meddle with.
//!
//! Enough of RESP2 for that, over one blocking connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Nil,
    Integer(i64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
}

impl Value {
    pub(crate) fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("{other:?} is no string"),
        }
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn list(self) -> Vec<Value> {
        match self {
            Self::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }

    pub(crate) fn byte_list(self) -> Vec<Vec<u8>> {
        self.list().into_iter().map(Self::bytes).collect()
    }

    /// What HGETALL and ZRANGE WITHSCORES answer, whose first halves are text.
    pub(crate) fn pairs(self) -> Vec<(String, Vec<u8>)> {
        let mut items = self.list().into_iter();
        let mut pairs = Vec::new();
        while let (Some(first), Some(second)) = (items.next(), items.next()) {
            pairs.push((first.text(), second.bytes()));
        }
        pairs
    }
}

/// A connection.
pub(crate) struct Raw(BufReader<TcpStream>);

impl Raw {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends all of them at once; an error reply is a panic.
    pub(crate) fn pipeline(&mut self, commands: &[Vec<Vec<u8>>]) -> Vec<Value> {
        let mut out = Vec::new();
        for command in commands {
            write!(out, "*{}\r\n", command.len()).unwrap();
            for argument in command {
                write!(out, "${}\r\n", argument.len()).unwrap();
                out.extend_from_slice(argument);
                out.extend_from_slice(b"\r\n");
            }
        }
        self.0.get_mut().write_all(&out).unwrap();
        commands.iter().map(|_| self.reply()).collect()
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let line = line.trim_end();
        let (kind, rest) = line.split_at(1);
        match kind {
            "+" => Value::Bytes(rest.into()),
            "-" => panic!("Redis answered: {rest}"),
            ":" => Value::Integer(rest.parse().unwrap()),
            "$" | "*" if rest == "-1" => Value::Nil,
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.0.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                Value::Bytes(bytes)
            }
            "*" => {
                let count: usize = rest.parse().unwrap();
                Value::List((0..count).map(|_| self.reply()).collect())
            }
            _ => panic!("no RESP2: {line}"),
        }
    }
}

/// A command from its words.
pub(crate) fn command(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}
