//! A sync killed with SIGKILL at random moments: the next one finishes it, what is recorded is what
//! Meta holds, and a kill costs at most one more sending of what was on its way.
//!
//! Eight kills in the usual run; `EZISELLER_SYNC_KILLS=50` is the campaign of `bench/crash.md`.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::{Duration, Instant};

use domain::{CatalogId, SellerId, Timestamp};
use engine::sync::plan::fingerprint;
use reqwest::Method;
use sandbox::{BatchReady, Fault, FaultRule, Limits, ReceivedItem, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use store::Store;
use testkit::{Chance, TestDatabase, on_both};

use crate::support::{Server, Site};

const PRODUCTS: u64 = 40;
/// Few, so that a run has several batches to be killed between.
const BATCH_ITEMS: usize = 8;
/// Longer than a dead process's claim on a catalogue, and than Meta takes for a batch.
const MINUTES_MS: i64 = 5 * Timestamp::MINUTE;

on_both! {
    async fn a_sync_killed_at_any_moment_is_finished_by_the_next(database: &TestDatabase) {
        let kills = std::env::var("EZISELLER_SYNC_KILLS").ok().and_then(|text| text.parse().ok());
        let mut campaign = Campaign::begin(database).await;
        for round in 0..kills.unwrap_or(8) {
            campaign.round(round).await;
        }
        campaign.report();
    }
}

/// The process that syncs and is killed.
enum Syncing {
    Command(Child),
    Server(Server),
}

struct Campaign {
    site: Site,
    sandbox: Sandbox,
    external_id: String,
    store: Store,
    seller: SellerId,
    catalog: CatalogId,
    key: String,
    chance: Chance,
    /// What the seller's file said last of each product: its price, `None`: archived.
    offered: BTreeMap<String, Option<i64>>,
    /// For the report: what was under way when the process was killed, and how often.
    hit: BTreeMap<&'static str, u32>,
    sent_again: u32,
}

impl Campaign {
    async fn begin(database: &TestDatabase) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxConfig {
            limits: Limits::none(),
            batch_ready: BatchReady::AfterPolls(0),
            ..SandboxConfig::default()
        })
        .await;
        // So that a kill meets calls on their way as well as what is done between them.
        sandbox.fault(FaultRule::always("*", Fault::Latency { ms: 10 }));
        let account = sandbox.account();
        let external_id = account.catalog_id.clone().unwrap();
        let site = Site::at_meta(database.url(), &sandbox.url());
        let arguments = [
            "seller",
            "add",
            "--name",
            "Potworks",
            "--country",
            "IN",
            "--currency",
            "INR",
            "--instagram-account-id",
            &account.instagram_account_id,
            "--access-token-stdin",
        ];
        let added = site.run_with(&arguments, &account.user_token);
        let added: Value = serde_json::from_str(&added).unwrap();
        let key = added["api_key"].as_str().unwrap().to_owned();
        let seller: SellerId = added["seller_id"].as_str().unwrap().parse().unwrap();
        let store = Store::open(database.url()).await.unwrap();
        let own = store.seller(seller).accounts().await.unwrap()[0].id;
        let web = Server::start(&site, &["--role", "web"]).await;
        let connect = json!({"account_id": own, "external_id": external_id});
        let connected = web
            .call(Method::POST, "/catalogs/connect", &key, &connect)
            .await;
        let id = connected["id"].as_str().unwrap();
        let by_hand = json!({"auto_sync": false});
        web.call(Method::PATCH, &format!("/catalogs/{id}"), &key, &by_hand)
            .await;
        web.kill();
        let catalog = id.parse().unwrap();
        Self {
            site,
            sandbox,
            external_id,
            store,
            seller,
            catalog,
            key,
            chance: Chance::new(1),
            offered: BTreeMap::new(),
            hit: BTreeMap::new(),
            sent_again: 0,
        }
    }

    /// Products change, a sync of them is killed, the next one goes to its end.
    async fn round(&mut self, round: u32) {
        self.change_products(round);
        self.minutes_pass().await;
        let before = self.received();
        let syncing = self.sync_in(round).await;
        self.kill_at_a_random_moment(syncing).await;
        self.minutes_pass().await;
        if self.is_running().await {
            // A server takes up what the dead process left running.
            let server = Server::start(&self.site, &[]).await;
            self.ended(Duration::from_mins(1)).await;
            server.stop().await;
        }
        self.minutes_pass().await;
        let seller = self.seller.to_string();
        let done = self
            .site
            .command(&["sync", "--seller", &seller])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "round {round}: {said}");
        self.check_what_was_sent(round, &before);
        self.check_what_is_shown(round).await;
    }

    /// A new price for about half of the products; a few are archived.
    fn change_products(&mut self, round: u32) {
        let mut rows = Vec::new();
        for i in 0..PRODUCTS {
            if round > 0 && self.chance.below(2) == 0 {
                continue;
            }
            let id = format!("P-{i:02}");
            let price = 100 + i64::from(round);
            let offered = (self.chance.below(8) > 0).then_some(price);
            rows.push(json!({
                "retailer_id": id, "title": format!("Bowl {i}"), "price": price.to_string(),
                "description": "Thrown by hand.",
                "image_urls": [format!("https://shop.example.com/images/{i}.jpg")],
                "status": if offered.is_some() { "active" } else { "archived" },
            }));
            self.offered.insert(id, offered);
        }
        let file = json!({"currency": "INR", "products": rows}).to_string();
        let file = self.site.file("products.json", &file);
        let seller = self.seller.to_string();
        self.site
            .run(&["product", "import", "--seller", &seller, &file]);
    }

    async fn sync_in(&mut self, round: u32) -> Syncing {
        if round.is_multiple_of(2) {
            let seller = self.seller.to_string();
            let mut command = self.site.command(&["sync", "--seller", &seller]);
            command.stdout(std::process::Stdio::null());
            return Syncing::Command(command.stderr(std::process::Stdio::null()).spawn().unwrap());
        }
        let server = Server::start(&self.site, &[]).await;
        let path = format!("/catalogs/{}/sync", self.catalog);
        server
            .call(Method::POST, &path, &self.key, &json!({}))
            .await;
        Syncing::Server(server)
    }

    /// After a random number of calls, and then at once or a moment later.
    async fn kill_at_a_random_moment(&mut self, syncing: Syncing) {
        let calls = self.sandbox.calls().len() + self.chance.below(12) as usize;
        let moment = match self.chance.below(3) {
            0 => Duration::ZERO,
            _ => Duration::from_millis(self.chance.below(25)),
        };
        let began = Instant::now();
        while self.sandbox.calls().len() < calls && began.elapsed() < Duration::from_secs(4) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(moment).await;
        match syncing {
            Syncing::Command(mut child) => {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            Syncing::Server(server) => server.kill(),
        }
        let under_way = self.under_way().await;
        *self.hit.entry(under_way).or_default() += 1;
    }

    async fn under_way(&self) -> &'static str {
        let store = self.store.seller(self.seller);
        let batches = store.open_sync_batches(self.catalog).await.unwrap();
        match batches.first() {
            Some(batch) if batch.handle.is_some() => "a batch was being asked for",
            Some(_) => "a batch was being sent",
            None if self.is_running().await => "products were compared or read back",
            None => "the sync had not begun or was over",
        }
    }

    async fn is_running(&self) -> bool {
        let store = self.store.seller(self.seller);
        let runs = store.sync_runs(Some(self.catalog), 1).await.unwrap();
        runs.first().is_some_and(|run| run.status == "running")
    }

    async fn ended(&self, within: Duration) {
        let began = Instant::now();
        while self.is_running().await {
            assert!(
                began.elapsed() < within,
                "the run does not end: {}",
                self.site.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What some minutes do, while no process is there: a dead one's claim on the catalogue runs
    /// out, the pace of batches is forgotten, and Meta is done with what it has taken.
    async fn minutes_pass(&self) {
        let store = self.store.seller(self.seller);
        let mut catalog = store.catalog(self.catalog).await.unwrap().unwrap();
        let later = catalog.updated_at.plus(MINUTES_MS);
        assert!(
            store
                .lease_catalog(self.catalog, "time", later, later)
                .await
                .unwrap()
        );
        store.release_catalog(self.catalog, "time").await.unwrap();
        let mut state: Value = serde_json::from_str(&catalog.settings).unwrap();
        state["batches"] = json!([]);
        state["batch_items"] = json!(BATCH_ITEMS);
        catalog.settings = state.to_string();
        store
            .put_catalog(&catalog, catalog.updated_at)
            .await
            .unwrap();
        self.sandbox.advance(MINUTES_MS);
    }

    fn received(&self) -> BTreeMap<(String, u64), u32> {
        let received = self.sandbox.received_items(&self.external_id);
        let by_content = |item: ReceivedItem| ((item.retailer_id, item.content), item.times);
        received.into_iter().map(by_content).collect()
    }

    /// By the stand-in's own record: a content goes out once, and once more for the kill.
    fn check_what_was_sent(&mut self, round: u32, before: &BTreeMap<(String, u64), u32>) {
        for (key, times) in self.received() {
            let now = times - before.get(&key).copied().unwrap_or_default();
            assert!(
                now <= 2,
                "round {round}: {key:?} was sent {now} times around one kill"
            );
            self.sent_again += now.saturating_sub(1);
        }
    }

    /// Every product is at Meta as the seller's file has it, and is recorded as what is there.
    async fn check_what_is_shown(&self, round: u32) {
        let there: BTreeMap<String, sandbox::CatalogItem> = self
            .sandbox
            .settled_items(&self.external_id)
            .into_iter()
            .map(|item| (item.retailer_id.clone(), item))
            .collect();
        let store = self.store.seller(self.seller);
        let items = store
            .catalog_items(self.catalog, &[], None, 10_000)
            .await
            .unwrap();
        let items: BTreeMap<String, _> = items
            .into_iter()
            .map(|item| (item.retailer_id.to_string(), item))
            .collect();
        for (id, price) in &self.offered {
            let (recorded, real) = (items.get(id), there.get(id));
            let fits = match (price, recorded, real) {
                (Some(price), Some(recorded), Some(real)) => {
                    let taken = recorded
                        .accepted_hash
                        .as_ref()
                        .map(|hash| fingerprint(hash));
                    ["visible", "accepted"].contains(&recorded.state.as_str())
                        && real.fields["price"] == format!("{price}.00 INR")
                        && real.fields["custom_number_4"].as_u64() == taken.map(u64::from)
                }
                (None, recorded, None) => recorded.is_none_or(|item| item.state == "deleted"),
                _ => false,
            };
            assert!(
                fits,
                "round {round}: {id} costs {price:?}; {recorded:?}; there {real:?}"
            );
        }
        assert!(there.keys().all(|id| self.offered.contains_key(id)));
    }

    fn report(&self) {
        let received = self.received();
        let sent: u32 = received.values().sum();
        println!("killed while {:?}", self.hit);
        println!(
            "{sent} items sent, {} of them again after a kill",
            self.sent_again
        );
    }
}
