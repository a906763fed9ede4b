//! Stage 1, normalise: the one form in which words are compared, whether they come from a message, the
//! catalogue or a language file. Lower case, no accents, no vowel marks, Western digits.

use unicode_normalization::UnicodeNormalization;

/// Appends the normal form of `text` to `out`.
pub(crate) fn push(out: &mut String, text: &str) {
    if text.is_ascii() {
        out.extend(
            text.bytes()
                .filter(|b| *b != b'\'')
                .map(|b| b.to_ascii_lowercase() as char),
        );
        return;
    }
    for c in text.nfkd() {
        push_char(out, c);
    }
}

/// The normal form of `text`.
pub(crate) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push(&mut out, text);
    out
}

fn push_char(out: &mut String, c: char) {
    match c {
        'a'..='z' | '0'..='9' => out.push(c),
        // Combining marks of Latin, vowel marks and hamzas of Arabic, the nukta of Indic scripts,
        // joiners, variation selectors, skin tones, apostrophes: they do not tell words apart.
        '\u{300}'..='\u{36f}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{640}'
        | '\u{93c}'
        | '\u{9bc}'
        | '\u{200b}'..='\u{200f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{2060}'
        | '\u{feff}'
        | '\''
        | '\u{2019}'
        | '\u{2018}'
        | '\u{2bc}'
        | '`' => {}
        // Arabic, Persian and Urdu keyboards give different letters for the same sound.
        'ة' => out.push('ه'),
        'ى' | 'ي' | 'ے' => out.push('ی'),
        'ك' => out.push('ک'),
        'ہ' | 'ھ' => out.push('ه'),
        '\u{2044}' => out.push('/'),
        _ => match digit(c) {
            Some(digit) => out.push((b'0' + digit) as char),
            None => out.extend(c.to_lowercase()),
        },
    }
}

/// The value of a decimal digit of any script in everyday use.
pub(crate) fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 21] = [
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
        0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    let code = c as u32;
    if code < 0x80 {
        return c.is_ascii_digit().then(|| (code - 0x30) as u8);
    }
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .map(|zero| (code - zero) as u8)
}

/// A key under which spellings that sound alike fall together: `chaahiye` and `chahiye`, `ifone` and
/// `iphone`, `pleeease` and `please`. Only for words of four letters or more.
pub(crate) fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    fold_into(&mut out, word);
    out
}

/// [`fold`] into a buffer.
pub(crate) fn fold_into(out: &mut String, word: &str) {
    out.clear();
    let mut chars = word.chars().peekable();
    let mut last = '\0';
    while let Some(c) = chars.next() {
        let mut run = 1;
        while chars.peek() == Some(&c) && !c.is_ascii_digit() {
            chars.next();
            run += 1;
        }
        let c = match (c, run) {
            ('e', 2) => 'i',
            ('o', 2) => 'u',
            ('w', _) => 'v',
            ('z', _) => 's',
            ('p', _) if chars.peek() == Some(&'h') => {
                chars.next();
                'f'
            }
            ('c', _) if chars.peek() == Some(&'k') => continue,
            ('h', _) if last == 't' => continue,
            (other, _) => other,
        };
        if c != last || c.is_ascii_digit() {
            out.push(c);
        }
        last = c;
    }
}

/// Whether `c` belongs to a word.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{900}'..='\u{963}' | '\u{966}'..='\u{dff}' | '\u{64b}'..='\u{65f}' | '\u{670}'
            | '\u{640}' | '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// The singular of an English-looking plural, as a slice of the word: `boxes`, `kurtis`, `dresses`;
/// `berries` keeps its `i` ([`lemma`] mends that).
pub(crate) fn lemma(word: &str, out: &mut String) {
    out.clear();
    let bytes = word.as_bytes();
    let n = bytes.len();
    let ends = |s: &str| word.ends_with(s);
    if n >= 5 && ends("ies") {
        out.push_str(&word[..n - 3]);
        out.push('y');
    } else if n >= 5 && (ends("sses") || ends("shes") || ends("ches") || ends("xes") || ends("oes"))
    {
        out.push_str(&word[..n - 2]);
    } else if n >= 4 && ends("s") && !ends("ss") && word.is_ascii() {
        out.push_str(&word[..n - 1]);
    } else {
        out.push_str(word);
    }
    // A final `e` or `ie` that only the plural shows: `nightie` and `nighty`, `cookie` and `cooky`.
    if out.len() >= 5 && out.ends_with("ie") {
        out.truncate(out.len() - 2);
        out.push('y');
    }
}

#[cfg(test)]
mod tests {
    use super::{fold, lemma, normal};

    #[test]
    fn spellings_of_one_word_have_one_normal_form() {
        for (text, form) in [
            ("Don’T", "dont"),
            ("CAFÉ", "cafe"),
            ("২৫", "25"),
            ("٣", "3"),
            ("ＡＢ１", "ab1"),
            ("أَحْمَر", "احمر"),
            ("½", "1/2"),
        ] {
            assert_eq!(normal(text), form, "{text}");
        }
    }

    #[test]
    fn look_alikes_fold_together() {
        for (a, b) in [
            ("chaahiye", "chahiye"),
            ("ifone", "iphone"),
            ("pleeease", "please"),
            ("dupatta", "dupata"),
            ("rathu", "ratu"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("100"), fold("10"));
    }

    #[test]
    fn plurals_have_the_lemma_of_their_singular() {
        let mut out = String::new();
        for (word, expected) in [
            ("boxes", "box"),
            ("kurtis", "kurti"),
            ("berries", "berry"),
            ("dresses", "dress"),
            ("dress", "dress"),
            ("cookies", "cooky"),
            ("cookie", "cooky"),
            ("hijabs", "hijab"),
            ("tomatoes", "tomato"),
        ] {
            lemma(word, &mut out);
            assert_eq!(out, expected, "{word}");
        }
    }
}
