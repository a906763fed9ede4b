//! Lines whose product is known, or may be one of several.

use super::{Work, common_options, conflicts, merged};
use crate::intent::Mode;
use crate::lexicon::Cat;
use crate::settle::Line;
use domain::reading::{Change, Doubt, OrderLine};

impl Work<'_> {
    /// Several products fit, or none: that is a doubt.
    pub(super) fn doubtful(&mut self, line: Line) {
        let index = self.parts.index;
        let candidates = line
            .items
            .iter()
            .take(10)
            .map(|i| index.items[*i as usize].id.clone())
            .collect();
        let options = common_options(index, self.parts.mentions, &line);
        let quantity = line.quantity.unwrap_or(1);
        self.talk(&line);
        let (words, span) = (self.words(&line), self.span(&line));
        self.doubts.push(if line.contradicted {
            Doubt::UnknownProduct {
                words,
                span,
                quantity,
                nearest: candidates,
            }
        } else {
            Doubt::AmbiguousProduct {
                words,
                span,
                quantity,
                options,
                candidates,
            }
        });
    }

    /// A line whose product is certain.
    pub(super) fn known(&mut self, mut line: Line, replaced: &[Line]) {
        let index = self.parts.index;
        let item = line.items[0];
        self.unclear(&line, item);
        let id = index.items[item as usize].id.clone();
        // An answer to "which one?" takes what was said with the question.
        for doubt in &self.parts.standing.doubts {
            if let Doubt::AmbiguousProduct {
                quantity,
                options,
                candidates,
                ..
            } = doubt
                && candidates.contains(&id)
                && self.mode(&line) != Mode::Question
            {
                line.quantity = line.quantity.or(Some(*quantity));
                line.options = merged(index, item, options, &line.options);
                break;
            }
        }
        // "another white one, the same": the rest as in the line before.
        if line.same
            && let Some(last) = self.standing().last()
        {
            line.options = merged(index, item, &last.options, &line.options);
        }
        let confidence = self.confidence(&line);
        let span = self.span(&line);
        let sentence = self.cats.at(line.sentence);
        let amending = self.amends(line.sentence);
        let same: Vec<usize> = (0..self.standing().len())
            .filter(|i| self.standing()[*i].product == id && !self.touched.contains(i))
            .collect();
        if let Some(swap) = self.swapped(&line, item, replaced, amending, &same) {
            self.touched.push(swap);
            let old = self.standing()[swap].clone();
            let options = merged(index, item, &old.options, &line.options);
            let one_of = amending
                && old.quantity > 1
                && sentence.is_some_and(|s| s.cats.has(Cat::One) && !s.cats.has(Cat::Instead));
            if one_of {
                line.quantity = line.quantity.or(Some(1));
            }
            let quantity = line.quantity.unwrap_or(old.quantity);
            self.note(item, line.quantity, &options);
            let new = OrderLine {
                product: id,
                quantity,
                options,
            };
            let new = self.read_line(new, confidence, span);
            if line.quantity.is_some_and(|q| q < old.quantity) && !line.opened {
                // "64 GB for one of them"
                let rest = OrderLine {
                    quantity: old.quantity - quantity,
                    ..old
                };
                let line = self.read_line(rest, confidence, span);
                self.changes.push(Change::Replace { index: swap, line });
                self.changes.push(Change::Add { line: new });
            } else {
                self.changes.push(Change::Replace {
                    index: swap,
                    line: new,
                });
            }
            return;
        }
        let more = line.more;
        if let Some(&at) = same
            .iter()
            .rev()
            .find(|i| Self::fits_standing(&self.standing()[**i], &line, amending))
            .or_else(|| same.last().filter(|_| amending))
        {
            let old = self.standing()[at].clone();
            let adds = more || (sentence.is_some_and(|s| s.cats.has(Cat::Also)) && !amending);
            let options = merged(index, item, &old.options, &line.options);
            let conflict = conflicts(&old.options, &line.options);
            if adds && (conflict || (!more && !line.options.is_empty() && old.options != options)) {
                self.add(
                    item,
                    line.quantity.unwrap_or(1),
                    line.options,
                    confidence,
                    span,
                );
                return;
            }
            let quantity = if adds {
                old.quantity.saturating_add(line.quantity.unwrap_or(1))
            } else {
                line.quantity.unwrap_or(old.quantity)
            };
            if quantity == old.quantity && options == old.options {
                self.note(item, line.quantity, &options);
                return;
            }
            self.touched.push(at);
            self.note(item, Some(quantity), &options);
            let new = self.read_line(
                OrderLine {
                    product: id,
                    quantity,
                    options,
                },
                confidence,
                span,
            );
            self.changes.push(Change::Replace {
                index: at,
                line: new,
            });
            return;
        }
        // A product asked about before brings the choices that were named with it.
        let options = match self
            .parts
            .standing
            .focus
            .iter()
            .rev()
            .find(|t| t.products[..] == [id.clone()])
        {
            Some(talk) if same.is_empty() => merged(index, item, &talk.options, &line.options),
            _ => line.options,
        };
        self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
    }

    /// The standing line that a line with another product takes the place of.
    pub(super) fn swapped(
        &self,
        line: &Line,
        item: u32,
        replaced: &[Line],
        amending: bool,
        same: &[usize],
    ) -> Option<usize> {
        let lines = self.standing();
        let free = |i: &usize| !self.touched.contains(i);
        for out in replaced {
            let named = (0..lines.len()).rev().filter(free).find(|i| {
                self.item_of(&lines[*i])
                    .is_some_and(|old| out.items.contains(&old))
            });
            let found = named.or_else(|| self.target_with(out).filter(free));
            if let Some(found) = found {
                return (lines[found].product != self.parts.index.items[item as usize].id)
                    .then_some(found);
            }
        }
        if !amending || !same.is_empty() || line.more {
            return None;
        }
        let alike = |i: &usize| {
            self.item_of(&lines[*i])
                .map_or(0.0, |old| self.parts.index.likeness(old, item))
        };
        let best = (0..lines.len())
            .filter(free)
            .max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
        let instead = self.cats.has(Cat::Instead);
        (alike(&best) >= 1.0 || (instead && lines.len() == 1)).then_some(best)
    }

    /// Whether a line may be the standing one said again, changed or filled in.
    pub(super) fn fits_standing(standing: &OrderLine, line: &Line, amending: bool) -> bool {
        !conflicts(&standing.options, &line.options) || (amending && !line.more)
    }

    pub(super) fn unclear(&mut self, line: &Line, item: u32) {
        let index = self.parts.index;
        for (value, pick) in &line.unclear {
            let span = self.parts.tokens.span(pick.from, pick.to - 1);
            let values = match pick.source {
                crate::lines::Source::Mention(place) => self.parts.mentions[place as usize]
                    .values
                    .iter()
                    .filter(|f| index.offering(item, f.id).is_some())
                    .map(|f| index.values[f.id as usize].text.to_string())
                    .collect(),
                _ => Vec::new(),
            };
            self.doubts.push(Doubt::UnclearOption {
                product: index.items[item as usize].id.clone(),
                option: index.values[*value as usize].option.to_string(),
                words: self.parts.text[span.start as usize..span.end as usize].to_owned(),
                span,
                values,
            });
        }
    }
}
