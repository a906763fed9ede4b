//! The handshake and the events themselves. Meta counts anything but 200 as a failure and, after an
//! hour of failures, drops the subscription: 200 as soon as the events are on disk, not before.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::intake::Outcome;
use serde::Deserialize;

use crate::state::AppState;

/// The handshake's query; the names have dots in them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// `GET`: echoes the challenge when one of the verify tokens fits, else 403.
pub(super) async fn handshake(
    State(state): State<AppState>,
    query: Result<Query<Handshake>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let refused = || {
        text(
            StatusCode::FORBIDDEN,
            "The verify token does not fit. Type the one of INSTAGRAM_VERIFY_TOKEN or of the channel account into Meta's app configuration.\n",
        )
    };
    let Ok(Query(asked)) = query else {
        return refused();
    };
    let engine = state.engine();
    let (mode, token) = (asked.mode.as_deref(), asked.token.as_deref());
    match engine
        .handshake(mode, token, asked.challenge.as_deref())
        .await
    {
        Ok(Some(challenge)) => text(StatusCode::OK, challenge),
        Ok(None) => refused(),
        Err(error) => {
            tracing::error!("A webhook handshake was not answered: {error}");
            unavailable()
        }
    }
}

/// `POST`: 200 after the commit, 403 for a signature that does not hold, 413 over 4 MiB, 503 when
/// the store cannot take it.
pub(super) async fn take(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return text(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is larger than 4 MiB.\n",
            );
        }
        // The connection broke while the body was read; nobody reads this answer.
        Err(_) => return text(StatusCode::BAD_REQUEST, "The body ended early.\n"),
    };
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok());
    match state.engine().intake().take(signature, &body).await {
        Outcome::Accepted { .. } => text(StatusCode::OK, "EVENT_RECEIVED\n"),
        Outcome::BadSignature => text(
            StatusCode::FORBIDDEN,
            "The signature does not hold. Check that the app secret configured here is the one of the app that sends.\n",
        ),
        Outcome::Unavailable => unavailable(),
    }
}

fn unavailable() -> Response {
    let mut response = text(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not stored; send it again.\n",
    );
    response.headers_mut().insert(header::RETRY_AFTER, 5.into());
    response
}

fn text(status: StatusCode, body: &str) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        body.to_owned(),
    )
        .into_response()
}
