//! From a body to items: the envelope of `entry`, `messaging`, `standby`, `changes` and flat
//! `field`/`value`, in objects and in top-level arrays.
//!
//! The ordinary body, nothing but messages, takes a typed path that scans the bytes twice. Every
//! other takes the tolerant one, which goes down level by level so that a part of an unexpected
//! shape costs that part only. What an item stores is again a body, so reading a stored item is
//! splitting it.

mod bytes;
mod wire;

use serde_json::value::RawValue;

pub(super) use bytes::unwrap_bytes;
use bytes::{decode_bytes, unreadable};
use wire::{Change, Plain, Rough, RoughEntry};

use super::event::{Content, Event};
use super::wire::{Text, parse_object, part};
use super::{Item, Object, Split, key, messaging, other, whatsapp};
use crate::fate::Kind;

/// More items than this in one body are kept as one unreadable item. Meta documents at most 1000
/// updates in a body; the limit bounds memory, whoever holds a secret.
pub const ITEMS_MAX: usize = 20_000;

/// What surrounds an item.
pub(super) struct Scope<'a> {
    pub(super) object: &'a Object,
    pub(super) entry_id: Option<&'a str>,
    pub(super) entry_ms: Option<i64>,
    /// Whether the content is wanted, or only what intake needs.
    pub(super) want: bool,
}

/// What reading an item gives.
pub(super) struct Reading {
    pub(super) kind: Kind,
    pub(super) account_ids: Vec<String>,
    pub(super) party_id: Option<String>,
    pub(super) dedup_key: String,
    /// By its own word.
    pub(super) occurred_at_ms: Option<i64>,
    pub(super) reason: Option<String>,
    pub(super) content: Content,
}

impl Reading {
    /// Something without parties of its own: known by its kind and its text.
    pub(super) fn kept(kind: Kind, scope: &Scope<'_>, element: &str, reason: &str) -> Self {
        let entry_id = scope.entry_id.unwrap_or_default();
        Self {
            kind,
            account_ids: scope.accounts(),
            party_id: None,
            dedup_key: key::hashed(kind.as_str(), &[scope.object.as_str(), entry_id, element]),
            occurred_at_ms: None,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            content: Content::Other,
        }
    }
}

impl Scope<'_> {
    /// The entry's id as the only candidate; `0` is the dashboard's test and nobody's.
    pub(super) fn accounts(&self) -> Vec<String> {
        self.entry_id
            .filter(|id| !matches!(*id, "" | "0"))
            .map(str::to_owned)
            .into_iter()
            .collect()
    }

    /// Whether the dashboard's Test button made it.
    pub(super) fn is_test(&self) -> bool {
        self.entry_id == Some("0")
    }
}

/// Why a text is not what was expected, without quoting it: it may hold a customer's words.
pub(super) fn why(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Eof => "JSON that breaks off",
        serde_json::error::Category::Data => "a known field has an unexpected type",
        serde_json::error::Category::Io => "unreadable",
    };
    format!("{what} (line {} column {})", error.line(), error.column())
}

/// Takes a body apart. Never fails and never comes back without an item.
pub fn split(body: &[u8]) -> Split {
    let mut out = Out::new(false);
    read_body(body, &mut out);
    Split {
        objects: out.objects,
        items: out.items,
    }
}

/// Reads one stored item.
pub(super) fn read_one(stored: &str) -> Event {
    let mut out = Out::new(true);
    read_body(stored.as_bytes(), &mut out);
    let content = out.contents.into_iter().next().unwrap_or(Content::Other);
    let item = out
        .items
        .into_iter()
        .next()
        .unwrap_or_else(|| unreadable(stored.as_bytes()));
    Event { item, content }
}

struct Out {
    objects: Vec<Object>,
    items: Vec<Item>,
    contents: Vec<Content>,
    want: bool,
}

impl Out {
    fn new(want: bool) -> Self {
        Self {
            objects: Vec::with_capacity(1),
            items: Vec::new(),
            contents: Vec::new(),
            want,
        }
    }

    fn name(&mut self, object: &Object) {
        if *object != Object::Missing && !self.objects.contains(object) {
            self.objects.push(object.clone());
        }
    }

    fn push(&mut self, raw: String, scope: &Scope<'_>, reading: Reading) {
        self.items.push(Item {
            raw,
            object: scope.object.clone(),
            entry_id: scope.entry_id.map(str::to_owned),
            account_ids: reading.account_ids,
            party_id: reading.party_id,
            kind: reading.kind,
            dedup_key: reading.dedup_key,
            dated: reading.occurred_at_ms.is_some(),
            occurred_at_ms: reading.occurred_at_ms.or(scope.entry_ms),
            reason: reading.reason,
        });
        if self.want {
            self.contents.push(reading.content);
        }
    }

    fn full(&self) -> bool {
        self.items.len() > ITEMS_MAX
    }
}

fn read_body(body: &[u8], out: &mut Out) {
    if let Ok(text) = std::str::from_utf8(body) {
        read_text(text.trim_start_matches('\u{feff}').trim(), out);
    }
    if out.items.is_empty() || out.full() {
        out.contents.clear();
        out.items = vec![unreadable(body)];
    }
}

fn read_text(text: &str, out: &mut Out) {
    if let Ok(plain) = parse_object::<Plain<'_>>(text)
        && !plain.entry.is_empty()
        && plain.entry.iter().all(|entry| !entry.messaging.is_empty())
    {
        return read_plain(&plain, out);
    }
    if serde_json::from_str::<&RawValue>(text).is_err() {
        return;
    }
    if !text.starts_with('[') {
        return read_object(text, out);
    }
    let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    if elements.is_empty() {
        return keep_body(text, Kind::Empty, "an empty list", out);
    }
    for element in elements {
        if out.full() {
            return;
        }
        if element.get().starts_with('[') {
            keep_body(
                &format!("[{}]", element.get()),
                Kind::Unknown,
                "a list in a list",
                out,
            );
        } else {
            read_object(element.get(), out);
        }
    }
}

fn read_plain(plain: &Plain<'_>, out: &mut Out) {
    let object = object_of(Some(plain.object));
    out.name(&object);
    out.items.reserve(
        plain
            .entry
            .iter()
            .map(|e| e.messaging.len())
            .sum::<usize>()
            .min(ITEMS_MAX),
    );
    for entry in &plain.entry {
        let level = Level::new(Some(plain.object), &object, Some(entry.id), entry.time);
        read_messagings(&entry.messaging, "messaging", &level, out);
    }
}

fn object_of(raw: Option<&RawValue>) -> Object {
    part::<Text<'_>>(raw).map_or(Object::Missing, |text| Object::from(text.as_str()))
}

fn keep_body(raw: &str, kind: Kind, reason: &str, out: &mut Out) {
    let scope = Scope {
        object: &Object::Missing,
        entry_id: None,
        entry_ms: None,
        want: out.want,
    };
    out.push(
        raw.to_owned(),
        &scope,
        Reading::kept(kind, &scope, raw, reason),
    );
}

fn read_object(text: &str, out: &mut Out) {
    let Ok(rough) = parse_object::<Rough<'_>>(text) else {
        return keep_body(
            text,
            Kind::Unknown,
            "not an object with `object` and `entry`",
            out,
        );
    };
    if rough.entry.is_none()
        && let Some(bytes) = part(rough.unreadable).and_then(decode_bytes)
    {
        out.items.push(Item {
            raw: text.to_owned(),
            ..unreadable(&bytes)
        });
        if out.want {
            out.contents.push(Content::Other);
        }
        return;
    }
    let object = object_of(rough.object);
    out.name(&object);
    let keep = |kind, reason: &str, out: &mut Out| {
        let scope = Scope {
            object: &object,
            entry_id: None,
            entry_ms: None,
            want: out.want,
        };
        out.push(
            text.to_owned(),
            &scope,
            Reading::kept(kind, &scope, text, reason),
        );
    };
    let Some(entry) = rough.entry else {
        return keep(Kind::Unknown, "no `entry` in it", out);
    };
    let Some(entries) = elements(entry) else {
        return keep(Kind::Unknown, "`entry` is no list", out);
    };
    if entries.is_empty() {
        return keep(Kind::Empty, "`entry` is empty", out);
    }
    for entry in entries {
        if out.full() {
            return;
        }
        read_entry(entry, rough.object, &object, out);
    }
}

/// The elements of a list; an object counts as a list of one.
fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    if raw.get().starts_with('{') {
        return Some(vec![raw]);
    }
    serde_json::from_str(raw.get()).ok()
}

/// An entry, with its raw parts at hand so that each item can be wrapped in them again.
struct Level<'a> {
    object: &'a Object,
    entry_id: Option<String>,
    entry_ms: Option<i64>,
    /// `{"object":...,"entry":[{"id":...,"time":...,`
    head: String,
    /// `{"object":...,"entry":[`
    outer_len: usize,
}

impl<'a> Level<'a> {
    fn new(
        object_raw: Option<&RawValue>,
        object: &'a Object,
        id: Option<&RawValue>,
        time: Option<&RawValue>,
    ) -> Self {
        let mut head = String::with_capacity(96);
        head.push('{');
        if let Some(raw) = object_raw {
            head.push_str("\"object\":");
            head.push_str(raw.get());
            head.push(',');
        }
        head.push_str("\"entry\":[");
        let outer_len = head.len();
        head.push('{');
        for (name, raw) in [("\"id\":", id), ("\"time\":", time)] {
            if let Some(raw) = raw {
                head.push_str(name);
                head.push_str(raw.get());
                head.push(',');
            }
        }
        Self {
            object,
            entry_id: part::<Text<'_>>(id).map(Text::into_string),
            entry_ms: part::<Text<'_>>(time).and_then(|t| t.millis()),
            head,
            outer_len,
        }
    }

    fn scope(&self, want: bool) -> Scope<'_> {
        Scope {
            object: self.object,
            entry_id: self.entry_id.as_deref(),
            entry_ms: self.entry_ms,
            want,
        }
    }

    /// A body that holds this entry with one list of one element.
    fn wrap(&self, list: &str, element: &str) -> String {
        let mut raw = String::with_capacity(self.head.len() + list.len() + element.len() + 10);
        for piece in [&self.head, "\"", list, "\":[", element, "]}]}"] {
            raw.push_str(piece);
        }
        raw
    }

    /// A body that holds this entry as it came.
    fn wrap_entry(&self, entry: &str) -> String {
        format!("{}{entry}]}}", &self.head[..self.outer_len])
    }
}

fn read_entry(raw: &RawValue, object_raw: Option<&RawValue>, object: &Object, out: &mut Out) {
    let Ok(entry) = parse_object::<RoughEntry<'_>>(raw.get()) else {
        let level = Level::new(object_raw, object, None, None);
        let scope = level.scope(out.want);
        let reading = Reading::kept(
            Kind::Unknown,
            &scope,
            raw.get(),
            "an entry that is no object",
        );
        return out.push(level.wrap_entry(raw.get()), &scope, reading);
    };
    let level = Level::new(object_raw, object, entry.id, entry.time);
    let before = out.items.len();
    for (name, list) in [("messaging", entry.messaging), ("standby", entry.standby)] {
        if let Some(items) = list.and_then(elements) {
            read_messagings(&items, name, &level, out);
        }
    }
    for change in entry.changes.and_then(elements).unwrap_or_default() {
        if out.full() {
            return;
        }
        read_change(change.get(), &level, out);
    }
    if entry.field.is_some() || entry.value.is_some() {
        let null = |raw: Option<&RawValue>| raw.map_or("null", RawValue::get).to_owned();
        let change = format!(
            r#"{{"field":{},"value":{}}}"#,
            null(entry.field),
            null(entry.value)
        );
        read_change(&change, &level, out);
    }
    if out.items.len() == before {
        let lists = [entry.messaging, entry.standby, entry.changes];
        let (kind, reason) = if entry.changed_fields.is_some() {
            (Kind::ChangedFields, "only names of fields, without values")
        } else if lists.iter().flatten().any(|list| elements(list).is_none()) {
            (Kind::Unknown, "a list of events that is no list")
        } else if lists.iter().any(Option::is_some) {
            (Kind::Empty, "an empty list of events")
        } else {
            (
                Kind::Unknown,
                "an entry without messaging, standby, changes or field",
            )
        };
        let scope = level.scope(out.want);
        let reading = Reading::kept(kind, &scope, raw.get(), reason);
        out.push(level.wrap_entry(raw.get()), &scope, reading);
    }
}

fn read_messagings(items: &[&RawValue], list: &str, level: &Level<'_>, out: &mut Out) {
    let scope = level.scope(out.want);
    for item in items {
        if out.full() {
            return;
        }
        let reading = messaging::read(item.get(), &scope, list == "standby");
        out.push(level.wrap(list, item.get()), &scope, reading);
    }
}

fn read_change(raw: &str, level: &Level<'_>, out: &mut Out) {
    let scope = level.scope(out.want);
    let change = match parse_object::<Change<'_>>(raw) {
        Ok(change) => change,
        Err(error) => {
            let reading = Reading::kept(Kind::Unreadable, &scope, raw, &why(&error));
            return out.push(level.wrap("changes", raw), &scope, reading);
        }
    };
    let field = change.field.as_ref().map_or("", Text::as_str);
    if *level.object == Object::Whatsapp
        && matches!(field, "messages" | "smb_message_echoes")
        && let Some(value) = change.value
        && let Some(parts) = whatsapp::split(value.get(), &scope)
    {
        for part in parts {
            if out.full() {
                return;
            }
            let element = format!(r#"{{"field":"{field}","value":{}}}"#, part.value);
            out.push(level.wrap("changes", &element), &scope, part.reading);
        }
        return;
    }
    let reading = match change.value {
        Some(value) if messaging::FIELDS.contains(&field) && *level.object != Object::Whatsapp => {
            messaging::read(value.get(), &scope, field == "standby")
        }
        value => other::read(field, value, raw, &scope),
    };
    out.push(level.wrap("changes", raw), &scope, reading);
}
