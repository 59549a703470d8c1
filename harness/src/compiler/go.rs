//! What `go build` says: a line for each message, and lines that begin with a tab and
//! belong to the one before.

/// Begins what is about the harness's own lines.
const OWN_FILE: &str = "judge.go:";

const USERS_FILE: &str = "main.go:";

/// The messages that are about the user's lines. Of the others the first is kept if
/// there is nothing else to say; one about syntax is there because the code does not end.
pub(super) fn output(text: &str) -> String {
    let mut kept = String::new();
    let mut dropped = None;
    let mut dropping = false;
    for line in text.lines() {
        let line = line.strip_prefix("./").unwrap_or(line);
        if let Some((_, message)) = line.split_once(OWN_FILE) {
            dropping = true;
            dropped.get_or_insert(message);
        } else if line.starts_with("# ") || line.contains("judge_") {
            dropping = true;
        } else if !(dropping && line.starts_with('\t')) {
            dropping = false;
            kept.push_str(line);
            kept.push('\n');
        }
    }
    if kept.is_empty()
        && let Some(message) = dropped
    {
        let (_, message) = message.split_once(": ").unwrap_or(("", message));
        let message = if message.starts_with("syntax error") {
            "syntax error: unexpected end of the code"
        } else {
            message
        };
        return format!("{USERS_FILE} {message}\n");
    }
    kept
}
