//! The map from paths to endpoints.

use crate::call::{Call, project, split_fields};
use crate::error::{GraphError, GraphResult};
use crate::faults::Fault;
use crate::world::{InstagramAccount, Token, TokenKind, World};
use serde_json::{Value, json};

/// What a call answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The usual JSON.
    Json(Value),
    /// JSON with a status of its own.
    Status(u16, Value),
    /// A page for a browser.
    Html(String),
    /// The browser goes there.
    Redirect(String),
}

/// What surrounds a call: the fault it meets, the outcome of a handshake made for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around<'a> {
    pub(crate) fault: Option<&'a Fault>,
    pub(crate) verified: Option<bool>,
}

impl World {
    /// The name of the endpoint a call is for, as limits and fault rules know it.
    pub(crate) fn endpoint(&self, call: &Call) -> String {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [] => "batch".into(),
            ["oauth", "access_token"] | ["access_token" | "refresh_access_token"] => "oauth".into(),
            ["dialog", "oauth"] | ["oauth", "authorize"] => "dialog".into(),
            [_, edge] => (*edge).to_owned(),
            ["me" | "debug_token"] => path[0].to_owned(),
            [node] if self.customers.contains_key(*node) => "profile".into(),
            [node] if self.messages.contains_key(*node) => "message".into(),
            [node] if self.catalogs.contains_key(*node) => "catalog".into(),
            [node] if self.find_product(node).is_some() => "product".into(),
            [_] => "object".into(),
            _ => "unknown".into(),
        }
    }

    /// Carries out one call.
    pub(crate) fn answer(&mut self, call: &Call, around: Around<'_>) -> GraphResult<Answer> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [] => self.batch(call),
            ["dialog", "oauth"] => self.dialog(call, false),
            ["oauth", "authorize"] => self.dialog(call, true),
            ["oauth", "access_token"] => self.access_token(call),
            ["access_token"] => self.instagram_exchange(call).map(Answer::Json),
            ["refresh_access_token"] => self.instagram_refresh(call).map(Answer::Json),
            ["debug_token"] => self.debug_token(call).map(Answer::Json),
            [id, "subscriptions"] => self
                .app_subscriptions(call, id, around.verified)
                .map(Answer::Json),
            [id] => self.node(call, id).map(Answer::Json),
            [id, edge] => self.edge(call, id, edge, around.fault).map(Answer::Json),
            _ => Err(call.unknown_path()),
        }
    }

    /// `/{id}`.
    pub(crate) fn node(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        if id == "me" && call.is_get() {
            return self.me(call);
        }
        if self.catalogs.contains_key(id) {
            return self.catalog_node(call, id);
        }
        if let Some(catalog) = self.catalog_of_product(id) {
            self.may_manage(call, &catalog)?;
            return match call.method.as_str() {
                "GET" => self.get_product(call, id),
                "POST" => self.update_product(call, id),
                _ => self.delete_product(call, id),
            };
        }
        if self.comments.contains_key(id) {
            return self.comment_call(call, id, None);
        }
        if !call.is_get() {
            self.caller(call)?;
            return Err(call.unsupported());
        }
        if self.customers.contains_key(id) {
            return self.get_profile(call, id);
        }
        if self.messages.contains_key(id) {
            return self.get_message(call, id);
        }
        if self.media.contains_key(id) {
            return self.media_call(call, id, None);
        }
        if self.conversations.values().any(|c| c.id == id) {
            return self.get_conversation(call, id, false);
        }
        self.owned_node(call, id)
    }

    /// Pages, accounts, businesses, numbers and people.
    fn owned_node(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = match self.caller(call)? {
            crate::token::Caller::Token(token) => *token,
            crate::token::Caller::App(app) if app == id => {
                let app = self.apps.get(id).ok_or_else(|| call.unsupported())?;
                return Ok(json!({"id": app.id, "name": app.name}));
            }
            crate::token::Caller::App(_) => return Err(call.unsupported()),
        };
        let fields = call.fields();
        let or = |default: &str| {
            if fields.is_empty() {
                split_fields(default)
            } else {
                fields.clone()
            }
        };
        if self.owns_page(&token, id)
            && let Some(page) = self.pages.get(id).cloned()
        {
            let mut value = self.page_value(&page);
            if fields.iter().any(|(f, _)| f == "access_token") {
                value["access_token"] = self.page_token(&token, id).into();
            }
            return Ok(project(&value, &or("id,name")));
        }
        if self.owns_instagram(&token, id)
            && let Some(account) = self.instagram.get(id).cloned()
        {
            let scope = match token.kind {
                TokenKind::Instagram => "instagram_business_basic",
                _ => "instagram_basic",
            };
            self.require_scope(&token, scope)?;
            return Ok(project(&self.instagram_value(&account, &token), &or("id")));
        }
        let user = self
            .users
            .get(&token.user)
            .cloned()
            .ok_or_else(|| call.unsupported())?;
        if user.businesses.iter().any(|b| b == id)
            && let Some(business) = self.businesses.get(id)
        {
            self.require_scope(&token, "business_management")?;
            return Ok(project(
                &json!({"id": business.id, "name": business.name}),
                &or("id,name"),
            ));
        }
        if user.id == id {
            return Ok(project(
                &json!({"id": user.id, "name": user.name}),
                &or("id,name"),
            ));
        }
        if let Some(number) = self.numbers.get(id) {
            self.require_scope(&token, "whatsapp_business_management")?;
            let value = json!({"id": number.id, "display_phone_number": number.display,
                "verified_name": number.name, "quality_rating": "GREEN",
                "code_verification_status": "VERIFIED"});
            return Ok(project(&value, &fields));
        }
        if let Some(waba) = self.wabas.get(id) {
            self.require_scope(&token, "whatsapp_business_management")?;
            return Ok(project(&json!({"id": waba.id, "name": waba.name}), &fields));
        }
        Err(call.unsupported())
    }

    fn me(&mut self, call: &Call) -> GraphResult<Value> {
        let token = self.holder(call)?;
        match (token.kind, &token.profile) {
            (TokenKind::Page, Some(page)) => self.owned_node(call, &page.clone()),
            (TokenKind::Instagram, Some(id)) => {
                let account = self.instagram.get(id).ok_or_else(|| call.unsupported())?;
                self.require_scope(&token, "instagram_business_basic")?;
                let mut value = self.instagram_value(account, &token);
                value["id"] = account.app_scoped_id.as_str().into();
                let fields = call.fields();
                let fields = if fields.is_empty() {
                    split_fields("id")
                } else {
                    fields
                };
                Ok(project(&value, &fields))
            }
            _ => self.owned_node(call, &token.user.clone()),
        }
    }

    fn instagram_value(&self, account: &InstagramAccount, token: &Token) -> Value {
        let media = self
            .media
            .values()
            .filter(|m| m.business == account.id && m.published)
            .count();
        let mut value = json!({
            "id": account.id,
            "username": account.username,
            "name": account.username,
            "biography": "",
            "followers_count": 1200,
            "media_count": media,
            "profile_picture_url": format!("{}/_sandbox/avatar/{}.svg", self.url, account.id),
            "account_type": "BUSINESS",
        });
        if token.kind == TokenKind::Instagram {
            value["user_id"] = account.id.as_str().into();
        } else {
            value["shopping_product_tag_eligibility"] = account.tag_eligible.into();
            value["shopping_review_status"] = if account.catalog.is_some() {
                "approved"
            } else {
                "not_started"
            }
            .into();
        }
        value
    }

    /// `/{id}/{edge}`.
    fn edge(
        &mut self,
        call: &Call,
        id: &str,
        edge: &str,
        fault: Option<&Fault>,
    ) -> GraphResult<Value> {
        match edge {
            "messages" if call.is_post() => self.send(call, id),
            "messages" => self.get_conversation(call, id, true),
            "conversations" if call.is_get() => self.list_conversations(call, id),
            "subscribed_apps" => self.subscribed_apps(call, id),
            "accounts" if call.is_get() => self.page_list(call),
            "permissions" => self.permissions(call),
            "businesses" if call.is_get() => self.my_businesses(call),
            "owned_product_catalogs" => self.business_catalogs(call, id, true),
            "client_product_catalogs" => self.business_catalogs(call, id, false),
            "system_user_access_tokens" if call.is_post() => self.system_token(call, id),
            "product_catalogs" => self.linked_catalogs(call, id),
            "available_catalogs" if call.is_get() => self.available_catalogs(call, id),
            "catalog_product_search" if call.is_get() => self.product_search(call, id),
            "product_appeal" => self.product_appeal(call, id),
            "media" => self.account_media(call, id),
            "media_publish" if call.is_post() => self.publish_media(call, id),
            "messenger_profile" => self.messenger_profile(call, id),
            "commerce_merchant_settings" if call.is_get() => self.merchant_settings(call, id),
            "phone_numbers" if call.is_get() => self.waba_numbers(call, id),
            _ if self.catalogs.contains_key(id) => self.catalog_edge(call, id, edge, fault),
            _ if self.media.contains_key(id) => self.media_call(call, id, Some(edge)),
            _ if self.comments.contains_key(id) => self.comment_call(call, id, Some(edge)),
            _ => {
                self.caller(call)?;
                Err(call.unsupported())
            }
        }
    }

    fn catalog_edge(
        &mut self,
        call: &Call,
        id: &str,
        edge: &str,
        fault: Option<&Fault>,
    ) -> GraphResult<Value> {
        self.may_manage(call, id)?;
        match edge {
            "items_batch" if call.is_post() => self.items_batch(call, id, fault),
            "check_batch_request_status" if call.is_get() => self.batch_status(call, id),
            "products" if call.is_get() => self.list_products(call, id),
            "products" if call.is_post() => self.create_product(call, id),
            "diagnostics" if call.is_get() => self.diagnostics(call, id),
            _ => Err(call.unsupported()),
        }
    }

    fn my_businesses(&mut self, call: &Call) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "business_management")?;
        let user = self
            .users
            .get(&token.user)
            .ok_or_else(|| call.unsupported())?;
        let data: Vec<Value> = user
            .businesses
            .iter()
            .filter(|id| token.may_touch(id))
            .filter_map(|id| self.businesses.get(id))
            .map(|b| json!({"id": b.id, "name": b.name}))
            .collect();
        Ok(json!({"data": data}))
    }

    /// Catalogs linked to a page or a WhatsApp business account.
    fn linked_catalogs(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        if let Some(waba) = self.wabas.get_mut(id) {
            if call.is_post() {
                waba.catalogs.insert(call.require("catalog_id")?);
                return Ok(json!({"success": true}));
            }
            if call.is_delete() {
                waba.catalogs.remove(&call.require("catalog_id")?);
                return Ok(json!({"success": true}));
            }
            let ids: Vec<String> = waba.catalogs.iter().cloned().collect();
            return Ok(self.catalog_page(call, &ids));
        }
        if !self.owns_page(&token, id) {
            return Err(call.unsupported());
        }
        let linked = self
            .pages
            .get(id)
            .and_then(|p| p.instagram.as_ref())
            .and_then(|i| self.instagram.get(i))
            .and_then(|a| a.catalog.clone());
        Ok(self.catalog_page(call, &linked.into_iter().collect::<Vec<_>>()))
    }

    /// Ice breakers, persistent menu, greeting of a page or account.
    fn messenger_profile(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let id = if id == "me" {
            token.profile.clone().unwrap_or_default()
        } else {
            id.to_owned()
        };
        let kept = if self.owns_page(&token, &id) {
            self.pages.get_mut(&id).map(|p| &mut p.profile)
        } else if self.owns_instagram(&token, &id) {
            self.instagram.get_mut(&id).map(|a| &mut a.profile)
        } else {
            None
        };
        let kept = kept.ok_or_else(|| call.unsupported())?;
        if call.is_post() {
            if let Some(Value::Array(list)) = call.json("ice_breakers")
                && list.len() > 4
            {
                return Err(GraphError::param("At most 4 ice breakers are allowed"));
            }
            for name in ["ice_breakers", "persistent_menu", "greeting", "get_started"] {
                if let Some(value) = call.json(name) {
                    kept.insert(name.into(), value);
                }
            }
            return Ok(json!({"result": "success"}));
        }
        if call.is_delete() {
            for name in call.list("fields").unwrap_or_default() {
                kept.remove(&name);
            }
            return Ok(json!({"result": "success"}));
        }
        let value = Value::Object(kept.clone());
        let empty = value.as_object().is_none_or(serde_json::Map::is_empty);
        let data = if empty {
            json!([])
        } else {
            json!([project(&value, &call.fields())])
        };
        Ok(json!({"data": data}))
    }

    fn merchant_settings(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "catalog_management")?;
        let accounts: Vec<Value> = self
            .accounts
            .iter()
            .filter(|a| a.business_id.as_deref() == Some(id) || a.page_id.as_deref() == Some(id))
            .filter_map(|a| self.instagram.get(&a.instagram_account_id))
            .filter(|a| a.catalog.is_some())
            .map(|a| {
                json!({"id": format!("88{}", a.id), "display_name": a.username,
                    "merchant_status": "ENABLED",
                    "instagram_channel": {"instagram_users": {"data": [{"id": a.id}]}}})
            })
            .collect();
        Ok(json!({"data": accounts}))
    }

    fn waba_numbers(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "whatsapp_business_management")?;
        let waba = self.wabas.get(id).ok_or_else(|| call.unsupported())?;
        let data: Vec<Value> = waba
            .numbers
            .iter()
            .filter_map(|n| self.numbers.get(n))
            .map(|n| {
                json!({"id": n.id, "display_phone_number": n.display, "verified_name": n.name,
                    "quality_rating": "GREEN"})
            })
            .collect();
        Ok(json!({"data": data}))
    }
}

#[cfg(test)]
mod tests;
