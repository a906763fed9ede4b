//! What a mention is at its place: a product, a choice of one, or a word that adds nothing.

use super::{Grouper, Pick, REACH, Scope, Source, WITHIN, choose};
use crate::lexicon::Cat;
use crate::matcher::Mention;
use crate::pieces::What;

impl Grouper<'_> {
    pub(super) fn mention(&mut self, k: usize, place: u16) {
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
                self.open.picks.push(Pick::replaced(source, &piece));
            } else {
                self.name(mention, place);
                if !mention.values.is_empty() {
                    self.open.picks.push(Pick::replaced(source, &piece));
                }
            }
            self.scope = Scope::default();
            self.close();
            self.open = open;
            return;
        }
        let stressed = self.scope.amount.is_some() || self.scope.count.is_some();
        if stressed
            && !self.open.products.is_empty()
            && !self.offers(&self.open.products, source)
            && mention.products.iter().all(|f| !f.full)
            && !mention.products.is_empty()
        {
            // "extra chips" where it comes with none: a wish, not another product.
            self.take_scope();
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
    pub(super) fn is_modifier(&self, k: usize, mention: &Mention) -> bool {
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
    pub(super) fn is_kind_word(&self, k: usize, mention: &Mention) -> bool {
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
    pub(super) fn is_value(&self, k: usize, mention: &Mention, source: Source) -> bool {
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
            && (after_with || self.scope_is_set())
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

    pub(super) fn scope_is_set(&self) -> bool {
        self.scope.negated || self.scope.amount.is_some() || self.scope.count.is_some()
    }

    pub(super) fn beside_attribute(&self, k: usize) -> bool {
        let is = |i: Option<usize>| {
            i.and_then(|i| self.pieces.get(i))
                .is_some_and(|p| matches!(p.what, What::Word(c) if c.has(Cat::Attribute)))
        };
        is(k.checked_sub(1)) || is(Some(k + 1))
    }

    /// The product that the choice at piece `k` stands before, when nothing parts them.
    pub(super) fn product_ahead(&self, k: usize, source: Source) -> bool {
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
                What::Word(cats)
                    if cats.only(WITHIN) || cats.has(Cat::Extra) || cats.has(Cat::Light) => {}
                What::Word(cats) if cats.has(Cat::And) && !cats.has(Cat::Article) => {}
                _ => return false,
            }
        }
        false
    }

    /// The last draft before the open one whose product offers a choice.
    pub(super) fn offering_draft(&self, source: Source) -> Option<usize> {
        let n = self.lines.drafts.len();
        (n.saturating_sub(REACH)..n)
            .rev()
            .find(|i| self.offers(&self.lines.drafts[*i].products, source))
    }

    /// As [`Self::product_ahead`], with no `and` between.
    pub(super) fn adjoins_product(&self, k: usize, source: Source) -> bool {
        let and = self.pieces[k + 1..]
            .iter()
            .take(REACH)
            .take_while(|p| !matches!(p.what, What::Mention(m) if !self.mentions[m as usize].products.is_empty()))
            .any(|p| matches!(p.what, What::Word(c) if c.has(Cat::And)));
        (!and || self.np_start) && self.product_ahead(k, source)
    }
}
