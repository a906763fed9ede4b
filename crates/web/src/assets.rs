//! The dashboard's own style and script, named by their content so that browsers may keep them
//! for ever and never show an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../assets/app.css");
const SHOP_STYLE: &str = include_str!("../assets/shop.css");
const SCRIPT: &str = include_str!("../assets/app.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The addresses of the assets.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// The style sheet.
    pub style: String,
    /// The style sheet of the shop front.
    pub shop_style: String,
    /// The script.
    pub script: String,
    /// The icon.
    pub icon: String,
}

/// The addresses under which this build serves its assets.
pub(crate) static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| {
    let address = |name: &str, text: &str| {
        format!(
            "/assets/{}/{name}",
            &hex::encode(Sha256::digest(text.as_bytes()))[..12]
        )
    };
    Addresses {
        style: address("app.css", STYLE),
        shop_style: address("shop.css", SHOP_STYLE),
        script: address("app.js", SCRIPT),
        icon: address("icon.svg", ICON),
    }
});

/// `GET /assets/{version}/{name}`: any version answers with this build's asset; only the right one
/// may be kept.
pub(crate) async fn serve(Path((version, name)): Path<(String, String)>) -> Response {
    asset(&name, &format!("/assets/{version}/{name}"))
}

/// `GET /assets/{name}`: the asset without a version.
pub(crate) async fn serve_unversioned(Path(name): Path<String>) -> Response {
    asset(&name, "")
}

fn asset(name: &str, address: &str) -> Response {
    let (kind, text, own) = match name {
        "app.css" => ("text/css; charset=utf-8", STYLE, &ADDRESSES.style),
        "shop.css" => ("text/css; charset=utf-8", SHOP_STYLE, &ADDRESSES.shop_style),
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT, &ADDRESSES.script),
        "icon.svg" => ("image/svg+xml", ICON, &ADDRESSES.icon),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let keep = if own == address {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)],
        text,
    )
        .into_response()
}
