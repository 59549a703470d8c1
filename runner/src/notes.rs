//! Notes on code that compiles: what TypeScript's type checker finds, which never decides
//! whether a program is run.
//!
//! The checker is TypeScript 7 or later, which is a native program: it takes some 50 ms
//! where the checkers in JavaScript took a second, so that every program can be checked.
//! `probe.rs` asks where it is; `execute.rs` runs it and adds to the compile stage what
//! this module makes of its output.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sandbox::Limits;

/// The most CPU time and wall time of a check. A type can take any time to compute.
const CPU: Duration = Duration::from_secs(2);
const WALL: Duration = Duration::from_secs(6);

/// The most notes that are shown.
const MOST: usize = 20;

/// What stands before the notes.
const HEADING: &str = "Types do not fit, which does not decide the verdict:";

/// Mistakes that are this runner's: it has no types of Node's modules and of lodash, and
/// so knows no types in them, nor which of their functions have type parameters.
const UNKNOWN_TYPES: &[&str] = &["TS2347", "TS2503", "TS2694", "TS2709"];

/// The limits of a check in a compile stage with these.
pub(crate) fn limits(compile: &Limits) -> Limits {
    Limits {
        cpu: compile.cpu.min(CPU),
        wall: compile.wall.min(WALL),
        ..*compile
    }
}

/// The native program of the package `typescript` whose command this is.
pub(crate) fn native_checker(command: &Path) -> Option<PathBuf> {
    let real = command.canonicalize().ok()?;
    // The command is a script in the package's folder `bin`. The program lies in a package
    // for this kind of machine, beside that package or in it.
    let package = real.parent()?.parent()?;
    let beside = package.parent()?.to_path_buf();
    [package.join("node_modules"), beside]
        .into_iter()
        .filter_map(|folder| fs::read_dir(folder.join("@typescript")).ok())
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(b"typescript-")
        })
        .map(|entry| entry.path().join("lib/tsc"))
        .find(|program| program.is_file())
}

/// The notes in a checker's output about these files, as lines for the user. Empty if
/// there are none.
pub(crate) fn notes(output: &str, files: &[String]) -> String {
    let mut notes = String::new();
    let mut found = 0;
    let mut is_shown = false;
    for line in output.lines() {
        if line.starts_with(' ') {
            // More about the last one.
            if is_shown {
                let _ = writeln!(notes, "{line}");
            }
            continue;
        }
        let note = Note::parse(line).filter(|note| {
            files.iter().any(|file| file == note.file) && !UNKNOWN_TYPES.contains(&note.code)
        });
        found += usize::from(note.is_some());
        is_shown = note.is_some() && found <= MOST;
        if let (Some(note), true) = (note, is_shown) {
            let Note {
                file,
                line,
                code,
                text,
            } = note;
            let _ = writeln!(notes, "{file}:{line}: note: {text} [{code}]");
        }
    }
    if found == 0 {
        return String::new();
    }
    if found > MOST {
        let _ = writeln!(notes, "and {} more", found - MOST);
    }
    format!("{HEADING}\n{notes}")
}

/// A line such as `main.ts(3,7): error TS2322: text`.
struct Note<'a> {
    file: &'a str,
    /// The column is left out: a line may begin with what the user has not written.
    line: &'a str,
    code: &'a str,
    text: &'a str,
}

impl<'a> Note<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (place, rest) = line.split_once("): error ")?;
        let (file, place) = place.rsplit_once('(')?;
        let (line, _) = place.split_once(',')?;
        let (code, text) = rest.split_once(": ")?;
        Some(Self {
            file,
            line,
            code,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use fuzz::fuzz;

    #[test]
    fn notes_name_file_and_line_and_only_what_is_the_users() {
        let files = ["main.ts".to_owned(), "a(1).ts".to_owned()];
        let output = "main.ts(3,7): error TS2322: Type 'string' is not (1,2): error TS1: x.\n  \
                      Type 'a' is b.\n\
                      main.ts(4,1): error TS2347: Untyped.\n  more about it\n\
                      a(1).ts(12,1): error TS1005: ';' expected.\n\
                      /libraries/typescript/globals.d.ts(1,1): error TS2300: Duplicate.\n\
                      error TS5112: An option.\n";
        let expected = "Types do not fit, which does not decide the verdict:\n\
                        main.ts:3: note: Type 'string' is not (1,2): error TS1: x. [TS2322]\n  \
                        Type 'a' is b.\n\
                        a(1).ts:12: note: ';' expected. [TS1005]\n";
        assert_eq!(notes(output, &files), expected);
        assert_eq!(notes("main.ts(4,1): error TS2347: Untyped.\n", &files), "");
        assert_eq!(notes("", &files), "");
        let many = "main.ts(1,1): error TS1: x.\n y\n".repeat(MOST + 2);
        let shown = notes(&many, &files);
        assert!(shown.ends_with(" y\nand 2 more\n"), "{shown}");
        assert_eq!(shown.lines().count(), 2 * MOST + 2);
    }

    #[test]
    fn fuzz_notes_take_any_output() {
        let line = prop_oneof![
            any::<String>(),
            "main.ts\\([0-9]{0,2},?[0-9]?\\): error TS[0-9]{1,4}:? [a-z(): ]{0,9}",
        ];
        fuzz(&prop::collection::vec(line, 0..30), |lines| {
            let shown = notes(&lines.join("\n"), &["main.ts".to_owned()]);
            prop_assert!(shown.is_empty() || shown.starts_with(HEADING));
            Ok(())
        });
    }

    #[test]
    fn native_checker_lies_beside_the_package_or_in_it() {
        for nested in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let packages = folder.path().canonicalize().unwrap().join("node_modules");
            let script = packages.join("typescript/bin/tsc");
            fs::create_dir_all(script.parent().unwrap()).unwrap();
            fs::write(&script, "").unwrap();
            let link = folder.path().join("tsc");
            std::os::unix::fs::symlink(&script, &link).unwrap();
            assert_eq!(native_checker(&link), None, "one in JavaScript");
            let inside = if nested {
                "typescript/node_modules"
            } else {
                ""
            };
            let program = packages
                .join(inside)
                .join("@typescript/typescript-linux-x64/lib/tsc");
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(&program, "").unwrap();
            assert_eq!(native_checker(&link), Some(program));
        }
        assert_eq!(native_checker(Path::new("/usr/bin/no-such-tsc")), None);
    }
}
