//! Calls and time of a catalogue sync against the stand-in for Meta, with its limits on and its
//! clock moved instead of waited for:
//!
//! ```text
//! cargo run --release -p engine --example sync_bench -- 100000
//! ```

#![allow(clippy::unwrap_used)]

#[path = "../tests/sync_shop/mod.rs"]
mod sync_shop;

use std::time::{Duration, Instant};

use domain::Money;
use domain::catalog::{Product, RetailerId};
use engine::sync::{SyncCause, SyncKind, SyncStep};
use sandbox::SandboxConfig;
use store::SyncRun;
use sync_shop::Shop;

#[tokio::main]
async fn main() {
    let count: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let database = testkit::sqlite();
    let bench = Shop::open(
        database.url(),
        SandboxConfig {
            history: 1_000_000,
            ..SandboxConfig::default()
        },
    )
    .await;
    let began = Instant::now();
    bench.put((0..count).map(|i| product(i, 19_900))).await;
    println!(
        "{count} products stored in {:.1?}, resident {} MiB\n",
        began.elapsed(),
        resident_mib()
    );
    println!(
        "| run | items sent | batch calls | handle polls | listing and look-up calls | our work | simulated time | resident MiB, stand-in included |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    bench.run("first full sync", SyncKind::Full).await;
    bench.run("nothing changed", SyncKind::Incremental).await;
    bench
        .put((0..count / 100).map(|i| product(i * 100, 21_900)))
        .await;
    bench.run("1 % changed", SyncKind::Incremental).await;
    let items = bench
        .engine
        .store()
        .seller(bench.seller)
        .catalog_item_counts(bench.catalog)
        .await
        .unwrap();
    println!("\nitems by state: {items:?}");
    println!(
        "per-item route: {count} calls, {} hours at 200 calls an hour",
        count / 200
    );
}

impl Shop {
    async fn run(&self, name: &str, kind: SyncKind) {
        let calls_before = self.sandbox.calls().len();
        let simulated = self.engine.now();
        let began = Instant::now();
        let run = self.drive(kind).await;
        let work = began.elapsed();
        let calls = self.sandbox.calls().split_off(calls_before);
        let of = |endpoint: &str| {
            calls
                .iter()
                .filter(|call| call.endpoint == endpoint)
                .count()
        };
        let (batches, polls) = (of("items_batch"), of("check_batch_request_status"));
        println!(
            "| {name} ({}) | {} | {batches} | {polls} | {} | {:.1?} | {:.0?} | {} |",
            run.status,
            run.sent,
            calls.len() - batches - polls,
            work,
            Duration::from_millis(
                u64::try_from(self.engine.now().since(simulated)).unwrap_or_default()
            ),
            resident_mib(),
        );
    }

    async fn drive(&self, kind: SyncKind) -> SyncRun {
        self.engine
            .sync_start(self.seller, self.catalog, kind, SyncCause::Hand)
            .await
            .unwrap();
        loop {
            match self
                .engine
                .sync_step(self.seller, self.catalog, "bench")
                .await
                .unwrap()
            {
                SyncStep::Ended(run) => return *run,
                SyncStep::Did => {}
                SyncStep::WaitUntil(then) => self.pass(then),
            }
        }
    }
}

fn product(i: usize, minor: i64) -> Product {
    let id = RetailerId::parse(&format!("SKU-{i:06}")).unwrap();
    let price = Money::new(minor, "INR".parse().unwrap());
    let mut product = Product::simple(id, format!("Stoneware mug, glaze {i}"), price);
    product.description = "Thrown by hand, holds 300 ml, safe in the dishwasher.".to_owned();
    product.image_urls = vec![format!("https://shop.example.com/images/{i}.jpg")];
    product
}

/// Resident set of this process (Linux).
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
