//! Drafts that belong together: headings and their parts, products left out because they were just named.

use super::option;
use crate::index::Index;
use crate::lines::{Draft, Pick, choose};
use crate::matcher::Mention;
use smallvec::SmallVec;

/// "this and that, one slice each": choices said after "each" are of all.
pub(super) fn share_choices(drafts: &mut Vec<Draft>, mentions: &[Mention], index: &Index) {
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
pub(super) fn fill_elided(
    drafts: &mut [Draft],
    mentions: &[Mention],
    index: &Index,
) -> SmallVec<[usize; 4]> {
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
pub(super) fn drop_antecedents(drafts: &mut Vec<Draft>, filled: &[usize]) {
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

/// "3 glasses: 2 matte, 1 clear", "2 cakes - this and that": a heading whose number the lines after it
/// add up to is no line itself.
pub(super) fn drop_headings(
    drafts: &mut Vec<Draft>,
    mentions: &[Mention],
    index: &Index,
    filled: &[usize],
) {
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
