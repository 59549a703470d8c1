//! HTTP on a bare connection: requests that no client library would send.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long an answer may take. A body may take 30 s to arrive.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// What is sent on one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    /// The bytes, with a pause before each part but the first.
    pub(crate) parts: Vec<Vec<u8>>,
    pub(crate) pause: Duration,
    /// Whether the sending half is closed after the last part.
    pub(crate) ends: bool,
}

/// An answer, as far as it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header lines, in lowercase.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The text of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(one, _)| *one == name);
        found.map_or("", |(_, value)| value.trim())
    }
}

/// A connection on which these bytes were sent.
pub(crate) fn begin(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    // An error means: refused before it was sent whole. The answer may be there.
    stream.write_all(bytes).ok();
    stream
}

/// Sends bytes, and reads one answer; `None` where the connection was closed without
/// a whole one. Panics when neither comes in time.
pub(crate) fn exchange(port: u16, sent: &Sent) -> Option<Answer> {
    let mut stream = begin(port, &sent.parts[0]);
    for part in &sent.parts[1..] {
        thread::sleep(sent.pause);
        if stream.write_all(part).is_err() {
            break;
        }
    }
    if sent.ends {
        stream.shutdown(Shutdown::Write).ok();
    }
    read(&stream, sent.parts[0].starts_with(b"HEAD "))
}

/// Whether nothing has come on a connection, its end neither.
pub(crate) fn is_silent(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Reads the answer to anything but `HEAD`.
pub(crate) fn answer(stream: &TcpStream) -> Option<Answer> {
    read(stream, false)
}

fn read(mut stream: &TcpStream, is_head: bool) -> Option<Answer> {
    let (started, mut received) = (Instant::now(), Vec::new());
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(answer) = parse(&received, is_head, false) {
            return Some(answer);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return parse(&received, is_head, true),
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let waited = started.elapsed();
                assert!(waited < ANSWER_WITHIN, "no answer after {waited:?}");
            }
            Err(_) => return parse(&received, is_head, true),
        }
    }
}

/// The answer in `received`, once it is whole.
fn parse(received: &[u8], is_head: bool, is_closed: bool) -> Option<Answer> {
    let end = find(received, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let rest = &received[end + 4..];
    let mut answer = Answer {
        status,
        head,
        body: Vec::new(),
    };
    if (100..200).contains(&status) {
        return parse(rest, is_head, is_closed);
    }
    if is_head || matches!(status, 204 | 304) {
        return Some(answer);
    }
    if answer.header("transfer-encoding") == "chunked" {
        find(rest, b"0\r\n\r\n")?;
        // One chunk is all that these answers have.
        let begin = find(rest, b"\r\n")? + 2;
        answer.body = rest[begin..].to_vec();
        return Some(answer);
    }
    match answer.header("content-length").parse::<usize>() {
        Ok(length) if rest.len() >= length => answer.body = rest[..length].to_vec(),
        Err(_) if is_closed => answer.body = rest.to_vec(),
        _ => return None,
    }
    Some(answer)
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|one| one == pattern)
}
