//! Claims: in order within a lane, each event once, effects and `done` together.

use domain::Timestamp;
use domain::draft::Stage;
use store::{
    Batch, CommitError, EventState, LaneEffects, MessageChange, MessageState, OutboxChange,
    Outcome, Requeue, Store,
};

use crate::fixture::{
    Ids, NOW, account, conversation_write, dm, done, draft, draft_write, first_message, message,
    open, seller,
};

/// Claims until `enough` is there: a dropped transaction is rolled back as its connection returns to
/// the pool, a moment later.
async fn claim_freed(store: &Store, now: Timestamp, enough: impl Fn(&Batch) -> bool) -> Batch {
    let freed = async {
        loop {
            match store.pipeline().claim(100, now).await.unwrap() {
                Some(batch) if enough(&batch) => return batch,
                less => drop(less),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), freed).await;
    waited.expect("a dropped claim is free again")
}

testkit::on_both! {
    async fn a_message_becomes_everything_in_one_commit(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        store.intake().append(&[dm("ig", "p1", "m1"), dm("ig", "p1", "m2"), dm("ig", "p2", "m3")])
            .await.unwrap();
        let mut batch = store.pipeline().claim(100, NOW).await.unwrap().unwrap();
        assert_eq!(batch.events(), 3);
        assert_eq!(batch.lanes.len(), 2);
        let lane = &batch.lanes[0];
        assert_eq!(lane.seller.as_ref().unwrap().id, s.id);
        assert_eq!(lane.account.as_ref().unwrap().id, a.id);
        assert!(lane.customer.is_none() && lane.conversation.is_none());
        let effects: Vec<_> = batch.lanes.iter().enumerate().map(|(i, lane)| LaneEffects {
            outcomes: done(&lane.events),
            ..first_message(&s, &a, Ids::fresh(), lane.events[0].party_id.as_deref().unwrap(), &format!("x{i}"))
        }).collect();
        let applied = batch.commit(&effects, NOW).await.unwrap();
        assert_eq!(applied.messages, 2);
        assert!(store.pipeline().claim(100, NOW).await.unwrap().is_none());
        let stats = store.stats().await.unwrap();
        assert_eq!(stats["inbound_events"]["done"], 3);
        assert_eq!(stats["customers"], 2);
        assert_eq!(stats["conversations"], 2);
        assert_eq!(stats["draft_orders"]["open"], 2);
        assert_eq!(stats["outbox"]["pending"], 2);
        // The next event of a lane finds what the first left.
        store.intake().append(&[dm("ig", "p1", "m4")]).await.unwrap();
        let mut batch = store.pipeline().claim(100, NOW).await.unwrap().unwrap();
        let lane = &batch.lanes[0];
        assert_eq!(lane.customer.as_ref().unwrap().external_id.as_deref(), Some("p1"));
        let conversation = lane.conversation.clone().unwrap();
        assert_eq!((conversation.version, conversation.unread), (0, 1));
        let known = batch.messages(&[(conversation.id, "x0"), (conversation.id, "m4")]).await.unwrap();
        assert_eq!(known.iter().map(|m| m.mid.as_str()).collect::<Vec<_>>(), ["x0"]);
        assert_eq!(batch.unechoed(conversation.id).await.unwrap().len(), 0);
    }

    async fn a_waiting_head_holds_its_lane_and_no_other(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        account(&store, &s, "ig").await;
        let events = [dm("ig", "p1", "m1"), dm("ig", "p1", "m2"), dm("ig", "p2", "m3")];
        store.intake().append(&events).await.unwrap();
        let mut batch = store.pipeline().claim(100, NOW).await.unwrap().unwrap();
        let later = NOW.plus(Timestamp::MINUTE);
        let effects = [LaneEffects {
            seller_id: Some(s.id),
            outcomes: vec![(events[0].id, Outcome::Retry { at: later, reason: "try again".into() })],
            ..LaneEffects::default()
        }];
        batch.commit(&effects, NOW).await.unwrap();
        drop(batch);
        // m2 arrived after the waiting m1 and must not overtake it; neither may a newer one.
        store.intake().append(&[dm("ig", "p1", "m4")]).await.unwrap();
        let batch = store.pipeline().claim(100, NOW).await.unwrap().unwrap();
        let claimed: Vec<_> = batch.lanes.iter().flat_map(|l| &l.events).map(|e| e.id).collect();
        assert_eq!(claimed, [events[2].id]);
        drop(batch);
        assert_eq!(store.pipeline().next_due().await.unwrap(), Some(NOW));
        let batch = claim_freed(&store, later, |batch| batch.lanes.len() == 2).await;
        let p1 = batch.lanes.iter().find(|l| l.lane.ends_with("p1")).unwrap();
        assert_eq!(p1.events.len(), 3);
        assert_eq!((p1.events[0].id, p1.events[0].attempts), (events[0].id, 1));
    }

    async fn a_lane_is_claimed_by_one_worker_at_a_time(db: &TestDatabase) {
        let store = open(db).await;
        store.intake().append(&[dm("ig", "p1", "m1"), dm("ig", "p2", "m2")]).await.unwrap();
        let one = store.pipeline().claim(1, NOW).await.unwrap().unwrap();
        assert_eq!(one.events(), 1);
        let two = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        assert_eq!(two.events(), 1);
        assert_ne!(one.lanes[0].lane, two.lanes[0].lane);
        assert!(store.pipeline().claim(10, NOW).await.unwrap().is_none());
        drop((one, two));
        claim_freed(&store, NOW, |batch| batch.events() == 2).await;
    }

    async fn a_long_lane_does_not_hide_the_others(db: &TestDatabase) {
        let store = open(db).await;
        let mut events: Vec<_> = (0..50).map(|i| dm("ig", "long", &format!("m{i}"))).collect();
        events.push(dm("ig", "short", "s"));
        store.intake().append(&events).await.unwrap();
        let long = store.pipeline().claim(4, NOW).await.unwrap().unwrap();
        assert_eq!(long.events(), 4);
        let short = store.pipeline().claim(4, NOW).await.unwrap().unwrap();
        assert!(short.lanes[0].lane.ends_with("short"));
        assert!(store.pipeline().claim(4, NOW).await.unwrap().is_none());
    }

    async fn another_write_of_the_conversation_conflicts_and_nothing_is_written(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        store.seller(s.id).apply(&first_message(&s, &a, ids, "p1", "m1"), NOW).await.unwrap();
        store.intake().append(&[dm("ig", "p1", "m2")]).await.unwrap();
        let mut batch = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        let read = batch.lanes[0].conversation.as_ref().unwrap().version;
        let dashboard = LaneEffects {
            seller_id: Some(s.id),
            conversation: Some(conversation_write(&a, ids, Some(read))),
            ..LaneEffects::default()
        };
        store.seller(s.id).apply(&dashboard, NOW).await.unwrap();
        let effects = [LaneEffects {
            seller_id: Some(s.id),
            outcomes: done(&batch.lanes[0].events),
            conversation: Some(conversation_write(&a, ids, Some(read))),
            messages: vec![message(ids, "m2")],
            ..LaneEffects::default()
        }];
        let error = batch.commit(&effects, NOW).await.unwrap_err();
        assert!(matches!(error, CommitError::Conflict), "{error}");
        drop(batch);
        assert_eq!(store.stats().await.unwrap()["messages"], 1);
        let batch = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        assert_eq!(batch.lanes[0].conversation.as_ref().unwrap().version, read + 1);
    }

    async fn unrouted_events_are_run_again_when_their_account_is_connected(db: &TestDatabase) {
        let store = open(db).await;
        store.intake().append(&[dm("ig_1", "p1", "m1"), dm("igx1", "p2", "m2")]).await.unwrap();
        let mut batch = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        assert!(batch.lanes.iter().all(|lane| lane.account.is_none() && lane.seller.is_none()));
        let effects: Vec<_> = batch.lanes.iter().map(|lane| LaneEffects {
            outcomes: lane.events.iter().map(|e| (e.id, Outcome::Unrouted { reason: "nobody".into() })).collect(),
            ..LaneEffects::default()
        }).collect();
        batch.commit(&effects, NOW).await.unwrap();
        drop(batch);
        assert_eq!(store.system().events(EventState::Unrouted, None, 10).await.unwrap().len(), 2);
        let s = seller(&store, "a").await;
        account(&store, &s, "ig_1").await;
        let batch = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        assert_eq!(batch.events(), 1, "an underscore is no wildcard");
        assert!(batch.lanes[0].account.is_some());
        drop(batch);
        let which = Requeue { states: vec![EventState::Unrouted], ..Requeue::default() };
        assert_eq!(store.pipeline().requeue(&which, NOW).await.unwrap(), 1);
        assert_eq!(store.stats().await.unwrap()["inbound_events"]["pending"], 2);
    }

    async fn messages_change_and_are_unsent(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        let mine = store.seller(s.id);
        let mut effects = first_message(&s, &a, ids, "p1", "m1");
        let out = store::NewMessage { direction: store::Direction::Out, state: MessageState::Sent, ..message(ids, "o1") };
        effects.messages.push(out);
        // The same message twice is one.
        effects.messages.push(message(ids, "m1"));
        assert_eq!(mine.apply(&effects, NOW).await.unwrap().messages, 2);
        let change = |change| LaneEffects { seller_id: Some(s.id), message_changes: vec![change], ..LaneEffects::default() };
        let (conversation_id, mid) = (ids.conversation, "m1".to_owned());
        mine.apply(&change(MessageChange::Edit { conversation_id, mid: mid.clone(), text: "3 mugs".into(), reading: None }), NOW).await.unwrap();
        let edited = mine.message(conversation_id, "m1").await.unwrap().unwrap();
        assert_eq!((edited.text.as_deref(), edited.state), (Some("3 mugs"), MessageState::Edited));
        mine.apply(&change(MessageChange::Delete { conversation_id, mid: mid.clone() }), NOW).await.unwrap();
        mine.apply(&change(MessageChange::Edit { conversation_id, mid, text: "4".into(), reading: None }), NOW).await.unwrap();
        let deleted = mine.message(conversation_id, "m1").await.unwrap().unwrap();
        assert_eq!((deleted.text, deleted.state), (None, MessageState::Deleted));
        let state = |state| change(MessageChange::State { conversation_id, mid: "o1".into(), state, reason: None });
        mine.apply(&state(MessageState::Read), NOW).await.unwrap();
        mine.apply(&state(MessageState::Delivered), NOW).await.unwrap();
        assert_eq!(mine.message(conversation_id, "o1").await.unwrap().unwrap().state, MessageState::Read);
    }

    async fn one_open_draft_order_a_conversation(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        let mine = store.seller(s.id);
        let effects = first_message(&s, &a, ids, "p1", "m1");
        let first = effects.drafts[0].draft.clone();
        mine.apply(&effects, NOW).await.unwrap();
        let second = draft(domain::DraftOrderId::fresh(), Stage::Open);
        let with = |drafts: Vec<_>| LaneEffects {
            seller_id: Some(s.id),
            drafts: drafts.into_iter().map(|d| draft_write(&a, ids, d)).collect(),
            ..LaneEffects::default()
        };
        let error = mine.apply(&with(vec![second.clone()]), NOW).await.unwrap_err();
        assert!(matches!(error, CommitError::Conflict), "{error}");
        let closed = domain::draft::DraftOrder { stage: Stage::Cancelled, ..first };
        mine.apply(&with(vec![second, closed.clone()]), NOW).await.unwrap();
        let error = mine.apply(&with(vec![closed]), NOW).await.unwrap_err();
        assert!(matches!(error, CommitError::Conflict), "what is final stays: {error}");
    }

    async fn timers_are_due_until_their_event_is_processed(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        let mut effects = first_message(&s, &a, ids, "p1", "m1");
        effects.conversation.as_mut().unwrap().wake_at = Some(NOW.plus(5));
        store.seller(s.id).apply(&effects, NOW).await.unwrap();
        assert!(store.system().due_wakes(NOW, 10).await.unwrap().is_empty());
        let due = store.system().due_wakes(NOW.plus(5), 10).await.unwrap();
        assert_eq!(due[0].conversation_id, ids.conversation);
        assert_eq!(due[0].external_id.as_deref(), Some("p1"));
        assert_eq!(due[0].routing_id.as_deref(), Some("ig"));
        let write = conversation_write(&a, ids, Some(0));
        let effects = LaneEffects { seller_id: Some(s.id), conversation: Some(write), ..LaneEffects::default() };
        store.seller(s.id).apply(&effects, NOW).await.unwrap();
        assert!(store.system().due_wakes(NOW.plus(5), 10).await.unwrap().is_empty());
    }

    async fn an_echo_finds_what_was_sent(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids = Ids::fresh();
        store.seller(s.id).apply(&first_message(&s, &a, ids, "p1", "m1"), NOW).await.unwrap();
        let claims = store.outbox().claim(10, NOW).await.unwrap();
        store.intake().append(&[dm("ig", "p1", "echo")]).await.unwrap();
        let mut batch = store.pipeline().claim(10, NOW).await.unwrap().unwrap();
        let unechoed = batch.unechoed(ids.conversation).await.unwrap();
        assert_eq!(unechoed[0].id, claims[0].message.id);
        let effects = [LaneEffects {
            seller_id: Some(s.id),
            outcomes: done(&batch.lanes[0].events),
            outbox_changes: vec![OutboxChange::Echoed { id: unechoed[0].id, mid: "o1".into(), at: NOW }],
            ..LaneEffects::default()
        }];
        batch.commit(&effects, NOW).await.unwrap();
        // The answer of the send comes after its echo.
        let failed = store::SendResult::Unknown { reason: "cut off".into() };
        store.outbox().finish(unechoed[0].id, &failed, NOW).await.unwrap();
        let row = store.seller(s.id).outbox_message(unechoed[0].id).await.unwrap().unwrap();
        assert_eq!((row.state, row.mid.as_deref()), (store::OutboxState::Sent, Some("o1")));
    }
}
