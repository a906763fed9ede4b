//! Items of `messaging[]` and `standby[]`, and of `changes[]` for fields whose value is such an
//! item: Instagram and Messenger.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::{Reading, Scope, why};
use super::event::{
    Attachment, Choice, Content, Edit, Handover, Message, Reaction, Referral, ReplyTo,
};
use super::key;
use super::wire::{Flag, Text, filled, list, parse_object, part, repair_surrogates};
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

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    sender: Option<Party<'a>>,
    #[serde(borrow, default)]
    recipient: Option<Party<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<WireMessage<'a>>,
    #[serde(borrow, default)]
    postback: Option<WirePostback<'a>>,
    #[serde(borrow, default)]
    message_edit: Option<WireEdit<'a>>,
    #[serde(borrow, default)]
    reaction: Option<WireReaction<'a>>,
    #[serde(borrow, default)]
    read: Option<WireSeen<'a>>,
    #[serde(borrow, default)]
    delivery: Option<WireSeen<'a>>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    optin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pass_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    take_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_thread_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    app_roles: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    quick_reply: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachments: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reply_to: Option<&'a RawValue>,
    #[serde(default)]
    is_echo: Flag,
    #[serde(default)]
    is_deleted: Flag,
    #[serde(default)]
    is_unsupported: Flag,
    #[serde(default)]
    is_self: Flag,
    #[serde(borrow, default)]
    app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WirePostback<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    payload: Option<Text<'a>>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(default)]
    is_self: Flag,
}

#[derive(Deserialize)]
struct WireEdit<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    num_edit: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireReaction<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    action: Option<Text<'a>>,
    #[serde(borrow, default)]
    reaction: Option<Text<'a>>,
    #[serde(borrow, default)]
    emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireSeen<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    mids: Option<&'a RawValue>,
    #[serde(borrow, default)]
    watermark: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireAttachment<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WirePayload<'a> {
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    ig_post_media_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    reel_video_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    sticker_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    payload: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireReferral<'a> {
    #[serde(borrow, default, rename = "ref")]
    reference: Option<Text<'a>>,
    #[serde(borrow, default)]
    source: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    ad_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    ads_context_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    product: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referer_uri: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct AdsContext<'a> {
    #[serde(borrow, default)]
    ad_title: Option<Text<'a>>,
    #[serde(borrow, default)]
    product_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireReply<'a> {
    #[serde(borrow, default)]
    mid: Option<Text<'a>>,
    #[serde(borrow, default)]
    story: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireStory<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    #[serde(borrow, default)]
    link_sticker_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireHandover<'a> {
    #[serde(borrow, default)]
    previous_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    new_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    requested_owner_app_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    metadata: Option<Text<'a>>,
}

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
    let occurred_at_ms = wire
        .timestamp
        .as_ref()
        .and_then(Text::millis)
        .or(scope.entry_ms);
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

fn content_of(wire: &Wire<'_>) -> Content {
    let text = |text: &Option<Text<'_>>| filled(text.clone());
    if let Some(message) = &wire.message {
        if message.is_deleted.0 {
            return Content::Deleted {
                mid: text(&message.mid),
            };
        }
        return Content::Message(Box::new(message_of(message, wire.referral)));
    }
    if let Some(postback) = &wire.postback {
        return Content::Message(Box::new(Message {
            mid: text(&postback.mid),
            text: text(&postback.title),
            choice: Some(Choice {
                payload: text(&postback.payload),
                title: text(&postback.title),
            }),
            referral: referral_of(postback.referral.or(wire.referral)),
            ..Message::default()
        }));
    }
    if let Some(edit) = &wire.message_edit {
        return Content::Edit(Edit {
            mid: text(&edit.mid),
            text: text(&edit.text),
            num_edit: edit.num_edit.as_ref().and_then(Text::number),
        });
    }
    if let Some(reaction) = &wire.reaction {
        return Content::Reaction(Reaction {
            mid: text(&reaction.mid),
            given: reaction
                .action
                .as_ref()
                .is_none_or(|a| a.as_str() != "unreact"),
            reaction: text(&reaction.reaction),
            emoji: text(&reaction.emoji),
        });
    }
    let watermark = |seen: &WireSeen<'_>| seen.watermark.as_ref().and_then(Text::millis);
    if let Some(read) = &wire.read {
        return Content::Read {
            mid: text(&read.mid),
            watermark_ms: watermark(read),
        };
    }
    if let Some(delivery) = &wire.delivery {
        let mids = list::<Text<'_>>(delivery.mids)
            .into_iter()
            .map(Text::into_string)
            .collect();
        return Content::Delivery {
            mids,
            watermark_ms: watermark(delivery),
        };
    }
    if let Some(optin) = wire.optin {
        let payload = part::<WirePayload<'_>>(Some(optin)).and_then(|o| filled(o.payload));
        return Content::OptIn { payload };
    }
    if let Some((action, raw)) = handover(wire) {
        let read = part::<WireHandover<'_>>(Some(raw));
        let mut content = Handover {
            action: action.to_owned(),
            ..Handover::default()
        };
        if let Some(read) = read {
            content.previous_owner_app_id = filled(read.previous_owner_app_id);
            content.new_owner_app_id =
                filled(read.new_owner_app_id).or(filled(read.requested_owner_app_id));
            content.metadata = filled(read.metadata);
        }
        return Content::Handover(content);
    }
    referral_of(wire.referral).map_or(Content::Other, Content::Referral)
}

fn message_of(message: &WireMessage<'_>, outer_referral: Option<&RawValue>) -> Message {
    let text = filled(message.text.clone());
    let tapped = part::<WirePayload<'_>>(message.quick_reply);
    let choice = message.quick_reply.map(|_| Choice {
        payload: tapped.and_then(|q| filled(q.payload)),
        title: text.clone(),
    });
    Message {
        mid: filled(message.mid.clone()),
        text,
        choice,
        attachments: attachments_of(message.attachments),
        referral: referral_of(message.referral.or(outer_referral)),
        reply_to: part::<WireReply<'_>>(message.reply_to).map(|reply| {
            let story = part::<WireStory<'_>>(reply.story);
            let (id, url, link) =
                story.map_or((None, None, None), |s| (s.id, s.url, s.link_sticker_url));
            ReplyTo {
                mid: filled(reply.mid),
                story_id: filled(id),
                story_url: filled(url),
                story_link: filled(link),
                product: None,
            }
        }),
        is_echo: message.is_echo.0,
        app_id: filled(message.app_id.clone()),
        metadata: part::<Text<'_>>(message.metadata).and_then(|m| filled(Some(m))),
        ..Message::default()
    }
}

fn attachments_of(raw: Option<&RawValue>) -> Vec<Attachment> {
    let mut out: Vec<Attachment> = Vec::new();
    for attachment in list::<WireAttachment<'_>>(raw) {
        let payload = part::<WirePayload<'_>>(attachment.payload);
        let (mut url, mut title, mut id) = (None, None, None);
        if let Some(payload) = payload {
            url = filled(payload.url);
            title = filled(payload.title);
            id = filled(payload.ig_post_media_id)
                .or(filled(payload.reel_video_id))
                .or(filled(payload.sticker_id));
        }
        let attachment = Attachment {
            kind: attachment.kind.map(Text::into_string).unwrap_or_default(),
            url: url.or(filled(attachment.url)),
            title: title.or(filled(attachment.title)),
            id,
            mime: None,
        };
        // While `share` was turning into `ig_post`, Meta sent both in one message.
        let twin = |a: &Attachment| {
            matches!(
                (a.kind.as_str(), attachment.kind.as_str()),
                ("share", "ig_post") | ("ig_post", "share")
            )
        };
        match out.iter().position(twin) {
            Some(at) if attachment.kind == "ig_post" => out[at] = attachment,
            Some(_) => {}
            None => out.push(attachment),
        }
    }
    out
}

fn referral_of(raw: Option<&RawValue>) -> Option<Referral> {
    let read = part::<WireReferral<'_>>(raw)?;
    let ads = part::<AdsContext<'_>>(read.ads_context_data);
    let (ad_title, ad_product) = ads.map_or((None, None), |a| (a.ad_title, a.product_id));
    let product = part::<Party<'_>>(read.product).and_then(|p| p.id);
    Some(Referral {
        reference: filled(read.reference),
        source: filled(read.source),
        kind: filled(read.kind),
        ad_id: filled(read.ad_id),
        ad_title: filled(ad_title),
        product_id: filled(product).or(filled(ad_product)),
        source_url: filled(read.referer_uri),
    })
}
