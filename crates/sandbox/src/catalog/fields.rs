//! Field rules of `items_batch` (Meta's catalog-field and items_batch pages).

use super::Item;
use serde_json::{Map, Value};

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// At most that many characters.
    Text(usize),
    Price,
    OneOf(&'static [&'static str]),
    Link,
    ImageLink,
    /// Text with commas, or a list, of at most that many links.
    Links(usize),
    /// `[{url,tag[]}]`, at most that many.
    Images(usize),
    Whole,
    Period,
    Date,
    Any,
}

const AVAILABILITY: &[&str] = &[
    "in stock",
    "out of stock",
    "available for order",
    "discontinued",
    "preorder",
    "pending",
    "mark_as_sold",
    "mark_as_expired",
];
const CONDITION: &[&str] = &[
    "new",
    "refurbished",
    "used",
    "used_like_new",
    "used_good",
    "used_fair",
    "open_box_new",
    "cpo",
];

const RULES: &[(&str, Rule)] = &[
    ("title", Rule::Text(100)),
    ("description", Rule::Text(5000)),
    ("rich_text_description", Rule::Text(9999)),
    ("availability", Rule::OneOf(AVAILABILITY)),
    ("condition", Rule::OneOf(CONDITION)),
    ("price", Rule::Price),
    ("sale_price", Rule::Price),
    ("sale_price_effective_date", Rule::Period),
    ("link", Rule::Link),
    ("image_link", Rule::ImageLink),
    ("additional_image_link", Rule::Links(50)),
    ("image", Rule::Images(21)),
    ("video", Rule::Any),
    ("brand", Rule::Text(100)),
    ("gtin", Rule::Text(70)),
    ("mpn", Rule::Text(100)),
    ("item_group_id", Rule::Text(100)),
    ("color", Rule::Text(100)),
    ("size", Rule::Text(200)),
    ("material", Rule::Text(200)),
    ("pattern", Rule::Text(100)),
    ("gender", Rule::OneOf(&["female", "male", "unisex"])),
    (
        "age_group",
        Rule::OneOf(&[
            "adult", "all ages", "infant", "kids", "newborn", "teen", "toddler",
        ]),
    ),
    ("additional_variant_attribute", Rule::Text(1000)),
    ("google_product_category", Rule::Text(250)),
    ("fb_product_category", Rule::Text(250)),
    ("product_type", Rule::Text(750)),
    ("quantity_to_sell_on_facebook", Rule::Whole),
    ("inventory", Rule::Whole),
    ("status", Rule::OneOf(&["active", "archived"])),
    (
        "visibility",
        Rule::OneOf(&["published", "staging", "hidden", "whitelist_only"]),
    ),
    ("disabled_capabilities", Rule::Any),
    ("custom_label_0", Rule::Text(100)),
    ("custom_label_1", Rule::Text(100)),
    ("custom_label_2", Rule::Text(100)),
    ("custom_label_3", Rule::Text(100)),
    ("custom_label_4", Rule::Text(100)),
    ("custom_number_0", Rule::Whole),
    ("custom_number_1", Rule::Whole),
    ("custom_number_2", Rule::Whole),
    ("custom_number_3", Rule::Whole),
    ("custom_number_4", Rule::Whole),
    ("internal_label", Rule::Any),
    ("expiration_date", Rule::Date),
    ("shipping", Rule::Any),
    ("shipping_weight", Rule::Text(100)),
    ("tax", Rule::Any),
    ("product_tags", Rule::Any),
    ("origin_country", Rule::Text(2)),
    ("checkout_url", Rule::Link),
    ("mobile_link", Rule::Link),
    ("short_description", Rule::Text(1000)),
];

/// Fields a new item must have, besides one of the images.
const REQUIRED: &[&str] = &[
    "title",
    "description",
    "availability",
    "condition",
    "price",
    "link",
    "brand",
];

/// Fields whose change sends the item through review again.
const REVIEWED: &[&str] = &[
    "title",
    "description",
    "image_link",
    "image",
    "link",
    "custom_label_0",
    "custom_label_1",
    "custom_label_2",
    "custom_label_3",
    "custom_label_4",
];

pub(crate) fn is_reviewed(name: &str) -> bool {
    REVIEWED.contains(&name)
}

/// Outcome of looking at the fields of one request.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) fields: Vec<(&'static str, Value)>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Checks the fields that are there. Unknown ones are ignored with a warning.
pub(crate) fn check(data: &Map<String, Value>) -> Checked {
    let mut out = Checked::default();
    for (name, value) in data.iter().filter(|(n, _)| n.as_str() != "id") {
        let Some((known, rule)) = RULES.iter().find(|(n, _)| n == name) else {
            out.warnings
                .push(format!("{name}: this field is unknown and was ignored"));
            continue;
        };
        let empty = value.is_null() || value == "";
        if empty && REQUIRED.contains(known) {
            out.errors
                .push(format!("{name}: a required field cannot be empty"));
            continue;
        }
        match if empty { Ok(()) } else { fits(*rule, value) } {
            Ok(()) => out.fields.push((known, value.clone())),
            Err(why) => out.errors.push(format!("{name}: {why}")),
        }
    }
    let html = data
        .get("description")
        .and_then(Value::as_str)
        .is_some_and(|d| d.contains("</") || d.contains("<br") || d.contains("<p>"));
    if html {
        out.warnings
            .push("description: HTML is shown as text".into());
    }
    out
}

/// Names of required fields that are missing from a new item.
pub(crate) fn missing(data: &[(&'static str, Value)]) -> Vec<&'static str> {
    let has = |name: &str| {
        data.iter()
            .any(|(n, v)| *n == name && !v.is_null() && *v != "")
    };
    let mut missing: Vec<_> = REQUIRED.iter().copied().filter(|n| !has(n)).collect();
    if !has("image_link") && !has("image") {
        missing.push("image_link");
    }
    missing
}

fn fits(rule: Rule, value: &Value) -> Result<(), String> {
    let text = value.as_str();
    match rule {
        Rule::Any => Ok(()),
        Rule::Text(most) => {
            let text = match value {
                Value::String(s) => s.clone(),
                Value::Number(n) => n.to_string(),
                _ => return Err("must be a text".into()),
            };
            let length = text.chars().count();
            if length > most {
                return Err(format!(
                    "has {length} characters, at most {most} are allowed"
                ));
            }
            Ok(())
        }
        Rule::Price => match text.and_then(parse_price) {
            Some(_) => Ok(()),
            None => {
                Err("must be a number with a dot and an ISO 4217 code, like \"9.99 USD\"".into())
            }
        },
        Rule::OneOf(known) => match text {
            Some(text) if known.contains(&text) => Ok(()),
            _ => Err(format!("must be one of: {}", known.join(", "))),
        },
        Rule::Link => match text {
            Some(text) if is_link(text) && !is_facebook(text) => Ok(()),
            Some(text) if is_link(text) => Err("must be on your own domain".into()),
            _ => Err("must be a http or https link".into()),
        },
        Rule::ImageLink => match text {
            Some(text) if is_link(text) => Ok(()),
            _ => Err("must be a http or https link".into()),
        },
        Rule::Links(most) => {
            let links: Vec<&str> = match value {
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                Value::String(text) => text.split(',').map(str::trim).collect(),
                _ => return Err("must be a list of links".into()),
            };
            if links.len() > most || !links.iter().all(|l| is_link(l)) {
                return Err(format!("must be at most {most} http or https links"));
            }
            Ok(())
        }
        Rule::Images(most) => {
            let images = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let fine = images
                .iter()
                .all(|i| i["url"].as_str().is_some_and(is_link));
            if images.is_empty() || images.len() > most || !fine {
                return Err(format!("must be 1 to {most} objects with a url"));
            }
            Ok(())
        }
        Rule::Whole => match whole(value) {
            Some(_) => Ok(()),
            None => Err("must be a whole number".into()),
        },
        Rule::Period => match text.and_then(|t| t.split_once('/')) {
            Some((from, to)) if is_date(from) && is_date(to) => Ok(()),
            _ => Err("must be two ISO 8601 dates with a slash between".into()),
        },
        Rule::Date => match text {
            Some(text) if is_date(text) => Ok(()),
            _ => Err("must be a date like 2026-12-31".into()),
        },
    }
}

/// A whole number, also as text.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn is_date(text: &str) -> bool {
    let day = text.trim().get(..10).unwrap_or_default();
    day.len() == 10
        && day.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        })
}

fn host(link: &str) -> &str {
    let rest = link.split_once("://").map_or("", |(_, r)| r);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn is_link(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && !host(text).is_empty()
        && !text.contains(char::is_whitespace)
}

fn is_facebook(link: &str) -> bool {
    let host = host(link).to_lowercase();
    ["facebook.com", "instagram.com", "fb.com", "fb.me"]
        .iter()
        .any(|d| host == *d || host.ends_with(&format!(".{d}")))
}

/// A link to a home page instead of a product.
pub(crate) fn is_bare_domain(link: &str) -> bool {
    let rest = link.split_once("://").map_or("", |(_, r)| r);
    !rest.is_empty() && rest.trim_end_matches('/') == host(link)
}

/// Splits `"9.99 USD"` into number and currency.
pub(crate) fn parse_price(text: &str) -> Option<(&str, &str)> {
    let (number, currency) = text.split_once(' ')?;
    let code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (code && digits(whole) && digits(fraction)).then_some((number, currency))
}

/// The first picture of an item.
pub(crate) fn main_image(item: &Item) -> String {
    let first = item.get("image").and_then(|i| i[0]["url"].as_str());
    first.unwrap_or_else(|| item.text("image_link")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_checked_one_by_one() {
        for (name, value, fine) in [
            ("title", json!("a".repeat(100)), true),
            ("title", json!("a".repeat(101)), false),
            ("title", json!(""), false),
            ("price", json!("9.99 USD"), true),
            ("price", json!("1200 BDT"), true),
            ("price", json!("9,99 USD"), false),
            ("price", json!("$9.99"), false),
            ("price", json!(999), false),
            ("sale_price", json!(""), true),
            ("availability", json!("in stock"), true),
            ("availability", json!("in_stock"), false),
            ("condition", json!("New"), false),
            ("link", json!("https://shop.example/p/1"), true),
            ("link", json!("https://www.facebook.com/p/1"), false),
            ("link", json!("shop.example/p/1"), false),
            ("image", json!([{"url":"https://x.example/a.jpg"}]), true),
            ("image", json!(["https://x.example/a.jpg"]), false),
            (
                "additional_image_link",
                json!(["https://x.example/a.jpg"]),
                true,
            ),
            ("quantity_to_sell_on_facebook", json!(3), true),
            ("quantity_to_sell_on_facebook", json!(-1), false),
            (
                "sale_price_effective_date",
                json!("2026-11-01T00:00Z/2026-12-01T00:00Z"),
                true,
            ),
            ("sale_price_effective_date", json!("2026-11-01"), false),
        ] {
            let data = Map::from_iter([(name.to_owned(), value.clone())]);
            assert_eq!(check(&data).errors.is_empty(), fine, "{name} {value}");
        }
        let unknown = Map::from_iter([("colour".to_owned(), json!("x"))]);
        let checked = check(&unknown);
        assert!(checked.errors.is_empty() && checked.warnings.len() == 1);
    }

    #[test]
    fn a_home_page_is_no_product_page() {
        assert!(is_bare_domain("https://shop.example/"));
        assert!(!is_bare_domain("https://shop.example/p/1"));
    }
}
