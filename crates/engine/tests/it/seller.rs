//! Sellers, keys, people's rights.

use domain::customer::DetailKind;
use engine::keyring::Keyring;
use engine::sellers::{AddAccount, AddSeller};
use engine::{ActionError, EngineConfig};
use secrecy::ExposeSecret;
use store::AccountState;

use crate::support::{World, config};

testkit::on_both! {
    async fn a_seller_is_added_with_a_key_that_opens(db: &TestDatabase) {
        let world = World::new(db).await;
        let add = |name: &str, country: &str| AddSeller {
            name: name.to_owned(),
            country: country.to_owned(),
            currency: "LKR".parse().unwrap(),
            language: None,
            time_zone: None,
        };
        let added = world.engine.add_seller(&add("  Ceylon Threads ", "lk")).await.unwrap();
        assert_eq!((added.seller.name.as_str(), added.seller.country.as_str()), ("Ceylon Threads", "LK"));
        let system = world.engine.store().system();
        let key = system.api_key(added.api_key.expose_secret(), world.engine.now()).await.unwrap();
        assert_eq!(key.unwrap().seller_id, added.seller.id);
        for (name, country) in [("", "LK"), ("x", "Lanka"), ("a\u{0}b", "LK")] {
            let refused = world.engine.add_seller(&add(name, country)).await;
            assert!(matches!(refused, Err(ActionError::Invalid { .. })), "{name} {country}");
        }
        let taken = AddAccount {
            instagram_account_id: Some(world.meta.account().instagram_account_id),
            ..AddAccount::default()
        };
        let stolen = world.engine.add_account(added.seller.id, &taken).await;
        assert!(matches!(stolen, Err(ActionError::Refused(_))), "{stolen:?}");
    }

    async fn keys_rotate_while_the_server_runs(db: &TestDatabase) {
        let mut world = World::new(db).await;
        let account = async |world: &World| {
            let store = world.engine.store().seller(world.seller);
            store.accounts().await.unwrap().remove(0)
        };
        let token = world.meta.account().access_token;
        let row = account(&world).await;
        let sealed = row.access_token.clone().unwrap();
        assert!(!sealed.windows(8).any(|w| token.as_bytes().starts_with(w)));
        let old = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
        let new = "ffeeddccbbaa99887766554433221100ffeeddccbbaa998877665544332211aa";
        let engine = |keys: String, world: &World| {
            let base = config(&world.meta);
            let mut config = EngineConfig::new(Keyring::parse(&keys.into()).unwrap());
            config.graph = base.graph;
            config.secrets = base.secrets;
            let clock = std::sync::Arc::new(world.clock.clone());
            engine::Engine::new(world.engine.store().clone(), config, clock).unwrap()
        };
        world.engine = engine(format!("{new},{old}"), &world);
        let rotated = world.engine.rotate_keys().await.unwrap();
        assert_eq!((rotated.resealed, rotated.unreadable), (1, 0));
        assert_eq!(world.engine.rotate_keys().await.unwrap().current, 1);
        world.engine = engine(new.to_owned(), &world);
        let row = account(&world).await;
        let opened = world.engine.access_token(&row).unwrap().unwrap();
        assert_eq!(opened.expose_secret(), token);
        world.engine = engine(old.to_owned(), &world);
        let lost = world.engine.access_token(&row).unwrap_err();
        assert!(lost.to_string().contains("ENCRYPTION_KEY"), "{lost}");
    }

    async fn deauthorising_takes_the_tokens_away(db: &TestDatabase) {
        let world = World::new(db).await;
        let secret = world.meta.app().secret.into();
        let signed = |person: &str| meta::signed_request::make(&secret, person, 1_793_000_000);
        let account = world.meta.account();
        assert_eq!(world.engine.deauthorize(&signed("a stranger")).await.unwrap(), 0);
        assert!(world.engine.deauthorize("forged.request").await.is_err());
        let theirs = signed(&account.instagram_account_id);
        assert_eq!(world.engine.deauthorize(&theirs).await.unwrap(), 1);
        let store = world.engine.store().seller(world.seller);
        let row = store.accounts().await.unwrap().remove(0);
        assert_eq!((row.state, row.access_token), (AccountState::Disconnected, None));
        // What comes meanwhile is kept, and read once the account is connected again.
        world.customer("ana").say("2 blue mugs please");
        world.settle().await;
        assert!(world.drafts().await.is_empty());
        let mut world = world;
        world.connect_first().await;
        world.settle().await;
        assert_eq!(world.drafts().await.len(), 1);
    }

    async fn a_person_is_forgotten_everywhere(db: &TestDatabase) {
        let world = World::new(db).await;
        let (ana, ben) = (world.customer("ana"), world.customer("ben"));
        ana.say("2 blue mugs please, my number is +1 217 555 0134");
        ben.say("3 teapots");
        world.settle().await;
        let secret = world.meta.app().secret.into();
        let request = meta::signed_request::make(&secret, ana.id(), 1_793_000_000);
        let code = world.engine.delete_person(&request).await.unwrap();
        let status = world.engine.deletion_status(&code).await.unwrap().unwrap();
        assert_eq!(status.state, "completed");
        assert_eq!(world.engine.deletion_status("nonsense").await.unwrap().map(|s| s.code), None);
        let texts: Vec<_> = world.messages().await.into_iter().filter_map(|m| m.text).collect();
        assert!(!texts.iter().any(|t| t.contains("blue mugs")), "{texts:?}");
        assert!(texts.iter().any(|t| t.contains("3 teapots")));
        let filter = store::CustomerFilter { limit: 10, ..store::CustomerFilter::default() };
        let customers = world.engine.store().seller(world.seller).customers(&filter).await.unwrap();
        assert_eq!(customers.rows.len(), 1);
        assert_eq!(world.drafts().await.len(), 1);
    }

    async fn a_sellers_correction_stays(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please, call me on +1 217 555 0134");
        world.settle().await;
        let customer = world.conversation().await.customer_id;
        let phone = "+12175550199";
        world.engine.set_detail(world.by(), customer, DetailKind::Phone, phone).await.unwrap();
        ana.say("my number is +1 217 555 0134");
        world.settle().await;
        let store = world.engine.store().seller(world.seller);
        let known = store.customer(customer).await.unwrap().unwrap();
        assert_eq!(known.details.value(DetailKind::Phone), Some(phone));
    }

    async fn old_events_and_words_are_forgotten(db: &TestDatabase) {
        let world = World::new(db).await;
        world.customer("ana").say("2 blue mugs please");
        world.settle().await;
        // Ids carry the machine's time: the clock is moved relative to that.
        let machine = engine::clock::Clock::now(&engine::clock::SystemClock);
        world.clock.set(machine.plus(31 * domain::Timestamp::DAY));
        world.engine.retention_step().await.unwrap();
        assert!(world.events(store::EventState::Done).await.is_empty());
        assert!(world.messages().await.iter().any(|m| m.text.is_some()));
        world.clock.set(machine.plus(366 * domain::Timestamp::DAY));
        while let engine::tasks::Step::Did(_) = world.engine.retention_step().await.unwrap() {}
        assert!(world.messages().await.iter().all(|m| m.text.is_none()));
    }
}
