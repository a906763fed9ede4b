//! What stands behind our buttons: signed, bound to one conversation, with an end.
//!
//! `e1.<action>.<question>.<index>.<expiry>.<mac>`: the action one letter, the numbers in base 36,
//! the expiry in seconds since 1970, the mac the first 16 bytes of HMAC-SHA256 in base64url. About
//! 50 characters, well below WhatsApp's 200.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{ConversationId, Timestamp};

/// What a tap means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tap {
    /// Yes to the read-back.
    Confirm,
    /// Something is to be changed.
    Change,
    /// The whole is called off.
    Cancel,
    /// The n-th answer of a question.
    Pick,
    /// None of the answers.
    None,
    /// Tell me when it is back.
    Wait,
}

impl Tap {
    const ALL: [(Self, char); 6] = [
        (Self::Confirm, 'C'),
        (Self::Change, 'E'),
        (Self::Cancel, 'X'),
        (Self::Pick, 'P'),
        (Self::None, 'N'),
        (Self::Wait, 'W'),
    ];

    fn letter(self) -> char {
        Self::ALL
            .into_iter()
            .find(|(tap, _)| *tap == self)
            .map_or('N', |(_, letter)| letter)
    }
}

/// A payload of ours, verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tapped {
    /// What it means.
    pub tap: Tap,
    /// The question it belongs to.
    pub question: u32,
    /// Which answer, from 0.
    pub index: u32,
}

/// Why a payload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// Not made by us for this conversation (or forged): its title is read as words.
    Foreign,
    /// Ours, but too old.
    Expired(Tapped),
}

/// Signs and checks the payloads of one conversation.
#[derive(Clone)]
pub struct PayloadKey {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PayloadKey(..)")
    }
}

impl PayloadKey {
    /// From the server's secret (32 bytes or more) and the conversation that the buttons are for.
    #[must_use]
    pub fn new(secret: &[u8], conversation: ConversationId) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(b"eziseller button 1");
        mac.update(conversation.0.as_bytes());
        Self { mac }
    }

    fn tag(&self, body: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(body.as_bytes());
        URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16])
    }

    /// The payload of a button that is good until `until`.
    #[must_use]
    pub fn seal(&self, tapped: Tapped, until: Timestamp) -> String {
        let body = format!(
            "e1.{}.{}.{}.{}",
            tapped.tap.letter(),
            base36(u64::from(tapped.question)),
            base36(u64::from(tapped.index)),
            base36(until.0.max(0).unsigned_abs() / 1_000)
        );
        let tag = self.tag(&body);
        format!("{body}.{tag}")
    }

    /// Reads a payload back.
    pub fn open(&self, payload: &str, now: Timestamp) -> Result<Tapped, NotTaken> {
        let (body, tag) = payload.rsplit_once('.').ok_or(NotTaken::Foreign)?;
        if !same(self.tag(body).as_bytes(), tag.as_bytes()) {
            return Err(NotTaken::Foreign);
        }
        let mut parts = body.split('.').skip(1);
        let mut next = || parts.next().ok_or(NotTaken::Foreign);
        let letter = next()?;
        let tap = Tap::ALL
            .into_iter()
            .find(|(_, l)| letter.starts_with(*l))
            .map(|(tap, _)| tap)
            .ok_or(NotTaken::Foreign)?;
        let number = |text: &str| u64::from_str_radix(text, 36).map_err(|_| NotTaken::Foreign);
        let tapped = Tapped {
            tap,
            question: number(next()?)? as u32,
            index: number(next()?)? as u32,
        };
        let until = number(next()?)? as i64 * 1_000;
        if now.0 < until {
            Ok(tapped)
        } else {
            Err(NotTaken::Expired(tapped))
        }
    }
}

/// Compares without telling by its time where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{NotTaken, PayloadKey, Tap, Tapped};
    use crate::{ConversationId, Timestamp};

    #[test]
    fn only_an_unspoilt_payload_of_this_conversation_in_time_is_taken() {
        let conversation = ConversationId(uuid::Uuid::from_u128(7));
        let key = PayloadKey::new(b"0123456789abcdef0123456789abcdef", conversation);
        let tapped = Tapped {
            tap: Tap::Pick,
            question: 41,
            index: 9,
        };
        let until = Timestamp(1_793_000_000_000);
        let payload = key.seal(tapped, until);
        assert!(payload.len() < 60, "{payload}");
        assert_eq!(key.open(&payload, until.plus(-1)), Ok(tapped));
        assert_eq!(key.open(&payload, until), Err(NotTaken::Expired(tapped)));
        let other = PayloadKey::new(
            b"0123456789abcdef0123456789abcdef",
            ConversationId(uuid::Uuid::from_u128(8)),
        );
        assert_eq!(other.open(&payload, Timestamp(0)), Err(NotTaken::Foreign));
        for i in 0..payload.len() {
            let mut bytes = payload.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(key.open(&forged, Timestamp(0)).is_err(), "{forged}");
        }
        for text in ["", ".", "e1", "ORDER:4411:CONFIRM", "e1.C.0.0.zz.AAAA"] {
            assert_eq!(key.open(text, Timestamp(0)), Err(NotTaken::Foreign));
        }
    }
}
