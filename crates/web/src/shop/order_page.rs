//! The checkout's pages: the cart with who orders it, and the thanks afterwards.

use domain::DraftOrderId;
use domain::cart::Refused;
use domain::catalog::price::{stock_id, unit_price};
use domain::catalog::{CatalogView as _, Product};
use domain::order::totals::Totals;
use domain::reading::OrderLine;
use engine::shop::{ShopOrder, ShopProblem};
use maud::{Markup, html};
use store::DraftRow;

use super::page::{About, render};
use super::product_page::{option_field, quantity_field};
use super::site::Site;
use super::{fields, shelf_page};
use crate::present;

/// The cart as it stands.
#[derive(Debug)]
pub(super) struct CartView {
    /// What will be ordered, and what was typed.
    pub order: ShopOrder,
    /// What of the link or form is not in it.
    pub refused: Vec<Refused>,
    /// What keeps it from being ordered.
    pub problems: Vec<ShopProblem>,
    /// Makes a second tap the same order.
    pub token: DraftOrderId,
}

fn private(title: &str) -> About<'_> {
    About {
        title,
        private: true,
        ..About::default()
    }
}

/// The cart, to be completed and sent.
pub(super) fn cart_page(site: &Site, view: &CartView) -> Markup {
    let general = view
        .problems
        .iter()
        .filter(|p| p.field == "lines" || p.field == "token" || p.field == "coupon");
    let sums = site.view.sums(&view.order.lines);
    let body = html! {
        h1 { "Your order" }
        @if !view.refused.is_empty() {
            div.note.warn role="alert" {
                p { strong { "Not in the cart:" } }
                ul { @for refused in &view.refused { li dir="auto" { (refused) } } }
            }
        }
        @for problem in general { p.note.bad role="alert" dir="auto" { (problem.text) } }
        @if view.order.lines.is_empty() {
            p.empty { "The cart is empty. " a href=(site.home()) { "Choose something else" } }
            (shelf_page::others(site, None, "What there is"))
        } @else {
            form.checkout method="post" action={ (site.base) "/checkout" } {
                input type="hidden" name="token" value=(view.token);
                ol.lines { @for (i, line) in view.order.lines.iter().enumerate() { (cart_line(site, view, i, line)) } }
                button.quiet type="submit" name="do" value="update" formnovalidate { "Update the sum" }
                @if let Some((_, sums)) = &sums { (sum(sums)) }
                @if !view.order.coupon.is_empty() {
                    p.note { "Coupon " strong { bdi { (view.order.coupon) } } ": noted for the seller, who answers you about it." }
                    input type="hidden" name="coupon" value=(view.order.coupon);
                }
                (who(site, view))
                button.primary type="submit" { "Send the order" }
                p.soft.small { "Nothing is paid here. The seller confirms the order with you first." }
            }
            (instead(site, &view.order.lines))
        }
    };
    render(site, &private("Your order"), &body)
}

fn cart_line(site: &Site, view: &CartView, i: usize, line: &OrderLine) -> Markup {
    let field = format!("line {}", i + 1);
    let problems: Vec<&ShopProblem> = view.problems.iter().filter(|p| p.field == field).collect();
    let Some(product) = site.view.product(&line.product) else {
        return html! {};
    };
    let free = site.view.free(stock_id(product, &line.options));
    let price = unit_price(product, &line.options, site.view.now());
    let settled = line
        .options
        .iter()
        .filter(|c| product.option(&c.name).is_none());
    html! {
        li.line {
            div.row {
                @if let Some(picture) = product.image_urls.first() { img.thumb src=(picture) alt="" width="64" height="64" loading="lazy"; }
                div.grow {
                    h2 dir="auto" { a href=(site.product(product)) { (product.title) } }
                    @for choice in settled.clone() { p.soft.small { (choice.name) ": " bdi { (choice.value) } } }
                    @if let Some(price) = price { p { (price) } }
                }
            }
            @for problem in &problems { p.wrong dir="auto" { (problem.text) } }
            input type="hidden" name={ "p" (i) } value=(line.product);
            @for choice in settled { input type="hidden" name=(fields::option_name(i, &choice.name)) value=(choice.value); }
            (options(i, product, line, !problems.is_empty()))
            (quantity_field(i, line.quantity, 0, free))
        }
    }
}

fn options(i: usize, product: &Product, line: &OrderLine, wrong: bool) -> Markup {
    let open = |name: &str| wrong && !line.options.iter().any(|c| c.name == name);
    html! {
        @for option in &product.options {
            (option_field(i, option, &line.options, product, option.required && open(&option.name)))
        }
    }
}

fn sum(sums: &Totals) -> Markup {
    html! {
        dl.sum {
            @if sums.subtotal != sums.total { div { dt { "Products" } dd { (sums.subtotal) } } }
            @if sums.discount.minor != 0 { div { dt { "Discount" } dd { "−" (sums.discount) } } }
            @if sums.delivery.minor != 0 { div { dt { "Delivery" } dd { (sums.delivery) } } }
            @if sums.tax.minor != 0 { div { dt { @if sums.tax_inclusive { "of which tax" } @else { "Tax" } } dd { (sums.tax) } } }
            div.total { dt { "Total" } dd { (sums.total) } }
        }
    }
}

/// Who orders, and where it goes.
fn who(site: &Site, view: &CartView) -> Markup {
    let policy = site.view.policy();
    let order = &view.order;
    html! {
        h2 { "Who is it for?" }
        (text_field(view, "name", "Your name", true, &order.name, "name", "text"))
        (text_field(view, "phone", "Phone number", policy.require_phone, &order.phone, "tel", "tel"))
        (area(view, "address", "Delivery address", policy.require_address, &order.address, "street-address"))
        (area(view, "note", "A word to the seller", false, &order.note, "off"))
    }
}

fn problem_of<'a>(view: &'a CartView, name: &str) -> Option<&'a str> {
    let found = view.problems.iter().find(|p| p.field == name);
    found.map(|p| p.text.as_str())
}

fn label(name: &str, words: &str, needed: bool, problem: Option<&str>) -> Markup {
    html! {
        label for=(name) { (words) @if !needed { span.soft { " (optional)" } } }
        @if let Some(text) = problem { p.wrong id={ (name) "-wrong" } { (text) } }
    }
}

fn text_field(
    view: &CartView,
    name: &str,
    words: &str,
    needed: bool,
    value: &str,
    fill: &str,
    kind: &str,
) -> Markup {
    let problem = problem_of(view, name);
    let about = problem.map(|_| format!("{name}-wrong"));
    html! {
        div.field {
            (label(name, words, needed, problem))
            input id=(name) name=(name) type=(kind) value=(value) autocomplete=(fill) maxlength="120" required[needed]
                aria-invalid=[problem.map(|_| "true")] aria-describedby=[about];
        }
    }
}

fn area(view: &CartView, name: &str, words: &str, needed: bool, value: &str, fill: &str) -> Markup {
    let problem = problem_of(view, name);
    let about = problem.map(|_| format!("{name}-wrong"));
    html! {
        div.field {
            (label(name, words, needed, problem))
            textarea id=(name) name=(name) rows="3" autocomplete=(fill) maxlength="500" required[needed]
                aria-invalid=[problem.map(|_| "true")] aria-describedby=[about] { "\n" (value) }
        }
    }
}

/// The same order by message.
fn instead(site: &Site, lines: &[OrderLine]) -> Markup {
    let named: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let product = site.view.product(&line.product)?;
            let choices = present::options_words(&line.options);
            let choices = if choices.is_empty() {
                choices
            } else {
                format!(" ({choices})")
            };
            Some(format!("{} × {}{choices}", line.quantity, product.title))
        })
        .take(20)
        .collect();
    let words = format!("Hello! I would like to order:\n{}", named.join("\n"));
    let first = lines.first().map(|line| line.product.as_str());
    html! {
        @if !site.chats.is_empty() {
            section.instead {
                h2 { "Rather by message?" }
                p.chats {
                    @for chat in &site.chats {
                        a.button href=(chat.href(first.unwrap_or_default(), &words)) rel="noopener" { "Continue in " (chat.name) }
                    }
                }
            }
        }
    }
}

/// After the order: what it was, and what comes next.
pub(super) fn thanks_page(site: &Site, row: &DraftRow) -> Markup {
    let reference = row.id.to_string();
    let reference = reference[reference.len() - 6..].to_uppercase();
    let words = format!("Hello! It is about my order {reference}.");
    let body = html! {
        div.thanks {
            p.tick aria-hidden="true" { "✓" }
            h1 { "Thank you!" }
            p { bdi { (site.seller.name) } " has your order and will confirm it with you." }
            p.soft { "Reference " strong { (reference) } }
        }
        ol.lines {
            @for line in &row.body.lines {
                li.line {
                    div.row {
                        span.grow dir="auto" { (line.line.quantity) " × " (line.title) }
                        @if let Some(total) = line.unit_price.and_then(|p| p.times(line.line.quantity)) { span { (total) } }
                    }
                    @if !line.line.options.is_empty() { p.soft.small dir="auto" { (present::options_words(&line.line.options)) } }
                }
            }
        }
        @if let Some(sums) = &row.body.totals { (sum(sums)) }
        @if !site.chats.is_empty() {
            p.chats { @for chat in &site.chats { a.button href=(chat.href("", &words)) rel="noopener" { "Write on " (chat.name) } } }
        }
        p { a href=(site.home()) { "Back to the shop" } }
    };
    render(site, &private("Thank you"), &body)
}

/// The address names no order.
pub(super) fn no_order_page(site: &Site) -> Markup {
    let body = html! {
        h1 { "No such order" }
        p { "The address is wrong, or the order is gone. " a href=(site.home()) { "Back to the shop" } }
    };
    render(site, &private("No such order"), &body)
}
