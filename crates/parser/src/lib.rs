//! The order parser: a customer's message, the seller's catalogue and the standing order in, a
//! [`Reading`] out. Pure and total: no I/O, no clock, no chance; any text gets a reading, and what is
//! unsure is a doubt, never a guess.

pub mod contact;
mod lexicon;
mod normalise;
mod tokenise;

use std::fmt;

use domain::Currency;
use domain::catalog::Product;
use domain::reading::{Reading, Standing};

/// Where the seller sells: settles local phone numbers and what a bare amount of money is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locale {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The currency of the catalogue's prices.
    pub currency: Option<Currency>,
}

/// A catalogue made ready for reading messages against. Build it once, share it in an `Arc`.
#[derive(Debug)]
pub struct Index {
    products: usize,
    #[allow(dead_code)]
    locale: Locale,
}

impl Index {
    /// Indexes the products that are offered (archived ones are left out).
    pub fn build<'a>(products: impl IntoIterator<Item = &'a Product>, locale: Locale) -> Self {
        Self {
            products: products.into_iter().count(),
            locale,
        }
    }

    /// How many products it knows.
    pub fn len(&self) -> usize {
        self.products
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.products == 0
    }
}

/// Reads one message. The order after it is `read(..).apply(&standing)`.
#[must_use]
pub fn read(_index: &Index, _text: &str, _standing: &Standing) -> Reading {
    Reading::nothing()
}

/// Reads one message and keeps what each stage made of it.
#[must_use]
pub fn explain(index: &Index, text: &str, standing: &Standing) -> Explanation {
    Explanation {
        stages: Vec::new(),
        reading: read(index, text, standing),
    }
}

/// Why a message was read as it was. `Display` prints each stage's result for a person.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Each stage's name and result, in order.
    pub stages: Vec<(&'static str, String)>,
    /// What came of it.
    pub reading: Reading,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (stage, result) in &self.stages {
            writeln!(f, "{stage}")?;
            for line in result.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}
