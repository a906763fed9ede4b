//! `POST /{phone-number-id}/messages`: WhatsApp's Cloud API.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::record::SentMessage;
use crate::world::{Channel, DAY, Message, Token, World};
use serde_json::{Value, json};

/// Characters of a text body.
const TEXT: usize = 4096;

impl World {
    /// Sends from the number `id`; also marks messages as read.
    pub(crate) fn send_whatsapp(
        &mut self,
        call: &Call,
        token: &Token,
        id: &str,
    ) -> GraphResult<Value> {
        self.require_scope(token, "whatsapp_business_messaging")?;
        let waba = self
            .numbers
            .get(id)
            .map(|n| n.waba.clone())
            .unwrap_or_default();
        if !token.may_touch(id) && !token.may_touch(&waba) {
            return Err(call.unsupported());
        }
        if call.text("messaging_product").as_deref() != Some("whatsapp") {
            return Err(GraphError::param(
                "The parameter messaging_product is required.",
            ));
        }
        if call.text("status").as_deref() == Some("read") {
            let mid = call.require("message_id")?;
            if !self.messages.contains_key(&mid) {
                return Err(GraphError::param("Invalid parameter: message_id"));
            }
            return Ok(json!({"success": true}));
        }
        let to = call.require("to")?.trim_start_matches('+').to_owned();
        let kind = call.text("type").unwrap_or_else(|| "text".into());
        let content = call
            .json(&kind)
            .filter(Value::is_object)
            .ok_or_else(|| GraphError::param(format!("The parameter {kind} is required")))?;
        check(&kind, &content)?;
        let customer = self
            .customers
            .get(&to)
            .filter(|c| c.business == id)
            .cloned();
        let Some(customer) = customer else {
            return Err(GraphError::new(131_026, "(#131026) Message undeliverable"));
        };
        let opened = self
            .conversations
            .get(&(id.to_owned(), to.clone()))
            .and_then(|c| c.opened_at)
            .is_some_and(|at| self.now() - at <= DAY);
        if !opened && kind != "template" {
            return Err(GraphError::new(131_047, "(#131047) Re-engagement message").data(json!({
                "messaging_product": "whatsapp",
                "details": "Message failed to send because more than 24 hours have passed since \
                            the customer last replied to this number.",
            })));
        }
        let mid = self.mid(Channel::Whatsapp);
        let at = self.now();
        let text = visible_text(&kind, &content);
        let message = json!({"type": kind, kind.clone(): content});
        self.keep(Message {
            mid: mid.clone(),
            business: id.to_owned(),
            customer: to.clone(),
            inbound: false,
            at,
            text: Some(text.clone()),
            content: message.clone(),
            deleted: false,
            edits: 0,
            reaction: None,
        });
        self.sent.push(SentMessage {
            at,
            channel: Channel::Whatsapp,
            account_id: id.to_owned(),
            recipient_id: to.clone(),
            mid: mid.clone(),
            text,
            comment_id: None,
            message,
        });
        for status in ["sent", "delivered"] {
            let line = json!({"statuses": [{
                "id": mid, "status": status, "timestamp": (at / 1000).to_string(),
                "recipient_id": to,
            }]});
            self.emit_whatsapp_value(&customer, &line);
        }
        Ok(json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": mid}],
        }))
    }
}

fn check(kind: &str, content: &Value) -> GraphResult<()> {
    match kind {
        "text" => {
            let length = content["body"].as_str().unwrap_or_default().chars().count();
            if length == 0 || length > TEXT {
                return Err(GraphError::param(
                    "Param text['body'] must be 1 to 4096 characters long.",
                ));
            }
            Ok(())
        }
        "interactive" => check_interactive(content),
        "image" | "video" | "audio" | "document" | "sticker" => {
            if content["id"].is_string() || content["link"].is_string() {
                Ok(())
            } else {
                Err(GraphError::param("A media message needs id or link"))
            }
        }
        "template" | "reaction" | "location" | "contacts" => Ok(()),
        other => Err(GraphError::param(format!(
            "Param type must be one of {{...}} - got \"{other}\"."
        ))),
    }
}

/// Reply buttons at most 3, list at most 10 sections and 10 rows, product list at most 30 items
/// with a text header.
fn check_interactive(content: &Value) -> GraphResult<()> {
    let action = &content["action"];
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    let inner = |key: &str| -> usize {
        action["sections"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|s| count(&s[key]))
            .sum()
    };
    let kind = content["type"].as_str().unwrap_or_default();
    if content["body"]["text"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
        && kind != "product"
    {
        return Err(GraphError::param(
            "The parameter interactive['body'] is required.",
        ));
    }
    let sections = (1..=10).contains(&count(&action["sections"]));
    let fine = match kind {
        "button" => {
            let titles = action["buttons"].as_array().into_iter().flatten().all(|b| {
                (1..=20).contains(
                    &b["reply"]["title"]
                        .as_str()
                        .unwrap_or_default()
                        .chars()
                        .count(),
                )
            });
            (1..=3).contains(&count(&action["buttons"])) && titles
        }
        "list" => sections && (1..=10).contains(&inner("rows")),
        "product_list" => {
            sections
                && (1..=30).contains(&inner("product_items"))
                && content["header"]["type"] == "text"
        }
        "product" => action["catalog_id"].is_string() && action["product_retailer_id"].is_string(),
        "catalog_message" | "cta_url" | "carousel" => true,
        _ => false,
    };
    if fine {
        Ok(())
    } else {
        Err(
            GraphError::new(131_009, "(#131009) Parameter value is not valid").data(
                json!({"messaging_product": "whatsapp", "details": "interactive is not valid"}),
            ),
        )
    }
}

fn visible_text(kind: &str, content: &Value) -> String {
    match kind {
        "text" => content["body"].as_str().unwrap_or_default().to_owned(),
        "interactive" => content["body"]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        _ => content["caption"].as_str().unwrap_or_default().to_owned(),
    }
}
