//! Items of `messaging[]` and `standby[]`, and of `changes[]` for fields whose value is such an
//! item: Instagram and Messenger.

mod content;
mod wire;

use serde::Deserialize;
use serde_json::value::RawValue;

use content::content_of;
use wire::{Party, Wire, WireAttachment};

use super::body::{Reading, Scope, why};
use super::event::Content;
use super::key;
use super::wire::{Text, filled, list, parse_object, part, repair_surrogates};
use crate::fate::{Fate, Kind};

/// Fields of `changes[]` whose value is an item: Meta documents both forms, and sends both.
pub(super) const FIELDS: &[&str] = &[
    "messages",
    "message_echoes",
    "message_edit",
    "message_edits",
    "message_reactions",
    "messaging_reactions",
    "message_reads",
    "messaging_seen",
    "message_deliveries",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_referrals",
    "messaging_optins",
    "messaging_handover",
    "messaging_handovers",
    "standby",
];

/// Reads an item.
pub(super) fn read(raw: &str, scope: &Scope<'_>, standby: bool) -> Reading {
    match parse_object::<Wire<'_>>(raw) {
        Ok(wire) => read_wire(&wire, raw, scope, standby),
        Err(error) => match repair_surrogates(raw) {
            Some(repaired) => match parse_object::<Wire<'_>>(&repaired) {
                Ok(wire) => read_wire(&wire, raw, scope, standby),
                Err(error) => unreadable(raw, scope, &why(&error)),
            },
            None => unreadable(raw, scope, &why(&error)),
        },
    }
}

/// An item whose known fields have the wrong type: who it is for may still be legible.
fn unreadable(raw: &str, scope: &Scope<'_>, reason: &str) -> Reading {
    #[derive(Deserialize)]
    struct Parties<'a> {
        #[serde(borrow, default)]
        sender: Option<&'a RawValue>,
        #[serde(borrow, default)]
        recipient: Option<&'a RawValue>,
    }
    let mut reading = Reading::kept(Kind::Unreadable, scope, raw, reason);
    if let Ok(parties) = parse_object::<Parties<'_>>(raw) {
        let id = |raw| part::<Party<'_>>(raw).and_then(|p| filled(p.id));
        let recipient = id(parties.recipient);
        reading.party_id = id(parties.sender).filter(|id| Some(id) != recipient.as_ref());
        reading.account_ids = accounts(scope, recipient.as_deref(), reading.party_id.as_deref());
    }
    reading
}

/// Candidates for the seller's id: the entry's, then the party that is not the customer.
fn accounts(scope: &Scope<'_>, own: Option<&str>, customer: Option<&str>) -> Vec<String> {
    let mut ids = scope.accounts();
    ids.retain(|id| Some(id.as_str()) != customer);
    if let Some(own) = own
        && !own.is_empty()
        && Some(own) != customer
        && ids.iter().all(|id| id != own)
    {
        ids.push(own.to_owned());
    }
    ids
}

fn read_wire(wire: &Wire<'_>, raw: &str, scope: &Scope<'_>, standby: bool) -> Reading {
    let id = |party: &Option<Party<'_>>| -> Option<String> {
        party
            .as_ref()?
            .id
            .as_ref()
            .map(|t| t.as_str().to_owned())
            .filter(|t| !t.is_empty())
    };
    let (sender, recipient) = (id(&wire.sender), id(&wire.recipient));
    let from_seller = sender.is_some() && sender.as_deref() == scope.entry_id;
    let to_itself = from_seller && sender == recipient;

    let mut reason = None;
    let mut kind = kind_of(wire, from_seller, to_itself, &mut reason);
    if scope.is_test() || is_sample(wire, sender.as_deref(), recipient.as_deref()) {
        kind = Kind::TestEvent;
    } else if standby {
        kind = in_standby(kind);
    }

    // Only in these can the sender be the seller. Postbacks and referrals never come from there,
    // although Meta's samples put the customer's id into `entry.id`.
    let outgoing = match kind {
        Kind::Echo => true,
        Kind::Deleted | Kind::Edit | Kind::EditHint | Kind::Reaction | Kind::Read => {
            from_seller || wire.message.as_ref().is_some_and(|m| m.is_echo.0)
        }
        _ => false,
    };
    let (own, customer) = if outgoing {
        (sender, recipient)
    } else {
        (recipient, sender)
    };
    let customer = match kind {
        Kind::SelfMessage | Kind::TestEvent => None,
        _ => customer,
    };
    let occurred_at_ms = wire.timestamp.as_ref().and_then(Text::millis);
    Reading {
        kind,
        account_ids: accounts(scope, own.as_deref(), customer.as_deref()),
        dedup_key: key_of(wire, kind, customer.as_deref(), raw, scope),
        party_id: customer,
        occurred_at_ms,
        reason: reason.map(str::to_owned),
        content: if scope.want {
            content_of(wire)
        } else {
            Content::Other
        },
    }
}

/// The content that the dashboard's Test button sends, under whatever entry id.
fn is_sample(wire: &Wire<'_>, sender: Option<&str>, recipient: Option<&str>) -> bool {
    (sender == Some("12334") && recipient == Some("23245"))
        || wire
            .message
            .as_ref()
            .and_then(|m| m.mid.as_ref())
            .is_some_and(|mid| mid.as_str() == "random_mid")
}

fn in_standby(kind: Kind) -> Kind {
    match (kind, kind.fate()) {
        (_, Fate::BecomesMessage) => Kind::StandbyMessage,
        (_, Fate::ChangesMessage)
        | (Kind::Echo | Kind::SelfMessage | Kind::Unknown | Kind::Unreadable, _) => kind,
        _ => Kind::StandbyOther,
    }
}

fn kind_of(
    wire: &Wire<'_>,
    from_seller: bool,
    to_itself: bool,
    reason: &mut Option<&'static str>,
) -> Kind {
    let filled = |text: &Option<Text<'_>>| text.as_ref().is_some_and(|t| !t.as_str().is_empty());
    if let Some(message) = &wire.message {
        return if message.is_self.0 || to_itself {
            Kind::SelfMessage
        } else if message.is_deleted.0 {
            Kind::Deleted
        } else if message.is_echo.0 || from_seller {
            Kind::Echo
        } else if message.quick_reply.is_some() {
            Kind::QuickReply
        } else if filled(&message.text) {
            Kind::Text
        } else if message.is_unsupported.0 {
            *reason = Some("Meta does not hand over this kind of message");
            Kind::Unsupported
        } else if message.attachments.is_some() {
            kind_of_attachments(message.attachments)
        } else if message.referral.is_some() || message.reply_to.is_some() {
            Kind::Text
        } else {
            *reason = Some("a message with nothing in it");
            Kind::Unsupported
        };
    }
    if let Some(postback) = &wire.postback {
        return if postback.is_self.0 || to_itself {
            Kind::SelfMessage
        } else {
            Kind::Postback
        };
    }
    if let Some(edit) = &wire.message_edit {
        let hint = edit.num_edit.as_ref().and_then(Text::number) == Some(0);
        return if hint || edit.text.is_none() {
            Kind::EditHint
        } else {
            Kind::Edit
        };
    }
    let rest = [
        (wire.reaction.is_some(), Kind::Reaction),
        (wire.read.is_some(), Kind::Read),
        (wire.delivery.is_some(), Kind::Delivery),
        (wire.optin.is_some(), Kind::OptIn),
        (handover(wire).is_some(), Kind::Handover),
        (wire.referral.is_some(), Kind::Referral),
    ];
    rest.into_iter()
        .find_map(|(there, kind)| there.then_some(kind))
        .unwrap_or_else(|| {
            *reason = Some("an item of a kind that this version does not know");
            Kind::Unknown
        })
}

fn kind_of_attachments(raw: Option<&RawValue>) -> Kind {
    let first = list::<WireAttachment<'_>>(raw)
        .into_iter()
        .next()
        .and_then(|a| a.kind);
    match first.as_ref().map_or("", Text::as_str) {
        "image" => Kind::Image,
        "video" => Kind::Video,
        "audio" => Kind::Audio,
        "file" => Kind::File,
        "sticker" | "like_heart" => Kind::Sticker,
        "share" | "ig_post" | "ig_reel" | "reel" | "post" | "story" | "ig_story" | "media"
        | "fallback" => Kind::Share,
        "story_mention" => Kind::StoryMention,
        "ephemeral" => Kind::Ephemeral,
        "template" => Kind::Template,
        _ => Kind::Attachment,
    }
}

fn handover<'a>(wire: &Wire<'a>) -> Option<(&'static str, &'a RawValue)> {
    [
        ("pass_thread_control", wire.pass_thread_control),
        ("take_thread_control", wire.take_thread_control),
        ("request_thread_control", wire.request_thread_control),
        ("app_roles", wire.app_roles),
    ]
    .into_iter()
    .find_map(|(action, raw)| raw.map(|raw| (action, raw)))
}

/// The key. A missing id falls back to a hash of what makes the event one of its own.
fn key_of(
    wire: &Wire<'_>,
    kind: Kind,
    customer: Option<&str>,
    raw: &str,
    scope: &Scope<'_>,
) -> String {
    let text = |text: &Option<Text<'_>>| -> Option<String> {
        text.as_ref()
            .map(|t| t.as_str().to_owned())
            .filter(|t| !t.is_empty())
    };
    let whole = || {
        let entry_id = scope.entry_id.unwrap_or_default();
        key::hashed(kind.as_str(), &[scope.object.as_str(), entry_id, raw])
    };
    let who = customer.unwrap_or_default();
    let when = text(&wire.timestamp).unwrap_or_default();
    if kind == Kind::TestEvent {
        return whole();
    }
    if let Some(message) = &wire.message {
        let prefix = match kind {
            Kind::Echo => "echo",
            Kind::Deleted => "deleted",
            Kind::SelfMessage => "self",
            _ => "mid",
        };
        return match &message.mid {
            Some(mid) if !mid.as_str().is_empty() => key::of(prefix, &[mid.as_str()]),
            _ => whole(),
        };
    }
    if let Some(postback) = &wire.postback {
        let prefix = if kind == Kind::SelfMessage {
            "self"
        } else {
            "mid"
        };
        if let Some(mid) = text(&postback.mid) {
            return key::of(prefix, &[&mid]);
        }
        let payload = text(&postback.payload).or_else(|| text(&postback.title));
        return key::hashed("postback", &[who, &when, &payload.unwrap_or_default()]);
    }
    if let Some(edit) = &wire.message_edit
        && let Some(mid) = text(&edit.mid)
    {
        let number = text(&edit.num_edit).unwrap_or(when);
        return key::of(
            if kind == Kind::EditHint {
                "edit_hint"
            } else {
                "edit"
            },
            &[&mid, &number],
        );
    }
    if let Some(reaction) = &wire.reaction
        && let Some(mid) = text(&reaction.mid)
    {
        let [action, emoji] =
            [&reaction.action, &reaction.emoji].map(|t| text(t).unwrap_or_default());
        return key::of("reaction", &[&mid, who, &action, &emoji, &when]);
    }
    if let Some(read) = &wire.read
        && let Some(what) = text(&read.mid).or_else(|| text(&read.watermark))
    {
        return key::of("read", &[who, &what]);
    }
    whole()
}
