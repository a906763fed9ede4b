//! Money: integer minor units and an ISO 4217 currency. Floats do not occur.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency, with as many decimals as the standard gives it (0, 2 or 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The number of decimals of the minor unit: 0 for JPY, 2 for USD, 3 for KWD.
    #[must_use]
    pub fn decimals(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no currency or no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// Not a code of ISO 4217.
    #[error("`{0}` is no currency; use a three-letter ISO 4217 code such as LKR, INR or USD")]
    Currency(String),
    /// Not a decimal number, or too large.
    #[error("`{0}` is no amount; write it like 1250 or 1250.50, without signs or separators")]
    Amount(String),
    /// More decimals than the currency has.
    #[error("`{amount}` has more decimals than {currency} has ({decimals})")]
    Decimals {
        /// What was given.
        amount: String,
        /// The currency's code.
        currency: &'static str,
        /// Its decimals.
        decimals: u32,
    },
}

impl FromStr for Currency {
    type Err = InvalidMoney;
    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        iso_currency::Currency::from_code(&text.trim().to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| InvalidMoney::Currency(text.chars().take(16).collect()))
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of one currency, in its minor unit (cents, paise, yen, fils).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; may be negative (a discount).
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a plain decimal such as `1250`, `1250.5` or `-3.00`. Trailing zeros past the
    /// currency's decimals are accepted, other digits there are not: nothing is rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, InvalidMoney> {
        let bad = || InvalidMoney::Amount(text.chars().take(32).collect());
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(bad());
        }
        let decimals = currency.decimals() as usize;
        let kept = &fraction[..fraction.len().min(decimals)];
        if fraction[kept.len()..].bytes().any(|b| b != b'0') {
            return Err(InvalidMoney::Decimals {
                amount: text.chars().take(32).collect(),
                currency: currency.code(),
                decimals: currency.decimals(),
            });
        }
        let minor: i64 = format!("{whole}{kept:0<decimals$}")
            .parse()
            .map_err(|_| bad())?;
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }

    /// The amount as a plain decimal with all of the currency's decimals: `1250.50`.
    #[must_use]
    pub fn decimal(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>width$}",
            self.minor.unsigned_abs(),
            width = decimals + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if decimals == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }

    /// Times a count; `None` when it does not fit.
    #[must_use]
    pub fn times(self, count: u32) -> Option<Self> {
        self.minor
            .checked_mul(i64::from(count))
            .map(|minor| Self::new(minor, self.currency))
    }

    /// Plus another amount of the same currency; `None` when it is another one or does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        self.minor
            .checked_add(other.minor)
            .map(|minor| Self::new(minor, self.currency))
    }
}

/// `LKR 1,250.50`: the code, then the amount with thousands separated.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = self.decimal();
        let (sign, rest) = match decimal.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", decimal.as_str()),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        write!(f, "{} {sign}", self.currency)?;
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if fraction.is_empty() {
            Ok(())
        } else {
            write!(f, ".{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Currency, Money};
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn reads_and_prints_each_number_of_decimals() {
        for (code, text, minor, shown) in [
            ("LKR", "2500", 250_000, "LKR 2,500.00"),
            ("LKR", "2500.5", 250_050, "LKR 2,500.50"),
            ("JPY", "1200.00", 1_200, "JPY 1,200"),
            ("KWD", "1.234", 1_234, "KWD 1.234"),
            ("USD", "-0.05", -5, "USD -0.05"),
            ("INR", "1234567.89", 123_456_789, "INR 1,234,567.89"),
        ] {
            let money = Money::parse(text, currency(code)).unwrap();
            assert_eq!(
                (money.minor, money.to_string().as_str()),
                (minor, shown),
                "{text} {code}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_exact_amount() {
        for text in [
            "",
            "1,000",
            "1.2.3",
            "12a",
            "0.001",
            "99999999999999999999",
            "-",
            ".",
        ] {
            assert!(Money::parse(text, currency("USD")).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decimal_round_trips(minor in -1_000_000_000_000_i64..1_000_000_000_000, i in 0_usize..3) {
            let money = Money::new(minor, currency(["JPY", "USD", "KWD"][i]));
            prop_assert_eq!(Money::parse(&money.decimal(), money.currency), Ok(money));
        }
    }
}
