//! What compilers need not do anew for every program: it is made once, into Cargo's folder
//! for temporary files of tests, which stays from run to run.
//!
//! - C++: the standard library, precompiled. A small program then takes 0.6 in place of
//!   2.8 s of CPU time with GCC 12.
//! - Java: the compiler's own classes, as the JVM has them in memory. A small program then
//!   takes 0.6 in place of 1.0 s with Java 17.
//!
//! Only time depends on it: without it, or where it does not fit, compilers go on as ever.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::Version;

/// A program for which the compiler loads what it needs for most.
const PROGRAM: &str = "import java.util.*; class Main { public static void main(String[] a) { Map<String, List<Integer>> m = new TreeMap<>(); m.computeIfAbsent(\"x\", k -> new ArrayList<>()).add(a.length); for (var e : m.entrySet()) System.out.println(e.getKey() + e.getValue()); } }";

/// Lets a compiler use what there is for it.
pub(crate) fn add_to(compiler: &mut Command, language: &str, version: &Version) {
    match language {
        "c++" => {
            let files = [
                ("all.hpp", "#include <bits/stdc++.h>"),
                // For code that includes it where no precompiled file may stand.
                ("bits/stdc++.h", "#include_next <bits/stdc++.h>"),
            ];
            let arguments = ["-x", "c++-header", "all.hpp", "-o", "bits/stdc++.h.gch"];
            let flags = ["-std=", "-O", "-w"];
            let made = once(compiler, version, &flags, &files, &arguments);
            compiler.arg("-I").arg(made);
        }
        "java" => {
            let files = [("Main.java", PROGRAM)];
            let arguments = [
                "-J-XX:ArchiveClassesAtExit=javac.jsa",
                "-d",
                ".",
                "Main.java",
            ];
            let made = once(compiler, version, &["-J"], &files, &arguments);
            let classes = made.join("javac.jsa");
            // Java before 13 has no such archives.
            if classes.exists() {
                compiler.arg(format!("-J-XX:SharedArchiveFile={}", classes.display()));
            }
        }
        _ => {}
    }
}

/// The folder that a compiler has filled, from these files and with these arguments and
/// those of `compiler` that begin as `flags` do.
fn once(
    compiler: &Command,
    version: &Version,
    flags: &[&str],
    files: &[(&str, &str)],
    arguments: &[&str],
) -> PathBuf {
    let program = compiler.get_program();
    let flags: Vec<_> = compiler
        .get_args()
        .filter(|word| {
            let word = word.to_string_lossy();
            flags.iter().any(|flag| word.starts_with(flag))
        })
        .collect();
    let mut hash = DefaultHasher::new();
    (program, &flags, files, arguments).hash(&mut hash);
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = all.join(format!("ready-made-{version}-{:016x}", hash.finish()));
    if !folder.exists() {
        // Every test is a process of its own; one makes it, and others wait for it.
        let lock = File::create(all.join("ready-made.lock")).unwrap();
        lock.lock().unwrap();
        if !folder.exists() {
            let made = tempfile::tempdir_in(all).unwrap();
            for (name, text) in files {
                let path = made.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let mut command = Command::new(program);
            command.args(&flags).args(arguments);
            let done = command.current_dir(made.path()).output().unwrap();
            if !done.status.success() {
                eprintln!("{}", String::from_utf8_lossy(&done.stderr));
            }
            fs::rename(made.keep(), &folder).unwrap();
        }
    }
    folder
}
