//! What a decision wants done. Plain data: the shell writes all of it in the event's transaction.

use serde::{Deserialize, Serialize};

use super::ConversationState;
use super::incoming::UnreadableKind;
use crate::customer::{Detail, DetailKind};
use crate::draft::DraftOrder;
use crate::draft::lifecycle::Transition;
use crate::order::NewOrder;
use crate::reading::{Doubt, Intent};
use crate::{DraftOrderId, Timestamp};

/// Stands in replies for the number that the order gets when it is stored.
pub const ORDER_NUMBER: &str = "{order_number}";

/// What a reply is for. Also the name in logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A first word to somebody new.
    Greet,
    /// A question that the order needs answered.
    Ask,
    /// The order read back, for a yes.
    ReadBack,
    /// An answer to the customer's question.
    Answer,
    /// "We will get back to you."
    Hold,
    /// Something was noted.
    Note,
    /// The yes arrived; the seller's turn.
    Thank,
    /// The order is confirmed.
    Confirmed,
    /// The order was rejected, cancelled or ran out of stock.
    Sorry,
    /// A picture, sticker or the like cannot be read.
    AskInWords,
    /// Something that the customer waits for is there again.
    BackInStock,
}

/// A quick reply (or button): what it says and what comes back when tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// At most 20 characters (Meta cuts the rest).
    pub title: String,
    /// Signed; at most 200 characters.
    pub payload: String,
}

/// A product to choose: an element of a generic template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// At most 80 characters.
    pub title: String,
    /// At most 80 characters: the price.
    pub subtitle: String,
    /// The product's picture.
    pub image_url: Option<String>,
    /// The button below it.
    pub button: Button,
}

/// Something to say to the customer. The text alone says everything: buttons and cards are for
/// clients that show them (quick replies are shown on phones only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What it is for.
    pub purpose: Purpose,
    /// The words. Instagram takes 1,000 bytes a message: see [`super::window::split_text`].
    pub text: String,
    /// Quick replies, at most 13.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Product cards, at most 10, as an alternative to the buttons for products with pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
    /// Must be sent before this time: the end of the 24-hour window.
    pub send_before: Timestamp,
}

/// A reply that must not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// What it was for.
    pub purpose: Purpose,
    /// What it would have said; a person may send it (see [`super::window`]).
    pub text: String,
}

/// A customer's detail that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailChange {
    /// Which.
    pub kind: DetailKind,
    /// What it is now; `None`: withdrawn with its message.
    pub detail: Option<Detail>,
}

/// Something that the seller should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A draft order waits for the seller's tap.
    DraftReady {
        /// Which.
        draft_order: DraftOrderId,
    },
    /// The customer did not answer, or not in a way that was understood.
    AskedInVain {
        /// About which draft order.
        draft_order: DraftOrderId,
        /// What was asked, in a few words.
        question: String,
    },
    /// The customer asked something that the automation cannot answer.
    QuestionOpen {
        /// The message.
        mid: String,
    },
    /// A message that cannot be read.
    CannotRead {
        /// The message.
        mid: String,
        /// What it is.
        what: UnreadableKind,
    },
    /// The customer changed or deleted a message, or asks for a change, after confirmation.
    ChangedAfterConfirmation {
        /// The message.
        mid: String,
        /// What was confirmed.
        draft_order: DraftOrderId,
    },
    /// The customer gives another detail than the one the seller had set.
    DetailDiffers {
        /// Which.
        kind: DetailKind,
        /// What the customer says.
        said: String,
    },
    /// The customer calls a confirmed order off.
    CancelAsked {
        /// The message.
        mid: String,
        /// What was confirmed.
        draft_order: DraftOrderId,
    },
    /// An order was made without the seller's tap.
    AutoConfirmed {
        /// From which draft order.
        draft_order: DraftOrderId,
    },
    /// Too little stock at confirmation.
    OutOfStock {
        /// For which draft order.
        draft_order: DraftOrderId,
    },
    /// The customer wants to hear when something is back.
    WaitingList {
        /// The product or variant.
        item: crate::catalog::RetailerId,
        /// How many.
        quantity: u32,
    },
    /// A draft order's time ran out.
    Expired {
        /// Which.
        draft_order: DraftOrderId,
    },
    /// A reply was not sent because the 24-hour window is closed.
    WindowClosed {
        /// What it was for.
        purpose: Purpose,
    },
}

/// What became of the message itself, for the conversation's page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotation {
    /// What it was read for.
    pub intent: Option<Intent>,
    /// How sure.
    pub confidence: Option<f32>,
    /// Its language.
    pub language: Option<String>,
    /// What was unsure.
    pub doubts: Vec<Doubt>,
    /// Why nothing was read from it.
    pub unreadable: Option<UnreadableKind>,
    /// Whether a person should look at it.
    pub needs_seller: bool,
}

/// The whole of what one [`super::advance`] decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The state to store instead of the old one.
    pub state: ConversationState,
    /// Draft orders to insert or update, whole; the open one last.
    pub drafts: Vec<DraftOrder>,
    /// Transitions to record, refused ones too.
    pub transitions: Vec<Transition>,
    /// What to say, in order. Empty where the window is closed or a person speaks.
    pub replies: Vec<Reply>,
    /// What would have been said, had the window been open.
    pub withheld: Vec<Withheld>,
    /// Details to keep on the customer.
    pub details: Vec<DetailChange>,
    /// The order to create. When its stock cannot be reserved, drop this decision and decide
    /// [`super::Incoming::OutOfStock`] on the old state.
    pub order: Option<NewOrder>,
    /// What to tell the seller.
    pub notices: Vec<Notice>,
    /// What to note on the message.
    pub message: Annotation,
    /// When to come back with [`super::Incoming::Timer`]; `None`: no need.
    pub wake_at: Option<Timestamp>,
}

impl Decision {
    /// Puts the order's number, known once it is stored, into the replies.
    #[must_use]
    pub fn with_order_number(mut self, number: u64) -> Self {
        let number = number.to_string();
        for reply in &mut self.replies {
            reply.text = reply.text.replace(ORDER_NUMBER, &number);
        }
        for withheld in &mut self.withheld {
            withheld.text = withheld.text.replace(ORDER_NUMBER, &number);
        }
        self
    }
}
