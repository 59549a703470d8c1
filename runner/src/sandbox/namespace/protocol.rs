//! The messages between the runner and its helper, over one socket.
//!
//! ```text
//! runner → helper   length (u32), the Spec as JSON, then the files' contents
//! helper → runner   kind (u8), length (u32), payload; see Message
//! runner → helper   for a program that waits, after Message::Waiting: length (u32), the
//!                   Code as JSON, then the files' contents
//! runner → helper   one byte: end the run, see EndRequest. End of file: the runner has
//!                   died.
//! ```
//!
//! The program never holds an end of the socket. Numbers are little-endian. The
//! runner does not trust what a helper sends: a program may have taken it over.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sandbox::exit_status::ExitStatus;
use crate::sandbox::failure::Failure;
use crate::sandbox::interface::Mount;
use crate::sandbox::rlimits::ProcessLimits;

/// The name that a helper is started under.
pub(super) const HELPER_NAME: &str = "edgejudge-sandbox";

/// Uid and gid of the program, as seen inside its user namespace.
pub(super) const INSIDE_ID: u32 = 1000;

/// Steps that fail where namespaces, or mounts within them, are forbidden. By these
/// names, `self_test.rs` finds out that the other tier may work.
pub(super) mod step {
    pub(in super::super) const NAMESPACES: &str = "namespaces";
    pub(in super::super) const MAP_USER: &str = "mapping the user";
    pub(in super::super) const OPEN_SOURCES: &str = "opening the folders to show";
    pub(in super::super) const ENTER_ROOT: &str = "entering the new root";
}

/// How the runner asks for the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndRequest {
    /// Kill everything now.
    Kill = 1,
    /// Interrupt the program, and kill everything a moment later.
    Interrupt = 2,
}

/// The variable by which an interpreter learns that it is to wait for its code: the
/// number of the signal by which it stops itself. Files in the folder `libraries` read it,
/// and remove it from the environment.
pub(super) const WAIT_VARIABLE: &str = "EDGEJUDGE_WAIT";

/// Bytes that the payload of one message may have.
const MAX_PAYLOAD_BYTES: u32 = 1 << 30;

/// Bytes before the payload: kind and length.
const HEADER_BYTES: usize = 5;

/// What the helper needs to know about a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// The uid and gid of the program outside. `None`: the runner's own.
    pub(super) user: Option<u32>,
    /// What the program reads beside the system's paths.
    pub(super) mounts: Vec<Mount>,
    pub(super) files: Vec<SpecFile>,
    /// Whether to send the start folder's files back after exit code 0.
    pub(super) collect_files: bool,
    /// The run's folder on the disk. `None`: the run gets namespaces.
    pub(super) folder: Option<String>,
    pub(super) limits: SpecLimits,
    /// Whether the program stops before it reads its code, which follows later.
    pub(super) waits: bool,
}

/// What a program that waits is told when it is to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) files: Vec<SpecFile>,
    /// CPU time of the program in seconds, as in [`ProcessLimits`].
    pub(super) cpu_s: u64,
}

/// A file whose content follows the spec.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SpecFile {
    pub(super) name: String,
    pub(super) length_bytes: u64,
    pub(super) executable: bool,
}

/// The limits that are set inside. The watchdog enforces all others.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct SpecLimits {
    pub(super) process: ProcessLimits,
    pub(super) tasks: u64,
    pub(super) disk_bytes: u64,
    pub(super) disk_files: u64,
}

/// A message from the helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// The init's pid, as the runner sees it.
    Init(i32),
    /// The program waits for its code.
    Waiting,
    /// The program's first instruction is next; of a program that has waited, the first
    /// that depends on its code. Then it has used this much CPU time, µs, which is not
    /// its own.
    Started(u64),
    /// The program could not be started: the failed step and the system's error, and
    /// whether that may not repeat.
    Failed { text: String, is_shortage: bool },
    /// The program has ended, and every process that it started.
    Ended(Ended),
    /// A file of the start folder: name, executable, content.
    File(String, bool, Vec<u8>),
    /// There are more files or bytes than may be returned.
    TooManyFiles,
    /// The run exceeded its disk limit. Sent only without namespaces.
    DiskLimitExceeded,
    /// No message follows.
    Done,
}

/// How the program ended and what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// CPU time of all its processes, µs.
    pub(super) cpu_us: u64,
    /// Wall time, µs.
    pub(super) wall_us: u64,
    /// Peak resident memory of the largest process, bytes.
    pub(super) peak_memory_bytes: u64,
}

impl From<&Failure> for Message {
    fn from(failure: &Failure) -> Self {
        Self::Failed {
            text: failure.to_string(),
            is_shortage: failure.is_shortage(),
        }
    }
}

impl Message {
    /// Sends the message.
    pub(super) fn send(&self, to: &mut impl Write) -> io::Result<()> {
        let mut payload = Vec::new();
        let kind = match self {
            Self::Init(pid) => {
                payload.extend(pid.to_le_bytes());
                b'I'
            }
            Self::Waiting => b'W',
            Self::Started(used_us) => {
                payload.extend(used_us.to_le_bytes());
                b'S'
            }
            Self::Failed { text, is_shortage } => {
                payload.push(u8::from(*is_shortage));
                payload.extend(text.as_bytes());
                b'X'
            }
            Self::Ended(ended) => {
                let (signaled, number) = match ended.status {
                    ExitStatus::Code(code) => (0, code),
                    ExitStatus::Signal(signal) => (1, signal),
                };
                payload.push(signaled);
                payload.extend(number.to_le_bytes());
                payload.extend(ended.cpu_us.to_le_bytes());
                payload.extend(ended.wall_us.to_le_bytes());
                payload.extend(ended.peak_memory_bytes.to_le_bytes());
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
            Self::DiskLimitExceeded => b'Q',
            Self::Done => b'D',
        };
        let mut message = Vec::with_capacity(HEADER_BYTES + payload.len());
        message.push(kind);
        message.extend(length(payload.len())?.to_le_bytes());
        message.extend(payload);
        to.write_all(&message)
    }

    /// Takes every whole message off `buffer`. All at once, because taking one moves
    /// the rest of the buffer, and a hostile compilation sends thousands of files.
    pub(super) fn take_all(buffer: &mut Vec<u8>) -> io::Result<Vec<Self>> {
        let mut messages = Vec::new();
        let mut used = 0;
        loop {
            let mut rest = &buffer[used..];
            let (Some([kind]), Some(length)) = (bytes(&mut rest), bytes(&mut rest)) else {
                break;
            };
            let length = u32::from_le_bytes(length);
            if length > MAX_PAYLOAD_BYTES {
                return Err(io::Error::other("a message is too long"));
            }
            let length = length as usize;
            if rest.len() < length {
                break;
            }
            let message = Self::parse(kind, &rest[..length])
                .ok_or_else(|| io::Error::other("a message makes no sense"))?;
            messages.push(message);
            used += HEADER_BYTES + length;
        }
        buffer.drain(..used);
        Ok(messages)
    }

    fn parse(kind: u8, mut payload: &[u8]) -> Option<Self> {
        let payload = &mut payload;
        Some(match kind {
            b'I' => Self::Init(i32::from_le_bytes(bytes(payload)?)),
            b'W' => Self::Waiting,
            b'S' => Self::Started(u64::from_le_bytes(bytes(payload)?)),
            b'X' => {
                let [is_shortage] = bytes(payload)?;
                Self::Failed {
                    text: String::from_utf8_lossy(payload).into_owned(),
                    is_shortage: is_shortage != 0,
                }
            }
            b'E' => {
                let [signaled] = bytes(payload)?;
                let number = i32::from_le_bytes(bytes(payload)?);
                Self::Ended(Ended {
                    status: if signaled == 0 {
                        ExitStatus::Code(number)
                    } else {
                        ExitStatus::Signal(number)
                    },
                    cpu_us: u64::from_le_bytes(bytes(payload)?),
                    wall_us: u64::from_le_bytes(bytes(payload)?),
                    peak_memory_bytes: u64::from_le_bytes(bytes(payload)?),
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
            b'Q' => Self::DiskLimitExceeded,
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
        .filter(|&length| length <= MAX_PAYLOAD_BYTES)
        .ok_or_else(|| io::Error::other("a message is too long"))
}

/// Sends a spec or a code. The files' contents must follow.
pub(super) fn send_json(value: &impl Serialize, to: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    let mut message = length(json.len())?.to_le_bytes().to_vec();
    message.extend(json);
    to.write_all(&message)
}

/// Receives a spec or a code. The files' contents follow.
pub(super) fn receive_json<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut json = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn messages_arrive_whole_when_cut_into_single_bytes() {
        let messages = [
            Message::Init(77),
            Message::Waiting,
            Message::Started(5),
            Message::Failed {
                text: "mount: no".to_owned(),
                is_shortage: true,
            },
            Message::Ended(Ended {
                status: ExitStatus::Signal(9),
                cpu_us: 1,
                wall_us: 2,
                peak_memory_bytes: 3,
            }),
            Message::File("a/b".to_owned(), true, vec![0, 255]),
            Message::TooManyFiles,
            Message::DiskLimitExceeded,
            Message::Done,
        ];
        let (mut buffer, mut received) = (Vec::new(), Vec::new());
        for byte in sent(&messages) {
            buffer.push(byte);
            received.extend(Message::take_all(&mut buffer).unwrap());
        }
        assert_eq!(received, messages);
        assert!(buffer.is_empty());
        assert!(Message::take_all(&mut vec![b'?', 0, 0, 0, 0]).is_err());
    }

    fn sent(messages: &[Message]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for message in messages {
            message.send(&mut bytes).unwrap();
        }
        bytes
    }

    fn any_message() -> impl Strategy<Value = Message> {
        let status = prop_oneof![
            any::<i32>().prop_map(ExitStatus::Code),
            any::<i32>().prop_map(ExitStatus::Signal),
        ];
        let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
        let ended = (status, numbers).prop_map(|(status, (cpu_us, wall_us, bytes))| Ended {
            status,
            cpu_us,
            wall_us,
            peak_memory_bytes: bytes,
        });
        let content = prop::collection::vec(any::<u8>(), 0..50);
        prop_oneof![
            any::<i32>().prop_map(Message::Init),
            Just(Message::Waiting),
            any::<u64>().prop_map(Message::Started),
            any::<(String, bool)>()
                .prop_map(|(text, is_shortage)| Message::Failed { text, is_shortage }),
            ended.prop_map(Message::Ended),
            (any::<String>(), any::<bool>(), content)
                .prop_map(|(name, executable, content)| Message::File(name, executable, content)),
            Just(Message::TooManyFiles),
            Just(Message::DiskLimitExceeded),
            Just(Message::Done),
        ]
    }

    #[test]
    fn fuzz_take_all_returns_the_messages_that_were_sent_in_any_pieces() {
        let messages = prop::collection::vec(any_message(), 0..8);
        let pieces = prop::collection::vec(1..40_usize, 1..20);
        fuzz(&(messages, pieces), |(messages, pieces)| {
            let bytes = sent(&messages);
            let (mut buffer, mut received) = (Vec::new(), Vec::new());
            let (mut rest, mut pieces) = (&bytes[..], pieces.iter().cycle());
            while let (false, Some(&piece)) = (rest.is_empty(), pieces.next()) {
                let (head, tail) = rest.split_at(piece.min(rest.len()));
                buffer.extend_from_slice(head);
                received.extend(Message::take_all(&mut buffer).unwrap());
                rest = tail;
            }
            prop_assert_eq!(received, messages);
            prop_assert!(buffer.is_empty());
            Ok(())
        });
    }

    /// A helper that a program has taken over may send any bytes.
    #[test]
    fn fuzz_take_all_of_any_bytes_fails_or_keeps_the_unread_rest() {
        // Real messages, damaged: random bytes alone rarely get past the header.
        let damaged = (
            prop::collection::vec(any_message(), 0..4),
            prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            prop::collection::vec(any::<u8>(), 0..30),
        );
        fuzz(&damaged, |(messages, changes, tail)| {
            let mut bytes = sent(&messages);
            bytes.extend(tail);
            for (index, byte) in changes {
                if let Some(length) = bytes.len().checked_sub(1) {
                    bytes[index.index(length + 1)] = byte;
                }
            }
            let mut buffer = bytes.clone();
            let Ok(received) = Message::take_all(&mut buffer) else {
                return Ok(());
            };
            prop_assert!(bytes.ends_with(&buffer));
            // Every taken message is one that can be sent, in the bytes it used. Text
            // that is not UTF-8 was replaced, and grows.
            let used = bytes.len() - buffer.len();
            let is_lossy = |message: &Message| matches!(message, Message::Failed { text, .. } if text.contains('\u{fffd}'));
            let has_waste = received.iter().any(|message| {
                let is_exact = matches!(message, Message::Failed { .. } | Message::File(..));
                is_lossy(message) || !is_exact
            });
            if !has_waste {
                prop_assert_eq!(sent(&received).len(), used);
            }
            // Taking the rest again finds nothing new.
            let mut again = buffer.clone();
            prop_assert_eq!(Message::take_all(&mut again).ok(), Some(Vec::new()));
            prop_assert_eq!(again, buffer);
            Ok(())
        });
    }
}
