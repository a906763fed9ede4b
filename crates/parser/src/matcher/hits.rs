//! Which words of the catalogue each token may be.

use super::{FUNCTION, Hit, PHRASE, Run};
use crate::index::{Lemma, form_hash};
use crate::lexicon::{Cat, Unit, lexicon};
use crate::tokenise::Kind;
use crate::vocabulary::Near;
use smallvec::SmallVec;

impl Run<'_> {
    /// Every word of the catalogue that a token of the run may be.
    pub(super) fn hits(&self) -> Vec<Hit> {
        let vocabulary = &self.index.vocabulary;
        let mut buffer = String::new();
        let mut hits: Vec<Hit> = Vec::with_capacity((self.end - self.start) * 2);
        for i in self.start..self.end {
            let token = &self.tokens.list[i];
            if !matches!(token.kind, Kind::Word | Kind::Number) {
                continue;
            }
            let form = self.tokens.form(i);
            let mask = 1_u64 << (i - self.start);
            let numeric = token.kind == Kind::Number;
            let cats = self.tags.cats(i);
            // Inside a set phrase ("can i get", "for me") a word is part of the phrase and nothing else.
            if self
                .tags
                .at(i)
                .is_some_and(|t| t.to - t.from > 1 && t.cats.any(PHRASE))
            {
                continue;
            }
            let inside = self.tags.at(i).is_some_and(|t| t.to - t.from > 1);
            // `33w`: letters glued to a number name something together with it.
            let measure = token.glued
                && i > self.start
                && self.tokens.list[i - 1].kind == Kind::Number
                && !numeric;
            let by_name = self.tags.at(i).is_some_and(|t| {
                t.concepts.iter().any(|c| {
                    lexicon()
                        .canon(*c)
                        .iter()
                        .all(|w| lexicon().has(w, &[Cat::Common]))
                })
            });
            let unit = self
                .tags
                .at(i)
                .is_some_and(|t| t.to - t.from == 1 && t.unit == Some(Unit::Pack));
            let function = !numeric
                && (cats.any(FUNCTION) || (inside && lexicon().has(form, &[Cat::Attribute])));
            let hash = form_hash(form);
            let before = hits.len();
            let mut add = |mask: u64, lemma: Lemma, quality: f32| {
                hits.push(Hit {
                    mask,
                    lemma,
                    quality,
                    form: hash,
                    numeric,
                    function,
                    unit,
                    common: cats.has(Cat::Common) || by_name,
                    measure,
                });
            };
            if let Some(lemma) = vocabulary.exact(form, &mut buffer) {
                add(mask, lemma, 1.0);
            }
            if i + 1 < self.end && matches!(self.tokens.list[i + 1].kind, Kind::Word | Kind::Number)
            {
                let next = self.tokens.form(i + 1);
                if form.len() + next.len() >= 3
                    && let Some(lemma) = vocabulary.joined(form, next, &mut buffer)
                {
                    add(mask | mask << 1, lemma, 0.97);
                }
                // `10k` is 10000.
                if numeric && next == "k" && self.tokens.list[i + 1].glued {
                    let thousands = format!("{form}000");
                    if let Some(lemma) = vocabulary.exact(&thousands, &mut buffer) {
                        add(mask | mask << 1, lemma, 0.97);
                    }
                }
            }
            if let Some((first, second)) = vocabulary.split(form, &mut buffer) {
                add(mask, first, 0.97);
                add(mask, second, 0.97);
            }
            if let Some(tag) = self.tags.at(i)
                && tag.from == i
                && tag.to <= self.end
            {
                let whole = ((1_u64 << (tag.to - tag.from)) - 1) << (i - self.start);
                for concept in &tag.concepts {
                    for word in lexicon().canon(*concept) {
                        if let Some(lemma) = vocabulary.exact(word, &mut buffer) {
                            add(whole, lemma, 0.93);
                        }
                    }
                }
            }
            let known =
                hits.len() > before || hits.iter().rev().take(2).any(|h| h.mask & mask != 0);
            if !known && !numeric && cats.is_empty() {
                self.loose(i, form, mask, &mut buffer, &mut hits);
            }
        }
        hits
    }

    /// Words that a token unknown to catalogue and languages may be: begun, misspelt, inflected.
    pub(super) fn loose(
        &self,
        i: usize,
        form: &str,
        mask: u64,
        buffer: &mut String,
        hits: &mut Vec<Hit>,
    ) {
        let vocabulary = &self.index.vocabulary;
        let mut near: SmallVec<[Near; 4]> = SmallVec::new();
        let before_number = self
            .tokens
            .list
            .get(i + 1)
            .is_some_and(|t| t.glued && t.kind == Kind::Number);
        if form.len() >= 3 || (form.len() == 2 && before_number) {
            vocabulary.begun(form, &mut near);
        }
        if near.is_empty() {
            vocabulary.misspelt(form, buffer, &mut near);
        }
        if near.is_empty() && form.len() >= 5 {
            for suffix in crate::lexicon::suffixes(self.index.likely) {
                if let Some(stem) = form.strip_suffix(suffix)
                    && stem.len() >= 3
                    && let Some(lemma) = vocabulary.exact(stem, buffer)
                {
                    near.push(Near {
                        lemma,
                        quality: 0.9,
                    });
                    break;
                }
            }
        }
        if near.is_empty() {
            vocabulary.sounding(form, &mut near);
        }
        for near in near {
            hits.push(Hit {
                mask,
                lemma: near.lemma,
                quality: near.quality,
                form: 0,
                numeric: false,
                function: false,
                unit: false,
                common: false,
                measure: false,
            });
        }
    }
}
