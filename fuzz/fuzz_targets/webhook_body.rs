//! Whatever reaches the webhook's address: at least one item, each of which reads again as what it was,
//! and signatures that never panic.
//!
//! The first byte says what the rest is: `i`, `p`, `w` an event and `I`, `P`, `W` a change of an
//! Instagram, Messenger or WhatsApp body; `m` a place, a value to put there and a body (one a line);
//! `h` a header and a body. Every input is a body as it stands, too.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meta::{AppSecrets, Item, Object, SecretKind, extract_text, signature, signed_request, split};
use secrecy::SecretString;
use serde_json::Value;

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

static SECRETS: LazyLock<AppSecrets> = LazyLock::new(|| {
    AppSecrets::from_values([
        (SecretKind::Whatsapp, "another-secret"),
        (SecretKind::Instagram, KEY),
    ])
});

fn holds(body: &[u8]) {
    let split = split(body);
    assert!(!split.items.is_empty());
    for item in &split.items {
        assert!(!item.dedup_key.is_empty() && item.dedup_key.len() <= 255);
        assert!(!item.dedup_key.contains('\0') && !item.raw.contains('\0'));
        assert!(item.party_id.as_deref() != Some(""));
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

/// An event or a change in a body that is otherwise whole.
fn wrapped(mode: u8, inner: &[u8]) -> Option<Vec<u8>> {
    let object = match mode.to_ascii_lowercase() {
        b'i' => "instagram",
        b'p' => "page",
        b'w' => "whatsapp_business_account",
        _ => return None,
    };
    let (before, after) = if mode.is_ascii_lowercase() {
        (r#""messaging":["#, "]}]}")
    } else {
        (r#""changes":[{"field":"messages","value":"#, "}]}]}")
    };
    let head = format!(r#"{{"object":"{object}","entry":[{{"id":"1784","time":1,{before}"#);
    Some([head.as_bytes(), inner, after.as_bytes()].concat())
}

/// Puts a value into the n-th place of a document.
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

fn mutated(rest: &[u8]) -> Option<Vec<u8>> {
    let mut lines = rest.splitn(3, |b| *b == b'\n');
    let mut at = std::str::from_utf8(lines.next()?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let with = serde_json::from_slice(lines.next()?).ok()?;
    let mut body = serde_json::from_slice(lines.next()?).ok()?;
    replace(&mut body, &mut at, &with);
    serde_json::to_vec(&body).ok()
}

/// No header panics, none but the true one fits, and the true one does.
fn signatures(header: &str, body: &[u8]) {
    let key = SecretString::from(KEY);
    let signed = signature::sign(&key, body);
    assert!(SECRETS.verify(Some(&signed), body).is_ok());
    let accepted = SECRETS.verify(Some(header), body).is_ok();
    assert!(!accepted || header.trim().eq_ignore_ascii_case(&signed));
    assert!(SECRETS.verify(None, body).is_err());
    let _ = signed_request::verify([&key], header);
    let made = signed_request::make(&key, header, 1);
    // Nothing that is read holds a NUL.
    let user = header.replace('\0', "\u{fffd}");
    assert!(signed_request::verify([&key], &made).is_ok_and(|r| r.user_id == user));
    let echoed = signature::verify_challenge(Some("subscribe"), Some("t"), Some(header), ["t"]);
    assert!(echoed.is_none_or(|echo| echo == header));
    assert!(
        signature::verify_challenge(Some("subscribe"), Some(header), Some("1"), ["t"]).is_none()
            || header == "t"
    );
}

fuzz_target!(|data: &[u8]| {
    holds(data);
    let Some((mode, rest)) = data.split_first() else {
        return;
    };
    if let Some(body) = wrapped(*mode, rest) {
        holds(&body);
    } else if *mode == b'm' {
        if let Some(body) = mutated(rest) {
            holds(&body);
        }
    } else if *mode == b'h' {
        let text = String::from_utf8_lossy(rest);
        let (header, body) = text.split_once('\n').unwrap_or((&text, ""));
        signatures(header, body.as_bytes());
    }
});
