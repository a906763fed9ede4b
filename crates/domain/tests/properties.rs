//! Random sequences of everything that can happen to a conversation. `EZISELLER_TALK_CASES` for
//! more of them.

#![allow(clippy::unwrap_used)]

mod talk;

use std::collections::HashMap;

use domain::conversation::{
    Context, ConversationState, Decision, Incoming, Item, SellerAction, UnreadableKind, window,
};
use domain::customer::DetailKind;
use domain::draft::lifecycle::Stage;
use domain::draft::{Actor, DraftOrder};
use domain::order::totals::{Charges, Delivery, Tax, totals};
use domain::policy::Confirmation;
use domain::reading::{OrderLine, apply_changes};
use domain::{DraftOrderId, Timestamp};
use proptest::prelude::*;
use talk::{Talk, id};

/// Something that may happen, before it is known which messages and buttons there are.
#[derive(Debug, Clone)]
enum Move {
    Say(String, u8),
    Tap(usize),
    OldTap(usize),
    Edit(usize, String),
    Reread(usize, String),
    Delete(usize),
    Cart(Vec<(u8, u32)>),
    Picture(u8),
    Person,
    Echo,
    Seller(u8),
    Wait(i64),
    OutOfStock,
    Back(u32),
}

fn words() -> impl Strategy<Value = String> {
    let clause = prop_oneof![
        Just("+1 mug"),
        Just("+2 cup@0.3"),
        Just("+5 bowl"),
        Just("+1 vase"),
        Just("+1 shirt"),
        Just("+2 shirt size=L"),
        Just("+1 lamp color=red"),
        Just("=0 3 mug"),
        Just("=1 1 cup"),
        Just("-0"),
        Just("clear"),
        Just("cancel"),
        Just("yes"),
        Just("yes@0.4"),
        Just("which 2 mug|cup the blue one"),
        Just("unknown 1 cup| teapot"),
        Just("unknown 1 | spaceship"),
        Just("unclear shirt size S|M medium"),
        Just("price mug"),
        Just("price shirt|vase"),
        Just("hours"),
        Just("amend"),
        Just("hi"),
        Just("huh"),
        Just("this"),
        Just("1"),
        Just("tel +94771234567"),
        Just("addr 12 Temple Rd"),
    ];
    proptest::collection::vec(clause, 1..3).prop_map(|clauses| clauses.join("; "))
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => (words(), 0_u8..12).prop_map(|(text, about)| Move::Say(text, about)),
        5 => (0_usize..13).prop_map(Move::Tap),
        1 => (0_usize..50).prop_map(Move::OldTap),
        2 => (0_usize..8, words()).prop_map(|(m, text)| Move::Edit(m, text)),
        1 => (0_usize..8, words()).prop_map(|(m, text)| Move::Reread(m, text)),
        2 => (0_usize..8).prop_map(Move::Delete),
        1 => proptest::collection::vec((0_u8..5, 1_u32..4), 0..3).prop_map(Move::Cart),
        1 => (0_u8..4).prop_map(Move::Picture),
        1 => Just(Move::Person),
        1 => Just(Move::Echo),
        3 => (0_u8..9).prop_map(Move::Seller),
        2 => prop_oneof![
            Just(Timestamp::HOUR),
            Just(13 * Timestamp::HOUR),
            Just(25 * Timestamp::HOUR),
            Just(8 * Timestamp::DAY),
        ].prop_map(Move::Wait),
        1 => Just(Move::OutOfStock),
        1 => (1_u32..4).prop_map(Move::Back),
    ]
}

fn policies() -> impl Strategy<Value = domain::policy::Policy> {
    let confirmation = prop_oneof![
        Just(Confirmation::SellerConfirms),
        Just(Confirmation::AutoConfirm {
            min_confidence: 0.8,
            max_total_minor: 1_000_000,
        }),
        Just(Confirmation::DraftOnly),
    ];
    (
        confirmation,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(confirmation, details, oversell, charged, settles)| {
            domain::policy::Policy {
                confirmation,
                settle_ms: if settles { 3_500 } else { 0 },
                require_phone: details,
                require_address: details,
                oversell,
                charges: if charged {
                    Charges {
                        delivery: Some(Delivery {
                            fee_minor: 35_000,
                            free_from_minor: Some(1_000_000),
                        }),
                        tax: Some(Tax {
                            basis_points: 1_800,
                            inclusive: details,
                        }),
                        ..Charges::default()
                    }
                } else {
                    Charges::default()
                },
                ..domain::policy::Policy::default()
            }
        })
}

fn incoming(talk: &mut Talk, what: &Move, buttons: &[(String, String)]) -> Option<Incoming> {
    let at = talk.now;
    let fresh = |talk: &mut Talk| {
        talk.messages += 1;
        format!("m{}", talk.messages)
    };
    let shown: Vec<_> = talk
        .last
        .iter()
        .flat_map(|d| &d.replies)
        .flat_map(|r| &r.buttons)
        .cloned()
        .collect();
    Some(match what {
        Move::Say(text, about) => Incoming::Text {
            mid: fresh(talk),
            at,
            text: text.clone(),
            context: Context {
                media: (*about == 0)
                    .then(|| "shows-cup".to_owned())
                    .into_iter()
                    .collect(),
                products: (*about == 1)
                    .then(|| "lamp-red".to_owned())
                    .into_iter()
                    .collect(),
            },
        },
        Move::Tap(i) => {
            let button = shown.get(i % shown.len().max(1))?;
            Incoming::Choice {
                mid: fresh(talk),
                at,
                payload: button.payload.clone(),
                title: button.title.clone(),
            }
        }
        Move::OldTap(i) => {
            let (payload, title) = buttons.get(i % buttons.len().max(1))?.clone();
            Incoming::Choice {
                mid: fresh(talk),
                at,
                payload,
                title,
            }
        }
        Move::Edit(m, text) => Incoming::Edited {
            mid: format!("m{}", m + 1),
            at,
            text: text.clone(),
        },
        Move::Reread(m, text) => {
            let standing = talk.state.standing();
            Incoming::Reread {
                mid: format!("m{}", m + 1),
                text: text.clone(),
                second: Box::new(domain::draft::book::SecondReading {
                    before: standing.lines.clone(),
                    reading: talk::read(text, &standing),
                }),
            }
        }
        Move::Delete(m) => Incoming::Deleted {
            mid: format!("m{}", m + 1),
            at,
        },
        Move::Cart(items) => Incoming::Products {
            mid: fresh(talk),
            at,
            items: items
                .iter()
                .map(|(which, quantity)| Item {
                    id: ["mug", "lamp-red", "vase", "ghost", "shirt"][usize::from(*which)]
                        .to_owned(),
                    quantity: *quantity,
                })
                .collect(),
        },
        Move::Picture(which) => Incoming::Unreadable {
            mid: fresh(talk),
            at,
            what: [
                UnreadableKind::Image,
                UnreadableKind::Sticker,
                UnreadableKind::StoryMention,
                UnreadableKind::Share,
            ][usize::from(*which)],
            context: Context {
                media: if *which == 3 {
                    vec!["shows-mug".to_owned()]
                } else {
                    vec![]
                },
                products: vec![],
            },
        },
        Move::Person => Incoming::PersonReplied { at },
        Move::Echo => Incoming::OwnEcho {
            mid: "ours".to_owned(),
        },
        Move::Seller(which) => Incoming::Seller {
            action: seller_action(*which),
            member: None,
        },
        Move::Wait(millis) => {
            talk.now = talk.now.plus(*millis);
            Incoming::Timer
        }
        Move::OutOfStock => Incoming::OutOfStock {
            short: vec![(id("bowl"), 1), (id("lamp-red"), 0)],
            by: Actor::Automation,
        },
        Move::Back(quantity) => Incoming::BackInStock {
            item: id(["bowl", "lamp-red", "vase"][*quantity as usize % 3]),
            quantity: *quantity,
        },
    })
}

fn seller_action(which: u8) -> SellerAction {
    match which {
        0..=2 => SellerAction::Confirm {
            oversell: which == 0,
            note: None,
        },
        3 => SellerAction::Reject { reason: None },
        4 => SellerAction::EditLines {
            lines: vec![OrderLine {
                product: id("mug"),
                quantity: 7,
                options: vec![],
            }],
        },
        5 => SellerAction::SetDetail {
            kind: DetailKind::Phone,
            value: "+94770000000".to_owned(),
        },
        6 => SellerAction::TakeOver,
        7 => SellerAction::SetCharges {
            charges: Charges::default(),
        },
        _ => SellerAction::HandBack,
    }
}

/// What must hold of every decision.
fn check(
    talk: &Talk,
    what: &Incoming,
    before: &ConversationState,
    decision: &Decision,
    drafts: &HashMap<DraftOrderId, DraftOrder>,
) -> Result<(), TestCaseError> {
    let now = talk.now;
    // A final draft order never changes again.
    for draft in &decision.drafts {
        if let Some(known) = drafts.get(&draft.id) {
            prop_assert!(!known.stage.is_final(), "{:?} moved again", known.stage);
        }
    }
    // Never two open ones.
    let mut after = drafts.clone();
    for draft in &decision.drafts {
        after.insert(draft.id, draft.clone());
    }
    let open = after.values().filter(|d| !d.stage.is_final()).count();
    prop_assert_eq!(open, usize::from(decision.state.draft.is_some()));
    // An order only by the seller's tap, or by itself where the policy lets it and it is sure.
    if let Some(order) = &decision.order {
        match (what, talk.policy.confirmation) {
            (
                Incoming::Seller {
                    action: SellerAction::Confirm { .. },
                    ..
                },
                _,
            ) => {}
            (
                _,
                Confirmation::AutoConfirm {
                    min_confidence,
                    max_total_minor,
                },
            ) => {
                let draft = after.get(&order.draft_order).unwrap();
                prop_assert!(draft.confidence >= min_confidence && draft.is_complete());
                prop_assert!(order.totals.total.minor <= max_total_minor);
            }
            (what, policy) => prop_assert!(false, "{what:?} made an order under {policy:?}"),
        }
        let charges = after[&order.draft_order]
            .charges
            .unwrap_or(talk.policy.charges);
        let again = totals(&order.lines, &charges, talk.seller.currency).unwrap();
        prop_assert_eq!(order.totals, again);
    }
    // Nothing outside the window, nothing to our own echo, nothing while a person speaks.
    for reply in &decision.replies {
        let last = decision.state.last_customer_at.unwrap();
        prop_assert!(now.since(last) < window::STANDARD_MS);
        prop_assert_eq!(reply.send_before, last.plus(window::STANDARD_MS));
        prop_assert!(reply.buttons.len() <= 13 && reply.cards.len() <= 10);
        prop_assert!(reply.buttons.iter().all(|b| b.title.chars().count() <= 20));
        prop_assert!(reply.buttons.iter().all(|b| b.payload.len() <= 200));
        prop_assert!(!reply.text.trim().is_empty());
    }
    if matches!(what, Incoming::OwnEcho { .. }) {
        prop_assert!(decision.replies.is_empty() && decision.drafts.is_empty());
        prop_assert_eq!(&decision.state, before);
    }
    // What the seller's own hand leads to is said all the same.
    let by_seller = matches!(what, Incoming::Seller { .. } | Incoming::BackInStock { .. });
    if decision.state.is_quiet(now) && !by_seller {
        prop_assert!(decision.replies.is_empty());
    }
    // One question at a time, repeated at most twice.
    let questions = decision
        .replies
        .iter()
        .filter(|r| !r.buttons.is_empty())
        .count();
    prop_assert!(questions <= 1, "{:?}", decision.replies);
    prop_assert!(
        decision
            .state
            .asked
            .as_ref()
            .is_none_or(|a| a.repetitions <= 2)
    );
    // What awaits the customer asked something; what is open will be looked at again.
    if let Some(draft) = &decision.state.draft {
        prop_assert!(!draft.stage.is_final());
        // A wait for more words may be over already; everything else lies ahead.
        let late = decision.state.settle_at.is_some_and(|at| at <= now);
        prop_assert!(decision.wake_at.is_some_and(|at| at > now || late));
        let waiting = matches!(
            draft.stage,
            Stage::AwaitingCustomer | Stage::AwaitingConfirmation
        );
        prop_assert_eq!(waiting, decision.state.asked.is_some(), "{:?}", draft.stage);
    }
    // Every change of stage is recorded, in a chain.
    for draft in &decision.drafts {
        let before = drafts.get(&draft.id).map(|d| d.stage);
        let moved: Vec<_> = decision
            .transitions
            .iter()
            .filter(|t| t.draft_order == Some(draft.id) && t.to.is_some())
            .collect();
        let end = moved.last().map_or(before, |t| t.to);
        prop_assert_eq!(end, Some(draft.stage));
        prop_assert!(moved.first().is_none_or(|t| t.from == before));
    }
    // The state is a document.
    let json = serde_json::to_string(&decision.state).unwrap();
    let read: ConversationState = serde_json::from_str(&json).unwrap();
    prop_assert_eq!(&read, &decision.state);
    Ok(())
}

fn cases() -> u32 {
    std::env::var("EZISELLER_TALK_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn whatever_happens_the_rules_hold(
        policy in policies(),
        moves in proptest::collection::vec(moves(), 1..30),
    ) {
        let mut talk = Talk::new();
        talk.policy = policy;
        let mut drafts: HashMap<DraftOrderId, DraftOrder> = HashMap::new();
        let mut buttons = Vec::new();
        for what in &moves {
            let Some(incoming) = incoming(&mut talk, what, &buttons) else { continue };
            let before = talk.state.clone();
            let decision = talk.decide(&incoming);
            prop_assert_eq!(&decision, &talk.decide(&incoming), "not the same twice");
            check(&talk, &incoming, &before, &decision, &drafts)?;
            drafts.extend(decision.drafts.iter().map(|d| (d.id, d.clone())));
            let shown = decision.replies.iter().flat_map(|r| &r.buttons);
            buttons.extend(shown.map(|b| (b.payload.clone(), b.title.clone())));
            talk.keep(decision);
        }
        // Left alone, it ends.
        for _ in 0..6 {
            if let Some(at) = talk.last.as_ref().and_then(|d| d.wake_at) {
                talk.now = at;
                talk.happen(&Incoming::Timer);
            }
        }
        prop_assert!(talk.state.draft.is_none(), "hangs in {:?}", talk.stage());
    }

    #[test]
    fn lines_with_origins_are_the_readings_lines(texts in proptest::collection::vec(words(), 1..8)) {
        let mut lines = Vec::new();
        let mut plain: Vec<OrderLine> = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            let standing = domain::reading::Standing { lines: plain.clone(), ..Default::default() };
            let reading = talk::read(text, &standing);
            let origin = domain::draft::Origin::Message { mid: format!("m{i}") };
            lines = domain::draft::book::noted(&lines, &reading.changes, &origin);
            plain = apply_changes(&plain, &reading.changes);
            let kept: Vec<_> = lines.iter().map(|l| l.line.clone()).collect();
            prop_assert_eq!(&kept, &plain);
        }
    }
}

#[test]
fn an_older_document_reads_with_defaults() {
    let state: ConversationState =
        serde_json::from_str(r#"{"v":1,"greeted":true,"new":1}"#).unwrap();
    assert!(state.greeted && state.draft.is_none());
}
