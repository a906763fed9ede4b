//! Stage 4, match: which words of the message name products and option values. A mention holds every
//! product and value that fit its words equally well; nothing is decided here that context decides.

mod contradiction;
mod hits;
mod scoring;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::index::{Index, Lemma, Owner};
use crate::lexicon::Cat;
use crate::tag::{Cats, Tags};
use crate::tokenise::{Kind, Tokens};

/// A product or value that a mention may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    /// Place in [`Index::items`] or [`Index::values`].
    pub(crate) id: u32,
    pub(crate) score: f32,
    /// All the words of a name were said.
    pub(crate) full: bool,
    /// Of the name's words, by weight, how much was said.
    pub(crate) share: f32,
    /// The mean quality of its words' matches: 1 when all were spelt right.
    pub(crate) quality: f32,
    /// The word that says what kind of thing it is was said.
    pub(crate) head: bool,
    /// By its title or value, not by an alias of it.
    pub(crate) main: bool,
}

/// Words that name something of the catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) from: usize,
    /// Token after the last.
    pub(crate) to: usize,
    /// Its tokens; not all between `from` and `to` need to belong.
    pub(crate) tokens: SmallVec<[u16; 4]>,
    pub(crate) products: SmallVec<[Fit; 4]>,
    pub(crate) values: SmallVec<[Fit; 4]>,
    /// There are more products that fit than are listed.
    pub(crate) more: bool,
    /// A word beside it says that it is something else (`iphone 15 case`).
    pub(crate) contradicted: bool,
}

/// A word of the message that may be a word of the catalogue.
#[derive(Debug, Clone, Copy)]
struct Hit {
    /// Tokens, as bits from the run's start.
    mask: u64,
    lemma: Lemma,
    quality: f32,
    form: u32,
    numeric: bool,
    function: bool,
    /// A word for a container, which may be the goods themselves: `2 bags`.
    unit: bool,
    /// An everyday word: a hint at a choice, at a product only with others.
    common: bool,
    /// Letters glued to a number.
    measure: bool,
}

/// The longest stretch matched at once, in tokens.
const RUN: usize = 64;
/// Postings of a word beyond which it is only used to tell apart what rarer words found.
const HEAVY: usize = 400;
/// The most products that a mention lists.
const FITS: usize = 32;
/// The most tokens between two words of one name.
const GAP: u32 = 3;

const FUNCTION: Cats = Cats::of(&[
    Cat::Filler,
    Cat::And,
    Cat::With,
    Cat::Or,
    Cat::Polite,
    Cat::This,
    Cat::One,
    Cat::Number,
    Cat::Unit,
    Cat::Multiple,
    Cat::Order,
    Cat::Attribute,
    Cat::Negation,
    Cat::Extra,
    Cat::Light,
    Cat::Each,
    Cat::All,
    Cat::Both,
    Cat::Yes,
    Cat::Standard,
    Cat::Date,
    Cat::Time,
    Cat::Also,
    Cat::More,
    Cat::Count,
    Cat::Question,
    Cat::MaybeQuestion,
    Cat::NumberLabel,
    Cat::But,
    Cat::Instead,
    Cat::Change,
    Cat::Greeting,
    Cat::Thanks,
    Cat::Remove,
    Cat::Reduce,
    Cat::Later,
    Cat::If,
    Cat::Past,
    Cat::Info,
    Cat::Note,
]);

/// What set phrases are for whose words name nothing.
const PHRASE: Cats = Cats::of(&[
    Cat::Order,
    Cat::Question,
    Cat::MaybeQuestion,
    Cat::Greeting,
    Cat::Thanks,
    Cat::Later,
    Cat::Past,
    Cat::Complaint,
    Cat::Correction,
    Cat::Cancel,
    Cat::Confirm,
    Cat::Change,
    Cat::With,
]);

/// Finds what of the catalogue the message names. Tokens that are `barred` (contact details) are not
/// looked at.
pub(crate) fn mentions(
    tokens: &Tokens,
    tags: &Tags,
    index: &Index,
    barred: &[bool],
) -> Vec<Mention> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        if is_wall(tokens, start, barred) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        while end < tokens.len() && end - start < RUN && !is_wall(tokens, end, barred) {
            end += 1;
        }
        Run {
            tokens,
            tags,
            index,
            start,
            end,
        }
        .mentions(&mut out);
        start = end;
    }
    out.sort_by_key(|m| (m.from, m.to));
    out
}

fn is_wall(tokens: &Tokens, i: usize, barred: &[bool]) -> bool {
    barred[i]
        || match tokens.list[i].kind {
            Kind::Break => true,
            Kind::Mark(c) => matches!(c, '.' | '!' | '?' | ';' | ':' | '(' | ')'),
            _ => false,
        }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    owner: Owner,
    name: u32,
    mask: u64,
    score: f32,
    fit: Fit,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Candidate {}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.name.cmp(&self.name))
            .then_with(|| other.mask.cmp(&self.mask))
    }
}

/// A stretch of the message without a full stop in it.
struct Run<'a> {
    tokens: &'a Tokens,
    tags: &'a Tags,
    index: &'a Index,
    start: usize,
    end: usize,
}

impl Run<'_> {
    fn mentions(&self, out: &mut Vec<Mention>) {
        let hits = self.hits();
        if hits.is_empty() {
            return;
        }
        let (walls, costs) = self.gaps();
        let mut heap = self.candidates(&hits, walls, costs);
        let mut taken = 0_u64;
        let mut chosen: Vec<(u64, Mention)> = Vec::new();
        while let Some(candidate) = heap.pop() {
            if candidate.mask & taken != 0 {
                if let Some((_, mention)) =
                    chosen.iter_mut().find(|(mask, _)| *mask == candidate.mask)
                {
                    join(mention, &candidate);
                    continue;
                }
                if candidate.mask & !taken != 0 {
                    heap.extend(self.score(
                        &hits,
                        candidate.name,
                        candidate.owner,
                        !taken,
                        walls,
                        costs,
                    ));
                }
                continue;
            }
            taken |= candidate.mask;
            chosen.push((candidate.mask, self.mention(&candidate)));
        }
        for (mask, mut mention) in chosen {
            settle(&mut mention);
            mention.contradicted = self.contradicted(&mention, mask);
            if !(mention.products.is_empty() && mention.values.is_empty()) {
                out.push(mention);
            }
        }
    }

    fn mention(&self, candidate: &Candidate) -> Mention {
        let from = candidate.mask.trailing_zeros() as usize;
        let to = 64 - candidate.mask.leading_zeros() as usize;
        let mut mention = Mention {
            from: self.start + from,
            to: self.start + to,
            tokens: (from..to)
                .filter(|i| candidate.mask & (1 << i) != 0)
                .map(|i| (self.start + i) as u16)
                .collect(),
            products: SmallVec::new(),
            values: SmallVec::new(),
            more: false,
            contradicted: false,
        };
        join(&mut mention, candidate);
        mention
    }

    /// Which tokens part names, and what a token between two words of a name costs.
    fn gaps(&self) -> (u64, u64) {
        const FREE: Cats = Cats::of(&[
            Cat::Filler,
            Cat::Attribute,
            Cat::One,
            Cat::Polite,
            Cat::With,
        ]);
        let (mut walls, mut costs) = (0, 0);
        for i in self.start..self.end {
            let bit = 1 << (i - self.start);
            let cats = self.tags.cats(i);
            match self.tokens.list[i].kind {
                Kind::Mark(',' | '+' | '/' | '&' | '*' | '=' | '-') => walls |= bit,
                Kind::Number => walls |= bit,
                Kind::Mark(_) | Kind::Picture => {}
                _ if cats.has(Cat::And) || cats.has(Cat::Negation) || cats.has(Cat::Instead) => {
                    walls |= bit;
                }
                _ if cats.any(FREE) => {}
                _ => costs |= bit,
            }
        }
        (walls, costs)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cluster {
    mask: u64,
    places: u32,
    kinds: u32,
    score: f32,
    said: f32,
    quality: f32,
    count: f32,
    head: bool,
    content: bool,
    numeric: bool,
}

/// Whether `hit` follows the cluster closely enough, with no wall between.
fn near(cluster: u64, hit: u64, walls: u64) -> bool {
    if cluster & hit != 0 {
        return true;
    }
    let last = cluster.ilog2();
    let first = hit.trailing_zeros();
    if first <= last {
        return true;
    }
    let between = first - last - 1;
    if between > GAP {
        return false;
    }
    let inside = (((1_u128 << between) - 1) as u64) << (last + 1);
    inside & walls & !cluster == 0
}

fn join(mention: &mut Mention, candidate: &Candidate) {
    let list = match candidate.owner {
        Owner::Product(_) => &mut mention.products,
        Owner::Value(_) => &mut mention.values,
    };
    if let Some(same) = list.iter_mut().find(|f| f.id == candidate.fit.id) {
        if candidate.fit.full && !same.full {
            *same = candidate.fit;
        }
    } else if list.len() < FITS {
        list.push(candidate.fit);
    } else {
        mention.more = true;
    }
}

/// Keeps of a mention's fits those that are equally good: full names before partial ones, right
/// spellings before guesses.
fn settle(mention: &mut Mention) {
    for list in [&mut mention.products, &mut mention.values] {
        let mut seen = FxHashSet::default();
        list.retain(|f| seen.insert(f.id));
        // "veggies" is the fajita veggies of the menu sooner than its veggie filling: the form that was
        // written counts, where it is the word that says what kind of thing it is.
        let written = list.iter().any(|f| f.head && !f.full && f.quality > 0.999);
        let exact = list.iter().any(|f| f.full && f.quality > 0.999);
        if written && !exact && list.iter().all(|f| f.quality > 0.98) {
            list.retain(|f| f.head && f.quality > 0.999);
        } else if list.iter().any(|f| f.full) {
            list.retain(|f| f.full);
        }
        let best = list.iter().map(|f| f.score).fold(f32::MIN, f32::max);
        list.retain(|f| f.score > best - 0.05);
    }
    // "onions" are red onions sooner than onion sauce.
    if mention.values.iter().any(|f| f.head) && !mention.values.iter().any(|f| f.full) {
        mention.values.retain(|f| f.head);
    }
    // A title said in full is that product, whatever option it hints at.
    if mention.products.iter().any(|f| f.full) && mention.values.iter().all(|f| !f.full) {
        mention.values.clear();
    }
    // One misspelt word hints at nothing that has more to its name, and a short one at nothing.
    let letters = mention.tokens.len();
    if letters == 1 {
        let doubtful = |f: &Fit| f.quality < 0.93 && (!f.full || f.quality < 0.875);
        mention.products.retain(|f| !doubtful(f));
        mention.values.retain(|f| !doubtful(f));
    }
}
