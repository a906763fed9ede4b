//! Asking what is and what happened.

use super::{Ctl, bad};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a page waits for a change before it asks again.
const LONG_POLL: Duration = Duration::from_secs(25);

/// Apps, accounts, customers, catalogs, rules: everything at a glance.
pub(super) async fn state(State((shared, _)): Ctl) -> Json<Value> {
    let world = shared.world();
    let apps: Vec<Value> = world
        .apps
        .values()
        .map(|a| {
            json!({"id": a.id, "name": a.name, "secret": a.secret,
                "instagram_id": a.instagram_id,
                "instagram_secret": a.instagram_secret, "live": a.live,
                "callback": a.subscriptions.values().next().map(|s| s.callback_url.as_str())})
        })
        .collect();
    let customers: Vec<Value> = world
        .customers
        .values()
        .map(|c| {
            let key = (c.business.clone(), c.id.clone());
            let conversation = world.conversations.get(&key);
            let last = conversation
                .and_then(|k| k.messages.last())
                .and_then(|m| world.messages.get(m))
                .map(|m| m.text.clone().unwrap_or_else(|| "(no text)".into()));
            json!({"id": c.id, "name": c.name, "username": c.username, "channel": c.channel,
                "business": c.business, "last": last, "blocked": c.blocked,
                "updated_at": conversation.map_or(0, |k| k.updated_at)})
        })
        .collect();
    let catalogs: Vec<Value> = world
        .catalogs
        .values()
        .map(|c| {
            let open = c.handles.iter().filter(|h| !h.finished).count();
            json!({"id": c.id, "name": c.name, "items": c.items.len(), "batches": c.handles.len(),
                "waiting": open})
        })
        .collect();
    let switches: Vec<Value> = world
        .accounts
        .iter()
        .filter_map(|a| {
            let account = world.instagram.get(&a.instagram_account_id)?;
            let page = account.page.as_ref().and_then(|p| world.pages.get(p));
            Some(
                json!({"account": account.id, "message_access": account.message_access,
                "page_restricted": page.is_some_and(|p| p.restricted)}),
            )
        })
        .collect();
    Json(json!({
        "url": world.url, "now": world.now(), "apps": apps, "accounts": world.accounts,
        "customers": customers, "catalogs": catalogs, "switches": switches,
        "faults": world.faults.rules, "random": world.faults.random,
        "held": world.outbound.held, "alerts": world.outbound.alerts,
        "refused": world.meters.refused,
        "tokens_dead": world.tokens.values().filter(|t| t.revoked.is_some()).count(),
    }))
}

/// One conversation as the customer sees it.
pub(super) async fn thread(State((shared, _)): Ctl, Path(id): Path<String>) -> Response {
    let world = shared.world();
    let Some(customer) = world.customers.get(&id) else {
        return bad("no such customer");
    };
    let key = (customer.business.clone(), customer.id.clone());
    let conversation = world.conversations.get(&key);
    let messages: Vec<Value> = conversation
        .into_iter()
        .flat_map(|c| &c.messages)
        .filter_map(|mid| world.messages.get(mid))
        .map(|m| {
            json!({"mid": m.mid, "mine": m.inbound, "at": m.at, "text": m.text,
                "message": m.content, "deleted": m.deleted, "edits": m.edits,
                "reaction": m.reaction})
        })
        .collect();
    Json(json!({"messages": messages, "activity": conversation.and_then(|c| c.activity.clone())}))
        .into_response()
}

#[derive(Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    recipient: Option<String>,
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    last: Option<usize>,
}

fn tail<T: serde::Serialize>(mut rows: Vec<T>, last: Option<usize>) -> Json<Vec<T>> {
    let skip = rows.len() - last.unwrap_or(rows.len()).min(rows.len());
    Json(rows.split_off(skip))
}

pub(super) async fn sent(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    let rows = shared.world().sent.clone();
    let rows = rows
        .into_iter()
        .filter(|s| q.recipient.as_ref().is_none_or(|r| *r == s.recipient_id))
        .collect();
    tail(rows, q.last).into_response()
}

pub(super) async fn calls(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    let rows = shared
        .world()
        .calls
        .iter()
        .filter(|c| q.endpoint.as_ref().is_none_or(|e| *e == c.endpoint))
        .cloned()
        .collect();
    tail(rows, q.last).into_response()
}

pub(super) async fn deliveries(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    tail(shared.world().outbound.records(), q.last).into_response()
}

pub(super) async fn items(State((shared, _)): Ctl, Path(id): Path<String>) -> Response {
    let world = shared.world();
    let now = world.now();
    match world.catalogs.get(&id) {
        Some(catalog) => Json(catalog.views(now)).into_response(),
        None => bad("no such catalog"),
    }
}

#[derive(Deserialize)]
pub(super) struct Seen {
    #[serde(default)]
    seen: u64,
}

/// Answers when something changed since `seen`, or after a while.
pub(super) async fn wait(State((shared, _)): Ctl, Query(q): Query<Seen>) -> Json<Value> {
    let changed = shared.change.notified();
    tokio::pin!(changed);
    changed.as_mut().enable();
    if shared.version.load(Ordering::SeqCst) == q.seen {
        let _ = tokio::time::timeout(LONG_POLL, changed).await;
    }
    Json(json!({"version": shared.version.load(Ordering::SeqCst)}))
}
