//! `cargo bench -p parser`: time a message and time an index, with allocations.

#[path = "../tests/evaluation/mod.rs"]
mod evaluation;
#[path = "../tests/evaluation/synthetic.rs"]
mod synthetic;

use std::collections::BTreeMap;

use divan::counter::{BytesCount, ItemsCount};
use domain::reading::Standing;
use evaluation::{Case, Catalog, cases, catalog};
use parser::{Index, Locale};

#[global_allocator]
static ALLOC: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn dialogues() -> (Vec<Case>, BTreeMap<String, Catalog>) {
    let cases = cases("dm-dialogues/dev.jsonl");
    let mut catalogs = BTreeMap::new();
    for case in &cases {
        let name = case.catalog.clone().unwrap_or_default();
        catalogs
            .entry(name.clone())
            .or_insert_with(|| catalog(&format!("dm-dialogues/catalogs/{name}.json")));
    }
    (cases, catalogs)
}

/// All messages of the dialogues, each against its catalogue of about 30 products.
#[divan::bench]
fn dialogues_dev(bencher: divan::Bencher) {
    let (cases, catalogs) = dialogues();
    let n: usize = cases.iter().map(|c| c.messages.len()).sum();
    bencher.counter(ItemsCount::new(n)).bench(|| {
        for case in &cases {
            let index = &catalogs[case.catalog.as_deref().unwrap_or("")].index;
            for text in &case.messages {
                divan::black_box(parser::read(index, text, &Standing::default()));
            }
        }
    });
}

/// 200 messages against made-up catalogues.
#[divan::bench(args = [50, 10_000, 100_000])]
fn catalog_of(bencher: divan::Bencher, products: usize) {
    let products = synthetic::products(products);
    let index = Index::build(&products, Locale::default());
    let messages = synthetic::messages();
    bencher.counter(ItemsCount::new(messages.len())).bench(|| {
        for text in &messages {
            divan::black_box(parser::read(&index, text, &Standing::default()));
        }
    });
}

#[divan::bench(args = [50, 10_000, 100_000], sample_count = 10)]
fn build_index(bencher: divan::Bencher, products: usize) {
    let products = synthetic::products(products);
    bencher
        .counter(ItemsCount::new(products.len()))
        .bench(|| Index::build(&products, Locale::default()));
}

/// One message of so many bytes.
#[divan::bench(args = [100, 1_000, 10_000, 30_000])]
fn message_of(bencher: divan::Bencher, bytes: usize) {
    let index = Index::build(&synthetic::products(50), Locale::default());
    let mut text = String::new();
    for message in synthetic::messages().iter().cycle() {
        text.push_str(message);
        text.push_str(", ");
        if text.len() >= bytes {
            break;
        }
    }
    text.truncate(bytes);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| parser::read(&index, divan::black_box(&text), &Standing::default()));
}
