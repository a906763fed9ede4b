//! What the language files say of contact details: which words announce a telephone number or an
//! address, name a street or a flat, end a name. One vocabulary of all languages together, as
//! people mix them in one message.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::text::{Hit, Kind, Text, fold};

/// What a word says. The keys of `[contact]` in the language files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// A label before a name: "name:".
    Name,
    /// A phrase before a name: "my name is".
    NameIs,
    /// The same, but only before a capital: "this is", "I am".
    NameMaybe,
    /// A word that ends a name: "hai" in "mera naam Ravi hai".
    NameEnd,
    /// A farewell before a name: "regards".
    SignOff,
    /// Goes with a name: "Mr".
    Honorific,
    /// Says that a name is not the customer's: "write" a name on the goods.
    NotName,
    /// Announces a telephone number.
    Phone,
    /// Announces another kind of number: "order", "tracking".
    NotPhone,
    /// Announces an e-mail address.
    Email,
    /// Announces a postal address.
    Address,
    /// Announces one only as a label, before a colon: "add:".
    AddressLabel,
    /// Announces a place, perhaps an address: "deliver to".
    Deliver,
    /// Stands between a cue and what it announces: "is".
    Filler,
    /// A street noun: "road", "st".
    Street,
    /// A street noun before its name: "calle", "jalan".
    StreetFirst,
    /// A street noun that is also an everyday word: "drive", "place".
    StreetMaybe,
    /// Stands before a house or flat number: "flat", "apt".
    Unit,
    /// The same, but also an everyday word: "no", "box".
    UnitMaybe,
    /// Names an area or a building: "nagar", "barangay", "towers".
    Place,
    /// "near", "opposite".
    Landmark,
    /// Never part of a name or an address: "please", "cod".
    End,
}

const KEYS: [(&str, Class); 22] = [
    ("name", Class::Name),
    ("name_is", Class::NameIs),
    ("name_maybe", Class::NameMaybe),
    ("name_end", Class::NameEnd),
    ("sign_off", Class::SignOff),
    ("honorific", Class::Honorific),
    ("not_name", Class::NotName),
    ("phone", Class::Phone),
    ("not_phone", Class::NotPhone),
    ("email", Class::Email),
    ("address", Class::Address),
    ("address_label", Class::AddressLabel),
    ("deliver", Class::Deliver),
    ("filler", Class::Filler),
    ("street", Class::Street),
    ("street_first", Class::StreetFirst),
    ("street_maybe", Class::StreetMaybe),
    ("unit", Class::Unit),
    ("unit_maybe", Class::UnitMaybe),
    ("place", Class::Place),
    ("landmark", Class::Landmark),
    ("end", Class::End),
];

/// Classes that are parts of an address.
pub(super) const ADDRESS_PARTS: [Class; 7] = [
    Class::Street,
    Class::StreetFirst,
    Class::StreetMaybe,
    Class::Unit,
    Class::UnitMaybe,
    Class::Place,
    Class::Landmark,
];

impl Class {
    const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Whether a phrase of it is kept as a [`Hit`].
    fn is_cue(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::NameIs
                | Self::NameMaybe
                | Self::SignOff
                | Self::Address
                | Self::AddressLabel
                | Self::Deliver
                | Self::Email
                | Self::Phone
        )
    }
}

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Classes(u32);

impl Classes {
    pub(super) fn has(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    pub(super) fn any(self, classes: &[Class]) -> bool {
        classes.iter().any(|&class| self.has(class))
    }

    pub(super) fn is_only(self, class: Class) -> bool {
        self.0 == class.bit()
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, class: Class) {
        self.0 |= class.bit();
    }
}

/// A phrase by its first word: the words after it and what it says.
type Phrases = HashMap<String, Vec<(Vec<String>, Class)>>;

static VOCABULARY: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::new();
    let mut folded = String::new();
    for &(key, phrase) in TABLE {
        let Some(&(_, class)) = KEYS.iter().find(|(name, _)| *name == key) else {
            continue;
        };
        let mut words = split(phrase).map(|word| {
            fold(word, &mut folded);
            folded.clone()
        });
        let Some(first) = words.next() else { continue };
        let mut rest: Vec<String> = words.collect();
        // "c/" and "r." are street nouns with their mark only.
        if first.chars().count() == 1 && rest.is_empty() {
            rest.extend(
                phrase
                    .strip_prefix(|_| true)
                    .filter(|m| matches!(*m, "." | "/"))
                    .map(str::to_owned),
            );
        }
        let known = phrases.entry(first).or_default();
        if !known.contains(&(rest.clone(), class)) {
            known.push((rest, class));
        }
    }
    phrases
});

/// The words of a phrase as the text's pieces will be: cut at spaces and marks.
fn split(entry: &str) -> impl Iterator<Item = &str> {
    entry
        .split([' ', '.', '-', '/'])
        .filter(|word| !word.is_empty())
}

/// Notes on every piece what the vocabulary says of it, and collects the cue phrases.
pub(super) fn mark(text: &mut Text<'_>) {
    let mut word = String::new();
    for at in 0..text.pieces.len() {
        if text.pieces[at].kind != Kind::Word {
            continue;
        }
        fold(text.of(&text.pieces[at]), &mut word);
        let Some(phrases) = VOCABULARY.get(word.as_str()) else {
            continue;
        };
        let mut classes = Classes::default();
        for (rest, class) in phrases {
            let Some(to) = follows(text, at + 1, rest, &mut word) else {
                continue;
            };
            if rest.is_empty() {
                classes.add(*class);
            } else {
                for piece in &mut text.pieces[at..to] {
                    piece.classes.add(*class);
                }
            }
            if class.is_cue() {
                keep_longest(
                    &mut text.hits,
                    Hit {
                        class: *class,
                        from: at,
                        to,
                    },
                );
            }
        }
        text.pieces[at].classes.0 |= classes.0;
    }
}

/// Of two cues of one class at one place the longer is meant.
fn keep_longest(hits: &mut Vec<Hit>, hit: Hit) {
    match hits
        .iter_mut()
        .rev()
        .take(4)
        .find(|h| h.class == hit.class && hit.from < h.to)
    {
        Some(before) => before.to = before.to.max(hit.to),
        None => hits.push(hit),
    }
}

/// Where the phrase's further words end, if they follow; dots and hyphens between do not count.
fn follows(text: &Text<'_>, mut at: usize, rest: &[String], word: &mut String) -> Option<usize> {
    for wanted in rest {
        if matches!(wanted.as_str(), "." | "/") {
            let mark = text.pieces.get(at).filter(|p| p.glued)?;
            if text.of(mark) != wanted {
                return None;
            }
            at += 1;
            continue;
        }
        while text
            .pieces
            .get(at)
            .is_some_and(|p| p.is_mark('.') || p.is_mark('-') || p.is_mark('/'))
        {
            at += 1;
        }
        let piece = text.pieces.get(at).filter(|p| p.is_word())?;
        fold(text.of(piece), word);
        if word != wanted {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Keys of `[contact]` with their phrases, from all language files.
static TABLE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/contact.rs"));
