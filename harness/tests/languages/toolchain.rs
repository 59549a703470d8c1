//! The machine's compilers and interpreters, by the runner's own table of languages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::Harness;
use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::ready_made;

const TABLE: &str = include_str!("../../../runner/src/languages.toml");
/// C# without what its sandbox takes beside the compiler.
const CSHARP: &str = r#"
[[language]]
name = "csharp"
program = ["mono"]
version = ["--version"]
file_name = "main.cs"
compile = ["mcs", "-optimize+", "-langversion:latest", "-unsafe+", "-r:System.Numerics", "-out:a.exe", "{sources}"]
run = ["{program}", "a.exe"]
"#;
/// In place of what a memory limit leaves; near Node's own.
const STACK_KIB: &str = "900";
const STACK_MIB: &str = "64";
const HEAP_MIB: &str = "512";

#[derive(Deserialize)]
struct Table {
    language: Vec<Entry>,
}

/// What the tests need of an entry.
#[derive(Deserialize)]
struct Entry {
    name: String,
    program: Vec<String>,
    version: Vec<String>,
    requires: Option<String>,
    file_name: Option<String>,
    compile: Option<Vec<String>>,
    run: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// A language of the table whose compiler or interpreter is on the machine.
pub(crate) struct Toolchain {
    entry: Entry,
    program: PathBuf,
    pub(crate) version: Version,
}

impl Toolchain {
    /// The first of the language's entries that is on the machine, as the runner
    /// chooses it. Only this language's programs are asked for their versions, which
    /// takes up to half a second each: nextest starts every test as a process.
    pub(crate) fn of(harness: Harness) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Toolchain>>; Harness::ALL.len()] =
            [const { OnceLock::new() }; Harness::ALL.len()];
        let at = Harness::ALL.iter().position(|one| *one == harness)?;
        ALL[at].get_or_init(|| Self::find(harness)).as_ref()
    }

    fn find(harness: Harness) -> Option<Self> {
        let table: Table = toml::from_str(TABLE).unwrap();
        let csharp: Table = toml::from_str(CSHARP).unwrap();
        csharp
            .language
            .into_iter()
            .chain(table.language)
            .filter(|entry| entry.name == harness.language())
            .find_map(|entry| {
                let found = entry.program.iter().find_map(|name| {
                    let program = if name == "node" { node() } else { name.into() };
                    let version = version(&program, &entry.version)?;
                    Some((program, version))
                });
                let (program, version) = found?;
                let fits = entry.requires.as_deref().is_none_or(|range| {
                    range.split("||").any(|part| {
                        let part = part.split_whitespace().collect::<Vec<_>>().join(", ");
                        VersionReq::parse(&part).unwrap().matches(&version)
                    })
                });
                fits.then_some(Self {
                    entry,
                    program,
                    version,
                })
            })
    }

    /// Writes the source file and compiles it, if the language is compiled: without the
    /// optimiser, which takes most of the time. The error is what the compiler said.
    pub(crate) fn prepare(&self, folder: &Path, source: &str) -> Result<Command, String> {
        // As the runner names it, after the public class, which it also starts.
        let name = if source.contains("public class judge_Main") {
            "judge_Main.java"
        } else {
            self.entry.file_name.as_deref().unwrap_or("main")
        };
        std::fs::write(folder.join(name), source).unwrap();
        if let Some(words) = &self.entry.compile {
            let mut command = self.command(words, folder, name);
            ready_made::add_to(&mut command, &self.entry.name, &self.version);
            let done = command.output().unwrap();
            if !done.status.success() {
                let said = [done.stdout, done.stderr].concat();
                return Err(String::from_utf8_lossy(&said).into_owned());
            }
        }
        Ok(self.command(&self.entry.run, folder, name))
    }

    fn command(&self, words: &[String], folder: &Path, file: &str) -> Command {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let words = words
            .iter()
            .filter(|word| !word.contains("{libraries}"))
            .map(|word| match word.as_str() {
                "-O2" if self.entry.name.starts_with('c') => "-O0".to_owned(),
                "-O" => "-Copt-level=0".to_owned(),
                "-Wall" | "-Wextra" => "-w".to_owned(),
                _ => word
                    .replace("{program}", &self.program.to_string_lossy())
                    .replace("{stack_kib}", STACK_KIB)
                    .replace("{stack_mib}", STACK_MIB)
                    .replace("{heap_mib}", HEAP_MIB)
                    .replace("{main_class}", stem)
                    .replace("{script}", &format!("{stem}.js"))
                    .replace("{file}", file)
                    .replace("{sources}", file)
                    .replace("{stem}", stem),
            })
            .collect::<Vec<_>>();
        let program = match words[0].strip_prefix("./") {
            Some(built) => folder.join(built),
            None => PathBuf::from(&words[0]),
        };
        let env = self.entry.env.iter();
        let mut command = Command::new(program);
        command
            .args(&words[1..])
            .envs(env.filter(|(_, value)| !value.contains('{')))
            .current_dir(folder);
        command
    }
}

/// The Node that the workspace pins, else the one on PATH.
pub(crate) fn node() -> PathBuf {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/.bin/node");
    if pinned.exists() {
        pinned
    } else {
        "node".into()
    }
}

/// The first number in what the program prints about itself.
fn version(program: &Path, arguments: &[String]) -> Option<Version> {
    let done = Command::new(program).args(arguments).output().ok()?;
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let start = said.find(|c: char| c.is_ascii_digit())?;
    let mut parts = said[start..]
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?
        .split('.')
        .map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    Some(Version::new(next(), next(), next()))
}
