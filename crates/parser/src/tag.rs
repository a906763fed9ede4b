//! Stage 3, tag: what the words of a message mean whatever the catalogue, in the languages that the
//! message seems to be written in.

use smallvec::SmallVec;

use crate::index::Index;
use crate::lexicon::{Cat, Sense, Unit, languages, lexicon};
use crate::tokenise::{Kind, Tokens};

/// A set of categories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cats(u64);

impl Cats {
    pub(crate) const fn of(cats: &[Cat]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < cats.len() {
            bits |= 1 << cats[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    pub(crate) fn add(&mut self, cat: Cat) {
        self.0 |= 1 << cat as u32;
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn has(self, cat: Cat) -> bool {
        self.0 & (1 << cat as u32) != 0
    }

    pub(crate) fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    /// Whether nothing outside `of` is in it.
    pub(crate) fn only(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for Cats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for cat in Cat::ALL {
            if self.has(*cat) {
                write!(f, "{}{cat:?}", if first { "" } else { ", " })?;
                first = false;
            }
        }
        Ok(())
    }
}

/// A word or phrase with its meanings.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) from: usize,
    /// Token after the last.
    pub(crate) to: usize,
    pub(crate) cats: Cats,
    /// Thousandths.
    pub(crate) number: Option<u32>,
    pub(crate) multiple: Option<u32>,
    pub(crate) count: Option<u32>,
    pub(crate) unit: Option<Unit>,
    pub(crate) concepts: SmallVec<[u32; 1]>,
}

/// A message's tags; no two overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags {
    pub(crate) list: Vec<Tag>,
    /// For each token, one more than the place of its tag; 0: none.
    at: Vec<u32>,
    pub(crate) language: u8,
}

impl Tags {
    pub(crate) fn at(&self, token: usize) -> Option<&Tag> {
        match self.at.get(token) {
            Some(&place) if place > 0 => Some(&self.list[place as usize - 1]),
            _ => None,
        }
    }

    pub(crate) fn cats(&self, token: usize) -> Cats {
        self.at(token).map_or(Cats::default(), |tag| tag.cats)
    }

    /// The ISO 639 code of the language that most of the message is in.
    pub(crate) fn language_code(&self) -> &'static str {
        languages()[self.language as usize].code
    }
}

/// English meanings that give way to a number word of a likely language.
const WEAK: Cats = Cats::of(&[
    Cat::Article,
    Cat::Filler,
    Cat::Common,
    Cat::Polite,
    Cat::And,
]);

/// Tags the words of a message. `ours` says which tokens are words of the catalogue as they stand.
pub(crate) fn tag(tokens: &Tokens, index: &Index, ours: &[bool]) -> Tags {
    let lexicon = lexicon();
    let mut buffer = String::new();
    let ids: Vec<SmallVec<[u32; 2]>> = (0..tokens.len())
        .map(|i| match tokens.list[i].kind {
            Kind::Break => SmallVec::new(),
            _ => lexicon.word_ids(tokens.form(i), !ours[i], &mut buffer),
        })
        .collect();
    let mut votes = votes(tokens, &ids, index, ours);
    for (language, vote) in votes.iter_mut().enumerate().skip(1) {
        // Of two neighbours that share their words, the seller's own.
        if index.likely & (1 << language) != 0 && *vote > 0.0 {
            *vote += 0.1;
        }
    }
    let best = votes
        .iter()
        .enumerate()
        .skip(1)
        .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    let top = best.map_or(0.0, |b| *b.1);
    let mut active = 1_u32;
    for (language, vote) in votes.iter().enumerate() {
        let here = index.likely & (1 << language) != 0;
        let enough = match (here, &index.locale.country) {
            (true, _) => 0.9,
            (false, Some(_)) => 1.9,
            (false, None) => 1.9_f32.min(votes[0] + 0.9),
        };
        if *vote >= enough && *vote >= top * 0.4 {
            active |= 1 << language;
        }
    }
    let mut tags = Tags {
        at: vec![0; tokens.len()],
        language: match best {
            Some((language, vote)) if active & (1 << language) != 0 && *vote * 2.0 > votes[0] => {
                language as u8
            }
            _ => 0,
        },
        list: Vec::with_capacity(tokens.len()),
    };
    let mut found = SmallVec::new();
    let mut at = 0;
    while at < tokens.len() {
        lexicon.phrases(&ids, at, &mut found);
        let chosen = found.iter().rev().find_map(|phrase| {
            let senses = meant(phrase.senses, active, index.likely);
            (!senses.is_empty()).then_some((phrase.tokens, senses))
        });
        if let Some((length, senses)) = chosen {
            let tag = fold_senses(at, at + length, &senses);
            tags.list.push(tag);
            for place in &mut tags.at[at..at + length] {
                *place = tags.list.len() as u32;
            }
            at += length;
        } else {
            at += 1;
        }
    }
    tags
}

/// For each language, how many words only it has; English at 0.
fn votes(tokens: &Tokens, ids: &[SmallVec<[u32; 2]>], index: &Index, ours: &[bool]) -> Vec<f32> {
    let lexicon = lexicon();
    let mut votes = vec![0.0_f32; languages().len()];
    let mut found = SmallVec::new();
    let mut at = 0;
    while at < tokens.len() {
        lexicon.phrases(ids, at, &mut found);
        let Some(phrase) = found.last() else {
            at += 1;
            continue;
        };
        let single = phrase.tokens == 1;
        let form = tokens.form(at);
        if tokens.list[at].kind != Kind::Word || (single && ours[at]) {
            at += phrase.tokens;
            continue;
        }
        let mut bits = 0_u32;
        for sense in phrase.senses {
            bits |= 1 << sense.language;
        }
        if bits == 1 {
            votes[0] += 1.0;
        } else if bits & 1 == 0 {
            let likely = bits & index.likely;
            let bits = if likely != 0 { likely } else { bits };
            let short = single && form.chars().count() <= 2 && form.is_ascii();
            // A word that only sounds like one of a language far from here says little.
            let spelt = lexicon.knows(form);
            let share = if likely == 0 && (short || !spelt) {
                0.2
            } else {
                1.0
            } * if single { 1.0 } else { 1.5 };
            for (language, vote) in votes.iter_mut().enumerate() {
                if bits & (1 << language) != 0 {
                    *vote += share
                        / if likely != 0 {
                            1.0
                        } else {
                            bits.count_ones() as f32
                        };
                }
            }
        }
        at += phrase.tokens;
    }
    votes
}

/// The senses that count in this message.
fn meant(senses: &[Sense], active: u32, likely: u32) -> SmallVec<[Sense; 4]> {
    let english = senses.iter().any(|s| s.language == 0);
    let weak = senses
        .iter()
        .filter(|s| s.language == 0)
        .all(|s| WEAK.has(s.cat));
    senses
        .iter()
        .filter(|sense| {
            let bit = 1 << sense.language;
            if sense.language == 0 || active & bit != 0 {
                return true;
            }
            likely & bit != 0 && (!english || (weak && sense.cat == Cat::Number))
        })
        .copied()
        .collect()
}

fn fold_senses(from: usize, to: usize, senses: &[Sense]) -> Tag {
    let mut tag = Tag {
        from,
        to,
        cats: Cats::default(),
        number: None,
        multiple: None,
        count: None,
        unit: None,
        concepts: SmallVec::new(),
    };
    for sense in senses {
        tag.cats.add(sense.cat);
        match sense.cat {
            Cat::Number => tag.number = tag.number.or(Some(sense.payload)),
            Cat::Multiple => tag.multiple = tag.multiple.or(Some(sense.payload)),
            Cat::Count => tag.count = tag.count.or(Some(sense.payload)),
            Cat::Unit => tag.unit = tag.unit.or(Some(Unit::of(sense.payload))),
            Cat::Concept if !tag.concepts.contains(&sense.payload) => {
                tag.concepts.push(sense.payload);
            }
            _ => {}
        }
    }
    tag
}
