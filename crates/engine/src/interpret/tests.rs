//! One row for every shape that means something of its own.

use domain::Timestamp;
use domain::conversation::Incoming;
use domain::conversation::incoming::UnreadableKind;
use meta::{Item, split};

use super::{Meaning, ReceiptKind, interpret};

const AT: i64 = 1_793_000_000_000;

fn meaning(object: &str, entry: &str) -> Meaning {
    let body = format!(r#"{{"object":"{object}","entry":[{entry}]}}"#);
    let item = split(body.as_bytes()).items.remove(0);
    let event = Item::reparse(&item.raw);
    interpret(&event, Timestamp(AT + 500), Some("our-app"))
}

fn instagram(item: &str) -> Meaning {
    meaning(
        "instagram",
        &format!(
            r#"{{"id":"1784","time":{AT},"messaging":[{{"sender":{{"id":"902"}},"recipient":{{"id":"1784"}},"timestamp":{AT},{item}}}]}}"#
        ),
    )
}

fn whatsapp(message: &str) -> Meaning {
    meaning(
        "whatsapp_business_account",
        &format!(
            r#"{{"id":"21","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"phone_number_id":"106"}},"contacts":[{{"profile":{{"name":"Ana"}},"wa_id":"15550002222"}}],{message}}}}}]}}"#
        ),
    )
}

fn wa(message: &str) -> Meaning {
    whatsapp(&format!(
        r#""messages":[{{"from":"15550002222","id":"wamid.A","timestamp":"1793000000",{message}}}]"#
    ))
}

fn said(meaning: Meaning) -> super::Said {
    match meaning {
        Meaning::Said(said) => *said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_and_taps() {
    let text = said(instagram(r#""message":{"mid":"m1","text":"2 blue mugs"}"#));
    assert_eq!((text.mid.as_str(), text.at), ("m1", Timestamp(AT)));
    assert!(matches!(text.incoming, Incoming::Text { text, .. } if text == "2 blue mugs"));
    let tap = r#""message":{"mid":"m2","text":"Confirm","quick_reply":{"payload":"P"}}"#;
    for tapped in [
        instagram(tap),
        instagram(r#""postback":{"mid":"m3","title":"Confirm","payload":"P"}"#),
        wa(
            r#""type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"P","title":"Confirm"}}"#,
        ),
        wa(r#""type":"button","button":{"payload":"P","text":"Confirm"}"#),
    ] {
        let said = said(tapped);
        assert_eq!(said.text.as_deref(), Some("Confirm"));
        let choice = matches!(&said.incoming, Incoming::Choice { payload, title, .. }
            if payload == "P" && title == "Confirm");
        assert!(choice, "{:?}", said.incoming);
    }
}

#[test]
fn products_that_come_with_an_event() {
    let items = |meaning| match said(meaning).incoming {
        Incoming::Products { items, .. } => items
            .into_iter()
            .map(|i| (i.id, i.quantity))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let cart = wa(
        r#""type":"order","order":{"catalog_id":"77","text":"asap","product_items":[{"product_retailer_id":"MUG","quantity":2,"item_price":9.99,"currency":"USD"},{"product_retailer_id":"POT","quantity":"1"}]}"#,
    );
    assert_eq!(said(cart.clone()).text.as_deref(), Some("asap"));
    assert_eq!(items(cart), [("MUG".to_owned(), 2), ("POT".to_owned(), 1)]);
    let page =
        r#""message":{"mid":"m4","text":"Is this available?","referral":{"product":{"id":"730"}}}"#;
    match said(instagram(page)).incoming {
        Incoming::Text { context, .. } => assert_eq!(context.products, ["730"]),
        other => panic!("{other:?}"),
    }
    let asked = wa(
        r#""type":"text","text":{"body":"this?"},"context":{"referred_product":{"catalog_id":"77","product_retailer_id":"MUG"}}"#,
    );
    match said(asked).incoming {
        Incoming::Text { context, .. } => assert_eq!(context.products, ["MUG"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stories_and_posts_are_what_this_one_means() {
    let story = r#""message":{"mid":"m5","text":"price?","reply_to":{"story":{"id":"180","url":"https://x"}}}"#;
    match said(instagram(story)).incoming {
        Incoming::Text { context, .. } => assert_eq!(context.media, ["180"]),
        other => panic!("{other:?}"),
    }
    let post = r#""message":{"mid":"m6","attachments":[{"type":"ig_post","payload":{"ig_post_media_id":"181","title":"x","url":"https://x"}}]}"#;
    match said(instagram(post)).incoming {
        Incoming::Unreadable { what, context, .. } => {
            assert_eq!(
                (what, context.media),
                (UnreadableKind::Share, vec!["181".to_owned()])
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_read_says_what_it_is() {
    use UnreadableKind::{
        Audio, Contacts, Ephemeral, File, Image, Location, Sticker, StoryMention, Unsupported,
        Video,
    };
    let attachment = |kind: &str| {
        instagram(&format!(
            r#""message":{{"mid":"m7","attachments":[{{"type":"{kind}","payload":{{"url":"https://x"}}}}]}}"#
        ))
    };
    for (meaning, wanted) in [
        (attachment("image"), Image),
        (attachment("video"), Video),
        (attachment("audio"), Audio),
        (attachment("file"), File),
        (attachment("sticker"), Sticker),
        (attachment("story_mention"), StoryMention),
        (attachment("ephemeral"), Ephemeral),
        (
            instagram(r#""message":{"mid":"m8","is_unsupported":true}"#),
            Unsupported,
        ),
        (
            wa(r#""type":"image","image":{"id":"1","mime_type":"image/jpeg"}"#),
            Image,
        ),
        (
            wa(r#""type":"location","location":{"latitude":1.1,"longitude":2.2}"#),
            Location,
        ),
        (
            wa(
                r#""type":"contacts","contacts":[{"name":{"formatted_name":"B"},"phones":[{"phone":"+1"}]}]"#,
            ),
            Contacts,
        ),
        (
            wa(r#""type":"unsupported","errors":[{"code":131051}]"#),
            Unsupported,
        ),
    ] {
        let said = said(meaning);
        let is = matches!(said.incoming, Incoming::Unreadable { what, .. } if what == wanted);
        assert!(is, "{wanted:?}: {:?}", said.incoming);
        assert!(said.reason.is_some(), "{wanted:?} has its reason");
    }
    let captioned = wa(r#""type":"image","image":{"id":"1","caption":"like this"}"#);
    assert!(matches!(said(captioned).incoming, Incoming::Text { text, .. } if text == "like this"));
}

#[test]
fn changes_echoes_and_receipts() {
    let edit = instagram(r#""message_edit":{"mid":"m1","text":"3 mugs","num_edit":1}"#);
    assert!(matches!(edit, Meaning::Changed { text: Some(text), .. } if text == "3 mugs"));
    let hint = instagram(r#""message_edit":{"mid":"m1","num_edit":0}"#);
    assert_eq!(hint, Meaning::Noted);
    let gone = instagram(r#""message":{"mid":"m1","is_deleted":true}"#);
    assert!(matches!(gone, Meaning::Changed { text: None, .. }));
    let echo = r#""message":{"mid":"m9","text":"Thanks!","is_echo":true}"#;
    assert!(matches!(instagram(echo), Meaning::Echoed(e) if e.text.as_deref() == Some("Thanks!")));
    let own = r#""message":{"mid":"m10","text":"test","is_self":true}"#;
    assert_eq!(instagram(own), Meaning::Noted);
    let reaction = r#""reaction":{"mid":"m9","action":"react","reaction":"love"}"#;
    assert_eq!(instagram(reaction), Meaning::Noted);
    let read = instagram(r#""read":{"mid":"m9"}"#);
    assert!(matches!(read, Meaning::Receipt(r) if r.what == ReceiptKind::Read && r.mids == ["m9"]));
    let failed = whatsapp(
        r#""statuses":[{"id":"wamid.B","status":"failed","timestamp":"1793000000","recipient_id":"1555","errors":[{"code":131047,"title":"Re-engagement message"}]}]"#,
    );
    match failed {
        Meaning::Receipt(r) => {
            assert_eq!(r.what, ReceiptKind::Failed);
            assert!(r.fault.unwrap().contains("131047"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_apps_and_odd_things() {
    let standby = meaning(
        "instagram",
        &format!(
            r#"{{"id":"1784","time":{AT},"standby":[{{"sender":{{"id":"902"}},"recipient":{{"id":"1784"}},"timestamp":{AT},"message":{{"mid":"m20","text":"hello"}}}}]}}"#
        ),
    );
    assert!(said(standby).standby);
    let handover = |owner: &str| {
        meaning(
            "instagram",
            &format!(
                r#"{{"id":"1784","time":{AT},"changes":[{{"field":"messaging_handover","value":{{"sender":{{"id":"902"}},"recipient":{{"id":"1784"}},"timestamp":1793000002,"pass_thread_control":{{"previous_owner_app_id":"11","new_owner_app_id":"{owner}"}}}}}}]}}"#
            ),
        )
    };
    assert_eq!(handover("our-app"), Meaning::Owner { ours: true });
    assert_eq!(handover("inbox-tool"), Meaning::Owner { ours: false });
    let unknown = instagram(r#""something_new":{"a":1}"#);
    assert!(matches!(unknown, Meaning::Kept(_)));
    // An event cannot be from the future.
    let late = meaning(
        "instagram",
        r#"{"id":"1784","time":1,"messaging":[{"sender":{"id":"902"},"recipient":{"id":"1784"},"timestamp":9793000000000,"message":{"mid":"m","text":"x"}}]}"#,
    );
    assert_eq!(said(late).at, Timestamp(AT + 500));
}
