//! Building a Worker, and measuring its size.
//!
//! `wrangler.toml` calls `cargo xtask bundle NAME` before it deploys or serves,
//! so a Worker is built in one way only, with the pinned tools. worker-build
//! runs if the compiled wasm differs from the one bundled last. With submit-fn the
//! page is built that it serves ([`page`]).

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::progress::{self, say, step};
use crate::project::{self, Worker};
use crate::{cargo, page, stack, tools};

/// If this variable is set, [`build`] and [`build_all`] take existing bundles as they are.
/// `cargo xtask test` builds both Workers once and sets it for the stacks that
/// its tests start.
pub const AS_BUILT: &str = "EDGEJUDGE_BUNDLES_AS_BUILT";

const PROFILE: &str = "worker";
const TARGET: &str = "wasm32-unknown-unknown";

/// The size budget of a Worker's wasm, in bytes after gzip. Size is start-up
/// time on the edge: clients wait for submit-fn, but not for worker-fn
/// (`docs/adr/0003`).
fn max_gzip_bytes(worker: Worker) -> usize {
    match worker {
        Worker::SubmitFn => 336 * 1024,
        Worker::WorkerFn => 540 * 1024,
    }
}

/// wasm-opt's arguments: for size, and the features that rustc and wasm-bindgen
/// use, with nothing that workerd may not know. By name, functions that the
/// compiler made of one generic function stand side by side, and gzip, which looks
/// back 32 KB, finds them: 1.5 % less, and a second round for size adds nothing.
const OPTIMISE: [&str; 10] = [
    "-Oz",
    "--strip-producers",
    "--reorder-functions-by-name",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
];

/// Builds one Worker into `NAME/build`; with submit-fn also the page.
pub fn build(worker: Worker) -> Result<()> {
    if is_taken_as_built(worker) {
        return Ok(());
    }
    tools::ensure(tools::For::Building)?;
    if worker == Worker::SubmitFn {
        page::build()?;
    }
    compile(&[worker])?;
    bundle(worker)
}

/// Builds every Worker, and their common dependencies only once, and the page.
pub fn build_all() -> Result<()> {
    if Worker::all()
        .iter()
        .all(|&worker| is_taken_as_built(worker))
    {
        return Ok(());
    }
    tools::ensure(tools::For::Building)?;
    page::build()?;
    compile(Worker::all())?;
    // Most of it keeps one core busy.
    progress::side_by_side(&[
        &[&|| bundle(Worker::SubmitFn)],
        &[&|| bundle(Worker::WorkerFn)],
    ])
}

fn is_taken_as_built(worker: Worker) -> bool {
    let is_whole = wasm(worker).exists() && (worker != Worker::SubmitFn || page::exists());
    std::env::var_os(AS_BUILT).is_some() && is_whole
}

fn compile(workers: &[Worker]) -> Result<()> {
    let names: Vec<&str> = workers.iter().map(|worker| worker.name()).collect();
    let mut command = cargo::build(&["--profile", PROFILE, "--target", TARGET]);
    for name in &names {
        command.args(["--package", name]);
    }
    step(&format!("{}: compile", names.join(", ")), &mut command)
}

/// Makes the deployable files out of the compiled wasm.
fn bundle(worker: Worker) -> Result<()> {
    let name = worker.name();
    let compiled = project::target()
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{}.wasm", name.replace('-', "_")));
    let mut hasher = DefaultHasher::new();
    fs::read(&compiled)
        .with_context(|| format!("cannot read {}", compiled.display()))?
        .hash(&mut hasher);
    OPTIMISE.hash(&mut hasher);
    // Stands outside `build/`, whose content worker-build replaces.
    let stamp_path = project::state().join("bundles").join(name);
    let stamp = hasher.finish().to_string();
    if wasm(worker).exists() && fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    // A build that is broken off leaves files that are not whole.
    if stamp_path.exists() {
        fs::remove_file(&stamp_path)?;
    }
    let mut worker_build = Command::new(project::cargo_bin("worker-build"));
    cargo::without_cargo_variables(&mut worker_build);
    step(
        &format!("{name}: bundle"),
        worker_build
            // Optimised below: worker-build would keep the names of functions.
            .args(["--profile", PROFILE, "--no-opt", ".", "--locked"])
            .current_dir(project::root().join(name))
            .env("PATH", project::path_with_npm())
            .env("WASM_BINDGEN_BIN", project::cargo_bin("wasm-bindgen"))
            .env("ESBUILD_BIN", project::npm_bin("esbuild")),
    )?;
    optimise(worker)?;
    if let Some(folder) = stamp_path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(stamp_path, stamp)?;
    Ok(())
}

/// The size of a Worker's wasm, in bytes after gzip.
fn gzip_bytes(worker: Worker) -> Result<usize> {
    let path = wasm(worker);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}

/// Runs a deployment of each Worker up to the upload, checks its size, and prints
/// the page's, which its build has checked.
pub fn dry_run() -> Result<()> {
    for &worker in Worker::all() {
        let environment = worker.environment();
        step(
            &format!("wrangler deploy --dry-run --env {environment}"),
            stack::wrangler()
                .args(["deploy", "--dry-run", "--env", environment, "--outdir"])
                .arg(project::state().join("dry-run").join(environment))
                .current_dir(project::root()),
        )?;
        check_size(worker)?;
    }
    page::print_sizes()
}

/// Prints the size of a Worker's wasm. Errors: it is over its budget.
pub fn check_size(worker: Worker) -> Result<()> {
    let name = worker.name();
    let (bytes, allowed) = (gzip_bytes(worker)?, max_gzip_bytes(worker));
    say(format!(
        "{name}: {bytes} bytes of wasm after gzip, of {allowed} allowed"
    ));
    if bytes > allowed {
        bail!("{name} is over its size budget");
    }
    Ok(())
}

fn wasm(worker: Worker) -> PathBuf {
    project::root()
        .join(worker.name())
        .join("build/index_bg.wasm")
}

/// Makes the wasm small. The names of functions are removed: they are a sixth of
/// its size, and a panic reports file and line without them.
fn optimise(worker: Worker) -> Result<()> {
    step(
        &format!("{}: optimise", worker.name()),
        Command::new(project::npm_bin("wasm-opt"))
            .args(OPTIMISE)
            .arg(wasm(worker))
            .arg("-o")
            .arg(wasm(worker))
            .env("PATH", project::path_with_npm()),
    )
}
