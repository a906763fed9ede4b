//! The REST API under `/api/v1`: one file for each resource, and the OpenAPI document that is
//! generated from the same declarations as the routes.

pub(crate) mod accounts;
pub(crate) mod caller;
pub(crate) mod catalogs;
pub(crate) mod conversations;
pub(crate) mod customers;
pub(crate) mod draft_orders;
pub(crate) mod events;
pub(crate) mod extract;
pub(crate) mod orders;
pub(crate) mod out;
pub(crate) mod paging;
pub(crate) mod products;
pub(crate) mod settings;
pub(crate) mod waiting;

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::limits;
use crate::state::AppState;

/// Where the API begins.
pub(crate) const PREFIX: &str = "/api/v1";

/// Every resource: add a new one here and nowhere else.
fn resources() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document()).nest(
        PREFIX,
        OpenApiRouter::new()
            .merge(draft_orders::router())
            .merge(orders::router())
            .merge(products::router())
            .merge(waiting::router())
            .merge(customers::router())
            .merge(conversations::router())
            .merge(accounts::router())
            .merge(catalogs::router())
            .merge(settings::router())
            .merge(events::router())
            .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX)),
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Eziseller",
        description = "Instagram DMs in, orders out; a product catalogue in, Instagram Shopping out.\n\nEvery call carries an API key: `Authorization: Bearer KEY`. Errors are RFC 9457 problem details. Lists come by pages: pass `next_cursor` as `cursor`. Money is given as a decimal and in minor units, times as RFC 3339 in UTC."
    ),
    tags(
        (name = "draft orders", description = "What was understood so far, awaiting the seller or the customer."),
        (name = "orders", description = "Confirmed, with frozen prices and reserved stock."),
        (name = "products", description = "What is sold."),
        (name = "customers", description = "Who writes, and what is known of them."),
        (name = "conversations", description = "Messages and replies."),
        (name = "accounts", description = "The seller's identities on the channels."),
        (name = "catalogs", description = "The seller's catalogs at Meta, and what was sent to them."),
        (name = "settings", description = "The seller's rules."),
        (name = "events", description = "Inbound events that could not be handled, and why.")
    )
)]
struct Document;

fn document() -> OpenApi {
    let mut document = <Document as utoipa::OpenApi>::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    let mut components = document.components.take().unwrap_or_default();
    components.add_security_scheme(
        "api_key",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    document.components = Some(components);
    document.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new(
        "api_key",
        Vec::<String>::new(),
    )]);
    document
}

/// The OpenAPI document as it is served.
pub(crate) fn openapi() -> OpenApi {
    resources().split_for_parts().1
}

/// The routes of the API and its document.
pub(crate) fn router() -> Router<AppState> {
    let (router, document) = resources().split_for_parts();
    router.route(
        "/api/openapi.json",
        get(move || async move { Json(document).into_response() }),
    )
}
