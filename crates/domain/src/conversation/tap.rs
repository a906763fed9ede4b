//! Taps on buttons: ours are verified, everybody else's are read as the words they show.

use super::ask::Ask;
use super::decision::{Notice, Purpose};
use super::incoming::Context;
use super::payload::{NotTaken, Tap, Tapped};
use super::turn::{Spoken, Turn};
use crate::Timestamp;
use crate::catalog::RetailerId;
use crate::catalog::price::stock_id;
use crate::draft::book::{Did, Step, words_of};
use crate::reading::{Doubt, Mention, OptionChoice, OrderLine};
use crate::words::Key;

impl Turn<'_> {
    /// A tap.
    pub(super) fn tapped(&mut self, mid: &str, payload: &str, title: &str, at: Timestamp) {
        let current = self.state.asked.as_ref().map(|asked| asked.number);
        match self.world.key.open(payload, self.now) {
            Err(NotTaken::Foreign) => self.text(mid, title, &Context::default(), at),
            Ok(tapped) if Some(tapped.question) == current => {
                self.state.asked_in_words = false;
                self.act(mid, tapped);
            }
            Ok(tapped) if self.is_last_read_back(tapped) => self.late(mid, tapped),
            Ok(tapped) | Err(NotTaken::Expired(tapped)) => self.stale(mid, tapped, title, at),
        }
    }

    /// The button of the question that is out whose words the customer typed instead of tapping it.
    pub(super) fn typed_button(&self, text: &str) -> Option<Tapped> {
        let asked = self.state.asked.as_ref()?;
        let voice = self.voice();
        let plain = |tap, key| (tap, voice.plain(key));
        let shown = match &asked.what {
            Ask::Confirm { .. } => vec![
                plain(Tap::Confirm, Key::Confirm),
                plain(Tap::Change, Key::Change),
                plain(Tap::Cancel, Key::Cancel),
            ],
            Ask::Doubt { .. } => vec![plain(Tap::None, Key::NoneOfThese)],
            Ask::Stock { free, .. } => {
                let take = voice.say(Key::TakeFree, &[("free", &free.to_string())]);
                let mut shown = vec![plain(Tap::None, Key::LeaveOut), plain(Tap::Wait, Key::Wait)];
                shown.extend((*free > 0).then_some((Tap::Pick, take)));
                shown
            }
            Ask::Offer { .. } => vec![plain(Tap::Pick, Key::OrderIt)],
            Ask::TellWhenBack { .. } => vec![plain(Tap::Wait, Key::Wait)],
            Ask::MissingOption { .. } | Ask::Details { .. } | Ask::WhatToChange => Vec::new(),
        };
        let typed = bare(text);
        let (tap, _) = shown
            .into_iter()
            .find(|(_, title)| !typed.is_empty() && bare(title) == typed)?;
        Some(Tapped {
            tap,
            question: asked.number,
            index: 0,
        })
    }

    pub(super) fn act(&mut self, mid: &str, tapped: Tapped) {
        let Some(what) = self.state.asked.as_ref().map(|a| a.what.clone()) else {
            return;
        };
        self.has_part(mid);
        match (tapped.tap, &what) {
            (Tap::Confirm, Ask::Confirm { revision }) => self.agreed(*revision, 1.0),
            (Tap::Change, _) => self.ask(Ask::WhatToChange),
            (Tap::Cancel, _) => {
                let understanding = self.understanding();
                self.called_off(mid, understanding);
            }
            (Tap::Pick, _) => {
                self.pick(mid, tapped.index);
            }
            (Tap::None, _) => self.none_of_these(mid, &what),
            (
                Tap::Wait,
                Ask::Stock {
                    product,
                    item,
                    wanted,
                    ..
                },
            ) => {
                self.wait_for(product, item, *wanted);
                self.none_of_these(mid, &what);
            }
            (Tap::Wait, Ask::TellWhenBack { .. }) => self.wait_as_offered(),
            (Tap::Confirm | Tap::Wait, _) => self.proceed(false, "a tap that fits no question"),
        }
    }

    /// Whether the tap belongs to the last read-back, and the lines are still those.
    fn is_last_read_back(&self, tapped: Tapped) -> bool {
        let (Some(shown), Some(draft)) = (self.state.read_back, &self.state.draft) else {
            return false;
        };
        shown.question == tapped.question && shown.revision == draft.revision
    }

    /// An answer to the last read-back after something else was asked or a person spoke.
    fn late(&mut self, mid: &str, tapped: Tapped) {
        self.state.asked_in_words = false;
        self.has_part(mid);
        match (tapped.tap, self.state.read_back) {
            // Twice on Confirm: the first one counted.
            (Tap::Confirm, _) if self.is_agreed() => {}
            (Tap::Confirm, Some(shown)) => self.agreed(shown.revision, 1.0),
            (Tap::Cancel, _) => {
                let understanding = self.understanding();
                self.called_off(mid, understanding);
            }
            _ if self.state.is_quiet(self.now) => self.needs_person(mid),
            _ => self.ask(Ask::WhatToChange),
        }
    }

    /// A button of an earlier question, or one whose time is over.
    fn stale(&mut self, mid: &str, tapped: Tapped, title: &str, at: Timestamp) {
        let deciding = matches!(tapped.tap, Tap::Confirm | Tap::Change | Tap::Cancel);
        match self.state.stage() {
            Some(_) if deciding => {
                let text = self.voice().plain(Key::Again);
                self.say(Purpose::Note, Spoken::text(text));
                self.proceed(true, "a button of an earlier question");
            }
            None if tapped.tap == Tap::Confirm && !self.state.orders.is_empty() => {}
            None if tapped.tap == Tap::Cancel => {
                let understanding = self.understanding();
                self.called_off(mid, understanding);
            }
            None if deciding => self.needs_person(mid),
            // "1. Blue mug" on an old list says what it says.
            _ => {
                let words = title.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                self.text(mid, words.trim(), &Context::default(), at);
            }
        }
    }

    fn is_agreed(&self) -> bool {
        self.state
            .draft
            .as_ref()
            .is_some_and(|draft| draft.agreed == Some(draft.revision))
    }

    /// The n-th answer of the question that is out. `true`: there is such an answer.
    pub(super) fn pick(&mut self, mid: &str, index: u32) -> bool {
        self.state.asked_in_words = false;
        let Some(asked) = self.state.asked.clone() else {
            return false;
        };
        let Some(did) = self.picked(&asked.what, index as usize) else {
            self.proceed(false, "a tap that fits no answer");
            return false;
        };
        self.state.asked = None;
        let step = Step {
            mid: mid.to_owned(),
            did,
        };
        let noted_already = matches!(&asked.what, Ask::Offer { product }
            if self.state.draft.as_ref().is_some_and(|d| d.lines.iter().any(|l| l.line.product == *product)));
        if !noted_already {
            self.take(step, "the customer's choice");
        }
        self.proceed(true, "the customer's choice");
        true
    }

    fn picked(&self, what: &Ask, index: usize) -> Option<Did> {
        match what {
            Ask::Doubt { doubt } => self.picked_of_doubt(doubt, index),
            Ask::MissingOption {
                product,
                option,
                values,
            } => Some(Did::Chose {
                product: product.clone(),
                option: option.clone(),
                value: values.get(index)?.clone(),
            }),
            Ask::Stock { item, free, .. } if *free > 0 => {
                let (product, options) = self.line_of_stock(item)?;
                Some(Did::Counted {
                    product,
                    options,
                    quantity: u32::try_from(*free).ok()?,
                })
            }
            Ask::Offer { product } => Some(Did::Added {
                lines: vec![self.wanted(product)],
            }),
            _ => None,
        }
    }

    fn picked_of_doubt(&self, doubt: &Doubt, index: usize) -> Option<Did> {
        match doubt {
            Doubt::AmbiguousProduct {
                quantity,
                options,
                candidates,
                ..
            } => Some(Did::Added {
                lines: vec![self.line(candidates.get(index)?, *quantity, options)],
            }),
            Doubt::UnknownProduct {
                quantity, nearest, ..
            } => Some(Did::Added {
                lines: vec![self.line(nearest.get(index)?, *quantity, &[])],
            }),
            Doubt::UnclearOption {
                product,
                option,
                values,
                ..
            } => Some(Did::Chose {
                product: product.clone(),
                option: option.clone(),
                value: values.get(index)?.clone(),
            }),
        }
    }

    /// A line with the choices that the product has.
    fn line(&self, id: &RetailerId, quantity: u32, options: &[OptionChoice]) -> OrderLine {
        let product = self.world.catalog.product(id);
        let offered = |choice: &&OptionChoice| {
            product
                .and_then(|p| p.option(&choice.name))
                .is_some_and(|o| o.values.iter().any(|v| v.value == choice.value))
        };
        let mut options: Vec<_> = options.iter().filter(offered).cloned().collect();
        options.sort();
        OrderLine {
            product: id.clone(),
            quantity: quantity.max(1),
            options,
        }
    }

    /// The product of an offer, as it was asked about ("2 in M").
    pub(super) fn wanted(&self, id: &RetailerId) -> OrderLine {
        let about = |m: &&Mention| m.products.contains(id);
        match self.state.focus.iter().rev().find(about) {
            Some(mention) => self.line(id, mention.quantity.unwrap_or(1), &mention.options),
            None => self.line(id, 1, &[]),
        }
    }

    fn line_of_stock(&self, item: &RetailerId) -> Option<(RetailerId, Vec<OptionChoice>)> {
        let draft = self.state.draft.as_ref()?;
        draft.lines.iter().find_map(|line| {
            let product = self.world.catalog.product(&line.line.product)?;
            (stock_id(product, &line.line.options) == item)
                .then(|| (line.line.product.clone(), line.line.options.clone()))
        })
    }

    fn none_of_these(&mut self, mid: &str, what: &Ask) {
        let did = match what {
            Ask::Doubt { doubt } => Some(Did::Dismissed {
                words: words_of(doubt).to_owned(),
            }),
            Ask::Stock { item, .. } => {
                self.line_of_stock(item)
                    .map(|(product, options)| Did::Counted {
                        product,
                        options,
                        quantity: 0,
                    })
            }
            _ => None,
        };
        self.state.asked = None;
        if let Some(did) = did {
            let step = Step {
                mid: mid.to_owned(),
                did,
            };
            self.take(step, "the customer's choice");
        }
        self.proceed(true, "none of the answers");
        if let (Ask::Doubt { .. }, true) = (what, self.draft_is_bare()) {
            self.notify(Notice::QuestionOpen {
                mid: mid.to_owned(),
            });
        }
    }

    fn draft_is_bare(&self) -> bool {
        self.state
            .draft
            .as_ref()
            .is_some_and(|d| d.lines.is_empty())
    }
}

/// Letters and digits only, in lower case.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
