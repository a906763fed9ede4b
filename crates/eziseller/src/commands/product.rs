//! `eziseller product import`: a product file into a seller's catalogue.

use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::ProductImportArgs;
use crate::shell;

/// Imports a file. Data on standard output, rejected rows on standard error.
pub(crate) fn import(args: &ProductImportArgs) -> Result<()> {
    let path = args.file.clone();
    let shown = path.display().to_string();
    File::open(&path).with_context(|| format!("cannot read `{shown}`; check the path"))?;
    shell::run(async {
        let url = &args.database.database_url;
        let engine = shell::open_engine_without_secrets(url).await?;
        let seller = shell::seller(engine.store(), &args.seller).await?;
        let bar = progress_bar();
        let counted = bar.clone();
        let report = engine
            .import_products(
                seller,
                move || Ok(BufReader::new(File::open(&path)?)),
                move |read| counted.set_position(read),
            )
            .await
            .with_context(|| format!("nothing was imported from `{shown}`"))?;
        bar.finish_and_clear();
        for row in &report.rejected {
            let id = row
                .retailer_id
                .as_deref()
                .map(|id| format!(" ({id})"))
                .unwrap_or_default();
            eprintln!("line {}{id}: {}", row.line, row.reason);
        }
        let unlisted = report.rejected_count - report.rejected.len() as u64;
        if unlisted > 0 {
            eprintln!("and {unlisted} more");
        }
        let line = json!({
            "format": report.format.as_str(),
            "created": report.written.created,
            "updated": report.written.updated,
            "unchanged": report.written.unchanged,
            "rejected": report.rejected_count,
        });
        println!("{line}");
        Ok(())
    })
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {pos} products read ({per_sec})")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
