//! Making sellers and customers, and letting things happen.

use super::{Ctl, bad};
use crate::action::Action;
use crate::config::{AccountSpec, Login};
use crate::webhooks::{Part, Update};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub(super) struct NewAccount {
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
    #[serde(default)]
    same_owner_as: Option<String>,
    #[serde(default = "yes")]
    subscribed: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn add_account(State((shared, _)): Ctl, Json(new): Json<NewAccount>) -> Response {
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
        same_owner_as: new.same_owner_as,
    };
    let mut world = shared.world();
    let Some(app) = world.first_app().map(|a| a.id.clone()) else {
        return bad("no app");
    };
    Json(world.add_account(&app, &spec)).into_response()
}

#[derive(Deserialize)]
pub(super) struct NewCustomer {
    #[serde(default)]
    business: Option<String>,
    name: String,
}

pub(super) async fn add_customer(
    State((shared, _)): Ctl,
    Json(new): Json<NewCustomer>,
) -> Response {
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

pub(super) async fn act(
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

#[derive(Deserialize)]
pub(super) struct RawQuery {
    #[serde(default)]
    object: Option<String>,
    /// Sign with the Instagram app secret.
    #[serde(default)]
    instagram_secret: bool,
}

pub(super) async fn raw(
    State((shared, _)): Ctl,
    Query(q): Query<RawQuery>,
    body: String,
) -> Response {
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

pub(super) async fn dashboard_test(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    if let Some(app) = world.first_app().map(|a| a.id.clone()) {
        world.dashboard_test(&app);
    }
    drop(world);
    shared.stir();
    StatusCode::ACCEPTED
}

#[derive(Deserialize)]
pub(super) struct SelfMessage {
    #[serde(default)]
    account: Option<String>,
    text: String,
}

pub(super) async fn self_message(
    State((shared, _)): Ctl,
    Json(new): Json<SelfMessage>,
) -> Response {
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

pub(super) async fn redeliver(State((shared, _)): Ctl, Path(id): Path<u64>) -> Response {
    let known = shared.world().redeliver(id);
    shared.stir();
    if known {
        StatusCode::ACCEPTED.into_response()
    } else {
        bad("no such delivery")
    }
}

#[derive(Deserialize)]
pub(super) struct NewMedia {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    caption: String,
    #[serde(default)]
    url: Option<String>,
}

pub(super) async fn add_media(State((shared, _)): Ctl, Json(new): Json<NewMedia>) -> Response {
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

#[derive(Deserialize)]
pub(super) struct SignedCallback {
    url: String,
    user_id: String,
}

/// Posts a `signed_request` to a deauthorise or data-deletion callback.
pub(super) async fn signed_callback(
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
