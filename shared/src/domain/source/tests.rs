//! Tests of reading, checking and writing what a submission consists of.

use fuzz::{fuzz, mutated};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::violation::ViolationKind::{self, Invalid, TooLarge};

fn read(body: &Value) -> Result<Source, (ViolationKind, String, String)> {
    let text = body.to_string();
    let members = Object::of(Json::parse(text.as_bytes()).unwrap()).unwrap();
    Source::read(&members).map_err(|violation| {
        let field = violation.field.into_owned();
        (violation.kind, field, violation.message)
    })
}

fn with_names(names: &[&str]) -> Value {
    let file = |name: &&str| json!({"name": name, "content": "x"});
    json!({ "files": names.iter().map(file).collect::<Vec<_>>() })
}

fn members(source: &Source) -> String {
    let mut json = String::new();
    source.push_members(&mut json);
    json
}

#[test]
fn code_is_written_as_it_always_was() {
    let source = read(&json!({"code": "print(\"ä\\n\")\n", "x": 1})).unwrap();
    assert_eq!(source, Source::from("print(\"ä\\n\")\n"));
    assert_eq!(members(&source), r#""code":"print(\"ä\\n\")\n""#);
    assert!(source.files().is_none());
}

#[test]
fn files_are_read_as_they_are_written() {
    let body = json!({"files": [
        {"name": "data.bin", "content": "AP8=", "encoding": "base64"},
        {"name": "lib/ä.py", "content": "", "encoding": "utf8"},
        {"name": "main.py", "content": "import lib"},
    ], "entry": "main.py"});
    let source = read(&body).unwrap();
    let text = members(&source);
    let expected = concat!(
        r#""files":[{"name":"data.bin","content":"AP8=","encoding":"base64"},"#,
        r#"{"name":"lib/ä.py","content":""},{"name":"main.py","content":"import lib"}],"#,
        r#""entry":"main.py""#
    );
    assert_eq!(text, expected);
    let again: Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    assert_eq!(read(&again).unwrap(), source);
    let files = source.files().unwrap();
    let order: Vec<_> = files.entry_first().map(|file| file.name.as_str()).collect();
    assert_eq!(order, ["main.py", "data.bin", "lib/ä.py"]);
    assert_eq!(source.code(), None);
}

#[test]
fn without_an_entry_the_first_text_is_run() {
    let body = json!({"files": [
        {"name": "a.png", "content": "AP8=", "encoding": "base64"},
        {"name": "b.py", "content": ""},
        {"name": "c.py", "content": ""},
    ]});
    let source = read(&body).unwrap();
    let mut order = source.files().unwrap().entry_first();
    assert_eq!(order.next().unwrap().name, "b.py");
    assert_eq!(order.next().unwrap().name, "a.png");
    assert_eq!(source.files().unwrap().entry_name(), None);
}

#[test]
fn exactly_one_of_code_and_files() {
    let file = json!([{"name": "a", "content": "x"}]);
    for (body, field, rule) in [
        (json!({}), "code", "required"),
        (json!({"code": null, "files": null}), "code", "required"),
        (json!({"code": "x", "files": file}), "files", "not both"),
        (json!({"code": "x", "files": []}), "files", "not both"),
        (json!({"code": "x", "entry": "a"}), "entry", "give files"),
        (json!({"files": {}}), "files", "array"),
        (json!({"files": []}), "files", "1 to 32"),
        (json!({"files": file, "entry": "b"}), "entry", "name of one"),
        (json!({"files": file, "entry": 1}), "entry", "string"),
    ] {
        let (kind, named, message) = read(&body).unwrap_err();
        assert_eq!((kind, named.as_str()), (Invalid, field), "{body}");
        assert!(message.contains(rule), "{message}");
    }
    assert!(read(&json!({"code": null, "files": file})).is_ok());
    assert!(read(&json!({"code": "x", "files": null, "entry": null})).is_ok());
    let binary = json!({"name": "a", "content": "AP8=", "encoding": "base64"});
    let (_, field, message) = read(&json!({"files": [binary]})).unwrap_err();
    assert_eq!(field, "files", "{message}");
    let both = json!({"files": [binary, {"name": "b", "content": ""}], "entry": "a"});
    let (_, field, message) = read(&both).unwrap_err();
    assert_eq!(field, "entry", "{message}");
}

#[test]
fn bad_names_are_refused_and_named() {
    let long = "x".repeat(129);
    let deep = "x/".repeat(32) + "x";
    for (name, rule) in [
        ("", "1 to 128 bytes"),
        (long.as_str(), "1 to 128 bytes"),
        ("/etc/passwd", "relative"),
        ("..", "parts"),
        ("../x", "parts"),
        ("a/../b", "parts"),
        ("a/..", "parts"),
        (".", "parts"),
        ("./a", "parts"),
        ("a//b", "parts"),
        ("a/", "parts"),
        ("/", "relative"),
        ("a\\b", "backslash"),
        ("..\\x", "backslash"),
        ("C:\\x", "backslash"),
        ("a\nb", "control"),
        ("a\0", "control"),
        ("a\u{7f}", "control"),
        ("a\u{85}b", "control"),
        (deep.as_str(), "32 parts"),
        ("a.out", "compilers write"),
        ("A.Out", "not be a.out: compilers write"),
        ("a.out/x", "compilers write"),
        ("a.exe", "compilers write"),
        ("stack.so", "compilers write"),
        ("a.beam", "compilers write"),
        ("a.name", "compilers write"),
    ] {
        let (kind, field, message) = read(&with_names(&["ok", name])).unwrap_err();
        assert_eq!(
            (kind, field.as_str()),
            (Invalid, "files[1].name"),
            "{name:?}"
        );
        assert!(message.starts_with("files[1].name "), "{message}");
        assert!(message.contains(rule), "{name:?}: {message}");
    }
    let longest = "x".repeat(128);
    let deepest = "x/".repeat(31) + "x";
    for name in [
        "a",
        ".a",
        "..a",
        "a..",
        "...",
        "a b",
        "-o",
        "a.out.txt",
        "b/a.out",
        "main.exe",
        "ä/ß.py",
        "日本",
        "con",
        &longest,
        &deepest,
    ] {
        assert!(read(&with_names(&["ok", name])).is_ok(), "{name:?}");
    }
}

#[test]
fn names_that_clash_are_refused() {
    for (names, rule) in [
        (["a.py", "a.py"], "the name of files[0]"),
        (["a.py", "A.PY"], "the name of files[0]"),
        (["ä-x.py", "ä-X.PY"], "the name of files[0]"),
        (["a", "a/b"], "files[0] as its folder"),
        (["A", "a/b/c"], "files[0] as its folder"),
        (["a/b/c", "a/b"], "is a folder of files[0]"),
        (["a/b", "A"], "is a folder of files[0]"),
    ] {
        let (_, field, message) = read(&with_names(&names)).unwrap_err();
        assert_eq!(field, "files[1].name", "{names:?}");
        assert!(message.contains(rule), "{names:?}: {message}");
    }
    for names in [
        ["a", "ab/c"],
        ["a/b", "a/c"],
        ["a/b", "b/a"],
        ["a/bc", "a/b"],
    ] {
        assert!(read(&with_names(&names)).is_ok(), "{names:?}");
    }
}

#[test]
fn members_of_a_file_have_their_rules() {
    for (file, field, rule) in [
        (json!(7), "files[0]", "object"),
        (json!({"content": ""}), "files[0].name", "required"),
        (json!({"name": 1, "content": ""}), "files[0].name", "string"),
        (json!({"name": "a"}), "files[0].content", "required"),
        (
            json!({"name": "a", "content": []}),
            "files[0].content",
            "string",
        ),
        (
            json!({"name": "a", "content": "", "encoding": "hex"}),
            "files[0].encoding",
            "utf8 or base64",
        ),
        (
            json!({"name": "a", "content": "AP8", "encoding": "base64"}),
            "files[0].content",
            "base64",
        ),
        (
            json!({"name": "a", "content": "AP\n8=", "encoding": "base64"}),
            "files[0].content",
            "line breaks",
        ),
    ] {
        let (kind, named, message) = read(&json!({"files": [file]})).unwrap_err();
        assert_eq!((kind, named.as_str()), (Invalid, field), "{message}");
        assert!(message.contains(rule), "{message}");
    }
    let half = br#"{"files":[{"name":"\ud800","content":""}]}"#;
    let members = Object::of(Json::parse(half).unwrap()).unwrap();
    assert_eq!(Source::read(&members).unwrap_err().field, "files[0].name");
}

#[test]
fn the_limits_are_kept_at_their_edges() {
    let many = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| index.to_string()).collect();
        with_names(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(read(&many(MAX_FILES)).is_ok());
    assert_eq!(read(&many(MAX_FILES + 1)).unwrap_err().1, "files");
    let of = |one: String, other: String| {
        read(&json!({"files": [
            {"name": "a", "content": one},
            {"name": "b", "content": other},
        ]}))
    };
    let half = MAX_FILES_BYTES / 2;
    assert!(of("x".repeat(half), "y".repeat(half)).is_ok());
    let (kind, field, message) = of("x".repeat(half), "y".repeat(half + 1)).unwrap_err();
    assert_eq!((kind, field.as_str()), (TooLarge, "files"));
    assert!(message.contains("262144"), "{message}");
    // Counted as it is stored: a control character takes six bytes.
    let (kind, field, message) = of("x".into(), "\u{1}".repeat(66_000)).unwrap_err();
    assert_eq!((kind, field.as_str()), (TooLarge, "files"));
    assert!(message.contains("393216"), "{message}");
    assert!(of("x".into(), "\n".repeat(190_000)).is_ok());
    // Base64 is counted as what it stands for.
    let zeros = |bytes: usize| {
        let content = STANDARD.encode(vec![0; bytes]);
        read(&json!({"files": [
            {"name": "a", "content": ""},
            {"name": "b", "content": content, "encoding": "base64"},
        ]}))
    };
    assert!(zeros(MAX_FILES_BYTES).is_ok());
    assert_eq!(zeros(MAX_FILES_BYTES + 1).unwrap_err().0, TooLarge);
}

#[test]
fn any_members_are_read_or_refused() {
    let seeds = [
        r#"{"code":"x"}"#,
        r#"{"files":[{"name":"a/b.py","content":"x"},{"name":"c","content":"AP8=","encoding":"base64"}],"entry":"a/b.py"}"#,
    ];
    fuzz(&mutated(&seeds), |body| {
        let Ok(value) = Json::parse(&body) else {
            return Ok(());
        };
        let Ok(members) = Object::of(value) else {
            return Ok(());
        };
        match Source::read(&members) {
            Err(violation) => prop_assert!(!violation.message.is_empty()),
            Ok(source) => {
                let mut text = String::from("{");
                source.push_members(&mut text);
                text.push('}');
                let again = Object::of(Json::parse(text.as_bytes()).unwrap()).unwrap();
                prop_assert_eq!(Source::read(&again).unwrap(), source);
            }
        }
        Ok(())
    });
}
