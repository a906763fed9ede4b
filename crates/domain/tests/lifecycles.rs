//! The diagrams of `docs/order-lifecycles.md` are the code's tables, and every state has an exit.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use domain::draft::lifecycle::{DraftEvent, Stage, TRANSITIONS};
use domain::order::OrderStatus;

const DOC: &str = include_str!("../../../docs/order-lifecycles.md");

/// The arrows of the n-th diagram: `(from, to, label)`.
fn arrows(nth: usize) -> BTreeSet<(String, String, String)> {
    let diagram = DOC.split("```mermaid").nth(nth + 1).unwrap();
    let diagram = diagram.split("```").next().unwrap();
    diagram
        .lines()
        .filter_map(|line| line.trim().split_once(" --> "))
        .filter(|(from, to)| *from != "[*]" && *to != "[*]")
        .map(|(from, to)| {
            let (to, label) = to.split_once(" : ").unwrap_or((to, ""));
            (from.to_owned(), to.to_owned(), label.to_owned())
        })
        .collect()
}

#[test]
fn the_draft_order_diagram_is_the_table() {
    let table = TRANSITIONS
        .iter()
        .map(|(from, event, to)| (from.to_string(), to.to_string(), event.to_string()))
        .collect();
    assert_eq!(arrows(0), table);
}

#[test]
fn the_order_diagram_is_the_table() {
    let table = domain::order::lifecycle::TRANSITIONS
        .iter()
        .map(|(from, to)| (from.to_string(), to.to_string(), String::new()))
        .collect();
    assert_eq!(arrows(1), table);
}

#[test]
fn every_event_leads_to_one_place_and_every_stage_has_an_exit() {
    for stage in Stage::ALL {
        assert_eq!(stage.as_str().parse(), Ok(stage));
        for event in DraftEvent::ALL {
            let found = TRANSITIONS
                .iter()
                .filter(|(f, e, _)| *f == stage && *e == event)
                .count();
            assert_eq!(found, usize::from(!stage.is_final()), "{stage} {event}");
        }
        for exit in [
            DraftEvent::Confirm,
            DraftEvent::Reject,
            DraftEvent::Cancel,
            DraftEvent::Expire,
        ] {
            let to = stage.after(exit);
            assert_eq!(to.is_some_and(Stage::is_final), !stage.is_final());
        }
    }
}

#[test]
fn an_order_never_goes_back_and_always_ends() {
    for from in OrderStatus::ALL {
        assert_eq!(from.as_str().parse(), Ok(from));
        for to in OrderStatus::ALL {
            let refused = from.go(to).is_err();
            assert!(refused || to > from, "{from} -> {to}");
        }
        let ends = from.next().count() == 0;
        let is_end = matches!(from, OrderStatus::Cancelled | OrderStatus::Returned);
        assert_eq!(ends, is_end, "{from}");
    }
    let error = OrderStatus::Returned.go(OrderStatus::Paid).unwrap_err();
    assert!(error.to_string().contains("nothing else"), "{error}");
}
