//! Meta's own Python SDK performs page, message, token and catalog calls against the sandbox.
//!
//! The package `facebook_business` is installed from PyPI into a virtual environment under the
//! target directory when it is not there yet.

use sandbox::{Sandbox, SandboxConfig};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new release of the SDK cannot change what the test means.
const PACKAGE: &str = "facebook_business==26.0.3";

/// Runs a command; what went wrong, in words, with what it printed.
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
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("meta-sdk");
    let python = root.join("bin/python");
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

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_sdk_finds_the_graph_api_it_expects() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await;
    let url = sandbox.url();
    let printed = tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/run_sdk.py");
        run("the SDK run", Command::new(python()).arg(script).arg(url))
    })
    .await
    .unwrap();
    println!("{printed}");
    assert!(printed.contains("ok "), "{printed}");
    let calls = sandbox.calls();
    assert!(
        calls
            .iter()
            .any(|c| c.endpoint == "items_batch" && c.status == 200)
    );
    let kept = serde_json::to_string(&calls).unwrap();
    for secret in [sandbox.app().secret, sandbox.account().user_token] {
        assert!(
            !kept.contains(&secret),
            "a secret is in the record of calls"
        );
    }
}
