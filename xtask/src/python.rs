//! Programs from PyPI, in a virtual environment of this working tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::progress::step;
use crate::project;

/// The packages of the tests of the API by its document.
pub const SCHEMATHESIS: &str = "tests/schemathesis/requirements.txt";
/// The library that receivers of webhooks verify with, for their test.
pub const WEBHOOKS: &str = "tests/webhooks/requirements.txt";

const PYTHON: &str = "python3";
/// The file in an environment that has the text of the list it was made from.
const MADE_FROM: &str = "made-from.txt";

/// The Python of an environment with exactly the packages of this list, a file of
/// pinned versions as pip reads it. Made anew whenever the list changes.
pub fn venv(requirements: &Path) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let name = requirements
        .parent()
        .and_then(Path::file_name)
        .context("a list of packages lies in a folder, whose name the environment gets")?;
    let folder = project::state().join("python").join(name);
    let python = folder.join("bin/python");
    let copy = folder.join(MADE_FROM);
    if fs::read_to_string(&copy).is_ok_and(|installed| installed == wanted) && starts(&python) {
        return Ok(python);
    }
    if !starts(Path::new(PYTHON)) {
        bail!(
            "Python 3.10 or newer is needed (apt-get install python3 python3-venv, brew install python)"
        );
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    }
    step(
        "Python environment",
        Command::new(PYTHON).args(["-m", "venv"]).arg(&folder),
    )
    .context("where venv is a package of its own: apt-get install python3-venv")?;
    step(
        "packages from PyPI (pip install)",
        Command::new(&python)
            .args(["-m", "pip", "install", "--no-deps", "--only-binary=:all:"])
            .args(["--disable-pip-version-check", "--no-input", "-r"])
            .arg(requirements),
    )
    .context("the package index must be reachable once; later runs need no network")?;
    fs::write(copy, wanted)?;
    Ok(python)
}

/// Whether the machine's Python has what [`venv`] needs.
pub(crate) fn makes_environments() -> bool {
    // Without the packages of its own, Debian's has `venv` and lacks `ensurepip`.
    runs(Path::new(PYTHON), "import ensurepip, venv")
}

/// Whether a Python starts there.
fn starts(python: &Path) -> bool {
    let check = "import sys; sys.exit(sys.version_info < (3, 10))";
    runs(python, check)
}

/// Whether this Python runs a line of code to a good end.
fn runs(python: &Path, line: &str) -> bool {
    let status = Command::new(python)
        .args(["-c", line])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
