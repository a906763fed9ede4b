//! Customers: the list, and one with every detail and where it comes from.

use domain::customer::DetailKind;
use domain::{ConversationId, CustomerId, Timestamp};
use maud::{Markup, html};

use super::layout::Frame;
use super::order_pages::{OrderItem, status_words};
use super::parts::{self, Field, Tone, chip, empty, head};
use crate::icons;

/// A customer in the list.
#[derive(Debug, Clone)]
pub(crate) struct CustomerItem {
    /// The id.
    pub id: CustomerId,
    /// The name.
    pub name: String,
    /// The channel, as a proper name, and the handle.
    pub under: String,
    /// Since when.
    pub at: Timestamp,
}

/// One detail with where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct DetailView {
    /// Which.
    pub kind: DetailKind,
    /// The value; empty: unknown.
    pub value: String,
    /// Where it comes from, in words.
    pub source: String,
    /// What the customer said since, which the seller's own value keeps out.
    pub suggested: Option<String>,
    /// Why what was typed is not taken.
    pub error: Option<String>,
}

/// One customer.
#[derive(Debug, Clone)]
pub(crate) struct CustomerView {
    /// The id.
    pub id: CustomerId,
    /// The name.
    pub name: String,
    /// The handle.
    pub handle: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// What is known.
    pub details: Vec<DetailView>,
    /// The orders.
    pub orders: Vec<OrderItem>,
    /// The conversations.
    pub conversations: Vec<(ConversationId, &'static str, Timestamp)>,
}

/// The list.
pub(crate) fn list(items: &[CustomerItem], search: &str, cursor: Option<&str>) -> Markup {
    html! {
        (parts::back("/more", "More"))
        (head("Customers", "Everybody who has written to you.", None))
        form.search role="search" method="get" action="/customers" {
            label.sr for="q" { "Search customers" }
            input #q type="search" name="q" value=(search) placeholder="Name, handle, phone or e-mail";
            button type="submit" { "Search" }
        }
        @if items.is_empty() {
            @if search.is_empty() {
                (empty(icons::PEOPLE, "No customers yet", "Whoever writes to your connected accounts is kept here, with the details they give.", Some(("/inbox", "Open the inbox"))))
            } @else {
                (empty(icons::PEOPLE, "Nobody found", "No customer has these letters in a name, handle or detail.", Some(("/customers", "Show everybody"))))
            }
        } @else {
            div.card.flush {
                ul.list {
                    @for item in items {
                        li { a.item href={ "/customers/" (item.id) } {
                            (parts::avatar(&item.name))
                            div.grow { p.title { (item.name) } p.under { (item.under) } }
                            div.end.small.soft { (parts::time(item.at)) }
                        } }
                    }
                }
            }
            (parts::more("/customers", &format!("q={}", super::product_pages::urlencode(search)), cursor))
        }
    }
}

/// A kind of detail as a label.
pub(crate) const fn label(kind: DetailKind) -> &'static str {
    match kind {
        DetailKind::Name => "Name",
        DetailKind::Phone => "Phone",
        DetailKind::Email => "E-mail",
        DetailKind::Address => "Address",
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, customer: &CustomerView) -> Markup {
    html! {
        (parts::back("/customers", "Customers"))
        div.head {
            (parts::avatar(&customer.name))
            div.grow.who-line { h1 { (customer.name) } p { @if !customer.handle.is_empty() { "@" (customer.handle) " · " } (customer.channel) " · since " (parts::time(customer.since)) } }
        }
        form.card method="post" action={ "/customers/" (customer.id) } {
            (frame.csrf_field())
            h2 { "Details" }
            @for detail in &customer.details { (detail_field(detail)) }
            p.hint { "What you set here stays, whatever later messages say; they are shown beside it." }
            div.actions { div.first { button.primary type="submit" { "Save" } } }
        }
        @if !customer.conversations.is_empty() {
            section.card.flush { ul.list { @for (id, channel, at) in &customer.conversations {
                li { a.item href={ "/inbox/" (id) } { (parts::avatar("💬")) div.grow { p.title { "Conversation" } p.under { (channel) } } div.end.small.soft { (parts::time(*at)) } } }
            } } }
        }
        @if !customer.orders.is_empty() {
            section.card.flush { ul.list { @for order in &customer.orders {
                @let (tone, words) = status_words(order.status);
                li { a.item href={ "/orders/" (order.id) } { div.grow { p.title { "Order #" (order.number) } p.under { (order.summary) } } div.end { strong { (order.total) } (chip(tone, words)) } } }
            } } }
        } @else {
            p.soft { "No orders yet." }
        }
    }
}

fn detail_field(detail: &DetailView) -> Markup {
    let (mode, autocomplete) = match detail.kind {
        DetailKind::Phone => ("tel", "off"),
        DetailKind::Email => ("email", "off"),
        DetailKind::Name | DetailKind::Address => ("", "off"),
    };
    html! {
        (Field {
            name: detail.kind.as_str(), label: label(detail.kind), value: &detail.value, hint: &detail.source, mode, autocomplete,
            area: detail.kind == DetailKind::Address, error: detail.error.as_deref(), plain: true, ..Field::default()
        }.render())
        @if let Some(said) = &detail.suggested {
            (parts::notice(Tone::Info, None, html! { p { "The customer has since written: " strong { (said) } } }))
        }
    }
}
