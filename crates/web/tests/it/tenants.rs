//! Two sellers on one server: with the key or cookie of one, no id of the other exists.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::on_both;

use crate::support::{App, Browser, call, open_shop};

const OTHER: &str = "17841400000000002";

async fn first_id(app: &App, key: &str, list: &str) -> String {
    let answer = call(
        &app.router,
        key,
        Method::GET,
        &format!("/api/v1/{list}"),
        None,
    )
    .await;
    answer.json()["items"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{list} is empty"))
        .to_owned()
}

on_both! {
    async fn no_id_of_another_seller_is_ever_found(db: &TestDatabase) {
        let app = App::new(db).await;
        let other = open_shop(&app.engine, "Other Shop", OTHER).await;
        // The other seller has one of everything.
        let draft = app.draft(&other, "901").await;
        let confirm = format!("/api/v1/draft-orders/{draft}/confirm");
        let order = call(&app.router, &other.key, Method::POST, &confirm, Some(json!({}))).await;
        assert_eq!(order.status, StatusCode::OK, "{}", order.text());
        let order = order.json()["id"].as_str().unwrap().to_owned();
        let open = app.draft(&other, "902").await;
        let customer = first_id(&app, &other.key, "customers").await;
        let conversation = first_id(&app, &other.key, "conversations").await;
        let product = first_id(&app, &other.key, "products").await;
        let account = first_id(&app, &other.key, "accounts").await;
        let connect = json!({"account_id": account, "external_id": "7700000000000002"});
        let catalog = call(&app.router, &other.key, Method::POST, "/api/v1/catalogs/connect", Some(connect)).await;
        let catalog = catalog.json()["id"].as_str().unwrap().to_owned();
        let sync = format!("/api/v1/catalogs/{catalog}/sync");
        let run = call(&app.router, &other.key, Method::POST, &sync, Some(json!({}))).await;
        let run = run.json()["id"].as_str().unwrap().to_owned();
        let ids = [
            ("draft-orders", &open), ("orders", &order), ("customers", &customer),
            ("conversations", &conversation), ("products", &product), ("accounts", &account), ("events", &open),
            ("catalogs", &catalog), ("sync-runs", &run),
        ];

        // Every path of the document with an id in it, with every method.
        let document: Value = serde_json::from_str(&web::openapi()).unwrap();
        let mut tried = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            if !path.contains("{id}") {
                continue;
            }
            let resource = path.split('/').nth(3).unwrap();
            let (_, id) = ids.iter().find(|(r, _)| *r == resource).unwrap_or_else(|| panic!("no id for {path}"));
            for (method, operation) in methods.as_object().unwrap() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let body = operation.get("requestBody").map(|_| body_for(resource, path));
                let answer = call(&app.router, &app.shop.key, method.clone(), &path.replace("{id}", id).replace("{retailer_id}", "LAMP"), body).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {}", answer.text());
                tried += 1;
            }
        }
        assert!(tried >= 18, "only {tried} routes were tried");
        for list in ["draft-orders", "orders", "customers", "conversations", "events?state=done", "catalogs", "sync-runs"] {
            let answer = call(&app.router, &app.shop.key, Method::GET, &format!("/api/v1/{list}"), None).await;
            assert_eq!(answer.json()["items"], json!([]), "{list}");
        }
        let filtered = format!("/api/v1/draft-orders?conversation_id={conversation}");
        let answer = call(&app.router, &app.shop.key, Method::GET, &filtered, None).await;
        assert_eq!(answer.json()["items"], json!([]));

        // The same with a cookie, page by page and form by form.
        let mut browser: Browser = app.owner().await;
        for path in [
            format!("/drafts/{open}"), format!("/drafts/{open}/edit"), format!("/orders/{order}"),
            format!("/inbox/{conversation}"), format!("/products/{product}"), format!("/customers/{customer}"),
            format!("/catalogs/{catalog}/items?state=pending"), format!("/sync-runs/{run}"),
        ] {
            assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let members = app.engine.store().seller(other.id).members().await.unwrap();
        let keys = app.engine.store().seller(other.id).api_keys().await.unwrap();
        browser.get("/settings").await;
        for (path, fields) in [
            (format!("/drafts/{open}/confirm"), vec![]),
            (format!("/drafts/{open}/reject"), vec![]),
            (format!("/drafts/{open}/edit"), vec![("line.0.product", "LAMP"), ("line.0.quantity", "1")]),
            (format!("/orders/{order}/status"), vec![("status", "paid")]),
            (format!("/inbox/{conversation}/reply"), vec![("text", "hello")]),
            (format!("/inbox/{conversation}/take-over"), vec![]),
            (format!("/inbox/{conversation}/hand-back"), vec![]),
            (format!("/products/{product}"), vec![("title", "Mine"), ("retailer_id", "LAMP"), ("price", "1")]),
            (format!("/products/{product}/status"), vec![("status", "archived")]),
            (format!("/customers/{customer}"), vec![("phone", "+94770000000")]),
            (format!("/catalogs/{catalog}/sync"), vec![("kind", "full")]),
            (format!("/catalogs/{catalog}/settings"), vec![("hours", "6")]),
            (format!("/catalogs/{catalog}/disconnect"), vec![]),
            (format!("/settings/team/{}", members[0].id), vec![("remove", "yes")]),
            (format!("/settings/keys/{}/revoke", keys[0].id), vec![]),
        ] {
            let answer = browser.post(&path, &fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
        }

        // Nothing of the other seller's has moved.
        let after = call(&app.router, &other.key, Method::GET, &format!("/api/v1/draft-orders/{open}"), None).await;
        assert!(after.json()["order_id"].is_null());
        let after = call(&app.router, &other.key, Method::GET, &format!("/api/v1/orders/{order}"), None).await;
        assert_eq!(after.json()["status"], "confirmed");
        let after = call(&app.router, &other.key, Method::GET, &format!("/api/v1/products/{product}"), None).await;
        assert_eq!(after.json()["status"], "active");
        assert_eq!(app.engine.store().seller(other.id).members().await.unwrap().len(), 1);
    }
}

/// A body that would be taken, were the id one's own.
fn body_for(resource: &str, path: &str) -> Value {
    match (resource, path.rsplit('/').next().unwrap()) {
        ("draft-orders", "{id}") => json!({"lines": [{"product": "LAMP", "quantity": 1}]}),
        ("orders", "status") => json!({"status": "paid"}),
        ("products", _) => json!({"retailer_id": "LAMP", "title": "Mine", "price": "1.00"}),
        ("customers", _) => json!({"phone": "+94770000000"}),
        ("catalogs", "appeal") => json!({"reason": "it is a lamp"}),
        ("conversations", "messages") => json!({"text": "hello"}),
        _ => json!({}),
    }
}
