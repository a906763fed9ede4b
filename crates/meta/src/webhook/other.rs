//! Changes that are no messages: comments, mentions, story figures, a page's timeline, and what
//! the product has no use for.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::{Reading, Scope};
use super::event::{Comment, Content};
use super::wire::{Text, filled, part};
use super::{Object, key};
use crate::fate::Kind;

#[derive(Deserialize)]
struct WireComment<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    comment_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    from: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    parent_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    post_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    media_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    media: Option<&'a RawValue>,
    #[serde(borrow, default)]
    item: Option<Text<'a>>,
    #[serde(borrow, default)]
    verb: Option<Text<'a>>,
    #[serde(borrow, default)]
    created_time: Option<Text<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct From<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    username: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    ad_id: Option<Text<'a>>,
}

/// Reads a change whose value is no messaging item.
pub(super) fn read(field: &str, value: Option<&RawValue>, raw: &str, scope: &Scope<'_>) -> Reading {
    let kept = |kind, reason: &str| Reading::kept(kind, scope, raw, reason);
    if scope.is_test() {
        return kept(Kind::TestEvent, "");
    }
    if *scope.object == Object::Whatsapp {
        return kept(Kind::WaAccount, &format!("field `{}`", short(field)));
    }
    let Some(value) = value else {
        return kept(Kind::ChangedFields, "a change without a value");
    };
    let kind = match field {
        "comments" => Kind::Comment,
        "live_comments" => Kind::LiveComment,
        "mentions" | "mention" => Kind::Mention,
        "feed" => Kind::Feed,
        "story_insights" => return kept(Kind::StoryInsights, ""),
        other => return kept(Kind::Unknown, &format!("field `{}`", short(other))),
    };
    match part::<WireComment<'_>>(Some(value)) {
        Some(wire) => read_comment(kind, wire, raw, scope),
        None => kept(Kind::Unreadable, "a known field has an unexpected type"),
    }
}

fn read_comment(kind: Kind, wire: WireComment<'_>, raw: &str, scope: &Scope<'_>) -> Reading {
    let from = part::<From<'_>>(wire.from);
    let (from_id, username, name) = from.map_or((None, None, None), |f| (f.id, f.username, f.name));
    let from_id = filled(from_id);
    let media = part::<Media<'_>>(wire.media);
    let (media_id, ad_id) = media.map_or((None, None), |m| (m.id, m.ad_id));
    let verb = wire.verb.as_ref().map_or("", Text::as_str);
    let is_comment = wire.item.as_ref().is_some_and(|i| i.as_str() == "comment");
    let kind = match kind {
        Kind::Feed if is_comment && verb == "add" => Kind::Comment,
        other => other,
    };
    let occurred_at_ms = wire
        .created_time
        .or(wire.timestamp)
        .and_then(|t| t.millis());
    let comment = Comment {
        id: filled(wire.id).or(filled(wire.comment_id)),
        from_id,
        from_name: filled(username).or(filled(name)),
        text: filled(wire.text).or(filled(wire.message)),
        parent_id: filled(wire.parent_id),
        media_id: filled(media_id)
            .or(filled(wire.media_id))
            .or(filled(wire.post_id)),
        ad_id: filled(ad_id),
    };
    let mut reading = Reading::kept(kind, scope, raw, "");
    reading.occurred_at_ms = occurred_at_ms;
    reading.party_id = comment
        .from_id
        .clone()
        .filter(|id| Some(id.as_str()) != scope.entry_id);
    if let Some(id) = &comment.id {
        match kind {
            Kind::Comment | Kind::LiveComment => reading.dedup_key = key::of("comment", &[id]),
            Kind::Mention => {
                let media = comment.media_id.as_deref().unwrap_or_default();
                reading.dedup_key = key::of("mention", &[media, id]);
            }
            _ => {}
        }
    }
    reading.content = match kind {
        _ if !scope.want => Content::Other,
        Kind::Comment | Kind::LiveComment => Content::Comment(comment),
        Kind::Mention => Content::Mention {
            media_id: comment.media_id,
            comment_id: comment.id,
        },
        _ => Content::Other,
    };
    reading
}

/// A field's name, cut so that a reason stays a sentence.
fn short(field: &str) -> String {
    field.chars().take(60).collect()
}
