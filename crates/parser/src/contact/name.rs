//! The customer's own name: after words that announce it, or beside a telephone number or an
//! address. A product's title, a name to be written on a cake and a greeting are none.

use domain::reading::{Found, Span};

use super::Known;
use super::segment::{Before, Segment, label_follows, segments};
use super::text::{Kind, Text, fold};
use super::words::Class;

/// A name has this many words at most.
const WORDS: usize = 4;

/// The name that words announce: "my name is Ama", "name: Ama Perera", "Regards, Ama".
pub(super) fn cued(text: &Text<'_>, known: &Known<'_>) -> Option<Found<String>> {
    text.hits
        .iter()
        .filter_map(|hit| match hit.class {
            Class::Name => labelled(text, hit.from, hit.to, known),
            Class::NameIs | Class::NameMaybe if is_for_goods(text, hit.from) => None,
            Class::NameIs => after(text, hit.to, known, Trust::Cue),
            Class::NameMaybe => after_sentence(text, hit.to, known),
            Class::SignOff => after_farewell(text, hit.to, known),
            _ => None,
        })
        .last()
}

/// How far a place in the text is believed to hold a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// A label: anything that can be a name is one.
    Label,
    /// Words of a sentence: the words must not be everyday words.
    Cue,
    /// Position alone: capitals, too.
    Place,
}

/// "This is Ama": capitals, and nothing after them but the end of the clause.
fn after_sentence(text: &Text<'_>, to: usize, known: &Known<'_>) -> Option<Found<String>> {
    let found = after(text, to, known, Trust::Place)?;
    let next = text
        .pieces
        .iter()
        .find(|p| p.start >= found.span.end as usize);
    let ends = next.is_none_or(|p| {
        p.taken
            || matches!(
                p.kind,
                Kind::Break | Kind::Mark('.' | ',' | '-' | '(' | '/')
            )
            || p.classes
                .any(&[Class::End, Class::NameEnd, Class::Phone, Class::Filler])
    });
    ends.then_some(found)
}

fn labelled(text: &Text<'_>, from: usize, to: usize, known: &Known<'_>) -> Option<Found<String>> {
    if is_for_goods(text, from) {
        return None;
    }
    if label_follows(text, to) {
        return after(text, to, known, Trust::Label);
    }
    let capital = text
        .pieces
        .get(to)
        .is_some_and(|p| p.is_word() && p.capital && !text.shouted);
    capital
        .then(|| after(text, to, known, Trust::Place))
        .flatten()
}

/// "write the name ...", "cake name: ...".
fn is_for_goods(text: &Text<'_>, from: usize) -> bool {
    text.pieces[..from]
        .iter()
        .rev()
        .take_while(|p| !matches!(p.kind, Kind::Break | Kind::Mark('.')))
        .take(4)
        .any(|p| p.is(Class::NotName))
}

fn after_farewell(text: &Text<'_>, to: usize, known: &Known<'_>) -> Option<Found<String>> {
    let found = after(text, to, known, Trust::Label)?;
    // A farewell closes the message: nothing but contact details may come after the name.
    let rest = text
        .pieces
        .iter()
        .filter(|p| p.start >= found.span.end as usize && !p.taken);
    let words = rest.filter(|p| p.is_word() && p.classes.is_empty()).count();
    (words <= 8).then_some(found)
}

/// The name from this piece on, past the punctuation and small words of the cue.
fn after(text: &Text<'_>, mut at: usize, known: &Known<'_>, trust: Trust) -> Option<Found<String>> {
    while let Some(piece) = text.pieces.get(at) {
        let skip = match piece.kind {
            Kind::Break => trust == Trust::Label,
            Kind::Mark(c) => matches!(
                c,
                ':' | '-'
                    | '='
                    | '.'
                    | ','
                    | '：'
                    | '\u{2013}'
                    | '\u{2014}'
                    | '>'
                    | '"'
                    | '*'
                    | '\''
                    | '“'
            ),
            Kind::Word => piece.is(Class::Filler),
            Kind::Number => false,
        };
        if !skip {
            break;
        }
        at += 1;
    }
    let end = run_of_names(text, at, text.pieces.len(), known, trust);
    found(text, at, end)
}

/// How far words that can make a name reach from here.
fn run_of_names(text: &Text<'_>, from: usize, to: usize, known: &Known<'_>, trust: Trust) -> usize {
    let mut at = from;
    let mut words = 0;
    let mut end = from;
    while at < to && words < WORDS {
        let piece = &text.pieces[at];
        match piece.kind {
            Kind::Word if is_name_word(text, at, known, trust) => {
                words += usize::from(!piece.is(Class::Honorific));
                at += 1;
                end = at;
            }
            // "K. Perera", "Mr. Silva", "Anne-Marie".
            Kind::Mark('.')
                if at > from
                    && is_short(text, at - 1)
                    && text
                        .pieces
                        .get(at + 1)
                        .is_some_and(super::text::Piece::is_word) =>
            {
                at += 1;
            }
            Kind::Mark('-')
                if at > from
                    && piece.glued
                    && text
                        .pieces
                        .get(at + 1)
                        .is_some_and(|p| p.glued && p.is_word()) =>
            {
                at += 1;
            }
            _ => break,
        }
    }
    if words == 0 { from } else { end }
}

fn is_short(text: &Text<'_>, at: usize) -> bool {
    text.pieces[at].is(Class::Honorific) || text.of(&text.pieces[at]).chars().count() == 1
}

fn is_name_word(text: &Text<'_>, at: usize, known: &Known<'_>, trust: Trust) -> bool {
    let piece = &text.pieces[at];
    if piece.taken || !piece.is_word() {
        return false;
    }
    if piece.is(Class::Honorific) {
        return true;
    }
    if piece.classes.any(&[
        Class::End,
        Class::NameEnd,
        Class::Phone,
        Class::Address,
        Class::Email,
        Class::Filler,
    ]) {
        return false;
    }
    if trust == Trust::Label {
        return true;
    }
    // "Ana" and "Si" are names, too.
    let allowed =
        piece.classes.is_empty() || (piece.capital && piece.classes.is_only(Class::NameMaybe));
    if !allowed || (trust == Trust::Place && (!piece.capital || text.shouted)) {
        return false;
    }
    let glued = piece.glued && at > 0 && text.pieces[at - 1].is_number();
    if glued
        || text
            .pieces
            .get(at + 1)
            .is_some_and(|p| p.glued && p.is_number())
    {
        return false;
    }
    let mut word = String::new();
    fold(text.of(piece), &mut word);
    // In lower case it might be any everyday word of any language.
    !known(&word, !piece.capital || text.shouted)
}

fn found(text: &Text<'_>, from: usize, to: usize) -> Option<Found<String>> {
    let (first, last) = (text.pieces.get(from)?, text.pieces.get(to.checked_sub(1)?)?);
    if to <= from {
        return None;
    }
    let value = &text.raw[first.start..last.end];
    (value.chars().count() >= 2).then(|| Found {
        value: value.split_whitespace().collect::<Vec<_>>().join(" "),
        span: Span {
            start: first.start as u32,
            end: last.end as u32,
        },
    })
}

/// What else was found, which a name may stand beside.
pub(super) struct Around<'a> {
    pub(super) phones: &'a [Found<String>],
    pub(super) emails: &'a [Found<String>],
    pub(super) address: Option<Span>,
}

/// A name by its place: "Ama Perera, 077 123 4567, 12 Lake Rd", in this order or another.
pub(super) fn beside(
    text: &Text<'_>,
    around: &Around<'_>,
    known: &Known<'_>,
) -> Option<Found<String>> {
    if around.phones.is_empty() && around.address.is_none() {
        return None;
    }
    let segments = segments(text);
    let anchors = around
        .phones
        .iter()
        .chain(around.emails)
        .map(|f| f.span)
        .chain(around.address);
    let mut best: Option<(u8, Found<String>)> = None;
    for anchor in anchors {
        for at in 0..segments.len() {
            let Some((rank, name)) = beside_one(text, &segments, at, anchor, around, known) else {
                continue;
            };
            if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                best = Some((rank, name));
            }
        }
    }
    best.map(|(_, name)| name)
}

/// The name in a stretch next to an anchor, and how much its place says for it.
fn beside_one(
    text: &Text<'_>,
    segments: &[Segment],
    at: usize,
    anchor: Span,
    around: &Around<'_>,
    known: &Known<'_>,
) -> Option<(u8, Found<String>)> {
    let segment = &segments[at];
    // "deliver to" a name only if an address follows: it may be a town.
    let follows = around
        .address
        .is_some_and(|a| a.start as usize > text.pieces[segment.from].start);
    match segment.before {
        Before::Cue(Class::Address | Class::AddressLabel | Class::Email) => return None,
        Before::Cue(Class::Deliver) if !follows => return None,
        _ => {}
    }
    let (from, mut to) = (segment.from, segment.to);
    // A stretch that runs into the address holds the name before it.
    if let Some(address) = around.address {
        while to > from && text.pieces[to - 1].start >= address.start as usize {
            to -= 1;
        }
    }
    if to <= from {
        return None;
    }
    let (start, end) = (
        text.pieces[from].start as u32,
        text.pieces[to - 1].end as u32,
    );
    let before = end <= anchor.start;
    let between = if before {
        text.raw.get(end as usize..anchor.start as usize)?
    } else {
        text.raw.get(anchor.end as usize..start as usize)?
    };
    if !is_near(between) {
        return None;
    }
    let whole = run_of_names(text, from, to, known, Trust::Place);
    if whole == to {
        return Some((if before { 4 } else { 3 }, found(text, from, to)?));
    }
    // Lower case is believed as the first thing of a line, in a message that gives both a number
    // and an address.
    let full = !around.phones.is_empty() && around.address.is_some();
    let opens = segment.line_start && !matches!(segment.before, Before::Cue(_)) && to - from <= 3;
    if full && opens && before && run_of_names(text, from, to, known, Trust::Cue) == to {
        return Some((2, found(text, from, to)?));
    }
    // The last words before the anchor: "... black 1 Ama Perera 0771234567".
    if before {
        let tail = (from..to)
            .rev()
            .take_while(|&i| is_name_word(text, i, known, Trust::Place))
            .last()?;
        let follows_number = tail > from && text.pieces[tail - 1].is_number();
        let follows_for = tail > from
            && text.pieces[tail - 1].is(Class::Filler)
            && !text.pieces[tail - 1].capital;
        if (follows_number || follows_for) && to - tail <= WORDS && to - tail >= 2 {
            return Some((1, found(text, tail, to)?));
        }
    }
    None
}

/// Nothing but punctuation, a label or white space lies between.
fn is_near(between: &str) -> bool {
    const CHARS: usize = 24;
    if between.len() > 4 * CHARS || between.chars().count() > CHARS {
        return false;
    }
    let words = between
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .count();
    words <= 2
        && !between.contains(['?', '!'])
        && between.chars().filter(|&c| c == '\n').count() <= 2
}

/// The whole message is a name: two to four words, each with a capital.
pub(super) fn bare(text: &Text<'_>, known: &Known<'_>) -> Option<Found<String>> {
    let mut to = text.pieces.len();
    while to > 0
        && matches!(
            text.pieces[to - 1].kind,
            Kind::Mark('.' | ',') | Kind::Break
        )
    {
        to -= 1;
    }
    let words = text.pieces[..to].iter().filter(|p| p.is_word()).count();
    let whole = run_of_names(text, 0, to, known, Trust::Place) == to;
    (whole && (2..=WORDS).contains(&words))
        .then(|| found(text, 0, to))
        .flatten()
}
