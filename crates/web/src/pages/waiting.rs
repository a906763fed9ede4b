//! The waiting list on a product's page.

use domain::waiting::WaitState;
use domain::{ConversationId, CustomerId, Timestamp};
use maud::{Markup, html};

use super::parts::{self, Tone, chip};

/// Who waits for a product.
#[derive(Debug, Clone)]
pub(crate) struct WaitingView {
    /// In order of asking.
    pub items: Vec<WaitingItem>,
    /// Whether there are more.
    pub more: bool,
}

/// One who waits.
#[derive(Debug, Clone)]
pub(crate) struct WaitingItem {
    /// The customer.
    pub customer: CustomerId,
    /// The customer's name.
    pub name: String,
    /// The conversation.
    pub conversation: Option<ConversationId>,
    /// The product's or variant's id.
    pub item: String,
    /// How many are wanted.
    pub quantity: i64,
    /// How it stands.
    pub state: WaitState,
    /// Since when.
    pub since: Timestamp,
    /// When they were told.
    pub told_at: Option<Timestamp>,
}

/// The section of the product's page.
pub(crate) fn section(view: &WaitingView) -> Markup {
    html! {
        section.card aria-labelledby="waiting" {
            h2 #waiting { "Waiting list" }
            p.soft { "These customers asked to be told when it is back. They are told in this order, once, as many as there are units." }
            ul.list { @for item in &view.items { (row(item)) } }
            @if view.more { p.soft { "And more; the API lists everybody." } }
        }
    }
}

fn row(item: &WaitingItem) -> Markup {
    let href = item.conversation.map_or_else(
        || format!("/customers/{}", item.customer),
        |id| format!("/inbox/{id}"),
    );
    html! {
        li {
            a.item href=(href) {
                (parts::avatar(&item.name))
                div.grow {
                    p.title { (item.name) }
                    p.under { (item.quantity) " × " (item.item) " · since " (parts::time(item.since)) }
                }
                div.end {
                    @match item.state {
                        WaitState::Waiting => (chip(Tone::Info, "waiting")),
                        WaitState::OutOfReach => (chip(Tone::Warn, "waiting, cannot be written to")),
                        WaitState::Told => (chip(Tone::Good, "told")),
                    }
                    @if let Some(at) = item.told_at { span.small.soft { (parts::time(at)) } }
                }
            }
        }
    }
}
