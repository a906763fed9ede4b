//! The dashboard as a seller uses it, without a line of JavaScript.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use store::Role;
use testkit::on_both;

use crate::support::{ACCOUNT, App, Browser, PASSWORD, send};

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("no `{start}` in {text}"))
        + start.len();
    &text[at..at + text[at..].find(end).unwrap()]
}

on_both! {
    async fn a_draft_order_stands_beside_the_words_and_is_confirmed_with_one_tap(db: &TestDatabase) {
        let app = App::new(db).await;
        let id = app.draft(&app.shop, "900").await;
        let seller = app.call(Method::GET, &format!("/api/v1/draft-orders/{id}"), None).await.json();
        let mut browser = app.owner().await;
        let shown = if seller["stage"] == "awaiting_seller" { "waiting" } else { "in-progress" };
        let page = browser.get(&format!("/?show={shown}")).await;
        assert!(page.text().contains("<mark class=\"m1\">"), "{}", page.text());
        assert!(page.text().contains("Brass lamp"));
        assert!(page.text().contains("LKR 9,800.00"));
        let revision = between(page.text(), "name=\"revision\" value=\"", "\"").to_owned();
        let fields = [("revision", revision.as_str()), ("back", "list")];
        let done = browser.post(&format!("/drafts/{id}/confirm"), &fields).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.text().contains("Order #1 is confirmed."), "{}", done.text());
        // The note is shown once.
        assert!(!browser.get("/").await.text().contains("is confirmed."));
        let order = between(done.text(), "href=\"/orders/", "\"").to_owned();
        let page = browser.get(&format!("/orders/{order}")).await;
        assert!(page.text().contains("Order #1"));
        assert!(page.text().contains("2 brass lamps"), "the customer's words are on the order");
        let moved = browser.post(&format!("/orders/{order}/status"), &[("status", "packed")]).await;
        assert!(moved.text().contains("The order is packed now."));
        let back = browser.post(&format!("/orders/{order}/status"), &[("status", "paid")]).await;
        assert!(back.text().contains("cannot become paid"), "{}", back.text());
        assert!(browser.get("/orders").await.text().contains("#1"));
        assert!(browser.get("/orders/packing").await.text().contains("Nothing to pack"));
        // Tapped twice: the second one is told what happened.
        let again = browser.post(&format!("/drafts/{id}/confirm"), &[]).await;
        assert!(again.text().contains("confirmed already"), "{}", again.text());
    }

    async fn a_draft_order_is_edited_and_rejected(db: &TestDatabase) {
        let app = App::new(db).await;
        let id = app.draft(&app.shop, "900").await;
        let mut browser = app.owner().await;
        let page = browser.get(&format!("/drafts/{id}/edit")).await;
        let revision = between(page.text(), "name=\"revision\" value=\"", "\"").to_owned();
        let fields = [
            ("revision", revision.as_str()), ("line.0.product", "LAMP"), ("line.0.quantity", "3"),
            ("line.1.product", "SHIRT"), ("line.1.quantity", "1"), ("line.1.option.size", "L"),
            ("delivery", "350"), ("discount", "10%"),
        ];
        let saved = browser.post(&format!("/drafts/{id}/edit"), &fields).await;
        assert!(saved.text().contains("Saved."), "{}", saved.text());
        assert!(saved.text().contains("LKR 16,460.00"), "{}", saved.text());
        assert!(saved.text().contains("size: L"));
        let wrong = [("line.0.product", "LAMP"), ("line.0.quantity", "many")];
        let refused = browser.post(&format!("/drafts/{id}/edit"), &wrong).await;
        assert!(refused.text().contains("The quantity is a number"), "{}", refused.text());
        let stale = browser.post(&format!("/drafts/{id}/confirm"), &[("revision", revision.as_str())]).await;
        assert!(stale.text().contains("changed since you looked"), "{}", stale.text());
        let done = browser.post(&format!("/drafts/{id}/reject"), &[("reason", "closed today")]).await;
        assert!(done.text().contains("is rejected"), "{}", done.text());
        let page = browser.get(&format!("/drafts/{id}")).await;
        assert!(page.text().contains("closed today"));
        assert!(!page.text().contains("/confirm\""), "what has ended has no buttons");
    }

    async fn too_little_stock_is_said_and_may_be_overruled(db: &TestDatabase) {
        let app = App::new(db).await;
        let first = app.draft(&app.shop, "900").await;
        let second = app.draft(&app.shop, "901").await;
        let mut browser = app.owner().await;
        browser.get(&format!("/drafts/{first}")).await;
        browser.post(&format!("/drafts/{first}/confirm"), &[]).await;
        let short = browser.post(&format!("/drafts/{second}/confirm"), &[]).await;
        assert!(short.text().contains("Confirm without stock"), "{}", short.text());
        assert!(short.text().contains("only 1 left, 2 wanted"), "{}", short.text());
        let done = browser.post(&format!("/drafts/{second}/confirm"), &[("oversell", "yes")]).await;
        assert!(done.text().contains("Order #2"), "{}", done.text());
        assert!(done.text().contains("more than was in stock"));
    }

    async fn the_inbox_shows_the_conversation_and_sends_a_reply(db: &TestDatabase) {
        let app = App::new(db).await;
        app.dm(ACCOUNT, "900", "m1", "do you have <b>bowls</b>?").await;
        let mut browser = app.owner().await;
        let list = browser.get("/inbox").await;
        assert!(list.text().contains("do you have &lt;b&gt;bowls"), "{}", list.text());
        let id = between(list.text(), "href=\"/inbox/", "\"").to_owned();
        let page = browser.get(&format!("/inbox/{id}")).await;
        assert!(page.text().contains("open for another 23 h"), "{}", page.text());
        let sent = browser.post(&format!("/inbox/{id}/reply"), &[("text", "We do, come by!")]).await;
        assert!(sent.text().contains("We do, come by!"));
        assert!(sent.text().contains("you · sending"), "{}", sent.text());
        assert!(sent.text().contains("Hand back"), "a person has spoken: {}", sent.text());
        let back = browser.post(&format!("/inbox/{id}/hand-back"), &[]).await;
        assert!(back.text().contains("Eziseller answers again."));
        let over = browser.post(&format!("/inbox/{id}/take-over"), &[]).await;
        assert!(over.text().contains("You answer from now on."));
        app.clock.advance(25 * 3_600_000);
        let closed = browser.get(&format!("/inbox/{id}")).await;
        assert!(closed.text().contains("You cannot write here just now."));
        assert!(!closed.text().contains("<textarea"));
        let late = browser.post(&format!("/inbox/{id}/reply"), &[("text", "Hello?")]).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn the_products_page_and_the_api_show_who_waits(db: &TestDatabase) {
        let app = App::new(db).await;
        let found = app.call(Method::GET, "/api/v1/products?search=lamp", None).await.json();
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/products/{id}/waiting");
        let mut browser = app.owner().await;
        let page = browser.get(&format!("/products/{id}")).await;
        assert!(!page.text().contains("Waiting list"));
        let mut lamp = found["items"][0].clone();
        lamp["stock"] = 0.into();
        for made_here in ["id", "current_price", "created_at", "updated_at"] {
            lamp.as_object_mut().unwrap().remove(made_here);
        }
        let saved = app.call(Method::PUT, &format!("/api/v1/products/{id}"), Some(lamp)).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
        app.dm(ACCOUNT, "900", "m1", "hi, do you have the brass lamp?").await;
        app.dm(ACCOUNT, "900", "m2", "Tell me when back").await;
        let list = app.call(Method::GET, &path, None).await.json();
        let entry = &list["items"][0];
        assert_eq!((&entry["state"], &entry["retailer_id"]), (&"waiting".into(), &"LAMP".into()), "{list:#}");
        let page = browser.get(&format!("/products/{id}")).await;
        let shown = between(page.text(), "Waiting list", "</ul>");
        assert!(shown.contains("1 × LAMP") && shown.contains(">waiting<"), "{shown}");
        let inbox = format!("/inbox/{}", entry["conversation_id"].as_str().unwrap());
        assert!(shown.contains(&inbox), "{shown}");
        app.clock.advance(25 * 3_600_000);
        let list = app.call(Method::GET, &path, None).await.json();
        assert_eq!(list["items"][0]["state"], "out_of_reach", "{list:#}");
        let page = browser.get(&format!("/products/{id}")).await;
        assert!(page.text().contains("waiting, cannot be written to"));
        let other = crate::support::open_shop(&app.engine, "Other", "17841400000000002").await;
        let theirs = crate::support::call(&app.router, &other.key, Method::GET, &path, None).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    }

    async fn products_are_added_changed_and_imported_by_hand(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.owner().await;
        browser.get("/products/new").await;
        let fields = [
            ("title", "Tea cup"), ("retailer_id", "CUP"), ("price", "450"), ("stock", "2"),
            ("aliases", "cup, mug"), ("options", "color: white, blue (+50)"), ("availability", "in stock"),
        ];
        let saved = browser.post("/products/new", &fields).await;
        assert!(saved.text().contains("Tea cup is saved."), "{}", saved.text());
        let twice = browser.post("/products/new", &fields).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(twice.text().contains("aria-invalid=\"true\""));
        let found = browser.get("/products?q=mug").await;
        assert!(found.text().contains("2 left"), "{}", found.text());
        let id = between(found.text(), "href=\"/products/0", "\"").to_owned();
        let form = browser.get(&format!("/products/0{id}")).await;
        assert!(form.text().contains("color: white, blue (+50.00)"), "{}", form.text());
        let wrong = browser.post(&format!("/products/0{id}"), &[("title", ""), ("price", "1,5")]).await;
        assert!(wrong.text().contains("Not saved yet"));
        let gone = browser.post(&format!("/products/0{id}/status"), &[("status", "archived")]).await;
        assert!(gone.text().contains("Tea cup is archived."));
        assert!(browser.get("/products?show=archived").await.text().contains("Tea cup"));

        browser.get("/products/import").await;
        let upload = |csrf: &str, file: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"goods.csv\"\r\n\r\n{file}\r\n--b--\r\n")
        };
        let post = |browser: &Browser, body: String| {
            browser.request(Method::POST, "/products/import")
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
                .body(Body::from(body)).unwrap()
        };
        let file = "retailer_id,title,price\nA1,Apron,1200\nA2,,300";
        let done = send(&app.router, post(&browser, upload(&browser.csrf, file))).await;
        assert!(done.text().contains("1 new, 0 changed, 0 as before, 1 not taken"), "{}", done.text());
        let forged = send(&app.router, post(&browser, upload("x", file))).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let empty = send(&app.router, post(&browser, upload(&browser.csrf, ""))).await;
        assert!(empty.text().contains("Choose a file first."));
    }

    async fn a_customers_details_are_shown_with_their_source_and_corrected(db: &TestDatabase) {
        let app = App::new(db).await;
        app.dm(ACCOUNT, "900", "m1", "2 brass lamps please. my number is 077 123 4567").await;
        let mut browser = app.owner().await;
        let list = browser.get("/customers?q=77123").await;
        let id = between(list.text(), "href=\"/customers/", "\"").to_owned();
        let page = browser.get(&format!("/customers/{id}")).await;
        assert!(page.text().contains("+94771234567"));
        assert!(page.text().contains("From the customer&#39;s message") || page.text().contains("From the customer's message"), "{}", page.text());
        let fields = [("phone", "+94770000000"), ("address", "14 Temple Road\nGalle")];
        let saved = browser.post(&format!("/customers/{id}"), &fields).await;
        assert!(saved.text().contains("Set by your team"), "{}", saved.text());
        app.dm(ACCOUNT, "900", "m2", "my number is 077 999 9999").await;
        assert!(browser.get(&format!("/customers/{id}")).await.text().contains("+94770000000"));
        assert!(browser.get("/customers?q=nobody").await.text().contains("Nobody found"));
    }

    async fn owners_set_the_rules_words_team_and_keys_and_staff_do_not(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.owner().await;
        let page = browser.get("/settings").await;
        assert!(page.text().contains("@amaya.boutique") && page.text().contains("connected"));
        let fields = [("confirmation", "seller_confirms"), ("hand_over_hours", "6"), ("delivery_fee", "350"), ("tax_rate", "")];
        let saved = browser.post("/settings", &fields).await;
        assert!(saved.text().contains("Saved."), "{}", saved.text());
        let wrong = browser.post("/settings", &[("delivery_fee", "a lot"), ("hand_over_hours", "6")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("a lot"), "what was typed stays");

        let words = browser.get("/settings/words?language=si").await;
        assert!(words.text().contains("aria-current=\"page\">සිංහල"), "{}", words.text());
        let key = between(words.text(), "name=\"word.", "\"").to_owned();
        let bad = browser.post("/settings/words", &[("language", "en"), (&format!("word.{key}"), "{ $nonsense")]).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);

        browser.get("/settings/team").await;
        let fields = [("name", "Kamal"), ("email", "kamal@shop.example"), ("password", PASSWORD), ("role", "staff")];
        assert!(browser.post("/settings/team", &fields).await.text().contains("Kamal can sign in now."));
        let weak = [("name", "B"), ("email", "b@shop.example"), ("password", "short"), ("role", "staff")];
        assert_eq!(browser.post("/settings/team", &weak).await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let made = browser.post("/settings/keys", &[("name", "till")]).await;
        let key = between(made.text(), "<p class=\"code\">", "</p>").to_owned();
        let call = crate::support::call(&app.router, &key, Method::GET, "/api/v1/orders", None).await;
        assert_eq!(call.status, StatusCode::OK);
        assert!(!browser.get("/settings/keys").await.text().contains(&key), "a key is shown once");

        let mut staff = app.browser();
        staff.sign_in("kamal@shop.example").await;
        assert_eq!(staff.get("/settings").await.status, StatusCode::OK);
        for path in ["/settings/team", "/settings/keys"] {
            assert_eq!(staff.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        staff.get("/settings").await;
        for (path, field) in [("/settings", "x"), ("/settings/words", "x"), ("/settings/team", "x"), ("/settings/keys", "name")] {
            assert_eq!(staff.post(path, &[(field, "y")]).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(staff.get("/events").await.status, StatusCode::NOT_FOUND);
    }

    async fn admins_see_kept_events_and_run_them_again(db: &TestDatabase) {
        let app = App::new(db).await;
        app.dm("17841400000000999", "900", "m1", "2 brass lamps").await;
        let hash = web::password::hash(&PASSWORD.to_owned().into());
        let add = app.engine.add_member(Some(app.shop.id), "root@server.example", "Root", Role::Owner, true, hash);
        add.await.unwrap();
        let mut browser = app.browser();
        browser.sign_in("root@server.example").await;
        let page = browser.get("/events?state=unrouted").await;
        assert!(page.text().contains("17841400000000999"), "{}", page.text());
        let again = browser.post("/events/replay", &[("state", "unrouted")]).await;
        assert!(again.text().contains("1 events are run again."), "{}", again.text());
    }

    async fn every_page_is_private_safe_and_says_what_to_do_when_empty(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.owner().await;
        for path in ["/", "/?show=in-progress", "/?show=ended", "/orders", "/orders/packing", "/inbox", "/products",
            "/products?q=zzz", "/products/new", "/products/import", "/customers", "/more", "/settings",
            "/settings/words", "/settings/team", "/settings/keys"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
            assert!(!answer.header("x-request-id").is_empty());
            let text = answer.text();
            for forbidden in [" style=\"", "<script>", "onclick=", "javascript:", "//cdn"] {
                assert!(!text.contains(forbidden), "{path} has {forbidden}");
            }
            assert_eq!(text.matches("<h1>").count(), 1, "{path} has one heading");
            for id in text.split("<label for=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(text.contains(&format!("id=\"{id}\"")), "{path}: a label for {id}, which is not there");
            }
        }
        let missing = browser.get("/drafts/0190f3c8-7e1c-7000-8000-000000000000").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/nowhere").await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/drafts/nonsense").await.status, StatusCode::BAD_REQUEST);
    }
}
