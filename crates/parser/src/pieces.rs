//! Between matching and grouping: the message as a row of pieces, mentions, amounts, words that steer,
//! unknown words and gaps. What a number is (a quantity, a measure, a price, none of these) is
//! settled here as far as its neighbours tell.

use smallvec::SmallVec;

use crate::lexicon::{Cat, Unit};
use crate::matcher::Mention;
use crate::tag::{Cats, Tags};
use crate::tokenise::{Kind, Tokens};

/// What stands between two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    Comma,
    /// Dash, colon, bracket.
    Colon,
    Line,
    Stop,
    /// A question mark.
    Asked,
}

/// How a number is meant, as far as its neighbours tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// `x3`, `qty 3`: of what stands before.
    Left,
    /// `3x`: of what comes.
    Right,
    /// `3 pcs`, with the mention that the unit word is, if it is one.
    Pieces(Option<u16>),
    /// `3 boxes of`.
    Packs(Option<u16>),
    /// Grams, millilitres or millimetres.
    Measure(u32, char),
    /// `2 dozen` is (2000, 12): thousandths of how many, and of what.
    Multiple(u32, u32),
    Price,
    /// A label (`number 7`): never a quantity.
    Label,
    /// No quantity: date, time, age, people.
    Not,
}

/// A number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Thousandths.
    pub(crate) value: u32,
    pub(crate) form: Form,
    /// Written as a word.
    pub(crate) word: bool,
    /// The numeric option values that the digits are, as a mention.
    pub(crate) mention: Option<u16>,
}

impl Amount {
    /// As a whole number of things, where it is one from 1 to 9999.
    pub(crate) fn whole(&self) -> Option<u32> {
        (self.value.is_multiple_of(1000) && (1000..10_000_000).contains(&self.value))
            .then_some(self.value / 1000)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Mention(u16),
    Amount(Amount),
    Word(Cats),
    Unknown,
    Gap(Gap),
}

/// A piece: the tokens it covers (last excluded) and what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) what: What,
    pub(crate) sentence: u16,
    /// `double`, in thousandths.
    pub(crate) count: Option<u32>,
}

pub(crate) fn pieces(
    tokens: &Tokens,
    tags: &Tags,
    mentions: &[Mention],
    barred: &[bool],
) -> Vec<Piece> {
    let mut owner: Vec<u16> = vec![0; tokens.len()];
    for (i, mention) in mentions.iter().enumerate() {
        for token in &mention.tokens {
            owner[*token as usize] = i as u16 + 1;
        }
    }
    Row {
        tokens,
        tags,
        mentions,
        barred,
        owner,
        out: Vec::with_capacity(tokens.len()),
        sentence: 0,
    }
    .walk()
}

struct Row<'a> {
    tokens: &'a Tokens,
    tags: &'a Tags,
    mentions: &'a [Mention],
    barred: &'a [bool],
    /// One more than the mention each token belongs to.
    owner: Vec<u16>,
    out: Vec<Piece>,
    sentence: u16,
}

impl Row<'_> {
    fn walk(mut self) -> Vec<Piece> {
        let mut i = 0;
        while i < self.tokens.len() {
            i = self.step(i);
        }
        self.out
    }

    fn push(&mut self, from: usize, to: usize, what: What, count: Option<u32>) {
        self.out.push(Piece {
            from,
            to,
            what,
            sentence: self.sentence,
            count,
        });
    }

    fn step(&mut self, i: usize) -> usize {
        let token = &self.tokens.list[i];
        if self.barred[i] {
            // Contact details part what stands around them like a line break.
            if !matches!(self.out.last(), Some(p) if matches!(p.what, What::Gap(Gap::Line))) {
                self.push(i, i + 1, What::Gap(Gap::Line), None);
                self.sentence += 1;
            }
            return i + 1;
        }
        if let Some(to) = self.list_marker(i) {
            return to;
        }
        if let Some((amount, to)) = self.amount(i) {
            self.push(i, to, What::Amount(amount), None);
            return to;
        }
        if self.owner[i] > 0 {
            let place = self.owner[i] - 1;
            let mention = &self.mentions[place as usize];
            if mention.tokens.first() == Some(&(i as u16)) {
                let count = self.tags.at(i).and_then(|t| t.count);
                self.push(i, mention.to, What::Mention(place), count);
            }
            return i + 1;
        }
        if let Some(gap) = self.gap(i) {
            self.push(i, i + 1, What::Gap(gap), None);
            if matches!(gap, Gap::Line | Gap::Stop | Gap::Asked) {
                self.sentence += 1;
            }
            return i + 1;
        }
        if let Some(tag) = self.tags.at(i) {
            let to = (i + 1..tag.to)
                .find(|t| self.owner[*t] > 0)
                .unwrap_or(tag.to.max(i + 1));
            self.push(i, to, What::Word(tag.cats), tag.count);
            return to;
        }
        if token.kind == Kind::Word {
            self.push(i, i + 1, What::Unknown, None);
        }
        i + 1
    }

    fn gap(&self, i: usize) -> Option<Gap> {
        Some(match self.tokens.list[i].kind {
            Kind::Break => Gap::Line,
            Kind::Mark('.' | '!' | ';') => Gap::Stop,
            Kind::Mark('?') => Gap::Asked,
            Kind::Mark(',' | '/') => Gap::Comma,
            Kind::Mark(':' | '-' | '(' | ')' | '*' | '=' | '>' | '|' | '~') => Gap::Colon,
            _ => return None,
        })
    }

    /// `1)`, `2.` and `-` at the beginning of a line count lines, not things.
    fn list_marker(&self, i: usize) -> Option<usize> {
        let line_start = i == 0 || self.tokens.list[i - 1].kind == Kind::Break;
        if !line_start {
            return None;
        }
        match self.tokens.list[i].kind {
            Kind::Mark('-' | '*' | '#' | '>') => Some(i + 1),
            Kind::Number => {
                let next = self.tokens.list.get(i + 1)?;
                let after = self.tokens.list.get(i + 2)?;
                let marks = matches!(next.kind, Kind::Mark(')'))
                    || (matches!(next.kind, Kind::Mark('.')) && !after.glued);
                (next.glued && marks && after.kind != Kind::Break).then_some(i + 2)
            }
            _ => None,
        }
    }

    fn cats_before(&self, i: usize) -> Cats {
        if i == 0 {
            Cats::default()
        } else {
            self.tags.cats(i - 1)
        }
    }

    /// The number that begins at token `i`, and the token after all that belongs to it.
    fn amount(&self, i: usize) -> Option<(Amount, usize)> {
        let token = &self.tokens.list[i];
        let (value, mut to) = self.number(i)?;
        let mention = match self.owner[i] {
            0 => None,
            place => {
                let mention = &self.mentions[place as usize - 1];
                let numeric = mention.tokens.len() == 1 && token.kind == Kind::Number;
                let leads = mention.tokens.first() == Some(&(i as u16));
                if !mention.products.is_empty() || !leads {
                    return None;
                }
                if !numeric && !self.unit_follows(to) {
                    return None;
                }
                numeric.then_some(place - 1)
            }
        };
        // A word that is a number and an ingredient's count or a plain word stays a word.
        let form = self.form(i, value, &mut to);
        let word = token.kind != Kind::Number;
        Some((
            Amount {
                value,
                form,
                word,
                mention,
            },
            to,
        ))
    }

    fn unit_follows(&self, at: usize) -> bool {
        self.tags
            .at(at)
            .is_some_and(|t| t.from == at && (t.unit.is_some() || t.multiple.is_some()))
            || self
                .tags
                .at(at.wrapping_sub(1))
                .is_some_and(|t| t.multiple.is_some())
    }

    /// Digits or number words: `2`, `two`, `twenty five`, `10k`.
    fn number(&self, i: usize) -> Option<(u32, usize)> {
        let token = &self.tokens.list[i];
        if token.kind == Kind::Number {
            let value = token.value?;
            let glued = self.tokens.list.get(i + 1).is_some_and(|t| t.glued);
            if glued
                && value < 100_000
                && self.tags.at(i + 1).is_none_or(|t| t.unit.is_none())
                && crate::lexicon::counts_with(self.tags.language, self.tokens.form(i + 1))
            {
                return Some((value, i + 2));
            }
            let k = glued && self.tokens.form(i + 1) == "k";
            if k && value < 1_000_000 {
                return Some((value.checked_mul(1000)?, i + 2));
            }
            // `1 1/2`
            let next = self
                .tokens
                .list
                .get(i + 1)
                .filter(|t| t.kind == Kind::Number);
            if let Some(half) = next.and_then(|t| t.value).filter(|v| *v < 1000 && *v > 0)
                && value.is_multiple_of(1000)
            {
                return Some((value.checked_add(half)?, i + 2));
            }
            return Some((value, i + 1));
        }
        let tag = self.tags.at(i).filter(|t| t.from == i)?;
        if let Some(value) = tag.number {
            let mut sum = value;
            let mut to = tag.to;
            if (20_000..=90_000).contains(&value)
                && value.is_multiple_of(10_000)
                && let Some(units) = self
                    .tags
                    .at(to)
                    .filter(|t| t.from == to)
                    .and_then(|t| t.number)
                && (1000..10_000).contains(&units)
            {
                sum += units;
                to = self.tags.at(to)?.to;
            }
            return Some((sum, to));
        }
        // A multiple alone: "dozen eggs".
        tag.multiple.map(|_| (1000, i))
    }

    fn form(&self, i: usize, value: u32, to: &mut usize) -> Form {
        let before = self.cats_before(i);
        let next = self.tags.at(*to).filter(|t| t.from == *to);
        let next_form = if *to < self.tokens.len() {
            self.tokens.form(*to)
        } else {
            ""
        };
        let left_form = if i > 0 { self.tokens.form(i - 1) } else { "" };
        if let Some(tag) = next {
            if let Some(multiple) = tag.multiple {
                *to = tag.to;
                // "a dozen pcs", "2 dozen boxes of"
                if let Some(unit) = self
                    .tags
                    .at(*to)
                    .filter(|t| t.from == *to && t.unit.is_some())
                    && self.owner[*to] == 0
                {
                    *to = unit.to;
                }
                return Form::Multiple(value, multiple / 1000);
            }
            if (tag.cats.has(Cat::Money) || tag.cats.has(Cat::PriceOf))
                && !tag.cats.has(Cat::Filler)
            {
                *to = tag.to;
                return Form::Price;
            }
        }
        let spent =
            before.has(Cat::Money) && i >= 2 && self.tokens.list[i - 2].kind == Kind::Number;
        if spent && value == 1000 && self.tokens.list[i].kind == Kind::Word {
            // "the 19 dollar one"
            return Form::Not;
        }
        if (before.has(Cat::Money) && !spent) || (left_form == "@") {
            return Form::Price;
        }
        let of_left =
            i >= 2 && self.tokens.list[i - 2].kind == Kind::Number && self.tokens.list[i - 1].glued;
        if matches!(left_form, "x" | "×" | "*") && !of_left && !self.owner_is_product(i - 1) {
            return Form::Left;
        }
        // "size 10 x2": that x belongs to the number after it.
        let of_next = self
            .tokens
            .list
            .get(*to + 1)
            .is_some_and(|t| t.glued && t.kind == Kind::Number)
            && !self.tokens.list[*to].glued;
        if matches!(next_form, "x" | "×") && !of_next && self.owner.get(*to) == Some(&0) {
            *to += 1;
            return Form::Right;
        }
        if let Some(tag) = next {
            let unit_mention = self.owner[*to]
                .checked_sub(1)
                .filter(|m| self.mentions[*m as usize].tokens.first() == Some(&(*to as u16)));
            match tag.unit {
                // "2 M" are two in size M; "2m" and "2 m" where no M is sold are metres.
                Some(Unit::Measure(..))
                    if unit_mention.is_some()
                        && next_form.len() == 1
                        && !self.tokens.list[*to].glued => {}
                Some(Unit::Measure(size, kind)) => {
                    *to = tag.to;
                    return Form::Measure((u64::from(value) * u64::from(size) / 1000) as u32, kind);
                }
                Some(Unit::Piece) => {
                    *to = tag.to;
                    return Form::Pieces(unit_mention);
                }
                Some(Unit::Pack | Unit::Pair) if unit_mention.is_none() => {
                    *to = tag.to;
                    return Form::Packs(unit_mention);
                }
                _ => {}
            }
            if tag.cats.has(Cat::Time) || tag.cats.has(Cat::People) {
                return Form::Not;
            }
            let glued = self.tokens.list[*to].glued;
            if tag.cats.has(Cat::Date) && (glued || self.owner[*to] == 0) {
                return Form::Not;
            }
        }
        if self
            .tokens
            .list
            .get(*to)
            .is_some_and(|t| t.glued && matches!(t.kind, Kind::Mark(':' | '%')))
            || (i > 0
                && self.tokens.list[i].glued
                && matches!(self.tokens.list[i - 1].kind, Kind::Mark(':' | '/' | '#')))
        {
            return Form::Not;
        }
        let leads = *to < self.owner.len() && self.owner[*to] > 0;
        if before.has(Cat::NumberLabel)
            && !(before.has(Cat::Negation) && leads)
            && !before.has(Cat::Date)
        {
            return Form::Label;
        }
        if before.has(Cat::Date) && !leads && next.is_none_or(|t| t.unit.is_none()) {
            return Form::Not;
        }
        if i > 0
            && self
                .tags
                .at(i - 1)
                .is_some_and(|t| matches!(t.unit, Some(Unit::Piece)))
        {
            return Form::Left;
        }
        if !value.is_multiple_of(1000) || value == 0 {
            return Form::Not;
        }
        if value >= 1_000_000 && !leads {
            return Form::Price;
        }
        Form::Plain
    }

    fn owner_is_product(&self, i: usize) -> bool {
        self.owner[i]
            .checked_sub(1)
            .is_some_and(|m| !self.mentions[m as usize].products.is_empty())
    }
}

/// The pieces in words, for explanations.
pub(crate) fn describe(pieces: &[Piece], tokens: &Tokens, text: &str) -> String {
    let mut out: SmallVec<[String; 16]> = SmallVec::new();
    for piece in pieces {
        let span = tokens.span(piece.from, piece.to - 1);
        let words = &text[span.start as usize..span.end as usize];
        out.push(match piece.what {
            What::Mention(_) => format!("[{words}]"),
            What::Amount(amount) => format!("<{words}: {:?}>", amount.form),
            What::Word(_) => words.to_owned(),
            What::Unknown => format!("?{words}?"),
            What::Gap(gap) => format!("/{gap:?}/"),
        });
    }
    out.join(" ")
}
