//! OAuth: the consent dialogs of Facebook and Instagram Login, codes, and exchanging tokens.

use crate::call::{Call, percent_encode};
use crate::error::{GraphError, GraphResult};
use crate::graph::Answer;
use crate::token::{FACEBOOK_SCOPES, INSTAGRAM_SCOPES};
use crate::world::{AuthCode, DAY, HOUR, MINUTE, Token, TokenKind, World};
use maud::{DOCTYPE, html};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `expires_in` of a long-lived Facebook token as Meta answers it.
const LONG_SECONDS: i64 = 5_183_944;
/// Facebook Login only; nothing of the kind is documented for Instagram Login.
const DATA_ACCESS: i64 = 90 * DAY;

/// What the person in front of the consent dialog does.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    /// Answer at once instead of showing a page.
    #[serde(default)]
    pub auto: bool,
    /// Press "Cancel".
    #[serde(default)]
    pub deny: bool,
    /// Who signs in; absent = the first person.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Scopes that are unticked.
    #[serde(default)]
    pub declined: Vec<String>,
    /// Pages, accounts, catalogs that stay ticked; absent = all.
    #[serde(default)]
    pub assets: Option<Vec<String>>,
}

impl World {
    /// `GET /dialog/oauth` (Facebook) and `/oauth/authorize` (Instagram), and the page's answer.
    pub(crate) fn dialog(&mut self, call: &Call, instagram: bool) -> GraphResult<Answer> {
        let client = call.require("client_id")?;
        let redirect = call.require("redirect_uri")?;
        let app = self.find_app(&client).ok_or_else(|| {
            GraphError::new(
                101,
                "Invalid App ID: the provided app ID does not look like a valid app ID.",
            )
        })?;
        if !app.redirect_uris.is_empty() && !app.redirect_uris.contains(&redirect) {
            return Err(GraphError::new(
                191,
                "Can't load URL: The domain of this URL isn't included in the app's domains.",
            ));
        }
        let known = if instagram {
            INSTAGRAM_SCOPES
        } else {
            FACEBOOK_SCOPES
        };
        let asked = call.list("scope").unwrap_or_default();
        if let Some(bad) = asked.iter().find(|s| !known.contains(&s.as_str())) {
            return Err(GraphError::param(format!("Invalid Scopes: {bad}")));
        }
        let consent = if call.params.contains_key("_answer") {
            self.answered(call, &asked)
        } else if self.consent.auto || call.flag("_auto", false) {
            self.consent.clone()
        } else {
            return Ok(Answer::Html(self.consent_page(call, instagram, &asked)));
        };
        Ok(Answer::Redirect(
            self.consented(call, instagram, &asked, &redirect, &consent),
        ))
    }

    /// Reads the form of the consent page.
    fn answered(&self, call: &Call, asked: &[String]) -> Consent {
        let ticked = |name: &str| call.params.contains_key(name);
        let user = call.text("_user");
        let assets = user.as_ref().and_then(|u| self.users.get(u)).map(|u| {
            self.assets_of(u)
                .into_iter()
                .map(|(id, _)| id)
                .filter(|id| ticked(&format!("asset_{id}")))
                .collect()
        });
        Consent {
            auto: true,
            deny: call.text("_answer").as_deref() != Some("allow"),
            user_id: user,
            declined: asked
                .iter()
                .filter(|s| !ticked(&format!("scope_{s}")))
                .cloned()
                .collect(),
            assets,
        }
    }

    /// Everything a person could tick: (id, name).
    fn assets_of(&self, user: &crate::world::User) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for id in &user.pages {
            if let Some(page) = self.pages.get(id) {
                out.push((id.clone(), format!("Page: {}", page.name)));
            }
        }
        for id in &user.instagram {
            if let Some(account) = self.instagram.get(id) {
                out.push((id.clone(), format!("Instagram: @{}", account.username)));
            }
        }
        for id in &user.businesses {
            if let Some(business) = self.businesses.get(id) {
                out.push((id.clone(), format!("Business: {}", business.name)));
                for catalog in business.owned.iter().filter_map(|c| self.catalogs.get(c)) {
                    out.push((catalog.id.clone(), format!("Catalog: {}", catalog.name)));
                }
            }
        }
        for number in self.numbers.values() {
            let mine = self.accounts.iter().any(|a| {
                a.user_id == user.id && a.phone_number_id.as_deref() == Some(number.id.as_str())
            });
            if mine {
                out.push((number.id.clone(), format!("WhatsApp: +{}", number.display)));
            }
        }
        out
    }

    /// Makes the code, or the refusal, and says where the browser goes.
    fn consented(
        &mut self,
        call: &Call,
        instagram: bool,
        asked: &[String],
        redirect: &str,
        consent: &Consent,
    ) -> String {
        let joint = if redirect.contains('?') { '&' } else { '?' };
        let state = call
            .text("state")
            .map(|s| format!("&state={}", percent_encode(&s)))
            .unwrap_or_default();
        let user = consent.user_id.clone().or_else(|| self.person(instagram));
        let Some(user) = user.filter(|_| !consent.deny) else {
            return format!(
                "{redirect}{joint}error=access_denied&error_code=200&error_reason=user_denied\
                 &error_description=Permissions+error{state}"
            );
        };
        let mut scopes: BTreeSet<String> = asked
            .iter()
            .filter(|s| !consent.declined.contains(s))
            .cloned()
            .collect();
        if !instagram {
            scopes.insert("public_profile".into());
        }
        let now = self.now();
        if let Some(person) = self.users.get_mut(&user) {
            person.last_active = now;
            for scope in asked {
                if consent.declined.contains(scope) {
                    person.declined.insert(scope.clone());
                } else {
                    person.declined.remove(scope);
                }
            }
        }
        let account = instagram
            .then(|| {
                let mine = self.users.get(&user)?.instagram.clone();
                let ticked = |id: &&String| consent.assets.as_ref().is_none_or(|a| a.contains(id));
                mine.iter().find(ticked).cloned()
            })
            .flatten();
        let client = call.text("client_id").unwrap_or_default();
        let app_id = self
            .find_app(&client)
            .map(|a| a.id.clone())
            .unwrap_or_default();
        let code = format!("AQ{}", self.rng.hex(40));
        self.codes.insert(
            code.clone(),
            AuthCode {
                app: app_id,
                user,
                redirect_uri: redirect.to_owned(),
                scopes,
                targets: consent.assets.as_ref().map(|a| a.iter().cloned().collect()),
                instagram: account,
                challenge: call.text("code_challenge"),
                expires_at: now + if instagram { HOUR } else { 10 * MINUTE },
                used: false,
            },
        );
        let tail = if instagram { "#_" } else { "" };
        format!("{redirect}{joint}code={code}{state}{tail}")
    }

    /// The first person who can sign in by that way.
    fn person(&self, instagram: bool) -> Option<String> {
        let fits = |u: &&crate::world::User| {
            if instagram {
                !u.instagram.is_empty()
            } else {
                !u.pages.is_empty()
            }
        };
        self.users
            .values()
            .find(fits)
            .or_else(|| self.users.values().next())
            .map(|u| u.id.clone())
    }

    fn consent_page(&self, call: &Call, instagram: bool, asked: &[String]) -> String {
        let app = call.text("client_id").and_then(|id| self.find_app(&id));
        let name = app.map_or("an app", |a| a.name.as_str());
        let chosen = call
            .text("_user")
            .or_else(|| self.person(instagram))
            .unwrap_or_default();
        let user = self.users.get(&chosen);
        let assets = user.map(|u| self.assets_of(u)).unwrap_or_default();
        let brand = if instagram { "Instagram" } else { "Facebook" };
        let kept: Vec<(&String, String)> = call
            .params
            .iter()
            .filter(|(k, _)| !k.starts_with('_'))
            .filter_map(|(k, v)| Some((k, crate::call::into_text(v.clone())?)))
            .collect();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (brand) " Login (sandbox)" }
                    link rel="stylesheet" href="/app.css";
                }
                body.consent {
                    main.card {
                        p.hint { (brand) " Login, played by the sandbox" }
                        h1 { (name) " wants access" }
                        form method="get" action=(format!("/{}", call.path.join("/"))) {
                            @for (k, v) in &kept { input type="hidden" name=(k) value=(v); }
                            label { "Continue as "
                                select name="_user" onchange="this.form.submit()" {
                                    @for u in self.users.values() {
                                        option value=(u.id) selected[u.id == chosen] { (u.name) }
                                    }
                                }
                            }
                        }
                        form method="post" action=(format!("/{}", call.path.join("/"))) {
                            @for (k, v) in &kept { input type="hidden" name=(k) value=(v); }
                            input type="hidden" name="_user" value=(chosen);
                            h2 { "Choose what it may use" }
                            @for (id, label) in &assets {
                                label.tick {
                                    input type="checkbox" name=(format!("asset_{id}")) checked;
                                    (label)
                                }
                            }
                            h2 { "Permissions" }
                            @for scope in asked {
                                label.tick {
                                    input type="checkbox" name=(format!("scope_{scope}")) checked;
                                    code { (scope) }
                                }
                            }
                            div.row {
                                button.plain name="_answer" value="deny" { "Cancel" }
                                button.main name="_answer" value="allow" { "Allow" }
                            }
                        }
                    }
                }
            }
        }
        .into_string()
    }

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
