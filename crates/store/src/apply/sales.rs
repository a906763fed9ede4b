//! Draft orders, orders, their numbers and their stock.

use std::collections::BTreeMap;

use domain::catalog::RetailerId;
use domain::customer::DetailKind;
use domain::draft::Actor;
use domain::order::{NewOrder, OrderStatus, PricedLine};
use domain::{OrderId, SellerId, Timestamp};
use uuid::Uuid;

use super::effects::{DraftWrite, LaneEffects, OrderWrite};
use super::people::all_written;
use super::{CommitError, For, Ready, Shortage, each};
use crate::StoreError;
use crate::column::{json_text, some_text, text};
use crate::db::{Link, first, insert_rows, run, value};
use crate::orders::in_progress;

/// What each order takes of each item, in one order of rows for all transactions.
fn wanted(lanes: &[LaneEffects]) -> BTreeMap<(SellerId, &RetailerId, OrderId), (i64, &NewOrder)> {
    let mut wanted = BTreeMap::new();
    for write in each(lanes, |lane| &lane.order) {
        let order = &write.it.order;
        for line in &order.lines {
            let key = (write.seller, line.stock_id(), order.id);
            wanted.entry(key).or_insert((0, order)).0 += i64::from(line.quantity);
        }
    }
    wanted
}

/// Looks whether there is enough, and waits for nobody. The crowd that comes too late for the last
/// unit would else queue for the seller's row, one after the other, only to be told so.
pub(super) async fn look(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    let mut short = Vec::new();
    for ((seller, retailer_id, _), (quantity, order)) in wanted(lanes) {
        if order.oversell {
            continue;
        }
        let free = crate::stock::free_of(link, seller, retailer_id.as_str()).await?;
        if let Some(free) = free.filter(|free| *free < quantity) {
            short.push(shortage(order, retailer_id, quantity, free));
        }
    }
    none_short(short)
}

/// Reserves the stock of every order that is made.
pub(super) async fn reserve(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    let mut short = Vec::new();
    for ((seller, retailer_id, _), (quantity, order)) in wanted(lanes) {
        let id = retailer_id.as_str();
        let lacks = crate::stock::reserve(link, seller, id, quantity, order.oversell).await?;
        short.extend(lacks.map(|free| shortage(order, retailer_id, quantity, free)));
    }
    none_short(short)
}

fn shortage(order: &NewOrder, retailer_id: &RetailerId, wanted: i64, free: i64) -> Shortage {
    Shortage {
        draft_order_id: order.draft_order,
        retailer_id: retailer_id.clone(),
        wanted,
        free: free.max(0),
    }
}

fn none_short(short: Vec<Shortage>) -> Result<(), CommitError> {
    if short.is_empty() {
        Ok(())
    } else {
        Err(CommitError::StockShort(short))
    }
}

/// Numbers the orders: per seller, without gaps, because a number is taken in the transaction
/// that uses it.
pub(super) async fn number(
    link: &mut Link,
    lanes: &[LaneEffects],
) -> Result<Vec<(OrderId, u64)>, CommitError> {
    let orders = each(lanes, |lane| &lane.order);
    let mut by_seller: BTreeMap<SellerId, Vec<OrderId>> = BTreeMap::new();
    for order in &orders {
        by_seller
            .entry(order.seller)
            .or_default()
            .push(order.it.order.id);
    }
    let mut numbers = Vec::with_capacity(orders.len());
    for (seller, ids) in by_seller {
        let last: i64 = value!(
            link,
            i64,
            "UPDATE sellers SET last_order_number = last_order_number + $2 WHERE id = $1 \
             RETURNING last_order_number",
            seller.0,
            ids.len() as i64
        )?;
        let first = last - ids.len() as i64 + 1;
        numbers.extend(
            ids.into_iter()
                .zip(first..)
                .map(|(id, number)| (id, number as u64)),
        );
    }
    Ok(numbers)
}

/// Stores draft orders whole, and what moved them. A draft order that has become final
/// is not written over.
pub(super) async fn drafts(
    link: &mut Link,
    ready: &Ready<'_>,
    now: Timestamp,
) -> Result<(), CommitError> {
    let rows = each(ready.lanes, |lane| &lane.drafts);
    let rows = rows.into_iter().zip(&ready.drafts);
    // A lane may hold two of them, the closed one first: the open one must not meet it open.
    let (closed, open): (Vec<_>, Vec<_>) = rows.partition(|(row, _)| row.it.draft.stage.is_final());
    for rows in [closed, open] {
        write_drafts(link, &rows, ready.lanes, now).await?;
    }
    transitions(link, ready.lanes).await
}

async fn write_drafts(
    link: &mut Link,
    rows: &[(For<'_, DraftWrite>, &Vec<u8>)],
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    let made: BTreeMap<_, _> = lanes
        .iter()
        .filter_map(|lane| lane.order.as_ref())
        .map(|o| (o.order.draft_order, o.order.id))
        .collect();
    let written = insert_rows!(
        link,
        "INSERT INTO draft_orders (id, seller_id, account_id, conversation_id, customer_id, \
         message_source, stage, confidence, currency, total_minor, body, order_id, created_at, \
         updated_at) ",
        rows,
        |b, r| {
            let (r, body) = r;
            let draft = &r.it.draft;
            b.push_bind(draft.id.0)
                .push_bind(r.seller.0)
                .push_bind(r.it.account_id.map(|a| a.0))
                .push_bind(r.it.conversation_id.map(|c| c.0))
                .push_bind(r.it.customer_id.map(|c| c.0))
                .push_bind(r.it.message_source.clone())
                .push_bind(draft.stage.as_str())
                .push_bind(f64::from(draft.confidence))
                .push_bind(r.it.currency.code())
                .push_bind(draft.totals.as_ref().map(|t| t.total.minor))
                .push_bind(body.as_slice())
                .push_bind(made.get(&draft.id).map(|id| id.0))
                .push_bind(draft.opened_at.0)
                .push_bind(now.0);
        },
        concat!(
            " ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, \
             confidence = excluded.confidence, currency = excluded.currency, \
             total_minor = excluded.total_minor, body = excluded.body, \
             order_id = excluded.order_id, updated_at = excluded.updated_at \
             WHERE draft_orders.seller_id = excluded.seller_id AND draft_orders.stage IN ",
            in_progress!()
        )
    );
    all_written(written, rows.len())
}

/// What moved the draft orders. That there was none to move is nowhere shown, and not kept.
async fn transitions(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    let mut rows = Vec::new();
    for moved in each(lanes, |lane| &lane.transitions) {
        if let Some(draft) = moved.it.draft_order {
            rows.push((moved.seller, draft, moved.it));
        }
    }
    insert_rows!(
        link,
        "INSERT INTO draft_order_transitions (id, seller_id, draft_order_id, from_stage, event, \
         to_stage, actor, at, why) ",
        rows,
        |b, r| {
            let (seller, draft, t) = r;
            b.push_bind(Uuid::now_v7())
                .push_bind(seller.0)
                .push_bind(draft.0)
                .push_bind(t.from.map(domain::draft::Stage::as_str))
                .push_bind(t.event.as_str())
                .push_bind(t.to.map(domain::draft::Stage::as_str))
                .push_bind(json_text(&t.by))
                .push_bind(t.at.0)
                .push_bind(text(&t.why));
        },
        ""
    );
    Ok(())
}

/// Stores the orders with their lines, holds and first transition.
pub(super) async fn orders(
    link: &mut Link,
    lanes: &[LaneEffects],
    numbers: &[(OrderId, u64)],
    now: Timestamp,
) -> Result<(), CommitError> {
    for order in each(lanes, |lane| &lane.order) {
        let number = numbers
            .iter()
            .find(|(id, _)| *id == order.it.order.id)
            .map_or(0, |(_, number)| *number as i64);
        insert_order(link, &order, number, now).await?;
    }
    Ok(())
}

async fn insert_order(
    link: &mut Link,
    write: &For<'_, OrderWrite>,
    number: i64,
    now: Timestamp,
) -> Result<(), CommitError> {
    let order = &write.it.order;
    let detail = |kind| order.details.value(kind).map(text);
    let oversold = crate::stock::oversells(link, write.seller, order).await?;
    let totals = &order.totals;
    run!(
        link,
        "INSERT INTO orders (id, seller_id, number, draft_order_id, account_id, conversation_id, \
         customer_id, message_source, status, currency, subtotal_minor, discount_minor, \
         delivery_minor, tax_minor, tax_inclusive, total_minor, customer_name, phone, email, \
         address, note, oversold, confirmed_by, confirmed_at, version, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'confirmed', $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18, $19, $20, $21, $22, $23, 0, $24)",
        order.id.0,
        write.seller.0,
        number,
        order.draft_order.0,
        write.it.account_id.map(|a| a.0),
        write.it.conversation_id.map(|c| c.0),
        write.it.customer_id.map(|c| c.0),
        &write.it.message_source,
        totals.total.currency.code(),
        totals.subtotal.minor,
        totals.discount.minor,
        totals.delivery.minor,
        totals.tax.minor,
        totals.tax_inclusive,
        totals.total.minor,
        detail(DetailKind::Name),
        detail(DetailKind::Phone),
        detail(DetailKind::Email),
        detail(DetailKind::Address),
        some_text(order.note.as_ref()),
        oversold,
        json_text(&order.confirmed_by),
        order.confirmed_at.0,
        now.0
    )?;
    // The holds refer to the order, so they come after it.
    crate::stock::insert_holds(link, write.seller, order, now).await?;
    crate::waiting::served(link, write.seller, write.it.customer_id, order).await?;
    let lines: Vec<(usize, &PricedLine)> = order.lines.iter().enumerate().collect();
    insert_rows!(
        link,
        "INSERT INTO order_lines (order_id, position, seller_id, product, variant, title, options, \
         quantity, unit_minor, total_minor) ",
        lines,
        |b, r| {
            let (place, line) = r;
            b.push_bind(order.id.0)
                .push_bind(*place as i64)
                .push_bind(write.seller.0)
                .push_bind(line.product.as_str().to_owned())
                .push_bind(line.variant.as_ref().map(|v| v.as_str().to_owned()))
                .push_bind(line.title.clone())
                .push_bind(json_text(&line.options))
                .push_bind(i64::from(line.quantity))
                .push_bind(line.unit_price.minor)
                .push_bind(line.total.minor);
        },
        ""
    );
    let why = "confirmed from the draft order";
    let by = &order.confirmed_by;
    transition(
        link,
        write.seller,
        order.id,
        None,
        OrderStatus::Confirmed,
        by,
        order.confirmed_at,
        why,
        false,
    )
    .await
}

/// Moves orders on; a move that the table refuses is recorded as refused.
pub(super) async fn order_changes(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    for change in each(lanes, |lane| &lane.order_changes) {
        change_order(link, change.seller, change.it, now).await?;
    }
    Ok(())
}

/// Moves one order on. `Ok(false)`: the table refuses it, which is recorded.
pub(crate) async fn change_order(
    link: &mut Link,
    seller: SellerId,
    change: &super::effects::OrderChange,
    now: Timestamp,
) -> Result<bool, CommitError> {
    let (status, version) = first!(
        link,
        (String, i64),
        "SELECT status, version FROM orders WHERE seller_id = $1 AND id = $2",
        seller.0,
        change.order_id.0
    )?
    .ok_or(StoreError::Missing("order"))?;
    let from: OrderStatus = status.parse().map_err(StoreError::Corrupt)?;
    let refused = from.go(change.to).is_err();
    if !refused {
        crate::stock::settle(link, seller, change.order_id, change.to).await?;
        let moved = run!(
            link,
            "UPDATE orders SET status = $4, version = version + 1, updated_at = $5 \
             WHERE seller_id = $1 AND id = $2 AND version = $3",
            seller.0,
            change.order_id.0,
            version,
            change.to.as_str(),
            now.0
        )?;
        all_written(moved, 1)?;
    }
    transition(
        link,
        seller,
        change.order_id,
        Some(from),
        change.to,
        &change.actor,
        change.at,
        &change.why,
        refused,
    )
    .await?;
    Ok(!refused)
}

async fn transition(
    link: &mut Link,
    seller: SellerId,
    order: OrderId,
    from: Option<OrderStatus>,
    to: OrderStatus,
    actor: &Actor,
    at: Timestamp,
    why: &str,
    refused: bool,
) -> Result<(), CommitError> {
    run!(
        link,
        "INSERT INTO order_transitions (id, seller_id, order_id, from_status, to_status, refused, \
         actor, at, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        Uuid::now_v7(),
        seller.0,
        order.0,
        from.map(OrderStatus::as_str),
        to.as_str(),
        refused,
        json_text(actor),
        at.0,
        why
    )?;
    Ok(())
}
