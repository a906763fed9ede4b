//! The product's own Graph client against the sandbox: both sides were written apart, from the
//! same reference.
#![allow(clippy::unwrap_used)]

mod common;
use common::{START, start};
use meta::graph::{
    Access, Advice, App, BatchMethod, BatchRequest, Channel, Config, Dialog, Graph, Host, ItemData,
    Outgoing, Pkce, Reason, Sender,
};
use sandbox::{Action, Change, Consent, Fault, Sandbox};

fn graph(sandbox: &Sandbox) -> Graph {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let app = sandbox.app();
    let of = |id: &str, secret: &str| App {
        id: id.to_owned(),
        secret: secret.to_owned().into(),
    };
    Graph::new(Config {
        app: Some(of(&app.id, &app.secret)),
        ig_app: Some(of(&app.instagram_id, &app.instagram_secret)),
        ..Config::at(&sandbox.url())
    })
    .unwrap()
}

#[tokio::test]
async fn a_seller_connects_and_answers_a_customer() {
    let (sandbox, _receiver) = start().await;
    sandbox.change(Change::RequireProof { on: true });
    sandbox.change(Change::Consent(Consent {
        auto: true,
        ..Consent::default()
    }));
    let (graph, account) = (graph(&sandbox), sandbox.account());
    let page_id = account.page_id.clone().unwrap();
    let pkce = Pkce::from_random([7; 32]);
    let dialog = Dialog {
        redirect_uri: "https://app.example/back",
        state: "s",
        scopes: &[
            "pages_show_list",
            "instagram_basic",
            "instagram_manage_messages",
            "pages_manage_metadata",
        ],
        challenge: Some(&pkce.challenge),
        again: false,
    };
    let url = graph.dialog_url(Host::Facebook, &dialog).unwrap();
    let to = common::client().get(url).send().await.unwrap();
    let to = to.headers()["location"].to_str().unwrap().to_owned();
    let code = to.split_once("code=").unwrap().1.split('&').next().unwrap();
    let short = graph
        .exchange_code(
            Host::Facebook,
            code,
            dialog.redirect_uri,
            Some(&pkce.verifier),
        )
        .await
        .unwrap()
        .value;
    let user = Access {
        host: Host::Facebook,
        token: short.access_token,
    };
    let long = graph.long_lived(&user).await.unwrap().value;
    assert_eq!(long.expires_in, Some(5_183_944));
    let user = Access {
        host: Host::Facebook,
        token: long.access_token,
    };
    let pages = graph.pages(&user, None).await.unwrap().value;
    assert_eq!((pages.data.len(), pages.unread), (1, 0));
    let page = Access {
        host: Host::Facebook,
        token: pages.data[0].access_token.clone().unwrap(),
    };
    let info = graph.debug_token(&page.token).await.unwrap().value;
    assert_eq!(
        info.missing(&["instagram_manage_messages", "catalog_management"]),
        ["catalog_management"]
    );
    graph
        .subscribe(&page, &page_id, &["messages", "messaging_postbacks"])
        .await
        .unwrap();
    let apps = graph.subscribed_apps(&page, &page_id).await.unwrap().value;
    assert_eq!(apps.data[0].app_id(), Some(sandbox.app().id.as_str()));

    let ana = sandbox.customer("ana lopez");
    let mid = ana.say("hello");
    let sender = Sender {
        channel: Channel::Instagram,
        node: &page_id,
        access: &page,
    };
    let sent = graph
        .send(&sender, &Outgoing::text(ana.id(), "hi Ana"))
        .await
        .unwrap();
    assert_eq!(sent.value.message_id, Some(sandbox.sent()[0].mid.clone()));
    let profile = graph
        .profile(&page, Channel::Instagram, ana.id())
        .await
        .unwrap()
        .value;
    assert_eq!(profile.name.as_deref(), Some("Ana Lopez"));
    let threads = graph
        .conversations(&page, Channel::Instagram, &page_id, None, None)
        .await
        .unwrap()
        .value;
    let messages = graph
        .messages(&page, &threads.data[0].id, None)
        .await
        .unwrap()
        .value;
    assert_eq!(messages.data[1].id, mid);
    assert_eq!(
        meta::graph::parse_time(messages.data[1].created_time.as_deref().unwrap()),
        Some(START)
    );
    let comment = ana
        .act(Action::Comment {
            text: "price?".into(),
            media_id: None,
            parent_id: None,
            live: false,
            flat: false,
        })
        .unwrap();
    graph
        .send(&sender, &Outgoing::private_reply(&comment, "9.99"))
        .await
        .unwrap();
    let again = graph
        .send(&sender, &Outgoing::private_reply(&comment, "9.99"))
        .await
        .unwrap_err();
    assert_eq!(again.advice(), Advice::AlreadyDone);
}

#[tokio::test]
async fn what_goes_wrong_is_understood() {
    let (sandbox, _receiver) = start().await;
    let (graph, account) = (graph(&sandbox), sandbox.account());
    let page_id = account.page_id.unwrap();
    let page = Access::facebook(account.access_token);
    let sender = Sender {
        channel: Channel::Instagram,
        node: &page_id,
        access: &page,
    };
    let ana = sandbox.customer("ana");
    ana.say("hello");
    let error = |code, subcode| Fault::Error {
        code,
        subcode,
        after_effect: false,
    };
    for (fault, want) in [
        (Fault::CutAfter, Advice::OutcomeUnknown),
        (
            Fault::Error {
                code: 1,
                subcode: Some(1_357_046),
                after_effect: true,
            },
            Advice::AlreadyDone,
        ),
        (error(10, Some(2_534_022)), Advice::Drop),
        (error(190, Some(460)), Advice::Reconnect),
        (error(200, Some(2_534_041)), Advice::Fix),
    ] {
        let said = format!("{fault:?}");
        sandbox.next_calls(1, "messages", fault);
        let failed = graph
            .send(&sender, &Outgoing::text(ana.id(), "x"))
            .await
            .unwrap_err();
        assert_eq!(failed.advice(), want, "{said}");
    }
    for (fault, reason) in [
        (Fault::Text200, Reason::NotJson),
        (Fault::CutBefore, Reason::ConnectionLost),
        (
            Fault::Throttle {
                code: 80_002,
                minutes: 7,
            },
            Reason::Throttled,
        ),
    ] {
        let said = format!("{fault:?}");
        sandbox.next_calls(1, "subscribed_apps", fault);
        let failed = graph.subscribed_apps(&page, &page_id).await.unwrap_err();
        assert_eq!(failed.reason, reason, "{said}");
        if reason == Reason::Throttled {
            assert!(
                matches!(failed.advice, Advice::Wait { seconds: 420, .. }),
                "{failed:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_catalog_is_filled_and_read_back() {
    let (sandbox, _receiver) = start().await;
    let (graph, account) = (graph(&sandbox), sandbox.account());
    let user = Access::facebook(account.user_token);
    let business = graph
        .businesses(&user, None)
        .await
        .unwrap()
        .value
        .data
        .remove(0);
    let catalog = graph
        .owned_catalogs(&user, &business.id, None)
        .await
        .unwrap()
        .value
        .data
        .remove(0);
    assert_eq!(Some(&catalog.id), account.catalog_id.as_ref());
    let text = |t: &str| Some(t.to_owned());
    let item = |id: &str| ItemData {
        id: id.to_owned(),
        title: text("Blue mug"),
        description: text("Stoneware"),
        availability: text("in stock"),
        condition: text("new"),
        price: text("9.99 USD"),
        link: text("https://shop.example/p/1"),
        image_link: text("https://cdn.example/1.jpg"),
        additional_image_link: vec!["https://cdn.example/2.jpg".into()],
        brand: text("Potworks"),
        quantity_to_sell_on_facebook: Some(3),
        custom_number_4: Some(77),
        ..ItemData::default()
    };
    let create = |id: &str| BatchRequest {
        method: BatchMethod::Create,
        data: item(id),
    };
    let mut bad = create("B");
    bad.data.price = text("9,99");
    let requests = [create("A"), bad];
    let answer = graph
        .items_batch(&user, &catalog.id, &requests, true)
        .await
        .unwrap()
        .value;
    assert_eq!(
        answer.validation_status[0].retailer_id.as_deref(),
        Some("B")
    );
    let mut polls = 0;
    loop {
        let status = graph
            .batch_status(&user, &catalog.id, &answer.handles[0])
            .await
            .unwrap()
            .value;
        polls += 1;
        if status.unwrap().is_finished() {
            break;
        }
    }
    assert_eq!(polls, 2);
    let found = graph
        .products(&user, &catalog.id, Some("A"), None)
        .await
        .unwrap()
        .value;
    assert_eq!((found.data.len(), found.unread), (1, 0));
    let product = graph.product(&user, &found.data[0].id).await.unwrap().value;
    assert_eq!(product.retailer_id.as_deref(), Some("A"));
    assert_eq!(product.name.as_deref(), Some("Blue mug"));
    graph.delete_product(&user, &product.id).await.unwrap();
    let gone = graph.product(&user, &product.id).await.unwrap_err();
    assert_eq!(gone.reason, Reason::ObjectMissing);
}
