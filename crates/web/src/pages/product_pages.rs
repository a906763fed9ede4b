//! Products: the list, the form, the import.

use std::fmt::Write as _;

use domain::catalog::{Product, ProductStatus};
use domain::{Money, ProductId};
use maud::{Markup, html};

use super::layout::Frame;
use super::parts::{self, Field, Tone, chip, empty, head};
use crate::icons;

/// A product in the list.
#[derive(Debug, Clone)]
pub(crate) struct ProductItem {
    /// Its id.
    pub id: ProductId,
    /// Its title.
    pub title: String,
    /// The price of one now.
    pub price: Money,
    /// The first picture.
    pub image: Option<String>,
    /// Units on hand, where they are counted.
    pub stock: Option<i64>,
    /// Options and variants, in short.
    pub summary: String,
}

/// The list.
pub(crate) fn list(
    items: &[ProductItem],
    search: &str,
    archived: bool,
    cursor: Option<&str>,
) -> Markup {
    let query = format!(
        "q={}&show={}",
        urlencode(search),
        if archived { "archived" } else { "" }
    );
    html! {
        (head("Products", "What customers can order.", Some(html! {
            div.row { a.button.small-button href="/products/import" { (icons::UPLOAD) "Import" } a.button.primary.small-button href="/products/new" { "Add" } }
        })))
        form.search role="search" method="get" action="/products" {
            label.sr for="q" { "Search products" }
            input #q type="search" name="q" value=(search) placeholder="Search by name or id";
            @if archived { input type="hidden" name="show" value="archived"; }
            button type="submit" { "Search" }
        }
        nav.filters aria-label="Which products" {
            a href="/products" aria-current=[(!archived).then_some("page")] { "Offered" }
            a href="/products?show=archived" aria-current=[archived.then_some("page")] { "Archived" }
        }
        @if items.is_empty() { (nothing(search, archived)) }
        @else {
            div.card.flush { ul.list { @for item in items { (row(item)) } } }
            (parts::more("/products", &query, cursor))
        }
    }
}

fn nothing(search: &str, archived: bool) -> Markup {
    if !search.is_empty() {
        empty(
            icons::PRODUCTS,
            "Nothing found",
            "No product has these letters in its name or id.",
            Some(("/products", "Show all products")),
        )
    } else if archived {
        empty(
            icons::PRODUCTS,
            "Nothing is archived",
            "Archived products keep their history and are offered nowhere.",
            Some(("/products", "Show products")),
        )
    } else {
        empty(
            icons::PRODUCTS,
            "Add what you sell",
            "Eziseller reads messages against your products: their names, other names customers use, sizes and colors. Import a file from your shop, or add a few by hand.",
            Some(("/products/import", "Import a file")),
        )
    }
}

fn row(item: &ProductItem) -> Markup {
    html! {
        li {
            a.item href={ "/products/" (item.id) } {
                (thumb(item.image.as_deref()))
                div.grow {
                    p.title { (item.title) }
                    p.under { (item.summary) }
                }
                div.end {
                    strong { (item.price) }
                    (stock_chip(item.stock))
                }
            }
        }
    }
}

fn thumb(image: Option<&str>) -> Markup {
    html! {
        @match image {
            Some(url) => img.thumb src=(url) alt="" loading="lazy" referrerpolicy="no-referrer";,
            None => span.thumb aria-hidden="true" { (icons::PICTURE) },
        }
    }
}

fn stock_chip(stock: Option<i64>) -> Markup {
    match stock {
        None => html! {},
        Some(n) if n <= 0 => chip(Tone::Bad, "sold out"),
        Some(n) if n <= 3 => chip(Tone::Warn, &format!("{n} left")),
        Some(n) => html! { span.small.soft.num { (n) " in stock" } },
    }
}

/// The form's fields as typed; what was typed comes back when it is not taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProductForm {
    /// `(field, value)`.
    pub values: std::collections::BTreeMap<String, String>,
    /// `(field, why it is not taken)`.
    pub errors: std::collections::BTreeMap<String, String>,
}

impl ProductForm {
    /// What is in a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The form of an existing product.
    pub(crate) fn of(product: &Product) -> Self {
        let mut values = std::collections::BTreeMap::new();
        let mut put = |name: &str, value: String| values.insert(name.to_owned(), value);
        put("title", product.title.clone());
        put("retailer_id", product.retailer_id.to_string());
        put("price", product.price.decimal());
        put(
            "sale_price",
            product.sale.map(|s| s.price.decimal()).unwrap_or_default(),
        );
        put(
            "stock",
            product.stock.map(|n| n.to_string()).unwrap_or_default(),
        );
        put("aliases", product.aliases.join(", "));
        put("description", product.description.clone());
        put("images", product.image_urls.join("\n"));
        put("category", product.category.clone().unwrap_or_default());
        put("brand", product.brand.clone().unwrap_or_default());
        put("link", product.link.clone().unwrap_or_default());
        put("availability", product.availability.as_str().to_owned());
        put("options", options_text(product));
        put("variants", variants_text(product));
        Self {
            values,
            errors: std::collections::BTreeMap::new(),
        }
    }
}

/// Options as the form writes them, one a line: `size*: S, M = medium, L (+50)`; `*` required, `+`
/// several.
pub(crate) fn options_text(product: &Product) -> String {
    let currency = product.price.currency;
    let lines: Vec<String> = product
        .options
        .iter()
        .map(|option| {
            let values: Vec<String> = option
                .values
                .iter()
                .map(|value| {
                    let mut text = value.value.clone();
                    for alias in &value.aliases {
                        text.push_str(" = ");
                        text.push_str(alias);
                    }
                    if value.surcharge_minor != 0 {
                        let surcharge = Money::new(value.surcharge_minor, currency).decimal();
                        text.extend([" (+", surcharge.as_str(), ")"]);
                    }
                    text
                })
                .collect();
            let required = if option.required { "*" } else { "" };
            let multiple = if option.multiple { "+" } else { "" };
            format!("{}{required}{multiple}: {}", option.name, values.join(", "))
        })
        .collect();
    lines.join("\n")
}

/// Variants as the form writes them, one a line: `SAR-RED-M | size=M, color=red | 2500.00 | 4`.
pub(crate) fn variants_text(product: &Product) -> String {
    let lines: Vec<String> = product
        .variants
        .iter()
        .map(|variant| {
            let values: Vec<String> = variant
                .values
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            let price = variant.price.map(Money::decimal).unwrap_or_default();
            let stock = variant.stock.map(|n| n.to_string()).unwrap_or_default();
            format!(
                "{} | {} | {price} | {stock}",
                variant.retailer_id,
                values.join(", ")
            )
        })
        .collect();
    lines.join("\n")
}

/// The form, for a new product or an existing one.
pub(crate) fn form(
    frame: &Frame,
    id: Option<ProductId>,
    status: ProductStatus,
    form: &ProductForm,
    currency: &str,
) -> Markup {
    let action = id.map_or_else(
        || "/products/new".to_owned(),
        |id| format!("/products/{id}"),
    );
    let field = |name: &'static str| Field {
        name,
        value: form.value(name),
        error: form.errors.get(name).map(String::as_str),
        ..Field::default()
    };
    html! {
        (parts::back("/products", "Products"))
        (head(if id.is_some() { form.value("title") } else { "New product" }, "", (status == ProductStatus::Archived).then(|| chip(Tone::Plain, "archived"))))
        @if !form.errors.is_empty() { (parts::notice(Tone::Bad, Some("alert"), html! { p { "Not saved yet: please look at the marked fields." } })) }
        form method="post" action=(action) {
            (frame.csrf_field())
            section.card {
                h2 { "What it is" }
                (Field { label: "Name", required: true, ..field("title") }.render())
                (Field { label: "Other names customers use", hint: "Separated by commas: red saree, lal sari", ..field("aliases") }.render())
                div.fields {
                    (Field { label: "Your own id (SKU)", required: true, hint: "Stays the same for ever; Instagram knows the product by it.", ..field("retailer_id") }.render())
                    (Field { label: "Category", ..field("category") }.render())
                }
                (Field { label: "Description", area: true, ..field("description") }.render())
            }
            section.card {
                h2 { "Price and stock" }
                div.fields {
                    (Field { label: &format!("Price in {currency}"), mode: "decimal", required: true, ..field("price") }.render())
                    (Field { label: "Sale price", mode: "decimal", ..field("sale_price") }.render())
                    (Field { label: "In stock", mode: "numeric", hint: "Empty: not counted.", ..field("stock") }.render())
                    div.field {
                        label for="f-availability" { "Availability" }
                        select #f-availability name="availability" {
                            @for word in ["in stock", "out of stock", "available for order", "discontinued"] {
                                option value=(word) selected[form.value("availability") == word] { (word) }
                            }
                        }
                    }
                }
            }
            section.card {
                h2 { "Choices" }
                (Field { label: "Options", area: true, hint: "One a line: size*: S, M = medium, L (+50). A star: must be chosen. A plus: several may be chosen. After =: another word for it.", ..field("options") }.render())
                (Field { label: "Variants", area: true, hint: "One a line, where combinations have their own id, price or stock: SAR-RED-M | size=M, color=red | 2500 | 4", ..field("variants") }.render())
            }
            section.card {
                h2 { "Pictures and page" }
                (Field { label: "Picture addresses", area: true, hint: if id.is_some() { "One a line, the main one first; https. Photos of yours are added below." } else { "One a line, the main one first; https. Save the product, then add photos of yours." }, ..field("images") }.render())
                div.fields {
                    (Field { label: "Brand", ..field("brand") }.render())
                    (Field { label: "Page on your own site", mode: "url", ..field("link") }.render())
                }
            }
            div.actions { div.first { button.primary type="submit" { "Save" } } a.button href="/products" { "Leave without saving" } }
        }
        @if let Some(id) = id {
            (pictures(frame, id, form))
            form.actions method="post" action={ "/products/" (id) "/status" } {
                (frame.csrf_field())
                @if status == ProductStatus::Active {
                    button.danger type="submit" name="status" value="archived" data-confirm="Archive this product? It is offered nowhere until you bring it back." { "Archive" }
                } @else {
                    button type="submit" name="status" value="active" { "Offer it again" }
                }
            }
        }
    }
}

/// The product's pictures, and a form to add one. It is a form of its own: a photo is sent at once.
fn pictures(frame: &Frame, id: ProductId, form: &ProductForm) -> Markup {
    let shown = form.value("images").lines().map(str::trim);
    html! {
        form.card #photos method="post" action={ "/products/" (id) "/pictures" } enctype="multipart/form-data" {
            (frame.csrf_field())
            h2 { "Photos" }
            p.row { @for url in shown.filter(|url| crate::products::is_web_address(url)) { (thumb(Some(url))) } }
            div.field {
                label for="photo" { "Add a photo" }
                // Named one by one: then iPhones hand over JPEG instead of their own format.
                input #photo type="file" name="file" required accept="image/jpeg,image/png,image/webp" aria-describedby="photo-help";
                p.hint #photo-help { "From the camera or your pictures; at least 500 x 500 pixels, up to 20 MB. Where it was taken is removed from it." }
            }
            label.check { input type="checkbox" name="main" value="yes" checked; span { "Make it the main picture" } }
            div.actions { div.first { button.primary type="submit" { (icons::UPLOAD) "Add the photo" } } }
        }
    }
}

/// What an import came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImportView {
    /// The file's name.
    pub file: String,
    /// New products.
    pub created: usize,
    /// Changed ones.
    pub updated: usize,
    /// Those that were the same already.
    pub unchanged: usize,
    /// `(where, id, why)`.
    pub rejected: Vec<(String, String, String)>,
    /// Rejected rows that are not listed.
    pub more_rejected: usize,
}

/// The import page, before or after.
pub(crate) fn import(frame: &Frame, done: Option<&ImportView>, error: Option<&str>) -> Markup {
    html! {
        (parts::back("/products", "Products"))
        (head("Import products", "A file from your shop, all at once. Products that exist are brought up to date by their id.", None))
        @if let Some(error) = error { (parts::notice(Tone::Bad, Some("alert"), html! { p { (error) } })) }
        @if let Some(done) = done { (imported(done)) }
        form.card method="post" action="/products/import" enctype="multipart/form-data" {
            (frame.csrf_field())
            div.field {
                label for="file" { "File" }
                input #file type="file" name="file" required accept=".csv,.tsv,.json,text/csv,application/json" aria-describedby="file-help";
                p.hint #file-help { "CSV with own columns, a Shopify or WooCommerce product export, Meta's feed (CSV or TSV), or JSON; up to 64 MiB." }
            }
            div.actions { div.first { button.primary type="submit" { (icons::UPLOAD) "Import" } } }
        }
        section.card {
            h2 { "Columns of our own CSV" }
            p { code { "retailer_id" } ", " code { "title" } ", " code { "price" } " are needed; " code { "description" } ", " code { "aliases" } ", " code { "stock" } ", " code { "image_urls" } ", " code { "category" } ", " code { "brand" } " and more are read where they are there." }
        }
    }
}

fn imported(done: &ImportView) -> Markup {
    let rejected = done.rejected.len() + done.more_rejected;
    html! {
        (parts::notice(if rejected == 0 { Tone::Good } else { Tone::Warn }, Some("status"), html! {
            p { strong { (done.file) } ": " (done.created) " new, " (done.updated) " changed, " (done.unchanged) " as before" @if rejected > 0 { ", " (rejected) " not taken" } "." }
        }))
        @if rejected > 0 {
            section.card {
                h2 { "Rows that were not taken" }
                p.soft { "Correct them in the file and import it again; nothing is doubled." }
                div.scroll {
                    table {
                        tr { th { "Row" } th { "Id" } th { "Why" } }
                        @for (place, id, why) in &done.rejected { tr { td.nowrap.num { (place) } td { (id) } td { (why) } } }
                    }
                }
                @if done.more_rejected > 0 { p.soft { "And " (done.more_rejected) " more." } }
            }
        }
    }
}

/// Percent-encodes a query value.
pub(crate) fn urlencode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}
