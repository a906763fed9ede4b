//! A message cut into pieces for the search of contact details: words, runs of digits, marks and
//! line breaks, each with its bytes and what the languages say of it.

use super::words::{self, Class, Classes};

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters.
    Word,
    /// Digits of any script.
    Number,
    /// One other character.
    Mark(char),
    /// A line break.
    Break,
}

/// One piece of the text.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last.
    pub(super) end: usize,
    /// What it is.
    pub(super) kind: Kind,
    /// No space between it and the piece before.
    pub(super) glued: bool,
    /// What kinds of contact word it is, alone or as a part of a phrase.
    pub(super) classes: Classes,
    /// Starts with a capital, or with a letter of a script that has none.
    pub(super) capital: bool,
    /// Belongs to a telephone number, an e-mail address, a link or a name already found.
    pub(super) taken: bool,
}

impl Piece {
    pub(super) fn is(&self, class: Class) -> bool {
        self.classes.has(class)
    }

    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub(super) fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}

/// A phrase of a language file found in the text, as a range of pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) class: Class,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The whole message in pieces.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) pieces: Vec<Piece>,
    /// Cue phrases, the longest at each place, in the order of the text.
    pub(super) hits: Vec<Hit>,
    /// All in capitals: they say nothing then.
    pub(super) shouted: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        let mut text = Self {
            raw,
            pieces: cut(raw),
            hits: Vec::new(),
            shouted: is_shouted(raw),
        };
        words::mark(&mut text);
        text
    }

    pub(super) fn of(&self, piece: &Piece) -> &'a str {
        &self.raw[piece.start..piece.end]
    }

    /// Marks every piece that touches these bytes as used up.
    pub(super) fn take(&mut self, start: usize, end: usize) {
        let first = self.pieces.partition_point(|p| p.end <= start);
        for piece in &mut self.pieces[first..] {
            if piece.start >= end {
                break;
            }
            piece.taken = true;
        }
    }
}

fn cut(raw: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(raw.len() / 4 + 4);
    let mut chars = raw.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let kind = match first {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => Kind::Break,
            c if c.is_whitespace() || is_ignorable(c) => continue,
            c if digit(c).is_some() => Kind::Number,
            c if is_letter(c) => Kind::Word,
            c => Kind::Mark(c),
        };
        let mut end = start + first.len_utf8();
        if matches!(kind, Kind::Word | Kind::Number) {
            while let Some(&(at, next)) = chars.peek() {
                let goes_on = if kind == Kind::Number {
                    digit(next).is_some() || (is_ignorable(next) && next != '\u{200b}')
                } else {
                    digit(next).is_none()
                        && (is_letter(next)
                            || is_joiner(next)
                            || (is_apostrophe(next) && letter_follows(raw, at + next.len_utf8())))
                };
                if !goes_on {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
        }
        pieces.push(Piece {
            start,
            end,
            kind,
            glued: pieces
                .last()
                .is_some_and(|p| p.end == start && p.kind != Kind::Break),
            classes: Classes::default(),
            capital: first.is_uppercase() || (first.is_alphabetic() && !first.is_lowercase()),
            taken: false,
        });
    }
    pieces
}

fn is_shouted(raw: &str) -> bool {
    let mut upper = 0;
    for c in raw.chars() {
        if c.is_lowercase() || (c.is_alphabetic() && !c.is_uppercase()) {
            return false;
        }
        upper += usize::from(c.is_uppercase());
    }
    upper > 12
}

fn letter_follows(raw: &str, at: usize) -> bool {
    raw[at..].chars().next().is_some_and(is_letter)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02bc}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Marks that are drawn on top of others or not at all: keycaps, direction marks, zero width.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{feff}')
}

/// Letters with the vowel signs and tone marks that `char::is_alphabetic` leaves out.
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '\u{0300}'..='\u{036f}' | '\u{0610}'..='\u{061a}' | '\u{0640}'
            | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06ed}'
            | '\u{093c}' | '\u{094d}' | '\u{09bc}' | '\u{09cd}' | '\u{0a3c}' | '\u{0a4d}'
            | '\u{0acd}' | '\u{0bcd}' | '\u{0c4d}' | '\u{0ccd}' | '\u{0d4d}' | '\u{0dca}')
}

/// The value of a decimal digit of any script (Unicode general category Nd, the blocks in use).
pub(super) fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 22] = [
        0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6,
        0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810, 0xa9d0, 0xff10, 0x1b50,
    ];
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = c as u32;
    // Mathematical digits, which "fancy text" keyboards make: five alphabets of ten.
    if (0x1d7ce..=0x1d7ff).contains(&code) {
        return Some(((code - 0x1d7ce) % 10) as u8);
    }
    ZEROS
        .iter()
        .find(|&&zero| (zero..zero + 10).contains(&code))
        .map(|zero| (code - zero) as u8)
}

/// A word as the vocabulary knows it: lower case, without Latin accents and Arabic vowel marks.
pub(super) fn fold(word: &str, out: &mut String) {
    use unicode_normalization::UnicodeNormalization;
    out.clear();
    if word.is_ascii() {
        out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    for c in word.nfkd() {
        match c {
            '\u{0300}'..='\u{036f}'
            | '\u{064b}'..='\u{065f}'
            | '\u{0670}'
            | '\u{0640}'
            | '\u{200c}'
            | '\u{200d}' => {}
            '\u{2019}' | '\u{02bc}' => out.push('\''),
            'ى' => out.push('ي'),
            'ة' => out.push('ه'),
            'ک' => out.push('ك'),
            'ی' => out.push('ي'),
            c => out.extend(c.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Text, digit, fold};

    #[test]
    fn letters_digits_marks_and_breaks_are_pieces() {
        let text = Text::new("8B Hill St.\nO'Neil 077 पता १२");
        let words: Vec<&str> = text.pieces.iter().map(|p| text.of(p)).collect();
        assert_eq!(
            words,
            [
                "8",
                "B",
                "Hill",
                "St",
                ".",
                "\n",
                "O'Neil",
                "077",
                "पता",
                "१२"
            ]
        );
        assert!(text.pieces[1].glued && !text.pieces[2].glued);
        assert_eq!(text.pieces[9].kind, Kind::Number);
    }

    #[test]
    fn digits_of_other_scripts_have_their_value() {
        for (c, value) in [
            ('7', 7),
            ('٧', 7),
            ('۷', 7),
            ('७', 7),
            ('৭', 7),
            ('௭', 7),
            ('෧', 1),
            ('７', 7),
            ('𝟕', 7),
        ] {
            assert_eq!(digit(c), Some(value), "{c}");
        }
        assert_eq!(digit('x'), None);
    }

    #[test]
    fn folding_drops_accents_but_keeps_vowel_signs() {
        let mut out = String::new();
        for (word, folded) in [
            ("Dirección", "direccion"),
            ("अच्छा", "अच्छा"),
            ("العُنوان", "العنوان"),
            ("قاهرة", "قاهره"),
        ] {
            fold(word, &mut out);
            assert_eq!(out, folded.chars().collect::<String>());
        }
    }
}
