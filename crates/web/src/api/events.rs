//! `/api/v1/events`: what was kept of a seller's own inbound events, with the reason.

use axum::extract::State;
use domain::EventId;
use serde::{Deserialize, Serialize};
use store::{EventState, KeptEvent, Requeue};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Path, Query};
use super::out::time;
use super::paging::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_events))
        .routes(routes!(replay_event))
}

/// An inbound event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventOut {
    /// The id.
    pub id: Uuid,
    /// `pending`, `done`, `failed` or `kept`.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// What kind of event.
    pub kind: String,
    /// Meta's `object`.
    pub object: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it arrived.
    pub received_at: String,
}

impl From<&KeptEvent> for EventOut {
    fn from(row: &KeptEvent) -> Self {
        Self {
            id: row.id.0,
            state: row.state.to_string(),
            reason: row.reason.clone(),
            kind: row.kind.clone(),
            object: row.object.clone(),
            attempts: row.attempts,
            received_at: time(row.received_at),
        }
    }
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// `failed` unless said; `kept`, `pending` or `done`.
    state: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the seller's inbound events in a state, newest first.
#[utoipa::path(
    get, path = "/events", tag = "events", params(EventsQuery),
    responses((status = 200, body = Listing<EventOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_events(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<EventsQuery>,
) -> Result<axum::Json<Listing<EventOut>>, Problem> {
    let shown: EventState = query
        .state
        .as_deref()
        .unwrap_or("failed")
        .parse()
        .map_err(|e: String| Problem::field("state", e))?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let limit = page.rows()?;
    let before: Option<EventId> = page
        .cursor
        .map(|text| {
            text.parse()
                .map_err(|_| Problem::field("cursor", "send back `next_cursor` as it was"))
        })
        .transpose()?;
    let rows = state
        .store()
        .seller(caller.seller)
        .events(shown, before, limit)
        .await?;
    let next_cursor = (rows.len() == limit as usize)
        .then(|| rows.last().map(|row| row.id.to_string()))
        .flatten();
    Ok(axum::Json(Listing {
        items: rows.iter().map(EventOut::from).collect(),
        next_cursor,
    }))
}

/// Run one of the seller's failed or kept events again.
#[utoipa::path(
    post, path = "/events/{id}/replay", tag = "events", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn replay_event(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::http::StatusCode, Problem> {
    let which = Requeue {
        states: vec![EventState::Failed, EventState::Kept],
        id: Some(EventId(id)),
        seller_id: Some(caller.seller),
        account_ids: Vec::new(),
    };
    if state.engine().replay_events(&which).await? > 0 {
        Ok(axum::http::StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("failed or kept event"))
    }
}
