//! Many sellers at the stand-in for Meta, on one clock that jumps from one due thing to the next. The
//! server's own loops run, step by step, with their stored budgets: what the simulation of half a
//! year and the one of thousands of sellers begin with.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::{SellerId, Timestamp};
use engine::connect::{Connected, Connecting};
use engine::intake::Outcome;
use engine::keyring::Keyring;
use engine::sellers::AddSeller;
use engine::tasks::Step;
use engine::testing::TestClock;
use engine::{Engine, EngineConfig};
use meta::graph::{App, Host};
use sandbox::{
    Account, AccountSpec, Change, Clock, Consent, Login, Sandbox, SandboxConfig, through_dialog,
};
use store::{OutboxMessage, Store};
use testkit::TestDatabase;

pub(crate) const START: Timestamp = Timestamp(1_793_000_000_000);

/// A seller, and the account at Meta.
pub(crate) struct Shop {
    pub(crate) seller: SellerId,
    pub(crate) there: Account,
    pub(crate) login: Login,
}

/// The server's loops, in the order they are run at one instant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loop {
    Pipeline,
    Outbox,
    Profiles,
    Reconcile,
    Connections,
    Sync,
    Sweep,
    Timers,
    Health,
}

const LOOPS: [Loop; 9] = [
    Loop::Pipeline,
    Loop::Outbox,
    Loop::Profiles,
    Loop::Reconcile,
    Loop::Connections,
    Loop::Sync,
    Loop::Sweep,
    Loop::Timers,
    Loop::Health,
];

pub(crate) struct Town {
    pub(crate) engine: Engine,
    pub(crate) meta: Sandbox,
    pub(crate) clock: TestClock,
    pub(crate) shops: Vec<Shop>,
    /// How often loops that do not say when they want to run next are run.
    pub(crate) poll: i64,
    /// No two instants are closer than this.
    pub(crate) grain: i64,
    /// When each loop runs next.
    rest: [Timestamp; LOOPS.len()],
    /// When something was sent last: its fate may have to be looked up.
    sent_at: Timestamp,
}

async fn receive(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256");
    let signature = signature.and_then(|value| value.to_str().ok());
    match engine.intake().take(signature, &body).await {
        Outcome::Accepted { .. } => StatusCode::OK,
        Outcome::BadSignature => StatusCode::FORBIDDEN,
        Outcome::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Town {
    /// Shops by their logins, none of them connected yet.
    pub(crate) async fn open(
        database: &TestDatabase,
        logins: &[Login],
        there: SandboxConfig,
        change: impl FnOnce(&mut EngineConfig),
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = TestClock::at(START);
        let accounts = logins.iter().enumerate().map(|(n, login)| AccountSpec {
            username: format!("shop{n}"),
            login: *login,
            ..AccountSpec::default()
        });
        let meta = Sandbox::start(SandboxConfig {
            clock: Clock::shared(clock.shared()),
            accounts: accounts.collect(),
            ..there
        })
        .await;
        let app = meta.app();
        let mut config = EngineConfig::new(Keyring::parse(&Keyring::generate()).unwrap());
        config.secrets.meta = Some(app.secret.clone().into());
        config.secrets.instagram = Some(app.instagram_secret.clone().into());
        config.graph = meta::graph::Config::at(&meta.url());
        config.graph.app = Some(App {
            id: app.id,
            secret: app.secret.into(),
        });
        config.graph.ig_app = Some(App {
            id: app.instagram_id,
            secret: app.instagram_secret.into(),
        });
        config.public_url = Some("https://shop.example.com".to_owned());
        change(&mut config);
        let store = Store::open(database.url()).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
        let router = Router::new()
            .route("/webhooks/meta", post(receive))
            .with_state(engine.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/meta", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        meta.set_callback(url, "word");
        let mut shops = Vec::new();
        for (there, login) in meta.accounts().into_iter().zip(logins) {
            let add = AddSeller {
                name: there.username.clone(),
                country: "IN".to_owned(),
                currency: "INR".parse().unwrap(),
                language: None,
                time_zone: None,
            };
            shops.push(Shop {
                seller: engine.add_seller(&add).await.unwrap().seller.id,
                there,
                login: *login,
            });
        }
        Self {
            engine,
            meta,
            clock,
            shops,
            poll: Timestamp::HOUR,
            grain: Timestamp::SECOND,
            rest: [START; LOOPS.len()],
            sent_at: Timestamp(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The seller goes through the login's dialog, again and again until it succeeds: Meta may have a
    /// bad day.
    pub(crate) async fn connect(&self, shop: usize) {
        for _ in 0..20 {
            if self.try_connect(&self.shops[shop]).await.is_some() {
                return;
            }
        }
        panic!("shop {shop} cannot connect");
    }

    async fn try_connect(&self, shop: &Shop) -> Option<()> {
        self.meta.change(Change::Consent(Consent {
            auto: true,
            user_id: Some(shop.there.user_id.clone()),
            ..Consent::default()
        }));
        let who = Connecting {
            seller: shop.seller,
            member: None,
            host: match shop.login {
                Login::Facebook => Host::Facebook,
                Login::Instagram => Host::Instagram,
            },
            again: false,
        };
        let url = self.engine.connect_begin(who).await.unwrap();
        let back = through_dialog(&url).await?;
        let finish = self
            .engine
            .connect_finish(shop.seller, &back.state, back.code.as_deref());
        let Connected::Account(linked) = finish.await.ok()? else {
            return None;
        };
        // Without the ends nobody could keep it connected; a person would see the warning.
        linked.account.token_expires_at.map(|_| ())
    }

    /// A customer of a shop writes.
    pub(crate) fn say(&self, shop: usize, customer: &str, text: &str) -> String {
        let business = &self.shops[shop].there.instagram_account_id;
        let customer = self.meta.customer_of(business, customer);
        customer.say(text);
        customer.id().to_owned()
    }

    /// Everything that the shop ever wanted to send.
    pub(crate) async fn outbox(&self, shop: usize) -> Vec<OutboxMessage> {
        let store = self.engine.store().seller(self.shops[shop].seller);
        let mut all = Vec::new();
        for conversation in store.conversations(None, 10_000).await.unwrap() {
            all.extend(store.outbox_of(conversation.id, &[]).await.unwrap());
        }
        all
    }

    /// The server works until `end`; the clock jumps from one due thing to the next.
    pub(crate) async fn run_until(&mut self, end: Timestamp) {
        loop {
            self.work().await;
            let now = self.now();
            if now >= end {
                return;
            }
            let due = self.rest.iter().min().copied().unwrap_or(end);
            self.clock.set(due.max(now.plus(self.grain)).min(end));
        }
    }

    /// Every loop that is due, until none has anything to do at this instant.
    async fn work(&mut self) {
        loop {
            self.meta.drain().await;
            self.wake(Loop::Pipeline);
            self.wake(Loop::Outbox);
            let mut did = false;
            for (at, of) in LOOPS.into_iter().enumerate() {
                let now = self.now();
                if self.rest[at] > now {
                    continue;
                }
                let poll = now.plus(self.poll_of(of));
                self.rest[at] = match self.step(of).await {
                    Step::Did(_) => {
                        did = true;
                        if of == Loop::Outbox {
                            self.sent_at = now;
                            self.wake(Loop::Reconcile);
                        }
                        if of == Loop::Pipeline {
                            self.wake(Loop::Profiles);
                        }
                        now
                    }
                    Step::Nothing => poll,
                    Step::WaitUntil(at) => at.min(poll).max(now.plus(1)),
                };
            }
            if !did {
                return;
            }
        }
    }

    fn poll_of(&self, of: Loop) -> i64 {
        // What was sent just now may have to be looked up: often at first, then less.
        let since = self.now().since(self.sent_at);
        match of {
            Loop::Reconcile => (since / 2).clamp(35 * Timestamp::SECOND, self.poll),
            Loop::Connections | Loop::Sweep => i64::MAX / 4,
            _ => self.poll,
        }
    }

    fn wake(&mut self, of: Loop) {
        let now = self.now();
        for (at, other) in LOOPS.into_iter().enumerate() {
            if of == other {
                self.rest[at] = now;
            }
        }
    }

    async fn step(&self, of: Loop) -> Step {
        let engine = &self.engine;
        match of {
            Loop::Pipeline => engine.pipeline_step().await,
            Loop::Outbox => engine.outbox_step().await,
            Loop::Profiles => engine.profiles_step().await,
            Loop::Reconcile => engine.reconcile_step().await,
            Loop::Connections => engine.connections_step().await,
            Loop::Sync => engine.sync_loop_step("town").await,
            Loop::Sweep => engine.sweep_step().await,
            Loop::Timers => engine.timers_step().await,
            Loop::Health => engine.health_step().await,
        }
        .unwrap()
    }
}
