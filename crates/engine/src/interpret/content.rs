//! What the conversation's page shows of a message besides its words.

use meta::webhook::Message;
use serde_json::{Value, json};

/// What the conversation's page shows besides the words.
pub(super) fn content(m: &Message) -> Option<Value> {
    let mut content = serde_json::Map::new();
    if !m.attachments.is_empty() {
        let list: Vec<Value> = m
            .attachments
            .iter()
            .map(|a| json!({"kind": a.kind, "url": a.url, "id": a.id, "title": a.title}))
            .collect();
        content.insert("attachments".to_owned(), list.into());
    }
    if let Some(reply) = &m.reply_to {
        content.insert(
            "reply_to".to_owned(),
            json!({"mid": reply.mid, "story_id": reply.story_id, "story_url": reply.story_url,
                "product_id": reply.product.as_ref().map(|p| &p.product_id)}),
        );
    }
    if let Some(referral) = &m.referral {
        content.insert(
            "referral".to_owned(),
            json!({"product_id": referral.product_id, "ad_id": referral.ad_id,
                "ad_title": referral.ad_title, "ref": referral.reference}),
        );
    }
    if let Some(cart) = &m.cart {
        let items: Vec<Value> = cart
            .items
            .iter()
            .map(|i| json!({"id": i.product_id, "quantity": i.quantity, "price": i.price}))
            .collect();
        content.insert("cart".to_owned(), items.into());
    }
    if let Some(place) = &m.location {
        content.insert(
            "location".to_owned(),
            json!({"latitude": place.latitude, "longitude": place.longitude,
                "name": place.name, "address": place.address}),
        );
    }
    if !m.contacts.is_empty() {
        let list: Vec<Value> = m
            .contacts
            .iter()
            .map(|c| json!({"name": c.name, "phones": c.phones}))
            .collect();
        content.insert("contacts".to_owned(), list.into());
    }
    (!content.is_empty()).then(|| content.into())
}
