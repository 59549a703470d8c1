//! One shell for one document: variables and functions live from block to block.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that one block may run. A first `cargo xtask` may compile.
const BLOCK_WITHIN: Duration = Duration::from_secs(600);

/// A running bash.
#[derive(Debug)]
pub(crate) struct Session {
    bash: Child,
    folder: PathBuf,
    blocks: usize,
}

/// What a block printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    /// A bash in `root` that keeps scripts and outputs in `folder`.
    pub(crate) fn start(root: &Path, folder: PathBuf) -> Self {
        let mut bash = Command::new("bash")
            // A command that fails ends the shell: no block may fail unnoticed.
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-s"])
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that nothing outlives it.
            .process_group(0)
            .spawn()
            .unwrap();
        assert!(bash.stdin.is_some() && bash.try_wait().unwrap().is_none());
        Self {
            bash,
            folder,
            blocks: 0,
        }
    }

    /// Runs `script` in the shell as if it were typed.
    ///
    /// Errors: a command of it failed, or it takes too long; with what it
    /// printed.
    pub(crate) fn run(&mut self, script: &str) -> Result<Output, String> {
        self.blocks += 1;
        let path = |end: &str| self.folder.join(format!("{}.{end}", self.blocks));
        let [code, stdout, stderr, ended] = ["sh", "out", "err", "ended"].map(path);
        fs::write(&code, script).unwrap();
        let line = format!(
            ". '{}' < /dev/null > '{}' 2> '{}'; : > '{}'\n",
            code.display(),
            stdout.display(),
            stderr.display(),
            ended.display()
        );
        if let Some(stdin) = &mut self.bash.stdin {
            stdin
                .write_all(line.as_bytes())
                .map_err(|error| error.to_string())?;
        }
        let started = Instant::now();
        let problem = loop {
            if ended.exists() {
                break None;
            }
            if let Ok(Some(status)) = self.bash.try_wait() {
                break Some(format!("a command failed ({status})"));
            }
            if started.elapsed() > BLOCK_WITHIN {
                break Some(format!("not done after {} s", BLOCK_WITHIN.as_secs()));
            }
            thread::sleep(Duration::from_millis(10));
        };
        let read =
            |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let output = Output {
            stdout: read(&stdout),
            stderr: read(&stderr),
        };
        match problem {
            None => Ok(output),
            Some(problem) => Err(format!("{problem}\n{}{}", output.stdout, output.stderr)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let group = format!("-{}", self.bash.id());
        Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status()
            .ok();
        self.bash.wait().ok();
    }
}

/// Tests of the shell itself.
pub(crate) mod tests {
    use super::*;

    pub(crate) const TESTS: &[(&str, fn())] =
        &[("session::variables_live_on_and_failures_are_seen", session)];

    fn session() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::start(Path::new("/"), folder.path().to_owned());
        session.run("A='x y'\nf() { echo \"$A\"; }").unwrap();
        let output = session.run("f\ncat\necho oh >&2").unwrap();
        assert_eq!(
            (output.stdout.as_str(), output.stderr.as_str()),
            ("x y\n", "oh\n")
        );
        let error = session
            .run("echo before\nfalse | cat\necho after")
            .unwrap_err();
        assert!(
            error.contains("before") && !error.contains("after"),
            "{error}"
        );
    }
}
