//! Choices and products as they join a draft.

use super::{Grouper, Pick, Scope, Source, choose, narrowed};
use crate::matcher::{Fit, Mention};
use crate::pieces::{Piece, What};
use smallvec::SmallVec;

impl Grouper<'_> {
    pub(super) fn take_scope(&mut self) -> Scope {
        let scope = self.scope;
        self.scope = Scope {
            was_negated: scope.negated,
            ..Scope::default()
        };
        scope
    }

    pub(super) fn value(&mut self, k: usize, source: Source) {
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
        let each = self.open.each.is_some() && self.open.variants.is_empty();
        let both = (self.lines.both || each) && open_offers;
        let pick = self.pick(&piece, source);
        if both {
            let (mentions, index) = (self.mentions, self.index);
            for draft in &mut self.lines.drafts {
                let fits = (self.lines.both || draft.each.is_some())
                    && draft
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

    pub(super) fn pick(&mut self, piece: &Piece, source: Source) -> Pick {
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
    pub(super) fn add(&mut self, piece: &Piece, pick: Pick) {
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

    pub(super) fn same_choice(&self, a: Source, b: Source) -> bool {
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
    pub(super) fn option_of(&self, source: Source) -> Option<(&str, bool)> {
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

    pub(super) fn name(&mut self, mention: &Mention, place: u16) {
        self.open.products.clone_from(&mention.products);
        self.open.named_by.push(place);
        self.open.contradicted = mention.contradicted;
        self.open.more_products = mention.more;
    }

    /// "one white skirt and one beige, and the scarf": what was chosen last comes with an earlier
    /// product and not with the one that is named now.
    fn choices_are_of_another(&self, mention: &Mention) -> bool {
        let open = &self.open.picks;
        !open.is_empty()
            && open.iter().all(|pick| {
                !self.offers(&mention.products, pick.source)
                    && self.offering_draft(pick.source).is_some()
            })
    }

    pub(super) fn product(&mut self, k: usize, place: u16) {
        let piece = self.pieces[k];
        let mention = &self.mentions[place as usize];
        let scope = self.take_scope();
        if self.open.products.is_empty() {
            let far = piece.sentence != self.open.sentence && !self.open.is_blank();
            if far || self.choices_are_of_another(mention) {
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
}
