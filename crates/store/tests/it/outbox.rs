//! The outbox: in order within a conversation, each once, and nothing unknown sent again.

use domain::Timestamp;
use store::{LaneEffects, OutboxChange, OutboxState, SendResult, Store};

use crate::fixture::{Ids, NOW, account, first_message, open, outbox, seller};

/// A conversation with three messages to send.
async fn three(store: &Store, slug: &str) -> (store::Seller, Ids) {
    let s = seller(store, slug).await;
    let a = account(store, &s, &format!("ig-{slug}")).await;
    let ids = Ids::fresh();
    let mut effects = first_message(&s, &a, ids, "p1", "m1");
    effects.outbox = vec![
        outbox(&a, ids, "one"),
        outbox(&a, ids, "two"),
        outbox(&a, ids, "three"),
    ];
    store.seller(s.id).apply(&effects, NOW).await.unwrap();
    (s, ids)
}

async fn texts(store: &Store, limit: u32, at: Timestamp) -> Vec<String> {
    let claims = store.outbox().claim(limit, at).await.unwrap();
    claims
        .into_iter()
        .map(|c| c.message.text.unwrap())
        .collect()
}

testkit::on_both! {
    async fn a_conversation_is_answered_in_order(db: &TestDatabase) {
        let store = open(db).await;
        let (s, ids) = three(&store, "a").await;
        three(&store, "b").await;
        let claims = store.outbox().claim(10, NOW).await.unwrap();
        assert_eq!(claims.len(), 2, "one of each conversation");
        assert!(texts(&store, 10, NOW).await.is_empty());
        let own = claims.iter().find(|c| c.message.seller_id == s.id).unwrap();
        assert_eq!(own.message.text.as_deref(), Some("one"));
        assert_eq!((own.message.state, own.message.attempts), (OutboxState::Sending, 1));
        let sent = SendResult::Sent { mid: "o1".into() };
        store.outbox().finish(own.message.id, &sent, NOW).await.unwrap();
        // It is a message of the conversation now.
        let message = store.seller(s.id).message(ids.conversation, "o1").await.unwrap().unwrap();
        assert_eq!((message.text.as_deref(), message.sender.as_str()), (Some("one"), "automation"));
        assert_eq!(texts(&store, 10, NOW).await, ["two"]);
    }

    async fn a_retry_waits_and_holds_the_conversation(db: &TestDatabase) {
        let store = open(db).await;
        three(&store, "a").await;
        let claims = store.outbox().claim(10, NOW).await.unwrap();
        let at = NOW.plus(Timestamp::MINUTE);
        let retry = SendResult::Retry { at, reason: "limit".into() };
        store.outbox().finish(claims[0].message.id, &retry, NOW).await.unwrap();
        assert!(texts(&store, 10, NOW).await.is_empty());
        assert_eq!(texts(&store, 10, at).await, ["one"]);
    }

    async fn a_failed_one_lets_the_next_go(db: &TestDatabase) {
        let store = open(db).await;
        let (s, _) = three(&store, "a").await;
        let claims = store.outbox().claim(10, NOW).await.unwrap();
        let failed = SendResult::Failed { reason: "blocked".into() };
        store.outbox().finish(claims[0].message.id, &failed, NOW).await.unwrap();
        assert_eq!(texts(&store, 10, NOW).await, ["two"]);
        let troubles = store.seller(s.id).outbox_troubles(10).await.unwrap();
        assert_eq!(troubles[0].reason.as_deref(), Some("blocked"));
    }

    async fn a_crash_while_sending_is_unknown_and_stays_so_until_it_is_known(db: &TestDatabase) {
        let store = open(db).await;
        let (s, ids) = three(&store, "a").await;
        let claims = store.outbox().claim(10, NOW).await.unwrap();
        assert_eq!(store.outbox().recover(NOW, NOW).await.unwrap(), 0, "still young");
        let later = NOW.plus(Timestamp::MINUTE);
        assert_eq!(store.outbox().recover(later, later).await.unwrap(), 1);
        assert!(texts(&store, 10, later).await.is_empty(), "nothing overtakes what is unknown");
        let unknown = store.outbox().unknown(later, 10).await.unwrap();
        assert_eq!(unknown[0].message.id, claims[0].message.id);
        assert_eq!(unknown[0].message.state, OutboxState::Unknown);
        let echoed = LaneEffects {
            seller_id: Some(s.id),
            outbox_changes: vec![OutboxChange::Echoed { id: claims[0].message.id, mid: "o1".into(), at: later }],
            ..LaneEffects::default()
        };
        store.seller(s.id).apply(&echoed, later).await.unwrap();
        let rows = store.seller(s.id).outbox_of(ids.conversation, &[OutboxState::Sent]).await.unwrap();
        assert_eq!(rows[0].echoed_at, Some(later));
        assert_eq!(texts(&store, 10, later).await, ["two"]);
    }

    async fn what_waits_can_be_called_off_but_not_what_a_person_said(db: &TestDatabase) {
        let store = open(db).await;
        let (s, ids) = three(&store, "a").await;
        let a = store.seller(s.id).accounts().await.unwrap().remove(0);
        let mut person = outbox(&a, ids, "hello from me");
        person.by_person = true;
        let effects = LaneEffects {
            seller_id: Some(s.id),
            outbox: vec![person],
            outbox_changes: vec![OutboxChange::CancelWaiting { conversation_id: ids.conversation, reason: "hand-over".into() }],
            ..LaneEffects::default()
        };
        store.seller(s.id).apply(&effects, NOW).await.unwrap();
        assert_eq!(texts(&store, 10, NOW).await, ["hello from me"]);
        assert_eq!(store.stats().await.unwrap()["outbox"]["cancelled"], 3);
    }

    async fn many_workers_claim_each_message_once(db: &TestDatabase) {
        let store = open(db).await;
        for i in 0..20 {
            three(&store, &format!("s{i}")).await;
        }
        let workers: Vec<_> = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut own = Vec::new();
                loop {
                    let claims = store.outbox().claim(3, NOW).await.unwrap();
                    if claims.is_empty() && store.outbox().next_due().await.unwrap().is_none() {
                        return own;
                    }
                    for claim in claims {
                        let mid = claim.message.id.to_string();
                        store.outbox().finish(claim.message.id, &SendResult::Sent { mid }, NOW).await.unwrap();
                        own.push((claim.message.conversation_id, claim.message.id));
                    }
                    tokio::task::yield_now().await;
                }
            })
        }).collect();
        let mut sent = Vec::new();
        for worker in workers {
            sent.extend(worker.await.unwrap());
        }
        assert_eq!(sent.len(), 60);
        sent.sort();
        sent.dedup();
        assert_eq!(sent.len(), 60);
        assert_eq!(store.stats().await.unwrap()["outbox"]["sent"], 60);
    }
}
