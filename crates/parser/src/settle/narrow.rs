//! Which of several products a draft means: by price, choices, neighbours and what was talked about.

use super::Context;
use crate::index::Index;
use crate::lines::{Draft, choose};
use crate::matcher::{Fit, Mention};
use smallvec::SmallVec;

/// Keeps the products that fit the price and the choices that were said.
pub(super) fn narrow(draft: &mut Draft, mentions: &[Mention], index: &Index, context: &Context) {
    let minor = index
        .locale
        .currency
        .map_or(100, |c| 10_i64.pow(c.decimals()));
    let costs = |item: u32, thousandths: u32| {
        index.items[item as usize].price == i64::from(thousandths) * minor / 1000
    };
    if let Some(quantity) = draft.quantity
        && quantity >= 20
        && draft.products.iter().any(|f| costs(f.id, quantity * 1000))
    {
        draft.price = Some(quantity * 1000);
        draft.quantity = None;
    }
    if draft.products.is_empty() && draft.price.is_some() {
        let price = draft.price.unwrap_or(0);
        let of_price = |item: &u32| costs(*item, price);
        let found: SmallVec<[u32; 4]> = context.asked.iter().copied().filter(of_price).collect();
        if found.len() == 1 {
            draft.products = found.iter().map(|id| certain(*id)).collect();
        }
    }
    if draft.products.len() < 2 {
        return;
    }
    if let Some(price) = draft.price
        && draft.products.iter().any(|f| costs(f.id, price))
    {
        draft.products.retain(|f| costs(f.id, price));
    }
    let fits = |fit: &Fit| {
        draft
            .picks
            .iter()
            .chain(draft.variants.iter().flatten())
            .filter(|p| choose(index, mentions, fit.id, p.source).is_some())
            .count()
    };
    let most = draft.products.iter().map(&fits).max().unwrap_or(0);
    let counts: SmallVec<[usize; 8]> = draft.products.iter().map(fits).collect();
    let mut i = 0;
    draft.products.retain(|_| {
        i += 1;
        counts[i - 1] == most
    });
}

pub(super) fn certain(id: u32) -> Fit {
    Fit {
        id,
        score: 1.0,
        full: false,
        share: 0.5,
        quality: 0.9,
        head: false,
        main: true,
    }
}

/// "red and black dupattas": a mention that does not say what kind of thing it is takes the kind of
/// its neighbour.
pub(super) fn coordinate(drafts: &mut [Draft], index: &Index) {
    for i in 0..drafts.len() {
        if drafts[i].products.len() < 2 || drafts[i].products.iter().any(|f| f.head || f.full) {
            continue;
        }
        let before = i.checked_sub(1).filter(|b| drafts[*b].is_certain());
        let after = (i + 1 < drafts.len() && drafts[i + 1].is_certain() && drafts[i + 1].joined)
            .then_some(i + 1);
        for neighbour in [before, after].into_iter().flatten() {
            let other = drafts[neighbour].products[0].id;
            let alike: SmallVec<[(f32, Fit); 8]> = drafts[i]
                .products
                .iter()
                .map(|f| (unsaid_likeness(index, f.id, other), *f))
                .collect();
            let best = alike.iter().map(|a| a.0).fold(0.0, f32::max);
            let mut winners: SmallVec<[Fit; 4]> = alike
                .iter()
                .filter(|a| a.0 >= best - 0.01)
                .map(|a| a.1)
                .collect();
            let share = winners.iter().map(|f| f.share).fold(0.0, f32::max);
            winners.retain(|f| f.share > share - 0.02);
            if best >= 1.0 && winners.len() < drafts[i].products.len() {
                drafts[i].products = winners;
            }
            if drafts[i].is_certain() {
                break;
            }
        }
    }
}

/// How alike a candidate is to a neighbour in what was not said of it.
pub(super) fn unsaid_likeness(index: &Index, candidate: u32, neighbour: u32) -> f32 {
    let own = index.name_words(index.items[candidate as usize].title);
    let other = index.name_words(index.items[neighbour as usize].title);
    let mut sum = 0.0;
    for (i, word) in own.iter().enumerate() {
        let last = index.is_head(i, own.len());
        if other.iter().any(|o| o.lemma == word.lemma) {
            sum += if last { 2.0 } else { 0.5 };
        }
    }
    sum
}

/// Keeps the candidates that the conversation is about.
pub(super) fn by_context(draft: &mut Draft, index: &Index, context: &Context) {
    let asked: SmallVec<[Fit; 4]> = draft
        .products
        .iter()
        .filter(|f| context.asked.contains(&f.id))
        .copied()
        .collect();
    if !asked.is_empty() {
        let best = asked.iter().map(|f| f.share).fold(0.0, f32::max);
        draft.products = asked
            .into_iter()
            .filter(|f| f.share > best - 0.02)
            .collect();
        return;
    }
    let recent: SmallVec<[Fit; 4]> = draft
        .products
        .iter()
        .filter(|f| context.recent.contains(&f.id))
        .copied()
        .collect();
    if recent.len() == 1 {
        draft.products = recent;
        return;
    }
    // A kind left out is the kind last talked about.
    if let Some(last) = context.recent.last()
        && !draft.products.iter().any(|f| f.head)
    {
        let scores: SmallVec<[f32; 8]> = draft
            .products
            .iter()
            .map(|f| index.likeness(f.id, *last))
            .collect();
        let best = scores.iter().copied().fold(0.0, f32::max);
        let winners: SmallVec<[Fit; 4]> = draft
            .products
            .iter()
            .zip(&scores)
            .filter(|(_, s)| **s >= best - 0.01)
            .map(|(f, _)| *f)
            .collect();
        if best >= 1.5 {
            let share = winners.iter().map(|f| f.share).fold(0.0, f32::max);
            draft.products = winners
                .into_iter()
                .filter(|f| f.share > share - 0.02)
                .collect();
        }
    }
}
