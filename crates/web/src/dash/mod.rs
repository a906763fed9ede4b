//! The dashboard: what is read for each page, and what each form does. How pages look is in
//! [`crate::pages`].

mod catalogs;
mod connection;
mod draft_editor;
mod drafts;
mod events;
mod inbox;
mod orders;
mod people;
mod product_form;
mod product_import;
mod product_pictures;
mod products;
mod settings;
mod shop_front;
mod sign_in;
mod team;
mod viewer;
mod waiting;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::limits;
use crate::live;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> Router<AppState> {
    let import = Router::new()
        .route(
            "/products/import",
            get(product_import::import_form).post(product_import::import),
        )
        .layer(DefaultBodyLimit::max(limits::IMPORT_BODY_BYTES_MAX));
    let pictures = Router::new()
        .route("/products/{id}/pictures", post(product_pictures::add))
        .layer(DefaultBodyLimit::max(limits::PICTURE_BODY_BYTES_MAX));
    Router::new()
        .route("/", get(drafts::list))
        .route("/sign-in", get(sign_in::form).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/drafts/{id}", get(drafts::detail))
        .route("/drafts/{id}/confirm", post(drafts::confirm))
        .route("/drafts/{id}/reject", post(drafts::reject))
        .route(
            "/drafts/{id}/edit",
            get(draft_editor::edit_form).post(draft_editor::edit),
        )
        .route("/orders", get(orders::list))
        .route("/orders/packing", get(orders::packing))
        .route("/orders/{id}", get(orders::detail))
        .route("/orders/{id}/status", post(orders::change))
        .route("/inbox", get(inbox::list))
        .route("/inbox/{id}", get(inbox::page))
        .route("/inbox/{id}/reply", post(inbox::reply))
        .route("/inbox/{id}/take-over", post(inbox::take_over))
        .route("/inbox/{id}/hand-back", post(inbox::hand_back))
        .route("/products", get(products::list))
        .route(
            "/products/new",
            get(products::new_form).post(products::create),
        )
        .route("/products/{id}", get(products::form).post(products::update))
        .route("/products/{id}/status", post(products::set_status))
        .route("/customers", get(people::list))
        .route("/customers/{id}", get(people::page).post(people::update))
        .route("/more", get(settings::more))
        .route("/settings", get(settings::settings).post(settings::save))
        .route(
            "/settings/words",
            get(settings::words).post(settings::save_words),
        )
        .route(
            "/settings/shop",
            get(shop_front::page).post(shop_front::set),
        )
        .route("/settings/shop/remove", post(shop_front::remove))
        .route("/settings/team", get(team::team).post(team::add))
        .route("/settings/team/{id}", post(team::change))
        .route("/settings/keys", get(team::keys).post(team::add_key))
        .route("/settings/keys/{id}/revoke", post(team::revoke_key))
        .route("/events", get(events::list))
        .route("/events/replay", post(events::replay_all))
        .route("/events/{id}/replay", post(events::replay))
        .route("/catalogs", get(catalogs::list))
        .route("/catalogs/connect", post(catalogs::connect))
        .route("/catalogs/{id}/sync", post(catalogs::sync))
        .route("/catalogs/{id}/settings", post(catalogs::settings))
        .route("/catalogs/{id}/disconnect", post(catalogs::disconnect))
        .route("/catalogs/{id}/appeal", post(catalogs::appeal))
        .route("/catalogs/{id}/send", post(catalogs::send))
        .route("/catalogs/{id}/items", get(catalogs::items))
        .route("/sync-runs/{id}", get(catalogs::run))
        .route("/connection", get(connection::page))
        .route("/connect/callback", get(connection::callback))
        .route("/connect/page", post(connection::choose))
        .route("/connect/{path}", get(connection::begin))
        .route("/doctor", get(connection::doctor))
        .route("/live", get(live::live))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .merge(import)
        .merge(pictures)
}
