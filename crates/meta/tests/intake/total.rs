//! Splitting is total: any bytes, any JSON and any mutation of bodies that Meta sends give at least
//! one item, each of which reads again as what it was, and never a panic.

use meta::{Item, Object, extract_text, split};
use proptest::prelude::*;
use serde_json::Value;

use crate::shapes::shapes;

fn holds(body: &[u8]) {
    let split = split(body);
    assert!(!split.items.is_empty());
    for item in &split.items {
        assert!(!item.dedup_key.is_empty() && item.dedup_key.len() <= 255);
        assert!(!item.dedup_key.contains('\0') && !item.raw.contains('\0'));
        assert!(item.party_id.is_none() || item.party_id.as_deref() != Some(""));
        if item.object != Object::Whatsapp {
            let same = item
                .account_ids
                .iter()
                .any(|id| Some(id) == item.party_id.as_ref());
            assert!(!same, "a customer is not the seller: {item:?}");
        }
        let event = Item::reparse(&item.raw);
        assert_eq!(&event.item, item, "what is stored reads as what came");
        let _ = extract_text(&event);
        let _ = event.mid();
    }
}

/// JSON of any shape that uses Meta's words, so that it reaches deep.
fn json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "object",
        "entry",
        "id",
        "time",
        "messaging",
        "standby",
        "changes",
        "field",
        "value",
        "sender",
        "recipient",
        "timestamp",
        "message",
        "mid",
        "text",
        "attachments",
        "type",
        "payload",
        "postback",
        "reaction",
        "read",
        "message_edit",
        "num_edit",
        "messages",
        "statuses",
        "contacts",
        "metadata",
        "phone_number_id",
        "from",
        "order",
        "interactive",
        "instagram",
        "page",
        "whatsapp_business_account",
        "comments",
        "unreadable",
        "base64",
        "is_echo",
        "referral",
        "errors",
        "",
        "0",
        "1784",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 96, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

/// Replaces the n-th value of a document.
fn replace(value: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *value = with.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| replace(v, at, with)),
        Value::Object(map) => map.values_mut().for_each(|v| replace(v, at, with)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&bytes);
    }

    #[test]
    fn any_json(value in json()) {
        holds(value.to_string().as_bytes());
    }

    #[test]
    fn any_entry(value in json(), object in prop::sample::select(vec![
        "instagram", "page", "whatsapp_business_account", "x",
    ])) {
        let body = format!(r#"{{"object":"{object}","entry":[{{"id":"1784","messaging":[{value}],"changes":[{{"field":"messages","value":{value}}}]}}]}}"#);
        holds(body.as_bytes());
    }

    #[test]
    fn any_body_with_a_value_replaced(
        which in any::<prop::sample::Index>(), at in 0usize..40, with in json(),
    ) {
        let table = shapes();
        let body = &table[which.index(table.len())].body;
        if let Ok(mut value) = serde_json::from_str::<Value>(body) {
            replace(&mut value, &mut { at }, &with);
            holds(value.to_string().as_bytes());
        }
    }

    #[test]
    fn any_body_with_bytes_changed(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let table = shapes();
        let mut bytes = table[which.index(table.len())].body.clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        holds(&bytes);
    }
}

#[test]
fn depth_does_not_reach_the_stack() {
    for (open, close) in [
        ("[", "]"),
        (r#"{"entry":"#, "}"),
        (r#"{"object":"instagram","entry":[{"messaging":["#, "]}]}"),
    ] {
        let body = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        holds(body.as_bytes());
    }
}
