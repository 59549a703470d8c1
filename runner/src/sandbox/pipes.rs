//! A program's three standard streams, moved without ever blocking.
//!
//! A program may never read, close its streams early, or hand them to a child
//! that outlives it. So all three are non-blocking, one `poll` waits for them
//! together with the program's end, and nobody waits for an end of file.

use std::io::{self, Read, Write};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::ioctl_fionbio;

use super::Limit;

/// The streams of one program.
pub(super) struct Pipes<'a> {
    stdin: Option<ChildStdin>,
    /// What of standard input is not yet written.
    unsent: &'a [u8],
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    cap_bytes: usize,
    chunk: Box<[u8]>,
    kept: Kept,
    exceeded: Option<Limit>,
}

/// What a program wrote, each stream capped.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl<'a> Pipes<'a> {
    pub(super) fn new(
        stdin: ChildStdin,
        stdout: ChildStdout,
        stderr: ChildStderr,
        input: &'a [u8],
        cap_bytes: usize,
    ) -> io::Result<Self> {
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stdout, true)?;
        ioctl_fionbio(&stderr, true)?;
        Ok(Self {
            stdin: Some(stdin),
            unsent: input,
            stdout: Some(stdout),
            stderr: Some(stderr),
            cap_bytes,
            chunk: vec![0; 64 * 1024].into_boxed_slice(),
            kept: Kept::default(),
            exceeded: None,
        })
    }

    /// Waits until a stream is ready, `also` is readable, or `timeout` passed;
    /// then moves what can be moved.
    pub(super) fn turn(
        &mut self,
        also: Option<BorrowedFd<'_>>,
        timeout: Duration,
    ) -> io::Result<()> {
        let mut fds = Vec::with_capacity(4);
        if let Some(fd) = &self.stdin {
            fds.push(PollFd::new(fd, PollFlags::OUT));
        }
        if let Some(fd) = &self.stdout {
            fds.push(PollFd::new(fd, PollFlags::IN));
        }
        if let Some(fd) = &self.stderr {
            fds.push(PollFd::new(fd, PollFlags::IN));
        }
        if let Some(fd) = also {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        drop(fds);
        self.feed();
        // One chunk of each a turn: a flood on one stream must not starve the
        // other, nor the watchdog.
        self.read_stdout();
        self.read_stderr();
        Ok(())
    }

    /// The stream that went over its cap first.
    pub(super) fn exceeded(&self) -> Option<Limit> {
        self.exceeded
    }

    /// Takes what is still in the pipes once their writers are dead. A writer
    /// that escaped may keep a pipe open, so this stops at an empty pipe too.
    pub(super) fn finish(mut self) -> (Kept, Option<Limit>) {
        self.stdin = None;
        while self.exceeded.is_none() && self.read_stdout() {}
        while self.exceeded.is_none() && self.read_stderr() {}
        (self.kept, self.exceeded)
    }

    fn feed(&mut self) {
        let Some(pipe) = &mut self.stdin else { return };
        while !self.unsent.is_empty() {
            match pipe.write(self.unsent) {
                Ok(written) => self.unsent = &self.unsent[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The program closed its end: it does not want the rest.
                Err(_) => break,
            }
        }
        // Closing is how the program learns that there is no more.
        self.stdin = None;
    }

    fn read_stdout(&mut self) -> bool {
        let Some(pipe) = &mut self.stdout else {
            return false;
        };
        match read_chunk(pipe, &mut self.chunk) {
            Chunk::Bytes(length) => {
                let fits = keep(
                    &self.chunk[..length],
                    self.cap_bytes,
                    &mut self.kept.stdout,
                    &mut self.kept.output,
                );
                if !fits {
                    self.exceeded.get_or_insert(Limit::Stdout);
                }
                true
            }
            Chunk::Nothing => false,
            Chunk::End => {
                self.stdout = None;
                false
            }
        }
    }

    fn read_stderr(&mut self) -> bool {
        let Some(pipe) = &mut self.stderr else {
            return false;
        };
        match read_chunk(pipe, &mut self.chunk) {
            Chunk::Bytes(length) => {
                let fits = keep(
                    &self.chunk[..length],
                    self.cap_bytes,
                    &mut self.kept.stderr,
                    &mut self.kept.output,
                );
                if !fits {
                    self.exceeded.get_or_insert(Limit::Stderr);
                }
                true
            }
            Chunk::Nothing => false,
            Chunk::End => {
                self.stderr = None;
                false
            }
        }
    }
}

enum Chunk {
    Bytes(usize),
    Nothing,
    End,
}

fn read_chunk(pipe: &mut (impl Read + AsFd), chunk: &mut [u8]) -> Chunk {
    match pipe.read(chunk) {
        Ok(0) => Chunk::End,
        Ok(length) => Chunk::Bytes(length),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Chunk::Nothing
        }
        Err(_) => Chunk::End,
    }
}

/// Appends what fits under `cap`; whether all of it did.
fn keep(bytes: &[u8], cap: usize, stream: &mut Vec<u8>, output: &mut Vec<u8>) -> bool {
    let room = cap.saturating_sub(stream.len());
    let taken = &bytes[..bytes.len().min(room)];
    stream.extend_from_slice(taken);
    output.extend_from_slice(taken);
    taken.len() == bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_exactly_at_its_cap() {
        let (mut stream, mut output) = (Vec::new(), Vec::new());
        assert!(keep(b"abc", 5, &mut stream, &mut output));
        assert!(
            keep(b"de", 5, &mut stream, &mut output),
            "the cap itself is allowed"
        );
        assert!(!keep(b"fg", 5, &mut stream, &mut output));
        assert_eq!(stream, b"abcde");
        assert_eq!(output, b"abcde");
    }
}
