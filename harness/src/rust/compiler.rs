//! What rustc says about a harness's source file, in terms of the user's code alone.
//!
//! rustc separates its messages by empty lines. The harness's code stands behind the
//! user's, and is all in modules that are called `judge_…`; where a message can only be
//! about that, a comment on the line that is quoted says what it means.

use super::PREFIX;

/// Begins a sentence of the harness itself.
const SENTENCE: &str = "// judge: ";

/// The messages without the harness's, its first sentence before all others, and with
/// the columns of the user's first line.
pub(crate) fn compiler_output(text: &str) -> String {
    let mut sentence = None;
    let mut kept: Vec<String> = Vec::new();
    let mut dropped = None;
    for message in text.split("\n\n") {
        let message = message.trim_matches('\n');
        let said = quoted_line(message).and_then(|line| line.split_once(SENTENCE));
        if let Some((_, said)) = said {
            sentence.get_or_insert(said);
        } else if is_summary(message) {
            continue;
        } else if message.contains("judge_") && !message.contains(PREFIX)
            || message.replace(PREFIX, "").contains("judge_")
        {
            dropped = dropped.or(message.lines().next());
        } else {
            kept.push(with_columns(message));
        }
    }
    // A bracket that is open makes the harness's code a part of the user's.
    let mut lines: Vec<&str> = Vec::new();
    let unclosed = kept.iter().any(|message| message.contains("delimiter"));
    if !unclosed {
        lines.extend(sentence);
    }
    lines.extend(kept.iter().map(String::as_str));
    if lines.is_empty() {
        lines.extend(dropped.filter(|line| !line.contains("judge_")));
    }
    let mut text = lines.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The line that a message is about: the first that it quotes.
fn quoted_line(message: &str) -> Option<&str> {
    let at = message.find(" --> ")?;
    let mut lines = message[at..].lines().skip(1);
    lines.find(|line| line.contains(SENTENCE) && line.contains(" | "))
}

fn is_summary(message: &str) -> bool {
    let begins = [
        "error: aborting due to",
        "Some errors have detailed",
        "For more information about",
    ];
    message.is_empty() || begins.iter().any(|begin| message.starts_with(begin))
}

/// The message without what stands before the user's code on the first line.
fn with_columns(message: &str) -> String {
    let mut lines = Vec::new();
    let mut shifted = false;
    for line in message.lines() {
        if let Some((before, column)) = line.split_once("main.rs:1:")
            && let Ok(column) = column.parse::<usize>()
        {
            let column = column.saturating_sub(PREFIX.len()).max(1);
            lines.push(format!("{before}main.rs:1:{column}"));
            continue;
        }
        if line.contains(PREFIX) {
            shifted = true;
            lines.push(line.replace(PREFIX, ""));
            continue;
        }
        // Marks below a quoted line stand by its columns.
        let marks = line.find("| ").filter(|&at| line[..at].trim().is_empty());
        match marks {
            Some(at) if shifted => {
                let rest = &line[at + 2..];
                let spaces = rest.len() - rest.trim_start().len();
                lines.push(format!(
                    "{}{}",
                    &line[..at + 2],
                    &rest[spaces.min(PREFIX.len())..]
                ));
            }
            _ => {
                shifted = false;
                lines.push(line.to_owned());
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_about_the_users_code_alone() {
        let said = format!(
            "\
error[E0308]: mismatched types
 --> main.rs:1:{}
  |
1 | {PREFIX}fn g() -> i32 {{ \"\" }}
  | {}---   ^^ expected `i32`, found `&str`
  | {}|

error[E0425]: cannot find value `f` in crate `crate`
   --> main.rs:412:22
    |
412 | let judge_f = crate::f; // judge: The function `f` was not found in your code.
    |                      ^ not found in `crate`

error[E0277]: the trait bound `X: judge_::Get` is not satisfied
   --> main.rs:9:1

error: aborting due to 3 previous errors

Some errors have detailed explanations: E0308, E0425.
For more information about an error, try `rustc --explain E0308`.
",
            PREFIX.len() + 17,
            " ".repeat(PREFIX.len() + 10),
            " ".repeat(PREFIX.len() + 10),
        );
        let expected = "\
The function `f` was not found in your code.

error[E0308]: mismatched types
 --> main.rs:1:17
  |
1 | fn g() -> i32 { \"\" }
  |           ---   ^^ expected `i32`, found `&str`
  |           |
";
        assert_eq!(compiler_output(&said), expected);
    }
}
