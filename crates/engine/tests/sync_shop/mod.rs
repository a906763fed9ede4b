//! A seller whose catalogue is connected at the stand-in for Meta, both on clocks that are moved by
//! hand: what the tests and the benchmark of the sync begin with.

use std::sync::Arc;

use domain::catalog::Product;
use domain::{CatalogId, SellerId, Timestamp};
use engine::keyring::Keyring;
use engine::sealed::PlainTokens;
use engine::sellers::{AddAccount, AddSeller};
use engine::testing::TestClock;
use engine::{Engine, EngineConfig};
use sandbox::{Sandbox, SandboxConfig};
use store::Store;

const BEGIN: i64 = 1_793_000_000_000;

pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) sandbox: Sandbox,
    pub(crate) seller: SellerId,
    pub(crate) catalog: CatalogId,
}

impl Shop {
    /// At a stand-in of this configuration, its clock apart.
    pub(crate) async fn open(database_url: &str, config: SandboxConfig) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxConfig {
            clock: sandbox::Clock::manual(BEGIN),
            ..config
        })
        .await;
        let clock = TestClock::at(Timestamp(BEGIN));
        let mut config = EngineConfig::new(Keyring::parse(&Keyring::generate()).unwrap());
        config.graph = meta::graph::Config::at(&sandbox.url());
        config.public_url = Some("https://shop.example.com".to_owned());
        let store = Store::open(database_url).await.unwrap();
        let engine = Engine::new(store, config, Arc::new(clock.clone())).unwrap();
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
        let seller = added.seller.id;
        let there = sandbox.account();
        let account = engine
            .add_account(
                seller,
                &AddAccount {
                    instagram_account_id: Some(there.instagram_account_id.clone()),
                    page_id: there.page_id.clone(),
                    tokens: PlainTokens {
                        access: Some(there.access_token.clone().into()),
                        user: Some(there.user_token.clone().into()),
                        ..PlainTokens::default()
                    },
                    ..AddAccount::default()
                },
            )
            .await
            .unwrap();
        let external_id = there.catalog_id.unwrap();
        let catalog = engine
            .connect_catalog(seller, account.id, &external_id, "Potworks")
            .await
            .unwrap();
        Self {
            engine,
            clock,
            sandbox,
            seller,
            catalog: catalog.id,
        }
    }

    /// Moves both clocks on to `until`, or a little where that is past.
    pub(crate) fn pass(&self, until: Timestamp) {
        let millis = until.since(self.engine.now()).max(1);
        self.clock.advance(millis);
        self.sandbox.advance(millis);
    }

    pub(crate) async fn put(&self, products: impl IntoIterator<Item = Product>) {
        let products: Vec<_> = products.into_iter().collect();
        let store = self.engine.store().seller(self.seller);
        store
            .put_products(products, self.engine.now())
            .await
            .unwrap();
    }
}
