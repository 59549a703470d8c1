//! The table of languages: `languages.toml` with `further_languages.toml`, or a file of
//! the same form.
//!
//! Only data and its checks; `probe.rs` finds out which languages this machine has.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::Limits;

/// The built-in table.
pub const BUILT_IN: &str = concat!(
    include_str!("languages.toml"),
    "\n",
    include_str!("further_languages.toml")
);

/// The name of a file that a request does not name, as in Piston.
pub fn default_file_name(index: usize) -> String {
    format!("file{index}.code")
}

/// One entry. The fields are explained at the top of `languages.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// The name, as in Piston.
    pub name: String,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The program that runs it, where several could.
    pub runtime: Option<String>,
    /// Names to look for on `PATH`.
    pub program: Vec<String>,
    /// Arguments that print the version.
    pub version: Vec<String>,
    /// What else must be there: programs on `PATH`, or `{libraries}`.
    #[serde(default)]
    pub needs: Vec<String>,
    /// A file that the language needs; the name that it links to has the version.
    pub version_of: Option<String>,
    /// npm range that the version must satisfy.
    pub requires: Option<String>,
    /// Arguments that print the program's real path.
    #[serde(default)]
    pub real_path: Vec<String>,
    /// Appended to the path that `real_path` prints.
    pub real_path_suffix: Option<String>,
    /// The name of a main file that the request does not name.
    pub file_name: Option<String>,
    /// Endings of source files, without the dot.
    #[serde(default)]
    pub endings: Vec<String>,
    /// The compile command; empty if the language is not compiled.
    #[serde(default)]
    pub compile: Vec<String>,
    /// What compiling a small program takes, where that was measured.
    pub compile_takes: Option<CompileTakes>,
    /// Whether the main file gets the name of its public class.
    #[serde(default)]
    pub public_class: bool,
    /// The run command.
    pub run: Vec<String>,
    /// The command that fails for source code that is not valid; empty if there is
    /// none.
    #[serde(default)]
    pub check: Vec<String>,
    /// What a program prints whose source code may not be valid.
    #[serde(default)]
    pub check_if: Vec<String>,
    /// Endings of further files that are checked, without the dot.
    #[serde(default)]
    pub check_endings: Vec<String>,
    /// The command that fails for an input that is not valid; empty if any is.
    #[serde(default)]
    pub input_check: Vec<String>,
    /// The command that looks for mistakes which do not decide; empty if there is none.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Whether a program that has used up its time may write out what it has buffered.
    #[serde(default)]
    pub interrupt: bool,
    /// Whether its program can be started before the code is there.
    #[serde(default)]
    pub prewarm: bool,
    /// What a program prints that has used up the heap of its language.
    #[serde(default)]
    pub out_of_memory: Vec<String>,
    /// Memory in bytes that the language needs beside its heap.
    #[serde(default)]
    pub memory_beside_heap_bytes: u64,
    /// The part of the heap's size that its stack may have.
    #[serde(default = "stack_share")]
    pub stack_share: f64,
    /// What limits for native programs must be raised by.
    #[serde(default)]
    pub allowance: Allowance,
    /// The size in bytes of a file that the language itself writes to start.
    #[serde(default)]
    pub file_bytes: u64,
    /// Absolute paths that programs read, beside the system's and the interpreter's
    /// folders.
    #[serde(default)]
    pub reads: Vec<String>,
    /// A program that reads a line and prints it after "hello ". The tests run it.
    pub smoke: Option<String>,
    /// Its input, if that is not a line.
    pub smoke_stdin: Option<String>,
    /// Environment of both commands.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not TOML, or not of this form.
    #[error("the table of languages cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// An entry contradicts itself.
    #[error("language {name:?}: {reason}")]
    Entry {
        /// The entry's name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Parses and checks a table.
pub fn parse(text: &str) -> Result<Vec<Language>, TableError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        #[serde(default)]
        language: Vec<Language>,
    }
    let Table {
        language: languages,
    } = toml::from_str(text)?;
    for language in &languages {
        if let Some(reason) = find_mistake(language) {
            return Err(TableError::Entry {
                name: language.name.clone(),
                reason,
            });
        }
    }
    Ok(languages)
}

fn find_mistake(language: &Language) -> Option<&'static str> {
    let escapes = |name: &String| name.contains('/') || name.is_empty();
    if language.name.is_empty() {
        Some("has no name")
    } else if language.program.is_empty() {
        Some("names no program")
    } else if language.run.is_empty() {
        Some("has no run command")
    } else if language
        .version_of
        .as_ref()
        .is_some_and(|path| !path.starts_with('/'))
    {
        Some("version_of must be an absolute path")
    } else if !language.notes.is_empty() && language.compile.is_empty() {
        Some("notes needs compile")
    } else if !language.check.is_empty() && !language.compile.is_empty() {
        Some("has both compile and check")
    } else if language.check.is_empty() != language.check_if.is_empty() {
        Some("check needs check_if, and check_if needs check")
    } else if language.compile_takes.is_some() && language.compile.is_empty() {
        Some("compile_takes needs compile")
    } else if language.check.is_empty() && !language.check_endings.is_empty() {
        Some("check_endings needs check")
    } else if !(0.0..=1.0).contains(&language.stack_share) {
        Some("stack_share must be from 0 to 1")
    } else if !language.allowance.is_sensible() {
        Some("the factors of allowance must be from 1 to 100")
    } else if !language.reads.iter().all(|path| path.starts_with('/')) {
        Some("reads must hold absolute paths")
    } else if language.file_name.as_ref().is_some_and(escapes) {
        Some("file_name must be a plain name")
    } else if !language.endings.is_empty()
        && !language
            .file_name
            .as_ref()
            .is_some_and(|name| language.accepts(name))
    {
        Some("file_name must have one of the endings")
    } else {
        None
    }
}

fn stack_share() -> f64 {
    0.875
}

/// What the limits of a native program must be raised by, so that they fit a language
/// whose programs take time and memory to start.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowance {
    /// Factor of CPU and wall time.
    pub time_factor: f64,
    /// Added to both afterwards, ms.
    pub time_offset_ms: u64,
    /// Factor of memory.
    pub memory_factor: f64,
    /// Added to it afterwards, bytes.
    pub memory_offset_bytes: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            time_factor: 1.0,
            time_offset_ms: 0,
            memory_factor: 1.0,
            memory_offset_bytes: 0,
        }
    }
}

impl Allowance {
    fn is_sensible(&self) -> bool {
        let sensible = 1.0..=100.0;
        sensible.contains(&self.time_factor) && sensible.contains(&self.memory_factor)
    }

    /// The limits of the run stage with the allowance.
    #[must_use]
    pub fn raise(&self, limits: &Limits) -> Limits {
        let time = |time: Duration| {
            time.mul_f64(self.time_factor) + Duration::from_millis(self.time_offset_ms)
        };
        let memory = |bytes: u64| {
            let raised = (bytes as f64 * self.memory_factor) as u64;
            raised.saturating_add(self.memory_offset_bytes)
        };
        Limits {
            wall: time(limits.wall),
            cpu: time(limits.cpu),
            memory_bytes: limits.memory_bytes.map(memory),
            ..*limits
        }
    }
}

/// What the compile command takes for a small program, as measured. Its limits must leave
/// as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompileTakes {
    /// Resident memory, bytes, summed over all processes.
    pub memory_bytes: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Open files per process.
    pub open_files: u64,
}

impl CompileTakes {
    /// The option whose value leaves the compiler too little, if one does.
    pub fn too_low(&self, limits: &Limits) -> Option<&'static str> {
        if limits
            .memory_bytes
            .is_some_and(|bytes| bytes < self.memory_bytes)
        {
            Some("--compile-memory-limit-bytes")
        } else if limits.tasks < self.processes {
            Some("--max-processes")
        } else if limits.open_files < self.open_files {
            Some("--max-open-files")
        } else {
            None
        }
    }
}

impl Language {
    /// Whether a code file may keep this name.
    pub fn accepts(&self, name: &str) -> bool {
        self.endings.is_empty()
            || name.rsplit_once('.').is_some_and(|(stem, ending)| {
                !stem.is_empty() && self.endings.iter().any(|known| known == ending)
            })
    }

    /// The name of the main file on the disk, from the name in the request.
    pub fn main_name(&self, given: Option<&str>, index: usize) -> String {
        match (given, &self.file_name) {
            (Some(name), Some(_)) if !self.accepts(name) => {
                // Piston's compile scripts also append the ending.
                format!("{name}.{}", self.endings.first().map_or("", String::as_str))
            }
            (Some(name), _) => name.to_owned(),
            (None, Some(file_name)) => file_name.clone(),
            (None, None) => default_file_name(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn built_in_table_has_every_documented_language() {
        let languages = parse(BUILT_IN).unwrap();
        for name in [
            "python",
            "javascript",
            "typescript",
            "c",
            "c++",
            "rust",
            "go",
            "java",
            "bash",
            "ruby",
            "perl",
        ] {
            assert!(
                languages.iter().any(|language| language.name == name),
                "{name} is missing"
            );
        }
        for language in &languages {
            assert!(language.smoke.is_some(), "{} has no smoke", language.name);
        }
    }

    #[test]
    fn built_in_table_gives_each_name_to_one_language() {
        let languages = parse(BUILT_IN).unwrap();
        let mut owner = BTreeMap::new();
        for language in &languages {
            for name in language.aliases.iter().chain([&language.name]) {
                let first = owner.entry(name).or_insert(&language.name);
                assert_eq!(*first, &language.name, "{name} names two languages");
            }
        }
    }

    #[test]
    fn parse_names_the_mistake_in_a_table() {
        let bad = |entry: &str| {
            parse(&format!("[[language]]\n{entry}"))
                .unwrap_err()
                .to_string()
        };
        assert!(bad("name = 'x'").contains("program"));
        assert!(bad("name='x'\nprogram=[]\nversion=[]\nrun=['a']").contains("names no program"));
        assert!(bad("name='x'\nprogram=['a']\nversion=[]\nrun=[]").contains("no run command"));
        assert!(
            bad("name='x'\nprogram=['a']\nversion=[]\nrun=['a']\nfile_name='../a'")
                .contains("plain")
        );
        assert!(
            bad("name='x'\nprogram=['a']\nversion=[]\nrun=['a']\nendings=['c']")
                .contains("endings")
        );
        let usual = "name='x'\nprogram=['a']\nversion=[]\nrun=['a']\n";
        for (more, words) in [
            ("typo=1", "typo"),
            ("check=['a']", "check_if"),
            ("check_if=['a']", "check_if"),
            ("check_endings=['a']", "check_endings"),
            (
                "compile_takes={memory_bytes=1,processes=1,open_files=1}",
                "needs compile",
            ),
            ("compile=['a']\ncheck=['a']\ncheck_if=['a']", "both"),
            ("allowance={time_factor=0.5}", "factors"),
            ("stack_share=1.5", "stack_share"),
            ("version_of='a.jar'", "absolute"),
            ("allowance={memory_factor=1e9}", "factors"),
        ] {
            let error = bad(&format!("{usual}{more}"));
            assert!(error.contains(words), "{more}: {error}");
        }
    }

    #[test]
    fn option_that_leaves_a_compiler_too_little_is_named() {
        let takes = CompileTakes {
            memory_bytes: 100,
            processes: 10,
            open_files: 20,
        };
        let enough = Limits {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            memory_bytes: Some(100),
            stack_bytes: 0,
            stdout_bytes: 0,
            stderr_bytes: 0,
            tasks: 10,
            open_files: 20,
            file_bytes: 0,
            disk_bytes: 0,
            disk_files: 0,
        };
        let low = |change: fn(&mut Limits)| {
            let mut limits = enough;
            change(&mut limits);
            takes.too_low(&limits)
        };
        assert_eq!(low(|_| ()), None);
        assert_eq!(low(|limits| limits.memory_bytes = None), None);
        let memory = low(|limits| limits.memory_bytes = Some(99));
        assert_eq!(memory, Some("--compile-memory-limit-bytes"));
        assert_eq!(low(|limits| limits.tasks = 9), Some("--max-processes"));
        let files = low(|limits| limits.open_files = 19);
        assert_eq!(files, Some("--max-open-files"));
    }

    #[test]
    fn main_name_has_the_ending_that_the_compiler_needs() {
        let languages = parse(BUILT_IN).unwrap();
        let find = |name: &str| {
            languages
                .iter()
                .find(|language| language.name == name)
                .unwrap()
        };
        assert_eq!(find("python").main_name(None, 0), "main.py");
        assert_eq!(find("python").main_name(Some("a"), 0), "a");
        assert_eq!(find("c").main_name(None, 0), "main.c");
        assert_eq!(find("c").main_name(Some("solution"), 0), "solution.c");
        assert_eq!(find("c").main_name(Some("a.c"), 0), "a.c");
        assert_eq!(find("c++").main_name(Some("a.cc"), 0), "a.cc");
        assert_eq!(find("c").main_name(Some(".c"), 0), ".c.c");
    }

    /// The table is the operator's, and a mistake in it must be named.
    #[test]
    fn fuzz_parse_returns_consistent_languages_or_names_the_mistake() {
        let lines: Vec<&str> = BUILT_IN.lines().collect();
        let edits = prop::collection::vec(
            (0..lines.len(), any::<prop::sample::Index>(), "[\\PC]{0,3}"),
            0..4,
        );
        let tail = prop_oneof![Just(String::new()), "[\\PC\n]{0,30}"];
        fuzz(&(edits, tail), |(edits, tail)| {
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            for (number, index, text) in edits {
                let line = &mut lines[number];
                let cuts: Vec<usize> = line.char_indices().map(|(cut, _)| cut).collect();
                let cut = if cuts.is_empty() {
                    0
                } else {
                    cuts[index.index(cuts.len())]
                };
                line.truncate(cut);
                line.push_str(&text);
            }
            match parse(&format!("{}\n{tail}", lines.join("\n"))) {
                Ok(languages) => {
                    for language in languages {
                        prop_assert!(!language.program.is_empty() && !language.run.is_empty());
                        for given in [None, Some("a"), Some(".c"), Some("b.py")] {
                            let name = language.main_name(given, 0);
                            prop_assert!(!name.is_empty() && !name.contains('/'), "{}", name);
                            prop_assert!(language.accepts(&name), "{}", name);
                        }
                    }
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
            Ok(())
        });
    }
}
