//! Sending messages on every channel.
//!
//! An [`Outgoing`] is what the outbox stores; [`Outgoing::body`] writes it in a channel's words.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Result;
use super::client::{Call, Graph, segment};
use super::config::Access;

/// A channel as the Send API knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Instagram, through either host.
    Instagram,
    /// Messenger.
    Messenger,
    /// WhatsApp.
    Whatsapp,
}

/// Who sends: the channel, the node that the call goes to and the token.
#[derive(Debug, Clone)]
pub struct Sender<'a> {
    /// The channel.
    pub channel: Channel,
    /// Page id (Facebook Login, Messenger), Instagram account id (Instagram Login) or phone number
    /// id; `me` where the token says it all.
    pub node: &'a str,
    /// On whose behalf.
    pub access: &'a Access,
}

/// To whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// A person, by scoped id; on WhatsApp by number.
    Person(String),
    /// Whoever wrote this comment: a private reply, once, within 7 days.
    Comment(String),
}

/// Something to be sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// To whom.
    pub to: To,
    /// What.
    pub content: OutgoingContent,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Written by a person, more than 24 hours after the customer: sent under `HUMAN_AGENT`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub human_agent: bool,
}

/// What is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingContent {
    /// Words.
    Text(String),
    /// Words with replies to tap. On WhatsApp: up to 3 become buttons, more become a list.
    Choices {
        /// The words.
        text: String,
        /// What can be tapped.
        choices: Vec<OutgoingChoice>,
    },
    /// Cards with pictures (generic template). Not on WhatsApp.
    Cards(Vec<Card>),
    /// Products of the catalogue, by Meta's product id (product template); on WhatsApp by the
    /// seller's own id, with the catalogue.
    Products {
        /// The catalogue; needed on WhatsApp.
        catalog_id: Option<String>,
        /// Which products.
        ids: Vec<String>,
        /// Words above them; needed on WhatsApp.
        text: Option<String>,
    },
    /// A picture by its address.
    Image(String),
    /// Typing, seen.
    Action(SenderAction),
}

/// A reply to tap.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingChoice {
    /// What the customer sees; at most 20 characters.
    pub title: String,
    /// What comes back.
    pub payload: String,
}

/// A card of the generic template.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Card {
    /// At most 80 characters.
    pub title: String,
    /// At most 80 characters.
    pub subtitle: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// Where a tap on the card leads.
    pub url: Option<String>,
    /// At most 3.
    pub buttons: Vec<CardButton>,
}

/// A button of a card.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardButton {
    /// Comes back as a postback.
    Postback(OutgoingChoice),
    /// Opens a page.
    Link {
        /// What the customer sees.
        title: String,
        /// Where it leads.
        url: String,
    },
}

/// What can be shown without a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderAction {
    /// The seller is typing.
    TypingOn,
    /// The seller stopped typing.
    TypingOff,
    /// The conversation was seen. On WhatsApp `To::Person` carries the message's id.
    MarkSeen,
}

/// Something that this channel cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this kind of message does not exist on this channel")]
pub struct NotOnThisChannel;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// Meta's id of the message, which its echo carries too. `None` for actions.
    pub message_id: Option<String>,
    /// The customer's scoped id; tells it after a private reply.
    pub recipient_id: Option<String>,
}

#[derive(Deserialize)]
struct WireSent {
    message_id: Option<String>,
    recipient_id: Option<String>,
    #[serde(default)]
    messages: Vec<WireId>,
    #[serde(default)]
    contacts: Vec<WireContact>,
}

#[derive(Deserialize)]
struct WireId {
    id: Option<String>,
}

#[derive(Deserialize)]
struct WireContact {
    wa_id: Option<String>,
}

impl Outgoing {
    /// Words to a person.
    pub fn text(person: impl Into<String>, text: impl Into<String>) -> Self {
        Self::to_person(person, OutgoingContent::Text(text.into()))
    }

    /// Anything to a person.
    pub fn to_person(person: impl Into<String>, content: OutgoingContent) -> Self {
        Self {
            to: To::Person(person.into()),
            content,
            reply_to: None,
            human_agent: false,
        }
    }

    /// A private reply to a comment.
    pub fn private_reply(comment: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            to: To::Comment(comment.into()),
            content: OutgoingContent::Text(text.into()),
            reply_to: None,
            human_agent: false,
        }
    }

    /// The body of the call, in the channel's words.
    pub fn body(&self, channel: Channel) -> std::result::Result<Value, NotOnThisChannel> {
        match channel {
            Channel::Instagram | Channel::Messenger => Ok(self.messenger_body(channel)),
            Channel::Whatsapp => self.whatsapp_body(),
        }
    }

    fn messenger_body(&self, channel: Channel) -> Value {
        let recipient = match &self.to {
            To::Person(id) => json!({ "id": id }),
            To::Comment(id) => json!({ "comment_id": id }),
        };
        let message = match &self.content {
            OutgoingContent::Action(action) => {
                return json!({ "recipient": recipient, "sender_action": action });
            }
            OutgoingContent::Text(text) => json!({ "text": text }),
            OutgoingContent::Choices { text, choices } => {
                let replies: Vec<Value> = choices
                    .iter()
                    .map(
                        |c| json!({"content_type": "text", "title": c.title, "payload": c.payload}),
                    )
                    .collect();
                json!({ "text": text, "quick_replies": replies })
            }
            OutgoingContent::Cards(cards) => {
                let elements: Vec<Value> = cards.iter().map(card).collect();
                template("generic", elements)
            }
            OutgoingContent::Products { ids, .. } => template(
                "product",
                ids.iter().map(|id| json!({ "id": id })).collect(),
            ),
            OutgoingContent::Image(url) => {
                json!({ "attachment": { "type": "image", "payload": { "url": url } } })
            }
        };
        let mut body = json!({ "recipient": recipient, "message": message });
        if let Some(mid) = &self.reply_to {
            body["reply_to"] = json!({ "mid": mid });
        }
        if self.human_agent {
            body["messaging_type"] = "MESSAGE_TAG".into();
            body["tag"] = "HUMAN_AGENT".into();
        } else if channel == Channel::Messenger {
            body["messaging_type"] = "RESPONSE".into();
        }
        body
    }

    fn whatsapp_body(&self) -> std::result::Result<Value, NotOnThisChannel> {
        let To::Person(to) = &self.to else {
            return Err(NotOnThisChannel);
        };
        let mut body = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": to,
        });
        let (kind, content) = match &self.content {
            OutgoingContent::Text(text) => ("text", json!({ "body": text, "preview_url": false })),
            OutgoingContent::Choices { text, choices } => {
                ("interactive", wa_choices(text, choices))
            }
            OutgoingContent::Products {
                catalog_id: Some(catalog),
                ids,
                text,
            } => ("interactive", wa_products(catalog, ids, text.as_deref())),
            OutgoingContent::Image(url) => ("image", json!({ "link": url })),
            OutgoingContent::Action(SenderAction::MarkSeen) => {
                return Ok(json!({
                    "messaging_product": "whatsapp", "status": "read", "message_id": to,
                }));
            }
            OutgoingContent::Cards(_)
            | OutgoingContent::Products {
                catalog_id: None, ..
            }
            | OutgoingContent::Action(_) => return Err(NotOnThisChannel),
        };
        body["type"] = kind.into();
        body[kind] = content;
        if let Some(mid) = &self.reply_to {
            body["context"] = json!({ "message_id": mid });
        }
        Ok(body)
    }
}

fn template(kind: &str, elements: Vec<Value>) -> Value {
    json!({ "attachment": {
        "type": "template", "payload": { "template_type": kind, "elements": elements },
    }})
}

fn card(card: &Card) -> Value {
    let mut out = json!({ "title": card.title });
    if let Some(subtitle) = &card.subtitle {
        out["subtitle"] = subtitle.as_str().into();
    }
    if let Some(url) = &card.image_url {
        out["image_url"] = url.as_str().into();
    }
    if let Some(url) = &card.url {
        out["default_action"] = json!({ "type": "web_url", "url": url });
    }
    if !card.buttons.is_empty() {
        let button = |button: &CardButton| match button {
            CardButton::Postback(c) => {
                json!({ "type": "postback", "title": c.title, "payload": c.payload })
            }
            CardButton::Link { title, url } => {
                json!({ "type": "web_url", "title": title, "url": url })
            }
        };
        out["buttons"] = card.buttons.iter().map(button).collect();
    }
    out
}

fn wa_choices(text: &str, choices: &[OutgoingChoice]) -> Value {
    if choices.len() <= 3 {
        let buttons: Vec<Value> = choices
            .iter()
            .map(|c| json!({"type": "reply", "reply": {"id": c.payload, "title": c.title}}))
            .collect();
        return json!({
            "type": "button", "body": { "text": text }, "action": { "buttons": buttons },
        });
    }
    let rows: Vec<Value> = choices
        .iter()
        .map(|c| json!({ "id": c.payload, "title": c.title }))
        .collect();
    json!({
        "type": "list", "body": { "text": text },
        "action": { "button": "☰", "sections": [{ "title": "☰", "rows": rows }] },
    })
}

fn wa_products(catalog: &str, ids: &[String], text: Option<&str>) -> Value {
    let body = json!({ "text": text.unwrap_or("🛍") });
    if let [only] = ids {
        return json!({ "type": "product", "body": body,
            "action": { "catalog_id": catalog, "product_retailer_id": only } });
    }
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "product_retailer_id": id }))
        .collect();
    json!({
        "type": "product_list", "header": { "type": "text", "text": "🛍" }, "body": body,
        "action": { "catalog_id": catalog, "sections": [{ "title": "🛍", "product_items": items }] },
    })
}

impl Graph {
    /// Sends. There is no idempotency key: when the answer is lost the advice is
    /// [`super::Advice::OutcomeUnknown`], and the echo or the conversation tells.
    pub async fn send(
        &self,
        sender: &Sender<'_>,
        outgoing: &Outgoing,
    ) -> std::result::Result<super::Answer<Sent>, SendError> {
        let body = outgoing.body(sender.channel)?;
        Ok(self.send_body(sender, &body).await?)
    }

    /// Sends a body that is written already.
    pub async fn send_body(&self, sender: &Sender<'_>, body: &Value) -> Result<Sent> {
        let path = format!("{}/messages", segment(sender.node));
        let mut call = Call::post(sender.access, &path, body);
        // Showing "typing" twice harms nobody; a message twice does.
        if body.get("sender_action").is_none() && body.get("status").is_none() {
            call = call.once();
        }
        let answer = self.call::<WireSent>(call).await?;
        Ok(answer.map(|wire| Sent {
            message_id: wire
                .message_id
                .or(wire.messages.into_iter().find_map(|m| m.id)),
            recipient_id: wire
                .recipient_id
                .or(wire.contacts.into_iter().find_map(|c| c.wa_id)),
        }))
    }
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The channel cannot carry it.
    #[error(transparent)]
    NotOnThisChannel(#[from] NotOnThisChannel),
    /// Meta or the way to it.
    #[error(transparent)]
    Graph(#[from] super::GraphError),
}

impl SendError {
    /// What to do.
    pub fn advice(&self) -> super::Advice {
        match self {
            Self::NotOnThisChannel(_) => super::Advice::Fix,
            Self::Graph(error) => error.advice,
        }
    }
}

crate::quiet_debug!(
    To,
    Outgoing,
    OutgoingContent,
    OutgoingChoice,
    Card,
    CardButton
);
