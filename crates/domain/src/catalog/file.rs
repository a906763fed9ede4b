//! The catalogue as a JSON file: `{"currency", "country", "products": [...]}`, prices as decimals
//! in text. One product that cannot be read does not cost its neighbours.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Availability, Condition, OptionValue, Product, ProductOption, ProductStatus, RetailerId, Sale,
    Variant,
};
use crate::{Currency, Money, Timestamp};

/// A catalogue file, read.
#[derive(Debug)]
pub struct CatalogFile {
    /// The currency of every price in it.
    pub currency: Currency,
    /// The seller's country, ISO 3166-1 alpha-2, where the file names it.
    pub country: Option<String>,
    /// The products that could be read, in order.
    pub products: Vec<Product>,
    /// Those that could not, with the reason.
    pub rejected: Vec<RejectedProduct>,
}

/// A product of the file that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedProduct {
    /// Its place in `products`, counted from 1.
    pub position: usize,
    /// Its `retailer_id`, where it has one.
    pub retailer_id: Option<String>,
    /// What is wrong with it and what to do.
    pub reason: String,
}

/// A file that is no catalogue at all.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCatalogFile {
    /// Not JSON, or not the shape.
    #[error("the catalog file cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// No usable currency.
    #[error("the catalog file's currency: {0}")]
    Currency(#[from] crate::money::InvalidMoney),
}

#[derive(Deserialize)]
struct RawFile {
    currency: Option<String>,
    #[serde(default)]
    country: Option<String>,
    products: Vec<Value>,
}

/// A product as the file writes it; also the body of the API's product calls.
#[derive(Debug, Deserialize)]
pub struct RawProduct {
    retailer_id: String,
    title: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    description: String,
    price: Value,
    #[serde(default)]
    sale_price: Option<Value>,
    #[serde(default)]
    sale_from: Option<String>,
    #[serde(default)]
    sale_until: Option<String>,
    #[serde(default)]
    brand: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    condition: Condition,
    #[serde(default)]
    availability: Option<String>,
    #[serde(default)]
    stock: Option<i64>,
    #[serde(default)]
    image_urls: Vec<String>,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    options: Vec<RawOption>,
    #[serde(default)]
    variants: Vec<RawVariant>,
    #[serde(default)]
    status: ProductStatus,
}

#[derive(Debug, Deserialize)]
struct RawOption {
    name: String,
    #[serde(default)]
    multiple: bool,
    #[serde(default)]
    required: bool,
    values: Vec<RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawValue {
    Plain(String),
    Full {
        value: String,
        #[serde(default)]
        aliases: Vec<String>,
        #[serde(default)]
        surcharge: Option<Value>,
    },
}

#[derive(Debug, Deserialize)]
struct RawVariant {
    retailer_id: String,
    #[serde(default)]
    options: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    price: Option<Value>,
    #[serde(default)]
    stock: Option<i64>,
    #[serde(default)]
    image_url: Option<String>,
}

/// Reads a catalogue file. `currency` is used where the file names none.
pub fn parse(text: &str, currency: Option<Currency>) -> Result<CatalogFile, InvalidCatalogFile> {
    let raw: RawFile = serde_json::from_str(text)?;
    let currency = match (raw.currency, currency) {
        (Some(code), _) => code.parse()?,
        (None, Some(currency)) => currency,
        (None, None) => return Err(crate::money::InvalidMoney::Currency(String::new()).into()),
    };
    let mut products = Vec::with_capacity(raw.products.len());
    let mut rejected = Vec::new();
    for (i, value) in raw.products.into_iter().enumerate() {
        let retailer_id = value
            .get("retailer_id")
            .and_then(Value::as_str)
            .map(str::to_owned);
        match product_from_value(value, currency) {
            Ok(product) => products.push(product),
            Err(reason) => rejected.push(RejectedProduct {
                position: i + 1,
                retailer_id,
                reason,
            }),
        }
    }
    Ok(CatalogFile {
        currency,
        country: raw.country,
        products,
        rejected,
    })
}

/// Reads one product written as the file writes it.
pub fn product_from_value(value: Value, currency: Currency) -> Result<Product, String> {
    let raw: RawProduct = serde_json::from_value(value).map_err(|e| e.to_string())?;
    product_from_raw(raw, currency)
}

fn product_from_raw(raw: RawProduct, currency: Currency) -> Result<Product, String> {
    let title = raw.title.trim().to_owned();
    if title.is_empty() {
        return Err("title is empty; give the product a name".to_owned());
    }
    let time = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => Timestamp::parse_rfc3339(&text)
            .map(Some)
            .ok_or_else(|| format!("{name} `{text}` is no RFC 3339 time")),
    };
    let sale = match raw.sale_price {
        None | Some(Value::Null) => None,
        Some(price) => Some(Sale {
            price: money(&price, currency)?,
            from: time("sale_from", raw.sale_from)?,
            until: time("sale_until", raw.sale_until)?,
        }),
    };
    let availability = match raw.availability {
        None => Availability::InStock,
        Some(text) => Availability::parse(&text)
            .ok_or_else(|| format!("availability `{text}` is none of Meta's words"))?,
    };
    Ok(Product {
        retailer_id: RetailerId::parse(&raw.retailer_id).map_err(|e| e.to_string())?,
        title,
        aliases: raw.aliases,
        description: raw.description,
        price: money(&raw.price, currency)?,
        sale,
        brand: raw.brand,
        category: raw.category,
        condition: raw.condition,
        availability,
        stock: raw.stock,
        image_urls: raw.image_urls,
        link: raw.link,
        options: raw
            .options
            .into_iter()
            .map(|option| option_from_raw(option, currency))
            .collect::<Result<_, _>>()?,
        variants: raw
            .variants
            .into_iter()
            .map(|variant| variant_from_raw(variant, currency))
            .collect::<Result<_, _>>()?,
        status: raw.status,
    })
}

fn option_from_raw(raw: RawOption, currency: Currency) -> Result<ProductOption, String> {
    let mut values = Vec::with_capacity(raw.values.len());
    for value in raw.values {
        values.push(match value {
            RawValue::Plain(value) => OptionValue {
                value,
                aliases: Vec::new(),
                surcharge_minor: 0,
            },
            RawValue::Full {
                value,
                aliases,
                surcharge,
            } => OptionValue {
                value,
                aliases,
                surcharge_minor: match surcharge {
                    None | Some(Value::Null) => 0,
                    Some(amount) => money(&amount, currency)?.minor,
                },
            },
        });
    }
    Ok(ProductOption {
        name: raw.name,
        multiple: raw.multiple,
        required: raw.required,
        values,
    })
}

fn variant_from_raw(raw: RawVariant, currency: Currency) -> Result<Variant, String> {
    Ok(Variant {
        retailer_id: RetailerId::parse(&raw.retailer_id).map_err(|e| e.to_string())?,
        values: raw.options.into_iter().collect(),
        price: raw
            .price
            .as_ref()
            .map(|price| money(price, currency))
            .transpose()?,
        stock: raw.stock,
        image_url: raw.image_url,
    })
}

/// A price as text (`"2500.00"`) or as a JSON number, whose digits are taken as written.
fn money(value: &Value, currency: Currency) -> Result<Money, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err("price is neither a text nor a number; write \"1250.00\"".to_owned()),
    };
    let money = Money::parse(&text, currency).map_err(|e| e.to_string())?;
    if money.minor < 0 {
        Err(format!("price `{text}` is negative"))
    } else {
        Ok(money)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn one_bad_product_does_not_cost_its_neighbours() {
        let file = parse(
            r#"{"currency":"LKR","country":"LK","products":[
                {"retailer_id":"a","title":"Tea","price":"250.00","options":[
                    {"name":"size","required":true,"values":["S",{"value":"M","aliases":["medium"]}]}]},
                {"retailer_id":"b","title":"Cup","price":"cheap"},
                {"title":"No id","price":"1"},
                {"retailer_id":"c","title":"Pot","price":90}]}"#,
            None,
        )
        .unwrap();
        assert_eq!(file.products.len(), 2);
        assert_eq!(file.products[0].options[0].values[1].aliases, ["medium"]);
        assert_eq!(file.products[1].price.minor, 9_000);
        let rejected: Vec<_> = file.rejected.iter().map(|r| r.position).collect();
        assert_eq!(rejected, [2, 3]);
    }
}
