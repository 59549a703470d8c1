//! A program's three standard streams, moved without ever blocking.
//!
//! A program may never read, may close its streams early, or may leave them to a
//! child that outlives it. So all three are non-blocking, one `poll` waits for
//! them together with the program's end, and end of file is never waited for.

use std::io::{self, Read, Write};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::ioctl_fionbio;

use super::interface::Command;
use super::limits::Limit;

/// Bytes that one read takes at most.
const CHUNK_BYTES: usize = 64 * 1024;

/// The streams of one program.
pub(super) struct Pipes<'a> {
    stdin: Option<ChildStdin>,
    /// The part of the standard input that is not yet written.
    unsent: &'a [u8],
    stdout: OutputPipe<ChildStdout>,
    stderr: OutputPipe<ChildStderr>,
    /// Both output streams in the order in which they arrived, if that is wanted.
    combined: Option<Vec<u8>>,
    chunk: Box<[u8]>,
    /// The stream that exceeded its limit first.
    exceeded: Option<Limit>,
}

/// The captured output of a program, each stream cut at its limit.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// Both streams in the order in which they arrived, if that is wanted.
    pub(super) combined: Option<Vec<u8>>,
    /// The stream that exceeded its limit first.
    pub(super) exceeded: Option<Limit>,
}

impl<'a> Pipes<'a> {
    /// Moves the command's input in, and its output out up to its limits. As much of the
    /// input as a pipe holds is there before this returns: a program that looks whether
    /// there is input, without waiting, finds it however fast it was started.
    pub(super) fn new(
        stdin: ChildStdin,
        stdout: ChildStdout,
        stderr: ChildStderr,
        command: &Command<'a>,
    ) -> io::Result<Self> {
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stdout, true)?;
        ioctl_fionbio(&stderr, true)?;
        let mut pipes = Self {
            stdin: Some(stdin),
            unsent: command.stdin,
            stdout: OutputPipe::new(stdout, command.limits.stdout_bytes, Limit::Stdout),
            stderr: OutputPipe::new(stderr, command.limits.stderr_bytes, Limit::Stderr),
            combined: command.combine_output.then(Vec::new),
            chunk: vec![0; CHUNK_BYTES].into_boxed_slice(),
            exceeded: None,
        };
        pipes.write_stdin();
        Ok(pipes)
    }

    /// Waits until a stream is ready, `also` is readable, or `timeout` has passed;
    /// then moves what can be moved.
    pub(super) fn poll(
        &mut self,
        also: Option<BorrowedFd<'_>>,
        timeout: Duration,
    ) -> io::Result<()> {
        let mut fds = Vec::with_capacity(4);
        if let Some(fd) = &self.stdin {
            fds.push(PollFd::new(fd, PollFlags::OUT));
        }
        if let Some(fd) = &self.stdout.pipe {
            fds.push(PollFd::new(fd, PollFlags::IN));
        }
        if let Some(fd) = &self.stderr.pipe {
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
        self.write_stdin();
        // One chunk of each per call: a flood on one stream must delay neither the
        // other stream nor the watchdog.
        self.read_stdout();
        self.read_stderr();
        Ok(())
    }

    /// The stream that exceeded its limit first.
    pub(super) fn exceeded(&self) -> Option<Limit> {
        self.exceeded
    }

    /// Reads the rest of the output after the writers have died. An escaped writer
    /// may hold a pipe open, so this also stops at an empty pipe.
    pub(super) fn finish(mut self) -> Output {
        self.stdin = None;
        while self.exceeded.is_none() && self.read_stdout() {}
        while self.exceeded.is_none() && self.read_stderr() {}
        Output {
            stdout: self.stdout.captured,
            stderr: self.stderr.captured,
            combined: self.combined,
            exceeded: self.exceeded,
        }
    }

    fn write_stdin(&mut self) {
        let Some(pipe) = &mut self.stdin else { return };
        while !self.unsent.is_empty() {
            match pipe.write(self.unsent) {
                Ok(written) => self.unsent = &self.unsent[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The program has closed its end and does not read the rest.
                Err(_) => break,
            }
        }
        // The program learns by the closed pipe that the input has ended.
        self.stdin = None;
    }

    fn read_stdout(&mut self) -> bool {
        self.stdout
            .read(&mut self.chunk, self.combined.as_mut(), &mut self.exceeded)
    }

    fn read_stderr(&mut self) -> bool {
        self.stderr
            .read(&mut self.chunk, self.combined.as_mut(), &mut self.exceeded)
    }
}

/// One output stream, and what was captured of it.
struct OutputPipe<P> {
    /// `None` after its end of file.
    pipe: Option<P>,
    captured: Vec<u8>,
    max_bytes: usize,
    /// The limit that more than `max_bytes` exceed.
    limit: Limit,
}

impl<P: Read> OutputPipe<P> {
    fn new(pipe: P, max_bytes: usize, limit: Limit) -> Self {
        Self {
            pipe: Some(pipe),
            captured: Vec::new(),
            max_bytes,
            limit,
        }
    }

    /// Reads one chunk. Returns whether there was one.
    fn read(
        &mut self,
        chunk: &mut [u8],
        combined: Option<&mut Vec<u8>>,
        exceeded: &mut Option<Limit>,
    ) -> bool {
        let Some(pipe) = &mut self.pipe else {
            return false;
        };
        match pipe.read(chunk) {
            Ok(length @ 1..) => {
                if !self.capture(&chunk[..length], combined) {
                    exceeded.get_or_insert(self.limit);
                }
                true
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                false
            }
            Ok(0) | Err(_) => {
                self.pipe = None;
                false
            }
        }
    }

    /// Appends the bytes that fit under the limit. Returns whether all of them did.
    fn capture(&mut self, bytes: &[u8], combined: Option<&mut Vec<u8>>) -> bool {
        let room = self.max_bytes.saturating_sub(self.captured.len());
        let fitting = &bytes[..bytes.len().min(room)];
        self.captured.extend_from_slice(fitting);
        if let Some(combined) = combined {
            combined.extend_from_slice(fitting);
        }
        fitting.len() == bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::limits::Limits;

    #[test]
    fn output_pipe_cuts_its_stream_exactly_at_the_limit() {
        let mut pipe = OutputPipe::new(&b"abcdefg"[..], 5, Limit::Stdout);
        let (mut combined, mut exceeded) = (Vec::new(), None);
        assert!(pipe.read(&mut [0; 5], Some(&mut combined), &mut exceeded));
        assert_eq!(exceeded, None, "the limit itself is allowed");
        assert!(pipe.read(&mut [0; 5], Some(&mut combined), &mut exceeded));
        assert_eq!(exceeded, Some(Limit::Stdout));
        assert!(!pipe.read(&mut [0; 5], Some(&mut combined), &mut exceeded));
        assert!(pipe.pipe.is_none(), "closed at the end of file");
        assert_eq!(pipe.captured, b"abcde");
        assert_eq!(combined, b"abcde");
    }

    #[test]
    fn input_is_in_its_pipe_before_anything_is_polled() {
        let limits = Limits {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            memory_bytes: None,
            stack_bytes: 0,
            stdout_bytes: 1,
            stderr_bytes: 1,
            tasks: 1,
            open_files: 1,
            file_bytes: 1,
            disk_bytes: 1,
            disk_files: 1,
        };
        let command = Command {
            argv: &[],
            files: &[],
            collect_files: false,
            mounts: &[],
            env: &[],
            stdin: b"all of it",
            combine_output: false,
            interrupt: false,
            prewarm: false,
            limits,
        };
        let piped = std::process::Stdio::piped;
        let mut cat = std::process::Command::new("cat")
            .stdin(piped())
            .stdout(piped())
            .stderr(piped())
            .spawn()
            .unwrap();
        let streams = (cat.stdin.take(), cat.stdout.take(), cat.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            panic!("no pipes");
        };
        let pipes = Pipes::new(stdin, stdout, stderr, &command).unwrap();
        // The pipe is closed as well, as all of the input is written, so that `cat` ends.
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while cat.try_wait().unwrap().is_none() {
            assert!(std::time::Instant::now() < deadline, "no input");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(pipes.finish().stdout, b"a");
    }
}
