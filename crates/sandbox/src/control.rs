//! The control API under `/_sandbox`: everything a test in-process can do, over HTTP.

use crate::action::Action;
use crate::change::Change;
use crate::config::{AccountSpec, Callback, Login};
use crate::faults::{FaultRule, RandomFaults};
use crate::server::{Http, Shared, verify_callback};
use crate::webhooks::{Part, Update};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a page waits for a change before it asks again.
const LONG_POLL: Duration = Duration::from_secs(25);

type Ctl = State<(Arc<Shared>, Http)>;

/// The routes of the control API.
pub(crate) fn routes(shared: Arc<Shared>, client: Http) -> Router {
    let api = Router::new()
        .route("/state", get(state))
        .route("/accounts", post(add_account))
        .route("/customers", post(add_customer))
        .route("/customers/{id}/act", post(act))
        .route("/customers/{id}/thread", get(thread))
        .route("/sent", get(sent))
        .route("/calls", get(calls))
        .route("/deliveries", get(deliveries))
        .route("/history", delete(forget))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/random", post(random_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/change", post(change))
        .route("/callback", post(callback))
        .route("/signed-callback", post(signed_callback))
        .route("/clock", get(clock).post(move_clock))
        .route("/webhooks/raw", post(raw))
        .route("/webhooks/test", post(dashboard_test))
        .route("/webhooks/self", post(self_message))
        .route("/webhooks/{id}/redeliver", post(redeliver))
        .route("/catalogs/{id}/items", get(items))
        .route("/media", post(add_media))
        .route("/drain", post(drain))
        .route("/wait", get(wait))
        .route("/avatar/{name}", get(avatar))
        .route("/picture/{name}", get(picture))
        .with_state((shared, client));
    Router::new().nest("/_sandbox", api)
}

fn bad(text: impl Into<String>) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": text.into()}))).into_response()
}

/// Apps, accounts, customers, catalogs, rules: everything at a glance.
async fn state(State((shared, _)): Ctl) -> Json<Value> {
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
                .and_then(|m| m.text.clone());
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

#[derive(Deserialize)]
struct NewAccount {
    username: String,
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    instagram_account_id: Option<String>,
    #[serde(default)]
    page_id: Option<String>,
    #[serde(default)]
    without_scopes: Vec<String>,
    #[serde(default = "yes")]
    subscribed: bool,
}

fn yes() -> bool {
    true
}

async fn add_account(State((shared, _)): Ctl, Json(new): Json<NewAccount>) -> Response {
    let login = match new.login.as_deref() {
        Some("instagram") => Login::Instagram,
        _ => Login::Facebook,
    };
    let spec = AccountSpec {
        username: new.username,
        login,
        subscribed: new.subscribed,
        access_token: new.access_token,
        instagram_account_id: new.instagram_account_id,
        page_id: new.page_id,
        without_scopes: new.without_scopes,
    };
    let mut world = shared.world();
    let Some(app) = world.first_app().map(|a| a.id.clone()) else {
        return bad("no app");
    };
    Json(world.add_account(&app, &spec)).into_response()
}

#[derive(Deserialize)]
struct NewCustomer {
    #[serde(default)]
    business: Option<String>,
    name: String,
}

async fn add_customer(State((shared, _)): Ctl, Json(new): Json<NewCustomer>) -> Response {
    let mut world = shared.world();
    let first = world
        .accounts
        .first()
        .map(|a| a.instagram_account_id.clone());
    let Some(business) = new.business.or(first) else {
        return bad("no account");
    };
    let known = world.instagram.contains_key(&business)
        || world.pages.contains_key(&business)
        || world.numbers.contains_key(&business);
    if !known {
        return bad(format!("no account, page or number {business}"));
    }
    let id = world.customer(&business, &new.name);
    drop(world);
    shared.stir();
    Json(json!({"id": id})).into_response()
}

async fn act(
    State((shared, _)): Ctl,
    Path(id): Path<String>,
    Json(action): Json<Action>,
) -> Response {
    if !shared.world().customers.contains_key(&id) {
        return bad(format!("no customer {id}"));
    }
    let made = shared.world().act(&id, action);
    shared.stir();
    Json(json!({"id": made})).into_response()
}

/// One conversation as the customer sees it.
async fn thread(State((shared, _)): Ctl, Path(id): Path<String>) -> Response {
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
struct Listing {
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

async fn sent(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    let rows = shared.world().sent.clone();
    let rows = rows
        .into_iter()
        .filter(|s| q.recipient.as_ref().is_none_or(|r| *r == s.recipient_id))
        .collect();
    tail(rows, q.last).into_response()
}

async fn calls(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    let rows = shared
        .world()
        .calls
        .iter()
        .filter(|c| q.endpoint.as_ref().is_none_or(|e| *e == c.endpoint))
        .cloned()
        .collect();
    tail(rows, q.last).into_response()
}

async fn deliveries(State((shared, _)): Ctl, Query(q): Query<Listing>) -> Response {
    tail(shared.world().outbound.records(), q.last).into_response()
}

async fn forget(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    world.sent.clear();
    world.calls.clear();
    world.outbound.done.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State((shared, _)): Ctl) -> Json<Value> {
    let world = shared.world();
    Json(json!({"rules": world.faults.rules, "random": world.faults.random}))
}

async fn add_fault(State((shared, _)): Ctl, Json(rule): Json<FaultRule>) -> Json<Value> {
    let id = shared.world().faults.add(rule);
    shared.stir();
    Json(json!({"id": id}))
}

async fn random_faults(State((shared, _)): Ctl, Json(random): Json<RandomFaults>) -> StatusCode {
    shared.world().faults.random = (random.rate > 0.0).then_some(random);
    shared.stir();
    StatusCode::NO_CONTENT
}

async fn clear_faults(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    world.faults.rules.clear();
    world.faults.random = None;
    drop(world);
    shared.stir();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State((shared, _)): Ctl, Path(id): Path<u64>) -> StatusCode {
    shared.world().faults.rules.retain(|r| r.id != id);
    shared.stir();
    StatusCode::NO_CONTENT
}

async fn change(State((shared, _)): Ctl, Json(change): Json<Change>) -> Response {
    let outcome = shared.world().change(change);
    shared.stir();
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => bad(why),
    }
}

#[derive(Deserialize)]
struct NewCallback {
    url: String,
    verify_token: String,
    /// Make the GET handshake first.
    #[serde(default)]
    verify: bool,
}

async fn callback(State((shared, client)): Ctl, Json(new): Json<NewCallback>) -> Response {
    let challenge = shared.world().challenge();
    if new.verify && !verify_callback(&client, &new.url, &new.verify_token, &challenge).await {
        return bad("the callback did not answer the challenge");
    }
    let mut world = shared.world();
    let Some(app) = world.first_app().map(|a| a.id.clone()) else {
        return bad("no app");
    };
    world.set_callback(
        &app,
        &Callback {
            url: new.url,
            verify_token: new.verify_token,
        },
    );
    drop(world);
    shared.stir();
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct SignedCallback {
    url: String,
    user_id: String,
}

/// Posts a `signed_request` to a deauthorise or data-deletion callback.
async fn signed_callback(
    State((shared, client)): Ctl,
    Json(new): Json<SignedCallback>,
) -> Response {
    let signed = {
        let world = shared.world();
        let secret = world
            .first_app()
            .map(|a| a.secret.clone())
            .unwrap_or_default();
        crate::token::signed_request(&secret, &new.user_id, world.now() / 1000)
    };
    match client
        .to(&new.url)
        .post(&new.url)
        .form(&[("signed_request", signed)])
        .send()
        .await
    {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap_or_default();
            Json(json!({"status": status, "body": body})).into_response()
        }
        Err(error) => bad(error.to_string()),
    }
}

async fn clock(State((shared, _)): Ctl) -> Json<Value> {
    Json(json!({"now": shared.world().now()}))
}

#[derive(Deserialize)]
struct NewTime {
    #[serde(default)]
    advance_ms: i64,
    #[serde(default)]
    set_ms: Option<i64>,
}

async fn move_clock(State((shared, _)): Ctl, Json(time): Json<NewTime>) -> Json<Value> {
    let now = {
        let world = shared.world();
        if let Some(at) = time.set_ms {
            world.clock.set(at);
        }
        world.clock.advance(time.advance_ms);
        world.now()
    };
    shared.stir();
    Json(json!({"now": now}))
}

#[derive(Deserialize)]
struct RawQuery {
    #[serde(default)]
    object: Option<String>,
    /// Sign with the Instagram app secret.
    #[serde(default)]
    instagram_secret: bool,
}

async fn raw(State((shared, _)): Ctl, Query(q): Query<RawQuery>, body: String) -> Response {
    let object = match q.object.as_deref() {
        None | Some("instagram") => "instagram",
        Some("page") => "page",
        Some("whatsapp_business_account") => "whatsapp_business_account",
        Some(other) => return bad(format!("unknown object {other}")),
    };
    let mut world = shared.world();
    let Some(app) = world.first_app().map(|a| a.id.clone()) else {
        return bad("no app");
    };
    world.outbound.updates.push_back(Update {
        app,
        object,
        entry_id: String::new(),
        asset: String::new(),
        part: Part::Raw(body),
        instagram_secret: q.instagram_secret,
    });
    drop(world);
    shared.stir();
    StatusCode::ACCEPTED.into_response()
}

async fn dashboard_test(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    if let Some(app) = world.first_app().map(|a| a.id.clone()) {
        world.dashboard_test(&app);
    }
    drop(world);
    shared.stir();
    StatusCode::ACCEPTED
}

#[derive(Deserialize)]
struct SelfMessage {
    #[serde(default)]
    account: Option<String>,
    text: String,
}

async fn self_message(State((shared, _)): Ctl, Json(new): Json<SelfMessage>) -> Response {
    let mut world = shared.world();
    let account = match world.account_of(new.account) {
        Ok(account) => account.instagram_account_id,
        Err(why) => return bad(why),
    };
    let mid = world.self_message(&account, &new.text);
    drop(world);
    shared.stir();
    Json(json!({"id": mid})).into_response()
}

async fn redeliver(State((shared, _)): Ctl, Path(id): Path<u64>) -> Response {
    let known = shared.world().redeliver(id);
    shared.stir();
    if known {
        StatusCode::ACCEPTED.into_response()
    } else {
        bad("no such delivery")
    }
}

async fn items(State((shared, _)): Ctl, Path(id): Path<String>) -> Response {
    let world = shared.world();
    let now = world.now();
    match world.catalogs.get(&id) {
        Some(catalog) => Json(catalog.views(now)).into_response(),
        None => bad("no such catalog"),
    }
}

#[derive(Deserialize)]
struct NewMedia {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    caption: String,
    #[serde(default)]
    url: Option<String>,
}

async fn add_media(State((shared, _)): Ctl, Json(new): Json<NewMedia>) -> Response {
    let mut world = shared.world();
    let account = match world.account_of(new.account) {
        Ok(account) => account.instagram_account_id,
        Err(why) => return bad(why),
    };
    let url = new
        .url
        .unwrap_or_else(|| format!("{}/_sandbox/picture/post.svg", world.url));
    Json(json!({"id": world.add_media(&account, &new.caption, &url)})).into_response()
}

/// Answers once every webhook that is due was tried.
async fn drain(State((shared, _)): Ctl) -> StatusCode {
    shared.drained().await;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    seen: u64,
}

/// Answers when something changed since `seen`, or after a while.
async fn wait(State((shared, _)): Ctl, Query(q): Query<Seen>) -> Json<Value> {
    let changed = shared.change.notified();
    tokio::pin!(changed);
    changed.as_mut().enable();
    if shared.version.load(Ordering::SeqCst) == q.seen {
        let _ = tokio::time::timeout(LONG_POLL, changed).await;
    }
    Json(json!({"version": shared.version.load(Ordering::SeqCst)}))
}

fn svg(body: String) -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], body).into_response()
}

fn hue(name: &str) -> u32 {
    name.bytes()
        .fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)))
        % 360
}

async fn avatar(Path(name): Path<String>) -> Response {
    let hue = hue(&name);
    svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><rect width=\"40\" \
         height=\"40\" fill=\"hsl({hue} 55% 78%)\"/><circle cx=\"20\" cy=\"16\" r=\"7\" \
         fill=\"hsl({hue} 45% 42%)\"/><path d=\"M6 40c0-9 6-14 14-14s14 5 14 14z\" \
         fill=\"hsl({hue} 45% 42%)\"/></svg>"
    ))
}

async fn picture(Path(name): Path<String>) -> Response {
    let hue = hue(&name);
    svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 500 500\"><rect width=\"500\" \
         height=\"500\" fill=\"hsl({hue} 45% 88%)\"/><circle cx=\"355\" cy=\"140\" r=\"52\" \
         fill=\"hsl({hue} 70% 70%)\"/><path d=\"M0 500 180 250l110 140 70-80 140 190z\" \
         fill=\"hsl({hue} 35% 55%)\"/></svg>"
    ))
}
