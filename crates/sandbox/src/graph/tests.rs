//! Calls of every kind, filled with whatever comes: the answer may be an error, never a panic.

use super::*;
use crate::config::{Limits, SandboxConfig};
use crate::rng::Rng;
use serde_json::Map;

const EDGES: &[&str] = &[
    "messages",
    "conversations",
    "subscribed_apps",
    "accounts",
    "permissions",
    "businesses",
    "owned_product_catalogs",
    "client_product_catalogs",
    "system_user_access_tokens",
    "product_catalogs",
    "available_catalogs",
    "catalog_product_search",
    "product_appeal",
    "media",
    "media_publish",
    "messenger_profile",
    "commerce_merchant_settings",
    "phone_numbers",
    "items_batch",
    "check_batch_request_status",
    "products",
    "diagnostics",
    "product_tags",
    "comments",
    "replies",
    "subscriptions",
];
const PARAMS: &[&str] = &[
    "recipient",
    "message",
    "messaging_type",
    "tag",
    "sender_action",
    "payload",
    "reply_to",
    "fields",
    "limit",
    "after",
    "filter",
    "requests",
    "item_type",
    "handle",
    "retailer_id",
    "price",
    "currency",
    "name",
    "url",
    "image_url",
    "subscribed_fields",
    "object",
    "callback_url",
    "product_tags",
    "updated_tags",
    "creation_id",
    "product_id",
    "catalog_id",
    "q",
    "platform",
    "user_id",
    "ice_breakers",
    "scope",
    "batch",
    "ids",
    "to",
    "type",
    "text",
    "messaging_product",
    "interactive",
    "client_id",
    "redirect_uri",
    "code",
    "grant_type",
];

/// Something that may stand where something else was expected.
fn any_value(rng: &mut Rng, ids: &[String], depth: usize) -> Value {
    let id = ids[rng.below(ids.len())].clone();
    match rng.below(if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => rng.chance(0.5).into(),
        2 => (rng.next() as i64).into(),
        3 => "é{[\u{0}".repeat(rng.below(3)).into(),
        4 => "PRODUCT_ITEM".into(),
        5 => id.into(),
        6 => "text".into(),
        7 => (0..rng.below(4))
            .map(|_| any_value(rng, ids, depth - 1))
            .collect(),
        _ => {
            const KEYS: &[&str] = &[
                "id",
                "comment_id",
                "text",
                "attachment",
                "type",
                "payload",
                "template_type",
                "elements",
                "buttons",
                "quick_replies",
                "method",
                "data",
                "title",
                "mid",
                "price",
                "image",
                "url",
                "relative_url",
                "body",
                "and",
                "eq",
                "retailer_id",
            ];
            (0..rng.below(5))
                .map(|_| {
                    let key = KEYS[rng.below(KEYS.len())].to_owned();
                    (key, any_value(rng, ids, depth - 1))
                })
                .collect::<Map<_, _>>()
                .into()
        }
    }
}

#[test]
fn no_call_whatever_it_holds_brings_it_down() {
    for seed in 0..20 {
        let limits = Limits::none();
        let mut world = World::new(SandboxConfig {
            seed,
            limits,
            ..SandboxConfig::default()
        });
        let account = world.accounts[0].clone();
        let ana = world.customer(&account.instagram_account_id, "ana");
        let mid = world.customer_message(&ana, json!({"text": "hi"})).unwrap();
        let media = world.add_media(&account.instagram_account_id, "post", "http://x/y");
        let ids: Vec<String> = [
            "me".to_owned(),
            ana,
            mid,
            media,
            account.instagram_account_id,
            account.app_scoped_id,
            "oauth".into(),
            "dialog".into(),
            "debug_token".into(),
            "access_token".into(),
        ]
        .into_iter()
        .chain(
            [account.page_id, account.business_id, account.catalog_id]
                .into_iter()
                .flatten(),
        )
        .chain(
            [account.waba_id, account.phone_number_id]
                .into_iter()
                .flatten(),
        )
        .chain(world.apps.keys().cloned())
        .collect();
        let app = world
            .apps
            .values()
            .next()
            .map(|a| format!("{}|{}", a.id, a.secret))
            .unwrap();
        let tokens = [account.access_token, account.user_token, app];
        let mut rng = Rng::new(seed);
        for _ in 0..1500 {
            let mut path = vec![ids[rng.below(ids.len())].clone()];
            if rng.chance(0.8) {
                path.push(EDGES[rng.below(EDGES.len())].to_owned());
            }
            let params = (0..rng.below(6))
                .map(|_| {
                    let name = PARAMS[rng.below(PARAMS.len())].to_owned();
                    (name, any_value(&mut rng, &ids, 3))
                })
                .collect();
            let call = Call {
                method: ["GET", "POST", "DELETE"][rng.below(3)].to_owned(),
                path: if rng.chance(0.03) { Vec::new() } else { path },
                params,
                token: Some(tokens[rng.below(tokens.len())].clone()),
                ..Call::default()
            };
            let endpoint = world.endpoint(&call);
            let _ = world.charge(&call, &endpoint);
            let _ = world.answer(&call, Around::default());
        }
    }
}
