//! Stage 4, match: which words of the message name products and option values. A mention holds every
//! product and value that fit its words equally well; nothing is decided here that context decides.

use std::collections::BinaryHeap;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::index::{Index, KIND, Lemma, Owner, form_hash};
use crate::lexicon::{Cat, lexicon};
use crate::tag::{Cats, Tags};
use crate::tokenise::{Kind, Tokens};
use crate::vocabulary::Near;

/// A product or value that a mention may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    /// Place in [`Index::items`] or [`Index::values`].
    pub(crate) id: u32,
    pub(crate) score: f32,
    /// All the words of a name were said.
    pub(crate) full: bool,
    /// Of the name's words, by weight, how much was said.
    pub(crate) share: f32,
    /// The mean quality of its words' matches: 1 when all were spelt right.
    pub(crate) quality: f32,
    /// The word that says what kind of thing it is was said.
    pub(crate) head: bool,
    /// By its title or value, not by an alias of it.
    pub(crate) main: bool,
}

/// Words that name something of the catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) from: usize,
    /// Token after the last.
    pub(crate) to: usize,
    /// Its tokens; not all between `from` and `to` need to belong.
    pub(crate) tokens: SmallVec<[u16; 4]>,
    pub(crate) products: SmallVec<[Fit; 4]>,
    pub(crate) values: SmallVec<[Fit; 4]>,
    /// There are more products that fit than are listed.
    pub(crate) more: bool,
    /// A word beside it says that it is something else (`iphone 15 case`).
    pub(crate) contradicted: bool,
}

/// A word of the message that may be a word of the catalogue.
#[derive(Debug, Clone, Copy)]
struct Hit {
    /// Tokens, as bits from the run's start.
    mask: u64,
    lemma: Lemma,
    quality: f32,
    form: u32,
    numeric: bool,
    function: bool,
}

/// The longest stretch matched at once, in tokens.
const RUN: usize = 64;
/// Postings of a word beyond which it is only used to tell apart what rarer words found.
const HEAVY: usize = 400;
/// The most products that a mention lists.
const FITS: usize = 32;
/// The most tokens between two words of one name.
const GAP: u32 = 3;

const FUNCTION: Cats = Cats::of(&[
    Cat::Filler,
    Cat::And,
    Cat::With,
    Cat::Or,
    Cat::Polite,
    Cat::This,
    Cat::One,
    Cat::Number,
    Cat::Unit,
    Cat::Multiple,
    Cat::Order,
    Cat::Common,
    Cat::Attribute,
    Cat::Negation,
    Cat::Extra,
    Cat::Light,
    Cat::Each,
    Cat::All,
    Cat::Both,
    Cat::Yes,
    Cat::Standard,
    Cat::Date,
    Cat::Time,
    Cat::Also,
    Cat::More,
    Cat::Count,
    Cat::Question,
    Cat::MaybeQuestion,
    Cat::NumberLabel,
    Cat::But,
    Cat::Instead,
    Cat::Change,
    Cat::Greeting,
    Cat::Thanks,
    Cat::Remove,
    Cat::Reduce,
    Cat::Later,
    Cat::If,
    Cat::Past,
    Cat::Info,
    Cat::Note,
]);

/// What set phrases are for whose words name nothing.
const PHRASE: Cats = Cats::of(&[
    Cat::Order,
    Cat::Question,
    Cat::MaybeQuestion,
    Cat::Greeting,
    Cat::Thanks,
    Cat::Later,
    Cat::Past,
    Cat::Complaint,
    Cat::Correction,
    Cat::Cancel,
    Cat::Confirm,
    Cat::Change,
    Cat::With,
]);

/// Finds what of the catalogue the message names. Tokens that are `barred` (contact details) are not
/// looked at.
pub(crate) fn mentions(
    tokens: &Tokens,
    tags: &Tags,
    index: &Index,
    barred: &[bool],
) -> Vec<Mention> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        if is_wall(tokens, start, barred) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        while end < tokens.len() && end - start < RUN && !is_wall(tokens, end, barred) {
            end += 1;
        }
        Run {
            tokens,
            tags,
            index,
            start,
            end,
        }
        .mentions(&mut out);
        start = end;
    }
    out.sort_by_key(|m| (m.from, m.to));
    out
}

fn is_wall(tokens: &Tokens, i: usize, barred: &[bool]) -> bool {
    barred[i]
        || match tokens.list[i].kind {
            Kind::Break => true,
            Kind::Mark(c) => matches!(c, '.' | '!' | '?' | ';' | ':' | '(' | ')'),
            _ => false,
        }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    owner: Owner,
    name: u32,
    mask: u64,
    score: f32,
    fit: Fit,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Candidate {}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.name.cmp(&self.name))
            .then_with(|| other.mask.cmp(&self.mask))
    }
}

/// A stretch of the message without a full stop in it.
struct Run<'a> {
    tokens: &'a Tokens,
    tags: &'a Tags,
    index: &'a Index,
    start: usize,
    end: usize,
}

impl Run<'_> {
    fn mentions(&self, out: &mut Vec<Mention>) {
        let hits = self.hits();
        if hits.is_empty() {
            return;
        }
        let (walls, costs) = self.gaps();
        let mut heap = self.candidates(&hits, walls, costs);
        let mut taken = 0_u64;
        let mut chosen: Vec<(u64, Mention)> = Vec::new();
        while let Some(candidate) = heap.pop() {
            if candidate.mask & taken != 0 {
                if let Some((_, mention)) =
                    chosen.iter_mut().find(|(mask, _)| *mask == candidate.mask)
                {
                    join(mention, &candidate);
                    continue;
                }
                if candidate.mask & !taken != 0 {
                    heap.extend(self.score(
                        &hits,
                        candidate.name,
                        candidate.owner,
                        !taken,
                        walls,
                        costs,
                    ));
                }
                continue;
            }
            taken |= candidate.mask;
            chosen.push((candidate.mask, self.mention(&candidate)));
        }
        let all = chosen.iter().fold(0, |bits, (mask, _)| bits | mask);
        for (mask, mut mention) in chosen {
            settle(&mut mention);
            mention.contradicted = self.contradicted(&mention, mask, all);
            if !(mention.products.is_empty() && mention.values.is_empty()) {
                out.push(mention);
            }
        }
    }

    fn mention(&self, candidate: &Candidate) -> Mention {
        let from = candidate.mask.trailing_zeros() as usize;
        let to = 64 - candidate.mask.leading_zeros() as usize;
        let mut mention = Mention {
            from: self.start + from,
            to: self.start + to,
            tokens: (from..to)
                .filter(|i| candidate.mask & (1 << i) != 0)
                .map(|i| (self.start + i) as u16)
                .collect(),
            products: SmallVec::new(),
            values: SmallVec::new(),
            more: false,
            contradicted: false,
        };
        join(&mut mention, candidate);
        mention
    }

    /// Which tokens part names, and what a token between two words of a name costs.
    fn gaps(&self) -> (u64, u64) {
        const FREE: Cats = Cats::of(&[
            Cat::Filler,
            Cat::Attribute,
            Cat::One,
            Cat::Polite,
            Cat::With,
        ]);
        let (mut walls, mut costs) = (0, 0);
        for i in self.start..self.end {
            let bit = 1 << (i - self.start);
            let cats = self.tags.cats(i);
            match self.tokens.list[i].kind {
                Kind::Mark(',' | '+' | '/' | '&' | '*' | '=' | '-') => walls |= bit,
                Kind::Number => walls |= bit,
                Kind::Mark(_) | Kind::Picture => {}
                _ if cats.has(Cat::And) || cats.has(Cat::Negation) || cats.has(Cat::Instead) => {
                    walls |= bit
                }
                _ if cats.any(FREE) => {}
                _ => costs |= bit,
            }
        }
        (walls, costs)
    }

    /// Every word of the catalogue that a token of the run may be.
    fn hits(&self) -> Vec<Hit> {
        let vocabulary = &self.index.vocabulary;
        let mut buffer = String::new();
        let mut hits: Vec<Hit> = Vec::with_capacity((self.end - self.start) * 2);
        for i in self.start..self.end {
            let token = &self.tokens.list[i];
            if !matches!(token.kind, Kind::Word | Kind::Number) {
                continue;
            }
            let form = self.tokens.form(i);
            let mask = 1_u64 << (i - self.start);
            let numeric = token.kind == Kind::Number;
            let cats = self.tags.cats(i);
            // Inside a set phrase ("can i get", "for me") a word is part of the phrase and nothing else.
            if self
                .tags
                .at(i)
                .is_some_and(|t| t.to - t.from > 1 && t.cats.any(PHRASE))
            {
                continue;
            }
            let inside = self.tags.at(i).is_some_and(|t| t.to - t.from > 1);
            let function = !numeric
                && (cats.any(FUNCTION) || (inside && lexicon().has(form, &[Cat::Attribute])));
            let hash = form_hash(form);
            let before = hits.len();
            let mut add = |mask: u64, lemma: Lemma, quality: f32| {
                hits.push(Hit {
                    mask,
                    lemma,
                    quality,
                    form: hash,
                    numeric,
                    function,
                });
            };
            if let Some(lemma) = vocabulary.exact(form, &mut buffer) {
                add(mask, lemma, 1.0);
            }
            if i + 1 < self.end && matches!(self.tokens.list[i + 1].kind, Kind::Word | Kind::Number)
            {
                let next = self.tokens.form(i + 1);
                if form.len() + next.len() >= 3
                    && let Some(lemma) = vocabulary.joined(form, next, &mut buffer)
                {
                    add(mask | mask << 1, lemma, 0.97);
                }
                // `10k` is 10000.
                if numeric && next == "k" && self.tokens.list[i + 1].glued {
                    let thousands = format!("{form}000");
                    if let Some(lemma) = vocabulary.exact(&thousands, &mut buffer) {
                        add(mask | mask << 1, lemma, 0.97);
                    }
                }
            }
            if let Some((first, second)) = vocabulary.split(form, &mut buffer) {
                add(mask, first, 0.97);
                add(mask, second, 0.97);
            }
            if let Some(tag) = self.tags.at(i)
                && tag.from == i
                && tag.to <= self.end
            {
                let whole = ((1_u64 << (tag.to - tag.from)) - 1) << (i - self.start);
                for concept in &tag.concepts {
                    for word in lexicon().canon(*concept) {
                        if let Some(lemma) = vocabulary.exact(word, &mut buffer) {
                            add(whole, lemma, 0.93);
                        }
                    }
                }
            }
            let known =
                hits.len() > before || hits.iter().rev().take(2).any(|h| h.mask & mask != 0);
            if !known && !numeric && cats.is_empty() {
                self.loose(i, form, mask, &mut buffer, &mut hits);
            }
        }
        hits
    }

    /// Words that a token unknown to catalogue and languages may be: begun, misspelt, inflected.
    fn loose(&self, i: usize, form: &str, mask: u64, buffer: &mut String, hits: &mut Vec<Hit>) {
        let vocabulary = &self.index.vocabulary;
        let mut near: SmallVec<[Near; 4]> = SmallVec::new();
        let before_number = self
            .tokens
            .list
            .get(i + 1)
            .is_some_and(|t| t.glued && t.kind == Kind::Number);
        if form.len() >= 3 || (form.len() == 2 && before_number) {
            vocabulary.begun(form, &mut near);
        }
        if near.is_empty() {
            vocabulary.misspelt(form, buffer, &mut near);
        }
        if near.is_empty() && form.len() >= 5 {
            for suffix in crate::lexicon::suffixes(self.index.likely) {
                if let Some(stem) = form.strip_suffix(suffix)
                    && stem.len() >= 3
                    && let Some(lemma) = vocabulary.exact(stem, buffer)
                {
                    near.push(Near {
                        lemma,
                        quality: 0.9,
                    });
                    break;
                }
            }
        }
        for near in near {
            hits.push(Hit {
                mask,
                lemma: near.lemma,
                quality: near.quality,
                form: 0,
                numeric: false,
                function: false,
            });
        }
    }

    /// Every name that the hits may mean, scored.
    fn candidates(&self, hits: &[Hit], walls: u64, costs: u64) -> BinaryHeap<Candidate> {
        let mut names: Vec<(u32, Owner)> = Vec::with_capacity(64);
        let mut light = 0_u64;
        for hit in hits {
            let postings = self.index.postings(hit.lemma);
            if postings.len() <= HEAVY {
                light |= hit.mask;
                names.extend(
                    postings
                        .iter()
                        .map(|p| (p.name, self.index.names[p.name as usize].owner)),
                );
            }
        }
        // Common words are tried on their own only where nothing rarer stands beside them.
        let heavy: SmallVec<[&Hit; 8]> = hits
            .iter()
            .filter(|h| self.index.postings(h.lemma).len() > HEAVY)
            .collect();
        for (i, hit) in heavy.iter().enumerate() {
            let neighbours = hit.mask << 1 | hit.mask >> 1;
            if let Some(other) = heavy[i + 1..].iter().find(|o| o.mask & neighbours != 0) {
                self.both(hit.lemma, other.lemma, &mut names);
            }
            if light & neighbours == 0 && (hit.mask & light) == 0 {
                let first = self.index.postings(hit.lemma).iter().take(FITS + 1);
                names.extend(first.map(|p| (p.name, self.index.names[p.name as usize].owner)));
            }
        }
        names.sort_unstable();
        names.dedup();
        let mut heap = Vec::with_capacity(names.len());
        for (name, owner) in names {
            heap.extend(self.score(hits, name, owner, u64::MAX, walls, costs));
        }
        BinaryHeap::from(heap)
    }

    /// Names that have both lemmas, by walking the longer list of postings in leaps.
    fn both(&self, a: Lemma, b: Lemma, names: &mut Vec<(u32, Owner)>) {
        let (mut short, mut long) = (self.index.postings(a), self.index.postings(b));
        if short.len() > long.len() {
            std::mem::swap(&mut short, &mut long);
        }
        let mut found = 0;
        for posting in short {
            let mut step = 1;
            while step < long.len() && long[step].name < posting.name {
                step *= 2;
            }
            let reach = long.len().min(step + 1);
            let skip = long[..reach].partition_point(|p| p.name < posting.name);
            long = &long[skip..];
            match long.first() {
                None => return,
                Some(p) if p.name == posting.name => {
                    names.push((posting.name, self.index.names[posting.name as usize].owner));
                    found += 1;
                    if found > HEAVY {
                        return;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// The places in the run where a name stands, with how well: one candidate for each cluster of its
    /// words, using only the tokens in `free`.
    fn score(
        &self,
        hits: &[Hit],
        name: u32,
        owner: Owner,
        free: u64,
        walls: u64,
        costs: u64,
    ) -> SmallVec<[Candidate; 2]> {
        let words = self.index.name_words(name);
        let info = &self.index.names[name as usize];
        let mut out: SmallVec<[Candidate; 2]> = SmallVec::new();
        let mut cluster = Cluster::default();
        // A value's words stand together; a title's may have others between.
        let walls = if matches!(owner, Owner::Value(_)) {
            walls | costs
        } else {
            walls
        };
        let category_only = |lemma: Lemma| {
            matches!(owner, Owner::Product(_))
                && self
                    .index
                    .postings(lemma)
                    .binary_search_by_key(&(name, KIND), |p| (p.name, p.place))
                    .is_ok()
        };
        for hit in hits {
            if hit.mask & !free != 0 {
                continue;
            }
            let place = words
                .iter()
                .enumerate()
                .position(|(i, w)| w.lemma == hit.lemma && cluster.places & (1 << i) == 0);
            let kind = place.is_none() && category_only(hit.lemma);
            if place.is_none() && !kind {
                if let Some(i) = words.iter().position(|w| w.lemma == hit.lemma) {
                    // The word comes again: a new cluster may begin here.
                    if cluster.mask & hit.mask == 0 {
                        self.close(&mut cluster, name, owner, costs, &mut out);
                        cluster = Cluster::default();
                        self.take(&mut cluster, hit, Some(i), words, info.len);
                    }
                }
                continue;
            }
            // The category's word counts only right beside the name: "ham sandwich".
            if kind && cluster.mask != 0 && cluster.mask & (hit.mask << 1 | hit.mask >> 1) == 0 {
                continue;
            }
            let apart = cluster.mask != 0 && !near(cluster.mask, hit.mask, walls);
            if apart {
                self.close(&mut cluster, name, owner, costs, &mut out);
                cluster = Cluster::default();
            }
            let place = if apart {
                words.iter().position(|w| w.lemma == hit.lemma)
            } else {
                place
            };
            self.take(&mut cluster, hit, place, words, info.len);
        }
        self.close(&mut cluster, name, owner, costs, &mut out);
        out
    }

    fn take(
        &self,
        cluster: &mut Cluster,
        hit: &Hit,
        place: Option<usize>,
        words: &[crate::index::NameWord],
        len: u8,
    ) {
        cluster.mask |= hit.mask;
        cluster.count += 1.0;
        let weight = self.index.weight(hit.lemma);
        match place {
            Some(i) => {
                let word = &words[i];
                cluster.places |= 1 << i;
                // The form itself is better than its plural, either better than a guess.
                let quality = if hit.quality > 0.999 && word.form != hit.form {
                    0.985
                } else {
                    hit.quality
                };
                cluster.quality += quality;
                cluster.head |= i + 1 == len as usize;
                if word.silent {
                    cluster.score += 0.02;
                } else {
                    cluster.score += weight * quality;
                    cluster.said += weight;
                }
                cluster.content |= !hit.numeric && !word.silent && (!hit.function || len == 1);
                cluster.numeric |= hit.numeric;
            }
            None => {
                cluster.kinds += 1;
                cluster.quality += hit.quality;
                cluster.score += 0.3 * weight * hit.quality;
            }
        }
    }

    fn close(
        &self,
        cluster: &mut Cluster,
        name: u32,
        owner: Owner,
        costs: u64,
        out: &mut SmallVec<[Candidate; 2]>,
    ) {
        if cluster.mask == 0 {
            return;
        }
        let info = &self.index.names[name as usize];
        let share = if info.weight > 0.0 {
            cluster.said / info.weight
        } else {
            0.0
        };
        let full = share > 0.999
            || (info.weight == 0.0 && cluster.places.count_ones() == u32::from(info.len));
        // A name's number alone, or its `with` and `and`, do not name it.
        if !cluster.content && !full && (cluster.kinds == 0 || cluster.places != 0) {
            return;
        }
        if full
            && !cluster.content
            && info.len == 1
            && cluster.numeric
            && matches!(owner, Owner::Product(_))
        {
            return;
        }
        let span = 64 - cluster.mask.leading_zeros() - cluster.mask.trailing_zeros();
        let inside = (((1_u128 << span) - 1) as u64) << cluster.mask.trailing_zeros();
        let strays = (inside & !cluster.mask & costs).count_ones();
        let quality = cluster.quality / cluster.count;
        let vague = !full && matches!(owner, Owner::Value(_));
        let score = cluster.score
            + if full {
                0.3
            } else if vague {
                -0.3
            } else {
                0.0
            }
            - if full { 0.2 } else { 0.6 } * strays as f32
            - if info.main { 0.0 } else { 0.001 };
        let id = match owner {
            Owner::Product(id) | Owner::Value(id) => id,
        };
        out.push(Candidate {
            owner,
            name,
            mask: cluster.mask,
            score,
            fit: Fit {
                id,
                score,
                full,
                share,
                quality,
                head: cluster.head,
                main: info.main,
            },
        });
    }

    /// Whether a word beside the mention, of the catalogue or a model number, says that it is none of
    /// its products.
    fn contradicted(&self, mention: &Mention, mask: u64, all: u64) -> bool {
        if mention.products.is_empty()
            || mention.products.iter().any(|f| {
                f.full
                    && f.quality > 0.9
                    && self.index.items[f.id as usize].title != u32::MAX
                    && !self.has_other_number(f.id, mask)
            })
        {
            return mention
                .products
                .iter()
                .all(|f| self.has_other_number(f.id, mask))
                && !mention.products.is_empty();
        }
        let _ = all;
        mention
            .products
            .iter()
            .all(|f| self.has_other_number(f.id, mask))
    }

    /// Whether the product's title has a number beside a word that was said with another number beside
    /// it: `iphone 15` is not the iPhone 13.
    fn has_other_number(&self, item: u32, mask: u64) -> bool {
        let title = self.index.name_words(self.index.items[item as usize].title);
        for i in self.start..self.end {
            if mask & (1 << (i - self.start)) == 0 || self.tokens.list[i].kind != Kind::Word {
                continue;
            }
            if i > self.start && self.number_before(title, i, mask) {
                return true;
            }
            let Some(next) = (i + 1 < self.end).then(|| &self.tokens.list[i + 1]) else {
                continue;
            };
            let beside = mask & (1 << (i + 1 - self.start));
            if next.kind != Kind::Number || beside != 0 {
                continue;
            }
            let mut buffer = String::new();
            let Some(lemma) = self
                .index
                .vocabulary
                .exact(self.tokens.form(i), &mut buffer)
            else {
                continue;
            };
            let Some(at) = title.iter().position(|w| w.lemma == lemma) else {
                continue;
            };
            let Some(follows) = title.get(at + 1) else {
                continue;
            };
            let text = self.index.vocabulary.text(follows.lemma);
            let model = text.starts_with(|c: char| c.is_ascii_digit());
            // A unit or a word after the number makes it a quantity of something else.
            let counted = self.tags.at(i + 2).is_some_and(|t| t.unit.is_some());
            if model && !counted && text != self.tokens.form(i + 1) {
                return true;
            }
        }
        false
    }
}

impl Run<'_> {
    /// `12 pro max` is not the 13 Pro Max.
    fn number_before(&self, title: &[crate::index::NameWord], i: usize, mask: u64) -> bool {
        let before = &self.tokens.list[i - 1];
        if before.kind != Kind::Number
            || mask & (1 << (i - 1 - self.start)) != 0
            || before.value.is_none_or(|v| v < 10_000)
        {
            return false;
        }
        let mut buffer = String::new();
        let Some(lemma) = self
            .index
            .vocabulary
            .exact(self.tokens.form(i), &mut buffer)
        else {
            return false;
        };
        let at = title
            .iter()
            .position(|w| w.lemma == lemma)
            .and_then(|at| at.checked_sub(1));
        at.is_some_and(|at| {
            let text = self.index.vocabulary.text(title[at].lemma);
            text.starts_with(|c: char| c.is_ascii_digit()) && text != self.tokens.form(i - 1)
        })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cluster {
    mask: u64,
    places: u32,
    kinds: u32,
    score: f32,
    said: f32,
    quality: f32,
    count: f32,
    head: bool,
    content: bool,
    numeric: bool,
}

/// Whether `hit` follows the cluster closely enough, with no wall between.
fn near(cluster: u64, hit: u64, walls: u64) -> bool {
    if cluster & hit != 0 {
        return true;
    }
    let last = cluster.ilog2();
    let first = hit.trailing_zeros();
    if first <= last {
        return true;
    }
    let between = first - last - 1;
    if between > GAP {
        return false;
    }
    let inside = (((1_u128 << between) - 1) as u64) << (last + 1);
    inside & walls & !cluster == 0
}

fn join(mention: &mut Mention, candidate: &Candidate) {
    let list = match candidate.owner {
        Owner::Product(_) => &mut mention.products,
        Owner::Value(_) => &mut mention.values,
    };
    if let Some(same) = list.iter_mut().find(|f| f.id == candidate.fit.id) {
        if candidate.fit.full && !same.full {
            *same = candidate.fit;
        }
    } else if list.len() < FITS {
        list.push(candidate.fit);
    } else {
        mention.more = true;
    }
}

/// Keeps of a mention's fits those that are equally good: full names before partial ones, right
/// spellings before guesses.
fn settle(mention: &mut Mention) {
    for list in [&mut mention.products, &mut mention.values] {
        let mut seen = FxHashSet::default();
        list.retain(|f| seen.insert(f.id));
        // "veggies" is the fajita veggies of the menu sooner than its veggie filling: the form that was
        // written counts, where it is the word that says what kind of thing it is.
        let written = list.iter().any(|f| f.head && !f.full && f.quality > 0.999);
        let exact = list.iter().any(|f| f.full && f.quality > 0.999);
        if written && !exact && list.iter().all(|f| f.quality > 0.98) {
            list.retain(|f| f.head && f.quality > 0.999);
        } else if list.iter().any(|f| f.full) {
            list.retain(|f| f.full);
        }
        let best = list.iter().map(|f| f.score).fold(f32::MIN, f32::max);
        list.retain(|f| f.score > best - 0.05);
    }
    // "onions" are red onions sooner than onion sauce.
    if mention.values.iter().any(|f| f.head) && !mention.values.iter().any(|f| f.full) {
        mention.values.retain(|f| f.head);
    }
    // A title said in full is that product, whatever option it hints at.
    if mention.products.iter().any(|f| f.full) && mention.values.iter().all(|f| !f.full) {
        mention.values.clear();
    }
    // One misspelt word hints at nothing that has more to its name, and a short one at nothing.
    let letters = mention.tokens.len();
    if letters == 1 {
        let doubtful = |f: &Fit| f.quality < 0.93 && (!f.full || f.quality < 0.875);
        mention.products.retain(|f| !doubtful(f));
        mention.values.retain(|f| !doubtful(f));
    }
}
