//! Which value a choice is for a product.

use super::{Chosen, Source};
use crate::index::{Index, Value};
use crate::matcher::{Fit, Mention};

/// The value that a choice is for this product, if the product offers one.
pub(crate) fn choose(
    index: &Index,
    mentions: &[Mention],
    item: u32,
    source: Source,
) -> Option<Chosen> {
    let find = |test: &dyn Fn(&Value) -> bool| {
        index.items[item as usize].sheets.iter().find_map(|sheet| {
            let sheet = &index.sheets[*sheet as usize];
            let value = sheet
                .values
                .iter()
                .find(|v| test(&index.values[**v as usize]))?;
            Some(Chosen {
                value: *value,
                multiple: sheet.multiple,
                tied: false,
                quantity: None,
            })
        })
    };
    match source {
        Source::Mention(place) => {
            let mention = &mentions[place as usize];
            let mut best: Option<(Fit, bool, bool)> = None;
            for fit in &mention.values {
                let Some(sheet) = index.offering(item, fit.id) else {
                    continue;
                };
                match &mut best {
                    Some((old, multiple, tied)) => {
                        if fit.score > old.score + 0.004 {
                            (*old, *multiple, *tied) = (*fit, sheet.multiple, false);
                        } else if fit.score > old.score - 0.004 {
                            *tied = true;
                        }
                    }
                    None => best = Some((*fit, sheet.multiple, false)),
                }
            }
            best.map(|(fit, multiple, tied)| Chosen {
                value: fit.id,
                multiple,
                tied,
                quantity: None,
            })
        }
        Source::Measure(size, kind, _) => {
            find(&|v| v.measure == Some((size, kind))).or_else(|| {
                // 2 kg of what comes by the kilo are two of it.
                let packs = |v: &Value| {
                    v.measure.filter(|(one, k)| {
                        *k == kind && *one > 0 && *one < size && size % one == 0 && size / one <= 50
                    })
                };
                let largest = index.items[item as usize]
                    .sheets
                    .iter()
                    .flat_map(|s| &index.sheets[*s as usize].values)
                    .filter_map(|v| packs(&index.values[*v as usize]))
                    .map(|(one, _)| one)
                    .max()?;
                let chosen = find(&|v| v.measure == Some((largest, kind)))?;
                Some(Chosen {
                    quantity: Some(size / largest),
                    ..chosen
                })
            })
        }
        Source::Number(n) => find(&|v| v.number == Some(n)),
        Source::Pieces(n) => find(&|v| v.pack == Some(n)),
        Source::Pack(n, of) => {
            let all = (u64::from(n) * u64::from(of) / 1000) as u32;
            find(&|v| v.pack == Some(all)).or_else(|| {
                let one = find(&|v| v.pack == Some(of))?;
                (n % 1000 == 0).then_some(Chosen {
                    quantity: Some(n / 1000),
                    ..one
                })
            })
        }
    }
}
