//! One body for every shape that Meta sends: which kind it is, whose it is, under which key it is
//! stored, and what it says. Bodies are our own; ids and words are made up.

use std::collections::BTreeSet;

use crate::shapes::{Shape, shapes};
use meta::webhook::Content;
use meta::{Event, Fate, Item, Kind, extract_text, split};

#[test]
fn every_shape_is_read_as_what_it_is() {
    for Shape {
        name,
        body,
        kind,
        fate,
        party,
        accounts,
        key,
        says,
        ..
    } in shapes()
    {
        let split = split(body.as_bytes());
        assert_eq!(split.items.len(), 1, "{name}");
        let item = &split.items[0];
        assert_eq!(item.kind, kind, "{name}: {:?}", item.reason);
        assert_eq!(item.fate(), fate, "{name}");
        assert_eq!(item.party_id.as_deref(), party, "{name}");
        assert_eq!(item.account_ids, accounts, "{name}");
        match key.strip_suffix('#') {
            Some(prefix) => assert!(item.dedup_key.starts_with(&format!("{prefix}#")), "{name}"),
            None => assert_eq!(item.dedup_key, key, "{name}"),
        }
        let event = Item::reparse(&item.raw);
        assert_eq!(
            &event.item, item,
            "{name}: what is stored reads as what came"
        );
        assert_eq!(summary(&event), says, "{name}");
    }
}

/// What an event says, in one line.
fn summary(event: &Event) -> String {
    if event.item.fate() != Fate::BecomesMessage {
        return match &event.content {
            Content::Message(m) => format!("message {}", m.text.as_deref().unwrap_or("-")),
            Content::Edit(e) => format!(
                "{} -> {}",
                e.mid.as_deref().unwrap_or("?"),
                e.text.as_deref().unwrap_or("?")
            ),
            Content::Deleted { mid } => format!("{} deleted", mid.as_deref().unwrap_or("?")),
            Content::Reaction(r) => format!(
                "{} {}{}",
                r.mid.as_deref().unwrap_or("?"),
                if r.given { "+" } else { "-" },
                r.emoji.as_deref().unwrap_or("")
            ),
            Content::Read { mid, watermark_ms } => format!("read {mid:?} {watermark_ms:?}"),
            Content::Delivery { mids, watermark_ms } => {
                format!("delivered {mids:?} {watermark_ms:?}")
            }
            Content::Referral(r) => format!("from {}", r.reference.as_deref().unwrap_or("?")),
            Content::OptIn { payload } => format!("opt-in {}", payload.as_deref().unwrap_or("?")),
            Content::Handover(h) => format!(
                "{} {}",
                h.action,
                h.new_owner_app_id.as_deref().unwrap_or("?")
            ),
            Content::Comment(c) => format!(
                "comment {} on {}: {}",
                c.id.as_deref().unwrap_or("?"),
                c.media_id.as_deref().unwrap_or("?"),
                c.text.as_deref().unwrap_or("?")
            ),
            Content::Mention { media_id, .. } => {
                format!("mention in {}", media_id.as_deref().unwrap_or("?"))
            }
            Content::Status(s) => format!(
                "{} {} {:?}",
                s.mid,
                s.status,
                s.faults.first().and_then(|f| f.code)
            ),
            Content::System(s) => format!(
                "{} {}",
                s.kind.as_deref().unwrap_or("?"),
                s.new_id.as_deref().unwrap_or("?")
            ),
            Content::Errors(e) => format!("error {:?}", e.first().and_then(|f| f.code)),
            Content::Other => String::new(),
        };
    }
    let said = extract_text(event);
    let mut parts = Vec::new();
    parts.extend(said.text);
    parts.extend(said.payload.map(|p| format!("<{p}>")));
    parts.extend(said.products.iter().map(|p| {
        format!(
            "[{}x{} {} {}]",
            p.product_id,
            p.quantity.map_or("?".into(), |q| q.to_string()),
            p.price.as_deref().unwrap_or("?"),
            p.currency.as_deref().unwrap_or("?")
        )
    }));
    parts.extend(said.address.map(|a| format!("@{a}")));
    parts.extend(said.phones.iter().map(|p| format!("#{p}")));
    parts.extend(said.unread.map(|u| format!("!{}", u.as_str())));
    parts.join(" ")
}

#[test]
fn every_kind_has_a_shape() {
    let shown: BTreeSet<Kind> = shapes().into_iter().map(|shape| shape.kind).collect();
    let missing: Vec<_> = Kind::ALL
        .iter()
        .filter(|kind| !shown.contains(kind))
        .collect();
    assert!(missing.is_empty(), "no body for {missing:?}");
}

#[test]
fn no_two_shapes_share_a_key_unless_they_are_one_event() {
    let mut seen = std::collections::HashMap::new();
    for Shape {
        name,
        body,
        one_event_with,
        ..
    } in shapes()
    {
        let key = split(body.as_bytes()).items.remove(0).dedup_key;
        if let Some(other) = seen.insert(key.clone(), name) {
            assert_eq!(
                one_event_with,
                Some(other),
                "{name} has the key of {other}: {key}"
            );
        }
    }
}

#[test]
fn a_batch_of_two_sellers_and_one_broken_item_keeps_everything_in_order() {
    let body = r#"{"object":"instagram","entry":[
        {"id":"1784","time":1793000000500,"messaging":[
            {"sender":{"id":"901"},"recipient":{"id":"1784"},"timestamp":1793000000100,"message":{"mid":"b1","text":"one"}},
            {"sender":{"id":"901"},"recipient":{"id":"1784"},"timestamp":1793000000101,"message":{"mid":{"no":1},"text":"two"}},
            {"timestamp":1793000000102,"message_edit":{"mid":"b3","num_edit":0}},
            "a word",
            {"sender":{"id":"901"},"recipient":{"id":"1784"},"timestamp":1793000000103,"message":{"mid":"b5","text":"cut off \ud83d"}}]},
        {"id":"1785","time":1793000000500,"messaging":[
            {"sender":{"id":"902"},"recipient":{"id":"1785"},"timestamp":1793000000104,"message":{"mid":"b6","text":"six"}}]},
        5]}"#;
    let split = split(body.as_bytes());
    let seen: Vec<_> = split
        .items
        .iter()
        .map(|i| (i.kind, i.account_ids.first().map(String::as_str)))
        .collect();
    assert_eq!(
        seen,
        [
            (Kind::Text, Some("1784")),
            (Kind::Unreadable, Some("1784")),
            (Kind::EditHint, Some("1784")),
            (Kind::Unreadable, Some("1784")),
            (Kind::Text, Some("1784")),
            (Kind::Text, Some("1785")),
            (Kind::Unknown, None),
        ]
    );
    assert_eq!(
        split.items[1].party_id.as_deref(),
        Some("901"),
        "who wrote it is still legible"
    );
    assert!(
        split.items[1]
            .reason
            .as_deref()
            .unwrap()
            .contains("unexpected type")
    );
    let said = extract_text(&Item::reparse(&split.items[4].raw));
    assert_eq!(said.text.as_deref(), Some("cut off \u{fffd}"));
}

#[test]
fn reasons_never_quote_what_a_customer_wrote() {
    for body in [
        r#"{"object":"instagram","entry":[{"id":"1","messaging":[{"sender":"my secret","message":"my secret"}]}]}"#,
        r#"{"object":"instagram","entry":"my secret"}"#,
        "my secret",
        r#""my secret""#,
        r#"{"object":"instagram","entry":[{"id":"1","changes":[{"field":["my secret"],"value":1}]}]}"#,
    ] {
        for item in split(body.as_bytes()).items {
            let reason = item.reason.unwrap_or_default();
            assert!(
                !reason.is_empty() && !reason.contains("secret"),
                "{body}: {reason}"
            );
        }
    }
}

#[test]
fn the_same_event_has_the_same_key_however_it_is_delivered() {
    let item = r#"{"sender":{"id":"901"},"recipient":{"id":"1784"},"timestamp":1793000000100,"message":{"mid":"d1","text":"two mugs"}}"#;
    let bodies = [
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"1784","time":1793000000500,"messaging":[{item}]}}]}}"#
        ),
        format!(
            r#"{{"object":"instagram","entry":[{{"id":1784,"time":1793000009,"messaging":[{item}]}}]}}"#
        ),
        format!(r#"[{{"object":"instagram","entry":[{{"id":"1784","messaging":[{item}]}}]}}]"#),
        format!(r#"{{"object":"page","entry":[{{"id":"105","time":1,"messaging":[{item}]}}]}}"#),
        format!(r#"{{"object":"instagram","entry":[{{"id":"1784","standby":[{item}]}}]}}"#),
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"1784","changes":[{{"field":"messages","value":{item}}}]}}]}}"#
        ),
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"1784","field":"messages","value":{item}}}]}}"#
        ),
        format!(r#"{{"object":"instagram","entry":{{"id":"1784","messaging":{item}}}}}"#),
    ];
    for body in bodies {
        let item = split(body.as_bytes()).items.remove(0);
        assert_eq!(item.dedup_key, "mid:d1", "{body}");
        assert_eq!(item.party_id.as_deref(), Some("901"), "{body}");
        assert!(
            item.account_ids.iter().any(|id| id == "1784"),
            "{body}: {:?}",
            item.account_ids
        );
        assert_eq!(item.occurred_at_ms, Some(1_793_000_000_100), "{body}");
    }
}

#[test]
fn whatsapp_values_come_apart_with_the_contact_each_belongs_to() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"2100","changes":[{"field":"messages","value":{
        "messaging_product":"whatsapp","metadata":{"display_phone_number":"1555","phone_number_id":"106"},
        "contacts":[{"profile":{"name":"Bo"},"wa_id":"2"},{"profile":{"name":"Ana"},"wa_id":"1","user_id":"US.abc"}],
        "messages":[{"from":"1","id":"w1","timestamp":"1793000000","type":"text","text":{"body":"a"}},
                    {"from":"2","id":"w2","timestamp":1793000001,"type":"text","text":{"body":"b"}},
                    {"id":7,"from":{"x":1}}],
        "statuses":[{"id":"w0","status":"read","timestamp":"1793000002","recipient_id":"1"}]}}]}]}"#;
    let items = split(body.as_bytes()).items;
    let kinds: Vec<_> = items.iter().map(|i| i.kind).collect();
    assert_eq!(
        kinds,
        [Kind::WaText, Kind::WaText, Kind::Unreadable, Kind::WaStatus]
    );
    assert_eq!(
        items[0].party_id.as_deref(),
        Some("US.abc"),
        "the business-scoped id comes first"
    );
    assert_eq!(items[1].party_id.as_deref(), Some("2"));
    for item in &items {
        assert_eq!(item.account_ids, ["106", "2100"]);
        assert_eq!(&Item::reparse(&item.raw).item, item);
    }
    let names: Vec<_> = items[..2]
        .iter()
        .map(|i| {
            Item::reparse(&i.raw)
                .message()
                .unwrap()
                .sender_name
                .clone()
                .unwrap()
        })
        .collect();
    assert_eq!(names, ["Ana", "Bo"]);
}

#[test]
fn what_is_no_json_is_kept_byte_for_byte() {
    for bytes in [
        &b""[..],
        b"\xff\xfe",
        b"{\"object\":",
        b"\0",
        b"hello",
        b"{}}",
    ] {
        let item = split(bytes).items.remove(0);
        assert_eq!(item.kind, Kind::Unreadable, "{bytes:?}");
        assert_eq!(Item::unreadable_bytes(&item.raw).as_deref(), Some(bytes));
        assert_eq!(Item::reparse(&item.raw).item, item);
        assert!(item.reason.is_some());
    }
}

#[test]
fn too_many_events_are_kept_as_they_came() {
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","messaging":[{}1]}}]}}"#,
        "1,".repeat(meta::webhook::ITEMS_MAX)
    );
    let items = split(body.as_bytes()).items;
    assert_eq!(items.len(), 1);
    assert_eq!(
        Item::unreadable_bytes(&items[0].raw).unwrap(),
        body.as_bytes()
    );
    assert_eq!(Item::reparse(&items[0].raw).item, items[0]);
}

#[test]
fn nothing_that_is_stored_holds_a_nul() {
    let body = r#"{"object":"instagram","entry":[{"id":"1\u0000","time":1,"messaging":[{"sender":{"id":"9\u0000"},
        "recipient":{"id":"1"},"timestamp":1793000000100,"message":{"mid":"m\u0000","text":"a\u0000b"}}]}]}"#;
    let item = split(body.as_bytes()).items.remove(0);
    let event = Item::reparse(&item.raw);
    let all = format!("{item:?}{:?}", extract_text(&event));
    assert!(!all.contains('\0') && !all.contains("\\0"), "{all}");
}

#[test]
fn what_customers_wrote_does_not_reach_a_log_by_debug() {
    for Shape { name, body, .. } in shapes() {
        for item in split(body.as_bytes()).items {
            let event = Item::reparse(&item.raw);
            let printed = format!("{item:?} {event:?} {:?}", extract_text(&event));
            for words in [
                "mugs",
                "Thanks",
                "caption",
                "High St",
                "+1 555",
                "15550002222",
                "how much",
            ] {
                assert!(!printed.contains(words), "{name}: {printed}");
            }
        }
    }
}
