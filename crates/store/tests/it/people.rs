//! Customers' details, members, sessions, keys, and being forgotten.

use domain::Timestamp;
use domain::conversation::DetailChange;
use domain::customer::{Detail, DetailKind, DetailSource};
use domain::{ApiKeyId, MemberId};
use store::{CustomerFilter, LaneEffects, Member, Role, Session};

use crate::fixture::{
    Ids, NOW, account, conversation_write, dm, first_message, open, order_write, seller,
};

fn phone(value: &str, source: DetailSource) -> DetailChange {
    DetailChange {
        kind: DetailKind::Phone,
        detail: Some(Detail {
            value: value.into(),
            source,
            at: NOW,
        }),
    }
}

testkit::on_both! {
    async fn a_message_never_overwrites_what_the_seller_set(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        let mine = store.seller(s.id);
        let said = |mid: &str| DetailSource::Message { mid: mid.into() };
        let mut effects = first_message(&s, &a, ids, "p1", "m1");
        effects.details = vec![phone("+1", said("m1"))];
        mine.apply(&effects, NOW).await.unwrap();
        let steps = [
            ("+2", said("m2"), "+2"),
            ("+3", DetailSource::Seller, "+3"),
            ("+4", said("m3"), "+3"),
            ("+5", DetailSource::Seller, "+5"),
        ];
        for (version, (value, source, expected)) in steps.into_iter().enumerate() {
            let effects = LaneEffects {
                seller_id: Some(s.id),
                conversation: Some(conversation_write(&a, ids, Some(version as i64))),
                details: vec![phone(value, source)],
                ..LaneEffects::default()
            };
            mine.apply(&effects, NOW).await.unwrap();
            let customer = mine.customer(ids.customer).await.unwrap().unwrap();
            assert_eq!(customer.details.value(DetailKind::Phone), Some(expected));
        }
        let found = mine.customers(&CustomerFilter { search: Some("+5".into()), limit: 5, ..CustomerFilter::default() }).await.unwrap();
        assert_eq!(found.rows.len(), 1);
        let none = mine.customers(&CustomerFilter { search: Some("+_".into()), limit: 5, ..CustomerFilter::default() }).await.unwrap();
        assert_eq!(none.rows.len(), 0, "wildcards are plain characters");
    }

    async fn sessions_end_when_idle_when_old_and_with_the_password(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let system = store.system();
        assert!(!system.has_members().await.unwrap());
        let member = Member {
            id: MemberId::fresh(), seller_id: Some(s.id), email: "Owner@Example.com".into(),
            name: "Owner".into(), role: Role::Owner, admin: false,
            password_hash: "$argon2id$".into(), created_at: NOW, signed_in_at: None,
        };
        system.add_member(&member).await.unwrap();
        assert!(system.has_members().await.unwrap());
        let twin = Member { id: MemberId::fresh(), email: "owner@example.com".into(), ..member.clone() };
        assert!(matches!(system.add_member(&twin).await, Err(store::StoreError::Taken { .. })));
        assert!(system.member_by_email("OWNER@example.com").await.unwrap().is_some());
        let session = Session {
            member_id: member.id, csrf: "c".into(), created_at: NOW,
            idle_until: NOW.plus(10), expires_at: NOW.plus(20),
        };
        system.begin_session("token", &session).await.unwrap();
        let (found, who) = system.session("token", NOW).await.unwrap().unwrap();
        assert_eq!((found.csrf.as_str(), who.signed_in_at), ("c", Some(NOW)));
        assert!(system.session("other", NOW).await.unwrap().is_none());
        assert!(system.session("token", NOW.plus(10)).await.unwrap().is_none(), "idle");
        system.touch_session("token", NOW.plus(30)).await.unwrap();
        assert!(system.session("token", NOW.plus(19)).await.unwrap().is_some());
        assert!(system.session("token", NOW.plus(20)).await.unwrap().is_none(), "old");
        system.set_password(member.id, "$new$").await.unwrap();
        assert!(system.session("token", NOW).await.unwrap().is_none(), "the password changed");
        system.begin_session("second", &session).await.unwrap();
        assert_eq!(system.purge_sessions(NOW.plus(20)).await.unwrap(), 1);
        store.seller(s.id).remove_member(member.id).await.unwrap();
        assert!(system.member(member.id).await.unwrap().is_none());
    }

    async fn api_keys_open_until_they_are_revoked(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let id = ApiKeyId::fresh();
        store.seller(s.id).add_api_key(id, "till", "ez_secret_1", NOW).await.unwrap();
        let key = store.system().api_key("ez_secret_1", NOW).await.unwrap().unwrap();
        assert_eq!((key.seller_id, key.hint.as_str()), (s.id, "ez_secre"));
        assert!(store.system().api_key("ez_secret_2", NOW).await.unwrap().is_none());
        assert_eq!(store.seller(s.id).api_keys().await.unwrap()[0].used_at, Some(NOW));
        store.seller(s.id).revoke_api_key(id, NOW).await.unwrap();
        assert!(store.system().api_key("ez_secret_1", NOW).await.unwrap().is_none());
        assert!(store.seller(s.id).revoke_api_key(id, NOW).await.is_err());
    }

    async fn a_person_is_erased_from_every_table(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let mine = store.seller(s.id);
        let (gone, stays) = (Ids::fresh(), Ids::fresh());
        for (ids, party) in [(gone, "personal-id"), (stays, "other")] {
            let mut effects = first_message(&s, &a, ids, party, &format!("mid-{party}"));
            effects.details = vec![phone("+94770000001", DetailSource::Message { mid: "m".into() })];
            effects.drafts[0].draft.stage = domain::draft::Stage::Confirmed;
            let mut order = order_write(ids, effects.drafts[0].draft.id, "unlisted", 1);
            order.order.note = Some("rings twice".into());
            effects.order = Some(order);
            mine.apply(&effects, NOW).await.unwrap();
            store.intake().append(&[dm("ig", party, "m")]).await.unwrap();
        }
        let erased = store.system().erase_person("personal-id", NOW).await.unwrap();
        assert_eq!((erased.customers, erased.events, erased.orders), (1, 1, 1));
        let stats = store.stats().await.unwrap();
        for (what, left) in [("customers", 1), ("conversations", 1), ("messages", 1), ("orders", 2)] {
            assert_eq!(stats[what], left, "{what}");
        }
        let orders = mine.orders(&store::OrderFilter { limit: 9, ..Default::default() }).await.unwrap();
        let blanked = orders.rows.iter().find(|o| o.customer_id.is_none()).unwrap();
        assert_eq!((blanked.note.as_deref(), blanked.totals.total.minor), (None, 500));
        assert!(mine.customer(stays.customer).await.unwrap().is_some());
    }

    async fn old_events_and_words_are_purged_and_new_ones_stay(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        store.seller(s.id).apply(&first_message(&s, &a, ids, "p1", "m1"), NOW).await.unwrap();
        store.intake().append(&[dm("ig", "p1", "m1")]).await.unwrap();
        let mut batch = store.pipeline().claim(9, NOW).await.unwrap().unwrap();
        let effects = [LaneEffects { outcomes: crate::fixture::done(&batch.lanes[0].events), ..LaneEffects::default() }];
        batch.commit(&effects, NOW).await.unwrap();
        drop(batch);
        let pending = store.intake().append(&[dm("ig", "p1", "m2")]).await.unwrap();
        assert_eq!(pending.inserted, 1);
        assert_eq!(store.system().purge(Timestamp(1), NOW).await.unwrap(), store::Purged::default());
        // Ids carry the machine's clock, which is far from the test's: purge all before next year.
        let next_year = Timestamp(4_000_000_000_000);
        let purged = store.system().purge(next_year, NOW).await.unwrap();
        assert_eq!((purged.events, purged.messages, purged.outbox), (1, 1, 0));
        let message = store.seller(s.id).message(ids.conversation, "m1").await.unwrap().unwrap();
        assert_eq!(message.text, None);
        assert_eq!(store.stats().await.unwrap()["inbound_events"]["pending"], 1);
    }
}
