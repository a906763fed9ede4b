//! What calls look like on the wire, and how their answers are read.

use meta::graph::{
    Access, BatchMethod, BatchRequest, Card, CardButton, Channel, Dialog, Graph, Host, ItemData,
    Outgoing, OutgoingChoice, OutgoingContent, Pkce, ProductTag, Sender, SenderAction,
    SingleProduct,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::server::{Meta, SECRET, TOKEN};

#[tokio::test]
async fn the_token_travels_in_the_header_and_the_proof_as_a_parameter() {
    let meta = Meta::start().await;
    for (access, version) in [
        (Access::facebook(TOKEN), "v25.0"),
        (Access::instagram(TOKEN), "v25.0"),
    ] {
        meta.graph
            .profile(&access, Channel::Instagram, "902")
            .await
            .unwrap();
        let asked = meta.asked();
        assert_eq!(asked.header("authorization"), Some("Bearer planted-token"));
        assert!(
            !asked.uri.contains(TOKEN) && !asked.uri.contains(SECRET),
            "{}",
            asked.uri
        );
        assert!(
            asked.uri.starts_with(&format!("/{version}/902?fields=")),
            "{}",
            asked.uri
        );
        let proof =
            meta::signature::appsecret_proof(&SECRET.to_owned().into(), &TOKEN.to_owned().into());
        assert!(
            asked.uri.ends_with(&format!("&appsecret_proof={proof}")),
            "{}",
            asked.uri
        );
    }
}

#[tokio::test]
async fn ids_do_not_reach_other_paths() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    let _ = meta.graph.delete_product(&access, "../me?x=1&y#z").await;
    assert!(
        meta.asked()
            .uri
            .starts_with("/v25.0/..%2Fme%3Fx%3D1%26y%23z"),
        "{}",
        meta.asked().uri
    );
}

fn choice(title: &str) -> OutgoingChoice {
    OutgoingChoice {
        title: title.into(),
        payload: format!("P:{title}"),
    }
}

/// Every kind of message in the words of each channel; the bodies are those of Meta's pages.
#[test]
fn messages_are_written_in_the_channels_words() {
    use Channel::{Instagram, Messenger, Whatsapp};
    let to = |content| Outgoing::to_person("902", content);
    let text = || OutgoingContent::Text("Hi".into());
    let choices = |n| OutgoingContent::Choices {
        text: "Yes?".into(),
        choices: vec![choice("Yes"); n],
    };
    let card = Card {
        title: "Blue mug".into(),
        subtitle: Some("9.99 USD".into()),
        image_url: Some("https://x.example/i".into()),
        url: Some("https://x.example".into()),
        buttons: vec![CardButton::Postback(choice("Add"))],
    };
    let products = |ids: &[&str], catalog: Option<&str>| OutgoingContent::Products {
        catalog_id: catalog.map(Into::into),
        ids: ids.iter().map(ToString::to_string).collect(),
        text: None,
    };
    let wa = |kind: &str, value: Value| {
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "902", "type": kind, kind: value,
        })
    };
    let human = Outgoing {
        human_agent: true,
        reply_to: Some("m1".into()),
        ..to(text())
    };
    let cases: Vec<(Outgoing, Channel, Value)> = vec![
        (
            to(text()),
            Instagram,
            json!({"recipient":{"id":"902"},"message":{"text":"Hi"}}),
        ),
        (
            to(text()),
            Messenger,
            json!({"recipient":{"id":"902"},"message":{"text":"Hi"},"messaging_type":"RESPONSE"}),
        ),
        (
            to(text()),
            Whatsapp,
            wa("text", json!({"body":"Hi","preview_url":false})),
        ),
        (
            human,
            Instagram,
            json!({"recipient":{"id":"902"},"message":{"text":"Hi"},"reply_to":{"mid":"m1"},
            "messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT"}),
        ),
        (
            to(choices(1)),
            Instagram,
            json!({"recipient":{"id":"902"},"message":{"text":"Yes?",
            "quick_replies":[{"content_type":"text","title":"Yes","payload":"P:Yes"}]}}),
        ),
        (
            to(choices(1)),
            Whatsapp,
            wa(
                "interactive",
                json!({"type":"button","body":{"text":"Yes?"},
            "action":{"buttons":[{"type":"reply","reply":{"id":"P:Yes","title":"Yes"}}]}}),
            ),
        ),
        (
            Outgoing::private_reply("c1", "Hi"),
            Instagram,
            json!({"recipient":{"comment_id":"c1"},"message":{"text":"Hi"}}),
        ),
        (
            to(OutgoingContent::Cards(vec![card])),
            Instagram,
            json!({"recipient":{"id":"902"},"message":{"attachment":{
            "type":"template","payload":{"template_type":"generic","elements":[{"title":"Blue mug","subtitle":"9.99 USD",
            "image_url":"https://x.example/i","default_action":{"type":"web_url","url":"https://x.example"},
            "buttons":[{"type":"postback","title":"Add","payload":"P:Add"}]}]}}}}),
        ),
        (
            to(products(&["73"], None)),
            Instagram,
            json!({"recipient":{"id":"902"},"message":{"attachment":{
            "type":"template","payload":{"template_type":"product","elements":[{"id":"73"}]}}}}),
        ),
        (
            to(products(&["SKU"], Some("77"))),
            Whatsapp,
            wa(
                "interactive",
                json!({"type":"product","body":{"text":"🛍"},
            "action":{"catalog_id":"77","product_retailer_id":"SKU"}}),
            ),
        ),
        (
            to(OutgoingContent::Image("https://x.example/i".into())),
            Instagram,
            json!({"recipient":{"id":"902"},
            "message":{"attachment":{"type":"image","payload":{"url":"https://x.example/i"}}}}),
        ),
        (
            to(OutgoingContent::Action(SenderAction::TypingOn)),
            Instagram,
            json!({"recipient":{"id":"902"},"sender_action":"typing_on"}),
        ),
        (
            to(OutgoingContent::Action(SenderAction::MarkSeen)),
            Whatsapp,
            json!({"messaging_product":"whatsapp","status":"read","message_id":"902"}),
        ),
    ];
    for (outgoing, channel, body) in cases {
        assert_eq!(outgoing.body(channel).unwrap(), body, "{outgoing:?}");
        let stored = serde_json::to_string(&outgoing).unwrap();
        assert_eq!(
            serde_json::from_str::<Outgoing>(&stored).unwrap(),
            outgoing,
            "as the outbox keeps it"
        );
    }
    let rows = to(choices(4)).body(Whatsapp).unwrap();
    assert_eq!(rows["interactive"]["type"], "list");
    assert_eq!(
        rows["interactive"]["action"]["sections"][0]["rows"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    for content in [
        OutgoingContent::Cards(vec![]),
        products(&["1"], None),
        OutgoingContent::Action(SenderAction::TypingOn),
    ] {
        assert!(to(content).body(Whatsapp).is_err());
    }
    assert!(Outgoing::private_reply("c1", "Hi").body(Whatsapp).is_err());
}

#[tokio::test]
async fn sending_tells_the_message_id_of_either_shape() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    let sender = Sender {
        channel: Channel::Instagram,
        node: "105",
        access: &access,
    };
    meta.will_answer(200, r#"{"recipient_id":"902","message_id":"m1"}"#);
    let sent = meta
        .graph
        .send(&sender, &Outgoing::text("902", "Hi"))
        .await
        .unwrap()
        .value;
    assert_eq!(
        (sent.message_id.as_deref(), sent.recipient_id.as_deref()),
        (Some("m1"), Some("902"))
    );
    assert_eq!(meta.asked().line(), "POST /v25.0/105/messages");
    assert_eq!(
        meta.asked().header("content-type"),
        Some("application/json")
    );
    meta.will_answer(
        200,
        r#"{"messages":[{"id":"wamid.1"}],"contacts":[{"input":"1","wa_id":"1555"}]}"#,
    );
    let sender = Sender {
        channel: Channel::Whatsapp,
        node: "106",
        access: &access,
    };
    let sent = meta
        .graph
        .send(&sender, &Outgoing::text("1555", "Hi"))
        .await
        .unwrap()
        .value;
    assert_eq!(
        (sent.message_id.as_deref(), sent.recipient_id.as_deref()),
        (Some("wamid.1"), Some("1555"))
    );
}

#[tokio::test]
async fn lists_come_page_by_page_and_lose_nothing_in_silence() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    meta.will_answer(200, r#"{"data":[{"id":"t1","updated_time":"2026-11-24T20:23:46+0000"},5],
        "paging":{"cursors":{"before":"a","after":"b"},"next":"https://graph.example/next?access_token=x"}}"#);
    let page = meta
        .graph
        .conversations(&access, Channel::Instagram, "105", Some("902"), None)
        .await
        .unwrap()
        .value;
    assert_eq!(
        meta.asked().line(),
        "GET /v25.0/105/conversations?platform=instagram&fields=id%2Cupdated_time&limit=25&user_id=902"
    );
    assert_eq!(
        (page.data.len(), page.unread, page.after.as_deref()),
        (1, 1, Some("b"))
    );
    meta.will_answer(200, r#"{"data":[],"paging":{"cursors":{"after":"c"}}}"#);
    let page = meta
        .graph
        .conversations(&access, Channel::Instagram, "105", None, Some("b"))
        .await
        .unwrap()
        .value;
    assert!(meta.asked().line().ends_with("&after=b"));
    assert_eq!(page.after, None, "no next page, whatever the cursor says");
}

#[tokio::test]
async fn connecting_through_facebook() {
    let meta = Meta::start().await;
    let pkce = Pkce::from_random([7; 32]);
    let dialog = Dialog {
        redirect_uri: "https://shop.example/cb",
        state: "s&1",
        scopes: &["instagram_basic", "pages_messaging"],
        challenge: Some(&pkce.challenge),
        again: false,
    };
    let url = meta.graph.dialog_url(Host::Facebook, &dialog).unwrap();
    assert_eq!(
        url.strip_prefix(&meta.url).unwrap(),
        format!(
            "/v25.0/dialog/oauth?client_id=fb-app&redirect_uri=https%3A%2F%2Fshop.example%2Fcb\
            &response_type=code&scope=instagram_basic%2Cpages_messaging&state=s%261\
            &code_challenge_method=S256&code_challenge={}",
            pkce.challenge
        )
    );

    meta.will_answer(
        200,
        r#"{"access_token":"planted-token","token_type":"bearer","expires_in":5183944}"#,
    );
    let token = meta
        .graph
        .exchange_code(
            Host::Facebook,
            "c0de",
            "https://shop.example/cb",
            Some(&pkce.verifier),
        )
        .await
        .unwrap()
        .value;
    assert_eq!(token.access_token.expose_secret(), TOKEN);
    assert_eq!(token.expires_in, Some(5_183_944));
    let asked = meta.asked();
    assert_eq!(
        asked.line(),
        "POST /v25.0/oauth/access_token",
        "nothing secret in the address"
    );
    assert!(
        asked.body.contains("client_secret=planted-app-secret&")
            && asked.body.contains("code=c0de")
    );
    assert!(
        asked
            .body
            .contains(&format!("code_verifier={}", pkce.verifier.expose_secret()))
    );

    meta.will_answer(200, r#"{"access_token":"long"}"#);
    let access = Access {
        host: Host::Facebook,
        token: token.access_token,
    };
    meta.graph.long_lived(&access).await.unwrap();
    assert_eq!(meta.asked().line(), "POST /v25.0/oauth/access_token");

    meta.will_answer(
        200,
        r#"{"data":[{"id":"105","name":"Mugs","access_token":"page-token","tasks":["MESSAGING"],
        "instagram_business_account":{"id":1784,"username":"mugs"}},{"id":"106","name":"Bare"}]}"#,
    );
    let pages = meta.graph.pages(&access, None).await.unwrap().value.data;
    assert_eq!(
        pages[0]
            .instagram_business_account
            .as_ref()
            .unwrap()
            .account_id(),
        Some("1784")
    );
    assert_eq!(
        pages[0].access_token.as_ref().unwrap().expose_secret(),
        "page-token"
    );
    assert!(pages[1].instagram_business_account.is_none(), "not linked");
    assert!(!format!("{pages:?}").contains("page-token"));

    meta.will_answer(
        200,
        r#"{"data":{"app_id":"fb-app","type":"PAGE","is_valid":true,"expires_at":0,
        "data_access_expires_at":1800000000,"scopes":["instagram_basic","pages_messaging"],
        "granular_scopes":[{"scope":"pages_messaging","target_ids":["105"]}]}}"#,
    );
    let info = meta.graph.debug_token(&access.token).await.unwrap().value;
    assert_eq!(
        info.missing(&["instagram_basic", "catalog_management"]),
        ["catalog_management"]
    );
    assert!(info.covers("pages_messaging", "105") && !info.covers("pages_messaging", "106"));
    assert!(
        info.covers("instagram_basic", "anything"),
        "no targets named means all"
    );
    assert_eq!(
        meta.asked().header("authorization"),
        Some("Bearer fb-app|planted-app-secret")
    );
}

#[tokio::test]
async fn connecting_through_instagram() {
    let meta = Meta::start().await;
    let dialog = Dialog {
        redirect_uri: "https://x.example/",
        state: "s",
        scopes: &["instagram_business_basic"],
        again: true,
        ..Dialog::default()
    };
    let url = meta.graph.dialog_url(Host::Instagram, &dialog).unwrap();
    assert!(
        url.contains("/oauth/authorize?client_id=ig-app&") && url.ends_with("&force_reauth=true"),
        "{url}"
    );
    for answer in [
        r#"{"data":[{"access_token":"planted-token","user_id":17,"permissions":"a,b"}]}"#,
        r#"{"access_token":"planted-token","user_id":"17"}"#,
    ] {
        meta.will_answer(200, answer);
        let token = meta
            .graph
            .exchange_code(Host::Instagram, "c0de#_", "https://x.example/", None)
            .await
            .unwrap()
            .value;
        assert_eq!(
            (token.access_token.expose_secret(), token.user_id.as_deref()),
            (TOKEN, Some("17"))
        );
        assert_eq!(meta.asked().line(), "POST /oauth/access_token");
        assert!(
            meta.asked().body.contains("code=c0de&")
                && meta.asked().body.contains("grant_type=authorization_code")
        );
    }
    let access = Access::instagram(TOKEN);
    meta.will_answer(
        200,
        r#"{"access_token":"renewed","token_type":"bearer","expires_in":5183944}"#,
    );
    assert_eq!(
        meta.graph
            .refresh(&access)
            .await
            .unwrap()
            .value
            .access_token
            .expose_secret(),
        "renewed"
    );
    assert_eq!(
        meta.asked().line(),
        "GET /refresh_access_token?grant_type=ig_refresh_token"
    );
    meta.will_answer(400, r#"{"error":{"code":100}}"#)
        .will_answer(200, r#"{"access_token":"renewed"}"#);
    assert!(
        meta.graph.refresh(&access).await.is_ok(),
        "the documented form, where the header is refused"
    );
    assert_eq!(
        meta.asked().line(),
        "GET /refresh_access_token?grant_type=ig_refresh_token&access_token=planted-token"
    );
    meta.will_answer(500, "{}");
    let asked = meta.asked_times();
    assert!(meta.graph.refresh(&access).await.is_err());
    assert_eq!(meta.asked_times(), asked + 1, "an outage is no refusal");
    meta.will_answer(
        200,
        r#"{"id":"app-scoped","user_id":"1784","username":"mugs"}"#,
    );
    let me = meta.graph.instagram_me(&access).await.unwrap().value;
    assert_eq!(me.account_id(), Some("1784"), "the id that webhooks carry");
    meta.will_answer(
        400,
        r#"{"error_type":"OAuthException","code":400,"error_message":"used"}"#,
    );
    let refused = meta
        .graph
        .exchange_code(Host::Instagram, "c0de", "https://x.example/", None)
        .await
        .unwrap_err();
    assert_eq!(
        refused.advice,
        meta::graph::Advice::Reconnect,
        "the shape of Instagram's own errors"
    );
}

#[tokio::test]
async fn subscriptions_are_read_and_made() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    meta.will_answer(
        200,
        r#"{"data":[{"id":"fb-app","name":"Eziseller","subscribed_fields":["messages"]}]}"#,
    );
    let apps = meta
        .graph
        .subscribed_apps(&access, "105")
        .await
        .unwrap()
        .value
        .data;
    assert_eq!(apps[0].missing(&["messages", "feed"]), ["feed"]);
    meta.will_answer(200, r#"{"success":true}"#);
    meta.graph
        .subscribe(&access, "105", &["messages", "feed"])
        .await
        .unwrap();
    assert_eq!(
        meta.asked().line(),
        "POST /v25.0/105/subscribed_apps?subscribed_fields=messages%2Cfeed"
    );
    meta.will_answer(200, r#"{"success":false}"#);
    assert!(
        meta.graph.subscribe(&access, "105", &[]).await.is_err(),
        "Meta says no with 200"
    );
    meta.will_answer(
        200,
        r#"{"data":[{"whatsapp_business_api_data":{"id":"fb-app"}}]}"#,
    );
    let apps = meta
        .graph
        .subscribed_apps(&access, "2100")
        .await
        .unwrap()
        .value
        .data;
    assert_eq!(apps[0].app_id(), Some("fb-app"));
    for fields in [
        Graph::subscription_fields(Host::Facebook),
        Graph::subscription_fields(Host::Instagram),
    ] {
        assert!(fields.contains(&"messages") && fields.contains(&"messaging_postbacks"));
    }
    assert!(
        !meta::graph::PAGE_FIELDS.contains(&"messaging_seen"),
        "refused on a page"
    );
}

#[tokio::test]
async fn catalogs_are_filled_and_asked_about() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    let create = BatchRequest {
        method: BatchMethod::Create,
        data: ItemData {
            id: "SKU-22".into(),
            title: Some("Blue mug".into()),
            price: Some("9.99 USD".into()),
            ..ItemData::default()
        },
    };
    let delete = BatchRequest {
        method: BatchMethod::Delete,
        data: ItemData {
            id: "SKU-99".into(),
            ..ItemData::default()
        },
    };
    meta.will_answer(200, r#"{"handles":["h1"],"validation_status":[{"retailer_id":"SKU-22","errors":[{"message":"no link"}],"warnings":[]}]}"#);
    let answer = meta
        .graph
        .items_batch(&access, "77", &[create, delete], true)
        .await
        .unwrap()
        .value;
    assert_eq!(answer.handles, ["h1"]);
    assert_eq!(answer.validation_status[0].errors[0].message, "no link");
    assert_eq!(meta.asked().line(), "POST /v25.0/77/items_batch");
    assert_eq!(
        meta.asked().json(),
        json!({"item_type":"PRODUCT_ITEM","allow_upsert":true,"requests":[
        {"method":"CREATE","data":{"id":"SKU-22","title":"Blue mug","price":"9.99 USD"}},
        {"method":"DELETE","data":{"id":"SKU-99"}}]})
    );

    meta.will_answer(200, r#"{"data":[{"handle":"h1","status":"finished","errors_total_count":1,
        "warnings":[{"line":1,"id":"SKU-22","message":"missing image_link"}],"ids_of_invalid_requests":["SKU-22"]}]}"#);
    let status = meta
        .graph
        .batch_status(&access, "77", "h1")
        .await
        .unwrap()
        .value
        .unwrap();
    assert!(status.is_finished() && status.ids_of_invalid_requests == ["SKU-22"]);
    assert_eq!(status.warnings[0].line, Some(1));
    assert!(
        meta.asked()
            .uri
            .contains("load_ids_of_invalid_requests=true")
    );
    meta.will_answer(200, r#"{"data":[]}"#);
    assert_eq!(
        meta.graph
            .batch_status(&access, "77", "lost")
            .await
            .unwrap()
            .value,
        None
    );

    meta.will_answer(200, r#"{"data":[{"id":"73","retailer_id":"SKU-22","review_status":"rejected",
        "review_rejection_reasons":["policy"],"image_fetch_status":"FETCH_FAILED",
        "capability_to_review_status":[{"key":"ig_product_tagging","value":"REJECTED"}],
        "errors":[{"error_type":"IMAGE_FETCH_FAILED_FORBIDDEN","error_priority":"HIGH","title":"t"}]}]}"#);
    let products = meta
        .graph
        .products(&access, "77", Some("SKU-22"), None)
        .await
        .unwrap()
        .value
        .data;
    assert_eq!(products[0].review_status.as_deref(), Some("rejected"));
    assert_eq!(
        products[0].capability_to_review_status[0]
            .review_status
            .as_deref(),
        Some("REJECTED")
    );
    assert!(
        meta.asked()
            .uri
            .contains("filter=%7B%22retailer_id%22%3A%7B%22eq%22%3A%22SKU-22%22%7D%7D")
    );

    meta.will_answer(200, r#"{"id":"73"}"#);
    let product = SingleProduct {
        retailer_id: Some("SKU-22".into()),
        price: Some(999),
        currency: Some("USD".into()),
        ..SingleProduct::default()
    };
    assert_eq!(
        meta.graph
            .create_product(&access, "77", &product)
            .await
            .unwrap()
            .value
            .id,
        "73"
    );
    assert_eq!(
        meta.asked().json(),
        json!({"retailer_id":"SKU-22","price":999,"currency":"USD"})
    );
    meta.graph
        .update_product(&access, "73", &product)
        .await
        .unwrap();
    meta.graph.delete_product(&access, "73").await.unwrap();
    assert_eq!(meta.asked().line(), "DELETE /v25.0/73");
    meta.will_answer(
        200,
        r#"{"data":[{"catalog_id":"77","catalog_name":"Mugs","product_count":3,"shop_name":"S"}]}"#,
    );
    let catalogs = meta
        .graph
        .available_catalogs(&access, "1784")
        .await
        .unwrap()
        .value
        .data;
    assert_eq!(
        (catalogs[0].id.as_str(), catalogs[0].product_count),
        ("77", Some(3))
    );
    meta.will_answer(200, r#"{"id":"78"}"#);
    meta.graph
        .create_catalog(&access, "500", "Mugs")
        .await
        .unwrap();
    assert_eq!(
        meta.asked().line(),
        "POST /v25.0/500/owned_product_catalogs"
    );
    meta.will_answer(200, r#"{"data":[{"type":"IMAGE_QUALITY","severity":"MUST_FIX","number_of_affected_items":"2"}]}"#);
    let found = meta
        .graph
        .diagnostics(&access, "77")
        .await
        .unwrap()
        .value
        .data;
    assert_eq!(found[0].number_of_affected_items, Some(2));
    meta.will_answer(
        200,
        r#"{"data":[{"product_id":"73","eligible_for_appeal":true}]}"#,
    );
    assert!(
        meta.graph
            .appeal_status(&access, "1784", "73")
            .await
            .unwrap()
            .value
            .unwrap()
            .eligible_for_appeal
    );
}

#[tokio::test]
async fn products_are_tagged() {
    let meta = Meta::start().await;
    let access = Access::facebook(TOKEN);
    let tag = ProductTag {
        product_id: "73".into(),
        x: Some(0.5),
        y: Some(0.25),
        ..ProductTag::default()
    };
    meta.graph
        .tag_products(&access, "m1", &[tag])
        .await
        .unwrap();
    assert_eq!(meta.asked().line(), "POST /v25.0/m1/product_tags");
    assert_eq!(
        meta.asked().json(),
        json!({"updated_tags":[{"product_id":"73","x":0.5,"y":0.25}]})
    );
    meta.will_answer(
        200,
        r#"{"data":[{"id":"m1","caption":"Mugs","media_type":"IMAGE"}]}"#,
    );
    assert_eq!(
        meta.graph
            .media(&access, "1784", None)
            .await
            .unwrap()
            .value
            .data[0]
            .id,
        "m1"
    );
}
