//! Stage 5, group into lines: which quantity and which options belong to which product. A draft is a
//! line in the making; its product may still be one of several, or left out because it was named
//! before.

mod amounts;
mod choices;
mod choose;
mod role;
mod words;

pub(crate) use choose::choose;

use domain::reading;
use smallvec::SmallVec;

use crate::index::Index;
use crate::lexicon::Cat;
use crate::matcher::{Fit, Mention};
use crate::pieces::{Amount, Form, Gap, Piece, What};
use crate::tag::Cats;

/// Where a choice comes from; which value it is depends on the product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    Mention(u16),
    /// Grams, millilitres, millimetres; and the bare number for products that are sold by it.
    Measure(u32, char, u32),
    /// Things in a pack: `2 dozen` is (2000, 12).
    Pack(u32, u32),
    /// `6 pcs`: a pack of six where there is one, else a quantity.
    Pieces(u32),
    /// Thousandths.
    Number(u32),
}

/// A choice that was said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick {
    pub(crate) source: Source,
    pub(crate) negated: bool,
    pub(crate) amount: Option<reading::Amount>,
    pub(crate) count: u32,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Pick {
    /// A choice said once, without "extra" or "no" of its own.
    fn once(source: Source, piece: &Piece) -> Self {
        Self {
            source,
            negated: false,
            amount: None,
            count: 1,
            from: piece.from,
            to: piece.to,
        }
    }

    /// A choice that another takes the place of.
    fn replaced(source: Source, piece: &Piece) -> Self {
        Self {
            negated: true,
            ..Self::once(source, piece)
        }
    }
}

/// A line in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    /// The products that it may be, best first; none when the product was left out or is unknown.
    pub(crate) products: SmallVec<[Fit; 4]>,
    /// The mentions that named the product.
    pub(crate) named_by: SmallVec<[u16; 2]>,
    pub(crate) quantity: Option<u32>,
    pub(crate) picks: SmallVec<[Pick; 4]>,
    /// Further combinations of the same product: `M and L`.
    pub(crate) variants: Vec<SmallVec<[Pick; 4]>>,
    /// So many of each combination.
    pub(crate) each: Option<u32>,
    /// A price that was said, in thousandths of the currency's unit.
    pub(crate) price: Option<u32>,
    /// `not the red one`.
    pub(crate) negated: bool,
    /// `instead of`: what is to be replaced.
    pub(crate) replaced: bool,
    /// `another`, `one more`.
    pub(crate) more: bool,
    /// `the same`.
    pub(crate) same: bool,
    /// Joined to the draft before by `and` or a comma.
    pub(crate) joined: bool,
    /// Words that neither the catalogue nor any language knows.
    pub(crate) unknown: SmallVec<[u16; 2]>,
    /// A comma or colon stands after it, before anything else was said of it.
    pub(crate) headed: bool,
    /// The product's own words beside a word that makes it another.
    pub(crate) contradicted: bool,
    pub(crate) more_products: bool,
    pub(crate) sentence: u16,
    pub(crate) from: usize,
    /// Token after the last.
    pub(crate) to: usize,
    /// A quantity or article opened it.
    pub(crate) opened: bool,
    /// The token of its quantity.
    pub(crate) quantity_at: usize,
    /// A word for wanting stands between it and the draft before.
    pub(crate) cued: bool,
    /// Its quantity is a word for one, which in many languages is hardly more than an article.
    pub(crate) weak_one: bool,
}

impl Draft {
    fn is_blank(&self) -> bool {
        self.products.is_empty()
            && self.quantity.is_none()
            && self.picks.is_empty()
            && self.unknown.is_empty()
            && !self.more
            && !self.same
            && self.price.is_none()
    }

    /// Whether the product is not in doubt.
    pub(crate) fn is_certain(&self) -> bool {
        self.products.len() == 1
    }
}

/// What a message says, grouped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    pub(crate) drafts: Vec<Draft>,
    /// `both`, `all of them`.
    pub(crate) both: bool,
    pub(crate) all: bool,
}

/// How many pieces ahead, or drafts back, words are looked for that belong together.
const REACH: usize = 16;

/// Words between a number and what it counts.
const SKIP: Cats = Cats::of(&[
    Cat::Article,
    Cat::Filler,
    Cat::Polite,
    Cat::Attribute,
    Cat::One,
    Cat::Common,
    Cat::Also,
    Cat::Standard,
    Cat::Concept,
    Cat::Color,
    Cat::Unit,
    Cat::AddressWord,
    Cat::NameCue,
    Cat::PhoneCue,
    Cat::EmailCue,
    Cat::AddressCue,
    Cat::Greeting,
    Cat::This,
]);

/// Words between a choice and the product it stands before.
const WITHIN: Cats = Cats::of(&[
    Cat::Extra,
    Cat::Light,
    Cat::Count,
    Cat::Filler,
    Cat::Attribute,
    Cat::One,
    Cat::Standard,
    Cat::Concept,
    Cat::Color,
]);

pub(crate) fn group(
    pieces: &[Piece],
    mentions: &[Mention],
    index: &Index,
    recent: &[u32],
) -> Lines {
    let mut grouper = Grouper {
        pieces,
        mentions,
        index,
        lines: Lines::default(),
        open: Draft::default(),
        scope: Scope::default(),
        np_start: false,
        strong_start: false,
        joiner: false,
        correction: false,
        recent,
        note: None,
        cued: false,
        last_sentence: 0,
        outline: outline(pieces, mentions),
    };
    for k in 0..pieces.len() {
        grouper.piece(k);
    }
    grouper.close();
    grouper.lines
}

fn outline(pieces: &[Piece], mentions: &[Mention]) -> Vec<(bool, bool)> {
    let sentences = pieces.last().map_or(1, |p| p.sentence as usize + 1);
    let mut out = vec![(true, false); sentences];
    let mut told = vec![false; sentences];
    for piece in pieces {
        let s = piece.sentence as usize;
        match piece.what {
            What::Amount(a) if !matches!(a.form, Form::Not | Form::Price | Form::Label) => {
                told[s] = true;
            }
            What::Mention(place) if !mentions[place as usize].products.is_empty() => {
                if !told[s] {
                    out[s].0 = false;
                }
                told[s] = true;
            }
            What::Unknown => out[s].1 = true,
            What::Word(cats) => {
                out[s].1 |= cats.has(Cat::Common) || cats.only(Cats::of(&[Cat::Filler]));
            }
            _ => {}
        }
    }
    out
}

/// What the words before the next choice say of it.
#[derive(Debug, Clone, Copy, Default)]
struct Scope {
    negated: bool,
    /// The choice before was negated; `or` goes on with that.
    was_negated: bool,
    amount: Option<reading::Amount>,
    count: Option<u32>,
    replaced: bool,
}

struct Grouper<'a> {
    pieces: &'a [Piece],
    mentions: &'a [Mention],
    index: &'a Index,
    lines: Lines,
    open: Draft,
    scope: Scope,
    /// An article or a quantity stands before; nothing was named since.
    np_start: bool,
    /// `side of`, `bottle of`, a number.
    strong_start: bool,
    /// `and` or a comma stands before.
    joiner: bool,
    correction: bool,
    /// Products of the standing order and of what was talked about, the newest last.
    recent: &'a [u32],
    /// For each sentence: whether amounts stand before what they count, and whether it has words of
    /// content that name nothing of the catalogue.
    outline: Vec<(bool, bool)>,
    /// A word for wanting stands since the last draft began.
    cued: bool,
    /// The sentence of the last thing that was taken into a draft.
    last_sentence: u16,
    /// The sentence whose rest is a text to be written.
    note: Option<u16>,
}

impl<'a> Grouper<'a> {
    fn close(&mut self) {
        if !self.open.is_blank() {
            let draft = std::mem::take(&mut self.open);
            self.lines.drafts.push(draft);
        }
        self.open = Draft::default();
    }

    fn begin(&mut self, piece: &Piece) {
        self.close();
        self.open.sentence = piece.sentence;
        self.open.from = piece.from;
        self.open.to = piece.to;
        self.open.joined = self.joiner;
        self.open.cued = std::mem::take(&mut self.cued);
        self.last_sentence = piece.sentence;
    }

    fn touch(&mut self, piece: &Piece) {
        if self.open.is_blank() {
            self.open.sentence = piece.sentence;
            self.open.from = piece.from;
            self.open.joined = self.joiner;
            self.open.cued |= std::mem::take(&mut self.cued);
        }
        self.last_sentence = piece.sentence;
        self.open.to = piece.to;
    }

    fn piece(&mut self, k: usize) {
        let piece = self.pieces[k];
        if self.note == Some(piece.sentence) && !matches!(piece.what, What::Gap(_)) {
            return;
        }
        match piece.what {
            What::Gap(gap) => self.gap(k, gap),
            What::Mention(place) => {
                self.mention(k, place);
                self.np_start = false;
                self.strong_start = false;
                self.joiner = false;
                self.correction = false;
            }
            What::Amount(amount) => {
                self.amount(k, amount);
                self.joiner = false;
            }
            What::Unknown => self.unknown(k),
            What::Word(cats) => self.word(k, cats),
        }
    }

    fn gap(&mut self, k: usize, gap: Gap) {
        self.np_start = false;
        self.strong_start = false;
        match gap {
            Gap::Comma => {
                self.joiner = true;
                self.scope.amount = None;
                self.scope.count = None;
                // "without this, that or those"
                self.scope.negated |= self.scope.was_negated && self.list_ends_in_or(k);
            }
            Gap::Colon => {}
            Gap::Line | Gap::Stop | Gap::Asked => {
                self.joiner = false;
                self.scope = Scope::default();
                // The unknown and the unfinished do not reach over a full stop.
                if self.open.products.is_empty() {
                    self.close();
                }
            }
        }
        if !self.open.products.is_empty() && self.open.picks.is_empty() {
            self.open.headed = true;
        }
    }

    /// Whether only choices and commas stand between here and an `or`.
    fn list_ends_in_or(&self, k: usize) -> bool {
        self.pieces[k + 1..]
            .iter()
            .take(REACH)
            .find(|p| !matches!(p.what, What::Mention(_) | What::Gap(Gap::Comma)))
            .is_some_and(|p| matches!(p.what, What::Word(c) if c.has(Cat::Or)))
    }

    /// The next piece that says something, unless a gap or a joining word comes first.
    fn lead(&self, k: usize) -> Option<usize> {
        for (i, piece) in self.pieces.iter().enumerate().skip(k + 1).take(REACH) {
            match piece.what {
                What::Word(cats) if cats.only(SKIP) => {}
                What::Word(_) | What::Gap(_) => return None,
                _ => return Some(i),
            }
        }
        None
    }

    fn mention_at(&self, k: usize) -> Option<&'a Mention> {
        match self.pieces[k].what {
            What::Mention(place) => Some(&self.mentions[place as usize]),
            _ => None,
        }
    }

    fn offers(&self, products: &[Fit], source: Source) -> bool {
        products
            .iter()
            .any(|fit| choose(self.index, self.mentions, fit.id, source).is_some())
    }
}

/// Whether the next thing is a choice that the open product offers.
fn leads_mention_of_open(grouper: &Grouper<'_>, lead: Option<usize>) -> bool {
    lead.is_some_and(|l| match grouper.pieces[l].what {
        What::Mention(place) => grouper.offers(&grouper.open.products, Source::Mention(place)),
        _ => false,
    })
}

/// The products that two mentions have in common; those whose whole name the two say, if any.
fn narrowed(common: &[Fit], mention: &Mention) -> SmallVec<[Fit; 4]> {
    let mut list: SmallVec<[Fit; 4]> = common
        .iter()
        .map(|fit| {
            let other = mention.products.iter().find(|m| m.id == fit.id);
            let share = fit.share + other.map_or(0.0, |o| o.share);
            let head = fit.head || other.is_some_and(|o| o.head);
            Fit {
                share,
                full: fit.full || share > 0.999,
                head,
                ..*fit
            }
        })
        .collect();
    if list.iter().any(|f| f.full) {
        list.retain(|f| f.full);
    }
    list
}

fn lead_any(pieces: &[Piece], k: usize) -> usize {
    let mut i = k + 1;
    while let Some(piece) = pieces.get(i).filter(|_| i <= k + REACH) {
        match piece.what {
            What::Word(cats) if cats.only(SKIP) && !cats.has(Cat::Each) => i += 1,
            _ => break,
        }
    }
    i
}

fn source_of(amount: &Amount) -> Option<Source> {
    match amount.form {
        Form::Measure(size, kind) => Some(Source::Measure(size, kind, amount.value)),
        Form::Multiple(n, of) => Some(Source::Pack(n, of)),
        _ => None,
    }
}

/// A value of a product, and the option it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) value: u32,
    pub(crate) multiple: bool,
    /// Another value fits as well.
    pub(crate) tied: bool,
    /// It is one of several in an any-of value.
    pub(crate) quantity: Option<u32>,
}
