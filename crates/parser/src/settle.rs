//! Stage 6, settle ambiguity: which product each draft means, by its price, its choices, its
//! neighbours and what was talked about; headings against their parts; one line for each combination.
//! What stays ambiguous stays so.

use domain::reading::OptionChoice;
use smallvec::SmallVec;

use crate::index::Index;
use crate::lines::{Chosen, Draft, Lines, Pick, Source, choose};
use crate::matcher::{Fit, Mention};

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
    coordinate(&mut lines.drafts, mentions, index);
    for draft in &mut lines.drafts {
        if draft.products.len() > 1 {
            by_context(draft, mentions, index, context);
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

/// Keeps the products that fit the price and the choices that were said.
fn narrow(draft: &mut Draft, mentions: &[Mention], index: &Index, context: &Context) {
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

fn certain(id: u32) -> Fit {
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
fn coordinate(drafts: &mut [Draft], mentions: &[Mention], index: &Index) {
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
                .map(|f| {
                    (
                        unsaid_likeness(index, mentions, &drafts[i], f.id, other),
                        *f,
                    )
                })
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
fn unsaid_likeness(
    index: &Index,
    mentions: &[Mention],
    draft: &Draft,
    candidate: u32,
    neighbour: u32,
) -> f32 {
    let _ = (mentions, draft);
    let own = index.name_words(index.items[candidate as usize].title);
    let other = index.name_words(index.items[neighbour as usize].title);
    let mut sum = 0.0;
    for (i, word) in own.iter().enumerate() {
        let last = i + 1 == own.len();
        if other.iter().any(|o| o.lemma == word.lemma) {
            sum += if last { 2.0 } else { 0.5 };
        }
    }
    sum
}

/// Keeps the candidates that the conversation is about.
fn by_context(draft: &mut Draft, mentions: &[Mention], index: &Index, context: &Context) {
    let _ = mentions;
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

/// "this and that, one slice each": choices said after "each" are of all.
fn share_choices(drafts: &mut Vec<Draft>, mentions: &[Mention], index: &Index) {
    let Some(last) = drafts.last() else {
        return;
    };
    let n = drafts.len();
    if n < 3 || !last.products.is_empty() || last.picks.is_empty() || !last.unknown.is_empty() {
        return;
    }
    let picks = last.picks.clone();
    let all = drafts[..n - 1].iter().all(|d| {
        d.each.is_some()
            && d.is_certain()
            && picks
                .iter()
                .all(|p| choose(index, mentions, d.products[0].id, p.source).is_some())
    });
    if all {
        drafts.pop();
        for draft in drafts {
            draft.picks.extend(picks.iter().copied());
        }
    }
}

/// Gives drafts that leave their product out the product named before them. Returns where they begin.
fn fill_elided(drafts: &mut [Draft], mentions: &[Mention], index: &Index) -> SmallVec<[usize; 4]> {
    let mut filled = SmallVec::new();
    for i in 1..drafts.len() {
        if !drafts[i].products.is_empty() || !drafts[i].unknown.is_empty() || drafts[i].replaced {
            continue;
        }
        if drafts[i].picks.is_empty() && !drafts[i].same {
            continue;
        }
        let fits = |d: &Draft| {
            !d.negated
                && d.is_certain()
                && drafts[i]
                    .picks
                    .iter()
                    .all(|p| choose(index, mentions, d.products[0].id, p.source).is_some())
        };
        let near = |b: &usize| drafts[i].sentence.saturating_sub(drafts[*b].sentence) <= 2;
        let Some(before) = (i.saturating_sub(16)..i)
            .rev()
            .filter(near)
            .find(|b| fits(&drafts[*b]))
        else {
            continue;
        };
        let (products, named_by) = (
            drafts[before].products.clone(),
            drafts[before].named_by.clone(),
        );
        drafts[i].products = products;
        drafts[i].named_by = named_by;
        // What is not said anew is as before: "2 black in L and one white".
        let inherited: SmallVec<[Pick; 4]> = drafts[before]
            .picks
            .iter()
            .filter(|p| {
                let mine = option(index, mentions, drafts[i].products[0].id, p.source);
                let single = mine.as_ref().is_some_and(|m| !m.1);
                single
                    && !drafts[i].picks.iter().any(|q| {
                        option(index, mentions, drafts[i].products[0].id, q.source) == mine
                    })
            })
            .copied()
            .collect();
        drafts[i].picks.extend(inherited);
        filled.push(drafts[i].from);
    }
    filled
}

/// "I saw the leggings, I'll take 2 black ones": what only says what the next words are about is no
/// line itself.
fn drop_antecedents(drafts: &mut Vec<Draft>, filled: &[usize]) {
    let mut i = 0;
    while i + 1 < drafts.len() {
        let (one, next) = (&drafts[i], &drafts[i + 1]);
        let bare = one.quantity.is_none()
            && one.picks.is_empty()
            && !one.products.is_empty()
            && !one.negated
            && one.each.is_none()
            && !one.more;
        let counted = next.quantity.is_some() || next.each.is_some();
        if bare
            && filled.contains(&next.from)
            && counted
            && (!next.joined || next.cued)
            && one.products.first().map(|f| f.id) == next.products.first().map(|f| f.id)
        {
            drafts.remove(i);
        } else {
            i += 1;
        }
    }
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

/// "3 glasses: 2 matte, 1 clear", "2 cakes - this and that": a heading whose number the lines after it
/// add up to is no line itself.
fn drop_headings(drafts: &mut Vec<Draft>, mentions: &[Mention], index: &Index, filled: &[usize]) {
    let mut i = 0;
    while i < drafts.len() {
        let Some(total) = drafts[i].quantity.filter(|q| *q > 1) else {
            i += 1;
            continue;
        };
        // Of a product named outright the parts leave it out: "2 pizzas and 2 pizzas" are four.
        let outright = drafts[i].is_certain();
        let of_head = |d: &Draft| {
            (!outright || filled.contains(&d.from))
                && !d.products.is_empty()
                && !d.negated
                && d.products
                    .iter()
                    .all(|f| drafts[i].products.iter().any(|h| h.id == f.id))
        };
        let likes_head = |d: &Draft| {
            !d.products.is_empty()
                && drafts[i].products.len() > 1
                && d.products.iter().all(|f| {
                    drafts[i]
                        .products
                        .iter()
                        .any(|h| index.likeness(h.id, f.id) >= 1.5 || h.id == f.id)
                })
        };
        let parts = drafts[i + 1..]
            .iter()
            .take_while(|d| of_head(d) || likes_head(d))
            .count();
        if parts == 0 {
            i += 1;
            continue;
        }
        let own = |d: &Draft| -> u32 {
            let combinations = 1 + d.variants.len() as u32;
            d.quantity.map_or(combinations * d.each.unwrap_or(1), |q| {
                if d.each.is_some() {
                    combinations * d.each.unwrap_or(1)
                } else {
                    q
                }
            })
        };
        let mut sum = 0;
        let mut used = 0;
        for draft in &drafts[i + 1..=i + parts] {
            if sum >= total {
                break;
            }
            sum += own(draft);
            used += 1;
        }
        let head_has_choice = drafts[i].picks.iter().any(|p| {
            drafts[i + 1..=i + used].iter().any(|d| {
                d.picks.iter().any(|q| {
                    let id = d.products[0].id;
                    let (a, b) = (
                        option(index, mentions, id, p.source),
                        option(index, mentions, id, q.source),
                    );
                    a.is_some()
                        && a == b
                        && !a.is_some_and(|a| a.1)
                        && q.from > p.from
                        && p.from > drafts[i].from
                        && choose(index, mentions, id, p.source).map(|c| c.value)
                            != choose(index, mentions, id, q.source).map(|c| c.value)
                })
            })
        });
        if sum == total && !head_has_choice {
            let head = drafts.remove(i);
            for draft in &mut drafts[i..i + used] {
                for pick in &head.picks {
                    let id = draft.products[0].id;
                    let mine = option(index, mentions, id, pick.source);
                    if mine.is_some()
                        && !draft
                            .picks
                            .iter()
                            .any(|q| option(index, mentions, id, q.source) == mine)
                    {
                        draft.picks.push(*pick);
                    }
                }
            }
            // What only the last part says holds for all: "1 sage 1 white, large".
            let late = drafts[i + used - 1].picks.clone();
            for draft in &mut drafts[i..i + used] {
                for pick in &late {
                    let mine = option(index, mentions, draft.products[0].id, pick.source);
                    if mine.is_some()
                        && !draft.picks.iter().any(|q| {
                            option(index, mentions, draft.products[0].id, q.source) == mine
                        })
                    {
                        draft.picks.push(*pick);
                    }
                }
            }
            i += used;
        } else if used == 1
            && parts == 1
            && drafts[i + 1].quantity.is_none()
            && !drafts[i].is_certain()
        {
            // One part only: the heading's number is its number.
            let head = drafts.remove(i);
            drafts[i].quantity = head.quantity;
            i += 1;
        } else {
            i += 1;
        }
    }
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
fn untied(
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

fn add_option(
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
fn fallback(line: &mut Line, pick: &Pick) {
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
