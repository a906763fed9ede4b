//! Contact details on the development dialogues: what is given is found, and nothing is made up.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::path::PathBuf;

use serde_json::Value;

fn shared() -> PathBuf {
    let path = std::env::var_os("EZISELLER_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    assert!(
        path.join("dm-dialogues").is_dir(),
        "the evaluation data is not at {}; set EZISELLER_SHARED",
        path.display()
    );
    path
}

/// The words of a catalogue's titles, aliases and option values.
fn words(catalog: &Value, into: &mut HashSet<String>) {
    match catalog {
        Value::String(text) => {
            into.extend(
                text.to_lowercase()
                    .split(|c: char| !c.is_alphanumeric())
                    .map(str::to_owned),
            );
        }
        Value::Array(items) => items.iter().for_each(|i| words(i, into)),
        Value::Object(map) => map.values().for_each(|v| words(v, into)),
        _ => {}
    }
}

fn tokens(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut tokens: Vec<String> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect();
    tokens.sort();
    tokens
}

fn f1(a: &str, b: &str) -> f64 {
    let (a, mut b) = (tokens(a), tokens(b));
    let total = a.len() + b.len();
    let hit = a
        .iter()
        .filter(|t| {
            b.iter()
                .position(|u| u == *t)
                .map(|i| b.remove(i))
                .is_some()
        })
        .count();
    2.0 * hit as f64 / total as f64
}

#[test]
fn what_is_given_is_found_and_nothing_is_made_up() {
    let root = shared().join("dm-dialogues");
    let text = std::fs::read_to_string(root.join("dev.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let dialogue: Value = serde_json::from_str(line).unwrap();
        let name = dialogue["catalog"].as_str().unwrap();
        let catalog: Value = serde_json::from_str(
            &std::fs::read_to_string(root.join(format!("catalogs/{name}.json"))).unwrap(),
        )
        .unwrap();
        let mut vocabulary = HashSet::new();
        words(&catalog["products"], &mut vocabulary);
        let known = |word: &str, _| vocabulary.contains(word);
        let mut got: [Option<String>; 4] = Default::default();
        let several = dialogue["messages"].as_array().unwrap().len() > 1;
        for message in dialogue["messages"].as_array().unwrap() {
            let message = message.as_str().unwrap();
            let found = parser::contact::find_among(message, catalog["country"].as_str(), &known);
            let name = found.name.or_else(|| {
                several
                    .then(|| parser::contact::bare_name(message, &known))
                    .flatten()
            });
            for (slot, new) in got
                .iter_mut()
                .zip([found.phone, found.email, name, found.address])
            {
                if let Some(new) = new {
                    *slot = Some(new.value);
                }
            }
        }
        for (key, got) in ["phone", "email", "name", "address"].iter().zip(&got) {
            let Some(want) = dialogue["customer"].get(*key) else {
                continue;
            };
            let right = match (want.as_str(), got) {
                (None, None) => true,
                (Some(want), Some(got)) if *key == "address" => f1(want, got) >= 0.8,
                (Some(want), Some(got)) if *key == "name" => tokens(want) == tokens(got),
                (Some(want), Some(got)) => want.eq_ignore_ascii_case(got),
                _ => false,
            };
            if !right {
                wrong.push(format!(
                    "{} {key}: wanted {want}, got {got:?}",
                    dialogue["id"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
