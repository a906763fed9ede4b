//! The typed content of a messaging item.

use serde_json::value::RawValue;

use super::super::event::{
    Attachment, Choice, Content, Edit, Handover, Message, Reaction, Referral, ReplyTo,
};
use super::super::wire::{Text, filled, list, part};
use super::handover;
use super::wire::{
    AdsContext, Party, Wire, WireAttachment, WireHandover, WireMessage, WirePayload, WireReferral,
    WireReply, WireSeen, WireStory,
};

pub(super) fn content_of(wire: &Wire<'_>) -> Content {
    let text = |text: &Option<Text<'_>>| filled(text.clone());
    if let Some(message) = &wire.message {
        if message.is_deleted.0 {
            return Content::Deleted {
                mid: text(&message.mid),
            };
        }
        return Content::Message(Box::new(message_of(message, wire.referral)));
    }
    if let Some(postback) = &wire.postback {
        return Content::Message(Box::new(Message {
            mid: text(&postback.mid),
            text: text(&postback.title),
            choice: Some(Choice {
                payload: text(&postback.payload),
                title: text(&postback.title),
            }),
            referral: referral_of(postback.referral.or(wire.referral)),
            ..Message::default()
        }));
    }
    if let Some(edit) = &wire.message_edit {
        return Content::Edit(Edit {
            mid: text(&edit.mid),
            text: text(&edit.text),
            num_edit: edit.num_edit.as_ref().and_then(Text::number),
        });
    }
    if let Some(reaction) = &wire.reaction {
        return Content::Reaction(Reaction {
            mid: text(&reaction.mid),
            given: reaction
                .action
                .as_ref()
                .is_none_or(|a| a.as_str() != "unreact"),
            reaction: text(&reaction.reaction),
            emoji: text(&reaction.emoji),
        });
    }
    let watermark = |seen: &WireSeen<'_>| seen.watermark.as_ref().and_then(Text::millis);
    if let Some(read) = &wire.read {
        return Content::Read {
            mid: text(&read.mid),
            watermark_ms: watermark(read),
        };
    }
    if let Some(delivery) = &wire.delivery {
        let mids = list::<Text<'_>>(delivery.mids)
            .into_iter()
            .map(Text::into_string)
            .collect();
        return Content::Delivery {
            mids,
            watermark_ms: watermark(delivery),
        };
    }
    if let Some(optin) = wire.optin {
        let payload = part::<WirePayload<'_>>(Some(optin)).and_then(|o| filled(o.payload));
        return Content::OptIn { payload };
    }
    if let Some((action, raw)) = handover(wire) {
        let read = part::<WireHandover<'_>>(Some(raw));
        let mut content = Handover {
            action: action.to_owned(),
            ..Handover::default()
        };
        if let Some(read) = read {
            content.previous_owner_app_id = filled(read.previous_owner_app_id);
            content.new_owner_app_id =
                filled(read.new_owner_app_id).or(filled(read.requested_owner_app_id));
            content.metadata = filled(read.metadata);
        }
        return Content::Handover(content);
    }
    referral_of(wire.referral).map_or(Content::Other, Content::Referral)
}

fn message_of(message: &WireMessage<'_>, outer_referral: Option<&RawValue>) -> Message {
    let text = filled(message.text.clone());
    let tapped = part::<WirePayload<'_>>(message.quick_reply);
    let choice = message.quick_reply.map(|_| Choice {
        payload: tapped.and_then(|q| filled(q.payload)),
        title: text.clone(),
    });
    Message {
        mid: filled(message.mid.clone()),
        text,
        choice,
        attachments: attachments_of(message.attachments),
        referral: referral_of(message.referral.or(outer_referral)),
        reply_to: part::<WireReply<'_>>(message.reply_to).map(|reply| {
            let story = part::<WireStory<'_>>(reply.story);
            let (id, url, link) =
                story.map_or((None, None, None), |s| (s.id, s.url, s.link_sticker_url));
            ReplyTo {
                mid: filled(reply.mid),
                story_id: filled(id),
                story_url: filled(url),
                story_link: filled(link),
                product: None,
            }
        }),
        is_echo: message.is_echo.0,
        app_id: filled(message.app_id.clone()),
        metadata: part::<Text<'_>>(message.metadata).and_then(|m| filled(Some(m))),
        ..Message::default()
    }
}

fn attachments_of(raw: Option<&RawValue>) -> Vec<Attachment> {
    let mut out: Vec<Attachment> = Vec::new();
    for attachment in list::<WireAttachment<'_>>(raw) {
        let payload = part::<WirePayload<'_>>(attachment.payload);
        let (mut url, mut title, mut id) = (None, None, None);
        if let Some(payload) = payload {
            url = filled(payload.url);
            title = filled(payload.title);
            id = filled(payload.ig_post_media_id)
                .or(filled(payload.reel_video_id))
                .or(filled(payload.sticker_id));
        }
        let attachment = Attachment {
            kind: attachment.kind.map(Text::into_string).unwrap_or_default(),
            url: url.or(filled(attachment.url)),
            title: title.or(filled(attachment.title)),
            id,
            mime: None,
        };
        // While `share` was turning into `ig_post`, Meta sent both in one message.
        let twin = |a: &Attachment| {
            matches!(
                (a.kind.as_str(), attachment.kind.as_str()),
                ("share", "ig_post") | ("ig_post", "share")
            )
        };
        match out.iter().position(twin) {
            Some(at) if attachment.kind == "ig_post" => out[at] = attachment,
            Some(_) => {}
            None => out.push(attachment),
        }
    }
    out
}

fn referral_of(raw: Option<&RawValue>) -> Option<Referral> {
    let read = part::<WireReferral<'_>>(raw)?;
    let ads = part::<AdsContext<'_>>(read.ads_context_data);
    let (ad_title, ad_product) = ads.map_or((None, None), |a| (a.ad_title, a.product_id));
    let product = part::<Party<'_>>(read.product).and_then(|p| p.id);
    Some(Referral {
        reference: filled(read.reference),
        source: filled(read.source),
        kind: filled(read.kind),
        ad_id: filled(read.ad_id),
        ad_title: filled(ad_title),
        product_id: filled(product).or(filled(ad_product)),
        source_url: filled(read.referer_uri),
    })
}
