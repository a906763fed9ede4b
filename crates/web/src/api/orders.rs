//! `/api/v1/orders`

use axum::extract::State;
use domain::OrderId;
use domain::order::OrderStatus;
use serde::{Deserialize, Serialize};
use store::{OrderFilter, OrderRow};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::out::{ActorOut, OrderLineOut, TotalsOut, time};
use super::paging::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_orders))
        .routes(routes!(get_order))
        .routes(routes!(change_order_status))
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderOut {
    /// The id.
    pub id: Uuid,
    /// The number that people say; without gaps within a seller.
    pub number: i64,
    /// `confirmed`, `paid`, `packed`, `shipped`, `delivered`, `cancelled` or `returned`.
    pub status: String,
    /// The draft order that it was.
    pub draft_order_id: Uuid,
    /// Where it came from: `instagram`, `messenger`, `whatsapp` or `shop`.
    pub message_source: String,
    /// The conversation.
    pub conversation_id: Option<Uuid>,
    /// The customer.
    pub customer_id: Option<Uuid>,
    /// The lines.
    pub lines: Vec<OrderLineOut>,
    /// The sums.
    pub totals: TotalsOut,
    /// The customer's name at confirmation.
    pub customer_name: Option<String>,
    /// The phone number at confirmation, E.164.
    pub phone: Option<String>,
    /// The e-mail address at confirmation.
    pub email: Option<String>,
    /// The postal address at confirmation.
    pub address: Option<String>,
    /// The seller's note.
    pub note: Option<String>,
    /// Whether it took more than was in stock.
    pub oversold: bool,
    /// Who confirmed.
    pub confirmed_by: ActorOut,
    /// When.
    pub confirmed_at: String,
    /// When it was changed.
    pub updated_at: String,
}

impl From<&OrderRow> for OrderOut {
    fn from(row: &OrderRow) -> Self {
        Self {
            id: row.id.0,
            number: row.number,
            status: row.status.to_string(),
            draft_order_id: row.draft_order_id.0,
            message_source: row.message_source.clone(),
            conversation_id: row.conversation_id.map(|id| id.0),
            customer_id: row.customer_id.map(|id| id.0),
            lines: row.lines.iter().map(OrderLineOut::from).collect(),
            totals: (&row.totals).into(),
            customer_name: row.customer_name.clone(),
            phone: row.phone.clone(),
            email: row.email.clone(),
            address: row.address.clone(),
            note: row.note.clone(),
            oversold: row.oversold,
            confirmed_by: (&row.confirmed_by).into(),
            confirmed_at: time(row.confirmed_at),
            updated_at: time(row.updated_at),
        }
    }
}

/// A move of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderTransitionOut {
    /// From where; null: just made.
    pub from: Option<String>,
    /// To where it went, or was to go.
    pub to: String,
    /// Whether it was refused.
    pub refused: bool,
    /// Who.
    pub actor: ActorOut,
    /// When.
    pub at: String,
    /// Why.
    pub why: String,
}

/// An order with its history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderDetailOut {
    /// It.
    #[serde(flatten)]
    pub order: OrderOut,
    /// The statuses that may follow.
    pub next_statuses: Vec<String>,
    /// What happened, oldest first.
    pub transitions: Vec<OrderTransitionOut>,
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrdersQuery {
    /// Statuses, separated by commas; left out: all.
    #[param(example = "confirmed,paid")]
    status: Option<String>,
    /// Only those of this customer.
    customer_id: Option<Uuid>,
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List orders, newest first.
#[utoipa::path(
    get, path = "/orders", tag = "orders", params(OrdersQuery),
    responses((status = 200, body = Listing<OrderOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_orders(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<OrdersQuery>,
) -> Result<axum::Json<Listing<OrderOut>>, Problem> {
    let words = query
        .status
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .map(str::trim);
    let statuses: Vec<OrderStatus> = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.parse()
                .map_err(|e: String| Problem::field("status", e))
        })
        .collect::<Result<_, _>>()?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let filter = OrderFilter {
        statuses,
        customer_id: query.customer_id.map(domain::CustomerId),
        limit: page.rows()?,
        after: page.cursor,
    };
    let found = state.store().seller(caller.seller).orders(&filter).await?;
    Ok(axum::Json(Listing {
        items: found.rows.iter().map(OrderOut::from).collect(),
        next_cursor: found.next,
    }))
}

/// Get an order with its history.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = OrderDetailOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<OrderDetailOut>, Problem> {
    detail(&state, &caller, OrderId(id)).await.map(axum::Json)
}

async fn detail(state: &AppState, caller: &Caller, id: OrderId) -> Result<OrderDetailOut, Problem> {
    let seller = state.store().seller(caller.seller);
    let row = seller
        .order(id)
        .await?
        .ok_or_else(|| Problem::not_found("order"))?;
    let steps = seller.order_transitions(id).await?;
    Ok(OrderDetailOut {
        next_statuses: row.status.next().map(|status| status.to_string()).collect(),
        order: (&row).into(),
        transitions: steps
            .iter()
            .map(|step| OrderTransitionOut {
                from: step.from_status.map(|status| status.to_string()),
                to: step.to_status.to_string(),
                refused: step.refused,
                actor: (&step.actor).into(),
                at: time(step.at),
                why: step.why.clone(),
            })
            .collect(),
    })
}

/// Where an order shall go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeOrderStatus {
    /// `paid`, `packed`, `shipped`, `delivered`, `cancelled` or `returned`.
    #[schema(example = "packed")]
    pub status: String,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Move an order on. Cancelling gives the reserved stock back. Repeating the call changes nothing.
#[utoipa::path(
    post, path = "/orders/{id}/status", tag = "orders", params(("id" = Uuid, Path)), request_body = ChangeOrderStatus,
    responses((status = 200, body = OrderDetailOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn change_order_status(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(change): Json<ChangeOrderStatus>,
) -> Result<axum::Json<OrderDetailOut>, Problem> {
    let id = OrderId(id);
    let to: OrderStatus = change
        .status
        .parse()
        .map_err(|e: String| Problem::field("status", e))?;
    let now = detail(&state, &caller, id).await?;
    if now.order.status != to.as_str() {
        let why = change.reason.unwrap_or_default();
        state.engine().move_order(caller.by(), id, to, &why).await?;
    }
    detail(&state, &caller, id).await.map(axum::Json)
}
