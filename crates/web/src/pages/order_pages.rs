//! Orders: the list, one order, the packing view.

use domain::order::OrderStatus;
use domain::{ConversationId, CustomerId, Money, OrderId, Timestamp};
use maud::{Markup, html};

use super::drafts::{facts, history_card};
use super::layout::Frame;
use super::order_view::{self, LineView, Quote, SumView};
use super::parts::{self, Tone, chip, empty, head};
use crate::icons;

/// An order in the list.
#[derive(Debug, Clone)]
pub(crate) struct OrderItem {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: u64,
    /// The customer.
    pub name: String,
    /// What is in it, in short.
    pub summary: String,
    /// What it comes to.
    pub total: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was confirmed.
    pub at: Timestamp,
    /// Something to look at.
    pub flag: Option<String>,
}

/// One order.
#[derive(Debug, Clone)]
pub(crate) struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub status: OrderStatus,
    /// The customer's name.
    pub name: String,
    /// The customer's handle.
    pub handle: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// When it was confirmed.
    pub at: Timestamp,
    /// The conversation it came from.
    pub conversation: Option<ConversationId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The lines.
    pub lines: Vec<LineView>,
    /// The sums.
    pub sum: SumView,
    /// The customer's words.
    pub quotes: Vec<Quote>,
    /// Phone, address and so on.
    pub details: Vec<(&'static str, String)>,
    /// The seller's note.
    pub note: Option<String>,
    /// What changed after confirmation.
    pub flag: Option<String>,
    /// What happened.
    pub history: Vec<(Timestamp, String)>,
}

/// A status in words, and how it is colored.
pub(crate) fn status_words(status: OrderStatus) -> (Tone, &'static str) {
    match status {
        OrderStatus::Confirmed => (Tone::Warn, "to pack"),
        OrderStatus::Paid => (Tone::Warn, "paid, to pack"),
        OrderStatus::Packed => (Tone::Info, "packed"),
        OrderStatus::Shipped => (Tone::Info, "on its way"),
        OrderStatus::Delivered => (Tone::Good, "delivered"),
        OrderStatus::Cancelled => (Tone::Bad, "cancelled"),
        OrderStatus::Returned => (Tone::Bad, "returned"),
    }
}

/// What a status button says.
const fn action_words(to: OrderStatus) -> &'static str {
    match to {
        OrderStatus::Confirmed => "Confirm",
        OrderStatus::Paid => "Mark as paid",
        OrderStatus::Packed => "Mark as packed",
        OrderStatus::Shipped => "Mark as shipped",
        OrderStatus::Delivered => "Mark as delivered",
        OrderStatus::Cancelled => "Cancel order",
        OrderStatus::Returned => "Mark as returned",
    }
}

/// The list; `shown` is the status that is filtered by.
pub(crate) fn list(
    items: &[OrderItem],
    shown: Option<OrderStatus>,
    cursor: Option<&str>,
) -> Markup {
    html! {
        (head("Orders", "", Some(html! { a.button.small-button href="/orders/packing" { (icons::ORDERS) "Packing list" } })))
        nav.filters aria-label="Which orders" {
            a href="/orders" aria-current=[shown.is_none().then_some("page")] { "All" }
            @for status in OrderStatus::ALL {
                a href={ "/orders?status=" (status) } aria-current=[(shown == Some(status)).then_some("page")] { (title_case(status.as_str())) }
            }
        }
        @if items.is_empty() {
            @if shown.is_some() {
                (empty(icons::ORDERS, "None here", "No order stands at this point.", Some(("/orders", "Show all orders"))))
            } @else {
                (empty(icons::ORDERS, "No orders yet", "Confirm a draft order and it becomes order number 1, with its prices frozen and its stock reserved.", Some(("/", "See draft orders"))))
            }
        } @else {
            div.card.flush { ul.list { @for item in items { (row(item)) } } }
            (parts::more("/orders", &shown.map(|s| format!("status={s}")).unwrap_or_default(), cursor))
        }
    }
}

fn row(item: &OrderItem) -> Markup {
    let (tone, words) = status_words(item.status);
    html! {
        li #{ "order-" (item.id) } {
            a.item href={ "/orders/" (item.id) } {
                div.grow {
                    p.title { span.num { "#" (item.number) } " " (item.name) }
                    p.under { (item.summary) }
                    @if let Some(flag) = &item.flag { p.chips { (chip(Tone::Warn, flag)) } }
                }
                div.end {
                    strong { (item.total) }
                    (chip(tone, words))
                    span.small.soft { (parts::time(item.at)) }
                }
            }
        }
    }
}

/// One order.
pub(crate) fn page(frame: &Frame, order: &OrderView) -> Markup {
    let (tone, words) = status_words(order.status);
    let next = order
        .status
        .next()
        .find(|to| !matches!(to, OrderStatus::Cancelled | OrderStatus::Returned));
    html! {
        (parts::back("/orders", "Orders"))
        (head(&format!("Order #{}", order.number), "", Some(chip(tone, words))))
        @if let Some(flag) = &order.flag { (parts::notice(Tone::Warn, None, html! { p { (flag) } })) }
        article.card #{ "order-" (order.id) } {
            header.row { (order_view::who(&order.name, &order.handle, order.channel, order.at)) }
            (steps(order.status))
            (order_view::lines(&order.lines))
            (order_view::sum(&order.sum))
            @if let Some(note) = &order.note { p.soft.pre { "Note: " (note) } }
            form method="post" action={ "/orders/" (order.id) "/status" } {
                (frame.csrf_field())
                (moves(order.status, next))
            }
        }
        section.card {
            h2 { "Deliver to" }
            @if order.details.is_empty() { p.soft { "Neither phone nor address is known." } }
            (facts(&order.details))
            div.actions.no-print {
                @if let Some(id) = order.conversation { a.button.small-button href={ "/inbox/" (id) } { (icons::INBOX) "Write to the customer" } }
                @if let Some(id) = order.customer { a.button.small-button href={ "/customers/" (id) } { "Customer" } }
            }
        }
        @if !order.quotes.is_empty() {
            section.card { h2 { "In the customer's words" } (order_view::words(&order.quotes)) }
        }
        (history_card(&order.history))
    }
}

/// The buttons that move an order on: the next step large, the others small.
fn moves(status: OrderStatus, next: Option<OrderStatus>) -> Markup {
    let is_ending = |to: OrderStatus| matches!(to, OrderStatus::Cancelled | OrderStatus::Returned);
    html! {
        @if let Some(next) = next {
            div.actions { button.primary.first type="submit" name="status" value=(next) { (action_words(next)) } }
        }
        div.beside {
            @for to in status.next().filter(|to| Some(*to) != next) {
                @let ask = is_ending(to).then(|| format!("{}: are you sure? This cannot be undone.", action_words(to)));
                button.danger[is_ending(to)] type="submit" name="status" value=(to) data-confirm=[ask] {
                    @if to == OrderStatus::Cancelled { "Cancel" } @else { (title_case(to.as_str())) }
                    span.sr { ": move the order to this" }
                }
            }
        }
    }
}

fn steps(status: OrderStatus) -> Markup {
    const ROAD: [OrderStatus; 5] = [
        OrderStatus::Confirmed,
        OrderStatus::Paid,
        OrderStatus::Packed,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
    ];
    let at = ROAD.iter().position(|s| *s == status);
    html! {
        @if let Some(at) = at {
            ol.steps aria-label="Progress" {
                @for (i, step) in ROAD.iter().enumerate() {
                    li.done[i <= at] aria-current=[(i == at).then_some("step")] { (title_case(step.as_str())) }
                }
            }
        }
    }
}

/// What has to be packed: by product, then order by order, to print or to tick off.
pub(crate) fn packing(orders: &[OrderView], by_product: &[(String, u32)]) -> Markup {
    html! {
        (parts::back("/orders", "Orders"))
        (head("Packing list", "Confirmed and paid orders that are not packed yet.", None))
        @if orders.is_empty() {
            (empty(icons::TICK, "Nothing to pack", "Every confirmed order is packed. New ones show up here by themselves.", Some(("/orders", "See all orders"))))
        } @else {
            section.card {
                h2 { "Take from the shelf" }
                ul.plain { @for (title, quantity) in by_product { li.row { label.check.grow { input type="checkbox"; span { strong.num { (quantity) " × " } (title) } } } } }
            }
            @for order in orders {
                article.card {
                    div.row { h2.grow { a href={ "/orders/" (order.id) } { "#" (order.number) } " " (order.name) } strong.num { (order.sum.total) } }
                    ul.plain { @for line in &order.lines { li { span.num { (line.quantity) " × " } (line.title) @if !line.options.is_empty() { span.soft { " · " (line.options) } } } } }
                    (facts(&order.details))
                    @if let Some(note) = &order.note { p.soft.pre { "Note: " (note) } }
                }
            }
        }
    }
}

fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
