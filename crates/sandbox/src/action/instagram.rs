//! What customers do on Instagram and Messenger.

use super::Action;
use crate::webhooks::Part;
use crate::world::{Channel, Comment, Customer, Message, World};
use serde_json::{Value, json};

impl World {
    /// Lets a customer do something. Returns the id of what came to be (mid, comment id).
    pub(crate) fn act(&mut self, id: &str, action: Action) -> Option<String> {
        let customer = self.customers.get(id)?.clone();
        if customer.channel == Channel::Whatsapp {
            return self.act_whatsapp(&customer, action);
        }
        match action {
            Action::Say { text, reply_to } => {
                let mut content = json!({"text": text});
                if let Some(mid) = reply_to {
                    content["reply_to"] = json!({"mid": mid});
                }
                self.customer_message(id, content)
            }
            Action::QuickReply { title, payload } => self.customer_message(
                id,
                json!({"text": title, "quick_reply": {"payload": payload}}),
            ),
            Action::Postback {
                title,
                payload,
                reference,
            } => Some(self.postback(&customer, &title, &payload, reference)),
            Action::StoryReply {
                text,
                story_id,
                link_sticker_url,
            } => {
                let mut story = json!({"id": story_id, "url": self.picture("story")});
                if let Some(url) = link_sticker_url {
                    story["link_sticker_url"] = url.into();
                }
                self.customer_message(id, json!({"text": text, "reply_to": {"story": story}}))
            }
            Action::Attach {
                kind,
                url,
                title,
                count,
            } => {
                let one = self.attachment(&kind, url, title);
                self.customer_message(id, json!({"attachments": vec![one; count.max(1)]}))
            }
            Action::SharePost {
                url,
                title,
                media_id,
            } => {
                let media = media_id.unwrap_or_else(|| "18100000000000001".into());
                self.customer_message(
                    id,
                    json!({"attachments": [
                        {"type": "share", "payload": {"url": url}},
                        {"type": "ig_post", "payload": {
                            "ig_post_media_id": media, "title": title, "url": url}},
                    ]}),
                )
            }
            Action::AskProduct { text, product_id } => self.customer_message(
                id,
                json!({"text": text, "referral": {"product": {"id": product_id}}}),
            ),
            Action::FromAd {
                text,
                ad_id,
                ad_title,
                reference,
            } => self.customer_message(
                id,
                json!({"text": text, "referral": {
                    "ref": reference, "ad_id": ad_id, "source": "ADS", "type": "OPEN_THREAD",
                    "ads_context_data": {"ad_title": ad_title, "photo_url": self.picture("ad")},
                }}),
            ),
            Action::ShopAnswers { text } => Some(self.shop_answers(&customer, &text)),
            Action::Unsupported => self.customer_message(id, json!({"is_unsupported": true})),
            Action::Comment {
                text,
                media_id,
                parent_id,
                live,
                flat,
            } => Some(self.comment(&customer, text, media_id, parent_id, live, flat)),
            other => self.signal(&customer, other),
        }
    }

    /// Events that are no messages of their own.
    fn signal(&mut self, customer: &Customer, action: Action) -> Option<String> {
        let messenger = customer.channel == Channel::Messenger;
        let (field, key, value) = match action {
            Action::OpenLink { reference } => {
                self.open_window(customer);
                let field = if messenger {
                    "messaging_referrals"
                } else {
                    "messaging_referral"
                };
                let source = if messenger { "SHORTLINK" } else { "ig.me link" };
                let value = json!({"ref": reference, "source": source, "type": "OPEN_THREAD"});
                (field, "referral", value)
            }
            Action::Edit { mid, text } => {
                let message = self.messages.get_mut(&mid)?;
                message.text = Some(text.clone());
                message.content["text"] = text.as_str().into();
                message.edits += 1;
                let value = json!({"mid": mid, "text": text, "num_edit": message.edits});
                (
                    if messenger {
                        "message_edits"
                    } else {
                        "message_edit"
                    },
                    "message_edit",
                    value,
                )
            }
            Action::EditAnomaly { mid, anonymous } => {
                let mid = mid.unwrap_or_else(|| self.mid(customer.channel));
                let value = json!({"mid": mid, "num_edit": 0});
                let mut item = self.item(customer, "message_edit", value);
                if let (true, Some(map)) = (anonymous, item.as_object_mut()) {
                    map.remove("sender");
                    map.remove("recipient");
                }
                let field = if messenger {
                    "message_edits"
                } else {
                    "message_edit"
                };
                self.emit_item(customer, field, item);
                return Some(mid);
            }
            Action::Unsend { mid } => {
                let message = self.messages.get_mut(&mid)?;
                message.deleted = true;
                message.text = None;
                message.content = Value::Null;
                (
                    "messages",
                    "message",
                    json!({"mid": mid, "is_deleted": true}),
                )
            }
            Action::React {
                mid,
                reaction,
                emoji,
            } => {
                self.messages.get_mut(&mid)?.reaction.clone_from(&reaction);
                self.open_window(customer);
                let value = match reaction {
                    Some(reaction) => json!({"mid": mid, "action": "react", "reaction": reaction,
                        "emoji": emoji.unwrap_or_else(|| "❤️".into())}),
                    None => json!({"mid": mid, "action": "unreact"}),
                };
                ("message_reactions", "reaction", value)
            }
            Action::Read { .. } if messenger => {
                ("message_reads", "read", json!({"watermark": self.now()}))
            }
            Action::Read { mid } => {
                let mid = mid.or_else(|| {
                    let thread = self.conversation(&customer.business, &customer.id);
                    thread.messages.last().cloned()
                })?;
                ("messaging_seen", "read", json!({"mid": mid}))
            }
            Action::OptIn { payload } => (
                "messaging_optins",
                "optin",
                json!({"type": "notification_messages", "payload": payload,
                    "notification_messages_token": self.rng.hex(12)}),
            ),
            Action::Mention {
                media_id,
                comment_id,
            } => {
                let value = json!({"media_id": media_id, "comment_id": comment_id});
                let part = Part::Changes {
                    field: "mentions".into(),
                    value,
                };
                self.emit(
                    customer.channel,
                    &customer.business,
                    "mentions",
                    customer.tester,
                    part,
                );
                return None;
            }
            Action::Handover { previous, new } => {
                let value = json!({
                    "sender": {"id": customer.id}, "recipient": {"id": customer.business},
                    "timestamp": self.now() / 1000,
                    "pass_thread_control": {
                        "previous_owner_app_id": previous, "new_owner_app_id": new,
                        "metadata": "agent"},
                });
                let field = if messenger {
                    "messaging_handovers"
                } else {
                    "messaging_handover"
                };
                let part = Part::Changes {
                    field: field.into(),
                    value,
                };
                self.emit(
                    customer.channel,
                    &customer.business,
                    field,
                    customer.tester,
                    part,
                );
                return None;
            }
            Action::Item { field, item } => {
                let mut whole = self.item(customer, "item", Value::Null);
                if let (Some(map), Some(more)) = (whole.as_object_mut(), item.as_object()) {
                    map.remove("item");
                    map.extend(more.clone());
                }
                self.emit_item(customer, &field, whole);
                return None;
            }
            _ => return None,
        };
        let item = self.item(customer, key, value);
        self.emit_item(customer, field, item);
        None
    }

    fn postback(
        &mut self,
        customer: &Customer,
        title: &str,
        payload: &str,
        reference: Option<String>,
    ) -> String {
        let mid = self.mid(customer.channel);
        let mut value = json!({"mid": mid, "title": title, "payload": payload});
        if let Some(reference) = reference {
            value["referral"] =
                json!({"ref": reference, "source": "ig.me link", "type": "OPEN_THREAD"});
        }
        let item = self.item(customer, "postback", value);
        self.emit_item(customer, "messaging_postbacks", item);
        self.keep(Message {
            mid: mid.clone(),
            business: customer.business.clone(),
            customer: customer.id.clone(),
            inbound: true,
            at: self.now(),
            text: Some(title.to_owned()),
            content: json!({"text": title}),
            deleted: false,
            edits: 0,
            reaction: None,
        });
        self.open_window(customer);
        mid
    }

    fn shop_answers(&mut self, customer: &Customer, text: &str) -> String {
        let message = Message {
            mid: self.mid(customer.channel),
            business: customer.business.clone(),
            customer: customer.id.clone(),
            inbound: false,
            at: self.now(),
            text: Some(text.to_owned()),
            content: json!({"text": text}),
            deleted: false,
            edits: 0,
            reaction: None,
        };
        self.emit_echo(&message, None);
        let mid = message.mid.clone();
        self.keep(message);
        mid
    }

    fn comment(
        &mut self,
        customer: &Customer,
        text: String,
        media: Option<String>,
        parent: Option<String>,
        live: bool,
        flat: bool,
    ) -> String {
        let media = media.unwrap_or_else(|| {
            let picture = self.picture("post");
            self.add_media(&customer.business, "A post", &picture)
        });
        let id = self.id("17900000");
        let field = if live { "live_comments" } else { "comments" };
        let mut value = json!({
            "from": {"id": customer.id, "username": customer.username},
            "text": text,
            "media": {"id": media, "media_product_type": if live { "LIVE" } else { "FEED" }},
        });
        value[if flat { "comment_id" } else { "id" }] = id.as_str().into();
        if let Some(parent) = &parent {
            value["parent_id"] = parent.as_str().into();
        }
        let part = if flat {
            Part::Flat {
                field: field.into(),
                value,
            }
        } else {
            Part::Changes {
                field: field.into(),
                value,
            }
        };
        self.emit(
            customer.channel,
            &customer.business,
            field,
            customer.tester,
            part,
        );
        self.comments.insert(
            id.clone(),
            Comment {
                id: id.clone(),
                media,
                business: customer.business.clone(),
                customer: customer.id.clone(),
                text,
                at: self.now(),
                parent,
                live,
                deleted: false,
                private_reply: false,
                replies: Vec::new(),
                hidden: false,
            },
        );
        self.open_window(customer);
        id
    }

    /// A link to a picture that the sandbox serves.
    fn picture(&self, name: &str) -> String {
        format!("{}/_sandbox/picture/{name}.svg", self.url)
    }

    fn attachment(&self, kind: &str, url: Option<String>, title: Option<String>) -> Value {
        if kind == "ephemeral" {
            return json!({"type": "ephemeral"});
        }
        let url = url.unwrap_or_else(|| self.picture(kind));
        let mut payload = json!({"url": url});
        match kind {
            "sticker" => payload["sticker_id"] = "369239263222822".into(),
            "ig_post" => {
                payload["ig_post_media_id"] = "18100000000000001".into();
                payload["title"] = title.clone().unwrap_or_default().into();
            }
            "ig_reel" => payload["reel_video_id"] = "18200000000000001".into(),
            _ => {}
        }
        if let (Some(title), "ig_reel" | "fallback" | "reel") = (title, kind) {
            payload["title"] = title.into();
        }
        json!({"type": kind, "payload": payload})
    }

    /// The business messages its own account, as a set-up test does.
    pub(crate) fn self_message(&mut self, account: &str, text: &str) -> String {
        let mid = self.mid(Channel::Instagram);
        let item = json!({
            "sender": {"id": account}, "recipient": {"id": account}, "timestamp": self.now(),
            "message": {"mid": mid, "text": text, "is_echo": true, "is_self": true},
        });
        self.emit(
            Channel::Instagram,
            account,
            "messages",
            true,
            Part::Messaging(item),
        );
        mid
    }

    /// The dashboard's "Test" button: a made-up event that needs no installation.
    pub(crate) fn dashboard_test(&mut self, app: &str) {
        let body = r#"{"object":"instagram","entry":[{"id":"0","time":1793000000,"changes":[{"field":"messages","value":{"sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1527459824","message":{"mid":"random_mid","text":"random_text"}}}]}]}"#;
        self.outbound.updates.push_back(crate::webhooks::Update {
            app: app.to_owned(),
            object: "instagram",
            entry_id: "0".into(),
            asset: "0".into(),
            part: Part::Raw(body.into()),
            instagram_secret: false,
        });
    }
}
