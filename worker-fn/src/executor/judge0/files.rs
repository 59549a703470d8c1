//! Several files and arguments, as Judge0 takes them: of a submission of several files,
//! and of a checker, which has other files beside it in each of its runs.
//!
//! Judge0 has one `source_code`, which it names itself by the language. The other files
//! go in a zip archive, `additional_files`, which it unpacks beside that file without
//! overwriting anything. Of C, C++ and Go its commands compile only that file, so the
//! other sources are named in `compiler_options`; both these and
//! `command_line_arguments` come into a shell script, from which some characters are
//! removed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::domain::language::canonical_name;
use shared::json::write::push_string;

use crate::executor::base64::encoded;
use crate::executor::{ExecutorError, Run, RunFile};

/// What Judge0 removes from options and arguments.
const REMOVED: [char; 7] = ['$', '&', ';', '<', '>', '|', '`'];
/// The most characters of options, and of arguments.
const MAX_CHARS: usize = 512;
/// How Judge0 may name the program, without its ending.
const PROGRAM_NAMES: [&str; 2] = ["main", "script"];

/// A run's program, as every submission of it carries it.
pub(super) struct Sent {
    /// The file that is run, in base64.
    pub source: String,
    /// Further members, each after a comma.
    pub members: String,
    /// The same of one input only; none where inputs have none.
    own: Vec<String>,
}

impl Sent {
    /// Errors: Judge0 cannot run it as it is.
    pub(super) fn of(run: &Run<'_>) -> Result<Self, ExecutorError> {
        let mut members = String::new();
        let main = run.files.first();
        let others = run.files.get(1..).unwrap_or_default();
        let mut own = Vec::new();
        if !others.is_empty() {
            let ending = main.and_then(|file| file.name).and_then(ending);
            let is_overwritten = |file: &RunFile<'_>| {
                let stem = file.name.and_then(|name| name.rsplit_once('.'));
                stem.is_some_and(|(stem, other)| {
                    PROGRAM_NAMES.contains(&stem.to_ascii_lowercase().as_str())
                        && Some(other) == ending
                })
            };
            if let Some(file) = others.iter().find(|file| is_overwritten(file)) {
                let name = file.name.unwrap_or_default();
                return refused(&format!(
                    "names the file that is run itself: rename {name}."
                ));
            }
            if run.checks.is_none() {
                members.push_str(&additional_files(others)?);
            }
            let sources = others.iter().filter_map(|file| file.name);
            let sources = sources.filter(|name| is_compiled(run.language, name));
            // A name is no option, whatever it begins with.
            let sources = sources.map(|name| format!("./{name}"));
            push_words(&mut members, "compiler_options", sources)?;
        }
        for given in run.checks.iter().flat_map(|checks| &checks.given) {
            let mut files = others.to_vec();
            files.extend(given.files().map(|(name, text)| RunFile::named(name, text)));
            own.push(additional_files(&files)?);
        }
        let args = run.arguments().into_iter().map(str::to_owned);
        push_words(&mut members, "command_line_arguments", args)?;
        Ok(Self {
            source: encoded(run.main().as_bytes()),
            members,
            own,
        })
    }

    /// The members that only the submission with this input has.
    pub(super) fn own(&self, input: usize) -> &str {
        self.own.get(input).map_or("", String::as_str)
    }

    /// The bytes of the largest submission without its input.
    pub(super) fn bytes(&self) -> usize {
        let own = self.own.iter().map(String::len).max();
        self.source.len() + self.members.len() + own.unwrap_or(0)
    }
}

fn additional_files(files: &[RunFile<'_>]) -> Result<String, ExecutorError> {
    let archive = encoded(&zip(files)?);
    Ok(format!(",\"additional_files\":\"{archive}\""))
}

fn refused<T>(why: &str) -> Result<T, ExecutorError> {
    let why = format!("This execution endpoint, a Judge0, {why}");
    Err(ExecutorError::Refused(why))
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

/// Whether a file must be named to the compiler.
fn is_compiled(language: &str, name: &str) -> bool {
    let endings: &[&str] = match canonical_name(language) {
        "c" => &["c"],
        "c++" => &["cpp", "cc", "cxx"],
        "go" => &["go"],
        _ => &[],
    };
    ending(name).is_some_and(|ending| endings.contains(&ending))
}

/// Appends words as a member, each in quotes of the shell; none where there are no words.
fn push_words(
    members: &mut String,
    member: &str,
    words: impl Iterator<Item = String>,
) -> Result<(), ExecutorError> {
    let quoted: Vec<String> = words
        .map(|word| format!("'{}'", word.replace('\'', r"'\''")))
        .collect();
    let text = quoted.join(" ");
    if text.is_empty() {
        return Ok(());
    }
    if text.contains(REMOVED) || text.chars().count() > MAX_CHARS {
        return refused(&format!(
            "takes {member} of at most {MAX_CHARS} characters, none of them {}.",
            String::from_iter(REMOVED)
        ));
    }
    members.push_str(",\"");
    members.push_str(member);
    members.push_str("\":");
    push_string(members, &text);
    Ok(())
}

/// A zip archive, not compressed. By hand: it is three kinds of records, and a library
/// takes many times as much wasm. Source: APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16.
fn zip(files: &[RunFile<'_>]) -> Result<Vec<u8>, ExecutorError> {
    /// Version 2.0; UTF-8 names; stored; 1 January 1980.
    const COMMON: [u8; 10] = [20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.name.unwrap_or_default();
        let decoded;
        let content = if file.is_base64 {
            let bytes = STANDARD.decode(file.content.as_bytes());
            decoded = bytes.or_else(|_| refused("cannot be sent a file that is not base64."))?;
            &decoded[..]
        } else {
            file.content.as_bytes()
        };
        let mut record = COMMON.to_vec();
        record.extend(crc32(content).to_le_bytes());
        for size in [content.len(), content.len(), name.len()] {
            record.extend(&size.to_le_bytes()[..4]);
        }
        // The name's length has two bytes, and so has that of nothing behind it.
        let offset = archive.len();
        archive.extend(b"PK\x03\x04");
        archive.extend(&record);
        archive.extend(name.as_bytes());
        archive.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&record);
        directory.extend([0; 10]);
        directory.extend(&offset.to_le_bytes()[..4]);
        directory.extend(name.as_bytes());
    }
    let start = archive.len();
    archive.append(&mut directory);
    let length = archive.len() - start;
    archive.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        archive.extend(&files.len().to_le_bytes()[..2]);
    }
    archive.extend(&length.to_le_bytes()[..4]);
    archive.extend(&start.to_le_bytes()[..4]);
    archive.extend([0, 0]);
    Ok(archive)
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::RunLimits;

    fn run<'a>(language: &'a str, files: Vec<RunFile<'a>>, args: &'a [String]) -> Run<'a> {
        Run {
            language,
            files,
            args,
            stdins: vec![String::new()],
            checks: None,
            stop_at_first_failure: false,
            limits: RunLimits::default(),
            caller: None,
        }
    }

    fn refusal(run: &Run<'_>) -> String {
        match Sent::of(run) {
            Err(ExecutorError::Refused(why)) => why,
            _ => panic!("it was not refused"),
        }
    }

    #[test]
    fn a_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    /// Unpacked by Python's reader, which checks what it reads.
    #[test]
    fn an_archive_holds_every_file() {
        let files = [
            RunFile::named("lib/ä.txt", "text ä\n"),
            RunFile {
                name: Some("data.bin"),
                content: "AP8B",
                is_base64: true,
            },
            RunFile::named("empty", ""),
        ];
        let path = std::env::temp_dir().join(format!("judge0-{}.zip", std::process::id()));
        std::fs::write(&path, zip(&files).unwrap()).unwrap();
        let script = "import sys, zipfile\n\
            archive = zipfile.ZipFile(sys.argv[1])\n\
            assert archive.testzip() is None\n\
            print([(one, archive.read(one)) for one in archive.namelist()])";
        let output = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&path)
            .output()
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            r"[('lib/ä.txt', b'text \xc3\xa4\n'), ('data.bin', b'\x00\xff\x01'), ('empty', b'')]",
            "{stderr}"
        );
    }

    #[test]
    fn other_sources_are_named_to_compilers_that_need_it() {
        let files = || {
            let names = ["app.cpp", "util.cpp", "a b's.cc", "util.h", "x.c"];
            names.map(|name| RunFile::named(name, "x")).to_vec()
        };
        let sent = Sent::of(&run("cpp", files(), &[])).unwrap();
        let options = r#","compiler_options":"'./util.cpp' './a b'\\''s.cc'""#;
        assert!(sent.members.ends_with(options), "{}", sent.members);
        let sent = Sent::of(&run("python", files(), &[])).unwrap();
        assert!(!sent.members.contains("compiler_options"));
    }

    #[test]
    fn what_judge0_would_change_is_refused() {
        let args = ["-n 5".to_owned(), "it's".to_owned()];
        let sent = Sent::of(&run("c", vec![RunFile::source("x")], &args)).unwrap();
        assert_eq!(
            sent.members,
            r#","command_line_arguments":"'-n 5' 'it'\\''s'""#
        );
        for bad in ["a$b".to_owned(), "x".repeat(600)] {
            let args = [bad];
            let why = refusal(&run("c", vec![RunFile::source("x")], &args));
            assert!(why.contains("a Judge0") && why.contains("512"), "{why}");
        }
        let names = |names: [&'static str; 2]| {
            let files = names.map(|name| RunFile::named(name, "x"));
            run("python", files.to_vec(), &[])
        };
        let why = refusal(&names(["app.py", "main.py"]));
        assert!(why.contains("rename main.py"), "{why}");
        assert!(Sent::of(&names(["main.py", "app.py"])).is_ok());
        assert!(Sent::of(&names(["app.py", "main.txt"])).is_ok());
        assert!(Sent::of(&names(["app.py", "lib/main.py"])).is_ok());
    }
}
