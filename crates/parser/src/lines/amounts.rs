//! Numbers: which product they count, or which of its values they are.

use super::{Grouper, Pick, Scope, Source, lead_any, source_of};
use crate::lexicon::Cat;
use crate::pieces::{Amount, Form, What};

impl Grouper<'_> {
    pub(super) fn amount(&mut self, k: usize, amount: Amount) {
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
            self.open.picks.push(Pick::replaced(source, &piece));
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
                self.count(k, amount, lead);
            }
        }
    }

    /// The next thing is a product or unknown goods, as against a choice.
    pub(super) fn leads_goods(&self, lead: Option<usize>) -> bool {
        lead.is_some_and(|l| match self.pieces[l].what {
            What::Mention(place) => !self.mentions[place as usize].products.is_empty(),
            What::Unknown => true,
            _ => false,
        })
    }

    /// In this sentence, amounts stand before what they count.
    pub(super) fn amounts_lead(&self, k: usize) -> bool {
        self.outline[self.pieces[k].sentence as usize].0
    }

    pub(super) fn measure(&mut self, k: usize, amount: Amount, lead: Option<usize>) {
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

    pub(super) fn count(&mut self, k: usize, amount: Amount, lead: Option<usize>) {
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
            && !matches!(amount.form, Form::Pieces(_))
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
                self.open.picks.push(Pick::once(Source::Pieces(n), &piece));
            } else if self.open.quantity.is_none()
                || self.correction
                || (self.open.weak_one && n > 1)
            {
                self.touch(&piece);
                self.set_quantity(n, &amount);
            } else if let Some(variant) = self.open.variants.pop() {
                // "3 black XL and skin M 1": the number is that of the last combination.
                self.begin(&piece);
                self.open.picks = variant;
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
            let pick = Pick::once(number, &piece);
            if amount.value >= 10_000 {
                self.open.picks.push(pick);
                self.open.quantity = None;
            }
        }
    }

    /// Whether a sentence has words of content that name nothing of the catalogue.
    pub(super) fn talks(&self, sentence: u16) -> bool {
        self.outline[sentence as usize].1
    }

    pub(super) fn set_quantity(&mut self, n: u32, amount: &Amount) {
        self.open.quantity = Some(n);
        self.open.weak_one = n == 1 && amount.word;
        self.open.quantity_at = self.open.to.saturating_sub(1);
    }

    /// Takes a plain number as a value that a product has (`38`), where that is what it is.
    pub(super) fn number_value(
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
