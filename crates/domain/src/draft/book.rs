//! How a draft order's lines came to be: every message that had a part in it, so that an edited
//! message is read again and a deleted one withdrawn.

use serde::{Deserialize, Serialize};

use super::{DraftLine, Origin};
use crate::catalog::RetailerId;
use crate::reading::{
    Change, Doubt, Intent, Mention, OptionChoice, OrderLine, ReadLine, Reading, Standing,
};

/// What one message did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Did {
    /// Was read.
    Text {
        /// Its words.
        text: String,
        /// What it referred to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
        /// What a second reader made of them, where it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second: Option<Box<SecondReading>>,
    },
    /// Added lines without being read: a cart, a referral, a tapped product.
    Added {
        /// Them.
        lines: Vec<OrderLine>,
    },
    /// Settled an option of a line, by tap.
    Chose {
        /// The line's product.
        product: RetailerId,
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// Set a line's quantity (0 drops it), by tap.
    Counted {
        /// The line's product.
        product: RetailerId,
        /// The line's choices.
        #[serde(default)]
        options: Vec<OptionChoice>,
        /// How many.
        quantity: u32,
    },
    /// Dismissed a doubt ("none of these"), by tap.
    Dismissed {
        /// Its words.
        words: String,
    },
}

/// What a second reader made of a message. Good only while the order stands as it stood then: its
/// changes name lines by their places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondReading {
    /// The order before the message.
    pub before: Vec<OrderLine>,
    /// The reading.
    pub reading: Reading,
}

/// One message's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Meta's message id.
    pub mid: String,
    /// What it did.
    #[serde(flatten)]
    pub did: Did,
}

/// What a draft order is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    /// The lines before the first step: the seller's own, or those of steps no longer kept.
    pub base: Vec<DraftLine>,
    /// What was talked about before the first step.
    pub base_focus: Vec<Mention>,
    /// What was unsure before the first step.
    pub base_doubts: Vec<Doubt>,
    /// The steps, oldest first, at most [`Book::STEPS_MAX`].
    pub steps: Vec<Step>,
    /// What is unsure and still to be asked, the next first.
    pub pending: Vec<Doubt>,
    /// What was asked in vain: not asked again.
    pub given_up: Vec<String>,
}

/// The parser, as a decision is given it.
pub type Read<'a> = &'a dyn Fn(&str, &Standing) -> Reading;

/// What is understood at one point of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Understanding {
    /// The lines.
    pub lines: Vec<DraftLine>,
    /// What was talked about.
    pub focus: Vec<Mention>,
    /// What was last unsure, for the parser.
    pub doubts: Vec<Doubt>,
    /// What is unsure and still to be asked.
    pub pending: Vec<Doubt>,
}

/// Doubts kept for asking.
const PENDING_MAX: usize = 5;

impl Book {
    /// Steps kept; older ones can no longer be edited or withdrawn.
    pub const STEPS_MAX: usize = 40;

    /// Writes a step down. Past the limit, what is understood becomes the base for what follows.
    pub fn write(&mut self, step: Step, after: &Understanding) {
        if self.steps.len() >= Self::STEPS_MAX {
            self.steps.clear();
            self.base.clone_from(&after.lines);
            self.base_focus.clone_from(&after.focus);
            self.base_doubts.clone_from(&after.doubts);
        } else {
            self.steps.push(step);
        }
    }

    /// What is understood when every step is taken again.
    #[must_use]
    pub fn replay(&self, read: Read<'_>) -> Understanding {
        let mut understanding = Understanding {
            lines: self.base.clone(),
            focus: self.base_focus.clone(),
            doubts: self.base_doubts.clone(),
            pending: Vec::new(),
        };
        for step in &self.steps {
            understanding.take(step, read);
        }
        understanding
            .pending
            .retain(|doubt| !self.given_up.iter().any(|w| w == words_of(doubt)));
        understanding
    }
}

impl Understanding {
    /// Takes one step; a text's reading is returned.
    pub fn take(&mut self, step: &Step, read: Read<'_>) -> Option<Reading> {
        let origin = Origin::Message {
            mid: step.mid.clone(),
        };
        match &step.did {
            Did::Text {
                text,
                mentions,
                second,
            } => {
                let mut focus = self.focus.clone();
                focus.extend(mentions.iter().cloned());
                let standing = Standing {
                    lines: self.lines.iter().map(|l| l.line.clone()).collect(),
                    focus,
                    doubts: self.doubts.clone(),
                };
                let reading = match second {
                    Some(second) if second.before == standing.lines => second.reading.clone(),
                    _ => read(text, &standing),
                };
                if reading.focus.is_empty() {
                    self.focus = standing.focus;
                }
                self.note(&reading, &origin);
                return Some(reading);
            }
            Did::Added { lines } => self.add(lines, &origin),
            Did::Chose {
                product,
                option,
                value,
            } => self.choose(product, option, value, &origin),
            Did::Counted {
                product,
                options,
                quantity,
            } => self.count(product, options, *quantity, &origin),
            Did::Dismissed { words } => self.pending.retain(|doubt| words_of(doubt) != words),
        }
        self.doubts = self.pending.first().cloned().into_iter().collect();
        None
    }

    /// Takes a reading.
    pub fn note(&mut self, reading: &Reading, origin: &Origin) {
        self.settle(reading);
        self.lines = noted(&self.lines, &reading.changes, origin);
        if !reading.focus.is_empty() {
            self.focus.clone_from(&reading.focus);
        }
        let asks = match reading.intent {
            Intent::Order | Intent::Amend => true,
            Intent::Confirm | Intent::Contact => !self.lines.is_empty(),
            Intent::Question | Intent::Other | Intent::Cancel => false,
        };
        if asks {
            for doubt in &reading.doubts {
                self.pending.retain(|d| words_of(d) != words_of(doubt));
                self.pending.push(doubt.clone());
            }
            self.pending.truncate(PENDING_MAX);
        }
        self.doubts = if reading.doubts.is_empty() {
            self.pending.first().cloned().into_iter().collect()
        } else {
            reading.doubts.clone()
        };
    }

    /// Drops the pending doubts that a reading answers.
    fn settle(&mut self, reading: &Reading) {
        if self.pending.is_empty() {
            return;
        }
        for change in &reading.changes {
            match change {
                Change::Clear => self.pending.clear(),
                Change::Remove { index, .. } => {
                    if let Some(gone) = self.lines.get(*index) {
                        let gone = gone.line.product.clone();
                        self.pending.retain(|doubt| !is_option_of(doubt, &gone));
                    }
                }
                Change::Add { line } | Change::Replace { line, .. } => self.settle_by(&line.line),
            }
        }
    }

    fn settle_by(&mut self, line: &OrderLine) {
        let mut first = true;
        self.pending.retain(|doubt| {
            let asked_now = std::mem::take(&mut first);
            match doubt {
                Doubt::AmbiguousProduct { candidates, .. } => !candidates.contains(&line.product),
                // What replaces an unknown product need not be near it.
                Doubt::UnknownProduct { nearest, .. } => {
                    !(asked_now || nearest.contains(&line.product))
                }
                Doubt::UnclearOption {
                    product, option, ..
                } => !(*product == line.product && line.options.iter().any(|o| o.name == *option)),
            }
        });
    }

    fn add(&mut self, lines: &[OrderLine], origin: &Origin) {
        let changes: Vec<_> = lines
            .iter()
            .map(|line| Change::Add {
                line: sure(line.clone()),
            })
            .collect();
        for line in lines {
            self.settle_by(line);
        }
        self.lines = noted(&self.lines, &changes, origin);
        self.focus = lines
            .last()
            .map(|line| Mention {
                products: vec![line.product.clone()],
                quantity: Some(line.quantity),
                options: line.options.clone(),
            })
            .into_iter()
            .collect();
    }

    fn choose(&mut self, product: &RetailerId, option: &str, value: &str, origin: &Origin) {
        let open = self.lines.iter().position(|l| {
            l.line.product == *product && !l.line.options.iter().any(|o| o.name == option)
        });
        let any = || self.lines.iter().position(|l| l.line.product == *product);
        if let Some(index) = open.or_else(any) {
            let mut line = self.lines[index].line.clone();
            line.options.retain(|o| o.name != option);
            line.options.push(plain_choice(option, value));
            self.settle_by(&line);
            let confidence = self.lines[index].confidence;
            let line = ReadLine {
                confidence,
                ..sure(line)
            };
            self.lines = noted(&self.lines, &[Change::Replace { index, line }], origin);
        }
    }

    fn count(
        &mut self,
        product: &RetailerId,
        options: &[OptionChoice],
        quantity: u32,
        origin: &Origin,
    ) {
        let place = self
            .lines
            .iter()
            .position(|l| l.line.product == *product && l.line.options == options);
        let Some(index) = place else { return };
        let change = if quantity == 0 {
            Change::Remove {
                index,
                spans: Vec::new(),
            }
        } else {
            let mut line = self.lines[index].line.clone();
            line.quantity = quantity;
            Change::Replace {
                index,
                line: ReadLine {
                    confidence: self.lines[index].confidence,
                    ..sure(line)
                },
            }
        };
        self.lines = noted(&self.lines, &[change], origin);
    }
}

/// A choice without more to it.
#[must_use]
pub fn plain_choice(name: &str, value: &str) -> OptionChoice {
    OptionChoice {
        name: name.to_owned(),
        value: value.to_owned(),
        negated: false,
        amount: None,
        count: 1,
    }
}

fn sure(line: OrderLine) -> ReadLine {
    ReadLine {
        line,
        confidence: 1.0,
        spans: Vec::new(),
        missing: Vec::new(),
    }
}

/// The customer's words that a doubt is about.
#[must_use]
pub fn words_of(doubt: &Doubt) -> &str {
    match doubt {
        Doubt::AmbiguousProduct { words, .. }
        | Doubt::UnknownProduct { words, .. }
        | Doubt::UnclearOption { words, .. } => words,
    }
}

fn is_option_of(doubt: &Doubt, id: &RetailerId) -> bool {
    matches!(doubt, Doubt::UnclearOption { product, .. } if product == id)
}

/// As [`crate::reading::apply_changes`], with every line's origin kept.
#[must_use]
pub fn noted(lines: &[DraftLine], changes: &[Change], origin: &Origin) -> Vec<DraftLine> {
    let mut slots: Vec<Option<DraftLine>> = lines.iter().cloned().map(Some).collect();
    let mut added = Vec::new();
    for change in changes {
        match change {
            Change::Add { line } => added.push(fresh_line(line, origin.clone())),
            Change::Replace { index, line } => {
                if let Some(slot) = slots.get_mut(*index) {
                    let before = slot.take();
                    *slot = Some(replaced(before, line, origin));
                }
            }
            Change::Remove { index, .. } => {
                if let Some(slot) = slots.get_mut(*index) {
                    *slot = None;
                }
            }
            Change::Clear => {
                slots.fill(None);
                added.clear();
            }
        }
    }
    merged(slots.into_iter().flatten().chain(added))
}

fn fresh_line(read: &ReadLine, added_by: Origin) -> DraftLine {
    DraftLine {
        line: read.line.clone(),
        confidence: read.confidence,
        missing: read.missing.clone(),
        added_by,
        changed_by: Vec::new(),
        title: String::new(),
        unit_price: None,
    }
}

fn replaced(before: Option<DraftLine>, read: &ReadLine, origin: &Origin) -> DraftLine {
    let mut line = fresh_line(read, origin.clone());
    if let Some(before) = before {
        line.added_by = before.added_by;
        line.changed_by = before.changed_by;
        remember(&mut line, origin.clone());
    }
    line
}

fn remember(line: &mut DraftLine, origin: Origin) {
    if line.added_by != origin && !line.changed_by.contains(&origin) {
        line.changed_by.push(origin);
    }
}

fn merged(lines: impl Iterator<Item = DraftLine>) -> Vec<DraftLine> {
    let mut merged: Vec<DraftLine> = Vec::new();
    for mut line in lines {
        line.line.options.sort();
        let twin = merged
            .iter_mut()
            .find(|l| l.line.product == line.line.product && l.line.options == line.line.options);
        match twin {
            Some(twin) => {
                twin.line.quantity = twin.line.quantity.saturating_add(line.line.quantity);
                twin.confidence = twin.confidence.min(line.confidence);
                remember(twin, line.added_by);
                for origin in line.changed_by {
                    remember(twin, origin);
                }
            }
            None => merged.push(line),
        }
    }
    merged
}
