//! What comes next for the draft order: a question, the read-back, or the seller.

use super::ask::{Ask, Asked};
use super::decision::{Notice, Purpose};
use super::speak;
use super::state::ReadBack;
use super::turn::{Spoken, Turn};
use crate::catalog::RetailerId;
use crate::catalog::price::stock_id;
use crate::customer::DetailKind;
use crate::draft::book::words_of;
use crate::draft::{Actor, DraftEvent, Stage};
use crate::policy::Confirmation;
use crate::reading::Doubt;
use crate::words::Key;

/// A typed yes counts from this confidence on.
pub(super) const YES_MIN: f32 = 0.6;

impl Turn<'_> {
    /// Goes on after the customer's words: at once, or when nothing more came for a while.
    pub(super) fn go_on(&mut self, why: &str) {
        let speaks = !self.state.is_quiet(self.now)
            && self.world.policy.confirmation != Confirmation::DraftOnly;
        if self.world.policy.settle_ms > 0 && speaks && self.state.draft.is_some() {
            self.move_draft(DraftEvent::Note, Actor::Customer, why);
            self.state.settle_at = Some(self.now.plus(self.world.policy.settle_ms));
        } else {
            self.proceed(true, why);
        }
    }

    /// Nothing more came: goes on.
    pub(super) fn settle(&mut self) {
        if self.state.settle_at.is_some_and(|at| at <= self.now) {
            self.proceed(true, "the customer has finished");
            self.state.settle_at = None;
        }
    }

    /// Goes on with the draft order. `progress`: something new is understood, so that the same
    /// question may start over.
    pub(super) fn proceed(&mut self, progress: bool, why: &str) {
        self.state.settle_at = None;
        let Some(draft) = &self.state.draft else {
            return;
        };
        let complete = draft.is_complete();
        if self.state.is_quiet(self.now) {
            self.proceed_quietly(complete, why);
            return;
        }
        if self.world.policy.confirmation == Confirmation::DraftOnly {
            self.proceed_quietly(complete, why);
            let text = self.voice().plain(Key::Noted);
            self.hold(Spoken::text(text));
            return;
        }
        if progress {
            self.start_over();
        }
        match self.next_need() {
            Some(Ask::Doubt { doubt }) if nothing_near(&doubt) => self.give_up_unasked(doubt),
            Some(what) => self.ask(what),
            None if draft_is_empty(self) => self.say_empty(why),
            None if self.has_given_up() || !self.is_priced() => {
                self.pass_to_seller(
                    Actor::Automation,
                    "something is left for the seller to settle",
                );
                let text = self.voice().plain(Key::Noted);
                self.hold(Spoken::text(text));
            }
            None => {
                let revision = self.state.draft.as_ref().map_or(0, |d| d.revision);
                self.ask(Ask::Confirm { revision });
            }
        }
    }

    /// The question that is out counts from the beginning; a read-back is given whole again.
    fn start_over(&mut self) {
        match &mut self.state.asked {
            Some(asked) if matches!(asked.what, Ask::Confirm { .. }) => self.state.asked = None,
            Some(asked) => asked.repetitions = 0,
            None => {}
        }
    }

    /// Without a word: a person speaks, or the seller wants drafts only.
    fn proceed_quietly(&mut self, complete: bool, why: &str) {
        self.state.asked = None;
        if complete {
            self.pass_to_seller(Actor::Automation, why);
        } else {
            self.move_draft(DraftEvent::Note, Actor::Automation, why);
        }
    }

    /// Whether there is a total to read back: every line is in the catalogue, in one currency.
    fn is_priced(&self) -> bool {
        self.state
            .draft
            .as_ref()
            .is_some_and(|d| d.totals.is_some())
    }

    pub(super) fn has_given_up(&self) -> bool {
        !self.state.book.given_up.is_empty()
    }

    /// The first thing that the order lacks.
    pub(super) fn next_need(&self) -> Option<Ask> {
        let draft = self.state.draft.as_ref()?;
        let given_up = |id: &str| self.state.book.given_up.iter().any(|g| g == id);
        let doubt = self.state.book.pending.iter().find(|doubt| match doubt {
            Doubt::UnclearOption { product, .. } => {
                draft.lines.iter().any(|line| line.line.product == *product)
            }
            _ => true,
        });
        if let Some(doubt) = doubt {
            return Some(Ask::Doubt {
                doubt: doubt.clone(),
            });
        }
        let needs = draft
            .lines
            .iter()
            .find_map(|line| self.option_need(&line.line.product, &line.missing))
            .into_iter()
            .chain(draft.lines.iter().find_map(|line| self.stock_need(line)))
            .chain(self.details_need());
        needs.into_iter().find(|need| !given_up(&need.id()))
    }

    fn option_need(&self, id: &RetailerId, missing: &[String]) -> Option<Ask> {
        let product = self.world.catalog.product(id)?;
        missing.iter().find_map(|name| {
            let option = product.option(name)?;
            let ask = Ask::MissingOption {
                product: id.clone(),
                option: name.clone(),
                values: option
                    .values
                    .iter()
                    .map(|v| v.value.clone())
                    .take(10)
                    .collect(),
            };
            let given_up = self.state.book.given_up.contains(&ask.id());
            (!given_up).then_some(ask)
        })
    }

    fn stock_need(&self, line: &crate::draft::DraftLine) -> Option<Ask> {
        if self.world.policy.oversell || !line.missing.is_empty() {
            return None;
        }
        let product = self.world.catalog.product(&line.line.product)?;
        let item = stock_id(product, &line.line.options);
        let free = self.world.catalog.free(item)?.max(0);
        (free < i64::from(line.line.quantity)).then(|| Ask::Stock {
            product: line.line.product.clone(),
            item: item.clone(),
            free,
            wanted: line.line.quantity,
        })
    }

    fn details_need(&self) -> Option<Ask> {
        let policy = self.world.policy;
        if self.state.draft.as_ref().is_none_or(|d| d.lines.is_empty()) {
            return None;
        }
        let kinds: Vec<_> = [
            (policy.require_name, DetailKind::Name),
            (policy.require_phone, DetailKind::Phone),
            (policy.require_address, DetailKind::Address),
        ]
        .into_iter()
        .filter(|(required, kind)| *required && self.state.details.get(*kind).is_none())
        .map(|(_, kind)| kind)
        .collect();
        (!kinds.is_empty()).then_some(Ask::Details { kinds })
    }

    /// Asks, or asks again, or gives up after two repetitions.
    pub(super) fn ask(&mut self, what: Ask) {
        let number = match &mut self.state.asked {
            Some(asked) if asked.what.id() == what.id() => {
                if asked.repetitions >= Asked::REPETITIONS_MAX {
                    self.give_up(&what);
                    return;
                }
                asked.repetitions += 1;
                asked.at = self.now;
                asked.what = what.clone();
                asked.number
            }
            _ => self.put(what.clone()),
        };
        if let Ask::Confirm { revision } = what {
            self.state.read_back = Some(ReadBack {
                question: number,
                revision,
            });
        }
        let (event, purpose, why) = match &what {
            Ask::Confirm { .. } => (DraftEvent::ReadBack, Purpose::ReadBack, "read back"),
            _ => (DraftEvent::Ask, Purpose::Ask, "asked the customer"),
        };
        if self.state.draft.is_some() {
            self.move_draft(event, Actor::Automation, why);
        }
        let spoken = speak::question(self, &what, number);
        self.say(purpose, spoken);
    }

    /// Makes `what` the question that is out, with a number of its own.
    pub(super) fn put(&mut self, what: Ask) -> u32 {
        self.state.questions = self.state.questions.wrapping_add(1);
        let number = self.state.questions;
        self.state.asked = Some(Asked {
            number,
            what,
            at: self.now,
            repetitions: 0,
        });
        number
    }

    /// Asked in vain: the seller goes on.
    pub(super) fn give_up(&mut self, what: &Ask) {
        self.state.asked = None;
        let question = what.id();
        self.leave_to_seller(what);
        self.pass_to_seller(Actor::Automation, "asked in vain");
        if let Some(draft) = &self.state.draft {
            let draft_order = draft.id;
            self.notify(Notice::AskedInVain {
                draft_order,
                question,
            });
        }
        let text = self.voice().plain(Key::Noted);
        self.hold(Spoken::text(text));
    }

    /// Marks a question as not to be asked again.
    pub(super) fn leave_to_seller(&mut self, what: &Ask) {
        if let Ask::Doubt { doubt } = what {
            self.state.book.pending.retain(|d| d != doubt);
            if let Some(draft) = &mut self.state.draft
                && !draft.unresolved.contains(doubt)
            {
                draft.unresolved.push(doubt.clone());
            }
        }
        let id = what.id();
        if !matches!(
            what,
            Ask::Confirm { .. } | Ask::Offer { .. } | Ask::TellWhenBack { .. }
        ) && !self.state.book.given_up.contains(&id)
        {
            self.state.book.given_up.push(id);
        }
    }

    /// Nothing in the catalogue is near: no question makes sense.
    fn give_up_unasked(&mut self, doubt: Doubt) {
        let words = words_of(&doubt).to_owned();
        let what = Ask::Doubt { doubt };
        self.leave_to_seller(&what);
        if let Some(draft) = &self.state.draft {
            let draft_order = draft.id;
            self.notify(Notice::AskedInVain {
                draft_order,
                question: what.id(),
            });
        }
        let text = self
            .voice()
            .say(Key::NoSuch, &[("words", &speak::short(&words, 60))]);
        self.say(Purpose::Hold, Spoken::text(text));
        match self.next_need() {
            Some(Ask::Doubt { doubt }) if nothing_near(&doubt) => self.give_up_unasked(doubt),
            Some(what) => self.ask(what),
            None => {
                self.state.asked = None;
                self.pass_to_seller(Actor::Automation, "wants what is not in the catalog");
            }
        }
    }

    fn say_empty(&mut self, why: &str) {
        self.state.asked = None;
        self.move_draft(DraftEvent::Note, Actor::Automation, why);
        let text = self.voice().plain(Key::Empty);
        self.say(Purpose::Note, Spoken::text(text));
    }

    /// A typed yes. `true`: it meant something.
    pub(super) fn typed_yes(&mut self, mid: &str, confidence: f32) -> bool {
        let asked = self.state.asked.clone();
        match asked.map(|a| a.what) {
            Some(what) if confidence < YES_MIN => {
                if self.state.draft.is_some() {
                    self.ask(what);
                }
                true
            }
            Some(Ask::Confirm { revision }) => {
                self.agreed(revision, confidence);
                true
            }
            Some(Ask::Offer { .. }) => self.pick(mid, 0),
            Some(Ask::TellWhenBack { .. }) => {
                self.wait_as_offered();
                true
            }
            Some(Ask::Stock { free, .. }) if free > 0 => self.pick(mid, 0),
            Some(Ask::Doubt { doubt }) if sole_answer(&doubt) => self.pick(mid, 0),
            Some(_) => {
                self.proceed(false, "a yes to no yes-or-no question");
                true
            }
            None => self.yes_unasked(),
        }
    }

    fn yes_unasked(&mut self) -> bool {
        let Some(draft) = &self.state.draft else {
            return false;
        };
        if draft.stage == Stage::Open && draft.is_complete() {
            self.proceed(true, "the customer said yes");
        }
        true
    }
}

fn draft_is_empty(turn: &Turn<'_>) -> bool {
    turn.state.draft.as_ref().is_none_or(|d| d.lines.is_empty())
}

fn nothing_near(doubt: &Doubt) -> bool {
    match doubt {
        Doubt::AmbiguousProduct { candidates, .. } => candidates.is_empty(),
        Doubt::UnknownProduct { nearest, .. } => nearest.is_empty(),
        Doubt::UnclearOption { values, .. } => values.is_empty(),
    }
}

fn sole_answer(doubt: &Doubt) -> bool {
    match doubt {
        Doubt::AmbiguousProduct { candidates, .. } => candidates.len() == 1,
        Doubt::UnknownProduct { nearest, .. } => nearest.len() == 1,
        Doubt::UnclearOption { values, .. } => values.len() == 1,
    }
}
