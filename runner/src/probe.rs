//! Finds out which languages of the table this machine has.
//!
//! It happens once, at start: the program is searched on `PATH` and run to print
//! its real path and its version. A program that does not print them within 10 s is
//! left out, and the log says so. `server.rs` calls this.

use std::ffi::OsStr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use semver::Version;
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::languages::Language;
use crate::notes;
use crate::sandbox::{Mount, SYSTEM_PATHS};
use crate::selector;

/// How long a program may take to print its version.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A language of this machine.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// Its entry in the table.
    pub language: Language,
    /// The program's version, padded to three numbers.
    pub version: Version,
    /// The program's real, absolute path.
    pub program: String,
    /// The compile command with its program's absolute path; empty if there is none.
    pub compile: Vec<String>,
    /// The run command with its program's absolute path.
    pub run: Vec<String>,
    /// The check command with its program's absolute path; empty if there is none.
    pub check: Vec<String>,
    /// The command that checks inputs, likewise.
    pub input_check: Vec<String>,
    /// The command for notes with its program's absolute path; empty if there is none.
    pub notes: Vec<String>,
    /// The whole environment except `HOME` and `TMPDIR`.
    pub env: Vec<(String, String)>,
    /// What its programs read outside [`SYSTEM_PATHS`].
    pub mounts: Vec<Mount>,
}

/// Stands for the folder of libraries in commands and environments.
const LIBRARIES: &str = "{libraries}";

/// The languages of this machine, in the table's order.
#[derive(Debug, Clone, Default)]
pub struct Runtimes(pub Vec<Runtime>);

impl Runtimes {
    /// The highest version that satisfies the selector, among the runtimes with this
    /// name or alias. Of equal versions, the first in the table.
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

/// Probes all languages of the table, as many at once as there are processors: beside
/// all others, a version manager's shim would not name its real program in time.
/// `libraries` is the folder of the languages' libraries, if there is one.
pub async fn find_all(
    languages: Vec<Language>,
    path: &OsStr,
    libraries: Option<&Mount>,
) -> Runtimes {
    let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
    let turns = Arc::new(Semaphore::new(at_once));
    let probes: Vec<_> = languages
        .into_iter()
        .map(|language| {
            let (path, libraries) = (path.to_owned(), libraries.cloned());
            let turns = Arc::clone(&turns);
            tokio::spawn(async move {
                // Never closed.
                let _turn = turns.acquire().await;
                find(language, &path, libraries).await
            })
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

async fn find(language: Language, path: &OsStr, libraries: Option<Mount>) -> Option<Runtime> {
    let found = language
        .program
        .iter()
        .find_map(|name| on_path(name, path))?;
    let has = |need: &String| match need == LIBRARIES {
        true => libraries.is_some(),
        false => on_path(need, path).is_some(),
    };
    if !language.needs.iter().all(has) {
        tracing::debug!(language = language.name, "found, but not all that it needs");
        return None;
    }
    // Links are not followed: some programs behave according to their name.
    let real = if language.real_path.is_empty() {
        found
    } else if let Some(real) = probe_real_path(&language, &found).await {
        real
    } else {
        // A version manager's shim: the sandbox shows neither its manager nor its files.
        tracing::warn!(
            language = language.name,
            program = %found.display(),
            "left out: the program does not print its real path"
        );
        return None;
    };
    let program = real.to_str()?.to_owned();
    let version = version_in(&match &language.version_of {
        Some(path) => name_of_target(path)?,
        None => output_of(&real, &language.version).await?,
    })?;
    if let Some(range) = &language.requires
        && !selector::satisfies(&version, range)
    {
        tracing::debug!(language = language.name, %version, range, "found, but not in the range");
        return None;
    }
    let shown = libraries.as_ref().map(|mount| mount.shown.as_str());
    let command = |words: &[String]| absolute(&with_libraries(words, shown), path);
    let compile = command(&language.compile)?;
    let run = command(&language.run)?;
    let check = command(&language.check)?;
    let input_check = command(&language.input_check)?;
    let notes = notes_command(&language.notes, path, shown).unwrap_or_default();
    let env = environment(&language, &real, shown);
    let programs = [Some(&program), compile.first(), run.first(), notes.first()];
    let mut mounts = mounts(&language, programs.into_iter().flatten());
    mounts.extend(libraries);
    Some(Runtime {
        language,
        version,
        program,
        compile,
        run,
        check,
        input_check,
        notes,
        env,
        mounts,
    })
}

async fn probe_real_path(language: &Language, found: &Path) -> Option<PathBuf> {
    let printed = output_of(found, &language.real_path).await?;
    let mut real = PathBuf::from(printed.trim());
    if let Some(suffix) = &language.real_path_suffix {
        real.push(suffix);
    }
    (real.is_absolute() && is_executable(&real)).then_some(real)
}

/// The name of the file that a path leads to: `clojure-1.11.1.jar`.
fn name_of_target(path: &str) -> Option<String> {
    let target = Path::new(path).canonicalize().ok()?;
    Some(target.file_name()?.to_str()?.to_owned())
}

/// What a program prints: its standard output, or if that is empty, its standard
/// error.
async fn output_of(program: &Path, arguments: &[String]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PROBE_TIMEOUT, output)
        .await
        .ok()?
        .ok()?;
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
/// Missing numbers are 0; leading zeros, which semver refuses, are removed.
fn version_in(text: &str) -> Option<Version> {
    let bytes = text.as_bytes();
    let start = (0..bytes.len()).find(|&index| {
        // In "C11 (Debian 12.2.0)" the number after a letter is no version, but in
        // "v20.1.2" and "go1.22.1" it is: the dot decides.
        bytes[index].is_ascii_digit()
            && (index == 0 || !bytes[index - 1].is_ascii_digit())
            && (index == 0 || !bytes[index - 1].is_ascii_alphabetic() || has_dot(&bytes[index..]))
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

/// The words with the folder of libraries filled in. Without one, words that name it
/// are left out.
fn with_libraries(words: &[String], libraries: Option<&str>) -> Vec<String> {
    let words = words.iter();
    words
        .filter(|word| libraries.is_some() || !word.contains(LIBRARIES))
        .map(|word| word.replace(LIBRARIES, libraries.unwrap_or_default()))
        .collect()
}

/// The command with its program's absolute path; `None` if there is no such
/// program. Placeholders and paths stay as they are.
fn absolute(command: &[String], path: &OsStr) -> Option<Vec<String>> {
    let mut command = command.to_vec();
    if let Some(program) = command.first_mut()
        && !program.contains(['{', '/'])
    {
        *program = on_path(program, path)?.to_str()?.to_owned();
    }
    Some(command)
}

/// The command for notes; `None` if its program or the libraries are not there.
fn notes_command(command: &[String], path: &OsStr, libraries: Option<&str>) -> Option<Vec<String>> {
    libraries?;
    let mut command = with_libraries(command, libraries);
    let program = command.first_mut()?;
    let checker = notes::native_checker(&on_path(program, path)?)?;
    *program = checker.to_str()?.to_owned();
    Some(command)
}

/// The environment of a language's programs. It has nothing of the runner's own,
/// which may hold secrets.
fn environment(
    language: &Language,
    program: &Path,
    libraries: Option<&str>,
) -> Vec<(String, String)> {
    let mut path = String::from("/usr/local/bin:/usr/bin:/bin");
    if let Some(folder) = program.parent().and_then(Path::to_str)
        && !path.split(':').any(|known| known == folder)
    {
        path = format!("{folder}:{path}");
    }
    let real = program.canonicalize().ok();
    let real_folder = real.and_then(|real| Some(real.parent()?.to_str()?.to_owned()));
    let real_folder = real_folder.unwrap_or_default();
    let mut env = vec![
        ("PATH".to_owned(), path),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("PISTON_LANGUAGE".to_owned(), language.name.clone()),
    ];
    for (name, value) in &language.env {
        let value = value.replace("{bin}", &real_folder);
        let values = with_libraries(&[value], libraries).into_iter();
        env.extend(values.map(|value| (name.clone(), value)));
    }
    env
}

/// The paths that a sandbox must show for these programs, beside the system's: each
/// one's prefix, both by its name and by the target of links.
fn mounts<'a>(language: &Language, programs: impl Iterator<Item = &'a String>) -> Vec<Mount> {
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
    // The names stay as they are: the target of a link is shown at the link's place.
    mounts
        .retain(|mount| mount.exists() && !SYSTEM_PATHS.iter().any(|path| mount.starts_with(path)));
    mounts.sort();
    // A mounted folder includes everything below it.
    mounts.dedup_by(|inner, outer| inner.starts_with(outer));
    mounts
        .into_iter()
        .filter_map(|mount| mount.into_os_string().into_string().ok())
        .map(Mount::in_place)
        .collect()
}

/// The folder that an interpreter and its library share: the one above `bin`. Never
/// a home folder or the root, which hold more than an interpreter.
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
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn version_in_reads_what_real_programs_print() {
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
    fn runtimes_find_the_highest_version_and_the_first_of_equals() {
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
            check: Vec::new(),
            input_check: Vec::new(),
            notes: Vec::new(),
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
        assert!(
            runtimes.find("X", "*").is_none(),
            "names are case-sensitive"
        );
    }

    #[tokio::test]
    async fn language_is_offered_with_all_that_it_needs_its_real_path_and_the_version_of_its_file()
    {
        let folder = tempfile::tempdir().unwrap();
        let jar = folder.path().join("x-1.11.1.jar");
        let link = folder.path().join("x.jar");
        std::fs::write(&jar, "").unwrap();
        std::os::unix::fs::symlink(&jar, &link).unwrap();
        let version = async |more: &str, libraries: Option<Mount>| {
            let entry = format!(
                "[[language]]\nname='x'\nprogram=['sh']\nversion=['-c','echo 2.0']\nrun=['sh']\n{more}"
            );
            let language = crate::languages::parse(&entry).unwrap().remove(0);
            let path = std::env::var_os("PATH").unwrap();
            let found = find(language, &path, libraries).await;
            found.map(|runtime| runtime.version.to_string())
        };
        let of_file = format!("version_of = '{}'", link.display());
        let libraries = || Some(Mount::in_place("/libraries".to_owned()));
        for (more, libraries, expected) in [
            ("", None, Some("2.0.0")),
            ("needs = ['sh']", None, Some("2.0.0")),
            ("needs = ['sh', 'no-such-program']", None, None),
            ("needs = ['{libraries}']", None, None),
            ("needs = ['{libraries}']", libraries(), Some("2.0.0")),
            ("real_path = ['-c', 'command -v sh']", None, Some("2.0.0")),
            // A shim that fails, and one that names what is not there.
            ("real_path = ['-c', 'exit 1']", None, None),
            ("real_path = ['-c', 'echo /no/such/sh']", None, None),
            (&of_file, None, Some("1.11.1")),
            ("version_of = '/no/such/file-1.0.jar'", None, None),
        ] {
            let version = version(more, libraries).await;
            assert_eq!(version.as_deref(), expected, "{more}");
        }
    }

    #[tokio::test]
    async fn no_more_programs_are_asked_at_once_than_there_are_processors() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let entry = format!(
            "[[language]]\nname='x'\nprogram=['sh']\nversion=['-c','echo + >> {0}; sleep 0.05; echo - >> {0}; echo 2.0']\nrun=['sh']\n",
            log.display()
        );
        let at_once = std::thread::available_parallelism().unwrap().get();
        let count = 4 * at_once;
        let languages = vec![crate::languages::parse(&entry).unwrap().remove(0); count];
        let path = std::env::var_os("PATH").unwrap();
        assert_eq!(find_all(languages, &path, None).await.0.len(), count);
        let (mut running, mut most) = (0, 0);
        for line in std::fs::read_to_string(&log).unwrap().lines() {
            running = if line == "+" {
                running + 1
            } else {
                running - 1
            };
            most = most.max(running);
        }
        assert!((1..=at_once).contains(&most), "{most} of {at_once}");
    }

    /// A program of the operator's machine may print anything.
    #[test]
    fn fuzz_version_in_finds_the_version_in_any_text() {
        let found = (
            "[^0-9]{0,20}[ v]",
            any::<(u32, u32, u32)>(),
            "( [^.]{0,20})?",
        );
        fuzz(
            &(found, any::<String>()),
            |((before, (major, minor, patch), after), text)| {
                let printed = format!("{before}{major}.{minor}.{patch}{after}");
                let version = Version::new(major.into(), minor.into(), patch.into());
                prop_assert_eq!(version_in(&printed), Some(version));
                if let Some(version) = version_in(&text) {
                    prop_assert!(text.contains(&version.major.to_string()));
                }
                Ok(())
            },
        );
    }
}
