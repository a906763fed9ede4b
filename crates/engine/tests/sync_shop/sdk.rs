//! Meta's own Python SDK reads what a sync wrote, field by field: what the product says that it
//! sent is what somebody else finds.

use domain::catalog::item::{ShopFacts, items};
use domain::catalog::{Condition, Product, ProductOption, RetailerId, Sale, Variant};
use domain::{Money, Timestamp};
use engine::sync::SyncKind;
use serde_json::{Map, Value};

use super::sync_shop::Shop;

fn id(text: &str) -> RetailerId {
    RetailerId::parse(text).unwrap()
}

fn rupees(text: &str) -> Money {
    Money::parse(text, "INR".parse().unwrap()).unwrap()
}

fn picture(name: &str) -> String {
    format!("https://cdn.example.com/{name}.jpg")
}

/// Everything that a product without variants can say.
fn teapot(now: Timestamp) -> Product {
    Product {
        description: "Stoneware, 900 ml.\nGlazed by hand — größer als zuvor.".to_owned(),
        sale: Some(Sale {
            price: rupees("1099.50"),
            from: Some(now.plus(-Timestamp::DAY)),
            until: Some(now.plus(Timestamp::DAY)),
        }),
        brand: Some("Clay & Sons".to_owned()),
        category: Some("Home > Kitchen".to_owned()),
        condition: Condition::Used,
        stock: Some(7),
        image_urls: vec![picture("pot-1"), picture("pot-2"), picture("pot-3")],
        link: Some("https://potworks.example.com/teapot?from=shop".to_owned()),
        ..Product::simple(id("POT/1 é"), "Teapot, \"round\"", rupees("1299"))
    }
}

/// Variants with fields of their own, with further attributes, prices, pictures and stock.
fn sarees() -> Product {
    let option = |name: &str, values: &[&str]| ProductOption {
        name: name.to_owned(),
        multiple: false,
        required: true,
        values: values
            .iter()
            .map(|value| domain::catalog::OptionValue {
                value: (*value).to_owned(),
                aliases: Vec::new(),
                surcharge_minor: 0,
            })
            .collect(),
    };
    let variant = |own: &str, color: &str, size: &str, border: &str| Variant {
        retailer_id: id(own),
        values: vec![
            ("colour".to_owned(), color.to_owned()),
            ("size".to_owned(), size.to_owned()),
            ("border".to_owned(), border.to_owned()),
        ],
        price: None,
        stock: None,
        image_url: None,
    };
    Product {
        image_urls: vec![picture("saree"), picture("saree-2")],
        options: vec![
            option("colour", &["red", "blue"]),
            option("size", &["M", "L"]),
            option("border", &["gold", "silver"]),
        ],
        variants: vec![
            variant("SAR-RED", "red", "M", "gold"),
            Variant {
                price: Some(rupees("2750.25")),
                stock: Some(0),
                image_url: Some(picture("saree-blue")),
                ..variant("SAR-BLUE", "blue", "L", "silver")
            },
        ],
        ..Product::simple(id("SAR"), "Cotton saree", rupees("2500"))
    }
}

/// As little as Meta takes.
fn spoon() -> Product {
    Product {
        image_urls: vec![picture("spoon")],
        ..Product::simple(id("SPOON"), "Spoon", rupees("80"))
    }
}

impl Shop {
    /// What the product says that it sends, by item.
    async fn sends(&self, products: &[Product]) -> Map<String, Value> {
        let store = self.engine.store().seller(self.seller);
        let seller = store.get().await.unwrap();
        let base_url = self.engine.shop_url(&seller);
        let facts = ShopFacts {
            name: &seller.name,
            base_url: base_url.as_deref(),
            free: &|_| None,
            now: self.engine.now(),
        };
        let all = products.iter().flat_map(|product| items(product, &facts));
        all.map(|item| (item.id.clone(), item.data())).collect()
    }

    async fn is_read_by_the_sdk_as_sent(&self, products: &[Product]) {
        let sends = Value::Object(self.sends(products).await).to_string();
        let url = self.sandbox.url();
        let read = move || {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sync_shop/read_back.py");
            testkit::run_with_sdk(env!("CARGO_TARGET_TMPDIR"), script, &[&url, &sends])
        };
        let printed = tokio::task::spawn_blocking(read).await.unwrap();
        assert!(printed.contains("ok "), "{printed}");
        println!("{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_sdk_reads_what_the_sync_wrote_field_by_field() {
    let database = testkit::sqlite();
    let shop = Shop::of(&database, 9).await;
    let first = [teapot(shop.engine.now()), sarees(), spoon()];
    shop.put(first.clone()).await;
    let run = shop.sync(SyncKind::Full, "a", 100).await.unwrap();
    assert_eq!(
        (run.status.as_str(), run.accepted),
        ("success", 4),
        "{:?}",
        run.reason
    );
    shop.is_read_by_the_sdk_as_sent(&first).await;

    // A sale that is over, another price and picture, one variant fewer.
    let mut teapot = teapot(shop.engine.now());
    teapot.sale = None;
    teapot.price = rupees("1199");
    teapot.image_urls.swap(0, 1);
    teapot.condition = Condition::New;
    let mut sarees = sarees();
    sarees.variants.truncate(1);
    let second = [teapot, sarees, spoon()];
    shop.put(second.clone()).await;
    let run = shop.sync(SyncKind::Incremental, "a", 100).await.unwrap();
    assert_eq!((run.sent, run.deleted), (1, 1), "{:?}", run.reason);
    shop.is_read_by_the_sdk_as_sent(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_own_sdk_reads_the_same_of_an_item_that_was_sent_alone() {
    let database = testkit::sqlite();
    let shop = Shop::of(&database, 10).await;
    // Recorded, and never sent: its run crashed.
    let now = shop.engine.now();
    let products = [teapot(now), sarees(), spoon()];
    shop.put(products.clone()).await;
    assert!(shop.sync(SyncKind::Full, "a", 1).await.is_none());
    for item in ["POT/1 é", "SAR-RED", "SAR-BLUE", "SPOON"] {
        let sent = shop.send(item).await;
        assert_eq!(sent.unwrap().state, "visible", "{item}");
    }
    shop.is_read_by_the_sdk_as_sent(&products).await;
    // Once more, as an update.
    let mut changed = teapot(now);
    changed.price = rupees("1350");
    changed.stock = Some(5);
    let products = [changed, sarees(), spoon()];
    shop.put(products.clone()).await;
    shop.send("POT/1 é").await.unwrap();
    shop.is_read_by_the_sdk_as_sent(&products).await;
}
