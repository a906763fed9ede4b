//! One DM becomes one draft order, one reply, one order.

use domain::draft::Stage;
use engine::ActionError;

use crate::support::World;

testkit::on_both! {
    async fn one_dm_becomes_one_draft_and_one_reply(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("Hi! 2 blue mugs please");
        world.settle().await;
        let drafts = world.drafts().await;
        assert_eq!(drafts.len(), 1);
        let lines = &drafts[0].body.lines;
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].line.product.as_str(), lines[0].line.quantity), ("MUG-BLUE", 2));
        let sent = world.meta.sent_to(ana.id());
        assert_eq!(sent.len(), 1, "{sent:?}");
        let outbox = world.outbox().await;
        assert_eq!(outbox.len(), 1);
        assert_eq!(outbox[0].mid.as_deref(), Some(sent[0].mid.as_str()));
        assert!(outbox[0].echoed_at.is_some(), "the echo confirms it");
        let messages = world.messages().await;
        assert_eq!(messages.len(), 2);
        assert!(messages[0].reading.is_some());
        // Its own echo is no reason to speak again, nor a person's reply.
        world.settle().await;
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
        assert!(world.conversation().await.hand_over_until.is_none());
    }

    async fn the_sellers_tap_makes_one_order_with_a_number(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please, Ana Perera, 12 Lake Road, Springfield 62704, +1 217 555 0134");
        world.settle().await;
        let draft = world.drafts().await.remove(0);
        let taps = (0..8).map(|_| {
            let (engine, by, id) = (world.engine.clone(), world.by(), draft.id);
            tokio::spawn(async move { engine.confirm_draft(by, id, None, false, None).await })
        });
        let mut made = Vec::new();
        for tap in taps.collect::<Vec<_>>() {
            match tap.await.unwrap() {
                Ok(acted) => made.extend(acted.order),
                Err(ActionError::Refused(_) | ActionError::Changed) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].1, 1);
        world.settle().await;
        let orders = world.orders().await;
        assert_eq!(orders.len(), 1);
        assert_eq!(orders[0].totals.total.minor, 2_000);
        assert_eq!(world.drafts().await[0].stage, Stage::Confirmed);
        let last = world.meta.sent_to(ana.id()).pop().unwrap();
        assert!(last.text.contains('1') && !last.text.contains("{order_number}"), "{}", last.text);
    }

    async fn the_last_one_is_sold_once(db: &TestDatabase) {
        let world = World::new(db).await;
        for name in ["ana", "ben", "cas"] {
            world.customer(name).say("1 glass vase please");
        }
        world.settle().await;
        let drafts = world.drafts().await;
        assert_eq!(drafts.len(), 3);
        let taps = drafts.iter().map(|draft| {
            let (engine, by, id) = (world.engine.clone(), world.by(), draft.id);
            tokio::spawn(async move { engine.confirm_draft(by, id, None, false, None).await })
        });
        let (mut sold, mut short) = (0, 0);
        for tap in taps.collect::<Vec<_>>() {
            match tap.await.unwrap() {
                Ok(_) => sold += 1,
                Err(ActionError::OutOfStock(_)) => short += 1,
                // Already visible when it was decided, before anything was reserved.
                Err(ActionError::Refused(why)) if why.contains("stock") => short += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((sold, short), (1, 2));
        assert_eq!(world.orders().await.len(), 1);
    }

    async fn a_stale_look_is_told_so(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.settle().await;
        let seen = world.drafts().await.remove(0);
        ana.say("make it 3");
        ana.say("and a teapot");
        world.settle().await;
        let revision = Some(seen.body.revision);
        let late = world.engine.confirm_draft(world.by(), seen.id, revision, false, None).await;
        assert!(matches!(late, Err(ActionError::Changed)), "{late:?}");
        assert!(world.orders().await.is_empty());
        let stranger = engine::By { seller: domain::SellerId::fresh(), member: None };
        let theirs = world.engine.confirm_draft(stranger, seen.id, None, false, None).await;
        assert!(matches!(theirs, Err(ActionError::Missing(_))), "{theirs:?}");
    }

    async fn a_persons_reply_keeps_the_automation_quiet(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("hello, do you have mugs?");
        world.settle().await;
        let before = world.meta.sent_to(ana.id()).len();
        let conversation = world.conversation().await.id;
        world.engine.reply(world.by(), conversation, "Hi Ana, yes we do!").await.unwrap();
        world.settle().await;
        ana.say("2 blue mugs please");
        world.settle().await;
        let sent = world.meta.sent_to(ana.id());
        assert_eq!(sent.len(), before + 1, "only the person spoke: {sent:?}");
        assert_eq!(world.drafts().await.len(), 1, "it keeps reading");
        world.engine.hand_back(world.by(), conversation).await.unwrap();
        ana.say("and a teapot");
        world.settle().await;
        assert!(world.meta.sent_to(ana.id()).len() > before + 1, "it speaks again");
    }

    async fn pictures_are_kept_with_a_reason_and_answered_once(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        for _ in 0..3 {
            ana.act(sandbox::Action::Attach {
                kind: "image".to_owned(),
                url: None,
                title: None,
                count: 1,
            });
        }
        world.settle().await;
        assert!(world.drafts().await.is_empty());
        let messages = world.messages().await;
        let pictures = messages.iter().filter(|m| m.kind == "image").collect::<Vec<_>>();
        assert_eq!(pictures.len(), 3);
        assert!(pictures.iter().all(|m| m.reason.is_some()));
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
    }

    async fn edits_and_deletions_change_the_draft(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        let first = ana.say("2 blue mugs please");
        let second = ana.say("and a teapot");
        world.settle().await;
        assert_eq!(world.drafts().await[0].body.lines.len(), 2);
        ana.act(sandbox::Action::Edit { mid: first, text: "5 blue mugs please".to_owned() });
        ana.act(sandbox::Action::Unsend { mid: second.clone() });
        world.settle().await;
        let draft = world.drafts().await.remove(0);
        let lines: Vec<_> = draft.body.lines.iter().map(|l| (l.line.product.as_str(), l.line.quantity)).collect();
        assert_eq!(lines, [("MUG-BLUE", 5)]);
        let gone = world.messages().await.into_iter().find(|m| m.mid == second).unwrap();
        assert_eq!((gone.text, gone.content), (None, None));
    }

    async fn stock_that_moves_is_seen_at_once(db: &TestDatabase) {
        let world = World::new(db).await;
        let buy = async |name: &str| {
            world.customer(name).say("1 glass vase please");
            world.settle().await;
            let drafts = world.drafts().await;
            let open = drafts.into_iter().find(|d| !d.stage.is_final()).expect("a draft");
            world.engine.confirm_draft(world.by(), open.id, None, false, None).await
        };
        let first = buy("ana").await.unwrap().order.unwrap().0;
        assert!(buy("ben").await.is_err(), "sold out");
        world.engine.move_order(world.by(), first, domain::order::OrderStatus::Shipped, "").await.unwrap();
        let vase = domain::catalog::RetailerId::parse("VASE").unwrap();
        let store = world.engine.store().seller(world.seller);
        let item = store.stock_of(&vase).await.unwrap().unwrap();
        assert_eq!((item.stock, item.stock_reserved), (Some(0), 0));
        store.set_stock(&vase, Some(2), world.engine.now()).await.unwrap();
        let by = world.by();
        for draft in world.drafts().await.into_iter().filter(|d| !d.stage.is_final()) {
            world.engine.confirm_draft(by, draft.id, None, false, None).await.unwrap();
        }
        assert!(buy("cas").await.is_ok(), "one is left");
        assert!(buy("dan").await.is_err(), "sold out again");
        let moved = domain::order::OrderStatus::Cancelled;
        let last = world.orders().await[0].id;
        world.engine.move_order(world.by(), last, moved, "changed their mind").await.unwrap();
        assert_eq!(store.stock_of(&vase).await.unwrap().unwrap().free(), Some(1));
    }
}
