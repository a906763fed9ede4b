//! What a message says, for whoever reads orders: words, what was tapped, which products it points
//! at, and, when there is nothing to read, why.

use std::collections::HashSet;

use super::event::{Content, Event, Message, ProductRef};
use crate::fate::{Fate, Kind};

/// What a message says.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extracted {
    /// The customer's words, or the title of what they tapped.
    pub text: Option<String>,
    /// Payload or id of what they tapped.
    pub payload: Option<String>,
    /// Products it points at: a cart's lines, the product page it was written from.
    pub products: Vec<ProductRef>,
    /// A place or address that came as such, in one line.
    pub address: Option<String>,
    /// Phone numbers that came as contact cards.
    pub phones: Vec<String>,
    /// Why there is nothing to read; the seller sees it and the customer is asked in words.
    pub unread: Option<Unread>,
}

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// Only pictures.
    ImageOnly,
    /// Only a video.
    VideoOnly,
    /// Only a voice note.
    AudioOnly,
    /// Only a file.
    FileOnly,
    /// Only a sticker or a heart.
    StickerOnly,
    /// Only a shared post, reel, story or link.
    ShareOnly,
    /// The seller was mentioned in a story.
    StoryMention,
    /// A disappearing picture.
    Ephemeral,
    /// Something that Meta does not hand over, or that this version does not know.
    Unsupported,
}

impl Unread {
    /// The word in tables and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImageOnly => "image_only",
            Self::VideoOnly => "video_only",
            Self::AudioOnly => "audio_only",
            Self::FileOnly => "file_only",
            Self::StickerOnly => "sticker_only",
            Self::ShareOnly => "share_only",
            Self::StoryMention => "story_mention",
            Self::Ephemeral => "ephemeral",
            Self::Unsupported => "unsupported",
        }
    }

    /// The reason in English, as the seller sees it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ImageOnly => "A picture without words: nothing was ordered from it.",
            Self::VideoOnly => "A video without words: nothing was ordered from it.",
            Self::AudioOnly => "A voice message: listen to it in the app, it cannot be read here.",
            Self::FileOnly => "A file without words: nothing was ordered from it.",
            Self::StickerOnly => "A sticker or a heart.",
            Self::ShareOnly => "A shared post without words: nothing was ordered from it.",
            Self::StoryMention => "The customer mentioned you in a story.",
            Self::Ephemeral => "A disappearing picture: it can be seen in the app only.",
            Self::Unsupported => "A message that Instagram does not hand over: see it in the app.",
        }
    }
}

/// Extracts what the event says. Events that make no message say nothing.
pub fn extract_text(event: &Event) -> Extracted {
    let Content::Message(message) = &event.content else {
        let unread = matches!(event.item.kind.fate(), Fate::BecomesMessage);
        return Extracted {
            unread: unread.then_some(Unread::Unsupported),
            ..Default::default()
        };
    };
    let mut out = Extracted {
        text: message.text.clone().filter(|t| !t.trim().is_empty()),
        payload: message.choice.as_ref().and_then(|c| c.payload.clone()),
        products: products(message),
        address: message.location.as_ref().and_then(|place| {
            let words: Vec<&str> = [&place.name, &place.address]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            let degrees = || {
                Some(format!(
                    "{}, {}",
                    place.latitude.as_ref()?,
                    place.longitude.as_ref()?
                ))
            };
            if words.is_empty() {
                degrees()
            } else {
                Some(words.join(", "))
            }
        }),
        phones: message
            .contacts
            .iter()
            .flat_map(|card| card.phones.clone())
            .collect(),
        unread: None,
    };
    let says = out.text.is_some()
        || out.payload.is_some()
        || !out.products.is_empty()
        || out.address.is_some()
        || !out.phones.is_empty();
    if !says {
        out.unread = Some(unread(event.item.kind, message));
    }
    out
}

fn products(message: &Message) -> Vec<ProductRef> {
    let cart = message.cart.iter().flat_map(|cart| {
        cart.items.iter().cloned().map(|item| ProductRef {
            catalog_id: item.catalog_id.or_else(|| cart.catalog_id.clone()),
            ..item
        })
    });
    let page = message
        .referral
        .iter()
        .filter_map(|r| r.product_id.clone())
        .map(|product_id| ProductRef {
            product_id,
            ..ProductRef::default()
        });
    let asked = message.reply_to.iter().filter_map(|r| r.product.clone());
    let mut seen = HashSet::new();
    cart.chain(
        page.chain(asked)
            .filter(move |product| seen.insert(product.product_id.clone())),
    )
    .collect()
}

fn unread(kind: Kind, message: &Message) -> Unread {
    let first = message.attachments.first().map_or("", |a| a.kind.as_str());
    match (kind, first) {
        (Kind::Unsupported | Kind::WaUnsupported, _) => Unread::Unsupported,
        (_, "image") => Unread::ImageOnly,
        (_, "video") => Unread::VideoOnly,
        (_, "audio" | "voice") => Unread::AudioOnly,
        (_, "file" | "document") => Unread::FileOnly,
        (_, "sticker" | "like_heart") => Unread::StickerOnly,
        (
            _,
            "share" | "ig_post" | "ig_reel" | "reel" | "post" | "story" | "ig_story" | "media"
            | "fallback",
        ) => Unread::ShareOnly,
        (_, "story_mention") => Unread::StoryMention,
        (_, "ephemeral") => Unread::Ephemeral,
        _ => Unread::Unsupported,
    }
}

crate::quiet_debug!(Extracted);
