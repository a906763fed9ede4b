//! A receiver of webhooks and a plain HTTP client, for the tests from the outside.
#![allow(dead_code, clippy::unwrap_used)]

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use sandbox::{Clock, Sandbox, SandboxConfig};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// What arrived, and what is answered.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    kept: Arc<Mutex<Vec<(String, String)>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            kept: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
        };
        let app = Router::new()
            .route("/hook", get(challenge).post(keep))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        receiver
    }

    /// Answers with that status from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// (signature, body) of everything that arrived.
    pub(crate) fn raw(&self) -> Vec<(String, String)> {
        self.kept.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.raw()
            .iter()
            .map(|(_, b)| serde_json::from_str(b).unwrap())
            .collect()
    }

    /// Every messaging item, in the order of arrival.
    pub(crate) fn items(&self) -> Vec<Value> {
        let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
        self.bodies()
            .iter()
            .flat_map(|b| list(&b["entry"]))
            .flat_map(|e| list(&e["messaging"]))
            .collect()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.items()
            .iter()
            .filter_map(|i| i["message"]["text"].as_str().map(Into::into))
            .collect()
    }
}

async fn challenge(Query(q): Query<HashMap<String, String>>) -> (StatusCode, String) {
    if q["hub.mode"] == "subscribe" && q["hub.verify_token"] == "verify" {
        (StatusCode::OK, q["hub.challenge"].clone())
    } else {
        (StatusCode::FORBIDDEN, String::new())
    }
}

async fn keep(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let status = receiver.status.load(Ordering::SeqCst);
    if status == 200 {
        let signature = headers["x-hub-signature-256"].to_str().unwrap().to_owned();
        receiver.kept.lock().unwrap().push((signature, body));
    }
    StatusCode::from_u16(status).unwrap()
}

/// A day in autumn 2026.
pub(crate) const START: i64 = 1_793_000_000_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A sandbox whose clock stands still, delivering to a receiver.
pub(crate) async fn start() -> (Sandbox, Receiver) {
    start_with(SandboxConfig::default()).await
}

pub(crate) async fn start_with(config: SandboxConfig) -> (Sandbox, Receiver) {
    let receiver = Receiver::start().await;
    let sandbox = Sandbox::start(SandboxConfig {
        clock: Clock::manual(START),
        ..config
    })
    .await;
    sandbox.set_callback(&receiver.url, "verify");
    (sandbox, receiver)
}

/// One client for all: loading certificates takes longer than a test. It keeps no connections,
/// since each test has a runtime of its own.
pub(crate) fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT
        .get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .build()
                .unwrap()
        })
        .clone()
}

/// A call with JSON body (POST) or without (GET, DELETE); status and answer.
pub(crate) async fn call(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let method = method.parse().unwrap();
    let mut request = client().request(method, format!("{}/v25.0/{path}", sandbox.url()));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Code and subcode of an error answer.
pub(crate) fn code(answer: &Value) -> (i64, i64) {
    let error = &answer["error"];
    (
        error["code"].as_i64().unwrap_or(0),
        error["error_subcode"].as_i64().unwrap_or(0),
    )
}
