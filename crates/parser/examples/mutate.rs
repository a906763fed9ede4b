//! `cargo run -p parser --example mutate -- SECONDS [SEED]`: reads messages made by mutating real ones, in
//! conversations, for so long, and stops at the first that panics, takes longer than it may or points
//! outside its text. cargo-fuzz needs a nightly compiler and sanitizers for unsafe code; the parser has
//! none, so chance and debug assertions (arithmetic overflow, indexes, character boundaries) do.

#[path = "../tests/evaluation/mod.rs"]
mod evaluation;

use std::time::{Duration, Instant};

use domain::reading::{Change, Doubt, Span, Standing};
use evaluation::{cases, catalog};

/// A small generator of random numbers (xorshift64*), so that a run can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }
}

const BITS: [&str; 40] = [
    "2",
    "x3",
    "1/2",
    "½ kg",
    "dozen",
    " no ",
    " extra ",
    " and ",
    ", ",
    ".",
    "?",
    "\n",
    " each",
    " both",
    " same ",
    " not ",
    " instead of ",
    " cancel ",
    "sorry ",
    "make it ",
    " M ",
    "38",
    " कर दो ",
    " दो ",
    "٣",
    " ekak ",
    " isang ",
    "😀",
    "\u{200d}",
    "\u{301}",
    "'",
    "’",
    "(",
    " 98450 12345 ",
    " a@b.co ",
    " 12/3 Lake Rd ",
    "₹250",
    "99999999999",
    " one of them ",
    "\u{0}",
];

fn mutate(text: &str, seeds: &[String], chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=chance.below(6) {
        let at = chance.below(chars.len() + 1);
        match chance.below(7) {
            0 if !chars.is_empty() => {
                chars.remove(at.min(chars.len() - 1));
            }
            1 => {
                let bit = BITS[chance.below(BITS.len())];
                chars.splice(at..at, bit.chars());
            }
            2 => {
                let other: Vec<char> = seeds[chance.below(seeds.len())].chars().collect();
                let from = chance.below(other.len() + 1);
                let to = (from + chance.below(20)).min(other.len());
                chars.splice(at..at, other[from..to].iter().copied());
            }
            3 if chars.len() > 1 => {
                let other = chance.below(chars.len());
                chars.swap(at.min(other), other);
            }
            4 => {
                let code = chance.below(0x3000) as u32;
                chars.insert(at, char::from_u32(code).unwrap_or(' '));
            }
            5 if !chars.is_empty() => {
                let from = chance.below(chars.len());
                let to = (from + chance.below(12)).min(chars.len());
                chars.drain(from..to);
            }
            _ => {
                let again: Vec<char> = chars.iter().copied().take(40).collect();
                chars.splice(at..at, again);
            }
        }
    }
    chars.truncate(600);
    chars.into_iter().collect()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let seconds: u64 = args.next().and_then(|a| a.parse().ok()).unwrap_or(600);
    let seed: u64 = args.next().and_then(|a| a.parse().ok()).unwrap_or(0x5EED);
    let mut chance = Chance(seed | 1);
    let catalogs: Vec<_> = ["boutique", "bakery", "gadgets"]
        .iter()
        .map(|n| catalog(&format!("dm-dialogues/catalogs/{n}.json")))
        .collect();
    let mut seeds: Vec<String> = cases("dm-dialogues/dev.jsonl")
        .iter()
        .flat_map(|c| c.messages.clone())
        .collect();
    seeds.extend(
        cases("order-parsing/sub/cases.jsonl")
            .iter()
            .map(|c| c.messages[0].clone()),
    );
    // The first reading builds the lexicon.
    let _ = parser::read(&catalogs[0].index, "hello", &Standing::default());
    let start = Instant::now();
    let (mut read, mut changes, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(seconds) {
        let index = &catalogs[chance.below(catalogs.len())].index;
        let mut standing = Standing::default();
        for _ in 0..=chance.below(4) {
            let text = mutate(
                &seeds[chance.below(seeds.len())].clone(),
                &seeds,
                &mut chance,
            );
            let before = Instant::now();
            let reading = parser::read(index, &text, &standing);
            let mut took = before.elapsed();
            // A reading interrupted by others is not slow: the best of three counts.
            for _ in 0..2 {
                if took > slowest {
                    let again = Instant::now();
                    let _ = parser::read(index, &text, &standing);
                    took = took.min(again.elapsed());
                }
            }
            slowest = slowest.max(took);
            let check = |span: Span| {
                assert!(
                    text.get(span.start as usize..span.end as usize).is_some(),
                    "{span:?} of {text:?}"
                );
            };
            for change in &reading.changes {
                changes += 1;
                match change {
                    Change::Add { line } | Change::Replace { line, .. } => {
                        line.spans.iter().for_each(|s| check(*s));
                    }
                    Change::Remove { spans, .. } => spans.iter().for_each(|s| check(*s)),
                    Change::Clear => {}
                }
            }
            for doubt in &reading.doubts {
                let (Doubt::AmbiguousProduct { span, .. }
                | Doubt::UnknownProduct { span, .. }
                | Doubt::UnclearOption { span, .. }) = doubt;
                check(*span);
            }
            standing = reading.apply(&standing);
            read += 1;
        }
    }
    println!(
        "{read} messages in {seconds} s, {changes} changes read; none broke the parser; the slowest took {} us",
        slowest.as_micros()
    );
}
