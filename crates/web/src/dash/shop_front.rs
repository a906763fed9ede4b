//! The shop front on the dashboard: where it is, and the seller's own domain for it.

use axum::extract::State;
use axum::http::StatusCode;
use engine::ActionError;

use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::pages::shop_front_page::{self, DomainForm};
use crate::state::AppState;

const HOME: &str = "/settings/shop";

/// `GET /settings/shop`
pub(super) async fn page(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    show(&state, &viewer, StatusCode::OK, DomainForm::default()).await
}

async fn show(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    form: DomainForm,
) -> PageResult {
    let seller = state.store().seller(viewer.member.seller).get().await?;
    let engine = state.engine();
    let view = shop_front_page::ShopFront {
        url: engine.shop_url(&seller),
        record: engine.domain_record(seller.domain.as_deref().unwrap_or("your domain")),
        pointing: match &seller.domain {
            Some(domain) => Some(engine.domain_pointing(domain).await),
            None => None,
        },
        domain: seller.domain,
        owner: viewer.member.is_owner(),
    };
    let frame = viewer.frame(state).await?;
    let page = Page {
        title: "Shop front",
        tab: Tab::More,
        live: "",
        body: shop_front_page::shop_front(&frame, &view, &form),
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /settings/shop`
pub(super) async fn set(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let typed = posted.fields.get("domain").to_owned();
    let anyway = posted.fields.is_on("anyway");
    let set = state
        .engine()
        .set_shop_domain(posted.member.seller, &typed, anyway)
        .await;
    match set {
        Ok(seller) => {
            let domain = seller.domain.unwrap_or_default();
            let text = format!("Your shop is at {domain} now. Instagram gets the new links.");
            Ok(go(&state, HOME, &Note::good(text)))
        }
        Err(ActionError::Invalid { problem, .. }) => {
            let form = DomainForm {
                typed,
                error: Some(problem),
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(&state, &posted.viewer(), status, form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/shop/remove`
pub(super) async fn remove(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let engine = state.engine();
    engine.remove_shop_domain(posted.member.seller).await?;
    let note = Note::good("Removed. Your shop is at this server's address again.");
    Ok(go(&state, HOME, &note))
}
