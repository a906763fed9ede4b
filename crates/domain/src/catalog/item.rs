//! A product or variant as an item of Meta's catalogue: the `data` of an `items_batch` request
//! (Meta's items_batch reference).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::attributes::{attributes_of, collapse, cut};
use super::{Availability, Condition, Product, ProductStatus, RetailerId, Variant};

pub use super::attributes::{VARIANT_ATTRIBUTES_MAX, VARIANT_FIELDS};
use crate::{Money, Timestamp};

/// `additional_image_link` in the batch: stays well below Meta's 50.
const MORE_IMAGES_MAX: usize = 20;

/// The fields of one catalogue item. Absent: not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogItemFields {
    /// The item's id at Meta: the product's or variant's `retailer_id`.
    pub id: String,
    /// At most 100 characters here.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Meta's word.
    pub availability: String,
    /// `new`, `refurbished` or `used`.
    pub condition: String,
    /// `9.99 USD`.
    pub price: String,
    /// `7.99 USD`.
    pub sale_price: Option<String>,
    /// `from/until` in ISO 8601.
    pub sale_price_effective_date: Option<String>,
    /// The page of the item.
    pub link: String,
    /// The main picture.
    pub image_link: String,
    /// Further pictures.
    pub additional_image_link: Vec<String>,
    /// The maker, else the shop.
    pub brand: String,
    /// The product that variants belong to.
    pub item_group_id: Option<String>,
    /// Variant attributes with a field of their own (`color`, `size`, ...).
    pub attributes: BTreeMap<&'static str, String>,
    /// `Scent:Fruity,Flavor:Apple`.
    pub additional_variant_attribute: Option<String>,
    /// Units that may be sold.
    pub quantity_to_sell_on_facebook: Option<i64>,
    /// The seller's own category.
    pub product_type: Option<String>,
    /// `active` or `archived`.
    pub status: &'static str,
}

/// What of the seller goes into every item.
#[derive(Clone, Copy)]
pub struct ShopFacts<'a> {
    /// Stands in for a missing brand.
    pub name: &'a str,
    /// The shop front's address without a slash at the end; products without a page of their own
    /// are linked below it.
    pub base_url: Option<&'a str>,
    /// Units held by orders are not for sale: `free` of a product or variant, where counted.
    pub free: &'a dyn Fn(&RetailerId) -> Option<i64>,
    /// For sales that run for a time.
    pub now: Timestamp,
}

/// Every item that a product is at Meta: one for each variant, else one.
#[must_use]
pub fn items(product: &Product, shop: &ShopFacts<'_>) -> Vec<CatalogItemFields> {
    if product.variants.is_empty() {
        vec![item(product, None, shop)]
    } else {
        product
            .variants
            .iter()
            .map(|variant| item(product, Some(variant), shop))
            .collect()
    }
}

/// One item.
#[must_use]
pub fn item(
    product: &Product,
    variant: Option<&Variant>,
    shop: &ShopFacts<'_>,
) -> CatalogItemFields {
    let id = variant.map_or(&product.retailer_id, |v| &v.retailer_id);
    let declared = variant.map_or(product.stock, |v| v.stock);
    let free = (shop.free)(id).or(declared);
    let price = variant.and_then(|v| v.price).unwrap_or(product.price);
    // A variant with a price of its own has no part in the product's sale, as in orders.
    let sale = product
        .sale
        .filter(|sale| variant.is_none_or(|v| v.price.is_none()) && !over(sale.until, shop.now));
    let (attributes, additional) = variant.map(attributes_of).unwrap_or_default();
    let mut images = variant
        .and_then(|v| v.image_url.clone())
        .into_iter()
        .chain(product.image_urls.iter().cloned());
    CatalogItemFields {
        id: id.to_string(),
        title: cut(&collapse(&product.title), super::rules::TITLE_CHARS_MAX),
        description: description_of(product),
        availability: availability_of(product.availability, free).to_owned(),
        condition: condition_word(product.condition).to_owned(),
        price: price_text(price),
        sale_price: sale.map(|sale| price_text(sale.price)),
        sale_price_effective_date: sale.and_then(|sale| match (sale.from, sale.until) {
            (None, None) => None,
            (from, until) => Some(format!(
                "{}/{}",
                from.unwrap_or(Timestamp(0)),
                until.unwrap_or(FAR_AHEAD)
            )),
        }),
        link: link_of(product, variant, shop),
        image_link: images.next().unwrap_or_default(),
        additional_image_link: images.take(MORE_IMAGES_MAX).collect(),
        brand: cut(
            product
                .brand
                .as_deref()
                .filter(|brand| !brand.trim().is_empty())
                .unwrap_or(shop.name),
            super::rules::BRAND_CHARS_MAX,
        ),
        item_group_id: variant.map(|_| product.retailer_id.to_string()),
        attributes,
        additional_variant_attribute: additional,
        quantity_to_sell_on_facebook: free.map(|units| units.max(0)),
        product_type: product.category.clone(),
        status: match product.status {
            ProductStatus::Active => "active",
            ProductStatus::Archived => "archived",
        },
    }
}

/// The end of a sale that has none: 9999-12-31.
const FAR_AHEAD: Timestamp = Timestamp(253_402_214_400_000);

fn over(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_some_and(|until| until <= now)
}

/// `9.99 USD`: dot, all decimals of the currency, no separators.
#[must_use]
pub fn price_text(price: Money) -> String {
    format!("{} {}", price.decimal(), price.currency)
}

fn availability_of(declared: Availability, free: Option<i64>) -> &'static str {
    match (declared, free) {
        // Meta marks an item "in stock" with a count of zero as an error.
        (Availability::InStock, Some(units)) if units <= 0 => Availability::OutOfStock.as_str(),
        (declared, _) => declared.as_str(),
    }
}

fn condition_word(condition: Condition) -> &'static str {
    match condition {
        Condition::New => "new",
        Condition::Refurbished => "refurbished",
        Condition::Used => "used",
    }
}

/// Meta requires a description; the title is better than none.
fn description_of(product: &Product) -> String {
    let text = product.description.trim();
    let text = if text.is_empty() {
        product.title.trim()
    } else {
        text
    };
    cut(text, super::rules::DESCRIPTION_CHARS_MAX)
}

fn link_of(product: &Product, variant: Option<&Variant>, shop: &ShopFacts<'_>) -> String {
    if let Some(link) = product.link.as_deref().filter(|l| !l.trim().is_empty()) {
        return link.trim().to_owned();
    }
    let Some(base) = shop.base_url else {
        return String::new();
    };
    let page = format!("{base}/p/{}", path_segment(product.retailer_id.as_str()));
    match variant {
        Some(variant) => format!("{page}?v={}", path_segment(variant.retailer_id.as_str())),
        None => page,
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
#[must_use]
pub fn path_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl CatalogItemFields {
    /// The `data` object of an `items_batch` request, keys sorted.
    #[must_use]
    pub fn data(&self) -> Value {
        let mut data = Map::new();
        let mut put = |key: &str, value: Value| {
            data.insert(key.to_owned(), value);
        };
        put("id", json!(self.id));
        put("title", json!(self.title));
        put("description", json!(self.description));
        put("availability", json!(self.availability));
        put("condition", json!(self.condition));
        put("price", json!(self.price));
        put("link", json!(self.link));
        put("image_link", json!(self.image_link));
        put("brand", json!(self.brand));
        put("status", json!(self.status));
        if !self.additional_image_link.is_empty() {
            put("additional_image_link", json!(self.additional_image_link));
        }
        // An empty text takes an ended sale back: Meta keeps fields that an update leaves out.
        put(
            "sale_price",
            json!(self.sale_price.as_deref().unwrap_or("")),
        );
        if let Some(dates) = &self.sale_price_effective_date {
            put("sale_price_effective_date", json!(dates));
        }
        if let Some(group) = &self.item_group_id {
            put("item_group_id", json!(group));
        }
        for (field, value) in &self.attributes {
            put(field, json!(value));
        }
        if let Some(more) = &self.additional_variant_attribute {
            put("additional_variant_attribute", json!(more));
        }
        if let Some(units) = self.quantity_to_sell_on_facebook {
            put("quantity_to_sell_on_facebook", json!(units));
        }
        if let Some(category) = &self.product_type {
            put("product_type", json!(category));
        }
        Value::Object(data)
    }

    /// What the content hash is taken of: [`Self::data`] as text with sorted keys, the same on
    /// every machine and whatever order serde_json keeps.
    #[must_use]
    pub fn hash_input(&self) -> String {
        let data = self.data();
        let sorted: BTreeMap<&str, &Value> = data
            .as_object()
            .map(|map| map.iter().map(|(k, v)| (k.as_str(), v)).collect())
            .unwrap_or_default();
        serde_json::to_string(&sorted).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{ShopFacts, items};
    use crate::catalog::{Availability, Product, RetailerId, Sale, Variant};
    use crate::{Money, Timestamp};

    fn id(text: &str) -> RetailerId {
        RetailerId::parse(text).unwrap()
    }

    fn money(text: &str) -> Money {
        Money::parse(text, "USD".parse().unwrap()).unwrap()
    }

    const NOW: Timestamp = Timestamp(1_793_000_000_000);

    fn shop(free: &dyn Fn(&RetailerId) -> Option<i64>) -> ShopFacts<'_> {
        ShopFacts {
            name: "Potworks",
            base_url: Some("https://shop.example/s/pots"),
            free,
            now: NOW,
        }
    }

    #[test]
    fn a_plain_product_gets_what_meta_requires() {
        let product = Product::simple(id("SKU 22"), "Blue mug", money("9.99"));
        let made = items(&product, &shop(&|_| None));
        let data = made[0].data();
        for (key, want) in [
            ("id", "SKU 22"),
            ("price", "9.99 USD"),
            ("description", "Blue mug"),
            ("availability", "in stock"),
            ("condition", "new"),
            ("brand", "Potworks"),
            ("link", "https://shop.example/s/pots/p/SKU%2022"),
            // Without a photo there is nothing to show: the rules hold the item back.
            ("image_link", ""),
            ("sale_price", ""),
        ] {
            assert_eq!(data[key], want, "{key}");
        }
        assert!(data.get("item_group_id").is_none());
    }

    #[test]
    fn variants_share_a_group_and_differ_in_their_attributes() {
        let mut product = Product::simple(id("MUG"), "Mug", money("9.99"));
        let variant = |sku: &str, values: &[(&str, &str)], stock| Variant {
            retailer_id: id(sku),
            values: values
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            price: None,
            stock,
            image_url: None,
        };
        let five = [
            ("Colour", "Blue"),
            ("size", "L"),
            ("scent", "Rose, wild"),
            ("handle", "left:hand"),
            ("fifth", "is dropped"),
        ];
        product.variants = vec![
            variant("MUG-1", &five, Some(3)),
            variant("MUG-2", &[("Colour", "Red")], Some(0)),
        ];
        product.availability = Availability::InStock;
        let made = items(&product, &shop(&|i| (i.as_str() == "MUG-1").then_some(1)));
        assert_eq!(made[0].item_group_id.as_deref(), Some("MUG"));
        assert_eq!(made[0].attributes["color"], "Blue");
        assert_eq!(
            made[0].additional_variant_attribute.as_deref(),
            Some("scent:Rose wild,handle:left hand")
        );
        assert_eq!(made[0].quantity_to_sell_on_facebook, Some(1));
        assert_eq!(made[1].availability, "out of stock");
        assert!(made[1].link.ends_with("/p/MUG?v=MUG-2"), "{}", made[1].link);
    }

    #[test]
    fn a_sale_is_sent_while_it_lasts_and_taken_back_after() {
        let mut product = Product::simple(id("a"), "Mug", money("9.99"));
        let sale = |until| Sale {
            price: money("7.5"),
            from: Some(Timestamp(0)),
            until: Some(until),
        };
        product.sale = Some(sale(NOW.plus(Timestamp::DAY)));
        let running = items(&product, &shop(&|_| None)).remove(0);
        assert_eq!(running.sale_price.as_deref(), Some("7.50 USD"));
        assert!(
            running
                .sale_price_effective_date
                .unwrap()
                .starts_with("1970-01-01T00:00:00Z/")
        );
        product.sale = Some(sale(NOW));
        assert_eq!(
            items(&product, &shop(&|_| None))[0].data()["sale_price"],
            ""
        );
    }

    #[test]
    fn the_hash_input_is_sorted_and_changes_with_every_field_that_is_sent() {
        let product = Product::simple(id("a"), "Mug", money("9.99"));
        let base = items(&product, &shop(&|_| None)).remove(0);
        let text = base.hash_input();
        assert!(
            text.starts_with(r#"{"availability":"in stock","brand""#),
            "{text}"
        );
        let mut other = base.clone();
        other.price = "9.98 USD".to_owned();
        assert_ne!(other.hash_input(), text);
        assert_eq!(base.clone().hash_input(), text);
    }
}
