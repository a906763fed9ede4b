//! Whether the lines of a message are wanted, and what becomes of each.

use super::Work;
use crate::intent::{Mode, Sentence};
use crate::lexicon::Cat;
use crate::settle::Line;
use domain::reading::Doubt;

impl Work<'_> {
    /// Whether the whole order is called off.
    pub(super) fn cancels(&self, positive: &[Line]) -> bool {
        if !self.cats.has(Cat::Cancel) {
            return false;
        }
        let about = |line: &Line| {
            self.cats
                .at(line.sentence)
                .is_some_and(|s| s.cats.has(Cat::Cancel))
        };
        // "cancel the dupatta" names what; "cancel my order of 2 kurtis" with nothing standing does not matter.
        let names = positive
            .iter()
            .any(|l| about(l) && (!l.items.is_empty() || !l.picks.is_empty()));
        let swaps = positive
            .iter()
            .any(|l| !about(l) && !l.items.is_empty() && self.mode(l) != Mode::Idle);
        (!names || self.parts.all || self.standing().is_empty()) && !swaps
    }

    pub(super) fn mode(&self, line: &Line) -> Mode {
        self.cats.at(line.sentence).map_or(Mode::Bare, |s| s.mode)
    }

    /// Whether a line is wanted, by its sentence.
    pub(super) fn is_wanted(&self, line: &Line) -> bool {
        let Some(sentence) = self.cats.at(line.sentence) else {
            return false;
        };
        // "change the milk to oat": what is said to change stands.
        let changes = !self.standing().is_empty()
            && (self.amends(line.sentence) || sentence.cats.has(Cat::Remove));
        if changes && !matches!(sentence.mode, Mode::Question | Mode::Idle) {
            return true;
        }
        match sentence.mode {
            // Much else is said and no number: it is about something else that sounds like goods.
            Mode::Order => {
                line.quantity.is_some()
                    || line.items.is_empty()
                    || sentence.untold <= 2 * sentence.told
            }
            Mode::Question | Mode::Idle => false,
            Mode::Bare => {
                let questions = self.cats.question;
                let idle = self.cats.idle;
                let explained = sentence.untold == 0
                    || 2 * sentence.untold <= sentence.told + 2 * u32::from(sentence.counted);
                if self.is_hint(line) {
                    return false;
                }
                let said = line.quantity.is_some() || line.opened;
                if line.items.is_empty() && line.picks.is_empty() && !line.more && !line.same {
                    return said && sentence.untold <= 2 && !idle;
                }
                explained && (!(questions || idle) || said || line.full)
            }
        }
    }

    /// Whether only a colour or size hints at the product, of which nothing was said before.
    pub(super) fn is_hint(&self, line: &Line) -> bool {
        let one = line.to - line.from == 1;
        one && !line.full
            && !line.opened
            && line.quantity.is_none()
            && !line.inferred
            && self.parts.tags.cats(line.from).has(Cat::Color)
            && self.standing().is_empty()
            && self.parts.standing.focus.is_empty()
    }

    /// The lines that are wanted, one after the other.
    pub(super) fn wants(&mut self, positive: Vec<Line>, replaced: &[Line], dropped: &[u16]) {
        let cancelling = |work: &Self, line: &Line| {
            work.cats.at(line.sentence).is_some_and(|s| {
                // "remove the blue one and make the red 2"
                let other = dropped.contains(&line.sentence) && s.cats.has(Cat::Change);
                !other && (s.cats.has(Cat::Cancel) || s.cats.has(Cat::Remove))
            })
        };
        let mut first_left_out = true;
        let nothing_yet = self.standing().is_empty() && self.parts.standing.focus.is_empty();
        for line in positive {
            // "swap salt for soda" with nothing ordered is no order.
            let swaps = replaced.iter().any(|r| r.sentence == line.sentence)
                || self
                    .cats
                    .at(line.sentence)
                    .is_some_and(|s| s.cats.has(Cat::Instead));
            if nothing_yet && line.quantity.is_none() && swaps {
                self.talk(&line);
                continue;
            }
            let reduces = !line.items.is_empty()
                && self
                    .cats
                    .at(line.sentence)
                    .is_some_and(|s| s.cats.has(Cat::Reduce));
            if reduces && !self.standing().is_empty() {
                let by = line.quantity.or(Some(1));
                self.remove(&[Line {
                    negated: true,
                    quantity: by,
                    ..line
                }]);
                continue;
            }
            if cancelling(self, &line) && !self.standing().is_empty() && !line.items.is_empty() {
                let negated = Line {
                    negated: true,
                    ..line
                };
                self.remove(&[negated]);
                continue;
            }
            // "remove the sage ones"
            let all_negated = line.items.is_empty()
                && !line.picks.is_empty()
                && line.picks.iter().all(|p| p.negated);
            if all_negated && cancelling(self, &line) && self.drops_by_choice(&line) {
                continue;
            }
            if !line.items.is_empty() {
                self.named = true;
            }
            let answers = self.answers(&line);
            if !self.is_wanted(&line) && !answers {
                self.talk(&line);
                continue;
            }
            self.wanted = true;
            match line.items.len() {
                0 => {
                    self.left_out(line, first_left_out, replaced);
                    first_left_out = false;
                }
                1 if !line.contradicted => self.known(line, replaced),
                _ => self.doubtful(line),
            }
        }
        if !replaced.is_empty() && self.changes.is_empty() && !self.standing().is_empty() {
            self.wanted = true;
        }
    }

    /// Whether a line names one of the products that were asked about.
    pub(super) fn answers(&self, line: &Line) -> bool {
        let asked = self.parts.standing.doubts.iter().any(|d| match d {
            Doubt::AmbiguousProduct { candidates, .. } => match line.items[..] {
                [item] => candidates.contains(&self.parts.index.items[item as usize].id),
                _ => false,
            },
            _ => false,
        });
        asked && self.mode(line) == Mode::Bare
    }

    pub(super) fn amends(&self, sentence: u16) -> bool {
        let has = |s: &Sentence| {
            s.cats.has(Cat::Correction) || s.cats.has(Cat::Change) || s.cats.has(Cat::Instead)
        };
        let near = [
            sentence.checked_sub(1),
            Some(sentence),
            sentence.checked_add(1),
        ];
        near.into_iter()
            .flatten()
            .filter_map(|s| self.cats.at(s))
            .any(has)
    }
}
