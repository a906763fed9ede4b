//! WhatsApp: `value` of field `messages` holds messages, statuses and errors, each of which becomes
//! an item of its own with the metadata and the one contact it belongs to.

mod content;
mod wire;

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use content::{content_of, fault_of};
use wire::{Metadata, Value, WireContact, WireFault, WireMessage, WireStatus};

use super::body::{Reading, Scope};
use super::event::{Content, Status};
use super::key;
use super::wire::{Text, filled, list, parse_object, part, repair_surrogates};
use crate::fate::Kind;

/// One item of a value, with a value that holds it alone.
pub(super) struct Part {
    pub(super) value: String,
    pub(super) reading: Reading,
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
    reading.occurred_at_ms = wire.timestamp.as_ref().and_then(Text::millis);
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

fn read_status(raw: &str, scope: &Scope<'_>) -> Reading {
    let wire = match parse_object::<WireStatus<'_>>(raw) {
        Ok(wire) => wire,
        Err(error) => {
            return Reading::kept(Kind::Unreadable, scope, raw, &super::body::why(&error));
        }
    };
    let mut reading = Reading::kept(Kind::WaStatus, scope, raw, "");
    reading.occurred_at_ms = wire.timestamp.as_ref().and_then(Text::millis);
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
