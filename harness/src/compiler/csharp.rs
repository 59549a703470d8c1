//! What Mono's `mcs` says: a line for each message, `main.cs(3,9): error CS0103: …`.

/// Begins what is about the harness's own lines.
const OWN_FILE: &str = "judge.cs(";

const USERS_FILE: &str = "main.cs";

/// The messages that are about the user's lines. Of the others the first is kept if
/// there is nothing else to say, as of code that does not end.
pub(super) fn output(text: &str) -> String {
    let mut kept = String::new();
    let mut dropped = None;
    let mut is_error = false;
    for line in text.lines() {
        if let Some((_, message)) = line.split_once(OWN_FILE) {
            if let Some((_, message)) = message.split_once("): error ") {
                dropped.get_or_insert(message);
            }
        } else if !line.starts_with("Compilation failed: ") {
            is_error |= line.contains(": error ");
            kept.push_str(line);
            kept.push('\n');
        }
    }
    if is_error {
        return kept;
    }
    dropped.map_or(kept, |message| format!("{USERS_FILE}: error {message}\n"))
}
