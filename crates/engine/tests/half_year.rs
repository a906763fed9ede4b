//! Half a year at Meta in seconds: tokens that end after 60 days, data access that ends after 90,
//! calls that fail, an outage, a server that is off for days. Nothing may end by surprise, no limit
//! may be passed, and every reply goes out once.

#![allow(clippy::unwrap_used)]

mod town;

use std::collections::BTreeMap;

use domain::Timestamp;
use engine::sellers::AddAccount;
use sandbox::{Fault, FaultRule, Login, RandomFaults, SandboxConfig};
use store::{AccountState, ChannelAccount, OutboxState};
use town::{START, Town};

const DAYS: i64 = 180;
/// Reconnects a few days after being told.
const DILIGENT: usize = 0;
/// Reconnects only days after its data access has ended.
const CARELESS: usize = 1;
/// Instagram Login.
const INSTAGRAM: usize = 2;
/// Instagram Login, its token added by hand: nobody said when it ends.
const BY_HAND: usize = 3;
const SHOPS: usize = 4;

fn day(n: i64) -> Timestamp {
    START.plus(n * Timestamp::DAY)
}

impl Town {
    /// The shop's account as it is stored.
    async fn account(&self, shop: usize) -> ChannelAccount {
        let store = self.engine.store().seller(self.shops[shop].seller);
        store.accounts().await.unwrap().remove(0)
    }

    /// The kinds of what the shop was told, with their times.
    async fn told(&self, shop: usize) -> Vec<(String, Timestamp)> {
        let store = self.engine.store().seller(self.shops[shop].seller);
        let all = store.notifications(1_000).await.unwrap();
        all.into_iter().map(|n| (n.kind, n.created_at)).collect()
    }
}

/// What was seen day by day.
#[derive(Default)]
struct Seen {
    /// The least time that was left of any token in use.
    least_left: Option<i64>,
    /// When the shop was first told of an end, by kind and day.
    told: BTreeMap<(usize, String), Vec<i64>>,
    /// The days on which the careless shop could not work.
    away: Vec<i64>,
}

async fn look(town: &Town, seen: &mut Seen, n: i64) {
    for shop in 0..SHOPS {
        let account = town.account(shop).await;
        if account.state != AccountState::Active {
            assert_eq!(shop, CARELESS, "day {n}: {:?}", account.state_reason);
            seen.away.push(n);
            continue;
        }
        if let Some(ends) = account.token_expires_at {
            let left = ends.since(town.now());
            seen.least_left = Some(seen.least_left.map_or(left, |least| least.min(left)));
        }
        for (kind, at) in town.told(shop).await {
            let days = seen.told.entry((shop, kind)).or_default();
            let told = at.since(START) / Timestamp::DAY;
            if !days.contains(&told) {
                days.push(told);
            }
        }
    }
}

async fn open(database: &testkit::TestDatabase) -> Town {
    use Login::{Facebook, Instagram};
    let logins = [Facebook, Facebook, Instagram, Instagram];
    let there = SandboxConfig {
        history: 1_000_000,
        ..SandboxConfig::default()
    };
    let town = Town::open(database, &logins, there, |config| {
        config.sweep_every_ms = 2 * Timestamp::DAY;
    })
    .await;
    for shop in [DILIGENT, CARELESS, INSTAGRAM] {
        town.connect(shop).await;
    }
    let by_hand = &town.shops[BY_HAND];
    let mut add = AddAccount {
        instagram_account_id: Some(by_hand.there.instagram_account_id.clone()),
        instagram_login: true,
        ..AddAccount::default()
    };
    add.tokens.access = Some(by_hand.there.access_token.clone().into());
    let added = town.engine.add_account(by_hand.seller, &add).await.unwrap();
    assert_eq!(added.token_expires_at, None);
    town
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_year_without_surprises() {
    let database = testkit::sqlite();
    let mut town = open(&database).await;
    town.meta.random_faults(RandomFaults {
        rate: 0.05,
        kinds: Vec::new(),
        endpoints: Vec::new(),
    });
    let mut seen = Seen::default();
    let mut outage = None;
    for n in 0..DAYS {
        match n {
            // Around the time of every renewal Meta renews nothing for five days.
            38 => {
                let down = Fault::Http { status: 503 };
                outage = Some(town.meta.fault(FaultRule::always("oauth", down)));
            }
            43 => town.meta.remove_fault(outage.take().unwrap()),
            // The machine is off; customers go on writing.
            100..103 => {
                town.clock.set(day(n + 1));
                continue;
            }
            _ => {}
        }
        for shop in (0..SHOPS).filter(|_| n % 3 == 0) {
            town.say(shop, &format!("customer {}", n % 2), "how much is it?");
        }
        town.run_until(day(n + 1)).await;
        look(&town, &mut seen, n).await;
        let told = |shop| seen.told.get(&(shop, "data_access".to_owned()));
        if told(DILIGENT).is_some_and(|days| days.last() == Some(&(n - 3))) {
            town.connect(DILIGENT).await;
        }
        if seen.away.len() == 5 && seen.away.last() == Some(&n) {
            town.connect(CARELESS).await;
        }
    }
    town.meta.clear_faults();
    town.run_until(day(DAYS).plus(2 * Timestamp::HOUR)).await;

    let left = seen.least_left.unwrap();
    assert!(
        left > 7 * Timestamp::DAY,
        "a token came within {left} ms of its end"
    );
    let dead = town
        .meta
        .calls()
        .into_iter()
        .filter(|call| call.code == Some(190));
    assert_eq!(dead.count(), 0, "no dead token was ever used");
    assert_eq!(town.meta.refused(), BTreeMap::new(), "no limit was passed");
    for shop in [DILIGENT, CARELESS] {
        let told = &seen.told[&(shop, "data_access".to_owned())];
        assert!((75..=77).contains(&told[0]), "told on day {}", told[0]);
    }
    assert!(
        !seen
            .told
            .contains_key(&(DILIGENT, "needs_reconnect".to_owned()))
    );
    assert_eq!(seen.away.len(), 5, "away on days {:?}", seen.away);
    assert!(seen.away[0] >= 89, "away on days {:?}", seen.away);
    for shop in 0..SHOPS {
        assert_sent_once(&town, shop).await;
    }
}

/// By the stand-in's own record every reply went out once, or says why it did not.
async fn assert_sent_once(town: &Town, shop: usize) {
    let outbox = town.outbox(shop).await;
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for message in &outbox {
        match message.state {
            OutboxState::Sent => *sent.entry(message.recipient.clone()).or_default() += 1,
            OutboxState::Failed => assert!(message.reason.is_some()),
            other => panic!(
                "shop {shop}: a message is left {other:?}: {:?}",
                message.reason
            ),
        }
    }
    let failed = outbox.iter().filter(|m| m.state == OutboxState::Failed);
    let failed: Vec<_> = failed.map(|m| m.reason.clone()).collect();
    if shop != CARELESS {
        assert_eq!(failed, [None; 0], "shop {shop}");
    }
    for (recipient, count) in sent {
        assert_eq!(town.meta.sent_to(&recipient).len(), count, "shop {shop}");
    }
    assert!(outbox.len() > 50, "shop {shop}: {}", outbox.len());
}
