//! Takes the comments out of the Lua scripts: each call sends its script over
//! the network, and both Workers carry them. `-- include NAME` stands for the lines of
//! another script. Beside each script stands its SHA-1, by which Redis knows it.

#![allow(
    clippy::unwrap_used,
    reason = "a build that cannot read its own sources should stop"
)]

use std::path::Path;
use std::{env, fs};

use sha1_smol::Sha1;

const FOLDER: &str = "src/queue";

fn main() {
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = env::var_os("OUT_DIR").unwrap();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "lua") {
            let code = lines_of(&path).join("\n");
            let written = Path::new(&out).join(path.file_name().unwrap());
            let sha1 = Sha1::from(&code).digest().to_string();
            fs::write(written.with_extension("sha1"), sha1).unwrap();
            fs::write(written, code).unwrap();
        }
    }
}

fn lines_of(path: &Path) -> Vec<String> {
    let mut code = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("-- include ") {
            code.extend(lines_of(&path.with_file_name(name)));
        } else if !line.is_empty() && !line.starts_with("--") {
            code.push(line.to_owned());
        }
    }
    code
}
