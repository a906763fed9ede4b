//! A message in stretches between commas, line breaks, ends of sentences, cues and what is
//! already taken: the units of which names and addresses are made.

use super::text::{Kind, Text};
use super::words::{ADDRESS_PARTS, Class};

/// What stands before a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Start,
    Line,
    Comma,
    Stop,
    Slash,
    Dash,
    /// A telephone number, e-mail address, link or name.
    Taken,
    /// Words that announce something.
    Cue(Class),
}

/// A stretch of pieces without a separator inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) from: usize,
    /// Piece after the last.
    pub(super) to: usize,
    pub(super) before: Before,
    /// Begins a line (nothing but a label before it).
    pub(super) line_start: bool,
    /// Ends in a question mark.
    pub(super) asks: bool,
}

/// All stretches that hold something.
pub(super) fn segments(text: &Text<'_>) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut before = Before::Start;
    let mut line_start = true;
    let mut at = 0;
    while at <= text.pieces.len() {
        let (next, separator) = separator_at(text, at);
        let Some(separator) = separator else {
            at += 1;
            continue;
        };
        if at > from {
            found.push(Segment {
                from,
                to: at,
                before,
                line_start,
                asks: text
                    .pieces
                    .get(at)
                    .is_some_and(|p| p.is_mark('?') || p.is_mark('؟')),
            });
            line_start = false;
            before = separator;
        } else {
            before = stronger(before, separator);
        }
        if separator == Before::Line {
            line_start = true;
        }
        at = next;
        from = next;
    }
    found
}

/// Of two separators in a row the one that says more.
fn stronger(first: Before, second: Before) -> Before {
    let rank = |b: Before| match b {
        Before::Cue(_) => 6,
        Before::Taken => 5,
        Before::Line => 4,
        Before::Start => 3,
        Before::Stop => 2,
        Before::Dash | Before::Slash => 1,
        Before::Comma => 0,
    };
    match (first, second) {
        // A cue holds over the colon and the line break after it; a new cue replaces it.
        (_, Before::Cue(_)) => second,
        _ if rank(second) > rank(first) => second,
        _ => first,
    }
}

/// The separator that begins at this piece, and the piece after it.
fn separator_at(text: &Text<'_>, at: usize) -> (usize, Option<Before>) {
    let Some(piece) = text.pieces.get(at) else {
        return (at + 1, Some(Before::Start));
    };
    if piece.taken {
        return (at + 1, Some(Before::Taken));
    }
    if let Some((to, class)) = cue_at(text, at) {
        return (to, Some(Before::Cue(class)));
    }
    let glued_next = text.pieces.get(at + 1).is_some_and(|p| p.glued);
    let separator = match piece.kind {
        Kind::Break => Some(Before::Line),
        Kind::Mark(
            ',' | ';' | '|' | '،' | '؛' | '、' | '，' | '•' | '·' | '(' | ')' | '[' | ']' | '>'
            | '<' | '*' | '"' | '“' | '”',
        ) => Some(Before::Comma),
        Kind::Mark(':') => Some(Before::Comma),
        Kind::Mark('.') if !glued_next && !abbreviation_before(text, at) => Some(Before::Stop),
        Kind::Mark('!' | '?' | '؟' | '।' | '॥' | '۔' | '。' | '…') => Some(Before::Stop),
        Kind::Mark('/')
            if !(piece.glued && (glued_next || text.pieces[at - 1].is(Class::StreetFirst))) =>
        {
            Some(Before::Slash)
        }
        Kind::Mark('-' | '\u{2013}' | '\u{2014}') if !(glued_next && piece.glued) => {
            Some(Before::Dash)
        }
        Kind::Mark(c) if is_picture(c) => Some(Before::Stop),
        _ => None,
    };
    (at + 1, separator)
}

/// A cue phrase that begins here and is one in this place.
fn cue_at(text: &Text<'_>, at: usize) -> Option<(usize, Class)> {
    let first = text.hits.partition_point(|h| h.from < at);
    let hit = text.hits[first..]
        .iter()
        .take_while(|h| h.from == at)
        .filter(|h| match h.class {
            Class::AddressLabel => label_follows(text, h.to),
            Class::Name => label_follows(text, h.to),
            Class::Phone | Class::Email => text.pieces[h.to..]
                .iter()
                .find(|p| !matches!(p.kind, Kind::Mark(_)) || p.taken)
                .is_none_or(|p| p.taken),
            Class::NameIs | Class::NameMaybe | Class::SignOff => false,
            _ => true,
        })
        .max_by_key(|h| h.to)?;
    Some((hit.to, hit.class))
}

/// Whether what comes next makes the words before it a label.
pub(super) fn label_follows(text: &Text<'_>, at: usize) -> bool {
    text.pieces.get(at).is_some_and(|p| {
        matches!(
            p.kind,
            Kind::Mark(':' | '-' | '=' | '\u{2013}' | '\u{2014}' | '.' | '：' | '>') | Kind::Break
        )
    })
}

/// A full stop here belongs to a shortened word: "St.", "No.", "K.".
fn abbreviation_before(text: &Text<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|b| &text.pieces[b]) else {
        return false;
    };
    if !before.is_word() {
        return false;
    }
    let chars = text.of(before).chars().count();
    (chars == 1 && before.capital)
        || (chars <= 5 && (before.is(Class::Honorific) || before.classes.any(&ADDRESS_PARTS)))
}

/// Emoji and other pictures.
fn is_picture(c: char) -> bool {
    matches!(c as u32, 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1faff)
}
