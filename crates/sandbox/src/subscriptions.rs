//! Subscriptions: of the app (callback and fields), and of the app to an asset.

use crate::call::Call;
use crate::demo::{INSTAGRAM_FIELDS, PAGE_FIELDS, WHATSAPP_FIELDS, set};
use crate::error::{GraphError, GraphResult};
use crate::token::Caller;
use crate::world::{AppSubscription, TokenKind, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// `GET|POST|DELETE /{page|ig|waba|me}/subscribed_apps`.
    pub(crate) fn subscribed_apps(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let id = if id == "me" {
            token.profile.clone().unwrap_or_default()
        } else {
            id.to_owned()
        };
        let scoped = self
            .instagram
            .values()
            .find(|a| a.app_scoped_id == id)
            .map(|a| a.id.clone());
        let id = scoped.unwrap_or(id);
        if self.wabas.contains_key(&id) {
            return self.waba_apps(call, &token.app, &id);
        }
        if self.instagram.contains_key(&id) && self.owns_instagram(&token, &id) {
            if token.kind != TokenKind::Instagram {
                return Err(call.unsupported());
            }
            self.require_scope(&token, "instagram_business_manage_messages")?;
            let account = self
                .instagram
                .get(&id)
                .map(|a| a.subscribed.clone())
                .unwrap_or_default();
            let changed = self.change_apps(call, &token.app, account, INSTAGRAM_FIELDS)?;
            if let (Some(account), Some(map)) = (self.instagram.get_mut(&id), changed.1) {
                account.subscribed = map;
            }
            return Ok(changed.0);
        }
        if !self.pages.contains_key(&id) || !self.owns_page(&token, &id) {
            return Err(call.unsupported());
        }
        if token.kind != TokenKind::Page {
            return Err(GraphError::new(
                210,
                "(#210) A page access token is required to request this resource.",
            ));
        }
        self.require_scope(&token, "pages_manage_metadata")?;
        let page = self
            .pages
            .get(&id)
            .map(|p| p.subscribed.clone())
            .unwrap_or_default();
        let changed = self.change_apps(call, &token.app, page, PAGE_FIELDS)?;
        if let (Some(page), Some(map)) = (self.pages.get_mut(&id), changed.1) {
            page.subscribed = map;
        }
        Ok(changed.0)
    }

    /// The answer, and the new map when it changes.
    #[allow(clippy::type_complexity)]
    fn change_apps(
        &self,
        call: &Call,
        app: &str,
        mut map: BTreeMap<String, BTreeSet<String>>,
        known: &[&str],
    ) -> GraphResult<(Value, Option<BTreeMap<String, BTreeSet<String>>>)> {
        if call.is_post() {
            let fields = call.list("subscribed_fields").unwrap_or_default();
            if fields.is_empty() {
                return Err(GraphError::param(
                    "The parameter subscribed_fields is required",
                ));
            }
            check_fields("subscribed_fields", &fields, known)?;
            map.insert(app.to_owned(), fields.into_iter().collect());
            return Ok((json!({"success": true}), Some(map)));
        }
        if call.is_delete() {
            map.remove(app);
            return Ok((json!({"success": true}), Some(map)));
        }
        let data: Vec<Value> = map
            .iter()
            .filter_map(|(id, fields)| {
                let app = self.apps.get(id)?;
                Some(
                    json!({"id": id, "name": app.name, "link": "https://example.com",
                    "category": "Business", "subscribed_fields": fields}),
                )
            })
            .collect();
        Ok((json!({"data": data}), None))
    }

    fn waba_apps(&mut self, call: &Call, app: &str, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        self.require_scope(&token, "whatsapp_business_management")?;
        let Some(waba) = self.wabas.get_mut(id) else {
            return Err(call.unsupported());
        };
        if call.is_post() {
            let over = call
                .text("override_callback_uri")
                .map(|uri| (uri, call.text("verify_token").unwrap_or_default()));
            waba.subscribed.insert(app.to_owned(), over);
            return Ok(json!({"success": true}));
        }
        if call.is_delete() {
            waba.subscribed.remove(app);
            return Ok(json!({"success": true}));
        }
        let data: Vec<Value> = waba
            .subscribed
            .keys()
            .filter_map(|id| self.apps.get(id))
            .map(|a| {
                json!({"whatsapp_business_api_data": {"id": a.id, "name": a.name,
                    "link": "https://example.com"}})
            })
            .collect();
        Ok(json!({"data": data}))
    }

    /// `GET|POST|DELETE /{app}/subscriptions`, with the app token. The handshake of a POST was
    /// made before by the server; `_verified` tells its outcome.
    pub(crate) fn app_subscriptions(
        &mut self,
        call: &Call,
        id: &str,
        verified: Option<bool>,
    ) -> GraphResult<Value> {
        match self.caller(call)? {
            Caller::App(app) if app == id => {}
            _ => {
                return Err(GraphError::new(
                    15,
                    "(#15) This method must be called with an app access_token.",
                ));
            }
        }
        let Some(app) = self.apps.get_mut(id) else {
            return Err(call.unsupported());
        };
        if call.is_delete() {
            match call.text("object") {
                Some(object) => drop(app.subscriptions.remove(&object)),
                None => app.subscriptions.clear(),
            }
            return Ok(json!({"success": true}));
        }
        if call.is_get() {
            let data: Vec<Value> = app
                .subscriptions
                .iter()
                .map(|(object, s)| {
                    let fields: Vec<Value> = s
                        .fields
                        .iter()
                        .map(|f| json!({"name": f, "version": "v25.0"}))
                        .collect();
                    json!({"object": object, "callback_url": s.callback_url, "active": true,
                        "fields": fields})
                })
                .collect();
            return Ok(json!({"data": data}));
        }
        let object = call.require("object")?;
        let known = match object.as_str() {
            "instagram" => INSTAGRAM_FIELDS,
            "page" => PAGE_FIELDS,
            "whatsapp_business_account" => WHATSAPP_FIELDS,
            _ => {
                return Err(GraphError::param(format!(
                    "Param object must be one of {{user, page, permissions, instagram, whatsapp_business_account}} - got \"{object}\""
                )));
            }
        };
        let fields = call.list("fields").unwrap_or_default();
        check_fields("fields", &fields, known)?;
        let callback_url = call.require("callback_url")?;
        if verified != Some(true) {
            return Err(GraphError::new(
                2200,
                "(#2200) Callback verification failed with the following errors: HTTP Status Code \
                 or challenge mismatch",
            ));
        }
        let fields = if fields.is_empty() {
            set(known)
        } else {
            fields.into_iter().collect()
        };
        app.subscriptions.insert(
            object,
            AppSubscription {
                callback_url,
                verify_token: call.text("verify_token").unwrap_or_default(),
                fields,
            },
        );
        Ok(json!({"success": true}))
    }
}

fn check_fields(param: &str, fields: &[String], known: &[&str]) -> GraphResult<()> {
    match fields
        .iter()
        .enumerate()
        .find(|(_, f)| !known.contains(&f.as_str()))
    {
        Some((at, bad)) => Err(GraphError::param(format!(
            "Param {param}[{at}] must be one of {{{}}} - got \"{bad}\".",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}
