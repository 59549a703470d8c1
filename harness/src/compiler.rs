//! What a compiler says about a harness's source file, in terms of the user's
//! code alone.

mod csharp;
mod go;
mod java;

use crate::rust;

/// The file name that `#line` gives to the harness's own lines; in C++ `pp` follows.
const OWN_FILE: &str = "judge.c";

/// The file name of the user's lines in the source, and the one that is shown; in C++ `pp`
/// follows.
const USERS_FILE: (&str, &str) = ("solution.c", "main.c");

/// Begins a sentence of the harness itself, which is a failed `static_assert`.
const OWN_SENTENCE: &str = "judge: ";

/// Ends what stands before the user's code in TypeScript.
const BEGINNING: &str = "/*judge_*/";

/// What only the harness's own code is called.
const OWN_NAMES: [&str; 15] = [
    "judge_get_",
    ";judge_((judge_",
    "JUDGE_",
    "judge_::",
    "judge_A",
    "judge_target",
    "judge_both",
    "judge_has",
    "judge_shape",
    "judge_member",
    "judge_way",
    "judge_call",
    "judge_object",
    "judge_new",
    "judge_self",
];

/// A compiler's output without the harness's lines, and the harness's own
/// sentence, such as that the function is missing, before all others. Text of
/// other origin stays as it is.
pub fn compiler_output(text: &str) -> String {
    if text.contains(" --> main.rs:") || text.contains(rust::PREFIX) {
        return rust::compiler_output(text);
    }
    let marks = [
        "judge",
        USERS_FILE.0,
        "undefined reference",
        "main.go:",
        "main.cs(",
    ];
    if !marks.iter().any(|mark| text.contains(mark)) {
        return text.to_owned();
    }
    let text = without_beginning(text);
    if text.contains(".java:") {
        return java::output(&text);
    }
    if text.contains("main.go:") || text.contains("judge.go:") {
        return go::output(&text);
    }
    if text.contains("main.cs(") || text.contains("judge.cs(") {
        return csharp::output(&text);
    }
    let is_c = !text.contains(".cpp");
    let mut output = Output {
        file: if is_c { "main.c" } else { "main.cpp" },
        ..Output::default()
    };
    for line in text.lines() {
        output.add(line);
    }
    output.finish()
}

/// The text without what stands before the user's code on the first line, where a
/// compiler for TypeScript quotes that, and marks columns on the next line.
pub(crate) fn without_beginning(text: &str) -> String {
    let mut out = String::new();
    let mut columns = 0;
    for line in text.split_inclusive('\n') {
        let is_marking = line
            .trim_end()
            .chars()
            .all(|c| matches!(c, ' ' | '^' | '~'));
        if let Some((before, after)) = line.split_once(BEGINNING) {
            columns = before.chars().count() + BEGINNING.len();
            out.push_str(after);
        } else if columns > 0 && is_marking {
            out.extend(line.trim_end().chars().skip(columns));
            out.push('\n');
            columns = 0;
        } else {
            columns = 0;
            out.push_str(line);
        }
    }
    out
}

#[derive(Default)]
struct Output<'a> {
    /// The user's file, where a message does not name it.
    file: &'static str,
    sentence: Option<&'a str>,
    kept: Vec<String>,
    /// `In function …:`, which is kept if a message follows.
    heading: Option<&'a str>,
    /// Whether the lines that belong to the last message are left out.
    dropping: bool,
    /// Messages about the place where the user's code ends and the harness's
    /// begins.
    at_end: Vec<String>,
    /// The first message that was left out.
    dropped: Option<&'a str>,
}

impl<'a> Output<'a> {
    fn add(&mut self, line: &'a str) {
        // An excerpt of the source, or the rest of a list of files.
        if line.starts_with(' ') || line.starts_with('\t') {
            if !self.dropping && !is_own(line) {
                self.kept.push(line.to_owned());
            }
            return;
        }
        if let Some((before, sentence)) = line.split_once(OWN_SENTENCE)
            && before.contains("error: ")
        {
            self.sentence.get_or_insert(sentence.trim_end_matches('"'));
            self.dropping = true;
            return;
        }
        if line.ends_with(':') && line.contains(": In ") && !line.starts_with(OWN_FILE) {
            self.heading = Some(line).filter(|line| !is_own(line));
            self.dropping = self.heading.is_none();
            return;
        }
        if let Some((_, what)) = line.split_once("undefined reference to") {
            self.dropping = false;
            self.keep(&format!("{}: undefined reference to{what}", self.file));
            return;
        }
        // A note belongs to the message before it.
        self.dropping = self.is_dropped(line) || self.dropping && line.contains(": note: ");
        if !self.dropping {
            self.keep(line);
        } else if let Some((_, message)) = line.split_once(": error: ") {
            self.dropped.get_or_insert(message);
            if message.ends_with("at end of input") && !is_own(message) {
                self.at_end.push(format!("{}: error: {message}", self.file));
                self.dropping = false;
            }
        }
    }

    fn is_dropped(&self, line: &str) -> bool {
        // The user's `main` goes by another name, for which no `return` is implied.
        let about_main = self
            .heading
            .is_some_and(|heading| heading.contains("judge_main"));
        line.starts_with(OWN_FILE)
            || line.starts_with("In file included from ")
            || line.starts_with("collect2: ")
            || line.ends_with(" generated.")
            || line.contains("/ld: ")
            || is_own(line)
            || about_main && line.ends_with("[-Wreturn-type]")
            || line.ends_with("[-Wbuiltin-declaration-mismatch]")
    }

    fn keep(&mut self, line: &str) {
        let heading = self.heading.take();
        let lines = heading.into_iter().chain([line]);
        self.kept
            .extend(lines.map(|line| line.replace("judge_main", "main")));
    }

    fn finish(mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        // The first is about a bracket that is open; all others follow from it, and
        // so does what the harness found.
        self.at_end.truncate(1);
        lines.append(&mut self.at_end);
        if lines.is_empty() {
            lines.extend(self.sentence.map(str::to_owned));
        } else {
            let says_more = |line: &String| !line.contains("note: forward declaration");
            self.kept
                .retain(|line| line.starts_with(USERS_FILE.0) && says_more(line));
        }
        lines.append(&mut self.kept);
        if lines.is_empty() {
            let message = self.dropped.filter(|message| !is_own(message));
            lines.extend(message.map(|message| format!("{}: error: {message}", self.file)));
        }
        let mut text = lines.join("\n").replace(USERS_FILE.0, USERS_FILE.1);
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

fn is_own(text: &str) -> bool {
    text.contains(OWN_FILE) || OWN_NAMES.iter().any(|name| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_the_harness_comes_first_and_only_once() {
        let said = "\
solution.cpp: In member function ‘int Solution::g(int)’:
solution.cpp:1:74: error: ‘f’ was not declared in this scope; did you mean ‘g’?
    1 | int g(int n) { return f(n); }
      |                       ^
judge.cpp: At global scope:
judge.cpp:2:1: error: static assertion failed: judge: The function `f` was not found in your code.
judge.cpp:2:1: error: ‘class Solution’ has no member named ‘f’; did you mean ‘g’?
    2 | JUDGE_METHOD(f,judge_::Typed<int>)
      | ^~~~~~~~~~~~
judge.cpp:2:1: error: static assertion failed: judge: The function `f` is private, or its parameters are not those of the problem.
";
        let expected = "\
The function `f` was not found in your code.
main.cpp: In member function ‘int Solution::g(int)’:
main.cpp:1:74: error: ‘f’ was not declared in this scope; did you mean ‘g’?
    1 | int g(int n) { return f(n); }
      |                       ^
";
        assert_eq!(compiler_output(said), expected);
        let clang = "judge.cpp:2:1: error: static_assert failed due to requirement 'false' \"judge: No.\"\n";
        assert_eq!(compiler_output(clang), "No.\n");
    }

    #[test]
    fn lines_of_the_harness_are_left_out() {
        let said = "\
In file included from /usr/include/c++/12/string:48,
                 from judge.cpp:13:
/usr/include/c++/12/bits/stl_function.h: In instantiation of ‘constexpr bool less()’:
/usr/include/c++/12/bits/stl_tree.h:2117:35:   required from ‘insert’
judge.cpp:451:9:   required from ‘std::string judge_::one(In)’
solution.cpp:4:9:   required from here
/usr/include/c++/12/bits/stl_function.h:408:20: error: no match for ‘operator<’
";
        let expected = "\
/usr/include/c++/12/bits/stl_function.h: In instantiation of ‘constexpr bool less()’:
/usr/include/c++/12/bits/stl_tree.h:2117:35:   required from ‘insert’
main.cpp:4:9:   required from here
/usr/include/c++/12/bits/stl_function.h:408:20: error: no match for ‘operator<’
";
        assert_eq!(compiler_output(said), expected);
    }

    #[test]
    fn code_that_does_not_end_is_reported_as_the_users() {
        let said = "\
/usr/include/c++/12/type_traits: In instantiation of ‘struct std::is_final<Solution>’:
/usr/include/c++/12/type_traits:796:38: error: invalid use of incomplete type ‘class Solution’
  796 |     : public integral_constant<bool, __is_final(_Tp)>
solution.cpp:1:7: note: forward declaration of ‘class Solution’
judge.cpp:2:1: error: expected ‘}’ at end of input
solution.cpp:1:16: note: to match this ‘{’
judge.cpp:2:1: error: expected unqualified-id at end of input
";
        let expected = "\
main.cpp: error: expected ‘}’ at end of input
main.cpp:1:16: note: to match this ‘{’
";
        assert_eq!(compiler_output(said), expected);
        let said = "judge.cpp:2:1: error: expected initializer before ‘f’\n";
        let expected = "main.cpp: error: expected initializer before ‘f’\n";
        assert_eq!(compiler_output(said), expected);
    }

    #[test]
    fn a_main_of_the_users_is_called_main() {
        let said = "\
solution.cpp: In function ‘int judge_main()’:
solution.cpp:2:14: warning: no return statement in function returning non-void [-Wreturn-type]
    2 | int main() { }
      |              ^
solution.cpp: In function ‘int judge_main()’:
solution.cpp:3:1: error: ‘x’ was not declared
/usr/bin/ld: /tmp/cc1.o: in function `f(int)':
main.cpp:(.text+0x5): undefined reference to `g()'
collect2: error: ld returned 1 exit status
";
        let expected = "\
main.cpp: In function ‘int main()’:
main.cpp:3:1: error: ‘x’ was not declared
main.cpp: undefined reference to `g()'
";
        assert_eq!(compiler_output(said), expected);
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "",
            "x.py:1: no\n\n  y",
            "The judge said no",
            "no line end: judge_ring",
        ] {
            let expected = if text.contains("judge") {
                format!("{text}\n")
            } else {
                text.into()
            };
            assert_eq!(compiler_output(text), expected);
        }
    }
}
