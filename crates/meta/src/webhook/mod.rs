//! Webhook bodies: from raw bytes to items that are stored one by one, and from a stored item back
//! to a typed event.
//!
//! Reading is total: there is no error, only kinds that say what could not be read and why.

mod body;
mod event;
mod extract;
mod key;
mod messaging;
mod other;
mod whatsapp;
pub mod wire;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use body::{ITEMS_MAX, split};
pub use event::*;
pub use extract::{Extracted, Unread, extract_text};

use crate::fate::{Fate, Kind};

/// What a body is about: its `object`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Object {
    /// `instagram`
    Instagram,
    /// `page`: Messenger.
    Page,
    /// `whatsapp_business_account`
    Whatsapp,
    /// Any other, as Meta wrote it; empty when the body names none.
    Other(String),
    /// The body names none.
    #[default]
    Missing,
}

impl Object {
    /// Meta's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Instagram => "instagram",
            Self::Page => "page",
            Self::Whatsapp => "whatsapp_business_account",
            Self::Other(text) => text,
            Self::Missing => "",
        }
    }

    /// Our word for the channel: `instagram`, `messenger`, `whatsapp`; `None` for any other object.
    pub const fn channel(&self) -> Option<&'static str> {
        match self {
            Self::Instagram => Some("instagram"),
            Self::Page => Some("messenger"),
            Self::Whatsapp => Some("whatsapp"),
            Self::Other(_) | Self::Missing => None,
        }
    }
}

impl From<&str> for Object {
    fn from(text: &str) -> Self {
        match text {
            "instagram" => Self::Instagram,
            "page" => Self::Page,
            "whatsapp_business_account" => Self::Whatsapp,
            "" => Self::Missing,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<String> for Object {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Object> for String {
    fn from(object: Object) -> Self {
        object.as_str().to_owned()
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A webhook body, taken apart. Never without an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The objects the body speaks of; usually one, none when it names none.
    pub objects: Vec<Object>,
    /// One per messaging or change event, in the order of the body.
    pub items: Vec<Item>,
}

impl Split {
    /// The first object named, as Meta wrote it.
    pub fn object(&self) -> Option<&Object> {
        self.objects.first()
    }
}

/// One event of a body: what is stored, and what is known of it without looking further.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// What is stored: JSON text in the shape of a webhook body that holds this item alone, so that
    /// it can be read again by itself. Bytes that are no JSON stand in it encoded.
    pub raw: String,
    /// The body's `object`.
    pub object: Object,
    /// `entry[].id`
    pub entry_id: Option<String>,
    /// Every id that may be the seller's, the likeliest first: the WhatsApp phone number id,
    /// `entry.id`, the party that is not the customer.
    pub account_ids: Vec<String>,
    /// The customer's scoped id; for an echo the recipient. On WhatsApp the business-scoped user id
    /// when Meta gives one, else the number.
    pub party_id: Option<String>,
    /// What kind of event it is.
    pub kind: Kind,
    /// The same for every delivery of the same event, and different for different events.
    pub dedup_key: String,
    /// When it happened, in milliseconds since 1970: by its own word, else by the entry's.
    pub occurred_at_ms: Option<i64>,
    /// Whether that is its own word. An entry's time is Meta's of sending, which another delivery
    /// may not repeat.
    pub dated: bool,
    /// Why it could not be read or understood, for kinds that say so.
    pub reason: Option<String>,
}

impl Item {
    /// What becomes of it.
    pub const fn fate(&self) -> Fate {
        self.kind.fate()
    }

    /// Reads a stored item again, with its content. Total: whatever was stored gives an event.
    pub fn reparse(stored: &str) -> Event {
        body::read_one(stored)
    }

    /// The bytes as Meta sent them, of a stored item that was no JSON; to be split again by a
    /// version that reads more.
    pub fn unreadable_bytes(stored: &str) -> Option<Vec<u8>> {
        body::unwrap_bytes(stored)
    }
}

/// Without what the customer wrote and who they are.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("object", &self.object)
            .field("account_ids", &self.account_ids)
            .field("kind", &self.kind)
            .field("occurred_at_ms", &self.occurred_at_ms)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
