//! Draft orders: the home page, one draft order with its conversation, and its editing.

use domain::catalog::Product;
use domain::draft::Stage;
use domain::{ConversationId, DraftOrderId, Timestamp};
use maud::{Markup, html};

use super::conversation::{ThreadView, thread};
use super::layout::Frame;
use super::order_view::{self, LineView, Quote, SumView};
use super::parts::{self, Tone, chip, empty, head};
use crate::icons;

/// One draft order as the pages show it.
#[derive(Debug, Clone)]
pub(crate) struct DraftView {
    /// Its id.
    pub id: DraftOrderId,
    /// Where it stands.
    pub stage: Stage,
    /// Counts its changes: a tap is for what was on the page, not for what came since.
    pub revision: u32,
    /// The customer's name, or handle.
    pub name: String,
    /// The customer's handle, without @.
    pub handle: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// The conversation, where it came from one.
    pub conversation: Option<ConversationId>,
    /// When the customer last had a part in it.
    pub at: Timestamp,
    /// The customer's words.
    pub quotes: Vec<Quote>,
    /// What was understood.
    pub lines: Vec<LineView>,
    /// The sums, once every line has a price.
    pub sum: Option<SumView>,
    /// What stands in the way, in sentences.
    pub missing: Vec<String>,
    /// How sure the whole is.
    pub confidence: f32,
    /// Phone, address and so on: label and value.
    pub details: Vec<(&'static str, String)>,
    /// Why it ended, where somebody said so.
    pub reason: Option<String>,
    /// The order it became.
    pub order: Option<(domain::OrderId, u64)>,
    /// Lines that cannot be served from stock, in sentences.
    pub short: Vec<String>,
}

impl DraftView {
    fn can_confirm(&self) -> bool {
        !self.stage.is_final() && !self.lines.is_empty() && self.sum.is_some()
    }
}

/// A stage in words, and how it is colored.
pub(crate) fn stage_words(stage: Stage) -> (Tone, &'static str) {
    match stage {
        Stage::Open => (Tone::Plain, "still writing"),
        Stage::AwaitingCustomer => (Tone::Info, "waiting for an answer"),
        Stage::AwaitingConfirmation => (Tone::Info, "waiting for a yes"),
        Stage::AwaitingSeller => (Tone::Warn, "waiting for you"),
        Stage::Confirmed => (Tone::Good, "confirmed"),
        Stage::Rejected => (Tone::Bad, "rejected"),
        Stage::Cancelled => (Tone::Bad, "called off by the customer"),
        Stage::Expired => (Tone::Plain, "expired"),
    }
}

/// What the home page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Those that wait for the seller.
    Waiting,
    /// Those in conversation.
    InProgress,
    /// Those that ended.
    Ended,
}

impl Shown {
    /// The word in the address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InProgress => "in-progress",
            Self::Ended => "ended",
        }
    }

    /// Reads the word in the address; anything else is the first.
    pub(crate) fn parse(text: &str) -> Self {
        [Self::InProgress, Self::Ended]
            .into_iter()
            .find(|shown| shown.as_str() == text)
            .unwrap_or(Self::Waiting)
    }
}

/// The home page.
pub(crate) fn list(
    frame: &Frame,
    shown: Shown,
    drafts: &[DraftView],
    in_progress: u64,
    cursor: Option<&str>,
    connected: bool,
) -> Markup {
    let waiting = frame.drafts_waiting;
    let under = match waiting {
        0 => "Nothing waits for you.".to_owned(),
        1 => "1 order waits for you.".to_owned(),
        n => format!("{n} orders wait for you."),
    };
    let filter = |to: Shown, name: &str, count: u64| {
        html! {
            a href={ "/?show=" (to.as_str()) } aria-current=[(to == shown).then_some("page")] {
                (name) @if count > 0 { " " span.num { (count) } }
            }
        }
    };
    html! {
        (head("Draft orders", &under, None))
        nav.filters aria-label="Which draft orders" {
            (filter(Shown::Waiting, "For you", waiting))
            (filter(Shown::InProgress, "In conversation", in_progress))
            (filter(Shown::Ended, "Ended", 0))
        }
        @for draft in drafts { (card(frame, draft)) }
        @if drafts.is_empty() { (nothing(shown, in_progress, connected)) }
        (parts::more("/", &format!("show={}", shown.as_str()), cursor))
    }
}

fn nothing(shown: Shown, in_progress: u64, connected: bool) -> Markup {
    match (shown, connected, in_progress) {
        (_, false, _) => empty(
            icons::INBOX,
            "Connect Instagram to begin",
            "Once your Instagram account is connected, every message that orders something shows up here, written down and added up.",
            Some(("/settings", "Go to settings")),
        ),
        (Shown::Waiting, _, 0) => empty(
            icons::TICK,
            "All done",
            "When a customer orders in a message, the order appears here with their own words beside it. You confirm with one tap.",
            Some(("/products", "Look after your products")),
        ),
        (Shown::Waiting, ..) => empty(
            icons::TICK,
            "Nothing for you to do",
            "Some orders are still being talked about; they come here when they are complete or need you.",
            Some(("/?show=in-progress", "See them")),
        ),
        (Shown::InProgress, ..) => empty(
            icons::INBOX,
            "No order is being talked about",
            "While a customer is still choosing or answering a question, the draft order stands here.",
            Some(("/inbox", "Open the inbox")),
        ),
        (Shown::Ended, ..) => empty(
            icons::DRAFTS,
            "Nothing has ended yet",
            "Confirmed, rejected and expired draft orders are kept here.",
            None,
        ),
    }
}

/// One draft order in the list, ready for one tap.
pub(crate) fn card(frame: &Frame, draft: &DraftView) -> Markup {
    let (tone, words) = stage_words(draft.stage);
    html! {
        article.card #{ "draft-" (draft.id) } aria-label={ "Draft order from " (draft.name) } {
            header.row {
                (order_view::who(&draft.name, &draft.handle, draft.channel, draft.at))
                @if draft.stage == Stage::AwaitingSeller { (order_view::confidence(draft.confidence)) }
                @else { (chip(tone, words)) }
            }
            (understood(draft))
            (order_view::missing(&draft.missing))
            @if draft.stage.is_final() {
                div.actions {
                    a.button href={ "/drafts/" (draft.id) } { "Open" }
                    @if let Some((id, number)) = draft.order { a.button href={ "/orders/" (id) } { "Order #" (number) } }
                }
            } @else { (actions(frame, draft, true)) }
        }
    }
}

fn understood(draft: &DraftView) -> Markup {
    html! {
        div.draft-grid {
            section aria-label="The customer's words" { (order_view::words(&draft.quotes)) }
            section aria-label="What was understood" {
                @if draft.lines.is_empty() { p.soft { "No product is understood yet." } }
                (order_view::lines(&draft.lines))
                @if let Some(sum) = &draft.sum { (order_view::sum(sum)) }
            }
        }
    }
}

fn actions(frame: &Frame, draft: &DraftView, in_list: bool) -> Markup {
    html! {
        div.actions {
            @if draft.can_confirm() {
                form.first method="post" action={ "/drafts/" (draft.id) "/confirm" } {
                    (frame.csrf_field())
                    input type="hidden" name="revision" value=(draft.revision);
                    @if in_list { input type="hidden" name="back" value="list"; }
                    @if draft.short.is_empty() {
                        button.primary type="submit" { "Confirm" @if let Some(sum) = &draft.sum { span.num { (sum.total) } } }
                    } @else {
                        button.primary type="submit" name="oversell" value="yes" data-confirm="There is not enough stock. Confirm all the same?" { "Confirm without stock" }
                    }
                }
            }
            @if in_list {
                a.button href={ "/drafts/" (draft.id) } { "Open" }
            }
            a.button href={ "/drafts/" (draft.id) "/edit" } { "Edit" }
            details.as-button {
                summary { "Reject" }
                form method="post" action={ "/drafts/" (draft.id) "/reject" } {
                    (frame.csrf_field())
                    input type="hidden" name="revision" value=(draft.revision);
                    label for={ "reason-" (draft.id) } { "Why? " span.soft { "(only you see this; optional)" } }
                    input #{ "reason-" (draft.id) } name="reason" maxlength="500" placeholder="Not an order, sold out, …";
                    div.actions { button.danger type="submit" { "Reject this draft order" } }
                }
            }
        }
    }
}

/// One draft order with its conversation.
pub(crate) fn detail(
    frame: &Frame,
    draft: &DraftView,
    conversation: Option<&ThreadView>,
    history: &[(Timestamp, String)],
) -> Markup {
    let (tone, words) = stage_words(draft.stage);
    html! {
        (parts::back("/", "Draft orders"))
        (head(&format!("{}'s order", draft.name), "", Some(chip(tone, words))))
        article.card #{ "draft-" (draft.id) } {
            header.row {
                (order_view::who(&draft.name, &draft.handle, draft.channel, draft.at))
                (order_view::confidence(draft.confidence))
            }
            (understood(draft))
            (order_view::missing(&draft.missing))
            @for short in &draft.short { (parts::notice(Tone::Warn, None, html! { p { (short) } })) }
            @if let Some(reason) = &draft.reason { p.soft { "Reason: " (reason) } }
            @if let Some((id, number)) = draft.order { p { a href={ "/orders/" (id) } { "Order #" (number) } } }
            @if !draft.stage.is_final() { (actions(frame, draft, false)) }
        }
        @if !draft.details.is_empty() {
            section.card { h2 { "Deliver to" } (facts(&draft.details)) }
        }
        @if let Some(view) = conversation {
            section.card {
                h2 { "The conversation" }
                (thread(view, false))
                @if let Some(id) = draft.conversation {
                    div.actions { a.button href={ "/inbox/" (id) } { (icons::INBOX) "Open and reply" } }
                }
            }
        }
        (history_card(history))
    }
}

/// Label and value, one under the other.
pub(crate) fn facts(facts: &[(&'static str, String)]) -> Markup {
    html! { dl.facts { @for (label, value) in facts { dt { (label) } dd.pre { (value) } } } }
}

/// What happened to it, when, and by whom.
pub(crate) fn history_card(history: &[(Timestamp, String)]) -> Markup {
    html! {
        @if !history.is_empty() {
            details.card {
                summary { "What happened" }
                ol.plain.stack { @for (at, what) in history { li.small { span.soft { (parts::time(*at)) } " " (what) } } }
            }
        }
    }
}

/// A line in the editor.
#[derive(Debug, Clone)]
pub(crate) struct EditLine {
    /// The product's `retailer_id`; empty: a line to be added.
    pub product: String,
    /// How many, as text: what was typed comes back as typed.
    pub quantity: String,
    /// Chosen values by option, as `name=value`.
    pub choices: Vec<(String, String)>,
    /// Why it is not taken.
    pub error: Option<String>,
}

/// The editor of a draft order's lines.
pub(crate) fn edit(
    frame: &Frame,
    draft: &DraftView,
    products: &[Product],
    lines: &[EditLine],
    delivery: &str,
    discount: &str,
) -> Markup {
    html! {
        (parts::back(&format!("/drafts/{}", draft.id), "Back without changes"))
        (head("Change the lines", &format!("{}, {}", draft.name, draft.channel), None))
        @if !draft.quotes.is_empty() {
            section.card aria-label="The customer's words" { (order_view::words(&draft.quotes)) }
        }
        form method="post" action={ "/drafts/" (draft.id) "/edit" } {
            (frame.csrf_field())
            input type="hidden" name="revision" value=(draft.revision);
            @for (i, line) in lines.iter().enumerate() { (edit_line(i, line, products)) }
            p.hint { "Set a quantity to 0 to drop its line. Save to get one more empty line." }
            section.card {
                h2 { "Charges of this order" }
                div.fields {
                    (parts::Field { name: "delivery", label: "Delivery fee", value: delivery, mode: "decimal", hint: "Empty: as in your settings.", ..Default::default() }.render())
                    (parts::Field { name: "discount", label: "Discount", value: discount, mode: "decimal", hint: "An amount, or a share such as 10%.", ..Default::default() }.render())
                }
            }
            div.actions {
                div.first { button.primary type="submit" { "Save" } }
                button type="submit" name="more" value="yes" { "Save and add another line" }
            }
        }
    }
}

fn edit_line(i: usize, line: &EditLine, products: &[Product]) -> Markup {
    let chosen = products
        .iter()
        .find(|p| p.retailer_id.as_str() == line.product);
    html! {
        fieldset.card {
            legend.sr { "Line " (i + 1) }
            @if let Some(error) = &line.error { p.field-error { (error) } }
            div.field {
                label for={ "product-" (i) } { "Product" }
                select #{ "product-" (i) } name={ "line." (i) ".product" } {
                    option value="" selected[line.product.is_empty()] { "Choose a product…" }
                    @if chosen.is_none() && !line.product.is_empty() { option value=(line.product) selected { (line.product) " (no longer in the catalog)" } }
                    @for product in products {
                        option value=(product.retailer_id) selected[product.retailer_id.as_str() == line.product] { (product.title) " · " (product.price) }
                    }
                }
            }
            div.fields {
                div.field {
                    label for={ "quantity-" (i) } { "Quantity" }
                    input #{ "quantity-" (i) } type="number" min="0" max="9999" inputmode="numeric" name={ "line." (i) ".quantity" } value=(line.quantity);
                }
                @if let Some(product) = chosen {
                    @for option in &product.options { (edit_option(i, option, line)) }
                }
            }
        }
    }
}

fn edit_option(i: usize, option: &domain::catalog::ProductOption, line: &EditLine) -> Markup {
    let is_chosen = |value: &str| {
        line.choices
            .iter()
            .any(|(n, v)| *n == option.name && v == value)
    };
    html! {
        @if option.multiple {
            fieldset.field.all {
                legend { (option.name) }
                @for value in &option.values {
                    label.check {
                        input type="checkbox" name={ "line." (i) ".option." (option.name) } value=(value.value) checked[is_chosen(&value.value)];
                        (value.value)
                    }
                }
            }
        } @else {
            div.field {
                label for={ "option-" (i) "-" (option.name) } { (option.name) @if !option.required { span.soft { " (optional)" } } }
                select #{ "option-" (i) "-" (option.name) } name={ "line." (i) ".option." (option.name) } {
                    option value="" { "Not chosen" }
                    @for value in &option.values { option value=(value.value) selected[is_chosen(&value.value)] { (value.value) } }
                }
            }
        }
    }
}
