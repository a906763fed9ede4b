//! What a decision costs without the parser: `cargo bench -p domain --bench decision`.
//! The readings are made by the toy reader of the tests, whose own share is measured beside it.

#![allow(clippy::unwrap_used)]

#[path = "../tests/talk/mod.rs"]
mod talk;

use domain::conversation::{Context, Incoming};
use domain::reading::Standing;
use talk::Talk;

fn main() {
    divan::main();
}

fn text(talk: &Talk, text: &str) -> Incoming {
    Incoming::Text {
        mid: "m99".to_owned(),
        at: talk.now,
        text: text.to_owned(),
        context: Context::default(),
    }
}

/// A conversation with three lines read back, ten messages in.
fn busy() -> Talk {
    let mut talk = Talk::new();
    for words in [
        "hi",
        "price mug",
        "+2 mug",
        "+1 shirt",
        "hours",
        "+2 shirt size=L",
        "=0 3 mug",
        "tel +94771234567",
        "addr 12 Temple Rd, Kandy",
        "+1 bowl",
    ] {
        talk.say(words);
    }
    talk
}

#[divan::bench]
fn first_order(bencher: divan::Bencher) {
    let talk = Talk::new();
    let incoming = text(&talk, "+2 mug; +1 cup");
    bencher.bench(|| talk.decide(&incoming));
}

#[divan::bench]
fn ambiguous_product(bencher: divan::Bencher) {
    let talk = Talk::new();
    let incoming = text(&talk, "which 2 mug|cup|bowl|vase|shirt|lamp the blue one");
    bencher.bench(|| talk.decide(&incoming));
}

#[divan::bench]
fn amend_a_busy_draft(bencher: divan::Bencher) {
    let talk = busy();
    let incoming = text(&talk, "=0 5 mug");
    bencher.bench(|| talk.decide(&incoming));
}

#[divan::bench]
fn typed_yes(bencher: divan::Bencher) {
    let talk = busy();
    let incoming = text(&talk, "yes");
    bencher.bench(|| talk.decide(&incoming));
}

#[divan::bench]
fn edit_replays_the_draft(bencher: divan::Bencher) {
    let talk = busy();
    let incoming = Incoming::Edited {
        mid: "m3".to_owned(),
        at: talk.now,
        text: "+4 mug".to_owned(),
    };
    bencher.bench(|| talk.decide(&incoming));
}

#[divan::bench]
fn toy_reader_alone() -> domain::reading::Reading {
    talk::read("+2 mug; +1 cup", &Standing::default())
}

#[divan::bench]
fn state_as_json_and_back(bencher: divan::Bencher) {
    let talk = busy();
    bencher.bench(|| {
        let json = serde_json::to_string(&talk.state).unwrap();
        serde_json::from_str::<domain::conversation::ConversationState>(&json).unwrap()
    });
}
