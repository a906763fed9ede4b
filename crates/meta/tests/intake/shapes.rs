//! The table of shapes, shared by the table test and the mutation test.

use meta::{Fate, Kind};

/// One body and what is expected of it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) body: String,
    pub(crate) kind: Kind,
    pub(crate) fate: Fate,
    pub(crate) party: Option<&'static str>,
    pub(crate) accounts: Vec<&'static str>,
    /// The key; a `#` at the end stands for any hash.
    pub(crate) key: &'static str,
    pub(crate) says: &'static str,
    /// Another shape that is the same event.
    pub(crate) one_event_with: Option<&'static str>,
}

const IG: &str = "17841400000000001";
const PAGE: &str = "105000000000001";
const ANA: &str = "902000000000011";
const MANY: &str = "instagram";

fn body(object: &str, entry: &str) -> String {
    format!(r#"{{"object":"{object}","entry":[{entry}]}}"#)
}

fn list(object: &str, id: &str, list: &str, item: &str) -> String {
    body(
        object,
        &format!(r#"{{"id":"{id}","time":1793000000500,"{list}":[{item}]}}"#),
    )
}

/// From the customer to the account, with a part of its own.
fn from_ana(part: &str) -> String {
    format!(
        r#"{{"sender":{{"id":"{ANA}"}},"recipient":{{"id":"{IG}"}},"timestamp":1793000000100,{part}}}"#
    )
}

fn to_ana(part: &str) -> String {
    format!(
        r#"{{"sender":{{"id":"{IG}"}},"recipient":{{"id":"{ANA}"}},"timestamp":1793000000300,{part}}}"#
    )
}

fn row(
    name: &'static str,
    body: String,
    kind: Kind,
    fate: Fate,
    key: &'static str,
    says: &'static str,
) -> Shape {
    Shape {
        name,
        body,
        kind,
        fate,
        party: Some(ANA),
        accounts: vec![IG],
        key,
        says,
        one_event_with: None,
    }
}

fn ig(
    name: &'static str,
    part: &str,
    kind: Kind,
    fate: Fate,
    key: &'static str,
    says: &'static str,
) -> Shape {
    row(
        name,
        list(MANY, IG, "messaging", &from_ana(part)),
        kind,
        fate,
        key,
        says,
    )
}

fn wa(
    name: &'static str,
    message: &str,
    kind: Kind,
    fate: Fate,
    key: &'static str,
    says: &'static str,
) -> Shape {
    wa_value(
        name,
        &format!(
            r#""contacts":[{{"profile":{{"name":"Ana"}},"wa_id":"15550002222"}}],
        "messages":[{{"from":"15550002222","timestamp":"1793000000",{message}}}]"#
        ),
        kind,
        fate,
        key,
        says,
    )
}

fn wa_value(
    name: &'static str,
    parts: &str,
    kind: Kind,
    fate: Fate,
    key: &'static str,
    says: &'static str,
) -> Shape {
    let change = format!(
        r#"{{"field":"messages","value":{{"messaging_product":"whatsapp",
        "metadata":{{"display_phone_number":"15550001111","phone_number_id":"1060000000001"}},{parts}}}}}"#
    );
    Shape {
        body: body(
            "whatsapp_business_account",
            &format!(r#"{{"id":"2100000000000001","changes":[{change}]}}"#),
        ),
        party: Some("15550002222"),
        accounts: vec!["1060000000001", "2100000000000001"],
        ..row(name, String::new(), kind, fate, key, says)
    }
}

fn change(
    name: &'static str,
    field: &str,
    value: &str,
    kind: Kind,
    fate: Fate,
    key: &'static str,
    says: &'static str,
) -> Shape {
    let change = format!(r#"{{"field":"{field}","value":{value}}}"#);
    row(
        name,
        list(MANY, IG, "changes", &change),
        kind,
        fate,
        key,
        says,
    )
}

/// Every shape.
#[allow(clippy::vec_init_then_push, clippy::too_many_lines)]
pub(crate) fn shapes() -> Vec<Shape> {
    use Fate::{BecomesMessage as B, ChangesMessage as C, Informs as I, Kept as K};
    let nobody = |shape: Shape| Shape {
        party: None,
        ..shape
    };
    let nowhere = |shape: Shape| Shape {
        party: None,
        accounts: vec![],
        ..shape
    };
    let mut t = Vec::new();

    // Instagram: messages.
    t.push(ig(
        "text",
        r#""message":{"mid":"t1","text":"2 blue mugs please"}"#,
        Kind::Text,
        B,
        "mid:t1",
        "2 blue mugs please",
    ));
    t.push(ig(
        "escaped text",
        r#""message":{"mid":"t2","text":"caf\u00e9 \ud83d\ude00"}"#,
        Kind::Text,
        B,
        "mid:t2",
        "café 😀",
    ));
    t.push(ig(
        "quick reply",
        r#""message":{"mid":"t3","text":"Confirm","quick_reply":{"payload":"ORDER:1:CONFIRM"}}"#,
        Kind::QuickReply,
        B,
        "mid:t3",
        "Confirm <ORDER:1:CONFIRM>",
    ));
    t.push(ig(
        "postback",
        r#""postback":{"mid":"t4","title":"Track my order","payload":"TRACK:1"}"#,
        Kind::Postback,
        B,
        "mid:t4",
        "Track my order <TRACK:1>",
    ));
    t.push(ig(
        "postback without mid",
        r#""postback":{"title":"Hi","payload":"P"}"#,
        Kind::Postback,
        B,
        "postback#",
        "Hi <P>",
    ));
    t.push(ig("ice breaker with a link's ref", r#""postback":{"mid":"t5","title":"Hello","payload":"H","referral":{"ref":"mugs","source":"ig.me link","type":"OPEN_THREAD"}}"#, Kind::Postback, B, "mid:t5", "Hello <H>"));
    t.push(ig("from a product page", r#""message":{"mid":"t6","text":"Is this available?","referral":{"product":{"id":"7300000000000021"}}}"#, Kind::Text, B, "mid:t6", "Is this available? [7300000000000021x? ? ?]"));
    t.push(ig(
        "from a product page, wordless, id as number",
        r#""message":{"mid":"t7","referral":{"product":{"id":7300}}}"#,
        Kind::Text,
        B,
        "mid:t7",
        "[7300x? ? ?]",
    ));
    t.push(ig("from an ad", r#""message":{"mid":"t8","text":"Hi","referral":{"ref":"mugs-oct","ad_id":120200000000000,"source":"ADS","type":"OPEN_THREAD","ads_context_data":{"ad_title":"Autumn mugs","photo_url":"https://x.example/p"}}}"#, Kind::Text, B, "mid:t8", "Hi"));
    t.push(ig(
        "referral alone",
        r#""referral":{"ref":"shelf-7","source":"ig.me link","type":"OPEN_THREAD"}"#,
        Kind::Referral,
        I,
        "referral#",
        "from shelf-7",
    ));
    t.push(ig(
        "reply to a message",
        r#""message":{"mid":"t9","text":"this one","reply_to":{"mid":"t1"}}"#,
        Kind::Text,
        B,
        "mid:t9",
        "this one",
    ));
    t.push(ig("reply to a story", r#""message":{"mid":"t10","text":"price?","reply_to":{"story":{"id":"18","url":"https://cdn.example/s","link_sticker_url":"https://shop.example/p/22"}}}"#, Kind::Text, B, "mid:t10", "price?"));
    t.push(ig("image", r#""message":{"mid":"a1","attachments":[{"type":"image","payload":{"url":"https://x.example/1"}}]}"#, Kind::Image, B, "mid:a1", "!image_only"));
    t.push(ig("text with an image", r#""message":{"mid":"a2","text":"this","attachments":[{"type":"image","payload":{"url":"https://x.example/1"}}]}"#, Kind::Text, B, "mid:a2", "this"));
    for (name, kind_word, kind, key, says) in [
        ("video", "video", Kind::Video, "mid:a-video", "!video_only"),
        ("audio", "audio", Kind::Audio, "mid:a-audio", "!audio_only"),
        ("file", "file", Kind::File, "mid:a-file", "!file_only"),
        (
            "sticker",
            "sticker",
            Kind::Sticker,
            "mid:a-sticker",
            "!sticker_only",
        ),
        (
            "heart",
            "like_heart",
            Kind::Sticker,
            "mid:a-like_heart",
            "!sticker_only",
        ),
        ("share", "share", Kind::Share, "mid:a-share", "!share_only"),
        (
            "reel",
            "ig_reel",
            Kind::Share,
            "mid:a-ig_reel",
            "!share_only",
        ),
        (
            "reel, old word",
            "reel",
            Kind::Share,
            "mid:a-reel",
            "!share_only",
        ),
        ("story", "story", Kind::Share, "mid:a-story", "!share_only"),
        (
            "story, other word",
            "ig_story",
            Kind::Share,
            "mid:a-ig_story",
            "!share_only",
        ),
        ("media", "media", Kind::Share, "mid:a-media", "!share_only"),
        (
            "story mention",
            "story_mention",
            Kind::StoryMention,
            "mid:a-story_mention",
            "!story_mention",
        ),
        (
            "template",
            "template",
            Kind::Template,
            "mid:a-template",
            "!unsupported",
        ),
        (
            "attachment of another type",
            "hologram",
            Kind::Attachment,
            "mid:a-hologram",
            "!unsupported",
        ),
    ] {
        let part = format!(
            r#""message":{{"mid":"a-{kind_word}","attachments":[{{"type":"{kind_word}","payload":{{"url":"https://x.example/1"}}}}]}}"#
        );
        t.push(ig(name, &part, kind, B, key, says));
    }
    t.push(ig("post, both words for it", r#""message":{"mid":"a3","attachments":[{"type":"share","payload":{"url":"u"}},{"type":"ig_post","payload":{"ig_post_media_id":"181","title":"caption","url":"u"}}]}"#, Kind::Share, B, "mid:a3", "!share_only"));
    t.push(ig(
        "ephemeral, without payload",
        r#""message":{"mid":"a4","attachments":[{"type":"ephemeral"}]}"#,
        Kind::Ephemeral,
        B,
        "mid:a4",
        "!ephemeral",
    ));
    t.push(ig(
        "attachments of no type",
        r#""message":{"mid":"a5","attachments":7}"#,
        Kind::Attachment,
        B,
        "mid:a5",
        "!unsupported",
    ));
    t.push(ig(
        "unsupported",
        r#""message":{"mid":"f1","is_unsupported":true}"#,
        Kind::Unsupported,
        B,
        "mid:f1",
        "!unsupported",
    ));
    t.push(ig(
        "a message with nothing in it",
        r#""message":{"mid":"f2"}"#,
        Kind::Unsupported,
        B,
        "mid:f2",
        "!unsupported",
    ));
    t.push(ig(
        "a message without mid",
        r#""message":{"text":"no id"}"#,
        Kind::Text,
        B,
        "text#",
        "no id",
    ));
    t.push(Shape {
        one_event_with: None,
        ..ig(
            "deleted",
            r#""message":{"mid":"t1","is_deleted":true}"#,
            Kind::Deleted,
            C,
            "deleted:t1",
            "t1 deleted",
        )
    });
    t.push(row("echo", list(MANY, IG, "messaging", &to_ana(r#""message":{"mid":"e1","text":"Thanks!","is_echo":true,"app_id":123,"metadata":"ours"}"#)), Kind::Echo, I, "echo:e1", "message Thanks!"));
    t.push(row(
        "echo without the flag",
        list(
            MANY,
            IG,
            "messaging",
            &to_ana(r#""message":{"mid":"e2","text":"Thanks!"}"#),
        ),
        Kind::Echo,
        I,
        "echo:e2",
        "message Thanks!",
    ));
    t.push(row("echo of a template", list(MANY, IG, "messaging", &to_ana(r#""message":{"mid":"e3","is_echo":true,"attachments":[{"type":"template","payload":{"generic":{"elements":[]}}}]}"#)), Kind::Echo, I, "echo:e3", "message -"));
    t.push(nobody(row("to itself", list(MANY, IG, "messaging", &format!(r#"{{"sender":{{"id":"{IG}"}},"recipient":{{"id":"{IG}"}},"timestamp":1,"message":{{"mid":"s1","text":"test","is_self":true,"is_echo":true}}}}"#)), Kind::SelfMessage, I, "self:s1", "message test")));
    t.push(nobody(row("postback to itself", list(MANY, IG, "messaging", &format!(r#"{{"sender":{{"id":"{IG}"}},"recipient":{{"id":"{IG}"}},"timestamp":1,"postback":{{"mid":"s2","title":"x","payload":"y","is_self":true}}}}"#)), Kind::SelfMessage, I, "self:s2", "message x")));
    t.push(ig(
        "edit",
        r#""message_edit":{"mid":"t1","text":"3 blue mugs please","num_edit":1}"#,
        Kind::Edit,
        C,
        "edit:t1:1",
        "t1 -> 3 blue mugs please",
    ));
    t.push(ig(
        "edit, number as text",
        r#""message_edit":{"mid":"t1","text":"4","num_edit":"2"}"#,
        Kind::Edit,
        C,
        "edit:t1:2",
        "t1 -> 4",
    ));
    t.push(nobody(row(
        "edit number 0 without sender",
        list(
            MANY,
            IG,
            "messaging",
            r#"{"timestamp":1793000000100,"message_edit":{"mid":"h1","num_edit":0}}"#,
        ),
        Kind::EditHint,
        I,
        "edit_hint:h1:0",
        "h1 -> ?",
    )));
    t.push(ig(
        "edit without text",
        r#""message_edit":{"mid":"h2","num_edit":"1"}"#,
        Kind::EditHint,
        I,
        "edit_hint:h2:1",
        "h2 -> ?",
    ));
    t.push(ig("reaction", r#""reaction":{"mid":"e1","action":"react","reaction":"love","emoji":"❤️","folder":"general"}"#, Kind::Reaction, I, "reaction:e1:902000000000011:react:❤️:1793000000100", "e1 +❤️"));
    t.push(ig(
        "reaction taken back",
        r#""reaction":{"mid":"e1","action":"unreact"}"#,
        Kind::Reaction,
        I,
        "reaction:e1:902000000000011:unreact::1793000000100",
        "e1 -",
    ));
    t.push(ig(
        "seen",
        r#""read":{"mid":"e1"}"#,
        Kind::Read,
        I,
        "read:902000000000011:e1",
        "read Some(\"e1\") None",
    ));
    t.push(ig("opt-in", r#""optin":{"type":"notification_messages","payload":"news","notification_messages_token":"t"}"#, Kind::OptIn, K, "opt_in#", "opt-in news"));
    t.push(ig(
        "an item of another kind",
        r#""wave":{"hand":"left"}"#,
        Kind::Unknown,
        K,
        "unknown#",
        "",
    ));
    t.push(ig(
        "an item of a wrong type",
        r#""message":{"mid":["t"],"text":"x"}"#,
        Kind::Unreadable,
        K,
        "unreadable#",
        "",
    ));

    // Handover and standby.
    t.push(change("handover as a change, in seconds", "messaging_handover", &format!(r#"{{"sender":{{"id":"{ANA}"}},"recipient":{{"id":"{IG}"}},"timestamp":1793000002,"pass_thread_control":{{"previous_owner_app_id":"11","new_owner_app_id":22,"metadata":"agent"}}}}"#), Kind::Handover, I, "handover#", "pass_thread_control 22"));
    t.push(ig(
        "handover taken",
        r#""take_thread_control":{"previous_owner_app_id":"11","metadata":null}"#,
        Kind::Handover,
        I,
        "handover#",
        "take_thread_control ?",
    ));
    t.push(ig(
        "handover asked for",
        r#""request_thread_control":{"requested_owner_app_id":"33"}"#,
        Kind::Handover,
        I,
        "handover#",
        "request_thread_control 33",
    ));
    t.push(ig(
        "app roles",
        r#""app_roles":{"123":["primary_receiver"]}"#,
        Kind::Handover,
        I,
        "handover#",
        "app_roles ?",
    ));
    t.push(row(
        "standby",
        list(
            MANY,
            IG,
            "standby",
            &from_ana(r#""message":{"mid":"st1","text":"hello"}"#),
        ),
        Kind::StandbyMessage,
        B,
        "mid:st1",
        "hello",
    ));
    t.push(row(
        "standby postback",
        list(
            MANY,
            IG,
            "standby",
            &from_ana(r#""postback":{"mid":"st2","title":"Go","payload":"G"}"#),
        ),
        Kind::StandbyMessage,
        B,
        "mid:st2",
        "Go <G>",
    ));
    t.push(row(
        "standby, seen",
        list(MANY, IG, "standby", &from_ana(r#""read":{"mid":"st3"}"#)),
        Kind::StandbyOther,
        K,
        "read:902000000000011:st3",
        "read Some(\"st3\") None",
    ));
    t.push(row(
        "standby, deleted",
        list(
            MANY,
            IG,
            "standby",
            &from_ana(r#""message":{"mid":"st1","is_deleted":true}"#),
        ),
        Kind::Deleted,
        C,
        "deleted:st1",
        "st1 deleted",
    ));

    // Changes that are messages.
    t.push(change(
        "message as a change",
        "messages",
        &from_ana(r#""message":{"mid":"c1","text":"hi"}"#),
        Kind::Text,
        B,
        "mid:c1",
        "hi",
    ));
    t.push(change(
        "postback as a change",
        "messaging_postbacks",
        &from_ana(r#""postback":{"mid":"c2","title":"T","payload":"P"}"#),
        Kind::Postback,
        B,
        "mid:c2",
        "T <P>",
    ));
    t.push(change(
        "reaction as a change",
        "message_reactions",
        &from_ana(r#""reaction":{"mid":"c1","action":"react","emoji":"👍"}"#),
        Kind::Reaction,
        I,
        "reaction:c1:902000000000011:react:👍:1793000000100",
        "c1 +👍",
    ));
    t.push(change(
        "seen as a change",
        "messaging_seen",
        &from_ana(r#""read":{"mid":"c9"}"#),
        Kind::Read,
        I,
        "read:902000000000011:c9",
        "read Some(\"c9\") None",
    ));
    t.push(change(
        "edit as a change",
        "message_edit",
        &from_ana(r#""message_edit":{"mid":"c1","text":"ho","num_edit":1}"#),
        Kind::Edit,
        C,
        "edit:c1:1",
        "c1 -> ho",
    ));
    t.push(row(
        "message as flat field and value",
        body(
            MANY,
            &format!(
                r#"{{"id":"{IG}","time":1793000000,"field":"messages","value":{}}}"#,
                from_ana(r#""message":{"mid":"c3","text":"flat"}"#)
            ),
        ),
        Kind::Text,
        B,
        "mid:c3",
        "flat",
    ));
    t.push(row(
        "a top-level list",
        format!(
            "[{}]",
            list(
                MANY,
                IG,
                "messaging",
                &from_ana(r#""message":{"mid":"c4","text":"listed"}"#)
            )
        ),
        Kind::Text,
        B,
        "mid:c4",
        "listed",
    ));
    t.push(Shape {
        accounts: vec![IG],
        ..row(
            "postback whose entry is the customer",
            list(
                MANY,
                ANA,
                "messaging",
                &from_ana(r#""postback":{"mid":"c5","title":"T","payload":"P"}"#),
            ),
            Kind::Postback,
            B,
            "mid:c5",
            "T <P>",
        )
    });
    t.push(Shape {
        accounts: vec![PAGE, IG],
        ..row(
            "entry is the page",
            list(
                MANY,
                PAGE,
                "messaging",
                &from_ana(r#""message":{"mid":"c6","text":"hi"}"#),
            ),
            Kind::Text,
            B,
            "mid:c6",
            "hi",
        )
    });

    // Comments and the rest.
    t.push(nobody(change("comment", "comments", r#"{"id":"k1","from":{"id":"902","username":"ana"},"text":"price?","media":{"id":"m9","media_product_type":"FEED"}}"#, Kind::Comment, I, "comment:k1", "comment k1 on m9: price?")));
    t.last_mut().expect("just pushed").party = Some("902");
    t.push(Shape { party: Some("902"), ..row("comment, flat, other word for its id", body(MANY, &format!(r#"{{"id":"{IG}","time":1793000000,"field":"comments","value":{{"comment_id":"k2","from":{{"id":902,"username":"ana"}},"text":"me!","parent_id":"k1","media":{{"id":"m9","ad_id":5}}}}}}"#)), Kind::Comment, I, "comment:k2", "comment k2 on m9: me!") });
    t.push(nobody(change(
        "comment of the seller",
        "comments",
        &format!(r#"{{"id":"k3","from":{{"id":"{IG}"}},"text":"thanks","media":{{"id":"m9"}}}}"#),
        Kind::Comment,
        I,
        "comment:k3",
        "comment k3 on m9: thanks",
    )));
    t.push(Shape {
        party: Some("902"),
        ..change(
            "live comment",
            "live_comments",
            r#"{"id":"k4","from":{"id":"902"},"text":"sold?","media":{"id":"l1"}}"#,
            Kind::LiveComment,
            I,
            "comment:k4",
            "comment k4 on l1: sold?",
        )
    });
    t.push(nobody(change(
        "mention",
        "mentions",
        r#"{"media_id":"m8","comment_id":"k5"}"#,
        Kind::Mention,
        K,
        "mention:m8:k5",
        "mention in m8",
    )));
    t.push(nobody(change(
        "mention in a post",
        "mentions",
        r#"{"media_id":"m8"}"#,
        Kind::Mention,
        K,
        "mention#",
        "mention in m8",
    )));
    t.push(nobody(change(
        "story insights",
        "story_insights",
        r#"{"media_id":"m7","impressions":-1,"reach":12}"#,
        Kind::StoryInsights,
        K,
        "story_insights#",
        "",
    )));
    t.push(nobody(change(
        "another field",
        "share_to_story",
        r#"{"media_id":"m6"}"#,
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nobody(change(
        "comments of a wrong type",
        "comments",
        "[5]",
        Kind::Unreadable,
        K,
        "unreadable#",
        "",
    )));
    t.push(nobody(row(
        "names of fields only",
        body(
            MANY,
            &format!(r#"{{"id":"{IG}","time":1793000000,"changed_fields":["messages"]}}"#),
        ),
        Kind::ChangedFields,
        K,
        "changed_fields#",
        "",
    )));

    // The dashboard's Test button.
    t.push(nowhere(change("test button", "messages", r#"{"sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1527459824","message":{"mid":"random_mid","text":"random_text"}}"#, Kind::TestEvent, K, "test_event#", "message random_text")));
    let test = t.last_mut().expect("just pushed");
    test.body = test.body.replace(&format!(r#""id":"{IG}""#), r#""id":"0""#);
    test.accounts = vec!["23245"];
    t.push(Shape { party: None, accounts: vec![PAGE, "23245"], ..row("test button, page set-up", list(MANY, PAGE, "messaging", r#"{"sender":{"id":"12334"},"recipient":{"id":"23245"},"timestamp":"1527459824","message":{"mid":"random_mid","text":"random_text"}}"#), Kind::TestEvent, K, "test_event#", "message random_text") });
    t.push(nowhere(row("test button, comment", body(MANY, r#"{"id":"0","time":1793000000,"changes":[{"field":"comments","value":{"id":"17","text":"This is an example."}}]}"#), Kind::TestEvent, K, "test_event#", "")));

    // Messenger.
    let page = |part: &str| {
        list(
            "page",
            PAGE,
            "messaging",
            &format!(
                r#"{{"sender":{{"id":"{ANA}"}},"recipient":{{"id":"{PAGE}"}},"timestamp":1793000000100,{part}}}"#
            ),
        )
    };
    let on_page = |shape: Shape| Shape {
        accounts: vec![PAGE],
        ..shape
    };
    t.push(on_page(row(
        "messenger text",
        page(r#""message":{"mid":"m_1","text":"hi"}"#),
        Kind::Text,
        B,
        "mid:m_1",
        "hi",
    )));
    t.push(on_page(row("messenger link, without payload", page(r#""message":{"mid":"m_2","attachments":[{"type":"fallback","title":"A page","url":"https://x.example"}]}"#), Kind::Share, B, "mid:m_2", "!share_only")));
    t.push(on_page(row(
        "messenger delivery",
        page(r#""delivery":{"mids":["m_1","m_2"],"watermark":1793000000090}"#),
        Kind::Delivery,
        I,
        "delivery#",
        "delivered [\"m_1\", \"m_2\"] Some(1793000000090)",
    )));
    t.push(on_page(row(
        "messenger read",
        page(r#""read":{"watermark":"1793000000090"}"#),
        Kind::Read,
        I,
        "read:902000000000011:1793000000090",
        "read None Some(1793000000090)",
    )));
    t.push(Shape { party: Some("71"), accounts: vec![PAGE], ..row("page comment", list("page", PAGE, "changes", r#"{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"p_1","post_id":"p","from":{"id":"71","name":"Bo"},"message":"how much","created_time":1793000000}}"#), Kind::Comment, I, "comment:p_1", "comment p_1 on p: how much") });
    t.push(Shape { party: Some("71"), accounts: vec![PAGE], ..row("page like", list("page", PAGE, "changes", r#"{"field":"feed","value":{"item":"reaction","verb":"add","post_id":"p","from":{"id":"71"}}}"#), Kind::Feed, K, "feed#", "") });

    // WhatsApp.
    t.push(wa(
        "wa text",
        r#""id":"w1","type":"text","text":{"body":"2 mugs"}"#,
        Kind::WaText,
        B,
        "wamid:w1",
        "2 mugs",
    ));
    t.push(wa("wa reply button", r#""id":"w2","type":"interactive","context":{"id":"q"},"interactive":{"type":"button_reply","button_reply":{"id":"CONFIRM:1","title":"Confirm"}}"#, Kind::WaInteractive, B, "wamid:w2", "Confirm <CONFIRM:1>"));
    t.push(wa("wa list row", r#""id":"w3","type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"SKU-22","title":"Blue mug","description":"9.99"}}"#, Kind::WaInteractive, B, "wamid:w3", "Blue mug <SKU-22>"));
    t.push(wa("wa form", r#""id":"w4","type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}}"#, Kind::WaInteractive, B, "wamid:w4", r#"Sent <{"a":1}>"#));
    t.push(wa(
        "wa template button",
        r#""id":"w5","type":"button","button":{"payload":"Stop","text":"Stop"}"#,
        Kind::WaButton,
        B,
        "wamid:w5",
        "Stop <Stop>",
    ));
    t.push(wa("wa cart", r#""id":"w6","type":"order","order":{"catalog_id":"77","text":"asap","product_items":[{"product_retailer_id":"SKU-22","quantity":2,"item_price":9.99,"currency":"USD"},{"product_retailer_id":"SKU-23","quantity":"1","item_price":"10","currency":"USD"}]}"#, Kind::WaOrder, B, "wamid:w6", "asap [SKU-22x2 9.99 USD] [SKU-23x1 10 USD]"));
    t.push(wa("wa from an ad", r#""id":"w7","type":"text","text":{"body":"more info?"},"referral":{"source_url":"https://fb.example/x","source_id":"1202","source_type":"ad","headline":"Mugs"}"#, Kind::WaText, B, "wamid:w7", "more info?"));
    t.push(wa("wa about a product", r#""id":"w8","type":"text","text":{"body":"this?"},"context":{"referred_product":{"catalog_id":"77","product_retailer_id":"SKU-22"}}"#, Kind::WaText, B, "wamid:w8", "this? [SKU-22x? ? ?]"));
    t.push(wa("wa picture with words", r#""id":"w9","type":"image","image":{"id":"M1","mime_type":"image/jpeg","sha256":"x","caption":"like this"}"#, Kind::WaMedia, B, "wamid:w9", "like this"));
    t.push(wa(
        "wa picture",
        r#""id":"w10","type":"image","image":{"id":"M1","mime_type":"image/jpeg"}"#,
        Kind::WaMedia,
        B,
        "wamid:w10",
        "!image_only",
    ));
    t.push(wa(
        "wa sticker",
        r#""id":"w11","type":"sticker","sticker":{"id":"M2"}"#,
        Kind::WaMedia,
        B,
        "wamid:w11",
        "!sticker_only",
    ));
    t.push(wa(
        "wa voice",
        r#""id":"w12","type":"audio","audio":{"id":"M3","voice":true}"#,
        Kind::WaMedia,
        B,
        "wamid:w12",
        "!audio_only",
    ));
    t.push(wa("wa location", r#""id":"w13","type":"location","location":{"latitude":1.1,"longitude":2.2,"name":"Shop","address":"1 High St"}"#, Kind::WaLocation, B, "wamid:w13", "@Shop, 1 High St"));
    t.push(wa(
        "wa bare location",
        r#""id":"w14","type":"location","location":{"latitude":1.10,"longitude":-2.2}"#,
        Kind::WaLocation,
        B,
        "wamid:w14",
        "@1.10, -2.2",
    ));
    t.push(wa("wa contact card", r#""id":"w15","type":"contacts","contacts":[{"name":{"formatted_name":"Ana B"},"phones":[{"phone":"+1 555 000 2222","wa_id":"15550002222"}]}]"#, Kind::WaContacts, B, "wamid:w15", "#+1 555 000 2222"));
    t.push(wa(
        "wa reaction",
        r#""id":"w16","type":"reaction","reaction":{"message_id":"wq","emoji":"👍"}"#,
        Kind::WaReaction,
        I,
        "wamid:w16",
        "wq +👍",
    ));
    t.push(wa("wa unsupported", r#""id":"w17","type":"unsupported","errors":[{"code":131051,"title":"Message type unknown","error_data":{"details":"x"}}]"#, Kind::WaUnsupported, B, "wamid:w17", "!unsupported"));
    t.push(wa(
        "wa another type",
        r#""id":"w18","type":"hologram","hologram":{}"#,
        Kind::WaUnsupported,
        B,
        "wamid:w18",
        "!unsupported",
    ));
    t.push(wa("wa new number", r#""id":"w19","type":"system","system":{"type":"user_changed_number","wa_id":"15550003333","body":"x"}"#, Kind::WaSystem, I, "wamid:w19", "user_changed_number 15550003333"));
    t.push(wa("wa edited", r#""id":"w20","type":"edit","edit":{"original_message_id":"w1","message":{"type":"text","text":{"body":"3 mugs"}}}"#, Kind::Edit, C, "wamid:w20", "w1 -> 3 mugs"));
    t.push(wa(
        "wa unsent",
        r#""id":"w21","type":"revoke","revoke":{"original_message_id":"w1"}"#,
        Kind::Deleted,
        C,
        "wamid:w21",
        "w1 deleted",
    ));
    t.push(wa_value("wa failed", r#""statuses":[{"id":"w1","status":"failed","timestamp":"1793000000","recipient_id":"15550002222","errors":[{"code":131047,"title":"Re-engagement message"}]}]"#, Kind::WaStatus, I, "wastatus:w1:failed", "w1 failed Some(131047)"));
    t.push(nobody(wa_value(
        "wa account error",
        r#""errors":[{"code":130429,"title":"Rate limit hit"}]"#,
        Kind::WaError,
        K,
        "wa_error#",
        "error Some(130429)",
    )));
    t.push(Shape { party: Some("US.Ab1"), ..wa_value("wa username, no number", r#""contacts":[{"profile":{"name":"Ana"},"user_id":"US.Ab1"}],"messages":[{"id":"w22","timestamp":"1793000000","type":"text","text":{"body":"hi"}}]"#, Kind::WaText, B, "wamid:w22", "hi") });
    let echo = wa_value(
        "wa echo",
        r#""message_echoes":[{"from":"15550001111","to":"15550002222","id":"w23","timestamp":"1793000000","type":"text","text":{"body":"by hand"}}]"#,
        Kind::WaEcho,
        I,
        "echo:w23",
        "message by hand",
    );
    t.push(Shape {
        body: echo
            .body
            .replace(r#""field":"messages""#, r#""field":"smb_message_echoes""#),
        ..echo
    });
    let account = wa_value(
        "wa account news",
        r#""event":"VERIFIED_ACCOUNT""#,
        Kind::WaAccount,
        K,
        "wa_account#",
        "",
    );
    t.push(Shape {
        body: account
            .body
            .replace(r#""field":"messages""#, r#""field":"account_update""#),
        party: None,
        accounts: vec!["2100000000000001"],
        ..account
    });

    // Envelopes.
    t.push(nobody(row("an empty list of messages", format!(r#"{{"object":"instagram","entry":[{{"id":"{IG}","time":1760000000123,"messaging":[]}}]}}"#), Kind::Empty, K, "empty#", "")));
    t.push(nowhere(row(
        "no entries",
        r#"{"object":"instagram","entry":[]}"#.into(),
        Kind::Empty,
        K,
        "empty#",
        "",
    )));
    t.push(nowhere(row(
        "an empty top-level list",
        "[]".into(),
        Kind::Empty,
        K,
        "empty#",
        "",
    )));
    t.push(nobody(row(
        "an entry of another shape",
        body(MANY, &format!(r#"{{"id":"{IG}","news":1}}"#)),
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nobody(row(
        "messaging that is no list",
        body(MANY, &format!(r#"{{"id":"{IG}","messaging":7}}"#)),
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nowhere(row(
        "another object",
        r#"{"object":"permissions","entry":[{"uid":"5","changes":[]}]}"#.into(),
        Kind::Empty,
        K,
        "empty#",
        "",
    )));
    t.push(nowhere(row(
        "an object without entry",
        r#"{"object":"instagram"}"#.into(),
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nowhere(row(
        "a JSON number",
        "42".into(),
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nowhere(row(
        "a list in a list",
        "[[1]]".into(),
        Kind::Unknown,
        K,
        "unknown#",
        "",
    )));
    t.push(nowhere(row(
        "no JSON",
        "hello=world".into(),
        Kind::Unreadable,
        K,
        "unreadable#",
        "",
    )));
    t
}
