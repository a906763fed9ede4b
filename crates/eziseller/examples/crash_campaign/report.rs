//! The campaign's result as a line of a table.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::check::Outcome;
use crate::customers::Crowd;
use crate::{Args, Database, Kills};

/// The table's head.
pub(crate) const HEADER: &str = "\
| database | nodes | kills | PostgreSQL restarts | seconds | requests | refused or cut | acknowledged events | orders | replies | lost | doubled messages | doubled orders | missing orders | wrong orders | out of order | wrong seller | failed events | doubled replies |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

pub(crate) fn line(
    args: &Args,
    kills: &Kills,
    crowd: &Crowd,
    elapsed: Duration,
    outcome: &Outcome,
) -> String {
    let database = match args.database {
        Database::Sqlite => "SQLite",
        Database::Postgres => "PostgreSQL",
    };
    let cells = [
        database.to_owned(),
        args.nodes.to_string(),
        kills.servers.to_string(),
        kills.postgres.to_string(),
        elapsed.as_secs().to_string(),
        crowd.requests.load(Ordering::Relaxed).to_string(),
        crowd.refused.load(Ordering::Relaxed).to_string(),
        outcome.acknowledged.to_string(),
        outcome.orders.to_string(),
        outcome.replies.to_string(),
        outcome.lost.to_string(),
        outcome.doubled_messages.to_string(),
        outcome.doubled_orders.to_string(),
        outcome.missing_orders.to_string(),
        outcome.wrong_orders.to_string(),
        outcome.out_of_order.to_string(),
        outcome.wrong_seller.to_string(),
        outcome.failed_events.to_string(),
        outcome.doubled_replies.to_string(),
    ];
    format!("| {} |", cells.join(" | "))
}

pub(crate) fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let new = !path.exists();
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(path)?;
    if new {
        writeln!(file, "{HEADER}")?;
    }
    writeln!(file, "{line}")
}
