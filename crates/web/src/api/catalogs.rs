//! `/api/v1/catalogs` and `/api/v1/sync-runs`: the catalogues at Meta, and what was sent to them.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::catalog::RetailerId;
use domain::{AccountId, CatalogId, SyncRunId};
use engine::changes::Subject;
use engine::sync::{CatalogSettings, SyncCause, SyncKind};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use store::{Catalog, CatalogItem, SyncRun};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::out::time;
use super::paging::{Listing, PageQuery};
use crate::limits;
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_catalogs, create_catalog))
        .routes(routes!(list_catalogs_at_meta))
        .routes(routes!(connect_catalog))
        .routes(routes!(get_catalog, update_catalog))
        .routes(routes!(disconnect_catalog))
        .routes(routes!(list_catalog_items))
        .routes(routes!(appeal_catalog_item))
        .routes(routes!(send_catalog_item))
        .routes(routes!(start_sync))
        .routes(routes!(list_sync_runs))
        .routes(routes!(get_sync_run))
        .routes(routes!(list_sync_log))
        .routes(routes!(follow_sync_run))
}

/// A seller's catalogue at Meta.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogOut {
    /// The id.
    pub id: Uuid,
    /// Meta's id.
    pub external_id: String,
    /// The name.
    pub name: String,
    /// The account whose token manages it.
    pub account_id: Option<Uuid>,
    /// `pending`, `syncing`, `active`, `partial`, `pending_approval`, `error` or `disabled`.
    pub status: String,
    /// Why.
    pub status_reason: Option<String>,
    /// Whether it syncs by itself, on change and by schedule.
    pub auto_sync: bool,
    /// How often, in seconds.
    pub sync_interval: i64,
    /// When it syncs next by itself.
    pub next_sync_at: Option<String>,
    /// When it was connected first.
    pub created_at: String,
}

impl From<&Catalog> for CatalogOut {
    fn from(row: &Catalog) -> Self {
        Self {
            id: row.id.0,
            external_id: row.external_id.clone(),
            name: row.name.clone(),
            account_id: row.account_id.map(|id| id.0),
            status: row.status.clone(),
            status_reason: row.status_reason.clone(),
            auto_sync: row.auto_sync,
            sync_interval: row.sync_interval / 1_000,
            next_sync_at: row.next_sync_at.map(time),
            created_at: time(row.created_at),
        }
    }
}

/// A catalogue as Meta lists it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetaCatalogOut {
    /// Meta's id.
    pub external_id: String,
    /// The name.
    pub name: Option<String>,
    /// How many products are in it.
    pub product_count: Option<i64>,
}

/// A product or variant in a catalogue, with the truth about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogItemOut {
    /// The seller's own id of it.
    pub retailer_id: String,
    /// The product it is a variant of.
    pub item_group_id: Option<String>,
    /// Meta's id.
    pub external_id: Option<String>,
    /// `pending`, `held_back`, `sent`, `accepted`, `under_review`, `visible`, `rejected`,
    /// `review_rejected`, `deleting`, `deleted` or `foreign`.
    pub state: String,
    /// Meta's review status.
    pub review_status: Option<String>,
    /// What Meta or our own check says of it.
    pub messages: Vec<String>,
    /// When it was last changed.
    pub updated_at: String,
}

impl From<&CatalogItem> for CatalogItemOut {
    fn from(row: &CatalogItem) -> Self {
        Self {
            retailer_id: row.retailer_id.to_string(),
            item_group_id: row.group_id.clone(),
            external_id: row.external_id.clone(),
            state: row.state.clone(),
            review_status: row.review.clone(),
            messages: serde_json::from_str(&row.messages).unwrap_or_default(),
            updated_at: time(row.updated_at),
        }
    }
}

/// One push of a catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncRunOut {
    /// The id.
    pub id: Uuid,
    /// The catalogue.
    pub catalog_id: Uuid,
    /// `full` or `incremental`.
    pub kind: String,
    /// `hand`, `schedule`, `change` or `resume`.
    pub cause: String,
    /// `running`, `success`, `partial` or `failed`.
    pub status: String,
    /// Why it is not a success.
    pub reason: Option<String>,
    /// Items to be sent.
    pub total: i64,
    /// Items sent.
    pub sent: i64,
    /// Items that Meta took.
    pub accepted: i64,
    /// Items that Meta refused.
    pub rejected: i64,
    /// Items deleted at Meta.
    pub deleted: i64,
    /// Items not sent because Meta would refuse them.
    pub held_back: i64,
    /// Calls made.
    pub calls: i64,
    /// When it may go on, where a limit stopped it.
    pub resume_at: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

impl From<&SyncRun> for SyncRunOut {
    fn from(row: &SyncRun) -> Self {
        Self {
            id: row.id.0,
            catalog_id: row.catalog_id.0,
            kind: row.kind.clone(),
            cause: row.cause.clone(),
            status: row.status.clone(),
            reason: row.reason.clone(),
            total: row.total,
            sent: row.sent,
            accepted: row.accepted,
            rejected: row.rejected,
            deleted: row.deleted,
            held_back: row.held_back,
            calls: row.calls,
            resume_at: row.resume_at.map(time),
            started_at: time(row.started_at),
            ended_at: row.ended_at.map(time),
        }
    }
}

/// A line of a run's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncLogOut {
    /// The id.
    pub id: Uuid,
    /// When.
    pub at: String,
    /// `info`, `warning` or `error`.
    pub level: String,
    /// Which item.
    pub retailer_id: Option<String>,
    /// In words.
    pub message: String,
}

/// List the catalogues.
#[utoipa::path(
    get, path = "/catalogs", tag = "catalogs",
    responses((status = 200, body = Listing<CatalogOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_catalogs(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<Listing<CatalogOut>>, Problem> {
    let rows = state.store().seller(caller.seller).catalogs().await?;
    Ok(axum::Json(Listing {
        items: rows.iter().map(CatalogOut::from).collect(),
        next_cursor: None,
    }))
}

/// A catalogue to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewCatalog {
    /// The account whose business will own it.
    pub account_id: Uuid,
    /// The name.
    pub name: String,
}

/// Make a catalogue at Meta and connect it.
#[utoipa::path(
    post, path = "/catalogs", tag = "catalogs", request_body = NewCatalog,
    responses((status = 201, body = CatalogOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn create_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewCatalog>,
) -> Result<impl IntoResponse, Problem> {
    let account = AccountId(new.account_id);
    let made = state
        .engine()
        .create_catalog(caller.seller, account, &new.name)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(CatalogOut::from(&made))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfAccount {
    /// The account.
    account_id: Uuid,
}

/// List the catalogues at Meta that an account may use.
#[utoipa::path(
    get, path = "/catalogs/at-meta", tag = "catalogs", params(OfAccount),
    responses((status = 200, body = Listing<MetaCatalogOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_catalogs_at_meta(
    State(state): State<AppState>,
    caller: Caller,
    Query(of): Query<OfAccount>,
) -> Result<axum::Json<Listing<MetaCatalogOut>>, Problem> {
    let account = AccountId(of.account_id);
    let found = state
        .engine()
        .catalogs_at_meta(caller.seller, account)
        .await?;
    let items = found
        .into_iter()
        .map(|catalog| MetaCatalogOut {
            external_id: catalog.id,
            name: catalog.name,
            product_count: catalog.product_count,
        })
        .collect();
    Ok(axum::Json(Listing {
        items,
        next_cursor: None,
    }))
}

/// An existing catalogue to be connected.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ConnectCatalog {
    /// The account whose token manages it.
    pub account_id: Uuid,
    /// Meta's id of the catalogue.
    pub external_id: String,
    /// The name to show; left out: its id.
    pub name: Option<String>,
}

/// Connect an existing catalogue. One that was connected before keeps its id, items and runs.
#[utoipa::path(
    post, path = "/catalogs/connect", tag = "catalogs", request_body = ConnectCatalog,
    responses((status = 200, body = CatalogOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn connect_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Json(connect): Json<ConnectCatalog>,
) -> Result<axum::Json<CatalogOut>, Problem> {
    let account = AccountId(connect.account_id);
    let name = connect.name.unwrap_or_else(|| connect.external_id.clone());
    let engine = state.engine();
    let connected = engine
        .connect_catalog(caller.seller, account, &connect.external_id, &name)
        .await?;
    Ok(axum::Json((&connected).into()))
}

async fn found(state: &AppState, caller: &Caller, id: Uuid) -> Result<Catalog, Problem> {
    let row = state
        .store()
        .seller(caller.seller)
        .catalog(CatalogId(id))
        .await?;
    row.ok_or_else(|| Problem::not_found("catalog"))
}

/// Get a catalogue.
#[utoipa::path(
    get, path = "/catalogs/{id}", tag = "catalogs", params(("id" = Uuid, Path)),
    responses((status = 200, body = CatalogOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<CatalogOut>, Problem> {
    Ok(axum::Json((&found(&state, &caller, id).await?).into()))
}

/// What may be set of a catalogue; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CatalogPatch {
    /// Whether it syncs by itself.
    pub auto_sync: Option<bool>,
    /// How often, in seconds; at least 900.
    pub sync_interval: Option<i64>,
}

/// Change a catalogue's settings.
#[utoipa::path(
    patch, path = "/catalogs/{id}", tag = "catalogs", params(("id" = Uuid, Path)), request_body = CatalogPatch,
    responses((status = 200, body = CatalogOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn update_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(patch): Json<CatalogPatch>,
) -> Result<axum::Json<CatalogOut>, Problem> {
    let settings = CatalogSettings {
        auto_sync: patch.auto_sync,
        sync_interval: patch
            .sync_interval
            .map(|seconds| seconds.saturating_mul(1_000)),
    };
    let set = state
        .engine()
        .set_catalog(caller.seller, CatalogId(id), settings)
        .await?;
    Ok(axum::Json((&set).into()))
}

/// Stop syncing a catalogue. At Meta it stays as it is; its record here is kept.
#[utoipa::path(
    post, path = "/catalogs/{id}/disconnect", tag = "catalogs", params(("id" = Uuid, Path)),
    responses((status = 200, body = CatalogOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn disconnect_catalog(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<CatalogOut>, Problem> {
    state
        .engine()
        .disconnect_catalog(caller.seller, CatalogId(id))
        .await?;
    Ok(axum::Json((&found(&state, &caller, id).await?).into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ItemQuery {
    /// Only items in this state.
    state: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless said.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List a catalogue's items with what became of each.
#[utoipa::path(
    get, path = "/catalogs/{id}/items", tag = "catalogs", params(("id" = Uuid, Path), ItemQuery),
    responses((status = 200, body = Listing<CatalogItemOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_catalog_items(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<ItemQuery>,
) -> Result<axum::Json<Listing<CatalogItemOut>>, Problem> {
    let catalog = found(&state, &caller, id).await?;
    let limit = PageQuery {
        limit: query.limit,
        cursor: None,
    }
    .rows()?;
    let after = query.cursor.as_deref().map(RetailerId::parse).transpose();
    let after = after.map_err(|e| Problem::field("cursor", e.to_string()))?;
    let states: Vec<&str> = query.state.as_deref().into_iter().collect();
    let store = state.store().seller(caller.seller);
    let rows = store
        .catalog_items(catalog.id, &states, after.as_ref(), limit)
        .await?;
    let full = rows.len() == limit as usize;
    Ok(axum::Json(Listing {
        next_cursor: rows
            .last()
            .filter(|_| full)
            .map(|row| row.retailer_id.to_string()),
        items: rows.iter().map(CatalogItemOut::from).collect(),
    }))
}

/// Why a review was wrong.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Appeal {
    /// In a sentence, for Meta's reviewer.
    pub reason: String,
}

/// Ask Meta to look at an item again that its review refused.
#[utoipa::path(
    post, path = "/catalogs/{id}/items/{retailer_id}/appeal", tag = "catalogs",
    params(("id" = Uuid, Path), ("retailer_id" = String, Path)), request_body = Appeal,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn appeal_catalog_item(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, item)): Path<(Uuid, String)>,
    Json(appeal): Json<Appeal>,
) -> Result<StatusCode, Problem> {
    let item = RetailerId::parse(&item).map_err(|_| Problem::not_found("catalog item"))?;
    let engine = state.engine();
    engine
        .appeal_item(caller.seller, CatalogId(id), &item, &appeal.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send one item again, as the product is now, by Meta's per-item route.
///
/// It is done when the call returns, and the answer is what Meta then shows. 409 while a sync of the
/// catalog is under way, when the item breaks a rule of Meta's, and when Meta refuses the call (it
/// takes a few hundred of them an hour): for more than a few items begin a sync.
#[utoipa::path(
    post, path = "/catalogs/{id}/items/{retailer_id}/send", tag = "catalogs",
    params(("id" = Uuid, Path), ("retailer_id" = String, Path)),
    responses((status = 200, body = CatalogItemOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn send_catalog_item(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, item)): Path<(Uuid, String)>,
) -> Result<axum::Json<CatalogItemOut>, Problem> {
    let item = RetailerId::parse(&item).map_err(|_| Problem::not_found("catalog item"))?;
    let sent = state
        .engine()
        .send_item(caller.seller, CatalogId(id), &item)
        .await?;
    Ok(axum::Json((&sent).into()))
}

/// A run to be begun.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct StartSync {
    /// `full` or `incremental`; `incremental` unless said.
    pub kind: Option<String>,
}

/// Begin a sync run. It goes on by itself; follow it with its id.
#[utoipa::path(
    post, path = "/catalogs/{id}/sync", tag = "catalogs", params(("id" = Uuid, Path)), request_body = StartSync,
    responses((status = 202, body = SyncRunOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn start_sync(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(start): Json<StartSync>,
) -> Result<impl IntoResponse, Problem> {
    let word = start.kind.as_deref().unwrap_or("incremental");
    let kind = SyncKind::parse(word)
        .ok_or_else(|| Problem::field("kind", "use `full` or `incremental`"))?;
    let engine = state.engine();
    let run = engine
        .sync_start(caller.seller, CatalogId(id), kind, SyncCause::Hand)
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(SyncRunOut::from(&run))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunQuery {
    /// Only runs of this catalogue.
    catalog_id: Option<Uuid>,
    /// How many, 1 to 200; 50 unless said.
    limit: Option<u32>,
}

/// List sync runs, the newest first.
#[utoipa::path(
    get, path = "/sync-runs", tag = "catalogs", params(RunQuery),
    responses((status = 200, body = Listing<SyncRunOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_sync_runs(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<RunQuery>,
) -> Result<axum::Json<Listing<SyncRunOut>>, Problem> {
    let limit = PageQuery {
        limit: query.limit,
        cursor: None,
    }
    .rows()?;
    let store = state.store().seller(caller.seller);
    let rows = store
        .sync_runs(query.catalog_id.map(CatalogId), limit)
        .await?;
    Ok(axum::Json(Listing {
        items: rows.iter().map(SyncRunOut::from).collect(),
        next_cursor: None,
    }))
}

async fn run(state: &AppState, caller: &Caller, id: Uuid) -> Result<SyncRun, Problem> {
    let row = state
        .store()
        .seller(caller.seller)
        .sync_run(SyncRunId(id))
        .await?;
    row.ok_or_else(|| Problem::not_found("sync run"))
}

/// Get a sync run.
#[utoipa::path(
    get, path = "/sync-runs/{id}", tag = "catalogs", params(("id" = Uuid, Path)),
    responses((status = 200, body = SyncRunOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_sync_run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SyncRunOut>, Problem> {
    Ok(axum::Json((&run(&state, &caller, id).await?).into()))
}

/// List a run's log, the oldest line first.
#[utoipa::path(
    get, path = "/sync-runs/{id}/log", tag = "catalogs", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Listing<SyncLogOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_sync_log(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Listing<SyncLogOut>>, Problem> {
    let run = run(&state, &caller, id).await?;
    let limit = page.rows()?;
    let after = page.cursor.as_deref().map(Uuid::parse_str).transpose();
    let after = after.map_err(|_| Problem::field("cursor", "use the next_cursor of a page"))?;
    let rows = state
        .store()
        .seller(caller.seller)
        .sync_log(run.id, after, limit)
        .await?;
    let full = rows.len() == limit as usize;
    Ok(axum::Json(Listing {
        next_cursor: rows.last().filter(|_| full).map(|row| row.id.to_string()),
        items: rows
            .into_iter()
            .map(|row| SyncLogOut {
                id: row.id,
                at: time(row.at),
                level: row.level,
                retailer_id: row.retailer_id,
                message: row.message,
            })
            .collect(),
    }))
}

/// Follow a run as server-sent events: `event: run` with the run each time it moved on, until it
/// has ended.
#[utoipa::path(
    get, path = "/sync-runs/{id}/events", tag = "catalogs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "A stream of events", content_type = "text/event-stream"), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn follow_sync_run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<impl IntoResponse, Problem> {
    let first = run(&state, &caller, id).await?;
    let changes = state.engine().changes();
    let begin = (state, caller, changes, Some(first), false);
    let events = stream::unfold(
        begin,
        move |(state, caller, mut changes, at_hand, over)| async move {
            if over {
                return None;
            }
            let row = match at_hand {
                Some(row) => row,
                None => loop {
                    // On another node nobody tells: then the run is looked up every few seconds.
                    let heard = tokio::time::timeout(limits::LIVE_KEEP_ALIVE, changes.recv()).await;
                    if matches!(&heard, Ok(Ok(change)) if change.seller != caller.seller || change.subject != Subject::Catalogs)
                    {
                        continue;
                    }
                    let row = state
                        .store()
                        .seller(caller.seller)
                        .sync_run(SyncRunId(id))
                        .await;
                    match row {
                        Ok(Some(row)) => break row,
                        _ => return None,
                    }
                },
            };
            let over = row.status != "running";
            let data = serde_json::to_string(&SyncRunOut::from(&row)).unwrap_or_default();
            let event = Event::default().event("run").data(data);
            Some((
                Ok::<_, Infallible>(event),
                (state, caller, changes, None, over),
            ))
        },
    );
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(limits::LIVE_KEEP_ALIVE)))
}
