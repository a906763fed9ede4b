//! What is to be written for one conversation: plain data that the engine fills from the domain's
//! decision, whether it came of inbound events or of a tap on the dashboard.

use domain::catalog::RetailerId;
use domain::conversation::DetailChange;
use domain::draft::lifecycle::Transition;
use domain::draft::{Actor, DraftOrder};
use domain::order::{NewOrder, OrderStatus};
use domain::{
    AccountId, Channel, ConversationId, CustomerId, EventId, MessageId, OrderId, OutboxId,
    SellerId, Timestamp,
};

use crate::conversations::{Direction, MessageState};

/// What became of an inbound event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effects are these.
    Done,
    /// No connected account has any of its ids.
    Unrouted {
        /// Which ids were looked for.
        reason: String,
    },
    /// Try again at a time; until then nothing of its lane goes on.
    Retry {
        /// When.
        at: Timestamp,
        /// What went wrong.
        reason: String,
    },
    /// Given up.
    Failed {
        /// What went wrong.
        reason: String,
    },
    /// Nothing is to be done with it.
    Kept {
        /// Why.
        reason: String,
    },
}

/// Everything to be written for one conversation, in one transaction.
#[derive(Debug, Clone, Default)]
pub struct LaneEffects {
    /// Whose it is; `None` only where there are no effects beyond the events' outcomes.
    pub seller_id: Option<SellerId>,
    /// The lane's events and what became of them. Events of the lane that are not named stay
    /// pending.
    pub outcomes: Vec<(EventId, Outcome)>,
    /// The customer, new or changed.
    pub customer: Option<CustomerWrite>,
    /// Contact details, new, changed or withdrawn.
    pub details: Vec<DetailChange>,
    /// The conversation, new or changed.
    pub conversation: Option<ConversationWrite>,
    /// New messages; one whose `mid` the conversation has is left as it is.
    pub messages: Vec<NewMessage>,
    /// Changes of stored messages.
    pub message_changes: Vec<MessageChange>,
    /// Draft orders, whole; those that are closed before the one that is opened.
    pub drafts: Vec<DraftWrite>,
    /// What moved them, refused moves too.
    pub transitions: Vec<Transition>,
    /// The order that is made: numbered, its stock reserved.
    pub order: Option<OrderWrite>,
    /// Changes of orders' status.
    pub order_changes: Vec<OrderChange>,
    /// What to send. `{order_number}` in it becomes the number of `order`.
    pub outbox: Vec<NewOutbox>,
    /// What is known now of messages sent before.
    pub outbox_changes: Vec<OutboxChange>,
    /// Who waits for what.
    pub waiting: Vec<NewWaiting>,
    /// Entries of the waiting list that are told by this; one that was told already is a conflict.
    pub told: Vec<uuid::Uuid>,
    /// What to tell the seller.
    pub notifications: Vec<NewNotification>,
}

/// A customer, new or changed. Inserted when its id is new; else `username` and `language` are
/// taken where they are given.
#[derive(Debug, Clone)]
pub struct CustomerWrite {
    /// Its id.
    pub id: CustomerId,
    /// The account it writes to; `None`: came through the shop front.
    pub account_id: Option<AccountId>,
    /// Where.
    pub channel: Channel,
    /// Its id there.
    pub external_id: Option<String>,
    /// Its handle.
    pub username: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
}

/// A conversation, new or changed, whole.
#[derive(Debug, Clone)]
pub struct ConversationWrite {
    /// Its id.
    pub id: ConversationId,
    /// The account.
    pub account_id: AccountId,
    /// The customer.
    pub customer_id: CustomerId,
    /// Where.
    pub channel: Channel,
    /// The lane of its events.
    pub lane: String,
    /// The version that was read; `None`: it is new. Another one in the database means that
    /// somebody else wrote meanwhile, and nothing is written.
    pub read_version: Option<i64>,
    /// The domain's state, JSON.
    pub state: String,
    /// ISO 639-1.
    pub language: Option<String>,
    /// The end of the 24-hour window.
    pub window_until: Option<Timestamp>,
    /// Until when a person speaks.
    pub hand_over_until: Option<Timestamp>,
    /// When a timer event is due.
    pub wake_at: Option<Timestamp>,
    /// Added to the unread messages.
    pub unread_added: u32,
    /// The newest message's time; `None`: no new message.
    pub last_message_at: Option<Timestamp>,
    /// The newest message's words, for the list.
    pub last_text: Option<String>,
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Meta's id.
    pub mid: String,
    /// The event that brought it.
    pub event_id: Option<EventId>,
    /// From or to the customer.
    pub direction: Direction,
    /// `customer`, `automation` or `person`.
    pub sender: String,
    /// `text`, `image`, `postback`, ...
    pub kind: String,
    /// The words.
    pub text: Option<String>,
    /// Attachments, referral and the like, JSON.
    pub content: Option<String>,
    /// What was read from it, JSON.
    pub reading: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// `Received` or `Sent`.
    pub state: MessageState,
    /// Why nothing was read from it.
    pub reason: Option<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// A change of a stored message.
#[derive(Debug, Clone)]
pub enum MessageChange {
    /// Its words were changed.
    Edit {
        /// The conversation.
        conversation_id: ConversationId,
        /// Meta's id.
        mid: String,
        /// The words now.
        text: String,
        /// What was read from them, JSON.
        reading: Option<String>,
    },
    /// It was unsent: its content is dropped.
    Delete {
        /// The conversation.
        conversation_id: ConversationId,
        /// Meta's id.
        mid: String,
    },
    /// An outbound one was delivered, read or refused. Never goes back (`read` stays `read`).
    State {
        /// The conversation.
        conversation_id: ConversationId,
        /// Meta's id.
        mid: String,
        /// The state.
        state: MessageState,
        /// Why it was refused.
        reason: Option<String>,
    },
    /// Every outbound message up to a time was read.
    ReadUntil {
        /// The conversation.
        conversation_id: ConversationId,
        /// The time.
        at: Timestamp,
    },
}

/// A draft order, new or changed, whole.
#[derive(Debug, Clone)]
pub struct DraftWrite {
    /// It.
    pub draft: DraftOrder,
    /// The account, where it came from one.
    pub account_id: Option<AccountId>,
    /// The conversation, where it came from one.
    pub conversation_id: Option<ConversationId>,
    /// The customer.
    pub customer_id: Option<CustomerId>,
    /// Where it came from (`instagram`, ..., `shop`).
    pub message_source: String,
    /// The seller's currency.
    pub currency: domain::Currency,
}

/// An order to be made.
#[derive(Debug, Clone)]
pub struct OrderWrite {
    /// It.
    pub order: NewOrder,
    /// The account, where it came from one.
    pub account_id: Option<AccountId>,
    /// The conversation, where it came from one.
    pub conversation_id: Option<ConversationId>,
    /// The customer.
    pub customer_id: Option<CustomerId>,
    /// Where it came from.
    pub message_source: String,
}

/// A change of an order's status, checked against the domain's table here once more.
#[derive(Debug, Clone)]
pub struct OrderChange {
    /// The order.
    pub order_id: OrderId,
    /// Where it shall go. Stock is released by `Cancelled`, leaves the shop by `Shipped` and
    /// `Delivered`; `Returned` changes none.
    pub to: OrderStatus,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// Something to be sent.
#[derive(Debug, Clone)]
pub struct NewOutbox {
    /// Its id; later ones of a conversation have greater ones.
    pub id: OutboxId,
    /// The account that sends.
    pub account_id: AccountId,
    /// The conversation; `None` for what starts none (a private reply to a comment).
    pub conversation_id: Option<ConversationId>,
    /// Meta's id of who receives it.
    pub recipient: String,
    /// What it is for (`ask`, `read_back`, ..., `person`).
    pub kind: String,
    /// Its words, for people to read.
    pub text: Option<String>,
    /// What the engine needs to send it, JSON.
    pub body: String,
    /// Whether a person typed it.
    pub by_person: bool,
    /// Must not be sent after this.
    pub window_until: Option<Timestamp>,
    /// Not before this.
    pub due_at: Timestamp,
}

/// What is known now of a message sent before.
#[derive(Debug, Clone)]
pub enum OutboxChange {
    /// Meta echoed it: it was sent, whatever we knew.
    Echoed {
        /// Which.
        id: OutboxId,
        /// Meta's message id.
        mid: String,
        /// When.
        at: Timestamp,
    },
    /// It shall not be sent any more; nothing happens where it is under way already.
    Cancel {
        /// Which.
        id: OutboxId,
        /// Why.
        reason: String,
    },
    /// Nothing that still waits in this conversation shall be sent, a person's words excepted.
    CancelWaiting {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Why.
        reason: String,
    },
}

/// Somebody who waits for something to be back.
#[derive(Debug, Clone)]
pub struct NewWaiting {
    /// The id that stock is counted under.
    pub retailer_id: RetailerId,
    /// Who.
    pub customer_id: CustomerId,
    /// Where to tell.
    pub conversation_id: Option<ConversationId>,
    /// How many.
    pub quantity: u32,
}

/// Something to tell the seller.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// What kind.
    pub kind: String,
    /// In words.
    pub text: String,
    /// What it is about.
    pub subject_kind: Option<String>,
    /// That one's id.
    pub subject_id: Option<String>,
}
