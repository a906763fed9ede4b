//! What an event means for its conversation: Meta's shapes in, the core's [`Incoming`] out. Pure.

mod content;

use domain::Timestamp;
use domain::conversation::incoming::{Context, Incoming, Item as CartItem, UnreadableKind};
use meta::webhook::{Attachment, Content, Event, Message};
use meta::{Fate, Kind};
use serde_json::{Value, json};

use content::content;

/// What an event means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// The customer wrote something.
    Said(Box<Said>),
    /// A message that is there was edited or unsent.
    Changed {
        /// Which.
        mid: String,
        /// Its words now; `None`: it is gone.
        text: Option<String>,
        /// For the core.
        incoming: Incoming,
    },
    /// The seller's side wrote: we ourselves, another app, or a person on the phone.
    Echoed(Box<Echoed>),
    /// Messages that we sent were delivered or seen, or failed after all.
    Receipt(Receipt),
    /// Another app owns the conversation from now on, or no longer.
    Owner {
        /// Whether it is ours (or free) again.
        ours: bool,
    },
    /// The customer goes by another id from now on (WhatsApp).
    Renamed {
        /// The new id.
        to: String,
    },
    /// Nothing changes; noted and counted.
    Noted,
    /// Nothing can be done with it; kept with the reason.
    Kept(String),
}

/// Something the customer wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Meta's message id, or one made of the event's dedup key where Meta gives none.
    pub mid: String,
    /// When.
    pub at: Timestamp,
    /// What kind of message.
    pub kind: Kind,
    /// The words, for the conversation's page.
    pub text: Option<String>,
    /// What is attached or referred to, for the conversation's page.
    pub content: Option<Value>,
    /// Why nothing is read from it, where that is so.
    pub reason: Option<String>,
    /// For the core.
    pub incoming: Incoming,
    /// Another app owns the conversation: read, but not answered.
    pub standby: bool,
    /// The customer's name, where the channel tells it.
    pub sender_name: Option<String>,
    /// The customer's number, where the channel tells it.
    pub sender_phone: Option<String>,
}

/// Something the seller's side wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Echoed {
    /// Meta's message id.
    pub mid: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub text: Option<String>,
    /// What is attached, for the conversation's page.
    pub content: Option<Value>,
    /// The app that sent it, when told.
    pub app_id: Option<String>,
    /// What the app attached; ours attaches the outbox message's id.
    pub metadata: Option<String>,
}

/// News about messages that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What happened to them.
    pub what: ReceiptKind,
    /// Which, when told.
    pub mids: Vec<String>,
    /// All up to this time, when told.
    pub until: Option<Timestamp>,
    /// Why it failed: Meta's code and words.
    pub fault: Option<String>,
}

/// What happened to messages that we sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKind {
    /// On the customer's device.
    Delivered,
    /// Seen.
    Read,
    /// Not delivered after all (WhatsApp).
    Failed,
}

/// Says what `event` means. `received_at` stands in for a time that the event does not give; an
/// event cannot be from the future. `app_id` is our own app's, where known.
#[must_use]
pub fn interpret(event: &Event, received_at: Timestamp, app_id: Option<&str>) -> Meaning {
    let item = &event.item;
    let at = item
        .occurred_at_ms
        .map_or(received_at, |ms| Timestamp(ms).min(received_at));
    let kept = || {
        let reason = item.reason.clone();
        Meaning::Kept(reason.unwrap_or_else(|| item.kind.note().to_owned()))
    };
    if item.kind == Kind::SelfMessage {
        return Meaning::Noted;
    }
    match &event.content {
        Content::Message(m)
            if m.is_echo || item.kind == Kind::Echo || item.kind == Kind::WaEcho =>
        {
            Meaning::Echoed(Box::new(echoed(m, at)))
        }
        Content::Message(m) if item.fate() == Fate::BecomesMessage => {
            Meaning::Said(Box::new(said(event, m, at)))
        }
        Content::Edit(edit) => match (&edit.mid, &edit.text, item.kind) {
            (Some(mid), Some(text), Kind::Edit) => Meaning::Changed {
                mid: id(mid),
                text: Some(text.clone()),
                incoming: Incoming::Edited {
                    mid: id(mid),
                    at,
                    text: text.clone(),
                },
            },
            // The hint that a message exists: the message itself comes by its own event or by the sweep.
            _ => Meaning::Noted,
        },
        Content::Deleted { mid: Some(mid) } => Meaning::Changed {
            mid: id(mid),
            text: None,
            incoming: Incoming::Deleted { mid: id(mid), at },
        },
        Content::Deleted { mid: None } => {
            Meaning::Kept("a deletion that does not say of which message".to_owned())
        }
        Content::Read { mid, watermark_ms } => Meaning::Receipt(Receipt {
            what: ReceiptKind::Read,
            mids: mid.iter().map(|mid| id(mid)).collect(),
            until: watermark_ms.map(Timestamp).or(Some(at)),
            fault: None,
        }),
        Content::Delivery { mids, watermark_ms } => Meaning::Receipt(Receipt {
            what: ReceiptKind::Delivered,
            mids: mids.iter().map(|mid| id(mid)).collect(),
            until: watermark_ms.map(Timestamp),
            fault: None,
        }),
        Content::Status(status) => status_receipt(status),
        Content::Referral(referral) => match &referral.product_id {
            Some(product) => Meaning::Said(Box::new(Said {
                mid: made_mid(event),
                at,
                kind: item.kind,
                text: None,
                content: Some(json!({"referral": {"product_id": product}})),
                reason: None,
                incoming: Incoming::Products {
                    mid: made_mid(event),
                    at,
                    items: one(product),
                },
                standby: false,
                sender_name: None,
                sender_phone: None,
            })),
            None => Meaning::Noted,
        },
        Content::Handover(handover) => match handover.action.as_str() {
            "pass_thread_control" | "take_thread_control" => Meaning::Owner {
                ours: handover.new_owner_app_id.is_none()
                    || handover.new_owner_app_id.as_deref() == app_id,
            },
            _ => Meaning::Noted,
        },
        Content::System(note) => match &note.new_id {
            Some(to) if Some(to) != item.party_id.as_ref() => Meaning::Renamed { to: to.clone() },
            _ => Meaning::Noted,
        },
        _ if item.fate() == Fate::Informs => Meaning::Noted,
        _ => kept(),
    }
}

fn one(product: &str) -> Vec<CartItem> {
    vec![CartItem {
        id: product.to_owned(),
        quantity: 1,
    }]
}

/// An id as the database can hold it.
fn id(text: &str) -> String {
    crate::intake::storable(text, 1_000)
}

/// An id for a message that Meta gives none: the same for every delivery of it.
fn made_mid(event: &Event) -> String {
    event
        .mid()
        .map_or_else(|| format!("event:{}", event.item.dedup_key), id)
}

fn said(event: &Event, m: &Message, at: Timestamp) -> Said {
    let mid = made_mid(event);
    let item = &event.item;
    let incoming = incoming(m, item.kind, &mid, at);
    let reason = match &incoming {
        Incoming::Unreadable { .. } => Some(
            item.reason
                .clone()
                .unwrap_or_else(|| item.kind.note().to_owned()),
        ),
        _ => None,
    };
    let cart_note = m.cart.as_ref().and_then(|cart| cart.text.clone());
    let title = m.choice.as_ref().and_then(|choice| choice.title.clone());
    Said {
        at,
        kind: item.kind,
        text: m.text.clone().or(title).or(cart_note),
        content: content(m),
        reason,
        incoming,
        standby: item.kind == Kind::StandbyMessage,
        sender_name: m.sender_name.clone(),
        sender_phone: m.sender_phone.clone(),
        mid,
    }
}

fn incoming(m: &Message, kind: Kind, mid: &str, at: Timestamp) -> Incoming {
    let mid = mid.to_owned();
    let context = context(m);
    if let Some(items) = m
        .cart
        .as_ref()
        .map(|cart| &cart.items)
        .filter(|i| !i.is_empty())
    {
        let items = items
            .iter()
            .map(|product| CartItem {
                id: product.product_id.clone(),
                quantity: product.quantity.unwrap_or(1).max(1),
            })
            .collect();
        return Incoming::Products { mid, at, items };
    }
    if let Some(choice) = &m.choice {
        let title = choice.title.clone().or_else(|| m.text.clone());
        let title = title.unwrap_or_default();
        if let Some(payload) = choice.payload.clone() {
            // A button that opens a product's conversation: what it says matters less than the product.
            return match context.products.first() {
                Some(product) if kind == Kind::Postback => Incoming::Products {
                    items: one(product),
                    mid,
                    at,
                },
                _ => Incoming::Choice {
                    mid,
                    at,
                    payload,
                    title,
                },
            };
        }
        if !title.is_empty() {
            return Incoming::Text {
                mid,
                at,
                text: title,
                context,
            };
        }
    }
    if let Some(text) = m.text.clone().filter(|text| !text.trim().is_empty()) {
        return Incoming::Text {
            mid,
            at,
            text,
            context,
        };
    }
    if let (Some(product), true) = (context.products.first(), m.attachments.is_empty()) {
        return Incoming::Products {
            items: one(product),
            mid,
            at,
        };
    }
    Incoming::Unreadable {
        mid,
        at,
        what: unreadable(m, kind),
        context,
    }
}

/// What the message answers or shares: stories, posts, reels, products.
fn context(m: &Message) -> Context {
    let mut context = Context::default();
    if let Some(reply) = &m.reply_to {
        context.media.extend(reply.story_id.clone());
        context
            .products
            .extend(reply.product.as_ref().map(|p| p.product_id.clone()));
    }
    if let Some(referral) = &m.referral {
        context.products.extend(referral.product_id.clone());
        // An ad is a post too: the seller may have said which products it shows.
        context.media.extend(referral.ad_id.clone());
    }
    for attachment in &m.attachments {
        if is_share(&attachment.kind) {
            context.media.extend(attachment.id.clone());
        }
    }
    context.media.dedup();
    context.products.dedup();
    context
}

fn is_share(kind: &str) -> bool {
    matches!(
        kind,
        "share" | "ig_post" | "post" | "ig_reel" | "reel" | "story" | "ig_story" | "media"
    )
}

fn unreadable(m: &Message, kind: Kind) -> UnreadableKind {
    let of_attachment = |attachment: &Attachment| match attachment.kind.as_str() {
        "image" => UnreadableKind::Image,
        "video" => UnreadableKind::Video,
        "audio" | "voice" => UnreadableKind::Audio,
        "file" | "document" => UnreadableKind::File,
        "sticker" | "like_heart" | "animated_image" => UnreadableKind::Sticker,
        "story_mention" => UnreadableKind::StoryMention,
        "ephemeral" => UnreadableKind::Ephemeral,
        "fallback" => UnreadableKind::Share,
        other if is_share(other) => UnreadableKind::Share,
        _ => UnreadableKind::Unsupported,
    };
    match kind {
        Kind::WaLocation => UnreadableKind::Location,
        Kind::WaContacts => UnreadableKind::Contacts,
        Kind::Unsupported | Kind::WaUnsupported => UnreadableKind::Unsupported,
        _ if m.location.is_some() => UnreadableKind::Location,
        _ if !m.contacts.is_empty() => UnreadableKind::Contacts,
        _ => m
            .attachments
            .first()
            .map_or(UnreadableKind::Unsupported, of_attachment),
    }
}

fn echoed(m: &Message, at: Timestamp) -> Echoed {
    Echoed {
        mid: m.mid.as_deref().map(id),
        at,
        text: m.text.clone(),
        content: content(m),
        app_id: m.app_id.clone(),
        metadata: m.metadata.clone(),
    }
}

fn status_receipt(status: &meta::webhook::Status) -> Meaning {
    let what = match status.status.as_str() {
        "delivered" => ReceiptKind::Delivered,
        "read" | "played" => ReceiptKind::Read,
        "failed" => ReceiptKind::Failed,
        _ => return Meaning::Noted,
    };
    let fault = status.faults.first().map(|fault| {
        let code = fault
            .code
            .map_or_else(String::new, |code| format!(" ({code})"));
        let words = fault.title.as_deref().or(fault.details.as_deref());
        format!("{}{code}", words.unwrap_or("WhatsApp gave no reason"))
    });
    Meaning::Receipt(Receipt {
        what,
        mids: vec![id(&status.mid)],
        until: None,
        fault,
    })
}

#[cfg(test)]
mod tests;
