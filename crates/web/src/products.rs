//! Changing a catalogue: one product by hand, or a file of many.

use std::collections::HashSet;
use std::sync::mpsc;

use axum::body::Bytes;
use domain::catalog::Product;
use domain::{Currency, ProductId, SellerId};
use engine::import::{self, Entry, Format, Rejected};

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
    /// The first [`REJECTED_MAX`] of them.
    pub rejected: Vec<Rejected>,
}

/// Rejected rows that an answer lists; the rest is counted.
pub(crate) const REJECTED_MAX: usize = 1_000;
/// Products that wait between the reader and the database.
const IN_FLIGHT: usize = 256;

/// Imports a product file, all of its readable products or none. Memory holds the file and a few
/// hundred products, however many there are.
pub(crate) async fn import(
    state: &AppState,
    seller: SellerId,
    file: Bytes,
) -> Result<Imported, Problem> {
    let store = state.store().seller(seller);
    let currency = store.get().await?.currency;
    // The first pass finds whatever makes the file as a whole unusable, before anything is written.
    let bytes = file.clone();
    let mut done = blocking(move || survey(&bytes, currency)).await??;
    let (sender, receiver) = mpsc::sync_channel::<Product>(IN_FLIGHT);
    let reader = tokio::task::spawn_blocking(move || {
        let mut sink = |entry| {
            if let Entry::Product(product) = entry {
                // An error: the database refused one, and nobody listens any more.
                let _ = sender.send(*product);
            }
        };
        import::read(&file[..], currency, &mut sink)
    });
    let written = store.put_products(receiver.into_iter(), state.now()).await;
    reader
        .await
        .map_err(Problem::internal)?
        .map_err(|e| Problem::unprocessable(e.to_string()))?;
    let written = written?;
    (done.created, done.updated, done.unchanged) =
        (written.created, written.updated, written.unchanged);
    state.engine().products_changed(seller);
    Ok(done)
}

fn survey(file: &[u8], currency: Currency) -> Result<Imported, Problem> {
    let mut found = Imported::default();
    let mut sink = |entry| {
        if let Entry::Rejected(rejected) = entry {
            found.rejected_count += 1;
            if found.rejected.len() < REJECTED_MAX {
                found.rejected.push(rejected);
            }
        }
    };
    let format = import::read(file, currency, &mut sink)
        .map_err(|e| Problem::unprocessable(e.to_string()))?;
    found.format = Format::as_str(format);
    Ok(found)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)
}
