//! The control API under `/_sandbox`: everything a test in-process can do, over HTTP.

mod knobs;
mod look;
mod play;

use crate::post::Http;
use crate::server::Shared;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;

type Ctl = State<(Arc<Shared>, Http)>;

/// The routes of the control API.
pub(crate) fn routes(shared: Arc<Shared>, client: Http) -> Router {
    let api = Router::new()
        .route("/state", get(look::state))
        .route("/accounts", post(play::add_account))
        .route("/customers", post(play::add_customer))
        .route("/customers/{id}/act", post(play::act))
        .route("/customers/{id}/thread", get(look::thread))
        .route("/sent", get(look::sent))
        .route("/calls", get(look::calls))
        .route("/deliveries", get(look::deliveries))
        .route("/history", delete(knobs::forget))
        .route(
            "/faults",
            get(knobs::faults)
                .post(knobs::add_fault)
                .delete(knobs::clear_faults),
        )
        .route("/faults/random", post(knobs::random_faults))
        .route("/faults/{id}", delete(knobs::remove_fault))
        .route("/change", post(knobs::change))
        .route("/callback", post(knobs::callback))
        .route("/signed-callback", post(play::signed_callback))
        .route("/clock", get(knobs::clock).post(knobs::move_clock))
        .route("/webhooks/raw", post(play::raw))
        .route("/webhooks/test", post(play::dashboard_test))
        .route("/webhooks/self", post(play::self_message))
        .route("/webhooks/{id}/redeliver", post(play::redeliver))
        .route("/catalogs/{id}/items", get(look::items))
        .route("/media", post(play::add_media))
        .route("/drain", post(knobs::drain))
        .route("/wait", get(look::wait))
        .route("/avatar/{name}", get(avatar))
        .route("/picture/{name}", get(picture))
        .with_state((shared, client));
    Router::new().nest("/_sandbox", api)
}

fn bad(text: impl Into<String>) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": text.into()}))).into_response()
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
