//! Scores the parser on all evaluation sets of `../shared`: `cargo run --release -p parser --example
//! score [-- --show]`. Writes predictions in the format that the sets' own scorers take, runs those as
//! well where there is a Python, and stops when they disagree.

#[path = "../tests/evaluation/mod.rs"]
mod evaluation;

use std::fs;
use std::process::Command;

use evaluation::{
    Case, Prediction, cases, catalog, lines_json, order, predict, predict_dialogues,
    score_dialogues, score_orders, shared,
};
use serde_json::{Value, json};

fn main() {
    let show = std::env::args().any(|a| a == "--show");
    let out = std::env::temp_dir().join("eziseller-score");
    fs::create_dir_all(&out).expect("a place for predictions");
    println!("| set | measure | value | must | aim |\n|---|---|---|---|---|");

    let dialogues = cases("dm-dialogues/dev.jsonl");
    let predictions = predict_dialogues(&dialogues);
    let s = score_dialogues(&dialogues, &predictions);
    for (measure, value, must, aim) in [
        ("exact_nonempty", s.exact_nonempty, "0.85", "0.95"),
        ("false_order_rate", s.false_order_rate, "<= 0.03", "0"),
        ("intent accuracy", s.intent_accuracy, "0.90", "0.97"),
        ("phone", s.phone, "1.0", "1.0"),
        ("e-mail", s.email, "1.0", "1.0"),
        ("address", s.address, "0.85", "0.95"),
        ("name", s.name, "", ""),
    ] {
        println!("| dm-dialogues dev | {measure} | {value:.4} | {must} | {aim} |");
    }
    write(&out.join("dm.jsonl"), &dialogues, &predictions);
    let gold = shared().join("dm-dialogues/dev.jsonl");
    if let Some(theirs) = python(
        "dm-dialogues/score_dialogues.py",
        &gold,
        &out.join("dm.jsonl"),
    ) {
        for (key, ours) in [
            ("exact_nonempty", s.exact_nonempty),
            ("false_order_rate", s.false_order_rate),
            ("intent_accuracy", s.intent_accuracy),
            ("address_accuracy", s.address),
            ("name_accuracy", s.name),
        ] {
            let theirs = theirs[key].as_f64().expect("a rate");
            assert!(
                (theirs - ours).abs() < 1e-3,
                "{key}: the scorer says {theirs}, we {ours}"
            );
        }
    }
    if show {
        show_dialogues(&dialogues, &predictions);
    }
    let mut all: Vec<(f32, bool)> = Vec::new();
    reliability(&dialogues, &predictions, true, &mut all);
    let of_dialogues = all.len();

    for (set, file, must, aim) in [
        ("burrito", "catalog.json", 95.0, 99.0),
        ("sub", "catalog.json", 85.0, 95.0),
        ("pizza", "catalog.json", 97.5, 99.0),
        ("burrito", "catalog-plain.json", 55.0, 75.0),
        ("sub", "catalog-plain.json", 40.0, 65.0),
        ("pizza", "catalog-plain.json", 95.0, 98.0),
    ] {
        let catalog = catalog(&format!("order-parsing/{set}/{file}"));
        let cases = cases(&format!("order-parsing/{set}/cases.jsonl"));
        let predictions: Vec<Prediction> = cases
            .iter()
            .map(|c| predict(&catalog.index, &c.messages))
            .collect();
        let (exact, _) = score_orders(&cases, &predictions);
        println!("| {set} | {file} | {exact:.1} % | {must} % | {aim} % |");
        let path = out.join(format!("{set}-{file}l"));
        write(&path, &cases, &predictions);
        let gold = shared().join(format!("order-parsing/{set}/cases.jsonl"));
        agree(&gold, &path, exact);
        if show {
            eprintln!("SET {set} {file}");
            show_orders(&cases, &predictions);
        }
        if file != "catalog.json" {
            reliability(&cases, &predictions, false, &mut all);
        }
    }
    for (file, name, must, aim) in [
        ("cases.jsonl", "general", "0.2 %", "0 %"),
        ("cases-food.jsonl", "food", "3 %", "0.5 %"),
    ] {
        let cases = cases(&format!("order-parsing/negatives/{file}"));
        let mut rates = Vec::new();
        for set in ["burrito", "sub", "pizza"] {
            for kind in ["catalog.json", "catalog-plain.json"] {
                let catalog = catalog(&format!("order-parsing/{set}/{kind}"));
                let predictions: Vec<Prediction> = cases
                    .iter()
                    .map(|c| predict(&catalog.index, &c.messages))
                    .collect();
                rates.push(score_orders(&cases, &predictions).1);
                if show {
                    eprintln!("SET negatives {set} {kind}");
                    show_orders(&cases, &predictions);
                }
            }
        }
        let worst = rates.iter().copied().fold(0.0, f64::max);
        println!(
            "| negatives {name} | false orders, worst of six catalogues | {worst:.1} % | {must} | {aim} |"
        );
    }
    println!(
        "\n| confidence of a line | dialogues: lines | right | menus, names only: lines | right |\n|---|---|---|---|---|"
    );
    let buckets = [
        (0.0, 0.6),
        (0.6, 0.7),
        (0.7, 0.8),
        (0.8, 0.9),
        (0.9, 0.95),
        (0.95, 1.01),
        (0.9, 1.02),
    ];
    for (from, to) in buckets {
        let count = |list: &[(f32, bool)]| {
            let of: Vec<bool> = list
                .iter()
                .filter(|(c, _)| (from..to).contains(c))
                .map(|(_, r)| *r)
                .collect();
            let right = of.iter().filter(|r| **r).count();
            format!(
                "{} | {:.1} %",
                of.len(),
                100.0 * right as f64 / of.len().max(1) as f64
            )
        };
        let (dialogues, menus) = all.split_at(of_dialogues);
        println!(
            "| {from:.2} to {:.2} | {} | {} |",
            f32::min(to, 1.0),
            count(dialogues),
            count(menus)
        );
    }
}

fn write(path: &std::path::Path, cases: &[Case], predictions: &[Prediction]) {
    let mut text = String::new();
    for (case, p) in cases.iter().zip(predictions) {
        let customer =
            json!({"phone": p.phone, "email": p.email, "name": p.name, "address": p.address});
        let line = json!({"id": case.id, "intent": p.last.intent.as_str(), "lines": lines_json(&p.lines), "customer": customer});
        text.push_str(&line.to_string());
        text.push('\n');
    }
    fs::write(path, text).expect("predictions can be written");
}

/// What a set's own scorer says, its first line of JSON; `None` without a Python.
fn python(script: &str, gold: &std::path::Path, predicted: &std::path::Path) -> Option<Value> {
    let run = Command::new("python3")
        .arg(shared().join(script))
        .arg("--gold")
        .arg(gold)
        .arg("--pred")
        .arg(predicted)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    serde_json::from_str(text.lines().next()?).ok()
}

fn agree(gold: &std::path::Path, predicted: &std::path::Path, ours: f64) {
    if let Some(theirs) = python("order-parsing/score.py", gold, predicted) {
        let theirs = theirs["exact_match"].as_f64().expect("a percentage");
        assert!(
            (theirs - ours).abs() < 0.01,
            "the scorer says {theirs}, we {ours}"
        );
    }
}

/// Of every line given: how sure it was, and whether it was right.
fn reliability(
    cases: &[Case],
    predictions: &[Prediction],
    merge: bool,
    all: &mut Vec<(f32, bool)>,
) {
    for (case, p) in cases.iter().zip(predictions) {
        let gold = order(&case.gold["lines"], merge);
        for (line, confidence) in &p.confidences {
            let ours = order(&lines_json(std::slice::from_ref(line)), merge);
            all.push((
                *confidence,
                ours.iter()
                    .all(|(k, n)| gold.get(k).is_some_and(|g| !merge && g >= n || g == n)),
            ));
        }
    }
}

fn show_dialogues(cases: &[Case], predictions: &[Prediction]) {
    for (case, p) in cases.iter().zip(predictions) {
        let gold = order(&case.gold["lines"], true);
        let ours = order(&lines_json(&p.lines), true);
        let said = p.last.intent.as_str();
        let also = case.gold["intent_also"]
            .as_array()
            .is_some_and(|l| l.iter().any(|i| i == said));
        if gold != ours {
            eprintln!(
                "LINES {} {:?}\n   gold {}\n   ours {}",
                case.id,
                case.messages,
                case.gold["lines"],
                lines_json(&p.lines)
            );
        }
        if case.gold["intent"] != said && !also {
            eprintln!(
                "INTENT {} {:?}: {} not {said}",
                case.id, case.messages, case.gold["intent"]
            );
        }
        for (key, ours) in [
            ("phone", &p.phone),
            ("email", &p.email),
            ("name", &p.name),
            ("address", &p.address),
        ] {
            let Some(gold) = case.gold["customer"].get(key) else {
                continue;
            };
            if gold.as_str() != ours.as_deref() {
                eprintln!("CUSTOMER {} {key}: {gold} not {ours:?}", case.id);
            }
        }
    }
}

fn show_orders(cases: &[Case], predictions: &[Prediction]) {
    let flat = |o: &std::collections::BTreeMap<(String, u64, evaluation::Options), u64>| {
        let list: Vec<String> = o
            .iter()
            .map(|((p, q, options), _)| {
                let options: Vec<String> = options
                    .iter()
                    .map(|(_, v, not, amount, n)| {
                        format!(
                            "{}{amount}{v}{}",
                            if *not { "!" } else { "" },
                            if *n > 1 {
                                format!("*{n}")
                            } else {
                                String::new()
                            }
                        )
                    })
                    .collect();
                format!("{q} {p}[{}]", options.join(" "))
            })
            .collect();
        list.join("; ")
    };
    for (case, p) in cases.iter().zip(predictions) {
        let gold = order(&case.gold["lines"], false);
        let ours = order(&lines_json(&p.lines), false);
        if gold != ours {
            eprintln!(
                "ORDER {:?}\n   gold {}\n   ours {}",
                case.messages[0],
                flat(&gold),
                flat(&ours)
            );
        }
    }
}
