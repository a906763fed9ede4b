//! `/api/v1/accounts`: the seller's channel accounts. Tokens never leave the server.

use axum::extract::State;
use domain::AccountId;
use serde::Serialize;
use store::ChannelAccount;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::Path;
use super::out::time;
use super::paging::Listing;
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts))
        .routes(routes!(get_account))
}

/// A seller's identity on a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountOut {
    /// The id.
    pub id: Uuid,
    /// `instagram`, `messenger` or `whatsapp`.
    pub channel: String,
    /// The name.
    pub name: String,
    /// The handle.
    pub username: Option<String>,
    /// The Instagram account's id.
    pub instagram_account_id: Option<String>,
    /// The Facebook page's id.
    pub page_id: Option<String>,
    /// WhatsApp's phone number id.
    pub whatsapp_phone_number_id: Option<String>,
    /// `active`, `needs_reconnect` or `disconnected`.
    pub state: String,
    /// Why.
    pub state_reason: Option<String>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the token ends; null: never, or unknown.
    pub token_expires_at: Option<String>,
    /// When an event last came for it.
    pub last_event_at: Option<String>,
    /// When it was connected first.
    pub created_at: String,
}

impl From<&ChannelAccount> for AccountOut {
    fn from(row: &ChannelAccount) -> Self {
        Self {
            id: row.id.0,
            channel: row.channel.to_string(),
            name: row.name.clone(),
            username: row.username.clone(),
            instagram_account_id: row.instagram_account_id.clone(),
            page_id: row.page_id.clone(),
            whatsapp_phone_number_id: row.whatsapp_phone_number_id.clone(),
            state: row.state.to_string(),
            state_reason: row.state_reason.clone(),
            scopes: row.scopes.clone(),
            token_expires_at: row.token_expires_at.map(time),
            last_event_at: row.last_event_at.map(time),
            created_at: time(row.created_at),
        }
    }
}

/// List the channel accounts.
#[utoipa::path(
    get, path = "/accounts", tag = "accounts",
    responses((status = 200, body = Listing<AccountOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_accounts(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<Listing<AccountOut>>, Problem> {
    let rows = state.store().seller(caller.seller).accounts().await?;
    Ok(axum::Json(Listing {
        items: rows.iter().map(AccountOut::from).collect(),
        next_cursor: None,
    }))
}

/// Get a channel account.
#[utoipa::path(
    get, path = "/accounts/{id}", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_account(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<AccountOut>, Problem> {
    let row = state
        .store()
        .seller(caller.seller)
        .account(AccountId(id))
        .await?;
    let row = row.ok_or_else(|| Problem::not_found("channel account"))?;
    Ok(axum::Json((&row).into()))
}
