//! WhatsApp: `value` of field `messages` holds messages, statuses and errors, each of which becomes
//! an item of its own with the metadata and the one contact it belongs to.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::{Reading, Scope};
use super::event::{
    Attachment, Cart, Choice, ContactCard, Content, Edit, Fault, Location, Message, ProductRef,
    Reaction, Referral, ReplyTo, Status, SystemNote,
};
use super::key;
use super::wire::{Text, decimal, filled, list, parse_object, part, repair_surrogates};
use crate::fate::Kind;

/// One item of a value, with a value that holds it alone.
pub(super) struct Part {
    pub(super) value: String,
    pub(super) reading: Reading,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message_echoes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    statuses: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    phone_number_id: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
struct WireContact<'a> {
    #[serde(borrow, default)]
    wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    profile: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow, default)]
    from: Option<Text<'a>>,
    #[serde(borrow, default)]
    from_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    to: Option<Text<'a>>,
    #[serde(borrow, default)]
    to_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referral: Option<&'a RawValue>,
    #[serde(borrow, default)]
    interactive: Option<&'a RawValue>,
    #[serde(borrow, default)]
    button: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    order: Option<&'a RawValue>,
    #[serde(borrow, default)]
    image: Option<&'a RawValue>,
    #[serde(borrow, default)]
    video: Option<&'a RawValue>,
    #[serde(borrow, default)]
    audio: Option<&'a RawValue>,
    #[serde(borrow, default)]
    document: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sticker: Option<&'a RawValue>,
    #[serde(borrow, default)]
    location: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contacts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    system: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    edit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    revoke: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
struct Tapped<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    payload: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
    #[serde(borrow, default)]
    response_json: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Interactive<'a> {
    #[serde(borrow, default)]
    button_reply: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    list_reply: Option<Tapped<'a>>,
    #[serde(borrow, default)]
    nfm_reply: Option<Tapped<'a>>,
}

#[derive(Deserialize)]
struct WireCart<'a> {
    #[serde(borrow, default)]
    catalog_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    product_items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireProduct<'a> {
    #[serde(borrow, default)]
    catalog_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    product_retailer_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    quantity: Option<Text<'a>>,
    #[serde(borrow, default)]
    item_price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    currency: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    referred_product: Option<WireProduct<'a>>,
}

#[derive(Deserialize)]
struct WireReferral<'a> {
    #[serde(borrow, default)]
    source_url: Option<Text<'a>>,
    #[serde(borrow, default)]
    source_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    source_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    headline: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    caption: Option<Text<'a>>,
    #[serde(borrow, default)]
    filename: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireLocation<'a> {
    #[serde(borrow, default)]
    latitude: Option<&'a RawValue>,
    #[serde(borrow, default)]
    longitude: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    address: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireCard<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    phones: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CardName<'a> {
    #[serde(borrow, default)]
    formatted_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct CardPhone<'a> {
    #[serde(borrow, default)]
    phone: Option<Text<'a>>,
    #[serde(borrow, default)]
    wa_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireReaction<'a> {
    #[serde(borrow, default)]
    message_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireSystem<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    new_wa_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireChange<'a> {
    #[serde(borrow, default)]
    original_message_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(borrow, default)]
    text: Option<Body<'a>>,
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    recipient_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    recipient_user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireFault<'a> {
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct FaultData<'a> {
    #[serde(borrow, default)]
    details: Option<Text<'a>>,
}

/// Takes a value apart; `None` when it is no object or holds none of the known lists.
pub(super) fn split(raw: &str, scope: &Scope<'_>) -> Option<Vec<Part>> {
    let value: Value<'_> = parse_object(raw).ok()?;
    let accounts = accounts(&value, scope);
    let contacts = Contacts::new(value.contacts);
    let mut parts = Vec::new();
    let mut each =
        |name: &str, raw: Option<&RawValue>, read: &dyn Fn(&str, Option<&RawValue>) -> Reading| {
            let elements: Vec<&RawValue> = raw
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default();
            for (index, element) in elements.iter().enumerate() {
                let contact = contacts.of(element.get(), index, elements.len());
                let mut reading = read(element.get(), contact);
                reading.account_ids.clone_from(&accounts);
                if scope.is_test() {
                    reading = Reading::kept(Kind::TestEvent, scope, element.get(), "");
                }
                parts.push(Part {
                    value: wrap(&value, name, element.get(), contact),
                    reading,
                });
            }
        };
    each("messages", value.messages, &|raw, contact| {
        read_message(raw, contact, false, scope)
    });
    each("message_echoes", value.message_echoes, &|raw, contact| {
        read_message(raw, contact, true, scope)
    });
    each("statuses", value.statuses, &|raw, _| {
        read_status(raw, scope)
    });
    each("errors", value.errors, &|raw, _| {
        let mut reading = Reading::kept(Kind::WaError, scope, raw, "");
        if scope.want {
            reading.content = Content::Errors(
                serde_json::from_str(raw)
                    .map_or_else(|_| Vec::new(), |fault: WireFault<'_>| vec![fault_of(fault)]),
            );
        }
        reading
    });
    (!parts.is_empty()).then_some(parts)
}

/// The phone number's id first: one business account may hold several numbers.
fn accounts(value: &Value<'_>, scope: &Scope<'_>) -> Vec<String> {
    let number = part::<Metadata<'_>>(value.metadata).and_then(|m| filled(m.phone_number_id));
    let mut accounts: Vec<String> = number.into_iter().collect();
    for id in scope.accounts() {
        if !accounts.contains(&id) {
            accounts.push(id);
        }
    }
    accounts
}

fn wrap(value: &Value<'_>, name: &str, element: &str, contact: Option<&RawValue>) -> String {
    let mut out = String::with_capacity(element.len() + 256);
    out.push_str(r#"{"messaging_product":"whatsapp""#);
    if let Some(metadata) = value.metadata {
        out.push_str(",\"metadata\":");
        out.push_str(metadata.get());
    }
    if let Some(contact) = contact {
        out.push_str(",\"contacts\":[");
        out.push_str(contact.get());
        out.push(']');
    }
    for piece in [",\"", name, "\":[", element, "]}"] {
        out.push_str(piece);
    }
    out
}

/// The contacts of a value, found by number or user id, else by position.
struct Contacts<'a> {
    raw: Vec<&'a RawValue>,
    by_id: HashMap<String, usize>,
}

impl<'a> Contacts<'a> {
    fn new(raw: Option<&'a RawValue>) -> Self {
        let raw: Vec<&'a RawValue> = raw
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let mut by_id = HashMap::new();
        for (index, contact) in raw.iter().enumerate() {
            let contact = part::<WireContact<'_>>(Some(contact)).unwrap_or_default();
            for id in [contact.wa_id, contact.user_id]
                .into_iter()
                .filter_map(filled)
            {
                by_id.entry(id).or_insert(index);
            }
        }
        Self { raw, by_id }
    }

    fn of(&self, element: &str, index: usize, len: usize) -> Option<&'a RawValue> {
        #[derive(Deserialize)]
        struct Ids<'a> {
            #[serde(borrow, default)]
            from: Option<Text<'a>>,
            #[serde(borrow, default)]
            from_user_id: Option<Text<'a>>,
            #[serde(borrow, default)]
            user_id: Option<Text<'a>>,
            #[serde(borrow, default)]
            to: Option<Text<'a>>,
            #[serde(borrow, default)]
            recipient_id: Option<Text<'a>>,
        }
        if self.raw.is_empty() {
            return None;
        }
        let found = serde_json::from_str::<Ids<'_>>(element)
            .ok()
            .and_then(|ids| {
                [
                    ids.from,
                    ids.from_user_id,
                    ids.user_id,
                    ids.to,
                    ids.recipient_id,
                ]
                .into_iter()
                .filter_map(filled)
                .find_map(|id| self.by_id.get(&id).copied())
            });
        let at = found.or_else(|| (self.raw.len() == len).then_some(index));
        at.or((self.raw.len() == 1).then_some(0))
            .and_then(|at| self.raw.get(at).copied())
    }
}

fn read_message(raw: &str, contact: Option<&RawValue>, echo: bool, scope: &Scope<'_>) -> Reading {
    let repaired = repair_surrogates(raw);
    let wire = match parse_object::<WireMessage<'_>>(repaired.as_deref().unwrap_or(raw)) {
        Ok(wire) => wire,
        Err(error) => {
            return Reading::kept(Kind::Unreadable, scope, raw, &super::body::why(&error));
        }
    };
    let contact = part::<WireContact<'_>>(contact).unwrap_or_default();
    let kind = if echo { Kind::WaEcho } else { kind_of(&wire) };
    let mut reading = Reading::kept(kind, scope, raw, "");
    if kind == Kind::WaUnsupported {
        let fault = list::<WireFault<'_>>(wire.errors)
            .into_iter()
            .next()
            .map(fault_of);
        let code = fault
            .and_then(|f| f.code)
            .map_or(String::new(), |code| format!(" ({code})"));
        reading.reason = Some(format!(
            "WhatsApp does not hand over this kind of message{code}"
        ));
    }
    let text = |text: &Option<Text<'_>>| filled(text.clone());
    reading.party_id = if echo {
        text(&wire.to_user_id)
            .or(text(&contact.user_id))
            .or(text(&wire.to))
    } else {
        text(&contact.user_id)
            .or(text(&wire.from_user_id))
            .or(text(&wire.user_id))
            .or(text(&wire.from))
            .or(text(&contact.wa_id))
    };
    reading.occurred_at_ms = wire
        .timestamp
        .as_ref()
        .and_then(Text::millis)
        .or(scope.entry_ms);
    if let Some(id) = wire.id.as_ref().filter(|id| !id.as_str().is_empty()) {
        let prefix = if echo { "echo" } else { "wamid" };
        reading.dedup_key = key::of(prefix, &[id.as_str()]);
    }
    if scope.want {
        reading.content = content_of(&wire, kind, &contact);
    }
    reading
}

fn kind_of(wire: &WireMessage<'_>) -> Kind {
    match wire.kind.as_ref().map_or("", Text::as_str) {
        "text" => Kind::WaText,
        "interactive" => Kind::WaInteractive,
        "button" => Kind::WaButton,
        "order" => Kind::WaOrder,
        "image" | "video" | "audio" | "voice" | "document" | "sticker" => Kind::WaMedia,
        "location" => Kind::WaLocation,
        "contacts" => Kind::WaContacts,
        "reaction" => Kind::WaReaction,
        "system" => Kind::WaSystem,
        "edit" => Kind::Edit,
        "revoke" => Kind::Deleted,
        // Without a type, what stands in it says what it is.
        "" if wire.text.is_some() => Kind::WaText,
        "" if wire.order.is_some() => Kind::WaOrder,
        _ => Kind::WaUnsupported,
    }
}

fn content_of(wire: &WireMessage<'_>, kind: Kind, contact: &WireContact<'_>) -> Content {
    match kind {
        Kind::WaReaction => {
            let reaction = part::<WireReaction<'_>>(wire.reaction);
            let (mid, emoji) = reaction.map_or((None, None), |r| (r.message_id, r.emoji));
            let emoji = filled(emoji);
            Content::Reaction(Reaction {
                mid: filled(mid),
                given: emoji.is_some(),
                reaction: None,
                emoji,
            })
        }
        Kind::WaSystem => {
            let note = part::<WireSystem<'_>>(wire.system).map_or_else(SystemNote::default, |s| {
                SystemNote {
                    kind: filled(s.kind),
                    new_id: filled(s.user_id)
                        .or(filled(s.new_wa_id))
                        .or(filled(s.wa_id)),
                    body: filled(s.body),
                }
            });
            Content::System(note)
        }
        Kind::Deleted => Content::Deleted {
            mid: part::<WireChange<'_>>(wire.revoke).and_then(|c| filled(c.original_message_id)),
        },
        Kind::Edit => {
            let change = part::<WireChange<'_>>(wire.edit);
            let (mid, message) =
                change.map_or((None, None), |c| (c.original_message_id, c.message));
            let body = part::<Inner<'_>>(message)
                .and_then(|m| m.text)
                .and_then(|t| t.body);
            Content::Edit(Edit {
                mid: filled(mid),
                text: filled(body),
                num_edit: None,
            })
        }
        _ => Content::Message(Box::new(message_of(wire, kind, contact))),
    }
}

fn message_of(wire: &WireMessage<'_>, kind: Kind, contact: &WireContact<'_>) -> Message {
    let choice = choice_of(wire);
    let cart = part::<WireCart<'_>>(wire.order).map(cart_of);
    let (attachments, caption) = media_of(wire);
    let body = part::<Body<'_>>(wire.text).and_then(|t| filled(t.body));
    let text = body
        .or(caption)
        .or_else(|| cart.as_ref().and_then(|c| c.text.clone()))
        .or_else(|| choice.as_ref().and_then(|c| c.title.clone()));
    let context = part::<Context<'_>>(wire.context);
    let echo = kind == Kind::WaEcho;
    Message {
        mid: filled(wire.id.clone()),
        text,
        choice,
        attachments,
        referral: part::<WireReferral<'_>>(wire.referral).map(|r| Referral {
            source: filled(r.source_type.clone()),
            ad_id: filled(r.source_id),
            ad_title: filled(r.headline),
            source_url: filled(r.source_url),
            ..Referral::default()
        }),
        reply_to: context.and_then(|c| {
            let (mid, product) = (filled(c.id), c.referred_product.and_then(product_of));
            (mid.is_some() || product.is_some()).then(|| ReplyTo {
                mid,
                product,
                ..ReplyTo::default()
            })
        }),
        cart,
        location: part::<WireLocation<'_>>(wire.location).map(|l| Location {
            latitude: decimal(l.latitude),
            longitude: decimal(l.longitude),
            name: filled(l.name),
            address: filled(l.address),
        }),
        contacts: list::<WireCard<'_>>(wire.contacts)
            .into_iter()
            .map(card_of)
            .collect(),
        sender_name: part::<Profile<'_>>(contact.profile).and_then(|p| filled(p.name)),
        sender_phone: filled(contact.wa_id.clone())
            .or_else(|| filled(wire.from.clone()).filter(|_| !echo)),
        is_echo: echo,
        faults: list::<WireFault<'_>>(wire.errors)
            .into_iter()
            .map(fault_of)
            .collect(),
        ..Message::default()
    }
}

fn choice_of(wire: &WireMessage<'_>) -> Option<Choice> {
    if let Some(button) = &wire.button {
        return Some(Choice {
            payload: filled(button.payload.clone()),
            title: filled(button.text.clone()),
        });
    }
    let interactive = part::<Interactive<'_>>(wire.interactive)?;
    let tapped = interactive
        .button_reply
        .or(interactive.list_reply)
        .or(interactive.nfm_reply)?;
    Some(Choice {
        payload: filled(tapped.id).or(filled(tapped.response_json)),
        title: filled(tapped.title)
            .or(filled(tapped.body))
            .or(filled(tapped.name)),
    })
}

fn cart_of(wire: WireCart<'_>) -> Cart {
    Cart {
        catalog_id: filled(wire.catalog_id),
        text: filled(wire.text),
        items: list::<WireProduct<'_>>(wire.product_items)
            .into_iter()
            .filter_map(product_of)
            .collect(),
    }
}

fn product_of(wire: WireProduct<'_>) -> Option<ProductRef> {
    Some(ProductRef {
        catalog_id: filled(wire.catalog_id),
        product_id: filled(wire.product_retailer_id)?,
        quantity: wire
            .quantity
            .and_then(|q| q.number())
            .and_then(|n| u32::try_from(n).ok()),
        price: decimal(wire.item_price),
        currency: filled(wire.currency),
    })
}

fn media_of(wire: &WireMessage<'_>) -> (Vec<Attachment>, Option<String>) {
    let all = [
        ("image", wire.image),
        ("video", wire.video),
        ("audio", wire.audio),
        ("document", wire.document),
        ("sticker", wire.sticker),
    ];
    let mut caption = None;
    let attachments = all
        .into_iter()
        .filter_map(|(kind, raw)| Some((kind, part::<Media<'_>>(raw)?)))
        .map(|(kind, media)| {
            caption = filled(media.caption);
            Attachment {
                kind: kind.to_owned(),
                url: None,
                id: filled(media.id),
                title: filled(media.filename),
                mime: filled(media.mime_type),
            }
        })
        .collect();
    (attachments, caption)
}

fn card_of(wire: WireCard<'_>) -> ContactCard {
    ContactCard {
        name: part::<CardName<'_>>(wire.name).and_then(|n| filled(n.formatted_name)),
        phones: list::<CardPhone<'_>>(wire.phones)
            .into_iter()
            .filter_map(|p| filled(p.phone).or(filled(p.wa_id)))
            .collect(),
    }
}

fn fault_of(wire: WireFault<'_>) -> Fault {
    Fault {
        code: wire.code.and_then(|c| c.number()),
        title: filled(wire.title).or(filled(wire.message)),
        details: part::<FaultData<'_>>(wire.error_data).and_then(|d| filled(d.details)),
    }
}

fn read_status(raw: &str, scope: &Scope<'_>) -> Reading {
    let wire = match parse_object::<WireStatus<'_>>(raw) {
        Ok(wire) => wire,
        Err(error) => {
            return Reading::kept(Kind::Unreadable, scope, raw, &super::body::why(&error));
        }
    };
    let mut reading = Reading::kept(Kind::WaStatus, scope, raw, "");
    reading.occurred_at_ms = wire
        .timestamp
        .as_ref()
        .and_then(Text::millis)
        .or(scope.entry_ms);
    let status = Status {
        mid: filled(wire.id).unwrap_or_default(),
        status: filled(wire.status).unwrap_or_default(),
        recipient_id: filled(wire.recipient_user_id)
            .or(filled(wire.user_id))
            .or(filled(wire.recipient_id)),
        faults: list::<WireFault<'_>>(wire.errors)
            .into_iter()
            .map(fault_of)
            .collect(),
    };
    if !status.mid.is_empty() {
        reading.dedup_key = key::of("wastatus", &[&status.mid, &status.status]);
    }
    reading.party_id.clone_from(&status.recipient_id);
    if scope.want {
        reading.content = Content::Status(status);
    }
    reading
}
