//! From the code to tokens, and to tokens that last.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::graph::Answer;
use crate::world::{DAY, HOUR, Token, TokenKind, World};
use serde_json::{Value, json};

/// `expires_in` of a long-lived Facebook token as Meta answers it.
const LONG_SECONDS: i64 = 5_183_944;
/// Facebook Login only; nothing of the kind is documented for Instagram Login.
const DATA_ACCESS: i64 = 90 * DAY;

impl World {
    /// `/oauth/access_token`: codes, long-lived tokens, the app token.
    pub(crate) fn access_token(&mut self, call: &Call) -> GraphResult<Answer> {
        let code = call
            .text("code")
            .map(|c| c.trim_end_matches("#_").to_owned());
        let instagram = match code.as_ref().and_then(|c| self.codes.get(c)) {
            Some(code) => code.instagram.is_some(),
            None => call.text("grant_type").as_deref() == Some("authorization_code"),
        };
        if instagram {
            let outcome = self.redeem(call, code.as_deref(), true);
            return Ok(match outcome {
                Ok(value) => Answer::Json(value),
                Err(error) => Answer::Status(
                    400,
                    json!({"error_type": "OAuthException", "code": 400, "error_message": error.message}),
                ),
            });
        }
        let client = call.require("client_id")?;
        let secret = call.require("client_secret")?;
        let app = self.find_app(&client).ok_or_else(|| {
            GraphError::new(
                101,
                "Error validating application. Cannot get application info",
            )
        })?;
        if app.secret != secret {
            return Err(GraphError::new(1, "Error validating client secret.").status(400));
        }
        match call.text("grant_type").as_deref() {
            Some("client_credentials") => Ok(Answer::Json(
                json!({"access_token": format!("{client}|{secret}"), "token_type": "bearer"}),
            )),
            Some("fb_exchange_token") => {
                let old = call.require("fb_exchange_token")?;
                let mut token = self.live_token(&old)?.clone();
                if token.app != client || token.kind != TokenKind::User {
                    return Err(GraphError::new(
                        190,
                        "The access token does not belong to application",
                    ));
                }
                let now = self.now();
                token.issued_at = now;
                token.expires_at = now + LONG_SECONDS * 1000;
                token.long_lived = true;
                let text = self.issue(token);
                Ok(Answer::Json(
                    json!({"access_token": text, "token_type": "bearer", "expires_in": LONG_SECONDS}),
                ))
            }
            _ => self.redeem(call, code.as_deref(), false).map(Answer::Json),
        }
    }

    /// Turns a code into a short-lived token.
    fn redeem(&mut self, call: &Call, code: Option<&str>, instagram: bool) -> GraphResult<Value> {
        let now = self.now();
        let text = code.ok_or_else(|| GraphError::param("The parameter code is required"))?;
        let client = call.require("client_id")?;
        let secret = call.require("client_secret")?;
        let app = self
            .find_app(&client)
            .ok_or_else(|| GraphError::new(101, "Invalid platform app"))?;
        let right = if instagram {
            &app.instagram_secret
        } else {
            &app.secret
        };
        if *right != secret {
            return Err(GraphError::new(1, "Error validating client secret.").status(400));
        }
        let client = app.id.clone();
        let found = self.codes.get(text).filter(|c| c.app == client).cloned();
        let bad = |why: &str| GraphError::new(100, why.to_owned());
        let Some(code) = found else {
            return Err(bad("Invalid verification code format."));
        };
        if code.used {
            return Err(bad("This authorization code has been used.").sub(36_009));
        }
        if now >= code.expires_at {
            return Err(bad("This authorization code has expired.").sub(36_007));
        }
        if call.text("redirect_uri").as_deref() != Some(code.redirect_uri.as_str()) {
            return Err(bad(
                "Error validating verification code. Please make sure your redirect_uri is \
                 identical to the one you used in the OAuth dialog request",
            )
            .sub(36_008));
        }
        if let Some(challenge) = &code.challenge
            && !verifies(challenge, &call.text("code_verifier").unwrap_or_default())
        {
            return Err(bad("Invalid code_verifier parameter"));
        }
        if let Some(kept) = self.codes.get_mut(text) {
            kept.used = true;
        }
        let life = if instagram { HOUR } else { 2 * HOUR };
        let token = self.issue(Token {
            kind: if instagram {
                TokenKind::Instagram
            } else {
                TokenKind::User
            },
            app: client,
            user: code.user.clone(),
            profile: code.instagram.clone(),
            scopes: code.scopes.clone(),
            targets: code.targets.clone(),
            issued_at: now,
            expires_at: now + life,
            data_access_expires_at: if instagram { 0 } else { now + DATA_ACCESS },
            long_lived: false,
            revoked: None,
        });
        if instagram {
            let scopes: Vec<&String> = code.scopes.iter().collect();
            let scoped = code
                .instagram
                .and_then(|id| self.instagram.get(&id))
                .map(|a| a.app_scoped_id.clone());
            return Ok(json!({"data": [{
                "access_token": token, "user_id": scoped, "permissions": scopes,
            }]}));
        }
        Ok(json!({"access_token": token, "token_type": "bearer", "expires_in": life / 1000}))
    }

    /// `GET /access_token?grant_type=ig_exchange_token`: Instagram short to long.
    pub(crate) fn instagram_exchange(&mut self, call: &Call) -> GraphResult<Value> {
        let mut token = self.instagram_token(call)?;
        let secret = call.require("client_secret")?;
        if self
            .apps
            .get(&token.app)
            .is_none_or(|a| a.instagram_secret != secret)
        {
            return Err(GraphError::new(1, "Error validating client secret.").status(400));
        }
        if token.long_lived {
            return Err(GraphError::new(
                452,
                "Session key invalid: the token is long-lived already",
            ));
        }
        token.long_lived = true;
        Ok(self.renewed(token))
    }

    /// `GET /refresh_access_token`: at least 24 hours old, unexpired, long-lived.
    pub(crate) fn instagram_refresh(&mut self, call: &Call) -> GraphResult<Value> {
        let token = self.instagram_token(call)?;
        self.require_scope(&token, "instagram_business_basic")?;
        if !token.long_lived || self.now() - token.issued_at < DAY {
            return Err(GraphError::new(
                100,
                "The access token is not eligible for refresh: it must be long-lived and at least \
                 24 hours old",
            ));
        }
        Ok(self.renewed(token))
    }

    fn instagram_token(&self, call: &Call) -> GraphResult<Token> {
        let wanted = ["ig_exchange_token", "ig_refresh_token"];
        let grant = call.require("grant_type")?;
        if !wanted.contains(&grant.as_str()) {
            return Err(GraphError::param(format!("Unsupported grant_type {grant}")));
        }
        let token = self.holder(call)?;
        if token.kind != TokenKind::Instagram {
            return Err(GraphError::token(None));
        }
        Ok(token)
    }

    fn renewed(&mut self, mut token: Token) -> Value {
        let now = self.now();
        token.issued_at = now;
        token.expires_at = now + 60 * DAY;
        let scopes: Vec<String> = token.scopes.iter().cloned().collect();
        let text = self.issue(token);
        json!({
            "access_token": text,
            "token_type": "bearer",
            "expires_in": 60 * DAY / 1000,
            "permissions": scopes.join(","),
        })
    }
}

/// PKCE with S256 (RFC 7636, section 4.6).
fn verifies(challenge: &str, verifier: &str) -> bool {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest) == challenge
}

#[cfg(test)]
mod tests {
    use super::verifies;

    #[test]
    fn pkce_matches_the_rfc_example() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verifies(
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            verifier
        ));
        assert!(!verifies(
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "other"
        ));
    }
}
