//! What Meta calls: the handshake and the events, the two callbacks that its review asks for, and
//! test routes for development.

mod callbacks;
mod development;
mod events;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use engine::doctor::DEPRECATED_ROUTE;

use crate::limits;
use crate::state::AppState;

/// The route that Meta's app configuration names.
pub(crate) const PATH: &str = "/webhooks/meta";
/// The route of the first Eziseller.
pub(crate) const LEGACY_PATH: &str = "/api/instagram/dm/webhook";

/// Where the events arrive. Apart from the other routes, because nothing that surrounds those (whose
/// domain it is, compression, headers for browsers) says anything to Meta, and each costs something
/// at ten thousand events a second.
pub(crate) fn events(state: &AppState) -> Router<AppState> {
    let events = || get(events::handshake).post(events::take);
    Router::new()
        .route(PATH, events())
        .route(
            LEGACY_PATH,
            events().layer(axum::middleware::map_response_with_state(
                state.clone(),
                deprecated,
            )),
        )
        .layer(DefaultBodyLimit::max(limits::WEBHOOK_BODY_BYTES_MAX))
}

/// The other routes.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let router = Router::new()
        .route("/webhooks/meta/deauthorize", post(callbacks::deauthorize))
        .route("/webhooks/meta/data-deletion", post(callbacks::delete_data))
        .route("/data-deletion/{code}", get(callbacks::deletion_status));
    if state.config().development {
        router.merge(development::router())
    } else {
        router
    }
}

/// RFC 9745 (`Deprecation`) and RFC 8288 (`Link`): the same code, another address from now on.
async fn deprecated(State(state): State<AppState>, mut response: Response) -> Response {
    state.engine().count(DEPRECATED_ROUTE, LEGACY_PATH);
    metrics::counter!("eziseller_legacy_webhook_requests_total").increment(1);
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static("deprecation"),
        // 1 November 2026, the day of the first release that has the new route.
        HeaderValue::from_static("@1793491200"),
    );
    headers.insert(
        header::LINK,
        HeaderValue::from_static("</webhooks/meta>; rel=\"successor-version\""),
    );
    response
}
