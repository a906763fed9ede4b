//! The shop front, as a buyer, Meta's crawler and somebody with bad intentions see it.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::catalog::item::{ShopFacts, items};
use domain::catalog::{Product, ProductStatus, RetailerId, Sale, Variant, file};
use domain::order::totals::{Charges, Delivery};
use domain::policy::Policy;
use domain::{Money, Timestamp};
use engine::shop::{Placement, ShopOrder};
use serde_json::Value;
use store::{DraftFilter, Image, SellerWrite};
use testkit::TestDatabase;
use web::WebConfig;

use crate::support::{Answer, App, call, open_shop, send};

const EVIL: &str = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn id(text: &str) -> RetailerId {
    RetailerId::parse(text).unwrap()
}

fn lkr(text: &str) -> Money {
    Money::parse(text, "LKR".parse().unwrap()).unwrap()
}

/// Products of every kind, besides those of the catalogue that every test has.
fn goods() -> Vec<Product> {
    let mut mug = Product::simple(id("MUG"), "Blue mug", lkr("1200"));
    mug.description = "Thrown by hand.\nHolds a lot.".to_owned();
    mug.category = Some("Pots & pans".to_owned());
    mug.image_urls = vec!["https://pictures.example/mug.jpg".to_owned()];
    mug.sale = Some(Sale {
        price: lkr("990"),
        from: None,
        until: None,
    });
    let mut dress = file::parse(
        r#"{"currency":"LKR","products":[{"retailer_id":"DRESS","title":"Day dress","price":"5000",
        "options":[{"name":"size","required":true,"values":["S","M"]}]}]}"#,
        None,
    )
    .unwrap()
    .products
    .remove(0);
    let variant = |sku: &str, size: &str, stock| Variant {
        retailer_id: id(sku),
        values: vec![("size".to_owned(), size.to_owned())],
        price: None,
        stock: Some(stock),
        image_url: None,
    };
    dress.variants = vec![variant("DRESS-S", "S", 2), variant("DRESS/M 1", "M", 0)];
    let mut evil = Product::simple(id("EVIL"), EVIL, lkr("10"));
    evil.description = EVIL.to_owned();
    evil.category = Some(EVIL.to_owned());
    let mut old = Product::simple(id("OLD"), "Old jug", lkr("10"));
    old.status = ProductStatus::Archived;
    let odd = Product::simple(id("ódd/id:3?x&y"), "Odd one", lkr("10"));
    let mut gone = Product::simple(id("GONE"), "Gone bowl", lkr("10"));
    gone.stock = Some(0);
    vec![mug, dress, evil, old, odd, gone]
}

struct Front {
    app: App,
    base: String,
}

impl Front {
    async fn open(db: &TestDatabase) -> Self {
        let web = WebConfig {
            public_url: Some("https://shops.example".to_owned()),
            ..WebConfig::default()
        };
        let app = App::with(db, web).await;
        let store = app.engine.store().seller(app.shop.id);
        store.put_products(goods(), app.engine.now()).await.unwrap();
        let base = format!("/shop/{}", store.get().await.unwrap().slug);
        Self { app, base }
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.get(&format!("{}{path}", self.base)).await
    }

    async fn order(&self, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(format!("{}/checkout", self.base))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(fields).unwrap()))
            .unwrap();
        send(&self.app.router, request).await
    }

    async fn drafts(&self) -> Vec<Value> {
        let answer = self
            .app
            .call(Method::GET, "/api/v1/draft-orders", None)
            .await;
        answer.json()["items"].as_array().unwrap().clone()
    }
}

fn value_of(page: &Answer, field: &str) -> String {
    let mark = format!("name=\"{field}\" value=\"");
    let at = page
        .text()
        .find(&mark)
        .unwrap_or_else(|| panic!("no {field}: {}", page.text()));
    page.text()[at + mark.len()..]
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

const BUYER: [(&str, &str); 3] = [
    ("name", "Nadee Perera"),
    ("phone", "077 123 4567"),
    ("address", "12 Lake Road, Kandy"),
];

testkit::on_both! {
    async fn every_link_of_the_catalog_leads_to_its_page(db: &TestDatabase) {
        let front = Front::open(db).await;
        let store = front.app.engine.store().seller(front.app.shop.id);
        let host = "https://shops.example";
        let base = format!("{host}{}", front.base);
        let shop = ShopFacts { name: "x", base_url: Some(&base), free: &|_| None, now: front.app.engine.now() };
        let mut followed = 0;
        for row in store.products_since(0).await.unwrap() {
            let gone = row.product.status == ProductStatus::Archived;
            for item in items(&row.product, &shop) {
                let answer = front.app.get(item.link.strip_prefix(host).unwrap()).await;
                let wanted = if gone { StatusCode::GONE } else { StatusCode::OK };
                assert_eq!(answer.status, wanted, "{}", item.link);
                assert!(answer.header("cache-control").starts_with("public, max-age="));
                assert!(answer.body.len() < 50_000);
                followed += 1;
            }
        }
        assert_eq!(followed, 10);
    }

    async fn a_product_page_says_what_buyers_and_crawlers_ask(db: &TestDatabase) {
        let front = Front::open(db).await;
        let page = front.get("/p/MUG").await;
        for wanted in [
            "<h1 dir=\"auto\">Blue mug</h1>", "990.00", "1,200.00", "In stock", "Thrown by hand.",
            "property=\"og:title\" content=\"Blue mug\"", "https://pictures.example/mug.jpg",
            "https://ig.me/m/amaya.boutique?ref=MUG",
        ] {
            assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
        }
        let mark = "<script type=\"application/ld+json\">";
        let at = page.text().find(mark).unwrap() + mark.len();
        let data: Value = serde_json::from_str(page.text()[at..].split("</script>").next().unwrap()).unwrap();
        assert_eq!(data["@type"], "Product");
        assert_eq!(data["offers"]["price"], "990.00");
        assert_eq!(data["offers"]["priceCurrency"], "LKR");
        assert_eq!(data["offers"]["availability"], "https://schema.org/InStock");

        let small = front.get("/p/DRESS?v=DRESS-S").await;
        assert!(small.text().contains("Only 2 left"), "{}", small.text());
        let sold_out = front.get("/p/DRESS?v=DRESS%2FM%201").await;
        assert!(sold_out.text().contains("Sold out") && !sold_out.text().contains("<form class=\"order\""));
        let by_its_id = front.get("/p/DRESS-S").await;
        assert_eq!(by_its_id.header("location"), format!("{}/p/DRESS?v=DRESS-S", front.base));
        let old = front.get("/p/OLD").await;
        assert!(old.text().contains("not sold any more") && old.text().contains("Blue mug"));
        assert_eq!(front.get("/p/NOTHING").await.status, StatusCode::NOT_FOUND);
        assert_eq!(front.app.get("/shop/nobody-here").await.status, StatusCode::NOT_FOUND);
    }

    async fn the_list_is_searched_by_words_category_and_page(db: &TestDatabase) {
        let front = Front::open(db).await;
        let store = front.app.engine.store().seller(front.app.shop.id);
        let many = (0..60).map(|i| Product::simple(id(&format!("N-{i:02}")), format!("Napkin {i:02}"), lkr("100")));
        store.put_products(many, front.app.engine.now()).await.unwrap();
        let first = front.get("").await;
        assert!(first.text().contains("Page 1 of 3"), "{}", first.text());
        let css = first.text().split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
        let css = front.app.get(css.split('"').next().unwrap()).await;
        assert!(css.header("cache-control").contains("immutable"));
        assert!(first.body.len() + css.body.len() < 50_000);
        let found = front.get("?q=napkin+07&fbclid=x").await;
        assert!(found.text().contains("1 product<") && found.text().contains("N-07"));
        let category = front.get("?category=Pots+%26+pans").await;
        assert!(category.text().contains("Blue mug") && !category.text().contains("Brass lamp"));
        assert!(front.get("?q=zebra").await.text().contains("Nothing fits"));
        assert!(front.get("?page=99").await.text().contains("no such page"));
    }

    async fn nothing_that_anybody_writes_becomes_markup(db: &TestDatabase) {
        let front = Front::open(db).await;
        let sent: String = EVIL.bytes().fold(String::new(), |mut out, b| { let _ = write!(out, "%{b:02X}"); out });
        for path in [
            "", "/p/EVIL", "/p/MUG", &format!("?q={sent}"), &format!("?category={sent}"),
            &format!("/p/{sent}"), &format!("/checkout?products={sent}:1,EVIL:1&coupon={sent}"),
            &format!("/checkout?p0=EVIL&q0={sent}&o0:{sent}={sent}"),
        ] {
            let page = front.get(path).await;
            let text = page.text();
            assert!(!text.contains("<script>") && !text.contains("<img src=x"), "{path}: {text}");
        }
        let mut fields = vec![("p0", "EVIL"), ("q0", "1"), ("token", EVIL)];
        fields.extend(["name", "phone", "address", "note", "coupon"].map(|name| (name, EVIL)));
        let page = front.order(&fields).await;
        assert!(!page.text().contains("<script>") && !page.text().contains("<img src=x"));
    }

    async fn every_shape_of_checkout_is_a_cart_or_a_word(db: &TestDatabase) {
        let front = Front::open(db).await;
        let other = open_shop(&front.app.engine, "Other", "17841400000000002").await;
        let theirs = Product::simple(id("THEIRS"), "Their thing", lkr("5"));
        front.app.engine.store().seller(other.id).put_products([theirs], Timestamp(1)).await.unwrap();
        for (query, wanted) in [
            ("products=MUG:2&cart_origin=instagram", "1,980.00"),
            ("products=MUG%3A1%2CLAMP%3A1&coupon=SAVE10", "SAVE10"),
            ("products=MUG:2&coupon=SAVE10", "noted for the seller"),
            ("products=DRESS-S:1", "value=\"S\" checked"),
            ("products=SHIRT:1", "type=\"radio\" name=\"o0:size\" value=\"M\""),
            ("products=NOPE:1,MUG:1", "“NOPE” is not sold here any more"),
            ("products=THEIRS:1", "“THEIRS” is not sold here any more"),
            ("products=OLD:1", "“OLD” is not sold here any more"),
            ("products=GONE:1", "“Gone bowl” is sold out"),
            ("products=MUG:0", "is no quantity"),
            ("products=LAMP:9", "Only 3 of “Brass lamp” left"),
            ("", "the link names no product"),
            ("products=", "the link names no product"),
            ("products=%FF%FE", "not sold here"),
            ("p0=MUG&q0=3", "2,970.00"),
        ] {
            let page = front.get(&format!("/checkout?{query}")).await;
            assert_eq!(page.status, StatusCode::OK, "{query}");
            assert!(page.text().contains(wanted), "{query}: {wanted}: {}", page.text());
            assert_eq!(page.header("cache-control"), "no-store");
            assert!(!page.text().contains("Their thing"));
        }
    }

    async fn a_cart_becomes_one_draft_order_that_the_seller_confirms(db: &TestDatabase) {
        let front = Front::open(db).await;
        let store = front.app.engine.store().seller(front.app.shop.id);
        let policy = Policy {
            charges: Charges { delivery: Some(Delivery { fee_minor: 35_000, free_from_minor: None }), ..Charges::default() },
            ..Policy::default()
        };
        front.app.engine.set_policy(front.app.shop.id, &policy).await.unwrap();
        let cart = front.get("/checkout?products=SHIRT:2,LAMP:1&coupon=SAVE10").await;
        let token = value_of(&cart, "token");
        let mut fields = vec![
            ("token", token.as_str()), ("p0", "SHIRT"), ("q0", "2"), ("p1", "LAMP"), ("q1", "1"), ("coupon", "SAVE10"),
        ];
        let empty = front.order(&fields).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        for wanted in ["Choose size for", "Write your name", "Write your phone number", "Write the address"] {
            assert!(empty.text().contains(wanted), "{wanted}: {}", empty.text());
        }
        fields.push(("o0:size", "M"));
        let mut bad_phone = fields.clone();
        bad_phone.extend([("name", "N"), ("phone", "12"), ("address", "x")]);
        assert!(front.order(&bad_phone).await.text().contains("This is no phone number"));
        assert!(front.drafts().await.is_empty());

        fields.extend(BUYER);
        let (one, two) = tokio::join!(front.order(&fields), front.order(&fields));
        let three = front.order(&fields).await;
        for answer in [&one, &two, &three] {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
            assert!(!answer.header("location").contains("Nadee"));
        }
        let thanks = front.app.get(one.header("location")).await;
        assert!(thanks.text().contains("Thank you") && thanks.text().contains("Linen shirt"));
        assert!(!thanks.text().contains("Nadee") && !thanks.text().contains("Lake Road"));

        let drafts = front.drafts().await;
        assert_eq!(drafts.len(), 1, "{drafts:#?}");
        assert_eq!(drafts[0]["stage"], "awaiting_seller");
        let row = store.draft_orders(&DraftFilter { limit: 5, ..DraftFilter::default() }).await.unwrap().rows.remove(0);
        assert_eq!(row.message_source, "shop");
        assert_eq!(row.body.totals.unwrap().total, lkr("11650"));
        let customers = store.customers(&store::CustomerFilter { limit: 5, ..Default::default() }).await.unwrap().rows;
        assert_eq!(customers.len(), 1);
        assert_eq!(customers[0].details.phone.as_ref().unwrap().value, "+94771234567");
        let told = store.notifications(10).await.unwrap();
        assert_eq!(told.len(), 1);
        assert!(told[0].text.contains("SAVE10"));

        let mut owner = front.app.owner().await;
        let page = owner.get(&format!("/drafts/{token}")).await;
        for wanted in ["Shop", "Nadee Perera", "Linen shirt", "SAVE10"] {
            assert!(page.text().contains(wanted), "{wanted}: {}", page.text());
        }
        let path = format!("/drafts/{token}/confirm");
        let confirmed = owner.post(&path, &[("revision", "1")]).await;
        assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text());
        let orders = store.orders(&store::OrderFilter { limit: 5, ..Default::default() }).await.unwrap().rows;
        assert_eq!((orders.len(), orders[0].message_source.as_str()), (1, "shop"));
        assert_eq!(orders[0].phone.as_deref(), Some("+94771234567"));
        assert_eq!(store.notifications(10).await.unwrap().len(), 1, "nothing was to be said");
        let again = front.order(&fields).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER);
        assert_eq!(front.drafts().await.len() + orders.len(), 1 + front.drafts().await.len());
    }

    async fn an_old_or_invented_form_is_sent_again(db: &TestDatabase) {
        let front = Front::open(db).await;
        let cart = front.get("/checkout?products=MUG:1").await;
        let token = value_of(&cart, "token");
        front.app.clock.advance(3 * Timestamp::DAY);
        for token in [token.as_str(), "", "0190f3c8-7e1c-4000-8000-000000000000"] {
            let mut fields = vec![("token", token), ("p0", "MUG"), ("q0", "1")];
            fields.extend(BUYER);
            let answer = front.order(&fields).await;
            if token.is_empty() {
                assert_eq!(answer.status, StatusCode::SEE_OTHER);
                continue;
            }
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.text().contains("open for too long") && answer.text().contains("Nadee"));
            assert_ne!(value_of(&answer, "token"), token);
        }
    }

    async fn orders_are_limited_and_bounded(db: &TestDatabase) {
        let front = Front::open(db).await;
        let huge = "x".repeat(70_000);
        let answer = front.order(&[("p0", &huge)]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let mut limited = 0;
        for _ in 0..25 {
            let answer = front.order(&[("p0", "MUG"), ("do", "update")]).await;
            limited += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
        }
        assert!((4..=6).contains(&limited), "{limited}");
    }

    async fn pictures_are_kept_for_ever_and_belong_to_their_shop(db: &TestDatabase) {
        let front = Front::open(db).await;
        let store = front.app.engine.store().seller(front.app.shop.id);
        let image = |kind: &str, bytes: &[u8]| Image { content_type: kind.to_owned(), width: 600, height: 600, bytes: bytes.to_vec() };
        let png = store.put_image(&image("image/png", b"png"), Timestamp(1)).await.unwrap();
        let svg = store.put_image(&image("image/svg+xml", b"<svg/>"), Timestamp(1)).await.unwrap();
        let answer = front.get(&format!("/images/{png}")).await;
        assert_eq!((answer.status, answer.header("content-type"), answer.body.as_slice()), (StatusCode::OK, "image/png", b"png".as_slice()));
        assert!(answer.header("cache-control").contains("immutable"));
        assert_eq!(front.get(&format!("/images/{svg}")).await.status, StatusCode::NOT_FOUND);
        let other = open_shop(&front.app.engine, "Other", "17841400000000002").await;
        let slug = front.app.engine.store().seller(other.id).get().await.unwrap().slug;
        assert_eq!(front.app.get(&format!("/shop/{slug}/images/{png}")).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_domain_of_its_own_shows_the_shop(db: &TestDatabase) {
        let front = Front::open(db).await;
        let write = SellerWrite { domain: Some(Some("pots.example".to_owned())), ..SellerWrite::default() };
        front.app.engine.update_seller(front.app.shop.id, &write).await.unwrap();
        let at = async |host: &str, path: &str| {
            let request = Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap();
            send(&front.app.router, request).await
        };
        let home = at("Pots.example:443", "/").await;
        assert_eq!(home.status, StatusCode::OK);
        assert!(home.text().contains("href=\"/p/MUG\""), "{}", home.text());
        assert!(home.text().contains("rel=\"canonical\" href=\"https://pots.example\""));
        assert!(at("pots.example", "/p/MUG").await.text().contains("Blue mug"));
        assert!(at("pots.example", "/checkout?products=MUG:1").await.text().contains("action=\"/checkout\""));
        assert_eq!(at("shops.example", "/").await.header("location"), "/sign-in");
        assert_eq!(at("nobody.example", "/p/MUG").await.status, StatusCode::NOT_FOUND);
    }

    async fn another_sellers_draft_order_is_no_order_of_this_shop(db: &TestDatabase) {
        let front = Front::open(db).await;
        let other = open_shop(&front.app.engine, "Other", "17841400000000002").await;
        let seller = front.app.engine.store().seller(other.id).get().await.unwrap();
        let token = front.app.engine.shop_token();
        let view = front.app.engine.shop_view(&seller).await.unwrap();
        let cart = domain::cart::cart("BOWL:1", &view);
        let order = ShopOrder {
            lines: cart.lines, name: "N".into(), phone: "0771234567".into(), address: "Kandy".into(), ..ShopOrder::default()
        };
        let placed = front.app.engine.place_shop_order(&seller, token, &order).await.unwrap();
        assert_eq!(placed, Placement::Placed(token));
        assert_eq!(front.get(&format!("/checkout/thanks?order={token}")).await.status, StatusCode::NOT_FOUND);
        assert!(front.drafts().await.is_empty());
        let theirs = call(&front.app.router, &other.key, Method::GET, "/api/v1/draft-orders", None).await;
        assert_eq!(theirs.json()["items"].as_array().unwrap().len(), 1);
    }
}
