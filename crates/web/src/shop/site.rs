//! The shop that a request is for: its seller, its catalogue, where its links begin.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::catalog::item::path_segment;
use domain::catalog::{Product, Variant};
use engine::shop::ShopView;
use store::Seller;

use super::chat::{Chat, chats};
use super::domain_name::ByDomain;
use super::page;
use crate::problem::Problem;
use crate::state::AppState;

/// A shop, open.
#[derive(Debug)]
pub(super) struct Site {
    /// Whose it is.
    pub seller: Seller,
    /// What it sells.
    pub view: ShopView,
    /// What links begin with; empty on the seller's own domain.
    pub base: String,
    /// The shop's public address, where one is known.
    pub public: Option<String>,
    /// Where a buyer may talk to the seller.
    pub chats: Vec<Chat>,
}

impl Site {
    /// A product's page.
    pub(super) fn product(&self, product: &Product) -> String {
        format!(
            "{}/p/{}",
            self.base,
            path_segment(product.retailer_id.as_str())
        )
    }

    /// The public address of a product's or variant's page, as Meta's catalogue has it.
    pub(super) fn canonical(&self, product: &Product, variant: Option<&Variant>) -> Option<String> {
        let base = self.public.as_deref()?;
        let page = format!("{base}/p/{}", path_segment(product.retailer_id.as_str()));
        Some(match variant {
            Some(v) => format!("{page}?v={}", path_segment(v.retailer_id.as_str())),
            None => page,
        })
    }

    /// The shop's first page.
    pub(super) fn home(&self) -> &str {
        if self.base.is_empty() {
            "/"
        } else {
            &self.base
        }
    }
}

/// What went wrong, as a page.
pub(super) fn failed(problem: impl Into<Problem>) -> Response {
    let problem = problem.into();
    let status = problem.status_code();
    page::bare(
        status,
        "Not just now",
        "The shop cannot be reached at the moment. Please try again in a few seconds.",
    )
}

impl FromRequestParts<AppState> for Site {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(path) = path.map_err(IntoResponse::into_response)?;
        let slug = path.get("slug").map(String::as_str).unwrap_or_default();
        let seller = state.store().system().seller_by_slug(slug).await;
        let Some(seller) = seller.map_err(failed)? else {
            return Err(page::bare(
                StatusCode::NOT_FOUND,
                "No such shop",
                "The address is wrong, or the shop has closed.",
            ));
        };
        let view = state.engine().shop_view(&seller).await.map_err(failed)?;
        let accounts = state.store().seller(seller.id).accounts().await;
        let by_domain = parts.extensions.get::<ByDomain>().is_some();
        Ok(Self {
            base: if by_domain {
                String::new()
            } else {
                format!("/shop/{}", seller.slug)
            },
            public: state.engine().shop_url(&seller),
            chats: chats(&accounts.map_err(failed)?),
            seller,
            view,
        })
    }
}
