//! `/api/v1/draft-orders`

use axum::extract::State;
use domain::DraftOrderId;
use domain::catalog::RetailerId;
use domain::draft::Stage;
use domain::reading::{Amount, OptionChoice, OrderLine};
use engine::ActionError;
use serde::{Deserialize, Serialize};
use store::{DraftFilter, DraftRow, SellerStore};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::orders::OrderOut;
use super::out::{ActorOut, Choice, DetailsOut, DraftLineOut, TotalsOut, time};
use super::paging::{Listing, PageQuery};
use crate::problem::{FieldError, Problem};
use crate::products;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_draft_orders))
        .routes(routes!(get_draft_order))
        .routes(routes!(edit_draft_order))
        .routes(routes!(confirm_draft_order))
        .routes(routes!(reject_draft_order))
}

/// What was understood so far, not yet an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftOrderOut {
    /// The id.
    pub id: Uuid,
    /// `open`, `awaiting_customer`, `awaiting_confirmation`, `awaiting_seller`, `confirmed`,
    /// `rejected`, `cancelled` or `expired`.
    pub stage: String,
    /// Where it came from: `instagram`, `messenger`, `whatsapp` or `shop`.
    pub message_source: String,
    /// The conversation.
    pub conversation_id: Option<Uuid>,
    /// The customer.
    pub customer_id: Option<Uuid>,
    /// The lines.
    pub lines: Vec<DraftLineOut>,
    /// Counts the changes of lines and charges.
    pub revision: u32,
    /// The least confidence of any line, 0 to 1.
    pub confidence: f32,
    /// Words that could not be settled with the customer.
    pub unresolved: Vec<String>,
    /// The sums; null while a line has no price.
    pub totals: Option<TotalsOut>,
    /// The customer's details.
    pub details: DetailsOut,
    /// The seller's note.
    pub note: Option<String>,
    /// Why it was rejected or cancelled.
    pub reason: Option<String>,
    /// The order it became.
    pub order_id: Option<Uuid>,
    /// When it was opened.
    pub created_at: String,
    /// When it was changed.
    pub updated_at: String,
}

impl From<&DraftRow> for DraftOrderOut {
    fn from(row: &DraftRow) -> Self {
        use domain::reading::Doubt;
        let unresolved = row.body.unresolved.iter().map(|doubt| match doubt {
            Doubt::AmbiguousProduct { words, .. }
            | Doubt::UnknownProduct { words, .. }
            | Doubt::UnclearOption { words, .. } => words.clone(),
        });
        Self {
            id: row.id.0,
            stage: row.stage.to_string(),
            message_source: row.message_source.clone(),
            conversation_id: row.conversation_id.map(|id| id.0),
            customer_id: row.customer_id.map(|id| id.0),
            lines: row.body.lines.iter().map(DraftLineOut::from).collect(),
            revision: row.body.revision,
            confidence: row.body.confidence,
            unresolved: unresolved.collect(),
            totals: row.body.totals.as_ref().map(TotalsOut::from),
            details: (&row.body.details).into(),
            note: row.body.note.clone(),
            reason: row.body.reason.clone(),
            order_id: row.order_id.map(|id| id.0),
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        }
    }
}

/// A move of a draft order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftTransitionOut {
    /// From where; null: it was just opened.
    pub from: Option<String>,
    /// To where; null: refused.
    pub to: Option<String>,
    /// By what.
    pub event: String,
    /// Who.
    pub actor: ActorOut,
    /// When.
    pub at: String,
    /// Why.
    pub why: String,
}

/// A draft order with its history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftOrderDetailOut {
    /// It.
    #[serde(flatten)]
    pub draft_order: DraftOrderOut,
    /// What happened, oldest first.
    pub transitions: Vec<DraftTransitionOut>,
}

/// Which draft orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DraftOrdersQuery {
    /// Stages, separated by commas; left out: all.
    #[param(example = "awaiting_seller,open")]
    stage: Option<String>,
    /// Only those of this conversation.
    conversation_id: Option<Uuid>,
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List draft orders, newest first.
#[utoipa::path(
    get, path = "/draft-orders", tag = "draft orders", params(DraftOrdersQuery),
    responses((status = 200, body = Listing<DraftOrderOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_draft_orders(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<DraftOrdersQuery>,
) -> Result<axum::Json<Listing<DraftOrderOut>>, Problem> {
    let words = query
        .stage
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .map(str::trim);
    let stages: Vec<Stage> = words
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().map_err(|e: String| Problem::field("stage", e)))
        .collect::<Result<_, _>>()?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let filter = DraftFilter {
        stages,
        conversation_id: query.conversation_id.map(domain::ConversationId),
        limit: page.rows()?,
        after: page.cursor,
    };
    let found = state
        .store()
        .seller(caller.seller)
        .draft_orders(&filter)
        .await?;
    Ok(axum::Json(Listing {
        items: found.rows.iter().map(DraftOrderOut::from).collect(),
        next_cursor: found.next,
    }))
}

/// Get a draft order with its history.
#[utoipa::path(
    get, path = "/draft-orders/{id}", tag = "draft orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = DraftOrderDetailOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_draft_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<DraftOrderDetailOut>, Problem> {
    detail(&state, &caller, DraftOrderId(id))
        .await
        .map(axum::Json)
}

async fn detail(
    state: &AppState,
    caller: &Caller,
    id: DraftOrderId,
) -> Result<DraftOrderDetailOut, Problem> {
    let seller = state.store().seller(caller.seller);
    let row = seller
        .draft_order(id)
        .await?
        .ok_or_else(|| Problem::not_found("draft order"))?;
    let steps = seller.draft_transitions(id).await?;
    Ok(DraftOrderDetailOut {
        draft_order: (&row).into(),
        transitions: steps
            .iter()
            .map(|step| DraftTransitionOut {
                from: step.from_stage.map(|stage| stage.to_string()),
                to: step.to_stage.map(|stage| stage.to_string()),
                event: step.event.clone(),
                actor: (&step.actor).into(),
                at: time(step.at),
                why: step.why.clone(),
            })
            .collect(),
    })
}

/// A line as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LineIn {
    /// The product's `retailer_id`.
    pub product: String,
    /// How many, 1 to 9,999.
    #[schema(minimum = 1, maximum = 9999)]
    pub quantity: u32,
    /// The choices.
    #[serde(default)]
    pub options: Vec<Choice>,
}

/// New lines for a draft order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditDraftOrder {
    /// All of the lines: what is not among them is dropped.
    pub lines: Vec<LineIn>,
    /// The `revision` that was read: when the customer has changed the order since, nothing is
    /// done and the answer is 409.
    #[serde(default)]
    pub revision: Option<u32>,
}

/// Reads lines; every wrong field is named.
pub(crate) fn read_lines(lines: Vec<LineIn>) -> Result<Vec<OrderLine>, Problem> {
    let mut errors = Vec::new();
    let mut read = Vec::with_capacity(lines.len());
    for (i, line) in lines.into_iter().enumerate() {
        let mut wrong = |field: &str, detail: String| {
            errors.push(FieldError {
                field: format!("lines[{i}].{field}"),
                detail,
            });
        };
        if !(1..=9_999).contains(&line.quantity) {
            wrong(
                "quantity",
                "use a number from 1 to 9,999; leave the line out to drop it".into(),
            );
        }
        let mut options = Vec::with_capacity(line.options.len());
        for choice in line.options {
            let amount = match choice.amount.as_deref() {
                None => None,
                Some("extra") => Some(Amount::Extra),
                Some("light") => Some(Amount::Light),
                Some(_) => {
                    wrong(
                        "options.amount",
                        "use extra or light, or leave it out".into(),
                    );
                    None
                }
            };
            options.push(OptionChoice {
                name: choice.name,
                value: choice.value,
                negated: choice.negated,
                amount,
                count: choice.count.clamp(1, 99),
            });
        }
        options.sort();
        match RetailerId::parse(&line.product) {
            Ok(product) => read.push(OrderLine {
                product,
                quantity: line.quantity,
                options,
            }),
            Err(e) => wrong("product", e.to_string()),
        }
    }
    if errors.is_empty() {
        Ok(read)
    } else {
        Err(Problem {
            errors,
            ..Problem::unprocessable("Some lines cannot be taken; see `errors`.")
        })
    }
}

/// Replace a draft order's lines.
#[utoipa::path(
    put, path = "/draft-orders/{id}", tag = "draft orders", params(("id" = Uuid, Path)), request_body = EditDraftOrder,
    responses((status = 200, body = DraftOrderDetailOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn edit_draft_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(edit): Json<EditDraftOrder>,
) -> Result<axum::Json<DraftOrderDetailOut>, Problem> {
    let (id, lines) = (DraftOrderId(id), read_lines(edit.lines)?);
    state
        .engine()
        .edit_draft(caller.by(), id, edit.revision, lines)
        .await?;
    detail(&state, &caller, id).await.map(axum::Json)
}

/// How to confirm.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConfirmDraftOrder {
    /// Sell more than is in stock, knowingly.
    pub oversell: bool,
    /// A note that is kept with the order.
    pub note: Option<String>,
    /// The `revision` that was read: when the customer has changed the order since, nothing is
    /// done and the answer is 409.
    pub revision: Option<u32>,
}

/// Confirm a draft order: it becomes an order, with its prices frozen and its stock reserved.
///
/// Repeating the call answers with the same order.
#[utoipa::path(
    post, path = "/draft-orders/{id}/confirm", tag = "draft orders", params(("id" = Uuid, Path)), request_body = ConfirmDraftOrder,
    responses((status = 200, body = OrderOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn confirm_draft_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(how): Json<ConfirmDraftOrder>,
) -> Result<axum::Json<OrderOut>, Problem> {
    let id = DraftOrderId(id);
    let seller = state.store().seller(caller.seller);
    let row = seller
        .draft_order(id)
        .await?
        .ok_or_else(|| Problem::not_found("draft order"))?;
    if row.stage != Stage::Confirmed {
        let confirmed = state
            .engine()
            .confirm_draft(caller.by(), id, how.revision, how.oversell, how.note)
            .await;
        if let Err(refused) = confirmed {
            return Err(too_little_stock(&seller, &row, refused).await);
        }
    }
    let row = seller
        .draft_order(id)
        .await?
        .ok_or_else(|| Problem::not_found("draft order"))?;
    let order_id = row.order_id.ok_or_else(|| {
        Problem::conflict("The draft order did not become an order; read it again to see why.")
    })?;
    let order = seller
        .order(order_id)
        .await?
        .ok_or_else(|| Problem::not_found("order"))?;
    Ok(axum::Json((&order).into()))
}

/// A refusal for lack of stock names what is short; any other stays as it is.
async fn too_little_stock(
    seller: &SellerStore<'_>,
    row: &DraftRow,
    refused: ActionError,
) -> Problem {
    if !matches!(
        refused,
        ActionError::Refused(_) | ActionError::OutOfStock(_)
    ) {
        return refused.into();
    }
    match products::shortages(seller, row).await {
        Ok(short) if !short.is_empty() => Problem::conflict(format!(
            "There is too little stock. {} Restock, change the lines, or send `\"oversell\": true`.",
            short.join(" ")
        )),
        _ => refused.into(),
    }
}

/// Why to reject.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RejectDraftOrder {
    /// The reason, for the record.
    pub reason: Option<String>,
}

/// Reject a draft order. Repeating the call changes nothing.
#[utoipa::path(
    post, path = "/draft-orders/{id}/reject", tag = "draft orders", params(("id" = Uuid, Path)), request_body = RejectDraftOrder,
    responses((status = 200, body = DraftOrderDetailOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn reject_draft_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(why): Json<RejectDraftOrder>,
) -> Result<axum::Json<DraftOrderDetailOut>, Problem> {
    let id = DraftOrderId(id);
    let before = detail(&state, &caller, id).await?;
    if before.draft_order.stage == Stage::Rejected.as_str() {
        return Ok(axum::Json(before));
    }
    state
        .engine()
        .reject_draft(caller.by(), id, None, why.reason)
        .await?;
    detail(&state, &caller, id).await.map(axum::Json)
}
