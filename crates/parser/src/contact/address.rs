//! The postal address, in the customer's words. No gazetteer: house numbers, street and unit
//! nouns, area nouns, landmarks, postcodes and the words that announce an address are weighed, and
//! neighbouring stretches of names are taken along. A bare town is left alone.

use domain::reading::{Found, Span};

use super::Known;
use super::segment::{Before, Segment, segments};
use super::text::{Kind, Text, fold};
use super::words::Class;

/// What a run of stretches must weigh to be an address.
const ENOUGH: i32 = 3;

/// The last address of the text.
pub(super) fn find(text: &Text<'_>, known: &Known<'_>) -> Option<Found<String>> {
    if text
        .pieces
        .iter()
        .all(|p| p.classes.is_empty() && !p.is_number())
    {
        return None;
    }
    let reader = Reader { text, known };
    let judged: Vec<(Segment, Judged)> = segments(text)
        .into_iter()
        .flat_map(|segment| stretches(text, segment))
        .map(|s| (s, reader.judge(&s)))
        .collect();
    let mut found = None;
    let mut at = 0;
    while at < judged.len() {
        match reader.run(&judged, at) {
            Some((to, address)) => {
                found = Some(address);
                at = to;
            }
            None => at += 1,
        }
    }
    found
}

/// A stretch cut at the words that belong to no address: "i need it at 12 Lake Road by Friday".
fn stretches(text: &Text<'_>, segment: Segment) -> Vec<Segment> {
    let mut parts = Vec::new();
    let (mut from, mut before) = (segment.from, segment.before);
    for at in segment.from..=segment.to {
        let ends = at == segment.to
            || (text.pieces[at].is(Class::End) && !text.pieces[at].classes.any(&PARTS));
        if !ends {
            continue;
        }
        if at > from {
            parts.push(Segment {
                from,
                to: at,
                before,
                asks: segment.asks && at == segment.to,
                ..segment
            });
        }
        // Nothing goes on over such a word, but what was announced is still to come.
        if at > from || !matches!(before, Before::Cue(_)) {
            before = Before::Start;
        }
        from = at + 1;
    }
    parts
}

/// What a stretch says for being a part of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Judged {
    /// Evidence: a street with a number weighs 3, a lone area noun 1.
    weight: i32,
    /// The part of it that belongs to the address.
    from: usize,
    to: usize,
    /// No evidence, but nothing against: a few words that could name a place.
    plain: bool,
    /// Every word has a capital (or a script without any).
    capital: bool,
    /// Holds a number.
    number: bool,
    /// Nothing but a number too short for a postcode.
    lone_number: bool,
    /// Words and numbers in it.
    size: usize,
    /// Something that ends an address stands in it, after the part that belongs.
    cut: bool,
}

struct Reader<'a, 't> {
    text: &'a Text<'t>,
    known: &'a Known<'a>,
}

impl Reader<'_, '_> {
    /// The address that begins with this stretch, if one does, and the stretch after it.
    fn run(&self, judged: &[(Segment, Judged)], first: usize) -> Option<(usize, Found<String>)> {
        let (segment, start) = &judged[first];
        let cue = match segment.before {
            Before::Cue(class @ (Class::Address | Class::AddressLabel | Class::Deliver)) => {
                Some(class)
            }
            _ => None,
        };
        if start.weight == 0 && (cue.is_none() || start.size == 0) {
            return None;
        }
        // "send to Ama, 12 Lake Rd": the name is not the address.
        let name_first = cue == Some(Class::Deliver) && start.weight == 0 && !start.number;
        let mut weight = start.weight;
        let mut members = usize::from(start.weight > 0);
        let mut stretches = 1;
        let mut number = start.number;
        let mut size = start.size;
        let mut pieces = vec![(start.from, start.to)];
        if cue.is_none()
            && let Some(house) = self.house_alone(judged, first)
        {
            pieces.insert(0, house);
            number = true;
        }
        let mut next = first + 1;
        let mut open = !start.cut;
        while open && next < judged.len() {
            let (segment, judged_next) = &judged[next];
            if !goes_on(segment.before, judged_next, members, number) {
                break;
            }
            weight += judged_next.weight;
            members += usize::from(judged_next.weight > 0);
            number |= judged_next.number;
            size += judged_next.size;
            stretches += 1;
            pieces.push((judged_next.from, judged_next.to));
            open = !judged_next.cut;
            next += 1;
        }
        if name_first {
            if weight == 0 {
                return None;
            }
            let numbered = pieces.get(1).is_some_and(|&(from, _)| {
                let piece = &self.text.pieces[from];
                piece.is_number() || piece.classes.any(&[Class::Unit, Class::UnitMaybe])
            });
            if judged[first].1.size <= 3 && numbered {
                pieces.remove(0);
            }
        }
        weight += i32::from(members > 1);
        let enough = match cue {
            Some(Class::Address | Class::AddressLabel) => {
                (weight > 0 && size >= 2)
                    || (size >= 3 && (stretches >= 2 || number) && start.capital)
            }
            Some(_) => weight + 2 >= ENOUGH && size >= 2 && (number || members > 1),
            None => {
                weight >= ENOUGH
                    && size >= 2
                    && (number || members > 2)
                    && !start_asks(judged, first, next)
            }
        };
        if !enough {
            return None;
        }
        Some((next, self.written(&pieces)?))
    }

    /// The stretch before this one, if it is a house number and nothing else: "17, 2nd main".
    fn house_alone(&self, judged: &[(Segment, Judged)], at: usize) -> Option<(usize, usize)> {
        let joined = matches!(
            judged[at].0.before,
            Before::Comma | Before::Slash | Before::Dash
        );
        let (_, before) = judged.get(at.checked_sub(1)?).filter(|_| joined)?;
        let pieces = self.text.pieces.get(before.from..before.to)?;
        let small = before.number
            && pieces.iter().all(|p| {
                matches!(p.kind, Kind::Mark(_)) || p.len() <= if p.is_number() { 5 } else { 2 }
            });
        let parts = pieces
            .iter()
            .filter(|p| matches!(p.kind, Kind::Word | Kind::Number))
            .count();
        (small && parts <= 3 && pieces.iter().skip(1).all(|p| p.glued))
            .then_some((before.from, before.to))
    }

    /// The address as the customer wrote it: breaks become commas, white space one space.
    fn written(&self, pieces: &[(usize, usize)]) -> Option<Found<String>> {
        let text = self.text;
        let start = text.pieces.get(pieces.first()?.0)?.start;
        let end = text.pieces.get(pieces.last()?.1.checked_sub(1)?)?.end;
        let mut value = String::new();
        let mut last_end: Option<usize> = None;
        for &(from, to) in pieces {
            let part = &text.raw[text.pieces[from].start..text.pieces[to - 1].end];
            if let Some(before) = last_end {
                let gap = &text.raw[before..text.pieces[from].start];
                let kept = gap
                    .chars()
                    .all(|c| c.is_whitespace() || c.is_ascii_punctuation())
                    && !gap.contains(['\n', '\r']);
                value.push_str(if kept { gap } else { ", " });
            }
            value.push_str(part);
            last_end = Some(text.pieces[to - 1].end);
        }
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = value
            .trim_matches([',', '.', '-', '/', ' ', ':', ';'])
            .to_owned();
        (!value.is_empty()).then_some(Found {
            value,
            span: Span {
                start: start as u32,
                end: end as u32,
            },
        })
    }

    /// Weighs one stretch.
    fn judge(&self, segment: &Segment) -> Judged {
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
                && !pieces[from].classes.any(&PARTS)
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
            let number = (at + 2..to)
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
        let areas = (end + 1..to).any(|i| self.text.pieces[i].is(Class::Place));
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
        let areas = (end + 1..to).any(|i| pieces[i].classes.any(&PARTS));
        let named = end + 1 < to && pieces[end + 1].is_word() && self.is_plain(end + 1);
        if named && areas {
            evidence.add(2, at, end);
        }
    }

    /// How many words may lie between a house number and its street noun.
    fn house_before(&self, street: usize, from: usize) -> Option<usize> {
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
    fn house_right_before(&self, street: usize, from: usize) -> Option<usize> {
        let mut at = street.checked_sub(1)?;
        if at > from && self.text.pieces[at].is_word() && self.text.pieces[at].len() <= 3 {
            at -= 1;
        }
        (at >= from && self.text.pieces[at].is_number() && self.text.pieces[at].len() <= 5)
            .then(|| self.house_start(at, from))
    }

    /// The front of a house number that ends here, with flat and block before it: "unit 4C 27".
    fn house_start(&self, mut at: usize, from: usize) -> usize {
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
    fn house_end(&self, at: usize, to: usize) -> usize {
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
    fn house_after(&self, mut at: usize, to: usize) -> Option<usize> {
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
    fn is_ordinal(&self, at: usize) -> bool {
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

    fn has_ordinal(&self, at: usize) -> bool {
        at + 1 < self.text.pieces.len()
            && self.is_ordinal(at + 1)
            && self.text.of(&self.text.pieces[at + 1]).len() > 1
    }

    /// The first of the names right before a noun: "Green Park" of "Green Park Residency".
    fn back_over_names(&self, noun: usize, from: usize) -> usize {
        let mut at = noun;
        while at > from && noun - at < 4 {
            let before = &self.text.pieces[at - 1];
            let names = before.is_word()
                && (before.capital || before.classes.any(&PARTS))
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
    fn is_plain(&self, at: usize) -> bool {
        let piece = &self.text.pieces[at];
        if !piece.is_word() {
            return true;
        }
        if piece.classes.any(&PARTS) {
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
    fn can_name_street(&self, at: usize) -> bool {
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

/// Classes that are parts of an address.
const PARTS: [Class; 7] = [
    Class::Street,
    Class::StreetFirst,
    Class::StreetMaybe,
    Class::Unit,
    Class::UnitMaybe,
    Class::Place,
    Class::Landmark,
];

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

/// Whether an address goes on with this stretch.
fn goes_on(before: Before, next: &Judged, members: usize, number: bool) -> bool {
    let evident = next.weight > 0;
    let house = next.size > 0 && next.number && next.plain;
    // A second house number is a quantity.
    if next.lone_number && number {
        return false;
    }
    match before {
        Before::Comma | Before::Slash => evident || next.plain,
        Before::Line => {
            evident || (next.plain && (next.capital || next.size <= 3) && (number || members > 0))
        }
        Before::Dash => evident || house || (next.plain && next.capital),
        Before::Stop => {
            evident || house || (next.plain && next.capital && next.size <= 2 && !next.cut)
        }
        Before::Taken => next.weight >= 2,
        Before::Cue(_) | Before::Start => false,
    }
}

/// A question without an announced address asks about a place.
fn start_asks(judged: &[(Segment, Judged)], first: usize, next: usize) -> bool {
    judged[first..next].iter().any(|(s, _)| s.asks)
        && judged[first..next]
            .iter()
            .map(|(_, j)| j.weight)
            .sum::<i32>()
            < 4
}
