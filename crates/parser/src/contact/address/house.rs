//! House and flat numbers: "12", "12/3", "45/A", "8B", "unit 4C 27", and what ordinals are not.

use super::super::text::Kind;
use super::super::words::Class;
use super::Reader;

impl Reader<'_, '_> {
    /// How many words may lie between a house number and its street noun.
    pub(super) fn house_before(&self, street: usize, from: usize) -> Option<usize> {
        const REACH: usize = 6;
        let mut words = 0;
        for at in (from..street).rev() {
            let piece = &self.text.pieces[at];
            if piece.is_number() && piece.len() <= 6 && !self.has_ordinal(at) {
                return (words > 0).then(|| self.house_start(at, from));
            }
            if piece.is_word() && !piece.glued {
                words += 1;
                if words > REACH || !self.can_name_street(at) {
                    return None;
                }
            }
        }
        None
    }

    /// The house number that stands right before a street noun: "12 rue", "15 bis avenue".
    pub(super) fn house_right_before(&self, street: usize, from: usize) -> Option<usize> {
        let mut at = street.checked_sub(1)?;
        if at > from && self.text.pieces[at].is_word() && self.text.pieces[at].len() <= 3 {
            at -= 1;
        }
        (at >= from && self.text.pieces[at].is_number() && self.text.pieces[at].len() <= 5)
            .then(|| self.house_start(at, from))
    }

    /// The front of a house number that ends here, with flat and block before it: "unit 4C 27".
    pub(super) fn house_start(&self, mut at: usize, from: usize) -> usize {
        let pieces = &self.text.pieces;
        while at > from {
            let before = &pieces[at - 1];
            let joined = pieces[at].glued
                && (before.is_word() && before.len() <= 2
                    || matches!(before.kind, Kind::Mark('/' | '-' | '#'))
                    || before.is_number());
            let neighbour = before.is_number()
                || before.classes.any(&[Class::Unit, Class::UnitMaybe])
                || (before.is_word()
                    && before.glued
                    && before.len() <= 2
                    && at >= 2
                    && pieces[at - 2].is_number())
                || (matches!(before.kind, Kind::Mark('#' | '.'))
                    && at >= 2
                    && (pieces[at - 2].classes.any(&[Class::Unit, Class::UnitMaybe])
                        || before.is_mark('#')));
            if !joined && !neighbour {
                break;
            }
            at -= 1;
        }
        at
    }

    /// The last piece of a house number that begins here: "12", "12/3", "45/A", "8B", "12-34".
    pub(super) fn house_end(&self, at: usize, to: usize) -> usize {
        let pieces = &self.text.pieces;
        let mut end = at;
        while end + 1 < to && pieces[end + 1].glued {
            let next = &pieces[end + 1];
            let part = next.is_number() || (next.is_word() && next.len() <= 2);
            let joint = matches!(next.kind, Kind::Mark('/' | '-'))
                && pieces.get(end + 2).is_some_and(|p| {
                    p.glued && end + 2 < to && (p.is_number() || (p.is_word() && p.len() <= 2))
                });
            if part {
                end += 1;
            } else if joint {
                end += 2;
            } else {
                break;
            }
        }
        end
    }

    /// The last piece of a house or flat number right after a unit noun.
    pub(super) fn house_after(&self, mut at: usize, to: usize) -> Option<usize> {
        let pieces = &self.text.pieces;
        while at < to
            && (matches!(
                pieces[at].kind,
                Kind::Mark('.' | '#' | ':' | '-' | 'º' | '°')
            ) || pieces[at].is(Class::UnitMaybe))
        {
            at += 1;
        }
        let piece = pieces.get(at).filter(|_| at < to)?;
        if piece.is_number() && piece.len() <= 6 {
            return Some(self.house_end(at, to));
        }
        // "Block C", "Flat B-4".
        let letter = piece.is_word() && piece.capital && piece.len() <= 2;
        letter.then(|| self.house_end(at, to))
    }

    /// "5th", "2nd": the letters after the digits, or the number before them.
    pub(super) fn is_ordinal(&self, at: usize) -> bool {
        let piece = &self.text.pieces[at];
        piece.is_word()
            && piece.glued
            && at > 0
            && self.text.pieces[at - 1].is_number()
            && matches!(
                self.text.of(piece).to_ascii_lowercase().as_str(),
                "st" | "nd" | "rd" | "th" | "a" | "o" | "er" | "e" | "eme"
            )
    }

    pub(super) fn has_ordinal(&self, at: usize) -> bool {
        at + 1 < self.text.pieces.len()
            && self.is_ordinal(at + 1)
            && self.text.of(&self.text.pieces[at + 1]).len() > 1
    }
}
