//! A whole server in a test: real database, real engine, a clock that the test moves, and clients
//! that speak to the router like Meta, like a program and like a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::catalog::file;
use domain::{SellerId, Timestamp};
use engine::Engine;
use engine::config::EngineConfig;
use engine::keyring::Keyring;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::tasks::Step;
use engine::testing::TestClock;
use secrecy::ExposeSecret;
use serde_json::Value;
use store::{Role, Store};
use testkit::TestDatabase;
use tower::ServiceExt;
use web::{AppState, WebConfig};

pub(crate) const START: i64 = 1_793_000_000_000;
pub(crate) const SECRET: &str = "5f3b0a9d5f3b0a9d5f3b0a9d5f3b0a9d";
pub(crate) const ACCOUNT: &str = "17841400000000001";
pub(crate) const PASSWORD: &str = "four calm green boats";

const CATALOG: &str = r#"{"currency":"LKR","country":"LK","products":[
  {"retailer_id":"LAMP","title":"Brass lamp","aliases":["brass lamps"],"price":"4900.00","stock":3},
  {"retailer_id":"BOWL","title":"Clay bowl","aliases":["clay bowls"],"price":"850.00"},
  {"retailer_id":"SHIRT","title":"Linen shirt","aliases":["linen shirts"],"price":"3200.00","options":[
     {"name":"size","required":true,"values":["S","M","L"]}]}]}"#;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}

/// One shop with the catalogue above, connected, with an owner and an API key.
pub(crate) struct Shop {
    pub(crate) id: SellerId,
    pub(crate) key: String,
    pub(crate) email: String,
    pub(crate) account: String,
}

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) shop: Shop,
}

impl App {
    pub(crate) async fn new(db: &TestDatabase) -> Self {
        Self::with(db, WebConfig::default()).await
    }

    pub(crate) async fn with(db: &TestDatabase, web: WebConfig) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = TestClock::at(Timestamp(START));
        let key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned();
        let mut config = EngineConfig::new(Keyring::parse(&key.into()).unwrap());
        config.secrets.instagram = Some(SECRET.to_owned().into());
        config.verify_token = Some("hello meta".to_owned().into());
        config.public_url = web.public_url.clone();
        // Nobody listens there: nothing is sent in these tests.
        config.graph = meta::graph::Config::at("http://127.0.0.1:9");
        let store = Store::open(db.url()).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
        let state = AppState::new(engine.clone(), web, Arc::new(|| "up 1\n".to_owned()));
        let router = web::router(state);
        let shop = open_shop(&engine, "Amaya Boutique", ACCOUNT).await;
        Self {
            router,
            engine,
            clock,
            shop,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(
            &self.router,
            Request::get(path).body(Body::empty()).unwrap(),
        )
        .await
    }

    /// A call with the shop's API key.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        call(&self.router, &self.shop.key, method, path, body).await
    }

    /// A signed webhook body.
    pub(crate) async fn deliver(&self, body: &str) -> Answer {
        let signature = meta::signature::sign(&SECRET.to_owned().into(), body.as_bytes());
        let request = Request::post("/webhooks/meta")
            .header("x-hub-signature-256", signature)
            .body(Body::from(body.to_owned()))
            .unwrap();
        send(&self.router, request).await
    }

    /// A customer's DM, delivered and read.
    pub(crate) async fn dm(&self, account: &str, customer: &str, mid: &str, text: &str) {
        let answer = self
            .deliver(&dm_body(account, customer, mid, text, self.engine.now()))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self.read().await;
        self.clock.advance(1_000);
    }

    /// Works on inbound events until none is due.
    pub(crate) async fn read(&self) {
        while let Step::Did(_) = self.engine.pipeline_step().await.unwrap() {}
    }

    /// A draft order of two brass lamps, complete but for the seller's tap; its id.
    pub(crate) async fn draft(&self, shop: &Shop, customer: &str) -> String {
        self.dm(
            &shop.account,
            customer,
            &format!("m-{customer}-1"),
            "2 brass lamps please",
        )
        .await;
        let drafts = call(
            &self.router,
            &shop.key,
            Method::GET,
            "/api/v1/draft-orders",
            None,
        )
        .await;
        let items = drafts.json()["items"].clone();
        let first = items
            .as_array()
            .unwrap()
            .first()
            .unwrap_or_else(|| panic!("no draft order: {items}"));
        assert_eq!(first["lines"][0]["product"], "LAMP", "{first:#}");
        first["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }

    /// A browser in which the owner is signed in.
    pub(crate) async fn owner(&self) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(&self.shop.email).await;
        browser
    }
}

pub(crate) fn dm_body(
    account: &str,
    customer: &str,
    mid: &str,
    text: &str,
    at: Timestamp,
) -> String {
    serde_json::json!({"object": "instagram", "entry": [{"id": account, "time": at.0, "messaging": [{
        "sender": {"id": customer}, "recipient": {"id": account}, "timestamp": at.0,
        "message": {"mid": mid, "text": text}}]}]})
    .to_string()
}

pub(crate) async fn open_shop(engine: &Engine, name: &str, account: &str) -> Shop {
    let added = engine
        .add_seller(&AddSeller {
            name: name.to_owned(),
            country: "LK".to_owned(),
            currency: "LKR".parse().unwrap(),
            language: None,
            time_zone: None,
        })
        .await
        .unwrap();
    let id = added.seller.id;
    let tokens = PlainTokens {
        access: Some("EAAtoken".to_owned().into()),
        ..PlainTokens::default()
    };
    engine
        .add_account(
            id,
            &AddAccount {
                instagram_account_id: Some(account.to_owned()),
                username: Some("amaya.boutique".to_owned()),
                tokens,
                ..AddAccount::default()
            },
        )
        .await
        .unwrap();
    let products = file::parse(CATALOG, None).unwrap().products;
    engine
        .store()
        .seller(id)
        .put_products(products, engine.now())
        .await
        .unwrap();
    let hash = web::password::hash(&PASSWORD.to_owned().into());
    let email = format!("owner@{account}.example");
    engine
        .add_member(Some(id), &email, "Amaya", Role::Owner, false, hash)
        .await
        .unwrap();
    Shop {
        id,
        key: added.api_key.expose_secret().to_owned(),
        email,
        account: account.to_owned(),
    }
}

pub(crate) async fn call(
    router: &Router,
    key: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {key}"));
    let body = match body {
        Some(json) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    send(router, request.body(body).unwrap()).await
}

/// Keeps cookies and the token of the last page, and follows redirects.
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) async fn sign_in(&mut self, email: &str) {
        self.get("/sign-in").await;
        let answer = self
            .post("/sign-in", &[("email", email), ("password", PASSWORD)])
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.follow(request).await
    }

    /// Posts a form as the last page would.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_raw(path, &all).await
    }

    /// Posts exactly these fields.
    pub(crate) async fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(fields).unwrap()))
            .unwrap();
        self.follow(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookies.join("; "))
    }

    async fn follow(&mut self, request: Request<Body>) -> Answer {
        let mut answer = send(&self.router, request).await;
        for _ in 0..4 {
            self.keep_cookies(&answer);
            if !answer.status.is_redirection() {
                break;
            }
            let to = answer.header("location").to_owned();
            let request = self.request(Method::GET, &to).body(Body::empty()).unwrap();
            answer = send(&self.router, request).await;
        }
        if let Some(at) = answer.text().find(r#"name="csrf" value=""#) {
            let rest = &answer.text()[at + r#"name="csrf" value=""#.len()..];
            rest.split('"').next().unwrap().clone_into(&mut self.csrf);
        }
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
