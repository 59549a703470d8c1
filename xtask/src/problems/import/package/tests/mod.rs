//! Packages that a test writes, and what becomes of them.

mod places;
mod refused;
mod taken;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;
use tempfile::TempDir;

use super::super::super::folder::{Loaded, read as read_ours};
use super::super::{Import, import};
use super::{metadata, read};

/// Files by their places.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A package of the older form.
const LEGACY: Files<'_> = &[
    (
        "problem.yaml",
        "name: Doubled\nlicense: cc by-sa\nauthor: A. B.\nvalidator_flags: case_sensitive\n\
         limits:\n  memory: 256\n  output: 8\n  validation_time: 9\n",
    ),
    (".timelimit", "2\n"),
    (
        "problem_statement/problem.en.tex",
        "\\problemname{Twice}\nPrint $2n$.\n",
    ),
    ("problem_statement/problem.sv.tex", "Skriv $2n$.\n"),
    ("data/sample/1.in", "1\n"),
    ("data/sample/1.ans", "2\n"),
    ("data/sample/1.png", "a picture"),
    ("data/secret/10-large.in", "500\n"),
    ("data/secret/10-large.ans", "1000\n"),
    ("data/secret/10.in", "5\n"),
    ("data/secret/10.ans", "10\n"),
    ("data/secret/2-group/a.in", "7\n"),
    ("data/secret/2-group/a.ans", "14\n"),
    (
        "submissions/accepted/doubled.py",
        "print(2 * int(input()))\n",
    ),
    ("submissions/accepted/doubled.cc", "int main() {}\n"),
    ("submissions/accepted/two/a.cc", "int a;\n"),
    ("submissions/accepted/two/b.cc", "int b;\n"),
    ("submissions/accepted/one/Main.java", "class Main {}\n"),
    ("submissions/wrong_answer/same.py", "print(input())\n"),
    (
        "submissions/time_limit_exceeded/slow loop.py",
        "while True: pass\n",
    ),
    ("submissions/run_time_error/crash.py", "1 / 0\n"),
    ("submissions/run_time_error/crash.xyz", "?\n"),
    ("submissions/rejected/other.py", "print()\n"),
    (
        "submissions/accepted/old.py",
        "#!/usr/bin/env python2\nprint 2 * input()\n",
    ),
    ("submissions/accepted/empty.py", ""),
    ("submissions/submissions.yaml", "accepted: {}\n"),
    ("input_validators/check.py", "exit(42)\n"),
    (".git/config", "no part of it"),
];

/// A package of the newer form, with an output validator of two files.
const NEWER: Files<'_> = &[
    (
        "problem.yaml",
        "problem_format_version: 2025-09\nname:\n  sv: Ungefär\n  en: About\n\
         uuid: 5f2c\ntype: pass-fail\nlimits:\n  time_limit: 1.5\n  time_resolution: 0.5\n\
         constants:\n  n: 10\n",
    ),
    ("statement/problem.sv.md", "Högst {{n}}.\n"),
    (
        "statement/problem.en.md",
        "At most {{n}}.\n\n{{nextsample}}\n\nEnd.\n",
    ),
    ("data/sample/1.in", "1\n"),
    ("data/sample/1.ans", "1\n"),
    ("data/secret/1.in", "2\n"),
    ("data/secret/1.ans", "2\n"),
    (
        "output_validator/validate.cc",
        "#include \"validate.h\"\nint main() { return ok({{n}}); }\n",
    ),
    (
        "output_validator/validate.h",
        "#pragma once\ninline int ok(int) { return 42; }\n",
    ),
    (
        "submissions/accepted/a.py",
        "print(min(int(input()), {{n}}))\n",
    ),
];

/// The newer package with the default output validator.
fn with_arguments(arguments: &str) -> Vec<(&str, &str)> {
    let files = NEWER
        .iter()
        .filter(|(name, _)| !name.starts_with("output_validator"));
    let mut files: Vec<_> = files.copied().collect();
    files.push(("data/secret/test_group.yaml", arguments));
    files
}

fn write(folder: &Path, files: Files<'_>) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A package in a folder `package`, with these files in the place of others of the
/// same names.
fn package(files: Files<'_>, changed: Files<'_>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    write(&path, files);
    write(&path, changed);
    (folder, path)
}

fn imported(path: &Path, replace: bool) -> Result<(PathBuf, Loaded)> {
    let folder = path.with_file_name("ours");
    import(&Import {
        path: path.to_owned(),
        folder: folder.clone(),
        id: None,
        replace,
    })?;
    let place = folder.join("package");
    let loaded = read_ours(&place)?;
    Ok((place, loaded))
}

fn value(loaded: &Loaded) -> Value {
    serde_json::from_str(loaded.json.as_str()).unwrap()
}
