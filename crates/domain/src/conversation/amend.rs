//! Edited and deleted messages: read again or withdrawn while the draft order is open, flagged
//! once it is confirmed.

use super::decision::{DetailChange, Notice, Purpose};
use super::incoming::Context;
use super::turn::{Spoken, Turn};
use crate::Timestamp;
use crate::draft::book::{Did, SecondReading, Step, Understanding};
use crate::draft::{Actor, DraftEvent, DraftLine};
use crate::words::Key;

impl Turn<'_> {
    /// The customer changed a message.
    pub(super) fn edited(&mut self, mid: &str, text: &str, at: Timestamp) {
        if let Some(draft_order) = self.confirmed_with(mid) {
            self.flag(mid, draft_order);
            let text = self.voice().plain(Key::ChangeAsked);
            self.say(Purpose::Note, Spoken::text(text));
            return;
        }
        let has_part = self.is_part(mid);
        let step = self.state.book.steps.iter_mut().find(|s| s.mid == mid);
        match step.map(|s| &mut s.did) {
            Some(Did::Text {
                text: words,
                second,
                ..
            }) => {
                text.clone_into(words);
                *second = None;
                let reading = (self.world.read)(text, &crate::reading::Standing::default());
                let learnt = self.learn_contact(&reading.contact, mid, at);
                let understanding = self.state.book.replay(self.world.read);
                let pending = understanding.pending != self.state.book.pending;
                if self.adopt(understanding) || pending || learnt {
                    self.proceed(true, "the customer edited a message");
                }
            }
            // A tap cannot be edited.
            Some(_) => {}
            None if has_part => {
                self.message.needs_seller = true;
                self.notify(Notice::QuestionOpen {
                    mid: mid.to_owned(),
                });
            }
            None => self.text(mid, text, &Context::default(), at),
        }
    }

    /// A second reader made something of a message that the parser was unsure of.
    pub(super) fn reread(&mut self, mid: &str, text: &str, second: &SecondReading) {
        const WHY: &str = "a second reading of the customer's words";
        if self.confirmed_with(mid).is_some() {
            return;
        }
        let has_part = self.is_part(mid);
        let step = self.state.book.steps.iter_mut().find(|s| s.mid == mid);
        match step.map(|s| &mut s.did) {
            Some(Did::Text {
                text: words,
                second: slot,
                ..
            }) if words == text => {
                *slot = Some(Box::new(second.clone()));
                let understanding = self.state.book.replay(self.world.read);
                let pending = understanding.pending != self.state.book.pending;
                if self.adopt(understanding) || pending {
                    self.proceed(true, WHY);
                }
            }
            Some(_) => {}
            None if has_part => {}
            None => {
                let stands: Vec<_> = self.understanding().lines;
                if !stands.iter().map(|l| &l.line).eq(&second.before) {
                    return;
                }
                let step = Step {
                    mid: mid.to_owned(),
                    did: Did::Text {
                        text: text.to_owned(),
                        mentions: Vec::new(),
                        second: Some(Box::new(second.clone())),
                    },
                };
                let mut understanding = self.understanding();
                understanding.take(&step, self.world.read);
                let empty = understanding.lines.is_empty() && understanding.pending.is_empty();
                if self.state.draft.is_none() && empty {
                    return;
                }
                self.open_draft(Actor::Customer, WHY);
                self.take(step, WHY);
                self.proceed(true, WHY);
            }
        }
    }

    /// The customer took a message back.
    pub(super) fn deleted(&mut self, mid: &str) {
        for kind in self.state.details.withdraw(mid) {
            self.details.push(DetailChange { kind, detail: None });
        }
        if let Some(draft_order) = self.confirmed_with(mid) {
            self.flag(mid, draft_order);
            return;
        }
        if !self.state.book.steps.iter().any(|step| step.mid == mid) {
            return;
        }
        self.state.book.steps.retain(|step| step.mid != mid);
        let before = self.understanding();
        let mut understanding = self.state.book.replay(self.world.read);
        keep_what_others_changed(&before, &mut understanding, mid);
        let pending = understanding.pending != before.pending;
        let nothing_left = understanding.lines.is_empty() && understanding.pending.is_empty();
        if !self.adopt(understanding) && !pending {
            return;
        }
        if nothing_left {
            self.move_draft(
                DraftEvent::Cancel,
                Actor::Customer,
                "the customer deleted the message",
            );
        } else {
            self.proceed(true, "the customer deleted a message");
        }
    }

    fn is_part(&self, mid: &str) -> bool {
        self.state
            .draft
            .as_ref()
            .is_some_and(|draft| draft.mids.iter().any(|m| m == mid))
    }

    fn confirmed_with(&self, mid: &str) -> Option<crate::DraftOrderId> {
        self.state
            .orders
            .iter()
            .find(|order| order.mids.iter().any(|m| m == mid))
            .map(|order| order.draft_order)
    }

    fn flag(&mut self, mid: &str, draft_order: crate::DraftOrderId) {
        self.message.needs_seller = true;
        self.notify(Notice::ChangedAfterConfirmation {
            mid: mid.to_owned(),
            draft_order,
        });
    }
}

/// A line that a later message changed was not that message's alone: it stays.
fn keep_what_others_changed(before: &Understanding, after: &mut Understanding, mid: &str) {
    let by_others = |line: &&DraftLine| {
        line.added_by.mid() == Some(mid)
            && line.changed_by.iter().any(|o| o.mid() != Some(mid))
            && !after
                .lines
                .iter()
                .any(|l| l.line.product == line.line.product)
    };
    let kept: Vec<_> = before.lines.iter().filter(by_others).cloned().collect();
    after.lines.extend(kept);
}
