//! The pinned tools, and how each is installed.
//!
//! Everything comes from a package registry: crates by `cargo install`, npm
//! packages by `npm ci`, redis-server and a browser by the machine's package
//! manager. A tool
//! that is there in the right version is left alone, so a second call takes less
//! than a second.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use crate::cargo::cargo;
use crate::progress::{say, step};
use crate::{project, python};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// What the tools are needed for; each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum For {
    /// Only building the Workers.
    Building,
    /// Running the stack too, which takes a redis-server.
    Running,
    /// Running every check too, which takes cargo-deny, a browser, promtool, and some
    /// compilers and interpreters.
    Testing,
}

/// A program that `cargo install` compiles.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
    needed_for: For,
}

const CARGO_TOOLS: [CargoTool; 3] = [
    CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        // Must be the version of the crate `wasm-bindgen` in `Cargo.toml`.
        version: "0.2.129",
        needed_for: For::Building,
    },
    CargoTool {
        package: "worker-build",
        program: "worker-build",
        // Follows the version of the crate `worker`.
        version: "0.8.7",
        needed_for: For::Building,
    },
    CargoTool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: "0.20.2",
        needed_for: For::Testing,
    },
];

/// Checks for every tool and installs those that are missing.
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
                system_packages(&PROGRAMS)?;
                python_venv()?;
                for list in [python::SCHEMATHESIS, python::WEBHOOKS] {
                    python::venv(&project::root().join(list))?;
                }
                browser()?;
            }
            Ok(())
        });
        let compiled = cargo_tools(purpose);
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

fn cargo_tools(purpose: For) -> Result<()> {
    let mut compiled = false;
    for tool in CARGO_TOOLS.iter().filter(|one| one.needed_for <= purpose) {
        let CargoTool {
            package,
            program,
            version,
            ..
        } = tool;
        let installed = output(Command::new(project::cargo_bin(program)).arg("--version"));
        if installed.is_ok_and(|text| text.split_whitespace().any(|word| word == *version)) {
            continue;
        }
        compiled = true;
        step(
            &format!("{package} {version} (compiled once)"),
            // One target folder lets the second reuse what the first compiled;
            // the dev profile compiles in half the time, and these programs
            // have little to do.
            cargo("install")
                .args(["--force", "--no-default-features", "--profile", "dev"])
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
    // npm itself keeps no copy of the lock file that could be compared.
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

/// What the tests run beyond the languages: the programs that the documents' commands
/// call, and what checks metrics and alerts.
const PROGRAMS: [Package; 3] = [
    Package {
        program: "curl",
        apt: "curl",
        brew: "curl",
    },
    Package {
        program: "jq",
        apt: "jq",
        brew: "jq",
    },
    Package {
        program: "promtool",
        apt: "prometheus",
        brew: "prometheus",
    },
];

/// What makes environments of Python, which Debian and Ubuntu ship by itself.
const PYTHON_VENV: Package = Package {
    program: "python3-venv",
    apt: "python3-venv",
    brew: "python",
};

fn python_venv() -> Result<()> {
    match python::makes_environments() {
        true => Ok(()),
        false => install(&[&PYTHON_VENV], &[]),
    }
}

fn system_packages(packages: &[Package]) -> Result<()> {
    let missing: Vec<&Package> = packages
        .iter()
        .filter(|one| !is_there(one.program.as_ref()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing, &[])
}

/// Whether a program answers `--version`.
fn is_there(program: &OsStr) -> bool {
    output(Command::new(program).arg("--version")).is_ok()
}

/// The machine's package manager, of those that are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    /// Debian's and Ubuntu's.
    Apt,
    /// Homebrew.
    Brew,
}

/// Finds it.
pub(crate) fn manager() -> Option<Manager> {
    if Path::new("/usr/bin/apt-get").exists() {
        Some(Manager::Apt)
    } else if output(Command::new("brew").arg("--version")).is_ok() {
        Some(Manager::Brew)
    } else {
        None
    }
}

/// Installs packages; `brew_flags` are for Homebrew only.
fn install(missing: &[&Package], brew_flags: &[&str]) -> Result<()> {
    let names: Vec<&str> = missing.iter().map(|one| one.program).collect();
    let names = names.join(", ");
    let by_hand = format!(
        "{names}: needed, and could not be installed; install with the machine's package manager \
         (apt-get install, brew install, …)"
    );
    let manager = manager();
    if manager == Some(Manager::Apt) {
        // The list that is there may still be recent enough.
        if let Err(error) = step("package list (apt-get update)", &mut apt(&["update"])) {
            say(format!("{error:#}"));
        }
        let mut install = apt(&["install", "-y", "--no-install-recommends"]);
        install.args(missing.iter().map(|one| one.apt));
        step(&format!("{names} (apt-get install)"), &mut install).context(by_hand)
    } else if manager == Some(Manager::Brew) {
        let mut install = Command::new("brew");
        install
            .arg("install")
            .args(brew_flags)
            .args(missing.iter().map(|one| one.brew));
        step(&format!("{names} (brew install)"), &mut install).context(by_hand)
    } else {
        bail!(by_hand)
    }
}

/// Names the browser of the page's tests, if it is not one of [`BROWSERS`].
pub const CHROMIUM: &str = "CHROMIUM";

/// Browsers that the page's tests can be run in, as they are called by system.
const BROWSERS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser that is installed where there is none.
const BROWSER: Package = Package {
    program: "chromium",
    apt: "chromium",
    brew: "google-chrome",
};

/// The browser that the page's tests are run in.
pub fn chromium() -> Result<PathBuf> {
    let named = std::env::var_os(CHROMIUM).filter(|name| !name.is_empty());
    find_browser(
        named.as_deref(),
        &std::env::var_os("PATH").unwrap_or_default(),
    )
}

/// Installs a browser if there is none.
fn browser() -> Result<()> {
    let named = std::env::var_os(CHROMIUM).is_some_and(|name| !name.is_empty());
    let Err(error) = chromium() else {
        return Ok(());
    };
    if named {
        return Err(error);
    }
    install(&[&BROWSER], &["--cask"])
        .and_then(|()| chromium().map(drop))
        .context(
            "the page's tests need Chromium or Chrome; where it is not on the PATH, the variable \
             CHROMIUM names the program",
        )
}

/// The browser that is `named`, or the first of [`BROWSERS`] in the folders of
/// `path`. One that does not start counts as absent: a distribution's name for a
/// package that it does not ship may be such a program.
fn find_browser(named: Option<&OsStr>, path: &OsStr) -> Result<PathBuf> {
    if let Some(named) = named {
        if is_there(named) {
            return Ok(named.into());
        }
        bail!(
            "CHROMIUM={}: no browser starts by that name",
            named.display()
        );
    }
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    BROWSERS
        .iter()
        // An absolute one replaces the folder.
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file() && is_there(program.as_os_str()))
        .with_context(|| format!("there is none of {}", BROWSERS.join(", ")))
}

/// `apt-get`, as root.
pub(crate) fn apt(arguments: &[&str]) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("apt-get")
    } else {
        // -n: fails instead of asking for a password.
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    };
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The standard output of a short command; an error if it fails.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_browser_is_the_first_that_starts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, script: &str| {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let find = || find_browser(None, folder.path().as_os_str()).ok();
        assert_eq!(find(), None);
        let chrome = put("google-chrome", "exit 0");
        assert_eq!(find().as_ref(), Some(&chrome));
        // As Ubuntu's, which only says what to install.
        let stub = put("chromium-browser", "exit 1");
        assert_eq!(find().as_ref(), Some(&chrome));
        let chromium = put("chromium", "exit 0");
        assert_eq!(find(), Some(chromium));

        let named = |path: &Path| find_browser(Some(path.as_os_str()), OsStr::new(""));
        assert_eq!(named(&chrome).unwrap(), chrome);
        let error = named(&stub).unwrap_err().to_string();
        assert!(error.contains("CHROMIUM="), "{error}");
    }
}
