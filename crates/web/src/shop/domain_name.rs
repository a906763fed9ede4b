//! A seller's own domain: what is asked for there is the shop front's.

use axum::extract::{Request, State};
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::state::AppState;

/// Marks a request that came by the seller's own domain: its links begin at `/`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByDomain;

/// Leads requests for a seller's domain to its shop front.
pub(crate) async fn by_domain(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let of_shops = path == "/"
        || path == "/checkout"
        || path == "/checkout/thanks"
        || path.starts_with("/p/")
        || path.starts_with("/images/");
    let host = of_shops.then(|| host_of(&request)).flatten();
    let Some(host) = host.filter(|host| !is_own(host, &state)) else {
        return next.run(request).await;
    };
    let seller = match state.store().system().seller_by_domain(&host).await {
        Ok(seller) => seller,
        Err(error) => return Problem::from(error).into_response(),
    };
    if let Some(seller) = seller {
        let path = if path == "/" { "" } else { path };
        let query = request.uri().query();
        let query = query.map(|q| format!("?{q}")).unwrap_or_default();
        let inside = format!("/shop/{}{path}{query}", seller.slug);
        if let Ok(uri) = inside.parse::<Uri>() {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(ByDomain);
        }
    }
    next.run(request).await
}

/// The host that was asked for, in lower case, without port and final dot.
fn host_of(request: &Request) -> Option<String> {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().host())?;
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.contains('.').then_some(name)
}

/// Whether this is the server's own name, which is no shop's: spares the look-up.
fn is_own(host: &str, state: &AppState) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
        || state
            .config()
            .public_url
            .as_deref()
            .and_then(|url| url.parse::<Uri>().ok())
            .is_some_and(|uri| uri.host().is_some_and(|own| own.eq_ignore_ascii_case(host)))
}
