//! What a value measures or holds: `500 g`, `half dozen`, `box of 6`.

use crate::lexicon;
use crate::lexicon::{Cat, Unit};
use crate::tokenise::{Kind, Tokens};
use smallvec::SmallVec;

/// Number, multiple and unit of a short text, by English and every other language alike.
fn parts(tokens: &Tokens) -> Option<(Option<u32>, Option<u32>, Option<Unit>)> {
    let lexicon = lexicon::lexicon();
    let (mut number, mut multiple, mut unit) = (None, None, None);
    let mut buffer = String::new();
    let ids: Vec<SmallVec<[u32; 2]>> = (0..tokens.len())
        .map(|i| lexicon.word_ids(tokens.form(i), false, &mut buffer))
        .collect();
    let mut found = SmallVec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens.list[at].kind == Kind::Number {
            if number.is_some() {
                return None;
            }
            number = Some(tokens.list[at].value?);
            at += 1;
            continue;
        }
        if matches!(tokens.list[at].kind, Kind::Mark(_)) {
            at += 1;
            continue;
        }
        lexicon.phrases(&ids, at, &mut found);
        let phrase = found.iter().rev().find(|p| {
            p.senses
                .iter()
                .any(|s| matches!(s.cat, Cat::Number | Cat::Multiple | Cat::Unit | Cat::Filler))
        })?;
        for sense in phrase.senses {
            match sense.cat {
                Cat::Number => number = number.or(Some(sense.payload)),
                Cat::Multiple => multiple = multiple.or(Some(sense.payload)),
                Cat::Unit => unit = unit.or(Some(Unit::of(sense.payload))),
                _ => {}
            }
        }
        at += phrase.tokens;
    }
    Some((number, multiple, unit))
}

/// `500 g` as (500, 'g').
pub(super) fn measure(tokens: &Tokens) -> Option<(u32, char)> {
    match parts(tokens)? {
        (number, None, Some(Unit::Measure(size, kind))) => Some((
            (u64::from(number.unwrap_or(1000)) * u64::from(size) / 1000) as u32,
            kind,
        )),
        _ => None,
    }
}

/// `half dozen`, `box of 6`, `6 pcs` as 6.
pub(super) fn pack(tokens: &Tokens) -> Option<u32> {
    match parts(tokens)? {
        (number, Some(multiple), None | Some(Unit::Piece | Unit::Pack)) => {
            Some((u64::from(number.unwrap_or(1000)) * u64::from(multiple) / 1_000_000) as u32)
        }
        (Some(number), None, Some(Unit::Piece | Unit::Pack)) => Some(number / 1000),
        _ => None,
    }
}
