//! Decisions by hand-made readings: asking, confirming, handing over, changing one's mind.

#![allow(clippy::unwrap_used)]

mod talk;

use domain::Timestamp;
use domain::conversation::{
    Context, Incoming, Item, Notice, Purpose, SellerAction, Speaker, UnreadableKind,
};
use domain::customer::DetailKind;
use domain::draft::book::plain_choice;
use domain::draft::{Actor, Stage};
use domain::policy::Confirmation;
use domain::reading::OrderLine;
use talk::{Talk, id};

const HOUR: i64 = Timestamp::HOUR;

#[test]
fn an_order_is_read_back_and_a_typed_yes_passes_it_to_the_seller() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    let text = talk.texts()[0].to_owned();
    assert!(text.contains("2 × Blue mug – Rs 2,400"), "{text}");
    assert!(text.contains("Total: Rs 2,400"), "{text}");
    let decision = talk.say("yes").clone();
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert_eq!(talk.purposes(), [Purpose::Thank]);
    assert!(matches!(decision.notices[..], [Notice::DraftReady { .. }]));
    assert!(decision.order.is_none());
    let order = talk.confirm().order.clone().unwrap();
    assert_eq!(order.totals.total.minor, 240_000);
    assert_eq!(talk.stage(), None);
    assert_eq!(talk.last_draft_stage(), Some(Stage::Confirmed));
    let numbered = talk.last.clone().unwrap().with_order_number(1042);
    assert!(numbered.replies[0].text.contains("#1042 "), "{numbered:?}");
}

#[test]
fn a_tapped_confirm_counts_once_and_only_for_what_was_read_back() {
    let mut talk = Talk::new();
    let first = talk.say("+2 mug").replies[0].buttons[0].clone();
    talk.say("=0 3 mug");
    talk.tap_payload(&first.payload, &first.title);
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    assert_eq!(talk.purposes(), [Purpose::Note, Purpose::ReadBack]);
    let second = talk.last.as_ref().unwrap().replies[1].buttons[0].clone();
    talk.tap_payload(&second.payload, &second.title);
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    talk.tap_payload(&second.payload, &second.title);
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert!(talk.purposes().is_empty());
}

#[test]
fn an_old_confirm_button_has_run_out() {
    let mut talk = Talk::with(|p| p.confirmation_ms = HOUR);
    let button = talk.say("+2 mug").replies[0].buttons[0].clone();
    talk.now = talk.now.plus(2 * HOUR);
    talk.tap_payload(&button.payload, &button.title);
    assert_eq!(talk.purposes(), [Purpose::Note, Purpose::ReadBack]);
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
}

#[test]
fn ambiguous_products_are_offered_by_number_and_button() {
    let mut talk = Talk::new();
    let reply = talk.say("+1 bowl; which 2 mug|cup the blue one").replies[0].clone();
    assert_eq!(talk.lines(), "1 bowl");
    assert!(
        reply.text.contains("1. Blue mug – Rs 1,200\n2. Tea cup"),
        "{}",
        reply.text
    );
    assert_eq!(reply.buttons.len(), 3);
    assert_eq!(talk.stage(), Some(Stage::AwaitingCustomer));
    talk.tap("2. Tea");
    assert_eq!(talk.lines(), "1 bowl, 2 cup");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));

    let mut talk = Talk::new();
    talk.say("which 2 mug|cup the blue one");
    talk.say("1");
    assert_eq!(talk.lines(), "2 mug");
    let mut talk = Talk::new();
    talk.say("which 2 mug|cup the blue one");
    talk.tap("None");
    assert_eq!(
        (talk.lines().as_str(), talk.stage()),
        ("", Some(Stage::Open))
    );
}

#[test]
fn a_question_is_repeated_twice_and_then_left_to_the_seller() {
    let mut talk = Talk::new();
    talk.say("+1 bowl; which 2 mug|cup the blue one");
    for _ in 0..2 {
        talk.say("hi");
        assert_eq!(talk.purposes(), [Purpose::Ask]);
    }
    let decision = talk.say("hi").clone();
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert_eq!(talk.purposes(), [Purpose::Hold]);
    assert!(
        decision
            .notices
            .iter()
            .any(|n| matches!(n, Notice::AskedInVain { .. }))
    );
    assert_eq!(talk.state.draft.as_ref().unwrap().unresolved.len(), 1);
    // What is sure was kept, and the same is not asked again.
    talk.say("+1 cup");
    assert_eq!(talk.lines(), "1 bowl, 1 cup");
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
}

#[test]
fn unknown_goods_are_offered_the_nearest_or_left_to_the_seller() {
    let mut talk = Talk::new();
    talk.say("unknown 2 cup| teapot");
    assert!(talk.texts()[0].contains("teapot"), "{:?}", talk.texts());
    talk.say("yes");
    assert_eq!(talk.lines(), "2 cup");

    let mut talk = Talk::new();
    talk.say("+1 mug; unknown 1 | spaceship");
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert_eq!(talk.purposes(), [Purpose::Hold]);
    assert_eq!(talk.lines(), "1 mug");
}

#[test]
fn a_required_option_and_then_the_details_are_asked_one_at_a_time() {
    let mut talk = Talk::with(|p| {
        p.require_phone = true;
        p.require_address = true;
    });
    talk.say("+1 shirt");
    assert_eq!(talk.purposes(), [Purpose::Ask]);
    assert!(talk.texts()[0].contains("S / M / L"), "{:?}", talk.texts());
    talk.tap("L");
    assert_eq!(talk.lines(), "1 shirt size=L");
    assert!(talk.texts()[0].contains("phone number + delivery address"));
    talk.say("tel +94771234567");
    assert!(talk.texts()[0].contains("delivery address") && !talk.texts()[0].contains("phone"));
    talk.say("addr 12 Temple Rd, Kandy");
    let text = talk.texts()[0].to_owned();
    assert!(text.contains("(L) – Rs 3,000"), "{text}");
    assert!(text.contains("12 Temple Rd, Kandy, +94771234567"), "{text}");
    // The next order offers them, and asks for nothing.
    talk.say("yes");
    talk.confirm();
    talk.say("+1 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    assert!(
        talk.texts()[0].contains("12 Temple Rd"),
        "{:?}",
        talk.texts()
    );
}

#[test]
fn auto_confirm_wants_sure_small_and_complete() {
    let auto = |p: &mut domain::policy::Policy| {
        p.confirmation = Confirmation::AutoConfirm {
            min_confidence: 0.8,
            max_total_minor: 300_000,
        };
    };
    let mut talk = Talk::with(auto);
    talk.say("+2 mug");
    let decision = talk.tap("Confirm").clone();
    assert_eq!(
        decision.order.as_ref().unwrap().confirmed_by,
        Actor::Automation
    );
    assert!(matches!(
        decision.notices[..],
        [Notice::AutoConfirmed { .. }]
    ));

    for (words, why) in [("+2 mug@0.5", "unsure"), ("+3 mug", "too large")] {
        let mut talk = Talk::with(auto);
        talk.say(words);
        assert!(talk.tap("Confirm").order.is_none(), "{why}");
        assert_eq!(talk.stage(), Some(Stage::AwaitingSeller), "{why}");
    }
    // An unsure yes is no yes.
    let mut talk = Talk::with(auto);
    talk.say("+1 mug");
    assert!(talk.say("yes@0.4").order.is_none());
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
}

#[test]
fn draft_only_writes_down_and_says_one_thing() {
    let mut talk = Talk::with(|p| p.confirmation = Confirmation::DraftOnly);
    talk.say("+2 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert_eq!(talk.purposes(), [Purpose::Hold]);
    talk.say("+1 shirt");
    assert_eq!(talk.stage(), Some(Stage::Open));
    assert!(talk.purposes().is_empty());
}

#[test]
fn change_and_cancel_buttons() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    talk.tap("Change");
    assert_eq!(talk.stage(), Some(Stage::AwaitingCustomer));
    talk.say("=0 1 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    talk.tap("Cancel");
    assert_eq!(talk.last_draft_stage(), Some(Stage::Cancelled));
    assert_eq!(talk.stage(), None);
    assert_eq!(talk.drafts.last().unwrap().lines.len(), 1);
    talk.say("cancel");
    assert!(talk.texts()[0].contains("no open order"));
}

#[test]
fn a_burst_of_messages_is_answered_once() {
    let mut talk = Talk::with(|p| p.settle_ms = 5_000);
    for words in ["+2 mug", "+1 cup", "tel +94771234567"] {
        talk.say(words);
        assert!(talk.purposes().is_empty(), "{words}");
        assert_eq!(talk.stage(), Some(Stage::Open));
    }
    let due = talk.last.as_ref().unwrap().wake_at.unwrap();
    talk.now = due.plus(-1);
    talk.happen(&Incoming::Timer);
    assert!(talk.purposes().is_empty());
    talk.now = due;
    talk.happen(&Incoming::Timer);
    assert_eq!(talk.purposes(), [Purpose::ReadBack]);
    assert_eq!(talk.lines(), "2 mug, 1 cup");
    // A yes needs no waiting.
    talk.say("yes");
    assert_eq!(talk.purposes(), [Purpose::Thank]);
}

#[test]
fn the_words_on_a_button_may_be_typed() {
    let mut talk = Talk::new();
    talk.say("+5 bowl");
    talk.say("take 3!");
    assert_eq!(talk.lines(), "3 bowl");
    talk.say("Change");
    assert_eq!(talk.stage(), Some(Stage::AwaitingCustomer));
    talk.say("+1 mug");
    talk.say("CONFIRM");
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    assert_eq!(talk.purposes(), [Purpose::Thank]);
}

#[test]
fn stock_is_asked_about_and_a_waiting_list_offered() {
    let mut talk = Talk::new();
    talk.say("+5 bowl; +1 mug");
    assert!(
        talk.texts()[0].contains("Only 3 left"),
        "{:?}",
        talk.texts()
    );
    talk.tap("Take 3");
    assert_eq!(talk.lines(), "3 bowl, 1 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));

    let mut talk = Talk::new();
    talk.say("+1 vase; +1 mug");
    let decision = talk.tap("Tell me").clone();
    assert!(
        decision
            .notices
            .iter()
            .any(|n| matches!(n, Notice::WaitingList { .. }))
    );
    assert_eq!(talk.lines(), "1 mug");
    let mut talk = Talk::new();
    talk.say("+1 lamp color=blue");
    talk.tap("Leave it out");
    assert_eq!(
        (talk.lines().as_str(), talk.stage()),
        ("", Some(Stage::Open))
    );
    let mut talk = Talk::with(|p| p.oversell = true);
    talk.say("+5 bowl");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
}

#[test]
fn what_was_waited_for_is_told_and_offered_where_nothing_else_is_talked_about() {
    let back = |quantity| Incoming::BackInStock {
        item: id("lamp-blue"),
        quantity,
    };
    let mut talk = Talk::new();
    talk.say("hi");
    talk.catalog.hold(id("lamp-blue"), -2);
    talk.happen(&back(2));
    assert_eq!(talk.purposes(), [Purpose::BackInStock]);
    assert!(talk.texts()[0].contains("Lamp (blue) is back"));
    talk.tap("Order it");
    assert_eq!(talk.lines(), "2 lamp color=blue");
    // The question that is out stays the question; the news is told without one.
    talk.happen(&back(1));
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    let reply = talk.last.as_ref().unwrap().replies[0].clone();
    assert!(reply.buttons.is_empty(), "{reply:?}");
    assert_eq!(talk.say("yes").replies.len(), 1);
    // While a person speaks it is told (the customer asked for it), and nothing offered.
    talk.seller(SellerAction::TakeOver);
    let told = talk.happen(&back(1)).replies.clone();
    assert!(told.len() == 1 && told[0].buttons.is_empty(), "{told:?}");
    // Not after the window, not what is no longer offered.
    talk.now = talk.now.plus(25 * Timestamp::HOUR);
    let late = talk.decide(&back(1));
    assert!(late.replies.is_empty() && late.withheld.is_empty());
    talk.say("hi");
    let gone = talk.decide(&Incoming::BackInStock {
        item: id("gone"),
        quantity: 1,
    });
    assert!(gone.replies.is_empty());
}

#[test]
fn the_last_unit_is_lost_at_confirmation() {
    let mut talk = Talk::new();
    talk.say("+1 lamp color=red");
    talk.say("yes");
    // The view still shows it free; the reservation in the shell fails.
    let wanted = talk.decide(&Incoming::Seller {
        action: SellerAction::Confirm {
            oversell: false,
            note: None,
        },
        member: None,
    });
    assert!(wanted.order.is_some());
    talk.happen(&Incoming::OutOfStock {
        short: vec![(id("lamp-red"), 0)],
        by: Actor::Member { id: None },
    });
    assert_eq!(talk.stage(), Some(Stage::AwaitingCustomer));
    assert!(talk.texts()[0].contains("sold out"), "{:?}", talk.texts());
    // The view knows by itself, too.
    talk.catalog.hold(id("lamp-red"), 1);
    assert!(talk.confirm().order.is_none());
    let order = talk
        .seller(SellerAction::Confirm {
            oversell: true,
            note: Some("one more comes on Monday".to_owned()),
        })
        .order
        .clone();
    assert!(order.is_some_and(|o| o.oversell && o.note.is_some()));
}

#[test]
fn while_a_person_speaks_the_automation_reads_and_keeps_quiet() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    let at = talk.now;
    talk.happen(&Incoming::PersonReplied { at });
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    for words in ["=0 3 mug", "yes", "price mug", "hi"] {
        talk.say(words);
        assert!(talk.purposes().is_empty(), "{words}");
    }
    assert_eq!(talk.lines(), "3 mug");
    talk.now = talk.now.plus(13 * HOUR);
    talk.say("+1 cup");
    assert_eq!(talk.purposes(), [Purpose::ReadBack]);
    talk.seller(SellerAction::TakeOver);
    talk.now = talk.now.plus(13 * HOUR);
    talk.say("+1 bowl");
    assert!(talk.purposes().is_empty());
    assert_eq!(talk.state.speaker, Speaker::PersonUntilHandedBack);
    talk.seller(SellerAction::HandBack);
    assert_eq!(talk.purposes(), [Purpose::ReadBack]);
}

#[test]
fn questions_are_answered_from_the_catalogue() {
    let mut talk = Talk::new();
    talk.say("price mug");
    assert!(talk.texts()[0].starts_with("Blue mug: Rs 1,200, available."));
    assert_eq!(talk.stage(), None);
    talk.tap("Order it");
    assert_eq!(talk.lines(), "1 mug");
    talk.say("price shirt|vase|bowl");
    let text = talk.texts()[0].to_owned();
    assert!(text.contains("Linen shirt: from Rs 2,500"), "{text}");
    assert!(text.contains("Vase: Rs 4,000, sold out"), "{text}");
    assert!(text.contains("Bowl: Rs 1,500, only 3 left"), "{text}");
    // The read-back is put once more after the answer.
    assert_eq!(talk.purposes(), [Purpose::Answer, Purpose::ReadBack]);
    // What has no answer there is held once, and shown to the seller each time.
    let mut talk = Talk::new();
    for (i, held) in [(0, 1), (1, 0)] {
        let decision = talk.say("hours").clone();
        assert_eq!(decision.replies.len(), held, "{i}");
        assert!(matches!(
            decision.notices[..],
            [Notice::QuestionOpen { .. }]
        ));
    }
}

#[test]
fn referrals_and_carts_become_drafts_without_the_parser() {
    let mut talk = Talk::new();
    let items = |list: &[(&str, u32)]| Incoming::Products {
        mid: "cart".to_owned(),
        at: Timestamp(1_793_000_000_000),
        items: list
            .iter()
            .map(|(id, quantity)| Item {
                id: (*id).to_owned(),
                quantity: *quantity,
            })
            .collect(),
    };
    talk.happen(&items(&[("lamp-red", 1), ("7300000000000021", 2)]));
    assert_eq!(talk.lines(), "1 lamp color=red, 2 mug");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    let mut talk = Talk::new();
    let decision = talk.happen(&items(&[("ghost", 1)])).clone();
    assert!(matches!(decision.notices[..], [Notice::CannotRead { .. }]));
    assert_eq!(talk.stage(), None);

    let product = Context {
        products: vec!["7300000000000021".to_owned()],
        media: vec![],
    };
    let mut talk = Talk::new();
    talk.say_about("ask is this available?", product.clone());
    assert_eq!(
        (talk.lines().as_str(), talk.stage()),
        ("1 mug", Some(Stage::AwaitingCustomer))
    );
    assert!(talk.texts()[0].contains("Would you like to order it?"));
    talk.say("yes");
    assert_eq!(
        (talk.lines().as_str(), talk.stage()),
        ("1 mug", Some(Stage::AwaitingConfirmation))
    );
    let mut talk = Talk::new();
    talk.say_about("+3 mug", product);
    assert_eq!(talk.lines(), "3 mug");
}

#[test]
fn this_one_is_what_the_story_shows() {
    let story = || Context {
        media: vec!["shows-cup".to_owned()],
        products: vec![],
    };
    let mut talk = Talk::new();
    talk.say_about("this one", story());
    assert_eq!(talk.lines(), "1 cup");
    let mut talk = Talk::new();
    talk.say_about("ask price?", story());
    assert!(talk.texts()[0].starts_with("Tea cup: Rs 800"));
    let mut talk = Talk::new();
    let at = talk.now;
    talk.happen(&Incoming::Unreadable {
        mid: "m1".to_owned(),
        at,
        what: UnreadableKind::Share,
        context: story(),
    });
    assert!(talk.texts()[0].starts_with("Tea cup: Rs 800"));
}

#[test]
fn pictures_are_asked_about_in_words_once() {
    let mut talk = Talk::new();
    let picture = |what| Incoming::Unreadable {
        mid: "p".to_owned(),
        at: Timestamp(1_793_000_000_000),
        what,
        context: Context::default(),
    };
    let decision = talk.happen(&picture(UnreadableKind::Image)).clone();
    assert_eq!(talk.purposes(), [Purpose::AskInWords]);
    assert_eq!(decision.message.unreadable, Some(UnreadableKind::Image));
    talk.happen(&picture(UnreadableKind::Sticker));
    assert!(talk.purposes().is_empty());
    talk.say("+1 mug");
    talk.happen(&picture(UnreadableKind::Audio));
    assert_eq!(talk.purposes(), [Purpose::AskInWords]);
    assert_eq!(talk.lines(), "1 mug");
    let mut talk = Talk::new();
    talk.happen(&picture(UnreadableKind::StoryMention));
    assert!(talk.purposes().is_empty());
}

#[test]
fn an_edit_is_read_again_and_a_deletion_withdraws() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    talk.say("+1 cup");
    talk.edit("m1", "+5 mug");
    assert_eq!(talk.lines(), "5 mug, 1 cup");
    assert_eq!(talk.stage(), Some(Stage::AwaitingConfirmation));
    talk.delete("m2");
    assert_eq!(talk.lines(), "5 mug");
    talk.say("=0 6 mug");
    // m1 added the line, but m3 changed it: not m1's alone.
    talk.delete("m1");
    assert_eq!(talk.lines(), "6 mug");

    let mut talk = Talk::new();
    talk.say("+2 mug; tel +94771234567");
    talk.delete("m1");
    assert_eq!(talk.last_draft_stage(), Some(Stage::Cancelled));
    assert!(talk.state.details.phone.is_none());
    assert!(
        talk.last
            .as_ref()
            .unwrap()
            .details
            .iter()
            .any(|d| d.detail.is_none())
    );
    // An edit of a message that did nothing is simply what it now says.
    let mut talk = Talk::new();
    talk.say("hi");
    talk.edit("m1", "+1 mug");
    assert_eq!(talk.lines(), "1 mug");
}

#[test]
fn after_confirmation_messages_only_flag() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    talk.say("yes");
    talk.confirm();
    let confirmed = talk.drafts.clone();
    for words in ["amend", "cancel"] {
        talk.say(words);
        assert_eq!(talk.purposes(), [Purpose::Note], "{words}");
        assert_eq!(talk.last.as_ref().unwrap().notices.len(), 1);
    }
    talk.edit("m1", "+9 mug");
    assert_eq!(talk.purposes(), [Purpose::Note]);
    talk.delete("m1");
    assert!(matches!(
        talk.last.as_ref().unwrap().notices[..],
        [Notice::ChangedAfterConfirmation { .. }]
    ));
    assert_eq!(talk.drafts, confirmed);
    // A new order opens a new draft order.
    talk.say("+1 cup");
    assert_eq!(talk.drafts.len(), 2);
    assert_eq!(talk.lines(), "1 cup");
}

#[test]
fn time_alone_ends_everything() {
    let mut talk = Talk::new();
    talk.say("+1 shirt");
    let due = talk.last.as_ref().unwrap().wake_at.unwrap();
    talk.now = due.plus(-1);
    talk.happen(&Incoming::Timer);
    assert_eq!(talk.stage(), Some(Stage::AwaitingCustomer));
    talk.now = due;
    talk.happen(&Incoming::Timer);
    assert_eq!(talk.stage(), Some(Stage::AwaitingSeller));
    talk.wait(8 * Timestamp::DAY);
    assert_eq!(talk.last_draft_stage(), Some(Stage::Expired));
    assert!(talk.last.as_ref().unwrap().wake_at.is_none());
    // A late message finds the old one expired and opens a new one.
    let mut talk = Talk::new();
    talk.say("+1 mug");
    talk.say("-0");
    assert_eq!(talk.stage(), Some(Stage::Open));
    talk.now = talk.now.plus(4 * Timestamp::DAY);
    talk.say("+2 cup");
    let stages: Vec<_> = talk.drafts.iter().map(|d| d.stage).collect();
    assert_eq!(stages, [Stage::Expired, Stage::AwaitingConfirmation]);
    assert_eq!(talk.lines(), "2 cup");
}

#[test]
fn nothing_is_said_outside_the_window() {
    let mut talk = Talk::new();
    talk.say("+2 mug");
    talk.say("yes");
    talk.now = talk.now.plus(30 * HOUR);
    let decision = talk.confirm().clone();
    assert!(decision.order.is_some() && decision.replies.is_empty());
    assert_eq!(decision.withheld[0].purpose, Purpose::Confirmed);
    assert!(matches!(
        decision.notices[..],
        [Notice::WindowClosed { .. }]
    ));
}

#[test]
fn the_sellers_hand_comes_first() {
    let mut talk = Talk::new();
    talk.say("+2 mug; tel +94771234567");
    talk.seller(SellerAction::SetDetail {
        kind: DetailKind::Phone,
        value: "+94779999999".to_owned(),
    });
    let decision = talk.say("tel +94771234567").clone();
    assert!(matches!(decision.notices[0], Notice::DetailDiffers { .. }));
    assert_eq!(
        talk.state.details.value(DetailKind::Phone),
        Some("+94779999999")
    );
    talk.seller(SellerAction::EditLines {
        lines: vec![OrderLine {
            product: id("shirt"),
            quantity: 1,
            options: vec![plain_choice("size", "M")],
        }],
    });
    assert_eq!(
        (talk.lines().as_str(), talk.stage()),
        ("1 shirt size=M", Some(Stage::AwaitingSeller))
    );
    let refused = talk
        .seller(SellerAction::EditLines {
            lines: vec![OrderLine {
                product: id("ghost"),
                quantity: 1,
                options: vec![],
            }],
        })
        .transitions[0]
        .clone();
    assert!(
        refused.to.is_none() && refused.why.contains("ghost"),
        "{refused:?}"
    );
    talk.seller(SellerAction::Reject {
        reason: Some("closed this week".to_owned()),
    });
    assert_eq!(talk.last_draft_stage(), Some(Stage::Rejected));
    assert_eq!(talk.purposes(), [Purpose::Sorry]);
    // Refused transitions are recorded.
    let refused = talk.confirm().transitions[0].clone();
    assert!(refused.to.is_none());
}

#[test]
fn the_first_word_is_greeted_once() {
    let mut talk = Talk::new();
    talk.say("hi");
    assert!(talk.texts()[0].contains("Potworks"));
    talk.say("hi");
    assert!(talk.purposes().is_empty());
    // What is not understood at all is for a person.
    let decision = talk.say("huh").clone();
    assert!(decision.message.needs_seller);
    assert_eq!(talk.purposes(), [Purpose::Hold]);
}
