//! One decision in the making: the state as it changes, and what is to be done about it.

use super::decision::{
    Annotation, Button, Card, Decision, DetailChange, Notice, Purpose, Reply, Withheld,
};
use super::state::ConversationState;
use super::{World, window};
use crate::draft::book::{Book, Understanding};
use crate::draft::lifecycle::Transition;
use crate::draft::{Actor, DraftEvent, DraftOrder, Stage};
use crate::order::totals::{Charges, totals};
use crate::order::{NewOrder, PricedLine, price_line};
use crate::words::Voice;
use crate::{Timestamp, catalog};

pub(super) struct Turn<'a> {
    pub(super) before: &'a ConversationState,
    pub(super) state: ConversationState,
    pub(super) world: &'a World<'a>,
    pub(super) now: Timestamp,
    closed: Vec<DraftOrder>,
    transitions: Vec<Transition>,
    replies: Vec<Reply>,
    withheld: Vec<Withheld>,
    pub(super) details: Vec<DetailChange>,
    pub(super) order: Option<NewOrder>,
    pub(super) notices: Vec<Notice>,
    pub(super) message: Annotation,
}

/// Messages remembered as having a part in a draft order.
const MIDS_MAX: usize = 200;

/// What a reply is made of.
#[derive(Default)]
pub(super) struct Spoken {
    pub(super) text: String,
    pub(super) buttons: Vec<Button>,
    pub(super) cards: Vec<Card>,
}

impl Spoken {
    pub(super) fn text(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl<'a> Turn<'a> {
    pub(super) fn new(before: &'a ConversationState, world: &'a World<'a>, now: Timestamp) -> Self {
        Self {
            before,
            state: before.clone(),
            world,
            now,
            closed: Vec::new(),
            transitions: Vec::new(),
            replies: Vec::new(),
            withheld: Vec::new(),
            details: Vec::new(),
            order: None,
            notices: Vec::new(),
            message: Annotation::default(),
        }
    }

    pub(super) fn finish(mut self) -> Decision {
        self.refresh_draft();
        let mut drafts = self.closed;
        if let Some(draft) = &self.state.draft
            && self.before.draft.as_ref() != Some(draft)
        {
            drafts.push(draft.clone());
        }
        let wake_at = super::clock::wake_at(&self.state, self.world.policy);
        Decision {
            state: self.state,
            drafts,
            transitions: self.transitions,
            replies: self.replies,
            withheld: self.withheld,
            details: self.details,
            order: self.order,
            notices: self.notices,
            message: self.message,
            wake_at,
        }
    }

    pub(super) fn voice(&self) -> Voice<'a> {
        self.world.words.voice(
            self.state.language.as_deref(),
            self.state.romanized,
            &self.world.seller.language,
        )
    }

    /// Says something, unless a person speaks or the window is closed.
    pub(super) fn say(&mut self, purpose: Purpose, spoken: Spoken) {
        if !self.state.is_quiet(self.now) {
            self.say_for_seller(purpose, spoken);
        }
    }

    /// Says what the seller's own tap leads to, also while a person speaks.
    pub(super) fn say_for_seller(&mut self, purpose: Purpose, spoken: Spoken) {
        let until = self
            .state
            .last_customer_at
            .map(|at| at.plus(window::STANDARD_MS));
        match until {
            Some(send_before) if self.now < send_before => {
                self.state.greeted = true;
                self.replies.push(Reply {
                    purpose,
                    text: spoken.text,
                    buttons: spoken.buttons,
                    cards: spoken.cards,
                    send_before,
                });
            }
            _ => {
                self.notify(Notice::WindowClosed { purpose });
                self.withheld.push(Withheld {
                    purpose,
                    text: spoken.text,
                });
            }
        }
    }

    /// "We will get back to you", not more often than the policy says.
    pub(super) fn hold(&mut self, spoken: Spoken) {
        let held_lately = self
            .state
            .held_at
            .is_some_and(|at| self.now.since(at) < self.world.policy.holding_ms);
        if !held_lately && !self.state.is_quiet(self.now) {
            self.state.held_at = Some(self.now);
            self.say(Purpose::Hold, spoken);
        }
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Opens a draft order where there is none.
    pub(super) fn open_draft(&mut self, by: Actor, why: &str) {
        if self.state.draft.is_some() {
            return;
        }
        let id = self.world.draft_id;
        self.state.draft = Some(DraftOrder {
            id,
            stage: Stage::Open,
            stage_since: self.now,
            opened_at: self.now,
            lines: Vec::new(),
            revision: 0,
            confidence: 1.0,
            unresolved: Vec::new(),
            agreed: None,
            charges: None,
            totals: None,
            details: self.state.details.clone(),
            mids: Vec::new(),
            note: None,
            reason: None,
        });
        self.state.book = Book {
            base_focus: self.state.focus.clone(),
            base_doubts: self.state.doubts.clone(),
            ..Book::default()
        };
        self.state.asked = None;
        self.transitions.push(Transition {
            draft_order: Some(id),
            from: None,
            event: DraftEvent::Note,
            to: Some(Stage::Open),
            by,
            at: self.now,
            why: why.to_owned(),
        });
    }

    /// Moves the draft order by the table, and records it either way. `true`: it moved.
    pub(super) fn move_draft(&mut self, event: DraftEvent, by: Actor, why: &str) -> bool {
        self.refresh_draft();
        let draft = self.state.draft.as_mut();
        let from = draft.as_ref().map(|d| d.stage);
        let to = from.and_then(|stage| stage.after(event));
        self.transitions.push(Transition {
            draft_order: draft.as_ref().map(|d| d.id),
            from,
            event,
            to,
            by,
            at: self.now,
            why: why.to_owned(),
        });
        let (Some(draft), Some(to)) = (draft, to) else {
            return false;
        };
        draft.stage = to;
        draft.stage_since = self.now;
        if !matches!(to, Stage::AwaitingCustomer | Stage::AwaitingConfirmation) {
            self.state.asked = None;
        }
        if to != Stage::Open {
            self.state.settle_at = None;
        }
        if to.is_final() {
            self.closed.extend(self.state.draft.take());
            self.state.book = Book::default();
            self.state.read_back = None;
            self.state.focus.clear();
            self.state.doubts.clear();
        }
        true
    }

    /// Records that something was not done.
    pub(super) fn refuse(&mut self, event: DraftEvent, by: Actor, why: &str) {
        self.transitions.push(Transition {
            draft_order: self.state.draft.as_ref().map(|d| d.id),
            from: self.state.stage(),
            event,
            to: None,
            by,
            at: self.now,
            why: why.to_owned(),
        });
    }

    /// Passes the draft order to the seller and says so, unless it is there already.
    pub(super) fn pass_to_seller(&mut self, by: Actor, why: &str) {
        let was = self.state.stage();
        let revision = self.before.draft.as_ref().map(|d| d.revision);
        if self.move_draft(DraftEvent::PassToSeller, by, why)
            && let Some(draft) = &self.state.draft
            && (was != Some(Stage::AwaitingSeller) || revision != Some(draft.revision))
        {
            let draft_order = draft.id;
            self.notify(Notice::DraftReady { draft_order });
        }
    }

    /// What is understood now.
    pub(super) fn understanding(&self) -> Understanding {
        Understanding {
            lines: self
                .state
                .draft
                .as_ref()
                .map(|draft| draft.lines.clone())
                .unwrap_or_default(),
            focus: self.state.focus.clone(),
            doubts: self.state.doubts.clone(),
            pending: self.state.book.pending.clone(),
        }
    }

    /// Takes what is understood into the state. `true`: the lines are others than before.
    pub(super) fn adopt(&mut self, understanding: Understanding) -> bool {
        self.state.focus = understanding.focus;
        self.state.doubts = understanding.doubts;
        self.state.book.pending = understanding.pending;
        let Some(draft) = &mut self.state.draft else {
            return false;
        };
        let same = draft.lines.len() == understanding.lines.len()
            && draft
                .lines
                .iter()
                .zip(&understanding.lines)
                .all(|(a, b)| a.line == b.line);
        draft.lines = understanding.lines;
        if !same {
            draft.revision += 1;
        }
        self.refresh_draft();
        !same
    }

    pub(super) fn has_part(&mut self, mid: &str) {
        if let Some(draft) = &mut self.state.draft
            && !draft.mids.iter().any(|m| m == mid)
        {
            if draft.mids.len() >= MIDS_MAX {
                draft.mids.remove(0);
            }
            draft.mids.push(mid.to_owned());
        }
    }

    pub(super) fn charges(&self) -> Charges {
        self.state
            .draft
            .as_ref()
            .and_then(|draft| draft.charges)
            .unwrap_or(self.world.policy.charges)
    }

    pub(super) fn priced(&self) -> Option<Vec<PricedLine>> {
        let draft = self.state.draft.as_ref()?;
        draft
            .lines
            .iter()
            .map(|line| price_line(&line.line, self.world.catalog, self.now).ok())
            .collect()
    }

    /// Brings titles, prices, open options, totals and details of the draft order up to date.
    fn refresh_draft(&mut self) {
        let charges = self.charges();
        let Some(draft) = &mut self.state.draft else {
            return;
        };
        let mut priced = Vec::with_capacity(draft.lines.len());
        for line in &mut draft.lines {
            if let Some(product) = self.world.catalog.product(&line.line.product) {
                line.title.clone_from(&product.title);
                line.missing = catalog::price::missing_options(product, &line.line.options);
            }
            let price = price_line(&line.line, self.world.catalog, self.now).ok();
            line.unit_price = price.as_ref().map(|p| p.unit_price);
            priced.extend(price);
        }
        draft.totals = (priced.len() == draft.lines.len() && !priced.is_empty())
            .then(|| totals(&priced, &charges, self.world.seller.currency).ok())
            .flatten();
        draft.confidence = draft
            .lines
            .iter()
            .fold(1.0, |least, l| least.min(l.confidence));
        draft.details.clone_from(&self.state.details);
    }
}
