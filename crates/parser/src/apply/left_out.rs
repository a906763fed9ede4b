//! Lines that leave their product out: they are about the standing order, the last question or what was talked about.

use super::{Work, common_options, conflicts, merged};
use crate::intent::Mode;
use crate::lexicon::Cat;
use crate::settle::{Line, resolve};
use domain::reading::Mention as Talk;
use domain::reading::{Change, Doubt, OrderLine, Span};
use smallvec::SmallVec;

impl Work<'_> {
    /// A line whose product was left out: it is about the standing order or what was talked about.
    pub(super) fn left_out(&mut self, line: Line, first: bool, replaced: &[Line]) {
        let index = self.parts.index;
        let span = self.span(&line);
        let unknown = !line.unknown.is_empty();
        // "make this one eggless": unknown words beside choices that the standing order takes.
        let fits =
            !line.picks.is_empty() && line.quantity.is_none() && self.target(&line).is_some();
        let unknown = unknown && !fits;
        if unknown && (line.quantity.is_some() || self.mode(&line) == Mode::Order) {
            self.doubts.push(Doubt::UnknownProduct {
                words: self.words(&line),
                span,
                quantity: line.quantity.unwrap_or(1),
                nearest: Vec::new(),
            });
            return;
        }
        if unknown && line.picks.is_empty() {
            return;
        }
        if self.answer_with_choice(&line) {
            return;
        }
        let out = replaced.iter().find_map(|r| self.target_with(r));
        let amending = self.amends(line.sentence);
        if line.each && line.picks.is_empty() && !self.standing().is_empty() {
            let n = line.quantity.unwrap_or(1);
            for i in 0..self.standing().len() {
                let old = self.standing()[i].clone();
                if old.quantity != n {
                    let new = self.read_line(OrderLine { quantity: n, ..old }, 0.8, span);
                    self.changes.push(Change::Replace {
                        index: i,
                        line: new,
                    });
                }
            }
            return;
        }
        let Some(target) = out.or_else(|| self.target(&line)) else {
            if self.parts.standing.focus.is_empty() && self.only_product(&line) {
                return;
            }
            self.order_talked(line, span);
            return;
        };
        let old = self.standing()[target].clone();
        let Some(item) = self.item_of(&old) else {
            return;
        };
        let mut line = line;
        resolve(&mut line, item, self.parts.mentions, index);
        let options = merged(index, item, &old.options, &line.options);
        let conflict = conflicts(&old.options, &line.options);
        let sentence = self.cats.at(line.sentence);
        let reduces = sentence.is_some_and(|s| s.cats.has(Cat::Reduce));
        let also = sentence.is_some_and(|s| s.cats.has(Cat::Also) || s.cats.has(Cat::And));
        let confidence = if amending || line.more || !conflict {
            0.93
        } else {
            0.75
        };
        if reduces {
            self.drop_line(target, Some(line.quantity.unwrap_or(1)), &line);
            return;
        }
        let another =
            (line.more || line.same || also || !first) && (conflict || (line.same && !amending));
        let restates = amending && first && !line.more && !line.same;
        if (another && !restates)
            || (conflict && !amending && line.quantity.is_some() && out.is_none())
        {
            self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
            return;
        }
        let quantity = if line.more {
            old.quantity.saturating_add(line.quantity.unwrap_or(1))
        } else {
            line.quantity.unwrap_or(old.quantity)
        };
        if quantity == old.quantity && options == old.options {
            return;
        }
        if self.touched.contains(&target) {
            self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
            return;
        }
        self.touched.push(target);
        self.note(item, Some(quantity), &options);
        let new = self.read_line(
            OrderLine {
                product: old.product,
                quantity,
                options,
            },
            confidence,
            span,
        );
        self.changes.push(Change::Replace {
            index: target,
            line: new,
        });
    }

    /// "two large with tuna and ham": the one product of the catalogue that offers all these choices.
    pub(super) fn only_product(&mut self, line: &Line) -> bool {
        let index = self.parts.index;
        let wanted = line.picks.iter().filter(|p| !p.negated).count();
        if wanted < 2 || index.items.len() > 500 || !line.unknown.is_empty() {
            return false;
        }
        let mut found = None;
        for item in 0..index.items.len() as u32 {
            let all = line.picks.iter().all(|p| {
                crate::lines::choose(index, self.parts.mentions, item, p.source).is_some()
            });
            if all && found.replace(item).is_some() {
                return false;
            }
        }
        let Some(item) = found else {
            return false;
        };
        let mut line = line.clone();
        resolve(&mut line, item, self.parts.mentions, index);
        let span = self.span(&line);
        self.add(item, line.quantity.unwrap_or(1), line.options, 0.82, span);
        true
    }

    /// "white", after "which one, the black or the white?": a choice or price that only one candidate has.
    pub(super) fn answer_with_choice(&mut self, line: &Line) -> bool {
        let index = self.parts.index;
        let standing = self.parts.standing;
        for doubt in standing.doubts.iter().rev() {
            let Doubt::AmbiguousProduct {
                words,
                quantity,
                options,
                candidates,
                ..
            } = doubt
            else {
                continue;
            };
            let fitting: Vec<u32> = candidates
                .iter()
                .filter_map(|id| index.by_id.get(id).copied())
                .filter(|item| {
                    line.picks.iter().all(|p| {
                        crate::lines::choose(index, self.parts.mentions, *item, p.source).is_some()
                    })
                })
                .collect();
            if fitting.is_empty() || (line.picks.is_empty() && line.quantity.is_none()) {
                continue;
            }
            let span = self.span(line);
            if let [item] = fitting[..] {
                let mut line = line.clone();
                resolve(&mut line, item, self.parts.mentions, index);
                let options = merged(index, item, options, &line.options);
                self.add(
                    item,
                    line.quantity.unwrap_or(*quantity),
                    options,
                    0.85,
                    span,
                );
                return true;
            }
            if standing.lines.is_empty() || !line.picks.is_empty() {
                let mut with = line.clone();
                with.items = fitting.iter().copied().collect();
                let options = common_options(index, self.parts.mentions, &with)
                    .into_iter()
                    .chain(options.iter().cloned())
                    .collect();
                self.doubts.push(Doubt::AmbiguousProduct {
                    words: words.clone(),
                    span,
                    quantity: line.quantity.unwrap_or(*quantity),
                    options,
                    candidates: candidates.clone(),
                });
                return true;
            }
        }
        false
    }

    /// Orders what was last talked about: "ok 1 in black".
    pub(super) fn order_talked(&mut self, mut line: Line, span: Span) {
        let index = self.parts.index;
        let Some(talk) = self.parts.standing.focus.last() else {
            return;
        };
        match &talk.products[..] {
            [id] => {
                let Some(item) = index.by_id.get(id).copied() else {
                    return;
                };
                resolve(&mut line, item, self.parts.mentions, index);
                let options = merged(index, item, &talk.options, &line.options);
                let quantity = line.quantity.or(talk.quantity).unwrap_or(1);
                self.add(item, quantity, options, 0.9, span);
            }
            [] => {}
            several => {
                let fitting: SmallVec<[u32; 4]> = several
                    .iter()
                    .filter_map(|id| index.by_id.get(id).copied())
                    .filter(|item| {
                        line.picks.iter().all(|p| {
                            crate::lines::choose(index, self.parts.mentions, *item, p.source)
                                .is_some()
                        })
                    })
                    .collect();
                line.items = fitting;
                match line.items.len() {
                    0 => {}
                    1 => {
                        let item = line.items[0];
                        resolve(&mut line, item, self.parts.mentions, index);
                        self.add(item, line.quantity.unwrap_or(1), line.options, 0.8, span);
                    }
                    _ => self.doubtful(line),
                }
            }
        }
    }

    /// "ok both", "yes I'll take it": orders what was asked about, when nothing else was said.
    pub(super) fn refer(&mut self) {
        if self.named || !self.changes.is_empty() || !self.doubts.is_empty() {
            return;
        }
        let idle = self.cats.question || self.cats.idle;
        let order = self.cats.order;
        let points = self.cats.has(Cat::This) || self.cats.has(Cat::One);
        if idle || self.cats.has(Cat::Negation) || self.cats.has(Cat::NegationAfter) {
            return;
        }
        let talks: Vec<Talk> = if self.parts.both || self.parts.all {
            let all = &self.parts.standing.focus;
            let keep = if self.parts.both { 2 } else { all.len() };
            all[all.len().saturating_sub(keep)..].to_vec()
        } else if order && points && self.parts.standing.focus.is_empty() {
            self.wanted |= !self.cats.has(Cat::Confirm);
            return;
        } else if order && (points || self.cats.has(Cat::Yes)) {
            self.parts
                .standing
                .focus
                .last()
                .cloned()
                .into_iter()
                .collect()
        } else {
            return;
        };
        if !self.standing().is_empty() && self.cats.has(Cat::Confirm) {
            return;
        }
        let span = Span {
            start: 0,
            end: self.parts.tokens.list.last().map_or(0, |t| t.span.end),
        };
        for talk in talks {
            let [id] = &talk.products[..] else {
                continue;
            };
            let Some(item) = self.parts.index.by_id.get(id).copied() else {
                continue;
            };
            if self.standing().iter().any(|l| l.product == *id) {
                continue;
            }
            self.wanted = true;
            self.add(item, talk.quantity.unwrap_or(1), talk.options, 0.88, span);
        }
    }
}
