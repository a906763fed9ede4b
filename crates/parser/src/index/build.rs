//! Makes an index: names cut into words, options shared, words weighed.

use std::hash::{Hash, Hasher};

use super::measure::{measure, pack};
use super::{Index, Item, KIND, Lemma, Name, NameWord, Owner, Posting, Sheet, Value, form_hash};
use crate::Locale;
use crate::lexicon;
use crate::lexicon::Cat;
use crate::normalise;
use crate::tokenise::{Kind, Tokens, tokenise};
use crate::vocabulary::Vocabulary;
use domain::catalog::{Product, ProductOption, ProductStatus};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;

/// An index in the making.
pub(super) struct Builder {
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
    pub(super) fn new(locale: Locale) -> Self {
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
                head_first: false,
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

    pub(super) fn build<'a>(mut self, products: impl IntoIterator<Item = &'a Product>) -> Index {
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
        index.head_first = head_first(index);
        index.vocabulary.finish();
        self.index
    }
}

/// Which end of the titles says what kind of thing each is: the end whose words come again in other
/// titles more often.
fn head_first(index: &Index) -> bool {
    let (mut first, mut last) = (0.0_f32, 0.0_f32);
    let mut counts: FxHashMap<(bool, Lemma), f32> = FxHashMap::default();
    let ends = |item: &Item| {
        let words = index.name_words(item.title);
        (words.len() > 1).then(|| (words[0].lemma, words[words.len() - 1].lemma))
    };
    for (a, b) in index.items.iter().filter_map(ends) {
        *counts.entry((true, a)).or_default() += 1.0;
        *counts.entry((false, b)).or_default() += 1.0;
    }
    for ((is_first, _), n) in counts {
        if is_first {
            first += n * n;
        } else {
            last += n * n;
        }
    }
    first > last * 1.3
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
