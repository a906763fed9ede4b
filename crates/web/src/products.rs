//! Changing a catalogue: one product by hand, or a file of many.

use std::collections::HashSet;

use axum::body::Bytes;
use domain::catalog::Product;
use domain::catalog::price::variant_for;
use domain::{ProductId, SellerId};
use engine::import::{ImportFailure, Rejected};
use store::{DraftRow, SellerStore, StoreError};

use crate::problem::Problem;
use crate::state::AppState;

/// Adds a product; a conflict when its id is taken.
pub(crate) async fn create(
    state: &AppState,
    seller: SellerId,
    product: &Product,
) -> Result<ProductId, Problem> {
    check(product)?;
    let store = state.store().seller(seller);
    if store
        .product_by_retailer_id(&product.retailer_id)
        .await?
        .is_some()
    {
        return Err(Problem::conflict(format!(
            "retailer_id: `{}` is another product's or variant's; use a new one, or change that product.",
            product.retailer_id
        )));
    }
    put(state, seller, product).await?;
    let row = store.product_by_retailer_id(&product.retailer_id).await?;
    row.map(|row| row.id)
        .ok_or_else(|| Problem::not_found("product"))
}

/// Replaces a product. Its id stays what it is: Instagram and old orders know it by that.
pub(crate) async fn replace(
    state: &AppState,
    seller: SellerId,
    id: ProductId,
    product: &Product,
) -> Result<(), Problem> {
    check(product)?;
    let row = state.store().seller(seller).product(id).await?;
    let row = row.ok_or_else(|| Problem::not_found("product"))?;
    if row.product.retailer_id != product.retailer_id {
        return Err(Problem::field(
            "retailer_id",
            "cannot change, Instagram knows the product by it; add a new product and archive this one",
        ));
    }
    put(state, seller, product).await
}

/// What the file format leaves open: ids, option names and values are told apart by their text.
fn check(product: &Product) -> Result<(), Problem> {
    let mut ids = HashSet::from([product.retailer_id.as_str()]);
    for variant in &product.variants {
        if !ids.insert(variant.retailer_id.as_str()) {
            return Err(Problem::field(
                "variants",
                format!(
                    "`{}` stands there twice, or is the product's own id",
                    variant.retailer_id
                ),
            ));
        }
        for (name, value) in &variant.values {
            let known = product
                .option(name)
                .is_some_and(|option| option.values.iter().any(|v| v.value == *value));
            if !known {
                return Err(Problem::field(
                    "variants",
                    format!(
                        "`{}`: no option offers {name} = {value}",
                        variant.retailer_id
                    ),
                ));
            }
        }
    }
    let mut names = HashSet::new();
    for option in &product.options {
        let mut values = HashSet::new();
        let distinct = option
            .values
            .iter()
            .all(|value| values.insert(value.value.as_str()));
        if option.values.is_empty() || !distinct || !names.insert(option.name.as_str()) {
            return Err(Problem::field(
                "options",
                format!(
                    "`{}` needs a name of its own and at least one value, none twice",
                    option.name
                ),
            ));
        }
    }
    if product.image_urls.iter().any(|url| !is_web_address(url)) {
        return Err(Problem::field("image_urls", "each begins with https://"));
    }
    Ok(())
}

/// Whether it is an address that may stand in a page as a picture or a link.
pub(crate) fn is_web_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

async fn put(state: &AppState, seller: SellerId, product: &Product) -> Result<(), Problem> {
    let store = state.store().seller(seller);
    store.put_products([product.clone()], state.now()).await?;
    state.engine().products_changed(seller);
    Ok(())
}

/// What an import came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Imported {
    /// What kind of file it was taken for.
    pub format: &'static str,
    /// New products.
    pub created: u64,
    /// Changed ones.
    pub updated: u64,
    /// Those that were the same already.
    pub unchanged: u64,
    /// How many rows were not taken.
    pub rejected_count: u64,
    /// The first of them.
    pub rejected: Vec<Rejected>,
}

/// Imports a product file, all of its readable products or none.
pub(crate) async fn import(
    state: &AppState,
    seller: SellerId,
    file: Bytes,
) -> Result<Imported, Problem> {
    let open = move || Ok(std::io::Cursor::new(file.clone()));
    let report = state
        .engine()
        .import_products(seller, open, |_| {})
        .await
        .map_err(|failure| match failure {
            ImportFailure::File(error) => Problem::unprocessable(error.to_string()),
            ImportFailure::Action(error) => error.into(),
        })?;
    Ok(Imported {
        format: report.format.as_str(),
        created: report.written.created,
        updated: report.written.updated,
        unchanged: report.written.unchanged,
        rejected_count: report.rejected_count,
        rejected: report.rejected,
    })
}

/// Lines that stock does not cover, in sentences.
pub(crate) async fn shortages(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<Vec<String>, StoreError> {
    let mut short = Vec::new();
    for line in &row.body.lines {
        let Some(found) = seller.product_by_retailer_id(&line.line.product).await? else {
            continue;
        };
        let product = found.for_sale();
        let variant = variant_for(&product, &line.line.options);
        let stock = variant.map_or(product.stock, |variant| variant.stock);
        if let Some(free) = stock
            && free < i64::from(line.line.quantity)
        {
            short.push(format!(
                "{}: only {free} left, {} wanted.",
                product.title, line.line.quantity
            ));
        }
    }
    Ok(short)
}
