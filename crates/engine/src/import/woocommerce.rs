//! WooCommerce's product export: a `simple` row is a product; a `variable` row is one whose
//! variants are the `variation` rows that follow and name it as `Parent` (by `id:123` or by SKU).

use domain::Currency;
use domain::catalog::{
    Availability, OptionValue, Product, ProductOption, ProductStatus, Sale, Variant,
};

use super::Rejected;
use super::row::{Row, list, text_of_html};

pub(super) fn same_product(first: &Row, row: &Row) -> bool {
    let is = |row: &Row, kind: &str| {
        row.get("type")
            .is_some_and(|t| t.to_lowercase().contains(kind))
    };
    if !is(first, "variable") || !is(row, "variation") {
        return false;
    }
    let Some(parent) = row.get("parent") else {
        return false;
    };
    parent.strip_prefix("id:").map_or_else(
        || first.get("sku") == Some(parent),
        |id| first.get("id") == Some(id),
    )
}

pub(super) fn product(rows: &[Row], currency: Currency) -> Result<Product, Rejected> {
    let first = &rows[0];
    if first
        .get("type")
        .is_some_and(|t| t.eq_ignore_ascii_case("variation"))
    {
        return Err(first.reject(
            first.get("sku"),
            "a variation without its variable product before it; export both together",
        ));
    }
    let id = id_of(first)?;
    let variations = &rows[1..];
    let price_row = if first.get("regular price").is_some() {
        first
    } else {
        variations
            .iter()
            .find(|row| row.get("regular price").is_some())
            .ok_or_else(|| first.reject(Some(&id), "Regular price is empty"))?
    };
    let regular = price_row.get("regular price").unwrap_or_default();
    let mut product = Product::simple(
        first.retailer_id(&id)?,
        first.title(&id, "name")?,
        price_row.money(&id, regular, currency)?,
    );
    product.sale = sale(price_row, &id, currency)?;
    let description = first.any(&["description", "short description"]);
    product.description = description.map(text_of_html).unwrap_or_default();
    product.category = first
        .get("categories")
        .and_then(|c| c.split(',').next())
        .map(str::to_owned);
    product.brand = first.any(&["brands", "brand"]).map(str::to_owned);
    product.image_urls = first
        .get("images")
        .map(|text| list(text, ','))
        .unwrap_or_default();
    product.stock = first
        .get("stock")
        .map(|text| first.stock(&id, text))
        .transpose()?;
    if first.get("in stock?") == Some("0") {
        product.availability = Availability::OutOfStock;
    }
    if first.get("published").is_some_and(|p| p != "1") {
        product.status = ProductStatus::Archived;
    }
    if variations.is_empty() {
        product.options = attributes(first)
            .into_iter()
            .filter(|(_, values)| values.len() > 1)
            .map(|(name, values)| single_choice(name, values))
            .collect();
    } else {
        product.variants = variations
            .iter()
            .map(|row| variant(row, currency))
            .collect::<Result<_, _>>()?;
        product.options = options_of_variants(&product.variants);
    }
    Ok(product)
}

fn id_of(row: &Row) -> Result<String, Rejected> {
    row.get("sku")
        .map(str::to_owned)
        .or_else(|| row.get("id").map(|id| format!("woo-{id}")))
        .ok_or_else(|| row.reject(None, "neither SKU nor ID is given"))
}

fn sale(row: &Row, id: &str, currency: Currency) -> Result<Option<Sale>, Rejected> {
    let Some(text) = row.get("sale price") else {
        return Ok(None);
    };
    let time = |column: &str| row.get(column).map(|text| row.time(id, text)).transpose();
    Ok(Some(Sale {
        price: row.money(id, text, currency)?,
        from: time("date sale price starts")?,
        until: time("date sale price ends")?,
    }))
}

fn variant(row: &Row, currency: Currency) -> Result<Variant, Rejected> {
    let id = id_of(row)?;
    let price = row.any(&["sale price", "regular price"]);
    Ok(Variant {
        retailer_id: row.retailer_id(&id)?,
        values: attributes(row)
            .into_iter()
            .filter_map(|(name, values)| Some((name, values.into_iter().next()?)))
            .collect(),
        price: price
            .map(|text| row.money(&id, text, currency))
            .transpose()?,
        stock: row
            .get("stock")
            .map(|text| row.stock(&id, text))
            .transpose()?,
        image_url: row
            .get("images")
            .and_then(|text| list(text, ',').into_iter().next()),
    })
}

/// `Attribute 1 name`, `Attribute 1 value(s)`, and so on.
fn attributes(row: &Row) -> Vec<(String, Vec<String>)> {
    (1..=10)
        .filter_map(|i| {
            let name = row.get(&format!("attribute {i} name"))?.to_lowercase();
            let values = row.get(&format!("attribute {i} value(s)"))?;
            Some((name, list(values, ',')))
        })
        .collect()
}

fn single_choice(name: String, values: Vec<String>) -> ProductOption {
    let values = values
        .into_iter()
        .map(|value| OptionValue {
            value,
            aliases: Vec::new(),
            surcharge_minor: 0,
        })
        .collect();
    ProductOption {
        name,
        multiple: false,
        required: true,
        values,
    }
}

/// The options that a set of variants spans, in the order they first appear.
pub(super) fn options_of_variants(variants: &[Variant]) -> Vec<ProductOption> {
    let mut options: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in variants.iter().flat_map(|variant| &variant.values) {
        match options.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if values.contains(value) => {}
            Some((_, values)) => values.push(value.clone()),
            None => options.push((name.clone(), vec![value.clone()])),
        }
    }
    options
        .into_iter()
        .map(|(name, values)| single_choice(name, values))
        .collect()
}
