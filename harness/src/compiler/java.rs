//! What `javac` says: messages, each with a line of the source and a mark below it.

/// Marks lines of the harness.
const OWN: [&str; 2] = ["judge_", "java.lang.reflect."];

/// The messages that are about the user's lines. Of the others the first is kept if
/// there is nothing else to say; at the end of the file, code ends that should not.
pub(super) fn output(text: &str) -> String {
    let mut kept = String::new();
    let mut dropped = None;
    let mut rest = text;
    let mut count = "";
    while !rest.is_empty() {
        let (message, after) = rest.split_at(next_message(rest));
        rest = after;
        if is_count(message) {
            count = message;
        } else if !OWN.iter().any(|own| message.contains(own)) {
            kept.push_str(message);
        } else if let Some((place, what)) = first_line(message).split_once(": error: ") {
            let file = place.split_once(':').map_or(place, |(file, _)| file);
            let own = format!("{file}: error: {what}\n");
            if what.starts_with("reached end of file") {
                kept.push_str(&own);
            } else {
                dropped.get_or_insert(own);
            }
        }
    }
    if kept.is_empty() {
        return dropped.unwrap_or_default();
    }
    kept + count
}

/// Where the message after the first line begins.
fn next_message(text: &str) -> usize {
    let mut at = first_line(text).len() + 1;
    while at < text.len() {
        let line = first_line(&text[at..]);
        if begins(line) || is_count(line) {
            return at;
        }
        at += line.len() + 1;
    }
    text.len()
}

fn begins(line: &str) -> bool {
    let place = line.split_once(".java:").map_or("", |(_, rest)| rest);
    place.starts_with(|c: char| c.is_ascii_digit()) || line.starts_with("Note: ")
}

fn is_count(line: &str) -> bool {
    let line = line.trim_end();
    let number = line.strip_suffix(" errors").or(line.strip_suffix(" error"));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}
