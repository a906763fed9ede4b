//! The whole HTTP face as one router: every route, and what surrounds them all.

use std::any::Any;
use std::future::{Future, IntoFuture};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::pages::layout::error_page;
use crate::problem::Problem;
use crate::state::AppState;
use crate::{api, assets, dash, headers, health, shop, webhooks};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every route of the server.
pub fn router(state: AppState) -> Router {
    let routes = Router::new()
        .merge(webhooks::router(&state))
        .merge(api::router())
        .merge(dash::router())
        .merge(shop::router())
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/assets/{name}", get(assets::serve_unversioned))
        .route("/assets/{version}/{name}", get(assets::serve))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state.clone());
    let routes = if state.config().is_https() {
        routes.layer(from_fn(headers::strict_transport))
    } else {
        routes
    };
    // The last layer is the outermost.
    let routes = routes
        .layer(
            // A compressor would hold live updates back.
            CompressionLayer::new().compress_when(
                DefaultPredicate::new().and(NotForContentType::const_new("text/event-stream")),
            ),
        )
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(count))
        .layer(from_fn(headers::secure))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(trace_layer())
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid));
    // Whose domain it is decides the route, so it is asked before any route is looked for.
    let routes = Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(state.clone(), shop::by_domain));
    webhooks::events(&state)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(timed))
        .fallback_service(routes)
}

/// Counts and times an answer to Meta.
async fn timed(request: Request, next: Next) -> Response {
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    answered(&response, begun.elapsed());
    count(response).await
}

/// What is logged and measured of every answer.
fn answered(response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let millis = took.as_millis() as u64;
    tracing::debug!(
        http.status = status,
        http.millis = millis,
        "Answered {status} in {millis} ms"
    );
    metrics::histogram!("eziseller_http_seconds").record(took.as_secs_f64());
}

async fn count(response: Response) -> Response {
    let class = match response.status().as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    };
    metrics::counter!("eziseller_http_responses_total", "class" => class).increment(1);
    response
}

/// Logs each request with its route, status and time: never its query or body, which hold what
/// customers write and tokens.
#[allow(clippy::type_complexity)] // Closures have no shorter name.
fn trace_layer() -> TraceLayer<
    tower_http::classify::SharedClassifier<tower_http::classify::ServerErrorsAsFailures>,
    impl Fn(&Request) -> Span + Clone,
    (),
    impl Fn(&Response, Duration, &Span) + Clone,
> {
    TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
            let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
            tracing::info_span!("http", http.method = %request.method(), http.route = route, http.id = id)
        })
        .on_request(())
        .on_response(|response: &Response, took: Duration, _: &Span| answered(response, took))
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path == "/api" || path.starts_with("/webhooks/")
}

async fn unknown(OriginalUri(uri): OriginalUri) -> Response {
    if is_for_programs(uri.path()) {
        return Problem::not_found("address").into_response();
    }
    error_page(
        StatusCode::NOT_FOUND,
        "No such page",
        "The address is wrong, or what it showed is gone.",
    )
}

async fn wrong_method(OriginalUri(uri): OriginalUri) -> Response {
    if is_for_programs(uri.path()) {
        return Problem::method_not_allowed().into_response();
    }
    error_page(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not like this",
        "This address does not take such a request. Go back and use the buttons of the page.",
    )
}

/// A panic is a fault of ours: the request fails, the server goes on.
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words");
    metrics::counter!("eziseller_panics_total").increment(1);
    Problem::internal(format!("a handler panicked: {text}")).into_response()
}

/// How long requests may go on after the server was told to stop. Webhook bodies take
/// milliseconds; live updates would go on for ever.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` is done, then lets the requests that are under way finish.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        let _ = stopping.send(true);
    });
    tokio::select! {
        ended = serving.into_future() => ended,
        () = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}
