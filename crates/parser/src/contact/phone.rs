//! Telephone numbers to E.164 by the seller's country. What a number may look like in each
//! country is the `phonenumber` crate's to know (Google's libphonenumber data); here is only what
//! people do to numbers in messages, and what merely looks like one.

mod plan;

use domain::reading::{Found, Span};
use phonenumber::country;

use super::text::{Kind, Text, digit};
use super::words::Class;
use plan::{Written, international};

/// E.164 allows 15 digits; no country's full number has fewer than 7.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Checks of one message against the numbering plans; a wall of digits must not run away.
const MAX_CHECKS: usize = 24;
/// Words that say a number is a telephone number, or another kind, stand this near before it.
const CUE_REACH: usize = 5;

/// Some digits in a row, as one piece or with letters that stand for digits.
#[derive(Debug, Clone)]
struct Group {
    digits: String,
    start: usize,
    end: usize,
    /// First and last piece.
    from: usize,
    to: usize,
}

/// Every telephone number of the text, in its order; their pieces are marked as taken.
pub(super) fn find_all(text: &mut Text<'_>, country: Option<&str>) -> Vec<Found<String>> {
    let country = country.and_then(|c| c.to_ascii_uppercase().parse::<country::Id>().ok());
    let mut found = Vec::new();
    let mut checks = MAX_CHECKS;
    for chain in chains(text) {
        let total: usize = chain.iter().map(|g| g.digits.len()).sum();
        if total > *DIGITS.end() && looks_like_card(&chain) {
            continue;
        }
        let mut first = 0;
        while first < chain.len() {
            match number_from(text, &chain, first, country, &mut checks) {
                Some((last, value, start)) => {
                    let end = chain[last].end;
                    found.push(Found {
                        value,
                        span: Span {
                            start: start as u32,
                            end: end as u32,
                        },
                    });
                    text.take(start, end);
                    first = last + 1;
                }
                None => first += 1,
            }
        }
    }
    found
}

/// The number in a link to a chat ("wa.me/94771234567"), which is always in full.
pub(super) fn in_link(link: &str) -> Option<String> {
    let lower = link.to_ascii_lowercase();
    let at = ["wa.me/", "phone="]
        .iter()
        .find_map(|key| lower.find(key).map(|at| at + key.len()))?;
    if !lower.contains("wa.me") && !lower.contains("whatsapp") {
        return None;
    }
    let digits: String = link[at..]
        .chars()
        .skip_while(|c| matches!(c, '+' | '%' | ' '))
        .take_while(|c| c.is_ascii_digit() || *c == '-')
        .filter(char::is_ascii_digit)
        .collect();
    let digits = digits.strip_prefix("2B").unwrap_or(&digits);
    DIGITS
        .contains(&digits.len())
        .then(|| international(digits))
        .flatten()
        .map(|n| n.0)
}

/// Groups of digits that only the punctuation of telephone numbers keeps apart.
fn chains(text: &Text<'_>) -> Vec<Vec<Group>> {
    let mut chains: Vec<Vec<Group>> = Vec::new();
    let mut at = 0;
    while at < text.pieces.len() {
        let Some(group) = group_at(text, at) else {
            at += 1;
            continue;
        };
        at = group.to + 1;
        match chains.last_mut() {
            Some(chain)
                if chain
                    .last()
                    .is_some_and(|before| joins(text, before, &group)) =>
            {
                chain.push(group);
            }
            _ => chains.push(vec![group]),
        }
    }
    chains.retain(|chain| chain.iter().map(|g| g.digits.len()).sum::<usize>() >= *DIGITS.start());
    chains
}

/// Digits from this piece on, with "O" for 0 and "l" for 1 where digits touch them.
fn group_at(text: &Text<'_>, from: usize) -> Option<Group> {
    let mut digits = String::new();
    let mut to = from;
    let mut letters = 0;
    while let Some(piece) = text.pieces.get(to) {
        if piece.taken || (to > from && !piece.glued) {
            break;
        }
        match piece.kind {
            Kind::Number => digits.extend(
                text.of(piece)
                    .chars()
                    .filter_map(digit)
                    .map(|d| (b'0' + d) as char),
            ),
            Kind::Word if piece.len() <= 2 && stands_for_digits(text, to) => {
                letters += piece.len();
                for c in text.of(piece).chars() {
                    digits.push(if matches!(c, 'o' | 'O') { '0' } else { '1' });
                }
            }
            _ => break,
        }
        to += 1;
    }
    // One or two letters may stand for digits in a number, not half of it.
    if to == from || letters * 3 > digits.len() {
        return None;
    }
    Some(Group {
        digits,
        start: text.pieces[from].start,
        end: text.pieces[to - 1].end,
        from,
        to: to - 1,
    })
}

/// "O77", "07O1": letters drawn like digits, touching a run of digits.
fn stands_for_digits(text: &Text<'_>, at: usize) -> bool {
    let like_digits = text
        .of(&text.pieces[at])
        .chars()
        .all(|c| matches!(c, 'o' | 'O' | 'l' | 'I'));
    let digits_after = text
        .pieces
        .get(at + 1)
        .is_some_and(|p| p.glued && p.is_number() && p.len() >= 2);
    let digits_before = text.pieces[at].glued && at > 0 && text.pieces[at - 1].is_number();
    like_digits
        && (digits_after && (digits_before || text.of(&text.pieces[at]).starts_with(['o', 'O'])))
}

/// Whether two groups may be parts of one number.
fn joins(text: &Text<'_>, before: &Group, after: &Group) -> bool {
    if text.pieces[before.from..=after.to]
        .iter()
        .any(|p| p.taken || p.kind == Kind::Break)
    {
        return false;
    }
    let gap = &text.raw[before.end..after.start];
    if gap == "/" {
        // "071/2345678", not "12/3" and not two numbers.
        return before.digits.starts_with('0')
            && (3..=5).contains(&before.digits.len())
            && after.digits.len() >= 5;
    }
    gap.chars().count() <= 3
        && !gap.is_empty()
        && gap.chars().filter(|c| !c.is_whitespace()).count() <= 2
        && gap.chars().all(|c| {
            c.is_whitespace()
                || matches!(
                    c,
                    '.' | '-' | '(' | ')' | '\u{2010}'
                        ..='\u{2015}' | '\u{a0}' | '\u{202f}' | '_' | '~' | '•' | '·'
                )
        })
}

/// The longest number that begins with this group: its last group, its E.164 form, its first byte.
fn number_from(
    text: &Text<'_>,
    chain: &[Group],
    first: usize,
    country: Option<country::Id>,
    checks: &mut usize,
) -> Option<(usize, String, usize)> {
    let plus = plus_before(text, &chain[first]);
    let cue = cue_before(text, chain[first].from);
    if cue == Cue::Other && plus.is_none() {
        return None;
    }
    if first > 0
        && plus.is_none()
        && !text.raw[chain[first - 1].end..chain[first].start].contains([' ', '\t', '\u{a0}'])
    {
        return None;
    }
    let last = (first..chain.len())
        .scan(0, |sum, i| {
            *sum += chain[i].digits.len();
            (*sum <= *DIGITS.end()).then_some(i)
        })
        .last()?;
    for last in (first..=last).rev() {
        let groups = &chain[first..=last];
        let digits: String = groups.iter().map(|g| g.digits.as_str()).collect();
        if digits.len() < *DIGITS.start() {
            break;
        }
        if *checks == 0 {
            return None;
        }
        let written = Written {
            groups,
            digits: &digits,
            plus: plus.is_some(),
            cued: cue == Cue::Phone,
        };
        if !written.is_plausible(text) {
            continue;
        }
        *checks -= 1;
        if let Some(value) = written.resolve(country) {
            return Some((last, value, plus.unwrap_or(groups[0].start)));
        }
    }
    None
}

/// Four groups of four, or more digits than a number has, in one breath: a card or an account.
fn looks_like_card(chain: &[Group]) -> bool {
    chain.len() >= 3 && chain.iter().rev().skip(1).all(|g| g.digits.len() == 4)
        || chain.iter().any(|g| g.digits.len() > *DIGITS.end())
}

/// Where the plus sign before a group stands, if there is one.
fn plus_before(text: &Text<'_>, group: &Group) -> Option<usize> {
    let mut at = group.from;
    while let Some(before) = at.checked_sub(1) {
        match text.pieces[before].kind {
            Kind::Mark('+' | '\u{ff0b}') => return Some(text.pieces[before].start),
            Kind::Mark('(') => at = before,
            _ => return None,
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    Phone,
    Other,
    None,
}

/// What the words just before a number say it is.
fn cue_before(text: &Text<'_>, at: usize) -> Cue {
    let mut words = 0;
    for back in (0..at).rev() {
        let piece = &text.pieces[back];
        match piece.kind {
            Kind::Mark('#' | '$' | '€' | '£' | '₹' | '₱' | '₦' | '¥' | '৳' | '฿' | '₫')
                if back + 1 == at =>
            {
                return Cue::Other;
            }
            Kind::Mark('#') if words == 0 => return Cue::Other,
            Kind::Mark(',' | ';' | '!' | '?' | '/' | '|') => return Cue::None,
            Kind::Mark(_) => {}
            Kind::Break if back + 1 == at || text.pieces[back + 1].taken => {}
            Kind::Break => return Cue::None,
            Kind::Number => return Cue::None,
            Kind::Word => {
                words += 1;
                if piece.is(Class::Phone) {
                    return Cue::Phone;
                }
                if piece.is(Class::NotPhone) && words <= 3 {
                    return Cue::Other;
                }
                // Letters that touch the digits and are no cue: a model or an order number.
                if back + 1 == at && text.pieces[at].glued {
                    return Cue::Other;
                }
                if words == CUE_REACH {
                    return Cue::None;
                }
            }
        }
    }
    Cue::None
}
