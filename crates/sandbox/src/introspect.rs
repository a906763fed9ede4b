//! Who a token is and what it may: `debug_token`, `me/permissions`, `me/accounts`.

use crate::call::{Call, project};
use crate::error::{GraphError, GraphResult};
use crate::page::paged;
use crate::token::{Caller, FACEBOOK_SCOPES};
use crate::world::{Page, Token, TokenKind, World};
use serde_json::{Value, json};

impl World {
    /// `GET /debug_token?input_token=`: by the app token, or a token of the same app.
    pub(crate) fn debug_token(&self, call: &Call) -> GraphResult<Value> {
        let app = match self.caller(call)? {
            Caller::App(app) => app,
            Caller::Token(token) => token.app.clone(),
        };
        let input = call.require("input_token")?;
        let dead = |error: &GraphError| json!({"code": error.code, "message": error.message, "subcode": error.subcode.unwrap_or(0)});
        let Some(token) = self.tokens.get(&input) else {
            let error = GraphError::token(None);
            return Ok(json!({"data": {
                "error": dead(&error), "is_valid": false, "scopes": [],
            }}));
        };
        if token.app != app {
            return Err(GraphError::new(
                100,
                "(#100) The App_id in the input_token did not match the Viewing App",
            ));
        }
        let kind = match token.kind {
            TokenKind::User => "USER",
            TokenKind::Page => "PAGE",
            TokenKind::Instagram => "USER",
            TokenKind::System => "SYSTEM_USER",
        };
        let scopes = self.granted(token);
        let granular: Vec<Value> = scopes
            .iter()
            .filter(|s| s.contains('_') && *s != "public_profile")
            .map(|scope| match &token.targets {
                Some(targets) => json!({"scope": scope, "target_ids": targets}),
                None => json!({"scope": scope}),
            })
            .collect();
        let mut data = json!({
            "app_id": token.app,
            "type": kind,
            "application": self.apps.get(&token.app).map(|a| a.name.as_str()),
            "is_valid": true,
            "issued_at": token.issued_at / 1000,
            "expires_at": token.expires_at / 1000,
            "data_access_expires_at": token.data_access_expires_at / 1000,
            "scopes": scopes,
            "granular_scopes": granular,
            "user_id": token.user,
        });
        if let Some(profile) = &token.profile {
            data["profile_id"] = profile.as_str().into();
        }
        if let Err(error) = self.live_token(&input) {
            data["is_valid"] = false.into();
            data["error"] = dead(&error);
        }
        Ok(json!({"data": data}))
    }

    /// `GET|DELETE /me/permissions`.
    pub(crate) fn permissions(&mut self, call: &Call) -> GraphResult<Value> {
        let token = self.holder(call)?;
        if call.is_delete() {
            return Ok(self.revoke_permissions(&token, call.text("permission")));
        }
        let declined = self
            .users
            .get(&token.user)
            .map(|u| u.declined.clone())
            .unwrap_or_default();
        let data: Vec<Value> = token
            .scopes
            .iter()
            .chain(declined.iter().filter(|d| !token.scopes.contains(*d)))
            .map(|scope| {
                let status = if declined.contains(scope) {
                    "declined"
                } else {
                    "granted"
                };
                json!({"permission": scope, "status": status})
            })
            .collect();
        Ok(json!({"data": data}))
    }

    /// Takes one permission away, or removes the app (every token of the person dies: 190/458).
    pub(crate) fn revoke_permissions(&mut self, token: &Token, one: Option<String>) -> Value {
        match one {
            Some(permission) => {
                if let Some(user) = self.users.get_mut(&token.user) {
                    user.declined.insert(permission);
                }
            }
            None => {
                for other in self.tokens.values_mut() {
                    if other.user == token.user && other.app == token.app {
                        other.revoked = Some(458);
                    }
                }
            }
        }
        json!({"success": true})
    }

    /// `GET /me/accounts`: the pages that were ticked, each with its page token.
    pub(crate) fn page_list(&mut self, call: &Call) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "pages_show_list")?;
        let ids: Vec<String> = self
            .users
            .get(&token.user)
            .map(|u| u.pages.clone())
            .unwrap_or_default()
            .into_iter()
            .filter(|id| token.may_touch(id))
            .collect();
        let mut fields = call.fields();
        if fields.is_empty() {
            fields = ["access_token", "category", "name", "id", "tasks"]
                .map(|f| (f.to_owned(), String::new()))
                .to_vec();
        }
        let with_token = fields.iter().any(|(name, _)| name == "access_token");
        let rows: Vec<Page> = ids
            .iter()
            .filter_map(|id| self.pages.get(id))
            .cloned()
            .collect();
        let rows: Vec<&Page> = rows.iter().collect();
        let (page, paging) = paged(call, &rows, |p| p.id.as_str());
        let mut data = Vec::new();
        for one in page {
            let mut value = self.page_value(one);
            if with_token {
                value["access_token"] = self.page_token(&token, &one.id).into();
            }
            data.push(project(&value, &fields));
        }
        Ok(json!({"data": data, "paging": paging}))
    }

    /// The page token that belongs to a user token; long-lived ones give one without expiry.
    pub(crate) fn page_token(&mut self, token: &Token, page: &str) -> String {
        let known = self.tokens.iter().find(|(_, t)| {
            t.kind == TokenKind::Page
                && t.user == token.user
                && t.app == token.app
                && t.profile.as_deref() == Some(page)
                && t.scopes == token.scopes
                && t.targets == token.targets
                && t.revoked.is_none()
                && (t.expires_at == 0) == token.long_lived
                && t.issued_at >= token.issued_at
                && t.data_access_expires_at == token.data_access_expires_at
        });
        if let Some((text, _)) = known {
            return text.clone();
        }
        let mut own = token.clone();
        own.kind = TokenKind::Page;
        own.profile = Some(page.to_owned());
        if token.long_lived {
            own.expires_at = 0;
        }
        self.issue(own)
    }

    /// A page as a node.
    pub(crate) fn page_value(&self, page: &Page) -> Value {
        let instagram = page
            .instagram
            .as_ref()
            .and_then(|id| self.instagram.get(id))
            .map(|a| {
                json!({"id": a.id, "username": a.username, "name": a.username,
                "profile_picture_url": format!("{}/_sandbox/avatar/{}.svg", self.url, a.id)})
            });
        let mut value = json!({
            "id": page.id,
            "name": page.name,
            "category": "Shopping & retail",
            "tasks": page.tasks,
            "link": format!("https://www.facebook.com/{}", page.id),
        });
        if let Some(instagram) = instagram {
            value["instagram_business_account"] = instagram.clone();
            value["connected_instagram_account"] = instagram;
        }
        value
    }

    /// `POST /{business}/system_user_access_tokens`.
    pub(crate) fn system_token(&mut self, call: &Call, business: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "business_management")?;
        let mine = |u: &crate::world::User| u.businesses.iter().any(|b| b == business);
        if !self.users.get(&token.user).is_some_and(mine) {
            return Err(call.unsupported());
        }
        let scopes = call.list("scope").unwrap_or_default();
        if let Some(bad) = scopes
            .iter()
            .find(|s| !FACEBOOK_SCOPES.contains(&s.as_str()))
        {
            return Err(GraphError::param(format!("Invalid scope: {bad}")));
        }
        let now = self.now();
        let short = call.flag("set_token_expires_in_60_days", false);
        let text = self.issue(Token {
            kind: TokenKind::System,
            scopes: scopes.into_iter().collect(),
            targets: call.list("asset").map(|a| a.into_iter().collect()),
            issued_at: now,
            expires_at: if short {
                now + 60 * crate::world::DAY
            } else {
                0
            },
            data_access_expires_at: 0,
            long_lived: true,
            revoked: None,
            profile: None,
            app: token.app,
            user: token.user,
        });
        Ok(json!({"access_token": text}))
    }
}
