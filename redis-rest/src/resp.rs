//! RESP2, Redis's protocol over TCP, as far as a client needs it.
//!
//! A [`Reply`] is one complete reply as the bytes that Redis sent, so that the
//! response format `resp2` is exact. Its content is read with [`read_element`], one
//! flat element at a time. Nothing here recurses, because a Lua script may nest
//! arrays thousands deep.
//!
//! Source: the protocol specification at
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>. RESP3 is not
//! supported: this program never sends `HELLO` and refuses to pass it on.

use bytes::{BufMut, Bytes, BytesMut};

/// The longest bulk string that Redis sends or accepts (`proto-max-bulk-len`).
const MAX_BULK_BYTES: usize = 512 * 1024 * 1024;

/// The longest line (a status, an error, a number). Redis's own lines are far
/// shorter, so a server that sends a longer one is not Redis.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// The received bytes are not RESP2, so nothing after them can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reply is not RESP2: {0}")]
pub struct ProtocolError(pub &'static str);

/// One flat element of a reply. An array is only its header; its elements
/// follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element<'a> {
    /// `+OK`: a status line.
    Simple(&'a [u8]),
    /// `-ERR …`: an error line, without the dash.
    Error(&'a [u8]),
    /// `:12`: a signed 64-bit number, as its decimal digits.
    Integer(&'a [u8]),
    /// `$3 foo`: any bytes; `None` is nil (`$-1`).
    Bulk(Option<&'a [u8]>),
    /// `*2`: how many elements follow; `None` is the nil array (`*-1`).
    Array(Option<usize>),
}

/// Reads the element at the start of `buf`, and its length in bytes. `None` means that
/// it is incomplete.
pub fn read_element(buf: &[u8]) -> Result<Option<(Element<'_>, usize)>, ProtocolError> {
    let Some(line_len) = buf.iter().position(|byte| *byte == b'\n') else {
        return match buf.len() {
            len if len > MAX_LINE_BYTES => Err(ProtocolError("a line without an end")),
            _ => Ok(None),
        };
    };
    let [kind, line @ .., b'\r'] = &buf[..line_len] else {
        return Err(ProtocolError("a line that does not end in CRLF"));
    };
    let after_line = line_len + 1;
    let element = match *kind {
        b'+' => Element::Simple(line),
        b'-' => Element::Error(line),
        b':' => {
            number(line)?;
            Element::Integer(line)
        }
        b'$' => {
            let Some(len) = length(line)? else {
                return Ok(Some((Element::Bulk(None), after_line)));
            };
            if len > MAX_BULK_BYTES {
                return Err(ProtocolError("a string longer than Redis allows"));
            }
            let end = after_line + len;
            let Some(tail) = buf.get(end..end + 2) else {
                return Ok(None);
            };
            if tail != b"\r\n" {
                return Err(ProtocolError("a string that does not end in CRLF"));
            }
            return Ok(Some((Element::Bulk(Some(&buf[after_line..end])), end + 2)));
        }
        b'*' => Element::Array(length(line)?),
        _ => return Err(ProtocolError("an unknown type")),
    };
    Ok(Some((element, after_line)))
}

fn number(line: &[u8]) -> Result<i64, ProtocolError> {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(ProtocolError("not a number"))
}

fn length(line: &[u8]) -> Result<Option<usize>, ProtocolError> {
    match number(line)? {
        -1 => Ok(None),
        len => usize::try_from(len)
            .map(Some)
            .map_err(|_| ProtocolError("a negative length")),
    }
}

/// One complete reply, exactly as Redis sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(Bytes);

impl Reply {
    /// An error reply for a command that is not sent to Redis. Line breaks, which would
    /// end the line early, become spaces.
    pub fn error(text: &str) -> Self {
        let mut raw = BytesMut::with_capacity(text.len() + 3);
        raw.put_u8(b'-');
        raw.extend(text.bytes().map(|byte| match byte {
            b'\r' | b'\n' => b' ',
            byte => byte,
        }));
        raw.put_slice(b"\r\n");
        Self(raw.freeze())
    }

    /// The bytes that Redis sent.
    pub fn raw(&self) -> &Bytes {
        &self.0
    }

    /// The text of an error reply; `None` for other kinds.
    pub fn error_text(&self) -> Option<String> {
        match read_element(&self.0) {
            Ok(Some((Element::Error(text), _))) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    /// The replies inside an array reply; `None` if this is not an array, or nil.
    pub fn children(&self) -> Option<Vec<Self>> {
        let Ok(Some((Element::Array(Some(count)), header))) = read_element(&self.0) else {
            return None;
        };
        let mut rest = ReplyReader::with(self.0.slice(header..).into());
        let mut children = Vec::with_capacity(count.min(self.0.len()));
        while let Ok(Some(child)) = rest.next_reply() {
            children.push(child);
        }
        Some(children)
    }
}

/// Cuts a stream of bytes into replies.
///
/// It remembers its position in an incomplete reply, so that a reply that arrives in
/// many pieces is parsed once.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buf: BytesMut,
    /// Bytes at the start of `buf` known to belong to the reply being read.
    seen: usize,
    /// Elements that the reply still lacks, if it has begun.
    missing: Option<usize>,
}

impl ReplyReader {
    /// A reader that already holds `buf`.
    pub fn with(buf: BytesMut) -> Self {
        Self {
            buf,
            ..Self::default()
        }
    }

    /// The buffer for bytes from the socket.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buf
    }

    /// The next complete reply, or `None` until more bytes have arrived.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, ProtocolError> {
        let mut missing = self.missing.unwrap_or(1);
        while missing > 0 {
            let Some((element, len)) = read_element(&self.buf[self.seen..])? else {
                self.missing = Some(missing);
                return Ok(None);
            };
            self.seen += len;
            missing -= 1;
            if let Element::Array(Some(count)) = element {
                missing = missing
                    .checked_add(count)
                    .ok_or(ProtocolError("an impossible array"))?;
            }
        }
        self.missing = None;
        Ok(Some(Reply(
            self.buf.split_to(std::mem::take(&mut self.seen)).freeze(),
        )))
    }
}

/// Appends one command as an array of bulk strings, the form that Redis reads.
pub fn write_command<A: AsRef<[u8]>>(argv: &[A], out: &mut BytesMut) {
    let header = |kind: u8, len: usize, out: &mut BytesMut| {
        out.put_u8(kind);
        out.put_slice(len.to_string().as_bytes());
        out.put_slice(b"\r\n");
    };
    header(b'*', argv.len(), out);
    for arg in argv {
        let arg = arg.as_ref();
        header(b'$', arg.len(), out);
        out.put_slice(arg);
        out.put_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    const NESTED: &[u8] = b"*3\r\n:1\r\n*2\r\n$-1\r\n*-1\r\n$4\r\na\r\nb\r\n";

    #[test]
    fn reply_reader_finds_replies_wherever_the_stream_is_cut() {
        let stream = [b"+OK\r\n".as_slice(), NESTED, b"-ERR no\r\n", b"$0\r\n\r\n"].concat();
        for cut in 0..stream.len() {
            let mut reader = ReplyReader::default();
            let mut replies = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                reader.buffer().put_slice(part);
                while let Some(reply) = reader.next_reply().unwrap() {
                    replies.push(reply.raw().to_vec());
                }
            }
            let expected: [&[u8]; 4] = [b"+OK\r\n", NESTED, b"-ERR no\r\n", b"$0\r\n\r\n"];
            assert_eq!(replies, expected, "cut after {cut} bytes");
        }
    }

    #[test]
    fn reply_children_are_the_elements_of_the_outer_array() {
        let reply = Reply(Bytes::from_static(NESTED));
        let children: Vec<_> = reply
            .children()
            .unwrap()
            .iter()
            .map(|child| child.raw().to_vec())
            .collect();
        let expected: [&[u8]; 3] = [b":1\r\n", b"*2\r\n$-1\r\n*-1\r\n", b"$4\r\na\r\nb\r\n"];
        assert_eq!(children, expected);
        assert_eq!(Reply(Bytes::from_static(b"*-1\r\n")).children(), None);
        assert_eq!(Reply(Bytes::from_static(b":1\r\n")).children(), None);
    }

    #[test]
    fn reply_reader_fails_at_once_on_other_protocols() {
        for bytes in [
            b"HTTP/1.1 400\r\n".as_slice(),
            b"+OK\n",
            b":one\r\n",
            b":9223372036854775808\r\n",
            b"$-2\r\n",
            b"$3\r\nabcde",
            b"%1\r\n",
        ] {
            let mut reader = ReplyReader::with(BytesMut::from(bytes));
            assert!(
                reader.next_reply().is_err(),
                "{:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn reply_error_stays_on_one_line() {
        let reply = Reply::error("ERR a\r\n+OK");
        assert_eq!(reply.raw().as_ref(), b"-ERR a  +OK\r\n");
        assert_eq!(reply.error_text().as_deref(), Some("ERR a  +OK"));
    }

    #[test]
    fn write_command_writes_an_array_of_bulk_strings() {
        let mut out = BytesMut::new();
        write_command(&[b"SET".as_slice(), b"k", b"\x00\r\n"], &mut out);
        assert_eq!(
            out.as_ref(),
            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\x00\r\n\r\n"
        );
    }

    /// The bytes of any reply that Redis can send.
    fn any_reply() -> impl Strategy<Value = Vec<u8>> {
        let line = |kind: char| {
            prop::collection::vec(any::<u8>(), 0..12).prop_map(move |mut text| {
                text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
                [kind.to_string().as_bytes(), &text, b"\r\n"].concat()
            })
        };
        let bulk = prop::collection::vec(any::<u8>(), 0..12)
            .prop_map(|text| [format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat());
        let leaf = prop_oneof![
            line('+'),
            line('-'),
            any::<i64>().prop_map(|number| format!(":{number}\r\n").into_bytes()),
            Just(b"$-1\r\n".to_vec()),
            Just(b"*-1\r\n".to_vec()),
            bulk,
        ];
        leaf.prop_recursive(4, 20, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(|children| {
                [
                    format!("*{}\r\n", children.len()).into_bytes(),
                    children.concat(),
                ]
                .concat()
            })
        })
    }

    #[test]
    fn fuzz_reply_reader_returns_the_replies_of_a_stream_in_any_pieces() {
        let replies = prop::collection::vec(any_reply(), 0..6);
        let pieces = prop::collection::vec(1..30_usize, 1..20);
        fuzz(&(replies, pieces), |(replies, pieces)| {
            let stream = replies.concat();
            let mut reader = ReplyReader::default();
            let mut read = Vec::new();
            let (mut rest, mut pieces) = (&stream[..], pieces.iter().cycle());
            while let (false, Some(&piece)) = (rest.is_empty(), pieces.next()) {
                let (head, tail) = rest.split_at(piece.min(rest.len()));
                reader.buffer().put_slice(head);
                while let Some(reply) = reader.next_reply().unwrap() {
                    read.push(reply.raw().to_vec());
                }
                rest = tail;
            }
            prop_assert_eq!(read, replies);
            Ok(())
        });
    }

    /// A server that is not Redis may send any bytes.
    #[test]
    fn fuzz_reply_reader_of_any_bytes_fails_or_loses_none() {
        // Real replies, damaged: random bytes alone rarely get past the first one.
        let damaged = (
            prop::collection::vec(any_reply(), 0..4),
            prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                "[$*:+-]-?[0-9]{0,20}\r\n".prop_map(String::into_bytes),
            ],
        );
        fuzz(&damaged, |(replies, changes, tail)| {
            let mut bytes = [replies.concat(), tail].concat();
            for (index, byte) in changes {
                if let Some(last) = bytes.len().checked_sub(1) {
                    bytes[index.index(last + 1)] = byte;
                }
            }
            let mut reader = ReplyReader::with(BytesMut::from(&bytes[..]));
            let mut read = Vec::new();
            let result = loop {
                match reader.next_reply() {
                    Ok(Some(reply)) => {
                        // An array's children are its bytes after the header.
                        if let Some(children) = reply.children() {
                            let children = children.iter().map(|child| child.raw().to_vec());
                            let inner = children.collect::<Vec<_>>().concat();
                            prop_assert!(reply.raw().ends_with(&inner));
                        }
                        read.extend_from_slice(reply.raw());
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            prop_assert!(bytes.starts_with(&read));
            if result.is_ok() {
                read.extend_from_slice(reader.buffer());
                prop_assert_eq!(read, bytes);
            }
            Ok(())
        });
    }

    #[test]
    fn fuzz_write_command_is_read_back_as_its_arguments() {
        let argv = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..6);
        fuzz(&argv, |argv| {
            let mut out = BytesMut::new();
            write_command(&argv, &mut out);
            let mut rest = &out[..];
            let mut read = Vec::new();
            while let Ok(Some((element, length))) = read_element(rest) {
                rest = &rest[length..];
                match element {
                    Element::Bulk(Some(bytes)) => read.push(bytes.to_vec()),
                    other => prop_assert_eq!(other, Element::Array(Some(argv.len()))),
                }
            }
            prop_assert!(rest.is_empty());
            prop_assert_eq!(read, argv);
            Ok(())
        });
    }
}
