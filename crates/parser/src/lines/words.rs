//! Words that steer: negation and amount with their scopes, each, same, more, instead.

use super::{Draft, Grouper, Scope, Source, choose, leads_mention_of_open};
use crate::lexicon::Cat;
use crate::pieces::{Amount, Form, Piece, What};
use crate::tag::Cats;
use domain::reading;

impl Grouper<'_> {
    pub(super) fn word(&mut self, k: usize, cats: Cats) {
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

    pub(super) fn leads_product(&self, k: usize) -> bool {
        self.lead(k)
            .and_then(|l| self.mention_at(l))
            .is_some_and(|m| !m.products.is_empty())
    }

    /// `no` reaches over a few plain words: "no need of the red one".
    pub(super) fn negation_reaches(&self, k: usize) -> bool {
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
    pub(super) fn negate_last(&mut self, piece: &Piece) -> bool {
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

    pub(super) fn each(&mut self, k: usize) {
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

    pub(super) fn unknown(&mut self, k: usize) {
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
}
