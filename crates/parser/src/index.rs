//! The catalogue made ready for matching: every word of every name with the names it occurs in, option
//! values shared between products, and prices.

mod build;
mod measure;

use std::hash::{Hash, Hasher};

use domain::catalog::{Product, RetailerId};
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;

use crate::Locale;
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
    /// Titles say what kind of thing it is first (`camiseta negra`) and not last (`black shirt`).
    pub(crate) head_first: bool,
    /// Bits of the languages likely in the seller's country.
    pub(crate) likely: u32,
}

impl Index {
    /// Indexes the products that are offered (archived ones are left out).
    pub fn build<'a>(products: impl IntoIterator<Item = &'a Product>, locale: Locale) -> Self {
        build::Builder::new(locale).build(products)
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

    /// Whether place `i` of `len` words is the one that says what kind of thing it is.
    pub(crate) fn is_head(&self, i: usize, len: usize) -> bool {
        if self.head_first {
            i == 0
        } else {
            i + 1 == len
        }
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
                // The word that says what kind of thing it is.
                let last = self.is_head(i, own.len())
                    && other
                        .iter()
                        .enumerate()
                        .any(|(j, o)| self.is_head(j, other.len()) && o.lemma == word.lemma);
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
