//! The Workers as they would be deployed, configured for `workerd serve`.
//!
//! `wrangler dev` proxies every request, and the proxy would be measured, and it
//! takes no flags for V8. So wrangler only bundles (`deploy --dry-run`), and
//! workerd gets a configuration that is written here. The bench and the tests of
//! memory use this.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::progress::step;
use crate::project;
use crate::stack;

/// A Worker with a socket of its own.
#[derive(Debug)]
pub struct Worker {
    /// The name of its folder and of its service.
    pub name: &'static str,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// Variables and secrets.
    pub texts: Vec<(&'static str, String)>,
    /// Service bindings: the binding's name and the service's.
    pub services: Vec<(&'static str, &'static str)>,
}

/// submit-fn: its name here and the file it is bundled from.
pub const SUBMIT: (&str, &str) = ("submit", "submit-fn/index.js");
/// worker-fn: its name here and the file it is bundled from.
pub const WORKER: (&str, &str) = ("worker", "worker-fn/index.js");

/// Bundles Workers, each into a folder of its own inside `folder`.
pub fn bundle(folder: &Path, sources: &[(&str, &str)], compatibility_date: &str) -> Result<()> {
    for (name, source) in sources {
        let main = project::root().join(source);
        if !main.exists() {
            bail!("{source} is not there; run without --as-built to have it built");
        }
        let out = folder.join(name);
        fs::remove_dir_all(&out).ok();
        fs::create_dir_all(&out)?;
        // Not the project's `wrangler.toml`, which builds the Workers first.
        let settings = folder.join(format!("{name}.toml"));
        fs::write(
            &settings,
            format!(
                "name = {name:?}\nmain = {main:?}\ncompatibility_date = {compatibility_date:?}\n"
            ),
        )?;
        step(
            &format!("{name}: wrangler deploy --dry-run"),
            stack::wrangler()
                .args(["deploy", "--dry-run", "--config"])
                .arg(&settings)
                .arg("--outdir")
                .arg(&out)
                .current_dir(folder)
                .env("WRANGLER_LOG_PATH", folder.join("wrangler-logs")),
        )?;
    }
    Ok(())
}

/// The compatibility date of the project's `wrangler.toml`.
pub fn compatibility_date() -> Result<String> {
    let settings: toml::Table =
        fs::read_to_string(project::root().join("wrangler.toml"))?.parse()?;
    settings
        .get("compatibility_date")
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
        .context("wrangler.toml names no compatibility_date")
}

/// Writes `folder/NAME.capnp` for one workerd that serves `workers`, with flags for
/// V8; returns the command that starts it.
pub fn serve(
    folder: &Path,
    name: &str,
    workers: &[Worker],
    compatibility_date: &str,
    v8_flags: &[&str],
) -> Result<Command> {
    let (mut services, mut sockets, mut definitions) =
        (String::new(), String::new(), String::new());
    for worker in workers {
        let Worker { name, port, .. } = worker;
        services.push_str(&format!("    (name = {name:?}, worker = .{name}),\n"));
        sockets.push_str(&format!(
            "    (name = {name:?}, address = \"127.0.0.1:{port}\", http = (), service = {name:?}),\n"
        ));
        definitions.push_str(&definition(folder, worker, compatibility_date)?);
    }
    // workerd's default network, "internet", refuses private addresses, and
    // everything is on one here.
    let config = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\n\
         const config :Workerd.Config = (\n  services = [\n{services}    \
         (name = \"net\", network = (allow = [\"public\", \"private\", \"local\"])),\n  ],\n  \
         sockets = [\n{sockets}  ],\n  v8Flags = {v8_flags:?},\n);\n{definitions}"
    );
    let path = folder.join(format!("{name}.capnp"));
    fs::write(&path, config)?;
    let mut command = Command::new(project::npm_bin("workerd"));
    command
        .arg("serve")
        .arg(path)
        .env("PATH", project::path_with_npm());
    Ok(command)
}

fn definition(folder: &Path, worker: &Worker, compatibility_date: &str) -> Result<String> {
    let name = worker.name;
    let mut modules = String::new();
    for path in modules_of(&folder.join(name))? {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = if is(&path, "wasm") {
            "wasm"
        } else {
            "esModule"
        };
        let line = format!("    (name = {file:?}, {kind} = embed \"{name}/{file}\"),\n");
        // The first module is the entry point.
        let position = if kind == "wasm" { modules.len() } else { 0 };
        modules.insert_str(position, &line);
    }
    let mut bindings = String::new();
    for (binding, text) in &worker.texts {
        bindings.push_str(&format!("    (name = {binding:?}, text = {text:?}),\n"));
    }
    for (binding, service) in &worker.services {
        bindings.push_str(&format!(
            "    (name = {binding:?}, service = {service:?}),\n"
        ));
    }
    Ok(format!(
        "\nconst {name} :Workerd.Worker = (\n  modules = [\n{modules}  ],\n  \
         bindings = [\n{bindings}  ],\n  \
         compatibilityDate = {compatibility_date:?},\n  globalOutbound = \"net\",\n);\n"
    ))
}

/// The files that wrangler wrote, without source map and README. It bundles all
/// JavaScript into one file.
fn modules_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut modules: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("no bundle in {}", folder.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| is(path, "js") || is(path, "wasm"))
        .collect();
    modules.sort();
    let scripts = modules.iter().filter(|path| is(path, "js")).count();
    if scripts != 1 {
        bail!(
            "{} holds {scripts} scripts instead of one",
            folder.display()
        );
    }
    Ok(modules)
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension() == Some(OsStr::new(extension))
}
