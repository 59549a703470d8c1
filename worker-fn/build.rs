//! Takes the comments and the indentation out of the harnesses: they are part
//! of the wasm, and are sent with every submission to a function problem.

use std::path::Path;
use std::{env, fs, io};

/// Each harness with its files, what begins a comment, and whether indentation has
/// a meaning.
const HARNESSES: [(&str, &[&str], &str, bool); 4] = [
    ("python.py", &["python.py"], "#", true),
    ("javascript.js", &["javascript.js"], "//", false),
    ("typescript.ts", &["typescript.ts"], "//", false),
    (
        "cpp.cpp",
        &[
            "cpp_headers.cpp",
            "cpp_json.cpp",
            "cpp_call.cpp",
            "cpp_code.cpp",
        ],
        "//",
        false,
    ),
];

fn main() -> io::Result<()> {
    let folder = Path::new("src/harness");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    println!("cargo::rerun-if-changed=build.rs");
    for (harness, files, comment, indented) in HARNESSES {
        let mut short = String::new();
        for file in files {
            let path = folder.join(file);
            println!("cargo::rerun-if-changed={}", path.display());
            short += &shorten(&fs::read_to_string(path)?, comment, indented);
        }
        fs::write(Path::new(&out).join(harness), short)?;
    }
    Ok(())
}

/// Drops empty lines and those that are a comment from their first character
/// on. No harness has a string that goes over several lines.
fn shorten(text: &str, comment: &str, indented: bool) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(comment) {
            continue;
        }
        if indented {
            // Four spaces a level; Python takes one.
            let level = (line.len() - line.trim_start().len()) / 4;
            out.push_str(&" ".repeat(level));
        }
        out.push_str(bare);
        out.push('\n');
    }
    out
}
