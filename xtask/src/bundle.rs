//! Building a Worker, and weighing it.
//!
//! `wrangler.toml` calls `cargo xtask bundle NAME` before it deploys or serves,
//! so a Worker is built in one way only, with the pinned tools. worker-build
//! runs when the compiled wasm is another than the one bundled last.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::progress::{say, step};
use crate::project;
use crate::tools;

/// The most that a Worker's wasm may weigh, in bytes after gzip. Size is
/// start-up time on the edge: people wait for submit-fn, and nobody for
/// worker-fn (`docs/adr/0003`).
fn max_gzip_bytes(name: &str) -> usize {
    match name {
        "worker-fn" => 288 * 1024,
        _ => 220 * 1024,
    }
}

const PROFILE: &str = "worker";

/// Builds the Worker crate `name` into `NAME/build`.
pub fn build(name: &str) -> Result<()> {
    if !project::WORKERS.contains(&name) {
        bail!(
            "{name} is not a Worker; the Workers are {}",
            project::WORKERS.join(" and ")
        );
    }
    tools::ensure(tools::For::Building)?;
    step(
        &format!("{name}: compile"),
        Command::new("cargo")
            .args(["build", "--profile", PROFILE, "--package", name])
            .args(["--target", "wasm32-unknown-unknown"])
            .current_dir(project::root()),
    )?;
    let compiled = project::target()
        .join("wasm32-unknown-unknown")
        .join(PROFILE)
        .join(format!("{}.wasm", name.replace('-', "_")));
    let mut hasher = DefaultHasher::new();
    fs::read(&compiled)
        .with_context(|| format!("cannot read {}", compiled.display()))?
        .hash(&mut hasher);
    // Stands outside `build/`, whose content worker-build replaces.
    let stamp_path = project::state().join("bundles").join(name);
    let stamp = hasher.finish().to_string();
    if wasm(name).exists() && fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    step(
        &format!("{name}: bundle"),
        Command::new(project::cargo_bin("worker-build"))
            // Optimised below: worker-build would keep the names of functions.
            .args(["--profile", PROFILE, "--no-opt"])
            .current_dir(project::root().join(name))
            .env("PATH", project::path_with_npm())
            .env("WASM_BINDGEN_BIN", project::cargo_bin("wasm-bindgen"))
            .env("ESBUILD_BIN", project::npm_bin("esbuild")),
    )?;
    optimise(name)?;
    if let Some(folder) = stamp_path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(stamp_path, stamp)?;
    Ok(())
}

/// What a Worker's wasm weighs, in bytes after gzip.
pub fn gzip_bytes(name: &str) -> Result<usize> {
    let path = wasm(name);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}

/// Has wrangler do everything of a deployment but the upload, for both Workers,
/// and holds each to its budget.
pub fn dry_run() -> Result<()> {
    for (name, environment) in project::WORKERS.into_iter().zip(["submit", "worker"]) {
        step(
            &format!("wrangler deploy --dry-run --env {environment}"),
            Command::new(project::npm_bin("wrangler"))
                .args(["deploy", "--dry-run", "--env", environment, "--outdir"])
                .arg(project::state().join("dry-run").join(environment))
                .current_dir(project::root())
                .env("PATH", project::path_with_npm())
                .env("WRANGLER_SEND_METRICS", "false"),
        )?;
        let (bytes, allowed) = (gzip_bytes(name)?, max_gzip_bytes(name));
        say(format!(
            "{name}: {bytes} bytes of wasm after gzip, of {allowed} allowed"
        ));
        if bytes > allowed {
            bail!("{name} is over its size budget");
        }
    }
    Ok(())
}

fn wasm(name: &str) -> PathBuf {
    project::root().join(name).join("build/index_bg.wasm")
}

/// Makes the wasm small. The names of functions go too: a sixth of its weight,
/// and a panic tells file and line without them.
fn optimise(name: &str) -> Result<()> {
    // What rustc and wasm-bindgen use, and nothing that workerd may not know.
    const FEATURES: [&str; 7] = [
        "--enable-mutable-globals",
        "--enable-sign-ext",
        "--enable-nontrapping-float-to-int",
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-reference-types",
        "--enable-exception-handling",
    ];
    step(
        &format!("{name}: optimise"),
        Command::new(project::npm_bin("wasm-opt"))
            .arg("-Oz")
            .args(FEATURES)
            .arg(wasm(name))
            .arg("-o")
            .arg(wasm(name))
            .env("PATH", project::path_with_npm()),
    )
}
