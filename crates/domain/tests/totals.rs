//! Totals against a slow reference that shares no code with them: decimal digit strings and exact
//! fractions, rounded by comparing twice the remainder. `EZISELLER_TOTALS_CASES=1000000` for the
//! long run.

#![allow(clippy::unwrap_used)]

use domain::catalog::RetailerId;
use domain::order::PricedLine;
use domain::order::totals::{Charges, Delivery, Discount, Tax, totals};
use domain::{Currency, Money};
use proptest::prelude::*;

/// A non-negative number as decimal digits, the lowest first: sums and products as by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Digits(Vec<u8>);

impl Digits {
    fn from(mut number: u128) -> Self {
        let mut digits = Vec::new();
        while number > 0 {
            digits.push((number % 10) as u8);
            number /= 10;
        }
        Self(digits)
    }

    fn add(&self, other: &Self) -> Self {
        let mut sum = Vec::new();
        let mut carry = 0;
        let longest = self.0.len().max(other.0.len());
        for i in 0..=longest {
            let digit = self.0.get(i).unwrap_or(&0) + other.0.get(i).unwrap_or(&0) + carry;
            sum.push(digit % 10);
            carry = digit / 10;
        }
        Self(sum).trimmed()
    }

    fn times(&self, mut factor: u32) -> Self {
        let mut total = Self(Vec::new());
        let mut doubled = self.clone();
        while factor > 0 {
            if factor % 2 == 1 {
                total = total.add(&doubled);
            }
            doubled = doubled.add(&doubled);
            factor /= 2;
        }
        total
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn number(&self) -> i128 {
        self.0
            .iter()
            .rev()
            .fold(0, |number, digit| number * 10 + i128::from(*digit))
    }
}

/// The nearest whole number to `a * b / c`, halves up: counted by quotient and doubled remainder.
fn share(a: i128, b: i128, c: i128) -> i128 {
    let product = a * b;
    let quotient = product.div_euclid(c);
    let remainder = product.rem_euclid(c);
    if remainder * 2 >= c {
        quotient + 1
    } else {
        quotient
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Reference {
    subtotal: i128,
    discount: i128,
    delivery: i128,
    tax: i128,
    total: i128,
}

fn reference(lines: &[(i64, u32)], charges: &Charges) -> Reference {
    let mut sum = Digits(Vec::new());
    for (unit, quantity) in lines {
        sum = sum.add(&Digits::from(*unit as u128).times(*quantity));
    }
    let subtotal = sum.number();
    let discount = match charges.discount {
        None => 0,
        Some(Discount::Amount { minor }) => i128::from(minor).min(subtotal),
        Some(Discount::Share { basis_points }) => share(subtotal, basis_points.into(), 10_000),
    };
    let delivery = match charges.delivery {
        None => 0,
        Some(d) => match d.free_from_minor {
            Some(from) if subtotal - discount >= i128::from(from) => 0,
            _ => i128::from(d.fee_minor),
        },
    };
    let before_tax = subtotal - discount + delivery;
    let (tax, total) = match charges.tax {
        None => (0, before_tax),
        Some(tax) if tax.inclusive => {
            let rate = i128::from(tax.basis_points);
            (share(before_tax, rate, 10_000 + rate), before_tax)
        }
        Some(tax) => {
            let added = share(before_tax, tax.basis_points.into(), 10_000);
            (added, before_tax + added)
        }
    };
    Reference {
        subtotal,
        discount,
        delivery,
        tax,
        total,
    }
}

fn line(unit: i64, quantity: u32, currency: Currency) -> PricedLine {
    let unit_price = Money::new(unit, currency);
    PricedLine {
        product: RetailerId::parse("p").unwrap(),
        variant: None,
        title: String::new(),
        quantity,
        options: vec![],
        unit_price,
        total: unit_price.times(quantity).unwrap(),
    }
}

fn discounts() -> impl Strategy<Value = Option<Discount>> {
    prop_oneof![
        Just(None),
        (0_i64..500_000).prop_map(|minor| Some(Discount::Amount { minor })),
        (0_u32..=10_000).prop_map(|basis_points| Some(Discount::Share { basis_points })),
    ]
}

fn charges() -> impl Strategy<Value = Charges> {
    let delivery = proptest::option::of((0_i64..100_000, proptest::option::of(0_i64..2_000_000)))
        .prop_map(|d| {
            d.map(|(fee_minor, free_from_minor)| Delivery {
                fee_minor,
                free_from_minor,
            })
        });
    let tax = proptest::option::of((0_u32..=3_000, any::<bool>())).prop_map(|t| {
        t.map(|(basis_points, inclusive)| Tax {
            basis_points,
            inclusive,
        })
    });
    (discounts(), delivery, tax).prop_map(|(discount, delivery, tax)| Charges {
        discount,
        delivery,
        tax,
    })
}

fn cases() -> u32 {
    std::env::var("EZISELLER_TOTALS_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20_000)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn totals_equal_the_reference(
        lines in proptest::collection::vec((0_i64..50_000_000, 1_u32..500), 1..8),
        charges in charges(),
        which in 0_usize..5,
    ) {
        let currency: Currency = ["JPY", "USD", "LKR", "KWD", "BHD"][which].parse().unwrap();
        let priced: Vec<_> = lines.iter().map(|(u, q)| line(*u, *q, currency)).collect();
        let sums = totals(&priced, &charges, currency).unwrap();
        let found = Reference {
            subtotal: sums.subtotal.minor.into(),
            discount: sums.discount.minor.into(),
            delivery: sums.delivery.minor.into(),
            tax: sums.tax.minor.into(),
            total: sums.total.minor.into(),
        };
        prop_assert_eq!(found, reference(&lines, &charges));
        prop_assert_eq!(sums.total.currency, currency);
        let parts = sums.subtotal.minor - sums.discount.minor + sums.delivery.minor
            + if sums.tax_inclusive { 0 } else { sums.tax.minor };
        prop_assert_eq!(sums.total.minor, parts);
        prop_assert!(sums.total.minor >= 0);
    }
}

#[test]
fn known_sums() {
    let usd: Currency = "USD".parse().unwrap();
    let sum = |lines: &[(i64, u32)], charges: Charges| {
        let priced: Vec<_> = lines.iter().map(|(u, q)| line(*u, *q, usd)).collect();
        totals(&priced, &charges, usd).unwrap()
    };
    let tax = |basis_points, inclusive| Charges {
        tax: Some(Tax {
            basis_points,
            inclusive,
        }),
        ..Charges::default()
    };
    // 3 x 0.99 with 18 % on top: 0.5346 rounds to 0.53; contained: 0.45305 to 0.45.
    assert_eq!(sum(&[(99, 3)], tax(1_800, false)).total.minor, 350);
    assert_eq!(sum(&[(99, 3)], tax(1_800, true)).tax.minor, 45);
    // A half goes up: 5 % of 0.10 is 0.005.
    assert_eq!(sum(&[(10, 1)], tax(500, false)).tax.minor, 1);
    let off = Charges {
        discount: Some(Discount::Amount { minor: 1_000 }),
        delivery: Some(Delivery {
            fee_minor: 350,
            free_from_minor: Some(100),
        }),
        tax: None,
    };
    // More off than there is takes all of it, and what is left earns no free delivery.
    let sums = sum(&[(250, 2)], off);
    assert_eq!((sums.discount.minor, sums.total.minor), (500, 350));
}

#[test]
fn what_cannot_be_summed_is_refused() {
    let usd: Currency = "USD".parse().unwrap();
    let lkr: Currency = "LKR".parse().unwrap();
    assert!(totals(&[line(1, 1, lkr)], &Charges::default(), usd).is_err());
    let huge = line(i64::MAX, 1, usd);
    assert!(totals(&[huge.clone(), huge], &Charges::default(), usd).is_err());
    let negative = Charges {
        delivery: Some(Delivery {
            fee_minor: -1,
            free_from_minor: None,
        }),
        ..Charges::default()
    };
    assert!(totals(&[line(1, 1, usd)], &negative, usd).is_err());
}
