//! The REST API as a program meets it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use testkit::on_both;

use crate::support::{ACCOUNT, Answer, App, send};

/// A refusal is a problem: of the right type, with a remedy.
#[track_caller]
fn problem(answer: &Answer, status: StatusCode) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let json = answer.json();
    assert_eq!(json["status"], status.as_u16());
    assert!(
        json["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:eziseller:problem:")
    );
    assert!(!json["detail"].as_str().unwrap().is_empty());
    json
}

on_both! {
    async fn a_draft_order_is_listed_edited_confirmed_and_becomes_an_order(db: &TestDatabase) {
        let app = App::new(db).await;
        let id = app.draft(&app.shop, "900").await;
        let path = format!("/api/v1/draft-orders/{id}");
        let draft = app.call(Method::GET, &path, None).await.json();
        assert_eq!(draft["lines"][0]["quantity"], 2);
        assert_eq!(draft["message_source"], "instagram");
        assert!(!draft["transitions"].as_array().unwrap().is_empty());

        let lines = json!({"lines": [{"product": "LAMP", "quantity": 1}, {"product": "SHIRT", "quantity": 2,
            "options": [{"name": "size", "value": "M"}]}], "revision": draft["revision"]});
        let edited = app.call(Method::PUT, &path, Some(lines.clone())).await;
        assert_eq!(edited.status, StatusCode::OK, "{}", edited.text());
        assert_eq!(edited.json()["totals"]["subtotal"]["amount"], "11300.00");
        // The same revision again: somebody else was faster.
        problem(&app.call(Method::PUT, &path, Some(lines)).await, StatusCode::CONFLICT);

        let confirm = format!("{path}/confirm");
        let order = app.call(Method::POST, &confirm, Some(json!({"note": "gift wrap"}))).await;
        assert_eq!(order.status, StatusCode::OK, "{}", order.text());
        let order = order.json();
        assert_eq!((&order["number"], &order["status"]), (&json!(1), &json!("confirmed")));
        assert_eq!(order["note"], "gift wrap");
        // Repeated, it is the same order.
        let again = app.call(Method::POST, &confirm, Some(json!({}))).await.json();
        assert_eq!(again["id"], order["id"]);
        let reject = app.call(Method::POST, &format!("{path}/reject"), Some(json!({}))).await;
        problem(&reject, StatusCode::CONFLICT);
        let orders = app.call(Method::GET, "/api/v1/orders?status=confirmed,paid", None).await.json();
        assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    }

    async fn an_order_moves_on_and_never_back(db: &TestDatabase) {
        let app = App::new(db).await;
        let draft = app.draft(&app.shop, "900").await;
        let confirm = format!("/api/v1/draft-orders/{draft}/confirm");
        let order = app.call(Method::POST, &confirm, Some(json!({}))).await.json();
        let path = format!("/api/v1/orders/{}", order["id"].as_str().unwrap());
        let status = format!("{path}/status");
        for to in ["paid", "packed", "packed", "shipped"] {
            let moved = app.call(Method::POST, &status, Some(json!({"status": to}))).await;
            assert_eq!(moved.json()["status"], to, "{}", moved.text());
        }
        let back = app.call(Method::POST, &status, Some(json!({"status": "paid"}))).await;
        assert!(problem(&back, StatusCode::CONFLICT)["detail"].as_str().unwrap().contains("delivered, returned"));
        let odd = app.call(Method::POST, &status, Some(json!({"status": "eaten"}))).await;
        assert_eq!(problem(&odd, StatusCode::UNPROCESSABLE_ENTITY)["errors"][0]["field"], "status");
        let detail = app.call(Method::GET, &path, None).await.json();
        assert_eq!(detail["next_statuses"], json!(["delivered", "returned"]));
    }

    async fn stock_is_not_sold_twice_unless_the_seller_wants_it(db: &TestDatabase) {
        let app = App::new(db).await;
        let first = app.draft(&app.shop, "900").await;
        let second = app.draft(&app.shop, "901").await;
        let confirm = |id: &str| format!("/api/v1/draft-orders/{id}/confirm");
        let done = app.call(Method::POST, &confirm(&first), Some(json!({}))).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        let short = app.call(Method::POST, &confirm(&second), Some(json!({}))).await;
        assert!(problem(&short, StatusCode::CONFLICT)["detail"].as_str().unwrap().contains("Brass lamp: only 1 left, 2 wanted"));
        let knowing = app.call(Method::POST, &confirm(&second), Some(json!({"oversell": true}))).await;
        assert_eq!(knowing.status, StatusCode::OK, "{}", knowing.text());
        assert_eq!(knowing.json()["oversold"], true);
    }

    async fn products_are_made_changed_archived_and_imported(db: &TestDatabase) {
        let app = App::new(db).await;
        let cup = json!({"retailer_id": "CUP", "title": "Tea cup", "price": "450.00", "stock": 6,
            "options": [{"name": "color", "values": [{"value": "white"}, {"value": "blue", "surcharge": "50.00"}]}]});
        let made = app.call(Method::POST, "/api/v1/products", Some(cup.clone())).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        problem(&app.call(Method::POST, "/api/v1/products", Some(cup.clone())).await, StatusCode::CONFLICT);
        let path = format!("/api/v1/products/{id}");
        let mut dearer = cup.clone();
        dearer["price"] = json!("500.00");
        let changed = app.call(Method::PUT, &path, Some(dearer.clone())).await.json();
        assert_eq!(changed["current_price"]["minor"], 50_000);
        dearer["retailer_id"] = json!("OTHER");
        problem(&app.call(Method::PUT, &path, Some(dearer)).await, StatusCode::UNPROCESSABLE_ENTITY);
        for (field, value) in [("price", json!("1,5")), ("price", json!("-2")), ("colour", json!("red"))] {
            let mut wrong = cup.clone();
            wrong["retailer_id"] = json!("CUP-2");
            wrong[field] = value;
            let answer = app.call(Method::POST, "/api/v1/products", Some(wrong)).await;
            problem(&answer, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let archived = app.call(Method::DELETE, &path, None).await.json();
        assert_eq!(archived["status"], "archived");
        let listed = app.call(Method::GET, "/api/v1/products?search=cup", None).await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 0);

        let file = "retailer_id,title,price,stock\nA1,Apron,1200,4\nA2,,300,\nA3,Towel,abc,\nA1,Apron again,10,\n";
        let import = |body: String| {
            Request::post("/api/v1/products/import")
                .header(header::AUTHORIZATION, format!("Bearer {}", app.shop.key))
                .body(Body::from(body))
                .unwrap()
        };
        let done = send(&app.router, import(file.to_owned())).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        let done = done.json();
        assert_eq!((&done["created"], &done["rejected"]), (&json!(1), &json!(3)), "{done:#}");
        assert!(done["rejected_rows"].as_array().unwrap().iter().all(|row| row["reason"].is_string()));
        let again = send(&app.router, import(file.to_owned())).await.json();
        assert_eq!(again["unchanged"], 1);
        for unusable in ["", "a,b\n1,2\n", "{broken"] {
            let answer = send(&app.router, import(unusable.to_owned())).await;
            problem(&answer, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }

    async fn a_large_file_is_imported_whole(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut file = String::from("retailer_id,title,price\n");
        for i in 0..3_000 {
            let (id, title, price) = (format!("P{i}"), format!("Thing number {i}"), format!("{i}.50"));
            file.extend([id.as_str(), ",", &title, ",", &price, "\n"]);
        }
        let request = Request::post("/api/v1/products/import")
            .header(header::AUTHORIZATION, format!("Bearer {}", app.shop.key))
            .body(Body::from(file))
            .unwrap();
        let done = send(&app.router, request).await;
        assert_eq!(done.json()["created"], 3_000, "{}", done.text());
    }

    async fn customers_conversations_and_messages_are_read_and_answered(db: &TestDatabase) {
        let app = App::new(db).await;
        app.dm(ACCOUNT, "900", "m1", "hi, 2 brass lamps please. my number is 077 123 4567").await;
        let customer = app.call(Method::GET, "/api/v1/customers", None).await.json()["items"][0].clone();
        assert_eq!(customer["details"]["phone"]["value"], "+94771234567", "{customer:#}");
        assert_eq!(customer["details"]["phone"]["from_message"], "m1");
        let path = format!("/api/v1/customers/{}", customer["id"].as_str().unwrap());
        let fixed = app.call(Method::PATCH, &path, Some(json!({"address": "14 Temple Road, Galle"}))).await.json();
        assert_eq!(fixed["details"]["address"]["source"], "seller");
        let conversation = app.call(Method::GET, "/api/v1/conversations", None).await.json()["items"][0].clone();
        let path = format!("/api/v1/conversations/{}", conversation["id"].as_str().unwrap());
        let messages = app.call(Method::GET, &format!("{path}/messages"), None).await.json();
        assert_eq!(messages["items"][0]["mid"], "m1");
        assert!(messages["items"][0]["reading"].is_object(), "{messages:#}");
        let sent = app.call(Method::POST, &format!("{path}/messages"), Some(json!({"text": "On its way!"}))).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
        assert_eq!(sent.json()["outbox_ids"].as_array().unwrap().len(), 1);
        let over = app.call(Method::POST, &format!("{path}/take-over"), None).await;
        assert_eq!(over.status, StatusCode::OK, "{}", over.text());
        let back = app.call(Method::POST, &format!("{path}/hand-back"), None).await.json();
        assert_eq!(back["hand_over_until"], Value::Null);
        // The window closes: nothing goes out any more, and the answer says why.
        app.clock.advance(25 * 3_600_000);
        let late = app.call(Method::POST, &format!("{path}/messages"), Some(json!({"text": "Hello?"}))).await;
        assert!(problem(&late, StatusCode::CONFLICT)["detail"].as_str().unwrap().contains("24-hour"));
        let empty = app.call(Method::POST, &format!("{path}/messages"), Some(json!({"text": " "}))).await;
        problem(&empty, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn the_policy_is_replaced_and_checked(db: &TestDatabase) {
        let app = App::new(db).await;
        let settings = app.call(Method::GET, "/api/v1/settings", None).await.json();
        let mut policy = settings["policy"].clone();
        policy["delivery_fee_minor"] = json!(35_000);
        policy["tax_basis_points"] = json!(1_800);
        let saved = app.call(Method::PUT, "/api/v1/settings/policy", Some(policy.clone())).await;
        assert_eq!(saved.json()["policy"], policy, "{}", saved.text());
        policy["confirmation"] = json!("sometimes");
        policy["delivery_fee_minor"] = json!(-1);
        let wrong = app.call(Method::PUT, "/api/v1/settings/policy", Some(policy)).await;
        let fields: Vec<String> = problem(&wrong, StatusCode::UNPROCESSABLE_ENTITY)["errors"]
            .as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect();
        assert_eq!(fields, ["delivery_fee_minor", "confirmation"]);
    }

    async fn lists_come_by_pages_without_gaps_or_doubles(db: &TestDatabase) {
        let app = App::new(db).await;
        for i in 0..7 {
            app.dm(ACCOUNT, &format!("9{i:02}"), &format!("m{i}"), "1 clay bowl please").await;
        }
        for list in ["draft-orders", "customers", "conversations"] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = app.call(Method::GET, &format!("/api/v1/{list}?limit=3{cursor}"), None).await.json();
                let items = page["items"].as_array().unwrap().clone();
                seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let total = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!((seen.len(), total), (7, 7), "{list}");
        }
        problem(&app.call(Method::GET, "/api/v1/orders?limit=0", None).await, StatusCode::UNPROCESSABLE_ENTITY);
        problem(&app.call(Method::GET, "/api/v1/orders?limit=many", None).await, StatusCode::BAD_REQUEST);
    }

    async fn every_refusal_is_a_problem(db: &TestDatabase) {
        let app = App::new(db).await;
        let key = format!("Bearer {}", app.shop.key);
        let nobody = Request::get("/api/v1/orders").body(Body::empty()).unwrap();
        let answer = send(&app.router, nobody).await;
        problem(&answer, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        for wrong in ["Bearer ", "Bearer nonsense", "Basic abc", "Bearer é"] {
            let request = Request::get("/api/v1/orders").header(header::AUTHORIZATION, wrong);
            let answer = send(&app.router, request.body(Body::empty()).unwrap()).await;
            problem(&answer, StatusCode::UNAUTHORIZED);
        }
        problem(&app.get("/api/v1/nothing").await, StatusCode::NOT_FOUND);
        problem(&app.get("/api/nothing").await, StatusCode::NOT_FOUND);
        problem(&app.call(Method::DELETE, "/api/v1/orders", None).await, StatusCode::METHOD_NOT_ALLOWED);
        problem(&app.call(Method::GET, "/api/v1/orders/not-an-id", None).await, StatusCode::NOT_FOUND);
        let post = |kind: &str, body: &str| {
            Request::post("/api/v1/products")
                .header(header::AUTHORIZATION, key.as_str())
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(body.to_owned()))
                .unwrap()
        };
        for (kind, body, status) in [
            ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ("application/json", "{", StatusCode::BAD_REQUEST),
            ("application/json", "{}", StatusCode::UNPROCESSABLE_ENTITY),
            ("application/json", "[1]", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            problem(&send(&app.router, post(kind, body)).await, status);
        }
        let long = format!("\"{}\"", "x".repeat(web::limits::BODY_BYTES_MAX));
        problem(&send(&app.router, post("application/json", &long)).await, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn a_revoked_key_opens_nothing(db: &TestDatabase) {
        let app = App::new(db).await;
        let seller = app.engine.store().seller(app.shop.id);
        let key = seller.api_keys().await.unwrap()[0].id;
        assert_eq!(app.call(Method::GET, "/api/v1/accounts", None).await.status, StatusCode::OK);
        seller.revoke_api_key(key, app.engine.now()).await.unwrap();
        problem(&app.call(Method::GET, "/api/v1/accounts", None).await, StatusCode::UNAUTHORIZED);
    }

    async fn accounts_are_shown_without_tokens(db: &TestDatabase) {
        let app = App::new(db).await;
        let answer = app.call(Method::GET, "/api/v1/accounts", None).await;
        assert!(!answer.text().contains("token\""), "{}", answer.text());
        assert_eq!(answer.json()["items"][0]["instagram_account_id"], ACCOUNT);
    }
}
