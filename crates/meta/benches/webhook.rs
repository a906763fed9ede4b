//! What a webhook costs before it is stored: signature, and splitting into items.
//!
//! `cargo bench -p meta --bench webhook`

use divan::Bencher;
use divan::counter::BytesCount;
use meta::{AppSecrets, SecretKind, split};

fn main() {
    divan::main();
}

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn message(n: usize, words: usize) -> String {
    let text = "2 \\u098f\\u0995\\u099f\\u09be blue mugs ".repeat(words);
    format!(
        r#"{{"sender":{{"id":"9020000000{n:05}"}},"recipient":{{"id":"17841400000000001"}},"timestamp":17930000{n:05},"message":{{"mid":"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDAx{n:05}","text":"{text}"}}}}"#
    )
}

fn body(messages: usize, words: usize) -> Vec<u8> {
    let items: Vec<String> = (0..messages).map(|n| message(n, words)).collect();
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841400000000001","time":1793000000500,"messaging":[{}]}}]}}"#,
        items.join(",")
    )
    .into_bytes()
}

/// One message in about 1 KB, and 125 in about 60 KB.
const BODIES: [(usize, usize); 2] = [(1, 18), (125, 7)];

#[divan::bench(args = BODIES)]
fn signature(bencher: Bencher<'_, '_>, (messages, words): (usize, usize)) {
    let body = body(messages, words);
    let secrets = AppSecrets::from_values([(SecretKind::Meta, SECRET)]);
    let header = meta::signature::sign(&SECRET.to_owned().into(), &body);
    bencher.counter(BytesCount::of_slice(&body)).bench(|| {
        secrets
            .verify(Some(&header), divan::black_box(&body))
            .is_ok()
    });
}

#[divan::bench(args = BODIES)]
fn splitting(bencher: Bencher<'_, '_>, (messages, words): (usize, usize)) {
    let body = body(messages, words);
    bencher
        .counter(BytesCount::of_slice(&body))
        .bench(|| split(divan::black_box(&body)));
}

#[divan::bench(args = BODIES)]
fn both(bencher: Bencher<'_, '_>, (messages, words): (usize, usize)) {
    let body = body(messages, words);
    let secrets = AppSecrets::from_values([(SecretKind::Meta, SECRET)]);
    let header = meta::signature::sign(&SECRET.to_owned().into(), &body);
    bencher.counter(BytesCount::of_slice(&body)).bench(|| {
        let body = divan::black_box(&body);
        secrets
            .verify(Some(&header), body)
            .is_ok()
            .then(|| split(body))
    });
}

#[divan::bench]
fn reading_a_stored_item(bencher: Bencher<'_, '_>) {
    let item = split(&body(1, 18)).items.remove(0);
    bencher
        .counter(BytesCount::of_str(&item.raw))
        .bench(|| meta::extract_text(&meta::Item::reparse(divan::black_box(&item.raw))));
}
