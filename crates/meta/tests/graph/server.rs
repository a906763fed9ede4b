//! The recording server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use meta::graph::{App, Config, Graph};

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Method and address without the proof, which has a test of its own.
    pub(crate) fn line(&self) -> String {
        let uri = self.uri.split("appsecret_proof").next().unwrap_or_default();
        format!("{} {}", self.method, uri.trim_end_matches(['?', '&']))
    }
}

/// An answer of the script: status, headers, body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

#[derive(Clone, Default)]
struct State {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Mutex<VecDeque<Answer>>>,
}

/// The server, and a client that is pointed at it.
pub(crate) struct Meta {
    pub(crate) graph: Graph,
    pub(crate) url: String,
    state: State,
}

pub(crate) const SECRET: &str = "planted-app-secret";
pub(crate) const TOKEN: &str = "planted-token";

pub(crate) fn config(url: &str) -> Config {
    // Every test may come first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let app = |id: &str| App {
        id: id.into(),
        secret: SECRET.to_owned().into(),
    };
    Config {
        timeout: Duration::from_millis(300),
        app: Some(app("fb-app")),
        ig_app: Some(app("ig-app")),
        ..Config::at(url)
    }
}

impl Meta {
    pub(crate) async fn start() -> Self {
        let state = State::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let handler = state.clone();
        let router = axum::Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
                let body = String::from_utf8(body.to_vec()).unwrap();
                let asked = Asked {
                    method,
                    uri: uri.to_string(),
                    headers,
                    body,
                };
                handler.asked.lock().unwrap().push(asked);
                let next = handler.script.lock().unwrap().pop_front();
                let (status, headers, body) = next.unwrap_or((200, vec![], "{}".into()));
                let mut answer = axum::response::Response::new(axum::body::Body::from(body));
                *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    answer.headers_mut().insert(name, value.parse().unwrap());
                }
                answer
            },
        );
        tokio::spawn(async move { axum::serve(listener, router).await });
        let graph = Graph::new(config(&url)).unwrap();
        Self { graph, url, state }
    }

    pub(crate) fn will_answer(&self, status: u16, body: impl Into<String>) -> &Self {
        self.will_answer_with(status, vec![], body)
    }

    pub(crate) fn will_answer_with(
        &self,
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: impl Into<String>,
    ) -> &Self {
        self.state
            .script
            .lock()
            .unwrap()
            .push_back((status, headers, body.into()));
        self
    }

    /// The last that was asked.
    pub(crate) fn asked(&self) -> Asked {
        self.state.asked.lock().unwrap().last().cloned().unwrap()
    }

    pub(crate) fn asked_times(&self) -> usize {
        self.state.asked.lock().unwrap().len()
    }
}
