//! The crash campaign: real servers under load, killed with SIGKILL at random moments, and at the
//! end a count of everything that must be zero.
//!
//! ```text
//! cargo build --release && cargo run --release -p eziseller --example crash_campaign -- \
//!     --database sqlite --kills 100
//! cargo run --release -p eziseller --example crash_campaign -- --database postgres --nodes 3 \
//!     --kills 100 --postgres-restarts 3
//! ```
//!
//! Customers write over HTTP as Meta does: signed bodies, several accounts a body, shuffled,
//! with redeliveries, sent again until they are acknowledged. A shopkeeper confirms draft orders
//! through the API meanwhile. A stand-in for Meta takes the replies.

#![allow(clippy::unwrap_used, reason = "a failed step ends the campaign")]

mod check;
mod customers;
mod fleet;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use tokio::time::sleep;

/// Where the servers keep their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// Kill servers under load and count what was lost or doubled.
#[derive(Debug, Parser)]
struct Args {
    /// The database.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Database,
    /// How many times a server is killed.
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// How many servers share the database (PostgreSQL).
    #[arg(long, default_value_t = 1)]
    nodes: usize,
    /// How many times PostgreSQL is restarted at once (`pg_ctl -m immediate`).
    #[arg(long, default_value_t = 0)]
    postgres_restarts: u32,
    /// How many sellers there are.
    #[arg(long, default_value_t = 4)]
    sellers: usize,
    /// How many customers write to each.
    #[arg(long, default_value_t = 60)]
    customers: usize,
    /// How long each of the senders pauses after an acknowledgement, in milliseconds.
    #[arg(long, default_value_t = 10)]
    pause_ms: u64,
    /// How many requests are under way at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// The longest time between kills, in milliseconds.
    #[arg(long, default_value_t = 900)]
    kill_every_ms: u64,
    /// What every choice follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server under test.
    #[arg(long, default_value = "target/release/eziseller")]
    server: PathBuf,
    /// Where the report is added, as a line of a table.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    if !args.server.exists() {
        bail!(
            "`{}` is not there; run `cargo build --release` first",
            args.server.display()
        );
    }
    if args.nodes > 1 && args.database == Database::Sqlite {
        bail!("several nodes need PostgreSQL: add --database postgres");
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fleet = Arc::new(fleet::Fleet::start(&args).await?);
    let crowd = Arc::new(customers::Crowd::new(
        &args,
        fleet.sellers(),
        &fleet.sandbox,
    ));
    let began = Instant::now();
    let writing = customers::write(Arc::clone(&crowd), Arc::clone(&fleet), args.connections);
    let echoing = customers::echo(Arc::clone(&crowd), Arc::clone(&fleet));
    let confirming = customers::confirm(Arc::clone(&crowd), Arc::clone(&fleet));

    let kills = kill(&args, &fleet).await?;
    crowd.finish();
    for task in writing {
        task.await?;
    }
    println!(
        "load ended after {:.0?}; waiting until everything is processed",
        began.elapsed()
    );
    let stats = fleet.drained(Duration::from_secs(400)).await?;
    // A last round of the shopkeeper, so that every complete draft order had its tap.
    crowd.stop_confirming();
    confirming.await?;
    fleet.drained(Duration::from_mins(2)).await?;
    echoing.abort();
    let outcome = check::check(&crowd, &fleet, &stats).await?;
    fleet.stop().await;
    let line = report::line(&args, &kills, &crowd, began.elapsed(), &outcome);
    println!("{}", report::HEADER);
    println!("{line}");
    if let Some(path) = &args.report {
        report::append(path, &line).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if !outcome.is_clean() {
        bail!("the campaign found faults: {outcome:?}");
    }
    Ok(())
}

/// What was done to the servers.
#[derive(Debug, Default)]
struct Kills {
    servers: u32,
    postgres: u32,
}

async fn kill(args: &Args, fleet: &fleet::Fleet) -> Result<Kills> {
    let mut chance = testkit::Chance::new(args.seed ^ 0x51);
    let mut done = Kills::default();
    let restart_each = args
        .kills
        .checked_div(args.postgres_restarts)
        .unwrap_or(u32::MAX)
        .max(1);
    while done.servers < args.kills {
        sleep(Duration::from_millis(30 + chance.below(args.kill_every_ms))).await;
        let node = usize::try_from(chance.below(args.nodes as u64)).unwrap_or(0);
        fleet.supervise()?;
        fleet.kill_and_restart(node).await?;
        done.servers += 1;
        if done.servers.is_multiple_of(restart_each) && done.postgres < args.postgres_restarts {
            fleet.restart_postgres()?;
            done.postgres += 1;
        }
        if done.servers.is_multiple_of(10) {
            println!(
                "{} kills, {} restarts of PostgreSQL",
                done.servers, done.postgres
            );
        }
    }
    Ok(done)
}
