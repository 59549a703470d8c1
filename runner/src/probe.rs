//! Which languages of the table this machine has.
//!
//! Done once, at start: find the program on `PATH`, ask it where it really is
//! and which version it is, and remember the absolute path. A program that does
//! not answer within ten seconds is left out.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use semver::Version;
use tokio::process::Command;

use crate::languages::Language;
use crate::selector;

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// A language that can be run here.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// Its entry in the table.
    pub language: Language,
    /// The program's version, filled up to three numbers.
    pub version: Version,
    /// The program's real, absolute path.
    pub program: String,
    /// The compile command, its programs absolute; empty if there is none.
    pub compile: Vec<String>,
    /// The run command, likewise.
    pub run: Vec<String>,
    /// The whole environment but `HOME` and `TMPDIR`.
    pub env: Vec<(String, String)>,
    /// Folders outside the system's that its programs have to read.
    pub mounts: Vec<String>,
}

/// Every language that can be run here, in the table's order.
#[derive(Debug, Clone, Default)]
pub struct Runtimes(pub Vec<Runtime>);

impl Runtimes {
    /// The highest version that satisfies the selector, among the runtimes of
    /// that name or alias. Of equal versions the first one in the table.
    pub fn find(&self, language: &str, selector: &str) -> Option<&Runtime> {
        self.0
            .iter()
            .filter(|runtime| {
                runtime.language.name == language
                    || runtime
                        .language
                        .aliases
                        .iter()
                        .any(|alias| alias == language)
            })
            .filter(|runtime| selector::satisfies(&runtime.version, selector))
            .reduce(|best, next| {
                if next.version.cmp_precedence(&best.version).is_gt() {
                    next
                } else {
                    best
                }
            })
    }
}

/// Looks for every language of the table, all at once.
pub async fn find_all(languages: Vec<Language>, path: &OsStr) -> Runtimes {
    let probes: Vec<_> = languages
        .into_iter()
        .map(|language| {
            let path = path.to_owned();
            tokio::spawn(async move { find(language, &path).await })
        })
        .collect();
    let mut runtimes = Vec::new();
    for probe in probes {
        if let Ok(Some(runtime)) = probe.await {
            runtimes.push(runtime);
        }
    }
    Runtimes(runtimes)
}

async fn find(language: Language, path: &OsStr) -> Option<Runtime> {
    let found = language
        .program
        .iter()
        .find_map(|name| on_path(name, path))?;
    // A shim that does not know where the program really is still works, only
    // slower. Links are not followed: a name can decide what a program does.
    let real = ask_real_path(&language, &found).await.unwrap_or(found);
    let program = real.to_str()?.to_owned();
    let version = version_in(&ask(&real, &language.version).await?)?;
    if let Some(range) = &language.requires
        && !selector::satisfies(&version, range)
    {
        tracing::debug!(language = language.name, %version, range, "found, but not in the range");
        return None;
    }
    let compile = absolute(&language.compile, path)?;
    let run = absolute(&language.run, path)?;
    let env = environment(&language, &real);
    let programs = [Some(&program), compile.first(), run.first()];
    let mounts = mounts(&language, programs.into_iter().flatten());
    Some(Runtime {
        language,
        version,
        program,
        compile,
        run,
        env,
        mounts,
    })
}

async fn ask_real_path(language: &Language, found: &Path) -> Option<PathBuf> {
    if language.real_path.is_empty() {
        return None;
    }
    let printed = ask(found, &language.real_path).await?;
    let mut real = PathBuf::from(printed.trim());
    if let Some(suffix) = &language.real_path_suffix {
        real.push(suffix);
    }
    (real.is_absolute() && is_executable(&real)).then_some(real)
}

/// What a program prints when asked, both streams.
async fn ask(program: &Path, arguments: &[String]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.ok()?.ok()?;
    if !output.status.success() {
        return None;
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.trim().is_empty() {
        text = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    Some(text)
}

/// The first version number in a text: `v20.1.2`, `5.36`, `"17"`, `go1.22.1`.
/// Numbers that are missing are zero; leading zeroes, which semver refuses, go.
fn version_in(text: &str) -> Option<Version> {
    let bytes = text.as_bytes();
    let start = (0..bytes.len()).find(|&at| {
        // In "C11 (Debian 12.2.0)" the number glued to a letter is no version,
        // but in "v20.1.2" and "go1.22.1" it is: a dot decides.
        bytes[at].is_ascii_digit()
            && (at == 0 || !bytes[at - 1].is_ascii_digit())
            && (at == 0 || !bytes[at - 1].is_ascii_alphabetic() || has_dot(&bytes[at..]))
    })?;
    let numbers = &text[start..];
    let end = numbers
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .unwrap_or(numbers.len());
    let mut parts = numbers[..end].split('.').map(str::parse::<u64>);
    let mut next = || parts.next().and_then(Result::ok);
    Some(Version::new(
        next()?,
        next().unwrap_or(0),
        next().unwrap_or(0),
    ))
}

fn has_dot(bytes: &[u8]) -> bool {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    bytes.get(digits) == Some(&b'.')
}

/// The command with its program absolute; `None` if it is not to be found.
/// Placeholders and paths are left for later.
fn absolute(command: &[String], path: &OsStr) -> Option<Vec<String>> {
    let mut command = command.to_vec();
    if let Some(program) = command.first_mut()
        && !program.contains(['{', '/'])
    {
        *program = on_path(program, path)?.to_str()?.to_owned();
    }
    Some(command)
}

/// Nothing of the runner's own environment: it may hold secrets.
fn environment(language: &Language, program: &Path) -> Vec<(String, String)> {
    let mut path = String::from("/usr/local/bin:/usr/bin:/bin");
    if let Some(folder) = program.parent().and_then(Path::to_str)
        && !path.split(':').any(|known| known == folder)
    {
        path = format!("{folder}:{path}");
    }
    let real_folder = program
        .canonicalize()
        .ok()
        .and_then(|real| Some(real.parent()?.to_str()?.to_owned()))
        .unwrap_or_default();
    let mut env = vec![
        ("PATH".to_owned(), path),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("PISTON_LANGUAGE".to_owned(), language.name.clone()),
    ];
    env.extend(
        language
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.replace("{bin}", &real_folder))),
    );
    env
}

/// What a sandbox has to show for these programs, beside the system's folders:
/// each one's prefix, by its name and by where links lead.
fn mounts<'a>(language: &Language, programs: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut mounts: Vec<PathBuf> = language.reads.iter().map(PathBuf::from).collect();
    for program in programs.map(Path::new).filter(|path| path.is_absolute()) {
        let real = program.canonicalize().ok();
        mounts.extend(
            [Some(program), real.as_deref()]
                .into_iter()
                .flatten()
                .map(prefix),
        );
    }
    // Canonical by name only: what is a link is shown where the link is.
    mounts.retain(|mount| mount.exists() && !SYSTEM.iter().any(|system| mount.starts_with(system)));
    mounts.sort();
    // A folder shows everything below it.
    mounts.dedup_by(|inner, outer| inner.starts_with(outer));
    mounts
        .into_iter()
        .filter_map(|mount| mount.into_os_string().into_string().ok())
        .collect()
}

/// Folders that every sandbox shows.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// The folder that an interpreter and its library share: the one above `bin`.
/// Never a whole home or the root, which hold more than an interpreter.
fn prefix(program: &Path) -> PathBuf {
    let folder = program.parent().unwrap_or(program);
    let above = folder.parent().filter(|above| {
        let depth = above.components().count();
        let is_home = depth <= 3 && (above.starts_with("/home") || above.starts_with("/root"));
        folder.ends_with("bin") && depth > 2 && !is_home
    });
    above.unwrap_or(folder).to_path_buf()
}

fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_absolute() && is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        let rows = [
            ("Python 3.11.7", "3.11.7"),
            ("v20.20.2\n", "20.20.2"),
            ("12.2.0", "12.2.0"),
            ("openjdk version \"17.0.15\" 2025-04-15", "17.0.15"),
            ("openjdk version \"21\" 2023-09-19", "21.0.0"),
            ("go version go1.22 linux/amd64", "1.22.0"),
            ("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"),
            ("GNU bash, version 5.2.15(1)-release", "5.2.15"),
            ("ruby 3.1.2p20 (2022-04-12)", "3.1.2"),
            ("5.36.0", "5.36.0"),
            ("Version 5.04.3", "5.4.3"),
            ("PHP 8.2.7 (cli)", "8.2.7"),
        ];
        for (text, version) in rows {
            assert_eq!(version_in(text).unwrap().to_string(), version, "{text}");
        }
        assert!(version_in("no number").is_none());
    }

    #[test]
    fn the_highest_version_wins_and_the_first_of_equals() {
        let entry = |version: &str, program: &str| Runtime {
            language: crate::languages::parse(
                "[[language]]\nname='x'\naliases=['y']\nprogram=['x']\nversion=[]\nrun=['x']",
            )
            .unwrap()
            .remove(0),
            version: Version::parse(version).unwrap(),
            program: program.to_owned(),
            compile: Vec::new(),
            run: Vec::new(),
            env: Vec::new(),
            mounts: Vec::new(),
        };
        let runtimes = Runtimes(vec![
            entry("1.9.0", "a"),
            entry("1.10.0", "b"),
            entry("1.10.0", "c"),
            entry("1.2.0", "d"),
        ]);
        assert_eq!(runtimes.find("x", "*").unwrap().program, "b");
        assert_eq!(runtimes.find("y", "<1.10").unwrap().program, "a");
        assert!(runtimes.find("x", "2").is_none());
        assert!(runtimes.find("X", "*").is_none(), "names are exact");
    }
}
