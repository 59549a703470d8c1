//! The part of HTTP/1.1 that the bench needs, on plain sockets: kept-alive
//! connections, bodies with a length or in chunks.
//!
//! Not a library on purpose: client and stub share the processor with the
//! Workers under test, and `cargo xtask` is a debug build, in which a full HTTP
//! client or server takes more processor time per request than a Worker does.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

/// An answer that takes longer will not come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A request or a response.
#[derive(Debug)]
pub(super) struct Message {
    /// The request line or the status line.
    pub(super) first_line: String,
    pub(super) body: Vec<u8>,
}

/// A client's connection, used for one request after the other.
#[derive(Debug)]
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(super) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends what [`request`] wrote; returns the status and the body of the
    /// response.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.0.get_mut().write_all(request)?;
        let response =
            read(&mut self.0)?.context("the connection was closed without a response")?;
        let status = response
            .first_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("no status line: {}", response.first_line))?;
        Ok((status, response.body))
    }
}

/// A request in the bytes that go over the wire.
pub(super) fn request(method: &str, port: u16, path: &str, body: &str) -> Vec<u8> {
    request_with(&[], method, port, path, body)
}

/// A request with more headers.
pub(super) fn request_with(
    headers: &[(&str, &str)],
    method: &str,
    port: u16,
    path: &str,
    body: &str,
) -> Vec<u8> {
    let more: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{more}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One request on a connection of its own.
pub(super) fn once(method: &str, port: u16, path: &str) -> Result<(u16, Vec<u8>)> {
    Connection::open(port)?.exchange(&request(method, port, path, ""))
}

/// The next message; `None` if the other side has closed the connection after the
/// last one.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut first_line = String::new();
    if reader.read_line(&mut first_line)? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(io::Error::other)?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let size = usize::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
            append(reader, size, &mut body)?;
            line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else {
        append(reader, length, &mut body)?;
    }
    Ok(Some(Message {
        first_line: first_line.trim_end().to_owned(),
        body,
    }))
}

fn append(reader: &mut impl Read, size: usize, body: &mut Vec<u8>) -> io::Result<()> {
    let start = body.len();
    body.resize(start + size, 0);
    reader.read_exact(&mut body[start..])
}

/// A line without its end.
pub(super) fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_follow_each_other_on_one_connection() {
        let mut wire: &[u8] = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n\
            HTTP/1.1 204 No Content\r\n\r\n";
        let mut next = || {
            read(&mut wire)
                .unwrap()
                .map(|message| (message.first_line, String::from_utf8(message.body).unwrap()))
        };
        let pair = |line: &str, body: &str| Some((line.to_owned(), body.to_owned()));
        assert_eq!(next(), pair("POST /a HTTP/1.1", "hi"));
        assert_eq!(next(), pair("HTTP/1.1 200 OK", "abcd"));
        assert_eq!(next(), pair("HTTP/1.1 204 No Content", ""));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error() {
        for wire in ["HTTP/1.1 200 OK\r\n", "X Y\r\ncontent-length: 3\r\n\r\nab"] {
            assert!(read(&mut wire.as_bytes()).is_err(), "{wire:?}");
        }
    }
}
