//! Connecting through the stand-in's logins, and keeping what is connected.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use domain::{SellerId, Timestamp};
use engine::clock::SystemClock;
use engine::connect::{ConnectError, Connected, Connecting, Linked};
use engine::keyring::Keyring;
use engine::sellers::AddSeller;
use engine::{Engine, EngineConfig};
use meta::graph::{App, Host};
use sandbox::{AccountSpec, Change, Consent, Login, Sandbox, SandboxConfig, through_dialog};
use store::{AccountState, Store};
use testkit::{TestDatabase, on_both};

struct World {
    engine: Engine,
    sandbox: Sandbox,
    seller: SellerId,
}

impl World {
    async fn open(database: &TestDatabase, login: Login) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxConfig {
            accounts: vec![AccountSpec {
                login,
                subscribed: false,
                ..AccountSpec::default()
            }],
            ..SandboxConfig::default()
        })
        .await;
        sandbox.change(Change::Consent(Consent {
            auto: true,
            ..Consent::default()
        }));
        let app = sandbox.app();
        let mut config = EngineConfig::new(Keyring::parse(&Keyring::generate()).unwrap());
        config.graph = meta::graph::Config::at(&sandbox.url());
        config.graph.app = Some(App {
            id: app.id.clone(),
            secret: app.secret.clone().into(),
        });
        config.graph.ig_app = Some(App {
            id: app.instagram_id,
            secret: app.instagram_secret.into(),
        });
        config.secrets.meta = Some(app.secret.into());
        config.verify_token = Some("word".to_owned().into());
        config.public_url = Some("http://127.0.0.1:9".to_owned());
        let store = Store::open(database.url()).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(SystemClock)).unwrap();
        let added = engine
            .add_seller(&AddSeller {
                name: "Potworks".to_owned(),
                country: "IN".to_owned(),
                currency: "INR".parse().unwrap(),
                language: None,
                time_zone: None,
            })
            .await
            .unwrap();
        Self {
            engine,
            sandbox,
            seller: added.seller.id,
        }
    }

    fn who(&self, host: Host) -> Connecting {
        Connecting {
            seller: self.seller,
            member: None,
            host,
            again: false,
        }
    }

    /// Goes to the dialog as a browser does; the query that it comes back with.
    async fn dialog(&self, host: Host) -> (String, Option<String>) {
        let url = self.engine.connect_begin(self.who(host)).await.unwrap();
        let back = through_dialog(&url).await.unwrap();
        (back.state, back.code)
    }

    async fn connect(&self, host: Host) -> Linked {
        let (state, code) = self.dialog(host).await;
        match self
            .engine
            .connect_finish(self.seller, &state, code.as_deref())
            .await
            .unwrap()
        {
            Connected::Account(linked) => *linked,
            Connected::Choose { pages, .. } => panic!("several pages: {pages:?}"),
        }
    }

    async fn checks(&self) -> Vec<&'static str> {
        let found = self.engine.doctor(Some(self.seller)).await.unwrap();
        // The stand-in has no public address, and nobody listens on ours.
        found
            .into_iter()
            .map(|finding| finding.check)
            .filter(|check| !matches!(*check, "webhook_unreachable" | "public_url_not_https"))
            .collect()
    }
}

on_both! {
    async fn facebook_login_connects_page_instagram_and_catalog(database: &TestDatabase) {
        let world = World::open(database, Login::Facebook).await;
        let linked = world.connect(Host::Facebook).await;
        assert_eq!(linked.missing_scopes, Vec::<String>::new());
        assert_eq!(linked.warnings, Vec::<String>::new());
        let there = world.sandbox.account();
        assert_eq!(linked.account.instagram_account_id.as_ref(), Some(&there.instagram_account_id));
        assert_eq!(linked.account.page_id, there.page_id);
        let store = world.engine.store().seller(world.seller);
        let catalogs = store.catalogs().await.unwrap();
        assert_eq!(catalogs.len(), 1);
        assert_eq!(Some(&catalogs[0].external_id), there.catalog_id.as_ref());

        // Connecting again keeps the account and the catalogue's id.
        let again = world.connect(Host::Facebook).await;
        assert_eq!(again.account.id, linked.account.id);
        assert_eq!(store.catalogs().await.unwrap()[0].id, catalogs[0].id);
        assert_eq!(world.checks().await, [""; 0], "a healthy account has no findings");
    }

    async fn instagram_login_connects_under_the_id_that_webhooks_carry(database: &TestDatabase) {
        let world = World::open(database, Login::Instagram).await;
        let linked = world.connect(Host::Instagram).await;
        let there = world.sandbox.account();
        assert_eq!(linked.account.instagram_account_id.as_ref(), Some(&there.instagram_account_id));
        assert_eq!(linked.account.login, "instagram");
        assert!(linked.account.token_expires_at.is_some());
    }

    async fn a_login_begun_elsewhere_or_twice_connects_nothing(database: &TestDatabase) {
        let world = World::open(database, Login::Facebook).await;
        let (state, code) = world.dialog(Host::Facebook).await;
        let other = SellerId::fresh();
        let stolen = world.engine.connect_finish(other, &state, code.as_deref()).await;
        assert!(matches!(stolen, Err(ConnectError::UnknownState)));
        let late = world.engine.connect_finish(world.seller, &state, code.as_deref()).await;
        assert!(matches!(late, Err(ConnectError::UnknownState)), "a state works once");
        let (state, _) = world.dialog(Host::Facebook).await;
        let called_off = world.engine.connect_finish(world.seller, &state, None).await;
        assert!(matches!(called_off, Err(ConnectError::CalledOff)));
        assert!(world.engine.store().seller(world.seller).accounts().await.unwrap().is_empty());
    }

    async fn connections_are_kept_subscribed_and_a_dead_token_is_told_once(database: &TestDatabase) {
        let world = World::open(database, Login::Facebook).await;
        let linked = world.connect(Host::Facebook).await;
        let store = world.engine.store().seller(world.seller);
        world.sandbox.change(Change::Unsubscribe { account: None });
        // Connecting counts as looked at: the next look is due in hours.
        let long_ago = Timestamp(0);
        store.set_account_state(linked.account.id, AccountState::Active, None, long_ago).await.unwrap();
        world.engine.connections_step().await.unwrap();
        assert!(!world.checks().await.contains(&"not_subscribed"), "it was subscribed again");

        world.sandbox.change(Change::RevokeTokens { account: None, subcode: 463 });
        for _ in 0..2 {
            store.set_account_state(linked.account.id, AccountState::Active, None, long_ago).await.unwrap();
            world.engine.connections_step().await.unwrap();
        }
        let account = store.account(linked.account.id).await.unwrap().unwrap();
        assert_eq!(account.state, AccountState::NeedsReconnect);
    }
}
