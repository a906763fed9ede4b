//! Deduplication keys: the same for every delivery of an event, different for different events.
//!
//! Prefixed by what the event is, because an edit and a deletion carry the message's own id.

use sha2::{Digest, Sha256};

/// Keys longer than this are hashed, so that they fit an index of either database.
const KEY_BYTES_MAX: usize = 255;

/// `prefix:part:part`, hashed when too long.
pub(super) fn of(prefix: &str, parts: &[&str]) -> String {
    let len = prefix.len() + parts.iter().map(|p| p.len() + 1).sum::<usize>();
    if len > KEY_BYTES_MAX {
        return hashed(prefix, parts);
    }
    let mut key = String::with_capacity(len);
    key.push_str(prefix);
    for part in parts {
        key.push(':');
        key.push_str(part);
    }
    key
}

/// `prefix:sha256` over the parts, for events that Meta gives no id.
pub(super) fn hashed(prefix: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("{prefix}#{}", hex::encode(hash.finalize()))
}

/// For bytes that are no JSON.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    format!("unreadable#{}", hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_their_parts_do_not_run_together() {
        assert_eq!(of("mid", &["a"]), "mid:a");
        assert_eq!(of("mid", &[&"x".repeat(300)]).len(), 4 + 64);
        assert_ne!(hashed("p", &["ab", "c"]), hashed("p", &["a", "bc"]));
        assert_ne!(of_bytes(b"a"), of_bytes(b"b"));
    }
}
