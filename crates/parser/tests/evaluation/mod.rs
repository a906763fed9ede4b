//! The evaluation data in `../shared` and the measures of its scorers, in Rust. Shared by the score
//! floor test, the `score` example and the benchmarks.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::catalog::Product;
use domain::reading::{OrderLine, Reading, Standing};
use parser::{Index, Locale};
use serde_json::Value;

/// Where the evaluation data is.
pub(crate) fn shared() -> PathBuf {
    let path = std::env::var_os("EZISELLER_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    assert!(
        path.join("dm-dialogues").is_dir(),
        "no evaluation data at {}; set EZISELLER_SHARED",
        path.display()
    );
    path
}

/// A catalogue, its index and its products.
pub(crate) struct Catalog {
    pub(crate) index: Index,
    pub(crate) products: Vec<Product>,
    pub(crate) locale: Locale,
}

pub(crate) fn catalog(relative: &str) -> Catalog {
    let path = shared().join(relative);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = domain::catalog::file::parse(&text, None).expect("a catalogue");
    let locale = Locale {
        country: file.country.clone(),
        currency: Some(file.currency),
    };
    Catalog {
        index: Index::build(&file.products, locale.clone()),
        products: file.products,
        locale,
    }
}

/// A case: its messages and what the scorers compare.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) catalog: Option<String>,
    pub(crate) messages: Vec<String>,
    pub(crate) gold: Value,
}

pub(crate) fn cases(relative: &str) -> Vec<Case> {
    let path = shared().join(relative);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .filter(|l| !l.trim().is_empty())
        .map(|line| {
            let gold: Value = serde_json::from_str(line).expect("a case");
            let messages = match gold.get("messages") {
                Some(list) => list
                    .as_array()
                    .expect("messages")
                    .iter()
                    .map(|m| m.as_str().expect("a message").to_owned())
                    .collect(),
                None => vec![gold["text"].as_str().expect("text").to_owned()],
            };
            Case {
                id: gold["id"].as_str().expect("id").to_owned(),
                catalog: gold
                    .get("catalog")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
                messages,
                gold,
            }
        })
        .collect()
}

/// What a conversation was read as.
pub(crate) struct Prediction {
    pub(crate) last: Reading,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
    /// Confidence of every line that was given.
    pub(crate) confidences: Vec<(OrderLine, f32)>,
}

/// Reads the messages of a case one after the other.
pub(crate) fn predict(index: &Index, messages: &[String]) -> Prediction {
    let mut standing = Standing::default();
    let mut out = Prediction {
        last: Reading::nothing(),
        lines: Vec::new(),
        phone: None,
        email: None,
        name: None,
        address: None,
        confidences: Vec::new(),
    };
    for text in messages {
        let reading = parser::read(index, text, &standing);
        let next = reading.apply(&standing);
        out.confidences
            .retain(|(line, _)| next.lines.contains(line));
        for change in &reading.changes {
            if let domain::reading::Change::Add { line }
            | domain::reading::Change::Replace { line, .. } = change
            {
                out.confidences.push((line.line.clone(), line.confidence));
            }
        }
        standing = next;
        let contact = &reading.contact;
        for (field, found) in [
            (&mut out.phone, &contact.phone),
            (&mut out.email, &contact.email),
            (&mut out.name, &contact.name),
            (&mut out.address, &contact.address),
        ] {
            if let Some(found) = found {
                *field = Some(found.value.clone());
            }
        }
        out.last = reading;
    }
    out.lines = standing.lines;
    out
}

/// A line's options in the scorers' normal form.
pub(crate) type Options = Vec<(String, String, bool, String, u64)>;

/// An order as the scorers compare it: dialogues sum equal lines, the other sets count them.
pub(crate) fn order(lines: &Value, merge: bool) -> BTreeMap<(String, u64, Options), u64> {
    let mut out = BTreeMap::new();
    for line in lines.as_array().into_iter().flatten() {
        let text = |v: &Value| v.as_str().unwrap_or("").trim().to_lowercase();
        let mut options: Options = line["options"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|o| {
                (
                    text(&o["name"]),
                    text(&o["value"]),
                    o["negated"].as_bool().unwrap_or(false),
                    text(&o["amount"]),
                    o["count"].as_u64().unwrap_or(1),
                )
            })
            .collect();
        options.sort();
        let quantity = line["quantity"].as_u64().unwrap_or(1);
        let product = line["product"].as_str().unwrap_or("").to_owned();
        if merge {
            *out.entry((product, 0, options)).or_insert(0) += quantity;
        } else {
            *out.entry((product, quantity, options)).or_insert(0) += 1;
        }
    }
    out
}

/// Lines as JSON, as the scorers take them.
pub(crate) fn lines_json(lines: &[OrderLine]) -> Value {
    serde_json::to_value(lines).expect("lines are JSON")
}

/// The measures of the dialogues' scorer that the floors are about.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Dialogues {
    pub(crate) n: u32,
    pub(crate) exact: f64,
    pub(crate) exact_nonempty: f64,
    pub(crate) false_order_rate: f64,
    pub(crate) intent_accuracy: f64,
    pub(crate) intent_strict: f64,
    pub(crate) phone: f64,
    pub(crate) email: f64,
    pub(crate) address: f64,
    pub(crate) name: f64,
}

pub(crate) fn score_dialogues(cases: &[Case], predictions: &[Prediction]) -> Dialogues {
    let (mut exact, mut full, mut full_ok, mut empty, mut false_orders) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut intent, mut strict) = (0.0, 0.0);
    let mut fields = [[0.0; 2]; 4];
    for (case, p) in cases.iter().zip(predictions) {
        let gold = order(&case.gold["lines"], true);
        let ours = order(&lines_json(&p.lines), true);
        let ok = gold == ours;
        exact += f64::from(ok);
        if gold.is_empty() {
            empty += 1.0;
            false_orders += f64::from(!ours.is_empty());
        } else {
            full += 1.0;
            full_ok += f64::from(ok);
        }
        let said = p.last.intent.as_str();
        let is = case.gold["intent"] == said;
        strict += f64::from(is);
        let also = case.gold["intent_also"]
            .as_array()
            .is_some_and(|l| l.iter().any(|i| i == said));
        intent += f64::from(is || also);
        for (i, (key, ours)) in [
            ("phone", &p.phone),
            ("email", &p.email),
            ("address", &p.address),
            ("name", &p.name),
        ]
        .into_iter()
        .enumerate()
        {
            let Some(want) = case.gold["customer"][key].as_str() else {
                continue;
            };
            fields[i][0] += 1.0;
            let right = match ours {
                None => false,
                Some(ours) if i == 0 => ours
                    .chars()
                    .filter(|c| c.is_ascii_digit() || *c == '+')
                    .eq(want.chars()),
                Some(ours) if i == 1 => ours.eq_ignore_ascii_case(want),
                Some(ours) if i == 2 => token_f1(want, ours) >= 0.8,
                Some(ours) => words(ours) == words(want),
            };
            fields[i][1] += f64::from(right);
        }
    }
    let n = cases.len() as f64;
    let rate = |f: [f64; 2]| f[1] / f[0];
    Dialogues {
        n: cases.len() as u32,
        exact: exact / n,
        exact_nonempty: full_ok / full,
        false_order_rate: false_orders / empty,
        intent_accuracy: intent / n,
        intent_strict: strict / n,
        phone: rate(fields[0]),
        email: rate(fields[1]),
        address: rate(fields[2]),
        name: rate(fields[3]),
    }
}

fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text
        .to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    out.sort();
    out
}

fn token_f1(a: &str, b: &str) -> f64 {
    let (a, mut b) = (words(a), words(b));
    let total = (a.len() + b.len()) as f64;
    let mut hits = 0.0;
    for word in a {
        if let Some(i) = b.iter().position(|w| *w == word) {
            b.swap_remove(i);
            hits += 1.0;
        }
    }
    2.0 * hits / total
}

/// Exact matches of an order set, in percent, and the share of orders where none should be.
pub(crate) fn score_orders(cases: &[Case], predictions: &[Prediction]) -> (f64, f64) {
    let (mut exact, mut empty, mut false_orders) = (0.0, 0.0, 0.0);
    for (case, p) in cases.iter().zip(predictions) {
        let gold = order(&case.gold["lines"], false);
        let ours = order(&lines_json(&p.lines), false);
        exact += f64::from(gold == ours);
        if gold.is_empty() {
            empty += 1.0;
            false_orders += f64::from(!ours.is_empty());
        }
    }
    let n = cases.len() as f64;
    (
        100.0 * exact / n,
        if empty > 0.0 {
            100.0 * false_orders / empty
        } else {
            0.0
        },
    )
}

/// Reads the dialogues' cases against their catalogues.
pub(crate) fn predict_dialogues(cases: &[Case]) -> Vec<Prediction> {
    let mut catalogs: BTreeMap<String, Catalog> = BTreeMap::new();
    cases
        .iter()
        .map(|case| {
            let name = case.catalog.clone().unwrap_or_default();
            let catalog = catalogs
                .entry(name.clone())
                .or_insert_with(|| catalog(&format!("dm-dialogues/catalogs/{name}.json")));
            predict(&catalog.index, &case.messages)
        })
        .collect()
}
