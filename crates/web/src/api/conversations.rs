//! `/api/v1/conversations`: conversations, their messages, replies, who speaks.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{ConversationId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Conversation, Message};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::out::time;
use super::paging::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations))
        .routes(routes!(get_conversation))
        .routes(routes!(list_messages))
        .routes(routes!(reply))
        .routes(routes!(take_over))
        .routes(routes!(hand_back))
}

/// One customer with one channel account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationOut {
    /// The id.
    pub id: Uuid,
    /// The channel account.
    pub account_id: Uuid,
    /// The customer.
    pub customer_id: Uuid,
    /// `instagram`, `messenger` or `whatsapp`.
    pub channel: String,
    /// The customer's language, ISO 639-1, where it showed.
    pub language: Option<String>,
    /// Until when Meta's 24-hour window is open.
    pub window_until: Option<String>,
    /// Until when a person speaks and the automation is quiet.
    pub hand_over_until: Option<String>,
    /// Messages that nobody has looked at on the dashboard.
    pub unread: i64,
    /// When the newest message was written.
    pub last_message_at: String,
    /// The newest message's words.
    pub last_text: Option<String>,
}

impl From<&Conversation> for ConversationOut {
    fn from(row: &Conversation) -> Self {
        Self {
            id: row.id.0,
            account_id: row.account_id.0,
            customer_id: row.customer_id.0,
            channel: row.channel.to_string(),
            language: row.language.clone(),
            window_until: row.window_until.map(time),
            hand_over_until: row.hand_over_until.map(time),
            unread: row.unread,
            last_message_at: time(row.last_message_at),
            last_text: row.last_text.clone(),
        }
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageOut {
    /// The id.
    pub id: Uuid,
    /// Meta's message id.
    pub mid: String,
    /// `in` or `out`.
    pub direction: String,
    /// `customer`, `automation` or `person`.
    pub sender: String,
    /// `text`, `image`, `postback`, ...
    pub kind: String,
    /// The words.
    pub text: Option<String>,
    /// `received`, `edited`, `deleted`, `sent`, `delivered`, `read` or `failed`.
    pub state: String,
    /// Why nothing was read from it, or why it was refused.
    pub reason: Option<String>,
    /// What the parser read, as it is stored.
    #[schema(value_type = Option<Object>)]
    pub reading: Option<serde_json::Value>,
    /// When it was written.
    pub at: String,
}

impl From<&Message> for MessageOut {
    fn from(row: &Message) -> Self {
        Self {
            id: row.id.0,
            mid: row.mid.clone(),
            direction: row.direction.to_string(),
            sender: row.sender.clone(),
            kind: row.kind.clone(),
            text: row.text.clone(),
            state: row.state.to_string(),
            reason: row.reason.clone(),
            reading: row
                .reading
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            at: time(row.at),
        }
    }
}

/// A cursor of lists that run by time.
pub(crate) fn before(cursor: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    cursor
        .map(|text| {
            text.parse()
                .map(Timestamp)
                .map_err(|_| Problem::field("cursor", "send back `next_cursor` as it was"))
        })
        .transpose()
}

/// List conversations, the latest first.
#[utoipa::path(
    get, path = "/conversations", tag = "conversations", params(PageQuery),
    responses((status = 200, body = Listing<ConversationOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_conversations(
    State(state): State<AppState>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Listing<ConversationOut>>, Problem> {
    let limit = page.rows()?;
    let seller = state.store().seller(caller.seller);
    let rows = seller
        .conversations(before(page.cursor.as_deref())?, limit)
        .await?;
    let next_cursor = (rows.len() == limit as usize)
        .then(|| rows.last().map(|row| row.last_message_at.0.to_string()))
        .flatten();
    Ok(axum::Json(Listing {
        items: rows.iter().map(ConversationOut::from).collect(),
        next_cursor,
    }))
}

async fn find(state: &AppState, caller: &Caller, id: Uuid) -> Result<Conversation, Problem> {
    let seller = state.store().seller(caller.seller);
    let row = seller.conversation(ConversationId(id)).await?;
    row.ok_or_else(|| Problem::not_found("conversation"))
}

/// Get a conversation.
#[utoipa::path(
    get, path = "/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_conversation(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ConversationOut>, Problem> {
    Ok(axum::Json((&find(&state, &caller, id).await?).into()))
}

/// List a conversation's messages: the newest page first, each page oldest first.
#[utoipa::path(
    get, path = "/conversations/{id}/messages", tag = "conversations", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Listing<MessageOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_messages(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Listing<MessageOut>>, Problem> {
    let limit = page.rows()?;
    let conversation = find(&state, &caller, id).await?;
    let seller = state.store().seller(caller.seller);
    let rows = seller
        .messages(conversation.id, before(page.cursor.as_deref())?, limit)
        .await?;
    let next_cursor = (rows.len() == limit as usize)
        .then(|| rows.first().map(|row| row.at.0.to_string()))
        .flatten();
    Ok(axum::Json(Listing {
        items: rows.iter().map(MessageOut::from).collect(),
        next_cursor,
    }))
}

/// What to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyIn {
    /// The words.
    pub text: String,
}

/// What will be sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplyOut {
    /// The outbox messages that carry the words, in order: long ones go in portions.
    pub outbox_ids: Vec<Uuid>,
}

/// Reply as a person. The automation keeps quiet in this conversation for a while.
///
/// Refused with 409 when Meta's window is closed.
#[utoipa::path(
    post, path = "/conversations/{id}/messages", tag = "conversations", params(("id" = Uuid, Path)), request_body = ReplyIn,
    responses((status = 202, body = ReplyOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn reply(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(reply): Json<ReplyIn>,
) -> Result<(StatusCode, axum::Json<ReplyOut>), Problem> {
    let ids = state
        .engine()
        .reply(caller.by(), ConversationId(id), &reply.text)
        .await?;
    let outbox_ids = ids.into_iter().map(|id| id.0).collect();
    Ok((StatusCode::ACCEPTED, axum::Json(ReplyOut { outbox_ids })))
}

/// Let a person speak: the automation keeps quiet until handed back. It goes on reading.
#[utoipa::path(
    post, path = "/conversations/{id}/take-over", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn take_over(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ConversationOut>, Problem> {
    state
        .engine()
        .take_over(caller.by(), ConversationId(id))
        .await?;
    Ok(axum::Json((&find(&state, &caller, id).await?).into()))
}

/// Let the automation speak again.
#[utoipa::path(
    post, path = "/conversations/{id}/hand-back", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn hand_back(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ConversationOut>, Problem> {
    state
        .engine()
        .hand_back(caller.by(), ConversationId(id))
        .await?;
    Ok(axum::Json((&find(&state, &caller, id).await?).into()))
}
