//! What a seller sells: products, options, variants. The import file format is in [`file`].

mod attributes;
pub mod file;
pub mod item;
pub mod price;
pub mod rules;
pub mod view;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Money, Timestamp};

pub use view::{CatalogSnapshot, CatalogView, Resolved};

/// The seller's own id of a product or variant (its SKU), unique within a seller. It is the id
/// that Meta's catalogue knows the item by (at most 100 characters there).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetailerId(Box<str>);

impl RetailerId {
    /// Meta's limit for an item's id, in characters (items_batch reference).
    pub const CHARS_MAX: usize = 100;

    /// Accepts 1 to 100 characters without control characters, trimmed.
    pub fn parse(text: &str) -> Result<Self, InvalidRetailerId> {
        let text = text.trim();
        let fits = !text.is_empty()
            && text.chars().count() <= Self::CHARS_MAX
            && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRetailerId)
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RetailerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that cannot be a `retailer_id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a retailer_id has 1 to 100 characters and no control characters")]
pub struct InvalidRetailerId;

/// Whether a product can be bought, in Meta's words (items_batch `availability`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Availability {
    /// Can be bought now.
    #[default]
    #[serde(rename = "in stock")]
    InStock,
    /// Cannot be bought now.
    #[serde(rename = "out of stock")]
    OutOfStock,
    /// Made or bought in on order.
    #[serde(rename = "available for order")]
    AvailableForOrder,
    /// No longer made.
    #[serde(rename = "discontinued")]
    Discontinued,
}

impl Availability {
    /// Meta's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "in stock",
            Self::OutOfStock => "out of stock",
            Self::AvailableForOrder => "available for order",
            Self::Discontinued => "discontinued",
        }
    }

    /// Reads Meta's word, also with underscores or hyphens and in any case; `preorder` and
    /// `backorder` (Google, Shopify) are `available for order`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_lowercase().replace(['_', '-'], " ");
        Some(match word.as_str() {
            "in stock" | "instock" => Self::InStock,
            "out of stock" | "outofstock" | "sold out" => Self::OutOfStock,
            "available for order" | "preorder" | "backorder" | "onbackorder" => {
                Self::AvailableForOrder
            }
            "discontinued" => Self::Discontinued,
            _ => return None,
        })
    }
}

/// A product's condition, in Meta's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Never used.
    #[default]
    New,
    /// Restored by the maker or seller.
    Refurbished,
    /// Used.
    Used,
}

/// Whether a product is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Offered: read by the parser, synced to Meta, shown in the shop.
    #[default]
    Active,
    /// Kept for history, offered nowhere.
    Archived,
}

/// A lower price, possibly for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The lower price.
    pub price: Money,
    /// From when; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Until when; `None`: for ever.
    pub until: Option<Timestamp>,
}

/// One value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValue {
    /// The value as orders carry it.
    pub value: String,
    /// Other words that customers use for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Added to the product's price for each count of it, in minor units of its currency.
    #[serde(default)]
    pub surcharge_minor: i64,
}

/// A choice that a product offers: a size, a colour, toppings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// Its name as orders carry it (`size`).
    pub name: String,
    /// Whether several values may be chosen, and each may be negated, stressed or counted.
    #[serde(default)]
    pub multiple: bool,
    /// Whether an order line is incomplete without it.
    #[serde(default)]
    pub required: bool,
    /// The values there are.
    pub values: Vec<OptionValue>,
}

/// A sellable combination of option values, with its own id, price and stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its own id; each variant is its own item in Meta's catalogue.
    pub retailer_id: RetailerId,
    /// `(option name, value)`, one for each single-choice option that it settles.
    pub values: Vec<(String, String)>,
    /// Its price where it differs from the product's.
    pub price: Option<Money>,
    /// Units on hand; `None`: not counted.
    pub stock: Option<i64>,
    /// Its own picture.
    #[serde(default)]
    pub image_url: Option<String>,
}

/// Something a seller sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The seller's own id.
    pub retailer_id: RetailerId,
    /// What it is called.
    pub title: String,
    /// Other names customers use for it.
    pub aliases: Vec<String>,
    /// Plain text.
    pub description: String,
    /// The price of one.
    pub price: Money,
    /// A lower price, possibly for a time.
    pub sale: Option<Sale>,
    /// The maker.
    pub brand: Option<String>,
    /// The seller's own category.
    pub category: Option<String>,
    /// New unless said.
    pub condition: Condition,
    /// As the seller declares it; a counted stock of zero overrules `in stock`.
    pub availability: Availability,
    /// Units on hand for a product without variants; `None`: not counted.
    pub stock: Option<i64>,
    /// Picture addresses, the main one first.
    pub image_urls: Vec<String>,
    /// The product's page on the seller's own site, where there is one.
    pub link: Option<String>,
    /// What can be chosen.
    pub options: Vec<ProductOption>,
    /// The sellable combinations, where they are told apart.
    pub variants: Vec<Variant>,
    /// Whether it is offered.
    pub status: ProductStatus,
}

impl Product {
    /// A product with a title and a price and nothing else.
    #[must_use]
    pub fn simple(retailer_id: RetailerId, title: impl Into<String>, price: Money) -> Self {
        Self {
            retailer_id,
            title: title.into(),
            aliases: Vec::new(),
            description: String::new(),
            price,
            sale: None,
            brand: None,
            category: None,
            condition: Condition::New,
            availability: Availability::InStock,
            stock: None,
            image_urls: Vec::new(),
            link: None,
            options: Vec::new(),
            variants: Vec::new(),
            status: ProductStatus::Active,
        }
    }

    /// The option called `name`.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&ProductOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The price of one at `now`: the sale's while it runs.
    #[must_use]
    pub fn price_at(&self, now: Timestamp) -> Money {
        match self.sale {
            Some(sale)
                if sale.from.is_none_or(|from| from <= now)
                    && sale.until.is_none_or(|until| now < until) =>
            {
                sale.price
            }
            _ => self.price,
        }
    }
}
