//! Stage 2, tokenise: a message as words, numbers, marks and line breaks, each with its bytes in the
//! message and its normal form. Numbers part from the letters glued to them (`500gm`, `x2`).

use domain::reading::Span;

use crate::normalise;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    Mark(char),
    Break,
    Picture,
}

/// A token. `value` is in thousandths, for numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    /// Whether nothing stands between it and the token before.
    pub(crate) glued: bool,
    pub(crate) value: Option<u32>,
    form: (u32, u32),
}

/// A message, cut up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    pub(crate) list: Vec<Token>,
    forms: String,
}

impl Tokens {
    /// The normal form of token `i`.
    pub(crate) fn form(&self, i: usize) -> &str {
        let (start, end) = self.list[i].form;
        &self.forms[start as usize..end as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The bytes from token `from` to the last of token `to` (included).
    pub(crate) fn span(&self, from: usize, to: usize) -> Span {
        Span {
            start: self.list[from].span.start,
            end: self.list[to].span.end,
        }
    }
}

/// The longest text that is read; the rest of a longer one is left out. Instagram's own limit for a
/// message is 1,000 bytes.
pub(crate) const BYTES_MAX: usize = 32 * 1024;

/// Cuts up `text`. `known` says whether letters and digits glued together are a word as they stand.
pub(crate) fn tokenise(text: &str, known: impl Fn(&str) -> bool) -> Tokens {
    let text = clip(text);
    let mut out = Tokens {
        list: Vec::with_capacity(text.len() / 4 + 4),
        forms: String::with_capacity(text.len() + 16),
    };
    let mut chars = text.char_indices().peekable();
    let mut last_end = 0;
    while let Some((start, c)) = chars.next() {
        if c == '\n' {
            out.push(text, start, start + 1, Kind::Break, false, None);
        } else if normalise::is_word(c) {
            let end = word_end(text, start);
            while chars.next_if(|(i, _)| *i < end).is_some() {}
            let glued = start == last_end && start > 0;
            word(&mut out, text, start, end, glued, &known);
            last_end = end;
        } else if c.is_whitespace() || c.is_control() {
        } else {
            let end = start + c.len_utf8();
            let glued = start == last_end && start > 0;
            // A hyphen inside a compound word joins it: `t-shirt`, `type-c`.
            let joins = matches!(c, '-' | '\u{2010}' | '\u{2011}')
                && glued
                && chars.peek().is_some_and(|(_, next)| next.is_alphabetic())
                && out.list.last().is_some_and(|t| t.kind == Kind::Word);
            if joins {
                continue;
            }
            let kind = if c.is_ascii_punctuation()
                || ('\u{2000}'..'\u{20a0}').contains(&c)
                || is_stop(c)
            {
                Kind::Mark(mark(c))
            } else if matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}') {
                continue;
            } else {
                Kind::Picture
            };
            out.push(text, start, end, kind, glued, None);
            last_end = end;
        }
    }
    out
}

fn clip(text: &str) -> &str {
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_stop(c: char) -> bool {
    matches!(
        c,
        '।' | '॥' | '،' | '؛' | '؟' | '¿' | '¡' | '、' | '。' | '，' | '·'
    )
}

/// Marks of other scripts as the Western ones that mean the same.
fn mark(c: char) -> char {
    match c {
        '।' | '॥' | '。' | '\u{2026}' => '.',
        '،' | '、' | '，' => ',',
        '؛' => ';',
        '؟' => '?',
        '–' | '—' | '\u{2212}' => '-',
        '•' | '·' => '*',
        other => other,
    }
}

/// Where the word that begins at `start` ends: letters, digits, apostrophes between letters, and the
/// points and commas inside a number.
fn word_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = start;
    let mut digits_only = true;
    let rest = &text[start..];
    let mut iter = rest.char_indices().peekable();
    while let Some((i, c)) = iter.next() {
        let at = start + i;
        if normalise::is_word(c) {
            digits_only &= c.is_ascii_digit();
            end = at + c.len_utf8();
            continue;
        }
        let next = iter.peek().map(|(_, c)| *c);
        let between_letters =
            matches!(c, '\'' | '\u{2019}' | '`') && next.is_some_and(char::is_alphabetic);
        let between_digits = digits_only
            && matches!(c, '.' | ',' | '/')
            && bytes[end - 1].is_ascii_digit()
            && inside_number(&bytes[start..end], c, &bytes[at + 1..]);
        if !(between_letters || between_digits) {
            break;
        }
    }
    end
}

/// Whether `c` after the digits `before` and before `after` is part of one number: `1.5`, `1,250`, `1/2`.
fn inside_number(before: &[u8], c: char, after: &[u8]) -> bool {
    let run = after.iter().take_while(|b| b.is_ascii_digit()).count();
    match c {
        '.' => run > 0 && !before.contains(&b'.') && !before.contains(&b'/'),
        // Thousands; or a decimal comma before a unit (`1,5 kg`).
        ',' => {
            (run == 3 || (run == 2 && after.get(2) == Some(&b',')))
                || (matches!(&after[..run], b"5" | b"25" | b"75" | b"50")
                    && after[run..]
                        .iter()
                        .find(|b| **b != b' ')
                        .is_some_and(|b| matches!(b.to_ascii_lowercase(), b'k' | b'g' | b'l')))
        }
        // Everyday fractions only: 12/3 is a house, 22/10 a date.
        '/' => {
            before.len() == 1
                && run == 1
                && matches!(
                    (before[0], after[0]),
                    (b'1', b'2'..=b'4' | b'8') | (b'2', b'3') | (b'3', b'4')
                )
                && after.get(1) != Some(&b'/')
        }
        _ => false,
    }
}

/// Adds a run of letters and digits, parted where numbers and letters meet unless it is `known`.
fn word(
    out: &mut Tokens,
    text: &str,
    start: usize,
    end: usize,
    glued: bool,
    known: &impl Fn(&str) -> bool,
) {
    let raw = &text[start..end];
    let is_digit = |c: char| normalise::digit(c).is_some() || matches!(c, '.' | ',' | '/');
    let has_digit = raw.chars().any(|c| normalise::digit(c).is_some());
    let all_digits = raw.chars().all(is_digit);
    if !has_digit && !raw.contains(['½', '¼', '¾']) {
        let split = prefix(raw, known).map(|at| start + at);
        if let Some(at) = split {
            out.push(text, start, at, Kind::Word, glued, None);
        }
        let (from, glued) = split.map_or((start, glued), |at| (at, true));
        out.push(text, from, end, Kind::Word, glued, None);
        return;
    }
    if all_digits {
        let value = number(raw);
        out.push(text, start, end, Kind::Number, glued, value);
        return;
    }
    let from = out.forms.len();
    normalise::push(&mut out.forms, raw);
    let whole = out.forms[from..].to_owned();
    out.forms.truncate(from);
    let letters_first = whole.starts_with(|c: char| !c.is_ascii_digit());
    let keep = known(&whole)
        || (letters_first && {
            // `a54b`, `wa7da`: digits inside a word are letters of a chat alphabet or a model.
            let tail = whole.trim_start_matches(|c: char| !c.is_ascii_digit());
            !tail.bytes().all(|b| b.is_ascii_digit())
        });
    if keep {
        out.push(text, start, end, Kind::Word, glued, None);
        return;
    }
    let mut from = start;
    let mut first = true;
    let class = |c: char| match c {
        '½' | '¼' | '¾' => 2,
        _ => u8::from(is_digit(c)),
    };
    let mut was = raw.chars().next().map_or(0, class);
    for (i, c) in raw.char_indices().skip(1) {
        if class(c) != was {
            part(out, text, from, start + i, glued || !first, was == 1);
            from = start + i;
            first = false;
            was = class(c);
        }
    }
    part(out, text, from, end, glued || !first, was == 1);
}

/// Where a small word written as one with the next ends: Arabic `wal-` in "and the shirt". Only
/// if the whole is no word and the rest is.
fn prefix(raw: &str, known: &impl Fn(&str) -> bool) -> Option<usize> {
    if raw.is_ascii() {
        return None;
    }
    let whole = normalise::normal(raw);
    let prefix = crate::lexicon::prefixes().iter().find(|p| {
        whole
            .strip_prefix(**p)
            .is_some_and(|rest| rest.chars().count() >= 3 && known(rest))
    })?;
    if known(&whole) {
        return None;
    }
    raw.char_indices()
        .map(|(at, _)| at)
        .find(|&at| at > 0 && normalise::normal(&raw[..at]) == *prefix)
}

fn part(out: &mut Tokens, text: &str, start: usize, end: usize, glued: bool, digits: bool) {
    let raw = &text[start..end];
    let value = if digits { number(raw) } else { fraction(raw) };
    let kind = if value.is_some() {
        Kind::Number
    } else {
        Kind::Word
    };
    out.push(text, start, end, kind, glued, value);
}

fn fraction(raw: &str) -> Option<u32> {
    match raw {
        "½" => Some(500),
        "¼" => Some(250),
        "¾" => Some(750),
        _ => None,
    }
}

/// The value in thousandths of digits with points, commas or a slash; `None` when it does not fit.
fn number(raw: &str) -> Option<u32> {
    let plain = normalise::normal(raw);
    if let Some((a, b)) = plain.split_once('/') {
        let (a, b): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
        return (b != 0).then(|| a * 1000 / b);
    }
    let plain = match plain.rsplit_once(',') {
        Some((_, tail)) if tail.len() == 3 => plain.replace(',', ""),
        Some(_) => plain.replace(',', "."),
        None => plain,
    };
    let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    let whole: u32 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut thousandths = 0;
    for (i, b) in decimals.bytes().take(3).enumerate() {
        if !b.is_ascii_digit() {
            return None;
        }
        thousandths += u32::from(b - b'0') * [100, 10, 1][i];
    }
    whole.checked_mul(1000)?.checked_add(thousandths)
}

impl Tokens {
    fn push(
        &mut self,
        text: &str,
        start: usize,
        end: usize,
        kind: Kind,
        glued: bool,
        value: Option<u32>,
    ) {
        let from = self.forms.len() as u32;
        normalise::push(&mut self.forms, &text[start..end]);
        self.list.push(Token {
            span: Span {
                start: start as u32,
                end: end as u32,
            },
            kind,
            glued,
            value,
            form: (from, self.forms.len() as u32),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokenise};

    fn forms(text: &str) -> Vec<String> {
        let tokens = tokenise(text, |word| matches!(word, "a54" | "7up"));
        (0..tokens.len())
            .map(|i| tokens.form(i).to_owned())
            .collect()
    }

    #[test]
    fn numbers_part_from_glued_letters_unless_known() {
        for (text, expected) in [
            ("500gm", vec!["500", "gm"]),
            ("x2", vec!["x", "2"]),
            ("A54 case", vec!["a54", "case"]),
            ("ip14", vec!["ip", "14"]),
            ("wa7da", vec!["wa7da"]),
            ("7up", vec!["7up"]),
            ("1½kg", vec!["1", "1/2", "kg"]),
            ("1,250.50", vec!["1,250.50"]),
            ("28,30", vec!["28", ",", "30"]),
            ("1,5 kg", vec!["1,5", "kg"]),
            ("1/2 kg", vec!["1/2", "kg"]),
            ("12/3 Rd", vec!["12", "/", "3", "rd"]),
            ("t-shirt don't", vec!["t", "shirt", "dont"]),
            ("৩টা", vec!["3", "টা"]),
        ] {
            assert_eq!(forms(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_thousandths() {
        for (text, value) in [
            ("2", 2000),
            ("1.5", 1500),
            ("1/2", 500),
            ("1,250", 1_250_000),
            ("٣", 3000),
        ] {
            let tokens = tokenise(text, |_| false);
            assert_eq!(
                (tokens.list[0].kind, tokens.list[0].value),
                (Kind::Number, Some(value)),
                "{text}"
            );
        }
        assert_eq!(tokenise("99999999999", |_| false).list[0].value, None);
    }
}
