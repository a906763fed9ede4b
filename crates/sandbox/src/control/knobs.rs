//! Faults, changes to the world, time, where webhooks go.

use super::{Ctl, bad};
use crate::change::Change;
use crate::config::Callback;
use crate::faults::{FaultRule, RandomFaults};
use crate::post::verify_callback;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn forget(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    world.sent.clear();
    world.calls.clear();
    world.outbound.done.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn faults(State((shared, _)): Ctl) -> Json<Value> {
    let world = shared.world();
    Json(json!({"rules": world.faults.rules, "random": world.faults.random}))
}

pub(super) async fn add_fault(State((shared, _)): Ctl, Json(rule): Json<FaultRule>) -> Json<Value> {
    let id = shared.world().faults.add(rule);
    shared.stir();
    Json(json!({"id": id}))
}

pub(super) async fn random_faults(
    State((shared, _)): Ctl,
    Json(random): Json<RandomFaults>,
) -> StatusCode {
    shared.world().faults.random = (random.rate > 0.0).then_some(random);
    shared.stir();
    StatusCode::NO_CONTENT
}

pub(super) async fn clear_faults(State((shared, _)): Ctl) -> StatusCode {
    let mut world = shared.world();
    world.faults.rules.clear();
    world.faults.random = None;
    drop(world);
    shared.stir();
    StatusCode::NO_CONTENT
}

pub(super) async fn remove_fault(State((shared, _)): Ctl, Path(id): Path<u64>) -> StatusCode {
    shared.world().faults.rules.retain(|r| r.id != id);
    shared.stir();
    StatusCode::NO_CONTENT
}

pub(super) async fn change(State((shared, _)): Ctl, Json(change): Json<Change>) -> Response {
    let outcome = shared.world().change(change);
    shared.stir();
    match outcome {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => bad(why),
    }
}

#[derive(Deserialize)]
pub(super) struct NewCallback {
    url: String,
    verify_token: String,
    /// Make the GET handshake first.
    #[serde(default)]
    verify: bool,
}

pub(super) async fn callback(
    State((shared, client)): Ctl,
    Json(new): Json<NewCallback>,
) -> Response {
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

pub(super) async fn clock(State((shared, _)): Ctl) -> Json<Value> {
    Json(json!({"now": shared.world().now()}))
}

#[derive(Deserialize)]
pub(super) struct NewTime {
    #[serde(default)]
    advance_ms: i64,
    #[serde(default)]
    set_ms: Option<i64>,
}

pub(super) async fn move_clock(State((shared, _)): Ctl, Json(time): Json<NewTime>) -> Json<Value> {
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

/// Answers once every webhook that is due was tried.
pub(super) async fn drain(State((shared, _)): Ctl) -> StatusCode {
    shared.drained().await;
    StatusCode::NO_CONTENT
}
