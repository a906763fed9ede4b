//! How a draft order's lines came to be: every message that had a part in it, so that an edited
//! message is read again and a deleted one withdrawn.

use serde::{Deserialize, Serialize};

use super::DraftLine;
use crate::reading::{Doubt, Mention, OrderLine};

/// What one message did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Did {
    /// Was read.
    Text {
        /// Its words.
        text: String,
        /// What it referred to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
    },
    /// Added lines without being read: a cart, a referral, a tapped product.
    Added {
        /// Them.
        lines: Vec<OrderLine>,
    },
    /// Settled an option of a line, by tap.
    Chose {
        /// The line's product.
        product: crate::catalog::RetailerId,
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// Set a product's quantity (0 drops it), by tap.
    Counted {
        /// The line's product.
        product: crate::catalog::RetailerId,
        /// How many.
        quantity: u32,
    },
    /// Dismissed a doubt ("none of these"), by tap.
    Dismissed {
        /// Its words.
        words: String,
    },
}

/// One message's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Meta's message id.
    pub mid: String,
    /// What it did.
    #[serde(flatten)]
    pub did: Did,
}

/// What a draft order is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    /// The lines before the first step: the seller's own, or those of steps no longer kept.
    pub base: Vec<DraftLine>,
    /// What was talked about before the first step.
    pub base_focus: Vec<Mention>,
    /// What was unsure before the first step.
    pub base_doubts: Vec<Doubt>,
    /// The steps, oldest first, at most [`Book::STEPS_MAX`].
    pub steps: Vec<Step>,
    /// What is unsure and still to be asked, the next first.
    pub pending: Vec<Doubt>,
    /// Words of doubts that were asked in vain: not asked again.
    pub given_up: Vec<String>,
}

impl Book {
    /// Steps kept; older ones can no longer be edited or withdrawn.
    pub const STEPS_MAX: usize = 40;
}
