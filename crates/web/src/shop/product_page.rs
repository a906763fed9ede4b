//! A product's page.

use domain::Money;
use domain::Timestamp;
use domain::catalog::price::stock_id;
use domain::catalog::{Availability, CatalogView, Product, ProductOption, Variant};
use domain::draft::book::plain_choice;
use domain::reading::OptionChoice;
use engine::shop::ShopView;
use maud::{Markup, html};

use super::page::{About, render};
use super::site::Site;
use super::{fields, json_ld, shelf_page};

/// Units at which "only so many left" is worth saying.
const FEW: i64 = 5;
/// Values shown as buttons; more are a list.
const BUTTONS_MAX: usize = 12;
/// Pictures of one page.
const PICTURES_MAX: usize = 8;

/// What one costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    /// Now.
    pub now: Money,
    /// Before the sale, while it runs.
    pub before: Option<Money>,
    /// Until when the sale runs.
    pub until: Option<Timestamp>,
}

/// The price of a product or variant. A variant's own price has no part in the sale, as in orders.
pub(super) fn price(product: &Product, variant: Option<&Variant>, now: Timestamp) -> Price {
    if let Some(own) = variant.and_then(|v| v.price) {
        return Price {
            now: own,
            before: None,
            until: None,
        };
    }
    let current = product.price_at(now);
    let on_sale = current != product.price;
    Price {
        now: current,
        before: on_sale.then_some(product.price),
        until: product.sale.filter(|_| on_sale).and_then(|sale| sale.until),
    }
}

/// Whether it can be bought, with what is left of it looked at. A product with variants can be when
/// one of them can.
pub(super) fn standing(
    view: &ShopView,
    product: &Product,
    variant: Option<&Variant>,
) -> Availability {
    if product.availability != Availability::InStock {
        return product.availability;
    }
    let gone = |id| view.free(id).is_some_and(|free| free <= 0);
    let sold_out = match (variant, product.variants.as_slice()) {
        (Some(v), _) => gone(&v.retailer_id),
        (None, []) => gone(&product.retailer_id),
        (None, all) => all.iter().all(|v| gone(&v.retailer_id)),
    };
    if sold_out {
        Availability::OutOfStock
    } else {
        Availability::InStock
    }
}

/// Availability in words, as a chip.
pub(super) fn stock_chip(view: &ShopView, product: &Product, variant: Option<&Variant>) -> Markup {
    let id = variant.map_or(&product.retailer_id, |v| &v.retailer_id);
    let free = view.free(id);
    let (class, words) = match (standing(view, product, variant), free) {
        (Availability::InStock, Some(n)) if (1..=FEW).contains(&n) => {
            ("chip few", format!("Only {n} left"))
        }
        (Availability::InStock, _) => ("chip good", "In stock".to_owned()),
        (Availability::OutOfStock, _) => ("chip gone", "Sold out".to_owned()),
        (Availability::AvailableForOrder, _) => ("chip few", "Made to order".to_owned()),
        (Availability::Discontinued, _) => ("chip gone", "No longer sold".to_owned()),
    };
    html! { span class=(class) { (words) } }
}

/// A price with what it was before.
pub(super) fn price_tag(price: &Price) -> Markup {
    html! {
        @if let Some(before) = price.before {
            span.sr { "Now " }
            strong.sale { (price.now) }
            " " span.sr { "before " } s { (before) }
        } @else {
            strong { (price.now) }
        }
    }
}

/// Whether the shop takes an order of it.
pub(super) fn can_order(standing: Availability) -> bool {
    matches!(
        standing,
        Availability::InStock | Availability::AvailableForOrder
    )
}

/// `GET /shop/{slug}/p/{id}`.
pub(super) fn product_page(site: &Site, product: &Product, variant: Option<&Variant>) -> Markup {
    let price = price(product, variant, site.view.now());
    let standing = standing(&site.view, product, variant);
    let pictures: Vec<&str> = variant
        .and_then(|v| v.image_url.as_deref())
        .into_iter()
        .chain(product.image_urls.iter().map(String::as_str))
        .take(PICTURES_MAX)
        .collect();
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" {
            a href=(site.home()) { "All products" }
            @if let Some(category) = &product.category {
                " / " a href=(shelf_page::category(site, category)) { bdi { (category) } }
            }
        }
        article.product {
            (gallery(&pictures, &product.title))
            div.facts {
                h1 dir="auto" { (product.title) }
                @if let Some(brand) = &product.brand { p.soft { "by " bdi { (brand) } } }
                p.price { (price_tag(&price)) }
                @if let Some(until) = price.until {
                    p.soft.small { "Sale price until " (until.to_string().chars().take(10).collect::<String>()) }
                }
                p { (stock_chip(&site.view, product, variant)) }
                @if can_order(standing) {
                    (order_form(site, product, variant))
                } @else {
                    p.soft { "It cannot be ordered at the moment. Ask the shop when it is back." }
                }
                (chat_links(site, product, variant))
                @if !product.description.trim().is_empty() {
                    h2 { "Description" }
                    p.pre dir="auto" { (product.description.trim()) }
                }
            }
        }
        (shelf_page::others(site, Some(product), "More from this shop"))
    };
    let description = summary(product);
    let about = About {
        title: &product.title,
        description: &description,
        canonical: site.canonical(product, variant),
        image: pictures.first().copied(),
        more: Some(html! {
            meta property="og:type" content="product";
            meta property="product:price:amount" content=(price.now.decimal());
            meta property="product:price:currency" content=(price.now.currency.code());
            meta property="product:availability" content=(standing.as_str());
            (json_ld::product(site, product, variant))
        }),
        private: false,
        search: "",
    };
    render(site, &about, &body)
}

/// The first words of the description, else title and price.
fn summary(product: &Product) -> String {
    let text = product
        .description
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if text.is_empty() {
        return format!("{}, {}", product.title, product.price);
    }
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

fn gallery(pictures: &[&str], title: &str) -> Markup {
    html! {
        @if pictures.is_empty() {
            div.picture.none aria-hidden="true" { (title.chars().next().unwrap_or('·')) }
        } @else {
            ul.gallery aria-label="Pictures" tabindex=[(pictures.len() > 1).then_some("0")] {
                @for (i, address) in pictures.iter().enumerate() {
                    li { img.picture src=(address) width="640" height="640" decoding="async"
                        loading=[(i > 0).then_some("lazy")]
                        alt=(if i == 0 { title.to_owned() } else { format!("{title}, picture {}", i + 1) }); }
                }
            }
        }
    }
}

/// What the variant settles, as choices.
pub(super) fn choices_of(variant: &Variant) -> Vec<OptionChoice> {
    let values = variant.values.iter();
    values
        .map(|(name, value)| plain_choice(name, value))
        .collect()
}

fn order_form(site: &Site, product: &Product, variant: Option<&Variant>) -> Markup {
    let chosen = variant.map(choices_of).unwrap_or_default();
    let most = site.view.free(stock_id(product, &chosen));
    html! {
        form.order method="get" action={ (site.base) "/checkout" } {
            input type="hidden" name="p0" value=(product.retailer_id);
            @for option in &product.options {
                (option_field(0, option, &chosen, product, false))
            }
            @for choice in chosen.iter().filter(|c| product.option(&c.name).is_none()) {
                input type="hidden" name=(fields::option_name(0, &choice.name)) value=(choice.value);
            }
            (quantity_field(0, 1, 1, most))
            button.primary type="submit" { "Order" }
        }
    }
}

/// How many: `least` is 0 where that takes the line away.
pub(super) fn quantity_field(line: usize, quantity: u32, least: u32, most: Option<i64>) -> Markup {
    let id = format!("q{line}");
    let most = most
        .filter(|n| *n > 0)
        .unwrap_or(i64::MAX)
        .min(i64::from(domain::cart::QUANTITY_MAX));
    html! {
        div.field.quantity {
            label for=(id) { "Quantity" }
            input id=(id) name=(id) type="number" inputmode="numeric" min=(least) max=(most) value=(quantity) required;
        }
    }
}

/// An option to choose: buttons where they are few, else a list; boxes where several may be chosen.
pub(super) fn option_field(
    line: usize,
    option: &ProductOption,
    chosen: &[OptionChoice],
    product: &Product,
    wrong: bool,
) -> Markup {
    let name = fields::option_name(line, &option.name);
    let is_chosen = |value: &str| {
        chosen
            .iter()
            .any(|c| c.name == option.name && c.value == value && !c.negated)
    };
    let any = chosen.iter().any(|c| c.name == option.name);
    let extra = |minor: i64| {
        (minor != 0).then(|| {
            let sign = if minor > 0 { "+" } else { "" };
            format!(" {sign}{}", Money::new(minor, product.price.currency))
        })
    };
    // Names hold spaces, which an id must not.
    let place = product.options.iter().position(|o| o.name == option.name);
    let id = format!("o{line}-{}", place.unwrap_or_default());
    if !option.multiple && option.values.len() > BUTTONS_MAX {
        return html! {
            div.field {
                label for=(id) { (option.name) @if !option.required { span.soft { " (optional)" } } }
                select id=(id) name=(name) required[option.required] aria-invalid=[wrong.then_some("true")] {
                    option value="" { "Choose…" }
                    @for value in &option.values {
                        option value=(value.value) selected[is_chosen(&value.value)] { (value.value) (extra(value.surcharge_minor).unwrap_or_default()) }
                    }
                }
            }
        };
    }
    html! {
        fieldset.field.wrong[wrong] {
            legend { (option.name) @if !option.required { span.soft { " (optional)" } } }
            div.pills {
                @if !option.multiple && !option.required {
                    label.pill { input type="radio" name=(name) value="" checked[!any]; span { "None" } }
                }
                @for value in &option.values {
                    label.pill {
                        input type=(if option.multiple { "checkbox" } else { "radio" }) name=(name) value=(value.value)
                            checked[is_chosen(&value.value)] required[option.required && !option.multiple];
                        span { bdi { (value.value) } @if let Some(extra) = extra(value.surcharge_minor) { small { (extra) } } }
                    }
                }
            }
        }
    }
}

fn chat_links(site: &Site, product: &Product, variant: Option<&Variant>) -> Markup {
    let id = variant.map_or(&product.retailer_id, |v| &v.retailer_id);
    let words = format!("Hello! I would like to order: {} ({id})", product.title);
    html! {
        @if !site.chats.is_empty() {
            p.chats {
                @for chat in &site.chats {
                    a.button href=(chat.href(id.as_str(), &words)) rel="noopener" { "Order in " (chat.name) }
                }
            }
        }
    }
}
