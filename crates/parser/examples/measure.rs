//! `cargo run --release -p parser --example measure`: percentiles of the time a message takes, the time
//! and memory an index takes, and time against message length, as `bench/parser.md` reports them.

#[path = "../tests/evaluation/mod.rs"]
mod evaluation;
#[path = "../tests/evaluation/synthetic.rs"]
mod synthetic;

use std::hint::black_box;
use std::time::Instant;

use domain::reading::Standing;
use evaluation::{cases, catalog};
use parser::{Index, Locale};

fn main() {
    println!(
        "| catalog | messages | median | 90 % | 99 % | longest | messages a second |\n|---|---|---|---|---|---|---|"
    );
    let dialogues = cases("dm-dialogues/dev.jsonl");
    let mut times = Vec::new();
    for name in ["boutique", "bakery", "gadgets"] {
        let catalog = catalog(&format!("dm-dialogues/catalogs/{name}.json"));
        let texts: Vec<String> = dialogues
            .iter()
            .filter(|c| c.catalog.as_deref() == Some(name))
            .flat_map(|c| c.messages.clone())
            .collect();
        times.extend(time(&catalog.index, &texts));
    }
    row("dm-dialogues, about 32 products", times);
    for n in [50, 10_000, 100_000] {
        let products = synthetic::products(n);
        let before = resident();
        let start = Instant::now();
        let index = Index::build(&products, Locale::default());
        let took = start.elapsed();
        let grew = resident().saturating_sub(before);
        let mut texts = synthetic::messages();
        if n == 50 {
            texts.extend(dialogues.iter().flat_map(|c| c.messages.clone()));
        }
        row(&format!("{n} products"), time(&index, &texts));
        eprintln!(
            "index of {n} products: {} ms, {} kB resident",
            took.as_millis(),
            grew
        );
    }
    let index = Index::build(&synthetic::products(50), Locale::default());
    eprintln!("message length against time:");
    for bytes in [100, 1_000, 10_000, 30_000] {
        let mut text = String::new();
        for message in synthetic::messages().iter().cycle() {
            text.push_str(message);
            text.push_str(", ");
            if text.len() >= bytes {
                break;
            }
        }
        text.truncate(bytes);
        let mut best = u128::MAX;
        for _ in 0..20 {
            let start = Instant::now();
            black_box(parser::read(&index, black_box(&text), &Standing::default()));
            best = best.min(start.elapsed().as_nanos());
        }
        eprintln!("  {bytes} bytes: {:.0} us", best as f64 / 1000.0);
    }
}

/// The fastest of five readings of each message, in nanoseconds.
fn time(index: &Index, texts: &[String]) -> Vec<u64> {
    let standing = Standing::default();
    texts
        .iter()
        .map(|text| {
            (0..5)
                .map(|_| {
                    let start = Instant::now();
                    black_box(parser::read(index, black_box(text), &standing));
                    start.elapsed().as_nanos() as u64
                })
                .min()
                .unwrap_or(0)
        })
        .collect()
}

fn row(name: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let at = |p: f64| times[((times.len() - 1) as f64 * p) as usize] as f64 / 1000.0;
    let sum: u64 = times.iter().sum();
    println!(
        "| {name} | {} | {:.1} us | {:.1} us | {:.1} us | {:.1} us | {:.0} |",
        times.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0),
        times.len() as f64 / (sum as f64 / 1e9)
    );
}

/// Resident memory in kB (Linux).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0)
}
