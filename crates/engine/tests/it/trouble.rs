//! Five of a hundred calls go wrong: late, refused, throttled, cut before or after they took effect.
//! Webhooks come twice, in disorder, or never; a node dies while sending. In the end every message
//! that could be sent was sent once, by Meta's own record, or says why it was not.

use std::collections::BTreeSet;

use domain::Timestamp;
use engine::tasks::Step;
use sandbox::{Change, RandomFaults};
use store::OutboxState;
use testkit::TestDatabase;

use crate::support::World;

const CUSTOMERS: usize = 12;
const ROUNDS: usize = 5;

/// A minute or so in which the loops that tidy up run, too.
async fn go_on(world: &World) {
    world.settle().await;
    for _ in 0..20 {
        match world.engine.sweep_step().await.unwrap() {
            Step::Did(_) => world.clock.advance(Timestamp::SECOND),
            Step::Nothing | Step::WaitUntil(_) => break,
        }
    }
    world.clock.advance(100 * Timestamp::SECOND);
    world.engine.reconcile_step().await.unwrap();
}

async fn trouble(database: &TestDatabase, seed: u64) {
    let mut world = World::seeded(database, seed).await;
    world.meta.random_faults(RandomFaults {
        rate: 0.05,
        kinds: Vec::new(),
        endpoints: Vec::new(),
    });
    world.meta.change(Change::Delivery {
        batch: Some(3),
        duplicates: Some(1),
        shuffle: Some(true),
        escape_slashes: None,
        as_changes: None,
        held: None,
    });
    for round in 0..ROUNDS {
        for n in 0..CUSTOMERS {
            let text = ["2 blue mugs please", "and a teapot", "how much is it?"][round % 3];
            world.customer(&format!("customer {n}")).say(text);
        }
        if round == 2 {
            world.meta.drain().await;
            world.read().await;
            world.meta.change(Change::LoseWebhooks { count: 5 });
            world.send().await;
        }
        if round == 3 {
            world.meta.drain().await;
            world.read().await;
            let outbox = world.engine.store().outbox();
            outbox.claim(4, world.engine.now()).await.unwrap();
            world.restart().await;
        }
        go_on(&world).await;
    }
    for _ in 0..25 {
        go_on(&world).await;
    }
    let outbox = world.outbox().await;
    assert!(
        outbox.len() >= CUSTOMERS * 2,
        "seed {seed}: {}",
        outbox.len()
    );
    let there = world.meta.sent();
    let mids: BTreeSet<&str> = there.iter().map(|sent| sent.mid.as_str()).collect();
    assert_eq!(mids.len(), there.len());
    let mut told = BTreeSet::new();
    let mut unknown = 0;
    for message in &outbox {
        let reason = message.reason.clone().unwrap_or_default();
        match message.state {
            OutboxState::Sent => {
                let mid = message.mid.as_deref().unwrap();
                assert!(mids.contains(mid), "seed {seed}: {mid} is nowhere");
                assert!(
                    told.insert(mid),
                    "seed {seed}: {mid} stands for two messages"
                );
            }
            OutboxState::Failed if reason.contains("not known whether") => unknown += 1,
            OutboxState::Failed => assert!(!reason.is_empty(), "seed {seed}"),
            other => panic!("seed {seed}: a message is left {other:?}: {reason}"),
        }
    }
    // What Meta has beyond that can only be of those whose fate nobody could find out.
    let twice = there.len() - told.len();
    assert!(
        twice <= unknown,
        "seed {seed}: {twice} sent that nothing stands for"
    );
    let failed = outbox.len() - told.len();
    assert!(
        failed * 20 <= outbox.len(),
        "seed {seed}: {failed} of {} failed",
        outbox.len()
    );
}

testkit::on_both! {
    async fn five_percent_of_faults_cost_nothing_and_double_nothing(database: &TestDatabase) {
        trouble(database, 1).await;
    }
}

/// `EZISELLER_OUTBOX_SEEDS=200` runs more seeds, `EZISELLER_OUTBOX_SEED=n` a single one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_every_message_is_sent_once() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        text.parse::<u64>().ok()
    };
    let seeds = match number("EZISELLER_OUTBOX_SEED") {
        Some(seed) => seed..seed + 1,
        None => 2..number("EZISELLER_OUTBOX_SEEDS").unwrap_or(6) + 1,
    };
    for seed in seeds {
        trouble(&testkit::sqlite(), seed).await;
    }
}
