//! Bodies that are no JSON, kept byte for byte inside of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::wire::{Text, parse_object, part};
use super::super::{Item, Object, key};
use super::wire::Rough;
use super::{ITEMS_MAX, why};
use crate::fate::Kind;

#[derive(Deserialize)]
pub(super) struct Kept<'a> {
    #[serde(borrow)]
    base64: Text<'a>,
}

pub(super) fn decode_bytes(kept: Kept<'_>) -> Option<Vec<u8>> {
    STANDARD.decode(kept.base64.as_str()).ok()
}

/// The bytes that an unreadable item was made from.
pub(in crate::webhook) fn unwrap_bytes(stored: &str) -> Option<Vec<u8>> {
    let rough: Rough<'_> = parse_object(stored).ok()?;
    part(rough.unreadable).and_then(decode_bytes)
}

/// A body that is no JSON, kept byte for byte.
pub(super) fn unreadable(bytes: &[u8]) -> Item {
    let reason = match std::str::from_utf8(bytes) {
        _ if bytes.is_empty() => "an empty body".to_owned(),
        Err(error) => format!("not UTF-8 (byte {})", error.valid_up_to()),
        Ok(text) => match serde_json::from_str::<&RawValue>(text.trim_start_matches('\u{feff}')) {
            Err(error) => why(&error),
            Ok(_) => format!("more than {ITEMS_MAX} events in one body"),
        },
    };
    Item {
        raw: format!(
            r#"{{"unreadable":{{"base64":"{}"}}}}"#,
            STANDARD.encode(bytes)
        ),
        object: Object::Missing,
        entry_id: None,
        account_ids: Vec::new(),
        party_id: None,
        kind: Kind::Unreadable,
        dedup_key: key::of_bytes(bytes),
        occurred_at_ms: None,
        dated: false,
        reason: Some(reason),
    }
}
