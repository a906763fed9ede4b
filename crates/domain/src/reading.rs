//! What a message was read as: the contract between the parser, which makes readings, and the
//! conversation, which acts on them. A reading is never an error: what is unsure is a [`Doubt`].

use serde::{Deserialize, Serialize};

use crate::catalog::RetailerId;

/// A stretch of the customer's text, in bytes of the message as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// First lines of an order.
    Order,
    /// A standing order changes.
    Amend,
    /// Yes to what was read back or stands.
    Confirm,
    /// The whole order is called off.
    Cancel,
    /// Asks something; orders nothing.
    Question,
    /// Contact details only.
    Contact,
    /// Greetings, thanks, everything else.
    Other,
}

impl Intent {
    /// The word used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Amend => "amend",
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::Question => "question",
            Self::Contact => "contact",
            Self::Other => "other",
        }
    }
}

/// How much of an option is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// "extra", "lots of".
    Extra,
    /// "light", "a little".
    Light,
}

/// One chosen value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OptionChoice {
    /// The option's name in the catalogue.
    pub name: String,
    /// The value in the catalogue.
    pub value: String,
    /// "no onions".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// "extra cheese".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// "double egg" is 2.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_one(count: &u32) -> bool {
    *count == 1
}

/// One line of an order: a product, how many, with which choices (sorted).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderLine {
    /// The product's `retailer_id`.
    pub product: RetailerId,
    /// How many, at least 1.
    pub quantity: u32,
    /// The choices, sorted by name and value.
    #[serde(default)]
    pub options: Vec<OptionChoice>,
}

/// A line as it was read, with why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadLine {
    /// What is wanted.
    #[serde(flatten)]
    pub line: OrderLine,
    /// How sure, 0 to 1; calibrated: 0.9 means right at least nine times in ten.
    pub confidence: f32,
    /// The words it came from.
    pub spans: Vec<Span>,
    /// Names of required options that were not given.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// One change to the standing order. Indexes are places in [`Standing::lines`] as it was before
/// the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A new line.
    Add {
        /// It.
        line: ReadLine,
    },
    /// A standing line becomes another (quantity, options or product).
    Replace {
        /// Which one.
        index: usize,
        /// What it becomes.
        line: ReadLine,
    },
    /// A standing line is dropped.
    Remove {
        /// Which one.
        index: usize,
        /// The words that say so.
        spans: Vec<Span>,
    },
    /// Every line is dropped.
    Clear,
}

/// Something the reader is unsure of, for the conversation to ask about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum Doubt {
    /// The words fit several products equally well.
    AmbiguousProduct {
        /// The customer's words.
        words: String,
        /// Where they stand.
        span: Span,
        /// The quantity that was said, else 1.
        quantity: u32,
        /// The choices that were said, as far as all candidates offer them.
        options: Vec<OptionChoice>,
        /// The products that fit, best first, at most 10.
        candidates: Vec<RetailerId>,
    },
    /// The words name goods that are not in the catalogue.
    UnknownProduct {
        /// The customer's words.
        words: String,
        /// Where they stand.
        span: Span,
        /// The quantity that was said, else 1.
        quantity: u32,
        /// The nearest products, possibly none, best first, at most 10.
        nearest: Vec<RetailerId>,
    },
    /// The words fit several values of an option, or a value that the product does not offer.
    UnclearOption {
        /// The product it is about.
        product: RetailerId,
        /// The option's name.
        option: String,
        /// The customer's words.
        words: String,
        /// Where they stand.
        span: Span,
        /// The values that could be meant.
        values: Vec<String>,
    },
}

/// Something that was read, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found<T> {
    /// It, in its normal form.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// Contact details of one message; the last one said of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// E.164.
    pub phone: Option<Found<String>>,
    /// Lower-cased domain.
    pub email: Option<Found<String>>,
    /// The customer's own name.
    pub name: Option<Found<String>>,
    /// A postal address in the customer's words, without name and phone.
    pub address: Option<Found<String>>,
}

impl Contact {
    /// Whether nothing was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phone.is_none()
            && self.email.is_none()
            && self.name.is_none()
            && self.address.is_none()
    }
}

/// What was last talked about, so that "that one", "make it 3" and "ok both" mean something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// The products that were meant: one, or the candidates of a doubt.
    pub products: Vec<RetailerId>,
    /// The quantity that was said.
    pub quantity: Option<u32>,
    /// The choices that were said.
    pub options: Vec<OptionChoice>,
}

/// The order as it stands before a message, and what was last talked about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The lines so far.
    pub lines: Vec<OrderLine>,
    /// What was last talked about, the newest last.
    #[serde(default)]
    pub focus: Vec<Mention>,
    /// What was last unsure, and so was asked.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
}

/// A message, read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What the message is for.
    pub intent: Intent,
    /// How sure of that, 0 to 1.
    pub intent_confidence: f32,
    /// What changes in the standing order, in the order of the text.
    pub changes: Vec<Change>,
    /// What is unsure.
    pub doubts: Vec<Doubt>,
    /// Contact details.
    pub contact: Contact,
    /// What was talked about, for the next message.
    pub focus: Vec<Mention>,
    /// The language, as an ISO 639-1 code (`en`, `hi`, `si`, ...), or `pcm` for Nigerian Pidgin.
    pub language: String,
    /// How sure of the whole, 0 to 1.
    pub confidence: f32,
}

impl Reading {
    /// A reading of nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            intent: Intent::Other,
            intent_confidence: 1.0,
            changes: Vec::new(),
            doubts: Vec::new(),
            contact: Contact::default(),
            focus: Vec::new(),
            language: "en".to_owned(),
            confidence: 1.0,
        }
    }

    /// The lines that this message adds or that standing lines become, in the order of the text.
    pub fn read_lines(&self) -> impl Iterator<Item = &ReadLine> {
        self.changes.iter().filter_map(|change| match change {
            Change::Add { line } | Change::Replace { line, .. } => Some(line),
            Change::Remove { .. } | Change::Clear => None,
        })
    }

    /// The standing order after this message: changes applied, equal lines merged, and what was
    /// talked about carried on (kept from before where this message talked of nothing).
    #[must_use]
    pub fn apply(&self, before: &Standing) -> Standing {
        Standing {
            lines: apply_changes(&before.lines, &self.changes),
            focus: if self.focus.is_empty() {
                before.focus.clone()
            } else {
                self.focus.clone()
            },
            doubts: self.doubts.clone(),
        }
    }
}

/// The lines after `changes`: removals and replacements by their old places, additions at the end,
/// lines of the same product and options summed.
#[must_use]
pub fn apply_changes(lines: &[OrderLine], changes: &[Change]) -> Vec<OrderLine> {
    let mut slots: Vec<Option<OrderLine>> = lines.iter().cloned().map(Some).collect();
    let mut added = Vec::new();
    for change in changes {
        match change {
            Change::Add { line } => added.push(line.line.clone()),
            Change::Replace { index, line } => {
                if let Some(slot) = slots.get_mut(*index) {
                    *slot = Some(line.line.clone());
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
    merge(slots.into_iter().flatten().chain(added))
}

fn merge(lines: impl Iterator<Item = OrderLine>) -> Vec<OrderLine> {
    let mut merged: Vec<OrderLine> = Vec::new();
    for mut line in lines {
        line.options.sort();
        match merged
            .iter_mut()
            .find(|l| l.product == line.product && l.options == line.options)
        {
            Some(twin) => twin.quantity = twin.quantity.saturating_add(line.quantity),
            None => merged.push(line),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{Change, OrderLine, ReadLine, apply_changes};
    use crate::catalog::RetailerId;

    fn line(product: &str, quantity: u32) -> OrderLine {
        OrderLine {
            product: RetailerId::parse(product).unwrap(),
            quantity,
            options: vec![],
        }
    }

    fn read(product: &str, quantity: u32) -> ReadLine {
        ReadLine {
            line: line(product, quantity),
            confidence: 1.0,
            spans: vec![],
            missing: vec![],
        }
    }

    #[test]
    fn changes_apply_by_old_places_and_equal_lines_merge() {
        let before = [line("a", 1), line("b", 2), line("c", 3)];
        let changes = [
            Change::Remove {
                index: 0,
                spans: vec![],
            },
            Change::Replace {
                index: 2,
                line: read("c", 5),
            },
            Change::Add { line: read("b", 1) },
        ];
        assert_eq!(
            apply_changes(&before, &changes),
            [line("b", 3), line("c", 5)]
        );
        assert_eq!(apply_changes(&before, &[Change::Clear]), []);
    }
}
