//! The frame around every page of the shop front.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::site::Site;
use crate::assets::ADDRESSES;

/// What a page says of itself.
#[derive(Debug, Default)]
pub(super) struct About<'a> {
    /// The window's title.
    pub title: &'a str,
    /// For search engines and previews; empty: none.
    pub description: &'a str,
    /// Its public address.
    pub canonical: Option<String>,
    /// A picture for previews.
    pub image: Option<&'a str>,
    /// Further elements of the head: Open Graph, JSON-LD.
    pub more: Option<Markup>,
    /// Whether search engines should leave it out.
    pub private: bool,
    /// What the search field holds.
    pub search: &'a str,
}

/// The whole document of a page of the shop.
pub(super) fn render(site: &Site, about: &About<'_>, body: &Markup) -> Markup {
    let shop = &site.seller.name;
    let title = if about.title == shop {
        shop.clone()
    } else {
        format!("{} · {shop}", about.title)
    };
    let head = html! {
        @if !about.description.is_empty() { meta name="description" content=(about.description); }
        @if about.private { meta name="robots" content="noindex"; }
        @if let Some(url) = &about.canonical {
            link rel="canonical" href=(url);
            meta property="og:url" content=(url);
        }
        meta property="og:site_name" content=(shop);
        meta property="og:title" content=(about.title);
        @if !about.description.is_empty() { meta property="og:description" content=(about.description); }
        @if let Some(image) = about.image { meta property="og:image" content=(image); }
        @if let Some(more) = &about.more { (more) }
    };
    document(
        &title,
        &head,
        &html! {
            a.skip href="#main" { "Skip to the content" }
            header.top {
                a.shop href=(site.home()) { bdi { (shop) } }
                form.search role="search" method="get" action=(site.home()) {
                    input type="search" name="q" value=(about.search) maxlength="100" placeholder="Search" aria-label="Search products" enterkeyhint="search";
                    button type="submit" { "Search" }
                }
            }
            main #main tabindex="-1" { (body) }
            footer.foot {
                @for chat in &site.chats {
                    a href=(chat.href("", "Hello!")) rel="noopener" { "Write on " (chat.name) }
                }
                p { bdi { (shop) } " takes your order and answers you in person." }
            }
        },
    )
}

/// A page of no shop.
pub(super) fn bare(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = html! { main.gate #main { h1 { (title) } p { (detail) } } };
    (status, document(title, &html! {}, &body)).into_response()
}

fn document(title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" type="image/svg+xml" href=(ADDRESSES.icon);
                link rel="stylesheet" href=(ADDRESSES.shop_style);
                (head)
            }
            body { (body) }
        }
    }
}
