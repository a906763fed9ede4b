//! Cross-site request forgery: a form is taken only from our own pages. Three locks, each enough
//! for most browsers: `SameSite=Lax` on the session, the browser's own word on where the request
//! comes from, and a token in every form that only a page of this session can know.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The name of the form field.
pub(crate) const FIELD: &str = "csrf";

/// The token of a session (or of the sign-in page's cookie): a digest, so that a leaked page does
/// not leak the cookie.
pub(crate) fn token(secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"eziseller csrf 1\0");
    hash.update(secret.as_bytes());
    hex::encode(hash.finalize())
}

/// Whether `given` is the token of `secret`, in constant time.
pub(crate) fn token_fits(secret: &str, given: &str) -> bool {
    token(secret).as_bytes().ct_eq(given.as_bytes()).into()
}

/// Whether the browser says that the request comes from our own pages. Requests without
/// `Sec-Fetch-Site` and `Origin` come from old browsers or from scripts: for them the token decides.
pub(crate) fn comes_from_us(headers: &HeaderMap) -> bool {
    let value = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    match value(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    match (value(header::ORIGIN), value(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{comes_from_us, token, token_fits};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn the_browsers_word_decides_first() {
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[("origin", "https://shop.example"), ("host", "shop.example")],
                true,
            ),
            (
                &[("origin", "https://evil.example"), ("host", "shop.example")],
                false,
            ),
            (&[("origin", "null"), ("host", "shop.example")], false),
            (&[("origin", "https://shop.example")], false),
            (&[], true),
        ] {
            assert_eq!(comes_from_us(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_token_fits_only_its_own_session() {
        assert!(token_fits("a", &token("a")));
        assert!(!token_fits("a", &token("b")));
        assert!(!token_fits("a", ""));
    }
}
