//! Catalogues, sync runs, the connection and the doctor: over the API and on the dashboard.

use axum::http::{Method, StatusCode};
use domain::CatalogId;
use engine::sync::SyncStep;
use serde_json::{Value, json};
use testkit::on_both;

use crate::support::App;

async fn connected(app: &App) -> Value {
    let accounts = app.call(Method::GET, "/api/v1/accounts", None).await.json();
    let body = json!({
        "account_id": accounts["items"][0]["id"],
        "external_id": "7700000000000001",
        "name": "Amaya's shop",
    });
    let connected = app
        .call(Method::POST, "/api/v1/catalogs/connect", Some(body))
        .await;
    assert_eq!(connected.status, StatusCode::OK, "{}", connected.text());
    connected.json()
}

async fn run_to_end(app: &App, catalog: &Value) {
    let id: CatalogId = catalog["id"].as_str().unwrap().parse().unwrap();
    for _ in 0..50 {
        match app.engine.sync_step(app.shop.id, id, "test").await.unwrap() {
            SyncStep::Ended(_) => return,
            SyncStep::Did => {}
            SyncStep::WaitUntil(then) => app.clock.advance(then.since(app.engine.now()).max(1)),
        }
    }
    panic!("the run does not end");
}

on_both! {
    async fn a_catalog_is_connected_synced_and_tells_the_truth_about_its_items(db: &TestDatabase) {
        let app = App::new(db).await;
        let catalog = connected(&app).await;
        assert_eq!(catalog["status"], "pending");
        let again = connected(&app).await;
        assert_eq!(again["id"], catalog["id"], "connecting again keeps the id");
        let path = format!("/api/v1/catalogs/{}", catalog["id"].as_str().unwrap());

        let too_often = json!({"sync_interval": 60});
        let refused = app.call(Method::PATCH, &path, Some(too_often)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        let set = app.call(Method::PATCH, &path, Some(json!({"sync_interval": 3600, "auto_sync": false}))).await;
        assert_eq!((&set.json()["sync_interval"], &set.json()["auto_sync"]), (&json!(3600), &json!(false)));

        let sync = format!("{path}/sync");
        let begun = app.call(Method::POST, &sync, Some(json!({"kind": "full"}))).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text());
        let second = app.call(Method::POST, &sync, Some(json!({}))).await;
        assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.text());
        run_to_end(&app, &catalog).await;

        // The test's products have neither picture nor page: held back, each with its fix, not sent.
        let run = format!("/api/v1/sync-runs/{}", begun.json()["id"].as_str().unwrap());
        let ended = app.call(Method::GET, &run, None).await.json();
        assert_eq!((&ended["status"], &ended["sent"]), (&json!("partial"), &json!(0)));
        let items = app.call(Method::GET, &format!("{path}/items?state=held_back"), None).await.json();
        let items = items["items"].as_array().unwrap().clone();
        assert!(!items.is_empty());
        assert!(items.iter().all(|item| !item["messages"].as_array().unwrap().is_empty()));
        let log = app.call(Method::GET, &format!("{run}/log"), None).await.json();
        assert!(log["items"].as_array().unwrap().len() >= 2);
        let stream = app.call(Method::GET, &format!("{run}/events"), None).await;
        assert!(stream.text().contains("event: run") && stream.text().contains("\"partial\""));

        // Sent alone it would be refused just as well: nothing is sent, and the fix is named.
        let alone = app.call(Method::POST, &format!("{path}/items/LAMP/send"), None).await;
        assert_eq!(alone.status, StatusCode::CONFLICT);
        assert!(alone.text().contains("Meta would refuse it"), "{}", alone.text());
        let nothing = app.call(Method::POST, &format!("{path}/items/NO-SUCH/send"), None).await;
        assert_eq!(nothing.status, StatusCode::NOT_FOUND);
        let mut owner = app.owner().await;
        let id = catalog["id"].as_str().unwrap();
        owner.get("/catalogs").await;
        let fields = [("item", "LAMP"), ("state", "held_back")];
        let shown = owner.post(&format!("/catalogs/{id}/send"), &fields).await;
        assert!(shown.text().contains("Meta would refuse it"), "{}", shown.text());

        let gone = app.call(Method::POST, &format!("{path}/disconnect"), None).await;
        assert_eq!(gone.json()["status"], "disabled");
        let refused = app.call(Method::POST, &sync, Some(json!({}))).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    }

    async fn the_dashboard_shows_catalog_connection_and_findings(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut owner = app.owner().await;
        let page = owner.get("/catalogs").await;
        assert!(page.text().contains("No catalog connected"));
        let catalog = connected(&app).await;
        let page = owner.get("/catalogs").await;
        assert!(page.text().contains("Amaya") && page.text().contains("Sync changes"));
        let path = format!("/catalogs/{}", catalog["id"].as_str().unwrap());
        let page = owner.post(&format!("{path}/sync"), &[("kind", "full")]).await;
        assert!(page.text().contains("The sync has begun."), "{}", page.text());
        run_to_end(&app, &catalog).await;
        let page = owner.get("/catalogs").await;
        assert!(page.text().contains("held back"));
        let items = owner.get(&format!("{path}/items?state=held_back")).await;
        assert!(items.text().contains("LAMP"));

        let page = owner.get("/connection").await;
        assert!(page.text().contains("@amaya.boutique") && page.text().contains("no Meta app yet"));
        let page = owner.get("/connect/facebook").await;
        assert!(page.text().contains("META_APP_ID"), "{}", page.text());
        let page = owner.get("/doctor").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("Doctor"));
    }
}
