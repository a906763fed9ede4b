//! Choices as options of a product that is known.

use super::Line;
use crate::index::Index;
use crate::lines::{Chosen, Pick, Source, choose};
use crate::matcher::Mention;
use domain::reading::OptionChoice;
use smallvec::SmallVec;

/// Turns the choices of a line into options of a product, and its packs into quantities.
pub(crate) fn resolve(line: &mut Line, item: u32, mentions: &[Mention], index: &Index) {
    let picks = std::mem::take(&mut line.picks);
    let mut taken: SmallVec<[(u32, bool); 4]> = SmallVec::new();
    for pick in &picks {
        match choose(index, mentions, item, pick.source) {
            Some(chosen) if chosen.tied => match untied(line, item, pick, mentions, index) {
                Some(chosen) => add_option(line, &mut taken, chosen, pick, index),
                None => line.unclear.push((chosen.value, *pick)),
            },
            Some(chosen) => add_option(line, &mut taken, chosen, pick, index),
            None => fallback(line, pick),
        }
    }
    // "a bean taco with black beans": the kind before the name is told by the one after it.
    for pick in picks.iter().filter(|p| p.to <= line.named_at) {
        let Some(any) =
            choose(index, mentions, item, pick.source).map(|c| &index.values[c.value as usize])
        else {
            continue;
        };
        let told = any.text.contains('|')
            && line
                .options
                .iter()
                .any(|o| *o.name == *any.option && any.text.split('|').any(|m| m == o.value));
        if told {
            line.options.retain(|o| *o.value != *any.text);
        }
    }
    line.options.sort();
    line.options.dedup();
    line.picks = picks;
}

/// Which of several values that fit equally well is meant, where they are of different options: of the
/// product's first option if said before its name ("veggie
/// burrito"), of a later one if after.
pub(super) fn untied(
    line: &Line,
    item: u32,
    pick: &Pick,
    mentions: &[Mention],
    index: &Index,
) -> Option<Chosen> {
    let Source::Mention(place) = pick.source else {
        return None;
    };
    let mention = &mentions[place as usize];
    let best = mention
        .values
        .iter()
        .filter(|f| index.offering(item, f.id).is_some())
        .map(|f| f.score)
        .fold(f32::MIN, f32::max);
    let mut found: SmallVec<[(u32, bool); 4]> = SmallVec::new();
    for sheet in &index.items[item as usize].sheets {
        let sheet = &index.sheets[*sheet as usize];
        for fit in mention
            .values
            .iter()
            .filter(|f| f.score > best - 0.02 && sheet.values.binary_search(&f.id).is_ok())
        {
            if found.last().is_some_and(|l| {
                index.values[l.0 as usize].option == index.values[fit.id as usize].option
            }) {
                return None;
            }
            found.push((fit.id, sheet.multiple));
        }
    }
    let before = pick.from < line.named_at;
    let (value, multiple) = if before {
        *found.first()?
    } else {
        *found.last()?
    };
    Some(Chosen {
        value,
        multiple,
        tied: false,
        quantity: None,
    })
}

pub(super) fn add_option(
    line: &mut Line,
    taken: &mut SmallVec<[(u32, bool); 4]>,
    chosen: Chosen,
    pick: &Pick,
    index: &Index,
) {
    let value = &index.values[chosen.value as usize];
    // "not the red": of a single choice, what is not wanted is nothing to note.
    if pick.negated && !chosen.multiple {
        return;
    }
    if !chosen.multiple && line.options.iter().any(|o| *o.name == *value.option) {
        if let Source::Pieces(n) = pick.source
            && line.quantity.is_none()
        {
            line.quantity = Some(n);
        }
        return;
    }
    if let Some(quantity) = chosen.quantity {
        line.quantity = Some(line.quantity.unwrap_or(1).saturating_mul(quantity));
    }
    if taken
        .iter()
        .any(|(v, n)| *v == chosen.value && *n == pick.negated)
    {
        return;
    }
    taken.push((chosen.value, pick.negated));
    line.options.push(OptionChoice {
        name: value.option.to_string(),
        value: value.text.to_string(),
        negated: pick.negated,
        amount: if chosen.multiple { pick.amount } else { None },
        count: if chosen.multiple {
            pick.count.clamp(1, 99)
        } else {
            1
        },
    });
}

/// An amount that is no value of the product counts it.
pub(super) fn fallback(line: &mut Line, pick: &Pick) {
    match pick.source {
        Source::Pieces(n) if line.quantity.is_none() => line.quantity = Some(n),
        Source::Pack(n, of) => {
            let all = u64::from(n) * u64::from(of) / 1000;
            if line.quantity.is_none_or(|q| q == 1) && all > 0 {
                line.quantity = Some(all.min(9999) as u32);
            }
        }
        Source::Measure(_, _, n) if line.quantity.is_none() && n % 1000 == 0 && n > 0 => {
            line.quantity = Some((n / 1000).min(9999));
            line.misfits += 1;
        }
        _ => line.misfits += 1,
    }
}
