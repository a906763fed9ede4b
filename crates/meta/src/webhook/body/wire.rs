//! Meta's JSON of the envelope: the plain form, and the same with every part left unread.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::wire::Text;

/// The ordinary body: an object, entries, and nothing in them but messages.
#[derive(Deserialize)]
pub(super) struct Plain<'a> {
    #[serde(borrow)]
    pub(super) object: &'a RawValue,
    #[serde(borrow)]
    pub(super) entry: Vec<PlainEntry<'a>>,
}

/// An entry with `id`, `time` and `messaging` and nothing else. Read by hand: a derived reader would
/// also take a list for the fields in their order, which the tolerant path does not.
pub(super) struct PlainEntry<'a> {
    pub(super) id: &'a RawValue,
    pub(super) time: Option<&'a RawValue>,
    pub(super) messaging: Vec<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for PlainEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = PlainEntry<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a plain entry")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut id, mut time, mut messaging) = (None, None, None);
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "id" if id.is_none() => id = Some(map.next_value()?),
                        "time" if time.is_none() => time = Some(map.next_value()?),
                        "messaging" if messaging.is_none() => messaging = Some(map.next_value()?),
                        _ => return Err(A::Error::custom("not plain")),
                    }
                }
                match (id, messaging) {
                    (Some(id), Some(messaging)) => Ok(PlainEntry {
                        id,
                        time,
                        messaging,
                    }),
                    _ => Err(A::Error::custom("not plain")),
                }
            }
        }
        deserializer.deserialize_map(EntryVisitor)
    }
}

/// The same with every part left unread.
#[derive(Deserialize)]
pub(super) struct Rough<'a> {
    #[serde(borrow, default)]
    pub(super) object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) entry: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) unreadable: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct RoughEntry<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) messaging: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) standby: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) changes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) field: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) changed_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow, default)]
    pub(super) field: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}
