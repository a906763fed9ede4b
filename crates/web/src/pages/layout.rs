//! The frame around every page: head, navigation, the note after an action, the place for news.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::parts::{Note, note};
use crate::assets::ADDRESSES;
use crate::csrf;
use crate::icons;

/// Which entry of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Draft orders.
    Drafts,
    /// Orders.
    Orders,
    /// Conversations.
    Inbox,
    /// Products.
    Products,
    /// Everything else.
    More,
}

/// What the frame shows besides the page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The seller's name.
    pub shop: String,
    /// The member's name.
    pub member: String,
    /// The token that every form carries.
    pub csrf: String,
    /// Draft orders that wait for the seller.
    pub drafts_waiting: u64,
    /// Conversations with unread messages.
    pub unread: u64,
    /// What the last action came to.
    pub note: Option<Note>,
}

impl Frame {
    /// The hidden field that makes a form ours.
    pub(crate) fn csrf_field(&self) -> Markup {
        html! { input type="hidden" name=(csrf::FIELD) value=(self.csrf); }
    }
}

/// A page inside the frame.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// The window's title.
    pub title: &'a str,
    /// The entry of the navigation that is marked.
    pub tab: Tab,
    /// The topics that make an open page ask for itself again; empty: none.
    pub live: &'a str,
    /// What is on it.
    pub body: Markup,
}

/// The whole document of a signed-in page.
pub(crate) fn render(frame: &Frame, page: Page<'_>) -> Markup {
    document(
        page.title,
        false,
        html! {
            header.top {
                a.brand href="/" { (icons::sign()) "Eziseller" }
                span.who { (frame.shop) }
            }
            main #main tabindex="-1" data-live=[(!page.live.is_empty()).then_some(page.live)] {
                @if let Some(said) = &frame.note { (note(said)) }
                (page.body)
            }
            nav.tabs aria-label="Main" {
                (tab("/", "Drafts", icons::DRAFTS, page.tab == Tab::Drafts, frame.drafts_waiting, "waiting for you"))
                (tab("/orders", "Orders", icons::ORDERS, page.tab == Tab::Orders, 0, ""))
                (tab("/inbox", "Inbox", icons::INBOX, page.tab == Tab::Inbox, frame.unread, "unread"))
                (tab("/products", "Products", icons::PRODUCTS, page.tab == Tab::Products, 0, ""))
                (tab("/more", "More", icons::MORE, page.tab == Tab::More, 0, ""))
            }
        },
    )
}

/// The whole document of a page before sign-in, and of errors.
pub(crate) fn render_bare(title: &str, body: Markup) -> Markup {
    document(title, true, html! { main #main tabindex="-1" { (body) } })
}

fn document(title: &str, bare: bool, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" media="(prefers-color-scheme: light)" content="#f6f4ef";
                meta name="theme-color" media="(prefers-color-scheme: dark)" content="#161513";
                title { (title) " · Eziseller" }
                link rel="icon" type="image/svg+xml" href=(ADDRESSES.icon);
                link rel="stylesheet" href=(ADDRESSES.style);
                script src=(ADDRESSES.script) defer {}
            }
            body.bare[bare] {
                a.skip href="#main" { "Skip to the content" }
                (body)
                div #status.sr role="status" aria-live="polite" {}
            }
        }
    }
}

fn tab(href: &str, name: &str, icon: icons::Icon, here: bool, count: u64, of: &str) -> Markup {
    html! {
        a href=(href) aria-current=[here.then_some("page")] {
            (icon) span { (name) }
            @if count > 0 {
                span.count { (count.min(99)) @if count > 99 { "+" } span.sr { " " (of) } }
            }
        }
    }
}

/// An error as a page, with the way on.
pub(crate) fn error_page(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = html! {
        div.gate.card {
            div.empty {
                (icons::INFO)
                h2 { (title) }
                p { (detail) }
                a.button href="/" { "Back to draft orders" }
            }
        }
    };
    let mut response = (status, render_bare(title, body)).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(axum::http::header::RETRY_AFTER, 5.into());
    }
    response
}
