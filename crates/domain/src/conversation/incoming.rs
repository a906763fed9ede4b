//! Everything that can happen to a conversation.

use serde::{Deserialize, Serialize};

use crate::customer::DetailKind;
use crate::order::totals::Charges;
use crate::reading::OrderLine;
use crate::{MemberId, Timestamp};

/// What a message was a reply to, or came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// Ids of stories, posts or reels that it answers or shares; mapped to products by the world.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Ids of products it refers to (shop page, ad, WhatsApp referred product): a `retailer_id`
    /// or Meta's own id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// Why a message holds nothing that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreadableKind {
    /// A picture.
    Image,
    /// A video, reel or story that is not mapped to products.
    Video,
    /// A voice note.
    Audio,
    /// A document.
    File,
    /// A sticker, like or GIF.
    Sticker,
    /// A shared post, reel or story.
    Share,
    /// The seller was mentioned in a story: a kindness that asks for nothing.
    StoryMention,
    /// A place on the map.
    Location,
    /// A contact card.
    Contacts,
    /// Something that disappears.
    Ephemeral,
    /// Meta says that it cannot be delivered.
    Unsupported,
}

/// One item of a cart or referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// A `retailer_id` of a product or variant, or Meta's own id.
    pub id: String,
    /// How many, at least 1.
    pub quantity: u32,
}

/// What the seller did on the dashboard, through the API or on the phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum SellerAction {
    /// Makes an order of the draft order.
    Confirm {
        /// Whether stock may go below zero.
        #[serde(default)]
        oversell: bool,
        /// Kept with the order.
        #[serde(default)]
        note: Option<String>,
    },
    /// Says no to the draft order.
    Reject {
        /// Why, for the record.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Replaces the draft order's lines (opens one where there is none).
    EditLines {
        /// All of them.
        lines: Vec<OrderLine>,
    },
    /// Gives the draft order its own charges.
    SetCharges {
        /// Them.
        charges: Charges,
    },
    /// Sets or corrects a customer's detail.
    SetDetail {
        /// Which.
        kind: DetailKind,
        /// Its value.
        value: String,
    },
    /// Speaks from now on; the automation keeps quiet until handed back.
    TakeOver,
    /// Lets the automation speak again.
    HandBack,
}

/// One thing that happened. `at` is the event's own time, `now` the decision's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Incoming {
    /// The customer wrote.
    Text {
        /// Meta's message id.
        mid: String,
        /// When.
        at: Timestamp,
        /// The words.
        text: String,
        /// What they are about.
        #[serde(default)]
        context: Context,
    },
    /// The customer tapped a quick reply or button.
    Choice {
        /// Meta's message id.
        mid: String,
        /// When.
        at: Timestamp,
        /// What we (or the seller's other tools) put behind it.
        payload: String,
        /// What it says.
        title: String,
    },
    /// An event that carries products: a referral, a shared mapped post, a cart.
    Products {
        /// Meta's message id.
        mid: String,
        /// When.
        at: Timestamp,
        /// Them.
        items: Vec<Item>,
    },
    /// A message that cannot be read as words.
    Unreadable {
        /// Meta's message id.
        mid: String,
        /// When.
        at: Timestamp,
        /// What it is.
        what: UnreadableKind,
        /// What it refers to; a mapped post gives it a meaning after all.
        #[serde(default)]
        context: Context,
    },
    /// The customer changed a message.
    Edited {
        /// The changed message.
        mid: String,
        /// When.
        at: Timestamp,
        /// Its words now.
        text: String,
    },
    /// The customer took a message back.
    Deleted {
        /// The message that is gone.
        mid: String,
        /// When.
        at: Timestamp,
    },
    /// A second reader answered about a message that the parser was unsure of.
    Reread {
        /// The message.
        mid: String,
        /// Its words when it was asked.
        text: String,
        /// What it made of them.
        second: Box<crate::draft::book::SecondReading>,
    },
    /// A person replied for the seller, on the phone or on the dashboard.
    PersonReplied {
        /// When.
        at: Timestamp,
    },
    /// The echo of a message that the automation sent. Changes nothing, ever.
    OwnEcho {
        /// Its id.
        mid: String,
    },
    /// The seller did something.
    Seller {
        /// What.
        action: SellerAction,
        /// Who; `None`: an API key.
        member: Option<MemberId>,
    },
    /// The order that the last decision wanted could not be reserved: decided instead of it, on
    /// the same state. `short` are ids that stock is counted under, with what is free of each.
    OutOfStock {
        /// Them.
        short: Vec<(crate::catalog::RetailerId, i64)>,
        /// Who had confirmed.
        by: crate::draft::Actor,
    },
    /// Something that the customer waits for is there again, and it is their turn to hear so
    /// ([`crate::waiting::to_tell`]).
    BackInStock {
        /// The id that stock is counted under.
        item: crate::catalog::RetailerId,
        /// How many they wanted.
        quantity: u32,
    },
    /// Time has passed; see [`super::Decision::wake_at`].
    Timer,
}
