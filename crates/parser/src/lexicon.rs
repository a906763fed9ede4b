//! The languages: what words mean, whatever the catalogue. Made from `languages/*.toml` when the
//! parser is built; see `LANGUAGES.md`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::normalise;
use crate::tokenise::tokenise;

/// What kind of thing a word says. `LANGUAGES.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cat {
    Color,
    Article,
    Number,
    Multiple,
    Count,
    Unit,
    Concept,
    Order,
    Question,
    MaybeQuestion,
    Info,
    Yes,
    Confirm,
    Cancel,
    Remove,
    Reduce,
    Negation,
    NegationAfter,
    Extra,
    Light,
    Each,
    Both,
    All,
    Same,
    More,
    Also,
    Instead,
    Change,
    Correction,
    And,
    Or,
    But,
    With,
    This,
    One,
    Greeting,
    Thanks,
    Polite,
    Filler,
    Common,
    Past,
    Complaint,
    Later,
    If,
    Spam,
    Date,
    Time,
    NumberLabel,
    People,
    Money,
    PriceOf,
    Attribute,
    Note,
    Standard,
    TitleWord,
    NameCue,
    PhoneCue,
    EmailCue,
    AddressCue,
    AddressWord,
}

impl Cat {
    /// All of them, to be printed.
    pub(crate) const ALL: &[Self] = &[
        Self::Color,
        Self::Article,
        Self::Number,
        Self::Multiple,
        Self::Count,
        Self::Unit,
        Self::Concept,
        Self::Order,
        Self::Question,
        Self::MaybeQuestion,
        Self::Info,
        Self::Yes,
        Self::Confirm,
        Self::Cancel,
        Self::Remove,
        Self::Reduce,
        Self::Negation,
        Self::NegationAfter,
        Self::Extra,
        Self::Light,
        Self::Each,
        Self::Both,
        Self::All,
        Self::Same,
        Self::More,
        Self::Also,
        Self::Instead,
        Self::Change,
        Self::Correction,
        Self::And,
        Self::Or,
        Self::But,
        Self::With,
        Self::This,
        Self::One,
        Self::Greeting,
        Self::Thanks,
        Self::Polite,
        Self::Filler,
        Self::Common,
        Self::Past,
        Self::Complaint,
        Self::Later,
        Self::If,
        Self::Spam,
        Self::Date,
        Self::Time,
        Self::NumberLabel,
        Self::People,
        Self::Money,
        Self::PriceOf,
        Self::Attribute,
        Self::Note,
        Self::Standard,
        Self::TitleWord,
        Self::NameCue,
        Self::PhoneCue,
        Self::EmailCue,
        Self::AddressCue,
        Self::AddressWord,
    ];
}

/// A language file's head.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) code: &'static str,
    #[allow(dead_code, reason = "printed by explanations only")]
    pub(crate) name: &'static str,
    pub(crate) countries: &'static [&'static str],
}

/// An ending that may be taken off.
#[derive(Debug)]
pub(crate) struct Suffix {
    pub(crate) language: u8,
    pub(crate) counts: bool,
    pub(crate) text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// One meaning of a word or phrase. `payload`: thousandths of a number, a unit's place in
/// [`Unit`], a concept's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sense {
    pub(crate) cat: Cat,
    pub(crate) language: u8,
    pub(crate) payload: u32,
}

/// Units in the order of `build.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// With the number of grams, millilitres or millimetres in one, to compare across units.
    Measure(u32, char),
    Piece,
    Pack,
    Pair,
}

impl Unit {
    pub(crate) fn of(payload: u32) -> Self {
        match payload {
            0 => Self::Measure(1000, 'g'),
            1 => Self::Measure(1, 'g'),
            2 => Self::Measure(454, 'g'),
            3 => Self::Measure(28, 'g'),
            4 => Self::Measure(1000, 'l'),
            5 => Self::Measure(1, 'l'),
            6 => Self::Measure(1000, 'm'),
            7 => Self::Measure(10, 'm'),
            8 => Self::Measure(1, 'm'),
            9 => Self::Measure(25, 'm'),
            10 => Self::Measure(305, 'm'),
            11 => Self::Measure(914, 'm'),
            12 => Self::Piece,
            13 => Self::Pack,
            _ => Self::Pair,
        }
    }
}

/// A phrase found: how many tokens it takes, and its senses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) tokens: usize,
    pub(crate) senses: &'a [Sense],
}

#[derive(Debug, Default)]
struct Node {
    senses: SmallVec<[Sense; 2]>,
    /// Whether a longer phrase begins with this one.
    goes_on: bool,
}

/// All languages in one tree of phrases.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    words: FxHashMap<Box<str>, u32>,
    folded: FxHashMap<Box<str>, SmallVec<[u32; 2]>>,
    steps: FxHashMap<(u32, u32), u32>,
    nodes: Vec<Node>,
    /// For each concept, its canonical words.
    canons: Vec<Vec<Box<str>>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

/// The lexicon, built at the first use.
pub(crate) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// The languages, English first.
pub(crate) fn languages() -> &'static [Language] {
    LANGUAGES
}

/// Whether a language counts with this ending: Sinhala "2k".
pub(crate) fn counts_with(language: u8, ending: &str) -> bool {
    SUFFIXES
        .iter()
        .any(|s| s.counts && s.language == language && s.text == ending)
}

/// Small words that some scripts write as one with the word after them, the longest first.
pub(crate) fn prefixes() -> &'static [&'static str] {
    PREFIXES
}

/// The endings that may be taken off words of these languages.
pub(crate) fn suffixes(likely: u32) -> impl Iterator<Item = &'static str> {
    SUFFIXES
        .iter()
        .filter(move |s| !s.counts && likely & (1 << s.language) != 0)
        .map(|s| s.text)
}

impl Lexicon {
    fn build() -> Self {
        let mut lexicon = Self {
            nodes: vec![Node::default()],
            ..Self::default()
        };
        for &(language, cat, payload, phrase) in ENTRIES {
            lexicon.add(
                phrase,
                Sense {
                    cat,
                    language,
                    payload,
                },
            );
        }
        let mut words: Vec<(Box<str>, u32)> =
            lexicon.words.iter().map(|(w, i)| (w.clone(), *i)).collect();
        words.sort_unstable_by_key(|(_, id)| *id);
        for (word, id) in words {
            if word.len() >= 4 && word.is_ascii() {
                let key = normalise::fold(&word).into_boxed_str();
                lexicon.folded.entry(key).or_default().push(id);
            }
        }
        lexicon.canons = CANONS
            .iter()
            .map(|canon| {
                let tokens = tokenise(canon, |_| false);
                (0..tokens.len())
                    .filter(|i| !matches!(tokens.list[*i].kind, crate::tokenise::Kind::Mark(_)))
                    .map(|i| tokens.form(i).into())
                    .collect()
            })
            .collect();
        lexicon
    }

    /// Whether `word` occurs in any language, as it is spelt.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// The words that `form` may be: itself, or (`loose`) those that sound like it.
    pub(crate) fn word_ids(
        &self,
        form: &str,
        loose: bool,
        buffer: &mut String,
    ) -> SmallVec<[u32; 2]> {
        if let Some(id) = self.words.get(form) {
            return SmallVec::from_slice(&[*id]);
        }
        if loose && form.len() >= 4 && form.is_ascii() {
            // An English plural of a word that is here in the singular.
            for ending in ["s", "es"] {
                let id = form
                    .strip_suffix(ending)
                    .and_then(|stem| self.words.get(stem));
                if let Some(id) = id {
                    return SmallVec::from_slice(&[*id]);
                }
            }
        }
        if !loose || form.len() < 4 || !form.is_ascii() {
            return SmallVec::new();
        }
        normalise::fold_into(buffer, form);
        self.folded
            .get(buffer.as_str())
            .cloned()
            .unwrap_or_default()
    }

    /// Every phrase that begins at token `at`, the longest last. `ids` are the words of each token.
    pub(crate) fn phrases<'a>(
        &'a self,
        ids: &[SmallVec<[u32; 2]>],
        at: usize,
        out: &mut SmallVec<[Found<'a>; 4]>,
    ) {
        out.clear();
        let mut nodes: SmallVec<[u32; 4]> = SmallVec::from_slice(&[0]);
        for (step, words) in ids[at..].iter().take(8).enumerate() {
            let mut next: SmallVec<[u32; 4]> = SmallVec::new();
            for node in &nodes {
                for word in words {
                    if let Some(to) = self.steps.get(&(*node, *word)) {
                        next.push(*to);
                    }
                }
            }
            for node in &next {
                let senses = &self.nodes[*node as usize].senses;
                if !senses.is_empty() {
                    out.push(Found {
                        tokens: step + 1,
                        senses,
                    });
                }
            }
            next.retain(|node| self.nodes[*node as usize].goes_on);
            if next.is_empty() {
                return;
            }
            nodes = next;
        }
    }

    /// Whether `word` alone has one of these senses in English.
    pub(crate) fn has(&self, word: &str, cats: &[Cat]) -> bool {
        let node = self
            .words
            .get(word)
            .and_then(|id| self.steps.get(&(0, *id)));
        node.is_some_and(|node| {
            let senses = &self.nodes[*node as usize].senses;
            senses
                .iter()
                .any(|s| s.language == 0 && cats.contains(&s.cat))
        })
    }

    /// The canonical words of a concept.
    pub(crate) fn canon(&self, payload: u32) -> &[Box<str>] {
        self.canons
            .get(payload as usize)
            .map_or(&[], |words| words.as_slice())
    }

    fn add(&mut self, phrase: &str, sense: Sense) {
        let tokens = tokenise(phrase, |_| true);
        let mut node = 0;
        for i in 0..tokens.len() {
            if i + 1 == tokens.len() && i > 0 && tokens.form(i) == "." {
                break;
            }
            let next_id = self.words.len() as u32;
            let word = *self.words.entry(tokens.form(i).into()).or_insert(next_id);
            if node != 0 {
                self.nodes[node as usize].goes_on = true;
            }
            let fresh = self.nodes.len() as u32;
            let next = *self.steps.entry((node, word)).or_insert(fresh);
            if next == fresh {
                self.nodes.push(Node::default());
            }
            node = next;
        }
        let senses = &mut self.nodes[node as usize].senses;
        if node != 0 && !senses.contains(&sense) {
            senses.push(sense);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cat, LANGUAGES, lexicon};
    use crate::tokenise::tokenise;
    use smallvec::SmallVec;

    fn longest(text: &str) -> (usize, Vec<Cat>) {
        let lexicon = lexicon();
        let tokens = tokenise(text, |word| lexicon.knows(word));
        let mut buffer = String::new();
        let ids: Vec<_> = (0..tokens.len())
            .map(|i| lexicon.word_ids(tokens.form(i), true, &mut buffer))
            .collect();
        let mut found = SmallVec::new();
        lexicon.phrases(&ids, 0, &mut found);
        let last = found.last().expect("a phrase");
        (last.tokens, last.senses.iter().map(|s| s.cat).collect())
    }

    #[test]
    fn english_is_first() {
        assert_eq!(LANGUAGES[0].code, "en");
    }

    #[test]
    fn the_longest_phrase_is_found_whatever_its_spelling() {
        assert_eq!(longest("How much is it"), (3, vec![Cat::Question]));
        assert!(longest("Pleeease").1.contains(&Cat::Polite));
        assert!(longest("I'd like").1.contains(&Cat::Order));
    }
}
