//! `POST /{id}/messages` for Instagram and Messenger: who may send what to whom, and when.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::record::SentMessage;
use crate::token::Caller;
use crate::world::{Channel, Customer, DAY, Message, Token, TokenKind, World};
use serde_json::{Value, json};

const HUMAN_AGENT_WINDOW: i64 = 7 * DAY;
const PRIVATE_REPLY_WINDOW: i64 = 7 * DAY;

/// Where a send goes, once its recipient was found.
struct Target {
    customer: Customer,
    comment: Option<String>,
}

impl World {
    /// Sends a message or a sender action for the page or account `id`.
    pub(crate) fn send(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = match self.caller(call)? {
            Caller::Token(token) => *token,
            Caller::App(_) => return Err(call.unsupported()),
        };
        let id = if id == "me" {
            token.profile.clone().unwrap_or_default()
        } else {
            id.to_owned()
        };
        if self.numbers.contains_key(&id) {
            return self.send_whatsapp(call, &token, &id);
        }
        let pages_token = token.kind != TokenKind::Instagram;
        let speaks = if self.pages.contains_key(&id) {
            self.owns_page(&token, &id)
        } else {
            self.owns_instagram(&token, &id)
        };
        if !speaks {
            return Err(call.unsupported());
        }
        let recipient = call.json("recipient").unwrap_or_default();
        let target = self.target(&token, &id, &recipient)?;
        let scope = match target.customer.channel {
            Channel::Messenger => "pages_messaging",
            _ if pages_token => "instagram_manage_messages",
            _ => "instagram_business_manage_messages",
        };
        self.require_scope(&token, scope)?;
        self.check_account(&token, &target.customer)?;
        if let Some(action) = call.text("sender_action") {
            return self.sender_action(call, &target.customer, &action);
        }
        let message = call
            .json("message")
            .filter(Value::is_object)
            .ok_or_else(|| {
                GraphError::param("Param message must be non-empty, or use sender_action")
            })?;
        crate::message_rules::check(&message, target.customer.channel)?;
        match &target.comment {
            Some(comment) => self.check_private_reply(comment)?,
            None => self.check_window(call, &token, &target.customer)?,
        }
        let message = self.resolved(message, call, &target.customer)?;
        Ok(self.accept(&token, target, message))
    }

    /// Finds the customer behind `recipient`: a scoped id of this business, or a comment.
    fn target(&self, token: &Token, id: &str, recipient: &Value) -> GraphResult<Target> {
        let businesses: Vec<String> = match self.pages.get(id) {
            Some(page) => page
                .instagram
                .iter()
                .cloned()
                .chain([id.to_owned()])
                .collect(),
            None => vec![id.to_owned()],
        };
        let unknown = || match token.kind {
            TokenKind::Instagram => {
                GraphError::new(100, "The requested user cannot be found.").sub(2_534_014)
            }
            _ => GraphError::new(100, "(#100) No matching user found").sub(2_018_001),
        };
        if let Some(comment_id) = text_of(recipient, "comment_id") {
            let comment = self
                .comments
                .get(&comment_id)
                .filter(|c| !c.deleted && businesses.contains(&c.business))
                .ok_or_else(not_replyable)?;
            let customer = self
                .customers
                .get(&comment.customer)
                .ok_or_else(unknown)?
                .clone();
            return Ok(Target {
                customer,
                comment: Some(comment_id),
            });
        }
        let Some(wanted) = text_of(recipient, "id") else {
            return Err(GraphError::param("The parameter recipient is required"));
        };
        let customer = self
            .customers
            .get(&wanted)
            .filter(|c| businesses.contains(&c.business))
            .ok_or_else(unknown)?
            .clone();
        Ok(Target {
            customer,
            comment: None,
        })
    }

    /// The account's own state: switches, restrictions, thread ownership, a blocked business.
    fn check_account(&self, token: &Token, customer: &Customer) -> GraphResult<()> {
        let app = self.apps.get(&token.app);
        if app.is_some_and(|a| !a.live) && !customer.tester {
            return Err(GraphError::new(
                200,
                "(#200) Requires advanced access: the app is in development mode and the \
                 recipient has no role on it",
            ));
        }
        let account = self.instagram.get(&customer.business);
        let page = match account {
            Some(account) => account.page.as_ref(),
            None => Some(&customer.business),
        };
        if page
            .and_then(|p| self.pages.get(p))
            .is_some_and(|p| p.restricted)
        {
            return Err(GraphError::new(
                10,
                "(#10) This Page is temporarily restricted from sending messages",
            )
            .sub(1_893_063));
        }
        if let Some(account) = account {
            if !account.message_access {
                return Err(GraphError::new(
                    200,
                    "(#200) Cannot access messages: the account has turned off access to messages",
                )
                .sub(2_534_041));
            }
            if account.limited {
                return Err(
                    GraphError::new(100, "The account is blocked from messaging").sub(2_534_029),
                );
            }
            if account
                .thread_owner
                .as_ref()
                .is_some_and(|owner| *owner != token.app)
            {
                return Err(GraphError::new(
                    10,
                    "(#10) Message failed to send because another app is controlling this thread",
                )
                .sub(2_018_300));
            }
        }
        if customer.blocked {
            return Err(
                GraphError::new(551, "(#551) This person isn't available right now.")
                    .sub(1_545_041)
                    .status(400),
            );
        }
        let key = (customer.business.clone(), customer.id.clone());
        if self.conversations.get(&key).is_some_and(|c| c.archived) {
            return Err(
                GraphError::new(100, "The thread was archived or deleted by its owner")
                    .sub(2_534_001),
            );
        }
        Ok(())
    }

    /// The 24-hour window, and HUMAN_AGENT for seven days where the app has the feature.
    fn check_window(&self, call: &Call, token: &Token, customer: &Customer) -> GraphResult<()> {
        let kind = call
            .text("messaging_type")
            .unwrap_or_else(|| "RESPONSE".into());
        let tag = call.text("tag");
        match (kind.as_str(), tag.as_deref()) {
            ("RESPONSE" | "UPDATE", None) => {}
            ("MESSAGE_TAG" | "RESPONSE" | "UPDATE", Some("HUMAN_AGENT" | "human_agent")) => {}
            ("MESSAGE_TAG", None) => return Err(GraphError::param("Param tag is required")),
            (_, Some(other)) => {
                return Err(GraphError::param(format!(
                    "Message tag {other} is not supported"
                )));
            }
            (other, None) => {
                return Err(GraphError::param(format!(
                    "Param messaging_type must be one of {{RESPONSE, UPDATE, MESSAGE_TAG, \
                     UTILITY}} - got \"{other}\""
                )));
            }
        }
        let human = tag.is_some() && self.apps.get(&token.app).is_some_and(|a| a.human_agent);
        let window = if human { HUMAN_AGENT_WINDOW } else { DAY };
        let key = (customer.business.clone(), customer.id.clone());
        let opened = self.conversations.get(&key).and_then(|c| c.opened_at);
        if opened.is_some_and(|at| self.now() - at <= window) {
            return Ok(());
        }
        let subcode = if customer.channel == Channel::Messenger {
            2_018_278
        } else {
            2_534_022
        };
        Err(GraphError::new(
            10,
            "(#10) This message is sent outside of allowed window. Learn more about the new \
             policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview",
        )
        .sub(subcode)
        .user(
            "Message not sent",
            "This message is sent outside of the allowed window.",
        ))
    }

    /// One private reply a comment, within seven days (live comments: during the broadcast).
    fn check_private_reply(&self, id: &str) -> GraphResult<()> {
        let comment = self.comments.get(id).ok_or_else(not_replyable)?;
        if comment.private_reply {
            return Err(GraphError::new(
                10_900,
                "(#10900) Activity already replied to",
            ));
        }
        let late = self.now() - comment.at > PRIVATE_REPLY_WINDOW;
        if late || (comment.live && comment.hidden) {
            return Err(not_replyable());
        }
        Ok(())
    }

    /// Typing, seen and reactions. Answers only `recipient_id`.
    fn sender_action(
        &mut self,
        call: &Call,
        customer: &Customer,
        action: &str,
    ) -> GraphResult<Value> {
        match action {
            "typing_on" | "typing_off" | "mark_seen" => {
                if call.params.contains_key("message") {
                    return Err(GraphError::param(
                        "sender_action cannot be used with message",
                    ));
                }
                let activity = (action != "typing_off").then(|| action.to_owned());
                self.conversation(&customer.business, &customer.id).activity = activity;
            }
            "react" | "unreact" => {
                let payload = call.json("payload").unwrap_or_default();
                let mid = text_of(&payload, "message_id")
                    .ok_or_else(|| GraphError::param("Param payload[message_id] is required"))?;
                let message = self
                    .messages
                    .get_mut(&mid)
                    .filter(|m| m.customer == customer.id)
                    .ok_or_else(|| GraphError::param("Message not found"))?;
                message.reaction = match action {
                    "react" => Some(text_of(&payload, "reaction").unwrap_or_else(|| "love".into())),
                    _ => None,
                };
            }
            other => {
                return Err(GraphError::param(format!(
                    "Param sender_action must be one of {{TYPING_ON, TYPING_OFF, MARK_SEEN, \
                     REACT, UNREACT}} - got \"{other}\""
                )));
            }
        }
        Ok(json!({"recipient_id": customer.id}))
    }

    /// Checks what the message refers to: the quoted message, the products of a template.
    fn resolved(&self, mut message: Value, call: &Call, customer: &Customer) -> GraphResult<Value> {
        if let Some(reply_to) = call.json("reply_to") {
            let mid = text_of(&reply_to, "mid").unwrap_or_default();
            if self
                .messages
                .get(&mid)
                .is_none_or(|m| m.customer != customer.id)
            {
                return Err(GraphError::param(
                    "Param reply_to[mid] is not a message of this thread",
                ));
            }
            message["reply_to"] = reply_to;
        }
        let payload = &message["attachment"]["payload"];
        if payload["template_type"] == "product" {
            for element in payload["elements"].as_array().into_iter().flatten() {
                let id = text_of(element, "id").unwrap_or_default();
                if self.catalog_of_product(&id).is_none() {
                    return Err(GraphError::param(format!("Product {id} is not available")));
                }
            }
        }
        Ok(message)
    }

    /// The message is taken: kept, recorded, echoed.
    fn accept(&mut self, token: &Token, target: Target, content: Value) -> Value {
        let customer = target.customer;
        let mid = self.mid(customer.channel);
        let now = self.now();
        let text = crate::message_rules::text_of(&content);
        let message = Message {
            mid: mid.clone(),
            business: customer.business.clone(),
            customer: customer.id.clone(),
            inbound: false,
            at: now,
            text: Some(text.clone()),
            content: content.clone(),
            deleted: false,
            edits: 0,
            reaction: None,
        };
        if let Some(comment) = target
            .comment
            .as_ref()
            .and_then(|id| self.comments.get_mut(id))
        {
            comment.private_reply = true;
        }
        self.emit_echo(&message, Some(&token.app));
        self.keep(message);
        self.sent.push(SentMessage {
            at: now,
            channel: customer.channel,
            account_id: customer.business,
            recipient_id: customer.id.clone(),
            mid: mid.clone(),
            text,
            comment_id: target.comment,
            message: content,
        });
        json!({"recipient_id": customer.id, "message_id": mid})
    }
}

fn not_replyable() -> GraphError {
    GraphError::new(100, "The comment cannot be replied to privately").sub(2_534_025)
}

/// A text or number under `key`.
pub(crate) fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).cloned().and_then(crate::call::into_text)
}
