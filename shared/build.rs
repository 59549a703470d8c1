//! Takes the comments out of the Lua scripts: each call sends its script over
//! the network, and both Workers carry them.

#![allow(
    clippy::unwrap_used,
    reason = "a build that cannot read its own sources should stop"
)]

use std::path::Path;
use std::{env, fs};

const FOLDER: &str = "src/queue";

fn main() {
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = env::var_os("OUT_DIR").unwrap();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "lua") {
            let code: Vec<String> = fs::read_to_string(&path)
                .unwrap()
                .lines()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty() && !line.starts_with("--"))
                .collect();
            let name = path.file_name().unwrap();
            fs::write(Path::new(&out).join(name), code.join("\n")).unwrap();
        }
    }
}
