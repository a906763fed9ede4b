//! For those who watch over the server: is it alive, can it work, what does it count.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::state::AppState;

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and its schema is the one we know.
pub(crate) async fn readyz(State(state): State<AppState>) -> Response {
    match state.store().ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!("Not ready: {error}");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "5")],
                "not ready: the database does not answer\n",
            )
                .into_response()
        }
    }
}

/// `GET /metrics`: Prometheus' text format.
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        state.metrics(),
    )
        .into_response()
}
