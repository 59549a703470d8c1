//! Rules for the page's sources (`web/`): what no file of it may name, how a file
//! opens, how long it may be, and that modules do not import each other in a ring.
//!
//! The words are those by which text becomes markup or code. The page's policy
//! refuses most of them at run time; here they are refused before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::circles;
use super::modules::{self, Uses};
use super::sources::{self, Source};
use crate::project;

/// Where the page's own code is: the rules on words and circles hold there.
const CODE: &str = "web/src";
const ENDINGS: [&str; 2] = ["ts", "mjs"];

/// Each with what is used instead.
const FORBIDDEN: [(&str, &str); 9] = [
    ("innerHTML", "elements come from h() of base/dom.ts"),
    ("outerHTML", "elements come from h() of base/dom.ts"),
    (
        "insertAdjacentHTML",
        "elements come from h() of base/dom.ts",
    ),
    (
        "createContextualFragment",
        "elements come from h() of base/dom.ts",
    ),
    ("document.write", "elements come from h() of base/dom.ts"),
    ("eval(", "no text is code"),
    ("new Function", "no text is code"),
    (
        "setAttribute(\"style\"",
        "the policy allows no style attribute: use a class, or the property style",
    ),
    (
        "style: \"",
        "the policy allows no style attribute: use a class, or the property style",
    ),
];

/// Every source of the page, its build and its tests.
pub(super) fn all() -> Result<Vec<Source>> {
    sources::below(vec![project::root().join("web")], &ENDINGS, "dist")
}

/// The violations in `sources`.
pub(super) fn violations(sources: &[Source]) -> Vec<String> {
    let mut violations: Vec<String> = sources.iter().flat_map(violations_in).collect();
    let code = sources.iter().filter(|one| one.path.starts_with(CODE));
    let uses: Uses = code
        .map(|source| (source.path.clone(), imports(source)))
        .collect();
    violations.extend(
        circles::circles(&uses)
            .iter()
            .map(|circle| format!("page: {circle}")),
    );
    violations
}

fn violations_in(Source { path, text }: &Source) -> Vec<String> {
    let mut rules = Vec::new();
    if path.starts_with(CODE) {
        for (word, instead) in FORBIDDEN {
            if text.contains(word) {
                rules.push(format!("`{word}` is not for the page: {instead}"));
            }
        }
    }
    if !text.starts_with("// ") {
        rules.push("a file opens with a comment that says what it is for".to_owned());
    }
    sources::reports(path, text, rules)
}

/// The files that `source` imports by its own relative paths, each with the path as
/// written. What is imported when it is needed, and types, which leave nothing behind,
/// make no arrow.
fn imports(source: &Source) -> BTreeMap<PathBuf, String> {
    let folder = source.path.parent().unwrap_or(Path::new(""));
    statements(&source.text)
        .filter_map(|statement| {
            let (head, rest) = statement.split_once(['"', '\''])?;
            let written = rest.split(['"', '\'']).next()?;
            let is_relative = written.starts_with("./") || written.starts_with("../");
            (is_relative && !is_types_only(head)).then_some(written)
        })
        .map(|written| {
            (
                modules::normalized(&folder.join(written)),
                written.to_owned(),
            )
        })
        .collect()
}

/// The import and export statements of a file: each begins a line, and ends with a
/// semicolon.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let begins = text.match_indices('\n').map(|(at, _)| at + 1).chain([0]);
    begins.filter_map(|begin| {
        let statement = text.get(begin..)?;
        let is_one = statement.starts_with("import ")
            || statement.starts_with("export {")
            || statement.starts_with("export *")
            || statement.starts_with("export type {");
        let end = statement.find(';')?;
        is_one.then(|| &statement[..end])
    })
}

/// Of what stands before the path.
fn is_types_only(head: &str) -> bool {
    let mut words = head.split_whitespace();
    if words.next().is_some() && words.next() == Some("type") {
        return true;
    }
    let Some((before, names)) = head.split_once('{') else {
        return false;
    };
    // A default import beside the names is a value.
    let only_names = before.split_whitespace().count() == 1;
    let mut names = names
        .split('}')
        .next()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    only_names && names.all(|name| name.starts_with("type "))
}

#[cfg(test)]
mod tests {
    use super::super::sources::tests::source;
    use super::*;

    #[test]
    fn each_violation_is_found() {
        let cases = [
            source("web/src/main.ts", "// x\nelement.innerHTML = text;"),
            source("web/src/main.ts", "// x\nnew Function(text);"),
            source(
                "web/src/main.ts",
                "// x\nh(\"p\", { style: \"color: red\" });",
            ),
            source("web/src/main.ts", "import \"./base/dom.ts\";"),
            source("web/build.mjs", &format!("// x\n{}", "\n".repeat(501))),
        ];
        for case in cases {
            let path = case.path.display().to_string();
            assert_eq!(violations(&[case]).len(), 1, "{path}");
        }
    }

    #[test]
    fn what_is_allowed_passes() {
        let allowed = [
            // Tests look at what came of hostile texts.
            source("web/tests/x.test.ts", "// x\nconsole.log(one.outerHTML);"),
            source(
                "web/src/main.ts",
                "// x\nelement.style.setProperty(\"--at\", at);",
            ),
        ];
        assert_eq!(violations(&allowed), Vec::<String>::new());
    }

    #[test]
    fn modules_that_import_each_other_are_a_circle() {
        let circle = [
            source(
                "web/src/a.ts",
                "// x\nimport {\n  b,\n} from \"./deep/b.ts\";\n",
            ),
            source(
                "web/src/deep/b.ts",
                "// x\nexport { a } from \"../a.ts\";\n",
            ),
        ];
        let found = violations(&circle);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("web/src/a.ts uses web/src/deep/b.ts"),
            "{found:?}"
        );
    }

    #[test]
    fn types_and_late_imports_make_no_circle() {
        for import in [
            "import type { A } from \"./a.ts\";",
            "import { type A, type B } from \"./a.ts\";",
            "export type { A } from \"./a.ts\";",
            "const late = () => import(\"./a.ts\");",
            "import { a } from \"library\";",
        ] {
            let sources = [
                source("web/src/a.ts", "// x\nimport { b } from \"./b.ts\";\n"),
                source("web/src/b.ts", &format!("// x\n{import}\n")),
            ];
            assert_eq!(violations(&sources), Vec::<String>::new(), "{import}");
        }
        let mixed = [
            source("web/src/a.ts", "// x\nimport { b } from \"./b.ts\";\n"),
            source(
                "web/src/b.ts",
                "// x\nimport { type A, a } from \"./a.ts\";\n",
            ),
        ];
        assert_eq!(violations(&mixed).len(), 1);
    }
}
