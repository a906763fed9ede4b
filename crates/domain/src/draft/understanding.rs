//! What is understood at one point of a conversation, and how each step changes it.

use super::book::{Did, Step};
use super::lines::noted;
use super::{DraftLine, Origin};
use crate::catalog::RetailerId;
use crate::reading::{
    Change, Doubt, Intent, Mention, OptionChoice, OrderLine, ReadLine, Reading, Standing,
};

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
