//! A whole engine on a real database beside a sandbox that plays Meta, on one clock that the test
//! moves, step by step.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::catalog::file;
use domain::{SellerId, Timestamp};
use engine::config::EngineConfig;
use engine::intake::Outcome;
use engine::keyring::Keyring;
use engine::sellers::{AddAccount, AddSeller};
use engine::tasks::Step;
use engine::testing::TestClock;
use engine::{By, Engine};
use sandbox::{Account, Clock, CustomerHandle, Sandbox, SandboxConfig};
use store::{
    ConversationWrite, DraftFilter, DraftRow, EventState, OrderFilter, OrderRow, OutboxMessage,
    Store,
};
use testkit::TestDatabase;

pub(crate) const START: i64 = 1_793_000_000_000;

/// Twelve goods of a made-up shop.
const CATALOG: &str = r#"{"currency":"USD","country":"US","products":[
  {"retailer_id":"MUG-BLUE","title":"Blue mug","aliases":["blue mugs"],"price":"10.00"},
  {"retailer_id":"MUG-RED","title":"Red mug","aliases":["red mugs"],"price":"12.00"},
  {"retailer_id":"TEAPOT","title":"Teapot","aliases":["teapots"],"price":"30.00"},
  {"retailer_id":"VASE","title":"Glass vase","aliases":["vase"],"price":"45.00","stock":1},
  {"retailer_id":"SCARF","title":"Wool scarf","aliases":["scarf"],"price":"25.00","options":[
     {"name":"size","required":true,"values":["small","large"]}]}]}"#;

pub(crate) struct World {
    pub(crate) meta: Sandbox,
    pub(crate) engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) seller: SellerId,
    url: String,
}

/// What the webhook address answers with; the engine behind it may be replaced (a restart).
type Behind = Arc<std::sync::Mutex<Engine>>;

async fn receive(State(behind): State<Behind>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let engine = behind.lock().unwrap().clone();
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|v| v.to_str().ok());
    match engine.intake().take(signature, &body).await {
        Outcome::Accepted { .. } => StatusCode::OK,
        Outcome::BadSignature => StatusCode::FORBIDDEN,
        Outcome::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

pub(crate) fn config(meta: &Sandbox) -> EngineConfig {
    let key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned();
    let mut config = EngineConfig::new(Keyring::parse(&key.into()).unwrap());
    config.secrets.meta = Some(meta.app().secret.into());
    config.secrets.instagram = Some(meta.app().instagram_secret.into());
    config.verify_token = Some("hello".to_owned().into());
    config.graph = meta::graph::Config::at(&meta.url());
    config
}

impl World {
    /// One seller with the catalogue above, connected to the sandbox's first account.
    pub(crate) async fn new(db: &TestDatabase) -> Self {
        Self::with(db, |_| {}).await
    }

    pub(crate) async fn with(db: &TestDatabase, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut world = Self::without_account(db, change).await;
        world.connect_first().await;
        world
    }

    /// The same beside a sandbox of another seed.
    pub(crate) async fn seeded(db: &TestDatabase, seed: u64) -> Self {
        let mut world = Self::open(db, seed, |_| {}).await;
        world.connect_first().await;
        world
    }

    /// The same, not connected yet.
    pub(crate) async fn without_account(
        db: &TestDatabase,
        change: impl FnOnce(&mut EngineConfig),
    ) -> Self {
        Self::open(db, 1, change).await
    }

    async fn open(db: &TestDatabase, seed: u64, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = TestClock::at(Timestamp(START));
        let meta = Sandbox::start(SandboxConfig {
            seed,
            clock: Clock::shared(clock.shared()),
            ..SandboxConfig::default()
        })
        .await;
        let mut config = config(&meta);
        change(&mut config);
        let store = Store::open(db.url()).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
        serve(&meta, &engine).await;
        let seller = add_seller(&engine, "Mugs & More").await;
        Self {
            meta,
            engine,
            clock,
            seller,
            url: db.url().to_owned(),
        }
    }

    pub(crate) async fn connect_first(&mut self) {
        let account = self.meta.account();
        connect(&self.engine, self.seller, &account).await;
    }

    /// The process dies between two steps and starts again: a new engine on the same database.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(|_| {}).await;
    }

    /// The same with other settings.
    pub(crate) async fn restart_with(&mut self, change: impl FnOnce(&mut EngineConfig)) {
        let store = Store::open(&self.url).await.unwrap();
        let mut config = config(&self.meta);
        change(&mut config);
        self.engine = Engine::new(store, config, Arc::new(self.clock.clone())).unwrap();
        serve(&self.meta, &self.engine).await;
    }

    pub(crate) fn customer(&self, name: &str) -> CustomerHandle {
        self.meta.customer(name)
    }

    pub(crate) fn by(&self) -> By {
        By {
            seller: self.seller,
            member: None,
        }
    }

    /// Works on inbound events until none is due.
    pub(crate) async fn read(&self) {
        while let Step::Did(_) = self.engine.pipeline_step().await.unwrap() {}
    }

    /// Sends until nothing is due.
    pub(crate) async fn send(&self) {
        while let Step::Did(_) = self.engine.outbox_step().await.unwrap() {}
    }

    /// Until webhooks, events and sends have all come to rest.
    pub(crate) async fn settle(&self) {
        for _ in 0..6 {
            self.meta.drain().await;
            self.read().await;
            self.send().await;
        }
    }

    pub(crate) async fn drafts(&self) -> Vec<DraftRow> {
        let filter = DraftFilter {
            limit: 1000,
            ..DraftFilter::default()
        };
        let store = self.engine.store().seller(self.seller);
        store.draft_orders(&filter).await.unwrap().rows
    }

    pub(crate) async fn orders(&self) -> Vec<OrderRow> {
        let filter = OrderFilter {
            limit: 1000,
            ..OrderFilter::default()
        };
        let store = self.engine.store().seller(self.seller);
        store.orders(&filter).await.unwrap().rows
    }

    pub(crate) async fn messages(&self) -> Vec<store::Message> {
        let store = self.engine.store().seller(self.seller);
        store.all_messages(None, 1000).await.unwrap()
    }

    /// The only conversation.
    pub(crate) async fn conversation(&self) -> store::Conversation {
        let store = self.engine.store().seller(self.seller);
        let mut all = store.conversations(None, 10).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    pub(crate) async fn outbox(&self) -> Vec<OutboxMessage> {
        let store = self.engine.store().seller(self.seller);
        let mut all = Vec::new();
        for conversation in store.conversations(None, 1000).await.unwrap() {
            all.extend(store.outbox_of(conversation.id, &[]).await.unwrap());
        }
        all
    }

    /// The seller's first account as it is stored.
    pub(crate) async fn account(&self) -> store::ChannelAccount {
        let store = self.engine.store().seller(self.seller);
        store.accounts().await.unwrap().remove(0)
    }

    pub(crate) async fn events(&self, state: EventState) -> Vec<store::KeptEvent> {
        let found = self.engine.kept_events(None, state, None, 1000).await;
        found.unwrap()
    }

    pub(crate) async fn notices(&self) -> Vec<String> {
        let store = self.engine.store().seller(self.seller);
        let all = store.notifications(100).await.unwrap();
        all.into_iter().map(|n| n.kind).collect()
    }
}

pub(crate) async fn add_seller(engine: &Engine, name: &str) -> SellerId {
    let added = engine
        .add_seller(&AddSeller {
            name: name.to_owned(),
            country: "US".to_owned(),
            currency: "USD".parse().unwrap(),
            language: None,
            time_zone: None,
        })
        .await
        .unwrap();
    let goods = file::parse(CATALOG, None).unwrap();
    assert!(goods.rejected.is_empty(), "{:?}", goods.rejected);
    let store = engine.store().seller(added.seller.id);
    store
        .put_products(goods.products, engine.now())
        .await
        .unwrap();
    added.seller.id
}

pub(crate) async fn connect(engine: &Engine, seller: SellerId, account: &Account) {
    let mut add = AddAccount {
        instagram_account_id: Some(account.instagram_account_id.clone()),
        page_id: account.page_id.clone(),
        username: Some(account.username.clone()),
        ..AddAccount::default()
    };
    add.tokens.access = Some(account.access_token.clone().into());
    engine.add_account(seller, &add).await.unwrap();
}

async fn serve(meta: &Sandbox, engine: &Engine) {
    let behind: Behind = Arc::new(std::sync::Mutex::new(engine.clone()));
    let app = Router::new()
        .route("/webhooks/meta", post(receive))
        .with_state(behind);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/meta", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    meta.set_callback(url, "hello");
}

/// Writes a conversation that no version of this program would have written.
pub(crate) fn spoil(conversation: &store::Conversation) -> ConversationWrite {
    ConversationWrite {
        id: conversation.id,
        account_id: conversation.account_id,
        customer_id: conversation.customer_id,
        channel: conversation.channel,
        lane: conversation.lane.clone(),
        read_version: Some(conversation.version),
        state: "not a state".to_owned(),
        language: None,
        window_until: conversation.window_until,
        hand_over_until: None,
        wake_at: None,
        unread_added: 0,
        last_message_at: None,
        last_text: None,
    }
}
