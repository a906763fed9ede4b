//! The stages of a draft order and the one table of its transitions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::{DraftOrderId, Timestamp};

/// Where a draft order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Understood in part.
    Open,
    /// The customer was asked something.
    AwaitingCustomer,
    /// Read back to the customer, whose yes is awaited.
    AwaitingConfirmation,
    /// The seller's tap or answer is needed.
    AwaitingSeller,
    /// Became an order.
    Confirmed,
    /// The seller said no.
    Rejected,
    /// The customer called it off.
    Cancelled,
    /// Nobody went on with it in time.
    Expired,
}

use Stage::{
    AwaitingConfirmation, AwaitingCustomer, AwaitingSeller, Cancelled, Confirmed, Expired, Open,
    Rejected,
};

/// What moves a draft order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftEvent {
    /// Something was written down and nothing is asked.
    Note,
    /// The customer is asked something.
    Ask,
    /// The whole is read back to the customer.
    ReadBack,
    /// It is the seller's turn.
    PassToSeller,
    /// It becomes an order.
    Confirm,
    /// The seller says no.
    Reject,
    /// The customer calls it off.
    Cancel,
    /// Its time is over.
    Expire,
}

/// Every transition there is.
pub const TRANSITIONS: &[(Stage, DraftEvent, Stage)] = &[
    (Open, DraftEvent::Note, Open),
    (Open, DraftEvent::Ask, AwaitingCustomer),
    (Open, DraftEvent::ReadBack, AwaitingConfirmation),
    (Open, DraftEvent::PassToSeller, AwaitingSeller),
    (Open, DraftEvent::Confirm, Confirmed),
    (Open, DraftEvent::Reject, Rejected),
    (Open, DraftEvent::Cancel, Cancelled),
    (Open, DraftEvent::Expire, Expired),
    (AwaitingCustomer, DraftEvent::Note, Open),
    (AwaitingCustomer, DraftEvent::Ask, AwaitingCustomer),
    (AwaitingCustomer, DraftEvent::ReadBack, AwaitingConfirmation),
    (AwaitingCustomer, DraftEvent::PassToSeller, AwaitingSeller),
    (AwaitingCustomer, DraftEvent::Confirm, Confirmed),
    (AwaitingCustomer, DraftEvent::Reject, Rejected),
    (AwaitingCustomer, DraftEvent::Cancel, Cancelled),
    (AwaitingCustomer, DraftEvent::Expire, Expired),
    (AwaitingConfirmation, DraftEvent::Note, Open),
    (AwaitingConfirmation, DraftEvent::Ask, AwaitingCustomer),
    (
        AwaitingConfirmation,
        DraftEvent::ReadBack,
        AwaitingConfirmation,
    ),
    (
        AwaitingConfirmation,
        DraftEvent::PassToSeller,
        AwaitingSeller,
    ),
    (AwaitingConfirmation, DraftEvent::Confirm, Confirmed),
    (AwaitingConfirmation, DraftEvent::Reject, Rejected),
    (AwaitingConfirmation, DraftEvent::Cancel, Cancelled),
    (AwaitingConfirmation, DraftEvent::Expire, Expired),
    (AwaitingSeller, DraftEvent::Note, Open),
    (AwaitingSeller, DraftEvent::Ask, AwaitingCustomer),
    (AwaitingSeller, DraftEvent::ReadBack, AwaitingConfirmation),
    (AwaitingSeller, DraftEvent::PassToSeller, AwaitingSeller),
    (AwaitingSeller, DraftEvent::Confirm, Confirmed),
    (AwaitingSeller, DraftEvent::Reject, Rejected),
    (AwaitingSeller, DraftEvent::Cancel, Cancelled),
    (AwaitingSeller, DraftEvent::Expire, Expired),
];

impl Stage {
    /// All of them, in the order of a draft order's life.
    pub const ALL: [Self; 8] = [
        Open,
        AwaitingCustomer,
        AwaitingConfirmation,
        AwaitingSeller,
        Confirmed,
        Rejected,
        Cancelled,
        Expired,
    ];

    /// The word used in tables, the API and screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Open => "open",
            AwaitingCustomer => "awaiting_customer",
            AwaitingConfirmation => "awaiting_confirmation",
            AwaitingSeller => "awaiting_seller",
            Confirmed => "confirmed",
            Rejected => "rejected",
            Cancelled => "cancelled",
            Expired => "expired",
        }
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Confirmed | Rejected | Cancelled | Expired)
    }

    /// Where `event` leads from here; `None`: the table refuses it.
    #[must_use]
    pub fn after(self, event: DraftEvent) -> Option<Self> {
        TRANSITIONS
            .iter()
            .find(|(from, on, _)| *from == self && *on == event)
            .map(|(_, _, to)| *to)
    }
}

impl DraftEvent {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Note,
        Self::Ask,
        Self::ReadBack,
        Self::PassToSeller,
        Self::Confirm,
        Self::Reject,
        Self::Cancel,
        Self::Expire,
    ];

    /// The word used in tables and diagrams.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Ask => "ask",
            Self::ReadBack => "read_back",
            Self::PassToSeller => "pass_to_seller",
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DraftEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .ok_or_else(|| {
                format!(
                    "`{text}` is no draft order stage; use one of {}",
                    Self::ALL.map(Self::as_str).join(", ")
                )
            })
    }
}

/// A transition that happened, or was refused: the draft order's audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Which draft order; `None`: there was none to move (always refused).
    pub draft_order: Option<DraftOrderId>,
    /// Where it stood; `None`: it was just opened.
    pub from: Option<Stage>,
    /// What moved it.
    pub event: DraftEvent,
    /// Where it went; `None`: refused.
    pub to: Option<Stage>,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, in a few words.
    pub why: String,
}
