//! A seller's own domain for the shop front: set, refused, taken away, on the dashboard and by the
//! API.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use testkit::on_both;
use web::WebConfig;

use crate::support::{App, call, open_shop, send};

const OTHER: &str = "17841400000000002";

async fn app(db: &testkit::TestDatabase) -> App {
    let web = WebConfig {
        public_url: Some("https://shops.example.com".to_owned()),
        ..WebConfig::default()
    };
    App::with(db, web).await
}

async fn put(app: &App, domain: &str, anyway: bool) -> (StatusCode, Value) {
    let body = json!({"domain": domain, "anyway": anyway});
    let answer = app
        .call(Method::PUT, "/api/v1/settings/domain", Some(body))
        .await;
    (answer.status, answer.json())
}

/// What a browser gets that asks for `/` at this host.
async fn front_page(app: &App, host: &str) -> String {
    let request = Request::get("/")
        .header(header::HOST, host)
        .body(Body::empty())
        .unwrap();
    send(&app.router, request).await.text().to_owned()
}

on_both! {
    async fn a_domain_is_set_on_the_dashboard_answers_and_is_taken_away(db: &TestDatabase) {
        let app = app(db).await;
        let accounts = app.call(Method::GET, "/api/v1/accounts", None).await.json();
        let connect = json!({"account_id": accounts["items"][0]["id"], "external_id": "7700000000000001"});
        app.call(Method::POST, "/api/v1/catalogs/connect", Some(connect)).await;
        let mut browser = app.owner().await;
        let page = browser.get("/settings/shop").await;
        assert!(page.text().contains("https://shops.example.com/shop/"), "{}", page.text());
        assert!(page.text().contains("CNAME record that points to shops.example.com"), "{}", page.text());
        // A name that leads nowhere, here or anywhere.
        let not_yet = browser.post("/settings/shop", &[("domain", "amaya.nowhere.example")]).await;
        assert_eq!(not_yet.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(not_yet.text().contains("does not lead to this server yet"), "{}", not_yet.text());
        assert!(not_yet.text().contains("value=\"amaya.nowhere.example\""), "what was typed stays");
        let fields = [("domain", "https://Amaya.nowhere.example/"), ("anyway", "yes")];
        let set = browser.post("/settings/shop", &fields).await;
        assert!(set.text().contains("Your shop is at amaya.nowhere.example now."), "{}", set.text());
        assert!(set.text().contains("leads nowhere"), "{}", set.text());
        assert!(front_page(&app, "amaya.nowhere.example").await.contains("Amaya Boutique"));
        let settings = app.call(Method::GET, "/api/v1/settings", None).await.json();
        assert_eq!(settings["shop_url"], "https://amaya.nowhere.example");
        // Every link has changed: the catalogue syncs now, not at the usual time.
        let catalogs = app.call(Method::GET, "/api/v1/catalogs", None).await.json();
        assert!(catalogs["items"][0]["next_sync_at"].is_string(), "{catalogs}");

        let gone = browser.post("/settings/shop/remove", &[]).await;
        assert!(gone.text().contains("at this server&#39;s address again") || gone.text().contains("at this server's address again"), "{}", gone.text());
        assert!(!front_page(&app, "amaya.nowhere.example").await.contains("Brass lamp"));
    }

    async fn names_that_are_not_hers_are_refused_with_their_reason(db: &TestDatabase) {
        let app = app(db).await;
        for (name, why) in [
            ("203.0.113.7", "IP address"), ("localhost", "known to no customer"), ("[::1]", "IP address"),
            ("shop.local", "known to no customer"), ("Shops.example.com", "own name"), ("", "shop.example.com"),
            ("not a name", "shop.example.com"),
        ] {
            // Not even where a proxy hides where it leads.
            let (status, answer) = put(&app, name, true).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            let said = answer["errors"][0]["detail"].as_str().unwrap();
            assert!(said.contains(why), "{name}: {said}");
        }
        let other = open_shop(&app.engine, "Other Shop", OTHER).await;
        let body = json!({"domain": "one.nowhere.example", "anyway": true});
        let theirs = call(&app.router, &other.key, Method::PUT, "/api/v1/settings/domain", Some(body)).await;
        assert_eq!(theirs.status, StatusCode::OK, "{}", theirs.text());
        let (status, answer) = put(&app, "ONE.nowhere.example.", true).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.to_string().contains("another shop"), "{answer}");
        // Nothing of this was set, and the other's is still there.
        let settings = app.call(Method::GET, "/api/v1/settings", None).await.json();
        assert_eq!(settings["domain"], Value::Null);
        assert!(front_page(&app, "one.nowhere.example").await.contains("Other Shop"));
        let removed = app.call(Method::DELETE, "/api/v1/settings/domain", None).await;
        assert_eq!(removed.status, StatusCode::OK);
        assert!(front_page(&app, "one.nowhere.example").await.contains("Other Shop"));
    }
}
