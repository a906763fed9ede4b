//! Test routes for development, on the addresses of the first Eziseller. They exist only with
//! `EZISELLER_ENV=development`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::intake::Outcome;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(super) fn router() -> Router<AppState> {
    Router::new().route("/api/instagram/dm/test", get(figures).post(write))
}

/// What the server holds: the figures of `eziseller stats`.
async fn figures(State(state): State<AppState>) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(state.store().stats().await?))
}

/// A DM as a customer would write it.
#[derive(Debug, Deserialize)]
struct TestMessage {
    /// The account that it goes to; left out: `INSTAGRAM_PAGE_ID`.
    account_id: Option<String>,
    /// Who writes.
    #[serde(default = "somebody")]
    sender_id: String,
    /// The words.
    text: String,
}

fn somebody() -> String {
    "900000000000001".to_owned()
}

/// The event that was made of it.
#[derive(Debug, Serialize)]
struct Written {
    mid: String,
}

/// Takes a DM in as if Meta had sent it: signed with our own secret, through the same intake.
async fn write(
    State(state): State<AppState>,
    Json(message): Json<TestMessage>,
) -> Result<Json<Written>, Problem> {
    let account = message
        .account_id
        .or_else(|| state.config().test_account_id.clone())
        .ok_or_else(|| {
            Problem::unprocessable("account_id: name the account, or set INSTAGRAM_PAGE_ID")
        })?;
    let secrets = state.engine().config().secrets.list();
    let secret = secrets
        .iter()
        .find(|secret| secret.kind != meta::signature::SecretKind::Whatsapp)
        .ok_or_else(|| {
            Problem::conflict(
                "Set INSTAGRAM_APP_SECRET or META_APP_SECRET: the test message is signed with it.",
            )
        })?;
    let now = state.now().0;
    let mid = format!("m_test_{}", uuid::Uuid::now_v7().simple());
    let body = serde_json::json!({
        "object": "instagram",
        "entry": [{"id": account, "time": now, "messaging": [{
            "sender": {"id": message.sender_id},
            "recipient": {"id": account},
            "timestamp": now,
            "message": {"mid": mid, "text": message.text},
        }]}],
    })
    .to_string();
    let signature = meta::signature::sign(&secret.secret, body.as_bytes());
    match state
        .engine()
        .intake()
        .take(Some(&signature), body.as_bytes())
        .await
    {
        Outcome::Accepted { .. } => Ok(Json(Written { mid })),
        Outcome::BadSignature => Err(Problem::internal("a body that we signed was refused")),
        Outcome::Unavailable => Err(Problem::unavailable()),
    }
}
