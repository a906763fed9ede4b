//! The server's own data: limits, dialogs, counters, backup, errors that say what to do.

use domain::{SellerId, Timestamp};
use store::{OauthState, Store, StoreError};

use crate::fixture::{NOW, dm, open, seller};

testkit::on_both! {
    async fn a_rate_limit_is_written_over_what_was_read_only(db: &TestDatabase) {
        let store = open(db).await;
        let system = store.system();
        assert_eq!(system.rate_limit("k").await.unwrap(), None);
        assert!(system.put_rate_limits(&[("k", "{}", None)], NOW).await.unwrap());
        assert!(!system.put_rate_limits(&[("k", "{}", None)], NOW).await.unwrap());
        assert!(system.put_rate_limits(&[("k", "{1}", Some(0))], NOW).await.unwrap());
        assert!(!system.put_rate_limits(&[("k", "{2}", Some(0))], NOW).await.unwrap());
        assert_eq!(system.rate_limit("k").await.unwrap(), Some(("{1}".into(), 1)));
        // All of them or none.
        let two = [("j", "{}", None), ("k", "{2}", Some(0))];
        assert!(!system.put_rate_limits(&two, NOW).await.unwrap());
        assert_eq!(system.rate_limit("j").await.unwrap(), None);
        let two = [("k", "{2}", Some(1)), ("kk:1", "{}", None)];
        assert!(system.put_rate_limits(&two, NOW.plus(1)).await.unwrap());
        assert_eq!(system.rate_limits_since("kk:", NOW).await.unwrap(), [("kk:1".into(), "{}".into(), 0)]);
        assert_eq!(system.rate_limits_since("k", NOW.plus(2)).await.unwrap(), []);
    }

    async fn an_oauth_state_works_once_and_not_late(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let system = store.system();
        let state = OauthState { seller_id: s.id, member_id: None, body: "{}".into(), expires_at: NOW.plus(10) };
        for name in ["one", "two"] {
            system.put_oauth_state(name, &state, NOW).await.unwrap();
        }
        assert_eq!(system.take_oauth_state("one", NOW).await.unwrap().unwrap().seller_id, s.id);
        assert!(system.take_oauth_state("one", NOW).await.unwrap().is_none());
        assert!(system.take_oauth_state("two", NOW.plus(10)).await.unwrap().is_none());
    }

    async fn counters_add_up_by_the_hour(db: &TestDatabase) {
        let store = open(db).await;
        let system = store.system();
        system.count("bad_signature", 2, Some("instagram"), NOW).await.unwrap();
        system.count("bad_signature", 1, None, NOW).await.unwrap();
        system.count("bad_signature", 1, None, NOW.plus(Timestamp::HOUR)).await.unwrap();
        let hours = system.counters("bad_signature", NOW).await.unwrap();
        assert_eq!(hours.iter().map(|h| h.count).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(hours[0].detail.as_deref(), Some("instagram"));
    }

    async fn requests_to_be_forgotten_have_a_status(db: &TestDatabase) {
        let store = open(db).await;
        let system = store.system();
        system.add_data_deletion("code", "person", NOW).await.unwrap();
        system.add_data_deletion("code", "person", NOW).await.unwrap();
        system.complete_data_deletion("code", "{}", NOW).await.unwrap();
        assert_eq!(system.data_deletion("code").await.unwrap().unwrap().state, "completed");
        assert!(system.data_deletion("other").await.unwrap().is_none());
        system.set_setting("k", "1", NOW).await.unwrap();
        system.set_setting("k", "2", NOW).await.unwrap();
        assert_eq!(system.setting("k").await.unwrap().as_deref(), Some("2"));
    }

    async fn the_backlog_and_stats_have_every_word(db: &TestDatabase) {
        let store = open(db).await;
        store.intake().append(&[dm("ig", "p", "m")]).await.unwrap();
        let backlog = store.system().backlog().await.unwrap();
        assert_eq!((backlog.events, backlog.oldest_event, backlog.outbox), (1, Some(NOW), 0));
        let stats = store.stats().await.unwrap();
        for (group, words) in [
            ("inbound_events", &["pending", "done", "unrouted", "failed", "kept"][..]),
            ("draft_orders", &["open", "awaiting_customer", "awaiting_confirmation", "awaiting_seller"]),
            ("outbox", &["pending", "sending", "sent", "unknown", "failed", "cancelled"]),
        ] {
            for word in words {
                assert!(stats[group][word].is_i64(), "{group}.{word}");
            }
        }
    }

    async fn tokens_are_replaced_unless_they_changed_meanwhile(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let old = crate::fixture::account(&store, &s, "ig").await;
        let new = store::Tokens { access_token: Some(vec![2]), ..store::Tokens::default() };
        assert!(store.system().replace_tokens(&old, &new).await.unwrap());
        store.seller(s.id).set_tokens(old.id, &store::Tokens { access_token: Some(vec![3]), ..store::Tokens::default() }, NOW.plus(1)).await.unwrap();
        assert!(!store.system().replace_tokens(&old, &new).await.unwrap());
        let heard = |at| [(old.instagram_account_id.clone().unwrap(), at), ("nobody's".to_owned(), at)];
        store.system().accounts_heard(&heard(NOW)).await.unwrap();
        store.system().accounts_heard(&heard(NOW.plus(1))).await.unwrap();
        let account = store.system().accounts().await.unwrap().remove(0);
        assert_eq!((account.access_token, account.last_event_at), (Some(vec![3]), Some(NOW)));
    }

    async fn sellers_are_found_by_their_shops_address(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let write = store::SellerWrite { domain: Some(Some("shop.example".into())), ..Default::default() };
        store.seller(s.id).update(&write, NOW).await.unwrap();
        assert_eq!(store.system().seller_by_domain("Shop.example").await.unwrap().unwrap().id, s.id);
        assert_eq!(store.system().sellers().await.unwrap().len(), 1);
        let mine = store.seller(s.id);
        mine.put_catalog(&crate::syncing::catalog(s.id, "77"), NOW).await.unwrap();
        assert_eq!(store.system().schedule_changed_catalogs(NOW).await.unwrap(), 0);
        store.system().end_session("none").await.unwrap();
        assert_eq!(store.system().purge_events(NOW).await.unwrap(), 0);
        assert_eq!(store.system().purge_texts(NOW, NOW).await.unwrap(), store::Purged::default());
    }

    async fn a_worker_is_woken_by_new_events(db: &TestDatabase) {
        let store = open(db).await;
        let mut wakeups = store.event_wakeups();
        let long = std::time::Duration::from_mins(10);
        let short = std::time::Duration::from_millis(50);
        // The first call begins to listen; without work it ends in time.
        wakeups.next(short).await;
        let other = open(db).await;
        other.intake().append(&[dm("ig", "p", "m")]).await.unwrap();
        let wait = if db.is_postgres() { long } else { short };
        wakeups.next(wait).await;
        assert!(store.pipeline().claim(1, NOW).await.unwrap().is_some());
    }

    async fn a_seller_goes_with_everything_it_owns(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        crate::fixture::account(&store, &s, "ig").await;
        store.system().remove_seller(s.id).await.unwrap();
        assert!(store.system().account_by_external_id("ig").await.unwrap().is_none());
        assert!(store.system().seller_by_slug("a").await.unwrap().is_none());
    }

    async fn an_account_belongs_to_one_seller(db: &TestDatabase) {
        let store = open(db).await;
        let (one, two) = (seller(&store, "a").await, seller(&store, "b").await);
        let first = crate::fixture::account(&store, &one, "ig").await;
        // Connected again, it is the same account.
        assert_eq!(crate::fixture::account(&store, &one, "ig").await.id, first.id);
        let stolen = store::NewAccount {
            id: domain::AccountId::fresh(), channel: domain::Channel::Instagram, name: "x".into(),
            username: None, instagram_account_id: Some("ig".into()), app_scoped_id: None, page_id: None,
            whatsapp_phone_number_id: None, whatsapp_business_account_id: None, business_id: None,
            login: "manual".into(),
        };
        let refused = store.seller(two.id).connect_account(&stolen, NOW).await.unwrap_err();
        assert!(refused.to_string().contains("ig"), "{refused}");
        assert!(store.seller(two.id).accounts().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_backup_is_a_whole_database_and_overwrites_nothing() {
    let db = testkit::sqlite();
    let store = open(&db).await;
    let s = seller(&store, "a").await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("copy's.db");
    store.backup(&path).await.unwrap();
    assert!(store.backup(&path).await.is_err());
    let copy = Store::open(&format!("sqlite:{}", path.display()))
        .await
        .unwrap();
    assert_eq!(copy.seller(s.id).get().await.unwrap().slug, "a");
    // The connection that copied reads only, as before.
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_bad_address_says_what_to_do() {
    for (url, word) in [
        ("mysql://x", "sqlite:PATH"),
        ("sqlite:", "names no file"),
        ("sqlite:/nonexistent/dir/x.db", "create it first"),
        ("postgres://u:hunter2@127.0.0.1:1/x", "127.0.0.1:1/x"),
        ("postgres://u:hunter2@[/x", "POST"),
    ] {
        let error = Store::open(url).await.unwrap_err();
        let away = url.contains("127.0.0.1:1");
        assert!(
            match error {
                StoreError::Address(_) => !away,
                StoreError::Away(_) => away,
                _ => false,
            },
            "{url}: {error:?}"
        );
        let text = error.to_string();
        assert!(
            text.to_uppercase().contains(&word.to_uppercase()),
            "{url}: {text}"
        );
        assert!(
            !format!("{error:?}").contains("hunter2"),
            "a password in {error:?}"
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "this is no database, it is a text file of some length",
    )
    .unwrap();
    let error = Store::open(&format!("sqlite:{}", file.path().display()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("SQLite"), "{error}");
    let _ = SellerId::fresh();
}
