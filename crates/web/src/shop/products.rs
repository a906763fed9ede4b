//! The requests for products and pictures.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::catalog::{CatalogView as _, ProductStatus, RetailerId};
use maud::Markup;
use uuid::Uuid;

use super::fields::Fields;
use super::product_page::product_page;
use super::shelf_page::{self, SIZE, Wanted, missing_page};
use super::site::{Site, failed};
use crate::state::AppState;

/// Prices and stock change; a minute old is fresh enough to look at, and orders check again.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// A new picture has a new address.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The longest search.
const SEARCH_CHARS_MAX: usize = 100;

fn public(status: StatusCode, page: Markup) -> Response {
    let mut response = (status, page).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, SHORT);
    response
}

/// `GET /shop/{slug}`
pub(super) async fn list(site: Site, RawQuery(query): RawQuery) -> Response {
    let query = Fields::parse(query.as_deref().unwrap_or_default());
    let wanted = Wanted {
        search: query.get("q").chars().take(SEARCH_CHARS_MAX).collect(),
        category: query.get("category").to_owned(),
        page: query.get("page").parse().unwrap_or(1).clamp(1, 1_000_000),
    };
    let shelf = site
        .view
        .shelf(&wanted.search, &wanted.category, wanted.page, SIZE);
    public(
        StatusCode::OK,
        shelf_page::shelf_page(&site, &wanted, &shelf),
    )
}

/// `GET /shop/{slug}/p/{id}`: also finds a variant by its own id.
pub(super) async fn product(
    State(state): State<AppState>,
    site: Site,
    Path((_, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(id) = RetailerId::parse(&id) else {
        return public(StatusCode::NOT_FOUND, missing_page(&site, None));
    };
    let query = Fields::parse(query.as_deref().unwrap_or_default());
    if let Some(product) = site.view.product(&id) {
        let mut variants = product.variants.iter();
        let wanted = query.get("v");
        let variant = variants.find(|known| known.retailer_id.as_str() == wanted);
        return public(StatusCode::OK, product_page(&site, product, variant));
    }
    let found = state
        .store()
        .seller(site.seller.id)
        .product_by_retailer_id(&id)
        .await;
    match found.map_err(failed) {
        Err(response) => response,
        Ok(Some(row)) if row.product.status == ProductStatus::Archived => public(
            StatusCode::GONE,
            missing_page(&site, Some(&row.product.title)),
        ),
        Ok(Some(row)) => {
            let page = site.product(&row.product);
            let variant = domain::catalog::item::path_segment(id.as_str());
            Redirect::temporary(&format!("{page}?v={variant}")).into_response()
        }
        Ok(None) => public(StatusCode::NOT_FOUND, missing_page(&site, None)),
    }
}

/// `GET /shop/{slug}/images/{id}`
pub(super) async fn image(
    State(state): State<AppState>,
    Path((slug, id)): Path<(String, Uuid)>,
) -> Response {
    let seller = match state.store().system().seller_by_slug(&slug).await {
        Ok(Some(seller)) => seller,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return failed(error),
    };
    let image = match state.store().seller(seller.id).image(id).await {
        Ok(Some(image)) => image,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return failed(error),
    };
    // Only what is a picture and nothing but one: an SVG may hold scripts.
    let kind = match image.content_type.as_str() {
        "image/jpeg" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        "image/gif" => "image/gif",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], image.bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    response
}
