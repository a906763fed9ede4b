//! Stage 5, group into lines: which quantity and which options belong to which product. A draft is a
//! line in the making; its product may still be one of several, or left out because it was named
//! before.

use domain::reading;
use smallvec::SmallVec;

use crate::index::{Index, Value};
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
                told[s] = true
            }
            What::Mention(place) if !mentions[place as usize].products.is_empty() => {
                if !told[s] {
                    out[s].0 = false;
                }
                told[s] = true;
            }
            What::Unknown => out[s].1 = true,
            What::Word(cats) => {
                out[s].1 |= cats.has(Cat::Common) || cats.only(Cats::of(&[Cat::Filler]))
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
            self.open.cued = std::mem::take(&mut self.cued);
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

    fn word(&mut self, k: usize, cats: Cats) {
        let piece = self.pieces[k];
        let lead = self.lead(k);
        let leads_mention = lead.is_some_and(|l| matches!(self.pieces[l].what, What::Mention(_)));
        self.cued |= cats.has(Cat::Order);
        if cats.has(Cat::Correction) {
            self.correction = true;
            self.scope = Scope::default();
        }
        if cats.has(Cat::Instead) {
            if leads_mention || lead.is_some_and(|l| matches!(self.pieces[l].what, What::Amount(_)))
            {
                self.scope.replaced = true;
            }
            return;
        }
        if cats.has(Cat::Both) {
            self.lines.both = true;
        }
        if cats.has(Cat::All) && !leads_mention {
            self.lines.all = true;
        }
        if cats.has(Cat::Each) {
            self.each(k);
            return;
        }
        // Some words stand before and after what is not wanted; what follows decides.
        let before = cats.has(Cat::Negation) && leads_mention && !self.leads_product(k);
        if cats.has(Cat::NegationAfter) && !before {
            // "burger without gravy", where there is no gravy: the burger is wanted.
            let of_unknown = k > 0
                && match self.pieces[k - 1].what {
                    What::Unknown => true,
                    What::Word(word) => word.has(Cat::Concept),
                    _ => false,
                };
            if of_unknown || self.negate_last(&piece) {
                return;
            }
        }
        if cats.has(Cat::Negation) && (leads_mention || self.negation_reaches(k)) {
            self.scope = Scope {
                negated: true,
                ..Scope::default()
            };
            return;
        }
        if cats.has(Cat::Remove) {
            self.scope = Scope {
                negated: true,
                ..Scope::default()
            };
        }
        if cats.has(Cat::Extra) || cats.has(Cat::Light) {
            let amount = if cats.has(Cat::Extra) {
                reading::Amount::Extra
            } else {
                reading::Amount::Light
            };
            let beside = k > 0 && matches!(self.pieces[k - 1].what, What::Mention(_));
            if leads_mention && !(cats.has(Cat::More) && self.leads_product(k)) {
                self.scope = Scope {
                    amount: Some(amount),
                    negated: self.scope.negated,
                    ..Scope::default()
                };
                if !cats.has(Cat::More) {
                    return;
                }
            } else if beside && let Some(pick) = self.open.picks.last_mut() {
                pick.amount = Some(amount);
                return;
            }
        }
        if let Some(count) = piece.count
            && leads_mention
        {
            self.scope.count = Some(count / 1000);
        }
        if cats.has(Cat::More)
            && let Some(l) = lead
            && let What::Mention(place) = self.pieces[l].what
        {
            // "more cheese" on the open product
            let source = Source::Mention(place);
            if self.offers(&self.open.products, source)
                && self.option_of(source).is_some_and(|(_, multiple)| multiple)
            {
                self.scope = Scope {
                    amount: Some(reading::Amount::Extra),
                    negated: self.scope.negated,
                    ..Scope::default()
                };
                return;
            }
        }
        if cats.has(Cat::More) && self.scope.amount.is_none() {
            if self.open.products.is_empty() {
                self.touch(&piece);
            } else {
                self.begin(&piece);
            }
            self.open.more = true;
            self.np_start = true;
            return;
        }
        if cats.has(Cat::Note) && !leads_mention_of_open(self, lead) {
            self.note = Some(piece.sentence);
            return;
        }
        if cats.has(Cat::Same) {
            // "same colour same size" is of what was just named.
            let attribute = self
                .pieces
                .get(k + 1)
                .is_some_and(|p| matches!(p.what, What::Word(c) if c.has(Cat::Attribute)));
            if attribute && !self.open.is_blank() {
                self.open.same = true;
                return;
            }
            if self.open.is_blank() || (!self.open.products.is_empty() && (self.joiner || k == 0)) {
                self.begin(&piece);
            }
            self.touch(&piece);
            self.open.same = true;
            return;
        }
        if cats.has(Cat::Or) {
            self.scope.negated |= self.scope.was_negated;
        } else if cats.has(Cat::But) || cats.has(Cat::Also) || cats.has(Cat::Order) {
            self.scope = Scope::default();
        } else if cats.has(Cat::With) {
            self.scope.amount = None;
        }
        if cats.has(Cat::And) {
            self.joiner = true;
            self.scope.amount = None;
            self.scope.count = None;
        }
        if cats.has(Cat::Unit) && leads_mention {
            self.np_start = true;
            self.strong_start = true;
        }
        // "a coke" begins something new.
        if cats.has(Cat::Article) && leads_mention {
            self.np_start = true;
        }
    }

    fn leads_product(&self, k: usize) -> bool {
        self.lead(k)
            .and_then(|l| self.mention_at(l))
            .is_some_and(|m| !m.products.is_empty())
    }

    /// `no` reaches over a few plain words: "no need of the red one".
    fn negation_reaches(&self, k: usize) -> bool {
        self.pieces[k + 1..]
            .iter()
            .take(3)
            .take_while(|p| {
                matches!(p.what, What::Word(c) if !c.has(Cat::And) && !c.has(Cat::Order))
                    || matches!(p.what, What::Mention(_))
            })
            .any(|p| matches!(p.what, What::Mention(_)))
    }

    /// `nuts mat daalna`: what was said last is not wanted.
    fn negate_last(&mut self, piece: &Piece) -> bool {
        if self.open.is_blank()
            || piece.sentence != self.open.sentence && self.open.to + 3 < piece.from
        {
            return false;
        }
        match self.open.picks.last_mut() {
            Some(pick) if pick.to + 4 > piece.from => pick.negated = true,
            _ if !self.open.products.is_empty() => self.open.negated = true,
            _ => return false,
        }
        true
    }

    fn each(&mut self, k: usize) {
        let number = |piece: Option<&Piece>| match piece.map(|p| p.what) {
            Some(What::Amount(a))
                if !matches!(
                    a.form,
                    Form::Measure(..) | Form::Multiple(..) | Form::Not | Form::Price
                ) =>
            {
                a.whole()
            }
            _ => None,
        };
        let beside = k.checked_sub(1).map(|i| &self.pieces[i]);
        let measured = matches!(
            beside.map(|p| p.what),
            Some(What::Amount(Amount {
                form: Form::Measure(..) | Form::Multiple(..) | Form::Price,
                ..
            }))
        );
        if measured {
            // "8 oz each": that of all that was named before without one.
            if let Some(pick) = self
                .open
                .picks
                .last()
                .copied()
                .filter(|p| matches!(p.source, Source::Measure(..)))
            {
                let (mentions, index) = (self.mentions, self.index);
                for draft in &mut self.lines.drafts {
                    let offered = draft
                        .products
                        .iter()
                        .any(|f| choose(index, mentions, f.id, pick.source).is_some());
                    if offered
                        && !draft
                            .picks
                            .iter()
                            .any(|p| matches!(p.source, Source::Measure(..)))
                    {
                        draft.picks.push(pick);
                    }
                }
            }
            return;
        }
        let n = number(beside)
            .or_else(|| number(self.pieces.get(k + 1)))
            .unwrap_or(1);
        if self.open.is_blank() && self.lines.drafts.is_empty() {
            // It comes first: of each that follows, one.
            return;
        }
        if self.open.products.is_empty() && !self.open.is_blank() && self.open.picks.is_empty() {
            self.open = Draft::default();
        }
        self.open.each = Some(n);
        if self.open.is_blank() || self.open.variants.is_empty() {
            let sentence = self.pieces[k].sentence;
            for draft in self.lines.drafts.iter_mut().rev() {
                if draft.quantity.is_some() && draft.variants.is_empty()
                    || sentence.saturating_sub(draft.sentence) > 1
                {
                    break;
                }
                draft.each = Some(n);
            }
        }
    }

    fn unknown(&mut self, k: usize) {
        let piece = self.pieces[k];
        let after_number = self.np_start && self.open.products.is_empty();
        if after_number || (self.open.is_blank()) {
            self.touch(&piece);
            self.open.unknown.push(piece.from as u16);
        } else if self.joiner && !self.open.products.is_empty() {
            // A new thing may begin here; it is only kept if it gets a quantity or a product.
            self.begin(&piece);
            self.open.unknown.push(piece.from as u16);
        }
        self.joiner = false;
    }

    fn take_scope(&mut self) -> Scope {
        let scope = self.scope;
        self.scope = Scope {
            was_negated: scope.negated,
            ..Scope::default()
        };
        scope
    }

    fn mention(&mut self, k: usize, place: u16) {
        let piece = self.pieces[k];
        let mention = &self.mentions[place as usize];
        let source = Source::Mention(place);
        if self.scope.replaced {
            let open = std::mem::take(&mut self.open);
            self.touch(&piece);
            self.open.replaced = true;
            self.open.negated = true;
            if mention.products.is_empty()
                || (!open.products.is_empty() && self.offers(&open.products, source))
            {
                self.open.picks.push(Pick {
                    source,
                    negated: true,
                    amount: None,
                    count: 1,
                    from: piece.from,
                    to: piece.to,
                });
            } else {
                self.name(mention, place);
                if !mention.values.is_empty() {
                    self.open.picks.push(Pick {
                        source,
                        negated: true,
                        amount: None,
                        count: 1,
                        from: piece.from,
                        to: piece.to,
                    });
                }
            }
            self.scope = Scope::default();
            self.close();
            self.open = open;
            return;
        }
        if self.is_kind_word(k, mention) || self.is_modifier(k, mention) {
            self.open.to = self.open.to.max(piece.to);
        } else if self.is_value(k, mention, source) {
            self.value(k, source);
        } else if !mention.products.is_empty() {
            self.product(k, place);
        }
    }

    /// "grilled chicken": a word that only hints at another choice, right before one that is said in full.
    fn is_modifier(&self, k: usize, mention: &Mention) -> bool {
        let hint = mention.products.is_empty()
            && mention.values.iter().all(|f| !f.full && !f.head && !f.main);
        let Some(next) = self.pieces.get(k + 1).filter(|_| hint) else {
            return false;
        };
        match next.what {
            What::Mention(place) if next.from == self.pieces[k].to => {
                let next = &self.mentions[place as usize];
                next.products.is_empty() && next.values.iter().any(|f| f.full)
            }
            _ => false,
        }
    }

    /// "ranch sauce", "jalapeno peppers": a word that says what kind of thing several values are, right
    /// after one of them, adds nothing.
    fn is_kind_word(&self, k: usize, mention: &Mention) -> bool {
        if mention.tokens.len() != 1 || self.np_start || self.scope_is_set() {
            return false;
        }
        let Some(before) = k.checked_sub(1).map(|i| self.pieces[i]) else {
            return false;
        };
        let What::Mention(before_place) = before.what else {
            return false;
        };
        let before_mention = &self.mentions[before_place as usize];
        if before.to != self.pieces[k].from
            || before_mention.values.is_empty()
            || mention.values.is_empty()
        {
            return false;
        }
        // "cheddar cheese", where cheese stands for any of cheddar, swiss and others.
        let member = mention.values.iter().any(|any| {
            let any = &self.index.values[any.id as usize].text;
            any.contains('|')
                && before_mention.values.iter().any(|v| {
                    any.split('|')
                        .any(|m| *m == *self.index.values[v.id as usize].text)
                })
        });
        if member {
            return true;
        }
        let hint = mention.values.iter().all(|f| !f.full) && mention.values.iter().any(|f| f.head);
        let heads = self.index.heads(&mention.values, &self.open.products);
        hint && heads >= 2
            && !before_mention
                .values
                .iter()
                .any(|v| mention.values.iter().any(|m| m.id == v.id))
    }

    /// Whether the mention, here, is a choice for a product and not a product itself.
    fn is_value(&self, k: usize, mention: &Mention, source: Source) -> bool {
        if mention.values.is_empty() {
            return false;
        }
        if mention.products.is_empty() {
            return true;
        }
        // "guacamole on the side"
        let sided = self.pieces.get(k + 1).is_some_and(
            |p| matches!(p.what, What::Word(c) if c.has(Cat::Unit) && c.has(Cat::Order)),
        );
        if sided && mention.products.iter().any(|f| f.full) {
            return false;
        }
        let open_offers = self.offers(&self.open.products, source);
        let beside_attribute = self.beside_attribute(k);
        if open_offers && beside_attribute {
            return true;
        }
        let fresh = self.strong_start || self.np_start;
        if open_offers && (!fresh || self.scope_is_set()) {
            return true;
        }
        // "a pepper and onion pizza": said in full, and a product follows that offers it.
        let value_full = mention.values.iter().any(|f| f.full);
        if value_full && mention.products.iter().all(|f| !f.full) && self.product_ahead(k, source) {
            return true;
        }
        // "one large with pineapple": of something left out, of which other choices were said.
        let after_with =
            k > 0 && matches!(self.pieces[k - 1].what, What::Word(c) if c.has(Cat::With));
        if value_full
            && mention.products.iter().all(|f| !f.full)
            && self.open.products.is_empty()
            && !self.open.picks.is_empty()
            && after_with
        {
            return true;
        }
        // "chicken burrito": a product follows at once that offers it.
        if let Some(next) = self.pieces.get(k + 1)
            && let What::Mention(after) = next.what
        {
            let after = &self.mentions[after as usize];
            if !after.products.is_empty()
                && self.offers(&after.products, source)
                && !mention
                    .products
                    .iter()
                    .any(|f| after.products.iter().any(|a| a.id == f.id))
            {
                return true;
            }
        }
        // Left out: "2 black, 1 nude" after a product that comes in nude.
        let before = self
            .lines
            .drafts
            .iter()
            .rev()
            .find(|d| !d.products.is_empty());
        let hint =
            mention.products.iter().all(|f| !f.full) && mention.values.iter().any(|f| f.full);
        let talked = || {
            self.recent
                .last()
                .is_some_and(|item| choose(self.index, self.mentions, *item, source).is_some())
        };
        hint && self.open.products.is_empty()
            && match before {
                Some(draft) => self.offers(&draft.products, source),
                None => talked(),
            }
    }

    fn scope_is_set(&self) -> bool {
        self.scope.negated || self.scope.amount.is_some() || self.scope.count.is_some()
    }

    fn beside_attribute(&self, k: usize) -> bool {
        let is = |i: Option<usize>| {
            i.and_then(|i| self.pieces.get(i))
                .is_some_and(|p| matches!(p.what, What::Word(c) if c.has(Cat::Attribute)))
        };
        is(k.checked_sub(1)) || is(Some(k + 1))
    }

    /// The product that the choice at piece `k` stands before, when nothing parts them.
    fn product_ahead(&self, k: usize, source: Source) -> bool {
        for piece in self.pieces[k + 1..].iter().take(REACH) {
            match piece.what {
                What::Mention(place) => {
                    let mention = &self.mentions[place as usize];
                    if mention.products.is_empty() {
                        continue;
                    }
                    let choice = !mention.values.is_empty()
                        && self.offers(&self.open.products, Source::Mention(place));
                    if self.offers(&mention.products, source) && !choice {
                        return true;
                    }
                    if mention.values.is_empty() {
                        return false;
                    }
                }
                What::Word(cats) if cats.only(WITHIN) => {}
                What::Word(cats) if cats.has(Cat::And) && !cats.has(Cat::Article) => {}
                _ => return false,
            }
        }
        false
    }

    /// The last draft before the open one whose product offers a choice.
    fn offering_draft(&self, source: Source) -> Option<usize> {
        let n = self.lines.drafts.len();
        (n.saturating_sub(REACH)..n)
            .rev()
            .find(|i| self.offers(&self.lines.drafts[*i].products, source))
    }

    /// As [`Self::product_ahead`], with no `and` between.
    fn adjoins_product(&self, k: usize, source: Source) -> bool {
        let and = self.pieces[k + 1..]
            .iter()
            .take(REACH)
            .take_while(|p| !matches!(p.what, What::Mention(m) if !self.mentions[m as usize].products.is_empty()))
            .any(|p| matches!(p.what, What::Word(c) if c.has(Cat::And)));
        (!and || self.np_start) && self.product_ahead(k, source)
    }

    fn value(&mut self, k: usize, source: Source) {
        let piece = self.pieces[k];
        let ahead = (self.joiner || self.np_start) && self.adjoins_product(k, source);
        let open_offers = self.offers(&self.open.products, source);
        if !self.open.products.is_empty() && ahead && (self.np_start || !open_offers || self.joiner)
        {
            self.begin(&piece);
        } else if !self.open.products.is_empty() && !open_offers {
            // Not of this product: of one before, of one left out, or of one that comes.
            if self.product_ahead(k, source) || self.joiner || self.np_start {
                self.begin(&piece);
            } else if let Some(draft) = self.offering_draft(source) {
                let pick = self.pick(&piece, source);
                self.lines.drafts[draft].picks.push(pick);
                return;
            } else {
                return;
            }
        }
        let both = self.lines.both && open_offers;
        let pick = self.pick(&piece, source);
        if both {
            let (mentions, index) = (self.mentions, self.index);
            for draft in &mut self.lines.drafts {
                let fits = draft
                    .products
                    .iter()
                    .any(|f| choose(index, mentions, f.id, source).is_some());
                if fits {
                    draft.picks.push(pick);
                }
            }
        }
        self.add(&piece, pick);
    }

    fn pick(&mut self, piece: &Piece, source: Source) -> Pick {
        let scope = self.take_scope();
        Pick {
            source,
            negated: scope.negated,
            amount: scope.amount,
            count: scope
                .count
                .or(piece.count.filter(|c| *c > 1).map(|c| c / 1000))
                .unwrap_or(1)
                .max(1),
            from: piece.from,
            to: piece.to,
        }
    }

    /// Adds a choice to the open draft; a second value of a single-choice option makes a variant.
    fn add(&mut self, piece: &Piece, pick: Pick) {
        self.touch(piece);
        let option = self.option_of(pick.source);
        let current = self.open.variants.last().unwrap_or(&self.open.picks);
        let clash = match &option {
            Some((name, false)) if !pick.negated => current.iter().position(|p| {
                !p.negated
                    && self
                        .option_of(p.source)
                        .is_some_and(|(other, _)| other == *name)
            }),
            _ => None,
        };
        match clash {
            Some(old) if self.same_choice(current[old].source, pick.source) => {}
            Some(old) if !self.correction && self.open.quantity_at > current[old].from => {
                // "navy one, red two": what was counted is done with.
                self.begin(piece);
                self.open.picks.push(pick);
            }
            Some(old)
                if self.correction
                    || !(self.joiner || self.open.quantity.is_none_or(|q| q > 1)) =>
            {
                let current = match self.open.variants.last_mut() {
                    Some(variant) => variant,
                    None => &mut self.open.picks,
                };
                current[old] = pick;
            }
            Some(_) => self.open.variants.push(SmallVec::from_slice(&[pick])),
            None => match self.open.variants.last_mut() {
                Some(variant) => variant.push(pick),
                None => self.open.picks.push(pick),
            },
        }
    }

    fn same_choice(&self, a: Source, b: Source) -> bool {
        let product = self.open.products.first().map(|f| f.id);
        match product {
            Some(item) => {
                let one = choose(self.index, self.mentions, item, a);
                one.is_some() && one == choose(self.index, self.mentions, item, b)
            }
            None => a == b,
        }
    }

    /// The option of a choice: its name, and whether several values of it may be chosen.
    fn option_of(&self, source: Source) -> Option<(&str, bool)> {
        if let Some(fit) = self
            .open
            .products
            .iter()
            .find(|f| choose(self.index, self.mentions, f.id, source).is_some())
        {
            let value = choose(self.index, self.mentions, fit.id, source)?.value;
            let value = &self.index.values[value as usize];
            return Some((&value.option, value.multiple));
        }
        match source {
            Source::Mention(place) => {
                let fit = self.mentions[place as usize].values.first()?;
                let value = &self.index.values[fit.id as usize];
                Some((&value.option, value.multiple))
            }
            _ => None,
        }
    }

    fn name(&mut self, mention: &Mention, place: u16) {
        self.open.products.clone_from(&mention.products);
        self.open.named_by.push(place);
        self.open.contradicted = mention.contradicted;
        self.open.more_products = mention.more;
    }

    fn product(&mut self, k: usize, place: u16) {
        let piece = self.pieces[k];
        let mention = &self.mentions[place as usize];
        let scope = self.take_scope();
        if self.open.products.is_empty() {
            let far = piece.sentence != self.open.sentence && !self.open.is_blank();
            if far {
                self.begin(&piece);
            }
            self.touch(&piece);
            self.open.opened |= self.np_start;
            self.name(mention, place);
            self.open.negated |= scope.negated;
            return;
        }
        let common: SmallVec<[Fit; 4]> = self
            .open
            .products
            .iter()
            .filter(|f| mention.products.iter().any(|m| m.id == f.id))
            .copied()
            .collect();
        let narrows = !common.is_empty()
            && (common.len() < self.open.products.len()
                || common.len() < mention.products.len()
                || self.open.products.len() == 1);
        let fresh = self.strong_start
            || self.open.variants.len() + usize::from(self.open.negated != scope.negated) > 0;
        if narrows && !fresh && !scope.negated {
            let list = self.open.quantity.is_some_and(|q| q > 1)
                && self.open.headed
                && common.len() < self.open.products.len();
            if list {
                // "2 cakes - black forest and pineapple": the head stays, to be counted against its parts.
                self.begin(&piece);
                self.open.joined = true;
                self.name(mention, place);
            } else if !(self.joiner && self.open.products.len() == 1 && mention.products.len() == 1)
                || self.open.quantity.is_none()
            {
                let repeated =
                    self.open.products.len() == 1 && mention.products.len() == 1 && self.joiner;
                if repeated {
                    self.begin(&piece);
                    self.name(mention, place);
                    return;
                }
                self.touch(&piece);
                self.open.products = narrowed(&common, mention);
                self.open.named_by.push(place);
            } else {
                self.begin(&piece);
                self.name(mention, place);
            }
            return;
        }
        if self.correction && !self.joiner && self.open.negated == scope.negated {
            let alike = self
                .open
                .products
                .first()
                .zip(mention.products.first())
                .is_some_and(|(a, b)| self.index.likeness(a.id, b.id) >= 1.0);
            if alike {
                self.touch(&piece);
                self.open.named_by.clear();
                self.name(mention, place);
                return;
            }
        }
        // Beside a certain product, a weak hint of others is a word of the first.
        let weak = mention.products.len() > 1
            && mention.products.iter().all(|f| !f.full)
            && !self.joiner
            && !self.np_start;
        if weak
            && self.open.is_certain()
            && k > 0
            && self.pieces[k - 1].to == piece.from
            && matches!(self.pieces[k - 1].what, What::Mention(_))
        {
            return;
        }
        let opened = self.np_start;
        self.begin(&piece);
        self.name(mention, place);
        self.open.negated = scope.negated;
        self.open.opened = opened;
    }

    fn amount(&mut self, k: usize, amount: Amount) {
        let piece = self.pieces[k];
        let lead = self.lead(k);
        if self
            .pieces
            .get(lead_any(self.pieces, k))
            .is_some_and(|p| matches!(p.what, What::Word(c) if c.has(Cat::Each)))
            && matches!(
                amount.form,
                Form::Plain | Form::Pieces(_) | Form::Right | Form::Left
            )
            && !(self.open.is_blank() && self.lines.drafts.is_empty())
        {
            return;
        }
        if self.lines.both
            && !self.lines.drafts.is_empty()
            && matches!(amount.form, Form::Plain | Form::Pieces(_))
        {
            // "both, one each"
            let n = amount.whole();
            for draft in &mut self.lines.drafts {
                draft.each = draft.each.or(n);
            }
            if !self.open.is_blank() {
                self.open.each = self.open.each.or(n);
            }
            return;
        }
        if self.scope.replaced {
            // "instead of 30 send 32"
            let open = std::mem::take(&mut self.open);
            self.touch(&piece);
            self.open.replaced = true;
            self.open.negated = true;
            let source = source_of(&amount).unwrap_or(Source::Number(amount.value));
            self.open.picks.push(Pick {
                source,
                negated: true,
                amount: None,
                count: 1,
                from: piece.from,
                to: piece.to,
            });
            self.close();
            self.open = open;
            self.scope = Scope::default();
            return;
        }
        match amount.form {
            Form::Not => {}
            Form::Price => {
                let price = amount.value;
                if self.open.products.is_empty() && self.lines.drafts.is_empty()
                    || !self.open.products.is_empty()
                    || lead.is_some()
                {
                    self.touch(&piece);
                    self.open.price = Some(price);
                }
            }
            Form::Label => {
                let source = Source::Number(amount.value);
                if self.offers(&self.open.products, source) {
                    let pick = self.pick(&piece, source);
                    self.add(&piece, pick);
                }
            }
            Form::Measure(..) | Form::Multiple(..) => self.measure(k, amount, lead),
            Form::Plain | Form::Left | Form::Right | Form::Pieces(_) | Form::Packs(_) => {
                self.count(k, amount, lead)
            }
        }
    }

    /// The next thing is a product or unknown goods, as against a choice.
    fn leads_goods(&self, lead: Option<usize>) -> bool {
        lead.is_some_and(|l| match self.pieces[l].what {
            What::Mention(place) => !self.mentions[place as usize].products.is_empty(),
            What::Unknown => true,
            _ => false,
        })
    }

    /// In this sentence, amounts stand before what they count.
    fn amounts_lead(&self, k: usize) -> bool {
        self.outline[self.pieces[k].sentence as usize].0
    }

    fn measure(&mut self, k: usize, amount: Amount, lead: Option<usize>) {
        let piece = self.pieces[k];
        let Some(source) = source_of(&amount) else {
            return;
        };
        let goods = self.leads_goods(lead);
        let ahead = lead.is_some_and(|l| match self.pieces[l].what {
            What::Mention(_) => goods || self.product_ahead(l, source),
            What::Unknown => true,
            _ => false,
        });
        let taken = self
            .open
            .picks
            .iter()
            .any(|p| matches!(p.source, Source::Measure(..) | Source::Pack(..)));
        let mine = !self.open.products.is_empty()
            && !(ahead && (taken || self.amounts_lead(k) || self.joiner));
        if !mine && !self.open.products.is_empty() {
            self.begin(&piece);
        }
        if !mine && ahead {
            self.np_start = true;
            self.strong_start = true;
        }
        let pick = self.pick(&piece, source);
        self.add(&piece, pick);
    }

    fn count(&mut self, k: usize, amount: Amount, lead: Option<usize>) {
        let piece = self.pieces[k];
        let Some(n) = amount.whole() else {
            return;
        };
        let number = Source::Number(amount.value);
        let lead_mention = lead.and_then(|l| self.mention_at(l));
        let goods = self.leads_goods(lead);
        if matches!(amount.form, Form::Plain) && self.number_value(k, amount, number, lead) {
            return;
        }
        if self.scope.negated
            && !goods
            && !matches!(amount.form, Form::Right)
            && lead_mention.is_none()
        {
            // "2 dupattas not 1"
            self.scope.negated = false;
            return;
        }
        if let Form::Pieces(Some(place)) = amount.form {
            // The unit word is itself a choice: "2 slices".
            let source = Source::Mention(place);
            if self.offers(&self.open.products, source) && self.open.quantity.is_none() {
                let pick = self.pick(&piece, source);
                self.add(&piece, pick);
                self.set_quantity(n, &amount);
                return;
            }
        }
        let has_product = !self.open.products.is_empty();
        let glued_left = matches!(amount.form, Form::Left);
        if has_product
            && !glued_left
            && let Some(mention) = lead_mention
            && !goods
        {
            // A number before a choice of the product: "double" it, or "3 black" of it.
            let place = match self.pieces[lead.unwrap_or(k)].what {
                What::Mention(place) => place,
                _ => 0,
            };
            let source = Source::Mention(place);
            let multiple = mention
                .values
                .iter()
                .any(|v| self.index.values[v.id as usize].multiple);
            if self.offers(&self.open.products, source) {
                if multiple && lead.is_some_and(|l| self.product_ahead(l, source)) {
                    // "and one cheese pizza"
                    self.begin(&piece);
                    self.set_quantity(n, &amount);
                    self.np_start = true;
                    return;
                }
                if multiple {
                    self.scope.count = Some(n);
                    return;
                }
                let set = self.option_of(source).is_some_and(|(name, _)| {
                    self.open.picks.iter().any(|p| {
                        self.option_of(p.source)
                            .is_some_and(|(other, _)| other == name)
                    })
                });
                if self.open.quantity.is_none() && !set && !self.joiner {
                    self.set_quantity(n, &amount);
                    self.touch(&piece);
                    return;
                }
                self.begin(&piece);
                self.set_quantity(n, &amount);
                self.np_start = true;
                return;
            }
        }
        let of_lead = goods
            && lead_mention.is_some_and(|m| {
                self.open
                    .picks
                    .iter()
                    .all(|p| self.offers(&m.products, p.source))
            });
        if !has_product
            && self.open.quantity.is_some()
            && of_lead
            && !self.joiner
            && piece.sentence == self.open.sentence
            && matches!(amount.form, Form::Plain)
        {
            // "one large two topping pizza": the first number counts.
            return;
        }
        let prefix = (goods || lead_mention.is_some()) && !glued_left;
        if prefix
            && !(has_product
                && self.open.quantity.is_none()
                && !self.joiner
                && !self.amounts_lead(k)
                && !matches!(amount.form, Form::Right))
        {
            if has_product || self.open.quantity.is_some() {
                self.begin(&piece);
            }
            self.touch(&piece);
            self.set_quantity(n, &amount);
            self.open.opened = true;
            self.np_start = true;
            self.strong_start = true;
            return;
        }
        // "she is 62": a number in a sentence about something else.
        let elsewhere = piece.sentence != self.last_sentence
            && matches!(amount.form, Form::Plain)
            && self.talks(piece.sentence);
        if elsewhere && !self.open.is_blank() {
            return;
        }
        if n >= 100 && matches!(amount.form, Form::Plain) {
            // Nobody orders hundreds in passing.
            return;
        }
        if has_product {
            if matches!(amount.form, Form::Pieces(_)) && self.open.quantity.is_some() {
                let pick = self.pick(&piece, Source::Pieces(n));
                self.add(&piece, pick);
            } else if matches!(amount.form, Form::Pieces(_)) {
                self.touch(&piece);
                self.open.picks.push(Pick {
                    source: Source::Pieces(n),
                    negated: false,
                    amount: None,
                    count: 1,
                    from: piece.from,
                    to: piece.to,
                });
            } else if self.open.quantity.is_none()
                || self.correction
                || (self.open.weak_one && n > 1)
            {
                self.touch(&piece);
                self.set_quantity(n, &amount);
            } else if self.joiner {
                self.begin(&piece);
                self.set_quantity(n, &amount);
                self.np_start = true;
            }
            return;
        }
        self.touch(&piece);
        self.set_quantity(n, &amount);
        self.open.opened = true;
        self.np_start = true;
        if amount.mention.is_some() {
            // It may as well be a choice, for what was talked about before.
            let pick = Pick {
                source: number,
                negated: false,
                amount: None,
                count: 1,
                from: piece.from,
                to: piece.to,
            };
            if amount.value >= 10_000 {
                self.open.picks.push(pick);
                self.open.quantity = None;
            }
        }
    }

    /// Whether a sentence has words of content that name nothing of the catalogue.
    fn talks(&self, sentence: u16) -> bool {
        self.outline[sentence as usize].1
    }

    fn set_quantity(&mut self, n: u32, amount: &Amount) {
        self.open.quantity = Some(n);
        self.open.weak_one = n == 1 && amount.word;
        self.open.quantity_at = self.open.to.saturating_sub(1);
    }

    /// Takes a plain number as a value that a product has (`38`), where that is what it is.
    fn number_value(
        &mut self,
        k: usize,
        amount: Amount,
        source: Source,
        lead: Option<usize>,
    ) -> bool {
        if amount.mention.is_none() {
            return false;
        }
        let piece = self.pieces[k];
        let attribute = self.beside_attribute(k);
        let large = amount.value >= 10_000;
        let leads_goods = self.leads_goods(lead);
        let open_offers = self.offers(&self.open.products, source);
        if open_offers && (attribute || large || !leads_goods) {
            let pick = self.pick(&piece, source);
            self.add(&piece, pick);
            return true;
        }
        let ahead = lead.is_some_and(|l| {
            self.mention_at(l)
                .is_some_and(|m| self.offers(&m.products, source))
        });
        if ahead
            && (attribute
                || large
                || (self.open.products.is_empty() && self.open.quantity.is_some()))
        {
            if !self.open.products.is_empty() {
                self.begin(&piece);
            }
            let pick = self.pick(&piece, source);
            self.add(&piece, pick);
            return true;
        }
        if self.open.products.is_empty() && (attribute || (!self.open.unknown.is_empty() && large))
        {
            let pick = self.pick(&piece, source);
            self.add(&piece, pick);
            return true;
        }
        // Colours and sizes said without the product, in a row: "white 38".
        if large && self.open.products.is_empty() && !leads_goods && !self.open.picks.is_empty() {
            let pick = self.pick(&piece, source);
            self.add(&piece, pick);
            return true;
        }
        false
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

/// The value that a choice is for this product, if the product offers one.
pub(crate) fn choose(
    index: &Index,
    mentions: &[Mention],
    item: u32,
    source: Source,
) -> Option<Chosen> {
    let find = |test: &dyn Fn(&Value) -> bool| {
        index.items[item as usize].sheets.iter().find_map(|sheet| {
            let sheet = &index.sheets[*sheet as usize];
            let value = sheet
                .values
                .iter()
                .find(|v| test(&index.values[**v as usize]))?;
            Some(Chosen {
                value: *value,
                multiple: sheet.multiple,
                tied: false,
                quantity: None,
            })
        })
    };
    match source {
        Source::Mention(place) => {
            let mention = &mentions[place as usize];
            let mut best: Option<(Fit, bool, bool)> = None;
            for fit in &mention.values {
                let Some(sheet) = index.offering(item, fit.id) else {
                    continue;
                };
                match &mut best {
                    Some((old, multiple, tied)) => {
                        if fit.score > old.score + 0.004 {
                            (*old, *multiple, *tied) = (*fit, sheet.multiple, false);
                        } else if fit.score > old.score - 0.004 {
                            *tied = true;
                        }
                    }
                    None => best = Some((*fit, sheet.multiple, false)),
                }
            }
            best.map(|(fit, multiple, tied)| Chosen {
                value: fit.id,
                multiple,
                tied,
                quantity: None,
            })
        }
        Source::Measure(size, kind, _) => {
            find(&|v| v.measure == Some((size, kind))).or_else(|| {
                // 2 kg of what comes by the kilo are two of it.
                let packs = |v: &Value| {
                    v.measure.filter(|(one, k)| {
                        *k == kind && *one > 0 && *one < size && size % one == 0 && size / one <= 50
                    })
                };
                let largest = index.items[item as usize]
                    .sheets
                    .iter()
                    .flat_map(|s| &index.sheets[*s as usize].values)
                    .filter_map(|v| packs(&index.values[*v as usize]))
                    .map(|(one, _)| one)
                    .max()?;
                let chosen = find(&|v| v.measure == Some((largest, kind)))?;
                Some(Chosen {
                    quantity: Some(size / largest),
                    ..chosen
                })
            })
        }
        Source::Number(n) => find(&|v| v.number == Some(n)),
        Source::Pieces(n) => find(&|v| v.pack == Some(n)),
        Source::Pack(n, of) => {
            let all = (u64::from(n) * u64::from(of) / 1000) as u32;
            find(&|v| v.pack == Some(all)).or_else(|| {
                let one = find(&|v| v.pack == Some(of))?;
                (n % 1000 == 0).then_some(Chosen {
                    quantity: Some(n / 1000),
                    ..one
                })
            })
        }
    }
}
