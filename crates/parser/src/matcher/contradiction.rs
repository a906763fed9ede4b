//! Numbers beside a mention that say it is something else: `iphone 15` is not the iPhone 13.

use super::{Mention, Run};
use crate::index::{Lemma, NameWord};
use crate::tokenise::Kind;

impl Run<'_> {
    /// Whether a word beside the mention, of the catalogue or a model number, says that it is none of
    /// its products.
    pub(super) fn contradicted(&self, mention: &Mention, mask: u64) -> bool {
        !mention.products.is_empty()
            && mention
                .products
                .iter()
                .all(|f| self.has_other_number(f.id, mask))
    }

    /// Whether the product's title has a number beside a word that was said with another number beside
    /// it: `iphone 15` is not the iPhone 13.
    pub(super) fn has_other_number(&self, item: u32, mask: u64) -> bool {
        let title = self.index.name_words(self.index.items[item as usize].title);
        for i in self.start..self.end {
            if mask & (1 << (i - self.start)) == 0 || self.tokens.list[i].kind != Kind::Word {
                continue;
            }
            if i > self.start && self.number_before(title, i, mask) {
                return true;
            }
            let Some(next) = (i + 1 < self.end).then(|| &self.tokens.list[i + 1]) else {
                continue;
            };
            let beside = mask & (1 << (i + 1 - self.start));
            if next.kind != Kind::Number || beside != 0 {
                continue;
            }
            let Some(lemma) = self.lemma(i) else {
                continue;
            };
            let Some(at) = title.iter().position(|w| w.lemma == lemma) else {
                continue;
            };
            let Some(follows) = title.get(at + 1) else {
                continue;
            };
            let text = self.index.vocabulary.text(follows.lemma);
            let model = text.starts_with(|c: char| c.is_ascii_digit());
            // A unit or a word after the number makes it a quantity of something else.
            let counted = self.tags.at(i + 2).is_some_and(|t| t.unit.is_some());
            if model && !counted && text != self.tokens.form(i + 1) {
                return true;
            }
        }
        false
    }

    /// `12 pro max` is not the 13 Pro Max.
    pub(super) fn number_before(&self, title: &[NameWord], i: usize, mask: u64) -> bool {
        let before = &self.tokens.list[i - 1];
        if before.kind != Kind::Number
            || mask & (1 << (i - 1 - self.start)) != 0
            || before.value.is_none_or(|v| v < 10_000)
        {
            return false;
        }
        let Some(lemma) = self.lemma(i) else {
            return false;
        };
        let at = title
            .iter()
            .position(|w| w.lemma == lemma)
            .and_then(|at| at.checked_sub(1));
        at.is_some_and(|at| {
            let text = self.index.vocabulary.text(title[at].lemma);
            text.starts_with(|c: char| c.is_ascii_digit()) && text != self.tokens.form(i - 1)
        })
    }

    /// The catalogue's word that was said here.
    fn lemma(&self, i: usize) -> Option<Lemma> {
        let vocabulary = &self.index.vocabulary;
        vocabulary.exact(self.tokens.form(i), &mut String::new())
    }
}
