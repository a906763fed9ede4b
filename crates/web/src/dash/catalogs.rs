//! The catalogue pages of the dashboard.

use axum::extract::{Path, Query, State};
use domain::catalog::RetailerId;
use domain::{AccountId, CatalogId, SyncRunId, Timestamp};
use engine::sync::{CatalogSettings, ItemState, SyncCause, SyncKind};
use serde::Deserialize;
use store::{Catalog, SyncRun};

use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::catalog_pages::{self, CatalogView, ItemView, RunView};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::problem::Problem;
use crate::state::AppState;

const RUNS: u32 = 10;
const ITEMS: u32 = 50;
const LOG_LINES: u32 = 200;
const HOME: &str = "/catalogs";

fn run_view(run: &SyncRun) -> RunView {
    RunView {
        id: run.id.0,
        kind: run.kind.clone(),
        status: run.status.clone(),
        reason: run.reason.clone(),
        total: run.total,
        done: (run.accepted + run.rejected + run.deleted).min(run.total.max(0)),
        rejected: run.rejected,
        held_back: run.held_back,
        calls: run.calls,
        started_at: run.started_at,
        ended_at: run.ended_at,
    }
}

/// `GET /catalogs`
pub(super) async fn list(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let store = state.store().seller(viewer.member.seller);
    let known = store.catalogs().await?;
    let mut views = Vec::new();
    for catalog in &known {
        let runs = store.sync_runs(Some(catalog.id), RUNS).await?;
        let counts = store.catalog_item_counts(catalog.id).await?;
        views.push(catalog_view(
            catalog,
            counts,
            runs.iter().map(run_view).collect(),
        ));
    }
    let offered = offered(&state, &viewer, &known).await?;
    let frame = viewer.frame(&state).await?;
    let body = catalog_pages::catalogs(&frame, &views, &offered);
    let page = Page {
        title: "Instagram Shopping",
        tab: Tab::More,
        live: "catalogs",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

fn catalog_view(catalog: &Catalog, counts: Vec<(String, i64)>, runs: Vec<RunView>) -> CatalogView {
    CatalogView {
        id: catalog.id.0,
        name: catalog.name.clone(),
        external_id: catalog.external_id.clone(),
        status: catalog.status.clone(),
        reason: catalog.status_reason.clone(),
        auto_sync: catalog.auto_sync,
        interval: catalog.sync_interval,
        next_sync_at: catalog.next_sync_at,
        counts,
        runs,
    }
}

/// Catalogues at Meta that are not connected yet, as `(form value, name)`. Asked only while none
/// is: the page must not wait for Meta every time.
async fn offered(
    state: &AppState,
    viewer: &Viewer,
    known: &[Catalog],
) -> Result<Vec<(String, String)>, Problem> {
    if known.iter().any(|catalog| catalog.status != "disabled") {
        return Ok(Vec::new());
    }
    let seller = viewer.member.seller;
    let mut offered = Vec::new();
    for account in state.store().seller(seller).accounts().await? {
        if account.access_token.is_none() {
            continue;
        }
        // An account that may use none, or a Meta that does not answer, offers nothing.
        let found = state
            .engine()
            .catalogs_at_meta(seller, account.id)
            .await
            .unwrap_or_default();
        offered.extend(found.into_iter().map(|catalog| {
            let name = catalog.name.clone().unwrap_or_else(|| catalog.id.clone());
            (
                format!("{}:{}:{name}", account.id, catalog.id),
                format!("{name} ({})", catalog.id),
            )
        }));
    }
    Ok(offered)
}

/// `POST /catalogs/connect`
pub(super) async fn connect(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.viewer().must_own()?;
    let mut parts = posted.fields.get("catalog").splitn(3, ':');
    let account: Option<AccountId> = parts.next().and_then(|id| id.parse().ok());
    let (Some(account), Some(id)) = (account, parts.next()) else {
        return Err(Problem::field("catalog", "choose one of the list").into());
    };
    let name = parts.next().unwrap_or(id);
    let seller = posted.member.seller;
    let connected = state
        .engine()
        .connect_catalog(seller, account, id, name)
        .await?;
    let kind = SyncKind::Full;
    state
        .engine()
        .sync_start(seller, connected.id, kind, SyncCause::Hand)
        .await?;
    Ok(go(
        &state,
        HOME,
        &Note::good("Connected. The first sync has begun."),
    ))
}

/// `POST /catalogs/{id}/sync`
pub(super) async fn sync(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    posted: Posted,
) -> PageResult {
    let kind = SyncKind::parse(posted.fields.get("kind")).unwrap_or(SyncKind::Incremental);
    let begun = state
        .engine()
        .sync_start(posted.member.seller, id, kind, SyncCause::Hand)
        .await;
    let note = match begun {
        Ok(_) => Note::good("The sync has begun."),
        Err(engine::ActionError::Refused(why)) => Note::bad(why),
        Err(error) => return Err(error.into()),
    };
    Ok(go(&state, HOME, &note))
}

/// `POST /catalogs/{id}/settings`
pub(super) async fn settings(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    posted: Posted,
) -> PageResult {
    posted.viewer().must_own()?;
    let hours: i64 = posted.fields.get("hours").parse().unwrap_or(6);
    let settings = CatalogSettings {
        auto_sync: Some(posted.fields.is_on("auto_sync")),
        sync_interval: Some(hours.clamp(1, 168) * Timestamp::HOUR),
    };
    state
        .engine()
        .set_catalog(posted.member.seller, id, settings)
        .await?;
    Ok(go(&state, HOME, &Note::good("Saved.")))
}

/// `POST /catalogs/{id}/disconnect`
pub(super) async fn disconnect(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    posted: Posted,
) -> PageResult {
    posted.viewer().must_own()?;
    state
        .engine()
        .disconnect_catalog(posted.member.seller, id)
        .await?;
    Ok(go(
        &state,
        HOME,
        &Note::good("Disconnected. At Meta it stays as it is."),
    ))
}

/// The item that a form names.
fn item_of(posted: &Posted) -> Result<RetailerId, Problem> {
    RetailerId::parse(posted.fields.get("item")).map_err(|_| Problem::not_found("catalog item"))
}

/// `POST /catalogs/{id}/appeal`
pub(super) async fn appeal(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    posted: Posted,
) -> PageResult {
    let item = item_of(&posted)?;
    let engine = state.engine();
    let why = posted.fields.get("why");
    let note = match engine
        .appeal_item(posted.member.seller, id, &item, why)
        .await
    {
        Ok(()) => Note::good("Meta was asked to look again."),
        Err(engine::ActionError::Refused(why)) => Note::bad(why),
        Err(error) => return Err(error.into()),
    };
    Ok(go(
        &state,
        &format!("/catalogs/{id}/items?state=review_rejected"),
        &note,
    ))
}

/// `POST /catalogs/{id}/send`
pub(super) async fn send(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    posted: Posted,
) -> PageResult {
    let item = item_of(&posted)?;
    let sent = state
        .engine()
        .send_item(posted.member.seller, id, &item)
        .await;
    let note = match sent {
        Ok(sent) => {
            let word = catalog_pages::item_state(&sent.state).1;
            Note::good(format!("{item} is sent again; it is {word} now."))
        }
        Err(engine::ActionError::Refused(why)) => Note::bad(why),
        Err(error) => return Err(error.into()),
    };
    let back = posted.fields.get("state");
    let back = if back.parse::<ItemState>().is_ok() {
        back
    } else {
        "pending"
    };
    Ok(go(
        &state,
        &format!("/catalogs/{id}/items?state={back}"),
        &note,
    ))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ItemsQuery {
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

/// `GET /catalogs/{id}/items`
pub(super) async fn items(
    State(state): State<AppState>,
    Path(id): Path<CatalogId>,
    viewer: Viewer,
    Query(query): Query<ItemsQuery>,
) -> PageResult {
    let store = state.store().seller(viewer.member.seller);
    store
        .catalog(id)
        .await?
        .ok_or_else(|| Problem::not_found("catalog"))?;
    let after = query
        .cursor
        .as_deref()
        .and_then(|cursor| RetailerId::parse(cursor).ok());
    let states = [query.state.as_str()];
    let rows = store
        .catalog_items(id, &states, after.as_ref(), ITEMS)
        .await?;
    let next = rows.last().filter(|_| rows.len() == ITEMS as usize);
    let next = next.map(|row| row.retailer_id.to_string());
    let items: Vec<ItemView> = rows
        .into_iter()
        .map(|row| ItemView {
            retailer_id: row.retailer_id.to_string(),
            messages: serde_json::from_str(&row.messages).unwrap_or_default(),
        })
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = catalog_pages::items(&frame, id.0, &query.state, &items, next.as_deref());
    let page = Page {
        title: "Items",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `GET /sync-runs/{id}`
pub(super) async fn run(
    State(state): State<AppState>,
    Path(id): Path<SyncRunId>,
    viewer: Viewer,
) -> PageResult {
    let store = state.store().seller(viewer.member.seller);
    let run = store
        .sync_run(id)
        .await?
        .ok_or_else(|| Problem::not_found("sync run"))?;
    let log = store.sync_log(id, None, LOG_LINES).await?;
    let log: Vec<_> = log
        .into_iter()
        .map(|row| (row.at, row.level, row.retailer_id, row.message))
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = catalog_pages::run(&run_view(&run), &log);
    let page = Page {
        title: "Sync run",
        tab: Tab::More,
        live: "catalogs",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}
