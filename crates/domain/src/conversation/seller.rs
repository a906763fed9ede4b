//! What the seller does to a conversation and its draft order.

use super::decision::{DetailChange, Purpose};
use super::incoming::SellerAction;
use super::state::Speaker;
use super::turn::{Spoken, Turn};
use crate::MemberId;
use crate::customer::{Detail, DetailSource};
use crate::draft::book::Book;
use crate::draft::{Actor, DraftEvent, DraftLine, Origin, Stage};
use crate::order::totals::totals;
use crate::reading::OrderLine;
use crate::words::Key;

impl Turn<'_> {
    /// One action.
    pub(super) fn seller(&mut self, action: &SellerAction, member: Option<MemberId>) {
        let by = Actor::Member { id: member };
        match action {
            SellerAction::Confirm { oversell, note } => {
                self.confirm(by, *oversell, note.clone(), "the seller confirmed");
            }
            SellerAction::Reject { reason } => self.reject(by, reason.as_deref()),
            SellerAction::EditLines { lines } => self.edit_lines(by, lines),
            SellerAction::SetCharges { charges } => {
                if self.state.draft.is_none() {
                    self.refuse(DraftEvent::Note, by, "there is no open draft order");
                } else if let Err(reason) = totals(
                    &self.priced().unwrap_or_default(),
                    charges,
                    self.world.seller.currency,
                ) {
                    self.refuse(DraftEvent::Note, by, &reason.to_string());
                } else {
                    if let Some(draft) = &mut self.state.draft {
                        draft.charges = Some(*charges);
                        draft.revision += 1;
                    }
                    self.hand_to_seller(by, "the seller set the charges");
                }
            }
            SellerAction::SetDetail { kind, value } => {
                let detail = Detail {
                    value: value.trim().to_owned(),
                    source: DetailSource::Seller,
                    at: self.now,
                };
                self.state.details.learn(*kind, detail.clone());
                self.details.push(DetailChange {
                    kind: *kind,
                    detail: Some(detail),
                });
            }
            SellerAction::TakeOver => {
                self.state.speaker = Speaker::PersonUntilHandedBack;
                self.stop_asking(by, "the seller took over");
            }
            SellerAction::HandBack => {
                self.state.speaker = Speaker::Automation;
                self.state.held_at = None;
                let unfinished = self.state.draft.as_ref().is_some_and(|draft| {
                    draft.stage == Stage::Open || draft.agreed != Some(draft.revision)
                });
                if unfinished {
                    self.proceed(true, "the seller handed back");
                }
            }
        }
    }

    /// A person replied: the automation keeps quiet for a while.
    pub(super) fn person_replied(&mut self) {
        if self.state.speaker != Speaker::PersonUntilHandedBack {
            self.state.speaker = Speaker::Person {
                until: self.now.plus(self.world.policy.hand_over_ms),
            };
        }
        self.state.held_at = None;
        self.state.greeted = true;
        self.stop_asking(Actor::Member { id: None }, "a person replied");
    }

    /// No question of ours is out any more; the draft order is the person's.
    fn stop_asking(&mut self, by: Actor, why: &str) {
        self.state.asked = None;
        if matches!(
            self.state.stage(),
            Some(Stage::AwaitingCustomer | Stage::AwaitingConfirmation)
        ) {
            self.move_draft(DraftEvent::PassToSeller, by, why);
        }
    }

    /// It is the seller's now, and needs no notice to them.
    fn hand_to_seller(&mut self, by: Actor, why: &str) {
        self.state.asked = None;
        self.move_draft(DraftEvent::PassToSeller, by, why);
    }

    fn reject(&mut self, by: Actor, reason: Option<&str>) {
        let Some(draft) = &mut self.state.draft else {
            self.refuse(DraftEvent::Reject, by, "there is no open draft order");
            return;
        };
        draft.reason = reason.map(str::to_owned);
        let why = reason.unwrap_or("the seller said no");
        self.move_draft(DraftEvent::Reject, by, why);
        let text = self.voice().plain(Key::Rejected);
        self.say_for_seller(Purpose::Sorry, Spoken::text(text));
    }

    fn edit_lines(&mut self, by: Actor, lines: &[OrderLine]) {
        let unknown = lines
            .iter()
            .find(|line| line.quantity == 0 || self.world.catalog.product(&line.product).is_none());
        if let Some(line) = unknown {
            let why = format!(
                "`{}` is not in the catalog, or its quantity is 0",
                line.product
            );
            self.refuse(DraftEvent::Note, by, &why);
            return;
        }
        self.open_draft(by, "the seller wrote it down");
        let Some(draft) = &mut self.state.draft else {
            return;
        };
        let old = std::mem::take(&mut draft.lines);
        draft.lines = lines.iter().map(|line| edited(line, &old)).collect();
        draft.revision += 1;
        draft.unresolved.clear();
        draft.agreed = None;
        self.state.book = Book {
            base: draft.lines.clone(),
            ..Book::default()
        };
        self.state.doubts.clear();
        self.hand_to_seller(by, "the seller edited the lines");
    }
}

/// A line by the seller's hand; one that is as it was keeps where it came from.
fn edited(line: &OrderLine, old: &[DraftLine]) -> DraftLine {
    let mut line = line.clone();
    line.options.sort();
    if let Some(same) = old.iter().find(|l| l.line == line) {
        return DraftLine {
            confidence: 1.0,
            ..same.clone()
        };
    }
    let before = old.iter().find(|l| l.line.product == line.product);
    DraftLine {
        line,
        confidence: 1.0,
        missing: Vec::new(),
        added_by: before.map_or(Origin::Seller, |l| l.added_by.clone()),
        changed_by: before.map_or_else(Vec::new, |l| {
            let mut by = l.changed_by.clone();
            by.push(Origin::Seller);
            by
        }),
        title: String::new(),
        unit_price: None,
    }
}
