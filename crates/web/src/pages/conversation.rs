//! The inbox and one conversation in it.

use domain::conversation::window::Refusal;
use domain::{ConversationId, Timestamp};
use maud::{Markup, html};

use super::layout::Frame;
use super::order_view;
use super::parts::{self, Tone, chip, chip_with, empty, head};
use crate::highlight::Segment;
use crate::icons;

/// A conversation in the list.
#[derive(Debug, Clone)]
pub(crate) struct InboxItem {
    /// Its id.
    pub id: ConversationId,
    /// The customer.
    pub name: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// The last words.
    pub last_text: String,
    /// When.
    pub at: Timestamp,
    /// Messages not yet looked at.
    pub unread: u64,
    /// Until when the standard window is open.
    pub window_until: Option<Timestamp>,
    /// Whether a person speaks.
    pub person_speaks: bool,
}

/// What a message looks like in the thread.
#[derive(Debug, Clone)]
pub(crate) struct MessageView {
    /// From the seller's side.
    pub outbound: bool,
    /// The words, cut; empty when `instead` says why.
    pub segments: Vec<Segment>,
    /// What there is instead of words, with the reason.
    pub instead: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What became of it ("sent by the automation"), shown under it.
    pub state: String,
    /// Why it did not arrive and what to do.
    pub failure: Option<String>,
}

/// Who speaks for the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// The automation.
    Automation,
    /// A person, until then; `None`: until handed back.
    Person(Option<Timestamp>),
}

/// The messages of a conversation, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadView {
    /// Them.
    pub messages: Vec<MessageView>,
}

/// A conversation's page.
#[derive(Debug, Clone)]
pub(crate) struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// The customer.
    pub customer: domain::CustomerId,
    /// The customer's name.
    pub name: String,
    /// The customer's handle.
    pub handle: String,
    /// The channel, as a proper name.
    pub channel: &'static str,
    /// The messages.
    pub thread: ThreadView,
    /// The cursor to older ones.
    pub older: Option<String>,
    /// Until when the standard window is open.
    pub window_until: Option<Timestamp>,
    /// Why nothing can be sent now.
    pub closed: Option<Refusal>,
    /// Whether what is sent now goes out under `HUMAN_AGENT`.
    pub human_agent: bool,
    /// Whether a person speaks, and until when.
    pub person: Speaks,
    /// The open draft order.
    pub draft: Option<domain::DraftOrderId>,
    /// What was typed and not sent.
    pub typed: String,
    /// Why it was not sent.
    pub error: Option<String>,
    /// Now.
    pub now: Timestamp,
}

/// The list.
pub(crate) fn list(items: &[InboxItem], now: Timestamp, cursor: Option<&str>) -> Markup {
    html! {
        (head("Inbox", "Every conversation, the latest first.", None))
        @if items.is_empty() {
            (empty(icons::INBOX, "No messages yet", "Messages to your connected accounts show up here within seconds. Write yourself one to try it.", Some(("/settings", "Check the connection"))))
        } @else {
            div.card.flush {
                ul.list {
                    @for item in items {
                        li #{ "conversation-" (item.id) } {
                            a.item.unread[item.unread > 0] href={ "/inbox/" (item.id) } {
                                (parts::avatar(&item.name))
                                div.grow {
                                    p.title { (item.name) @if item.unread > 0 { span.sr { " (" (item.unread) " unread)" } } }
                                    p.under { (item.last_text) }
                                }
                                div.end.small.soft {
                                    (parts::time(item.at))
                                    span { (item.channel) }
                                    (window_chip(item.window_until, now))
                                    @if item.person_speaks { (chip(Tone::Info, "you reply")) }
                                }
                            }
                        }
                    }
                }
            }
            (parts::more("/inbox", "", cursor))
        }
    }
}

/// How long the 24-hour window is still open; the last hours are a warning.
fn window_chip(until: Option<Timestamp>, now: Timestamp) -> Markup {
    match until.map(|until| until.since(now)) {
        Some(left) if left > 4 * Timestamp::HOUR => html! {},
        Some(left) if left > 0 => chip_with(
            Tone::Warn,
            icons::CLOCK,
            &format!("{} left", parts::duration(left)),
        ),
        _ => chip(Tone::Plain, "closed"),
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, view: &ConversationView) -> Markup {
    html! {
        (parts::back("/inbox", "Inbox"))
        div.head {
            (parts::avatar(&view.name))
            div.grow.who-line {
                h1 { (view.name) }
                p { @if !view.handle.is_empty() { "@" (view.handle) " · " } (view.channel) " · " a href={ "/customers/" (view.customer) } { "Details" } }
            }
        }
        @if let Some(draft) = view.draft {
            (parts::notice(Tone::Info, None, html! { p { "A draft order is open. " a href={ "/drafts/" (draft) } { "See it" } } }))
        }
        (hand_over(frame, view))
        section.card aria-label="Messages" {
            @if let Some(older) = &view.older { p.pager { a.button.small-button href={ "/inbox/" (view.id) "?cursor=" (older) } { "Show older" } } }
            (thread(&view.thread, true))
        }
        (reply(frame, view))
    }
}

fn hand_over(frame: &Frame, view: &ConversationView) -> Markup {
    let (text, action, button) = match view.person {
        Speaks::Automation => (
            "Eziseller answers in this conversation.".to_owned(),
            "take-over",
            "I will answer",
        ),
        Speaks::Person(None) => (
            "You answer; Eziseller only reads and writes orders down.".to_owned(),
            "hand-back",
            "Hand back",
        ),
        Speaks::Person(Some(until)) => (
            format!(
                "You answer; Eziseller is quiet for another {}.",
                parts::duration(until.since(view.now))
            ),
            "hand-back",
            "Hand back now",
        ),
    };
    html! {
        form.card.row.wrap method="post" action={ "/inbox/" (view.id) "/" (action) } {
            (frame.csrf_field())
            p.grow { (text) }
            button.small-button type="submit" { (button) }
        }
    }
}

/// The messages.
pub(crate) fn thread(view: &ThreadView, to_the_end: bool) -> Markup {
    let mut last_day = String::new();
    html! {
        ol.thread data-end=[to_the_end.then_some("yes")] {
            @for message in &view.messages {
                @let this_day = message.at.rfc3339().get(..10).unwrap_or_default().to_owned();
                @if this_day != last_day { li.day { (parts::day(message.at)) } }
                ({ last_day = this_day; "" })
                li class=(if message.outbound { "out" } else { "in" }) {
                    span.sr { (if message.outbound { "You: " } else { "Customer: " }) }
                    div.bubble.gone[message.instead.is_some()] {
                        @if let Some(instead) = &message.instead { (instead) }
                        @else { @for segment in &message.segments { (order_view::segment(segment)) } }
                    }
                    p.meta.bad[message.failure.is_some()] {
                        @if let Some(failure) = &message.failure { (failure) " · " }
                        (parts::clock(message.at))
                        @if !message.state.is_empty() { " · " (message.state) }
                    }
                }
            }
        }
    }
}

fn reply(frame: &Frame, view: &ConversationView) -> Markup {
    html! {
        @if let Some(refusal) = view.closed {
            (parts::notice(Tone::Warn, None, html! {
                p { strong { "You cannot write here just now. " } (sentence(refusal)) }
            }))
        } @else {
            form.reply method="post" action={ "/inbox/" (view.id) "/reply" } {
                (frame.csrf_field())
                @if let Some(error) = &view.error { p.field-error role="alert" { (error) } }
                div.row {
                    label.sr for="reply-text" { "Your reply to " (view.name) }
                    textarea #reply-text name="text" required maxlength="4000" placeholder="Write a reply…" { (view.typed) }
                    button.primary type="submit" { (icons::SEND) span.sr { "Send" } }
                }
                p.hint {
                    @if view.human_agent { "The 24-hour window is closed; this goes out as a reply by a person." }
                    @else if let Some(until) = view.window_until { "The window for replies is open for another " (parts::duration(until.since(view.now))) "." }
                }
            }
        }
    }
}

/// Why nothing can be sent, in a seller's words.
pub(crate) const fn sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NeverWrote => {
            "The customer has not written yet, and Meta lets a shop answer only. Wait for a first message."
        }
        Refusal::WindowClosed => {
            "Meta closes a conversation 24 hours after the customer's last message. Call, or wait until they write again; with Meta's Human Agent feature you may switch on replies up to 7 days in Settings."
        }
        Refusal::HumanAgentClosed => {
            "More than 7 days have passed since the customer's last message. Wait until they write again, or call."
        }
    }
}
