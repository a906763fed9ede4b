//! From what happens to the webhook updates that tell of it.

use crate::config::Login;
use crate::webhooks::{Part, Update};
use crate::world::{Channel, Customer, Message, World};
use serde_json::{Value, json};

impl World {
    /// `object` of webhooks about a business id.
    fn object_of(channel: Channel) -> &'static str {
        match channel {
            Channel::Instagram => "instagram",
            Channel::Messenger => "page",
            Channel::Whatsapp => "whatsapp_business_account",
        }
    }

    /// Apps that get `field` of the asset: installed on it, and subscribed at app level.
    ///
    /// Instagram fields are chosen at app level only; any installed field lets all of them through.
    fn listeners(
        &self,
        channel: Channel,
        business: &str,
        field: &str,
        tester: bool,
    ) -> Vec<String> {
        let object = Self::object_of(channel);
        let installed: Vec<&String> = match channel {
            Channel::Instagram => match self.instagram.get(business) {
                Some(account) if !account.message_access && field != "comments" => Vec::new(),
                Some(account) => match account.page.as_ref().and_then(|p| self.pages.get(p)) {
                    Some(page) if account.login == Login::Facebook => {
                        page.subscribed.keys().collect()
                    }
                    _ => account.subscribed.keys().collect(),
                },
                None => Vec::new(),
            },
            Channel::Messenger => self.pages.get(business).map_or_else(Vec::new, |page| {
                let has = |f: &std::collections::BTreeSet<String>| f.contains(field);
                page.subscribed
                    .iter()
                    .filter(|(_, f)| has(f))
                    .map(|(a, _)| a)
                    .collect()
            }),
            Channel::Whatsapp => {
                let waba = self
                    .numbers
                    .get(business)
                    .map(|n| n.waba.as_str())
                    .unwrap_or_default();
                self.wabas
                    .get(waba)
                    .map_or_else(Vec::new, |w| w.subscribed.keys().collect())
            }
        };
        installed
            .into_iter()
            .filter_map(|id| self.apps.get(id))
            .filter(|app| app.live || tester)
            .filter(|app| {
                app.subscriptions
                    .get(object)
                    .is_some_and(|s| s.fields.contains(field))
            })
            .map(|app| app.id.clone())
            .collect()
    }

    /// Queues one update for every app that listens. Returns how many there are.
    pub(crate) fn emit(
        &mut self,
        channel: Channel,
        business: &str,
        field: &str,
        tester: bool,
        part: Part,
    ) -> usize {
        if self.outbound.lose > 0 {
            self.outbound.lose -= 1;
            return 0;
        }
        let apps = self.listeners(channel, business, field, tester);
        let asset = match channel {
            Channel::Whatsapp => self.numbers.get(business).map(|n| n.waba.clone()),
            _ => Some(business.to_owned()),
        };
        let asset = asset.unwrap_or_default();
        let instagram_secret = channel == Channel::Instagram
            && self
                .instagram
                .get(business)
                .is_some_and(|a| a.login == Login::Instagram);
        for app in &apps {
            self.outbound.updates.push_back(Update {
                app: app.clone(),
                object: Self::object_of(channel),
                entry_id: asset.clone(),
                asset: asset.clone(),
                part: part.clone(),
                instagram_secret,
            });
        }
        apps.len()
    }

    /// An item of a customer: `sender`, `recipient`, `timestamp` and one more key.
    pub(crate) fn item(&self, customer: &Customer, key: &str, value: Value) -> Value {
        json!({
            "sender": {"id": customer.id},
            "recipient": {"id": customer.business},
            "timestamp": self.now(),
            key: value,
        })
    }

    /// Queues an item about a customer, in `standby` when another app owns the thread.
    pub(crate) fn emit_item(&mut self, customer: &Customer, field: &str, item: Value) {
        let stands_by = self
            .instagram
            .get(&customer.business)
            .is_some_and(|a| a.thread_owner.is_some());
        let part = if stands_by {
            Part::Standby(item)
        } else if self.outbound.style.as_changes {
            Part::Changes {
                field: field.to_owned(),
                value: item,
            }
        } else {
            Part::Messaging(item)
        };
        self.emit(
            customer.channel,
            &customer.business,
            field,
            customer.tester,
            part,
        );
    }

    /// A message of a customer: kept, opens the window, told by webhook. Returns its mid.
    ///
    /// `content` is the `message` object without `mid` (WhatsApp: the typed part of `messages[]`).
    pub(crate) fn customer_message(&mut self, id: &str, mut content: Value) -> Option<String> {
        let customer = self.customers.get(id)?.clone();
        // A replayed script brings its own ids, so that a second play is a redelivery.
        let mid = match content.get("mid").and_then(Value::as_str) {
            Some(mid) => mid.to_owned(),
            None => self.mid(customer.channel),
        };
        let text = content
            .get("text")
            .and_then(|t| t.as_str().or_else(|| t["body"].as_str()))
            .map(Into::into);
        if customer.channel == Channel::Whatsapp {
            self.emit_whatsapp(&customer, &mid, &content);
        } else {
            content["mid"] = mid.as_str().into();
            let item = self.item(&customer, "message", content.clone());
            self.emit_item(&customer, "messages", item);
        }
        self.keep(Message {
            mid: mid.clone(),
            business: customer.business.clone(),
            customer: customer.id.clone(),
            inbound: true,
            at: self.now(),
            text,
            content,
            deleted: false,
            edits: 0,
            reaction: None,
        });
        self.open_window(&customer);
        Some(mid)
    }

    /// Adds a message to its conversation.
    pub(crate) fn keep(&mut self, message: Message) {
        let (mid, at) = (message.mid.clone(), message.at);
        let conversation = self.conversation(&message.business, &message.customer);
        if !conversation.messages.contains(&mid) {
            conversation.messages.push(mid.clone());
        }
        conversation.updated_at = at;
        if !message.inbound {
            conversation.activity = None;
        }
        self.messages.insert(mid, message);
    }

    /// The customer did something that opens the 24-hour window.
    pub(crate) fn open_window(&mut self, customer: &Customer) {
        let now = self.now();
        let conversation = self.conversation(&customer.business, &customer.id);
        conversation.opened_at = Some(now);
        conversation.archived = false;
    }

    /// Tells of a message of the business: the echo of our own or of the human's on the phone.
    pub(crate) fn emit_echo(&mut self, message: &Message, app: Option<&str>) {
        let Some(customer) = self.customers.get(&message.customer).cloned() else {
            return;
        };
        if customer.channel == Channel::Whatsapp {
            return;
        }
        let mut content = message.content.clone();
        content["mid"] = message.mid.as_str().into();
        content["is_echo"] = true.into();
        if let (Channel::Messenger, Some(app)) = (customer.channel, app) {
            content["app_id"] = app.parse::<u64>().map_or_else(|_| app.into(), Value::from);
        }
        if let Some(attachment) = content.get("attachment").cloned() {
            content.as_object_mut().map(|m| m.remove("attachment"));
            content["attachments"] = json!([echoed(&attachment)]);
        }
        let item = json!({
            "sender": {"id": message.business},
            "recipient": {"id": message.customer},
            "timestamp": message.at,
            "message": content,
        });
        let field = match customer.channel {
            Channel::Messenger => "message_echoes",
            _ => "messages",
        };
        self.emit_item(&customer, field, item);
    }

    fn emit_whatsapp(&mut self, customer: &Customer, mid: &str, content: &Value) {
        let mut message = content.clone();
        message["from"] = customer.id.as_str().into();
        message["id"] = mid.into();
        message["timestamp"] = (self.now() / 1000).to_string().into();
        self.emit_whatsapp_value(
            customer,
            &json!({
                "contacts": [{"profile": {"name": customer.name}, "wa_id": customer.id}],
                "messages": [message],
            }),
        );
    }

    /// Queues a `messages` change of the number with `more` in its value.
    pub(crate) fn emit_whatsapp_value(&mut self, customer: &Customer, more: &Value) {
        let Some(number) = self.numbers.get(&customer.business) else {
            return;
        };
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": number.display,
                "phone_number_id": number.id,
            },
        });
        for (key, part) in more.as_object().into_iter().flatten() {
            value[key] = part.clone();
        }
        let part = Part::Changes {
            field: "messages".into(),
            value,
        };
        self.emit(
            Channel::Whatsapp,
            &customer.business,
            "messages",
            customer.tester,
            part,
        );
    }
}

/// A sent template as its echo shows it: type `template`, the elements under `generic`.
fn echoed(attachment: &Value) -> Value {
    if attachment["type"] != "template" {
        return attachment.clone();
    }
    let payload = &attachment["payload"];
    match payload["template_type"].as_str() {
        Some("generic") => {
            json!({"type": "template", "payload": {"generic": {"elements": payload["elements"]}}})
        }
        _ => json!({"type": "template", "payload": payload}),
    }
}
