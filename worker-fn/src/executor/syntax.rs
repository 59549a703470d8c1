//! Whether a language printed that it could not load a program because of its syntax.
//!
//! Languages without a compiler find such an error when a program is started, and an
//! endpoint that does not look for it reports a failed run. Pure: what was printed is
//! compared with what the interpreters themselves print about the file that they were
//! given. Code that is parsed while the program runs (`eval`, `JSON.parse`) fails with a
//! call stack or with a made-up file name, which is how it is told apart.
//!
//! A program can print the same. So this decides the word for its failure, never what is
//! shown of it.

use shared::domain::language::canonical_name;
use shared::domain::stage::{Stage, Termination};

/// Whether a run in `language`, a name or an alias, ended because of the program's syntax.
pub(super) fn is_syntax_error(language: &str, run: &Stage) -> bool {
    if run.termination != Termination::NonZeroExit {
        return false;
    }
    let Stage { stdout, stderr, .. } = run;
    // Only Bash runs a program's beginning before it reads the rest.
    let printed_nothing = stdout.trim_ascii().is_empty();
    match canonical_name(language) {
        "python" | "pypy" => printed_nothing && python(stderr),
        "javascript" => printed_nothing && javascript(stderr),
        "ruby" => printed_nothing && ruby(stderr),
        "perl" => printed_nothing && perl(stderr),
        "php" => php(if printed_nothing { stderr } else { stdout }),
        "bash" => matches!(run.code, Some(1 | 2)) && bash(stderr),
        _ => false,
    }
}

/// A place with neither a call stack above it nor a function in it, and the error at the
/// end. An error about the whole file's encoding has no place.
fn python(stderr: &str) -> bool {
    let stderr = stderr.trim_ascii_end();
    let error = last_line(stderr);
    let errors = ["SyntaxError: ", "IndentationError: ", "TabError: "];
    if !errors.iter().any(|name| error.starts_with(name)) {
        return false;
    }
    let Some(place) = stderr.lines().rfind(|line| line.starts_with("  File \"")) else {
        let about_encoding = [
            "SyntaxError: Non-UTF-8 code starting with ",
            "SyntaxError: encoding problem: ",
        ];
        return about_encoding.iter().any(|text| stderr.starts_with(text));
    };
    let is_made_up = place.starts_with("  File \"<") && !place.starts_with("  File \"<fstring>\"");
    let mut lines = stderr.lines();
    !is_made_up && !lines.any(|line| line.starts_with("Traceback (most recent call last):"))
}

/// The error's call stack is of Node alone, with its loader of modules in it.
fn javascript(stderr: &str) -> bool {
    let Some((_, error)) = stderr.rsplit_once("\nSyntaxError: ") else {
        return false;
    };
    // Both files can be parsed; one lacks what the other asks for.
    if error.starts_with("The requested module ") {
        return false;
    }
    let mut loads = false;
    for frame in error
        .lines()
        .filter_map(|line| line.strip_prefix("    at "))
    {
        // `function (place)`, `place` or `async place`.
        let place = frame
            .rsplit_once([' ', '('])
            .map_or(frame, |(_, place)| place);
        if !place.starts_with("node:") && !place.starts_with("internal/") {
            return false;
        }
        loads |= place.contains("internal/modules/");
    }
    loads
}

/// `main.rb:3: syntax error, …`, from 3.4 on `ruby: main.rb:3: syntax errors found`. Where
/// the program itself has parsed something, the place is a method's, or others follow.
fn ruby(stderr: &str) -> bool {
    let errors = [": syntax error", ": unterminated ", ": can't find string "];
    let is_error = |line: &str| {
        let mut errors = errors.iter();
        let place = errors.find_map(|error| Some(line.split_once(error)?.0));
        place.is_some_and(|place| {
            let number = place.rsplit_once(':').map(|(_, number)| number);
            number.is_some_and(is_number) && !place.contains(":in ") && !place.contains(['(', '<'])
        })
    };
    let mut lines = stderr.lines();
    stderr.lines().any(is_error) && !lines.any(|line| line.starts_with("\tfrom "))
}

/// The last line says that the file was not run, or what in it does not end.
fn perl(stderr: &str) -> bool {
    let last = last_line(stderr.trim_ascii_end());
    let is_unfinished = last.starts_with("Can't find string terminator ")
        || last.contains(" not terminated at ")
        || last.starts_with("BEGIN not safe after errors");
    let was_not_run = last.starts_with("Execution of ")
        && last.ends_with(" aborted due to compilation errors.")
        || last.ends_with(" had too many errors.");
    (is_unfinished || was_not_run) && !last.contains("(eval ")
}

/// The first thing that was printed, on the stream that the endpoint's PHP uses.
fn php(printed: &str) -> bool {
    let printed = printed.trim_ascii_start();
    let first = printed.lines().next().unwrap_or_default();
    let first = first.strip_prefix("PHP ").unwrap_or(first);
    first.starts_with("Parse error: ") && !first.contains("eval()'d code")
}

/// `main.sh: line 3: syntax error …`, at most with the line itself after it.
fn bash(stderr: &str) -> bool {
    let errors = [
        "syntax error near unexpected token ",
        "syntax error: unexpected end of file",
        "unexpected EOF while looking for matching ",
    ];
    let is_error = |line: &str| {
        let place_and_error = line.split_once(": line ").and_then(|(file, rest)| {
            let (number, error) = rest.split_once(": ")?;
            Some((file, number, error))
        });
        place_and_error.is_some_and(|(file, number, error)| {
            // `main.sh: eval`, and a shell that the program started.
            let is_file = !file.contains(": ") && file != "bash";
            is_file && is_number(number) && errors.iter().any(|text| error.starts_with(text))
        })
    };
    stderr.trim_ascii_end().lines().rev().take(2).any(is_error)
}

fn last_line(text: &str) -> &str {
    text.lines().next_back().unwrap_or_default()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
