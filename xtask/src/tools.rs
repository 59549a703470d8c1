//! The pinned tools, and how each is had.
//!
//! Everything comes from a package registry: crates by `cargo install`, npm
//! packages by `npm ci`, redis-server by the machine's package manager. What is
//! there in the right version is left alone, so a second call takes a moment.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::progress::{say, step};
use crate::project;

/// Must be the version of the crate `wasm-bindgen` in `Cargo.toml`.
const WASM_BINDGEN: &str = "0.2.129";
/// Follows the version of the crate `worker`.
const WORKER_BUILD: &str = "0.8.7";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What is to be done with the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum For {
    /// Only building the Workers.
    Building,
    /// Running the stack too, which takes a redis-server.
    Running,
    /// Running every test too, which takes some compilers and interpreters.
    Testing,
}

/// Checks for every tool and fetches what is missing.
pub fn ensure(purpose: For) -> Result<()> {
    wasm_target()?;
    // The slow ones side by side: one waits for the network while the other
    // compiles.
    thread::scope(|scope| {
        let packages = scope.spawn(|| {
            npm_packages()?;
            if purpose >= For::Running {
                system_packages(&REDIS)?;
            }
            if purpose >= For::Testing {
                system_packages(&LANGUAGES)?;
            }
            Ok(())
        });
        let compiled = cargo_tools();
        packages
            .join()
            .map_err(|_| anyhow!("setting up packages panicked"))?
            .and(compiled)
    })
}

fn wasm_target() -> Result<()> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"]))
        .context("rustup is needed: it manages the Rust toolchain, see https://rustup.rs")?;
    if installed.lines().any(|line| line == WASM_TARGET) {
        return Ok(());
    }
    step(
        "Rust target for wasm",
        Command::new("rustup").args(["target", "add", WASM_TARGET]),
    )
}

fn cargo_tools() -> Result<()> {
    let mut compiled = false;
    for (package, program, version) in [
        ("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN),
        ("worker-build", "worker-build", WORKER_BUILD),
    ] {
        let there = output(Command::new(project::cargo_bin(program)).arg("--version"));
        if there.is_ok_and(|text| text.split_whitespace().any(|word| word == version)) {
            continue;
        }
        compiled = true;
        step(
            &format!("{package} {version} (compiled once)"),
            // One target folder lets the second reuse what the first compiled;
            // the dev profile compiles in half the time, and these programs
            // have little to do.
            Command::new("cargo")
                .args(["install", "--locked", "--force", "--profile", "dev"])
                .args(["--version", version, package])
                .arg("--root")
                .arg(project::state().join("tools"))
                .arg("--target-dir")
                .arg(project::state().join("tools-target"))
                .env_remove("CARGO_TARGET_DIR")
                .env("CARGO_PROFILE_DEV_DEBUG", "false"),
        )?;
    }
    if compiled {
        fs::remove_dir_all(project::state().join("tools-target")).ok();
    }
    Ok(())
}

fn npm_packages() -> Result<()> {
    let wanted = fs::read_to_string(project::root().join("package-lock.json"))?;
    // npm writes no such copy of its own that could be compared.
    let copy = project::root().join("node_modules/.installed-from-package-lock.json");
    if fs::read_to_string(&copy).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    output(Command::new("node").arg("--version")).context(
        "Node.js 18 or newer is needed, with npm; the project installs the version it uses by itself",
    )?;
    step(
        "npm packages",
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(project::root()),
    )?;
    fs::write(copy, wanted)?;
    Ok(())
}

/// A program of the machine's package manager.
struct Package {
    program: &'static str,
    apt: &'static str,
    brew: &'static str,
}

const REDIS: [Package; 1] = [Package {
    program: "redis-server",
    apt: "redis-server",
    brew: "redis",
}];

/// What the runner's tests run beyond Python and Node.js, which everybody has
/// who got this far: two languages that compile, and one more that does not.
const LANGUAGES: [Package; 4] = [
    Package {
        program: "python3",
        apt: "python3",
        brew: "python",
    },
    Package {
        program: "gcc",
        apt: "gcc",
        brew: "gcc",
    },
    Package {
        program: "g++",
        apt: "g++",
        brew: "gcc",
    },
    Package {
        program: "ruby",
        apt: "ruby",
        brew: "ruby",
    },
];

fn system_packages(packages: &[Package]) -> Result<()> {
    let missing: Vec<&Package> = packages
        .iter()
        .filter(|one| output(Command::new(one.program).arg("--version")).is_err())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|one| one.program).collect();
    let names = names.join(", ");
    let by_hand = format!(
        "{names}: needed, and could not be installed; install with the machine's package manager \
         (apt-get install, brew install, …)"
    );
    if Path::new("/usr/bin/apt-get").exists() {
        // A list that could not be renewed may still be good enough.
        if let Err(error) = step("package list (apt-get update)", &mut apt(&["update"])) {
            say(format!("{error:#}"));
        }
        let mut install = apt(&["install", "-y", "--no-install-recommends"]);
        install.args(missing.iter().map(|one| one.apt));
        step(&format!("{names} (apt-get install)"), &mut install).context(by_hand)
    } else if output(Command::new("brew").arg("--version")).is_ok() {
        let mut install = Command::new("brew");
        install
            .arg("install")
            .args(missing.iter().map(|one| one.brew));
        step(&format!("{names} (brew install)"), &mut install).context(by_hand)
    } else {
        bail!(by_hand)
    }
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("apt-get")
    } else {
        // Without a password or not at all: nobody is asked anything.
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    };
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// What a short command prints, or that it cannot be run.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
