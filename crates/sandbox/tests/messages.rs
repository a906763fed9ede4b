//! Sending and receiving: the way of one DM and its answer, the window, private replies, cuts.

#![allow(clippy::unwrap_used)]

mod common;
use common::{DAY, HOUR, Receiver, call, client, code, start, start_with};
use sandbox::{AccountSpec, Action, Change, Fault, Limits, Login, Sandbox, SandboxConfig};
use serde_json::{Value, json};

async fn send(sandbox: &Sandbox, to: &str, text: &str) -> (u16, Value) {
    let body = json!({"recipient": {"id": to}, "message": {"text": text}});
    let account = sandbox.account();
    let path = format!("{}/messages", account.page_id.unwrap());
    call(sandbox, "POST", &path, &account.access_token, Some(body)).await
}

#[tokio::test]
async fn a_dm_is_answered_and_echoed() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    let mid = ana.say("2 cafés ☕ please");
    sandbox.drain().await;
    let (status, answer) = send(&sandbox, ana.id(), "Two it is").await;
    assert_eq!(status, 200);
    sandbox.drain().await;

    assert!(
        receiver.raw()[0].1.contains(r"caf\u00e9s \u2615"),
        "non-ASCII is escaped"
    );
    let bodies = receiver.bodies();
    assert_eq!(bodies[0]["object"], "instagram");
    assert_eq!(
        bodies[0]["entry"][0]["id"],
        sandbox.account().instagram_account_id.as_str()
    );
    let items = receiver.items();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["sender"]["id"], ana.id());
    assert_eq!(items[0]["message"]["mid"], mid.as_str());
    assert_eq!(items[1]["message"]["is_echo"], true);
    assert_eq!(items[1]["message"]["mid"], answer["message_id"]);
    assert_eq!(items[1]["recipient"]["id"], ana.id());
    assert_eq!(sandbox.sent_to(ana.id()).len(), 1);
    assert_eq!(
        ana.thread(),
        [
            (true, "2 cafés ☕ please".to_owned()),
            (false, "Two it is".to_owned())
        ]
    );
}

#[tokio::test]
async fn who_may_not_send_is_told_why() {
    let (sandbox, _receiver) = start().await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let account = sandbox.account();
    let bad = call(
        &sandbox,
        "POST",
        "me/messages",
        "EAABwrong",
        Some(json!({})),
    )
    .await;
    assert_eq!((bad.0, code(&bad.1)), (401, (190, 0)));
    let none = call(&sandbox, "POST", "me/messages", "", Some(json!({}))).await;
    assert_eq!(code(&none.1), (104, 0));

    let table = [
        (
            Change::MessageAccess {
                account: None,
                on: false,
            },
            (200, 2_534_041),
        ),
        (
            Change::MessageAccess {
                account: None,
                on: true,
            },
            (0, 0),
        ),
        (
            Change::PageRestricted {
                account: None,
                on: true,
            },
            (10, 1_893_063),
        ),
        (
            Change::PageRestricted {
                account: None,
                on: false,
            },
            (0, 0),
        ),
        (
            Change::AccountLimited {
                account: None,
                on: true,
            },
            (100, 2_534_029),
        ),
        (
            Change::AccountLimited {
                account: None,
                on: false,
            },
            (0, 0),
        ),
        (
            Change::ThreadOwner {
                account: None,
                app: Some("9".into()),
            },
            (10, 2_018_300),
        ),
        (
            Change::ThreadOwner {
                account: None,
                app: None,
            },
            (0, 0),
        ),
        (
            Change::CustomerBlocks {
                customer: ana.id().into(),
                on: true,
            },
            (551, 1_545_041),
        ),
        (
            Change::CustomerBlocks {
                customer: ana.id().into(),
                on: false,
            },
            (0, 0),
        ),
        (
            Change::Archive {
                customer: ana.id().into(),
            },
            (100, 2_534_001),
        ),
    ];
    for (change, want) in table {
        let said = format!("{change:?}");
        sandbox.change(change);
        assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), want, "{said}");
    }
    ana.say("back again");
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (0, 0));
    let scope = "instagram_manage_messages".to_owned();
    sandbox.change(Change::Permission {
        account: None,
        scope: scope.clone(),
        granted: false,
    });
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (10, 0));
    sandbox.change(Change::Permission {
        account: None,
        scope,
        granted: true,
    });
    sandbox.change(Change::AppLive { on: false });
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (200, 0));
    sandbox.change(Change::Tester {
        customer: ana.id().into(),
        on: true,
    });
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (0, 0));
    sandbox.change(Change::AppLive { on: true });
    sandbox.change(Change::RevokeTokens {
        account: None,
        subcode: 460,
    });
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (190, 460));
    sandbox.change(Change::RestoreTokens { account: None });
    sandbox.change(Change::RequireProof { on: true });
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (100, 0));
    sandbox.change(Change::RequireProof { on: false });
    assert_eq!(code(&send(&sandbox, "999", "x").await.1), (100, 2_018_001));
    assert!(!account.access_token.is_empty());
}

#[tokio::test]
async fn the_window_closes_after_a_day_and_for_people_after_seven() {
    let (sandbox, _receiver) = start().await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let token = sandbox.account().access_token;
    let human = |text: &str| {
        json!({"recipient": {"id": ana.id()}, "message": {"text": text},
            "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
    };
    sandbox.advance(DAY);
    assert_eq!(code(&send(&sandbox, ana.id(), "in time").await.1), (0, 0));
    sandbox.advance(1);
    assert_eq!(
        code(&send(&sandbox, ana.id(), "late").await.1),
        (10, 2_534_022)
    );
    let agent = call(
        &sandbox,
        "POST",
        "me/messages",
        &token,
        Some(human("agent")),
    )
    .await;
    assert_eq!(code(&agent.1), (0, 0));
    let mut retired = human("x");
    retired["tag"] = "POST_PURCHASE_UPDATE".into();
    let answer = call(&sandbox, "POST", "me/messages", &token, Some(retired)).await;
    assert_eq!(code(&answer.1), (100, 0));
    sandbox.advance(7 * DAY);
    let agent = call(
        &sandbox,
        "POST",
        "me/messages",
        &token,
        Some(human("agent")),
    )
    .await;
    assert_eq!(code(&agent.1), (10, 2_534_022));
    ana.act(Action::Postback {
        title: "Menu".into(),
        payload: "MENU".into(),
        reference: None,
    });
    assert_eq!(
        code(&send(&sandbox, ana.id(), "open again").await.1),
        (0, 0)
    );
    assert_eq!(sandbox.sent().len(), 3);
}

#[tokio::test]
async fn a_comment_is_answered_in_private_once_and_within_seven_days() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    let comment = |text: &str| {
        ana.act(Action::Comment {
            text: text.into(),
            media_id: None,
            parent_id: None,
            live: false,
            flat: false,
        })
        .unwrap()
    };
    let token = sandbox.account().access_token;
    let first = comment("price?");
    let reply = |id: &str| json!({"recipient": {"comment_id": id}, "message": {"text": "9.99"}});
    let answer = call(&sandbox, "POST", "me/messages", &token, Some(reply(&first))).await;
    assert_eq!(answer.1["recipient_id"], ana.id());
    let answer = call(&sandbox, "POST", "me/messages", &token, Some(reply(&first))).await;
    assert_eq!(code(&answer.1), (10_900, 0));
    let second = comment("and the red one?");
    sandbox.advance(7 * DAY + 1);
    let answer = call(
        &sandbox,
        "POST",
        "me/messages",
        &token,
        Some(reply(&second)),
    )
    .await;
    assert_eq!(code(&answer.1), (100, 2_534_025));
    let dead = format!("{first}/private_replies");
    let answer = call(
        &sandbox,
        "POST",
        &dead,
        &token,
        Some(json!({"message": "x"})),
    )
    .await;
    assert_eq!(code(&answer.1), (100, 33));
    sandbox.drain().await;
    let change = &receiver.bodies()[0]["entry"][0]["changes"][0];
    assert_eq!(
        (&change["field"], &change["value"]["id"]),
        (&json!("comments"), &json!(first))
    );
    assert_eq!(
        sandbox.sent()[0].comment_id.as_deref(),
        Some(first.as_str())
    );
}

#[tokio::test]
async fn a_cut_connection_hides_whether_it_was_sent() {
    let (sandbox, _receiver) = start().await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let account = sandbox.account();
    let url = format!("{}/v25.0/me/messages", sandbox.url());
    let post = || {
        client()
            .post(&url)
            .bearer_auth(&account.access_token)
            .json(&json!({"recipient": {"id": ana.id()}, "message": {"text": "x"}}))
            .send()
    };
    sandbox.next_calls(1, "messages", Fault::CutBefore);
    assert!(post().await.is_err());
    assert_eq!(sandbox.sent().len(), 0);
    sandbox.next_calls(1, "messages", Fault::CutAfter);
    assert!(post().await.is_err());
    assert_eq!(sandbox.sent().len(), 1);
    sandbox.next_calls(1, "messages", Fault::Text200);
    let answer = post().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.text().await.unwrap(), "Service Unavailable");
    let known = Fault::Error {
        code: 1,
        subcode: Some(1_357_046),
        after_effect: true,
    };
    sandbox.next_calls(1, "messages", known);
    assert_eq!(post().await.unwrap().status().as_u16(), 500);
    assert_eq!(
        sandbox.sent().len(),
        2,
        "the error was told although the message went out"
    );
    assert!(post().await.unwrap().status().is_success());
    assert_eq!(sandbox.calls().iter().filter(|c| c.status == 0).count(), 2);
}

#[tokio::test]
async fn sends_are_throttled_by_the_second() {
    let limits = Limits {
        sends_per_second: Some(3),
        ..Limits::default()
    };
    let (sandbox, _receiver) = start_with(SandboxConfig {
        limits,
        ..SandboxConfig::default()
    })
    .await;
    let ana = sandbox.customer("ana");
    ana.say("hi");
    for _ in 0..3 {
        assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (0, 0));
    }
    assert_eq!(
        code(&send(&sandbox, ana.id(), "x").await.1),
        (613, 2_534_040)
    );
    sandbox.advance(1001);
    assert_eq!(code(&send(&sandbox, ana.id(), "x").await.1), (0, 0));
    assert_eq!(sandbox.refused()[&613], 1);
}

#[tokio::test]
async fn instagram_login_sends_without_a_page() {
    let spec = AccountSpec {
        login: Login::Instagram,
        ..AccountSpec::default()
    };
    let config = SandboxConfig {
        accounts: vec![spec],
        ..SandboxConfig::default()
    };
    let (sandbox, receiver) = start_with(config).await;
    let account = sandbox.account();
    let ana = sandbox.customer("ana");
    ana.say("hi");
    let body = json!({"recipient": {"id": ana.id()}, "message": {"text": "hello"}});
    let path = format!("{}/messages", account.instagram_account_id);
    let answer = call(
        &sandbox,
        "POST",
        &path,
        &account.access_token,
        Some(body.clone()),
    )
    .await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    let me = call(
        &sandbox,
        "GET",
        "me?fields=id,user_id,username",
        &account.access_token,
        None,
    )
    .await;
    assert_eq!(me.1["user_id"], account.instagram_account_id.as_str());
    assert_eq!(me.1["id"], account.app_scoped_id.as_str());
    sandbox.drain().await;
    let (signature, body) = &receiver.raw()[0];
    let right = sign(&sandbox.app().instagram_secret, body);
    assert_eq!(*signature, right, "signed with the Instagram app secret");
    assert_ne!(*signature, sign(&sandbox.app().secret, body));
    let items = call(
        &sandbox,
        "GET",
        "1/owned_product_catalogs",
        &account.access_token,
        None,
    )
    .await;
    assert_eq!(code(&items.1), (100, 33), "no catalogs on this path");
}

fn sign(secret: &str, body: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn whatsapp_has_its_own_shapes_and_window() {
    let (sandbox, receiver) = start().await;
    let account = sandbox.account();
    let number = account.phone_number_id.unwrap();
    let ana = sandbox.customer_of(&number, "ana");
    let path = format!("{number}/messages");
    let body = json!({"messaging_product": "whatsapp", "to": ana.id(), "type": "text",
        "text": {"body": "hello"}});
    let send = || {
        call(
            &sandbox,
            "POST",
            &path,
            &account.user_token,
            Some(body.clone()),
        )
    };
    assert_eq!(code(&send().await.1), (131_047, 0));
    ana.act(Action::Order {
        items: vec![
            json!({"product_retailer_id": "A1", "quantity": 2, "item_price": 9.99,
            "currency": "USD"}),
        ],
        text: Some("asap".into()),
        catalog_id: None,
    });
    let answer = send().await.1;
    assert!(
        answer["messages"][0]["id"]
            .as_str()
            .unwrap()
            .starts_with("wamid.")
    );
    assert_eq!(answer["contacts"][0]["wa_id"], ana.id());
    sandbox.advance(25 * HOUR);
    assert_eq!(code(&send().await.1), (131_047, 0));
    sandbox.drain().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies[0]["object"], "whatsapp_business_account");
    let value = &bodies[0]["entry"][0]["changes"][0]["value"];
    assert_eq!(
        value["messages"][0]["order"]["product_items"][0]["quantity"],
        2
    );
    assert_eq!(value["metadata"]["phone_number_id"], number.as_str());
    let status = &bodies[1]["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(
        (&status["status"], &status["id"]),
        (&json!("sent"), &answer["messages"][0]["id"])
    );
    let _: &Receiver = &receiver;
}

#[tokio::test]
async fn a_replayed_script_redelivers_and_adds_nothing() {
    let (sandbox, receiver) = start().await;
    let ana = sandbox.customer("ana");
    for _ in 0..2 {
        assert_eq!(
            ana.message(json!({"mid": "script-1", "text": "hi"})),
            "script-1"
        );
    }
    sandbox.drain().await;
    assert_eq!(receiver.texts(), ["hi", "hi"]);
    assert_eq!(ana.thread(), [(true, "hi".to_owned())]);
}
