//! The evaluation dialogues through the whole server: every customer message arrives as a signed
//! webhook, all customers write at once, the loops run, and what the API then shows is what the
//! parser alone makes of the same words. The seller's tap makes orders of the same lines.

#[path = "../../../parser/tests/evaluation/mod.rs"]
mod evaluation;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::catalog::file;
use engine::Role;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::tasks::Tasks;
use evaluation::{Case, lines_json, order, predict_dialogues};
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::CustomerFilter;

use crate::support::{App, Shop, call, dm_body, send};

const SET: &str = "dm-dialogues";

/// A seller with a catalogue of the set, imported through the API as its file is.
async fn open_shop(app: &App, name: &str, account: String) -> Shop {
    let path = evaluation::shared().join(format!("{SET}/catalogs/{name}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    let goods = file::parse(&text, None).unwrap();
    let new = AddSeller {
        name: name.to_owned(),
        country: goods.country.clone().unwrap(),
        currency: goods.currency,
        language: None,
        time_zone: None,
    };
    let added = app.engine.add_seller(&new).await.unwrap();
    let mut connection = AddAccount {
        instagram_account_id: Some(account.clone()),
        username: Some(name.to_owned()),
        ..AddAccount::default()
    };
    connection.tokens = PlainTokens {
        access: Some("EAAtoken".to_owned().into()),
        ..PlainTokens::default()
    };
    let id = added.seller.id;
    app.engine.add_account(id, &connection).await.unwrap();
    let shop = Shop {
        id,
        key: added.api_key.expose_secret().to_owned(),
        email: String::new(),
        account,
    };
    let request = Request::post("/api/v1/products/import")
        .header(header::AUTHORIZATION, format!("Bearer {}", shop.key))
        .body(Body::from(text))
        .unwrap();
    let imported = send(&app.router, request).await.json();
    assert_eq!(imported["created"], goods.products.len(), "{imported}");
    assert_eq!(imported["rejected"], 0, "{imported}");
    shop
}

/// Writes a dialogue's messages, each after the one before was acknowledged.
async fn write(app: &App, shop: &Shop, case: &Case) {
    for (i, text) in case.messages.iter().enumerate() {
        let mid = format!("m-{}-{i}", case.id);
        let body = dm_body(&shop.account, &case.id, &mid, text, app.engine.now());
        let answer = app.deliver(&body).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}: {}",
            case.id,
            answer.text()
        );
    }
}

/// Until every event is done; none may have another end.
async fn all_read(app: &App, events: usize) {
    let reading = async {
        loop {
            let stats = app.engine.store().stats().await.unwrap();
            if stats["inbound_events"]["done"] == events {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_mins(4), reading).await;
    let stats = app.engine.store().stats().await.unwrap();
    assert!(done.is_ok(), "not all events were read: {stats}");
}

/// Every row of a list, page by page.
async fn list(app: &App, shop: &Shop, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("/api/v1/{path}?limit=100{cursor}");
        let page = call(&app.router, &shop.key, Method::GET, &page, None).await;
        let page = page.json();
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// The draft orders of a shop, by the name that their customer has on the channel.
async fn drafts(app: &App, shop: &Shop) -> HashMap<String, Vec<Value>> {
    let filter = CustomerFilter {
        limit: 1_000,
        ..CustomerFilter::default()
    };
    let customers = app.engine.store().seller(shop.id).customers(&filter).await;
    let names: HashMap<String, String> = customers
        .unwrap()
        .rows
        .into_iter()
        .map(|c| (c.id.to_string(), c.external_id.unwrap()))
        .collect();
    let mut by_name: HashMap<String, Vec<Value>> = HashMap::new();
    for draft in list(app, shop, "draft-orders").await {
        let name = &names[draft["customer_id"].as_str().unwrap()];
        by_name.entry(name.clone()).or_default().push(draft);
    }
    by_name
}

/// The order that stands at the end of a conversation: that of its open draft order. One that the
/// customer called off keeps its lines on record, but nothing stands any more.
fn standing(drafts: &[Value]) -> Option<&Value> {
    let mut open = drafts.iter().filter(|draft| {
        let stage = draft["stage"].as_str().unwrap();
        assert_ne!(stage, "expired", "{draft:#}");
        stage != "cancelled"
    });
    let one = open.next();
    assert!(open.next().is_none(), "two open draft orders: {drafts:#?}");
    one
}

/// The seller's tap: an order of the same lines.
async fn confirm(app: &App, shop: &Shop, case: &Case, draft: &Value) {
    let path = format!(
        "/api/v1/draft-orders/{}/confirm",
        draft["id"].as_str().unwrap()
    );
    let how = Some(json!({"revision": draft["revision"]}));
    let made = call(&app.router, &shop.key, Method::POST, &path, how).await;
    assert_eq!(made.status, StatusCode::OK, "{}: {}", case.id, made.text());
    assert_eq!(
        order(&made.json()["lines"], true),
        order(&draft["lines"], true),
        "{}: the order has other lines than its draft order",
        case.id
    );
}

testkit::on_both! {
    async fn every_dialogue_ends_as_the_parser_alone_reads_it(db: &TestDatabase) {
        let cases = evaluation::cases(&format!("{SET}/dev.jsonl"));
        let app = App::new(db).await;
        let mut shops: BTreeMap<&str, Shop> = BTreeMap::new();
        for case in &cases {
            let name = case.catalog.as_deref().unwrap();
            if !shops.contains_key(name) {
                let account = format!("178414000000001{:02}", shops.len());
                shops.insert(name, open_shop(&app, name, account).await);
            }
        }
        let shop_of = |case: &Case| &shops[case.catalog.as_deref().unwrap()];

        let tasks = Tasks::new();
        app.engine.spawn(Role::All, &tasks);
        join_all(cases.iter().map(|case| write(&app, shop_of(case), case))).await;
        all_read(&app, cases.iter().map(|case| case.messages.len()).sum()).await;
        tasks.stop().await;

        let mut stood: HashMap<String, Vec<Value>> = HashMap::new();
        for shop in shops.values() {
            stood.extend(drafts(&app, shop).await);
        }
        let (mut differ, mut lines) = (Vec::new(), 0);
        for (case, alone) in cases.iter().zip(predict_dialogues(&cases)) {
            let draft = stood.get(&case.id).and_then(|drafts| standing(drafts));
            let ours = draft.map_or_else(|| json!([]), |draft| draft["lines"].clone());
            let alone = order(&lines_json(&alone.lines), true);
            if order(&ours, true) == alone {
                lines += alone.len();
            } else {
                differ.push(format!(
                    "{}: {:?}\n  alone: {alone:?}\n  server: {:?}",
                    case.id,
                    case.messages,
                    order(&ours, true)
                ));
            }
            if let Some(draft) = draft.filter(|_| !alone.is_empty()) {
                confirm(&app, shop_of(case), case, draft).await;
            }
        }
        assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
        assert!(lines > 100, "only {lines} lines were compared");
    }
}
