//! Products: put is idempotent, all or none, and stock is counted apart from them.

use domain::Money;
use domain::catalog::{ProductStatus, Variant};
use store::{ImportedProducts, ProductFilter, StoreError};

use crate::fixture::{NOW, open, product, rid, seller, usd};

fn page(search: Option<&str>) -> ProductFilter {
    ProductFilter {
        search: search.map(str::to_owned),
        limit: 100,
        ..ProductFilter::default()
    }
}

testkit::on_both! {
    async fn putting_the_same_again_changes_nothing(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        let many = || (0..1_200).map(|i| product(&format!("p{i}"), Some(i)));
        let first = mine.put_products(many(), NOW).await.unwrap();
        assert_eq!(first, ImportedProducts { created: 1_200, ..ImportedProducts::default() });
        assert_eq!(mine.catalog_version().await.unwrap(), 1);
        let again = mine.put_products(many(), NOW).await.unwrap();
        assert_eq!(again, ImportedProducts { unchanged: 1_200, ..ImportedProducts::default() });
        assert_eq!(mine.catalog_version().await.unwrap(), 1);
        let mut changed = product("p7", Some(7));
        changed.title = "Blue Mug".into();
        let third = mine.put_products([changed.clone(), product("new", None)], NOW).await.unwrap();
        assert_eq!(third, ImportedProducts { created: 1, updated: 1, unchanged: 0 });
        let since = mine.products_since(1).await.unwrap();
        assert_eq!(since.len(), 2);
        let found = mine.products(&page(Some("bLUE m"))).await.unwrap();
        assert_eq!(found.rows[0].product, changed);
        let mut pages = 0;
        let mut filter = page(None);
        loop {
            let p = mine.products(&filter).await.unwrap();
            pages += p.rows.len();
            filter.after = p.next;
            if filter.after.is_none() { break; }
        }
        assert_eq!(pages, 1_201);
    }

    async fn variants_are_found_counted_and_dropped(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        let variant = |id: &str, stock| Variant {
            retailer_id: rid(id), values: vec![("size".into(), id.into())], price: Some(Money::new(700, usd())),
            stock, image_url: None,
        };
        let mut shirt = product("shirt", None);
        shirt.variants = vec![variant("shirt-s", Some(3)), variant("shirt-m", None)];
        mine.put_products([shirt.clone()], NOW).await.unwrap();
        let found = mine.product_by_retailer_id(&rid("shirt-m")).await.unwrap().unwrap();
        assert_eq!(found.product, shirt);
        mine.set_stock(&rid("shirt-s"), Some(9), NOW).await.unwrap();
        assert_eq!(mine.stock_of(&rid("shirt-s")).await.unwrap().unwrap().free(), Some(9));
        assert_eq!(mine.catalog_version().await.unwrap(), 2);
        shirt.variants.remove(0);
        mine.put_products([shirt], NOW).await.unwrap();
        assert_eq!(mine.stock().await.unwrap().len(), 1);
        assert!(mine.product_by_retailer_id(&rid("shirt-s")).await.unwrap().is_none());
        // Another product may not take a variant's id; nothing of that import happens.
        let taken = mine.put_products([product("ok", None), product("shirt-m", None)], NOW).await;
        assert!(matches!(taken, Err(StoreError::Taken { .. })));
        assert!(mine.product_by_retailer_id(&rid("ok")).await.unwrap().is_none());
        let missing = mine.set_stock(&rid("nothing"), None, NOW).await;
        assert!(matches!(missing, Err(StoreError::Missing(_))));
    }

    async fn archived_products_are_offered_no_more(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        mine.put_products([product("p", Some(1))], NOW).await.unwrap();
        let row = mine.product_by_retailer_id(&rid("p")).await.unwrap().unwrap();
        mine.archive_product(row.id, NOW).await.unwrap();
        let active = ProductFilter { status: Some(ProductStatus::Active), ..page(None) };
        assert!(mine.products(&active).await.unwrap().rows.is_empty());
        assert_eq!(mine.products_since(1).await.unwrap().len(), 1, "caches learn of it");
    }

    async fn media_show_products(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let mine = store.seller(s.id);
        mine.set_media_products("reel", "channel", &[rid("a"), rid("b")], NOW).await.unwrap();
        mine.set_media_products("reel", "seller", &[rid("c")], NOW).await.unwrap();
        mine.set_media_products("reel", "channel", &[rid("a")], NOW).await.unwrap();
        let shown: Vec<_> = mine.media_products().await.unwrap().into_iter().map(|(_, id)| id.to_string()).collect();
        assert_eq!(shown, ["a", "c"]);
    }
}
