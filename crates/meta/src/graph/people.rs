//! Customers and conversations: a profile, and the Conversations API for the sweep and for finding
//! out what became of a message.

use serde::{Deserialize, Serialize};

use super::answer::{Paged, Result};
use super::client::{Call, Graph, segment};
use super::config::Access;
use super::send::Channel;
use crate::webhook::Object;
use crate::webhook::wire::{loose, loose_list};

/// What Meta tells about a customer.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Profile {
    /// The scoped id.
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<String>,
    /// Their name.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
    /// Their username (Instagram).
    #[serde(default, deserialize_with = "loose")]
    pub username: Option<String>,
    /// Their picture, for a while.
    #[serde(default, alias = "profile_picture_url", deserialize_with = "loose")]
    pub profile_pic: Option<String>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Conversation {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// When something last happened in it, as Meta writes it; see [`parse_time`].
    #[serde(default, deserialize_with = "loose")]
    pub updated_time: Option<String>,
}

/// A message in a conversation.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ConversationMessage {
    /// Meta's message id, the same as the webhook's `mid`.
    #[serde(default)]
    pub id: String,
    /// When it was written, as Meta writes it; see [`parse_time`].
    #[serde(default, deserialize_with = "loose")]
    pub created_time: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub from: Option<PersonRef>,
    /// To whom.
    #[serde(default)]
    pub to: Option<PeopleRef>,
    /// The words.
    #[serde(default, deserialize_with = "loose")]
    pub message: Option<String>,
    /// What is attached.
    #[serde(default)]
    pub attachments: Option<AttachmentsRef>,
}

/// A person in a conversation.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
pub struct PersonRef {
    /// The scoped id, or the account's own.
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<String>,
    /// The username.
    #[serde(default, deserialize_with = "loose")]
    pub username: Option<String>,
}

/// The people that a message went to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct PeopleRef {
    /// Each of them.
    #[serde(default, deserialize_with = "loose_list")]
    pub data: Vec<PersonRef>,
}

/// Attachments as the Conversations API gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AttachmentsRef {
    /// Each of them.
    #[serde(default, deserialize_with = "loose_list")]
    pub data: Vec<AttachmentRef>,
}

/// An attachment: which of its data there is says what it is.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AttachmentRef {
    /// A picture.
    #[serde(default)]
    pub image_data: Option<UrlRef>,
    /// A video.
    #[serde(default)]
    pub video_data: Option<UrlRef>,
    /// Any other file.
    #[serde(default, deserialize_with = "loose")]
    pub file_url: Option<String>,
}

/// Where something is.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
pub struct UrlRef {
    /// The address, for a while.
    #[serde(default, deserialize_with = "loose")]
    pub url: Option<String>,
}

#[derive(Serialize)]
struct OutId<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct OutItem<'a> {
    sender: OutId<'a>,
    recipient: OutId<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    message: OutMessage<'a>,
}

#[derive(Serialize)]
struct OutMessage<'a> {
    mid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<OutAttachment<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_echo: bool,
}

#[derive(Serialize)]
struct OutAttachment<'a> {
    r#type: &'a str,
    payload: OutUrl<'a>,
}

#[derive(Serialize)]
struct OutUrl<'a> {
    url: &'a str,
}

impl ConversationMessage {
    /// The webhook body that would have brought this message to `account_id`, so that the sweep's
    /// finds take the same path and deduplicate against what did arrive. `None` without parties.
    pub fn as_webhook(&self, object: &Object, account_id: &str) -> Option<Vec<u8>> {
        let from = self.from.as_ref()?.id.as_deref()?;
        let to = self
            .to
            .as_ref()
            .and_then(|to| to.data.first())
            .and_then(|p| p.id.as_deref());
        let attachments = self
            .attachments
            .iter()
            .flat_map(|a| &a.data)
            .filter_map(|a| {
                let url =
                    |r: &Option<UrlRef>| r.as_ref().map(|u| u.url.clone().unwrap_or_default());
                let (kind, url) = url(&a.image_data)
                    .map(|u| ("image", u))
                    .or_else(|| url(&a.video_data).map(|u| ("video", u)))
                    .or_else(|| a.file_url.clone().map(|u| ("file", u)))?;
                Some((kind, url))
            });
        let attachments: Vec<(&str, String)> = attachments.collect();
        let item = OutItem {
            sender: OutId { id: from },
            recipient: OutId {
                id: to.unwrap_or(account_id),
            },
            timestamp: self.created_time.as_deref().and_then(parse_time),
            message: OutMessage {
                mid: &self.id,
                text: self.message.as_deref(),
                attachments: attachments
                    .iter()
                    .map(|(kind, url)| OutAttachment {
                        r#type: kind,
                        payload: OutUrl { url },
                    })
                    .collect(),
                is_echo: from == account_id,
            },
        };
        serde_json::to_vec(&serde_json::json!({
            "object": object.as_str(),
            "entry": [{ "id": account_id, "messaging": [item] }],
        }))
        .ok()
    }
}

/// Reads Meta's `2026-11-24T20:23:46+0000` as milliseconds since 1970; numbers of seconds too.
pub fn parse_time(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<i64>().ok()?.checked_mul(1000);
    }
    // RFC 3339 wants a colon in the offset, which Meta leaves out.
    let colon = match text
        .len()
        .checked_sub(5)
        .filter(|at| text.is_char_boundary(*at))
    {
        Some(at) if matches!(text.as_bytes()[at], b'+' | b'-') => {
            format!("{}:{}", text.get(..at + 3)?, text.get(at + 3..)?)
        }
        _ => text.to_owned(),
    };
    let format = &time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::parse(&colon, format).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

const MESSAGE_FIELDS: &str = "id,created_time,from,to,message,attachments";

impl Graph {
    /// The profile of a customer who has written.
    pub async fn profile(&self, access: &Access, channel: Channel, id: &str) -> Result<Profile> {
        let fields = match channel {
            Channel::Instagram => "id,name,username,profile_pic",
            Channel::Messenger | Channel::Whatsapp => "id,name,profile_pic",
        };
        self.call(Call::get(access, &segment(id)).query("fields", fields))
            .await
    }

    /// Conversations of an account, the latest first. Allowed twice a second an account. Without
    /// `platform` the page edge leaves Instagram out in silence, so it is always said.
    pub async fn conversations(
        &self,
        access: &Access,
        channel: Channel,
        node: &str,
        person: Option<&str>,
        after: Option<&str>,
    ) -> Result<Paged<Conversation>> {
        let platform = match channel {
            Channel::Instagram => "instagram",
            Channel::Messenger | Channel::Whatsapp => "messenger",
        };
        let path = format!("{}/conversations", segment(node));
        let call = Call::get(access, &path)
            .query("platform", platform)
            .query("fields", "id,updated_time")
            .query("limit", "25")
            .maybe("user_id", person)
            .maybe("after", after);
        self.page(call).await
    }

    /// Messages of a conversation, the latest first. Meta gives details of the latest 20 only.
    pub async fn messages(
        &self,
        access: &Access,
        conversation: &str,
        after: Option<&str>,
    ) -> Result<Paged<ConversationMessage>> {
        let path = format!("{}/messages", segment(conversation));
        let call = Call::get(access, &path)
            .query("fields", MESSAGE_FIELDS)
            .query("limit", "20")
            .maybe("after", after);
        self.page(call).await
    }

    /// One message by its id.
    pub async fn message(&self, access: &Access, mid: &str) -> Result<ConversationMessage> {
        self.call(Call::get(access, &segment(mid)).query("fields", MESSAGE_FIELDS))
            .await
    }
}

crate::quiet_debug!(
    Profile,
    ConversationMessage,
    PersonRef,
    AttachmentRef,
    UrlRef
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fate::Kind;

    #[test]
    fn metas_times_are_read() {
        assert_eq!(
            parse_time("2026-11-24T20:23:46+0000"),
            Some(1_795_551_826_000)
        );
        assert_eq!(
            parse_time("2026-11-24T22:23:46+02:00"),
            Some(1_795_551_826_000)
        );
        assert_eq!(parse_time("2026-11-24T20:23:46Z"), Some(1_795_551_826_000));
        assert_eq!(parse_time("1795551826"), Some(1_795_551_826_000));
        for bad in ["", "é", "yesterday", "+0000", "ééééé"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_swept_message_has_the_key_of_the_webhook_that_never_came() {
        let swept: ConversationMessage = serde_json::from_str(
            r#"{"id":"m1","created_time":"2026-11-24T20:23:46+0000","from":{"id":902,"username":"ana"},
            "to":{"data":[{"id":"1784"}]},"message":"2 mugs"}"#,
        )
        .unwrap();
        let item = crate::split(&swept.as_webhook(&Object::Instagram, "1784").unwrap())
            .items
            .remove(0);
        let sent = r#"{"object":"instagram","entry":[{"id":"1784","time":1,"messaging":[{"sender":{"id":"902"},
            "recipient":{"id":"1784"},"timestamp":1795551826000,"message":{"mid":"m1","text":"2 mugs"}}]}]}"#;
        let came = crate::split(sent.as_bytes()).items.remove(0);
        assert_eq!(item.kind, Kind::Text);
        assert_eq!(
            (&item.dedup_key, &item.party_id, item.occurred_at_ms),
            (&came.dedup_key, &came.party_id, came.occurred_at_ms)
        );
        let own = ConversationMessage {
            from: Some(PersonRef {
                id: Some("1784".into()),
                username: None,
            }),
            to: Some(PeopleRef {
                data: vec![PersonRef {
                    id: Some("902".into()),
                    username: None,
                }],
            }),
            ..swept
        };
        let echo = crate::split(&own.as_webhook(&Object::Instagram, "1784").unwrap())
            .items
            .remove(0);
        assert_eq!(
            (echo.kind, echo.party_id.as_deref()),
            (Kind::Echo, Some("902"))
        );
    }
}
