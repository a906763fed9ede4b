//! Whatever a customer writes and whatever stands: a reading, the same each time, that points into the
//! text and names what the catalogue has.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::catalog::{OptionValue, Product, ProductOption, RetailerId};
use domain::reading::{Change, Doubt, Mention, OptionChoice, OrderLine, Reading, Span, Standing};
use domain::{Currency, Money};
use parser::{Index, Locale};
use proptest::prelude::*;

fn products() -> Vec<Product> {
    let currency: Currency = "INR".parse().unwrap();
    let option = |name: &str, multiple: bool, values: &[&str]| ProductOption {
        name: name.to_owned(),
        multiple,
        required: !multiple,
        values: values
            .iter()
            .map(|v| OptionValue {
                value: (*v).to_owned(),
                aliases: Vec::new(),
                surcharge_minor: 0,
            })
            .collect(),
    };
    [
        "Green Tea",
        "Black Tea",
        "Clay Tea Pot 600ml",
        "Rose Soap",
        "लाल चाय",
    ]
    .iter()
    .enumerate()
    .map(|(i, title)| {
        let mut product = Product::simple(
            RetailerId::parse(&format!("p{i}")).unwrap(),
            *title,
            Money::new(25_000, currency),
        );
        product.options = match i {
            0 | 1 => vec![
                option("weight", false, &["100 g", "250 g", "1 kg"]),
                option("extras", true, &["ginger", "lemon"]),
            ],
            2 => vec![
                option("size", false, &["S", "M", "L", "38"]),
                option("colour", false, &["red", "black"]),
            ],
            _ => vec![],
        };
        product
    })
    .collect()
}

fn index() -> Index {
    let locale = Locale {
        country: Some("IN".to_owned()),
        currency: Some("INR".parse().unwrap()),
    };
    Index::build(&products(), locale)
}

/// Words that mean something to the parser, so that random messages reach all of it.
const WORDS: [&str; 72] = [
    "green",
    "tea",
    "black",
    "pot",
    "soap",
    "rose",
    "clay",
    "2",
    "3",
    "one",
    "half",
    "kg",
    "250",
    "g",
    "38",
    "M",
    "L",
    "red",
    "ginger",
    "no",
    "extra",
    "and",
    "or",
    ",",
    "\n",
    ".",
    "?",
    "each",
    "both",
    "same",
    "more",
    "cancel",
    "make it",
    "instead of",
    "sorry",
    "i want",
    "send",
    "how much",
    "do you have",
    "yes",
    "confirm",
    "x2",
    "2x",
    "dozen",
    "pcs",
    "not",
    "with",
    "without",
    "that",
    "add",
    "remove",
    "चाय",
    "लाल",
    "दो",
    "chahiye",
    "kar do",
    "नहीं",
    "98450 12345",
    "a@b.co",
    "12/3 Lake Road",
    "😀",
    "₹250",
    "250 rs",
    "(",
    ")",
    "-",
    ":",
    "'",
    "\u{200d}",
    "٣",
    "½",
    "teaa",
];

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..24)
            .prop_map(|w| w.join(" ")),
        proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..12)
            .prop_map(|w| w.concat()),
        any::<String>(),
    ]
}

fn standing() -> impl Strategy<Value = Standing> {
    let ids = ["p0", "p1", "p2", "p3", "gone"];
    let choice = (0..3_usize, 0..4_usize).prop_map(|(n, v)| OptionChoice {
        name: ["weight", "size", "nothing"][n].to_owned(),
        value: ["1 kg", "M", "ginger", "?"][v].to_owned(),
        negated: false,
        amount: None,
        count: 1,
    });
    let options = proptest::collection::vec(choice, 0..3);
    let line =
        (0..5_usize, any::<u32>(), options.clone()).prop_map(move |(p, quantity, options)| {
            OrderLine {
                product: RetailerId::parse(ids[p]).unwrap(),
                quantity,
                options,
            }
        });
    let talk = (
        proptest::collection::vec(0..5_usize, 0..4),
        proptest::option::of(any::<u32>()),
        options,
    )
        .prop_map(move |(p, quantity, options)| Mention {
            products: p
                .into_iter()
                .map(|p| RetailerId::parse(ids[p]).unwrap())
                .collect(),
            quantity,
            options,
        });
    let doubt =
        proptest::collection::vec(0..5_usize, 0..4).prop_map(move |p| Doubt::AmbiguousProduct {
            words: "tea".to_owned(),
            span: Span { start: 0, end: 3 },
            quantity: 1,
            options: vec![],
            candidates: p
                .into_iter()
                .map(|p| RetailerId::parse(ids[p]).unwrap())
                .collect(),
        });
    (
        proptest::collection::vec(line, 0..4),
        proptest::collection::vec(talk, 0..4),
        proptest::collection::vec(doubt, 0..2),
    )
        .prop_map(|(lines, focus, doubts)| Standing {
            lines,
            focus,
            doubts,
        })
}

fn check_span(text: &str, span: Span) -> Result<(), TestCaseError> {
    prop_assert!(span.start <= span.end, "{span:?}");
    prop_assert!(
        text.get(span.start as usize..span.end as usize).is_some(),
        "{span:?} is not in {text:?}"
    );
    Ok(())
}

fn check(text: &str, standing: &Standing, reading: &Reading) -> Result<(), TestCaseError> {
    let products = products();
    for change in &reading.changes {
        match change {
            Change::Add { line } | Change::Replace { line, .. } => {
                let product = products.iter().find(|p| p.retailer_id == line.line.product);
                prop_assert!(
                    product.is_some()
                        || standing
                            .lines
                            .iter()
                            .any(|l| l.product == line.line.product)
                );
                prop_assert!(line.line.quantity >= 1);
                prop_assert!((0.0..=1.0).contains(&line.confidence));
                for span in &line.spans {
                    check_span(text, *span)?;
                }
            }
            Change::Remove { spans, .. } => {
                for span in spans {
                    check_span(text, *span)?;
                }
            }
            Change::Clear => {}
        }
        if let Change::Replace { index, .. } | Change::Remove { index, .. } = change {
            prop_assert!(*index < standing.lines.len());
        }
    }
    for doubt in &reading.doubts {
        let (Doubt::AmbiguousProduct { span, .. }
        | Doubt::UnknownProduct { span, .. }
        | Doubt::UnclearOption { span, .. }) = doubt;
        check_span(text, *span)?;
    }
    let contact = &reading.contact;
    for found in [
        &contact.phone,
        &contact.email,
        &contact.name,
        &contact.address,
    ]
    .into_iter()
    .flatten()
    {
        check_span(text, found.span)?;
    }
    prop_assert!((0.0..=1.0).contains(&reading.confidence));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_message_after_any_order_gets_a_sound_reading(text in message(), standing in standing()) {
        let index = index();
        let reading = parser::read(&index, &text, &standing);
        check(&text, &standing, &reading)?;
        prop_assert_eq!(&reading, &parser::read(&index, &text, &standing));
        let explanation = parser::explain(&index, &text, &standing);
        prop_assert_eq!(&reading, &explanation.reading);
        prop_assert!(!explanation.to_string().is_empty());
        let _ = reading.apply(&standing);
    }

    #[test]
    fn a_conversation_never_breaks(texts in proptest::collection::vec(message(), 1..6)) {
        let index = index();
        let mut standing = Standing::default();
        for text in texts {
            let reading = parser::read(&index, &text, &standing);
            check(&text, &standing, &reading)?;
            standing = reading.apply(&standing);
        }
    }

    #[test]
    fn an_empty_catalog_sells_nothing(text in message()) {
        let reading = parser::read(&Index::build([], Locale::default()), &text, &Standing::default());
        prop_assert!(reading.changes.is_empty());
    }
}
