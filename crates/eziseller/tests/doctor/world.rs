//! A connected shop on a real server, whose settings, clock, database and Meta can all be broken.

use std::net::TcpListener;
use std::sync::Arc;

use domain::catalog::{Product, RetailerId};
use domain::{CatalogId, Money, SellerId, Timestamp};
use engine::config::Secrets;
use engine::connect::{Connected, Connecting};
use engine::doctor::Finding;
use engine::keyring::Keyring;
use engine::sellers::{AddAccount, AddSeller};
use engine::sync::{SyncCause, SyncKind, SyncStep};
use engine::tasks::Step;
use engine::testing::TestClock;
use engine::{Engine, EngineConfig};
use meta::graph::{Access, App, Host};
use sandbox::{
    Account, AccountSpec, AppInfo, Change, Clock, Consent, CustomerHandle, Login, Sandbox,
    SandboxConfig, through_dialog,
};
use store::{ConversationWrite, LaneEffects, Store};
use testkit::TestDatabase;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web::{AppState, WebConfig};

const START: i64 = 1_793_000_000_000;
pub(crate) const KEY: &str = "4242424242424242424242424242424242424242424242424242424242424242";
pub(crate) const NEWER_KEY: &str =
    "5353535353535353535353535353535353535353535353535353535353535353";

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) meta: Sandbox,
    pub(crate) seller: SellerId,
    /// The second seller of a row that has one.
    pub(crate) other: Option<SellerId>,
    /// The conversation's state before a row spoilt it.
    pub(crate) state: String,
    login: Login,
    /// The app as it was when the server was set up.
    app: AppInfo,
    clock: TestClock,
    database: TestDatabase,
    listener: TcpListener,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

pub(crate) fn keyring(keys: &str) -> Keyring {
    Keyring::parse(&keys.to_owned().into()).unwrap()
}

pub(crate) fn product(id: &str, title: &str) -> Product {
    let price = Money::new(25_000, "INR".parse().unwrap());
    let mut product = Product::simple(RetailerId::parse(id).unwrap(), title, price);
    product.description = format!("{title}, thrown by hand.");
    product.image_urls = vec![format!("https://shop.example.com/images/{id}.jpg")];
    product
}

impl World {
    /// A seller who connected by the login's button, with a catalogue in sync (Facebook Login) and a
    /// customer who was answered.
    pub(crate) async fn open(database: TestDatabase, login: Login) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let meta = Sandbox::start(SandboxConfig {
            clock: Clock::manual(START),
            accounts: vec![AccountSpec {
                login,
                subscribed: false,
                ..AccountSpec::default()
            }],
            ..SandboxConfig::default()
        })
        .await;
        meta.change(Change::Consent(Consent {
            auto: true,
            ..Consent::default()
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let clock = TestClock::at(Timestamp(START));
        let app = meta.app();
        let store = Store::open(database.url()).await.unwrap();
        let config = config(&meta.url(), &app, &url_of(&listener));
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
        let seller = add_seller(&engine, "Potworks").await;
        let mut world = Self {
            engine,
            meta,
            seller,
            other: None,
            state: String::new(),
            login,
            app,
            clock,
            database,
            listener,
            server: None,
        };
        world.restart(|_| {}).await;
        world.connect().await;
        world.put([product("MUG", "Blue mug")]).await;
        if login == Login::Facebook {
            world.sync(SyncKind::Full).await;
        }
        world.customer().say("2 blue mugs please");
        world.settle().await;
        world.pass(5 * Timestamp::MINUTE);
        world
    }

    /// Where the server listens.
    pub(crate) fn url(&self) -> String {
        url_of(&self.listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The Facebook app's secret, as the server was told.
    pub(crate) fn secret(&self) -> String {
        self.app.secret.clone()
    }

    /// The reviewer decides on an item.
    pub(crate) fn review(&self, id: &str, status: &str) {
        self.meta.change(Change::Review {
            account: None,
            retailer_id: id.to_owned(),
            status: status.to_owned(),
            reason: None,
        });
    }

    /// Stops the server and starts it again on its database and port, with settings changed.
    pub(crate) async fn restart(&mut self, change: impl FnOnce(&mut EngineConfig)) {
        if let Some((stop, task)) = self.server.take() {
            stop.send(()).unwrap();
            task.await.unwrap();
        }
        let mut config = config(&self.meta.url(), &self.app, &self.url());
        change(&mut config);
        let store = Store::open(self.database.url()).await.unwrap();
        self.engine = Engine::new(store, config, Arc::new(self.clock.clone())).unwrap();
        let state = AppState::new(
            self.engine.clone(),
            WebConfig::default(),
            Arc::new(String::new),
        );
        let listener = tokio::net::TcpListener::from_std(self.listener.try_clone().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let router = web::router(state);
        let task = tokio::spawn(async move {
            let until = async { stopped.await.unwrap_or(()) };
            web::serve(listener.unwrap(), router, until).await.unwrap();
        });
        self.server = Some((stop, task));
        self.webhooks_to("/webhooks/meta");
    }

    /// The address that the app's dashboard names.
    pub(crate) fn webhooks_to(&self, path: &str) {
        self.meta
            .set_callback(format!("{}{path}", self.url()), "word");
    }

    /// Both clocks go on.
    pub(crate) fn pass(&self, millis: i64) {
        self.clock.advance(millis);
        self.meta.advance(millis);
    }

    pub(crate) fn customer(&self) -> CustomerHandle {
        self.meta.customer("ana")
    }

    /// Webhooks arrive and are read; nothing is sent.
    pub(crate) async fn read(&self) {
        self.meta.drain().await;
        while let Step::Did(_) = self.engine.pipeline_step().await.unwrap() {}
    }

    /// Sends what is due.
    pub(crate) async fn send(&self) {
        while let Step::Did(_) = self.engine.outbox_step().await.unwrap() {}
        self.meta.drain().await;
    }

    /// Until webhooks, events and sends have come to rest.
    pub(crate) async fn settle(&self) {
        for _ in 0..3 {
            self.read().await;
            self.send().await;
        }
    }

    /// Some hours go by, and the accounts are looked after.
    pub(crate) async fn look_after(&self) {
        self.pass(7 * Timestamp::HOUR);
        while let Step::Did(_) = self.engine.connections_step().await.unwrap() {}
    }

    /// The conversations at Meta are looked through.
    pub(crate) async fn sweep(&self) {
        for _ in 0..100 {
            if let Step::Did(_) = self.engine.sweep_step().await.unwrap() {
                self.pass(Timestamp::SECOND);
            } else {
                break;
            }
        }
        self.read().await;
    }

    /// Through the login's dialog, as the seller's browser goes.
    pub(crate) async fn connect(&self) {
        self.connect_for(self.seller, None, &[]).await;
    }

    /// The same for a seller, as the owner of an account, without some permissions.
    pub(crate) async fn connect_for(
        &self,
        seller: SellerId,
        owner: Option<&Account>,
        declined: &[&str],
    ) {
        self.meta.change(Change::Consent(Consent {
            auto: true,
            user_id: owner.map(|account| account.user_id.clone()),
            declined: declined.iter().map(|scope| (*scope).to_owned()).collect(),
            ..Consent::default()
        }));
        let host = match self.login {
            Login::Facebook => Host::Facebook,
            Login::Instagram => Host::Instagram,
        };
        let who = Connecting {
            seller,
            member: None,
            host,
            again: false,
        };
        let url = self.engine.connect_begin(who).await.unwrap();
        let back = through_dialog(&url).await.unwrap();
        let connected = self
            .engine
            .connect_finish(seller, &back.state, back.code.as_deref())
            .await
            .unwrap();
        assert!(matches!(connected, Connected::Account(_)), "{connected:?}");
    }

    /// Another seller with an account of their own, connected by hand; without a token where
    /// `token` is not given.
    pub(crate) async fn second(&self, account: &Account, token: Option<&str>) -> SellerId {
        let seller = add_seller(&self.engine, "Second").await;
        self.add_by_hand(seller, account, token).await;
        seller
    }

    pub(crate) async fn add_by_hand(
        &self,
        seller: SellerId,
        account: &Account,
        token: Option<&str>,
    ) {
        let mut add = AddAccount {
            instagram_account_id: Some(account.instagram_account_id.clone()),
            page_id: account.page_id.clone(),
            ..AddAccount::default()
        };
        add.tokens.access = token.map(|token| token.to_owned().into());
        self.engine.add_account(seller, &add).await.unwrap();
    }

    /// An account at Meta that nobody has connected.
    pub(crate) fn stranger(&self, without_scopes: &[&str]) -> Account {
        self.meta.add_account(AccountSpec {
            username: "second.shop".to_owned(),
            login: self.login,
            without_scopes: without_scopes.iter().map(|s| (*s).to_owned()).collect(),
            ..AccountSpec::default()
        })
    }

    /// Subscribes the page to these fields only, as somebody could through the Graph API.
    pub(crate) async fn subscribe(&self, fields: &[&str]) {
        let account = self.meta.account();
        let access = Access::facebook(account.access_token);
        let page = account.page_id.unwrap();
        let graph = self.engine.graph();
        graph.subscribe(&access, &page, fields).await.unwrap();
    }

    pub(crate) async fn put(&self, products: impl IntoIterator<Item = Product>) {
        let products: Vec<_> = products.into_iter().collect();
        let store = self.engine.store().seller(self.seller);
        let now = self.engine.now();
        store.put_products(products, now).await.unwrap();
    }

    async fn catalog(&self) -> CatalogId {
        let store = self.engine.store().seller(self.seller);
        store.catalogs().await.unwrap()[0].id
    }

    /// One run of the seller's catalogue, to its end.
    pub(crate) async fn sync(&self, kind: SyncKind) {
        let catalog = self.catalog().await;
        let start = self
            .engine
            .sync_start(self.seller, catalog, kind, SyncCause::Hand);
        start.await.unwrap();
        for _ in 0..200 {
            let step = self.engine.sync_step(self.seller, catalog, "test");
            match step.await.unwrap() {
                SyncStep::Ended(_) => return,
                SyncStep::Did => {}
                SyncStep::WaitUntil(then) => self.pass(then.since(self.engine.now()).max(1)),
            }
        }
        panic!("the run does not end");
    }

    /// Writes the only conversation's state; the one that was there.
    pub(crate) async fn write_state(&self, state: &str) -> String {
        let store = self.engine.store().seller(self.seller);
        let there = store.conversations(None, 10).await.unwrap().remove(0);
        let effects = LaneEffects {
            seller_id: Some(self.seller),
            conversation: Some(ConversationWrite {
                id: there.id,
                account_id: there.account_id,
                customer_id: there.customer_id,
                channel: there.channel,
                lane: there.lane,
                read_version: Some(there.version),
                state: state.to_owned(),
                language: None,
                window_until: there.window_until,
                hand_over_until: None,
                wake_at: None,
                unread_added: 0,
                last_message_at: None,
                last_text: None,
            }),
            ..LaneEffects::default()
        };
        store.apply(&effects, self.engine.now()).await.unwrap();
        there.state.0
    }

    /// What the doctor finds, a second later: Meta counts its calls by the second.
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        self.pass(Timestamp::SECOND);
        self.engine.doctor(None).await.unwrap()
    }
}

fn url_of(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

fn config(graph: &str, app: &AppInfo, public_url: &str) -> EngineConfig {
    let mut config = EngineConfig::new(keyring(KEY));
    config.graph = meta::graph::Config::at(graph);
    config.graph.app = Some(App {
        id: app.id.clone(),
        secret: app.secret.clone().into(),
    });
    config.graph.ig_app = Some(App {
        id: app.instagram_id.clone(),
        secret: app.instagram_secret.clone().into(),
    });
    config.secrets = Secrets {
        meta: Some(app.secret.clone().into()),
        instagram: Some(app.instagram_secret.clone().into()),
        whatsapp: None,
    };
    config.verify_token = Some("word".to_owned().into());
    config.public_url = Some(public_url.to_owned());
    config
}

pub(crate) async fn add_seller(engine: &Engine, name: &str) -> SellerId {
    let add = AddSeller {
        name: name.to_owned(),
        country: "IN".to_owned(),
        currency: "INR".parse().unwrap(),
        language: None,
        time_zone: None,
    };
    engine.add_seller(&add).await.unwrap().seller.id
}
