//! Shopify's product export: rows of one `Handle` together are one product, each row a variant or
//! a further picture.

use domain::Currency;
use domain::catalog::{Product, ProductStatus, RetailerId, Sale, Variant};

use super::Rejected;
use super::row::{Row, text_of_html};
use super::woocommerce::options_of_variants;

pub(super) fn same_product(first: &Row, row: &Row) -> bool {
    first.get("handle") == row.get("handle")
}

pub(super) fn product(rows: &[Row], currency: Currency) -> Result<Product, Rejected> {
    let first = &rows[0];
    let handle = first
        .get("handle")
        .ok_or_else(|| first.reject(None, "Handle is empty"))?;
    let mut variants = Vec::new();
    let mut price = None;
    for row in rows.iter().filter(|row| row.get("variant price").is_some()) {
        let (variant, sale_or_price) = variant(rows, row, handle, currency)?;
        price.get_or_insert(sale_or_price);
        variants.push(variant);
    }
    let (base, sale) = price.ok_or_else(|| first.reject(Some(handle), "Variant Price is empty"))?;
    let mut product = Product::simple(
        first.retailer_id(handle)?,
        first.title(handle, "title")?,
        base,
    );
    product.sale = sale;
    product.description = first
        .get("body (html)")
        .map(text_of_html)
        .unwrap_or_default();
    product.brand = first.get("vendor").map(str::to_owned);
    product.category = first.any(&["type", "product category"]).map(str::to_owned);
    product.image_urls = rows
        .iter()
        .filter_map(|row| row.get("image src"))
        .map(str::to_owned)
        .collect();
    product.status = match first.get("status").map(str::to_lowercase).as_deref() {
        Some("archived" | "draft") => ProductStatus::Archived,
        _ => ProductStatus::Active,
    };
    if let [only] = variants.as_mut_slice()
        && only.values.is_empty()
    {
        product.stock = only.stock;
        product.retailer_id = only.retailer_id.clone();
        return Ok(product);
    }
    product.options = options_of_variants(&variants);
    product.variants = variants;
    Ok(product)
}

type Price = (domain::Money, Option<Sale>);

fn variant(
    rows: &[Row],
    row: &Row,
    handle: &str,
    currency: Currency,
) -> Result<(Variant, Price), Rejected> {
    let mut values = Vec::new();
    for i in 1..=3 {
        // The option's name stands on the product's first row only.
        let name = rows[0].get(&format!("option{i} name"));
        let value = row.get(&format!("option{i} value"));
        if let (Some(name), Some(value)) = (name, value)
            && !(name.eq_ignore_ascii_case("title") && value.eq_ignore_ascii_case("default title"))
        {
            values.push((name.to_lowercase(), value.to_owned()));
        }
    }
    let own_id = row.get("variant sku").map_or_else(
        || {
            let parts: Vec<_> = values.iter().map(|(_, value)| value.as_str()).collect();
            if parts.is_empty() {
                handle.to_owned()
            } else {
                format!("{handle}-{}", parts.join("-"))
            }
        },
        |sku| sku.trim_start_matches('\'').to_owned(),
    );
    let id: RetailerId = row.retailer_id(&own_id)?;
    let now = row.money(
        &own_id,
        row.get("variant price").unwrap_or_default(),
        currency,
    )?;
    let before = row
        .get("variant compare at price")
        .map(|text| row.money(&own_id, text, currency))
        .transpose()?
        .filter(|before| before.minor > now.minor);
    let price = match before {
        Some(before) => (
            before,
            Some(Sale {
                price: now,
                from: None,
                until: None,
            }),
        ),
        None => (now, None),
    };
    let counted = row.get("variant inventory tracker").is_some();
    let stock = row.get("variant inventory qty").filter(|_| counted);
    let oversell = row
        .get("variant inventory policy")
        .is_some_and(|p| p.eq_ignore_ascii_case("continue"));
    let variant = Variant {
        retailer_id: id,
        values,
        price: Some(now),
        stock: if oversell {
            None
        } else {
            stock.map(|text| row.stock(&own_id, text)).transpose()?
        },
        image_url: row.get("variant image").map(str::to_owned),
    };
    Ok((variant, price))
}
