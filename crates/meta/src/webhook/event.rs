//! The typed content of an event. Every channel's messages come out as the same [`Message`].

use super::Item;

/// A stored item, read: the item and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What was known at intake.
    pub item: Item,
    /// What it holds.
    pub content: Content,
}

impl Event {
    /// The message, if it holds one (also for echoes, standby and postbacks).
    pub fn message(&self) -> Option<&Message> {
        match &self.content {
            Content::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Meta's id of the message that this event is, changes or speaks of.
    pub fn mid(&self) -> Option<&str> {
        match &self.content {
            Content::Message(m) => m.mid.as_deref(),
            Content::Edit(e) => e.mid.as_deref(),
            Content::Deleted { mid } | Content::Read { mid, .. } => mid.as_deref(),
            Content::Reaction(r) => r.mid.as_deref(),
            Content::Status(s) => Some(&s.mid),
            Content::Delivery { mids, .. } => mids.first().map(String::as_str),
            _ => None,
        }
    }
}

/// What an event holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A message or a postback, of any channel and in either direction.
    Message(Box<Message>),
    /// The message `mid` now reads so.
    Edit(Edit),
    /// The message `mid` was unsent.
    Deleted {
        /// Which message.
        mid: Option<String>,
    },
    /// A reaction to a message.
    Reaction(Reaction),
    /// Messages were seen.
    Read {
        /// The last message seen (Instagram).
        mid: Option<String>,
        /// Everything up to this time, in milliseconds, was seen (Messenger).
        watermark_ms: Option<i64>,
    },
    /// Messages were delivered (Messenger).
    Delivery {
        /// Which ones, when told.
        mids: Vec<String>,
        /// Everything up to this time, in milliseconds, was delivered.
        watermark_ms: Option<i64>,
    },
    /// The customer came through a link or an ad, without words.
    Referral(Referral),
    /// Permission for notifications.
    OptIn {
        /// The payload set with the request.
        payload: Option<String>,
    },
    /// Another app took or gave back the conversation.
    Handover(Handover),
    /// A comment under a post, or in a live broadcast.
    Comment(Comment),
    /// The account was mentioned.
    Mention {
        /// In which media.
        media_id: Option<String>,
        /// In which comment.
        comment_id: Option<String>,
    },
    /// What became of a message we sent (WhatsApp).
    Status(Status),
    /// The customer changed number or identity (WhatsApp).
    System(SystemNote),
    /// Errors about the account (WhatsApp).
    Errors(Vec<Fault>),
    /// Nothing that is looked into; the item's kind and reason say why.
    Other,
}

/// A message or a postback.
#[derive(Clone, PartialEq, Default)]
pub struct Message {
    /// Meta's message id: `mid` or `wamid`.
    pub mid: Option<String>,
    /// The customer's words; for a tapped button its title; a caption for WhatsApp media.
    pub text: Option<String>,
    /// What was tapped, if something was.
    pub choice: Option<Choice>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// The product page, link or ad the customer wrote from.
    pub referral: Option<Referral>,
    /// The message or story this answers.
    pub reply_to: Option<ReplyTo>,
    /// The WhatsApp cart.
    pub cart: Option<Cart>,
    /// A place.
    pub location: Option<Location>,
    /// Contact cards.
    pub contacts: Vec<ContactCard>,
    /// The sender's name, where the channel tells it (WhatsApp profile).
    pub sender_name: Option<String>,
    /// The sender's phone number, where the channel tells it (WhatsApp).
    pub sender_phone: Option<String>,
    /// Sent by the seller rather than the customer.
    pub is_echo: bool,
    /// The app that sent an echo, when told; ours, another's, or none for the phone.
    pub app_id: Option<String>,
    /// What the sending app attached to an echo.
    pub metadata: Option<String>,
    /// Faults that Meta gives with a message it cannot hand over.
    pub faults: Vec<Fault>,
}

/// Something tapped: quick reply, postback, reply button or list row.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// What the sender of the button attached: payload or id.
    pub payload: Option<String>,
    /// What the customer saw on it.
    pub title: Option<String>,
}

/// Something attached.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// Meta's type, as written.
    pub kind: String,
    /// Where it is, for a while: such links expire.
    pub url: Option<String>,
    /// Its id: WhatsApp media id, post or reel id, sticker id.
    pub id: Option<String>,
    /// Title or caption of what was shared; not the customer's words.
    pub title: Option<String>,
    /// MIME type (WhatsApp).
    pub mime: Option<String>,
}

/// Where the customer came from.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Referral {
    /// `ref` of the link.
    pub reference: Option<String>,
    /// `source`: `ADS`, `ig.me link`, `SHORTLINK`, ...
    pub source: Option<String>,
    /// `type`, e.g. `OPEN_THREAD`.
    pub kind: Option<String>,
    /// The ad.
    pub ad_id: Option<String>,
    /// The ad's title or headline.
    pub ad_title: Option<String>,
    /// A product page of the shop. Meta does not say whether this is its own product id or the
    /// retailer id: look up both.
    pub product_id: Option<String>,
    /// The link that was followed (WhatsApp).
    pub source_url: Option<String>,
}

/// What a message answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplyTo {
    /// A message.
    pub mid: Option<String>,
    /// A story, by its id.
    pub story_id: Option<String>,
    /// Where the story's picture is, for a while.
    pub story_url: Option<String>,
    /// The link sticker on the story; often the product's page.
    pub story_link: Option<String>,
    /// The product referred to (WhatsApp "message business" on a product).
    pub product: Option<ProductRef>,
}

/// A product as Meta names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductRef {
    /// The catalogue.
    pub catalog_id: Option<String>,
    /// The seller's own id of the product, or, from an Instagram product page, possibly Meta's.
    pub product_id: String,
    /// How many, in a cart.
    pub quantity: Option<u32>,
    /// The unit price the customer saw, as decimal text; never to be trusted.
    pub price: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
}

/// A WhatsApp cart.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Cart {
    /// The catalogue.
    pub catalog_id: Option<String>,
    /// A note with the cart.
    pub text: Option<String>,
    /// What is in it.
    pub items: Vec<ProductRef>,
}

/// A place.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// Degrees north, as decimal text.
    pub latitude: Option<String>,
    /// Degrees east, as decimal text.
    pub longitude: Option<String>,
    /// What the place is called.
    pub name: Option<String>,
    /// Its address.
    pub address: Option<String>,
}

/// A contact card.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactCard {
    /// The name on it.
    pub name: Option<String>,
    /// The numbers on it, as written.
    pub phones: Vec<String>,
}

/// A message that was edited.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// Which message.
    pub mid: Option<String>,
    /// What it says now.
    pub text: Option<String>,
    /// How often it was edited; 0 is Meta's hint that a message exists.
    pub num_edit: Option<i64>,
}

/// A reaction.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Reaction {
    /// To which message.
    pub mid: Option<String>,
    /// Given (`true`) or taken back.
    pub given: bool,
    /// Meta's word, e.g. `love`.
    pub reaction: Option<String>,
    /// The emoji itself.
    pub emoji: Option<String>,
}

/// A change of who owns the conversation.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Handover {
    /// `pass_thread_control`, `take_thread_control`, `request_thread_control` or `app_roles`.
    pub action: String,
    /// Who owned it.
    pub previous_owner_app_id: Option<String>,
    /// Who owns it now, or asks for it.
    pub new_owner_app_id: Option<String>,
    /// What the other app attached.
    pub metadata: Option<String>,
}

/// A comment.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Comment {
    /// Its id, which a private reply names.
    pub id: Option<String>,
    /// Who wrote it.
    pub from_id: Option<String>,
    /// Their username or name.
    pub from_name: Option<String>,
    /// What it says.
    pub text: Option<String>,
    /// The comment it answers.
    pub parent_id: Option<String>,
    /// The post, reel or broadcast.
    pub media_id: Option<String>,
    /// The ad, for a boosted post.
    pub ad_id: Option<String>,
}

/// What became of a message we sent on WhatsApp.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The message.
    pub mid: String,
    /// `sent`, `delivered`, `read`, `played` or `failed`.
    pub status: String,
    /// To whom.
    pub recipient_id: Option<String>,
    /// Why it failed.
    pub faults: Vec<Fault>,
}

/// A fault that Meta reports inside an event.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// Meta's code; [`crate::graph::error`] knows what to do about it.
    pub code: Option<i64>,
    /// Its title.
    pub title: Option<String>,
    /// Its details.
    pub details: Option<String>,
}

/// A change of number or identity on WhatsApp.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SystemNote {
    /// `user_changed_number`, `customer_identity_changed`, ...
    pub kind: Option<String>,
    /// The new id.
    pub new_id: Option<String>,
    /// Meta's sentence about it.
    pub body: Option<String>,
}

crate::quiet_debug!(
    Message,
    Choice,
    Attachment,
    Referral,
    Cart,
    Location,
    ContactCard,
    Edit,
    Reaction,
    Handover,
    Comment,
    Status,
    SystemNote,
    Fault
);
