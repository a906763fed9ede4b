//! The standing order: which of its lines a message is about, and what is dropped from it.

use super::{Work, missing};
use crate::intent::Mode;
use crate::settle::Line;
use domain::reading::{Change, OrderLine};

impl Work<'_> {
    pub(super) fn item_of(&self, line: &OrderLine) -> Option<u32> {
        self.parts.index.by_id.get(&line.product).copied()
    }

    /// The standing line that a line without a product is about.
    pub(super) fn target(&self, line: &Line) -> Option<usize> {
        let fits = |i: &usize| {
            let Some(item) = self.item_of(&self.standing()[*i]) else {
                return false;
            };
            line.picks.iter().all(|p| {
                crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                    .is_some()
            })
        };
        let lines = self.standing();
        let talked = self.parts.standing.focus.iter().rev().find_map(|talk| {
            let id = talk.products.first()?;
            (0..lines.len())
                .rev()
                .filter(|i| lines[*i].product == *id)
                .find(fits)
        });
        // What still lacks such a choice comes before what was last talked about.
        let lacking = (0..lines.len()).rev().filter(fits).find(|i| {
            let missing = self.missing(&lines[*i]);
            !line.picks.is_empty()
                && line.picks.iter().any(|p| {
                    self.option_name(&lines[*i], p)
                        .is_some_and(|n| missing.contains(&n))
                })
        });
        lacking
            .or(talked)
            .or_else(|| (0..lines.len()).rev().find(fits))
    }

    pub(super) fn option_name(
        &self,
        line: &OrderLine,
        pick: &crate::lines::Pick,
    ) -> Option<String> {
        let item = self.item_of(line)?;
        let chosen =
            crate::lines::choose(self.parts.index, self.parts.mentions, item, pick.source)?;
        Some(
            self.parts.index.values[chosen.value as usize]
                .option
                .to_string(),
        )
    }

    /// Names of required options that a line lacks.
    pub(super) fn missing(&self, line: &OrderLine) -> Vec<String> {
        let Some(item) = self.item_of(line) else {
            return Vec::new();
        };
        missing(self.parts.index, item, &line.options)
    }

    /// Drops or lessens what is not wanted any more.
    pub(super) fn remove(&mut self, negative: &[Line]) {
        for line in negative.iter().filter(|l| !l.replaced) {
            if self.mode(line) == Mode::Idle {
                continue;
            }
            let lines = self.standing();
            let found = match line.items.first() {
                Some(_) => (0..lines.len()).rev().find(|i| {
                    self.item_of(&lines[*i])
                        .is_some_and(|item| line.items.contains(&item))
                        && self.agrees(&lines[*i], line)
                }),
                None if !line.picks.is_empty() => self.target_with(line),
                None => None,
            };
            if let Some(index) = found {
                self.drop_line(index, line.quantity, line);
            }
        }
    }

    /// The standing line that has the choices of a line.
    pub(super) fn target_with(&self, line: &Line) -> Option<usize> {
        (0..self.standing().len()).rev().find(|i| {
            self.item_of(&self.standing()[*i]).is_some()
                && self.agrees(&self.standing()[*i], line)
                && {
                    let item = self.item_of(&self.standing()[*i]).unwrap_or(0);
                    line.picks.iter().all(|p| {
                        crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                            .is_some()
                    })
                }
        })
    }

    /// Whether every choice of `line` is one that the standing line has.
    pub(super) fn agrees(&self, standing: &OrderLine, line: &Line) -> bool {
        let Some(item) = self.item_of(standing) else {
            return false;
        };
        line.picks.iter().all(|p| {
            match crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source) {
                None => true,
                Some(chosen) => {
                    let value = &self.parts.index.values[chosen.value as usize];
                    standing
                        .options
                        .iter()
                        .any(|o| *o.name == *value.option && *o.value == *value.text)
                }
            }
        })
    }

    pub(super) fn drop_line(&mut self, index: usize, by: Option<u32>, line: &Line) {
        if self.touched.contains(&index) {
            return;
        }
        self.touched.push(index);
        self.removed = true;
        let span = self.span(line);
        let old = self.standing()[index].clone();
        match by {
            Some(n) if n < old.quantity => {
                let less = OrderLine {
                    quantity: old.quantity - n,
                    ..old
                };
                let line = self.read_line(less, 0.92, span);
                self.changes.push(Change::Replace { index, line });
            }
            _ => self.changes.push(Change::Remove {
                index,
                spans: vec![span],
            }),
        }
    }

    /// Drops the standing line that has a choice which is not wanted any more, where only one of its
    /// kind can be chosen.
    pub(super) fn drops_by_choice(&mut self, line: &Line) -> bool {
        let single = |i: usize| {
            self.item_of(&self.standing()[i]).is_some_and(|item| {
                line.picks.iter().all(|p| {
                    crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                        .is_some_and(|c| !c.multiple)
                })
            })
        };
        match self.target_with(line).filter(|i| single(*i)) {
            Some(index) => {
                self.drop_line(index, line.quantity, line);
                true
            }
            None => false,
        }
    }
}
