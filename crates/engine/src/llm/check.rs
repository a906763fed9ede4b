//! Whether a second reader's answer may be believed: nothing in it that the catalogue, the message or
//! the standing order does not have. What passes becomes an ordinary reading with changes.

use std::collections::HashSet;

use domain::catalog::{CatalogView, Product, RetailerId};
use domain::reading::{
    Change, Doubt, Intent, Mention, OptionChoice, OrderLine, ReadLine, Reading, Standing,
};

use super::{Answer, AnswerLine};

/// A second reader is never surer than this: its yes alone confirms nothing by itself.
const CONFIDENCE_MAX: f32 = 0.85;
/// Below this the embedded reading stays.
const CONFIDENCE_MIN: f32 = 0.6;
const QUANTITY_MAX: u32 = 999;

/// The reading that `answer` amounts to, or `None` where it may not be believed or says nothing that
/// `embedded`, the embedded parser's reading of the same `text`, does not.
#[must_use]
pub fn reading(
    answer: &Answer,
    text: &str,
    standing: &Standing,
    embedded: &Reading,
    catalog: &dyn CatalogView,
) -> Option<Reading> {
    // Written so that a NaN fails.
    let sure = answer.confidence >= CONFIDENCE_MIN && answer.confidence <= 1.0;
    if !sure || answer.lines.len() > 50 {
        return None;
    }
    // A confirmation or a cancellation is never taken from a second reader.
    if matches!(answer.intent, Intent::Confirm | Intent::Cancel) {
        return None;
    }
    let confidence = answer.confidence.min(CONFIDENCE_MAX);
    let said = said_quantities(text, standing, embedded);
    let mut lines = Vec::with_capacity(answer.lines.len());
    for line in &answer.lines {
        let product = catalog.product(&RetailerId::parse(&line.product).ok()?)?;
        if line.quantity == 0 || line.quantity > QUANTITY_MAX || !said.contains(&line.quantity) {
            return None;
        }
        lines.push(checked_line(line, product)?);
    }
    let changes = changes(&standing.lines, &lines, catalog, confidence);
    if changes.is_empty() {
        return None;
    }
    let focus = vec![Mention {
        products: lines
            .last()
            .map(|l| l.product.clone())
            .into_iter()
            .collect(),
        quantity: None,
        options: Vec::new(),
    }];
    Some(Reading {
        intent: if standing.lines.is_empty() {
            Intent::Order
        } else {
            Intent::Amend
        },
        intent_confidence: confidence,
        changes,
        doubts: Vec::new(),
        contact: embedded.contact.clone(),
        focus,
        language: embedded.language.clone(),
        confidence,
    })
}

fn checked_line(line: &AnswerLine, product: &Product) -> Option<OrderLine> {
    let mut options = Vec::with_capacity(line.options.len());
    for choice in &line.options {
        let option = product.option(&choice.name)?;
        let value = option.values.iter().find(|v| v.value == choice.value)?;
        let again = options.iter().any(|o: &OptionChoice| {
            o.name == option.name && (!option.multiple || o.value == value.value)
        });
        if again {
            return None;
        }
        options.push(OptionChoice {
            name: option.name.clone(),
            value: value.value.clone(),
            negated: false,
            amount: None,
            count: 1,
        });
    }
    options.sort();
    Some(OrderLine {
        product: product.retailer_id.clone(),
        quantity: line.quantity,
        options,
    })
}

/// Quantities that somebody said: digits of any script in the message, what the embedded parser read
/// or doubted, what stands already, and one.
fn said_quantities(text: &str, standing: &Standing, embedded: &Reading) -> HashSet<u32> {
    let mut said = HashSet::from([1]);
    let mut number: Option<u32> = None;
    for c in text.chars().chain(std::iter::once(' ')) {
        match (digit(c), number) {
            (Some(d), n) => number = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(d)),
            (None, Some(n)) => {
                said.insert(n);
                number = None;
            }
            (None, None) => {}
        }
    }
    said.extend(standing.lines.iter().map(|line| line.quantity));
    said.extend(embedded.read_lines().map(|read| read.line.quantity));
    said.extend(embedded.focus.iter().filter_map(|mention| mention.quantity));
    for doubt in &embedded.doubts {
        match doubt {
            Doubt::AmbiguousProduct { quantity, .. } | Doubt::UnknownProduct { quantity, .. } => {
                said.insert(*quantity);
            }
            Doubt::UnclearOption { .. } => {}
        }
    }
    said
}

/// The decimal digit that `c` is, in the scripts that customers write (Unicode block starts).
fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 11] = [
        '0', '\u{0660}', '\u{06F0}', '\u{0966}', '\u{09E6}', '\u{0A66}', '\u{0AE6}', '\u{0BE6}',
        '\u{0C66}', '\u{0DE6}', '\u{FF10}',
    ];
    ZEROS.into_iter().find_map(|zero| {
        let distance = u32::from(c).checked_sub(u32::from(zero))?;
        (distance < 10).then_some(distance)
    })
}

/// What turns `before` into `after`.
fn changes(
    before: &[OrderLine],
    after: &[OrderLine],
    catalog: &dyn CatalogView,
    confidence: f32,
) -> Vec<Change> {
    let read = |line: &OrderLine| ReadLine {
        missing: missing(line, catalog),
        line: line.clone(),
        confidence,
        spans: Vec::new(),
    };
    let mut left: Vec<&OrderLine> = after.iter().collect();
    let mut changes = Vec::new();
    let mut changed = Vec::new();
    for (index, line) in before.iter().enumerate() {
        if let Some(same) = left.iter().position(|l| *l == line) {
            left.remove(same);
        } else {
            changed.push((index, line));
        }
    }
    for (index, line) in changed {
        match left.iter().position(|l| l.product == line.product) {
            Some(place) => {
                let line = read(left.remove(place));
                changes.push(Change::Replace { index, line });
            }
            None => changes.push(Change::Remove {
                index,
                spans: Vec::new(),
            }),
        }
    }
    changes.extend(
        left.into_iter()
            .map(|line| Change::Add { line: read(line) }),
    );
    changes
}

fn missing(line: &OrderLine, catalog: &dyn CatalogView) -> Vec<String> {
    let Some(product) = catalog.product(&line.product) else {
        return Vec::new();
    };
    product
        .options
        .iter()
        .filter(|option| option.required)
        .filter(|option| !line.options.iter().any(|choice| choice.name == option.name))
        .map(|option| option.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, AnswerLine, AnswerOption};
    use super::reading;
    use domain::Money;
    use domain::catalog::{CatalogSnapshot, OptionValue, Product, ProductOption, RetailerId};
    use domain::reading::{Change, Intent, OrderLine, Reading, Standing};

    fn id(text: &str) -> RetailerId {
        RetailerId::parse(text).unwrap()
    }

    fn catalog() -> CatalogSnapshot {
        let price = Money::new(500, "USD".parse().unwrap());
        let mut cup = Product::simple(id("cup"), "Cup", price);
        cup.options.push(ProductOption {
            name: "size".to_owned(),
            multiple: false,
            required: true,
            values: ["S", "L"]
                .map(|value| OptionValue {
                    value: value.to_owned(),
                    aliases: vec![],
                    surcharge_minor: 0,
                })
                .to_vec(),
        });
        CatalogSnapshot::new([cup, Product::simple(id("pot"), "Pot", price)])
    }

    fn line(product: &str, quantity: u32, size: Option<&str>) -> AnswerLine {
        AnswerLine {
            product: product.to_owned(),
            quantity,
            options: size
                .map(|value| AnswerOption {
                    name: "size".to_owned(),
                    value: value.to_owned(),
                })
                .into_iter()
                .collect(),
        }
    }

    fn check(
        lines: Vec<AnswerLine>,
        confidence: f32,
        text: &str,
        standing: &Standing,
    ) -> Option<Reading> {
        let answer = Answer {
            intent: Intent::Order,
            lines,
            confidence,
        };
        reading(&answer, text, standing, &Reading::nothing(), &catalog())
    }

    #[test]
    fn nothing_invented_is_believed() {
        let empty = Standing::default();
        let text = "3 cups, large";
        let good = check(vec![line("cup", 3, Some("L"))], 0.9, text, &empty).unwrap();
        assert!(good.confidence <= 0.85);
        assert_eq!(good.changes.len(), 1);
        for (what, lines, confidence) in [
            ("a product", vec![line("mug", 3, None)], 0.9),
            ("a value", vec![line("cup", 3, Some("XL"))], 0.9),
            (
                "an option of another product",
                vec![line("pot", 3, Some("L"))],
                0.9,
            ),
            ("a quantity", vec![line("cup", 7, Some("L"))], 0.9),
            ("no quantity", vec![line("cup", 0, Some("L"))], 0.9),
            ("little sureness", vec![line("cup", 3, Some("L"))], 0.3),
            ("no sureness", vec![line("cup", 3, Some("L"))], f32::NAN),
            ("too much", vec![line("cup", 3, Some("L"))], 7.0),
            ("nothing new", vec![], 0.9),
        ] {
            assert!(check(lines, confidence, text, &empty).is_none(), "{what}");
        }
        assert!(check(vec![line("pot", 12, None)], 0.9, "১২ টা", &empty).is_some());
    }

    #[test]
    fn the_order_it_sees_becomes_changes_of_the_standing_one() {
        let standing = Standing {
            lines: ["pot", "cup"]
                .map(|product| OrderLine {
                    product: id(product),
                    quantity: 2,
                    options: vec![],
                })
                .to_vec(),
            ..Standing::default()
        };
        let read = check(vec![line("cup", 5, None)], 0.9, "no pot, 5 cups", &standing).unwrap();
        assert_eq!(read.intent, Intent::Amend);
        let after = read.apply(&standing).lines;
        assert_eq!((after.len(), after[0].quantity), (1, 5));
        assert!(
            matches!(&read.changes[1], Change::Replace { line, .. } if line.missing == ["size"])
        );
    }
}
