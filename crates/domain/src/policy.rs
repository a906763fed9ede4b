//! What a seller lets the automation do: confirmation, asking, waiting, charges.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::order::totals::Charges;

/// What happens once the customer has said yes to the read-back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Confirmation {
    /// The seller's tap makes the order.
    #[default]
    SellerConfirms,
    /// It becomes an order by itself when everything in it is sure and small enough; else as
    /// [`Confirmation::SellerConfirms`].
    AutoConfirm {
        /// The least confidence of every line, 0 to 1.
        min_confidence: f32,
        /// The largest total, in minor units of the seller's currency.
        max_total_minor: i64,
    },
    /// Drafts are written down; the customer is asked nothing and gets one holding reply.
    DraftOnly,
}

/// A seller's rules. Stored as JSON; a field that an older document lacks gets its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// What a customer's yes leads to.
    pub confirmation: Confirmation,
    /// Whether an order needs a phone number.
    pub require_phone: bool,
    /// Whether an order needs a delivery address.
    pub require_address: bool,
    /// Whether an order needs the customer's name.
    pub require_name: bool,
    /// Whether more may be sold than is in stock without asking the customer.
    pub oversell: bool,
    /// Delivery fee, discount and tax of every order.
    pub charges: Charges,
    /// How long the automation keeps quiet after a person replied, in milliseconds.
    pub hand_over_ms: i64,
    /// How long an unanswered question waits before the seller is told, in milliseconds.
    pub question_ms: i64,
    /// How long a read-back (and its buttons) is good for, in milliseconds.
    pub confirmation_ms: i64,
    /// How long an open draft order lives, in milliseconds.
    pub open_ms: i64,
    /// How long a draft order waits for the seller, in milliseconds.
    pub seller_ms: i64,
    /// How long the shop waits for the customer to finish before it asks or reads back, in
    /// milliseconds; each further message starts the wait anew. 0: it answers every message.
    pub settle_ms: i64,
    /// How often the same holding reply may be sent at most: once in this many milliseconds.
    pub holding_ms: i64,
    /// Whether a person's text may go out with `HUMAN_AGENT` after the 24-hour window (needs Meta's
    /// Human Agent feature).
    pub human_agent: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            confirmation: Confirmation::SellerConfirms,
            require_phone: true,
            require_address: true,
            require_name: false,
            oversell: false,
            charges: Charges::default(),
            hand_over_ms: 12 * Timestamp::HOUR,
            question_ms: Timestamp::DAY,
            confirmation_ms: Timestamp::DAY,
            open_ms: 3 * Timestamp::DAY,
            seller_ms: 7 * Timestamp::DAY,
            settle_ms: 0,
            holding_ms: 12 * Timestamp::HOUR,
            human_agent: false,
        }
    }
}
