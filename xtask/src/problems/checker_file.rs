//! The code of a checker program in a file of its own, `checker.py` or the like, beside
//! `problem.json`.

use std::path::Path;

use anyhow::{Result, bail};
use shared::json::Json;
use shared::json::write::push_string;

use super::files::{SourceFile, member, visible};
use crate::endings;

/// Puts the code of a checker into a problem's JSON, and its language where that does
/// not name one.
pub(super) fn inline_checker(problem: &str, file: &SourceFile) -> Result<String> {
    let value = Json::parse(problem.as_bytes()).map_err(anyhow::Error::msg)?;
    let checker = member(value, "checker").filter(|checker| {
        let kind = member(*checker, "kind").and_then(Json::text);
        kind.as_deref() == Some("program") && member(*checker, "code").is_none()
    });
    let Some(checker) = checker else {
        bail!(
            "there is {}, but the checker of problem.json is not {{\"kind\": \"program\"}} \
             without code",
            file.name
        );
    };
    let mut filled = checker.compact();
    filled.pop();
    if member(checker, "language").is_none() {
        filled.push_str(",\"language\":");
        let language = endings::language(Path::new(&file.name));
        push_string(&mut filled, language.unwrap_or_default());
    }
    filled.push_str(",\"code\":");
    push_string(&mut filled, &file.code);
    filled.push('}');
    let mut whole = String::from("{");
    for (name, value) in value.members().into_iter().flatten() {
        if whole.len() > 1 {
            whole.push(',');
        }
        let name = name.text().unwrap_or_default();
        push_string(&mut whole, &name);
        whole.push(':');
        whole.push_str(if name == "checker" {
            &filled
        } else {
            value.as_str()
        });
    }
    whole.push('}');
    Ok(whole)
}

/// The file of the checker in `folder`, if there is one.
pub(super) fn find(folder: &Path) -> Result<Option<SourceFile>> {
    let mut files = visible(folder)?;
    files.retain(|path| {
        let is_checker = path.file_stem().is_some_and(|stem| stem == "checker");
        is_checker && path.is_file() && endings::language(path).is_some()
    });
    match files.as_slice() {
        [] => Ok(None),
        [file] => SourceFile::read(file).map(Some),
        _ => bail!("there is more than one file of a checker: keep one"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use serde_json::{Value, json};

    fn put(problem: &Value, files: &[(&str, &str)]) -> Result<Value> {
        let folder = tempfile::tempdir().unwrap();
        for (name, code) in files {
            fs::write(folder.path().join(name), code).unwrap();
        }
        let text = match find(folder.path())? {
            Some(file) => inline_checker(&problem.to_string(), &file)?,
            None => problem.to_string(),
        };
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn its_code_and_language_are_put_in() {
        let problem = json!({"title": "T", "checker": {"kind": "program"}, "cases": []});
        let code = "print(\"1\")\n";
        let files = [
            ("checker.py", code),
            ("checker.md", "no code"),
            ("other.py", ""),
        ];
        let inline_checker = put(&problem, &files).unwrap();
        assert_eq!(
            inline_checker,
            json!({"title": "T", "cases": [],
                   "checker": {"kind": "program", "language": "python", "code": code}})
        );
        let named = json!({"checker": {"kind": "program", "language": "pypy"}});
        let inline_checker = put(&named, &files).unwrap();
        assert_eq!(inline_checker["checker"]["language"], "pypy");
        assert_eq!(put(&problem, &[]).unwrap(), problem);
    }

    #[test]
    fn a_file_without_a_place_is_no_checker() {
        for (checker, files) in [
            (json!("lines"), vec!["checker.py"]),
            (json!(null), vec!["checker.py"]),
            (json!({"kind": "program", "code": "x"}), vec!["checker.py"]),
            (
                json!({"kind": "program"}),
                vec!["checker.py", "checker.cpp"],
            ),
        ] {
            let files: Vec<_> = files.into_iter().map(|name| (name, "x")).collect();
            let error = put(&json!({"checker": checker}), &files).unwrap_err();
            assert!(error.to_string().contains("checker"), "{error}");
        }
    }
}
