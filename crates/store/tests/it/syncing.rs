//! Catalogues, items, runs and batches.

use domain::{CatalogId, SyncRunId, Timestamp};
use store::{Catalog, CatalogItem, Image, StoreError, SyncBatch};
use uuid::Uuid;

use crate::fixture::{NOW, open, rid, seller};

pub(crate) fn catalog(seller: domain::SellerId, external_id: &str) -> Catalog {
    Catalog {
        id: CatalogId::fresh(),
        seller_id: seller,
        account_id: None,
        external_id: external_id.into(),
        name: "Shop".into(),
        status: "pending".into(),
        status_reason: None,
        auto_sync: true,
        sync_interval: Timestamp::HOUR,
        next_sync_at: Some(NOW),
        synced_version: 0,
        settings: "{}".into(),
        created_at: NOW,
        updated_at: NOW,
    }
}

testkit::on_both! {
    async fn a_catalogue_keeps_its_id_and_items_when_connected_again(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        let first = mine.put_catalog(&catalog(s.id, "77"), NOW).await.unwrap();
        let again = mine.put_catalog(&catalog(s.id, "77"), NOW).await.unwrap();
        assert_eq!(first.id, again.id);
        let items: Vec<_> = (0..1_200).map(|i| {
            let mut item = CatalogItem::new(rid(&format!("i{i:04}")), if i % 2 == 0 { "pending" } else { "accepted" });
            item.accepted_hash = Some(vec![1]);
            item
        }).collect();
        mine.put_catalog_items(first.id, &items, NOW).await.unwrap();
        mine.put_catalog_items(first.id, &items, NOW).await.unwrap();
        let counts = mine.catalog_item_counts(first.id).await.unwrap();
        assert_eq!(counts, [("accepted".to_owned(), 600), ("pending".to_owned(), 600)]);
        let page = mine.catalog_items(first.id, &["pending"], Some(&rid("i0002")), 2).await.unwrap();
        assert_eq!(page.iter().map(|i| i.retailer_id.as_str()).collect::<Vec<_>>(), ["i0004", "i0006"]);
        assert_eq!(mine.forget_accepted(first.id).await.unwrap(), 1_200);
        let all: Vec<_> = items.iter().map(|i| i.retailer_id.clone()).collect();
        mine.remove_catalog_items(first.id, &all).await.unwrap();
        assert!(mine.catalog_item_counts(first.id).await.unwrap().is_empty());
        assert_eq!(store.system().due_catalogs(NOW, 9).await.unwrap().len(), 1);
        mine.remove_catalog(first.id).await.unwrap();
        assert!(mine.catalogs().await.unwrap().is_empty());
    }

    async fn one_run_of_a_catalogue_at_a_time(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        let c = mine.put_catalog(&catalog(s.id, "77"), NOW).await.unwrap();
        let mut run = mine.begin_sync_run(SyncRunId::fresh(), c.id, "full", "hand", NOW).await.unwrap();
        let second = mine.begin_sync_run(SyncRunId::fresh(), c.id, "full", "hand", NOW).await;
        assert!(matches!(second, Err(StoreError::Taken { .. })), "{second:?}");
        mine.log_sync(run.id, "error", Some("i1"), "no picture", NOW).await.unwrap();
        let batch = SyncBatch {
            id: Uuid::now_v7(), run_id: run.id, handle: None, state: "sending".into(),
            items: "[]".into(), reason: None, sent_at: NOW, checked_at: None, ended_at: None,
        };
        mine.put_sync_batch(c.id, &batch).await.unwrap();
        assert_eq!(mine.open_sync_batches(c.id).await.unwrap().len(), 1);
        let ended = SyncBatch { ended_at: Some(NOW), handle: Some("h".into()), ..batch };
        mine.put_sync_batch(c.id, &ended).await.unwrap();
        assert!(mine.open_sync_batches(c.id).await.unwrap().is_empty());
        let begin = domain::Timestamp(0);
        assert_eq!(mine.last_lost_batch(c.id, begin).await.unwrap(), None);
        mine.put_sync_batch(c.id, &SyncBatch { state: "lost".into(), ..ended }).await.unwrap();
        assert_eq!(mine.last_lost_batch(c.id, begin).await.unwrap(), Some(NOW));
        assert_eq!(mine.last_lost_batch(c.id, NOW).await.unwrap(), None);
        assert_eq!(store.system().running_sync_runs().await.unwrap().len(), 1);
        run.status = "partial".into();
        run.ended_at = Some(NOW);
        mine.put_sync_run(&run).await.unwrap();
        mine.begin_sync_run(SyncRunId::fresh(), c.id, "incremental", "resume", NOW).await.unwrap();
        assert_eq!(mine.sync_runs(Some(c.id), 9).await.unwrap().len(), 2);
        assert_eq!(mine.sync_log(run.id, None, 9).await.unwrap()[0].message, "no picture");
        assert_eq!(mine.sync_run(run.id).await.unwrap().unwrap().status, "partial");
    }

    async fn a_lease_is_one_holders_until_it_ends(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        let c = mine.put_catalog(&catalog(s.id, "77"), NOW).await.unwrap();
        let until = NOW.plus(10);
        assert!(mine.lease_catalog(c.id, "one", until, NOW).await.unwrap());
        assert!(mine.lease_catalog(c.id, "one", until, NOW).await.unwrap());
        assert!(!mine.lease_catalog(c.id, "two", until, NOW).await.unwrap());
        assert!(mine.lease_catalog(c.id, "two", NOW.plus(20), until).await.unwrap());
        mine.release_catalog(c.id, "one").await.unwrap();
        assert!(!mine.lease_catalog(c.id, "one", NOW.plus(20), NOW).await.unwrap());
    }

    async fn a_picture_is_stored_once(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let image = Image { content_type: "image/png".into(), width: 1, height: 2, bytes: vec![0, 1, 255] };
        let id = store.seller(s.id).put_image(&image, NOW).await.unwrap();
        assert_eq!(store.seller(s.id).put_image(&image, NOW).await.unwrap(), id);
        assert_eq!(store.seller(s.id).image(id).await.unwrap().unwrap().bytes, image.bytes);
    }
}
