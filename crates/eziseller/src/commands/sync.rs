//! `eziseller sync`: one sync run with a progress bar.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Result, bail};
use engine::sync::{SyncCause, SyncKind};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::SyncArgs;
use crate::shell;

/// What a partial run exits with.
const PARTIAL: u8 = 3;

/// Runs a sync of every connected catalogue of the seller to its end.
pub(crate) fn run(args: &SyncArgs) -> Result<ExitCode> {
    shell::run(async {
        let engine = shell::open_engine(&args.database.database_url).await?;
        let seller = shell::seller(engine.store(), &args.seller).await?;
        let catalogs = engine.store().seller(seller).catalogs().await?;
        let catalogs: Vec<_> = catalogs
            .into_iter()
            .filter(|c| c.status != "disabled")
            .collect();
        if catalogs.is_empty() {
            bail!(
                "the seller has no connected catalog; connect one on the dashboard or with \
                 POST /api/v1/catalogs"
            );
        }
        let kind = if args.full {
            SyncKind::Full
        } else {
            SyncKind::Incremental
        };
        let holder = format!("command-{}", std::process::id());
        let mut exit = ExitCode::SUCCESS;
        for catalog in catalogs {
            engine
                .sync_start(seller, catalog.id, kind, SyncCause::Hand)
                .await?;
            let bar = progress_bar(&catalog.name);
            let run = engine
                .sync_to_end(seller, catalog.id, &holder, |run| {
                    bar.set_length(u64::try_from(run.total).unwrap_or(0));
                    let done = run.accepted + run.rejected + run.deleted;
                    bar.set_position(u64::try_from(done).unwrap_or(0));
                })
                .await?;
            bar.finish_and_clear();
            let line = json!({
                "catalog_id": catalog.id,
                "run_id": run.id,
                "kind": run.kind,
                "status": run.status,
                "reason": run.reason,
                "total": run.total,
                "sent": run.sent,
                "accepted": run.accepted,
                "rejected": run.rejected,
                "deleted": run.deleted,
                "held_back": run.held_back,
                "calls": run.calls,
            });
            println!("{line}");
            match run.status.as_str() {
                "success" => {}
                "partial" => exit = ExitCode::from(PARTIAL),
                _ => bail!("the sync failed: {}", run.reason.unwrap_or_default()),
            }
        }
        Ok(exit)
    })
}

fn progress_bar(name: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} items ({eta} left)");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    bar
}
