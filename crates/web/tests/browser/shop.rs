//! A believable shop behind a real port: its customers' messages are read by the real engine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::SellerId;
use domain::catalog::file;
use domain::order::totals::{Charges, Delivery};
use domain::policy::Policy;
use engine::Engine;
use engine::clock::SystemClock;
use engine::config::EngineConfig;
use engine::keyring::Keyring;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::tasks::Step;
use store::{DraftFilter, OrderFilter, Role, Store};
use testkit::TestDatabase;
use web::{AppState, WebConfig};

pub(crate) const EMAIL: &str = "amaya@shop.example";
pub(crate) const PASSWORD: &str = "four calm green boats";
const ACCOUNT: &str = "17841400000000001";
const SECRET: &str = "5f3b0a9d5f3b0a9d5f3b0a9d5f3b0a9d";

const CATALOG: &str = r#"{"currency":"LKR","country":"LK","products":[
  {"retailer_id":"CUSHION","title":"Lotus cushion cover","aliases":["lotus cushion covers","cushion covers"],"price":"1850.00","stock":24,
   "options":[{"name":"color","required":true,"values":["mustard","teal","rose"]}]},
  {"retailer_id":"LAMP","title":"Brass oil lamp","aliases":["brass oil lamps","brass lamp","brass lamps"],"price":"4900.00","stock":3},
  {"retailer_id":"SAREE","title":"Handloom saree","aliases":["handloom sarees"],"price":"8500.00","stock":5,
   "options":[{"name":"color","required":true,"values":["red","indigo","ivory"]}]},
  {"retailer_id":"BOWL","title":"Clay bowl","aliases":["clay bowls"],"price":"850.00"},
  {"retailer_id":"BASKET","title":"Reed basket","aliases":["reed baskets"],"price":"2200.00","stock":0},
  {"retailer_id":"TEA","title":"Ceylon tea tin","aliases":["tea tins"],"price":"1350.00","stock":40}]}"#;

/// `(customer, handle, name, messages)`
const CUSTOMERS: &[(&str, &str, &str, &[&str])] = &[
    (
        "914",
        "tharindu.w",
        "Tharindu W",
        &["Do you have the reed basket?"],
    ),
    ("913", "meera_j", "Meera Jayasuriya", &["1 handloom saree"]),
    (
        "912",
        "ruwan.k",
        "Ruwan K",
        &[
            "3 tea tins and a brass oil lamp please",
            "077 555 0142, address: 8 Lake Road, Kandy",
            "yes",
        ],
    ),
    (
        "911",
        "nadee.p",
        "Nadeesha Perera",
        &[
            "hi! 2 lotus cushion covers in mustard and 1 brass oil lamp",
            "make it 2 lamps pls. 0771234567, address: 14/2 Temple Road, Galle",
            "yes",
        ],
    ),
];

pub(crate) struct Server {
    engine: Engine,
    seller: SellerId,
    address: SocketAddr,
    written: AtomicU32,
    _database: TestDatabase,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = testkit::sqlite();
        let mut config = EngineConfig::new(Keyring::parse(&Keyring::generate()).unwrap());
        config.secrets.meta = Some(SECRET.to_owned().into());
        // Nobody listens there: nothing is sent.
        config.graph = meta::graph::Config::at("http://127.0.0.1:9");
        let store = Store::open(database.url()).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(SystemClock)).unwrap();
        let seller = open_shop(&engine).await;
        let state = AppState::new(engine.clone(), WebConfig::default(), Arc::new(String::new));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(web::serve(
            listener,
            web::router(state),
            std::future::pending(),
        ));
        let server = Self {
            engine,
            seller,
            address,
            written: AtomicU32::new(0),
            _database: database,
        };
        for (customer, handle, name, messages) in CUSTOMERS {
            for text in *messages {
                server.dm(customer, text).await;
            }
            server.name(customer, handle, name).await;
        }
        server
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A customer's DM, taken in and read.
    pub(crate) async fn dm(&self, customer: &str, text: &str) {
        let at = self.engine.now().0;
        let mid = format!(
            "m_{customer}_{}",
            self.written.fetch_add(1, Ordering::Relaxed)
        );
        let body = serde_json::json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": at, "messaging": [{
            "sender": {"id": customer}, "recipient": {"id": ACCOUNT}, "timestamp": at,
            "message": {"mid": mid, "text": text}}]}]})
        .to_string();
        let signature = meta::signature::sign(&SECRET.to_owned().into(), body.as_bytes());
        let _ = self
            .engine
            .intake()
            .take(Some(&signature), body.as_bytes())
            .await;
        while let Step::Did(_) = self.engine.pipeline_step().await.unwrap() {}
    }

    async fn name(&self, external_id: &str, handle: &str, name: &str) {
        let store = self.engine.store().seller(self.seller);
        let page = store
            .customers(&store::CustomerFilter {
                limit: 100,
                ..Default::default()
            })
            .await;
        let known = page.unwrap().rows;
        let customer = known
            .iter()
            .find(|c| c.external_id.as_deref() == Some(external_id))
            .unwrap();
        let now = self.engine.now();
        store
            .set_profile(customer.id, Some(handle), Some(name), now)
            .await
            .unwrap();
    }

    /// Every page with something on it: `(path, name)`.
    pub(crate) async fn pages(&self) -> Vec<(String, String)> {
        let store = self.engine.store().seller(self.seller);
        let drafts = store
            .draft_orders(&DraftFilter {
                limit: 10,
                ..Default::default()
            })
            .await
            .unwrap();
        let open = drafts.rows.iter().find(|d| !d.stage.is_final()).unwrap().id;
        let order = store
            .orders(&OrderFilter {
                limit: 1,
                ..Default::default()
            })
            .await
            .unwrap()
            .rows[0]
            .id;
        let conversation = store.conversations(None, 10).await.unwrap()[0].id;
        let customer = store
            .customers(&store::CustomerFilter {
                limit: 1,
                ..Default::default()
            })
            .await
            .unwrap()
            .rows[0]
            .id;
        let product = store
            .products(&store::ProductFilter {
                limit: 1,
                ..Default::default()
            })
            .await
            .unwrap()
            .rows[0]
            .id;
        [
            ("/?show=in-progress".to_owned(), "in-progress"),
            ("/?show=ended".to_owned(), "ended"),
            (format!("/drafts/{open}"), "draft"),
            (format!("/drafts/{open}/edit"), "edit"),
            ("/orders".to_owned(), "orders"),
            (format!("/orders/{order}"), "order-paid"),
            ("/orders/packing".to_owned(), "packing"),
            ("/inbox".to_owned(), "inbox"),
            (format!("/inbox/{conversation}"), "conversation"),
            ("/products".to_owned(), "products"),
            (format!("/products/{product}"), "product"),
            ("/products/import".to_owned(), "import"),
            ("/customers".to_owned(), "customers"),
            (format!("/customers/{customer}"), "customer"),
            ("/more".to_owned(), "more"),
            ("/settings".to_owned(), "settings"),
            ("/settings/words".to_owned(), "words"),
            ("/settings/team".to_owned(), "team"),
            ("/settings/keys".to_owned(), "keys"),
        ]
        .map(|(path, name)| (path, name.to_owned()))
        .into()
    }
}

async fn open_shop(engine: &Engine) -> SellerId {
    let added = engine
        .add_seller(&AddSeller {
            name: "Amaya Boutique".to_owned(),
            country: "LK".to_owned(),
            currency: "LKR".parse().unwrap(),
            language: None,
            time_zone: None,
        })
        .await
        .unwrap();
    let seller = added.seller.id;
    let tokens = PlainTokens {
        access: Some("EAAtoken".to_owned().into()),
        ..PlainTokens::default()
    };
    let account = AddAccount {
        instagram_account_id: Some(ACCOUNT.to_owned()),
        username: Some("amaya.boutique".to_owned()),
        tokens,
        ..AddAccount::default()
    };
    engine.add_account(seller, &account).await.unwrap();
    let delivery = Some(Delivery {
        fee_minor: 35_000,
        free_from_minor: None,
    });
    let charges = Charges {
        delivery,
        ..Charges::default()
    };
    engine
        .set_policy(
            seller,
            &Policy {
                charges,
                ..Policy::default()
            },
        )
        .await
        .unwrap();
    let products = file::parse(CATALOG, None).unwrap().products;
    engine
        .store()
        .seller(seller)
        .put_products(products, engine.now())
        .await
        .unwrap();
    let hash = web::password::hash(&PASSWORD.to_owned().into());
    engine
        .add_member(Some(seller), EMAIL, "Amaya", Role::Owner, false, hash)
        .await
        .unwrap();
    seller
}
