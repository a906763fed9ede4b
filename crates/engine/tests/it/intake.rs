//! Bodies on their way in: nothing lost, nothing twice, nothing in the wrong hands.

use engine::intake::Outcome;
use store::EventState;

use crate::support::{START, World, add_seller, connect, spoil};

fn text_body(account: &str, customer: &str, mid: &str, text: &str) -> String {
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"{account}","time":{START},"messaging":[
        {{"sender":{{"id":"{customer}"}},"recipient":{{"id":"{account}"}},"timestamp":{START},
        "message":{{"mid":"{mid}","text":"{text}"}}}}]}}]}}"#
    )
}

fn sign(world: &World, body: &str) -> String {
    meta::signature::sign(&world.meta.app().secret.into(), body.as_bytes())
}

testkit::on_both! {
    async fn the_same_body_at_once_makes_one_message_and_one_draft(db: &TestDatabase) {
        let world = World::new(db).await;
        let account = world.meta.account().instagram_account_id;
        let customer = world.customer("ana").id().to_owned();
        let body = text_body(&account, &customer, "m_same", "2 blue mugs please");
        let signature = sign(&world, &body);
        let takes = (0..20).map(|_| {
            let (engine, body, signature) = (world.engine.clone(), body.clone(), signature.clone());
            tokio::spawn(async move { engine.intake().take(Some(&signature), body.as_bytes()).await })
        });
        for take in takes.collect::<Vec<_>>() {
            assert_eq!(take.await.unwrap(), Outcome::Accepted { events: 1 });
        }
        let workers = (0..4).map(|_| {
            let engine = world.engine.clone();
            tokio::spawn(async move {
                while let engine::tasks::Step::Did(_) = engine.pipeline_step().await.unwrap() {}
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        world.read().await;
        let mut world = world;
        world.restart().await;
        world.engine.intake().take(Some(&signature), body.as_bytes()).await;
        world.read().await;
        assert_eq!(world.messages().await.len(), 1);
        assert_eq!(world.drafts().await.len(), 1);
        assert_eq!(world.outbox().await.len(), 1);
    }

    async fn an_unknown_account_waits_until_it_is_connected(db: &TestDatabase) {
        let mut world = World::without_account(db, |_| {}).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.settle().await;
        let unrouted = world.events(EventState::Unrouted).await;
        assert_eq!(unrouted.len(), 1);
        let account = world.meta.account().instagram_account_id;
        assert!(unrouted[0].reason.as_ref().unwrap().contains(&account));
        world.connect_first().await;
        world.settle().await;
        assert_eq!(world.drafts().await.len(), 1);
        assert!(world.events(EventState::Unrouted).await.is_empty());
    }

    async fn signatures_decide_who_may_say_what(db: &TestDatabase) {
        let world = World::with(db, |config| {
            config.secrets.meta = None;
            config.secrets.instagram = Some("ig-one, ig-two".to_owned().into());
            config.secrets.whatsapp = Some("wa".to_owned().into());
        }).await;
        let page = r#"{"object":"page","entry":[]}"#;
        let wa = r#"{"object":"whatsapp_business_account","entry":[]}"#;
        let strange = "\u{1}\u{2} not JSON";
        let take = async |secret: &str, body: &str| {
            let signature = meta::signature::sign(&secret.to_owned().into(), body.as_bytes());
            let outcome = world.engine.intake().take(Some(&signature), body.as_bytes()).await;
            matches!(outcome, Outcome::Accepted { .. })
        };
        assert!(take("ig-one", page).await);
        assert!(take("ig-two", page).await);
        assert!(take("wa", wa).await);
        assert!(take("ig-one", strange).await);
        assert!(!take("ig-one", wa).await, "the Instagram secret may not sign WhatsApp");
        assert!(!take("wa", page).await);
        assert!(!take("stranger", page).await);
        for header in [None, Some("sha256=00"), Some("sha1=00")] {
            let outcome = world.engine.intake().take(header, page.as_bytes()).await;
            assert_eq!(outcome, Outcome::BadSignature);
        }
        world.engine.health_step().await.unwrap();
        let since = domain::Timestamp(0);
        let system = world.engine.store().system();
        let bad = system.counters(engine::intake::BAD_SIGNATURES, since).await.unwrap();
        assert_eq!(bad.iter().map(|c| c.count).sum::<i64>(), 4);
        let kept = world.events(EventState::Kept).await;
        assert!(kept.iter().any(|e| e.kind == "unreadable" && e.reason.is_some()));
    }

    async fn a_body_with_nul_and_endless_ids_is_kept_and_costs_nobody(db: &TestDatabase) {
        let world = World::new(db).await;
        let account = world.meta.account().instagram_account_id;
        let long = "9".repeat(5_000);
        for (customer, mid, text) in [
            ("a\\u0000b", "m\\u0000", "one \\u0000 blue mug"),
            (long.as_str(), long.as_str(), "2 blue mugs"),
            ("77", "m_ok", "2 blue mugs"),
        ] {
            let body = text_body(&account, customer, mid, text);
            let outcome = world.engine.intake().take(Some(&sign(&world, &body)), body.as_bytes()).await;
            assert_eq!(outcome, Outcome::Accepted { events: 1 });
        }
        world.read().await;
        assert_eq!(world.messages().await.len(), 3);
        assert!(world.events(EventState::Failed).await.is_empty());
    }

    async fn two_sellers_in_one_body_get_each_their_own(db: &TestDatabase) {
        let world = World::new(db).await;
        let second = world.meta.add_account(sandbox::AccountSpec {
            username: "second.shop".to_owned(),
            ..sandbox::AccountSpec::default()
        });
        let other = add_seller(&world.engine, "Second shop").await;
        connect(&world.engine, other, &second).await;
        let first = world.meta.account().instagram_account_id;
        let item = |account: &str, mid: &str, text: &str| format!(
            r#"{{"id":"{account}","time":{START},"messaging":[{{"sender":{{"id":"501"}},
            "recipient":{{"id":"{account}"}},"timestamp":{START},
            "message":{{"mid":"{mid}","text":"{text}"}}}}]}}"#
        );
        // The same person's id on purpose: nothing but the account tells them apart.
        let body = format!(
            r#"{{"object":"instagram","entry":[{},{},{}]}}"#,
            item(&first, "m1", "2 blue mugs"),
            item(&second.instagram_account_id, "m2", "3 teapots"),
            item(&first, "m3", "and a teapot"),
        );
        let outcome = world.engine.intake().take(Some(&sign(&world, &body)), body.as_bytes()).await;
        assert_eq!(outcome, Outcome::Accepted { events: 3 });
        world.read().await;
        let mids = |messages: Vec<store::Message>| {
            messages.into_iter().map(|m| m.mid).collect::<Vec<_>>()
        };
        assert_eq!(mids(world.messages().await), ["m1", "m3"]);
        let theirs = world.engine.store().seller(other).all_messages(None, 10).await.unwrap();
        assert_eq!(mids(theirs), ["m2"]);
    }

    async fn acknowledged_events_survive_a_restart_before_they_are_read(db: &TestDatabase) {
        let mut world = World::new(db).await;
        let ana = world.customer("ana");
        for text in ["2 blue mugs please", "and a teapot", "thanks"] {
            ana.say(text);
        }
        world.meta.drain().await;
        world.restart().await;
        world.read().await;
        let said: Vec<_> = world.messages().await.into_iter().filter_map(|m| m.text).collect();
        assert_eq!(said, ["2 blue mugs please", "and a teapot", "thanks"]);
        assert_eq!(world.drafts().await.len(), 1);
    }

    async fn a_poison_event_fails_alone_and_can_be_replayed(db: &TestDatabase) {
        let world = World::new(db).await;
        let (ana, ben) = (world.customer("ana"), world.customer("ben"));
        ana.say("2 blue mugs please");
        world.settle().await;
        let healthy = world.conversation().await;
        let store = world.engine.store().seller(world.seller);
        let spoilt = store::LaneEffects {
            seller_id: Some(world.seller),
            conversation: Some(spoil(&healthy)),
            ..store::LaneEffects::default()
        };
        store.apply(&spoilt, world.engine.now()).await.unwrap();
        ana.say("and a teapot");
        ben.say("3 teapots");
        world.settle().await;
        assert_eq!(world.drafts().await.len(), 2, "the neighbour is served");
        for _ in 0..6 {
            world.clock.advance(5 * domain::Timestamp::MINUTE);
            world.settle().await;
        }
        let failed = world.events(EventState::Failed).await;
        assert_eq!(failed.len(), 1);
        assert!(failed[0].reason.as_ref().unwrap().contains("state"));
        // Somebody repairs what was wrong, and runs it again.
        let broken = store.conversation(healthy.id).await.unwrap().unwrap();
        let mut repair = spoil(&broken);
        repair.state = healthy.state.0;
        let repair = store::LaneEffects { conversation: Some(repair), ..spoilt };
        store.apply(&repair, world.engine.now()).await.unwrap();
        let which = store::Requeue::default();
        assert_eq!(world.engine.replay_events(&which).await.unwrap(), 1);
        world.read().await;
        assert!(world.events(EventState::Failed).await.is_empty());
        assert!(world.messages().await.iter().any(|m| m.text.as_deref() == Some("and a teapot")));
    }

    async fn a_lane_keeps_its_order_under_many_workers(db: &TestDatabase) {
        let world = World::new(db).await;
        let account = world.meta.account().instagram_account_id;
        for n in 0..60 {
            let body = text_body(&account, &format!("30{}", n % 3), &format!("m{n:03}"), &format!("{n}"));
            world.engine.intake().take(Some(&sign(&world, &body)), body.as_bytes()).await;
        }
        let workers = (0..4).map(|_| {
            let engine = world.engine.clone();
            tokio::spawn(async move {
                while let engine::tasks::Step::Did(_) = engine.pipeline_step().await.unwrap() {}
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        world.read().await;
        let messages = world.messages().await;
        assert_eq!(messages.len(), 60);
        let mut by_conversation = std::collections::HashMap::<_, Vec<_>>::new();
        for message in messages {
            by_conversation.entry(message.conversation_id).or_default().push(message.mid);
        }
        assert_eq!(by_conversation.len(), 3);
        for mids in by_conversation.values() {
            assert!(mids.is_sorted(), "{mids:?}");
        }
    }
}

testkit::on_both! {
    async fn the_handshake_knows_the_servers_and_each_accounts_token(db: &TestDatabase) {
        let world = World::new(db).await;
        let store = world.engine.store().seller(world.seller);
        let account = store.accounts().await.unwrap().remove(0);
        let tokens = engine::sealed::PlainTokens {
            verify: Some("own-token".to_owned().into()),
            ..engine::sealed::PlainTokens::default()
        };
        world.engine.store_tokens(world.seller, account.id, &tokens).await.unwrap();
        let ask = async |mode, token, challenge| {
            world.engine.handshake(Some(mode), token, Some(challenge)).await.unwrap()
        };
        assert_eq!(ask("subscribe", Some("hello"), "c1").await, Some("c1"));
        assert_eq!(ask("subscribe", Some("own-token"), "c2").await, Some("c2"));
        assert_eq!(ask("subscribe", Some("wrong"), "c3").await, None);
        assert_eq!(ask("subscribe", None, "c4").await, None);
        assert_eq!(ask("unsubscribe", Some("hello"), "c5").await, None);
        assert_eq!(ask("subscribe", Some("hello"), "<script>").await, None);
    }
}
