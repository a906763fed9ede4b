//! Product files of other systems, read into products: our own JSON and CSV, Shopify's and
//! WooCommerce's exports, Meta's feed. Streams CSV, so that a hundred thousand rows need the memory
//! of one product; a row that cannot be read is reported with its line and never costs another.

mod apply;
mod meta_feed;
mod own_csv;
mod row;
mod shopify;
mod woocommerce;

use std::collections::HashSet;
use std::io::{BufRead, Read};

use domain::Currency;
use domain::catalog::{Product, RetailerId, file};

pub use apply::{ImportFailure, ImportReport, REJECTED_MAX};
use row::Row;

/// A row or product that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The line of the file it begins on, from 1 (for JSON: the place in `products`).
    pub line: u64,
    /// Its id, where it has one.
    pub retailer_id: Option<String>,
    /// What is wrong with it and what to do.
    pub reason: String,
}

/// The kinds of file that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own JSON.
    Json,
    /// Our own CSV columns.
    OwnCsv,
    /// Shopify's product export.
    Shopify,
    /// WooCommerce's product export.
    WooCommerce,
    /// Meta's catalogue feed, CSV or TSV.
    MetaFeed,
}

impl Format {
    /// What a person calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::OwnCsv => "CSV",
            Self::Shopify => "Shopify export",
            Self::WooCommerce => "WooCommerce export",
            Self::MetaFeed => "Meta feed",
        }
    }
}

/// A file that cannot be read as products at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The bytes could not be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Broken JSON.
    #[error(transparent)]
    Json(#[from] file::InvalidCatalogFile),
    /// The header names none of the known sets of columns.
    #[error(
        "the file's columns are not known; it needs retailer_id, title and price, or the columns of \
         a Shopify or WooCommerce product export or of Meta's feed. Found: {0}"
    )]
    UnknownColumns(String),
    /// No header at all.
    #[error("the file is empty")]
    Empty,
}

/// What comes out of a file, in its order.
#[derive(Debug)]
pub enum Entry {
    /// A product.
    Product(Box<Product>),
    /// Something that was not taken.
    Rejected(Rejected),
}

/// Reads a product file and hands every product and every rejected row to `sink`, in order.
/// `currency` is the seller's: prices in another one are rejected, not converted. An id that comes
/// a second time is rejected: Meta ignores all copies of such an item.
pub fn read(
    mut input: impl BufRead,
    currency: Currency,
    sink: &mut dyn FnMut(Entry),
) -> Result<Format, ImportError> {
    let first = first_byte(&mut input)?.ok_or(ImportError::Empty)?;
    let mut seen = Unique {
        ids: HashSet::new(),
        sink,
    };
    if first == b'{' {
        let mut text = String::new();
        input.read_to_string(&mut text)?;
        let catalog = file::parse(&text, Some(currency))?;
        for product in catalog.products {
            seen.product(0, product);
        }
        for rejected in catalog.rejected {
            seen.reject(Rejected {
                line: rejected.position as u64,
                retailer_id: rejected.retailer_id,
                reason: rejected.reason,
            });
        }
        return Ok(Format::Json);
    }
    read_table(input, currency, &mut seen)
}

fn read_table(
    mut input: impl BufRead,
    currency: Currency,
    seen: &mut Unique<'_>,
) -> Result<Format, ImportError> {
    let mut header = Vec::new();
    input.read_until(b'\n', &mut header)?;
    let count = |delimiter: u8| header.iter().filter(|&&b| b == delimiter).count();
    let delimiter = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|&d| (count(d), d == b','))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(std::io::Cursor::new(header).chain(input));
    let columns = row::Columns::from_header(reader.byte_headers().map_err(row::io_error)?);
    let format =
        detect(&columns).ok_or_else(|| ImportError::UnknownColumns(columns.names().join(", ")))?;
    let mut group: Vec<Row> = Vec::new();
    let mut record = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                seen.reject(row::rejected_record(&error, reader.position().line()));
                if error.is_io_error() {
                    return Err(ImportError::Io(row::io_error(error)));
                }
                continue;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        match columns.row(&record, line) {
            Ok(row) if row.is_blank() => {}
            Ok(row) => {
                if !belongs(format, &group, &row) {
                    finish(format, &mut group, currency, seen);
                }
                group.push(row);
            }
            Err(rejected) => seen.reject(rejected),
        }
    }
    finish(format, &mut group, currency, seen);
    Ok(format)
}

fn first_byte(input: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        if buffer.starts_with(b"\xEF\xBB\xBF") {
            input.consume(3);
            continue;
        }
        match buffer.iter().position(|b| !b.is_ascii_whitespace()) {
            Some(at) => {
                let first = buffer[at];
                input.consume(at);
                return Ok(Some(first));
            }
            None => {
                let blank = buffer.len();
                input.consume(blank);
            }
        }
    }
}

fn detect(columns: &row::Columns) -> Option<Format> {
    let has = |names: &[&str]| names.iter().all(|name| columns.has(name));
    if has(&["retailer_id", "title", "price"]) {
        Some(Format::OwnCsv)
    } else if has(&["handle", "title", "variant price"]) {
        Some(Format::Shopify)
    } else if has(&["type", "sku", "name", "regular price"]) {
        Some(Format::WooCommerce)
    } else if has(&["id", "title", "price"]) {
        Some(Format::MetaFeed)
    } else {
        None
    }
}

/// Whether `row` continues the product that `group` began.
fn belongs(format: Format, group: &[Row], row: &Row) -> bool {
    let Some(first) = group.first() else {
        return true;
    };
    match format {
        Format::Json | Format::OwnCsv => false,
        Format::Shopify => shopify::same_product(first, row),
        Format::WooCommerce => woocommerce::same_product(first, row),
        Format::MetaFeed => meta_feed::same_product(first, row),
    }
}

/// Turns the collected rows of one product into it.
fn finish(format: Format, group: &mut Vec<Row>, currency: Currency, seen: &mut Unique<'_>) {
    let rows = std::mem::take(group);
    let Some(first) = rows.first() else { return };
    let line = first.line;
    let read = match format {
        Format::Json | Format::OwnCsv => own_csv::product(first, currency),
        Format::Shopify => shopify::product(&rows, currency),
        Format::WooCommerce => woocommerce::product(&rows, currency),
        Format::MetaFeed => meta_feed::product(&rows, currency),
    };
    match read {
        Ok(product) => seen.product(line, product),
        Err(rejected) => seen.reject(rejected),
    }
}

/// Passes entries on and refuses ids that came before.
struct Unique<'a> {
    ids: HashSet<RetailerId>,
    sink: &'a mut dyn FnMut(Entry),
}

impl Unique<'_> {
    fn product(&mut self, line: u64, product: Product) {
        let own = std::iter::once(&product.retailer_id);
        let ids: Vec<_> = own
            .chain(product.variants.iter().map(|variant| &variant.retailer_id))
            .collect();
        let mut within = HashSet::new();
        let repeated = ids
            .iter()
            .skip(usize::from(
                product
                    .variants
                    .iter()
                    .any(|v| v.retailer_id == product.retailer_id),
            ))
            .find(|id| self.ids.contains(**id) || !within.insert(**id))
            .map(|id| (*id).clone());
        if let Some(id) = repeated {
            self.reject(Rejected {
                line,
                retailer_id: Some(id.to_string()),
                reason: format!("the id `{id}` comes a second time; give each item its own"),
            });
            return;
        }
        let ids: Vec<_> = ids.into_iter().cloned().collect();
        self.ids.extend(ids);
        (self.sink)(Entry::Product(Box::new(product)));
    }

    fn reject(&mut self, rejected: Rejected) {
        (self.sink)(Entry::Rejected(rejected));
    }
}

#[cfg(test)]
mod tests;
