//! Orders on the dashboard: list, detail, moving on, packing.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use domain::OrderId;
use domain::customer::DetailKind;
use domain::order::OrderStatus;
use serde::Deserialize;
use store::{OrderFilter, OrderRow, SellerStore};

use super::viewer::{PageError, PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::order_pages::{self, OrderItem, OrderView};
use crate::pages::parts::Note;
use crate::present;
use crate::problem::Problem;
use crate::state::AppState;

const PAGE_ROWS: u32 = 40;
/// Orders of one packing list: more than anybody packs in one go.
const PACKING_ROWS: u32 = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    status: String,
    cursor: Option<String>,
}

/// `GET /orders`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let shown: Option<OrderStatus> = query.status.parse().ok();
    let filter = OrderFilter {
        statuses: shown.into_iter().collect(),
        after: query.cursor,
        limit: PAGE_ROWS,
        ..OrderFilter::default()
    };
    let seller = state.store().seller(viewer.member.seller);
    let found = seller.orders(&filter).await?;
    let items = items(&seller, &found.rows).await?;
    let frame = viewer.frame(&state).await?;
    let body = order_pages::list(&items, shown, found.next.as_deref());
    let page = Page {
        title: "Orders",
        tab: Tab::Orders,
        live: "orders",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// Orders as a list shows them.
pub(super) async fn items(
    seller: &SellerStore<'_>,
    rows: &[OrderRow],
) -> Result<Vec<OrderItem>, PageError> {
    let ids: Vec<_> = rows.iter().filter_map(|row| row.customer_id).collect();
    let customers = seller.customers_by_id(&ids).await?;
    let of = |row: &OrderRow| customers.iter().find(|c| Some(c.id) == row.customer_id);
    Ok(rows
        .iter()
        .map(|row| OrderItem {
            id: row.id,
            number: row.number.unsigned_abs(),
            name: row
                .customer_name
                .clone()
                .unwrap_or_else(|| present::customer_name(of(row)).0),
            summary: summary(row),
            total: row.totals.total,
            status: row.status,
            at: row.confirmed_at,
            flag: row.oversold.then(|| "more than in stock".to_owned()),
        })
        .collect())
}

fn summary(row: &OrderRow) -> String {
    let lines: Vec<String> = row
        .lines
        .iter()
        .map(|line| format!("{} × {}", line.quantity, line.title))
        .collect();
    lines.join(", ")
}

async fn view(
    seller: &SellerStore<'_>,
    row: &OrderRow,
    with_words: bool,
) -> Result<OrderView, PageError> {
    let customer = match row.customer_id {
        Some(id) => seller.customer(id).await?,
        None => None,
    };
    let (known_name, handle) = present::customer_name(customer.as_ref());
    let keys = present::order_keys(&row.lines);
    let mut messages = Vec::new();
    if with_words && let Some(draft) = seller.draft_order(row.draft_order_id).await? {
        messages = super::drafts::messages_of(seller, &draft).await?;
    }
    let (quotes, quoted) = present::quotes(&messages, &keys);
    let details = [
        (DetailKind::Name, row.customer_name.as_deref()),
        (DetailKind::Phone, row.phone.as_deref()),
        (DetailKind::Email, row.email.as_deref()),
        (DetailKind::Address, row.address.as_deref()),
    ];
    let steps = if with_words {
        seller.order_transitions(row.id).await?
    } else {
        Vec::new()
    };
    Ok(OrderView {
        id: row.id,
        number: row.number.unsigned_abs(),
        status: row.status,
        name: row.customer_name.clone().unwrap_or(known_name),
        handle,
        channel: present::source_name(&row.message_source),
        at: row.confirmed_at,
        conversation: row.conversation_id,
        customer: row.customer_id,
        lines: row
            .lines
            .iter()
            .zip(quoted)
            .map(|(l, q)| present::order_line(l, q))
            .collect(),
        sum: present::sum_view(&row.totals),
        quotes,
        details: present::fact_rows(details),
        note: row.note.clone(),
        flag: row
            .oversold
            .then(|| "This order took more than was in stock.".to_owned()),
        history: steps
            .iter()
            .map(|step| (step.at, present::order_step(step)))
            .collect(),
    })
}

/// `GET /orders/{id}`
pub(super) async fn detail(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<OrderId>,
) -> PageResult {
    let seller = state.store().seller(viewer.member.seller);
    let row = seller
        .order(id)
        .await?
        .ok_or_else(|| Problem::not_found("order"))?;
    let order = view(&seller, &row, true).await?;
    let frame = viewer.frame(&state).await?;
    let body = order_pages::page(&frame, &order);
    let title = format!("Order #{}", order.number);
    let page = Page {
        title: &title,
        tab: Tab::Orders,
        live: "orders",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `POST /orders/{id}/status`
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<OrderId>,
    posted: Posted,
) -> PageResult {
    let to: OrderStatus = posted
        .fields
        .get("status")
        .parse()
        .map_err(|e: String| Problem::field("status", e))?;
    let page = format!("/orders/{id}");
    match state
        .engine()
        .move_order(posted.member.by(), id, to, "")
        .await
    {
        Ok(()) => Ok(go(
            &state,
            &page,
            &Note::good(format!("The order is {to} now.")),
        )),
        Err(engine::ActionError::Refused(why)) => Ok(go(&state, &page, &Note::bad(why))),
        Err(error) => Err(error.into()),
    }
}

/// `GET /orders/packing`
pub(super) async fn packing(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let seller = state.store().seller(viewer.member.seller);
    let filter = OrderFilter {
        statuses: vec![OrderStatus::Confirmed, OrderStatus::Paid],
        limit: PACKING_ROWS,
        ..OrderFilter::default()
    };
    let mut rows = seller.orders(&filter).await?.rows;
    // First come, first packed.
    rows.reverse();
    let mut by_product: BTreeMap<String, u32> = BTreeMap::new();
    let mut orders = Vec::with_capacity(rows.len());
    for row in &rows {
        for line in &row.lines {
            let options = present::options_words(&line.options);
            let name = if options.is_empty() {
                line.title.clone()
            } else {
                format!("{} ({options})", line.title)
            };
            *by_product.entry(name).or_default() += line.quantity;
        }
        orders.push(view(&seller, row, false).await?);
    }
    let by_product: Vec<_> = by_product.into_iter().collect();
    let frame = viewer.frame(&state).await?;
    let body = order_pages::packing(&orders, &by_product);
    let page = Page {
        title: "Packing list",
        tab: Tab::Orders,
        live: "orders",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}
