//! A product file taken into a seller's catalogue: all of its readable products or none.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::mpsc;

use domain::catalog::Product;
use domain::{Currency, SellerId};
use store::ImportedProducts;

use super::{Entry, Format, ImportError, Rejected, read};
use crate::Engine;
use crate::error::ActionError;

/// Rejected rows that a report lists; the rest is counted.
pub const REJECTED_MAX: usize = 1_000;
/// Products that wait between the reader and the database.
const IN_FLIGHT: usize = 256;

/// What an import came to.
#[derive(Debug)]
pub struct ImportReport {
    /// What kind of file it was taken for.
    pub format: Format,
    /// What became of its products.
    pub written: ImportedProducts,
    /// How many rows were not taken.
    pub rejected_count: u64,
    /// The first [`REJECTED_MAX`] of them.
    pub rejected: Vec<Rejected>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file.
    #[error(transparent)]
    File(#[from] ImportError),
    /// The catalogue.
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl Engine {
    /// Imports a product file. `open` gives it from the beginning, twice: the first pass finds
    /// whatever makes the file as a whole unusable, before anything is written. Memory holds a few
    /// hundred products, however many there are. `progress` hears how many were read so far.
    pub async fn import_products<R, O>(
        &self,
        seller: SellerId,
        open: O,
        progress: impl Fn(u64) + Send + 'static,
    ) -> Result<ImportReport, ImportFailure>
    where
        R: BufRead,
        O: Fn() -> std::io::Result<R> + Send + Sync + 'static,
    {
        let store = self.store().seller(seller);
        let currency = store.get().await.map_err(ActionError::from)?.currency;
        let open = Arc::new(open);
        let first = Arc::clone(&open);
        let mut report = blocking(move || survey(first(), currency)).await?;
        let (sender, receiver) = mpsc::sync_channel::<Product>(IN_FLIGHT);
        let reader = blocking_task(move || {
            let mut count = 0;
            let mut sink = |entry| {
                if let Entry::Product(product) = entry {
                    count += 1;
                    progress(count);
                    // An error: the database refused one, and nobody listens any more.
                    let _ = sender.send(*product);
                }
            };
            read(open()?, currency, &mut sink)
        });
        let written = store.put_products(receiver, self.now()).await;
        reader
            .await
            .map_err(std::io::Error::other)
            .map_err(ImportError::from)??;
        report.written = written.map_err(ActionError::from)?;
        self.products_changed(seller);
        Ok(report)
    }
}

fn survey(
    input: std::io::Result<impl BufRead>,
    currency: Currency,
) -> Result<ImportReport, ImportError> {
    let (mut rejected_count, mut rejected) = (0, Vec::new());
    let mut sink = |entry| {
        if let Entry::Rejected(row) = entry {
            rejected_count += 1;
            if rejected.len() < REJECTED_MAX {
                rejected.push(row);
            }
        }
    };
    let format = read(input?, currency, &mut sink)?;
    Ok(ImportReport {
        format,
        written: ImportedProducts::default(),
        rejected_count,
        rejected,
    })
}

fn blocking_task<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(work)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImportError> + Send + 'static,
) -> Result<T, ImportError> {
    blocking_task(work).await.map_err(std::io::Error::other)?
}
