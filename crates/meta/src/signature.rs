//! Who signed it: `X-Hub-Signature-256` over the raw bytes of a webhook, the `hub.challenge`
//! handshake and `appsecret_proof`.
//!
//! Source of the rules: Meta's webhook getting-started page. The key is the app secret as ASCII
//! text, the message is the body before any parsing, the header is `sha256=` and 64 hex digits.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::webhook::Object;

type HmacSha256 = Hmac<Sha256>;

/// Which environment variable a secret came from; it decides what the secret may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// `INSTAGRAM_APP_SECRET`: `instagram` and `page`.
    Instagram,
    /// `WHATSAPP_APP_SECRET`: `whatsapp_business_account`.
    Whatsapp,
    /// `META_APP_SECRET`: one Facebook app for all.
    Meta,
}

impl SecretKind {
    /// The environment variable, which is also the name that logs may show.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Instagram => "INSTAGRAM_APP_SECRET",
            Self::Whatsapp => "WHATSAPP_APP_SECRET",
            Self::Meta => "META_APP_SECRET",
        }
    }

    /// Whether a secret of this kind may sign a body about `object`.
    ///
    /// Ask after verification only: until then `object` is a stranger's word. A body without a
    /// readable object, or about one we do not know, is authentic and therefore allowed; it is kept.
    pub fn may_sign(self, object: Option<&Object>) -> bool {
        match (self, object) {
            (Self::Meta, _) | (_, None | Some(Object::Other(_))) => true,
            (Self::Instagram, Some(object)) => matches!(object, Object::Instagram | Object::Page),
            (Self::Whatsapp, Some(object)) => matches!(object, Object::Whatsapp),
        }
    }
}

/// One app secret with the name under which it may be mentioned.
#[derive(Debug, Clone)]
pub struct AppSecret {
    /// What logs and the doctor call it, e.g. `INSTAGRAM_APP_SECRET#2`. Never the value.
    pub name: String,
    /// What it may sign.
    pub kind: SecretKind,
    /// The secret itself, as Meta's dashboard shows it.
    pub secret: SecretString,
}

/// A secret with its keyed state prepared, so that a webhook costs no key schedule.
struct Prepared {
    name: String,
    kind: SecretKind,
    keyed: HmacSha256,
}

/// The app secrets of this server, ready to verify with.
pub struct AppSecrets(Vec<Prepared>);

/// A signature that fits, and by which secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'a> {
    /// Every secret that fits: one value may stand under two names.
    pub by: Vec<(&'a str, SecretKind)>,
}

impl Verified<'_> {
    /// Whether one of the secrets that fit may sign a body about all of these objects.
    pub fn may_sign<'o>(&self, objects: impl IntoIterator<Item = &'o Object> + Clone) -> bool {
        self.by.iter().any(|(_, kind)| {
            objects
                .clone()
                .into_iter()
                .all(|object| kind.may_sign(Some(object)))
        })
    }
}

/// Why a signature was refused. Every one of these is a 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The server has no app secret at all.
    #[error("no app secret is configured: set INSTAGRAM_APP_SECRET or META_APP_SECRET")]
    NoSecret,
    /// The header is missing.
    #[error("the X-Hub-Signature-256 header is missing")]
    Missing,
    /// The header is not `sha256=` and 64 hex digits.
    #[error("the X-Hub-Signature-256 header is not `sha256=` and 64 hex digits")]
    Malformed,
    /// No secret fits.
    #[error("no configured app secret made this signature")]
    NoMatch,
}

impl AppSecrets {
    /// Prepares the secrets; empty values are left out.
    pub fn new(secrets: impl IntoIterator<Item = AppSecret>) -> Self {
        let prepared = secrets
            .into_iter()
            .filter(|s| !s.secret.expose_secret().is_empty())
            .map(|s| Prepared {
                keyed: keyed(&s.secret),
                name: s.name,
                kind: s.kind,
            })
            .collect();
        Self(prepared)
    }

    /// Reads the three environment values, each possibly a comma-separated list during a rotation.
    pub fn from_values<'v>(values: impl IntoIterator<Item = (SecretKind, &'v str)>) -> Self {
        Self::new(values.into_iter().flat_map(|(kind, list)| {
            list.split(',')
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .enumerate()
                .map(move |(index, secret)| AppSecret {
                    name: match index {
                        0 => kind.variable().to_owned(),
                        n => format!("{}#{}", kind.variable(), n + 1),
                    },
                    kind,
                    secret: secret.to_owned().into(),
                })
        }))
    }

    /// Whether there is no secret, so that every webhook will be refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the secrets, for the doctor.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|p| p.name.as_str())
    }

    /// Whether any secret could sign a body about `object`.
    pub fn can_serve(&self, object: &Object) -> bool {
        self.0.iter().any(|p| p.kind.may_sign(Some(object)))
    }

    /// Verifies the header over the raw `body`. Every secret is tried, so that the time taken
    /// says nothing about which one fits.
    pub fn verify(&self, header: Option<&str>, body: &[u8]) -> Result<Verified<'_>, Refused> {
        if self.0.is_empty() {
            return Err(Refused::NoSecret);
        }
        let header = header.ok_or(Refused::Missing)?;
        let digits = header
            .trim()
            .strip_prefix("sha256=")
            .ok_or(Refused::Malformed)?;
        let mut given = [0u8; 32];
        hex::decode_to_slice(digits, &mut given).map_err(|_| Refused::Malformed)?;
        let mut by = Vec::with_capacity(1);
        for secret in &self.0 {
            let mut mac = secret.keyed.clone();
            mac.update(body);
            let made = mac.finalize().into_bytes();
            if bool::from(made.as_slice().ct_eq(&given)) {
                by.push((secret.name.as_str(), secret.kind));
            }
        }
        if by.is_empty() {
            Err(Refused::NoMatch)
        } else {
            Ok(Verified { by })
        }
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn keyed(secret: &SecretString) -> HmacSha256 {
    HmacSha256::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length")
}

pub(crate) fn hmac_sha256(secret: &SecretString, message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(secret);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// The value of `X-Hub-Signature-256` for a body, as Meta (or the sandbox) sends it.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(hmac_sha256(secret, body)))
}

/// `appsecret_proof`: hex HMAC-SHA256 of the access token under the app secret. It goes with a
/// Graph call as a parameter, and differs for every token.
pub fn appsecret_proof(secret: &SecretString, access_token: &SecretString) -> String {
    hex::encode(hmac_sha256(secret, access_token.expose_secret().as_bytes()))
}

/// Compares two secrets in time that depends on neither content nor length.
pub fn same_secret(a: &str, b: &str) -> bool {
    Sha256::digest(a).ct_eq(&Sha256::digest(b)).into()
}

/// The longest `hub.challenge` that is echoed.
pub const CHALLENGE_BYTES_MAX: usize = 128;

/// Answers the `hub.challenge` handshake: the challenge to echo as `text/plain`, or `None` for 403.
///
/// `tokens` are all verify tokens in force (the server's and every channel account's); each is
/// compared. The charset keeps the endpoint from reflecting markup.
pub fn verify_challenge<'c, T: AsRef<str>>(
    mode: Option<&str>,
    token: Option<&str>,
    challenge: Option<&'c str>,
    tokens: impl IntoIterator<Item = T>,
) -> Option<&'c str> {
    let (token, challenge) = (token?, challenge?);
    let fits = tokens.into_iter().fold(false, |fits, expected| {
        let expected = expected.as_ref();
        fits | (!expected.is_empty() & same_secret(expected, token))
    });
    let plain = (1..=CHALLENGE_BYTES_MAX).contains(&challenge.len())
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    (mode == Some("subscribe") && fits && plain).then_some(challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    const BODY_A: &str = r#"{"object":"instagram","entry":[{"id":"17840000000000001","time":1760000000123,"messaging":[]}]}"#;
    const SIGNED_A: &str =
        "sha256=c3b75b826d3d20190aae6560029a149f4309571f5ad394b1cc5d3f79cad12569";
    const BODY_B: &str = r#"{"object":"instagram","entry":[{"id":"17840000000000001","time":1760000000123,"messaging":[{"sender":{"id":"900100200300400"},"recipient":{"id":"17840000000000001"},"timestamp":1760000000000,"message":{"mid":"m_test_1","text":"caf\u00e9 x2 \ud83d\ude00"}}]}]}"#;
    const SIGNED_B: &str =
        "sha256=8db4ece6f30a25d383503c8041e25ff632264393815474e07ca24ff718a8e851";

    fn secrets() -> AppSecrets {
        AppSecrets::from_values([
            (SecretKind::Whatsapp, "another-secret"),
            (SecretKind::Instagram, &format!("old-one, {KEY},")[..]),
        ])
    }

    #[test]
    fn the_published_vectors_hold() {
        let secret = KEY.to_owned().into();
        for (body, signed) in [(BODY_A, SIGNED_A), (BODY_B, SIGNED_B)] {
            assert_eq!(sign(&secret, body.as_bytes()), signed);
            assert_eq!(
                secrets().verify(Some(signed), body.as_bytes()).unwrap().by,
                [("INSTAGRAM_APP_SECRET#2", SecretKind::Instagram)]
            );
        }
        assert_eq!(
            appsecret_proof(&secret, &"EAAB-made-up-token".to_owned().into()),
            "d82713d56007e4fab67c51562dba503d78a5e984aa55fbb64beaaaddfcb041b2"
        );
    }

    #[test]
    fn a_body_written_again_does_not_verify() {
        let again = BODY_B
            .replace(r"\u00e9", "é")
            .replace(r"\ud83d\ude00", "😀");
        assert_eq!(
            secrets().verify(Some(SIGNED_B), again.as_bytes()),
            Err(Refused::NoMatch)
        );
    }

    #[test]
    fn every_other_header_is_refused() {
        let sha1 = SIGNED_A.replace("sha256", "sha1");
        let long = format!("{SIGNED_A}00");
        let cases = [
            (None, Refused::Missing),
            (Some(""), Refused::Malformed),
            (Some("sha256="), Refused::Malformed),
            (Some(&SIGNED_A[..70]), Refused::Malformed),
            (Some(long.as_str()), Refused::Malformed),
            (Some(sha1.as_str()), Refused::Malformed),
            (Some(SIGNED_B), Refused::NoMatch),
        ];
        for (header, why) in cases {
            assert_eq!(
                secrets().verify(header, BODY_A.as_bytes()),
                Err(why),
                "{header:?}"
            );
        }
        let none = AppSecrets::from_values([(SecretKind::Instagram, " , ")]);
        assert_eq!(
            none.verify(Some(SIGNED_A), BODY_A.as_bytes()),
            Err(Refused::NoSecret)
        );
    }

    #[test]
    fn a_secret_signs_only_its_own_objects() {
        use Object::{Instagram, Page, Whatsapp};
        let table = [
            (SecretKind::Instagram, [true, true, false]),
            (SecretKind::Whatsapp, [false, false, true]),
            (SecretKind::Meta, [true, true, true]),
        ];
        for (kind, may) in table {
            for (object, may) in [Instagram, Page, Whatsapp].iter().zip(may) {
                assert_eq!(kind.may_sign(Some(object)), may, "{kind:?} {object:?}");
            }
            assert!(kind.may_sign(None) && kind.may_sign(Some(&Object::Other("x".into()))));
        }
    }

    #[test]
    fn one_value_under_two_names_may_sign_what_either_may() {
        let both =
            AppSecrets::from_values([(SecretKind::Instagram, KEY), (SecretKind::Whatsapp, KEY)]);
        let verified = both.verify(Some(SIGNED_A), BODY_A.as_bytes()).unwrap();
        assert_eq!(verified.by.len(), 2);
        assert!(verified.may_sign([&Object::Whatsapp]) && verified.may_sign([&Object::Page]));
        let one = secrets();
        let verified = one.verify(Some(SIGNED_A), BODY_A.as_bytes()).unwrap();
        assert!(!verified.may_sign([&Object::Instagram, &Object::Whatsapp]));
    }

    #[test]
    fn the_handshake_echoes_only_plain_challenges_under_a_known_token() {
        let ask = |mode, token, challenge| verify_challenge(mode, token, challenge, ["one", "two"]);
        assert_eq!(
            ask(Some("subscribe"), Some("two"), Some("1158201444")),
            Some("1158201444")
        );
        assert_eq!(ask(Some("subscribe"), Some("tw"), Some("1")), None);
        assert_eq!(ask(Some("unsubscribe"), Some("one"), Some("1")), None);
        assert_eq!(ask(None, None, None), None);
        assert_eq!(ask(Some("subscribe"), Some("one"), Some("")), None);
        assert_eq!(ask(Some("subscribe"), Some("one"), Some("<b>")), None);
        assert_eq!(
            ask(Some("subscribe"), Some("one"), Some(&*"9".repeat(129))),
            None
        );
        assert_eq!(
            verify_challenge(Some("subscribe"), Some(""), Some("1"), [""]),
            None,
            "an empty token in the configuration lets nobody in"
        );
    }

    #[test]
    fn no_secret_is_printed() {
        let printed = format!("{:?}", secrets());
        assert!(printed.contains("INSTAGRAM_APP_SECRET#2") && !printed.contains(KEY));
    }
}
