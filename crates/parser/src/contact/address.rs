//! The postal address, in the customer's words. No gazetteer: house numbers, street and unit
//! nouns, area nouns, landmarks, postcodes and the words that announce an address are weighed, and
//! neighbouring stretches of names are taken along. A bare town is left alone.

mod evidence;
mod house;

use domain::reading::{Found, Span};

use super::Known;
use super::segment::{Before, Segment, segments};
use super::text::{Kind, Text};
use super::words::{ADDRESS_PARTS, Class};
use evidence::Judged;

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
            || (text.pieces[at].is(Class::End) && !text.pieces[at].classes.any(&ADDRESS_PARTS));
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
