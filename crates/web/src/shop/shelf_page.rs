//! Products side by side: the shop's first page, and what else there is on the others.

use domain::catalog::Product;
use engine::shop::Shelf;
use maud::{Markup, html};

use super::page::{About, render};
use super::product_page::{can_order, price, price_tag, standing, stock_chip};
use super::site::Site;

/// Products of one page.
pub(super) const SIZE: usize = 24;
/// Categories shown.
const CATEGORIES_MAX: usize = 20;
/// Products shown below another one.
const OTHERS: usize = 6;

/// What the list was asked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Words.
    pub search: String,
    /// A category's name.
    pub category: String,
    /// From 1.
    pub page: usize,
}

/// The address of a category.
pub(super) fn category(site: &Site, name: &str) -> String {
    address(site, "", name, 1)
}

fn address(site: &Site, search: &str, category: &str, page: usize) -> String {
    let mut pairs = Vec::new();
    if !search.is_empty() {
        pairs.push(("q", search.to_owned()));
    }
    if !category.is_empty() {
        pairs.push(("category", category.to_owned()));
    }
    if page > 1 {
        pairs.push(("page", page.to_string()));
    }
    if pairs.is_empty() {
        return site.home().to_owned();
    }
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    format!("{}?{query}", site.home())
}

/// `GET /shop/{slug}`.
pub(super) fn shelf_page(site: &Site, wanted: &Wanted, shelf: &Shelf<'_>) -> Markup {
    let categories = site.view.categories();
    let pages = shelf.found.div_ceil(SIZE).max(1);
    let title = match (wanted.category.as_str(), wanted.search.as_str()) {
        ("", "") => site.seller.name.clone(),
        (name, "") => name.to_owned(),
        (_, words) => format!("“{words}”"),
    };
    let to = |page| address(site, &wanted.search, &wanted.category, page);
    let body = html! {
        div.head {
            h1 dir="auto" { (title) }
            p.soft { (shelf.found) @if shelf.found == 1 { " product" } @else { " products" } }
        }
        @if categories.len() > 1 {
            nav.categories aria-label="Categories" {
                a href=(site.home()) aria-current=[wanted.category.is_empty().then_some("page")] { "All" }
                @for name in categories.iter().take(CATEGORIES_MAX) {
                    a href=(category(site, name)) aria-current=[(wanted.category == *name).then_some("page")] { bdi { (name) } }
                }
            }
        }
        @if shelf.products.is_empty() {
            div.empty {
                @if shelf.found > 0 {
                    p { "There is no such page. " a href=(to(1)) { "Back to the first one" } }
                } @else if wanted.search.is_empty() && wanted.category.is_empty() {
                    p { "Nothing is on sale here yet. Come back soon." }
                } @else {
                    p { "Nothing fits. " a href=(site.home()) { "See everything there is" } }
                }
            }
        }
        (cards(site, &shelf.products))
        @if pages > 1 && !shelf.products.is_empty() {
            nav.pages aria-label="Pages" {
                @if wanted.page > 1 { a.button rel="prev" href=(to(wanted.page - 1)) { "Previous" } }
                span { "Page " (wanted.page) " of " (pages) }
                @if wanted.page < pages { a.button rel="next" href=(to(wanted.page + 1)) { "Next" } }
            }
        }
    };
    let description = format!("Order from {}.", site.seller.name);
    let about = About {
        title: &title,
        description: &description,
        canonical: site
            .public
            .clone()
            .filter(|_| wanted.search.is_empty() && wanted.category.is_empty() && wanted.page == 1),
        image: shelf.products.iter().find_map(|p| picture(p)),
        more: Some(html! { meta property="og:type" content="website"; }),
        private: !wanted.search.is_empty(),
        search: &wanted.search,
    };
    render(site, &about, &body)
}

/// Other products than this one.
pub(super) fn others(site: &Site, but: Option<&Product>, title: &str) -> Markup {
    let category = but.and_then(|p| p.category.as_deref()).unwrap_or_default();
    let mut shelf = site.view.shelf("", category, 1, OTHERS + 1).products;
    if shelf.len() <= 1 {
        shelf = site.view.shelf("", "", 1, OTHERS + 1).products;
    }
    shelf.retain(|p| but.is_none_or(|but| but.retailer_id != p.retailer_id));
    shelf.truncate(OTHERS);
    html! {
        @if !shelf.is_empty() {
            section.others { h2 { (title) } (cards(site, &shelf)) }
        }
    }
}

/// A product that is not there (any more), with what is.
pub(super) fn missing_page(site: &Site, title: Option<&str>) -> Markup {
    let body = html! {
        div.head {
            h1 dir="auto" { (title.unwrap_or("No such product")) }
            p { @if title.is_some() { "It is not sold any more." } @else { "The address is wrong, or the product is gone." } }
            p { a.button href=(site.home()) { "See all products" } }
        }
        (others(site, None, "What there is"))
    };
    let about = About {
        title: title.unwrap_or("No such product"),
        private: true,
        ..About::default()
    };
    render(site, &about, &body)
}

fn picture(product: &Product) -> Option<&str> {
    let own = product.image_urls.first();
    own.or_else(|| product.variants.iter().find_map(|v| v.image_url.as_ref()))
        .map(String::as_str)
}

fn cards(site: &Site, products: &[&Product]) -> Markup {
    html! {
        @if !products.is_empty() {
            ul.cards {
                @for (i, product) in products.iter().enumerate() {
                    li {
                        a.card href=(site.product(product)) {
                            @match picture(product) {
                                Some(address) => img.picture src=(address) alt="" width="320" height="320" decoding="async" loading=[(i > 3).then_some("lazy")];,
                                None => span.picture.none aria-hidden="true" { (product.title.chars().next().unwrap_or('·')) },
                            }
                            span.name dir="auto" { (product.title) }
                            span.price { (price_tag(&price(product, None, site.view.now()))) }
                            @if !can_order(standing(&site.view, product, None)) { (stock_chip(&site.view, product, None)) }
                        }
                    }
                }
            }
        }
    }
}
