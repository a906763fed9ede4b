//! The typed content of a WhatsApp message.

use super::super::event::{
    Attachment, Cart, Choice, ContactCard, Content, Edit, Fault, Location, Message, ProductRef,
    Reaction, Referral, ReplyTo, SystemNote,
};
use super::super::wire::{decimal, filled, list, part};
use super::wire::{
    Body, CardName, CardPhone, Context, FaultData, Inner, Interactive, Media, Profile, WireCard,
    WireCart, WireChange, WireContact, WireFault, WireLocation, WireMessage, WireProduct,
    WireReaction, WireReferral, WireSystem,
};
use crate::fate::Kind;

pub(super) fn content_of(wire: &WireMessage<'_>, kind: Kind, contact: &WireContact<'_>) -> Content {
    match kind {
        Kind::WaReaction => {
            let reaction = part::<WireReaction<'_>>(wire.reaction);
            let (mid, emoji) = reaction.map_or((None, None), |r| (r.message_id, r.emoji));
            let emoji = filled(emoji);
            Content::Reaction(Reaction {
                mid: filled(mid),
                given: emoji.is_some(),
                reaction: None,
                emoji,
            })
        }
        Kind::WaSystem => {
            let note = part::<WireSystem<'_>>(wire.system).map_or_else(SystemNote::default, |s| {
                SystemNote {
                    kind: filled(s.kind),
                    new_id: filled(s.user_id)
                        .or(filled(s.new_wa_id))
                        .or(filled(s.wa_id)),
                    body: filled(s.body),
                }
            });
            Content::System(note)
        }
        Kind::Deleted => Content::Deleted {
            mid: part::<WireChange<'_>>(wire.revoke).and_then(|c| filled(c.original_message_id)),
        },
        Kind::Edit => {
            let change = part::<WireChange<'_>>(wire.edit);
            let (mid, message) =
                change.map_or((None, None), |c| (c.original_message_id, c.message));
            let body = part::<Inner<'_>>(message)
                .and_then(|m| m.text)
                .and_then(|t| t.body);
            Content::Edit(Edit {
                mid: filled(mid),
                text: filled(body),
                num_edit: None,
            })
        }
        _ => Content::Message(Box::new(message_of(wire, kind, contact))),
    }
}

fn message_of(wire: &WireMessage<'_>, kind: Kind, contact: &WireContact<'_>) -> Message {
    let choice = choice_of(wire);
    let cart = part::<WireCart<'_>>(wire.order).map(cart_of);
    let (attachments, caption) = media_of(wire);
    let body = part::<Body<'_>>(wire.text).and_then(|t| filled(t.body));
    let text = body
        .or(caption)
        .or_else(|| cart.as_ref().and_then(|c| c.text.clone()))
        .or_else(|| choice.as_ref().and_then(|c| c.title.clone()));
    let context = part::<Context<'_>>(wire.context);
    let echo = kind == Kind::WaEcho;
    Message {
        mid: filled(wire.id.clone()),
        text,
        choice,
        attachments,
        referral: part::<WireReferral<'_>>(wire.referral).map(|r| Referral {
            source: filled(r.source_type.clone()),
            ad_id: filled(r.source_id),
            ad_title: filled(r.headline),
            source_url: filled(r.source_url),
            ..Referral::default()
        }),
        reply_to: context.and_then(|c| {
            let (mid, product) = (filled(c.id), c.referred_product.and_then(product_of));
            (mid.is_some() || product.is_some()).then(|| ReplyTo {
                mid,
                product,
                ..ReplyTo::default()
            })
        }),
        cart,
        location: part::<WireLocation<'_>>(wire.location).map(|l| Location {
            latitude: decimal(l.latitude),
            longitude: decimal(l.longitude),
            name: filled(l.name),
            address: filled(l.address),
        }),
        contacts: list::<WireCard<'_>>(wire.contacts)
            .into_iter()
            .map(card_of)
            .collect(),
        sender_name: part::<Profile<'_>>(contact.profile).and_then(|p| filled(p.name)),
        sender_phone: filled(contact.wa_id.clone())
            .or_else(|| filled(wire.from.clone()).filter(|_| !echo)),
        is_echo: echo,
        faults: list::<WireFault<'_>>(wire.errors)
            .into_iter()
            .map(fault_of)
            .collect(),
        ..Message::default()
    }
}

fn choice_of(wire: &WireMessage<'_>) -> Option<Choice> {
    if let Some(button) = &wire.button {
        return Some(Choice {
            payload: filled(button.payload.clone()),
            title: filled(button.text.clone()),
        });
    }
    let interactive = part::<Interactive<'_>>(wire.interactive)?;
    let tapped = interactive
        .button_reply
        .or(interactive.list_reply)
        .or(interactive.nfm_reply)?;
    Some(Choice {
        payload: filled(tapped.id).or(filled(tapped.response_json)),
        title: filled(tapped.title)
            .or(filled(tapped.body))
            .or(filled(tapped.name)),
    })
}

fn cart_of(wire: WireCart<'_>) -> Cart {
    Cart {
        catalog_id: filled(wire.catalog_id),
        text: filled(wire.text),
        items: list::<WireProduct<'_>>(wire.product_items)
            .into_iter()
            .filter_map(product_of)
            .collect(),
    }
}

fn product_of(wire: WireProduct<'_>) -> Option<ProductRef> {
    Some(ProductRef {
        catalog_id: filled(wire.catalog_id),
        product_id: filled(wire.product_retailer_id)?,
        quantity: wire
            .quantity
            .and_then(|q| q.number())
            .and_then(|n| u32::try_from(n).ok()),
        price: decimal(wire.item_price),
        currency: filled(wire.currency),
    })
}

fn media_of(wire: &WireMessage<'_>) -> (Vec<Attachment>, Option<String>) {
    let all = [
        ("image", wire.image),
        ("video", wire.video),
        ("audio", wire.audio),
        ("document", wire.document),
        ("sticker", wire.sticker),
    ];
    let mut caption = None;
    let attachments = all
        .into_iter()
        .filter_map(|(kind, raw)| Some((kind, part::<Media<'_>>(raw)?)))
        .map(|(kind, media)| {
            caption = filled(media.caption);
            Attachment {
                kind: kind.to_owned(),
                url: None,
                id: filled(media.id),
                title: filled(media.filename),
                mime: filled(media.mime_type),
            }
        })
        .collect();
    (attachments, caption)
}

fn card_of(wire: WireCard<'_>) -> ContactCard {
    ContactCard {
        name: part::<CardName<'_>>(wire.name).and_then(|n| filled(n.formatted_name)),
        phones: list::<CardPhone<'_>>(wire.phones)
            .into_iter()
            .filter_map(|p| filled(p.phone).or(filled(p.wa_id)))
            .collect(),
    }
}

pub(super) fn fault_of(wire: WireFault<'_>) -> Fault {
    Fault {
        code: wire.code.and_then(|c| c.number()),
        title: filled(wire.title).or(filled(wire.message)),
        details: part::<FaultData<'_>>(wire.error_data).and_then(|d| filled(d.details)),
    }
}
