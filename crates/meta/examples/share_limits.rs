//! How 2,000 sellers share one app's limit for a simulated day, as a table.
//!
//! `cargo run --release -p meta --example share_limits`

use std::collections::BTreeMap;

use meta::graph::Channel;
use meta::limits::{CallKind, Decision, LimitCall, LimitState, Limits, Priority, decide};

const SELLERS: usize = 2_000;
const START_MS: i64 = 1_793_000_000_000;
const DAY_MS: i64 = 24 * 3_600_000;
const STEP_MS: i64 = 5_000;
/// Calls an hour of all together: 200 times 300 daily active users.
const APP_CALLS: u32 = 60_000;

/// What a seller does all day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Quiet,
    Busy,
    Sweeping,
    Pushing,
}

impl Work {
    fn of(seller: usize) -> Self {
        match seller % 20 {
            0 => Self::Pushing,
            1..=2 => Self::Sweeping,
            3..=6 => Self::Busy,
            _ => Self::Quiet,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet: a message every 30 minutes",
            Self::Busy => "busy: a message every 40 seconds",
            Self::Sweeping => "sweeping: a conversation every 10 seconds",
            Self::Pushing => "pushing: products one by one without end",
        }
    }

    /// Milliseconds between two asks.
    const fn pace_ms(self) -> i64 {
        match self {
            Self::Quiet => 1_800_000,
            Self::Busy => 40_000,
            Self::Sweeping => 10_000,
            Self::Pushing => STEP_MS,
        }
    }

    const fn call(self) -> (CallKind, Priority) {
        match self {
            Self::Quiet | Self::Busy => (CallKind::Send(Channel::Instagram), Priority::Message),
            Self::Sweeping => (CallKind::Conversations, Priority::Bulk),
            Self::Pushing => (CallKind::CatalogItem, Priority::Bulk),
        }
    }
}

#[derive(Default, Clone)]
struct Tally {
    asked: u64,
    went: u64,
    per_seller: Vec<u64>,
    longest_wait_ms: i64,
}

fn main() {
    let limits = Limits {
        app_calls_per_hour: Some(APP_CALLS),
        ..Limits::default()
    };
    let names: Vec<String> = (0..SELLERS).map(|n| format!("s{n}")).collect();
    let mut state = LimitState::default();
    let mut tallies: BTreeMap<Work, Tally> = BTreeMap::new();
    // When each seller's next piece of work is due, and when it may next be asked for.
    let mut due: Vec<i64> = (0..SELLERS)
        .map(|n| START_MS + (n as i64 * 7_919) % Work::of(n).pace_ms())
        .collect();
    let mut ask = due.clone();
    let mut went = vec![0u64; SELLERS];
    let mut hours = [0u64; 25];
    let mut now = START_MS;
    while now < START_MS + DAY_MS {
        for (n, name) in names.iter().enumerate() {
            if ask[n] > now {
                continue;
            }
            let work = Work::of(n);
            let (kind, priority) = work.call();
            let call = LimitCall {
                seller: name,
                account: name,
                catalog: (work == Work::Pushing).then_some(name.as_str()),
                kind,
                priority,
                account_calls_per_hour: None,
            };
            let tally = tallies.entry(work).or_default();
            match decide(&mut state, &limits, &call, now) {
                Decision::Go => {
                    tally.asked += 1;
                    tally.went += 1;
                    tally.longest_wait_ms = tally.longest_wait_ms.max(now - due[n]);
                    went[n] += 1;
                    hours[((now - START_MS) / 3_600_000) as usize] += 1;
                    due[n] = (due[n] + work.pace_ms()).max(now - work.pace_ms());
                    ask[n] = due[n].max(now + 1);
                }
                Decision::WaitUntil(at) => ask[n] = at,
            }
        }
        now += STEP_MS;
    }
    for (n, count) in went.iter().enumerate() {
        tallies
            .entry(Work::of(n))
            .or_default()
            .per_seller
            .push(*count);
    }
    println!("{SELLERS} sellers, {APP_CALLS} calls an hour together, 200 each, one day\n");
    println!("| sellers | work | calls | least and most of one seller | longest wait |");
    println!("|---|---|---|---|---|");
    for (work, tally) in &tallies {
        println!(
            "| {} | {} | {} | {} to {} | {} s |",
            tally.per_seller.len(),
            work.name(),
            tally.went,
            tally.per_seller.iter().min().unwrap_or(&0),
            tally.per_seller.iter().max().unwrap_or(&0),
            tally.longest_wait_ms / 1_000,
        );
    }
    println!(
        "\nFullest hour: {} of {APP_CALLS} calls.",
        hours.iter().max().unwrap_or(&0)
    );
}
