//! How a draft order's lines came to be: every message that had a part in it, so that an edited
//! message is read again and a deleted one withdrawn.

use serde::{Deserialize, Serialize};

use super::DraftLine;
pub use super::lines::noted;
pub use super::understanding::{Read, Understanding, plain_choice, words_of};
use crate::catalog::RetailerId;
use crate::reading::{Doubt, Mention, OptionChoice, OrderLine, Reading};

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
        /// What a second reader made of them, where it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second: Option<Box<SecondReading>>,
    },
    /// Added lines without being read: a cart, a referral, a tapped product.
    Added {
        /// Them.
        lines: Vec<OrderLine>,
    },
    /// Settled an option of a line, by tap.
    Chose {
        /// The line's product.
        product: RetailerId,
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// Set a line's quantity (0 drops it), by tap.
    Counted {
        /// The line's product.
        product: RetailerId,
        /// The line's choices.
        #[serde(default)]
        options: Vec<OptionChoice>,
        /// How many.
        quantity: u32,
    },
    /// Dismissed a doubt ("none of these"), by tap.
    Dismissed {
        /// Its words.
        words: String,
    },
}

/// What a second reader made of a message. Good only while the order stands as it stood then: its
/// changes name lines by their places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondReading {
    /// The order before the message.
    pub before: Vec<OrderLine>,
    /// The reading.
    pub reading: Reading,
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
    /// What was asked in vain: not asked again.
    pub given_up: Vec<String>,
}

impl Book {
    /// Steps kept; older ones can no longer be edited or withdrawn.
    pub const STEPS_MAX: usize = 40;

    /// Writes a step down. Past the limit, what is understood becomes the base for what follows.
    pub fn write(&mut self, step: Step, after: &Understanding) {
        if self.steps.len() >= Self::STEPS_MAX {
            self.steps.clear();
            self.base.clone_from(&after.lines);
            self.base_focus.clone_from(&after.focus);
            self.base_doubts.clone_from(&after.doubts);
        } else {
            self.steps.push(step);
        }
    }

    /// What is understood when every step is taken again.
    #[must_use]
    pub fn replay(&self, read: Read<'_>) -> Understanding {
        let mut understanding = Understanding {
            lines: self.base.clone(),
            focus: self.base_focus.clone(),
            doubts: self.base_doubts.clone(),
            pending: Vec::new(),
        };
        for step in &self.steps {
            understanding.take(step, read);
        }
        understanding
            .pending
            .retain(|doubt| !self.given_up.iter().any(|w| w == words_of(doubt)));
        understanding
    }
}
