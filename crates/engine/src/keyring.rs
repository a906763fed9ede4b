//! Secrets at rest: AES-256-GCM under the keys of `ENCRYPTION_KEY`.
//!
//! A sealed value is `version ‖ key id ‖ nonce ‖ ciphertext and tag`. The row and the column that it
//! belongs to are authenticated with it, so a token copied into another row does not open. The key
//! id tells which key of the list sealed it: the first key seals, every key opens, and
//! [`Keyring::needs_reseal`] says what `keys rotate` still has to do.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const VERSION: u8 = 1;
const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_BYTES;

/// The keys that secrets are sealed under, the newest first.
pub struct Keyring {
    /// Never empty.
    keys: Vec<Key>,
}

struct Key {
    id: [u8; ID_BYTES],
    cipher: Aes256Gcm,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// Where a sealed value belongs. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The row's id.
    pub row: Uuid,
    /// The column's name, with its table (`channel_accounts.access_token`).
    pub column: &'static str,
}

impl Place {
    fn associated_data(self) -> Vec<u8> {
        let mut data = self.row.as_bytes().to_vec();
        data.extend_from_slice(self.column.as_bytes());
        data
    }
}

/// An `ENCRYPTION_KEY` that cannot be used. Says what is wrong and never what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyring {
    /// Nothing given.
    #[error(
        "ENCRYPTION_KEY is empty; set it to 32 random bytes in base64 or hex, such as the output of `openssl rand -base64 32`"
    )]
    Empty,
    /// Neither encoding.
    #[error(
        "ENCRYPTION_KEY: key {position} is neither base64 nor hex; make one with `openssl rand -base64 32`"
    )]
    Encoding {
        /// Its place in the list, from 1.
        position: usize,
    },
    /// The wrong length.
    #[error(
        "ENCRYPTION_KEY: key {position} has {bytes} bytes instead of 32; make one with `openssl rand -base64 32`"
    )]
    Length {
        /// Its place in the list, from 1.
        position: usize,
        /// How many bytes it has.
        bytes: usize,
    },
    /// The same key twice.
    #[error("ENCRYPTION_KEY: key {position} is listed twice; name each key once, the newest first")]
    Twice {
        /// Its second place in the list, from 1.
        position: usize,
    },
}

/// A sealed value that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotOpen {
    /// Not something that [`Keyring::seal`] made.
    #[error("a stored secret is damaged; reconnect the channel account")]
    Damaged,
    /// Sealed under a key that is not in the list.
    #[error(
        "a stored secret was sealed under a key that ENCRYPTION_KEY no longer lists; add the old key after the new one, or reconnect the channel account"
    )]
    UnknownKey,
    /// Changed, or moved here from another row.
    #[error(
        "a stored secret does not belong to its row or was changed; reconnect the channel account"
    )]
    Forged,
}

impl Keyring {
    /// Reads `ENCRYPTION_KEY`: 32 bytes in base64 (either alphabet, padded or not) or hex; several
    /// separated by commas, the newest first.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidKeyring> {
        let mut keys: Vec<Key> = Vec::new();
        let parts = text.expose_secret().split(',').map(str::trim);
        for (i, part) in parts.filter(|part| !part.is_empty()).enumerate() {
            let position = i + 1;
            let key = Key::new(decode(part, position)?);
            if keys.iter().any(|other| *other.bytes == *key.bytes) {
                return Err(InvalidKeyring::Twice { position });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(InvalidKeyring::Empty);
        }
        Ok(Self { keys })
    }

    /// A fresh random key in the form that [`Self::parse`] reads, for a first start without one.
    pub fn generate() -> SecretString {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(bytes.as_mut_slice());
        base64::engine::general_purpose::STANDARD
            .encode(bytes.as_slice())
            .into()
    }

    /// Seals `secret` for `place` under the newest key.
    #[must_use]
    pub fn seal(&self, place: Place, secret: &SecretString) -> Vec<u8> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce);
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &place.associated_data(),
        };
        let sealed = key
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .expect("AES-GCM takes up to 64 GiB");
        let mut value = Vec::with_capacity(HEAD_BYTES + sealed.len());
        value.push(VERSION);
        value.extend_from_slice(&key.id);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        value
    }

    /// Opens what [`Self::seal`] made for the same place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<SecretString, CannotOpen> {
        let (head, ciphertext) = sealed
            .split_at_checked(HEAD_BYTES)
            .ok_or(CannotOpen::Damaged)?;
        if head[0] != VERSION {
            return Err(CannotOpen::Damaged);
        }
        let (id, nonce) = head[1..].split_at(ID_BYTES);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| CannotOpen::Damaged)?;
        let aad = place.associated_data();
        // Two keys may share an id by chance: every one that does is tried.
        let mut error = CannotOpen::UnknownKey;
        for key in self.keys.iter().filter(|key| key.id == id) {
            let payload = Payload {
                msg: ciphertext,
                aad: &aad,
            };
            match key.cipher.decrypt(&Nonce::from(nonce), payload) {
                Ok(plain) => {
                    return String::from_utf8(plain)
                        .map(SecretString::from)
                        .map_err(|_| CannotOpen::Damaged);
                }
                Err(_) => error = CannotOpen::Forged,
            }
        }
        Err(error)
    }

    /// Whether `sealed` is under another key than the newest.
    #[must_use]
    pub fn needs_reseal(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=ID_BYTES) != Some(&self.keys[0].id)
    }

    /// Keys for another purpose than sealing, one for each key of the list, the newest first: sign
    /// with the first, accept any. Different labels give unrelated keys.
    #[must_use]
    pub fn derive(&self, label: &str) -> Vec<Zeroizing<[u8; KEY_BYTES]>> {
        self.keys
            .iter()
            .map(|key| derive(&key.bytes, label))
            .collect()
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} keys)", self.keys.len())
    }
}

impl Key {
    fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&derive(&bytes, "key id")[..ID_BYTES]);
        Self {
            id,
            cipher: Aes256Gcm::new(&(*bytes).into()),
            bytes,
        }
    }
}

fn derive(key: &[u8; KEY_BYTES], label: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(b"eziseller/1/");
    mac.update(label.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn decode(text: &str, position: usize) -> Result<Zeroizing<[u8; KEY_BYTES]>, InvalidKeyring> {
    // 64 hex digits are base64 of 48 bytes too: hex is tried first.
    let is_hex = text.len() == 2 * KEY_BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
    let bytes = if is_hex {
        hex::decode(text).ok()
    } else {
        let config =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let alphabet = if text.contains(['-', '_']) {
            &alphabet::URL_SAFE
        } else {
            &alphabet::STANDARD
        };
        GeneralPurpose::new(alphabet, config).decode(text).ok()
    };
    let bytes = Zeroizing::new(bytes.ok_or(InvalidKeyring::Encoding { position })?);
    let length = bytes.len();
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| InvalidKeyring::Length {
            position,
            bytes: length,
        })
}

/// Fills `bytes` from the system's generator. A system without one cannot run this server.
pub(crate) fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has a random number generator");
}

#[cfg(test)]
mod tests {
    use super::{CannotOpen, InvalidKeyring, Keyring, Place};
    use secrecy::{ExposeSecret, SecretString};
    use uuid::Uuid;

    const OLD: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const NEW: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    fn ring(text: &str) -> Keyring {
        Keyring::parse(&text.into()).unwrap()
    }

    fn place() -> Place {
        Place {
            row: Uuid::from_u128(7),
            column: "channel_accounts.access_token",
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let ring = ring(NEW);
        let token = SecretString::from("EAAB-made-up");
        let sealed = ring.seal(place(), &token);
        assert_ne!(sealed, ring.seal(place(), &token), "the nonce is fresh");
        let opened = ring.open(place(), &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "EAAB-made-up");
        let other_row = Place {
            row: Uuid::from_u128(8),
            ..place()
        };
        let other_column = Place {
            column: "channel_accounts.verify_token",
            ..place()
        };
        for elsewhere in [other_row, other_column] {
            assert_eq!(
                ring.open(elsewhere, &sealed).unwrap_err(),
                CannotOpen::Forged
            );
        }
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(ring.open(place(), &changed).is_err(), "byte {i}");
            assert!(ring.open(place(), &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn an_old_key_opens_and_asks_to_be_resealed() {
        let sealed = ring(OLD).seal(place(), &"secret".into());
        let both = ring(&format!("{NEW}, {OLD}"));
        assert!(both.needs_reseal(&sealed));
        let again = both.seal(place(), &both.open(place(), &sealed).unwrap());
        assert!(!both.needs_reseal(&again));
        assert_eq!(
            ring(NEW).open(place(), &sealed).unwrap_err(),
            CannotOpen::UnknownKey
        );
        assert_eq!(both.derive("a")[1], ring(OLD).derive("a")[0]);
        assert_ne!(both.derive("a")[0], both.derive("b")[0]);
    }

    #[test]
    fn a_bad_key_is_named_and_not_shown() {
        use InvalidKeyring::{Empty, Encoding, Length, Twice};
        for (text, error) in [
            (" , ".to_owned(), Empty),
            ("pass phrase!".to_owned(), Encoding { position: 1 }),
            (
                format!("{NEW},c2VjcmV0"),
                Length {
                    position: 2,
                    bytes: 6,
                },
            ),
            (format!("{NEW},{OLD},{NEW}"), Twice { position: 3 }),
        ] {
            let found = Keyring::parse(&text.clone().into()).unwrap_err();
            assert_eq!(found, error);
            assert!(!found.to_string().contains(text.trim()) || text.trim() == ",");
        }
        let fresh = Keyring::generate();
        assert!(Keyring::parse(&fresh).is_ok());
    }
}
