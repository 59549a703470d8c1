//! Makes command lines of the table's commands: fills in the names of the submission's
//! files, and what its limits leave for a language's heap and stack.
//!
//! `execute.rs` calls it; `languages.toml` explains every placeholder.

use crate::java;
use crate::languages::Language;
use crate::request::Submission;
use crate::sandbox::{File, Limits};

const MIB: u64 = 1 << 20;

/// Stands for every file that is checked.
const ALIKE: &str = "{alike}";

/// Part of the stack in bytes that is left for code that does not look how much of it is
/// used.
const NATIVE_STACK_BYTES: u64 = MIB;
/// The least heap, in bytes, whatever the memory limit: with less, the language does not
/// start, and nothing says why.
const LEAST_HEAP_BYTES: u64 = 16 * MIB;
/// Heap, in bytes, of programs without a memory limit.
const UNLIMITED_HEAP_BYTES: u64 = 4096 * MIB;

/// Replaces the placeholders in a command of the table. `files` are those that the
/// command finds.
pub(crate) fn fill_in(command: &[String], submission: &Submission, files: &[File]) -> Vec<String> {
    fill_in_for(command, submission, files, &submission.main)
}

/// The same with another file than the main one as `{file}`.
fn fill_in_for(
    command: &[String],
    submission: &Submission,
    files: &[File],
    file: &str,
) -> Vec<String> {
    let language = &submission.runtime.language;
    let main = without_leading_dash(file);
    let limits = &submission.limits.run;
    let heap = heap_bytes(limits, language);
    // With its whole stack in use, the language must stay within the memory limit, and
    // say itself what happened.
    let stack = limits
        .stack_bytes
        .min((heap as f64 * language.stack_share) as u64);
    let stack = stack.saturating_sub(NATIVE_STACK_BYTES);
    let mut argv = Vec::new();
    for argument in command {
        if argument == "{sources}" {
            let sources = submission.sources.iter();
            argv.extend(sources.map(|name| without_leading_dash(name)));
            continue;
        }
        if argument == ALIKE {
            argv.extend(alike(submission, files).map(without_leading_dash));
            continue;
        }
        let mut word = argument
            .replace("{program}", &submission.runtime.program)
            .replace("{stack_kib}", &(stack / 1024).to_string())
            .replace("{stack_mib}", &(stack / MIB).to_string())
            .replace("{heap_mib}", &(heap / MIB).to_string());
        if word.contains("{main_class}") {
            word = word.replace("{main_class}", &java::main_class(files, &submission.main));
        }
        // Last, because names may look like placeholders.
        argv.push(
            word.replace("{script}", &script(&main))
                .replace("{file}", &main)
                .replace("{stem}", stem(language, &main)),
        );
    }
    argv
}

/// What the memory limit leaves for the heap: all but what the language needs beside it.
fn heap_bytes(limits: &Limits, language: &Language) -> u64 {
    limits.memory_bytes.map_or(UNLIMITED_HEAP_BYTES, |bytes| {
        let beside = language.memory_beside_heap_bytes;
        bytes.saturating_sub(beside).max(LEAST_HEAP_BYTES)
    })
}

/// The commands that check the submission's files: one for all of them, if it takes
/// several, or else one for each.
pub(crate) fn checks<'a>(
    command: &'a [String],
    submission: &'a Submission,
    files: &'a [File],
) -> impl Iterator<Item = Vec<String>> + 'a {
    let takes_all = command.iter().any(|word| word == ALIKE);
    let commands = if takes_all { 1 } else { usize::MAX };
    alike(submission, files)
        .take(commands)
        .map(move |file| fill_in_for(command, submission, files, file))
}

/// The files with the ending of the main file, which comes first, or with another one
/// of the language's code.
fn alike<'a>(submission: &'a Submission, files: &'a [File]) -> impl Iterator<Item = &'a str> {
    let ending_of = |name: &'a str| name.rsplit_once('.').map(|(_, ending)| ending);
    let (main, ending) = (submission.main.as_str(), ending_of(&submission.main));
    let further = &submission.runtime.language.check_endings;
    let others = files.iter().map(|file| file.name.as_str());
    std::iter::once(main).chain(others.filter(move |name| {
        let is_code = |other| ending == Some(other) || further.iter().any(|one| one == other);
        *name != main && ending_of(name).is_some_and(is_code)
    }))
}

/// The same file's name in a form that no program takes for an option.
fn without_leading_dash(name: &str) -> String {
    if name.starts_with('-') {
        format!("./{name}")
    } else {
        name.to_owned()
    }
}

/// The JavaScript file that is made of this TypeScript file.
fn script(name: &str) -> String {
    name.strip_suffix("ts")
        .map_or_else(|| name.to_owned(), |start| format!("{start}js"))
}

fn stem<'a>(language: &Language, name: &'a str) -> &'a str {
    match name.rsplit_once('.') {
        Some((stem, _)) if language.accepts(name) => stem,
        _ => name,
    }
}
