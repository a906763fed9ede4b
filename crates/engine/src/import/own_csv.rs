//! Our own columns, one row a product:
//! `retailer_id,title,price,aliases,description,brand,category,condition,availability,stock,
//! image_urls,link,sale_price,sale_from,sale_until,status` (lists with `|`), and a column
//! `option:NAME` for each option with its values (`S|M|L`); `option:NAME!` is required,
//! `option:NAME*` takes several.

use domain::Currency;
use domain::catalog::{OptionValue, Product, ProductOption, ProductStatus, Sale};

use super::Rejected;
use super::row::{Row, list};

pub(super) fn product(row: &Row, currency: Currency) -> Result<Product, Rejected> {
    let id = row
        .get("retailer_id")
        .ok_or_else(|| row.reject(None, "retailer_id is empty"))?;
    let price = row
        .get("price")
        .ok_or_else(|| row.reject(Some(id), "price is empty"))?;
    let mut product = Product::simple(
        row.retailer_id(id)?,
        row.title(id, "title")?,
        row.money(id, price, currency)?,
    );
    product.aliases = row
        .get("aliases")
        .map(|text| list(text, '|'))
        .unwrap_or_default();
    product.description = row.get("description").unwrap_or_default().to_owned();
    product.brand = row.get("brand").map(str::to_owned);
    product.category = row.get("category").map(str::to_owned);
    product.link = row.get("link").map(str::to_owned);
    product.image_urls = row
        .get("image_urls")
        .map(|text| list(text, '|'))
        .unwrap_or_default();
    if let Some(text) = row.get("condition") {
        product.condition = row.condition(id, text)?;
    }
    if let Some(text) = row.get("availability") {
        product.availability = row.availability(id, text)?;
    }
    product.stock = row
        .get("stock")
        .map(|text| row.stock(id, text))
        .transpose()?;
    if let Some(text) = row.get("sale_price") {
        product.sale = Some(Sale {
            price: row.money(id, text, currency)?,
            from: row
                .get("sale_from")
                .map(|text| row.time(id, text))
                .transpose()?,
            until: row
                .get("sale_until")
                .map(|text| row.time(id, text))
                .transpose()?,
        });
    }
    product.status = match row.get("status").map(str::to_lowercase).as_deref() {
        None | Some("active") => ProductStatus::Active,
        Some("archived") => ProductStatus::Archived,
        Some(other) => {
            return Err(row.reject(
                Some(id),
                format!("status `{other}` is neither active nor archived"),
            ));
        }
    };
    product.options = row
        .starting("option:")
        .into_iter()
        .map(|(name, values)| option(&name, values))
        .collect();
    Ok(product)
}

fn option(name: &str, values: &str) -> ProductOption {
    let required = name.ends_with('!');
    let multiple = name.ends_with('*');
    ProductOption {
        name: name.trim_end_matches(['!', '*']).trim().to_owned(),
        multiple,
        required,
        values: list(values, '|')
            .into_iter()
            .map(|value| OptionValue {
                value,
                aliases: Vec::new(),
                surcharge_minor: 0,
            })
            .collect(),
    }
}
