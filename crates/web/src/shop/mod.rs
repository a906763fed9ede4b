//! The seller's public shop front: product pages that the items of Meta's catalogue link to, and the
//! checkout that Meta's shops send buyers to. Plain HTML, no script, nothing private.

mod chat;
mod checkout;
mod domain_name;
mod fields;
mod json_ld;
mod limiter;
mod order_page;
mod page;
mod product_page;
mod products;
mod shelf_page;
mod site;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Extension, Router};

use crate::state::AppState;

pub(crate) use domain_name::by_domain;

/// A cart of 100 lines with their choices is far below this.
const FORM_BYTES_MAX: usize = 64 << 10;

/// The routes.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/shop/{slug}", get(products::list))
        .route("/shop/{slug}/", get(products::list))
        .route("/shop/{slug}/p/{id}", get(products::product))
        .route("/shop/{slug}/images/{id}", get(products::image))
        .route(
            "/shop/{slug}/checkout",
            get(checkout::cart).post(checkout::order),
        )
        .route("/shop/{slug}/checkout/thanks", get(checkout::thanks))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(Extension(Arc::new(limiter::OrderLimiter::default())))
}
