//! Many at once: one unit and a crowd of buyers, numbers under load, lanes under load.

use std::collections::{BTreeSet, HashMap};

use domain::EventId;
use store::{LaneEffects, Store};

use crate::fixture::{
    Ids, NOW, account, conversation_write, dm, done, first_message, message, open, product, seller,
};
use crate::last_unit::{Round, buy, play};

/// How many rounds the crowds play (`EZISELLER_ROUNDS`): a few here, 10,000 in the campaign
/// (`cargo run --release -p store --example crowd`).
fn rounds() -> u32 {
    let rounds = std::env::var("EZISELLER_ROUNDS")
        .ok()
        .and_then(|r| r.parse().ok());
    rounds.unwrap_or(2)
}

/// How many buy at once (`EZISELLER_BUYERS`).
fn buyers() -> u32 {
    let buyers = std::env::var("EZISELLER_BUYERS")
        .ok()
        .and_then(|b| b.parse().ok());
    buyers.unwrap_or(200)
}

testkit::on_both! {
    async fn of_a_crowd_exactly_one_gets_the_last_unit(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        for round in 0..rounds() {
            let played = play(&store, &s, &a, &format!("item-{round}"), buyers()).await;
            let one = Round {
                numbers: vec![u64::from(round) + 1],
                short: buyers() - 1,
                free: Some(0),
            };
            assert_eq!(played, one, "round {round}");
        }
    }

    async fn numbers_have_no_gaps_under_load(db: &TestDatabase) {
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        store.seller(s.id).put_products([product("mug", Some(20))], NOW).await.unwrap();
        let crowd: Vec<_> = (0..60)
            .map(|_| tokio::spawn(buy(store.clone(), s.clone(), a.clone(), "mug".into())))
            .collect();
        let mut numbers = BTreeSet::new();
        for buyer in crowd {
            if let Ok(number) = buyer.await.unwrap() {
                assert!(numbers.insert(number), "{number} twice");
            }
        }
        assert_eq!(numbers, (1..=20).collect());
    }

    async fn workers_keep_the_order_of_every_lane(db: &TestDatabase) {
        const LANES: usize = 12;
        const EACH: usize = 30;
        let store = open(db).await;
        let s = seller(&store, "a").await;
        let a = account(&store, &s, "ig").await;
        let ids: Vec<Ids> = (0..LANES).map(|_| Ids::fresh()).collect();
        for (i, ids) in ids.iter().enumerate() {
            let effects = first_message(&s, &a, *ids, &format!("p{i}"), "hello");
            store.seller(s.id).apply(&effects, NOW).await.unwrap();
        }
        let workers: Vec<_> = (0..4).map(|_| tokio::spawn(work(store.clone(), a.clone(), ids.clone(), LANES * EACH))).collect();
        for i in 0..EACH {
            let events: Vec<_> = (0..LANES).map(|l| dm("ig", &format!("p{l}"), &format!("{l}-{i}"))).collect();
            store.intake().append(&events).await.unwrap();
        }
        let mut seen: Vec<(EventId, String)> = Vec::new();
        for worker in workers {
            seen.extend(worker.await.unwrap());
        }
        // Each message is stored once, and each lane's in the order of arrival.
        let mut stored: HashMap<_, Vec<_>> = HashMap::new();
        for message in store.seller(s.id).all_messages(None, 10_000).await.unwrap() {
            if message.mid != "hello" {
                stored.entry(message.conversation_id).or_default().push(message.event_id.unwrap());
            }
        }
        assert_eq!(stored.len(), LANES);
        for events in stored.values() {
            assert_eq!(events.len(), EACH);
            assert!(events.is_sorted());
        }
        assert_eq!(seen.len(), LANES * EACH);
    }
}

/// Claims and commits until every event is done.
async fn work(
    store: Store,
    account: store::ChannelAccount,
    ids: Vec<Ids>,
    total: usize,
) -> Vec<(EventId, String)> {
    let mut own = Vec::new();
    loop {
        let batch = store.pipeline().claim(7, NOW).await.unwrap();
        let Some(mut batch) = batch else {
            if store.stats().await.unwrap()["inbound_events"]["done"] == total {
                return own;
            }
            tokio::task::yield_now().await;
            continue;
        };
        let effects: Vec<_> = batch
            .lanes
            .iter()
            .map(|lane| {
                let conversation = lane.conversation.as_ref().unwrap();
                let ids = *ids
                    .iter()
                    .find(|i| i.conversation == conversation.id)
                    .unwrap();
                LaneEffects {
                    seller_id: Some(account.seller_id),
                    outcomes: done(&lane.events),
                    conversation: Some(conversation_write(
                        &account,
                        ids,
                        Some(conversation.version),
                    )),
                    messages: lane
                        .events
                        .iter()
                        .map(|e| store::NewMessage {
                            event_id: Some(e.id),
                            ..message(ids, &e.id.to_string())
                        })
                        .collect(),
                    ..LaneEffects::default()
                }
            })
            .collect();
        let events: Vec<_> = batch
            .lanes
            .iter()
            .flat_map(|l| &l.events)
            .map(|e| (e.id, e.lane.clone()))
            .collect();
        batch.commit(&effects, NOW).await.unwrap();
        own.extend(events);
    }
}
