//! The questions that an order may need answered.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalog::RetailerId;
use crate::customer::DetailKind;
use crate::reading::Doubt;

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Which of several products, or whether a near one will do, or which value.
    Doubt {
        /// What is unsure.
        doubt: Doubt,
    },
    /// A required option of a line.
    MissingOption {
        /// The line's product.
        product: RetailerId,
        /// The option.
        option: String,
        /// The values there are, at most 10.
        values: Vec<String>,
    },
    /// There is less than the customer wants.
    Stock {
        /// The line's product.
        product: RetailerId,
        /// The id that stock is counted under.
        item: RetailerId,
        /// What is free; zero or more.
        free: i64,
        /// What is wanted.
        wanted: u32,
    },
    /// Contact details that the seller needs.
    Details {
        /// Which.
        kinds: Vec<DetailKind>,
    },
    /// Whether the order as read back is right.
    Confirm {
        /// The draft order's revision that was read back.
        revision: u32,
    },
    /// What to change.
    WhatToChange,
    /// Whether to note a product that was asked about.
    Offer {
        /// It.
        product: RetailerId,
    },
    /// Whether to tell when a sold out product that was asked about is back.
    TellWhenBack {
        /// It.
        product: RetailerId,
        /// The id that stock is counted under.
        item: RetailerId,
        /// How many are wanted.
        quantity: u32,
    },
}

/// A question that is out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number in the conversation; payloads carry it.
    pub number: u32,
    /// What was asked.
    pub what: Ask,
    /// When it was last asked.
    pub at: Timestamp,
    /// How often it was repeated: at most [`Asked::REPETITIONS_MAX`] times.
    pub repetitions: u8,
}

impl Asked {
    /// After so many repetitions the seller takes over.
    pub const REPETITIONS_MAX: u8 = 2;
}

impl Ask {
    /// What makes it the same question when asked again, readable for the seller.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Doubt { doubt } => crate::draft::book::words_of(doubt).to_owned(),
            Self::MissingOption {
                product, option, ..
            } => format!("{option} of {product}"),
            Self::Stock { item, .. } => format!("stock of {item}"),
            Self::Details { kinds } => {
                let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                format!("details: {}", kinds.join(", "))
            }
            Self::Confirm { revision } => format!("confirmation of revision {revision}"),
            Self::WhatToChange => "what to change".to_owned(),
            Self::Offer { product } => format!("offer of {product}"),
            Self::TellWhenBack { item, .. } => format!("return of {item}"),
        }
    }
}
