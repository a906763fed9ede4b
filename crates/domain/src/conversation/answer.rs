//! Answers from the catalogue, and the holding reply where there are none.

use std::fmt::Write as _;

use super::ask::{Ask, Asked};
use super::decision::{Notice, Purpose};
use super::speak;
use super::turn::{Spoken, Turn};
use crate::catalog::RetailerId;
use crate::draft::{Actor, DraftEvent, Stage};
use crate::policy::Confirmation;
use crate::reading::{Doubt, Mention, Reading};
use crate::words::Key;

/// Products answered about in one message.
const ANSWERS_MAX: usize = 6;
/// Values shown of an option.
const VALUES_MAX: usize = 15;

impl Turn<'_> {
    /// Price and availability, where the reading says of what.
    pub(super) fn answer(&mut self, mid: &str, reading: &Reading, mentions: &[Mention]) {
        if self.state.stage() == Some(Stage::AwaitingSeller) {
            // "Can I change to L?" should be seen before the tap that confirms.
            self.message.needs_seller = true;
            self.notify(Notice::QuestionOpen {
                mid: mid.to_owned(),
            });
        }
        let of_mentions = |mentions: &[Mention]| -> Vec<RetailerId> {
            mentions
                .iter()
                .rev()
                .flat_map(|m| m.products.clone())
                .collect()
        };
        let mut products = of_mentions(&reading.focus);
        for doubt in &reading.doubts {
            match doubt {
                Doubt::AmbiguousProduct { candidates, .. } => products.extend(candidates.clone()),
                Doubt::UnknownProduct { words, nearest, .. } => {
                    self.answer_unknown(mid, words, nearest.clone());
                    return;
                }
                Doubt::UnclearOption { product, .. } => products.push(product.clone()),
            }
        }
        if products.is_empty() {
            products = of_mentions(mentions);
        }
        self.answer_about(mid, &products);
    }

    fn answer_unknown(&mut self, mid: &str, words: &str, mut nearest: Vec<RetailerId>) {
        nearest.retain(|id| self.world.catalog.product(id).is_some());
        nearest.truncate(ANSWERS_MAX);
        let words = speak::short(words, 60);
        if nearest.is_empty() {
            self.message.needs_seller = true;
            self.notify(Notice::QuestionOpen {
                mid: mid.to_owned(),
            });
            let text = self.voice().say(Key::NoSuch, &[("words", &words)]);
            self.hold(Spoken::text(text));
            return;
        }
        let head = self.voice().say(Key::AskNearest, &[("words", &words)]);
        let text = std::iter::once(head)
            .chain(self.facts(&nearest))
            .collect::<Vec<_>>()
            .join("\n");
        self.say_answer(Spoken::text(text));
    }

    fn facts(&self, products: &[RetailerId]) -> Vec<String> {
        let voice = self.voice();
        products
            .iter()
            .filter_map(|id| self.world.catalog.product(id))
            .map(|product| speak::availability(self, voice, product))
            .collect()
    }

    /// What there is to choose, below the answer about a single product.
    fn push_choices(&self, text: &mut String, id: &RetailerId) {
        let options = self.world.catalog.product(id).map(|p| &p.options);
        for option in options.into_iter().flatten().filter(|o| o.required) {
            let values: Vec<_> = option.values.iter().map(|v| v.value.as_str()).collect();
            let shown = &values[..values.len().min(VALUES_MAX)];
            let more = if shown.len() < values.len() {
                " / …"
            } else {
                ""
            };
            let _ = write!(text, "\n{}: {}{more}", option.name, shown.join(" / "));
        }
    }

    fn say_answer(&mut self, spoken: Spoken) {
        if self.world.policy.confirmation == Confirmation::DraftOnly {
            self.hold(Spoken::text(self.voice().plain(Key::Hold)));
        } else {
            self.say(Purpose::Answer, spoken);
        }
    }

    /// Price and availability of products, with an offer to note the only one.
    pub(super) fn answer_about(&mut self, mid: &str, products: &[RetailerId]) {
        let mut known: Vec<RetailerId> = Vec::new();
        for id in products {
            if self.world.catalog.product(id).is_some() && !known.contains(id) {
                known.push(id.clone());
            }
        }
        known.truncate(ANSWERS_MAX);
        if known.is_empty() {
            self.needs_person(mid);
            // "How much is it in all?" has its answer there.
            if self.state.stage() == Some(Stage::AwaitingConfirmation) {
                self.remind();
            }
            return;
        }
        let mut text = self.facts(&known).join("\n");
        if let [product] = &known[..] {
            self.push_choices(&mut text, product);
        }
        let quiet = self.state.is_quiet(self.now)
            || self.world.policy.confirmation == Confirmation::DraftOnly;
        if quiet {
            self.needs_person(mid);
            return;
        }
        let offered = self.offer_to_tell(&known).or_else(|| self.offer(&known));
        let mut buttons = Vec::new();
        if let Some((what, number)) = offered {
            let offer = speak::question(self, &what, number);
            text.push('\n');
            text.push_str(&offer.text);
            buttons = offer.buttons;
        }
        self.say_answer(Spoken {
            text,
            buttons,
            cards: Vec::new(),
        });
        self.remind();
    }

    /// Offers the only product asked about, unless another question is out or it is noted and
    /// settled already.
    pub(super) fn offer(&mut self, known: &[RetailerId]) -> Option<(Ask, u32)> {
        let [product] = known else { return None };
        let fresh = self.state.draft.as_ref().is_none_or(|draft| {
            draft.stage == Stage::Open && draft.lines.iter().all(|l| l.line.product == *product)
        });
        let sold_out = self.world.catalog.product(product).is_some_and(|p| {
            p.variants.is_empty()
                && self
                    .world
                    .catalog
                    .free(product)
                    .is_some_and(|free| free <= 0)
        });
        if !self.is_free_to_offer() || !fresh || sold_out {
            return None;
        }
        let what = Ask::Offer {
            product: product.clone(),
        };
        let number = self.put(what.clone());
        if self.state.draft.is_some() {
            self.move_draft(
                DraftEvent::Ask,
                Actor::Automation,
                "offered the product that was asked about",
            );
        }
        Some((what, number))
    }

    /// Whether no question is out that must be answered first.
    pub(super) fn is_free_to_offer(&self) -> bool {
        let asked = self.state.asked.as_ref().map(|a| &a.what);
        matches!(
            asked,
            None | Some(Ask::Offer { .. } | Ask::TellWhenBack { .. })
        )
    }

    /// After an answer, the question that is out is put once more, within its repetitions.
    fn remind(&mut self) {
        if let Some(asked) = self.state.asked.clone()
            && !matches!(asked.what, Ask::Offer { .. } | Ask::TellWhenBack { .. })
            && asked.repetitions < Asked::REPETITIONS_MAX
        {
            self.ask(asked.what);
        }
    }

    /// A person has to look at it; the customer hears so once.
    pub(super) fn needs_person(&mut self, mid: &str) {
        self.message.needs_seller = true;
        self.notify(Notice::QuestionOpen {
            mid: mid.to_owned(),
        });
        let text = self.voice().plain(Key::Hold);
        self.hold(Spoken::text(text));
    }
}
