//! Meta's catalogue feed, CSV or TSV (commerce-platform/catalog/fields): one row an item; rows of
//! one `item_group_id` together are the variants of one product.

use domain::Currency;
use domain::catalog::item::VARIANT_FIELDS;
use domain::catalog::{Product, ProductStatus, Sale, Variant};

use super::Rejected;
use super::row::{Row, list};
use super::woocommerce::options_of_variants;

pub(super) fn same_product(first: &Row, row: &Row) -> bool {
    let group = first.get("item_group_id");
    group.is_some() && group == row.get("item_group_id")
}

pub(super) fn product(rows: &[Row], currency: Currency) -> Result<Product, Rejected> {
    let first = &rows[0];
    let id = first
        .get("id")
        .ok_or_else(|| first.reject(None, "id is empty"))?;
    let price = first
        .get("price")
        .ok_or_else(|| first.reject(Some(id), "price is empty"))?;
    let group = first.get("item_group_id");
    let mut product = Product::simple(
        first.retailer_id(group.unwrap_or(id))?,
        first.title(id, "title")?,
        first.money(id, price, currency)?,
    );
    product.sale = sale(first, id, currency)?;
    product.description = first.get("description").unwrap_or_default().to_owned();
    product.brand = first.get("brand").map(str::to_owned);
    product.category = first
        .any(&[
            "product_type",
            "google_product_category",
            "fb_product_category",
        ])
        .map(str::to_owned);
    product.link = first.get("link").map(str::to_owned);
    product.image_urls = first
        .get("image_link")
        .map(str::to_owned)
        .into_iter()
        .collect();
    if let Some(more) = first.get("additional_image_link") {
        product.image_urls.extend(list(more, ','));
    }
    if let Some(text) = first.get("condition") {
        product.condition = first.condition(id, text)?;
    }
    if let Some(text) = first.get("availability") {
        product.availability = first.availability(id, text)?;
    }
    if first
        .any(&["status", "visibility"])
        .is_some_and(|s| s != "active" && s != "published")
    {
        product.status = ProductStatus::Archived;
    }
    if group.is_none() {
        product.stock = stock(first, id)?;
        return Ok(product);
    }
    product.variants = rows
        .iter()
        .map(|row| variant(row, currency))
        .collect::<Result<_, _>>()?;
    product.options = options_of_variants(&product.variants);
    Ok(product)
}

fn stock(row: &Row, id: &str) -> Result<Option<i64>, Rejected> {
    row.any(&["quantity_to_sell_on_facebook", "inventory"])
        .map(|text| row.stock(id, text))
        .transpose()
}

fn sale(row: &Row, id: &str, currency: Currency) -> Result<Option<Sale>, Rejected> {
    let Some(text) = row.get("sale_price") else {
        return Ok(None);
    };
    let (from, until) = match row
        .get("sale_price_effective_date")
        .and_then(|d| d.split_once('/'))
    {
        Some((from, until)) => (Some(row.time(id, from)?), Some(row.time(id, until)?)),
        None => (None, None),
    };
    Ok(Some(Sale {
        price: row.money(id, text, currency)?,
        from,
        until,
    }))
}

fn variant(row: &Row, currency: Currency) -> Result<Variant, Rejected> {
    let id = row
        .get("id")
        .ok_or_else(|| row.reject(None, "id is empty"))?;
    let mut values: Vec<(String, String)> = VARIANT_FIELDS
        .iter()
        .filter_map(|column| Some(((*column).to_owned(), row.get(column)?.to_owned())))
        .collect();
    // `Scent:Fruity,Flavor:Apple`
    for pair in row
        .get("additional_variant_attribute")
        .map(|t| list(t, ','))
        .unwrap_or_default()
    {
        if let Some((name, value)) = pair.split_once(':') {
            values.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Variant {
        retailer_id: row.retailer_id(id)?,
        values,
        price: row
            .get("price")
            .map(|text| row.money(id, text, currency))
            .transpose()?,
        stock: stock(row, id)?,
        image_url: row.get("image_link").map(str::to_owned),
    })
}
