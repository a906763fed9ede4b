//! `/api/v1/products/{id}/waiting`: who wants to hear when a product is back.

use axum::extract::State;
use domain::{ProductId, Timestamp};
use serde::Serialize;
use store::WaitingEntry;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Path, Query};
use super::out::time;
use super::paging::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_waiting))
}

/// A customer on the waiting list of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingOut {
    /// The id.
    pub id: Uuid,
    /// The product's or variant's `retailer_id`.
    pub retailer_id: String,
    /// The customer.
    pub customer_id: Uuid,
    /// Where the customer is told; null: nowhere.
    pub conversation_id: Option<Uuid>,
    /// How many are wanted.
    pub quantity: i64,
    /// `waiting`: is told when there are enough. `out_of_reach`: waits, and cannot be written to
    /// until the customer writes again (Meta's 24-hour window is closed). `told`: was told.
    pub state: String,
    /// Since when.
    pub created_at: String,
    /// When they were told.
    pub told_at: Option<String>,
}

fn out(entry: &WaitingEntry, now: Timestamp) -> WaitingOut {
    WaitingOut {
        id: entry.id,
        retailer_id: entry.retailer_id.to_string(),
        customer_id: entry.customer_id.0,
        conversation_id: entry.conversation_id.map(|id| id.0),
        quantity: entry.quantity,
        state: entry.waiter().state(now).as_str().to_owned(),
        created_at: time(entry.created_at),
        told_at: entry.notified_at.map(time),
    }
}

/// List who waits for a product or any of its variants, in order of asking.
///
/// When units are there again, those who wait are told in this order, once, no more of them than
/// there are units. Who orders it leaves the list.
#[utoipa::path(
    get, path = "/products/{id}/waiting", tag = "products", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Listing<WaitingOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_waiting(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Listing<WaitingOut>>, Problem> {
    let limit = page.rows()?;
    let seller = state.store().seller(caller.seller);
    let product = seller.product(ProductId(id)).await?;
    let product = product.ok_or_else(|| Problem::not_found("product"))?;
    let found = seller
        .waiting_for(product.id, page.cursor.as_deref(), limit)
        .await?;
    let now = state.now();
    Ok(axum::Json(Listing {
        items: found.rows.iter().map(|entry| out(entry, now)).collect(),
        next_cursor: found.next,
    }))
}
