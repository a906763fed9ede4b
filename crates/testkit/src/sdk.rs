//! Meta's own Python SDK, for tests that ask it instead of us: installed from PyPI into a virtual
//! environment below the target directory when it is not there yet, and shared by all tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new release of the SDK cannot change what a test means.
const PACKAGE: &str = "facebook_business==26.0.3";

/// Runs a Python script with the SDK at hand; what it printed. `directory` is the test's
/// `CARGO_TARGET_TMPDIR`.
///
/// # Panics
/// When the script fails, with what it said, or the SDK cannot be installed.
#[must_use]
pub fn run_with_sdk(directory: &str, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(python(Path::new(directory)));
    run("the script", command.arg(script).args(arguments))
}

/// Runs a command; what it printed.
fn run(what: &str, command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{what}: {error}. This test needs python3 with venv and pip (Debian: apt-get install python3-venv)")
    });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} failed:\n{text}\n{errors}");
    text
}

/// The Python of the environment that holds the SDK, made when missing.
fn python(directory: &Path) -> PathBuf {
    let root = directory.join("meta-sdk");
    let python = root.join("bin/python");
    // Tests of several programs may come here at once; the lock goes with the file's handle.
    let making = File::create(directory.join("meta-sdk.lock"));
    let making = making.expect("the target directory can be written");
    making.lock().expect("a file can be locked");
    let marker = root.join(PACKAGE);
    if !marker.exists() {
        run(
            "making a virtual environment",
            Command::new("python3").args(["-m", "venv"]).arg(&root),
        );
        run(
            "installing Meta's SDK with pip (PyPI must be reachable)",
            Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]),
        );
        std::fs::write(marker, "").expect("the target directory can be written");
    }
    python
}
