//! Takes the comments and the indentation out of the harnesses: they are part
//! of the wasm, and are sent with every submission to a function problem.
//!
//! Each folder of `src/` is a language. Its harness is `harness.*`, or the files that
//! begin with a digit, in order (a folder without one has none); other files in its
//! language are parts that are only sent where they are needed, `<folder>_<name>`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    for folder in children(Path::new("src"))? {
        if !folder.is_dir() {
            continue;
        }
        let mut short = String::new();
        for path in children(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            let is_harness =
                name.starts_with("harness.") || name.starts_with(|c: char| c.is_ascii_digit());
            // Rust's own harness is Rust, too.
            if ending == "rs" && !is_harness {
                continue;
            }
            println!("cargo::rerun-if-changed={}", path.display());
            let text = shorten(&fs::read_to_string(&path)?, &ending);
            if is_harness {
                short += &text;
            } else {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let folder = folder.file_name().unwrap_or_default().to_string_lossy();
                fs::write(Path::new(&out).join(format!("{folder}_{stem}")), text)?;
            }
        }
        let language = folder.file_name().unwrap_or_default();
        fs::write(Path::new(&out).join(language), short)?;
    }
    Ok(())
}

/// What is in a folder, by name.
fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for child in fs::read_dir(folder)? {
        paths.push(child?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Drops empty lines and those that are a comment from their first character
/// on. No harness has a string that goes over several lines.
fn shorten(text: &str, ending: &str) -> String {
    let comment = match ending {
        "py" | "rb" => "#",
        _ => "//",
    };
    let mut out = String::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(comment) {
            continue;
        }
        if ending == "py" {
            // Four spaces a level; Python takes one.
            let level = (line.len() - line.trim_start().len()) / 4;
            out.push_str(&" ".repeat(level));
        }
        out.push_str(bare);
        out.push('\n');
    }
    out
}
