//! Reads the commands and the answers out of a Markdown document.
//!
//! Also holds the document to the rules that make its commands fit to be copied
//! and tested; `docs/README.md` lists them. Knows nothing of the stack: what the
//! commands do is for `main.rs`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::answer::{self, Expected};

/// Languages of blocks that hold no commands and no answers.
const OTHER_LANGUAGES: [&str; 10] = [
    "caddy",
    "cpp",
    "http",
    "ini",
    "javascript",
    "md",
    "nginx",
    "python",
    "toml",
    "typescript",
];
/// A block without a language that begins a line with one of these should say
/// that it is a command.
const PROGRAMS: [&str; 10] = [
    "$ ",
    "cargo ",
    "curl ",
    "docker ",
    "jq ",
    "npm ",
    "npx ",
    "redis-cli ",
    "systemctl ",
    "wrangler ",
];

/// A document's commands, in order.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
}

/// Commands that are run together.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line of the document at which it begins, from 1.
    pub(crate) line: usize,
    pub(crate) script: String,
    /// What it must print.
    pub(crate) expected: Option<Expected>,
}

impl Block {
    /// Whether the commands only look. Then they can be repeated
    /// until the answer fits: "a moment later" is not the same on each machine.
    pub(crate) fn only_reads(&self) -> bool {
        ["curl ", "ops "]
            .iter()
            .any(|start| self.script.starts_with(start))
            && ![" -d", " -X", ":8788"]
                .iter()
                .any(|part| self.script.contains(part))
    }
}

/// One fenced block or one comment.
struct Part<'a> {
    line: usize,
    language: &'a str,
    text: String,
    /// The comment on the line above the block.
    comment: &'a str,
    /// Whether nothing but empty lines stands between it and the block before.
    follows: bool,
}

/// Reads the document at `path`, which is relative to `root`.
///
/// Errors: every rule that it breaks, one on a line.
pub(crate) fn read(root: &Path, path: &str) -> Result<Document, String> {
    let text = fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
    let mut broken: Vec<String> = Vec::new();
    let mut document = Document::default();
    let mut before = "";
    for part in parts(&text) {
        if let Err(rule) = take(root, &part, before, &mut document) {
            broken.push(format!("{path}:{}: {rule}", part.line));
        }
        before = match part.comment {
            comment if comment.starts_with("not run:") => "",
            _ => part.language,
        };
    }
    broken.extend(dead_links(root, path, &text));
    if broken.is_empty() {
        return Ok(document);
    }
    Err(broken.join("\n"))
}

fn take(root: &Path, part: &Part<'_>, before: &str, document: &mut Document) -> Result<(), String> {
    let is_answer = before == "sh" && part.follows;
    let not_run = match part.comment.strip_prefix("not run:") {
        Some(reason) if reason.trim().is_empty() => return Err("say why it is not run".into()),
        reason => reason.is_some(),
    };
    match part.language {
        "sh" => {
            fit_to_copy(&part.text)?;
            if !not_run {
                document.blocks.push(Block {
                    line: part.line,
                    script: part.text.clone(),
                    expected: None,
                });
            }
        }
        "run" => document.blocks.push(Block {
            line: part.line,
            script: part.text.clone(),
            expected: None,
        }),
        "console" => {
            let commands: Vec<&str> = part
                .text
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .collect();
            if commands.is_empty() {
                return Err("a console block has a command, after \"$ \"".into());
            }
            fit_to_copy(&commands.join("\n"))?;
        }
        "json" => {
            let expected = answer::read_shortened(&part.text)?;
            if let Some(file) = part.comment.strip_prefix("file:") {
                same_as_file(&root.join(file.trim()), &expected)?;
            } else if is_answer {
                answers(document, Expected::Json(expected));
            } else if !not_run {
                return Err(
                    "nothing checks this JSON: it follows no sh block, and no comment \
                     above it says \"file:\" or \"not run:\""
                        .into(),
                );
            }
        }
        "text" if is_answer => answers(document, Expected::Text(part.text.clone())),
        "text" => {}
        "" => {
            let command = |line: &&str| PROGRAMS.iter().any(|name| line.starts_with(name));
            if let Some(line) = part.text.lines().find(command) {
                return Err(format!(
                    "is {line:?} a command? Then it is an sh or console block"
                ));
            }
        }
        language if OTHER_LANGUAGES.contains(&language) => {}
        language => {
            return Err(format!(
                "{language:?} is no language that the documents use"
            ));
        }
    }
    Ok(())
}

fn answers(document: &mut Document, expected: Expected) {
    if let Some(block) = document.blocks.last_mut() {
        block.expected = Some(expected);
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut comment, mut follows) = ("", false);
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line.get(indent..).unwrap_or_default())
                .take_while(|line| line.trim_end() != "```")
                .collect();
            parts.push(Part {
                line: index + 1,
                language,
                text: body.join("\n"),
                comment,
                follows,
            });
            (comment, follows) = ("", true);
        } else if let Some(inner) = line
            .strip_prefix("<!--")
            .and_then(|line| line.strip_suffix("-->"))
        {
            let inner = inner.trim();
            if let Some(script) = inner.strip_prefix("run:") {
                parts.push(Part {
                    line: index + 1,
                    language: "run",
                    text: script.trim().to_owned(),
                    comment: "",
                    follows: false,
                });
            }
            (comment, follows) = (inner, false);
        } else if !line.is_empty() {
            (comment, follows) = ("", false);
        }
    }
    parts
}

/// Errors: what in these commands fails when they are pasted at a prompt of zsh,
/// which is macOS's shell, or of bash.
fn fit_to_copy(script: &str) -> Result<(), String> {
    if script.replace("<<<", "").contains("<<") {
        return Err("a here-document cannot be checked".into());
    }
    let (mut single, mut double, mut before) = (false, false, '\n');
    let mut letters = script.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' if !double => single = !single,
            _ if single => {}
            '\\' => drop(letters.next()),
            '"' => double = !double,
            '!' if double => return Err("\"!\" in double quotes recalls an old command".into()),
            _ if double => {}
            '?' => return Err("zsh takes a bare ? for a pattern: quote the URL".into()),
            '#' if before.is_whitespace() => {
                return Err("zsh takes no comments at the prompt: say it above the block".into());
            }
            _ => {}
        }
        before = letter;
    }
    if single || double {
        return Err("a quote is not closed".into());
    }
    Ok(())
}

fn same_as_file(path: &Path, expected: &Value) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if &file == expected {
        return Ok(());
    }
    Err(format!("this is not what stands in {}", path.display()))
}

/// The links of a document to files that are not there.
fn dead_links(root: &Path, path: &str, text: &str) -> Vec<String> {
    let folder = root.join(path);
    let Some(folder) = folder.parent() else {
        return Vec::new();
    };
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    targets
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !folder.join(target).exists())
        .map(|target| format!("{path}: there is no {target}"))
        .collect()
}

/// Tests of the rules themselves.
pub(crate) mod tests {
    use super::*;

    pub(crate) const TESTS: &[(&str, fn())] = &[
        ("document::blocks_and_their_answers_are_found", blocks),
        ("document::what_breaks_a_rule_is_named", rules),
        ("document::commands_can_be_pasted_at_a_prompt", prompts),
    ];

    fn read_text(text: &str) -> Result<Document, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.json"), "{\"a\": 1}").unwrap();
        fs::write(folder.path().join("x.md"), text).unwrap();
        read(folder.path(), "x.md")
    }

    fn blocks() {
        let text = "a\n<!-- run: X=1 -->\n```sh\ncurl x\n```\n\n```json\n{\"a\": …}\n```\n\
            - item\n  ```sh\n  one\n    two\n  ```\n<!-- not run: why -->\n```sh\nrm\n```\n```text\nout\n```\n\
            <!-- file: file.json -->\n```json\n{\"a\": 1}\n```\n[x](file.json#a)\n";
        let document = read_text(text).unwrap();
        let scripts: Vec<&str> = document
            .blocks
            .iter()
            .map(|one| one.script.as_str())
            .collect();
        assert_eq!(scripts, ["X=1", "curl x", "one\n  two"]);
        assert_eq!(document.blocks[1].line, 3);
        assert!(document.blocks[1].only_reads());
        assert!(matches!(
            document.blocks[1].expected,
            Some(Expected::Json(_))
        ));
        assert!(document.blocks[2].expected.is_none());
    }

    fn rules() {
        for (text, said) in [
            ("```bash\nx\n```", "no language"),
            ("```\ncurl x\n```", "a command?"),
            ("```json\n{}\n```", "nothing checks"),
            ("```sh\nx\n```\nprose\n```json\n{}\n```", "nothing checks"),
            ("```console\nx\n```", "after \"$ \""),
            ("<!-- not run: -->\n```sh\nx\n```", "say why"),
            (
                "<!-- file: file.json -->\n```json\n{}\n```",
                "not what stands",
            ),
            ("```sh\nx\n```\n```json\n{\n```", "EOF"),
            ("[x](nowhere.md)", "there is no nowhere.md"),
        ] {
            let rule = read_text(text).unwrap_err();
            assert!(rule.contains(said), "{text:?}: {rule}");
        }
    }

    fn prompts() {
        for good in [
            "curl 'http://x/?a=1'",
            "a \"$X?\" # x".trim_end_matches(" # x"),
            "jq . <<< \"$A\"",
            "f() { a; }",
        ] {
            assert_eq!(fit_to_copy(good), Ok(()), "{good}");
        }
        for bad in [
            "curl http://x/?a=1",
            "x # y",
            "# y",
            "echo \"a!\"",
            "cat << 'END'",
            "echo 'a",
        ] {
            assert!(fit_to_copy(bad).is_err(), "{bad}");
        }
    }
}
