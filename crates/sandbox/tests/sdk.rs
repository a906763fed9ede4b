//! Meta's own Python SDK performs page, message, token and catalog calls against the sandbox.

use sandbox::{Sandbox, SandboxConfig};
use testkit::run_with_sdk;

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_sdk_finds_the_graph_api_it_expects() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await;
    let url = sandbox.url();
    let printed = tokio::task::spawn_blocking(move || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/run_sdk.py");
        run_with_sdk(env!("CARGO_TARGET_TMPDIR"), script, &[&url])
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
