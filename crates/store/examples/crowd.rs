//! The last unit, over and over: each round one unit and a crowd that confirms at the same moment.
//! Exactly one may get it. `cargo run --release -p store --example crowd -- sqlite|postgres|URL
//! [ROUNDS] [BUYERS]`; `bench/crash.md` has what came of it.

#![allow(clippy::unwrap_used, dead_code)]

#[path = "../tests/it/fixture.rs"]
mod fixture;
#[path = "../tests/it/last_unit.rs"]
mod last_unit;

use std::time::{Duration, Instant};

use fixture::{account, seller};
use store::Store;

const TELL: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let which = arguments.first().map_or("sqlite", String::as_str);
    let number = |i: usize, default: u32| {
        let given = arguments.get(i).and_then(|n| n.parse().ok());
        given.unwrap_or(default)
    };
    let (rounds, buyers) = (number(1, 10_000), number(2, 200));
    let database = match which {
        "sqlite" => Some(testkit::sqlite()),
        "postgres" => Some(testkit::postgres().await),
        _ => None,
    };
    let url = database.as_ref().map_or(which, |database| database.url());
    let store = Store::open(url).await.unwrap();
    let s = seller(&store, &format!("crowd-{}", uuid::Uuid::now_v7())).await;
    let a = account(&store, &s, &s.slug).await;

    let start = Instant::now();
    let (mut wrong, mut slowest, mut told) = (0_u32, Duration::ZERO, Instant::now());
    for round in 0..rounds {
        let begun = Instant::now();
        let played = last_unit::play(&store, &s, &a, &format!("item-{round}"), buyers).await;
        slowest = slowest.max(begun.elapsed());
        let one = played.numbers == [u64::from(round) + 1];
        if !(one && played.free == Some(0) && played.short == buyers - 1) {
            wrong += 1;
            println!("round {round}: {played:?}");
        }
        if told.elapsed() > TELL {
            told = Instant::now();
            println!(
                "{} rounds in {:.0?}, {wrong} wrong",
                round + 1,
                start.elapsed()
            );
        }
    }
    println!(
        "{which}: {rounds} rounds of {buyers} buyers in {:.1?} ({:.2?} a round, the slowest \
         {slowest:.0?}), {wrong} wrong",
        start.elapsed(),
        start.elapsed() / rounds.max(1)
    );
    store.close().await;
    assert_eq!(wrong, 0);
}
