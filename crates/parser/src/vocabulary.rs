//! The words of a catalogue, found by how customers write them: exactly, in the plural, joined or
//! split, begun and not finished, with one or two letters wrong, or in another script.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;

use crate::index::Lemma;
use crate::normalise;
use crate::sounds::{Script, Sound};

/// A word that may be meant, and how surely (1 is the word itself).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    pub(crate) lemma: Lemma,
    pub(crate) quality: f32,
}

/// How many letters of a word take part in finding its misspellings.
const PREFIX: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    lemmas: FxHashMap<Box<str>, Lemma>,
    texts: Vec<Box<str>>,
    folds: Vec<Box<str>>,
    joins: FxHashMap<Box<str>, (Lemma, Lemma)>,
    /// Lemmas by their texts' order, for beginnings.
    sorted: Vec<Lemma>,
    /// Hashes of folded words with letters left out, bucketed.
    bucket_starts: Vec<u32>,
    buckets: Vec<(u32, Lemma)>,
    /// The scripts that its words are written in.
    scripts: SmallVec<[Script; 2]>,
    /// Hashes of consonant skeletons, sorted.
    sounds: Vec<(u32, Lemma)>,
}

impl Vocabulary {
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, lemma: Lemma) -> &str {
        &self.texts[lemma as usize]
    }

    /// The lemma of a form, made if new.
    pub(crate) fn intern(&mut self, form: &str) -> Lemma {
        let mut lemma = String::new();
        normalise::lemma(form, &mut lemma);
        if let Some(id) = self.lemmas.get(lemma.as_str()) {
            return *id;
        }
        let id = self.texts.len() as Lemma;
        self.texts.push(lemma.as_str().into());
        self.lemmas.insert(lemma.into(), id);
        id
    }

    /// Notes that two words stand side by side in a name, so that they are known written as one.
    pub(crate) fn join(&mut self, first: &str, second: &str) {
        if first.len() + second.len() < 4 || first.len() + second.len() > 30 {
            return;
        }
        let pair = (self.intern(first), self.intern(second));
        let mut joined = String::with_capacity(first.len() + second.len());
        joined.push_str(first);
        joined.push_str(second);
        let mut lemma = String::new();
        normalise::lemma(&joined, &mut lemma);
        self.joins.entry(lemma.into()).or_insert(pair);
    }

    pub(crate) fn finish(&mut self) {
        self.sorted = (0..self.texts.len() as Lemma).collect();
        self.sorted
            .sort_unstable_by(|a, b| self.texts[*a as usize].cmp(&self.texts[*b as usize]));
        self.folds = self
            .texts
            .iter()
            .map(|t| normalise::fold(t).into_boxed_str())
            .collect();
        let mut entries: Vec<(u32, Lemma)> = Vec::with_capacity(self.texts.len() * 16);
        for (id, fold) in self.folds.iter().enumerate() {
            let letters = fold.chars().filter(|c| c.is_alphabetic()).count();
            if letters < 3 || letters < fold.chars().count() {
                continue;
            }
            deletions(fold, &mut |hash| entries.push((hash, id as Lemma)));
        }
        let bits = usize::BITS - entries.len().max(16).leading_zeros();
        let mask = (1_u32 << bits) - 1;
        entries.sort_unstable_by_key(|(hash, lemma)| (hash & mask, *hash, *lemma));
        entries.dedup();
        let mut starts = vec![0_u32; (mask as usize) + 2];
        for (hash, _) in &entries {
            starts[(hash & mask) as usize + 1] += 1;
        }
        for i in 0..=mask as usize {
            starts[i + 1] += starts[i];
        }
        self.bucket_starts = starts;
        self.buckets = entries;
        self.finish_sounds();
    }

    fn finish_sounds(&mut self) {
        let ids = 0..self.texts.len() as Lemma;
        self.scripts = self.texts.iter().map(|text| Script::of(text)).collect();
        self.scripts.sort_unstable();
        self.scripts.dedup();
        self.sounds = ids
            .filter_map(|id| Some((hash_of(Sound::of(self.text(id))?.skeleton()), id)))
            .collect();
        self.sounds.sort_unstable();
    }

    /// Lemmas that sound like `form` and are written in another script.
    pub(crate) fn sounding(&self, form: &str, out: &mut SmallVec<[Near; 4]>) {
        let script = Script::of(form);
        if self.scripts.iter().all(|other| *other == script) {
            return;
        }
        let Some(sound) = Sound::of(form) else { return };
        let hash = hash_of(sound.skeleton());
        let from = self.sounds.partition_point(|(other, _)| *other < hash);
        for (_, lemma) in self.sounds[from..].iter().take_while(|(h, _)| *h == hash) {
            let text = self.text(*lemma);
            if Script::of(text) == script {
                continue;
            }
            let other = Sound::of(text).filter(|other| other.skeleton() == sound.skeleton());
            if let Some(likeness) = other.and_then(|other| sound.likeness(&other)) {
                out.push(Near {
                    lemma: *lemma,
                    // As one that is spelt with another letter that sounds the same, or less.
                    quality: 0.8 + 0.15 * likeness,
                });
            }
        }
        keep_best(out);
    }

    /// Whether `word` is a word of the catalogue as it is spelt.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.exact(word, &mut String::new()).is_some()
    }

    /// For each token, whether it is a word of the catalogue as it is spelt.
    pub(crate) fn ours(&self, tokens: &crate::tokenise::Tokens) -> Vec<bool> {
        let mut buffer = String::new();
        (0..tokens.len())
            .map(|i| self.exact(tokens.form(i), &mut buffer).is_some())
            .collect()
    }

    /// The lemma of a form as it is spelt, plural or not. `buffer` is scratch space.
    pub(crate) fn exact(&self, form: &str, buffer: &mut String) -> Option<Lemma> {
        normalise::lemma(form, buffer);
        self.lemmas.get(buffer.as_str()).copied()
    }

    /// The two lemmas that a form is when they are written as one word.
    pub(crate) fn split(&self, form: &str, buffer: &mut String) -> Option<(Lemma, Lemma)> {
        normalise::lemma(form, buffer);
        self.joins.get(buffer.as_str()).copied()
    }

    /// The lemma that two words are when they are split.
    pub(crate) fn joined(&self, first: &str, second: &str, buffer: &mut String) -> Option<Lemma> {
        let mut both = String::with_capacity(first.len() + second.len());
        both.push_str(first);
        both.push_str(second);
        self.exact(&both, buffer)
    }

    /// Lemmas that begin with `form`, when they are few.
    pub(crate) fn begun(&self, form: &str, out: &mut SmallVec<[Near; 4]>) {
        let from = self.sorted.partition_point(|l| self.text(*l) < form);
        let hits = self.sorted[from..]
            .iter()
            .take_while(|l| self.text(**l).starts_with(form));
        let hits: SmallVec<[Lemma; 4]> = hits.take(4).copied().collect();
        if hits.len() < 4 {
            for lemma in hits {
                let rest = self.text(lemma).len() - form.len();
                // `choc` for chocolate says more than `cho`.
                let quality = 0.9 - 0.02 * rest as f32;
                out.push(Near {
                    lemma,
                    quality: quality.max(0.7),
                });
            }
        }
    }

    /// Lemmas spelt nearly like `form`: one letter wrong in words of four to six, two in longer ones.
    pub(crate) fn misspelt(&self, form: &str, buffer: &mut String, out: &mut SmallVec<[Near; 4]>) {
        let letters = form.chars().count();
        if letters < 4 || self.texts.is_empty() || form.bytes().any(|b| b.is_ascii_digit()) {
            return;
        }
        let allowed = if letters >= 7 { 2 } else { 1 };
        let mut lemma = String::new();
        normalise::lemma(form, &mut lemma);
        normalise::fold_into(buffer, &lemma);
        let fold = buffer.as_str();
        let mask = (self.bucket_starts.len() - 2) as u32;
        let mut seen: SmallVec<[Lemma; 8]> = SmallVec::new();
        deletions(fold, &mut |hash| {
            let bucket = (hash & mask) as usize;
            let range =
                self.bucket_starts[bucket] as usize..self.bucket_starts[bucket + 1] as usize;
            for (other, lemma) in &self.buckets[range] {
                if *other == hash && !seen.contains(lemma) && seen.len() < 64 {
                    seen.push(*lemma);
                }
            }
        });
        let first = fold.chars().next();
        for lemma in seen {
            let other = &*self.folds[lemma as usize];
            let distance = rapidfuzz::distance::osa::distance(fold.chars(), other.chars());
            let same_start = other.chars().next() == first;
            let shorter = letters.min(other.chars().count());
            let fits = distance <= allowed
                && (distance < 2 || shorter >= 6)
                && (same_start || (distance <= 1 && shorter >= 5))
                && shorter >= 3;
            if fits {
                let quality = match distance {
                    0 => 0.95,
                    1 if shorter >= 5 => 0.88,
                    1 => 0.8,
                    _ => 0.75,
                };
                out.push(Near {
                    lemma,
                    quality: if same_start { quality } else { quality - 0.1 },
                });
            }
        }
        keep_best(out);
    }
}

fn keep_best(out: &mut SmallVec<[Near; 4]>) {
    out.sort_unstable_by(|a, b| b.quality.total_cmp(&a.quality).then(a.lemma.cmp(&b.lemma)));
    if let Some(best) = out.first().map(|n| n.quality) {
        out.retain(|near| near.quality >= best - 0.01);
    }
    out.truncate(4);
}

fn hash_of(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish() as u32
}

/// Hashes of the first letters of `word` with none, one and (in longer words) two of them left out.
fn deletions(word: &str, each: &mut impl FnMut(u32)) {
    let mut letters = [0_u32; PREFIX];
    let mut n = 0;
    let mut total = 0;
    for c in word.chars() {
        if n < PREFIX {
            letters[n] = c as u32;
            n += 1;
        }
        total += 1;
    }
    let hash = |skip: [usize; 2]| {
        let mut hash = 0x811c_9dc5_u32;
        for (i, letter) in letters[..n].iter().enumerate() {
            if i != skip[0] && i != skip[1] {
                hash = (hash ^ letter).wrapping_mul(0x0100_0193);
            }
        }
        hash ^ (hash >> 15)
    };
    each(hash([usize::MAX; 2]));
    for i in 0..n {
        each(hash([i, usize::MAX]));
    }
    if total >= 6 {
        for i in 0..n {
            for j in i + 1..n {
                each(hash([i, j]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;
    use smallvec::SmallVec;

    fn vocabulary() -> Vocabulary {
        let mut v = Vocabulary::default();
        for word in [
            "chocolate",
            "iphone",
            "dupatta",
            "brownie",
            "palazzo",
            "black",
            "block",
            "cable",
        ] {
            v.intern(word);
        }
        v.join("power", "bank");
        v.finish();
        v
    }

    #[test]
    fn misspelt_words_are_found() {
        let v = vocabulary();
        for (typo, word) in [
            ("ifone", "iphone"),
            ("dupata", "dupatta"),
            ("duppata", "dupatta"),
            ("brwnies", "browny"),
            ("palazo", "palazzo"),
            ("cabel", "cable"),
            ("choclate", "chocolate"),
            ("chocolat", "chocolate"),
        ] {
            let mut out = SmallVec::new();
            v.misspelt(typo, &mut String::new(), &mut out);
            let found: Vec<&str> = out.iter().map(|n| v.text(n.lemma)).collect();
            assert_eq!(found, [word], "{typo}");
        }
        let mut out = SmallVec::new();
        v.misspelt("wedding", &mut String::new(), &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn joined_split_and_begun_words_are_found() {
        let v = vocabulary();
        let mut buffer = String::new();
        let pair = v.split("powerbanks", &mut buffer).unwrap();
        assert_eq!((v.text(pair.0), v.text(pair.1)), ("power", "bank"));
        assert_eq!(
            v.joined("i", "phone", &mut buffer).map(|l| v.text(l)),
            Some("iphone")
        );
        let mut out = SmallVec::new();
        v.begun("choc", &mut out);
        assert_eq!(out.len(), 1);
    }
}
