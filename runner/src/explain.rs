//! Says in a sentence what a signal means that ended a program, and finds out that a
//! language's own heap was full, that the input is to blame, or that a compiler wrote over
//! a file.
//!
//! `execute.rs` shows it every run.

use std::collections::BTreeMap;
use std::path::Path;

use crate::sandbox::{File, Limits, Mount, Report};
use crate::wire::StageResult;

/// Takes the folders of this machine out of a program's or a compiler's messages: before
/// the submission's files, so that they have the names that they were sent with, and the
/// folders of languages.
pub(crate) fn hide_folders(report: &mut Report, files: &[File], mounts: &[Mount]) {
    let own = report.folder.as_deref().and_then(Path::to_str);
    let own = own.map(|folder| format!("{folder}/"));
    let is_file = |rest: &[u8]| {
        files
            .iter()
            .any(|file| rest.starts_with(file.name.as_bytes()))
    };
    let languages = mounts.iter().filter(|mount| mount.shown.len() > 1);
    let languages = languages.map(|mount| format!("{}/", mount.shown.trim_end_matches('/')));
    let languages: Vec<String> = languages.collect();
    for text in [Some(&mut report.stderr), report.output.as_mut()]
        .into_iter()
        .flatten()
    {
        if let Some(folder) = &own {
            hide(text, folder, is_file);
        }
        for folder in &languages {
            hide(text, folder, |_| true);
        }
    }
}

/// Removes the folder from the text wherever the rest is as wanted.
fn hide(text: &mut Vec<u8>, folder: &str, is_wanted: impl Fn(&[u8]) -> bool) {
    /// Modules have URLs.
    const URL: &[u8] = b"file://";
    let places = memchr::memmem::find_iter(text, folder).collect::<Vec<_>>();
    let mut kept = Vec::new();
    let mut rest = 0;
    for place in places {
        let end = place + folder.len();
        if is_wanted(&text[end..]) {
            let before = &text[rest..place];
            kept.extend_from_slice(before.strip_suffix(URL).unwrap_or(before));
            rest = end;
        }
    }
    if rest > 0 {
        kept.extend_from_slice(&text[rest..]);
        *text = kept;
    }
}

/// Makes the result that of a program that exceeded its memory limit, if it failed and
/// has printed one of these texts: its language was told the limit and kept it.
pub(crate) fn name_memory(stage: &mut StageResult, texts: &[String]) {
    let has_failed = matches!(stage.status, Some("RE" | "SG")) && stage.limit.is_none();
    if has_failed && texts.iter().any(|text| stage.stderr.contains(text)) {
        stage.memory_exceeded();
    }
}

/// Adds to what a program printed that it was not to blame.
pub(crate) fn blame_input(stage: &mut StageResult) {
    const SENTENCE: &str =
        "The input itself fails, before the program begins: the mistake is not the program's.\n";
    for text in [Some(&mut stage.stderr), stage.output.as_mut()]
        .into_iter()
        .flatten()
    {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(SENTENCE);
    }
}

/// Makes a compilation fail that has written over one of the submission's files: `sent`
/// are those, `left` what the folder holds after it.
pub(crate) fn name_overwritten(stage: &mut StageResult, sent: &[File], left: &[File]) {
    let left: BTreeMap<&str, &File> = left.iter().map(|file| (file.name.as_str(), file)).collect();
    let is_changed = |file: &&File| {
        let now = left.get(file.name.as_str());
        now.is_some_and(|now| now.content != file.content)
    };
    if let Some(file) = sent.iter().find(is_changed) {
        stage.status = Some("RE");
        stage.code = Some(1);
        stage.message = Some(format!(
            "The compiler writes a file {} over the one that was submitted: give that another name",
            file.name
        ));
    }
}

/// Adds what the signal means to the message of a program that a signal ended.
pub(crate) fn name_signal(stage: &mut StageResult, limits: &Limits) {
    let (Some(signal), Some(message), None) = (stage.signal, &mut stage.message, stage.limit)
    else {
        return;
    };
    let stack_mb = limits.stack_bytes / 1_000_000;
    let meaning = match signal {
        // What has touched its whole stack has most likely run out of it.
        "SIGSEGV" | "SIGBUS" if stage.memory >= limits.stack_bytes / 10 * 9 => {
            &format!("stack overflow: the recursion is too deep for the stack of {stack_mb} MB")
        }
        "SIGSEGV" => "segmentation fault: memory was used that is not the program's",
        "SIGBUS" => "bus error: memory was used that is not there",
        "SIGABRT" => {
            "the program ended itself, for example by a failed assertion or an exception that nothing caught"
        }
        "SIGFPE" => "arithmetic error, most often an integer division by zero",
        "SIGILL" => "an instruction that the processor does not have, or a trap of the compiler's",
        "SIGTRAP" => "a trap that the language sets for mistakes",
        "SIGXFSZ" => "a file became larger than the limit",
        "SIGXCPU" => "the limit of CPU time",
        "SIGSYS" => "a system call that is not allowed here",
        "SIGPIPE" => "the program wrote to a pipe that nobody reads any more",
        "SIGKILL" => "killed, by itself or by the machine for want of memory",
        "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" => "the program was asked to end, by itself",
        _ => return,
    };
    *message = format!("{message} ({signal}: {meaning})");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Ending, Limit};
    use std::time::Duration;

    fn stage(ending: Ending, stderr: &str, memory_bytes: u64) -> StageResult {
        let mut report = Report::not_run(ending);
        report.stderr = stderr.into();
        report.memory_bytes = memory_bytes;
        StageResult::from(report)
    }

    #[test]
    fn signal_has_a_sentence_and_a_full_stack_its_own() {
        let limits = Limits {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            memory_bytes: None,
            stack_bytes: 100_000_000,
            stdout_bytes: 0,
            stderr_bytes: 0,
            tasks: 0,
            open_files: 0,
            file_bytes: 0,
            disk_bytes: 0,
            disk_files: 0,
        };
        let message = |ending, memory| {
            let mut stage = stage(ending, "", memory);
            name_signal(&mut stage, &limits);
            stage.message.unwrap_or_default()
        };
        let full = message(Ending::Signaled(11), 99_000_000);
        assert!(
            full.starts_with("Caught fatal signal 11 (SIGSEGV: stack overflow"),
            "{full}"
        );
        assert!(full.contains("100 MB"), "{full}");
        let other = message(Ending::Signaled(11), 1_000_000);
        assert!(other.contains("segmentation fault"), "{other}");
        assert!(message(Ending::Signaled(8), 0).contains("division by zero"));
        assert_eq!(message(Ending::Signaled(34), 0), "Caught fatal signal 34");
        assert_eq!(message(Ending::Exited(1), 0), "Exited with error status 1");
        let limited = message(Ending::Limited(Limit::Cpu), 0);
        assert_eq!(limited, "Time limit exceeded");
    }

    #[test]
    fn messages_name_files_and_not_folders() {
        let mut report = Report::not_run(Ending::Exited(1));
        report.folder = Some("/jobs/7/box".into());
        report.stdout = b"/jobs/7/box/a".into();
        report.stderr = b"File \"/jobs/7/box/a.py\" /jobs/7/box/left file:///jobs/7/box/a.js \xFF
            /root/versions/3.11/lib/json.py /usr/lib/x.py"
            .into();
        let files = ["a.py", "a.js"].map(|name| File {
            name: name.to_owned(),
            content: Vec::new().into(),
            executable: false,
        });
        hide_folders(
            &mut report,
            &files,
            &[Mount::in_place("/root/versions/3.11")],
        );
        assert_eq!(report.stdout, b"/jobs/7/box/a");
        assert_eq!(
            report.stderr,
            b"File \"a.py\" /jobs/7/box/left a.js \xFF
            lib/json.py /usr/lib/x.py"
        );
    }

    #[test]
    fn file_that_a_compiler_wrote_over_fails_the_compilation() {
        let file = |name: &str, content: &[u8]| File {
            name: name.to_owned(),
            content: content.into(),
            executable: false,
        };
        let sent = [file("main.ts", b"1"), file("main.js", b"2")];
        let compiled = |left: &[File]| {
            let mut stage = stage(Ending::Exited(0), "", 0);
            name_overwritten(&mut stage, &sent, left);
            (stage.status, stage.message.unwrap_or_default())
        };
        let made = [&sent[..], &[file("a.out", b"3")]].concat();
        assert_eq!(compiled(&made), (None, String::new()));
        let (status, message) = compiled(&[file("main.ts", b"1"), file("main.js", b"1")]);
        assert_eq!(status, Some("RE"));
        assert!(message.contains("a file main.js over"), "{message}");
    }

    #[test]
    fn full_heap_of_a_failed_program_is_the_memory_limit() {
        let texts = ["heap out of memory".to_owned()];
        let named = |ending, stderr| {
            let mut stage = stage(ending, stderr, 0);
            name_memory(&mut stage, &texts);
            stage.limit
        };
        let printed = "FATAL ERROR: heap out of memory";
        assert_eq!(named(Ending::Signaled(6), printed), Some("memory"));
        assert_eq!(named(Ending::Exited(1), printed), Some("memory"));
        assert_eq!(named(Ending::Exited(0), printed), None);
        assert_eq!(named(Ending::Exited(1), "other"), None);
        assert_eq!(
            named(Ending::Limited(Limit::Cpu), printed),
            Some("cpu_time")
        );
    }
}
