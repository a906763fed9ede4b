//! What customers (and the people in the shop) can do, each with the webhook that tells of it.

mod instagram;
mod whatsapp;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that a customer does. On a channel that has no such event it does nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// A text, perhaps in reply to a message.
    Say {
        /// What is written.
        text: String,
        /// The mid that is quoted.
        #[serde(default)]
        reply_to: Option<String>,
    },
    /// Taps a quick reply: the title arrives as text. On WhatsApp a reply button.
    QuickReply {
        /// Title of the button.
        title: String,
        /// Its payload.
        payload: String,
    },
    /// Taps a button, an ice breaker or the menu.
    Postback {
        /// Title of the button.
        title: String,
        /// Its payload.
        payload: String,
        /// `ref` of an ig.me link on a new conversation.
        #[serde(default, rename = "ref")]
        reference: Option<String>,
    },
    /// Answers a story of the shop.
    StoryReply {
        /// What is written.
        text: String,
        /// The story's id.
        #[serde(default = "some_story")]
        story_id: String,
        /// A link sticker on it.
        #[serde(default)]
        link_sticker_url: Option<String>,
    },
    /// Any attachment by its type: `image`, `video`, `audio`, `file`, `share`, `ig_post`,
    /// `ig_reel`, `reel`, `story_mention`, `sticker`, `ephemeral`, `fallback`, ...
    Attach {
        /// The type.
        kind: String,
        /// Where the file is.
        #[serde(default)]
        url: Option<String>,
        /// Caption of a post, or text beside the file.
        #[serde(default)]
        title: Option<String>,
        /// Several files in one message.
        #[serde(default = "one")]
        count: usize,
    },
    /// Shares a post the way of the change-over: `share` and `ig_post` in one message.
    SharePost {
        /// The post's link.
        url: String,
        /// Its caption.
        #[serde(default)]
        title: String,
        /// Its media id.
        #[serde(default)]
        media_id: Option<String>,
    },
    /// Asks about a product from its Shop page.
    AskProduct {
        /// What is written.
        text: String,
        /// Meta's product id.
        product_id: String,
    },
    /// Writes after an ad.
    FromAd {
        /// What is written.
        text: String,
        /// The ad.
        ad_id: String,
        /// Its title.
        #[serde(default)]
        ad_title: String,
        /// Its `ref`.
        #[serde(default, rename = "ref")]
        reference: Option<String>,
    },
    /// Opens an ig.me or m.me link in an existing conversation.
    OpenLink {
        /// The link's `ref`.
        #[serde(rename = "ref")]
        reference: String,
    },
    /// Edits a message.
    Edit {
        /// Which.
        mid: String,
        /// The new text.
        text: String,
    },
    /// The `message_edit` with `num_edit` 0 that arrives for new messages; perhaps without
    /// sender and recipient.
    EditAnomaly {
        /// Which; absent = one that nobody knows.
        #[serde(default)]
        mid: Option<String>,
        /// Leave `sender` and `recipient` out.
        #[serde(default)]
        anonymous: bool,
    },
    /// Unsends a message.
    Unsend {
        /// Which.
        mid: String,
    },
    /// Reacts to a message, or takes the reaction back.
    React {
        /// Which.
        mid: String,
        /// `love`, `like`, ...; absent = take it back.
        #[serde(default)]
        reaction: Option<String>,
        /// The emoji.
        #[serde(default)]
        emoji: Option<String>,
    },
    /// Has seen a message (Messenger: everything until now).
    Read {
        /// Which; absent = the last.
        #[serde(default)]
        mid: Option<String>,
    },
    /// Sends something the API cannot show.
    Unsupported,
    /// Opts in to notifications.
    OptIn {
        /// The payload.
        #[serde(default)]
        payload: String,
    },
    /// Comments on a post, or live.
    Comment {
        /// What is written.
        text: String,
        /// The post; absent = one is made.
        #[serde(default)]
        media_id: Option<String>,
        /// The comment that is answered.
        #[serde(default)]
        parent_id: Option<String>,
        /// During a live broadcast.
        #[serde(default)]
        live: bool,
        /// As `field` and `value` on the entry, the way of the Instagram-Login examples.
        #[serde(default)]
        flat: bool,
    },
    /// Mentions the shop in a comment of its own.
    Mention {
        /// Where.
        media_id: String,
        /// The comment.
        #[serde(default)]
        comment_id: Option<String>,
    },
    /// Another app passes or takes the thread.
    Handover {
        /// Previous owner.
        previous: String,
        /// New owner.
        new: String,
    },
    /// WhatsApp: a cart.
    Order {
        /// Lines: `{product_retailer_id, quantity, item_price, currency}`.
        items: Vec<Value>,
        /// Text beside it.
        #[serde(default)]
        text: Option<String>,
        /// The catalog.
        #[serde(default)]
        catalog_id: Option<String>,
    },
    /// WhatsApp: an interactive list reply.
    ListReply {
        /// The row's id.
        id: String,
        /// Its title.
        title: String,
    },
    /// WhatsApp: a template's button.
    TemplateButton {
        /// Payload.
        payload: String,
        /// Text.
        text: String,
    },
    /// WhatsApp: a message of any type, given whole (`{"type": ..., ...}`).
    Typed {
        /// The message without `from`, `id` and `timestamp`.
        message: Value,
    },
    /// Any messaging item given whole, without sender, recipient and timestamp.
    Item {
        /// The subscription field it needs.
        field: String,
        /// The item.
        item: Value,
    },
    /// The person in the shop answers by phone: an echo of no app of ours.
    ShopAnswers {
        /// What is written.
        text: String,
    },
}

fn some_story() -> String {
    "180000000000001".into()
}

fn one() -> usize {
    1
}
