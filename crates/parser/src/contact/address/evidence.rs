//! What in a stretch of text speaks for its being a part of an address, and how much.

use super::super::segment::{Before, Segment};
use super::super::text::{Kind, fold};
use super::super::words::{ADDRESS_PARTS, Class};
use super::Reader;

/// What a stretch says for being a part of an address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Judged {
    /// Evidence: a street with a number weighs 3, a lone area noun 1.
    pub(super) weight: i32,
    /// The part of it that belongs to the address.
    pub(super) from: usize,
    pub(super) to: usize,
    /// No evidence, but nothing against: a few words that could name a place.
    pub(super) plain: bool,
    /// Every word has a capital (or a script without any).
    pub(super) capital: bool,
    /// Holds a number.
    pub(super) number: bool,
    /// Nothing but a number too short for a postcode.
    pub(super) lone_number: bool,
    /// Words and numbers in it.
    pub(super) size: usize,
    /// Something that ends an address stands in it, after the part that belongs.
    pub(super) cut: bool,
}

impl Reader<'_, '_> {
    /// Weighs one stretch.
    pub(super) fn judge(&self, segment: &Segment) -> Judged {
        let (from, to) = self.trimmed(segment);
        let mut judged = Judged {
            from,
            to,
            ..Judged::default()
        };
        if from >= to {
            judged.cut = true;
            return judged;
        }
        let mut evidence = Evidence::default();
        for at in from..to {
            self.weigh(at, from, to, &mut evidence);
        }
        judged.weight = evidence.weight;
        if let Some(start) = evidence.start {
            let cued = matches!(
                segment.before,
                Before::Cue(Class::Address | Class::AddressLabel)
            );
            judged.from = if cued { from } else { start };
            judged.to = self.end_after(evidence.last, to);
            judged.cut |= judged.to < to;
        }
        let words = |at: &usize| self.text.pieces[*at].is_word();
        judged.size = (judged.from..judged.to)
            .filter(|&at| matches!(self.text.pieces[at].kind, Kind::Word | Kind::Number))
            .count();
        judged.number = (judged.from..judged.to).any(|at| self.text.pieces[at].is_number());
        judged.capital = (judged.from..judged.to)
            .filter(words)
            .all(|at| self.text.pieces[at].capital);
        let count = (judged.from..judged.to).filter(words).count();
        judged.plain = judged.weight == 0
            && count <= 5
            && judged.size > 0
            && (from..to).all(|at| self.is_plain(at))
            && (count > 0 || judged.number);
        judged.lone_number = count == 0 && !self.is_postcode(from, to);
        judged
    }

    /// The stretch without small words at its front and marks at its ends.
    fn trimmed(&self, segment: &Segment) -> (usize, usize) {
        let mut from = segment.from;
        let pieces = &self.text.pieces;
        let cued = matches!(segment.before, Before::Cue(_));
        while from < segment.to
            && (cued
                && pieces[from].is(Class::Filler)
                && !pieces[from].classes.any(&ADDRESS_PARTS)
                && !pieces.get(from + 1).is_some_and(|p| p.glued)
                || matches!(pieces[from].kind, Kind::Mark(c) if c != '#'))
        {
            from += 1;
        }
        let mut to = segment.to;
        while to > from && matches!(pieces[to - 1].kind, Kind::Mark(_)) {
            to -= 1;
        }
        (from, to)
    }

    /// Adds what the piece says.
    fn weigh(&self, at: usize, from: usize, to: usize, evidence: &mut Evidence) {
        let piece = &self.text.pieces[at];
        if piece.is_number() {
            self.weigh_number(at, from, to, evidence);
            return;
        }
        if !piece.is_word() || self.is_ordinal(at) {
            return;
        }
        self.weigh_lettered(at, from, to, evidence);
        if piece.classes.is_empty() {
            return;
        }
        let house_before = self.house_before(at, from);
        if piece.is(Class::Street)
            && at == from
            && let Some(house) = self.house_after(at + 1, to)
        {
            evidence.add(2, at, house);
        }
        if piece.classes.any(&[Class::Street, Class::StreetMaybe]) && at > from {
            let sure = piece.is(Class::Street);
            let named = self.text.pieces[at - 1].is_word() || self.is_ordinal(at - 1);
            match house_before {
                Some(house) => evidence.add(if sure { 3 } else { 2 }, house, at),
                None if named
                    && (sure || self.text.pieces[at - 1].capital || self.is_ordinal(at - 1)) =>
                {
                    let house_after = self.house_after(at + 1, to);
                    evidence.add(
                        if house_after.is_some() { 3 } else { 1 },
                        self.back_over_names(at, from),
                        house_after.unwrap_or(at),
                    );
                }
                None => {}
            }
        }
        if piece.is(Class::StreetFirst)
            && at + 1 < to
            && let Some(house) = self.house_right_before(at, from)
        {
            evidence.add(3, house, at + 1);
        } else if piece.is(Class::StreetFirst) && at + 1 < to {
            let number = (at + 2..to.min(at + 10))
                .rev()
                .find(|&i| self.text.pieces[i].is_number());
            evidence.add(
                if number.is_some() { 3 } else { 1 },
                at,
                number.unwrap_or(at + 1),
            );
        }
        if piece.classes.any(&[Class::Unit, Class::UnitMaybe])
            && let Some(house) = self.house_after(at + 1, to)
        {
            evidence.add(if piece.is(Class::Unit) { 2 } else { 1 }, at, house);
        }
        if piece.is(Class::Place) && !piece.is(Class::StreetMaybe) {
            evidence.add(1, self.back_over_names(at, from), at);
        }
        if piece.is(Class::Landmark) && at + 1 < to {
            evidence.add(1, at, at + 1);
        }
    }

    /// A number speaks for an address by itself as a composite house number before a name.
    fn weigh_number(&self, at: usize, from: usize, to: usize, evidence: &mut Evidence) {
        if at > from && self.text.pieces[at].glued && !self.text.pieces[at - 1].is_mark('#') {
            return;
        }
        let end = self.house_end(at, to);
        let composite = end > at;
        let name_after =
            end + 1 < to && self.is_plain(end + 1) && self.text.pieces[end + 1].is_word();
        if !name_after || self.text.of(&self.text.pieces[at]).len() > 5 {
            return;
        }
        let capital = self.text.pieces[end + 1].capital;
        let areas = (end + 1..to.min(end + 8)).any(|i| self.text.pieces[i].is(Class::Place));
        if composite && (capital || areas) {
            evidence.add(2, at, end);
        }
    }

    /// A house number that begins with its letter ("B-45", "C/12"), before a name.
    fn weigh_lettered(&self, at: usize, from: usize, to: usize, evidence: &mut Evidence) {
        let pieces = &self.text.pieces;
        let letter =
            pieces[at].capital && pieces[at].len() <= 2 && (at == from || !pieces[at].glued);
        let joined = at + 2 < to
            && matches!(pieces[at + 1].kind, Kind::Mark('-' | '/'))
            && pieces[at + 1].glued
            && pieces[at + 2].is_number()
            && pieces[at + 2].glued;
        if !letter || !joined {
            return;
        }
        let end = self.house_end(at + 2, to);
        let areas = (end + 1..to.min(end + 8)).any(|i| pieces[i].classes.any(&ADDRESS_PARTS));
        let named = end + 1 < to && pieces[end + 1].is_word() && self.is_plain(end + 1);
        if named && areas {
            evidence.add(2, at, end);
        }
    }

    /// The first of the names right before a noun: "Green Park" of "Green Park Residency".
    fn back_over_names(&self, noun: usize, from: usize) -> usize {
        let mut at = noun;
        while at > from && noun - at < 4 {
            let before = &self.text.pieces[at - 1];
            let names = before.is_word()
                && (before.capital || before.classes.any(&ADDRESS_PARTS))
                && self.is_plain(at - 1)
                || (before.is_number() && before.len() <= 6)
                || self.is_ordinal(at - 1)
                || matches!(before.kind, Kind::Mark('.' | '-' | '\''));
            let opens = before.is_word() && noun - from <= 2 && self.is_plain(at - 1);
            if !names && !opens {
                break;
            }
            at -= 1;
        }
        at
    }

    /// Where the address ends in its stretch: at a word of the catalogue or a quantity.
    fn end_after(&self, last: usize, to: usize) -> usize {
        let mut at = last + 1;
        while at < to {
            let piece = &self.text.pieces[at];
            if piece.is_word() && piece.classes.is_empty() && !self.is_plain(at) {
                break;
            }
            at += 1;
        }
        at
    }

    /// A word that neither ends an address nor belongs to an order.
    pub(super) fn is_plain(&self, at: usize) -> bool {
        let piece = &self.text.pieces[at];
        if !piece.is_word() {
            return true;
        }
        if piece.classes.any(&ADDRESS_PARTS) {
            return true;
        }
        if piece.classes.any(&[
            Class::End,
            Class::NotPhone,
            Class::NotName,
            Class::Phone,
            Class::Email,
            Class::NameIs,
        ]) {
            return false;
        }
        let mut word = String::new();
        fold(self.text.of(piece), &mut word);
        !(self.known)(&word, false)
    }

    /// The same between a house number and its street noun, where everyday words do occur.
    pub(super) fn can_name_street(&self, at: usize) -> bool {
        self.text.pieces[at].capital || self.is_plain(at)
    }

    /// Digits alone that can be a postcode.
    fn is_postcode(&self, from: usize, to: usize) -> bool {
        let digits: usize = (from..to)
            .filter(|&at| self.text.pieces[at].is_number())
            .map(|at| self.text.pieces[at].len())
            .sum();
        (4..=8).contains(&digits)
    }
}

#[derive(Debug, Default)]
struct Evidence {
    weight: i32,
    start: Option<usize>,
    last: usize,
}

impl Evidence {
    fn add(&mut self, weight: i32, start: usize, last: usize) {
        self.weight += weight;
        self.start = Some(self.start.map_or(start, |s| s.min(start)));
        self.last = self.last.max(last);
    }
}
