//! What customers do on WhatsApp.

use super::Action;
use crate::world::{Customer, World};
use serde_json::json;

impl World {
    /// WhatsApp's shapes.
    pub(super) fn act_whatsapp(&mut self, customer: &Customer, action: Action) -> Option<String> {
        let quoted =
            |mid: Option<String>| mid.map(|id| json!({"from": customer.business, "id": id}));
        let message = match action {
            Action::Say { text, reply_to } => {
                let mut message = json!({"type": "text", "text": {"body": text}});
                if let Some(context) = quoted(reply_to) {
                    message["context"] = context;
                }
                message
            }
            Action::QuickReply { title, payload } | Action::Postback { title, payload, .. } => {
                json!({"type": "interactive", "interactive": {"type": "button_reply",
                    "button_reply": {"id": payload, "title": title}}})
            }
            Action::ListReply { id, title } => {
                json!({"type": "interactive", "interactive": {"type": "list_reply",
                    "list_reply": {"id": id, "title": title, "description": ""}}})
            }
            Action::TemplateButton { payload, text } => {
                json!({"type": "button", "button": {"payload": payload, "text": text}})
            }
            Action::Order {
                items,
                text,
                catalog_id,
            } => {
                let catalog = catalog_id.or_else(|| {
                    self.accounts
                        .iter()
                        .find(|a| a.phone_number_id.as_deref() == Some(&customer.business))
                        .and_then(|a| a.catalog_id.clone())
                });
                let mut order = json!({"catalog_id": catalog, "product_items": items});
                if let Some(text) = text {
                    order["text"] = text.into();
                }
                json!({"type": "order", "order": order})
            }
            Action::AskProduct { text, product_id } => {
                let (catalog, sku) = self.find_product(&product_id).unwrap_or_default();
                json!({"type": "text", "text": {"body": text}, "context": {"referred_product":
                    {"catalog_id": catalog, "product_retailer_id": sku}}})
            }
            Action::FromAd {
                text,
                ad_id,
                ad_title,
                ..
            } => {
                json!({"type": "text", "text": {"body": text}, "referral": {
                    "source_url": "https://fb.me/x", "source_id": ad_id, "source_type": "ad",
                    "headline": ad_title, "ctwa_clid": self.rng.hex(8)}})
            }
            Action::Attach { kind, title, .. } => {
                let id = self.id("9900000");
                let mut media =
                    json!({"id": id, "mime_type": "image/jpeg", "sha256": self.rng.hex(32)});
                if let Some(title) = title {
                    media["caption"] = title.into();
                }
                json!({"type": kind.clone(), kind: media})
            }
            Action::React {
                mid,
                emoji,
                reaction,
            } => {
                let emoji = if reaction.is_some() {
                    emoji.unwrap_or_else(|| "👍".into())
                } else {
                    String::new()
                };
                json!({"type": "reaction", "reaction": {"message_id": mid, "emoji": emoji}})
            }
            Action::Read { mid } => {
                let line = json!({"statuses": [{"id": mid?, "status": "read",
                    "timestamp": (self.now() / 1000).to_string(), "recipient_id": customer.id}]});
                self.emit_whatsapp_value(customer, &line);
                return None;
            }
            Action::Unsupported => json!({"type": "unsupported", "errors": [{"code": 131_051,
                "title": "Message type unknown",
                "error_data": {"details": "Message type is currently not supported."}}]}),
            Action::Typed { message } => message,
            _ => return None,
        };
        self.customer_message(&customer.id, message)
    }
}
