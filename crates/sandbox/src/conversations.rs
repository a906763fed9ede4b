//! The Conversations API: threads and messages, for backfill and reconciling.

use crate::call::{Call, project, split_fields};
use crate::error::{GraphError, GraphResult};
use crate::page::paged;
use crate::world::{Channel, Conversation, Message, Token, TokenKind, World};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

/// Details are given for that many messages of a thread, the newest.
const DETAILED: usize = 20;

/// A time as the Graph API writes it: `2026-11-24T20:00:00+0000`.
pub(crate) fn graph_time(millis: i64) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+0000");
    OffsetDateTime::from_unix_timestamp(millis / 1000)
        .ok()
        .and_then(|t| t.format(format).ok())
        .unwrap_or_default()
}

/// A time for the `Date` header (RFC 9110, section 5.6.7): the sandbox's, so that a shifted clock
/// shows.
pub(crate) fn http_date(millis: i64) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    OffsetDateTime::from_unix_timestamp(millis / 1000)
        .ok()
        .and_then(|t| t.format(format).ok())
        .unwrap_or_default()
}

impl World {
    fn messaging_scope(&self, token: &Token, channel: Channel) -> GraphResult<()> {
        let scope = match (channel, token.kind) {
            (Channel::Messenger, _) => "pages_messaging",
            (_, TokenKind::Instagram) => "instagram_business_manage_messages",
            _ => "instagram_manage_messages",
        };
        self.require_scope(token, scope)
    }

    /// `GET /{page|ig|me}/conversations`. On the page edge `platform` defaults to Messenger.
    pub(crate) fn list_conversations(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let id = if id == "me" {
            token.profile.clone().unwrap_or_default()
        } else {
            id.to_owned()
        };
        let platform = call.text("platform").unwrap_or_default().to_lowercase();
        let business = if let Some(page) = self.pages.get(&id) {
            if !self.owns_page(&token, &id) {
                return Err(call.unsupported());
            }
            match platform.as_str() {
                "instagram" => page
                    .instagram
                    .clone()
                    .ok_or_else(|| GraphError::param("The page has no linked Instagram account"))?,
                _ => id,
            }
        } else if self.owns_instagram(&token, &id) {
            id
        } else {
            return Err(call.unsupported());
        };
        let channel = match self.instagram.get(&business) {
            Some(account) if !account.message_access => {
                return Err(GraphError::new(
                    200,
                    "(#200) Cannot access messages: the account has turned off access to messages",
                )
                .sub(2_534_041));
            }
            Some(_) => Channel::Instagram,
            None => Channel::Messenger,
        };
        self.messaging_scope(&token, channel)?;
        let wanted = call.text("user_id");
        let mut rows: Vec<&Conversation> = self
            .conversations
            .values()
            .filter(|c| c.business == business && c.channel == channel)
            .filter(|c| wanted.as_ref().is_none_or(|w| c.customer == *w))
            .collect();
        rows.sort_by_key(|c| std::cmp::Reverse(c.updated_at));
        let (page, paging) = paged(call, &rows, |c| c.id.as_str());
        let mut fields = call.fields();
        if fields.is_empty() {
            fields = ["id", "updated_time"]
                .map(|f| (f.to_owned(), String::new()))
                .to_vec();
        }
        let data: Vec<Value> = page
            .into_iter()
            .map(|c| project(&self.conversation_value(c), &fields))
            .collect();
        Ok(json!({"data": data, "paging": paging}))
    }

    fn conversation_value(&self, conversation: &Conversation) -> Value {
        let messages: Vec<Value> = self.thread(conversation);
        json!({
            "id": conversation.id,
            "updated_time": graph_time(conversation.updated_at),
            "message_count": messages.len(),
            "participants": {"data": [
                self.party(&conversation.business),
                self.party(&conversation.customer),
            ]},
            "messages": {"data": messages},
        })
    }

    /// The messages of a thread, newest first; beyond the newest twenty only id and time.
    fn thread(&self, conversation: &Conversation) -> Vec<Value> {
        conversation
            .messages
            .iter()
            .rev()
            .filter_map(|mid| self.messages.get(mid))
            .filter(|m| !m.deleted)
            .enumerate()
            .map(|(at, m)| {
                let value = self.message_value(m);
                if at < DETAILED {
                    value
                } else {
                    json!({"id": value["id"], "created_time": value["created_time"]})
                }
            })
            .collect()
    }

    fn party(&self, id: &str) -> Value {
        if let Some(account) = self.instagram.get(id) {
            return json!({"id": id, "username": account.username});
        }
        if let Some(customer) = self.customers.get(id) {
            return match customer.channel {
                Channel::Instagram => json!({"id": id, "username": customer.username}),
                _ => json!({"id": id, "name": customer.name}),
            };
        }
        let name = self.pages.get(id).map(|p| p.name.as_str());
        json!({"id": id, "name": name})
    }

    fn message_value(&self, message: &Message) -> Value {
        let (from, to) = if message.inbound {
            (&message.customer, &message.business)
        } else {
            (&message.business, &message.customer)
        };
        let mut value = json!({
            "id": message.mid,
            "created_time": graph_time(message.at),
            "from": self.party(from),
            "to": {"data": [self.party(to)]},
            "message": message.text.clone().unwrap_or_default(),
        });
        if let Some(attachments) = message.content.get("attachments").and_then(Value::as_array) {
            let data: Vec<Value> = attachments
                .iter()
                .map(|a| json!({"id": message.mid, "image_data": {"url": a["payload"]["url"]}}))
                .collect();
            value["attachments"] = json!({"data": data});
        }
        if let Some(reply) = message.content.get("reply_to") {
            value["reply_to"] = reply.clone();
        }
        if message.content.get("is_unsupported").is_some() {
            value["is_unsupported"] = true.into();
        }
        value
    }

    /// `GET /{conversation}` and `GET /{conversation}/messages`.
    pub(crate) fn get_conversation(
        &mut self,
        call: &Call,
        id: &str,
        edge: bool,
    ) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let found = self.conversations.values().find(|c| c.id == id).cloned();
        let found = found.ok_or_else(|| call.unsupported())?;
        self.may_read(call, &token, &found.business)?;
        self.messaging_scope(&token, found.channel)?;
        let fields = call.fields();
        if edge {
            let rows = self.thread(&found);
            let rows: Vec<&Value> = rows.iter().collect();
            let (page, paging) = paged(call, &rows, |m| m["id"].as_str().unwrap_or_default());
            let fields = if fields.is_empty() {
                split_fields("id,created_time")
            } else {
                fields
            };
            let data: Vec<Value> = page.into_iter().map(|m| project(m, &fields)).collect();
            return Ok(json!({"data": data, "paging": paging}));
        }
        let fields = if fields.is_empty() {
            split_fields("id,updated_time")
        } else {
            fields
        };
        Ok(project(&self.conversation_value(&found), &fields))
    }

    fn may_read(&self, call: &Call, token: &Token, business: &str) -> GraphResult<()> {
        if self.owns_instagram(token, business) || self.owns_page(token, business) {
            Ok(())
        } else {
            Err(call.unsupported())
        }
    }

    /// `GET /{mid}`: only the newest twenty of a thread can be looked at.
    pub(crate) fn get_message(&mut self, call: &Call, mid: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let message = self.messages.get(mid).filter(|m| !m.deleted).cloned();
        let message = message.ok_or_else(|| call.unsupported())?;
        self.may_read(call, &token, &message.business)?;
        let key = (message.business.clone(), message.customer.clone());
        let conversation = self
            .conversations
            .get(&key)
            .ok_or_else(|| call.unsupported())?;
        self.messaging_scope(&token, conversation.channel)?;
        let newer = conversation
            .messages
            .iter()
            .rev()
            .take_while(|m| *m != mid)
            .count();
        if newer >= DETAILED {
            return Err(GraphError::new(100, "The message is too old to be queried").sub(33));
        }
        let fields = call.fields();
        let fields = if fields.is_empty() {
            split_fields("id,created_time")
        } else {
            fields
        };
        Ok(project(&self.message_value(&message), &fields))
    }

    /// `GET /{scoped id}`: the profile of somebody who wrote.
    pub(crate) fn get_profile(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        let token = self.holder(call)?;
        let customer = self
            .customers
            .get(id)
            .cloned()
            .ok_or_else(|| call.unsupported())?;
        self.may_read(call, &token, &customer.business)?;
        self.messaging_scope(&token, customer.channel)?;
        let key = (customer.business.clone(), customer.id.clone());
        if !self.conversations.contains_key(&key) {
            return Err(GraphError::new(
                230,
                "(#230) User consent is required to access user profile",
            ));
        }
        Ok(project(&self.profile(&customer), &call.fields()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_look_like_the_graph_api() {
        assert_eq!(
            super::graph_time(1_793_000_000_123),
            "2026-10-26T07:33:20+0000"
        );
    }
}
