//! Deliveries: every shape, batches, duplicates, order, retries, the disabling after an hour.

#![allow(clippy::unwrap_used)]

mod common;
use common::{HOUR, call, code, start};
use sandbox::{Action, Change};
use serde_json::{Value, json};

fn style(batch: usize, duplicates: usize, shuffle: bool, held: bool) -> Change {
    Change::Delivery {
        batch: Some(batch),
        duplicates: Some(duplicates),
        shuffle: Some(shuffle),
        escape_slashes: None,
        as_changes: None,
        held: Some(held),
    }
}

#[tokio::test]
async fn what_waits_is_batched_doubled_and_shuffled_on_request() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    sandbox.change(style(4, 1, true, true));
    let said: Vec<String> = (0..10).map(|n| format!("n{n}")).collect();
    for text in &said {
        ana.say(text);
    }
    sandbox.drain().await;
    assert!(receiver.raw().is_empty(), "held back");
    sandbox.hold_webhooks(false);
    sandbox.drain().await;
    assert_eq!(
        receiver.raw().len(),
        6,
        "three bodies of at most four, each twice"
    );
    let mut texts = receiver.texts();
    assert_eq!(texts.len(), 20);
    assert_ne!(texts[..10], said[..]);
    texts.sort();
    texts.dedup();
    assert_eq!(texts, said);
}

#[tokio::test]
async fn a_failed_delivery_is_retried_with_growing_gaps() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    receiver.answer(503);
    ana.say("hello");
    sandbox.drain().await;
    let tries = sandbox.deliveries()[0].attempts;
    assert!(tries >= 2, "at once once more, then with gaps: {tries}");
    receiver.answer(200);
    sandbox.advance(HOUR / 60);
    sandbox.drain().await;
    assert_eq!(receiver.texts(), ["hello"]);
    assert_eq!(sandbox.deliveries()[0].state, "delivered");
    assert!(sandbox.alerts().is_empty());
}

#[tokio::test]
async fn an_hour_of_failures_unsubscribes_the_account() {
    let (sandbox, receiver) = start().await;
    let account = sandbox.account();
    let ana = sandbox.customer("ana");
    receiver.answer(500);
    ana.say("lost");
    sandbox.drain().await;
    for _ in 0..8 {
        sandbox.advance(HOUR / 6);
        sandbox.drain().await;
    }
    let alerts = sandbox.alerts();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts[1].starts_with("Webhooks Disabled"));
    assert_eq!(sandbox.deliveries()[0].state, "dropped");
    receiver.answer(200);
    ana.say("nobody listens");
    sandbox.drain().await;
    assert!(receiver.raw().is_empty());

    let path = format!("{}/subscribed_apps", account.page_id.unwrap());
    let token = &account.access_token;
    let before = call(&sandbox, "GET", &path, token, None).await.1;
    assert_eq!(before["data"], json!([]));
    let wrong = json!({"subscribed_fields": ["messages", "messaging_seen"]});
    assert_eq!(
        code(&call(&sandbox, "POST", &path, token, Some(wrong)).await.1),
        (100, 0)
    );
    let right = json!({"subscribed_fields": "messages,messaging_postbacks"});
    let answer = call(&sandbox, "POST", &path, token, Some(right)).await.1;
    assert_eq!(answer, json!({"success": true}));
    ana.say("heard again");
    sandbox.drain().await;
    assert_eq!(receiver.texts(), ["heard again"]);
}

#[tokio::test]
async fn the_app_subscribes_with_a_handshake() {
    let (sandbox, receiver) = start().await;
    let app = sandbox.app();
    let token = format!("{}|{}", app.id, app.secret);
    let path = format!("{}/subscriptions", app.id);
    let ask = |verify: &str| {
        json!({"object": "instagram", "callback_url": receiver.url, "verify_token": verify,
            "fields": "messages,comments"})
    };
    let answer = call(&sandbox, "POST", &path, &token, Some(ask("wrong"))).await;
    assert_eq!(code(&answer.1), (2200, 0));
    let answer = call(&sandbox, "POST", &path, &token, Some(ask("verify"))).await;
    assert_eq!(answer.1, json!({"success": true}));
    assert!(sandbox.verify_callback().await);
    let list = call(&sandbox, "GET", &path, &token, None).await.1;
    let instagram = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["object"] == "instagram");
    assert_eq!(instagram.unwrap()["fields"].as_array().unwrap().len(), 2);
    let user = sandbox.account().user_token;
    assert_eq!(
        code(&call(&sandbox, "GET", &path, &user, None).await.1),
        (15, 0)
    );

    let ana = sandbox.customer("ana");
    let mid = ana.say("subscribed");
    ana.act(Action::React {
        mid,
        reaction: Some("love".into()),
        emoji: None,
    });
    sandbox.drain().await;
    assert_eq!(
        receiver.items().len(),
        1,
        "reactions were not subscribed to"
    );
}

#[tokio::test]
async fn every_shape_of_the_reference_can_be_sent() {
    let (sandbox, receiver) = start().await;
    let shop = sandbox.account().instagram_account_id;
    let ana = sandbox.customer("ana");
    let mid = ana.say("2 blue mugs");
    let text = || "x".to_owned();
    let attach = |kind: &str| Action::Attach {
        kind: kind.into(),
        url: None,
        title: None,
        count: 1,
    };
    let table: Vec<(Action, &str)> = vec![
        (
            Action::Say {
                text: text(),
                reply_to: Some(mid.clone()),
            },
            "/message/reply_to/mid",
        ),
        (
            Action::QuickReply {
                title: text(),
                payload: text(),
            },
            "/message/quick_reply/payload",
        ),
        (
            Action::Postback {
                title: text(),
                payload: text(),
                reference: Some(text()),
            },
            "/postback/referral/ref",
        ),
        (
            Action::StoryReply {
                text: text(),
                story_id: text(),
                link_sticker_url: Some(text()),
            },
            "/message/reply_to/story/link_sticker_url",
        ),
        (attach("image"), "/message/attachments/0/payload/url"),
        (
            attach("ig_post"),
            "/message/attachments/0/payload/ig_post_media_id",
        ),
        (
            attach("story_mention"),
            "/message/attachments/0/payload/url",
        ),
        (
            attach("sticker"),
            "/message/attachments/0/payload/sticker_id",
        ),
        (attach("ephemeral"), "/message/attachments/0/type"),
        (
            Action::SharePost {
                url: text(),
                title: text(),
                media_id: None,
            },
            "/message/attachments/1/payload/ig_post_media_id",
        ),
        (
            Action::AskProduct {
                text: text(),
                product_id: text(),
            },
            "/message/referral/product/id",
        ),
        (
            Action::FromAd {
                text: text(),
                ad_id: text(),
                ad_title: text(),
                reference: None,
            },
            "/message/referral/ads_context_data/ad_title",
        ),
        (Action::OpenLink { reference: text() }, "/referral/ref"),
        (
            Action::Edit {
                mid: mid.clone(),
                text: text(),
            },
            "/message_edit/num_edit",
        ),
        (
            Action::EditAnomaly {
                mid: None,
                anonymous: true,
            },
            "/message_edit/num_edit",
        ),
        (
            Action::React {
                mid: mid.clone(),
                reaction: Some("love".into()),
                emoji: None,
            },
            "/reaction/emoji",
        ),
        (
            Action::React {
                mid: mid.clone(),
                reaction: None,
                emoji: None,
            },
            "/reaction/action",
        ),
        (Action::Read { mid: None }, "/read/mid"),
        (Action::Unsend { mid }, "/message/is_deleted"),
        (Action::Unsupported, "/message/is_unsupported"),
        (
            Action::OptIn { payload: text() },
            "/optin/notification_messages_token",
        ),
        (Action::ShopAnswers { text: text() }, "/message/is_echo"),
        (
            Action::Item {
                field: "messages".into(),
                item: json!({"message": {"mid": "m"}}),
            },
            "/message/mid",
        ),
    ];
    let count = table.len();
    let pointers: Vec<&str> = table.iter().map(|(_, p)| *p).collect();
    for (action, _) in table {
        ana.act(action);
    }
    sandbox.drain().await;
    let items = receiver.items();
    assert_eq!(items.len(), count + 1);
    for (item, pointer) in items[1..].iter().zip(pointers) {
        assert!(item.pointer(pointer).is_some(), "{pointer} in {item}");
    }
    assert!(
        items[15].get("sender").is_none(),
        "the anonymous edit: {}",
        items[15]
    );

    sandbox.self_message(&shop, "set-up test");
    sandbox.dashboard_test();
    sandbox.deliver_raw("instagram", r#"{"object":"nonsense","entry":7}"#);
    sandbox.change(Change::ThreadOwner {
        account: None,
        app: Some("9".into()),
    });
    ana.say("to another app");
    sandbox.change(Change::ThreadOwner {
        account: None,
        app: None,
    });
    let moved = Change::Delivery {
        batch: None,
        duplicates: None,
        shuffle: None,
        escape_slashes: None,
        as_changes: Some(true),
        held: None,
    };
    sandbox.change(moved);
    ana.say("as a change");
    ana.act(Action::Comment {
        text: text(),
        media_id: None,
        parent_id: None,
        live: false,
        flat: true,
    });
    ana.act(Action::Handover {
        previous: "1".into(),
        new: "2".into(),
    });
    ana.act(Action::Mention {
        media_id: "1".into(),
        comment_id: Some("2".into()),
    });
    sandbox.drain().await;
    let rest: Vec<Value> = receiver.bodies().split_off(count + 1);
    assert_eq!(
        rest[0]["entry"][0]["messaging"][0]["message"]["is_self"],
        true
    );
    assert_eq!(rest[1]["entry"][0]["id"], "0");
    assert_eq!(rest[2]["entry"], 7);
    assert_eq!(
        rest[3]["entry"][0]["standby"][0]["message"]["text"],
        "to another app"
    );
    let change = &rest[4]["entry"][0]["changes"][0];
    assert_eq!(change["value"]["message"]["text"], "as a change");
    assert_eq!(rest[5]["entry"][0]["field"], "comments");
    assert_eq!(
        rest[6]["entry"][0]["changes"][0]["field"],
        "messaging_handover"
    );
    assert_eq!(rest[7]["entry"][0]["changes"][0]["field"], "mentions");
}

#[tokio::test]
async fn messenger_events_come_under_the_page() {
    let (sandbox, receiver) = start().await;
    let page = sandbox.account().page_id.unwrap();
    let ana = sandbox.customer_of(&page, "ana");
    ana.say("hi");
    ana.act(Action::Read { mid: None });
    let body = json!({"recipient": {"id": ana.id()}, "messaging_type": "RESPONSE",
        "message": {"text": "hello"}});
    let token = sandbox.account().access_token;
    assert_eq!(
        call(&sandbox, "POST", "me/messages", &token, Some(body))
            .await
            .0,
        200
    );
    sandbox.drain().await;
    let bodies = receiver.bodies();
    assert!(
        bodies
            .iter()
            .all(|b| b["object"] == "page" && b["entry"][0]["id"] == page.as_str())
    );
    let items = receiver.items();
    assert!(items[1]["read"]["watermark"].is_i64());
    assert_eq!(items[2]["message"]["app_id"].to_string(), sandbox.app().id);
}

#[tokio::test]
async fn an_old_delivery_comes_again_and_lost_ones_never_do() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    ana.say("once");
    sandbox.drain().await;
    sandbox.redeliver(sandbox.deliveries()[0].id);
    sandbox.change(Change::LoseWebhooks { count: 1 });
    let lost = ana.say("never delivered");
    ana.say("after");
    sandbox.drain().await;
    assert_eq!(receiver.texts(), ["once", "once", "after"]);
    let raw = receiver.raw();
    assert_eq!(raw[0], raw[1]);
    let token = sandbox.account().access_token;
    let found = call(
        &sandbox,
        "GET",
        &format!("{lost}?fields=message,from"),
        &token,
        None,
    )
    .await;
    assert_eq!(
        found.1["message"], "never delivered",
        "but the Conversations API has it"
    );
}
