//! Catalogue sync against the stand-in for Meta: what is recorded here must be what is there,
//! whatever goes wrong on the way.

#![allow(clippy::unwrap_used)]

#[path = "sync_shop/sdk.rs"]
mod sdk;
mod sync_shop;

use std::collections::BTreeMap;

use domain::catalog::{Product, ProductStatus, RetailerId};
use domain::{Money, Timestamp};
use engine::ActionError;
use engine::sync::plan::fingerprint;
use engine::sync::{SyncCause, SyncKind, SyncStep};
use sandbox::{Fault, FaultRule, RandomFaults, SandboxConfig};
use store::{CatalogItem, SyncRun};
use sync_shop::Shop;
use testkit::Chance;
use testkit::{TestDatabase, on_both};

impl Shop {
    pub(crate) async fn of(database: &TestDatabase, seed: u64) -> Self {
        let config = SandboxConfig {
            seed,
            ..SandboxConfig::default()
        };
        Self::open(database.url(), config).await
    }

    /// The catalogue's id at Meta.
    fn external_id(&self) -> String {
        self.sandbox.account().catalog_id.unwrap()
    }

    /// One run to its end, or at most `steps` steps of it (then its holder has crashed).
    pub(crate) async fn sync(&self, kind: SyncKind, holder: &str, steps: usize) -> Option<SyncRun> {
        self.engine
            .sync_start(self.seller, self.catalog, kind, SyncCause::Hand)
            .await
            .unwrap();
        for _ in 0..steps {
            match self
                .engine
                .sync_step(self.seller, self.catalog, holder)
                .await
                .unwrap()
            {
                SyncStep::Ended(run) => return Some(*run),
                SyncStep::Did => {}
                SyncStep::WaitUntil(then) => self.pass(then),
            }
        }
        // The lease of a crashed holder runs out.
        self.pass(self.engine.now().plus(10 * Timestamp::MINUTE));
        None
    }

    /// One item sent again by itself.
    pub(crate) async fn send(&self, id: &str) -> Result<CatalogItem, ActionError> {
        let id = RetailerId::parse(id).unwrap();
        self.engine.send_item(self.seller, self.catalog, &id).await
    }

    async fn items(&self) -> BTreeMap<String, CatalogItem> {
        let store = self.engine.store().seller(self.seller);
        let items = store
            .catalog_items(self.catalog, &[], None, 10_000)
            .await
            .unwrap();
        items
            .into_iter()
            .map(|item| (item.retailer_id.to_string(), item))
            .collect()
    }

    fn batch_calls(&self) -> usize {
        self.sandbox
            .calls()
            .iter()
            .filter(|call| call.endpoint == "items_batch")
            .count()
    }
}

fn product(id: &str, title: &str, minor: i64) -> Product {
    let price = Money::new(minor, "INR".parse().unwrap());
    let mut product = Product::simple(RetailerId::parse(id).unwrap(), title, price);
    product.description = format!("{title}, thrown by hand.");
    product.image_urls = vec![format!("https://shop.example.com/images/{id}.jpg")];
    product
}

fn archived(mut product: Product) -> Product {
    product.status = ProductStatus::Archived;
    product
}

/// What is recorded of every item against what the stand-in really holds.
async fn differences(shop: &Shop) -> Vec<String> {
    let there: BTreeMap<String, sandbox::CatalogItem> = shop
        .sandbox
        .settled_items(&shop.external_id())
        .into_iter()
        .map(|item| (item.retailer_id.clone(), item))
        .collect();
    let here = shop.items().await;
    let mut wrong = Vec::new();
    for (id, item) in &here {
        let real = there.get(id);
        let held = real.and_then(|real| real.fields.get("custom_number_4")?.as_u64());
        let taken = item
            .accepted_hash
            .as_ref()
            .map(|hash| u64::from(fingerprint(hash)));
        let fits = match item.state.as_str() {
            "visible" => real.is_some_and(|r| r.visible && r.review_status == "approved"),
            "accepted" => real.is_some(),
            "under_review" => real.is_some_and(|r| r.review_status == "pending"),
            "review_rejected" => real.is_some_and(|r| r.review_status == "rejected"),
            "foreign" => real.is_some() && held.is_none(),
            "held_back" | "rejected" => true,
            "deleted" => real.is_none(),
            _ => false,
        };
        let shown = ["visible", "accepted", "under_review", "review_rejected"];
        let same = !shown.contains(&item.state.as_str()) || held == taken;
        if !fits || !same {
            wrong.push(format!("{id}: recorded {}, there {real:?}", item.state));
        }
    }
    let unknown = there.keys().filter(|id| !here.contains_key(*id));
    wrong.extend(unknown.map(|id| format!("{id}: there, not recorded")));
    wrong
}

on_both! {
    async fn what_changed_is_sent_and_nothing_else(database: &TestDatabase) {
        let shop = Shop::of(database, 1).await;
        let mut bad = product("P-9", "No price", 0);
        bad.image_urls.clear();
        bad.image_urls.push("ftp://pictures/9.jpg".to_owned());
        shop.put((0..5).map(|i| product(&format!("P-{i}"), &format!("Mug {i}"), 25_000))).await;
        shop.put([bad]).await;

        let run = shop.sync(SyncKind::Full, "a", 100).await.unwrap();
        assert_eq!((run.status.as_str(), run.sent, run.accepted, run.held_back), ("partial", 5, 5, 1));
        assert_eq!(shop.batch_calls(), 1);
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        let items = shop.items().await;
        assert_eq!(items["P-0"].state, "visible");
        assert!(items["P-9"].messages.contains("image_link"), "{}", items["P-9"].messages);

        shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert_eq!(shop.batch_calls(), 1, "nothing changed, nothing is sent");

        shop.put([product("P-1", "Mug 1", 27_500), archived(product("P-2", "Mug 2", 25_000))]).await;
        let run = shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert_eq!((run.sent, run.accepted, run.deleted), (1, 1, 1));
        assert_eq!(shop.batch_calls(), 2);
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        let there = shop.sandbox.settled_items(&shop.external_id());
        let changed = there.iter().find(|item| item.retailer_id == "P-1").unwrap();
        assert_eq!(changed.fields["price"], "275.00 INR");
        assert!(there.iter().all(|item| item.retailer_id != "P-2"));
    }

    async fn only_one_run_at_a_time_and_a_crashed_one_is_continued(database: &TestDatabase) {
        let shop = Shop::of(database, 2).await;
        shop.put((0..40).map(|i| product(&format!("P-{i:02}"), "Bowl", 19_900))).await;
        assert!(shop.sync(SyncKind::Full, "a", 3).await.is_none(), "crashed on the way");
        let run = shop.sync(SyncKind::Incremental, "b", 100).await.unwrap();
        assert_eq!(run.status, "success", "{:?}", run.reason);
        let runs = shop.engine.store().seller(shop.seller).sync_runs(None, 10).await.unwrap();
        assert_eq!((runs.len(), runs[1].status.as_str()), (2, "partial"));
        assert_eq!(differences(&shop).await, Vec::<String>::new());

        shop.engine.sync_start(shop.seller, shop.catalog, SyncKind::Full, SyncCause::Hand).await.unwrap();
        shop.engine.sync_step(shop.seller, shop.catalog, "a").await.unwrap();
        let second = shop.engine.sync_start(shop.seller, shop.catalog, SyncKind::Full, SyncCause::Hand);
        assert!(second.await.unwrap_err().to_string().contains("under way"));
        let other_node = shop.engine.sync_step(shop.seller, shop.catalog, "b").await.unwrap();
        assert!(matches!(other_node, SyncStep::WaitUntil(_)));
    }

    async fn what_was_lost_in_silence_is_found_by_reading_back(database: &TestDatabase) {
        let shop = Shop::of(database, 3).await;
        shop.put((0..10).map(|i| product(&format!("P-{i}"), "Plate", 9_900))).await;
        shop.sandbox.next_calls(1, "items_batch", Fault::HalfBatch);
        let run = shop.sync(SyncKind::Full, "a", 200).await.unwrap();
        assert_eq!(run.status, "success", "{:?}", run.reason);
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        // An update of what exists, of which half is dropped: present there, but old.
        shop.put((0..10).map(|i| product(&format!("P-{i}"), "Plate", 10_900))).await;
        shop.sandbox.next_calls(1, "items_batch", Fault::HalfBatch);
        shop.sync(SyncKind::Incremental, "a", 200).await.unwrap();
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        assert!(shop.items().await.values().all(|item| item.state == "visible"));
    }

    async fn a_batch_that_was_given_up_and_arrives_late_does_not_stand(database: &TestDatabase) {
        let shop = Shop::of(database, 7).await;
        shop.put([product("P-1", "Jug", 25_000)]).await;
        shop.sync(SyncKind::Full, "a", 100).await.unwrap();
        let began = shop.engine.now();
        shop.put([product("P-1", "Jug", 26_000)]).await;
        shop.sandbox.next_calls(1, "items_batch", Fault::CutAfter);
        shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        shop.put([product("P-1", "Jug", 27_000)]).await;
        shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert!(shop.engine.now().since(began) < Timestamp::MINUTE, "the lost one is still on its way");
        assert_eq!(differences(&shop).await.len(), 1, "the lost one has come last");
        let store = shop.engine.store().seller(shop.seller);
        let next = store.catalog(shop.catalog).await.unwrap().unwrap().next_sync_at.unwrap();
        assert!(next.since(shop.engine.now()) <= 31 * Timestamp::MINUTE);
        shop.pass(next);
        shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        assert_eq!(shop.sandbox.catalog_items(&shop.external_id())[0].fields["price"], "270.00 INR");
        // Once is enough.
        let next = store.catalog(shop.catalog).await.unwrap().unwrap().next_sync_at.unwrap();
        assert!(next.since(shop.engine.now()) > Timestamp::HOUR);
    }

    async fn one_item_is_sent_again_by_itself_and_only_that(database: &TestDatabase) {
        let shop = Shop::of(database, 5).await;
        shop.put((0..3).map(|i| product(&format!("P-{i}"), &format!("Mug {i}"), 25_000))).await;
        shop.sync(SyncKind::Full, "a", 100).await.unwrap();
        shop.put((0..3).map(|i| product(&format!("P-{i}"), &format!("Mug {i}"), 26_000))).await;
        let sent = shop.send("P-1").await.unwrap();
        assert_eq!(sent.state, "visible");
        let prices = || {
            let there = shop.sandbox.settled_items(&shop.external_id());
            there.iter().map(|item| item.fields["price"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(prices(), ["250.00 INR", "260.00 INR", "250.00 INR"]);
        assert_eq!(shop.batch_calls(), 1, "no batch was needed");
        // The next sync sends the others, and not this one.
        let run = shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert_eq!((run.sent, run.accepted), (2, 2), "{:?}", run.reason);
        assert_eq!(prices(), ["260.00 INR"; 3]);
        assert_eq!(differences(&shop).await, Vec::<String>::new());

        // What Meta refuses is recorded with its words, and is no success.
        shop.put([product("P-1", "Mug 1", 27_000)]).await;
        let refusal = Fault::Error { code: 100, subcode: None, after_effect: false };
        shop.sandbox.fault(FaultRule { method: Some("POST".to_owned()), ..FaultRule::always("*", refusal) });
        assert!(shop.send("P-1").await.is_err());
        shop.sandbox.clear_faults();
        let item = &shop.items().await["P-1"];
        assert_eq!(item.state, "rejected");
        assert!(item.messages.len() > 10, "{}", item.messages);
        assert_eq!(shop.send("P-1").await.unwrap().state, "visible");
        // An answer that was cut off: it goes with the next batch.
        shop.put([product("P-2", "Mug 2", 28_000)]).await;
        shop.sandbox.fault(FaultRule { method: Some("POST".to_owned()), ..FaultRule::always("*", Fault::CutAfter) });
        assert!(shop.send("P-2").await.is_err());
        shop.sandbox.clear_faults();
        shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
        assert_eq!(prices()[1..], ["270.00 INR", "280.00 INR"]);
        assert_eq!(differences(&shop).await, Vec::<String>::new());
    }

    async fn an_item_that_meta_never_had_is_created_by_itself(database: &TestDatabase) {
        let shop = Shop::of(database, 6).await;
        let mut bare = product("P-1", "Jug", 45_000);
        bare.image_urls.clear();
        shop.put([product("P-0", "Cup", 12_000), bare]).await;
        // Crashed before anything was sent.
        assert!(shop.sync(SyncKind::Full, "a", 1).await.is_none());
        let unknown = shop.send("P-7").await;
        assert!(unknown.unwrap_err().to_string().contains("catalog item"));
        let held = shop.send("P-1").await;
        assert!(held.unwrap_err().to_string().contains("image_link"));
        let made = shop.send("P-0").await.unwrap();
        assert_eq!(made.state, "visible");
        let there = shop.sandbox.settled_items(&shop.external_id());
        assert_eq!(there.len(), 1);
        assert_eq!(there[0].fields["price"], "120.00 INR");
        assert_eq!(differences(&shop).await, Vec::<String>::new());
        // While a sync holds the catalogue it is left to that.
        shop.engine.sync_start(shop.seller, shop.catalog, SyncKind::Full, SyncCause::Hand).await.unwrap();
        shop.engine.sync_step(shop.seller, shop.catalog, "a").await.unwrap();
        let busy = shop.send("P-0").await;
        assert!(busy.unwrap_err().to_string().contains("under way"));
    }

    async fn a_dead_token_ends_the_run_with_a_remedy_and_loses_nothing(database: &TestDatabase) {
        let shop = Shop::of(database, 4).await;
        shop.put([product("P-1", "Jug", 45_000)]).await;
        shop.sandbox.fault(FaultRule::always(
            "items_batch",
            Fault::Error { code: 190, subcode: Some(463), after_effect: false },
        ));
        let run = shop.sync(SyncKind::Full, "a", 50).await.unwrap();
        assert_eq!(run.status, "failed");
        assert!(run.reason.is_some());
        shop.sandbox.clear_faults();
        let run = shop.sync(SyncKind::Incremental, "a", 50).await.unwrap();
        assert_eq!(run.status, "success", "{:?}", run.reason);
        assert_eq!(differences(&shop).await, Vec::<String>::new());
    }
}

/// Products change, calls fail in every way, holders crash: in the end what is recorded is what
/// is there. `EZISELLER_SYNC_SEEDS=500` runs more seeds, `EZISELLER_SYNC_SEED=n` a single one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_trouble_the_record_is_the_truth() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds = match number("EZISELLER_SYNC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..number("EZISELLER_SYNC_SEEDS").unwrap_or(25) + 1,
    };
    for seed in seeds {
        trouble(seed).await;
    }
}

async fn trouble(seed: u64) {
    let database = testkit::sqlite();
    let shop = Shop::of(&database, seed).await;
    let mut chance = Chance::new(seed);
    let mut kinds = Fault::passing_batches();
    kinds.extend([Fault::RejectReview, Fault::ImageFetchFails]);
    shop.sandbox.random_faults(RandomFaults {
        rate: 0.3,
        kinds,
        endpoints: Vec::new(),
    });
    let make = |chance: &mut Chance| {
        let i = chance.below(30);
        let made = product(
            &format!("P-{i:02}"),
            "Thing",
            1_000 + i64::try_from(chance.below(9)).unwrap(),
        );
        if chance.below(6) == 0 {
            archived(made)
        } else {
            made
        }
    };
    for round in 0..4 {
        let edits: Vec<_> = (0..=chance.below(25)).map(|_| make(&mut chance)).collect();
        let edits: BTreeMap<_, _> = edits
            .into_iter()
            .map(|p| (p.retailer_id.clone(), p))
            .collect();
        shop.put(edits.into_values()).await;
        let kind = if chance.below(4) == 0 {
            SyncKind::Full
        } else {
            SyncKind::Incremental
        };
        let steps = if chance.below(3) == 0 {
            1 + chance.below(12)
        } else {
            400
        };
        shop.sync(
            kind,
            &format!("holder-{round}"),
            usize::try_from(steps).unwrap(),
        )
        .await;
        shop.pass(shop.engine.now().plus(20 * Timestamp::MINUTE));
    }
    shop.sandbox.clear_faults();
    for round in 0..2 {
        let kind = if round == 0 {
            SyncKind::Incremental
        } else {
            SyncKind::Full
        };
        shop.sync(kind, "last", 2_000).await.expect("the run ends");
        shop.pass(shop.engine.now().plus(20 * Timestamp::MINUTE));
    }
    let wrong = differences(&shop).await;
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    // None silently skipped: every product that is offered has an item with a fate.
    let store = shop.engine.store().seller(shop.seller);
    let items = shop.items().await;
    for row in store.changed_products(0, None, 1_000).await.unwrap() {
        let id = row.product.retailer_id.to_string();
        let state = items.get(&id).map(|item| item.state.clone());
        if row.product.status == ProductStatus::Active {
            let settled = ["visible", "accepted", "under_review", "review_rejected"];
            let state = state.unwrap_or_default();
            assert!(
                settled.contains(&state.as_str()),
                "seed {seed}: {id} is `{state}`"
            );
        }
    }
}
