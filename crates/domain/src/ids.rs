//! Typed ids: each noun has its own, so that mixing two up is a compile error.
//!
//! All are UUIDv7 made by the shell (chance is an argument here); `Display` and `FromStr` use the
//! hyphenated form that the API shows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {noun} id; it should look like 0190f3c8-7e1c-7000-8000-000000000000")]
pub struct InvalidId {
    noun: &'static str,
    text: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh, time-ordered id (UUIDv7). For the shell: the core never calls it.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| InvalidId { noun: $noun, text: text.chars().take(64).collect() })
            }
        }
    )*};
}

ids! {
    /// The tenant.
    SellerId = "seller";
    /// A person who signs in for a seller.
    MemberId = "member";
    /// An API key of a seller.
    ApiKeyId = "API key";
    /// A seller's identity on a channel.
    AccountId = "channel account";
    /// One event as Meta sent it.
    EventId = "inbound event";
    /// A person who writes to a seller.
    CustomerId = "customer";
    /// One customer with one channel account.
    ConversationId = "conversation";
    /// One message of a conversation.
    MessageId = "message";
    /// What was understood so far, not yet an order.
    DraftOrderId = "draft order";
    /// A confirmed order.
    OrderId = "order";
    /// A product of a seller.
    ProductId = "product";
    /// A sellable combination of a product's options.
    VariantId = "variant";
    /// Something to be sent to Meta.
    OutboxId = "outbox message";
    /// A seller's catalogue at Meta.
    CatalogId = "catalog";
    /// One push of a catalogue.
    SyncRunId = "sync run";
}
