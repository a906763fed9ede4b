//! The parser is at least as good on the evaluation data as its issue demands. `cargo run --release -p
//! parser --example score` prints the whole table.

mod evaluation;

use evaluation::{
    Prediction, cases, catalog, predict, predict_dialogues, score_dialogues, score_orders,
};

#[test]
fn dialogues() {
    let cases = cases("dm-dialogues/dev.jsonl");
    let score = score_dialogues(&cases, &predict_dialogues(&cases));
    for (measure, value, floor) in [
        ("exact_nonempty", score.exact_nonempty, 0.85),
        (
            "orders where there are none, turned round",
            1.0 - score.false_order_rate,
            0.97,
        ),
        ("intent", score.intent_accuracy, 0.90),
        ("phone", score.phone, 1.0),
        ("e-mail", score.email, 1.0),
        ("address", score.address, 0.85),
    ] {
        assert!(value >= floor, "{measure}: {value:.4} is less than {floor}");
    }
}

#[test]
fn orders() {
    for (set, file, floor) in [
        ("burrito", "catalog.json", 95.0),
        ("sub", "catalog.json", 85.0),
        ("pizza", "catalog.json", 97.5),
        ("burrito", "catalog-plain.json", 55.0),
        ("sub", "catalog-plain.json", 40.0),
        ("pizza", "catalog-plain.json", 95.0),
    ] {
        let catalog = catalog(&format!("order-parsing/{set}/{file}"));
        let cases = cases(&format!("order-parsing/{set}/cases.jsonl"));
        let predictions: Vec<Prediction> = cases
            .iter()
            .map(|c| predict(&catalog.index, &c.messages))
            .collect();
        let (exact, _) = score_orders(&cases, &predictions);
        assert!(
            exact >= floor,
            "{set} {file}: {exact:.1} % is less than {floor} %"
        );
    }
}

#[test]
fn messages_that_order_nothing() {
    for (file, ceiling) in [("cases.jsonl", 0.2), ("cases-food.jsonl", 3.0)] {
        let cases = cases(&format!("order-parsing/negatives/{file}"));
        for set in ["burrito", "sub", "pizza"] {
            let catalog = catalog(&format!("order-parsing/{set}/catalog-plain.json"));
            let predictions: Vec<Prediction> = cases
                .iter()
                .map(|c| predict(&catalog.index, &c.messages))
                .collect();
            let (_, rate) = score_orders(&cases, &predictions);
            assert!(
                rate <= ceiling,
                "{set} {file}: {rate:.2} % false orders are more than {ceiling} %"
            );
        }
    }
}
