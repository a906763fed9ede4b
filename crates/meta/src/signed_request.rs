//! `signed_request`: what Meta posts to the deauthorisation and data-deletion callbacks.
//!
//! `base64url(signature).base64url(json)`, HMAC-SHA256 over the second part as text, under the app
//! secret (Meta's data-deletion-callback page).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::signature::hmac_sha256;
use crate::webhook::wire;

/// What the request says, once its signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The app-scoped id of the person who removed the app or asks for deletion.
    pub user_id: String,
    /// When it was made, in seconds since 1970.
    pub issued_at: Option<i64>,
}

/// Why a signed request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not two base64url parts with a JSON object in the second.
    #[error("this is no signed_request: two base64url parts joined by a dot are expected")]
    Malformed,
    /// Another algorithm than the one that is safe.
    #[error("the signed_request does not say HMAC-SHA256")]
    Algorithm,
    /// No configured secret made the signature.
    #[error("no configured app secret made this signed_request")]
    NoMatch,
}

#[derive(Serialize)]
struct Out<'a> {
    algorithm: &'a str,
    issued_at: i64,
    user_id: &'a str,
}

#[derive(Deserialize)]
struct In<'a> {
    #[serde(borrow)]
    algorithm: Option<wire::Text<'a>>,
    #[serde(borrow)]
    issued_at: Option<wire::Text<'a>>,
    #[serde(borrow)]
    user_id: Option<wire::Text<'a>>,
}

/// Verifies under any of the secrets (each is tried) and reads it.
pub fn verify<'s>(
    secrets: impl IntoIterator<Item = &'s SecretString>,
    signed_request: &str,
) -> Result<SignedRequest, Refused> {
    let (signature, payload) = signed_request
        .trim()
        .split_once('.')
        .ok_or(Refused::Malformed)?;
    let decode = |part: &str| {
        URL_SAFE_NO_PAD
            .decode(part.trim_end_matches('='))
            .map_err(|_| Refused::Malformed)
    };
    let (signature, json) = (decode(signature)?, decode(payload)?);
    let fits = secrets.into_iter().fold(false, |fits, secret| {
        fits | bool::from(hmac_sha256(secret, payload.as_bytes()).ct_eq(&signature))
    });
    if !fits {
        return Err(Refused::NoMatch);
    }
    let read: In<'_> = serde_json::from_slice(&json).map_err(|_| Refused::Malformed)?;
    if !read
        .algorithm
        .is_some_and(|a| a.as_str().eq_ignore_ascii_case("HMAC-SHA256"))
    {
        return Err(Refused::Algorithm);
    }
    Ok(SignedRequest {
        user_id: read.user_id.ok_or(Refused::Malformed)?.into_string(),
        issued_at: read.issued_at.and_then(|t| t.as_str().parse().ok()),
    })
}

/// Makes a signed request as Meta does; for the sandbox and tests.
pub fn make(secret: &SecretString, user_id: &str, issued_at_seconds: i64) -> String {
    let body = Out {
        algorithm: "HMAC-SHA256",
        issued_at: issued_at_seconds,
        user_id,
    };
    let json = serde_json::to_vec(&body).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.encode(json);
    let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(secret, payload.as_bytes()));
    format!("{signature}.{payload}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    fn sealed(json: &str) -> String {
        let payload = URL_SAFE_NO_PAD.encode(json);
        let tag = URL_SAFE_NO_PAD.encode(hmac_sha256(&secret("k"), payload.as_bytes()));
        format!("{tag}.{payload}")
    }

    #[test]
    fn what_was_made_is_read_under_any_listed_secret() {
        let made = make(&secret("new"), "218471", 1_793_000_000);
        let read = verify([&secret("old"), &secret("new")], &made).unwrap();
        assert_eq!(read.user_id, "218471");
        assert_eq!(read.issued_at, Some(1_793_000_000));
    }

    #[test]
    fn ids_may_be_numbers_and_parts_may_be_padded() {
        let made = sealed(r#"{"algorithm":"HMAC-SHA256","user_id":218471}"#);
        assert_eq!(
            verify([&secret("k")], &format!("{made}=")).map(|r| r.user_id),
            Err(Refused::NoMatch)
        );
        assert_eq!(verify([&secret("k")], &made).unwrap().user_id, "218471");
    }

    #[test]
    fn anything_else_is_refused() {
        let good = make(&secret("k"), "1", 1);
        let cases = [
            (String::new(), Refused::Malformed),
            ("abc".into(), Refused::Malformed),
            ("a.b.c".into(), Refused::Malformed),
            ("!!.??".into(), Refused::Malformed),
            (format!("x{good}"), Refused::NoMatch),
            (make(&secret("other"), "1", 1), Refused::NoMatch),
            (
                sealed(r#"{"algorithm":"none","user_id":"1"}"#),
                Refused::Algorithm,
            ),
            (sealed(r#"{"user_id":"1"}"#), Refused::Algorithm),
            (sealed(r#"{"algorithm":"HMAC-SHA256"}"#), Refused::Malformed),
            (sealed("nonsense"), Refused::Malformed),
        ];
        for (text, why) in cases {
            let got = verify([&secret("k")], &text).unwrap_err();
            assert!(got == why || got == Refused::Malformed, "{text}: {got:?}");
        }
        assert_eq!(verify([], &good), Err(Refused::NoMatch));
    }
}
