//! Signing in: who gets in, how often one may try, what a session survives, and forged forms.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::Timestamp;
use testkit::on_both;
use web::WebConfig;

use crate::support::{App, PASSWORD, send};

on_both! {
    async fn only_the_right_password_opens(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.browser();
        let page = browser.get("/orders?status=paid").await;
        assert!(page.text().contains("Sign-in name") || page.text().contains("E-mail"), "{}", page.text());
        assert!(page.text().contains("/orders?status=paid"), "the way back is kept");
        for (email, password) in [(app.shop.email.as_str(), "wrong"), ("nobody@x.example", PASSWORD), ("", "")] {
            let answer = browser.post("/sign-in", &[("email", email), ("password", password)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert!(answer.text().contains("do not fit together"));
        }
        let fields = [("email", app.shop.email.as_str()), ("password", PASSWORD), ("next", "/orders")];
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().contains("No orders yet"), "{}", answer.text());
        assert!(browser.get("/").await.text().contains("Draft orders"));
    }

    async fn guessing_is_slowed_down(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.browser();
        browser.get("/sign-in").await;
        let mut last = StatusCode::OK;
        for _ in 0..=web::limits::SIGN_INS_PER_MINUTE_MAX {
            let fields = [("email", app.shop.email.as_str()), ("password", "guess")];
            last = browser.post("/sign-in", &fields).await.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        // Even the right password has to wait now.
        let fields = [("email", app.shop.email.as_str()), ("password", PASSWORD)];
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn the_cookie_is_out_of_reach_and_new_at_every_sign_in(db: &TestDatabase) {
        let config = WebConfig { public_url: Some("https://shop.example".into()), ..WebConfig::default() };
        let app = App::with(db, config).await;
        let mut browser = app.owner().await;
        let first = browser.cookies["__Host-eziseller"].clone();
        let strict = browser.get("/").await;
        assert!(strict.header("strict-transport-security").starts_with("max-age="));
        browser.get("/more").await;
        browser.post("/sign-out", &[]).await;
        assert!(!browser.cookies.contains_key("__Host-eziseller"));
        browser.sign_in(&app.shop.email).await;
        assert_ne!(browser.cookies["__Host-eziseller"], first);
        // The old one is dead on the server, too.
        browser.cookies.insert("__Host-eziseller".into(), first);
        assert!(browser.get("/orders").await.text().contains("password"));
        let request = browser.request(Method::GET, "/sign-in").body(Body::empty()).unwrap();
        let answer = send(&app.router, request).await;
        let cookie = answer.header("set-cookie");
        for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }

    async fn a_session_ends_when_idle_and_in_any_case(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.owner().await;
        app.clock.advance(web::limits::SESSION_IDLE_MILLIS_MAX - Timestamp::HOUR);
        assert!(browser.get("/orders").await.text().contains("No orders yet"));
        // Used since, so the idle time counts anew.
        app.clock.advance(web::limits::SESSION_IDLE_MILLIS_MAX - Timestamp::HOUR);
        assert!(browser.get("/orders").await.text().contains("No orders yet"));
        app.clock.advance(web::limits::SESSION_IDLE_MILLIS_MAX + 1);
        assert!(!browser.get("/orders").await.text().contains("No orders yet"));

        let mut browser = app.owner().await;
        let began = app.engine.now();
        while app.engine.now().since(began) < web::limits::SESSION_MILLIS_MAX - 7 * Timestamp::DAY {
            app.clock.advance(7 * Timestamp::DAY);
            assert!(browser.get("/orders").await.text().contains("No orders yet"));
        }
        app.clock.advance(7 * Timestamp::DAY);
        assert!(!browser.get("/orders").await.text().contains("No orders yet"));
    }

    async fn forged_forms_change_nothing(db: &TestDatabase) {
        let app = App::new(db).await;
        let draft = app.draft(&app.shop, "900").await;
        let mut browser = app.owner().await;
        let path = format!("/drafts/{draft}/confirm");
        // Without the token, with another session's, and from another site.
        for csrf in ["", "0000"] {
            assert_eq!(browser.post_raw(&path, &[("csrf", csrf)]).await.status, StatusCode::FORBIDDEN);
        }
        let other = app.owner().await;
        let stolen = browser.post_raw(&path, &[("csrf", &other.csrf)]).await;
        assert_eq!(stolen.status, StatusCode::FORBIDDEN);
        browser.get("/").await;
        for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
            let mut request = browser.request(Method::POST, &path);
            if name == "origin" {
                request.headers_mut().unwrap().remove("sec-fetch-site");
            }
            request.headers_mut().unwrap().insert(
                header::HeaderName::from_static(if name == "origin" { "origin" } else { "sec-fetch-site" }),
                value.parse().unwrap(),
            );
            let request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::HOST, "shop.example")
                .body(Body::from(format!("csrf={}", browser.csrf)))
                .unwrap();
            assert_eq!(send(&app.router, request).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
        }
        let orders = app.call(Method::GET, "/api/v1/orders", None).await.json();
        assert_eq!(orders["items"].as_array().unwrap().len(), 0);
        // And the sign-in form itself cannot be forged.
        let login = Request::post("/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("email={}&password={PASSWORD}", app.shop.email)))
            .unwrap();
        assert_eq!(send(&app.router, login).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_new_password_ends_every_session(db: &TestDatabase) {
        let app = App::new(db).await;
        let mut browser = app.owner().await;
        let mut other = app.owner().await;
        let page = browser.get("/settings/team").await;
        let at = page.text().find("action=\"/settings/team/").unwrap() + 23;
        let id: String = page.text()[at..].chars().take(36).collect();
        let weak = browser.post(&format!("/settings/team/{id}"), &[("password", "short")]).await;
        assert!(weak.text().contains("at least 10 characters"), "{}", weak.text());
        browser.post(&format!("/settings/team/{id}"), &[("password", "another fine sentence")]).await;
        for browser in [&mut browser, &mut other] {
            assert!(browser.get("/orders").await.text().contains("type=\"password\""));
        }
    }
}
