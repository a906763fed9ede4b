//! The control API and the page, over HTTP as a program would use them.

#![allow(clippy::unwrap_used)]

mod common;
use common::{client, start};
use serde_json::{Value, json};

#[tokio::test]
async fn a_program_can_play_and_ask_what_happened() {
    let (sandbox, receiver) = start().await;
    let post = |path: &str, body: Value| {
        let url = format!("{}/_sandbox{path}", sandbox.url());
        async move { client().post(url).json(&body).send().await.unwrap() }
    };
    let get = |path: &str| {
        let url = format!("{}/_sandbox{path}", sandbox.url());
        async move {
            client()
                .get(url)
                .send()
                .await
                .unwrap()
                .json::<Value>()
                .await
                .unwrap()
        }
    };
    let ana: Value = post("/customers", json!({"name": "Ana Lopez"}))
        .await
        .json()
        .await
        .unwrap();
    let act = format!("/customers/{}/act", ana["id"].as_str().unwrap());
    post(&act, json!({"action": "say", "text": "hello"})).await;
    post(
        &act,
        json!({"action": "quick_reply", "title": "Yes", "payload": "Y"}),
    )
    .await;
    assert_eq!(post("/drain", json!({})).await.status().as_u16(), 204);
    assert_eq!(receiver.texts(), ["hello", "Yes"]);
    assert_eq!(get("/deliveries?last=1").await.as_array().unwrap().len(), 1);
    let thread = get(&format!(
        "/customers/{}/thread",
        ana["id"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        thread["messages"][1]["message"]["quick_reply"]["payload"],
        "Y"
    );

    let rule =
        json!({"endpoint": "messages", "times": 3, "fault": {"kind": "throttle", "code": 613}});
    let id: Value = post("/faults", rule).await.json().await.unwrap();
    post("/faults/random", json!({"rate": 0.05})).await;
    let state = get("/state").await;
    assert_eq!(state["faults"][0]["id"], id["id"]);
    assert_eq!(state["random"]["rate"], 0.05);
    assert_eq!(state["customers"][0]["last"], "Yes");
    let url = format!("{}/_sandbox/faults", sandbox.url());
    client().delete(url).send().await.unwrap();
    assert_eq!(get("/faults").await, json!({"rules": [], "random": null}));

    let before = get("/clock").await["now"].as_i64().unwrap();
    let after: Value = post("/clock", json!({"advance_ms": 5000}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(after["now"], before + 5000);
    let bad = post(
        "/change",
        json!({"change": "vanish_item", "retailer_id": "nope"}),
    )
    .await;
    assert_eq!(bad.status().as_u16(), 400);
    let second = post(
        "/accounts",
        json!({"username": "second.shop", "login": "instagram"}),
    )
    .await;
    assert!(second.json::<Value>().await.unwrap()["page_id"].is_null());
    let refused = post(
        "/callback",
        json!({"url": receiver.url, "verify_token": "no", "verify": true}),
    );
    assert_eq!(refused.await.status().as_u16(), 400);
    let taken = post(
        "/callback",
        json!({"url": receiver.url, "verify_token": "verify", "verify": true}),
    );
    assert_eq!(taken.await.status().as_u16(), 204);
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let (sandbox, _receiver) = start().await;
    let get = |path: &str| {
        let url = format!("{}{path}", sandbox.url());
        async move {
            client()
                .get(url)
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
        }
    };
    let page = get("/").await;
    assert!(page.contains("play the customer"));
    for text in [page, get("/app.js").await, get("/app.css").await] {
        assert!(
            !text.contains("https://") && !text.contains("http://"),
            "{text}"
        );
    }
    assert!(get("/_sandbox/avatar/x.svg").await.starts_with("<svg"));
}

#[tokio::test]
async fn signed_requests_reach_the_deauthorise_callback() {
    use axum::{Form, Router, routing::post};
    use std::collections::HashMap;
    let (sandbox, _receiver) = start().await;
    let app =
        Router::new().route(
            "/deauthorize",
            post(|Form(form): Form<HashMap<String, String>>| async move {
                form["signed_request"].clone()
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/deauthorize", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let (status, body) = sandbox.signed_callback(&url, "1022").await;
    assert_eq!(status, 200);
    let secret = secrecy::SecretString::from(sandbox.app().secret);
    let request = meta::signed_request::verify([&secret], &body).unwrap();
    assert_eq!(request.user_id, "1022");
}
