//! Stage 6, settle ambiguity: which product each draft means, by its price, its choices, its
//! neighbours and what was talked about; headings against their parts; one line for each combination.
//! What stays ambiguous stays so.

mod narrow;
mod options;
mod wholes;

pub(crate) use options::resolve;

use narrow::{by_context, coordinate, narrow};
use wholes::{drop_antecedents, drop_headings, fill_elided, share_choices};

use domain::reading::OptionChoice;
use smallvec::SmallVec;

use crate::index::Index;
use crate::lines::{Draft, Lines, Pick, Source, choose};
use crate::matcher::Mention;

/// A line, as far as this message alone tells it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// One: certain. Several: ambiguous. None: left out, or unknown goods.
    pub(crate) items: SmallVec<[u32; 4]>,
    pub(crate) quantity: Option<u32>,
    pub(crate) options: Vec<OptionChoice>,
    /// The choices, for a product that is only found in the standing order.
    pub(crate) picks: SmallVec<[Pick; 4]>,
    pub(crate) negated: bool,
    pub(crate) replaced: bool,
    pub(crate) more: bool,
    pub(crate) same: bool,
    pub(crate) each: bool,
    pub(crate) contradicted: bool,
    pub(crate) unknown: SmallVec<[u16; 2]>,
    /// (option, values) that the words fit equally well.
    pub(crate) unclear: Vec<(u32, Pick)>,
    pub(crate) sentence: u16,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Where the product's name begins.
    pub(crate) named_at: usize,
    /// The product's match: 1 all words said and spelt right.
    pub(crate) quality: f32,
    /// The product was named in full.
    pub(crate) full: bool,
    /// The product was found by what stands around it.
    pub(crate) inferred: bool,
    /// A choice that was said fits the product not at all.
    pub(crate) misfits: u8,
    pub(crate) opened: bool,
}

/// What was talked about before: products of the standing order, the last mentions, the last doubt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The candidates of the last question which product is meant.
    pub(crate) asked: SmallVec<[u32; 8]>,
    /// Products of the standing order and of what was last mentioned, the newest last.
    pub(crate) recent: SmallVec<[u32; 8]>,
}

pub(crate) fn settle(
    mut lines: Lines,
    mentions: &[Mention],
    index: &Index,
    context: &Context,
) -> Vec<Line> {
    for draft in &mut lines.drafts {
        narrow(draft, mentions, index, context);
    }
    coordinate(&mut lines.drafts, index);
    for draft in &mut lines.drafts {
        if draft.products.len() > 1 {
            by_context(draft, index, context);
        }
    }
    share_choices(&mut lines.drafts, mentions, index);
    let inferred = fill_elided(&mut lines.drafts, mentions, index);
    drop_antecedents(&mut lines.drafts, &inferred);
    drop_headings(&mut lines.drafts, mentions, index, &inferred);
    let mut out = Vec::with_capacity(lines.drafts.len());
    for draft in &lines.drafts {
        expand(
            draft,
            mentions,
            index,
            inferred.contains(&draft.from),
            &mut out,
        );
    }
    out
}

fn option(
    index: &Index,
    mentions: &[Mention],
    item: u32,
    source: Source,
) -> Option<(String, bool)> {
    let chosen = choose(index, mentions, item, source)?;
    Some((
        index.values[chosen.value as usize].option.to_string(),
        chosen.multiple,
    ))
}

/// "1 matcha latte" is no latte: a word that nobody knows, between the number and a name of one word or
/// half a name, makes it something else.
fn is_other(draft: &Draft, mentions: &[Mention]) -> bool {
    let Some(named) = draft.named_by.first().map(|m| &mentions[*m as usize]) else {
        return false;
    };
    let before = draft
        .unknown
        .last()
        .is_some_and(|u| *u as usize + 1 == named.from);
    let whole = draft.products.iter().any(|f| f.full) && named.tokens.len() > 1;
    before && draft.opened && !whole
}

/// One line for each combination of a draft.
fn expand(draft: &Draft, mentions: &[Mention], index: &Index, inferred: bool, out: &mut Vec<Line>) {
    let combinations = 1 + draft.variants.len() as u32;
    let share = match (draft.each, draft.quantity) {
        (Some(n), _) => Some(n),
        (None, Some(q)) if combinations > 1 && q % combinations == 0 => Some(q / combinations),
        (None, Some(q)) if combinations > 1 && q < combinations => None,
        (None, q) => q,
    };
    let mut all: SmallVec<[SmallVec<[Pick; 4]>; 2]> = SmallVec::new();
    all.push(draft.picks.clone());
    all.extend(draft.variants.iter().cloned());
    let first = draft.products.first().map(|f| f.id);
    if let Some(item) = first {
        // What one combination leaves unsaid is as in the first.
        for i in 1..all.len() {
            let inherited: SmallVec<[Pick; 4]> = all[0]
                .iter()
                .filter(|p| {
                    let mine = option(index, mentions, item, p.source);
                    mine.as_ref().is_none_or(|m| m.1)
                        || !all[i]
                            .iter()
                            .any(|q| option(index, mentions, item, q.source) == mine)
                })
                .copied()
                .collect();
            all[i].extend(inherited);
        }
        // And what only a later one says holds for all: "M and L in black".
        let last = all.len() - 1;
        if last > 0 {
            let late: SmallVec<[Pick; 4]> = all[last].clone();
            for i in 0..last {
                for pick in &late {
                    let mine = option(index, mentions, item, pick.source);
                    if mine.is_some()
                        && !all[i]
                            .iter()
                            .any(|q| option(index, mentions, item, q.source) == mine)
                    {
                        all[i].push(*pick);
                    }
                }
            }
        }
    }
    for picks in all {
        let mut line = Line {
            items: draft.products.iter().map(|f| f.id).collect(),
            quantity: share,
            options: Vec::new(),
            picks,
            negated: draft.negated,
            replaced: draft.replaced,
            more: draft.more,
            same: draft.same,
            each: draft.each.is_some(),
            contradicted: draft.contradicted || is_other(draft, mentions),
            unknown: draft.unknown.clone(),
            unclear: Vec::new(),
            sentence: draft.sentence,
            from: draft.from,
            to: draft.to,
            named_at: draft
                .named_by
                .first()
                .map_or(draft.from, |m| mentions[*m as usize].from),
            quality: draft.products.first().map_or(0.0, |f| f.quality),
            full: draft.products.first().is_some_and(|f| f.full),
            inferred,
            misfits: 0,
            opened: draft.opened,
        };
        if let [item] = line.items[..] {
            resolve(&mut line, item, mentions, index);
        }
        out.push(line);
    }
}
