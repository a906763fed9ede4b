//! The catalogue made ready for matching: every word of every name with the names it occurs in, option
//! values shared between products, and prices.

use std::hash::{Hash, Hasher};

use domain::catalog::{Product, ProductOption, ProductStatus, RetailerId};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;

use crate::Locale;
use crate::lexicon::{self, Cat, Unit};
use crate::normalise;
use crate::tokenise::{Kind, Tokens, tokenise};
use crate::vocabulary::Vocabulary;

/// A word of the catalogue, without its plural ending.
pub(crate) type Lemma = u32;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Product(u32),
    Value(u32),
}

/// A word of a name: its lemma, and a hash of its form for telling an exact match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameWord {
    pub(crate) lemma: Lemma,
    pub(crate) form: u32,
    /// A word that may be left unsaid: `classic`, `of`.
    pub(crate) silent: bool,
}

/// A title, an alias, an id or a value's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) owner: Owner,
    first: u32,
    pub(crate) len: u8,
    /// The title or value itself, not an alias or a translation of it.
    pub(crate) main: bool,
    /// The sum of its words' weights, without silent ones.
    pub(crate) weight: f32,
}

/// A product, as far as reading needs it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: RetailerId,
    pub(crate) sheets: SmallVec<[u32; 3]>,
    /// In minor units.
    pub(crate) price: i64,
    pub(crate) title: u32,
    pub(crate) category: u32,
}

/// An option with its values, shared by all products that have just the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sheet {
    pub(crate) name: Box<str>,
    pub(crate) multiple: bool,
    pub(crate) required: bool,
    /// Sorted.
    pub(crate) values: Vec<u32>,
}

/// A value of an option of that name, whichever products offer it.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) option: Box<str>,
    pub(crate) text: Box<str>,
    pub(crate) multiple: bool,
    /// Places of its names.
    pub(crate) names: SmallVec<[u32; 2]>,
    /// `500 g` as (500, 'g').
    pub(crate) measure: Option<(u32, char)>,
    /// `half dozen`, `box of 6`, `6 pcs` as 6.
    pub(crate) pack: Option<u32>,
    /// `38` as 38.
    pub(crate) number: Option<u32>,
}

/// Where a lemma occurs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    pub(crate) name: u32,
    /// The word's place in the name; [`KIND`] when it only names the product's category or brand.
    pub(crate) place: u8,
}

/// See [`Posting::place`].
pub(crate) const KIND: u8 = u8::MAX;

/// A catalogue made ready for reading messages against. Build it once, share it in an `Arc`.
#[derive(Debug)]
pub struct Index {
    pub(crate) items: Vec<Item>,
    pub(crate) names: Vec<Name>,
    words: Vec<NameWord>,
    pub(crate) values: Vec<Value>,
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) vocabulary: Vocabulary,
    posting_starts: Vec<u32>,
    postings: Vec<Posting>,
    /// For each lemma, 0 to 1: how much it tells one product from another.
    weights: Vec<f32>,
    pub(crate) by_id: FxHashMap<RetailerId, u32>,
    pub(crate) locale: Locale,
    /// Bits of the languages likely in the seller's country.
    pub(crate) likely: u32,
}

impl Index {
    /// Indexes the products that are offered (archived ones are left out).
    pub fn build<'a>(products: impl IntoIterator<Item = &'a Product>, locale: Locale) -> Self {
        Builder::new(locale).build(products)
    }

    /// How many products it knows.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The names a lemma occurs in, in order.
    pub(crate) fn postings(&self, lemma: Lemma) -> &[Posting] {
        let range = self.posting_starts[lemma as usize]..self.posting_starts[lemma as usize + 1];
        &self.postings[range.start as usize..range.end as usize]
    }

    pub(crate) fn weight(&self, lemma: Lemma) -> f32 {
        self.weights[lemma as usize]
    }

    pub(crate) fn name_words(&self, name: u32) -> &[NameWord] {
        let name = &self.names[name as usize];
        &self.words[name.first as usize..name.first as usize + name.len as usize]
    }

    /// The sheet by which a product offers a value.
    pub(crate) fn offering(&self, item: u32, value: u32) -> Option<&Sheet> {
        self.items[item as usize]
            .sheets
            .iter()
            .map(|sheet| &self.sheets[*sheet as usize])
            .find(|sheet| sheet.values.binary_search(&value).is_ok())
    }

    /// How many values of the first product that offers any of `fits` end in the word that those end in.
    pub(crate) fn heads(
        &self,
        fits: &[crate::matcher::Fit],
        products: &[crate::matcher::Fit],
    ) -> usize {
        let Some((fit, sheet)) = products.iter().find_map(|product| {
            fits.iter()
                .find_map(|fit| Some((fit, self.offering(product.id, fit.id)?)))
        }) else {
            return 0;
        };
        let last = |name: u32| self.name_words(name).last().map(|w| w.lemma);
        let Some(head) = self.values[fit.id as usize]
            .names
            .last()
            .and_then(|n| last(*n))
        else {
            return 0;
        };
        sheet
            .values
            .iter()
            .filter(|v| {
                let names = &self.values[**v as usize].names;
                names
                    .iter()
                    .any(|n| last(*n) == Some(head) && self.names[*n as usize].len > 1)
            })
            .count()
    }

    /// How alike two products are named: the number of words their titles share, and whether they
    /// are of one category.
    pub(crate) fn likeness(&self, a: u32, b: u32) -> f32 {
        let (first, second) = (&self.items[a as usize], &self.items[b as usize]);
        let other = self.name_words(second.title);
        let mut sum = 0.0;
        let own = self.name_words(first.title);
        for (i, word) in own.iter().enumerate() {
            if other.iter().any(|o| o.lemma == word.lemma) {
                // The last word of a title mostly says what kind of thing it is.
                let last =
                    i + 1 == own.len() && other.last().is_some_and(|o| o.lemma == word.lemma);
                sum += if last { 1.5 } else { 1.0 };
            }
        }
        if first.category == second.category && first.category != 0 {
            sum += 0.5;
        }
        sum
    }
}

/// A hash of a form, to tell an exact match from a plural or a spelling.
pub(crate) fn form_hash(form: &str) -> u32 {
    let mut hasher = FxHasher::default();
    form.hash(&mut hasher);
    (hasher.finish() >> 16) as u32
}

struct Builder {
    index: Index,
    value_ids: FxHashMap<(Box<str>, Box<str>), u32>,
    sheet_ids: FxHashMap<Sheet, u32>,
    /// Options met before, by a hash of them.
    known_options: FxHashMap<u64, Vec<(ProductOption, u32)>>,
    categories: FxHashMap<Box<str>, u32>,
    /// (lemma, posting)
    postings: Vec<(Lemma, Posting)>,
    value_names: FxHashSet<(u32, Box<str>)>,
    /// For each lemma met, whether it may be left unsaid.
    silent: FxHashMap<Lemma, bool>,
}

impl Builder {
    fn new(locale: Locale) -> Self {
        let mut likely = 1;
        for (i, language) in lexicon::languages().iter().enumerate() {
            let here = match &locale.country {
                None => false,
                Some(country) => language
                    .countries
                    .iter()
                    .any(|c| c.eq_ignore_ascii_case(country)),
            };
            if here {
                likely |= 1 << i;
            }
        }
        Self {
            index: Index {
                items: Vec::new(),
                names: Vec::new(),
                words: Vec::new(),
                values: Vec::new(),
                sheets: Vec::new(),
                vocabulary: Vocabulary::default(),
                posting_starts: Vec::new(),
                postings: Vec::new(),
                weights: Vec::new(),
                by_id: FxHashMap::default(),
                locale,
                likely,
            },
            value_ids: FxHashMap::default(),
            sheet_ids: FxHashMap::default(),
            known_options: FxHashMap::default(),
            silent: FxHashMap::default(),
            categories: FxHashMap::from_iter([("".into(), 0)]),
            postings: Vec::new(),
            value_names: FxHashSet::default(),
        }
    }

    fn build<'a>(mut self, products: impl IntoIterator<Item = &'a Product>) -> Index {
        for product in products {
            if product.status == ProductStatus::Active {
                self.product(product);
            }
        }
        self.finish()
    }

    fn product(&mut self, product: &Product) {
        let item = self.index.items.len() as u32;
        if self
            .index
            .by_id
            .insert(product.retailer_id.clone(), item)
            .is_some()
        {
            // Two products of one id: the first stands.
            let first = self
                .index
                .items
                .iter()
                .position(|i| i.id == product.retailer_id);
            self.index
                .by_id
                .insert(product.retailer_id.clone(), first.unwrap_or(0) as u32);
            return;
        }
        let sheets = product
            .options
            .iter()
            .map(|option| self.sheet(option))
            .collect();
        let category_text = normalise::normal(product.category.as_deref().unwrap_or(""));
        let next = self.categories.len() as u32;
        let category = *self.categories.entry(category_text.into()).or_insert(next);
        let title = self.index.names.len() as u32;
        self.index.items.push(Item {
            id: product.retailer_id.clone(),
            sheets,
            price: product.price.minor,
            title,
            category,
        });
        self.name(Owner::Product(item), &product.title, true);
        for alias in &product.aliases {
            self.name(Owner::Product(item), alias, false);
        }
        // A SKU is typed as it is; an id made of plain words is no name.
        if product
            .retailer_id
            .as_str()
            .contains(|c: char| c.is_ascii_digit())
        {
            self.name(Owner::Product(item), product.retailer_id.as_str(), false);
        }
        for kind in [&product.category, &product.brand].into_iter().flatten() {
            let tokens = cut(kind);
            for i in words_of(&tokens) {
                let lemma = self.index.vocabulary.intern(tokens.form(i));
                if !self
                    .index
                    .name_words(title)
                    .iter()
                    .any(|w| w.lemma == lemma)
                {
                    self.postings.push((
                        lemma,
                        Posting {
                            name: title,
                            place: KIND,
                        },
                    ));
                }
            }
        }
    }

    /// The sheet of an option; most products of a catalogue share theirs.
    fn sheet(&mut self, option: &ProductOption) -> u32 {
        let mut hasher = FxHasher::default();
        option.name.hash(&mut hasher);
        (option.multiple, option.required, option.values.len()).hash(&mut hasher);
        for value in &option.values {
            value.value.hash(&mut hasher);
            value.aliases.hash(&mut hasher);
        }
        let key = hasher.finish();
        if let Some((_, id)) = self
            .known_options
            .get(&key)
            .and_then(|known| known.iter().find(|(o, _)| o == option))
        {
            return *id;
        }
        let id = self.new_sheet(option);
        self.known_options
            .entry(key)
            .or_default()
            .push((option.clone(), id));
        id
    }

    fn new_sheet(&mut self, option: &ProductOption) -> u32 {
        let mut values: Vec<u32> = option
            .values
            .iter()
            .map(|value| self.value(option, &value.value, &value.aliases))
            .collect();
        values.sort_unstable();
        values.dedup();
        let sheet = Sheet {
            name: option.name.as_str().into(),
            multiple: option.multiple,
            required: option.required,
            values,
        };
        if let Some(id) = self.sheet_ids.get(&sheet) {
            return *id;
        }
        let id = self.index.sheets.len() as u32;
        self.index.sheets.push(Sheet {
            name: sheet.name.clone(),
            values: sheet.values.clone(),
            ..sheet
        });
        self.sheet_ids.insert(sheet, id);
        id
    }

    fn value(&mut self, option: &ProductOption, text: &str, aliases: &[String]) -> u32 {
        let key = (Box::from(option.name.as_str()), Box::from(text));
        let id = if let Some(id) = self.value_ids.get(&key) {
            *id
        } else {
            let id = self.index.values.len() as u32;
            let tokens = cut(text);
            self.index.values.push(Value {
                option: key.0.clone(),
                text: key.1.clone(),
                multiple: option.multiple,
                names: SmallVec::new(),
                measure: measure(&tokens),
                pack: (!option.multiple).then(|| pack(&tokens)).flatten(),
                number: match tokens.list.as_slice() {
                    [token] if token.kind == Kind::Number => token.value,
                    _ => None,
                },
            });
            self.value_ids.insert(key, id);
            id
        };
        if !text.contains('|') {
            self.value_name(id, text, true);
        }
        for alias in aliases {
            self.value_name(id, alias, false);
            // The kind that an any-of value stands for also names its members: with `cheese` for
            // `cheddar|swiss`, "swiss cheese" is swiss.
            if text.contains('|') {
                for member in text.split('|') {
                    let member = self.value_of(option, member);
                    let full = format!("{} {alias}", self.index.values[member as usize].text);
                    self.value_name(member, &full, false);
                }
            }
        }
        if self.index.values[id as usize].pack.is_none() && !option.multiple {
            self.index.values[id as usize].pack =
                aliases.iter().find_map(|alias| pack(&cut(alias)));
        }
        id
    }

    fn value_of(&mut self, option: &ProductOption, text: &str) -> u32 {
        let key = (Box::from(option.name.as_str()), Box::from(text));
        if let Some(id) = self.value_ids.get(&key) {
            return *id;
        }
        let aliases = option
            .values
            .iter()
            .find(|v| v.value == text)
            .map_or(&[][..], |v| &v.aliases);
        self.value(option, text, aliases)
    }

    fn value_name(&mut self, id: u32, text: &str, main: bool) {
        if self.value_names.insert((id, text.into())) {
            self.name(Owner::Value(id), text, main);
        }
    }

    /// Adds a name, and its translation into English where it has words for colours and the like.
    fn name(&mut self, owner: Owner, text: &str, main: bool) {
        let tokens = cut(text);
        let forms: Vec<&str> = words_of(&tokens).map(|i| tokens.form(i)).collect();
        if forms.is_empty() && !main {
            return;
        }
        self.add_name(owner, &forms, main);
        if let Some(english) = translate(&tokens, self.index.likely) {
            let english: Vec<&str> = english.iter().map(|w| &**w).collect();
            if english != forms {
                self.add_name(owner, &english, false);
            }
        }
    }

    fn add_name(&mut self, owner: Owner, forms: &[&str], main: bool) {
        let name = self.index.names.len() as u32;
        if let Owner::Value(value) = owner {
            self.index.values[value as usize].names.push(name);
        }
        let first = self.index.words.len() as u32;
        let forms = &forms[..forms.len().min(24)];
        for (place, form) in forms.iter().enumerate() {
            let lemma = self.index.vocabulary.intern(form);
            self.index.words.push(NameWord {
                lemma,
                form: form_hash(form),
                silent: *self.silent.entry(lemma).or_insert_with(|| silent(form)),
            });
            self.postings.push((
                lemma,
                Posting {
                    name,
                    place: place as u8,
                },
            ));
        }
        for pair in forms.windows(2) {
            self.index.vocabulary.join(pair[0], pair[1]);
        }
        self.index.names.push(Name {
            owner,
            first,
            len: forms.len() as u8,
            main,
            weight: 0.0,
        });
    }

    fn finish(mut self) -> Index {
        let lemmas = self.index.vocabulary.len();
        self.postings
            .sort_unstable_by_key(|(lemma, p)| (*lemma, p.name, p.place));
        let mut starts = vec![0_u32; lemmas + 1];
        for (lemma, _) in &self.postings {
            starts[*lemma as usize + 1] += 1;
        }
        for i in 0..lemmas {
            starts[i + 1] += starts[i];
        }
        let index = &mut self.index;
        index.posting_starts = starts;
        index.postings = self.postings.iter().map(|(_, p)| *p).collect();
        index.postings.shrink_to_fit();
        let all = (index.items.len().max(20)) as f32;
        index.weights = (0..lemmas as u32)
            .map(|lemma| {
                let mut last = None;
                let mut count = 0.0_f32;
                for posting in index.postings(lemma) {
                    let owner = index.names[posting.name as usize].owner;
                    if last != Some(owner) && posting.place != KIND {
                        last = Some(owner);
                        count += if matches!(owner, Owner::Product(_)) {
                            1.0
                        } else {
                            0.5
                        };
                    }
                }
                (1.0 + all / count.max(1.0)).ln() / (1.0 + all).ln()
            })
            .collect();
        for i in 0..index.names.len() {
            let weight = index
                .name_words(i as u32)
                .iter()
                .filter(|w| !w.silent)
                .map(|w| index.weights[w.lemma as usize])
                .sum();
            index.names[i].weight = weight;
        }
        index.vocabulary.finish();
        self.index
    }
}

/// Cuts a name up as messages are cut, underscores read as spaces.
fn cut(text: &str) -> Tokens {
    let keep = |word: &str| {
        !word.starts_with(|c: char| c.is_ascii_digit()) || lexicon::lexicon().knows(word)
    };
    if text.contains(['_', '|', '-']) {
        tokenise(&text.replace(['_', '|', '-'], " "), keep)
    } else {
        tokenise(text, keep)
    }
}

fn words_of(tokens: &Tokens) -> impl Iterator<Item = usize> + '_ {
    (0..tokens.len()).filter(|i| matches!(tokens.list[*i].kind, Kind::Word | Kind::Number))
}

/// Words of a name that a customer may leave out without naming something else.
fn silent(form: &str) -> bool {
    lexicon::lexicon().has(form, &[Cat::Standard, Cat::Article, Cat::Filler, Cat::And])
        || matches!(form, "with" | "w")
}

/// The name with its words for colours, sizes and common goods in English, where it has any.
fn translate(tokens: &Tokens, likely: u32) -> Option<Vec<Box<str>>> {
    let lexicon = lexicon::lexicon();
    let mut buffer = String::new();
    let words: Vec<usize> = words_of(tokens).collect();
    let ids: Vec<SmallVec<[u32; 2]>> = words
        .iter()
        .map(|i| lexicon.word_ids(tokens.form(*i), false, &mut buffer))
        .collect();
    let mut out = Vec::new();
    let mut found = SmallVec::new();
    let mut at = 0;
    let mut any = false;
    while at < words.len() {
        lexicon.phrases(&ids, at, &mut found);
        let concept = found.iter().rev().find_map(|phrase| {
            let sense = phrase
                .senses
                .iter()
                .find(|s| s.cat == Cat::Concept && (likely & (1 << s.language) != 0))?;
            Some((phrase.tokens, sense.payload))
        });
        if let Some((length, payload)) = concept {
            out.extend(lexicon.canon(payload).iter().cloned());
            at += length;
            any = true;
        } else {
            out.push(tokens.form(words[at]).into());
            at += 1;
        }
    }
    any.then_some(out)
}

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
fn measure(tokens: &Tokens) -> Option<(u32, char)> {
    match parts(tokens)? {
        (number, None, Some(Unit::Measure(size, kind))) => Some((
            (u64::from(number.unwrap_or(1000)) * u64::from(size) / 1000) as u32,
            kind,
        )),
        _ => None,
    }
}

/// `half dozen`, `box of 6`, `6 pcs` as 6.
fn pack(tokens: &Tokens) -> Option<u32> {
    match parts(tokens)? {
        (number, Some(multiple), None | Some(Unit::Piece | Unit::Pack)) => {
            Some((u64::from(number.unwrap_or(1000)) * u64::from(multiple) / 1_000_000) as u32)
        }
        (Some(number), None, Some(Unit::Piece | Unit::Pack)) => Some(number / 1000),
        _ => None,
    }
}
