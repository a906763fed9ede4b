//! Options of a line, old and new.

use crate::index::Index;
use crate::matcher::Mention;
use crate::settle::{Line, resolve};
use domain::reading::OptionChoice;
use smallvec::SmallVec;

pub(super) fn missing(index: &Index, item: u32, options: &[OptionChoice]) -> Vec<String> {
    index.items[item as usize]
        .sheets
        .iter()
        .map(|s| &index.sheets[*s as usize])
        .filter(|s| s.required && !options.iter().any(|o| *o.name == *s.name && !o.negated))
        .map(|s| s.name.to_string())
        .collect()
}

/// The older options with the newer ones over them, as far as the product offers them.
pub(super) fn merged(
    index: &Index,
    item: u32,
    old: &[OptionChoice],
    new: &[OptionChoice],
) -> Vec<OptionChoice> {
    let sheets: SmallVec<[&crate::index::Sheet; 4]> = index.items[item as usize]
        .sheets
        .iter()
        .map(|s| &index.sheets[*s as usize])
        .collect();
    let mut out: Vec<OptionChoice> = old
        .iter()
        .filter(|o| {
            let sheet = sheets.iter().find(|s| *s.name == *o.name);
            let offered = sheet.is_some_and(|s| {
                s.values
                    .iter()
                    .any(|v| *index.values[*v as usize].text == *o.value)
            });
            let single = sheet.is_some_and(|s| !s.multiple);
            offered
                && !new
                    .iter()
                    .any(|n| n.name == o.name && (single || n.value == o.value))
        })
        .cloned()
        .collect();
    out.extend(new.iter().cloned());
    out.sort();
    out
}

/// Whether the two say different values of one option (of which one only may be chosen, or the same
/// value wanted and not wanted).
pub(super) fn conflicts(old: &[OptionChoice], new: &[OptionChoice]) -> bool {
    new.iter()
        .any(|n| old.iter().any(|o| o.name == n.name && o.value != n.value))
}

/// The choices that every candidate offers, in the words of the first.
pub(super) fn common_options(
    index: &Index,
    mentions: &[Mention],
    line: &Line,
) -> Vec<OptionChoice> {
    let Some(first) = line.items.first() else {
        return Vec::new();
    };
    let mut own = line.clone();
    own.options.clear();
    resolve(&mut own, *first, mentions, index);
    own.options.retain(|o| {
        line.items.iter().all(|item| {
            index.items[*item as usize].sheets.iter().any(|s| {
                let sheet = &index.sheets[*s as usize];
                *sheet.name == *o.name
                    && sheet
                        .values
                        .iter()
                        .any(|v| *index.values[*v as usize].text == *o.value)
            })
        })
    });
    own.options
}
