//! A C or C++ program of several files as one: `#include "x"` becomes the text of the
//! file `x`, the first time that it is asked for.

use anyhow::{Context, Result, bail};
use shared::domain::problem::checker_program::MAX_CHECKER_BYTES;

/// The deepest that files may include each other.
const MAX_DEPTH: usize = 32;

/// A program as one text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inlined {
    /// Its text.
    pub(super) code: String,
    /// The places of the files that are in it.
    pub(super) included: Vec<String>,
    /// Names that were included and are no files.
    pub(super) missing: Vec<String>,
}

/// Gives the text of the file at a place, `None` if there is none.
type Read<'a> = dyn Fn(&str) -> Result<Option<String>> + 'a;

/// The program whose main file is at `place`.
pub(super) fn inline(place: &str, read: &Read<'_>) -> Result<Inlined> {
    let text = read(place)?.with_context(|| format!("there is no {place}"))?;
    let mut inlined = Inlined::default();
    inlined.included.push(place.to_owned());
    inlined.add(&text, place, read, 0)?;
    Ok(inlined)
}

impl Inlined {
    fn add(&mut self, text: &str, place: &str, read: &Read<'_>, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            bail!("{place} is included more than {MAX_DEPTH} deep");
        }
        for line in text.lines() {
            if let Some(name) = included(line) {
                let Some(other) = beside(place, name) else {
                    bail!("{place} includes {name:?}, which leads out of the package");
                };
                if self.included.contains(&other) {
                    continue;
                }
                if let Some(text) = read(&other)? {
                    self.included.push(other.clone());
                    self.add(&text, &other, read, depth + 1)?;
                    continue;
                }
                if !self.missing.iter().any(|missing| missing == name) {
                    self.missing.push(name.to_owned());
                }
            }
            let is_once = directive(line) == Some("pragma once");
            if !is_once {
                self.code.push_str(line);
                self.code.push('\n');
            }
            if self.code.len() > MAX_CHECKER_BYTES {
                bail!(
                    "the output validator with all that it includes has more than \
                     {MAX_CHECKER_BYTES} bytes"
                );
            }
        }
        Ok(())
    }
}

/// What follows the `#` of a line.
fn directive(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix('#')?.trim_start())
}

/// The name in `#include "name"`.
fn included(line: &str) -> Option<&str> {
    let rest = directive(line)?.strip_prefix("include")?.trim_start();
    let (name, _) = rest.strip_prefix('"')?.split_once('"')?;
    (!name.is_empty()).then_some(name)
}

/// The place of the file `name` as seen from the file at `place`; `None` above the top.
fn beside(place: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = place.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Result<Inlined> {
        let read = |place: &str| {
            let file = files.iter().find(|(name, _)| *name == place);
            Ok(file.map(|(_, text)| (*text).to_owned()))
        };
        inline("v/main.cc", &read)
    }

    #[test]
    fn each_file_is_put_in_once() {
        let inlined = of(&[
            (
                "v/main.cc",
                "#include <vector>\n  # include \"a.h\" // first\n#include \"sub/b.h\"\n#include \"a.h\"\n\
                 #include \"math.h\"\nint main() {}",
            ),
            ("v/a.h", "#pragma once\nint a;\n"),
            (
                "v/sub/b.h",
                "#include \"../a.h\"\n#include \"./c.h\"\nint b;",
            ),
            ("v/sub/c.h", "int c;"),
        ]);
        let inlined = inlined.unwrap();
        assert_eq!(
            inlined.code,
            "#include <vector>\nint a;\nint c;\nint b;\n#include \"math.h\"\nint main() {}\n"
        );
        assert_eq!(
            inlined.included,
            ["v/main.cc", "v/a.h", "v/sub/b.h", "v/sub/c.h"]
        );
        assert_eq!(inlined.missing, ["math.h"]);
    }

    #[test]
    fn a_circle_ends_and_what_is_too_large_is_refused() {
        let circle = of(&[("v/main.cc", "#include \"main.cc\"\nint x;")]).unwrap();
        assert_eq!(circle.code, "int x;\n");
        let outside = of(&[("v/main.cc", "#include \"../../x.h\"")]);
        assert!(
            outside
                .unwrap_err()
                .to_string()
                .contains("out of the package")
        );
        let large = format!("//{}", "x".repeat(MAX_CHECKER_BYTES / 2));
        let files = ["v/a.h", "v/b.h", "v/c.h"].map(|place| (place, large.as_str()));
        let main = (
            "v/main.cc",
            "#include \"a.h\"\n#include \"b.h\"\n#include \"c.h\"",
        );
        let error = of(&[&[main], &files[..]].concat()).unwrap_err().to_string();
        assert!(error.contains("524288 bytes"), "{error}");
    }
}
