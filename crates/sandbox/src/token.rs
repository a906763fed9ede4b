//! Whose call it is: access tokens, their life, their scopes, `appsecret_proof`.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::world::{App, Token, TokenKind, World};
use std::collections::BTreeSet;

/// Scopes a seller's Facebook-Login token holds when nothing is declined.
pub(crate) const FACEBOOK_SCOPES: &[&str] = &[
    "public_profile",
    "email",
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "instagram_content_publish",
    "instagram_shopping_tag_products",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "catalog_management",
    "business_management",
    "whatsapp_business_messaging",
    "whatsapp_business_management",
];

/// Scopes of a seller's Instagram-Login token.
pub(crate) const INSTAGRAM_SCOPES: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
    "instagram_business_content_publish",
];

/// HMAC-SHA256 in lowercase hex; the key is the secret as text (`appsecret_proof`, signatures).
pub(crate) fn hmac_hex(secret: &str, message: &[u8]) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// A `signed_request` as the deauthorise and data-deletion callbacks carry it: base64url of the
/// HMAC, a dot, base64url of the payload.
pub(crate) fn signed_request(secret: &str, user_id: &str, issued_at: i64) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = serde_json::json!({
        "algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user_id,
    });
    let payload = engine.encode(payload.to_string());
    let signature = hex::decode(hmac_hex(secret, payload.as_bytes())).unwrap_or_default();
    format!("{}.{payload}", engine.encode(signature))
}

/// The caller of one call.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// `app-id|app-secret`.
    App(String),
    /// A person, page or Instagram account.
    Token(Box<Token>),
}

impl World {
    /// Checks the call's token and proof.
    pub(crate) fn caller(&self, call: &Call) -> GraphResult<Caller> {
        let Some(text) = call.token.as_deref().filter(|t| !t.is_empty()) else {
            return Err(GraphError::new(
                104,
                "An access token is required to request this resource.",
            ));
        };
        if let Some((id, secret)) = text.split_once('|') {
            return match self.find_app(id) {
                Some(app) if app.secret == secret || app.instagram_secret == secret => {
                    Ok(Caller::App(app.id.clone()))
                }
                _ => Err(GraphError::token(None)),
            };
        }
        let token = self.live_token(text)?;
        let app = self
            .apps
            .get(&token.app)
            .ok_or_else(|| GraphError::token(Some(458)))?;
        check_proof(app, token, text, call)?;
        Ok(Caller::Token(Box::new(token.clone())))
    }

    /// The caller as a person, page or account; the app token is not enough.
    pub(crate) fn holder(&self, call: &Call) -> GraphResult<Token> {
        match self.caller(call)? {
            Caller::Token(token) => Ok(*token),
            Caller::App(_) => Err(GraphError::new(
                190,
                "A user or page access token is required to request this resource.",
            )),
        }
    }

    /// The token if it is known, unexpired and not revoked; otherwise 190 with its subcode.
    pub(crate) fn live_token(&self, text: &str) -> GraphResult<&Token> {
        let token = self
            .tokens
            .get(text)
            .ok_or_else(|| GraphError::token(None))?;
        if let Some(subcode) = token.revoked {
            return Err(GraphError::token(Some(subcode)));
        }
        if token.expires_at != 0 && self.now() >= token.expires_at {
            return Err(GraphError::token(Some(463)));
        }
        Ok(token)
    }

    /// Checks that the token holds `scope` and that its data access has not lapsed.
    ///
    /// Some scopes are exempt from data-access expiry (auth-vs-data page).
    pub(crate) fn require_scope(&self, token: &Token, scope: &str) -> GraphResult<()> {
        const EXEMPT: &[&str] = &[
            "business_management",
            "pages_messaging",
            "pages_manage_metadata",
            "pages_read_engagement",
            "pages_show_list",
            "whatsapp_business_messaging",
            "whatsapp_business_management",
        ];
        let lapsed =
            token.data_access_expires_at != 0 && self.now() >= token.data_access_expires_at;
        if !self.granted(token).contains(scope) || (lapsed && !EXEMPT.contains(&scope)) {
            return Err(GraphError::scope(scope));
        }
        Ok(())
    }

    /// Scopes of the token less what the person has since revoked.
    pub(crate) fn granted(&self, token: &Token) -> BTreeSet<String> {
        match self.users.get(&token.user) {
            Some(user) => token.scopes.difference(&user.declined).cloned().collect(),
            None => token.scopes.clone(),
        }
    }

    /// Whether the person behind the token owns the page.
    pub(crate) fn owns_page(&self, token: &Token, page: &str) -> bool {
        match token.kind {
            TokenKind::Page => token.profile.as_deref() == Some(page),
            TokenKind::Instagram => false,
            TokenKind::User | TokenKind::System => {
                token.may_touch(page)
                    && self
                        .users
                        .get(&token.user)
                        .is_some_and(|u| u.pages.iter().any(|p| p == page))
            }
        }
    }

    /// Whether the token may act for the Instagram account.
    pub(crate) fn owns_instagram(&self, token: &Token, id: &str) -> bool {
        let Some(account) = self.instagram.get(id) else {
            return false;
        };
        match token.kind {
            TokenKind::Instagram => token.profile.as_deref() == Some(id),
            _ => account
                .page
                .as_deref()
                .is_some_and(|page| self.owns_page(token, page)),
        }
    }
}

fn check_proof(app: &App, token: &Token, text: &str, call: &Call) -> GraphResult<()> {
    let secret = match token.kind {
        TokenKind::Instagram => &app.instagram_secret,
        _ => &app.secret,
    };
    match call.text("appsecret_proof") {
        None if app.require_proof => Err(GraphError::new(
            100,
            "API calls from the server require an appsecret_proof argument",
        )),
        Some(proof) if proof != hmac_hex(secret, text.as_bytes()) => Err(GraphError::new(
            100,
            "Invalid appsecret_proof provided in the API argument",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::hmac_hex;

    #[test]
    fn proof_matches_the_published_vector() {
        assert_eq!(
            hmac_hex("0f1e2d3c4b5a69788796a5b4c3d2e1f0", b"EAAB-made-up-token"),
            "d82713d56007e4fab67c51562dba503d78a5e984aa55fbb64beaaaddfcb041b2"
        );
    }
}
