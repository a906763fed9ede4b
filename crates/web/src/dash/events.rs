//! Kept events of the whole server, for those who operate it.

use axum::extract::{Path, Query, State};
use domain::EventId;
use serde::Deserialize;
use store::{EventState, Requeue};

use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::pages::settings_pages::{self, EventView};
use crate::problem::Problem;
use crate::state::AppState;

const PAGE_ROWS: u32 = 50;
/// The states that keep an event, the most urgent first.
const STATES: [EventState; 3] = [EventState::Failed, EventState::Unrouted, EventState::Kept];

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    state: String,
    cursor: Option<EventId>,
}

/// One of the states that are shown; anything else is the first.
fn shown(text: &str) -> EventState {
    STATES
        .into_iter()
        .find(|state| state.as_str() == text)
        .unwrap_or(EventState::Failed)
}

/// `GET /events`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    viewer.must_operate()?;
    let shown = shown(&query.state);
    let rows = state
        .engine()
        .kept_events(None, shown, query.cursor, PAGE_ROWS)
        .await?;
    let cursor = (rows.len() == PAGE_ROWS as usize)
        .then(|| rows.last().map(|row| row.id.to_string()))
        .flatten();
    let events: Vec<EventView> = rows
        .into_iter()
        .map(|row| EventView {
            id: row.id,
            kind: row.kind,
            accounts: row.account_ids.join(", "),
            reason: row.reason.unwrap_or_default(),
            at: row.received_at,
            attempts: row.attempts.unsigned_abs(),
        })
        .collect();
    let frame = viewer.frame(&state).await?;
    let states = STATES.map(EventState::as_str);
    let body = settings_pages::events(&frame, &events, &states, shown.as_str(), cursor.as_deref());
    let page = Page {
        title: "Kept events",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `POST /events/replay`: all of a state.
pub(super) async fn replay_all(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.viewer().must_operate()?;
    let shown = shown(posted.fields.get("state"));
    let which = Requeue {
        states: vec![shown],
        ..Requeue::default()
    };
    let count = state.engine().replay_events(&which).await?;
    let note = Note::good(format!("{count} events are run again."));
    Ok(go(&state, &format!("/events?state={shown}"), &note))
}

/// `POST /events/{id}/replay`
pub(super) async fn replay(
    State(state): State<AppState>,
    Path(id): Path<EventId>,
    posted: Posted,
) -> PageResult {
    posted.viewer().must_operate()?;
    let which = Requeue {
        states: STATES.to_vec(),
        id: Some(id),
        ..Requeue::default()
    };
    if state.engine().replay_events(&which).await? == 0 {
        return Err(Problem::not_found("kept event").into());
    }
    Ok(go(
        &state,
        "/events",
        &Note::good("The event is run again."),
    ))
}
