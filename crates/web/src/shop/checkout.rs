//! The requests of the checkout: Meta's shops send buyers here with a cart, our own product pages
//! with one line; it becomes a draft order.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::DraftOrderId;
use engine::shop::{Placement, ShopProblem};

use super::fields::Fields;
use super::limiter::OrderLimiter;
use super::order_page::{self, CartView};
use super::page;
use super::site::{Site, failed};
use crate::state::{AppState, ClientAddress};

/// `GET /shop/{slug}/checkout?products=ID:QTY,...&coupon=CODE`. Nothing of the buyer is in the
/// address.
pub(super) async fn cart(
    State(state): State<AppState>,
    site: Site,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(query.as_deref().unwrap_or_default());
    let cart = fields.cart(&site.view);
    let order = fields.order(cart.lines);
    let problems = if order.lines.is_empty() {
        Vec::new()
    } else {
        let all = site.view.line_problems(&order.lines);
        // A choice that is still to be made is no mistake yet.
        all.into_iter()
            .filter(|problem| !problem.text.starts_with("Choose"))
            .collect()
    };
    let view = CartView {
        order,
        refused: cart.refused,
        problems,
        token: state.engine().shop_token(),
    };
    order_page::cart_page(&site, &view).into_response()
}

/// `POST /shop/{slug}/checkout`
pub(super) async fn order(
    State(state): State<AppState>,
    Extension(limiter): Extension<Arc<OrderLimiter>>,
    ClientAddress(address): ClientAddress,
    site: Site,
    body: String,
) -> Response {
    if let Err(wait) = limiter.attempt(address) {
        let mut response = page::bare(
            StatusCode::TOO_MANY_REQUESTS,
            "One moment",
            "Too many orders came from here. Go back, wait a minute and send it again.",
        );
        let seconds = wait.as_secs() + 1;
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
        return response;
    }
    let fields = Fields::parse(&body);
    let token: Option<DraftOrderId> = fields.get("token").parse().ok();
    // A second tap on a form whose order is there already.
    if let Some(token) = token
        && matches!(
            state.engine().shop_draft(&site.seller, token).await,
            Ok(Some(_))
        )
    {
        return thank(&site, token);
    }
    let cart = fields.cart(&site.view);
    let order = fields.order(cart.lines);
    let mut view = CartView {
        order,
        refused: cart.refused,
        problems: Vec::new(),
        token: token.unwrap_or_else(|| state.engine().shop_token()),
    };
    if fields.get("do") == "update" {
        view.problems = site.view.line_problems(&view.order.lines);
        return order_page::cart_page(&site, &view).into_response();
    }
    if !view.refused.is_empty() {
        view.problems = site.view.problems(&view.order);
        view.problems.push(ShopProblem {
            field: "lines".to_owned(),
            text: "Something was left out of the cart; check it and send it again".to_owned(),
        });
        return refuse(&site, &view);
    }
    let placed = state
        .engine()
        .place_shop_order(&site.seller, view.token, &view.order)
        .await;
    match placed {
        Ok(Placement::Placed(draft)) => thank(&site, draft),
        Ok(Placement::Refused(problems)) => {
            if problems.iter().any(|problem| problem.field == "token") {
                view.token = state.engine().shop_token();
            }
            view.problems = problems;
            refuse(&site, &view)
        }
        Err(error) => failed(error),
    }
}

fn refuse(site: &Site, view: &CartView) -> Response {
    let page = order_page::cart_page(site, view);
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn thank(site: &Site, draft: DraftOrderId) -> Response {
    Redirect::to(&format!("{}/checkout/thanks?order={draft}", site.base)).into_response()
}

/// `GET /shop/{slug}/checkout/thanks?order=ID`: what was ordered, and nothing of who did.
pub(super) async fn thanks(
    State(state): State<AppState>,
    site: Site,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(query.as_deref().unwrap_or_default());
    let draft = match fields.get("order").parse::<DraftOrderId>() {
        Ok(id) => state.engine().shop_draft(&site.seller, id).await,
        Err(_) => Ok(None),
    };
    match draft {
        Ok(Some(row)) => order_page::thanks_page(&site, &row).into_response(),
        Ok(None) => {
            let page = order_page::no_order_page(&site);
            (StatusCode::NOT_FOUND, page).into_response()
        }
        Err(error) => failed(error),
    }
}
