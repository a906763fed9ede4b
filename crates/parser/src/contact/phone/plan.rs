//! Digits held against the numbering plans, which the `phonenumber` crate knows.

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type, country};

use super::super::text::Text;
use super::Group;

/// A number as it was written.
pub(super) struct Written<'a> {
    pub(super) groups: &'a [Group],
    /// All digits of it.
    pub(super) digits: &'a str,
    /// After a plus sign.
    pub(super) plus: bool,
    /// After words that announce it.
    pub(super) cued: bool,
}

impl Written<'_> {
    /// Whether the shape alone allows a telephone number here.
    pub(super) fn is_plausible(&self, text: &Text<'_>) -> bool {
        if self.plus {
            return true;
        }
        let groups = self.groups;
        let distinct = self.digits.bytes().any(|b| b != self.digits.as_bytes()[0]);
        if !distinct || is_date(groups) {
            return false;
        }
        if self.cued || self.digits.starts_with('0') {
            return groups.len() <= 7;
        }
        // Without a sign of its being a telephone number, a row of small numbers is a list, and
        // thousands with points are a price.
        let list = groups.len() > 4 || groups.iter().all(|g| g.digits.len() <= 2);
        let thousands = groups.len() > 1
            && self.digits.len() <= 8
            && groups[1..].iter().all(|g| g.digits.len() == 3)
            && text.raw[groups[0].end..groups[1].start].contains(['.', ' ']);
        !list && !thousands && groups.iter().any(|g| g.digits.len() >= 3)
    }

    /// The E.164 form, if this is a number that the seller's country, or the one it names, has.
    pub(super) fn resolve(&self, country: Option<country::Id>) -> Option<String> {
        if self.plus {
            return international(self.digits).map(|n| n.0).or_else(|| {
                // "+0771234567": a plus too many.
                self.digits
                    .starts_with('0')
                    .then(|| self.national(country?))
                    .flatten()
            });
        }
        if let Some(rest) = self.digits.strip_prefix("00")
            && let Some((number, _)) = international(rest)
        {
            return Some(number);
        }
        let national = country.and_then(|c| self.national(c));
        national.or_else(|| {
            // Another country's number in full, without its plus.
            let full = self.digits.len() >= 11 && !self.digits.starts_with('0');
            let (number, valid) = (full && self.cued)
                .then(|| international(self.digits))
                .flatten()?;
            valid.then_some(number)
        })
    }

    /// Read as a number of this country.
    fn national(&self, country: country::Id) -> Option<String> {
        let meta = DATABASE.by_id(country.as_ref())?;
        let code = meta.country_code().to_string();
        // A whole mobile number may begin with the digits of the country code ("91..." in India).
        let mobile = meta.descriptors().get(Type::Mobile);
        if mobile.is_some_and(|d| d.is_match(self.digits)) && self.is_whole(self.digits) {
            return Some(format!("+{code}{}", self.digits));
        }
        let parsed = phonenumber::parse(Some(country), self.digits).ok()?;
        if parsed.code().value() != meta.country_code() {
            return None;
        }
        let national = parsed.national().to_string();
        let is = |kind: Type| {
            meta.descriptors()
                .get(kind)
                .is_some_and(|d| !d.national_number().as_str().is_empty() && d.is_match(&national))
        };
        let e164 = || parsed.format().mode(Mode::E164).to_string();
        let prefixed = meta
            .national_prefix()
            .is_some_and(|p| self.digits.starts_with(p))
            || self.digits.starts_with(&code);
        if meta.descriptors().general().is_match(&national) {
            if is(Type::Mobile) && self.is_whole(&national) {
                return Some(e164());
            }
            let landline = is(Type::FixedLine) || is(Type::Voip) || is(Type::PersonalNumber);
            if landline && (self.cued || prefixed) {
                return Some(e164());
            }
        }
        // Newer ranges than the data knows, and the unassigned ones: the right length will do
        // where the writer leaves no doubt.
        let length = national.len() as u16;
        let lengths = |kind: Type| {
            meta.descriptors().get(kind).is_some_and(|d| {
                d.possible_length().contains(&length)
                    || d.example().is_some_and(|e| e.len() == usize::from(length))
            })
        };
        let zero = self.digits.starts_with('0') && meta.national_prefix() == Some("0");
        let sure = self.cued || (zero && self.groups.len() <= 3);
        (sure && lengths(Type::Mobile)).then(e164)
    }

    /// A mobile number without its national prefix is believed when it is long enough not to be
    /// something else.
    fn is_whole(&self, national: &str) -> bool {
        self.cued || national.len() >= 8 || self.digits.len() > national.len()
    }
}

/// Digits with their country code: E.164, and whether the numbering plan knows the number.
pub(super) fn international(digits: &str) -> Option<(String, bool)> {
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let valid = number.is_valid();
    let national = number.national().to_string();
    // The plan's lengths decide for numbers it does not list.
    let possible = valid
        || DATABASE
            .by_code(&number.code().value())
            .is_some_and(|metas| {
                metas.iter().any(|m| {
                    let lengths = m.descriptors().general().possible_length();
                    lengths.contains(&(national.len() as u16))
                })
            });
    possible.then(|| (number.format().mode(Mode::E164).to_string(), valid))
}

/// "25-12-2026", "2026 01 05": a day, a month and a year.
fn is_date(groups: &[Group]) -> bool {
    let [a, b, c] = groups else { return false };
    let number = |g: &Group| g.digits.parse::<u32>().unwrap_or(u32::MAX);
    let year = |g: &Group| g.digits.len() == 4 && (1900..2100).contains(&number(g));
    let small = |g: &Group, max: u32| g.digits.len() <= 2 && (1..=max).contains(&number(g));
    small(b, 31) && ((small(a, 31) && year(c)) || (year(a) && small(c, 31)))
}
