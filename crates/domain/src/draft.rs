//! A draft order: what was understood so far, each line with the message it came from.
//!
//! Its life is in [`lifecycle`]; how readings become lines is in [`book`].

pub mod book;
pub mod lifecycle;
mod lines;
mod understanding;

use serde::{Deserialize, Serialize};

use crate::customer::Details;
use crate::order::totals::{Charges, Totals};
use crate::reading::{Doubt, OrderLine};
use crate::{DraftOrderId, MemberId, Money, Timestamp};

pub use lifecycle::{DraftEvent, Stage};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// The person who writes.
    Customer,
    /// The conversation's own rules.
    Automation,
    /// A person who signed in for the seller.
    Member {
        /// Which one; `None`: through an API key or on the phone.
        id: Option<MemberId>,
    },
    /// A time ran out.
    Clock,
}

/// Where a line, or a change of one, comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// A message of the customer, or a tap, by Meta's message id.
    Message {
        /// It.
        mid: String,
    },
    /// The seller's own hand.
    Seller,
}

impl Origin {
    /// The message, where it is one.
    #[must_use]
    pub fn mid(&self) -> Option<&str> {
        match self {
            Self::Message { mid } => Some(mid),
            Self::Seller => None,
        }
    }
}

/// One line of a draft order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftLine {
    /// What is wanted.
    #[serde(flatten)]
    pub line: OrderLine,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Required options that are not settled yet.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What added it.
    pub added_by: Origin,
    /// What changed it since, oldest first.
    #[serde(default)]
    pub changed_by: Vec<Origin>,
    /// The product's title when last priced.
    #[serde(default)]
    pub title: String,
    /// The price of one when last priced; frozen only at confirmation.
    #[serde(default)]
    pub unit_price: Option<Money>,
}

/// What was understood so far, not yet an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftOrder {
    /// Its id.
    pub id: DraftOrderId,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub stage_since: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The lines.
    pub lines: Vec<DraftLine>,
    /// Counts the changes of lines or charges: a yes counts only for what was read back.
    pub revision: u32,
    /// The least confidence of any line; 1 without lines.
    pub confidence: f32,
    /// What the customer was asked in vain; the seller's to settle.
    #[serde(default)]
    pub unresolved: Vec<Doubt>,
    /// The revision that the customer said yes to.
    #[serde(default)]
    pub agreed: Option<u32>,
    /// The seller's own charges for it, where they differ from the policy's.
    #[serde(default)]
    pub charges: Option<Charges>,
    /// The sums when last priced; `None` while a line has no price.
    #[serde(default)]
    pub totals: Option<Totals>,
    /// The customer's details when last looked at.
    #[serde(default)]
    pub details: Details,
    /// Every message that had a part in it, oldest first.
    #[serde(default)]
    pub mids: Vec<String>,
    /// The seller's note.
    #[serde(default)]
    pub note: Option<String>,
    /// Why it was rejected or cancelled, in the words of who did.
    #[serde(default)]
    pub reason: Option<String>,
}

impl DraftOrder {
    /// The lines as plain order lines.
    #[must_use]
    pub fn order_lines(&self) -> Vec<OrderLine> {
        self.lines.iter().map(|line| line.line.clone()).collect()
    }

    /// Whether every line is settled, and there is one.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.lines.is_empty()
            && self.unresolved.is_empty()
            && self.lines.iter().all(|line| line.missing.is_empty())
    }
}
