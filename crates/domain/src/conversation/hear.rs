//! What the customer sends: words, products, things that cannot be read.

use super::ask::Ask;
use super::decision::{Notice, Purpose};
use super::flow::YES_MIN;
use super::incoming::{Context, Item, UnreadableKind};
use super::turn::{Spoken, Turn};
use crate::Timestamp;
use crate::draft::book::{Did, Step, Understanding};
use crate::draft::{Actor, DraftEvent, Stage};
use crate::reading::{Change, Doubt, Intent, Mention, OrderLine, Reading, Standing};
use crate::words::Key;

/// An order stays the subject of "cancel it" and "make it 3" for so long after confirmation.
const RECENT_MS: i64 = 7 * Timestamp::DAY;
/// Words below this confidence are for a person to look at.
const UNSURE_BELOW: f32 = 0.5;
/// A greeting or a thank-you has no more words than this.
const PLEASANTRY_WORDS_MAX: usize = 4;

impl Turn<'_> {
    /// The customer gave a sign: the window is open again.
    pub(super) fn heard(&mut self, at: Timestamp) {
        let at = at.min(self.now);
        self.state.last_customer_at = Some(self.state.last_customer_at.map_or(at, |l| l.max(at)));
    }

    /// Words.
    pub(super) fn text(&mut self, mid: &str, text: &str, context: &Context, at: Timestamp) {
        self.state.asked_in_words = false;
        if *context == Context::default() {
            if let Some(index) = self.numbered_answer(text) {
                self.pick(mid, index);
                return;
            }
            if let Some(tapped) = self.typed_button(text) {
                self.act(mid, tapped);
                return;
            }
        }
        let mentions = self.mentions(context);
        let before = self.understanding();
        let mut understanding = before.clone();
        let step = Step {
            mid: mid.to_owned(),
            did: Did::Text {
                text: text.to_owned(),
                mentions: mentions.clone(),
                second: None,
            },
        };
        let Some(reading) = understanding.take(&step, self.world.read) else {
            return;
        };
        self.annotate(&reading);
        self.learn_language(text, &reading);
        let mut learnt = self.learn_contact(&reading.contact, mid, at);
        if reading.intent == Intent::Other && reading.contact.is_empty() {
            learnt = self.learn_asked_address(text, mid, at);
        }
        if calls_off(&reading, &understanding) {
            self.called_off(mid, understanding);
            return;
        }
        let referred = if reading.changes.is_empty() && reading.doubts.is_empty() {
            self.referred(context)
        } else {
            Vec::new()
        };
        let referred_now = !referred.is_empty() && reading.intent != Intent::Confirm;
        let noted = !reading.changes.is_empty() || understanding.pending != before.pending;
        if self.state.draft.is_none() && (noted || referred_now) {
            self.open_draft(Actor::Customer, "the customer wants something");
        }
        self.keep(step, &understanding);
        let changed = self.adopt(understanding);
        if referred_now {
            self.prefill(mid, referred, reading.intent == Intent::Question);
        } else if noted || changed {
            self.go_on("the customer's words");
        } else {
            self.respond(mid, text, &reading, &mentions, learnt);
        }
    }

    /// Words that change no line.
    fn respond(
        &mut self,
        mid: &str,
        text: &str,
        reading: &Reading,
        mentions: &[Mention],
        learnt: bool,
    ) {
        match reading.intent {
            Intent::Question => self.answer(mid, reading, mentions),
            Intent::Confirm if self.typed_yes(mid, reading.intent_confidence) => {}
            Intent::Contact => self.contact_given(mid, learnt),
            Intent::Amend if self.state.draft.is_none() && self.recent_order().is_some() => {
                self.change_asked(mid);
            }
            Intent::Order | Intent::Amend if self.state.draft.is_none() => {
                self.wants_something(mid);
            }
            _ if self.takes_offer(mid, text) => {}
            _ => self.other(mid, text, reading, learnt),
        }
    }

    /// Wants to order, without saying what: asked so once, then a person's to look at.
    fn wants_something(&mut self, mid: &str) {
        if self.state.greeted {
            self.needs_person(mid);
        } else {
            self.message.needs_seller = true;
            self.notify(Notice::QuestionOpen {
                mid: mid.to_owned(),
            });
            self.greet();
        }
    }

    /// A yes to an offer, while nothing is noted yet. The parser takes a yes for one only where
    /// something stands to say yes to: so it is shown the offered line.
    fn takes_offer(&mut self, mid: &str, text: &str) -> bool {
        let (offered, waits) = match self.state.asked.as_ref().map(|a| &a.what) {
            _ if self.state.draft.is_some() => return false,
            Some(Ask::Offer { product }) => (self.wanted(product), false),
            Some(Ask::TellWhenBack { product, .. }) => (self.wanted(product), true),
            _ => return false,
        };
        let standing = Standing {
            lines: vec![offered],
            ..Standing::default()
        };
        let reading = (self.world.read)(text, &standing);
        let is_yes = reading.intent == Intent::Confirm
            && reading.intent_confidence >= YES_MIN
            && reading.changes.is_empty();
        if is_yes && waits {
            self.wait_as_offered();
            return true;
        }
        is_yes && self.pick(mid, 0)
    }

    /// Greetings, thanks and everything that means nothing for the order.
    fn other(&mut self, mid: &str, text: &str, reading: &Reading, learnt: bool) {
        let waiting = matches!(
            self.state.stage(),
            Some(Stage::AwaitingCustomer | Stage::AwaitingConfirmation)
        );
        if learnt && self.state.draft.is_some() {
            self.go_on("the customer's details");
        } else if waiting {
            self.proceed_asked();
        } else if reading.confidence < UNSURE_BELOW || reading.intent_confidence < UNSURE_BELOW {
            self.needs_person(mid);
        } else if text.split_whitespace().count() > PLEASANTRY_WORDS_MAX {
            // A complaint, a proposal, a story: nothing that a greeting answers.
            if self.state.draft.is_none() {
                self.needs_person(mid);
            }
        } else if !self.state.greeted && self.state.draft.is_none() {
            self.greet();
        } else if text.split_whitespace().count() >= 3 || text.contains(char::is_numeric) {
            // More than "ok" or "thank you": somebody should have seen it.
            self.message.needs_seller = true;
        }
    }

    fn greet(&mut self) {
        self.state.greeted = true;
        let shop = self.world.seller.name.as_str();
        let text = self.voice().say(Key::Greet, &[("shop", shop)]);
        if self.world.policy.confirmation != crate::policy::Confirmation::DraftOnly {
            self.say(Purpose::Greet, Spoken::text(text));
        }
    }

    /// Asks what is out once more.
    fn proceed_asked(&mut self) {
        match self.state.asked.as_ref().map(|asked| &asked.what) {
            Some(Ask::WhatToChange) => self.ask(Ask::WhatToChange),
            // An offer is not pressed.
            Some(Ask::Offer { .. }) => {}
            _ => self.proceed(false, "the customer's words answered nothing"),
        }
    }

    fn contact_given(&mut self, mid: &str, learnt: bool) {
        if self.state.draft.is_some() {
            let asked = self.state.asked.as_ref().map(|a| &a.what);
            if learnt || !matches!(asked, Some(Ask::Details { .. })) {
                self.go_on("the customer's details");
            } else {
                self.proceed(false, "the customer's details");
            }
            return;
        }
        if let Some(past) = self.recent_order() {
            self.notify(Notice::ChangedAfterConfirmation {
                mid: mid.to_owned(),
                draft_order: past,
            });
        }
        let text = self.voice().plain(Key::Noted);
        self.hold(Spoken::text(text));
    }

    /// The latest confirmed draft order, while it is still the subject.
    fn recent_order(&self) -> Option<crate::DraftOrderId> {
        let last = self.state.orders.last()?;
        (self.now.since(last.at) < RECENT_MS).then_some(last.draft_order)
    }

    /// A wish to change what is confirmed: the seller's to decide.
    fn change_asked(&mut self, mid: &str) {
        if let Some(draft_order) = self.recent_order() {
            self.message.needs_seller = true;
            self.notify(Notice::ChangedAfterConfirmation {
                mid: mid.to_owned(),
                draft_order,
            });
            let text = self.voice().plain(Key::ChangeAsked);
            self.say(Purpose::Note, Spoken::text(text));
        }
    }

    /// The whole order is called off.
    pub(super) fn called_off(&mut self, mid: &str, understanding: Understanding) {
        let purpose = Purpose::Note;
        let voice = self.voice();
        if self.state.draft.is_some() {
            // The lines stay on record as they were; only what was talked about goes.
            self.state.focus = understanding.focus;
            self.has_part(mid);
            self.move_draft(
                DraftEvent::Cancel,
                Actor::Customer,
                "the customer called it off",
            );
            self.say(purpose, Spoken::text(voice.plain(Key::Cancelled)));
        } else if let Some(draft_order) = self.recent_order() {
            self.message.needs_seller = true;
            self.notify(Notice::CancelAsked {
                mid: mid.to_owned(),
                draft_order,
            });
            self.say(purpose, Spoken::text(voice.plain(Key::CancelAsked)));
        } else {
            self.state.asked = None;
            self.say(purpose, Spoken::text(voice.plain(Key::NothingToCancel)));
        }
    }

    /// Writes a step into the book of the open draft order.
    pub(super) fn keep(&mut self, step: Step, after: &Understanding) {
        if self.state.draft.is_some() {
            self.has_part(&step.mid);
            self.state.book.write(step, after);
        }
    }

    /// Takes a step that needs no reading, opening a draft order for it.
    pub(super) fn take(&mut self, step: Step, why: &str) {
        let adds = matches!(step.did, Did::Added { .. });
        if adds {
            self.open_draft(Actor::Customer, why);
        }
        let mut understanding = self.understanding();
        understanding.take(&step, self.world.read);
        self.keep(step, &understanding);
        self.adopt(understanding);
    }

    /// Products that came with an event, without words.
    pub(super) fn products(&mut self, mid: &str, items: &[Item]) {
        self.state.asked_in_words = false;
        let lines = self.lines_of(items);
        if lines.len() < items.len() {
            self.message.needs_seller = true;
            self.notify(Notice::CannotRead {
                mid: mid.to_owned(),
                what: UnreadableKind::Share,
            });
        }
        if lines.is_empty() {
            let text = self.voice().plain(Key::Hold);
            self.hold(Spoken::text(text));
            return;
        }
        let step = Step {
            mid: mid.to_owned(),
            did: Did::Added { lines },
        };
        self.take(step, "products came with the message");
        self.proceed(true, "products came with the message");
    }

    fn lines_of(&self, items: &[Item]) -> Vec<OrderLine> {
        items
            .iter()
            .filter_map(|item| {
                let resolved = self.world.catalog.resolve(&item.id)?;
                Some(OrderLine {
                    product: resolved.product,
                    quantity: item.quantity.max(1),
                    options: resolved.options,
                })
            })
            .collect()
    }

    fn referred(&self, context: &Context) -> Vec<OrderLine> {
        let items: Vec<_> = context
            .products
            .iter()
            .map(|id| Item {
                id: id.clone(),
                quantity: 1,
            })
            .collect();
        let mut lines = self.lines_of(&items);
        if let Some(draft) = &self.state.draft {
            lines.retain(|line| !draft.lines.iter().any(|l| l.line.product == line.product));
        }
        lines
    }

    /// A referral's product is noted; when the words ask, it is answered and offered first.
    fn prefill(&mut self, mid: &str, lines: Vec<OrderLine>, asks: bool) {
        let products: Vec<_> = lines.iter().map(|line| line.product.clone()).collect();
        let step = Step {
            mid: mid.to_owned(),
            did: Did::Added { lines },
        };
        self.take(step, "the message came from a product");
        if asks {
            self.answer_about(mid, &products);
        } else {
            self.proceed(true, "the message came from a product");
        }
    }

    /// What a context means for "this one".
    pub(super) fn mentions(&self, context: &Context) -> Vec<Mention> {
        let mut products: Vec<_> = context
            .products
            .iter()
            .filter_map(|id| self.world.catalog.resolve(id))
            .map(|resolved| resolved.product)
            .collect();
        for media in &context.media {
            products.extend((self.world.media_products)(media));
        }
        products.retain(|id| self.world.catalog.product(id).is_some());
        let mut seen = Vec::new();
        products.retain(|id| {
            !seen.contains(id) && {
                seen.push(id.clone());
                true
            }
        });
        if products.is_empty() {
            return Vec::new();
        }
        vec![Mention {
            products,
            quantity: None,
            options: Vec::new(),
        }]
    }

    /// A picture, a sticker, a voice note.
    pub(super) fn unreadable(&mut self, mid: &str, what: UnreadableKind, context: &Context) {
        let mentions = self.mentions(context);
        if let Some(mention) = mentions.first() {
            let products = mention.products.clone();
            self.state.focus = mentions;
            self.answer_about(mid, &products);
            return;
        }
        self.message.unreadable = Some(what);
        if what == UnreadableKind::StoryMention {
            return;
        }
        self.message.needs_seller = true;
        self.notify(Notice::CannotRead {
            mid: mid.to_owned(),
            what,
        });
        if !self.state.asked_in_words && !self.state.is_quiet(self.now) {
            self.state.asked_in_words = true;
            let text = self.voice().plain(Key::InWords);
            self.say(Purpose::AskInWords, Spoken::text(text));
        }
    }
}

/// Whether the reading calls the whole order off, and not only to put another in its place.
fn calls_off(reading: &Reading, after: &Understanding) -> bool {
    let adds = reading
        .changes
        .iter()
        .any(|c| matches!(c, Change::Add { .. } | Change::Replace { .. }));
    reading.intent == Intent::Cancel && (!adds || after.lines.is_empty())
}

impl Turn<'_> {
    /// "2" after a numbered list of products is the second of them.
    fn numbered_answer(&self, text: &str) -> Option<u32> {
        let asked = self.state.asked.as_ref()?;
        let Ask::Doubt { doubt } = &asked.what else {
            return None;
        };
        let listed = match doubt {
            Doubt::AmbiguousProduct { candidates, .. } => candidates.len(),
            Doubt::UnknownProduct { nearest, .. } => nearest.len(),
            Doubt::UnclearOption { .. } => 0,
        };
        let digits = text
            .trim()
            .trim_start_matches('#')
            .trim_end_matches(['.', ')']);
        let number: usize = digits.parse().ok()?;
        (1..=listed.min(10))
            .contains(&number)
            .then(|| number as u32 - 1)
    }
}
