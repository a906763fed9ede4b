//! Words written in another script than the catalogue's: a customer writes `पिंक` or `بينك` for what the
//! shop calls `pink`, or `misk` for `مسك`. Both are spelt in Latin letters, and compared by ear: first by
//! a skeleton of consonants that scripts without vowels or voiced letters keep, then more closely.

use deunicode::deunicode;

/// A word in Latin letters, and by its consonants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sound {
    latin: String,
    consonants: String,
    skeleton: String,
    script: Script,
}

/// The writing system of a word; words of one system are compared by spelling, not by sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Script(u16);

/// The open vowels of English words in Devanagari and Gujarati (`cotton`, `chat`), which the table of
/// Latin spellings takes for nasals.
const OPEN_VOWELS: [char; 4] = ['\u{945}', '\u{949}', '\u{ac5}', '\u{ac9}'];

/// Fewer consonants than this say nothing.
const CONSONANTS_MIN: usize = 2;

impl Script {
    const LATIN: Self = Self(0);

    /// The script of a normalised form: Latin, Arabic, or the block of its first other letter.
    pub(crate) fn of(form: &str) -> Self {
        let Some(c) = form.chars().find(|c| !c.is_ascii()) else {
            return Self::LATIN;
        };
        Self(match c as u32 {
            0x80..=0x24f => 0,
            0x600..=0x77f => 0x600,
            // The blocks of India's scripts, Sinhala and what follows have 128 places each.
            code => u16::try_from(code & !0x7f).unwrap_or(u16::MAX),
        })
    }

    /// Arabic and its daughters: short vowels are left out, `p` and `v` are made do without.
    const fn writes_no_vowels(self) -> bool {
        self.0 == 0x600
    }

    /// Tamil has one letter for `p` and `b`, one for `t` and `d`, one for `k` and `g`.
    const fn writes_no_voice(self) -> bool {
        self.0 == 0xb80 || self.writes_no_vowels()
    }
}

impl Sound {
    /// How `form` sounds; `None` for what is too short to be told by its sound, or has digits.
    pub(crate) fn of(form: &str) -> Option<Self> {
        if form.chars().any(char::is_numeric) {
            return None;
        }
        let script = Script::of(form);
        let mut latin = String::with_capacity(form.len());
        let form: String = form.chars().filter(|c| !OPEN_VOWELS.contains(c)).collect();
        for c in deunicode(&form).chars().filter(char::is_ascii_alphabetic) {
            latin.push(c.to_ascii_lowercase());
            // Where `c` is a letter of its own it is the one of `chai`.
            if c == 'c' && script != Script::LATIN {
                latin.push('h');
            }
        }
        let consonants = consonants(latin.as_bytes());
        let skeleton = skeleton(&consonants);
        (skeleton.len() >= CONSONANTS_MIN).then_some(Self {
            latin,
            consonants,
            skeleton,
            script,
        })
    }

    /// What words that sound alike share.
    pub(crate) fn skeleton(&self) -> &str {
        &self.skeleton
    }

    /// How alike two words of one skeleton sound, 0 to 1; `None`: not enough to be the same word.
    pub(crate) fn likeness(&self, other: &Self) -> Option<f32> {
        let either = |lacks: fn(Script) -> bool| lacks(self.script) || lacks(other.script);
        let likeness = if either(Script::writes_no_voice) {
            1.0
        } else {
            similarity(&self.consonants, &other.consonants)
        };
        // Three consonants are seldom in two words of one catalogue; two are in many, and vowels decide.
        let same = if self.skeleton.len() > 2 {
            likeness >= 0.5
        } else {
            let vowels = !either(Script::writes_no_vowels);
            vowels && likeness > 0.99 && similarity(&self.latin, &other.latin) >= 0.75
        };
        same.then_some(likeness)
    }
}

fn similarity(a: &str, b: &str) -> f32 {
    let longer = a.len().max(b.len()).max(1);
    let distance = rapidfuzz::distance::osa::distance(a.bytes(), b.bytes());
    1.0 - distance as f32 / longer as f32
}

/// A letter for each consonant, double ones once, and one for a vowel at the beginning.
fn consonants(latin: &[u8]) -> String {
    let mut out = String::with_capacity(latin.len());
    for (i, &c) in latin.iter().enumerate() {
        let next = latin.get(i + 1).copied();
        let letter = match c {
            b'p' if next == Some(b'h') => 'f',
            b'c' if next == Some(b'h') => 'c',
            b'c' if matches!(next, Some(b'e' | b'i' | b'y')) => 's',
            b'c' | b'q' => 'k',
            b'x' => {
                out.push('k');
                's'
            }
            // Nasal before a lip: `amber` and `anber` are one.
            b'm' if matches!(next, Some(b'b' | b'p')) => 'n',
            // India's scripts write `z` as `j` with a dot that is seldom set.
            b'z' => 'j',
            b'b' | b'd' | b'f' | b'g' | b'j' | b'k' | b'l' | b'm' | b'n' | b'p' | b'r' | b's'
            | b't' => c as char,
            _ if i > 0 => continue,
            b'w' | b'v' => 'v',
            b'h' => 'h',
            _ => 'a',
        };
        if !out.ends_with(letter) {
            out.push(letter);
        }
    }
    out
}

/// The consonants with those made one that some script writes alike (Tamil has one letter for `k` and
/// `g`, Arabic none for `p`).
fn skeleton(consonants: &str) -> String {
    let mut out = String::with_capacity(consonants.len());
    for c in consonants.chars() {
        let class = match c {
            'b' => 'p',
            'd' => 't',
            'g' => 'k',
            'c' | 'j' => 's',
            'm' => 'n',
            other => other,
        };
        if !out.ends_with(class) {
            out.push(class);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Script, Sound};

    fn alike(a: &str, b: &str) -> bool {
        let normal = |word: &str| Sound::of(&crate::normalise::normal(word));
        match (normal(a), normal(b)) {
            (Some(a), Some(b)) => a.skeleton() == b.skeleton() && a.likeness(&b).is_some(),
            _ => false,
        }
    }

    #[test]
    fn a_word_sounds_the_same_in_every_script() {
        for (foreign, latin) in [
            ("पिंक", "pink"),
            ("कॉटन", "cotton"),
            ("ब्लैक", "black"),
            ("मैंगो", "mango"),
            ("पिकल", "pickle"),
            ("कुर्ती", "kurti"),
            ("पलाज़ो", "palazzo"),
            ("दुपट्टा", "dupatta"),
            ("চকলেট", "chocolate"),
            ("সিল্ক", "silk"),
            ("බතික්", "batik"),
            ("සිල්ක්", "silk"),
            ("பட்டர்", "butter"),
            ("சாக்லேட்", "chocolate"),
            ("مسك", "misk"),
            ("بخور", "bakhoor"),
            ("قفطان", "kaftan"),
        ] {
            assert!(
                alike(foreign, latin),
                "{foreign} {:?} and {latin} {:?}",
                Sound::of(&crate::normalise::normal(foreign)),
                Sound::of(latin)
            );
        }
    }

    #[test]
    fn other_words_do_not() {
        for (foreign, latin) in [
            ("पता", "pita"),
            ("घर", "gray"),
            ("कल", "kale"),
            ("मेरा", "moor"),
            ("کل", "kale"),
            ("من", "mini"),
        ] {
            assert!(!alike(foreign, latin), "{foreign} and {latin}");
        }
    }

    #[test]
    fn scripts_are_told_apart() {
        assert_eq!(Script::of("pink"), Script::of("cafe"));
        assert_ne!(Script::of("पिंक"), Script::of("pink"));
        assert_ne!(Script::of("पिंक"), Script::of("পিংক"));
    }
}
