//! Thousands of sellers share one Meta app's limit: hours of mixed work by the server's own loops,
//! with stored budgets, against the stand-in for Meta, on a clock that jumps. Prints the report that
//! is kept in `bench/limits.md`.
//!
//! ```text
//! cargo run --release -p engine --example limits -- 2000 1 5
//! ```
//!
//! (sellers, simulated hours, the app's calls an hour for each seller)

#![allow(clippy::unwrap_used)]

#[path = "../tests/town/mod.rs"]
mod town;

use std::collections::BTreeMap;
use std::time::Instant;

use domain::catalog::{Product, RetailerId};
use domain::{Money, Timestamp};
use sandbox::{Fault, Limits, Login, RandomFaults, SandboxConfig};
use store::OutboxState;
use town::Town;

/// Calls an hour of the app for every seller: more than messages need, fewer than all want.
const CALLS_PER_SELLER: usize = 5;
const SWEEP_EVERY: i64 = 15 * Timestamp::MINUTE;
/// Of all calls fail in some way that passes.
const FAULTS: f64 = 0.005;

/// What a seller's hours are like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Quiet,
    Busy,
    Crowded,
    Editing,
}

impl Work {
    fn of(shop: usize) -> Self {
        match shop % 20 {
            0 => Self::Editing,
            1..=2 => Self::Crowded,
            3..=6 => Self::Busy,
            _ => Self::Quiet,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet: a customer an hour",
            Self::Busy => "busy: a customer every 10 minutes",
            Self::Crowded => "crowded: a customer every 6 minutes",
            Self::Editing => "editing: a product changes every 10 minutes, a customer an hour",
        }
    }

    /// Minutes between two messages.
    const fn pace(self) -> i64 {
        match self {
            Self::Quiet | Self::Editing => 60,
            Self::Busy => 10,
            Self::Crowded => 6,
        }
    }
}

fn product(shop: usize, minute: i64) -> Product {
    let price = Money::new(10_000 + minute, "INR".parse().unwrap());
    let id = RetailerId::parse(&format!("P-{shop}")).unwrap();
    let mut product = Product::simple(id, "Blue mug", price);
    product.description = "Thrown by hand.".to_owned();
    product.image_urls = vec!["https://shop.example.com/mug.jpg".to_owned()];
    product
}

async fn open(database: &testkit::TestDatabase, sellers: usize, app_calls: u32) -> Town {
    let logins: Vec<Login> = (0..sellers)
        .map(|shop| match shop % 3 {
            0 | 1 => Login::Facebook,
            _ => Login::Instagram,
        })
        .collect();
    let there = SandboxConfig {
        history: 4_000_000,
        limits: Limits {
            app_calls_per_hour: Some(app_calls),
            ..Limits::default()
        },
        ..SandboxConfig::default()
    };
    let mut town = Town::open(database, &logins, there, |config| {
        config.sweep_every_ms = SWEEP_EVERY;
        config.limits.app_calls_per_hour = Some(app_calls);
    })
    .await;
    town.poll = Timestamp::MINUTE;
    town.grain = 2 * Timestamp::SECOND;
    for shop in 0..sellers {
        // Nobody connects a thousand shops in an hour: it costs the app's calls too.
        if shop % 200 == 199 {
            town.clock.advance(Timestamp::HOUR);
        }
        town.connect(shop).await;
        if Work::of(shop) == Work::Editing {
            let store = town.engine.store().seller(town.shops[shop].seller);
            store
                .put_products([product(shop, 0)], town.now())
                .await
                .unwrap();
        }
    }
    town.clock.advance(2 * Timestamp::HOUR);
    town
}

/// Who writes and edits in this minute.
async fn minute(town: &Town, minute: i64) {
    for shop in 0..town.shops.len() {
        let work = Work::of(shop);
        // Not all at the same minute.
        let own = minute + shop as i64 * 7;
        if own % work.pace() == 0 {
            // Another one each time: each is answered.
            let customer = format!("customer {}", own / work.pace());
            town.say(shop, &customer, "2 blue mugs please");
        }
        if work == Work::Editing && own % 10 == 0 {
            let store = town.engine.store().seller(town.shops[shop].seller);
            let products = [product(shop, minute)];
            store.put_products(products, town.now()).await.unwrap();
        }
    }
}

/// Of waiting times or counts, sorted: middle, 99th of a hundred, most.
fn spread(values: &mut [i64]) -> (i64, i64, i64) {
    values.sort_unstable();
    let at = |percent: usize| values.get((values.len().saturating_sub(1)) * percent / 100);
    (
        at(50).copied().unwrap_or(0),
        at(99).copied().unwrap_or(0),
        at(100).copied().unwrap_or(0),
    )
}

/// Jain's index: 1 when all got the same, 1/n when one got everything.
fn jain(values: &[i64]) -> f64 {
    let sum: f64 = values.iter().map(|v| *v as f64).sum();
    let squares: f64 = values.iter().map(|v| (*v as f64).powi(2)).sum();
    sum * sum / (values.len() as f64 * squares.max(f64::MIN_POSITIVE))
}

#[derive(Default)]
struct Tally {
    sellers: usize,
    waits: Vec<i64>,
    unsent: usize,
    failed: usize,
    sweep_gaps: Vec<i64>,
    bulk_calls: Vec<i64>,
}

async fn tally(town: &Town, begin: Timestamp) -> BTreeMap<Work, Tally> {
    let mut lists: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut bulk: BTreeMap<String, i64> = BTreeMap::new();
    for call in town.meta.calls() {
        if call.at < begin.0 || call.endpoint != "conversations" {
            continue;
        }
        let node = call.path.split('/').next().unwrap_or_default().to_owned();
        *bulk.entry(node.clone()).or_default() += 1;
        if call.params.get("user_id").is_none() && call.params.get("after").is_none() {
            lists.entry(node).or_default().push(call.at);
        }
    }
    let mut all: BTreeMap<Work, Tally> = BTreeMap::new();
    for (at, shop) in town.shops.iter().enumerate() {
        let tally = all.entry(Work::of(at)).or_default();
        tally.sellers += 1;
        for message in town.outbox(at).await {
            match (message.state, message.sent_at) {
                (OutboxState::Sent, Some(sent)) => tally.waits.push(sent.since(message.created_at)),
                (OutboxState::Failed, _) => tally.failed += 1,
                _ => tally.unsent += 1,
            }
        }
        let there = &shop.there;
        let node = there
            .page_id
            .as_ref()
            .unwrap_or(&there.instagram_account_id);
        let times = lists.get(node).cloned().unwrap_or_default();
        tally
            .sweep_gaps
            .extend(times.windows(2).map(|pair| pair[1] - pair[0]));
        tally.bulk_calls.push(bulk.get(node).copied().unwrap_or(0));
    }
    all
}

fn seconds(millis: i64) -> String {
    format!("{:.1} s", millis as f64 / 1_000.0)
}

fn minutes(millis: i64) -> String {
    format!("{:.1} min", millis as f64 / 60_000.0)
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<usize>().unwrap());
    let sellers = arguments.next().unwrap_or(2_000);
    let hours = arguments.next().unwrap_or(2) as i64;
    let app_calls = (arguments.next().unwrap_or(CALLS_PER_SELLER) * sellers) as u32;
    let database = testkit::sqlite();
    let began = Instant::now();
    let mut town = open(&database, sellers, app_calls).await;
    eprintln!("{sellers} sellers connected in {:.0?}", began.elapsed());
    town.meta.random_faults(RandomFaults {
        rate: FAULTS,
        kinds: Fault::passing(),
        endpoints: Vec::new(),
    });
    let begin = town.now();
    for n in 0..hours * 60 {
        minute(&town, n).await;
        town.run_until(begin.plus((n + 1) * Timestamp::MINUTE))
            .await;
        if n % 10 == 9 {
            eprintln!("minute {} after {:.0?}", n + 1, began.elapsed());
        }
    }
    report(&town, begin, (sellers, hours, app_calls)).await;
    eprintln!("{:.0?} in all", began.elapsed());
}

async fn report(town: &Town, begin: Timestamp, (sellers, hours, app_calls): (usize, i64, u32)) {
    let all = tally(town, begin).await;
    let calls: Vec<i64> = town.meta.calls().iter().map(|call| call.at).collect();
    let fullest = (0..hours * 60 - 59)
        .map(|n| {
            let from = begin.0 + n * Timestamp::MINUTE;
            let in_hour = |at: &&i64| (from..from + Timestamp::HOUR).contains(*at);
            calls.iter().filter(in_hour).count()
        })
        .max();
    println!(
        "{sellers} sellers, {hours} simulated hours, {app_calls} calls an hour for the app.\n"
    );
    println!(
        "Refused by Meta's limits, by error code: {:?}.",
        town.meta.refused()
    );
    println!(
        "Calls in the fullest hour, those about catalogs included: {}.\n",
        fullest.unwrap_or(0)
    );
    println!("| sellers | work | messages sent | waited: median, p99, most | not sent | failed |");
    println!("|---|---|---|---|---|---|");
    for (work, tally) in &all {
        let (median, p99, most) = spread(&mut tally.waits.clone());
        println!(
            "| {} | {} | {} | {}, {}, {} | {} | {} |",
            tally.sellers,
            work.name(),
            tally.waits.len(),
            seconds(median),
            seconds(p99),
            seconds(most),
            tally.unsent,
            tally.failed,
        );
    }
    println!(
        "\n| sellers | work | between two sweeps: median, p99, most | sweep calls a seller: median, most | Jain's index of them |"
    );
    println!("|---|---|---|---|---|");
    for (work, tally) in &all {
        let (median, p99, most) = spread(&mut tally.sweep_gaps.clone());
        let (calls, _, most_calls) = spread(&mut tally.bulk_calls.clone());
        println!(
            "| {} | {} | {}, {}, {} | {calls}, {most_calls} | {:.3} |",
            tally.sellers,
            work.name(),
            minutes(median),
            minutes(p99),
            minutes(most),
            jain(&tally.bulk_calls),
        );
    }
}
