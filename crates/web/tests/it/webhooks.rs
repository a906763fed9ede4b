//! What Meta meets: the handshake, the signature, the limit, the acknowledgement, the callbacks.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use store::EventState;
use testkit::on_both;
use web::WebConfig;

use crate::support::{ACCOUNT, App, SECRET, dm_body, send};

async fn handshake(app: &App, path: &str, query: &str) -> (StatusCode, String) {
    let answer = app.get(&format!("{path}?{query}")).await;
    (answer.status, answer.text().to_owned())
}

on_both! {
    async fn the_handshake_echoes_only_for_the_right_token(db: &TestDatabase) {
        let app = App::new(db).await;
        let right = "hub.mode=subscribe&hub.verify_token=hello%20meta&hub.challenge=1158201444";
        for path in ["/webhooks/meta", "/api/instagram/dm/webhook"] {
            let answer = app.get(&format!("{path}?{right}")).await;
            assert_eq!((answer.status, answer.text()), (StatusCode::OK, "1158201444"));
            assert!(answer.header("content-type").starts_with("text/plain"));
        }
        for wrong in [
            "",
            "hub.mode=subscribe&hub.verify_token=hello&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=hello%20meta&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=hello%20meta",
            "hub.mode=subscribe&hub.verify_token=hello%20meta&hub.challenge=%3Cscript%3E",
            "hub.mode=%FF%FE",
        ] {
            let (status, text) = handshake(&app, "/webhooks/meta", wrong).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}");
            assert!(!text.contains("script"));
        }
    }

    async fn a_body_is_acknowledged_once_it_is_stored(db: &TestDatabase) {
        let app = App::new(db).await;
        let body = dm_body(ACCOUNT, "900", "m1", "hello", app.engine.now());
        for _ in 0..3 {
            assert_eq!(app.deliver(&body).await.status, StatusCode::OK);
        }
        let pending = app.engine.store().system().events(EventState::Pending, None, 10).await.unwrap();
        assert_eq!(pending.len(), 1);
        // Whatever a rightly signed body holds, it is kept and acknowledged.
        for odd in ["not json", "[]", "{}", "\u{0}", "{\"object\":\"instagram\",\"entry\":[{\"x\":1}]}"] {
            assert_eq!(app.deliver(odd).await.status, StatusCode::OK, "{odd}");
        }
        app.read().await;
        let kept = app.engine.store().system().events(EventState::Kept, None, 10).await.unwrap();
        assert!(kept.len() >= 3, "{kept:?}");
        assert!(kept.iter().all(|event| event.reason.is_some()));
    }

    async fn a_wrong_signature_is_a_403_and_nothing_is_kept(db: &TestDatabase) {
        let app = App::new(db).await;
        let body = dm_body(ACCOUNT, "900", "m1", "hello", app.engine.now());
        let right = meta::signature::sign(&SECRET.to_owned().into(), body.as_bytes());
        let wrong = meta::signature::sign(&"another".to_owned().into(), body.as_bytes());
        for signature in [None, Some(""), Some("sha256=00"), Some(wrong.as_str()), Some(&right[..70])] {
            let mut request = Request::post("/webhooks/meta");
            if let Some(signature) = signature {
                request = request.header("x-hub-signature-256", signature);
            }
            let answer = send(&app.router, request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{signature:?}");
            assert!(!answer.text().contains(&right[8..]), "the answer must not tell the signature");
        }
        // WhatsApp bodies need WhatsApp's secret.
        let whatsapp = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[]}]}"#;
        assert_eq!(app.deliver(whatsapp).await.status, StatusCode::FORBIDDEN);
        let stats = app.engine.store().stats().await.unwrap();
        assert_eq!(stats["inbound_events"]["pending"], 0, "{stats}");
    }

    async fn the_old_address_still_works_and_names_the_new_one(db: &TestDatabase) {
        let app = App::new(db).await;
        let body = dm_body(ACCOUNT, "900", "m1", "hello", app.engine.now());
        let signature = meta::signature::sign(&SECRET.to_owned().into(), body.as_bytes());
        let request = Request::post("/api/instagram/dm/webhook")
            .header("x-hub-signature-256", signature)
            .body(Body::from(body))
            .unwrap();
        let answer = send(&app.router, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("deprecation").starts_with('@'));
        assert_eq!(answer.header("link"), r#"</webhooks/meta>; rel="successor-version""#);
        assert!(app.deliver("{}").await.headers.get("deprecation").is_none());
    }

    async fn four_mebibytes_pass_and_one_byte_more_does_not(db: &TestDatabase) {
        let app = App::new(db).await;
        let most = " ".repeat(web::limits::WEBHOOK_BODY_BYTES_MAX);
        assert_eq!(app.deliver(&most).await.status, StatusCode::OK);
        let answer = app.deliver(&format!("{most} ")).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn a_store_that_is_away_is_a_503_with_a_time_to_come_again(db: &TestDatabase) {
        let app = App::new(db).await;
        app.engine.store().close().await;
        let body = dm_body(ACCOUNT, "900", "m1", "hello", app.engine.now());
        let answer = app.deliver(&body).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(app.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
        let api = app.call(axum::http::Method::GET, "/api/v1/orders", None).await;
        assert_eq!(api.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(api.header("content-type"), "application/problem+json");
    }

    async fn a_person_is_forgotten_on_request_and_can_see_it(db: &TestDatabase) {
        let app = App::new(db).await;
        app.dm(ACCOUNT, "900", "m1", "2 brass lamps, my number is 077 123 4567").await;
        let form = |person: &str, secret: &str| {
            let signed = meta::signed_request::make(&secret.to_owned().into(), person, 1_793_000_000);
            Request::post("/webhooks/meta/data-deletion")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("host", "shop.example")
                .body(Body::from(format!("signed_request={signed}")))
                .unwrap()
        };
        assert_eq!(send(&app.router, form("900", "another")).await.status, StatusCode::FORBIDDEN);
        let answer = send(&app.router, form("900", SECRET)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let told = answer.json();
        let code = told["confirmation_code"].as_str().unwrap();
        assert_eq!(told["url"], format!("http://shop.example/data-deletion/{code}"));
        let page = app.get(&format!("/data-deletion/{code}")).await;
        assert!(page.text().contains("Your data is deleted"));
        assert_eq!(app.get("/data-deletion/nonsense").await.status, StatusCode::NOT_FOUND);
        let customers = app.call(axum::http::Method::GET, "/api/v1/customers", None).await;
        assert_eq!(customers.json()["items"].as_array().unwrap().len(), 0);
    }

    async fn removing_the_app_takes_the_tokens_away(db: &TestDatabase) {
        let app = App::new(db).await;
        let signed = meta::signed_request::make(&SECRET.to_owned().into(), ACCOUNT, 1_793_000_000);
        let request = Request::post("/webhooks/meta/deauthorize")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("signed_request={signed}")))
            .unwrap();
        assert_eq!(send(&app.router, request).await.status, StatusCode::OK);
        let account = &app.engine.store().seller(app.shop.id).accounts().await.unwrap()[0];
        assert!(account.access_token.is_none());
        let request = Request::post("/webhooks/meta/deauthorize").body(Body::empty()).unwrap();
        assert_eq!(send(&app.router, request).await.status, StatusCode::BAD_REQUEST);
    }

    async fn test_routes_exist_only_in_development(db: &TestDatabase) {
        let app = App::new(db).await;
        assert_eq!(app.get("/api/instagram/dm/test").await.status, StatusCode::NOT_FOUND);
        drop(app);
        let config = WebConfig { development: true, ..WebConfig::default() };
        let database = testkit::sqlite();
        let app = App::with(&database, config).await;
        let body = format!(r#"{{"account_id":"{ACCOUNT}","text":"2 brass lamps"}}"#);
        let request = Request::post("/api/instagram/dm/test")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = send(&app.router, request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        app.read().await;
        let figures = app.get("/api/instagram/dm/test").await.json();
        assert_eq!(figures["messages"], 1, "{figures}");
    }
}
