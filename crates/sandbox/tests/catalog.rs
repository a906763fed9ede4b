//! Catalog batches: what is told at once, later or never, and the limits.

#![allow(clippy::unwrap_used)]

mod common;
use common::{call, client, code, start, start_with};
use sandbox::{BatchReady, Change, Fault, Limits, ReviewPolicy, Sandbox, SandboxConfig};
use serde_json::{Value, json};

fn item(sku: &str) -> Value {
    json!({"id": sku, "title": format!("Mug {sku}"), "description": "Stoneware",
        "availability": "in stock", "condition": "new", "price": "9.99 USD", "brand": "Potworks",
        "link": format!("https://shop.example/p/{sku}"),
        "image_link": format!("https://cdn.example/{sku}.jpg")})
}

fn create(range: std::ops::Range<usize>) -> Value {
    range
        .map(|n| json!({"method": "CREATE", "data": item(&format!("S{n}"))}))
        .collect()
}

async fn batch(sandbox: &Sandbox, requests: Value) -> Value {
    let account = sandbox.account();
    let path = format!("{}/items_batch", account.catalog_id.unwrap());
    let body = json!({"item_type": "PRODUCT_ITEM", "requests": requests});
    call(sandbox, "POST", &path, &account.user_token, Some(body))
        .await
        .1
}

async fn status(sandbox: &Sandbox, handle: &Value) -> Value {
    let account = sandbox.account();
    let path = format!(
        "{}/check_batch_request_status?load_ids_of_invalid_requests=true&handle={}\
         &fields=status,errors_total_count,ids_of_invalid_requests",
        account.catalog_id.unwrap(),
        handle.as_str().unwrap()
    );
    call(sandbox, "GET", &path, &account.user_token, None)
        .await
        .1
}

fn skus(sandbox: &Sandbox) -> Vec<String> {
    let catalog = sandbox.account().catalog_id.unwrap();
    sandbox
        .settled_items(&catalog)
        .into_iter()
        .map(|i| i.retailer_id)
        .collect()
}

#[tokio::test]
async fn a_batch_is_processed_after_it_was_asked_about() {
    let (sandbox, _receiver) = start().await;
    let catalog = sandbox.account().catalog_id.unwrap();
    let answer = batch(&sandbox, create(0..3)).await;
    let handle = &answer["handles"][0];
    assert!(sandbox.catalog_items(&catalog).is_empty());
    assert_eq!(
        status(&sandbox, handle).await["data"][0]["status"],
        "started"
    );
    assert_eq!(
        status(&sandbox, handle).await["data"][0]["status"],
        "finished"
    );
    let items = sandbox.catalog_items(&catalog);
    assert_eq!(items.len(), 3);
    assert!(items[0].visible);
    assert_eq!(items[0].fields["price"], "9.99 USD");
}

#[tokio::test]
async fn updates_of_unknown_items_make_ghosts_unless_forbidden() {
    let (sandbox, _receiver) = start().await;
    let account = sandbox.account();
    let full = json!([{"method": "UPDATE", "data": item("G1")}]);
    batch(&sandbox, full.clone()).await;
    assert_eq!(skus(&sandbox), ["G1"]);
    let path = format!("{}/items_batch", account.catalog_id.unwrap());
    let body = json!({"item_type": "PRODUCT_ITEM", "allow_upsert": false,
        "requests": [{"method": "UPDATE", "data": item("G2")}]});
    let answer = call(&sandbox, "POST", &path, &account.user_token, Some(body))
        .await
        .1;
    assert_eq!(skus(&sandbox), ["G1"]);
    let told = status(&sandbox, &answer["handles"][0]).await;
    assert_eq!(told["data"][0]["ids_of_invalid_requests"], json!(["G2"]));
    let wrong = json!([{"method": "CREATE", "data": {"retailer_id": "X"}}]);
    let answer = batch(&sandbox, wrong).await;
    assert_eq!(answer["handles"], json!([]));
    assert_eq!(answer["validation_status"][0]["retailer_id"], Value::Null);
}

#[tokio::test]
async fn batches_go_wrong_in_every_documented_way() {
    let (sandbox, _receiver) = start().await;
    let catalog = sandbox.account().catalog_id.unwrap();
    sandbox.next_calls(1, "items_batch", Fault::HalfBatch);
    let half = batch(&sandbox, create(0..10)).await;
    assert_eq!(skus(&sandbox).len(), 5);
    assert_eq!(
        status(&sandbox, &half["handles"][0]).await["data"][0]["errors_total_count"],
        0
    );

    sandbox.next_calls(1, "items_batch", Fault::LoseHandle);
    let lost = batch(&sandbox, create(10..12)).await;
    assert_eq!(
        status(&sandbox, &lost["handles"][0]).await["data"],
        json!([])
    );
    assert_eq!(skus(&sandbox).len(), 7, "processed all the same");

    sandbox.next_calls(1, "items_batch", Fault::EmptyHandles);
    assert_eq!(batch(&sandbox, create(20..22)).await["handles"], json!([]));
    assert_eq!(skus(&sandbox).len(), 7);

    sandbox.next_calls(1, "items_batch", Fault::VanishItems { count: 1 });
    batch(&sandbox, create(30..33)).await;
    assert_eq!(skus(&sandbox).len(), 9);

    sandbox.next_calls(1, "items_batch", Fault::ImageFetchFails);
    batch(&sandbox, create(40..41)).await;
    sandbox.next_calls(1, "items_batch", Fault::RejectReview);
    batch(&sandbox, create(50..51)).await;
    sandbox.change(Change::SettleBatches { account: None });
    sandbox.change(Change::VanishItem {
        account: None,
        retailer_id: "S0".into(),
    });
    let items = sandbox.settled_items(&catalog);
    let find = |sku: &str| items.iter().find(|i| i.retailer_id == sku).cloned();
    assert_eq!(find("S40").unwrap().image_fetch_status, "FETCH_FAILED");
    assert_eq!(find("S50").unwrap().review_status, "rejected");
    assert!(!find("S40").unwrap().visible && !find("S50").unwrap().visible);
    assert!(find("S0").is_none());
    sandbox.next_calls(
        1,
        "items_batch",
        Fault::Throttle {
            code: 80_014,
            minutes: 3,
        },
    );
    assert_eq!(code(&batch(&sandbox, create(60..61)).await), (80_014, 0));
}

#[tokio::test]
async fn review_takes_its_time_and_its_reasons() {
    let config = SandboxConfig {
        review: ReviewPolicy {
            auto_approve: true,
            after_ms: 3_600_000,
        },
        batch_ready: BatchReady::AfterMs(0),
        ..SandboxConfig::default()
    };
    let (sandbox, _receiver) = start_with(config).await;
    let account = sandbox.account();
    let catalog = account.catalog_id.clone().unwrap();
    sandbox.change(Change::RejectMatching {
        account: None,
        part: "Mug S1".into(),
        reason: "WEAPONS".into(),
    });
    let error = "IMAGE_FETCH_FAILED_FORBIDDEN".to_owned();
    sandbox.change(Change::BreakImages {
        account: None,
        part: "/S2.".into(),
        error,
    });
    batch(&sandbox, create(0..3)).await;
    let fields: serde_json::Map<_, _> = item("F1").as_object().unwrap().clone();
    sandbox.change(Change::ForeignItem {
        account: None,
        retailer_id: "F1".into(),
        fields: fields.into(),
    });
    let items = sandbox.catalog_items(&catalog);
    let status: Vec<_> = items
        .iter()
        .map(|i| (i.retailer_id.as_str(), i.review_status))
        .collect();
    assert_eq!(
        status,
        [
            ("F1", "pending"),
            ("S0", "pending"),
            ("S1", "rejected"),
            ("S2", "pending")
        ]
    );
    assert_eq!(items[3].image_fetch_status, "FETCH_FAILED");
    sandbox.advance(3_600_000);
    assert_eq!(sandbox.catalog_items(&catalog)[1].review_status, "approved");

    let rejected = &items[2].id;
    let path = format!("{}/product_appeal", account.instagram_account_id);
    let ask = json!({"product_id": rejected, "appeal_reason": "a mug is no weapon"});
    let answer = call(
        &sandbox,
        "POST",
        &path,
        &account.user_token,
        Some(ask.clone()),
    )
    .await
    .1;
    assert_eq!(answer, json!({"success": true}));
    let again = call(&sandbox, "POST", &path, &account.user_token, Some(ask))
        .await
        .1;
    assert_eq!(code(&again), (100, 0));
    let path = format!("{path}?product_id={rejected}");
    let state = call(&sandbox, "GET", &path, &account.user_token, None)
        .await
        .1;
    assert_eq!(state["data"][0]["product_appeal_status"], "under_review");
    assert_eq!(state["data"][0]["rejection_reasons"], json!(["WEAPONS"]));
}

#[tokio::test]
async fn eight_batches_a_minute_and_two_hundred_single_writes_an_hour() {
    let (sandbox, _receiver) = start().await;
    let account = sandbox.account();
    for n in 0..8 {
        assert_eq!(code(&batch(&sandbox, create(n..n + 1)).await), (0, 0));
    }
    assert_eq!(code(&batch(&sandbox, create(8..9)).await), (80_014, 0));
    sandbox.advance(60_001);
    assert_eq!(code(&batch(&sandbox, create(8..9)).await), (0, 0));

    let limits = Limits {
        calls_per_hour: Some(3),
        ..Limits::default()
    };
    let (small, _receiver) = start_with(SandboxConfig {
        limits,
        ..SandboxConfig::default()
    })
    .await;
    let catalog = small.account().catalog_id.unwrap();
    let single = |n: usize| {
        let body = json!({"retailer_id": format!("P{n}"), "name": "x", "price": 100,
            "currency": "USD", "url": "https://shop.example/x",
            "image_url": "https://cdn.example/x.jpg"});
        let (small, catalog, token) = (&small, &catalog, small.account().user_token);
        async move {
            call(
                small,
                "POST",
                &format!("{catalog}/products"),
                &token,
                Some(body),
            )
            .await
            .1
        }
    };
    for n in 0..3 {
        assert_eq!(code(&single(n).await), (0, 0));
    }
    assert_eq!(code(&single(3).await), (17, 0));
    let listed = format!("{}/v25.0/{catalog}/products", small.url());
    let answer = client()
        .get(listed)
        .bearer_auth(small.account().user_token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.status().as_u16(),
        200,
        "reading is not counted there"
    );
    assert!(answer.headers().contains_key("x-app-usage"));
    assert!(!account.user_token.is_empty());
}

#[tokio::test]
async fn many_items_go_in_by_batches_and_come_out_by_pages() {
    let limits = Limits {
        batches_per_minute: None,
        ..Limits::default()
    };
    let (sandbox, _receiver) = start_with(SandboxConfig {
        limits,
        ..SandboxConfig::default()
    })
    .await;
    let account = sandbox.account();
    let catalog = account.catalog_id.unwrap();
    for start in (0..30_000).step_by(3000) {
        let answer = batch(&sandbox, create(start..start + 3000)).await;
        assert_eq!(answer["validation_status"], json!([]));
    }
    assert_eq!(skus(&sandbox).len(), 30_000);
    let mut after = String::new();
    let mut seen = 0;
    loop {
        let path = format!("{catalog}/products?fields=retailer_id&limit=5000&after={after}");
        let page = call(&sandbox, "GET", &path, &account.user_token, None)
            .await
            .1;
        seen += page["data"].as_array().unwrap().len();
        if page["paging"].get("next").is_none() {
            break;
        }
        after = page["paging"]["cursors"]["after"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    assert_eq!(seen, 30_000);
    assert_eq!(
        sandbox
            .calls()
            .iter()
            .filter(|c| c.endpoint == "items_batch")
            .count(),
        10
    );
}
