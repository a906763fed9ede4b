//! Whatever a customer writes, in up to four messages: a reading, the same each time, that points into
//! the text and orders only what the catalogue has.
//!
//! The input is text (what is no UTF-8 is replaced). A record separator (0x1E) parts messages; a digit
//! and a group separator (0x1D) at the beginning choose the seller's country.
#![no_main]

use std::sync::LazyLock;

use domain::catalog::{Product, RetailerId, file};
use domain::reading::{Change, Doubt, OptionChoice, OrderLine, Reading, Span, Standing};
use libfuzzer_sys::fuzz_target;
use parser::{Index, Locale};

const COUNTRIES: [Option<&str>; 8] = [
    None,
    Some("US"),
    Some("IN"),
    Some("LK"),
    Some("NG"),
    Some("BR"),
    Some("AE"),
    Some("PH"),
];

static PRODUCTS: LazyLock<Vec<Product>> = LazyLock::new(|| {
    file::parse(include_str!("../catalog.json"), None)
        .expect("the catalogue is valid")
        .products
});

static SELLERS: LazyLock<Vec<Index>> = LazyLock::new(|| {
    let seller = |country: &Option<&str>| {
        let locale = Locale {
            country: country.map(str::to_owned),
            currency: country.map(|_| PRODUCTS[0].price.currency),
        };
        Index::build(&*PRODUCTS, locale)
    };
    COUNTRIES.iter().map(seller).collect()
});

fn product(id: &RetailerId) -> &'static Product {
    let found = PRODUCTS.iter().find(|p| p.retailer_id == *id);
    found.unwrap_or_else(|| panic!("{id} is not in the catalogue"))
}

fn check_span(text: &str, span: Span) {
    assert!(span.start <= span.end, "{span:?}");
    assert!(
        text.get(span.start as usize..span.end as usize).is_some(),
        "{span:?} is not in the text"
    );
}

fn check_options(id: &RetailerId, options: &[OptionChoice]) {
    for choice in options {
        let option = product(id).option(&choice.name);
        let offered = option.is_some_and(|o| o.values.iter().any(|v| v.value == choice.value));
        assert!(offered, "{id} has no {choice:?}");
        assert!(choice.count >= 1, "{choice:?}");
    }
}

fn check_line(line: &OrderLine) {
    assert!(line.quantity >= 1);
    check_options(&line.product, &line.options);
}

fn check(text: &str, standing: &Standing, reading: &Reading) {
    let sure = |confidence: f32| assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    sure(reading.confidence);
    sure(reading.intent_confidence);
    for line in reading.read_lines() {
        check_line(&line.line);
        sure(line.confidence);
        assert!(!line.spans.is_empty(), "a line comes from words");
        line.spans.iter().for_each(|span| check_span(text, *span));
        let option = |name: &String| product(&line.line.product).option(name);
        assert!(line.missing.iter().all(|name| option(name).is_some()));
    }
    for change in &reading.changes {
        if let Change::Replace { index, .. } | Change::Remove { index, .. } = change {
            assert!(*index < standing.lines.len());
        }
        if let Change::Remove { spans, .. } = change {
            spans.iter().for_each(|span| check_span(text, *span));
        }
    }
    reading
        .doubts
        .iter()
        .for_each(|doubt| check_doubt(text, doubt));
    for id in reading.focus.iter().flat_map(|talk| &talk.products) {
        product(id);
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
        check_span(text, found.span);
        assert!(!found.value.is_empty());
    }
}

fn check_doubt(text: &str, doubt: &Doubt) {
    match doubt {
        Doubt::AmbiguousProduct {
            span,
            quantity,
            candidates: ids,
            ..
        }
        | Doubt::UnknownProduct {
            span,
            quantity,
            nearest: ids,
            ..
        } => {
            check_span(text, *span);
            assert!(*quantity >= 1);
            assert!(ids.len() <= 10);
            for id in ids {
                product(id);
            }
        }
        Doubt::UnclearOption {
            product: id, span, ..
        } => {
            check_span(text, *span);
            product(id);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (seller, text) = match text.split_once('\u{1d}') {
        Some((digit, rest)) => (digit.parse().unwrap_or(0), rest),
        None => (0, &*text),
    };
    let index = &SELLERS[seller % SELLERS.len()];
    let mut standing = Standing::default();
    for message in text.splitn(4, '\u{1e}') {
        let reading = parser::read(index, message, &standing);
        check(message, &standing, &reading);
        assert_eq!(reading, parser::read(index, message, &standing));
        let explanation = parser::explain(index, message, &standing);
        assert_eq!(reading, explanation.reading);
        assert!(!explanation.to_string().is_empty());
        standing = reading.apply(&standing);
        standing.lines.iter().for_each(check_line);
    }
});
