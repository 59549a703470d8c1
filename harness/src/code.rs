//! What a user's code mentions, found without a parser.
//!
//! This decides what a harness adds to the code, never what the code means: a
//! mistake here is an error of the compiler, or a name too many.

/// Whether `code`, in a language with C's comments, defines a class of this
/// name. Comments and strings do not count: practice sites give their node
/// types in a comment.
pub(crate) fn defines_class(code: &str, name: &str) -> bool {
    let bare = without_comments(code);
    let mut words = bare
        .split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' && c != ';')
        .filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if (word == "class" || word == "struct") && words.next() == Some(name) {
            return true;
        }
    }
    false
}

/// The code with a space for each comment and each string.
pub(crate) fn without_comments(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = raw_string_length(rest) {
            length
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if matches!(first, '"' | '\'' | '`') {
            string_length(rest, first)
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.push(' ');
        rest = &rest[length..];
    }
    out
}

/// The bytes of the raw string of C++ at the start of `text`.
fn raw_string_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("R\"")?;
    let (delimiter, body) = rest.split_once('(').filter(|(it, _)| it.len() <= 16)?;
    let end = format!("){delimiter}\"");
    body.find(&end)
        .map(|at| text.len() - body.len() + at + end.len())
}

/// The bytes of the string at the start of `text`. One that is not closed ends
/// with its line: it was no string, such as the `'` in `1'000`.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return at,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_where_it_is_defined() {
        for code in [
            "class Solution {",
            "struct\n Solution{};",
            "/* class */ class Solution: public X {",
            "auto s = \"\\\"//\"; class Solution {}",
            "int n = 1'000;\nclass Solution {}",
            "let s = `\n'`; class Solution {}",
            "é class Solution {}",
            "auto s = R\"x(\" /* )\" )x\"; class Solution {}",
            "int R; class Solution {}",
        ] {
            assert!(defines_class(code, "Solution"), "{code}");
        }
        for code in [
            "",
            "class Solutions {",
            "class MySolution {",
            "// class Solution {",
            "/** class Solution {\n * } */ int f() {}",
            "auto s = \"class Solution\";",
            "class; Solution x;",
            "/* class Solution",
            "let s = `\nclass Solution {}`",
            "auto s = R\"(\"\nclass Solution {})\";",
        ] {
            assert!(!defines_class(code, "Solution"), "{code}");
        }
    }
}
