//! What a conversation remembers between messages: one JSON document, stored with it.

use serde::{Deserialize, Serialize};

use super::ask::Asked;
use crate::customer::Details;
use crate::draft::book::Book;
use crate::draft::{DraftOrder, Stage};
use crate::reading::{Doubt, Mention, Standing};
use crate::{DraftOrderId, OrderId, Timestamp};

/// The version that this code writes. Older documents read with defaults.
pub const VERSION: u32 = 1;

/// An order that came of this conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastOrder {
    /// The order.
    pub order: OrderId,
    /// The draft order that it was.
    pub draft_order: DraftOrderId,
    /// When it was confirmed.
    pub at: Timestamp,
    /// The messages it came from.
    pub mids: Vec<String>,
}

/// What was last read back: its buttons stay good, whatever is asked since, until the lines change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBack {
    /// The question's number.
    pub question: u32,
    /// The draft order's revision.
    pub revision: u32,
}

/// Who speaks for the seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "speaker", rename_all = "snake_case")]
pub enum Speaker {
    /// The automation.
    #[default]
    Automation,
    /// A person, until a time; then the automation again.
    Person {
        /// Until when.
        until: Timestamp,
    },
    /// A person, until the seller hands back.
    PersonUntilHandedBack,
}

/// What a conversation remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationState {
    /// See [`VERSION`].
    pub v: u32,
    /// The draft order that is open, never a final one.
    pub draft: Option<DraftOrder>,
    /// How its lines came to be, message by message.
    pub book: Book,
    /// The question that is out.
    pub asked: Option<Asked>,
    /// What was last read back.
    pub read_back: Option<ReadBack>,
    /// Counts the questions, so that a tap on an old one is known as such.
    pub questions: u32,
    /// What was last talked about.
    pub focus: Vec<Mention>,
    /// What was last unsure.
    pub doubts: Vec<Doubt>,
    /// The customer's language, where it showed.
    pub language: Option<String>,
    /// Whether the customer writes that language in Latin letters.
    pub romanized: bool,
    /// What is known of the customer.
    pub details: Details,
    /// Who speaks.
    pub speaker: Speaker,
    /// When the customer last wrote: the 24-hour window counts from here.
    pub last_customer_at: Option<Timestamp>,
    /// Whether the customer was greeted.
    pub greeted: bool,
    /// Whether the customer was asked to write in words since the last readable message.
    pub asked_in_words: bool,
    /// When the shop goes on with the draft order, unless the customer writes more before.
    pub settle_at: Option<Timestamp>,
    /// When the last holding reply was sent.
    pub held_at: Option<Timestamp>,
    /// The latest orders, oldest first, at most 5.
    pub orders: Vec<PastOrder>,
}

impl Default for ConversationState {
    fn default() -> Self {
        Self {
            v: VERSION,
            draft: None,
            book: Book::default(),
            asked: None,
            read_back: None,
            questions: 0,
            focus: Vec::new(),
            doubts: Vec::new(),
            language: None,
            romanized: false,
            details: Details::default(),
            speaker: Speaker::Automation,
            last_customer_at: None,
            greeted: false,
            asked_in_words: false,
            settle_at: None,
            held_at: None,
            orders: Vec::new(),
        }
    }
}

impl ConversationState {
    /// The order as it stands, for the parser.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            lines: self
                .draft
                .as_ref()
                .map(DraftOrder::order_lines)
                .unwrap_or_default(),
            focus: self.focus.clone(),
            doubts: self.doubts.clone(),
        }
    }

    /// Whether the automation keeps quiet at `now`.
    #[must_use]
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        match self.speaker {
            Speaker::Automation => false,
            Speaker::Person { until } => now < until,
            Speaker::PersonUntilHandedBack => true,
        }
    }

    /// The stage of the open draft order.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.draft.as_ref().map(|draft| draft.stage)
    }
}
