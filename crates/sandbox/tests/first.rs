//! The way of one DM and its answer through the sandbox, from the outside.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use sandbox::{Fault, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Received = Arc<Mutex<Vec<(String, String)>>>;

/// An endpoint that answers 200 and keeps (signature, body).
async fn receiver() -> (String, Received) {
    let received = Received::default();
    let app = Router::new()
        .route(
            "/hook",
            post(
                |State(kept): State<Received>, headers: HeaderMap, body: String| async move {
                    let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
                    kept.lock().unwrap().push((signature, body));
                },
            ),
        )
        .with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, received)
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn send(sandbox: &Sandbox, token: &str, to: &str, text: &str) -> (u16, Value) {
    let url = format!(
        "{}/v25.0/{}/messages",
        sandbox.url(),
        sandbox.account().page_id.unwrap()
    );
    let answer = client()
        .post(url)
        .bearer_auth(token)
        .json(&json!({"recipient": {"id": to}, "message": {"text": text}}))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_dm_is_answered_and_echoed() {
    let (url, received) = receiver().await;
    let sandbox = Sandbox::start(SandboxConfig::default()).await;
    sandbox.set_callback(url, "verify");
    let ana = sandbox.customer("ana");
    let mid = ana.say("2 cafés ☕ please");
    sandbox.drain().await;
    let token = sandbox.account().access_token;
    let (status, answer) = send(&sandbox, &token, ana.id(), "Two it is").await;
    assert_eq!(status, 200);
    sandbox.drain().await;

    let got = received.lock().unwrap().clone();
    assert_eq!(got.len(), 2);
    assert!(
        got[0].1.contains(r"caf\u00e9s \u2615"),
        "non-ASCII is escaped: {}",
        got[0].1
    );
    let dm: Value = serde_json::from_str(&got[0].1).unwrap();
    assert_eq!(dm["object"], "instagram");
    assert_eq!(
        dm["entry"][0]["id"],
        sandbox.account().instagram_account_id.as_str()
    );
    let item = &dm["entry"][0]["messaging"][0];
    assert_eq!(item["sender"]["id"], ana.id());
    assert_eq!(item["message"]["mid"], mid.as_str());
    let echo: Value = serde_json::from_str(&got[1].1).unwrap();
    let item = &echo["entry"][0]["messaging"][0];
    assert_eq!(item["message"]["is_echo"], true);
    assert_eq!(item["message"]["mid"], answer["message_id"]);
    assert_eq!(item["recipient"]["id"], ana.id());
    assert_eq!(sandbox.sent().len(), 1);
    assert_eq!(sandbox.deliveries().len(), 2);
}

#[tokio::test]
async fn bad_tokens_windows_and_strangers_are_refused() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let token = sandbox.account().access_token;
    let code = |v: &Value| {
        (
            v["error"]["code"].as_i64(),
            v["error"]["error_subcode"].as_i64(),
        )
    };

    let (status, answer) = send(&sandbox, "EAABwrong", ana.id(), "x").await;
    assert_eq!((status, code(&answer)), (401, (Some(190), None)));
    let (_, answer) = send(&sandbox, &token, "999", "x").await;
    assert_eq!(code(&answer), (Some(100), Some(2_018_001)));
    sandbox.advance(24 * 3_600_000 + 1000);
    let (_, answer) = send(&sandbox, &token, ana.id(), "x").await;
    assert_eq!(code(&answer), (Some(10), Some(2_534_022)));
    assert!(sandbox.sent().is_empty());
}

#[tokio::test]
async fn a_cut_connection_hides_whether_it_was_sent() {
    let sandbox = Sandbox::start(SandboxConfig::default()).await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let account = sandbox.account();
    let url = format!("{}/v25.0/me/messages", sandbox.url());
    let post = || {
        client()
            .post(&url)
            .bearer_auth(&account.access_token)
            .json(&json!({"recipient": {"id": ana.id()}, "message": {"text": "x"}}))
            .send()
    };
    sandbox.next_calls(1, "messages", Fault::CutBefore);
    assert!(post().await.is_err());
    assert_eq!(sandbox.sent().len(), 0);
    sandbox.next_calls(1, "messages", Fault::CutAfter);
    assert!(post().await.is_err());
    assert_eq!(sandbox.sent().len(), 1);
    sandbox.next_calls(1, "messages", Fault::Text200);
    let answer = post().await.unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.text().await.unwrap().as_str()
        ),
        (200, "Service Unavailable")
    );
    assert!(post().await.unwrap().status().is_success());
    assert_eq!(sandbox.sent().len(), 2);
    assert_eq!(sandbox.calls().iter().filter(|c| c.status == 0).count(), 2);
}
