//! What the runner and its helper say to each other, over one socket.
//!
//! ```text
//! runner → helper   length (u32), the Spec as JSON, then the files' contents
//! helper → runner   kind (u8), length (u32), payload; see Message
//! runner → helper   one byte: end it now. End of file: the runner has died.
//! ```
//!
//! The program never holds an end of it. Numbers are little-endian.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// The longest message taken from a helper, beside the bytes of a file.
const LONGEST: u32 = 1 << 30;

/// Everything the helper has to know of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// Whose uid and gid the program gets outside; `None`: the runner's own.
    pub(super) user: Option<u32>,
    /// Folders to show beside the system's, absolute.
    pub(super) mounts: Vec<String>,
    /// Name, length in bytes, executable.
    pub(super) files: Vec<(String, u64, bool)>,
    /// Whether to send the folder's files back after exit code 0.
    pub(super) keep_files: bool,
    /// The run's folder, if it is to be held without namespaces.
    pub(super) folder: Option<String>,
    pub(super) limits: SpecLimits,
}

/// The limits that are set inside. All else is the watchdog's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct SpecLimits {
    pub(super) cpu_s: u64,
    pub(super) file_bytes: u64,
    pub(super) open_files: u64,
    pub(super) tasks: u64,
    pub(super) data_bytes: Option<u64>,
    pub(super) disk_bytes: u64,
    pub(super) disk_files: u64,
}

/// What the helper tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The init's pid, as the runner sees it.
    Init(i32),
    /// The program's first instruction is next.
    Started,
    /// It could not be started, with the step and the system's words.
    Failed(String),
    /// It has ended, and everything it started.
    Ended(Ended),
    /// A file of its folder: name, executable, content.
    File(String, bool, Vec<u8>),
    /// More files than may be kept.
    TooManyFiles,
    /// It took more of the disk than it may; only told without namespaces.
    OverDisk,
    /// Nothing will follow.
    Done,
}

/// How the program ended and what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// Exit code, or the signal.
    pub(super) how: Result<i32, i32>,
    /// Of all its processes, µs.
    pub(super) cpu_us: u64,
    /// µs.
    pub(super) wall_us: u64,
    /// The largest process's peak.
    pub(super) max_rss_bytes: u64,
}

impl Message {
    /// Sends it.
    pub(super) fn send(&self, to: &mut impl Write) -> io::Result<()> {
        let mut payload = Vec::new();
        let kind = match self {
            Self::Init(pid) => {
                payload.extend(pid.to_le_bytes());
                b'I'
            }
            Self::Started => b'S',
            Self::Failed(why) => {
                payload.extend(why.as_bytes());
                b'X'
            }
            Self::Ended(ended) => {
                let (signaled, number) = match ended.how {
                    Ok(code) => (0, code),
                    Err(signal) => (1, signal),
                };
                payload.push(signaled);
                payload.extend(number.to_le_bytes());
                payload.extend(ended.cpu_us.to_le_bytes());
                payload.extend(ended.wall_us.to_le_bytes());
                payload.extend(ended.max_rss_bytes.to_le_bytes());
                b'E'
            }
            Self::File(name, executable, content) => {
                payload.push(u8::from(*executable));
                payload.extend(length(name.len())?.to_le_bytes());
                payload.extend(name.as_bytes());
                payload.extend(content);
                b'F'
            }
            Self::TooManyFiles => b'T',
            Self::OverDisk => b'Q',
            Self::Done => b'D',
        };
        let mut message = Vec::with_capacity(payload.len() + 5);
        message.push(kind);
        message.extend(length(payload.len())?.to_le_bytes());
        message.extend(payload);
        to.write_all(&message)
    }

    /// Takes every whole message off `buffer`, at once: one by one, what follows
    /// would be moved each time, and a hostile compilation leaves many files.
    pub(super) fn take_all(buffer: &mut Vec<u8>) -> io::Result<Vec<Self>> {
        let mut messages = Vec::new();
        let mut used = 0;
        loop {
            let mut rest = &buffer[used..];
            let (Some([kind]), Some(length)) = (bytes(&mut rest), bytes(&mut rest)) else {
                break;
            };
            let length = u32::from_le_bytes(length);
            if length > LONGEST {
                return Err(io::Error::other("a message is too long"));
            }
            let length = length as usize;
            if rest.len() < length {
                break;
            }
            let message = Self::parse(kind, &rest[..length])
                .ok_or_else(|| io::Error::other("a message makes no sense"))?;
            messages.push(message);
            used += 5 + length;
        }
        buffer.drain(..used);
        Ok(messages)
    }

    fn parse(kind: u8, mut payload: &[u8]) -> Option<Self> {
        let payload = &mut payload;
        Some(match kind {
            b'I' => Self::Init(i32::from_le_bytes(bytes(payload)?)),
            b'S' => Self::Started,
            b'X' => Self::Failed(String::from_utf8_lossy(payload).into_owned()),
            b'E' => {
                let [signaled] = bytes(payload)?;
                let number = i32::from_le_bytes(bytes(payload)?);
                Self::Ended(Ended {
                    how: if signaled == 0 {
                        Ok(number)
                    } else {
                        Err(number)
                    },
                    cpu_us: u64::from_le_bytes(bytes(payload)?),
                    wall_us: u64::from_le_bytes(bytes(payload)?),
                    max_rss_bytes: u64::from_le_bytes(bytes(payload)?),
                })
            }
            b'F' => {
                let [executable] = bytes(payload)?;
                let name_length = u32::from_le_bytes(bytes(payload)?) as usize;
                let (name, content) = payload.split_at_checked(name_length)?;
                let name = str::from_utf8(name).ok()?.to_owned();
                Self::File(name, executable != 0, content.to_vec())
            }
            b'T' => Self::TooManyFiles,
            b'Q' => Self::OverDisk,
            b'D' => Self::Done,
            _ => return None,
        })
    }
}

fn bytes<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

fn length(length: usize) -> io::Result<u32> {
    u32::try_from(length)
        .ok()
        .filter(|&length| length <= LONGEST)
        .ok_or_else(|| io::Error::other("a message is too long"))
}

impl Spec {
    /// Sends it; the files' contents follow.
    pub(super) fn send(&self, to: &mut impl Write) -> io::Result<()> {
        let json = serde_json::to_vec(self)?;
        let mut message = length(json.len())?.to_le_bytes().to_vec();
        message.extend(json);
        to.write_all(&message)
    }

    /// Receives it.
    pub(super) fn receive(from: &mut impl Read) -> io::Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut json = vec![0; u32::from_le_bytes(length) as usize];
        from.read_exact(&mut json)?;
        Ok(serde_json::from_slice(&json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way_in_any_pieces() {
        let messages = [
            Message::Init(77),
            Message::Started,
            Message::Failed("mount: no".to_owned()),
            Message::Ended(Ended {
                how: Err(9),
                cpu_us: 1,
                wall_us: 2,
                max_rss_bytes: 3,
            }),
            Message::File("a/b".to_owned(), true, vec![0, 255]),
            Message::TooManyFiles,
            Message::OverDisk,
            Message::Done,
        ];
        let mut sent = Vec::new();
        for message in &messages {
            message.send(&mut sent).unwrap();
        }
        let (mut buffer, mut received) = (Vec::new(), Vec::new());
        for byte in sent {
            buffer.push(byte);
            received.extend(Message::take_all(&mut buffer).unwrap());
        }
        assert_eq!(received, messages);
        assert!(buffer.is_empty());
        assert!(Message::take_all(&mut vec![b'?', 0, 0, 0, 0]).is_err());
    }
}
