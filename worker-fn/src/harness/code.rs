//! What a user's code mentions, found without a parser.

/// Whether `code`, in a language with C's comments, defines a class of this
/// name. Comments and strings do not count: practice sites give their node
/// types in a comment.
pub(super) fn defines_class(code: &str, name: &str) -> bool {
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
fn without_comments(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
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
        ] {
            assert!(!defines_class(code, "Solution"), "{code}");
        }
    }
}
