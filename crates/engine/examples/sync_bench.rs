//! Calls and time of a catalogue sync against the stand-in for Meta, with its limits on and its
//! clock moved instead of waited for:
//!
//! ```text
//! cargo run --release -p engine --example sync_bench -- 100000
//! ```

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::catalog::{Product, RetailerId};
use domain::{CatalogId, Money, SellerId, Timestamp};
use engine::keyring::Keyring;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::sync::{SyncCause, SyncKind, SyncStep};
use engine::testing::TestClock;
use engine::{Engine, EngineConfig};
use sandbox::{Sandbox, SandboxConfig};
use store::{Store, SyncRun};

const BEGIN: i64 = 1_793_000_000_000;

struct Bench {
    engine: Engine,
    clock: TestClock,
    sandbox: Sandbox,
    seller: SellerId,
    catalog: CatalogId,
}

#[tokio::main]
async fn main() {
    let count: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = testkit::sqlite();
    let bench = Bench::open(database.url()).await;
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

impl Bench {
    async fn open(url: &str) -> Self {
        let sandbox = Sandbox::start(SandboxConfig {
            clock: sandbox::Clock::manual(BEGIN),
            history: 1_000_000,
            ..SandboxConfig::default()
        })
        .await;
        let clock = TestClock::at(Timestamp(BEGIN));
        let mut config = EngineConfig::new(Keyring::parse(&Keyring::generate()).unwrap());
        config.graph = meta::graph::Config::at(&sandbox.url());
        config.public_url = Some("https://shop.example.com".to_owned());
        let store = Store::open(url).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
        let added = engine
            .add_seller(&AddSeller {
                name: "Potworks".to_owned(),
                country: "IN".to_owned(),
                currency: "INR".parse().unwrap(),
                language: None,
                time_zone: None,
            })
            .await
            .unwrap();
        let seller = added.seller.id;
        let there = sandbox.account();
        let account = engine
            .add_account(
                seller,
                &AddAccount {
                    instagram_account_id: Some(there.instagram_account_id.clone()),
                    page_id: there.page_id.clone(),
                    tokens: PlainTokens {
                        access: Some(there.access_token.clone().into()),
                        user: Some(there.user_token.clone().into()),
                        ..PlainTokens::default()
                    },
                    ..AddAccount::default()
                },
            )
            .await
            .unwrap();
        let external_id = there.catalog_id.unwrap();
        let catalog = engine
            .connect_catalog(seller, account.id, &external_id, "Potworks")
            .await
            .unwrap()
            .id;
        Self {
            engine,
            clock,
            sandbox,
            seller,
            catalog,
        }
    }

    async fn put(&self, products: impl Iterator<Item = Product> + Send) {
        let store = self.engine.store().seller(self.seller);
        store
            .put_products(products, self.engine.now())
            .await
            .unwrap();
    }

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
                SyncStep::WaitUntil(then) => {
                    let millis = then.since(self.engine.now()).max(1);
                    self.clock.advance(millis);
                    self.sandbox.advance(millis);
                }
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
