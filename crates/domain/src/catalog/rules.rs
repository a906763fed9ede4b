//! Meta's rules for catalogue items, checked before anything is sent (items_batch reference and
//! product data specifications).

use super::item::CatalogItemFields;
use crate::Currency;

/// Longest title; the feed page allows 200, the batch page 100.
pub const TITLE_CHARS_MAX: usize = 100;
/// Longest description; the feed page allows 9,999, the batch page 5,000.
pub const DESCRIPTION_CHARS_MAX: usize = 5_000;
/// Longest brand.
pub const BRAND_CHARS_MAX: usize = 100;
/// Longest value of a variant attribute.
const ATTRIBUTE_CHARS_MAX: usize = 100;
/// Longest `product_type`.
const PRODUCT_TYPE_CHARS_MAX: usize = 750;

/// One rule that an item breaks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Meta's name of the field.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: &str, what: impl Into<String>, fix: &str) {
        self.0.push(Problem {
            field: field.to_owned(),
            what: what.into(),
            fix: fix.to_owned(),
        });
    }

    fn length(&mut self, field: &str, text: &str, chars_max: usize) {
        let chars = text.chars().count();
        if chars > chars_max {
            self.add(
                field,
                format!("has {chars} characters; Meta takes {chars_max}"),
                "Shorten it.",
            );
        }
    }

    fn required(&mut self, field: &str, text: &str, fix: &str) -> bool {
        let given = !text.trim().is_empty();
        if !given {
            self.add(field, "is missing", fix);
        }
        given
    }
}

/// Every rule that the item breaks; empty: it may be sent.
#[must_use]
pub fn check_item(item: &CatalogItemFields) -> Vec<Problem> {
    let mut problems = Problems(Vec::new());
    check_texts(item, &mut problems);
    check_words(item, &mut problems);
    check_prices(item, &mut problems);
    check_addresses(item, &mut problems);
    check_variant(item, &mut problems);
    problems.0
}

fn check_texts(item: &CatalogItemFields, problems: &mut Problems) {
    if problems.required("id", &item.id, "Give the product a retailer_id (SKU).") {
        problems.length("id", &item.id, super::RetailerId::CHARS_MAX);
    }
    if problems.required("title", &item.title, "Give the product a title.") {
        problems.length("title", &item.title, TITLE_CHARS_MAX);
        if shouts(&item.title) {
            problems.add("title", "is all in capitals", "Write it in normal case.");
        }
    }
    if problems.required(
        "description",
        &item.description,
        "Describe the product in plain text.",
    ) {
        problems.length("description", &item.description, DESCRIPTION_CHARS_MAX);
        if has_markup(&item.description) {
            problems.add(
                "description",
                "contains HTML",
                "Write plain text without tags.",
            );
        }
        if has_link(&item.description) {
            problems.add(
                "description",
                "contains a link",
                "Remove links; the item has its own.",
            );
        }
        if shouts(&item.description) {
            problems.add(
                "description",
                "is all in capitals",
                "Write it in normal case.",
            );
        }
    }
    if problems.required("brand", &item.brand, "Name the maker, or your shop.") {
        problems.length("brand", &item.brand, BRAND_CHARS_MAX);
    }
    if let Some(category) = &item.product_type {
        problems.length("product_type", category, PRODUCT_TYPE_CHARS_MAX);
    }
}

fn check_words(item: &CatalogItemFields, problems: &mut Problems) {
    let among = |word: &str, words: &[&str]| words.contains(&word);
    if !among(
        &item.availability,
        &[
            "in stock",
            "out of stock",
            "available for order",
            "discontinued",
        ],
    ) {
        problems.add(
            "availability",
            format!("`{}` is none of Meta's words", item.availability),
            "Use in stock, out of stock, available for order or discontinued.",
        );
    }
    if !among(&item.condition, &["new", "refurbished", "used"]) {
        problems.add(
            "condition",
            format!("`{}` is none of Meta's words", item.condition),
            "Use new, refurbished or used.",
        );
    }
    if item.availability == "in stock" && item.quantity_to_sell_on_facebook == Some(0) {
        problems.add(
            "availability",
            "is `in stock`, but none is left",
            "Set the stock, or mark it out of stock.",
        );
    }
    if item.quantity_to_sell_on_facebook.is_some_and(|n| n < 0) {
        problems.add(
            "quantity_to_sell_on_facebook",
            "is negative",
            "Correct the stock.",
        );
    }
}

fn check_prices(item: &CatalogItemFields, problems: &mut Problems) {
    const FIX: &str = "Write a number with a dot and the currency's code, such as 9.99 USD.";
    let price = read_price(&item.price);
    match price {
        None => problems.add("price", format!("`{}` is no price", item.price), FIX),
        Some((minor, _)) if minor <= 0 => {
            problems.add("price", "is zero or less", "Set a price above zero.");
        }
        Some(_) => {}
    }
    let Some(text) = item.sale_price.as_deref().filter(|t| !t.is_empty()) else {
        return;
    };
    match (read_price(text), price) {
        (None, _) => problems.add("sale_price", format!("`{text}` is no price"), FIX),
        (Some((_, sale)), Some((_, full))) if sale != full => {
            problems.add("sale_price", "is in another currency than the price", FIX);
        }
        (Some((sale, _)), Some((full, _))) if sale >= full => problems.add(
            "sale_price",
            "is not below the price",
            "Lower the sale price, or end the sale.",
        ),
        (Some((sale, _)), _) if sale < 0 => {
            problems.add("sale_price", "is below zero", FIX);
        }
        _ => {}
    }
}

fn read_price(text: &str) -> Option<(i64, Currency)> {
    let (number, code) = text.split_once(' ')?;
    let currency: Currency = code.parse().ok()?;
    let money = crate::Money::parse(number, currency).ok()?;
    Some((money.minor, currency))
}

fn check_addresses(item: &CatalogItemFields, problems: &mut Problems) {
    const PAGE: &str = "Give the product a page, or switch the shop front on.";
    if problems.required("link", &item.link, PAGE) {
        match path_of(&item.link) {
            None => problems.add("link", "is no http(s) address", PAGE),
            // Meta: PRODUCT_URL_EQUALS_DOMAIN.
            Some("" | "/") => problems.add(
                "link",
                "leads to the front page of the site",
                "Link the product's own page.",
            ),
            Some(_) => {}
        }
    }
    const PICTURE: &str =
        "Add a picture: JPEG or PNG, at least 500 x 500 pixels, at most 8 MB, at a public address.";
    if problems.required("image_link", &item.image_link, PICTURE)
        && path_of(&item.image_link).is_none()
    {
        problems.add("image_link", "is no http(s) address", PICTURE);
    }
    for address in &item.additional_image_link {
        if path_of(address).is_none() {
            problems.add(
                "additional_image_link",
                format!("`{}` is no http(s) address", short(address)),
                PICTURE,
            );
        }
    }
}

fn check_variant(item: &CatalogItemFields, problems: &mut Problems) {
    for (field, value) in &item.attributes {
        problems.length(field, value, ATTRIBUTE_CHARS_MAX);
    }
    if let Some(group) = &item.item_group_id {
        problems.length("item_group_id", group, super::RetailerId::CHARS_MAX);
        if item.attributes.is_empty() && item.additional_variant_attribute.is_none() {
            problems.add(
                "item_group_id",
                "belongs to a group, but no attribute tells it apart",
                "Give every variant its values (color, size, ...).",
            );
        }
        if *group == item.id {
            problems.add(
                "item_group_id",
                "equals the id of the variant itself",
                "Give the variant a retailer_id of its own.",
            );
        }
    }
}

/// The path of an absolute http(s) address; `None`: it is none.
fn path_of(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..host_end];
    (!host.is_empty() && host != ".").then_some(&rest[host_end..])
}

/// Words in capitals throughout; short names such as "USB C" are fine.
fn shouts(text: &str) -> bool {
    let cased: Vec<_> = text
        .chars()
        .filter(|c| c.is_uppercase() || c.is_lowercase())
        .collect();
    cased.len() > 12 && cased.iter().all(|c| c.is_uppercase())
}

fn has_markup(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>')
    })
}

fn has_link(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["http://", "https://", "www."]
        .iter()
        .any(|mark| lower.contains(mark))
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::check_item;
    use crate::catalog::item::{CatalogItemFields, ShopFacts, items};
    use crate::catalog::{Product, RetailerId};
    use crate::{Money, Timestamp};

    fn good() -> CatalogItemFields {
        let price = Money::parse("9.99", "USD".parse().unwrap()).unwrap();
        let mut product = Product::simple(RetailerId::parse("SKU-22").unwrap(), "Blue mug", price);
        product.image_urls = vec!["https://shop.example/mug.jpg".to_owned()];
        let shop = ShopFacts {
            name: "Potworks",
            base_url: Some("https://shop.example/s/pots"),
            free: &|_| None,
            now: Timestamp(0),
        };
        items(&product, &shop).remove(0)
    }

    #[test]
    fn each_broken_rule_is_named_with_its_field() {
        assert_eq!(check_item(&good()), []);
        type Spoil = fn(&mut CatalogItemFields);
        let table: &[(&str, Spoil)] = &[
            ("id", |i| i.id.clear()),
            ("id", |i| i.id = "x".repeat(101)),
            ("title", |i| i.title = "  ".to_owned()),
            ("title", |i| i.title = "é".repeat(101)),
            ("title", |i| i.title = "BEAUTIFUL BLUE MUG".to_owned()),
            ("description", |i| i.description = "a <b>mug</b>".to_owned()),
            ("description", |i| {
                i.description = "see www.x.example".to_owned();
            }),
            ("description", |i| i.description = "x".repeat(5_001)),
            ("availability", |i| i.availability = "in_stock".to_owned()),
            ("availability", |i| i.quantity_to_sell_on_facebook = Some(0)),
            ("condition", |i| i.condition = "New".to_owned()),
            ("price", |i| i.price = "$9.99".to_owned()),
            ("price", |i| i.price = "1,009.99 USD".to_owned()),
            ("price", |i| i.price = "0.00 USD".to_owned()),
            ("sale_price", |i| i.sale_price = Some("9.99 USD".to_owned())),
            ("sale_price", |i| i.sale_price = Some("9 EUR".to_owned())),
            ("link", |i| i.link.clear()),
            ("link", |i| i.link = "shop.example/p/1".to_owned()),
            ("link", |i| i.link = "https://shop.example/".to_owned()),
            ("image_link", |i| i.image_link.clear()),
            ("image_link", |i| {
                i.image_link = "data:image/png;base64,".to_owned();
            }),
            ("brand", |i| i.brand.clear()),
            ("item_group_id", |i| i.item_group_id = Some("G".to_owned())),
            ("size", |i| {
                i.attributes.insert("size", "x".repeat(101));
            }),
        ];
        for (field, spoil) in table {
            let mut item = good();
            spoil(&mut item);
            let problems = check_item(&item);
            assert_eq!(problems.len(), 1, "{field}: {problems:?}");
            assert_eq!(problems[0].field, *field, "{problems:?}");
            assert!(!problems[0].fix.is_empty());
        }
    }
}
